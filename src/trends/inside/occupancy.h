// SPDX-License-Identifier: Apache-2.0
/* trends/inside/occupancy.h — how many are inside, from counters at the doors and from cameras' counts: a Kalman
 * filter (Kalman 1960) of one zone whose state is the people inside and what share of those who pass each
 * way the counters miss.
 *
 *   inside' = inside + in x (1 + missed_in) - out x (1 + missed_out)
 *   a camera's count = inside + noise, no bias
 *
 * Counters are sharp from minute to minute and drift over hours; cameras are vague and do not. So each count
 * of a camera moves the people inside a little, and the shares missed as well: after some counts the
 * counters' drift is known and corrected in advance. The shares begin at what the settings say, unsure by
 * as much as they say, and may change by OCCUPANCY_MISS_DRIFT an hour. What is missed beyond the share is
 * chance: its variance is the number passed times the share.
 *
 * Errors of a camera hang together in time: counts closer than its settings' correlation weigh less. A count
 * further off than OCCUPANCY_TRUST sigmas weighs as one that is that far (Huber 1964): a glitch does not carry
 * the estimate away, one that stays does. A zone known to be empty is a count without noise: it
 * sets the people to none and teaches the shares. */
#pragma once
#include "base/base.h"

#define OCCUPANCY_TRUST       3.0
#define OCCUPANCY_MISS_DRIFT  0.002 /* standard deviation after an hour */
#define OCCUPANCY_MISS_MAX    0.5
#define OCCUPANCY_PASSED_MAX  100000  /* one way, of one call; more is cut */
#define OCCUPANCY_PEOPLE_MAX  1000000 /* of a camera's count; more is cut */
#define OCCUPANCY_CONTENT_MAX 1024

struct occupancy_settings {
    double missed_in, missed_out; /* share of those who pass that the counters miss; 0.02 = 2 % */
    double missed_deviation;      /* how sure the two are: their standard deviation */
    double camera_correlation_s;  /* a camera's errors are the same for about so long */
    double people, people_deviation; /* inside at the start */
};
/* 0 missed, sure within 3 %; camera errors of 60 s; empty at the start. */
extern const struct occupancy_settings OCCUPANCY_DEFAULTS;

struct occupancy { /* open: plain numbers */
    struct occupancy_settings settings;
    double state[3]; /* inside, missed in, missed out */
    double variance[3][3];
    double counted;               /* by the counters alone, as they say, since the last reset */
    double counted_variance;      /* of who was missed by chance */
    double passed_in, passed_out; /* since the last reset */
    int64_t at_ms;                /* the latest of all told; INT64_MIN = none */
    int64_t camera_ms;            /* the latest count of a camera; INT64_MIN = none */
    double disagreement, disagreement_sigmas, surprise_sigmas;
};

struct occupancy_estimate {
    double people, deviation;
    double missed_in, missed_out; /* shares, as learned */
    /* Of the latest camera's count: counters alone minus camera, and the same over what is expected of
     * their errors. Beyond 3 sigmas one of them is wrong by more than its settings say. 0 before. */
    double disagreement, disagreement_sigmas;
    double surprise_sigmas; /* camera minus the estimate before it, over their uncertainty */
};

void occupancy_init(struct occupancy *occupancy, const struct occupancy_settings *settings);
/* People who passed the doors until `at_ms` since the call before. Times never go back: an earlier one
 * counts as the latest. */
void occupancy_pass(struct occupancy *occupancy, int64_t at_ms, double in, double out);
/* What cameras count inside, with its standard deviation (> 0). */
void occupancy_see(struct occupancy *occupancy, int64_t at_ms, double people, double deviation);
/* So many are inside, for certain: counting begins anew, what was learned of the counters stays. */
void occupancy_set(struct occupancy *occupancy, int64_t at_ms, double people);
/* Nobody is. */
void occupancy_empty(struct occupancy *occupancy, int64_t at_ms);
struct occupancy_estimate occupancy_tell(const struct occupancy *occupancy);

/* ERR_NO_MEMORY; the caller frees. */
MUST_USE enum err occupancy_pack(const struct occupancy *occupancy, void **out_bytes,
                                 size_t *out_len);
/* ERR_CORRUPT. */
MUST_USE enum err occupancy_unpack(const void *bytes, size_t len, struct occupancy *out_occupancy);
