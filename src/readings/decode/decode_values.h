// SPDX-License-Identifier: Apache-2.0
/* readings/decode/decode_values.h — bodies of sensors into readings: the plain form
 * {"id","timestamp",<measure>:value ...}, one, a list, or one per line; and SenML (RFC 8428). */
#pragma once
#include "readings/readings.h"

#define VALUES_OLDEST_MS                                                                           \
    946684800000LL /* 2000-01-01: back-fill is welcome, broken clocks are not */
#define VALUES_FUTURE_MS   300000LL
#define VALUES_MEASURE_LEN 64
#define VALUES_MARKS_MAX   (20 * LIMIT_BATCH_READINGS) /* SenML says a value in at most 16 members */

struct value {
    char device[LIMIT_ID_LEN + 1];
    char series[READINGS_SERIES_LEN + 1]; /* "lift-3:temperature" */
    int64_t at_ms;
    double value;
    size_t message; /* which item of the body: for places */
};

struct values {
    struct value *list; /* owned */
    size_t count;
    size_t room;
    struct item_errors errors;
};

struct values_options {
    int64_t now_ms;     /* for what has no time or a relative one */
    const char *device; /* of items without id; "" = they must have one */
};

void values_fini(struct values *values);
MUST_USE enum err values_decode(const char *body, size_t len, enum receive_form form,
                                const struct values_options *options, struct values *out,
                                struct err_note *note);
bool values_is_measure(const char *name);
bool values_is_storable(double value);
