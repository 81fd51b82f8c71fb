// SPDX-License-Identifier: Apache-2.0
/* trends/predict/real_series_test.h — counts that somebody else took, for the tests: the files under timeseries/. */
#pragma once
#include "base/base.h"

struct real_series {
    int64_t *at_ms; /* UTC where the file says so */
    double *people;
    size_t count;
    int64_t step_ms;
};

/* Rows "time,value", or "sensor,time,value" of the sensor; ends the test as skipped when the file is
 * absent. The caller frees both arrays. */
struct real_series real_series_read(const char *file, const char *sensor, int64_t step_ms);
void real_series_fini(struct real_series *series);
/* Melbourne's time minus UTC: +11 h from the first Sunday of October to the first of April, else +10. */
int64_t melbourne_offset_ms(int64_t utc_ms);
