// SPDX-License-Identifier: Apache-2.0
#include "readings/decode/decode_values.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "readings/decode/values_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

void values_fini(struct values *values)
{
    mem_free(values->list);
    item_errors_fini(&values->errors);
    *values = (struct values){0};
}

void values_refuse(struct reader *reader, const char *problem, const char *place, ...)
{
    char whole[128];
    int len = reader->is_single ? 0 : snprintf(whole, sizeof whole, "[%zu]", reader->item);
    va_list args;
    va_start(args, place);
    char rest[100];
    (void)vsnprintf(rest, sizeof rest, place, args);
    va_end(args);
    (void)snprintf(whole + len, sizeof whole - (size_t)len, "%s%s",
                   len > 0 && rest[0] != '\0' ? "." : "", rest);
    item_errors_add(&reader->out->errors, ERR_INVALID, whole[0] == '\0' ? "body" : whole, "%s",
                    problem);
}

bool values_is_measure(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       (i > 0 && (c == '_' || c == '-' || c == '.'));
        if (!is_good)
            return false;
    }
    return len > 0 && len <= VALUES_MEASURE_LEN;
}

bool values_is_storable(double value)
{
    return fabs(value) <= LIMIT_READING_VALUE; /* not so for NaN */
}

bool values_number_of_text(const char *text, size_t len, double *out)
{
    if (len == 0 || len > 64 || strspn(text, "+-.0123456789eE") != len)
        return false;
    char *end;
    double value = strtod(text, &end);
    if (end != text + len || !values_is_storable(value))
        return false;
    *out = value;
    return true;
}

bool values_number_of_json(const json_t *json, double *out)
{
    if (json_is_string(json))
        return values_number_of_text(json_string_value(json), json_string_length(json), out);
    if (json_is_boolean(json))
        *out = json_is_true(json) ? 1 : 0;
    else if (json_is_number(json))
        *out = json_number_value(json);
    else
        return false;
    return values_is_storable(*out);
}

const char *values_check_time(const struct values_options *options, int64_t at_ms)
{
    if (at_ms < VALUES_OLDEST_MS)
        return "is before the year 2000; check the device's clock";
    if (at_ms > options->now_ms + VALUES_FUTURE_MS)
        return "is more than 5 minutes in the future; check the device's clock";
    return NULL;
}

void values_add(struct reader *reader, const struct value *value)
{
    struct values *out = reader->out;
    if (out->count == LIMIT_BATCH_READINGS) {
        reader->is_too_large = true;
        return;
    }
    if (out->count == out->room) {
        out->room = MAX((size_t)16, out->room * 2);
        out->list = mem_resize(out->list, out->room * sizeof *out->list);
    }
    out->list[out->count] = *value;
    out->list[out->count++].message = reader->item;
}

/* --- the plain form --- */

static bool read_id(struct reader *reader, const json_t *item, struct value *value)
{
    const json_t *id = json_object_get(item, "id");
    const char *text = id == NULL ? reader->options->device : json_string_value(id);
    if (text == NULL || !text_is_id(text) ||
        (id != NULL && strlen(text) != json_string_length(id))) {
        values_refuse(reader,
                      id == NULL ? "is missing" : "must be the id of a device: a-z, 0-9, _ and -",
                      "id");
        return false;
    }
    return text_copy(value->device, sizeof value->device, text);
}

static bool read_time(struct reader *reader, const json_t *item, struct value *value)
{
    const json_t *time = json_object_get(item, "timestamp");
    value->at_ms = reader->options->now_ms;
    if (time == NULL)
        return true; /* A sensor without a clock: it is now. */
    const char *problem = "must be a time like 2026-06-20T21:14:03.100Z (RFC 3339)";
    if (json_is_string(time) &&
        clock_parse(json_string_value(time), json_string_length(time), &value->at_ms))
        problem = values_check_time(reader->options, value->at_ms);
    if (problem != NULL)
        values_refuse(reader, problem, "timestamp");
    return problem == NULL;
}

