// SPDX-License-Identifier: Apache-2.0
/* crowd/state.h — all that is remembered of one venue while its stream shard is ours: the prepared
 * floor, the newest frame of every camera, the seconds not yet settled. Pure: no clock, no store. */
#pragma once
#include "crowd/count/coverage.h"
#include "crowd/count/tally.h"
#include "crowd/crowd.h"
#include "crowd/flow.h"
#include "crowd/meet.h"
#include "crowd/scenes/scene_queue.h"
#include "crowd/seconds.h"
#include "crowd/settled/settled.h"
#include "crowd/tracks/log.h"

struct camera_state {
    int64_t seen_ms;           /* arrival of its newest message, 0 = none */
    int64_t clock_ahead_ms;    /* of that message's newest frame, before its arrival */
    int64_t live_ms;           /* arrival of the newest message with a frame of now */
    struct frame_count *frame; /* the newest; owned */
    struct dot *dots;          /* the people of that frame; owned */
    size_t dot_count;
};

struct venue_state {
    struct crowd_map *map;
    struct counter *counter;
    struct coverage coverage;
    struct camera_state *cameras; /* [device_count] */
    struct seconds seconds;
    struct crowd_scene *scene; /* the same people, followed */
    struct scene_queue queue;  /* frames on their way there */
    struct pool *pool;         /* borrowed; NULL = everything in the caller */
    struct meeting meeting;    /* over floors that nobody sees */
    struct tally tally;        /* what it has settled, by seconds */
    struct track_log tracks;
    struct flow flow;       /* how they stand and move, now */
    struct settled settled; /* and how they did, by seconds, and who crossed lines */
    int64_t arrived_ms;     /* the newest record */
};

/* Takes a reference of the view. */
struct venue_state *venue_state_create(struct venue_view *view, int64_t complete_from_s,
                                       int64_t lateness_ms);
void venue_state_destroy(struct venue_state *state); /* NULL is fine */
DEFINE_SCOPED(venue_state)

/* What an earlier run has learned; names that are gone are passed over. */
void venue_state_cover(struct venue_state *state, const char *device, const char *zone);
/* Zones, lines or devices were changed: what is remembered moves over. People are followed on while the
 * cameras are the same. */
void venue_state_move(struct venue_state *state, struct venue_view *view);

struct batch_arrival {
    int64_t at_ms;     /* of the record */
    int64_t stream_ms; /* see seconds.h */
    int64_t position;
};
/* True when the live picture changed. */
bool venue_state_take(struct venue_state *state, const struct detection_batch *batch,
                      struct batch_arrival arrival);

/* A camera's vector of how its own track looks, taken at `now_ms` by the clock; forgotten within minutes. */
void venue_state_look(struct venue_state *state, const char *device, int64_t source_track,
                      const int8_t v[LOOKS_DIMS], int64_t now_ms);
void venue_state_forget_looks(struct venue_state *state, int64_t now_ms);

/* What was taken for writing is written: forgets what is no longer needed. */
void venue_state_settle(struct venue_state *state, int64_t stream_ms);

/* Follows people up to what has come by `stream_ms`. True when the live picture changed. */
bool venue_state_advance(struct venue_state *state, int64_t stream_ms);

/* Where people are drawn: as many as are counted. */
struct dots {
    struct dot *all; /* owned */
    size_t count, size;
};
/* The caller owns the reference. `inout_dots` may be NULL. */
struct crowd_picture *venue_state_picture(const struct venue_state *state, int64_t now_ms,
                                          struct dots *inout_dots);

/* Everything unknown: before the first detection. The caller owns the reference. */
struct crowd_picture *crowd_picture_unknown(const struct venue_view *view, int64_t now_ms);

static inline const struct venue_view *venue_state_view(const struct venue_state *state)
{
    return state->map->view;
}
