// SPDX-License-Identifier: Apache-2.0
/* One outcome of a horizon: find the forecast that was made for it, let its error teach the weights and
 * the band. Forecasts that wait stand in a ring as long as the horizon, so that each is found at its place. */
#include "trends/predict/forecast.h"

#include "readings/numbers.h"
#include "trends/predict/band.h"

#include <math.h>

#define FORECAST_VERSION 1
/* Errors teach the weights only as far as this many usual ones. */
#define LESSON_MAX 4.0
/* Variance of the first weights, and what it may grow to while a term is silent. */
#define WEIGHT_VARIANCE     0.05
#define WEIGHT_VARIANCE_MAX 1.0

enum term {
    TERM_TREND,    /* where the damped trend leads */
    TERM_SMOOTH,   /* back to the smoothed level */
    TERM_SEASON,   /* as the season moves */
    TERM_USUAL,    /* back to what is usual */
    TERM_LAST_STEP /* on, or back, as the last step went */
};

struct waiting {
    int64_t at_ms; /* of its outcome; INT64_MIN = none */
    int64_t local_ms;
    double base, told, scale;
    double terms[FORECAST_TERMS], limits[FORECAST_LIMITS];
    bool is_seasonal;
};

struct horizon {
    double weights[FORECAST_TERMS];
    double variance[FORECAST_TERMS][FORECAST_TERMS];
    struct band band;
    struct waiting waiting[FORECAST_STEPS_MAX];
};

struct forecaster {
    struct forecast_settings settings;
    struct season season;
    int64_t at_ms; /* of the latest step; INT64_MIN = none */
    double root, before, level, trend;
    struct horizon horizons[FORECAST_HORIZONS];
};

const struct forecast_settings FORECAST_MINUTES = {
    .step_s = 60, .slot_s = 900, .horizons_steps = {5, 15, 30}};

static void init_horizon(struct horizon *horizon)
{
    horizon->weights[TERM_TREND] = 1;
    horizon->weights[TERM_SEASON] = 1;
    for (size_t i = 0; i < FORECAST_TERMS; i++)
        horizon->variance[i][i] = WEIGHT_VARIANCE;
    band_init(&horizon->band);
    for (size_t i = 0; i < FORECAST_STEPS_MAX; i++)
        horizon->waiting[i].at_ms = INT64_MIN;
}

static bool settings_are_right(const struct forecast_settings *settings)
{
    if (settings->step_s == 0 || settings->step_s > 86400 || settings->slot_s < SEASON_SLOT_S_MIN ||
        settings->slot_s > 86400 || 86400 % settings->slot_s != 0)
        return false;
    uint32_t before = 0;
    for (size_t i = 0; i < FORECAST_HORIZONS; i++) {
        if (settings->horizons_steps[i] <= before ||
            settings->horizons_steps[i] > FORECAST_STEPS_MAX)
            return false;
        before = settings->horizons_steps[i];
    }
    return true;
}

enum err forecaster_create(const struct forecast_settings *settings,
                           struct forecaster **out_forecaster)
{
    if (!settings_are_right(settings))
        return ERR_INVALID;
    struct forecaster *forecaster = mem_new(sizeof *forecaster);
    forecaster->settings = *settings;
    season_init(&forecaster->season, settings->slot_s);
    forecaster->at_ms = INT64_MIN;
    for (size_t i = 0; i < FORECAST_HORIZONS; i++)
        init_horizon(&forecaster->horizons[i]);
    *out_forecaster = forecaster;
    return ERR_NONE;
}

void forecaster_destroy(struct forecaster *forecaster)
{
    mem_free(forecaster);
}

/* One step of recursive least squares: `lesson` is what the weighed terms missed. */
static void learn_weights(struct horizon *horizon, const double *terms, double lesson, double noise)
{
    double gain[FORECAST_TERMS], spread = noise;
    for (size_t i = 0; i < FORECAST_TERMS; i++) {
        gain[i] = 0;
        for (size_t j = 0; j < FORECAST_TERMS; j++)
            gain[i] += horizon->variance[i][j] * terms[j];
        spread += terms[i] * gain[i];
    }
    double trace = 0;
    for (size_t i = 0; i < FORECAST_TERMS; i++) {
        horizon->weights[i] += gain[i] / spread * lesson;
        for (size_t j = 0; j < FORECAST_TERMS; j++)
            horizon->variance[i][j] -= gain[i] * gain[j] / spread;
        trace += horizon->variance[i][i];
    }
    if (trace / FORECAST_FORGET > WEIGHT_VARIANCE_MAX * FORECAST_TERMS)
        return;
    for (size_t i = 0; i < FORECAST_TERMS; i++) {
        for (size_t j = 0; j < FORECAST_TERMS; j++)
            horizon->variance[i][j] /= FORECAST_FORGET;
    }
}

