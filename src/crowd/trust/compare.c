// SPDX-License-Identifier: Apache-2.0
/* crowd/trust/compare.c — a foot has met others to the degree of exp(-d²/2s²), with d to the nearest foot of
 * any other camera. Each foot is its own control: what it gains by a shift over none is summed with its
 * square, so that people who stand still, and crowds in which somebody is always near, count for nothing. */
#include "crowd/trust/compare.h"

#include <math.h>

#define NEAR_M      0.35 /* s: two cameras' feet of one person */
#define REACH_M     1.0  /* beyond, nothing has met */
#define CELL_MEMORY 64
#define KEPT        (1 - 1.0F / TRUST_MEMORY)
#define MIDDLE      (TRUST_LAGS / 2)
#define STILL       (TRUST_SHIFTS / 2)

struct asking {
    const struct trust_sample *sample;
    int64_t at_ms;
    uint32_t feet[TRUST_ASKED];
    uint32_t count;
    uint32_t lag_feet; /* of them, that are asked for lags */
    float lags[TRUST_ASKED][TRUST_LAGS];
    float shifts[TRUST_ASKED][TRUST_SHIFTS];
    float lag_sum[TRUST_LAGS], lag_count[TRUST_LAGS];
};

static float met(float dx, float dy)
{
    float length2 = dx * dx + dy * dy;
    if (length2 > (float)(REACH_M * REACH_M))
        return 0;
    return expf(-length2 / (float)(2 * NEAR_M * NEAR_M));
}

static const struct trust_sample *nearest_sample(const struct trust_camera *camera, int64_t at_ms,
                                                 int64_t within_ms)
{
    const struct trust_sample *best = NULL;
    for (uint32_t i = 0; i < camera->count; i++) {
        const struct trust_sample *sample = trust_sample(camera, i);
        int64_t apart_ms = llabs(sample->at_ms + camera->correction_ms - at_ms);
        if (apart_ms <= within_ms) {
            best = sample;
            within_ms = apart_ms;
        }
    }
    return best;
}

/* Half the usual time between two samples. */
static int64_t half_period(const struct trust_camera *camera)
{
    if (camera->count < 2)
        return TRUST_LAG_MS / 2;
    int64_t span_ms =
        trust_sample(camera, camera->count - 1)->at_ms - trust_sample(camera, 0)->at_ms;
    return MAX(TRUST_LAG_MS / 2, span_ms / (camera->count - 1) / 2 + 1);
}

static void choose_feet(struct asking *asking, uint32_t turn)
{
    const struct trust_sample *sample = asking->sample;
    asking->count = MIN(sample->count, (uint32_t)TRUST_ASKED);
    for (uint32_t i = 0; i < asking->count; i++)
        asking->feet[i] =
            (turn + (uint32_t)((uint64_t)i * sample->count / asking->count)) % sample->count;
}

/* How well the foot is met by the people of the sample. */
static float meet(const struct trust_sample *sample, struct trust_place foot)
{
    float best = 0;
    for (uint32_t k = 0; k < sample->count; k++)
        best = fmaxf(best, met(sample->places[k].x - foot.x, sample->places[k].y - foot.y));
    return best;
}

static void ask_lags(struct asking *asking, const struct trust_camera *other)
{
    int64_t half_ms = half_period(other);
    const struct trust_sample *before = NULL;
    float found[TRUST_ASKED] = {0};
    uint32_t next = 0;
    for (int lag = TRUST_LAGS - 1; lag >= 0; lag--) { /* the other's samples ascend */
        int64_t at_ms = asking->at_ms - (lag - MIDDLE) * TRUST_LAG_MS;
        while (next + 1 < other->count &&
               llabs(trust_sample(other, next + 1)->at_ms + other->correction_ms - at_ms) <=
                   llabs(trust_sample(other, next)->at_ms + other->correction_ms - at_ms))
            next++;
        const struct trust_sample *sample = trust_sample(other, next);
        if (llabs(sample->at_ms + other->correction_ms - at_ms) > half_ms)
            continue;
        for (uint32_t i = 0; i < asking->lag_feet && sample != before; i++)
            found[i] = meet(sample, asking->sample->places[asking->feet[i]]);
        before = sample;
        asking->lag_sum[lag] += (float)(asking->at_ms - sample->at_ms - other->correction_ms);
        asking->lag_count[lag] += 1;
        for (uint32_t i = 0; i < asking->lag_feet; i++)
            asking->lags[i][lag] = fmaxf(asking->lags[i][lag], found[i]);
    }
}

