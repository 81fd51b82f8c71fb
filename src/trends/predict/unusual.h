// SPDX-License-Identifier: Apache-2.0
/* trends/predict/unusual.h — whether a count is unusual for this hour of the week. Pure and streaming: a step
 * is judged by what came before it, nothing else.
 *
 *   root of the count - season (season.h) - slow drift ──> in deviations of this hour: z
 *   z averaged over some hours (EWMA chart; Roberts 1959) ──> in its own usual sizes: the strength
 *
 * One odd step does not make an hour unusual unless it is very odd; hours that are all a little too full
 * do. The usual size of the average is its median magnitude, tracked as it goes (1.4826 of it are one
 * deviation, Rousseeuw, Croux 1993), so that heavy tails and noise that hangs together raise the bar
 * themselves. An episode begins at UNUSUAL_BEGIN and ends when the strength has been below UNUSUAL_END for
 * UNUSUAL_CALM_S: it is told once. The season learns on meanwhile, within its clip.
 *
 * On probation nothing is unusual: until this hour of the week was seen UNUSUAL_WEEKS times, or this time of
 * day UNUSUAL_DAYS times (then the deviation is the one between days, and wider). */
#pragma once
#include "trends/predict/season.h"

#define UNUSUAL_WEEKS       2
#define UNUSUAL_DAYS        3
#define UNUSUAL_STEPS_MIN   100 /* judged at all */
#define UNUSUAL_MEMORY_S    (2 * 3600)
#define UNUSUAL_DRIFT_S     (7 * 86400)
#define UNUSUAL_SIZE_S      (14 * 86400) /* the median's memory */
#define UNUSUAL_Z_MAX       10.0
#define UNUSUAL_BEGIN       7.0
#define UNUSUAL_END         3.0
#define UNUSUAL_CALM_S      (12 * 3600)
#define UNUSUAL_CONTENT_MAX (64 * 1024)

enum unusual_phase { UNUSUAL_PROBATION, UNUSUAL_NOT, UNUSUAL_BEGUN, UNUSUAL_STILL };

struct unusual_verdict {
    enum unusual_phase phase; /* BEGUN for the first step of an episode only */
    double strength;          /* in usual sizes; negative = fewer than usual. 0 on probation */
    double usual_people;      /* at this hour, drift included */
    double people;
};

struct unusual;
/* ERR_INVALID unless the slot fits a day (season.h) and a step fits a slot. The caller owns *out. */
MUST_USE enum err unusual_create(uint32_t step_s, uint32_t slot_s, struct unusual **out_unusual);
void unusual_destroy(struct unusual *unusual); /* NULL is fine */
DEFINE_SCOPED(unusual)

/* The step that begins at `at_ms`, later than before (else it is judged NOT and passed over). */
struct unusual_verdict unusual_judge(struct unusual *unusual, int64_t at_ms, int64_t offset_ms,
                                     double people);

/* The whole state as sealed bytes; ERR_NO_MEMORY. The caller frees. */
MUST_USE enum err unusual_pack(const struct unusual *unusual, void **out_bytes, size_t *out_len);
/* ERR_CORRUPT, ERR_NO_MEMORY. */
MUST_USE enum err unusual_unpack(const void *bytes, size_t len, struct unusual **out_unusual);
