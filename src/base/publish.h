// SPDX-License-Identifier: Apache-2.0
/* base/publish.h — how an event module tells live clients something without knowing of sockets:
 * the server wires this port to net/live. Publishing never blocks and never fails. */
#pragma once
#include "base/base.h"

enum publish_kind {
    PUBLISH_GAUGE, /* the newest value of a topic replaces an unsent older one */
    PUBLISH_EVENT, /* every message counts and keeps its order */
};

struct publisher {
    /* `json` is one JSON value, borrowed for the call. Topics: "events/demo/venues/park/zones". */
    void (*publish)(void *context, const char *topic, enum publish_kind kind, const char *json,
                    size_t len);
    void *context;
};

static inline void publish(const struct publisher *publisher, const char *topic,
                           enum publish_kind kind, const char *json, size_t len)
{
    if (publisher != NULL && publisher->publish != NULL)
        publisher->publish(publisher->context, topic, kind, json, len);
}