/* The shifts around what lies between a foot and another. */
static void meet_shifts(float sums[TRUST_SHIFTS], float dx, float dy)
{
    int half = TRUST_SIDE / 2;
    int column = (int)lroundf(dx / (float)TRUST_SHIFT_M),
        row = (int)lroundf(dy / (float)TRUST_SHIFT_M);
    for (int y = MAX(row - 1, -half); y <= MIN(row + 1, half); y++) {
        for (int x = MAX(column - 1, -half); x <= MIN(column + 1, half); x++) {
            float *sum = &sums[(y + half) * TRUST_SIDE + x + half];
            *sum =
                fmaxf(*sum, met(dx - (float)(x * TRUST_SHIFT_M), dy - (float)(y * TRUST_SHIFT_M)));
        }
    }
}

static bool ask_shifts(struct asking *asking, const struct trust_camera *other)
{
    const struct trust_sample *sample = nearest_sample(other, asking->at_ms, half_period(other));
    for (uint32_t i = 0; sample != NULL && i < asking->count; i++) {
        struct trust_place foot = asking->sample->places[asking->feet[i]];
        for (uint32_t k = 0; k < sample->count; k++)
            meet_shifts(asking->shifts[i], sample->places[k].x - foot.x,
                        sample->places[k].y - foot.y);
    }
    return sample != NULL;
}

static void add(struct trust_sum *sum, float with, float without)
{
    sum->met += with;
    sum->gain += with - without;
    sum->gain_square += (with - without) * (with - without);
    sum->rise = fmaxf(sum->rise + with - without, 0);
    sum->rise_square = sum->rise > 0 ? sum->rise_square + (with - without) * (with - without) : 0;
}

static void forget(struct trust_sum *sums, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sums[i].met *= KEPT;
        sums[i].gain *= KEPT;
        sums[i].gain_square *= KEPT;
    }
}

static void add_answers(struct trust_sums *sums, const struct asking *asking)
{
    forget(sums->shifts, TRUST_SHIFTS);
    if (asking->lag_feet > 0)
        forget(sums->lags, TRUST_LAGS);
    for (int lag = 0; lag < TRUST_LAGS && asking->lag_feet > 0; lag++) {
        sums->lag_sum[lag] = sums->lag_sum[lag] * KEPT + asking->lag_sum[lag];
        sums->lag_count[lag] = sums->lag_count[lag] * KEPT + asking->lag_count[lag];
    }
    for (uint32_t i = 0; i < asking->count; i++) {
        for (int lag = 0; lag < TRUST_LAGS; lag++) {
            if (i < asking->lag_feet && asking->lag_count[lag] > 0)
                add(&sums->lags[lag], asking->lags[i][lag], asking->lags[i][MIDDLE]);
        }
        for (int k = 0; k < TRUST_SHIFTS; k++)
            add(&sums->shifts[k], asking->shifts[i][k], asking->shifts[i][STILL]);
    }
}

