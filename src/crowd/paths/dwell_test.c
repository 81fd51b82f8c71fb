// SPDX-License-Identifier: Apache-2.0
#include "crowd/paths/dwell.h"

#include "base/random.h"
#include "base/test.h"

#include <math.h>

static void stay_for(struct dwell *dwell, double seconds, bool is_censored)
{
    struct visit visit = {.until_ms = (int64_t)(1000 * seconds), .is_censored = is_censored};
    dwell_add(dwell, &visit);
}

static int by_size(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

TEST(quantiles_of_finished_visits_are_right_within_half_a_bucket)
{
    enum { VISITS = 20001 };
    struct random_sequence random = {.state = 1};
    static double seconds[VISITS];
    struct dwell dwell = {0};
    double sum = 0;
    for (size_t i = 0; i < VISITS; i++) {
        seconds[i] = exp(5 + 1.2 * random_normal(&random)); /* median 148 s */
        seconds[i] = floor(1000 * fmax(1, seconds[i])) / 1000;
        stay_for(&dwell, seconds[i], false);
        sum += seconds[i];
    }
    qsort(seconds, VISITS, sizeof *seconds, by_size);
    for (double share = 0.01; share < 0.995; share += 0.01) {
        double exact = seconds[(size_t)ceil(share * VISITS) - 1];
        CHECK_NEAR(dwell_quantile_s(&dwell, share) / exact, 1, 0.03);
    }
    struct dwell_summary summary = dwell_summarise(&dwell);
    CHECK_INT(summary.finished, VISITS);
    CHECK_NEAR(summary.mean_finished_s, sum / VISITS, 1e-3);
}

TEST(nobody_has_no_dwell_time)
{
    struct dwell dwell = {0};
    struct dwell_summary summary = dwell_summarise(&dwell);
    CHECK(summary.finished == 0 && summary.censored == 0 && summary.mean_finished_s == 0);
    CHECK(summary.median_s == -1 && summary.p90_s == -1);
}

TEST(who_is_still_inside_counts_as_present_for_as_long_as_was_seen)
{
    struct dwell dwell = {0};
    for (int i = 0; i < 4; i++)
        stay_for(&dwell, 60, false);
    for (int i = 0; i < 6; i++)
        stay_for(&dwell, 30, true); /* lost before: nothing is known of them at 60 s */
    struct dwell_summary summary = dwell_summarise(&dwell);
    CHECK_INT(summary.finished, 4);
    CHECK_INT(summary.censored, 6);
    CHECK_NEAR(summary.median_s, 60, 2);
    for (int i = 0; i < 6; i++)
        stay_for(&dwell, 3600, true); /* six of ten stayed on: fewer than half left */
    CHECK(dwell_summarise(&dwell).median_s == -1);
    CHECK_NEAR(dwell_quantile_s(&dwell, 0.4), 60, 2);
    CHECK_NEAR(dwell_summarise(&dwell).mean_finished_s, 60, 1e-9);
}

TEST(a_median_with_half_of_the_visits_cut_short_is_still_that_of_all)
{
    struct random_sequence random = {.state = 2};
    struct dwell dwell = {0}, finished_only = {0};
    for (int i = 0; i < 40000; i++) {
        double lasts = -600 * log(1 - random_uniform(&random));
        double seen = -600 * log(1 - random_uniform(&random));
        stay_for(&dwell, fmin(lasts, seen), seen < lasts);
        if (lasts <= seen)
            stay_for(&finished_only, lasts, false);
    }
    CHECK_NEAR(dwell_quantile_s(&dwell, 0.5), 600 * log(2), 0.05 * 600 * log(2));
    CHECK(dwell_quantile_s(&finished_only, 0.5) < 0.6 * 600 * log(2));
}

TEST(parts_of_a_dwell_add_up_to_the_whole_and_survive_their_bytes)
{
    struct random_sequence random = {.state = 3};
    struct dwell whole = {0}, parts[7] = {0}, sum = {0};
    for (int i = 0; i < 5000; i++) {
        double seconds = exp(16 * random_uniform(&random) - 2);
        bool is_censored = random_below(&random, 4) == 0;
        stay_for(&whole, seconds, is_censored);
        stay_for(&parts[random_below(&random, 7)], seconds, is_censored);
    }
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        SCOPED_MEM void *bytes = NULL;
        size_t len;
        struct dwell read;
        CHECK_INT(dwell_pack(&parts[i], &bytes, &len), ERR_NONE);
        CHECK_INT(dwell_unpack(bytes, len, &read), ERR_NONE);
        dwell_sum(&sum, &read);
        ((uint8_t *)bytes)[random_below(&random, len)] ^= 8;
        CHECK_INT(dwell_unpack(bytes, len, &read), ERR_CORRUPT);
    }
    CHECK(memcmp(&whole, &sum, sizeof whole) == 0);
}
