// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"
#include "base/test.h"
#include "bench/load/latency.h"

#include <math.h>

enum { VALUES = 20000 };

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

TEST(quantiles_are_those_of_the_sorted_list_within_a_hundredth)
{
    static const double QUANTILES[] = {0.001, 0.5, 0.9, 0.99, 0.999};
    SCOPED_MEM struct latency *latency = mem_new(sizeof *latency);
    SCOPED_MEM int64_t *sorted = mem_new_array(VALUES, sizeof *sorted);
    struct random_sequence chance = {7};
    for (int i = 0; i < VALUES; i++) {
        sorted[i] = (int64_t)1 << random_below(&chance, 31);
        sorted[i] += (int64_t)random_below(&chance, (uint32_t)MIN(sorted[i], INT32_MAX));
        latency_add(latency, sorted[i]);
    }
    qsort(sorted, VALUES, sizeof *sorted, compare);
    for (size_t i = 0; i < COUNT_OF(QUANTILES); i++) {
        double exact = (double)sorted[(int)ceil(QUANTILES[i] * VALUES) - 1];
        double found = (double)latency_quantile_us(latency, QUANTILES[i]);
        CHECK(found >= exact && found <= exact * 1.01);
    }
    CHECK(latency_quantile_us(latency, 1) == sorted[VALUES - 1]);
}

TEST(a_run_that_is_longer_than_any_list_keeps_its_tail)
{
    SCOPED_MEM struct latency *latency = mem_new(sizeof *latency);
    for (int i = 0; i < 10000000; i++)
        latency_add(latency, 100);
    for (int i = 0; i < 500000; i++)
        latency_add(latency, 90000);
    CHECK(latency_quantile_us(latency, 0.5) == 100);
    CHECK(latency_quantile_us(latency, 0.99) == 90000);
}

TEST(nothing_measured_is_nothing_and_odd_values_stay_inside)
{
    SCOPED_MEM struct latency *latency = mem_new(sizeof *latency);
    CHECK(latency_quantile_us(latency, 0.99) == 0);
    latency_add(latency, -5);
    CHECK(latency_quantile_us(latency, 1) == 0);
    latency_add(latency, INT64_MAX);
    CHECK(latency_quantile_us(latency, 1) == (INT64_C(1) << 40) - 1);
}
