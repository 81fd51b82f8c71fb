// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/track.h — one person as followed: where, how surely, and the last seconds, which are
 * smoothed when they are settled. Times in ms; odds are natural logarithms. */
#pragma once
#include "crowd/tracking/motion.h"
#include "crowd/tracking/tracker.h"

/* Looks of one camera at one person are independent after so long. */
#define TRACK_LOOK_MS 500.0
/* Somebody seen once is a stray more often than a person; certain is 20 to 1; odds rise no further than
 * 400 to 1, so that who has left is missed in time. */
#define TRACK_ODDS_NEW     (-2.0)
#define TRACK_ODDS_CERTAIN 3.0
#define TRACK_ODDS_MAX     6.0
#define TRACK_ODDS_GONE    (-6.0)
#define TRACK_ODDS_MIN     (-12.0)
/* Somebody leaves unseen, per second. */
#define TRACK_LEAVES_PER_S 0.02
/* All cameras miss a person at once by such chance (behind a van, bent down), and stay so. */
#define TRACK_HIDES     0.02
#define TRACK_STAYS_HID 0.2
/* Below this chance that all cameras missed it, a person not seen is taken to be hidden: not counted. */
#define TRACK_SHOWN_MIN   0.03
#define TRACK_LOST_MS     3000
#define TRACK_UNPROVEN_MS 1500
/* Where nobody has looked since, a person is not given up for so long: some cameras send a picture in
 * seconds. */
#define TRACK_AWAITED_MS 6000

#define TRACK_EYES_MAX 8
#define TRACK_FIXES    128 /* of 50 ms: more than the lag and a settling interval */

enum {
    FIX_IS_RENEWED = 1, /* its velocity was chosen anew since the fix before */
    FIX_IS_SHOWN = 2,
};

struct track_fix {
    int64_t at_ms;
    float state[4];
    float p[10]; /* lower triangle */
    uint32_t flags;
};

struct track_eye { /* a camera that looked at this person */
    uint32_t device;
    int64_t looked_ms;
    int64_t source_track; /* its own number for the person; -1 = none */
};

struct track {
    uint64_t id;
    uint64_t
        told; /* the number by which others know it: somebody's who was lost elsewhere, or its id */
    struct tracker_person seen; /* where and as what it was seen last */
    bool is_missed;             /* told to be */
    bool is_handed_over;        /* goes on elsewhere */
    struct motion motion;       /* of the last step */
    double odds;
    bool is_certain;
    bool is_hidden;
    bool is_awaited; /* only slower cameras look there: none had a picture since it was seen */
    int64_t born_ms, seen_ms, at_ms;
    int64_t looked_ms; /* a camera that looks there had a picture */
    int64_t settled_ms;
    struct track_eye eyes[TRACK_EYES_MAX];
    uint32_t eye_count;
    uint32_t fix_first, fix_count;
    struct track_fix fixes[TRACK_FIXES]; /* a ring */
    /* Of the present step: */
    struct motion predicted, renewed;
    struct spot predicted_spot, renewed_spot;
};

struct track *track_create(uint64_t id, int64_t at_ms);
/* Predicts to `at_ms`, either way. */
void track_predict(struct track *track, int64_t at_ms);
struct track_eye *track_eye(struct track *track, uint32_t device); /* NULL when it never looked */
/* Notes a look; the eye that looked longest ago makes room. */
void track_looked(struct track *track, uint32_t device, int64_t at_ms, int64_t source_track);
void track_keep_fix(struct track *track, uint32_t flags);
static inline struct track_fix *track_fix(struct track *track, uint32_t index)
{
    return &track->fixes[(track->fix_first + index) % TRACK_FIXES];
}
/* Smoothed fixes up to `until_ms` that were not told; appends to `out`, which has room for TRACK_FIXES.
 * Returns how many. */
size_t track_settle(struct track *track, int64_t until_ms, struct tracker_fix *out);