static struct waiting *waiting_at(struct horizon *horizon, const struct forecaster *forecaster,
                                  int64_t at_ms, uint32_t steps)
{
    int64_t step = at_ms / ((int64_t)forecaster->settings.step_s * 1000) % steps;
    return &horizon->waiting[step < 0 ? step + steps : step];
}

static double weighed(const struct horizon *horizon, const struct waiting *waiting)
{
    double sum = waiting->base;
    for (size_t i = 0; i < FORECAST_TERMS; i++)
        sum += horizon->weights[i] * waiting->terms[i];
    return sum;
}

static void learn(struct forecaster *forecaster, size_t h, int64_t at_ms, double root)
{
    struct horizon *horizon = &forecaster->horizons[h];
    uint32_t steps = forecaster->settings.horizons_steps[h];
    struct waiting *waiting = waiting_at(horizon, forecaster, at_ms, steps);
    if (waiting->at_ms != at_ms)
        return;
    waiting->at_ms = INT64_MIN;
    double error = root - waiting->told;
    /* What the weights of now would have missed: those of then have learned since. */
    double lesson = root - weighed(horizon, waiting);
    double limit = LESSON_MAX * waiting->scale;
    double noise = 1.5 * waiting->scale * waiting->scale;
    learn_weights(horizon, waiting->terms, fmax(-limit, fmin(limit, lesson)), fmax(noise, 1e-4));
    band_learn(&horizon->band, waiting->local_ms, waiting->scale, waiting->limits, error);
}

static double damped_steps(uint32_t steps)
{
    return FORECAST_DAMPING * (1 - pow(FORECAST_DAMPING, steps)) / (1 - FORECAST_DAMPING);
}

/* Forecasts one horizon from the latest step and lets it wait for its outcome. */
static void look_ahead(struct forecaster *forecaster, size_t h, int64_t offset_ms)
{
    struct horizon *horizon = &forecaster->horizons[h];
    const struct forecast_settings *settings = &forecaster->settings;
    uint32_t steps = settings->horizons_steps[h];
    int64_t step_ms = (int64_t)settings->step_s * 1000;
    int64_t at_ms = forecaster->at_ms + steps * step_ms;
    int64_t middle_ms = offset_ms + step_ms / 2;
    struct season_expectation now =
        season_expect(&forecaster->season, forecaster->at_ms + middle_ms, settings->step_s);
    struct season_expectation then =
        season_expect(&forecaster->season, at_ms + middle_ms, settings->step_s);
    struct waiting *waiting = waiting_at(horizon, forecaster, at_ms, steps);
    *waiting = (struct waiting){.at_ms = at_ms,
                                .local_ms = at_ms + offset_ms,
                                .base = forecaster->root,
                                .is_seasonal = now.days > 0 && then.days > 0};
    waiting->terms[TERM_TREND] = forecaster->trend * damped_steps(steps);
    waiting->terms[TERM_SMOOTH] = forecaster->level - forecaster->root;
    waiting->terms[TERM_LAST_STEP] = forecaster->root - forecaster->before;
    if (waiting->is_seasonal) {
        waiting->terms[TERM_SEASON] = then.level - now.level;
        waiting->terms[TERM_USUAL] = now.level - forecaster->root;
    }
    waiting->told = fmax(weighed(horizon, waiting), root_of_count(0));
    waiting->scale = band_scale(&horizon->band, waiting->local_ms);
    memcpy(waiting->limits, horizon->band.limits, sizeof waiting->limits);
}

