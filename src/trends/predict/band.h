// SPDX-License-Identifier: Apache-2.0
/* trends/predict/band.h — how wrong forecasts of one horizon usually are: a scale per time of day and a tracker
 * per limit of the band. See forecast.h for the method and its source. */
#pragma once
#include "trends/predict/forecast.h"

#define BAND_DAY_SLOTS 24

struct band {
    double scale; /* mean absolute error, in roots of people */
    struct {
        double error;
        uint32_t outcomes;
    } day[BAND_DAY_SLOTS];          /* the same by the hour */
    double limits[FORECAST_LIMITS]; /* in scales: rising */
    uint64_t outcomes;
};

void band_init(struct band *band);
/* What is usual in the hour of `local_ms`. */
double band_scale(const struct band *band, int64_t local_ms);
/* An error (came minus told) of a forecast that was told with `scale` and `limits`. */
void band_learn(struct band *band, int64_t local_ms, double scale,
                const double limits[FORECAST_LIMITS], double error);

struct packer;
struct unpacker;
void band_pack(struct packer *packer, const struct band *band);
void band_unpack(struct unpacker *unpacker, struct band *out_band);
