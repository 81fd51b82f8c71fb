// SPDX-License-Identifier: Apache-2.0
/* crowd/walked/venue.h — one venue whose settled tracks are followed, chunk by chunk in the order of their
 * records in the stream "tracks", into effects on its aggregates. Pure: chunks in, effects out.
 *
 * Who is on the way, and since when, stands in memory only. To build it again after a restart, chunks are
 * read again from `floor_position` on, where the longest of those who are there came in: up to
 * `done_position` without effects, since those were written with it; then the state is what it was. A chunk
 * that is not kept any more (--keep-tracks) is missing in the period that answers say they cover; a visit
 * that began in it begins later.
 *
 * Everybody is let go, visits open told as censored, where what follows does not go on from what was:
 *   a chunk that begins before the last one ended (hours sent late, after a restart): followed by itself
 *   other zones than before, or another plan: from then on it is counted by those
 *   nothing for WALKED_SILENT_MS: nobody follows any more */
#pragma once
#include "crowd/count/map.h"
#include "crowd/paths/walkers.h"
#include "crowd/walked/effects.h"
#include "readings/readings.h"

#define WALKED_SILENT_MS  300000 /* so long after its end an hour is closed, too */
#define WALKED_CHUNKS_MAX 8640   /* a day: who is there for longer began then, after a restart */
#define WALKED_CELL_M     1.0    /* the finest */
#define WALKED_NO_ZONE    UINT16_MAX

struct walked_progress {    /* stored with the effects, or by them: `trips_ms` */
    int64_t done_position;  /* records up to here have had their effects; 0 = none yet */
    int64_t floor_position; /* first record that is read again */
    int64_t until_ms;       /* end of the newest chunk */
    int64_t closed_ms;      /* hours before are over: folded, and their trips told */
    int64_t plan_mark;      /* of zones and grid */
    int64_t trips_ms; /* the latest hour that has trips: after `until_ms` when they came late */
};

struct walked_chunk {
    int64_t position, from_ms;
};

struct walked_venue {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    int shard;
    struct walked_progress progress;
    int64_t followed_ms; /* end of the chunk before, also of one that is read again */
    int64_t heard_ms;    /* when a chunk was taken last: it may tell of hours ago */
    bool is_muted;       /* reading again */
    bool has_effects;    /* of this batch, or a change of `progress` */
    struct walked_effects effects;

    struct crowd_map *map; /* of the plan that is counted by; NULL before the first chunk */
    bool has_grid;         /* false: the venue has neither bounds nor zones */
    struct heat_grid grid;
    int64_t plan_mark;
    uint16_t *numbers; /* of the zones of the map: [zone_count], owned */
    struct walkers *walkers;
    struct walked_chunk *chunks; /* that the state is built from, oldest first */
    size_t chunk_count, chunk_size;
};

struct walked_venue *walked_venue_create(const char *event, const char *venue,
                                         const struct walked_progress *progress, int64_t now_ms);
void walked_venue_destroy(struct walked_venue *venue); /* NULL is fine */

/* A number for zones (ids and corners) and plan as they are, equal when counting would not differ. */
int64_t walked_plan_mark(const struct venue_view *view);
/* Whether the next chunk needs walked_venue_adopt() first. */
bool walked_venue_needs_plan(const struct walked_venue *venue, const struct venue_view *view,
                             int64_t position);
/* From now on people are counted by this view; takes `numbers`, of its zones. */
void walked_venue_adopt(struct walked_venue *venue, struct venue_view *view, uint16_t *numbers);

/* Whether this record's chunk is to be read: not when it lies before the floor. */
bool walked_venue_wants(const struct walked_venue *venue, int64_t position);
/* The chunk of the record. Settles `floor_position` and which hours are closed. `batch` NULL: it is not kept
 * any more. */
void walked_venue_take(struct walked_venue *venue, const struct detection_batch *batch,
                       int64_t from_ms, int64_t position, int64_t now_ms);
/* Somebody is on the way: records from `floor_position` on are needed after a restart. */
static inline bool walked_venue_is_open(const struct walked_venue *venue)
{
    return venue->progress.floor_position <= venue->progress.done_position;
}
/* Time passes without chunks. */
void walked_venue_wait(struct walked_venue *venue, int64_t now_ms);
/* How many are inside the zone now, and for how long so far: as censored visits, by zone of the map. */
void walked_venue_each_inside(const struct walked_venue *venue,
                              void (*visit)(void *context, const struct visit *visit),
                              void *context);
/* What was gathered is written. */
void walked_venue_settle(struct walked_venue *venue);
