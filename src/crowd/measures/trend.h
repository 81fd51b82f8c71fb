// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/trend.h — where a zone is heading: density and specific flow of the last half minute
 * beside those of the half minute before. Flow rises with density up to 2 to 3 persons/m² and falls
 * beyond (G. K. Still, gkstill.com; crowd.md section 6): who sees density rise and flow fall has passed
 * the critical point, and that is worth an alarm before any density is. A tenth is the least change that
 * counts as one. Pure. */
#pragma once
#include "base/base.h"

#define TREND_SAMPLE_MS       5000
#define TREND_SAMPLES         12
#define TREND_CHANGE          0.1
#define TREND_CRITICAL_PER_M2 2.0
/* Below this nothing is heading anywhere: two people more in a hall. */
#define TREND_NOTICED_PER_M2 0.31

enum trend_kind { TREND_UNKNOWN, TREND_STEADY, TREND_FILLING, TREND_EMPTYING, TREND_PAST_CRITICAL };
extern const char *const trend_names[]; /* by the enum; ends with NULL */

struct trend { /* zero = nothing seen */
    bool has_begun;
    int64_t began_ms; /* of the sample that is being taken */
    int64_t last_ms;
    uint32_t moments;
    double density_sum, flow_sum;
    uint32_t sample_count;                              /* in all */
    double density[TREND_SAMPLES], flow[TREND_SAMPLES]; /* rings */
};

/* Starts anew after a gap of a sample. */
void trend_take(struct trend *trend, int64_t at_ms, double per_m2, double flow_per_m_s);
enum trend_kind trend_tell(const struct trend *trend);
