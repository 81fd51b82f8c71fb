// SPDX-License-Identifier: Apache-2.0
/* crowd/counted.h — the venues that this process counts: those of its stream shards that a detection
 * has come for. The consumer's thread owns them; others only ever take the newest picture, under the
 * lock. Those of other processes are in elsewhere.h. */
#pragma once
#include "base/lock.h"
#include "crowd/state.h"

struct live_times {        /* what live.h has shown of one venue, and what it has to */
    bool is_changed;       /* since zones_ms */
    bool are_dots_changed; /* since people_ms */
    int64_t arrived_ms;    /* of the oldest change not yet shown */
    int64_t zones_ms, people_ms, steady_ms; /* published then */
    int64_t lines_s;                        /* the second of lines that was published last */
};

struct counted_venue {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    int shard;
    bool is_gone; /* the venue was removed */
    struct venue_state *state;
    struct live_times live;
    struct crowd_picture *picture; /* a reference; changed under the lock only */
};

struct counted {
    struct store *store; /* what was learned of a venue before; borrowed, like the venues */
    struct venues *venues;
    struct pool *pool; /* owned: groups of cameras are followed beside one another */
    struct lock lock;  /* guards the list for others than the consumer's thread, and the pictures */
    struct seconds_total windows; /* the consumer's thread */
    struct counted_venue **all;
    size_t count;
};

void counted_init(struct counted *counted, struct store *store, struct venues *venues);
void counted_fini(struct counted *counted);

/* The consumer's thread only: */
/* *out_venue is NULL when there is no such venue, or no more. */
MUST_USE enum err counted_current(struct counted *counted, const char *event, const char *venue,
                                  int shard, int64_t now_ms, struct counted_venue **out_venue);
/* Takes over a changed view. False when the venue is gone: counted_drop_gone() then drops it. */
bool counted_refresh(struct counted *counted, struct counted_venue *venue, int64_t now_ms);
void counted_drop_shard(struct counted *counted, int shard);
void counted_drop_gone(struct counted *counted);
/* Takes the reference. */
void counted_set_picture(struct counted *counted, struct counted_venue *venue,
                         struct crowd_picture *picture);

/* Any thread. The caller owns the reference; NULL when the venue is not counted here. */
struct crowd_picture *counted_picture(struct counted *counted, const char *event,
                                      const char *venue);
