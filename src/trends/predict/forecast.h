// SPDX-License-Identifier: Apache-2.0
/* trends/predict/forecast.h — how many will be here in some minutes, and how sure that is. Pure and streaming:
 * a forecast uses what was told before, nothing else, and learns from its own errors once they are known.
 *
 *   counts per step ── root ──> damped trend (Holt; Gardner, McKenzie 1985)  ┐ weighed per horizon by
 *                      season of the week (season.h), where there is one     ┘ recursive least squares
 *   its errors, divided by what is usual at this time of day ──> a tracker per quantile = the band
 *
 * The weights start at "follow the damped trend", and at "move as the season does" where the season knows
 * this time of day; recursive least squares with forgetting (Ljung 1999, 11.2) moves them as errors tell.
 * The band is conformal: each limit rises by FORECAST_BAND_GAIN x level when it was exceeded and falls by
 * the rest when not (quantile tracking: Angelopoulos, Candès, Tibshirani 2023, section 2.2), so that its
 * long-run share of hits is right whatever the errors look like. Before FORECAST_BAND_MIN outcomes the
 * limits are those of a normal error.
 *
 * A step that is missing is not told; after FORECAST_GAP_STEPS of them the trend begins anew. Counts are
 * 0 or more. A forecaster lives as long as its series: state in bytes by forecast_pack(). */
#pragma once
#include "trends/predict/season.h"

#define FORECAST_HORIZONS  3
#define FORECAST_STEPS_MAX 60 /* the furthest horizon */
#define FORECAST_TERMS     5
#define FORECAST_LIMITS    4 /* of the band: 5, 10, 90, 95 % */
#define FORECAST_BAND_MIN  20
#define FORECAST_BAND_GAIN 0.05 /* of an usual error, per outcome */
#define FORECAST_GAP_STEPS 5
#define FORECAST_LEVEL_GAIN                                                                        \
    0.5 /* Holt's alpha, beta, phi: the usual middle; the weights do the rest */
#define FORECAST_TREND_GAIN  0.1
#define FORECAST_DAMPING     0.95
#define FORECAST_FORGET      0.9995 /* per outcome */
#define FORECAST_CONTENT_MAX (256 * 1024)

struct forecast_settings {
    uint32_t step_s;
    uint32_t slot_s;                            /* of the season, see season.h */
    uint32_t horizons_steps[FORECAST_HORIZONS]; /* rising, 1..FORECAST_STEPS_MAX */
};
/* Steps of a minute: in 5, 15 and 30 minutes. */
extern const struct forecast_settings FORECAST_MINUTES;

struct forecast {
    int64_t at_ms; /* for which it speaks */
    double people; /* the middle */
    double low_80, high_80, low_90, high_90;
    bool is_band_learned; /* from FORECAST_BAND_MIN outcomes or more */
    bool is_seasonal;     /* this time of day was seen before */
};

struct forecaster;
/* ERR_INVALID when the settings are out of their ranges. The caller owns *out_forecaster. */
MUST_USE enum err forecaster_create(const struct forecast_settings *settings,
                                    struct forecaster **out_forecaster);
void forecaster_destroy(struct forecaster *forecaster); /* NULL is fine */
DEFINE_SCOPED(forecaster)

/* People at the step that begins at `at_ms` (later than before; others are passed over); the venue's
 * own time is at_ms + offset_ms. */
void forecaster_add(struct forecaster *forecaster, int64_t at_ms, int64_t offset_ms, double people);
/* The forecasts made with the latest step. False when there was none yet. */
bool forecaster_tell(const struct forecaster *forecaster,
                     struct forecast out_forecasts[FORECAST_HORIZONS]);

/* When the people reach `capacity`, by the middle and by the 80 % band, in seconds from the latest step,
 * linearly between forecasts; 0 = they have, -1 = not within the furthest horizon. */
struct time_to_capacity {
    double soonest_s, middle_s, latest_s;
};
struct time_to_capacity forecaster_time_to(const struct forecaster *forecaster, double capacity);

/* The whole state as sealed bytes, some 20 KB with a full week; ERR_NO_MEMORY. The caller frees. */
MUST_USE enum err forecaster_pack(const struct forecaster *forecaster, void **out_bytes,
                                  size_t *out_len);
/* ERR_CORRUPT, ERR_NO_MEMORY. */
MUST_USE enum err forecaster_unpack(const void *bytes, size_t len,
                                    struct forecaster **out_forecaster);
