// SPDX-License-Identifier: Apache-2.0
/* trends/predict/season.h — what is usual at this time of the week: a level and a deviation for each slot,
 * learned as it goes; the slot that lasts still is never part of its own answer.
 *
 * Counts y are told and kept as square roots, sqrt(count + 3/8) (Anscombe 1948): a Poisson count then
 * deviates by 1/2 whatever its size, and quantiles pass through the root unharmed. Each slot of the week
 * keeps an exponentially weighted mean of its visits (1/n at first, SEASON_GAIN later; a visit moves it by
 * SEASON_CLIP deviations at most, so that one odd week does not become the rule) and a mean absolute error.
 * Slots visited seldom lean on the same time of other days.
 *
 * Times are the venue's own (UTC plus its offset of that moment), so that the week does not shift when
 * clocks change. Weeks begin on Monday. */
#pragma once
#include "base/base.h"

#define SEASON_SLOT_S_MIN 900
#define SEASON_DAY_SLOTS  (86400 / SEASON_SLOT_S_MIN)
#define SEASON_WEEK_SLOTS (7 * SEASON_DAY_SLOTS)
#define SEASON_GAIN       0.15
#define SEASON_CLIP       2.0
/* Of a square root of a count, by chance alone. */
#define SEASON_DEVIATION_MIN 0.5

struct season_slot {
    double level;     /* root of people */
    double deviation; /* of one visit, as a standard deviation */
    uint32_t visits;
};

struct season {
    uint32_t slot_s;
    struct season_slot week[SEASON_WEEK_SLOTS], day[SEASON_DAY_SLOTS];
    int64_t open_slot; /* since the epoch; INT64_MIN = none yet */
    double open_sum;
    uint32_t open_count;
};

struct season_expectation {
    double level, deviation;
    uint32_t weeks; /* how often this slot of the week was seen; 0 = other days only */
    uint32_t days;  /* how often this time of day was seen; 0 = nothing is known */
};

/* `slot_s` divides a day and is SEASON_SLOT_S_MIN or more. */
void season_init(struct season *season, uint32_t slot_s);
void season_add(struct season *season, int64_t local_ms, double root);
/* Between the middles of slots the level is interpolated when `step_s` is shorter than a slot. */
struct season_expectation season_expect(const struct season *season, int64_t local_ms,
                                        uint32_t step_s);

static inline double root_of_count(double count)
{
    return __builtin_sqrt(__builtin_fmax(0, count) + 0.375);
}

static inline double count_of_root(double root)
{
    return __builtin_fmax(0, root <= 0 ? 0 : root * root - 0.375);
}

struct packer;
struct unpacker;
void season_pack(struct packer *packer, const struct season *season);
void season_unpack(struct unpacker *unpacker, struct season *out_season);
