// SPDX-License-Identifier: Apache-2.0
/* api/mqtt/told.h — what the broker was told of every zone, so that it is told again only what changed,
 * at most once a second and at least every TOLD_STEADY_MS; and that a zone that is gone is taken back. */
#pragma once
#include "base/text.h"
#include "crowd/crowd.h"

#define TOLD_STEADY_MS 10000

struct told_zone {
    char id[LIMIT_ID_LEN + 1];
    uint32_t check; /* of the message without its time */
    int64_t at_ms;  /* 0 = nothing yet */
    bool is_there;  /* in the picture at hand */
};

struct told_venue {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    struct told_zone *zones;
    size_t zone_count;
    bool is_there;
};

struct told {
    struct told_venue *venues;
    size_t venue_count;
    size_t next_view, next_zone; /* where there was no room: the next call goes on there */
};

void told_fini(struct told *told);
/* Whatever was told is told again: the broker may have forgotten it. */
void told_forget(struct told *told);

/* Publishes to the topic; `len` 0 takes back what stands there. False: no room now. */
struct told_port {
    bool (*publish)(void *context, const char *topic, const char *payload, size_t len);
    void *context;
    const char *prefix;
};

/* Tells what is to be told of these pictures of these venues (of the same index; a picture may be NULL),
 * and takes back, before anything else, what they do not have. Stops where there is no room, and goes on
 * from there with the next call: where the broker is slow, every zone has its turn. */
void told_tell(struct told *told, struct venue_view *const *views,
               struct crowd_picture *const *pictures, size_t count, int64_t now_ms,
               const struct told_port *port);

/* One zone as JSON (docs/formats/mqtt.md). */
void told_message(struct text *out, const struct venue_view *view, const struct zone *zone,
                  const struct crowd_zone_state *state, int64_t at_ms);