static void smooth(struct forecaster *forecaster, int64_t at_ms, double root)
{
    int64_t step_ms = (int64_t)forecaster->settings.step_s * 1000;
    bool is_new =
        forecaster->at_ms == INT64_MIN || at_ms - forecaster->at_ms > FORECAST_GAP_STEPS * step_ms;
    forecaster->before = is_new ? root : forecaster->root;
    forecaster->root = root;
    if (is_new) {
        forecaster->level = root;
        forecaster->trend = 0;
        return;
    }
    double ahead = forecaster->level + FORECAST_DAMPING * forecaster->trend;
    double level = ahead + FORECAST_LEVEL_GAIN * (root - ahead);
    forecaster->trend = FORECAST_TREND_GAIN * (level - forecaster->level) +
                        (1 - FORECAST_TREND_GAIN) * FORECAST_DAMPING * forecaster->trend;
    forecaster->level = level;
}

void forecaster_add(struct forecaster *forecaster, int64_t at_ms, int64_t offset_ms, double people)
{
    if (at_ms <= forecaster->at_ms || !isfinite(people))
        return;
    double root = root_of_count(people);
    for (size_t h = 0; h < FORECAST_HORIZONS; h++)
        learn(forecaster, h, at_ms, root);
    smooth(forecaster, at_ms, root);
    forecaster->at_ms = at_ms;
    season_add(&forecaster->season, at_ms + offset_ms, root);
    for (size_t h = 0; h < FORECAST_HORIZONS; h++)
        look_ahead(forecaster, h, offset_ms);
}

static double limit_of(const struct waiting *waiting, size_t i)
{
    return count_of_root(waiting->told + waiting->limits[i] * waiting->scale);
}

bool forecaster_tell(const struct forecaster *forecaster,
                     struct forecast out_forecasts[FORECAST_HORIZONS])
{
    if (forecaster->at_ms == INT64_MIN)
        return false;
    for (size_t h = 0; h < FORECAST_HORIZONS; h++) {
        struct horizon *horizon = (struct horizon *)&forecaster->horizons[h];
        uint32_t steps = forecaster->settings.horizons_steps[h];
        int64_t at_ms = forecaster->at_ms + (int64_t)steps * forecaster->settings.step_s * 1000;
        const struct waiting *waiting = waiting_at(horizon, forecaster, at_ms, steps);
        double people = count_of_root(waiting->told);
        /* The middle stays inside a band that its errors have moved to one side. */
        out_forecasts[h] =
            (struct forecast){.at_ms = at_ms,
                              .people = people,
                              .low_90 = fmin(people, limit_of(waiting, 0)),
                              .low_80 = fmin(people, limit_of(waiting, 1)),
                              .high_80 = fmax(people, limit_of(waiting, 2)),
                              .high_90 = fmax(people, limit_of(waiting, 3)),
                              .is_band_learned = horizon->band.outcomes >= FORECAST_BAND_MIN,
                              .is_seasonal = waiting->is_seasonal};
    }
    return true;
}

/* Where the line through (0, now) and the points crosses the capacity upwards. */
static double crossing_s(const double *people, const double *at_s, size_t count, double capacity)
{
    if (people[0] >= capacity)
        return 0;
    for (size_t i = 1; i < count; i++) {
        if (people[i] >= capacity)
            return at_s[i - 1] + (at_s[i] - at_s[i - 1]) * (capacity - people[i - 1]) /
                                     (people[i] - people[i - 1]);
    }
    return -1;
}

struct time_to_capacity forecaster_time_to(const struct forecaster *forecaster, double capacity)
{
    struct forecast told[FORECAST_HORIZONS];
    if (!forecaster_tell(forecaster, told))
        return (struct time_to_capacity){-1, -1, -1};
    double now = count_of_root(forecaster->root);
    double high[FORECAST_HORIZONS + 1] = {now}, middle[FORECAST_HORIZONS + 1] = {now};
    double low[FORECAST_HORIZONS + 1] = {now}, at_s[FORECAST_HORIZONS + 1] = {0};
    for (size_t h = 0; h < FORECAST_HORIZONS; h++) {
        at_s[h + 1] = (double)(told[h].at_ms - forecaster->at_ms) / 1000;
        high[h + 1] = told[h].high_80;
        middle[h + 1] = told[h].people;
        low[h + 1] = told[h].low_80;
    }
    return (struct time_to_capacity){crossing_s(high, at_s, COUNT_OF(high), capacity),
                                     crossing_s(middle, at_s, COUNT_OF(middle), capacity),
                                     crossing_s(low, at_s, COUNT_OF(low), capacity)};
}

