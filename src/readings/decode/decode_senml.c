// SPDX-License-Identifier: Apache-2.0
/* SenML, RFC 8428: a list of records whose base fields hold for all that follow. A name ends in the
 * measure; the device stands before it, behind the last ':' or '/' of the rest, so that both
 * "lift-3/temperature" and "urn:dev:ow:10e2073a01080063:temperature" say what they mean. */
#include "readings/decode/values_internal.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>

#define SENML_VERSION      10
#define SENML_RELATIVE_MAX 268435456.0 /* 2^28 s: smaller times are relative to now (4.5.3) */

struct base {
    char name[READINGS_SERIES_LEN + 1];
    double time_s;
    double value;
    double sum;
    bool has_value;
};

static bool read_optional(struct reader *reader, const json_t *record, const char *name,
                          double *inout)
{
    const json_t *json = json_object_get(record, name);
    if (json == NULL)
        return true;
    if (!json_is_number(json)) {
        values_refuse(reader, "must be a number", "%s", name);
        return false;
    }
    *inout = json_number_value(json);
    return true;
}

static bool read_base(struct reader *reader, const json_t *record, struct base *base)
{
    double version = SENML_VERSION;
    const json_t *name = json_object_get(record, "bn");
    if (name != NULL && (!json_is_string(name) ||
                         !text_copy(base->name, sizeof base->name, json_string_value(name)))) {
        values_refuse(reader, "must be a string of at most 160 bytes", "bn");
        return false;
    }
    base->has_value |= json_object_get(record, "bv") != NULL;
    if (!read_optional(reader, record, "bt", &base->time_s) ||
        !read_optional(reader, record, "bv", &base->value) ||
        !read_optional(reader, record, "bs", &base->sum) ||
        !read_optional(reader, record, "bver", &version))
        return false;
    if (version > SENML_VERSION)
        values_refuse(reader, "is a version that is not known here", "bver");
    return version <= SENML_VERSION;
}

/* A name that ends in '_' must be understood or its record refused (4.4); none is here. */
static bool has_unknown_duty(struct reader *reader, json_t *record)
{
    const char *name;
    json_t *json;
    json_object_foreach(record, name, json)
    {
        size_t len = strlen(name);
        if (len > 0 && name[len - 1] == '_') {
            values_refuse(reader, "must be understood, and is not", "%.60s", name);
            return true;
        }
    }
    return false;
}

static bool split_name(const char *name, struct value *value)
{
    const char *cut = NULL;
    for (const char *p = name; *p != '\0'; p++)
        cut = *p == ':' || *p == '/' ? p : cut;
    if (cut == NULL || !values_is_measure(cut + 1))
        return false;
    const char *start = cut;
    while (start > name && start[-1] != ':' && start[-1] != '/')
        start--;
    size_t len = (size_t)(cut - start);
    if (len > LIMIT_ID_LEN)
        return false;
    memcpy(value->device, start, len);
    value->device[len] = '\0';
    (void)snprintf(value->series, sizeof value->series, "%s:%s", value->device, cut + 1);
    return text_is_id(value->device);
}

static bool read_name(struct reader *reader, const json_t *record, const struct base *base,
                      struct value *value)
{
    char name[2 * READINGS_SERIES_LEN + 2];
    const json_t *own = json_object_get(record, "n");
    (void)snprintf(name, sizeof name, "%s%.*s", base->name, READINGS_SERIES_LEN,
                   own == NULL           ? ""
                   : json_is_string(own) ? json_string_value(own)
                                         : "?");
    if (split_name(name, value))
        return true;
    values_refuse(reader, "must end in a device and a measure, such as lift-3:temperature", "n");
    return false;
}

