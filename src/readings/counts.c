// SPDX-License-Identifier: Apache-2.0
#include "readings/counts.h"

const struct count_measure count_measures[COUNT_MEASURES] = {
    {"in", COUNT_IN, COUNT_INCREMENT},     {"out", COUNT_OUT, COUNT_INCREMENT},
    {"period_in", COUNT_IN, COUNT_PERIOD}, {"period_out", COUNT_OUT, COUNT_PERIOD},
    {"in_sum", COUNT_IN, COUNT_SUM},       {"out_sum", COUNT_OUT, COUNT_SUM},
    {"total_in", COUNT_IN, COUNT_TOTAL},   {"total_out", COUNT_OUT, COUNT_TOTAL},
};

const struct count_measure *count_measure_find(const char *measure)
{
    for (size_t i = 0; i < COUNT_OF(count_measures); i++) {
        if (strcmp(count_measures[i].name, measure) == 0)
            return &count_measures[i];
    }
    return NULL;
}
