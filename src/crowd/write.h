// SPDX-License-Identifier: Apache-2.0
/* crowd/write.h — seconds that are due, on their way into the telemetry store: as readings, and as one
 * row of crowd_second, from which a second that is only partly in memory is completed: a restart and a
 * back-fill know some of its frames, the row the largest count of all before. */
#pragma once
#include "crowd/count/decide.h"
#include "crowd/settled/series.h"
#include "crowd/state.h"
#include "crowd/tracks/table.h"
#include "store/store.h"

struct written_second {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    struct venue_view *view; /* a reference */
    int64_t s;
    bool is_partial;
    struct second_result result; /* its arrays owned */
    double *area_m2;             /* of each zone; owned */
};

struct learned_row {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    char device[LIMIT_ID_LEN + 1];
    char zone[LIMIT_ID_LEN + 1];
};

#define WRITE_READINGS_MAX  20000 /* per transaction; what is over waits for the next */
#define WRITE_SECONDS_MAX   512
#define WRITE_TRACKS_MAX    64
#define WRITE_SETTLED_MAX   256
#define WRITE_ZONE_MEASURES 3 /* people, density, cameras_silent */

struct writing {
    struct written_second seconds[WRITE_SECONDS_MAX];
    size_t second_count;
    size_t reading_count;
    struct learned_row *learned;
    size_t learned_count;
    struct track_row tracks[WRITE_TRACKS_MAX];
    size_t track_count;
    struct settled_second settled[WRITE_SETTLED_MAX];
    size_t settled_count;
};

void writing_clear(struct writing *writing);
bool writing_is_full(const struct writing *writing);
static inline bool writing_has_any(const struct writing *writing)
{
    return writing->second_count + writing->learned_count + writing->track_count +
               writing->settled_count >
           0;
}
/* Decides the seconds that are due, until the writing is full, and marks them taken. */
void writing_take(struct writing *writing, struct venue_state *state, int64_t stream_ms);
/* Only the tracks that are settled, or the oldest when there is no room for more. */
void writing_take_tracks(struct writing *writing, struct venue_state *state, int64_t stream_ms);
/* Only what is measured of settled people. */
void writing_take_measured(struct writing *writing, struct venue_state *state);
/* In a command on the telemetry store. */
MUST_USE enum err writing_apply(struct db *db, struct writing *writing, int64_t now_ms);

/* From now on housekeeping removes seconds that nobody can complete any more. */
void seconds_expire(struct store *store);

/* What was learned of a venue before; in a reader. */
MUST_USE enum err learned_load(struct db *db, struct venue_state *state);