static void read_plain(struct reader *reader, json_t *item)
{
    struct value value = {0};
    if (!json_is_object(item)) {
        values_refuse(reader, "must be an object with id, timestamp and values", "%s", "");
        return;
    }
    if (!read_id(reader, item, &value) || !read_time(reader, item, &value))
        return;
    const char *measure;
    json_t *json;
    size_t measures = 0;
    json_object_foreach(item, measure, json)
    {
        if (strcmp(measure, "id") == 0 || strcmp(measure, "timestamp") == 0)
            continue;
        measures++;
        if (!values_is_measure(measure))
            values_refuse(reader, "must be named by letters, digits, _ - and .", "%.60s", measure);
        else if (!values_number_of_json(json, &value.value))
            values_refuse(reader, "must be a number within 1e100, or a string that holds one", "%s",
                          measure);
        else {
            (void)snprintf(value.series, sizeof value.series, "%s:%s", value.device, measure);
            values_add(reader, &value);
        }
    }
    if (measures == 0)
        values_refuse(reader, "has no values", "%s", "");
}

/* --- bodies --- */

static void read_document(struct reader *reader, json_t *document)
{
    if (reader->form == RECEIVE_SENML) {
        values_read_senml(reader, document);
        return;
    }
    if (!json_is_array(document)) {
        read_plain(reader, document);
        reader->item++;
        return;
    }
    reader->is_single = false;
    size_t index;
    json_t *item;
    json_array_foreach(document, index, item)
    {
        read_plain(reader, item);
        reader->item++;
    }
}

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr(" \t\r\n", line[i]) == NULL || line[i] == '\0')
            return false;
    }
    return true;
}

/* One document per line, after the body turned out not to be one document. */
static enum err read_lines(struct reader *reader, const char *body, size_t len,
                           struct err_note *note)
{
    reader->is_single = false;
    size_t line_number = 0;
    for (size_t at = 0; at < len;) {
        const char *line = body + at;
        const char *end = memchr(line, '\n', len - at);
        size_t line_len = end == NULL ? len - at : (size_t)(end - line);
        at += line_len + 1;
        line_number++;
        if (is_blank(line, line_len))
            continue;
        SCOPED_JSON *document = NULL;
        struct err_note line_note = {0};
        enum err err = json_parse(line, line_len, &document, &line_note);
        if (err != ERR_NONE) {
            char place[64];
            (void)snprintf(place, sizeof place, "body:%zu", line_number);
            return err_set(note, err, place, "%s", line_note.detail);
        }
        read_document(reader, document);
    }
    return ERR_NONE;
}

/* What a value costs in memory is hundreds of bytes, and a body may hold a million of two: it is looked at
 * before anything is built of it. Commas and opened brackets are about as many as the values. */
static bool has_too_many_marks(const char *body, size_t len)
{
    size_t marks = 0;
    bool in_text = false;
    for (size_t i = 0; i < len; i++) {
        char c = body[i];
        if (c == '"')
            in_text = !in_text;
        else if (in_text)
            i += c == '\\';
        else
            marks += c == ',' || c == '[' || c == '{';
    }
    return marks > VALUES_MARKS_MAX;
}

static bool has_lines(const char *body, size_t len)
{
    const char *end = memchr(body, '\n', len);
    return end != NULL && !is_blank(end, len - (size_t)(end - body));
}

static enum err read_body(struct reader *reader, const char *body, size_t len,
                          struct err_note *note)
{
    SCOPED_JSON *document = NULL;
    struct err_note whole_note = {0};
    enum err err = json_parse(body, len, &document, &whole_note);
    if (err == ERR_NONE) {
        read_document(reader, document);
        return ERR_NONE;
    }
    /* Lines, when the first of them is a document of its own. */
    const char *end = len == 0 ? NULL : memchr(body, '\n', len);
    SCOPED_JSON *first = NULL;
    if (end != NULL && has_lines(body, len) &&
        json_parse(body, (size_t)(end - body), &first, NULL) == ERR_NONE)
        return read_lines(reader, body, len, note);
    return err_set(note, err, whole_note.place, "%s", whole_note.detail);
}

enum err values_decode(const char *body, size_t len, enum receive_form form,
                       const struct values_options *options, struct values *out,
                       struct err_note *note)
{
    *out = (struct values){0};
    if (has_too_many_marks(body, len))
        return err_set(note, ERR_TOO_LARGE, "body",
                       "more than %d commas and opened brackets in one body; send several",
                       VALUES_MARKS_MAX);
    struct reader reader = {.options = options, .out = out, .form = form, .is_single = true};
    enum err err = read_body(&reader, body, len, note);
    if (err == ERR_NONE && reader.is_too_large)
        err = err_set(note, ERR_TOO_LARGE, "body", "more than %d values in one body; send several",
                      LIMIT_BATCH_READINGS);
    if (err != ERR_NONE)
        values_fini(out);
    return err;
}
