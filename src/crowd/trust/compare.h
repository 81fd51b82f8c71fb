// SPDX-License-Identifier: Apache-2.0
/* crowd/trust/compare.h — one camera's feet against all others', shifted in time and on the floor. */
#pragma once
#include "crowd/trust/trust.h"

struct trust_sample {
    int64_t at_ms;              /* as the camera says */
    struct trust_place *places; /* owned */
    uint32_t count;
    uint32_t thinning; /* of the floor's cells those are kept whose number it divides */
};

struct trust_meeting { /* on a cell of the floor: feet that were asked for, and that others met */
    float asked, met;
};

/* Of one shift: how many feet met others, and that less what they met without a shift. */
struct trust_sum {
    float met, gain, gain_square; /* of the last TRUST_MEMORY queries */
    float rise, rise_square;      /* since the gain was last below zero */
};

struct trust_sums {
    struct trust_sum lags[TRUST_LAGS];
    struct trust_sum shifts[TRUST_SHIFTS];
    float lag_sum[TRUST_LAGS],
        lag_count[TRUST_LAGS]; /* as the samples lay, ms: not quite as tried */
    float expected, met;       /* without a shift, of the feet on cells that are known */
};

struct trust_camera {
    struct trust_sample samples[TRUST_KEEP]; /* a ring */
    uint32_t first, count;
    int64_t correction_ms;             /* added to its times */
    int64_t asked_ms;                  /* the moment of its last query */
    int64_t earliest_ms[2], window_ms; /* least lateness of this window and the one before */
    int64_t heard_since_ms;            /* 0 = never; of arrival */
    bool is_confirmed;                 /* its feet agree, however late it comes */
    int64_t confirmed_late_ms;
    struct trust_verdict verdict;
    struct trust_sums sums;
    struct trust_meeting cells[TRUST_CELLS]; /* slowly learned */
};

static inline const struct trust_sample *trust_sample(const struct trust_camera *camera, uint32_t i)
{
    return &camera->samples[(camera->first + i) % TRUST_KEEP];
}

static inline uint32_t trust_cell(struct trust_place place)
{
    uint32_t x = (uint32_t)(int32_t)(place.x / 2), y = (uint32_t)(int32_t)(place.y / 2);
    uint32_t cell = x * 2654435761U + y * 2246822519U;
    return cell ^ cell >> 15;
}

/* Asks about what `camera` saw at `at_ms` (corrected time), and adds the answers. False when it or the
 * others have nothing of that moment. */
bool trust_compare(struct trust_camera *cameras, size_t count, uint32_t camera, int64_t at_ms);

/* The shift that explains most: its index, and how many deviations it is better than none. */
uint32_t trust_best(const struct trust_sum *sums, uint32_t count, double *out_sure);
/* How many deviations it is better, lately; less than zero when it is worse. */
double trust_sure(const struct trust_sum *sum);
/* Between the tried lags, in ms; of the shift, in metres. */
double trust_lag_ms(const struct trust_sums *sums, uint32_t best);
double trust_shift_m(uint32_t best);