/* A cell learns slowly, from what this camera sees on it while nothing is said against it. */
static void meet_cells(struct trust_camera *own, const struct asking *asking)
{
    own->sums.expected *= KEPT;
    own->sums.met *= KEPT;
    for (uint32_t i = 0; i < asking->count; i++) {
        struct trust_place foot = asking->sample->places[asking->feet[i]];
        struct trust_meeting *cell = &own->cells[trust_cell(foot) % TRUST_CELLS];
        if (cell->asked >= (float)TRUST_CELL_FEET) {
            own->sums.expected += cell->met / cell->asked;
            own->sums.met += asking->shifts[i][STILL];
        }
        if (own->verdict.merging == TRUST_LEFT_OUT)
            continue;
        cell->asked += 1;
        cell->met += asking->shifts[i][STILL];
        if (cell->asked > (float)CELL_MEMORY) {
            cell->asked /= 2;
            cell->met /= 2;
        }
    }
}

bool trust_compare(struct trust_camera *cameras, size_t count, uint32_t camera, int64_t at_ms)
{
    struct trust_camera *own = &cameras[camera];
    const struct trust_sample *sample = nearest_sample(own, at_ms, half_period(own));
    if (sample == NULL || sample->count == 0)
        return false;
    SCOPED_MEM struct asking *asking = mem_new(sizeof *asking);
    asking->sample = sample;
    asking->at_ms = sample->at_ms + own->correction_ms;
    choose_feet(asking, (uint32_t)(at_ms / TRUST_QUERY_MS));
    asking->lag_feet = at_ms / TRUST_QUERY_MS % 2 == 0 ? (asking->count + 1) / 2 : 0;
    bool has_judge = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct trust_camera *other = &cameras[i];
        if (i == camera || other->count == 0 || other->verdict.merging == TRUST_LEFT_OUT ||
            trust_sample(other, other->count - 1)->thinning > sample->thinning)
            continue;
        if (asking->lag_feet > 0)
            ask_lags(asking, other);
        has_judge |= ask_shifts(asking, other);
    }
    if (!has_judge || (asking->lag_feet > 0 && !(asking->lag_count[MIDDLE] > 0)))
        return false;
    add_answers(&own->sums, asking);
    meet_cells(own, asking);
    return true;
}

/* --- answers --- */

double trust_sure(const struct trust_sum *sum)
{
    return (double)sum->gain / sqrt((double)sum->gain_square + 1e-6);
}

uint32_t trust_best(const struct trust_sum *sums, uint32_t count, double *out_sure)
{
    uint32_t best = count / 2;
    for (uint32_t i = 0; i < count; i++) {
        if (sums[i].rise > sums[best].rise)
            best = i;
    }
    double rise = (double)sums[best].rise;
    *out_sure = rise < TRUST_FEET ? 0 : rise / sqrt((double)sums[best].rise_square);
    return best;
}

static double lag_as_it_lay(const struct trust_sums *sums, uint32_t lag)
{
    return sums->lag_count[lag] > 0 ? (double)(sums->lag_sum[lag] / sums->lag_count[lag])
                                    : ((double)lag - MIDDLE) * TRUST_LAG_MS;
}

double trust_lag_ms(const struct trust_sums *sums, uint32_t best)
{
    double at = lag_as_it_lay(sums, best);
    if (best == 0 || best + 1 == TRUST_LAGS)
        return at;
    /* The top of a parabola through three points. */
    double before = lag_as_it_lay(sums, best - 1) - at, after = lag_as_it_lay(sums, best + 1) - at;
    double top = (double)sums->lags[best].met;
    double left = (double)sums->lags[best - 1].met - top;
    double right = (double)sums->lags[best + 1].met - top;
    double bend = left * after - right * before;
    if (!(before < 0 && after > 0 && left <= 0 && right <= 0 && bend < 0))
        return at;
    return at + (left * after * after - right * before * before) / (2 * bend);
}

double trust_shift_m(uint32_t best)
{
    int half = TRUST_SIDE / 2;
    int column = (int)best % TRUST_SIDE - half, row = (int)best / TRUST_SIDE - half;
    return hypot(column, row) * TRUST_SHIFT_M;
}