static bool read_time(struct reader *reader, const json_t *record, const struct base *base,
                      struct value *value)
{
    double time_s = 0;
    if (!read_optional(reader, record, "t", &time_s))
        return false;
    time_s += base->time_s;
    double now_s = (double)reader->options->now_ms / 1000;
    time_s = time_s < SENML_RELATIVE_MAX ? now_s + time_s : time_s;
    const char *problem = "is no time";
    if (fabs(time_s) < 1e12) {
        value->at_ms = (int64_t)floor(time_s * 1000 + 0.5);
        problem = values_check_time(reader->options, value->at_ms);
    }
    if (problem != NULL)
        values_refuse(reader, problem, "t");
    return problem == NULL;
}

/* Exactly one of v, vb, vs, vd, or the base value alone. */
static bool read_value(struct reader *reader, const json_t *record, const struct base *base,
                       struct value *value)
{
    const json_t *v = json_object_get(record, "v");
    const json_t *vb = json_object_get(record, "vb");
    const json_t *vs = json_object_get(record, "vs");
    const json_t *json = v != NULL ? v : vb != NULL ? vb : vs;
    bool is_right_kind = (v == NULL || json_is_number(v)) && (vb == NULL || json_is_boolean(vb)) &&
                         (vs == NULL || json_is_string(vs));
    if (json == NULL && base->has_value) {
        value->value = base->value;
        if (!values_is_storable(base->value))
            values_refuse(reader, "is out of range", "bv");
        return values_is_storable(base->value);
    }
    if (json == NULL || (v != NULL) + (vb != NULL) + (vs != NULL) != 1 || !is_right_kind ||
        !values_number_of_json(json, &value->value)) {
        values_refuse(reader, "must be a number in v, a boolean in vb or a number as text in vs",
                      v != NULL    ? "v"
                      : vb != NULL ? "vb"
                                   : "vs");
        return false;
    }
    value->value += v != NULL ? base->value : 0;
    if (!values_is_storable(value->value))
        values_refuse(reader, "is out of range together with bv", "v");
    return values_is_storable(value->value);
}

/* The integral "s" becomes a series of its own beside the measure's. */
static void read_sum(struct reader *reader, const json_t *record, const struct base *base,
                     struct value *value)
{
    size_t len = strlen(value->series);
    value->value = 0;
    if (!read_optional(reader, record, "s", &value->value) ||
        len + sizeof "_sum" > sizeof value->series)
        return;
    value->value += base->sum;
    if (!values_is_storable(value->value)) {
        values_refuse(reader, "is out of range together with bs", "s");
        return;
    }
    memcpy(value->series + len, "_sum", sizeof "_sum");
    values_add(reader, value);
}

static void read_record(struct reader *reader, json_t *record, struct base *base)
{
    struct value value = {0};
    if (!json_is_object(record)) {
        values_refuse(reader, "must be an object", "%s", "");
        return;
    }
    if (has_unknown_duty(reader, record) || !read_base(reader, record, base))
        return;
    static const char *const VALUES[] = {"v", "vb", "vs", "vd"};
    bool has_sum = json_object_get(record, "s") != NULL;
    bool has_value = base->has_value && json_object_get(record, "n") != NULL;
    for (size_t i = 0; i < COUNT_OF(VALUES); i++)
        has_value |= json_object_get(record, VALUES[i]) != NULL;
    if (!has_sum && !has_value && json_object_get(record, "n") == NULL)
        return; /* Only base fields: for those that follow. */
    if (!read_name(reader, record, base, &value) || !read_time(reader, record, base, &value))
        return;
    if ((has_value || !has_sum) && read_value(reader, record, base, &value))
        values_add(reader, &value);
    if (has_sum)
        read_sum(reader, record, base, &value);
}

void values_read_senml(struct reader *reader, json_t *pack)
{
    struct base base = {0};
    reader->is_single = false;
    if (!json_is_array(pack)) {
        values_refuse(reader, "must be a list of SenML records", "%s", "");
        return;
    }
    size_t index;
    json_t *record;
    json_array_foreach(pack, index, record)
    {
        read_record(reader, record, &base);
        reader->item++;
    }
}