static void pack_waiting(struct packer *packer, const struct waiting *waiting)
{
    pack_zigzag(packer, waiting->at_ms);
    if (waiting->at_ms == INT64_MIN)
        return;
    pack_zigzag(packer, waiting->local_ms);
    pack_varint(packer, waiting->is_seasonal);
    pack_double(packer, waiting->base);
    pack_double(packer, waiting->told);
    pack_double(packer, waiting->scale);
    pack_doubles(packer, waiting->terms, FORECAST_TERMS);
    pack_doubles(packer, waiting->limits, FORECAST_LIMITS);
}

static void unpack_waiting(struct unpacker *unpacker, struct waiting *out_waiting)
{
    out_waiting->at_ms = unpack_zigzag(unpacker);
    if (out_waiting->at_ms == INT64_MIN)
        return;
    out_waiting->local_ms = unpack_zigzag(unpacker);
    out_waiting->is_seasonal = unpack_varint(unpacker) != 0;
    out_waiting->base = unpack_double(unpacker);
    out_waiting->told = unpack_double(unpacker);
    out_waiting->scale = unpack_double(unpacker);
    unpack_doubles(unpacker, out_waiting->terms, FORECAST_TERMS);
    unpack_doubles(unpacker, out_waiting->limits, FORECAST_LIMITS);
}

enum err forecaster_pack(const struct forecaster *forecaster, void **out_bytes, size_t *out_len)
{
    struct packer packer = {0};
    seal_begin(&packer, FORECAST_VERSION, 0);
    pack_varint(&packer, forecaster->settings.step_s);
    for (size_t h = 0; h < FORECAST_HORIZONS; h++)
        pack_varint(&packer, forecaster->settings.horizons_steps[h]);
    season_pack(&packer, &forecaster->season);
    pack_zigzag(&packer, forecaster->at_ms);
    pack_doubles(&packer,
                 (const double[]){forecaster->root, forecaster->before, forecaster->level,
                                  forecaster->trend},
                 4);
    for (size_t h = 0; h < FORECAST_HORIZONS; h++) {
        const struct horizon *horizon = &forecaster->horizons[h];
        pack_doubles(&packer, horizon->weights, FORECAST_TERMS);
        pack_doubles(&packer, &horizon->variance[0][0], FORECAST_TERMS * FORECAST_TERMS);
        band_pack(&packer, &horizon->band);
        for (size_t i = 0; i < forecaster->settings.horizons_steps[h]; i++)
            pack_waiting(&packer, &horizon->waiting[i]);
    }
    seal_end(&packer, SEAL_SMALL);
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    *out_bytes = packer.bytes;
    *out_len = packer.len;
    return ERR_NONE;
}

static bool read_state(struct unpacker *content, struct forecaster *out)
{
    out->settings.step_s = unpack_u32(content);
    for (size_t h = 0; h < FORECAST_HORIZONS; h++)
        out->settings.horizons_steps[h] = unpack_u32(content);
    season_unpack(content, &out->season);
    out->settings.slot_s = out->season.slot_s;
    if (content->is_broken || !settings_are_right(&out->settings))
        return false;
    out->at_ms = unpack_zigzag(content);
    double *const numbers[] = {&out->root, &out->before, &out->level, &out->trend};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        *numbers[i] = unpack_double(content);
    for (size_t h = 0; h < FORECAST_HORIZONS; h++) {
        struct horizon *horizon = &out->horizons[h];
        init_horizon(horizon);
        unpack_doubles(content, horizon->weights, FORECAST_TERMS);
        unpack_doubles(content, &horizon->variance[0][0], FORECAST_TERMS * FORECAST_TERMS);
        band_unpack(content, &horizon->band);
        for (size_t i = 0; i < out->settings.horizons_steps[h]; i++)
            unpack_waiting(content, &horizon->waiting[i]);
    }
    return !content->is_broken && content->p == content->end;
}

enum err forecaster_unpack(const void *bytes, size_t len, struct forecaster **out_forecaster)
{
    struct unpacker content;
    uint8_t flags;
    SCOPED_MEM void *owned = NULL;
    TRY(seal_open(bytes, len, FORECAST_VERSION, FORECAST_CONTENT_MAX, &content, &flags, &owned));
    SCOPED(forecaster) forecaster = mem_new(sizeof *forecaster);
    if (!read_state(&content, forecaster))
        return ERR_CORRUPT;
    *out_forecaster = TAKE(forecaster);
    return ERR_NONE;
}
