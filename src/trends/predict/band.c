// SPDX-License-Identifier: Apache-2.0
#include "trends/predict/band.h"

#include "readings/numbers.h"

#include <math.h>

#define SCALE_GAIN 0.01
#define HOUR_GAIN  0.03
/* An hour speaks for itself after this many outcomes, half. */
#define HOUR_TRUST 10.0

static const double LEVELS[FORECAST_LIMITS] = {0.05, 0.10, 0.90, 0.95};
/* Of a normal error, in mean absolute errors: the quantile x sqrt(pi / 2). */
static const double NORMAL[FORECAST_LIMITS] = {-2.0615, -1.6062, 1.6062, 2.0615};

void band_init(struct band *band)
{
    memset(band, 0, sizeof *band);
    memcpy(band->limits, NORMAL, sizeof band->limits);
    /* A Poisson count told twice, independently: until errors are known. */
    band->scale = 0.5 * M_SQRT2 * 0.8;
}

static size_t hour_of(int64_t local_ms)
{
    int64_t hour = local_ms / 3600000 % BAND_DAY_SLOTS;
    return (size_t)(hour < 0 ? hour + BAND_DAY_SLOTS : hour);
}

double band_scale(const struct band *band, int64_t local_ms)
{
    size_t hour = hour_of(local_ms);
    double trust = band->day[hour].outcomes / (band->day[hour].outcomes + HOUR_TRUST);
    return fmax(1e-3, trust * band->day[hour].error + (1 - trust) * band->scale);
}

void band_learn(struct band *band, int64_t local_ms, double scale,
                const double limits[FORECAST_LIMITS], double error)
{
    size_t hour = hour_of(local_ms);
    band->outcomes++;
    band->scale +=
        fmax(SCALE_GAIN, 1.0 / (double)(band->outcomes + 5)) * (fabs(error) - band->scale);
    if (band->day[hour].outcomes < UINT32_MAX)
        band->day[hour].outcomes++;
    band->day[hour].error +=
        fmax(HOUR_GAIN, 1.0 / band->day[hour].outcomes) * (fabs(error) - band->day[hour].error);
    /* One outcome far out is one miss, not many: only on which side it fell counts. Quick at first. */
    double gain = fmax(FORECAST_BAND_GAIN, 1.0 / sqrt((double)band->outcomes + 25));
    for (size_t i = 0; i < FORECAST_LIMITS; i++)
        band->limits[i] += gain * (LEVELS[i] - (error < limits[i] * scale));
    for (size_t i = 1; i < FORECAST_LIMITS; i++)
        band->limits[i] = fmax(band->limits[i], band->limits[i - 1]);
}

void band_pack(struct packer *packer, const struct band *band)
{
    pack_double(packer, band->scale);
    for (size_t i = 0; i < BAND_DAY_SLOTS; i++) {
        pack_double(packer, band->day[i].error);
        pack_varint(packer, band->day[i].outcomes);
    }
    pack_doubles(packer, band->limits, FORECAST_LIMITS);
    pack_varint(packer, band->outcomes);
}

void band_unpack(struct unpacker *unpacker, struct band *out_band)
{
    out_band->scale = unpack_double(unpacker);
    for (size_t i = 0; i < BAND_DAY_SLOTS; i++) {
        out_band->day[i].error = unpack_double(unpacker);
        out_band->day[i].outcomes = unpack_u32(unpacker);
    }
    unpack_doubles(unpacker, out_band->limits, FORECAST_LIMITS);
    out_band->outcomes = unpack_varint(unpacker);
}
