// SPDX-License-Identifier: Apache-2.0
/* net/live/topics.h — the topics by name, and the inbox between publishers and the hub.
 *
 * Publishers (any thread) put a finished frame into the inbox; on a gauge topic it replaces one that is
 * still there. The hub's thread takes the whole inbox at once and hands out without any lock. Past
 * LIMIT_LIVE_INBOX_BYTES an event is lost, and the topic's followers learn it by being disconnected:
 * they come back and read the present state. */
#pragma once
#include "base/lock.h"
#include "base/publish.h"
#include "net/live/frame.h"

struct live_client;

struct live_topic {
    struct live_topic *next;   /* in its hash bucket */
    struct live_item *waiting; /* gauge: its item in the inbox */
    uint32_t item_count;       /* in the inbox */
    bool has_lost;
    /* The hub's own, without lock: */
    struct live_frame *last; /* of a gauge: sent on subscribing */
    struct live_client **followers;
    uint32_t follower_count;
    uint32_t follower_size;
    char name[];
};

struct live_item {
    struct live_item *next;
    struct live_topic *topic;
    struct live_frame *frame; /* NULL: something was lost here */
    enum publish_kind kind;
};

struct live_topics {
    struct lock lock;
    struct live_topic *buckets[4096];
    struct live_item *first;
    struct live_item **last;
    size_t inbox_bytes;
};

void live_topics_init(struct live_topics *topics);
void live_topics_fini(struct live_topics *topics);

/* True when the hub must be woken: the inbox was empty. Never blocks for long. */
bool live_topics_publish(struct live_topics *topics, const char *name, enum publish_kind kind,
                         const char *json, size_t len);
/* The hub: everything that waits, in order; then each is given back. */
struct live_item *live_topics_take(struct live_topics *topics);
void live_topics_done(struct live_topics *topics, struct live_item *item);
/* The hub: the topic to follow, made when new; and forgotten when nobody follows and it has no value. */
struct live_topic *live_topics_get(struct live_topics *topics, const char *name);
void live_topics_release(struct live_topics *topics, struct live_topic *topic);
