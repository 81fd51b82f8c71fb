// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/trend.h"

const char *const trend_names[] = {"unknown",  "steady",        "filling",
                                   "emptying", "past-critical", NULL};

static void begin_sample(struct trend *trend, int64_t at_ms)
{
    trend->began_ms = at_ms;
    trend->moments = 0;
    trend->density_sum = 0;
    trend->flow_sum = 0;
}

void trend_take(struct trend *trend, int64_t at_ms, double per_m2, double flow_per_m_s)
{
    if (!trend->has_begun || at_ms - trend->last_ms > TREND_SAMPLE_MS) {
        *trend = (struct trend){.has_begun = true};
        begin_sample(trend, at_ms);
    }
    if (at_ms - trend->began_ms >= TREND_SAMPLE_MS) {
        uint32_t place = trend->sample_count++ % TREND_SAMPLES;
        trend->density[place] = trend->density_sum / trend->moments;
        trend->flow[place] = trend->flow_sum / trend->moments;
        begin_sample(trend, at_ms);
    }
    trend->last_ms = at_ms;
    trend->moments++;
    trend->density_sum += per_m2;
    trend->flow_sum += flow_per_m_s;
}

/* Of half the ring, from the sample that is `first` after the oldest. */
static double half_mean(const struct trend *trend, const double *ring, uint32_t first)
{
    double sum = 0;
    for (uint32_t i = first; i < first + TREND_SAMPLES / 2; i++)
        sum += ring[(trend->sample_count + i) % TREND_SAMPLES];
    return sum / (TREND_SAMPLES / 2);
}

enum trend_kind trend_tell(const struct trend *trend)
{
    if (trend->sample_count < TREND_SAMPLES)
        return TREND_UNKNOWN;
    double density_before = half_mean(trend, trend->density, 0);
    double density_now = half_mean(trend, trend->density, TREND_SAMPLES / 2);
    double flow_before = half_mean(trend, trend->flow, 0);
    double flow_now = half_mean(trend, trend->flow, TREND_SAMPLES / 2);
    if (MAX(density_before, density_now) < TREND_NOTICED_PER_M2)
        return TREND_STEADY;
    if (density_now < density_before * (1 - TREND_CHANGE))
        return TREND_EMPTYING;
    if (density_now < density_before * (1 + TREND_CHANGE))
        return TREND_STEADY;
    bool is_flow_falling = flow_now < flow_before * (1 - TREND_CHANGE);
    return is_flow_falling && density_now >= TREND_CRITICAL_PER_M2 ? TREND_PAST_CRITICAL
                                                                   : TREND_FILLING;
}
