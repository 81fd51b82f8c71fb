// SPDX-License-Identifier: Apache-2.0
/* readings/decode/values_internal.h — what the two forms of sensors' bodies share. */
#pragma once
#include "base/json.h"
#include "readings/decode/decode_values.h"

struct reader {
    const struct values_options *options;
    struct values *out;
    enum receive_form form;
    size_t item;
    bool is_single; /* the body is one object: places have no index */
    bool is_too_large;
};

void values_refuse(struct reader *reader, const char *problem, const char *place, ...) PRINTF(3, 4);
bool values_number_of_text(const char *text, size_t len, double *out);
/* A number, a string that holds one, or true and false as 1 and 0. */
bool values_number_of_json(const json_t *json, double *out);
const char *values_check_time(const struct values_options *options, int64_t at_ms);
void values_add(struct reader *reader, const struct value *value);
void values_read_senml(struct reader *reader, json_t *pack);
