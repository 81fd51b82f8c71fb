// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "base/clock.h"
#include "base/text.h"

#include <math.h>

/* Jansson's own depth limit is 2048; ours is checked first, without recursion. */
static bool is_too_deep(const char *bytes, size_t len)
{
    int depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];
        if (in_text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '[' || c == '{') {
            if (++depth > LIMIT_JSON_DEPTH)
                return true;
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return false;
}

enum err json_parse(const char *bytes, size_t len, json_t **out_document, struct err_note *note)
{
    if (is_too_deep(bytes, len))
        return err_set(note, ERR_MALFORMED, "body", "JSON is nested more than %d levels deep",
                       LIMIT_JSON_DEPTH);
    json_error_t error;
    json_t *document =
        json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (document == NULL) {
        char place[64];
        (void)snprintf(place, sizeof place, "body:%d:%d", error.line, error.column);
        return err_set(note, ERR_MALFORMED, place, "not valid JSON: %s", error.text);
    }
    *out_document = document;
    return ERR_NONE;
}

/* With what malloc() adds: an object's or list's head and first table, a place in a table with a small value in it,
 * half of a string's head. A member's name is a string, and as much as its node. */
static size_t weight_of(char c)
{
    switch (c) {
    case '{':
        return 240;
    case '[':
        return 128;
    case ',':
        return 48;
    case '"':
        return 40;
    default:
        return 0;
    }
}

/* Where the room is used up, NULL when it is enough. */
static const char *end_of_room(const char *bytes, size_t len, size_t *inout_room)
{
    bool in_text = false;
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];
        size_t weight = in_text ? c != '"' : weight_of(c);
        if (weight > *inout_room)
            return bytes + i;
        *inout_room -= weight;
        if (c == '"')
            in_text = !in_text;
        else if (in_text && c == '\\')
            i++;
    }
    return NULL;
}

enum err json_parse_within(const char *bytes, size_t len, size_t *inout_room, json_t **out_document,
                           struct err_note *note)
{
    size_t room = *inout_room;
    const char *end = end_of_room(bytes, len, inout_room);
    if (end == NULL)
        return json_parse(bytes, len, out_document, note);
    size_t line = 1, column = 1;
    for (const char *p = bytes; p < end; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    char place[64];
    (void)snprintf(place, sizeof place, "body:%zu:%zu", line, column);
    return err_set(note, ERR_TOO_LARGE, place,
                   "up to here its values take %zu MiB of memory; leave out what is not needed",
                   room >> 20);
}

static enum err refuse(const struct json_field *field, const char *wanted, struct err_note *note)
{
    return err_set(note, ERR_INVALID, field->name, "must be %s", wanted);
}

bool json_is_whole_text(const json_t *value)
{
    return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value);
}

static enum err read_text(json_t *value, const struct json_field *field, void *member,
                          struct err_note *note)
{
    if (!json_is_string(value))
        return refuse(field, "a string", note);
    size_t len = json_string_length(value);
    size_t max = field->max > 0 ? (size_t)field->max : field->size - 1;
    if (len < (size_t)field->min || len > max || len >= field->size)
        return err_set(note, ERR_INVALID, field->name, "must be %zu to %zu bytes long, is %zu",
                       (size_t)field->min, max, len);
    if (!json_is_whole_text(value))
        return refuse(field, "a string without NUL", note);
    memcpy(member, json_string_value(value), len + 1);
    return ERR_NONE;
}

static enum err read_id(json_t *value, const struct json_field *field, void *member,
                        struct err_note *note)
{
    if (!json_is_whole_text(value) || !text_is_id(json_string_value(value)))
        return err_set(note, ERR_INVALID, field->name,
                       "must be 1 to %d of a-z, 0-9, _ and -, starting with a letter or digit",
                       LIMIT_ID_LEN);
    (void)text_copy(member, LIMIT_ID_LEN + 1, json_string_value(value));
    return ERR_NONE;
}

static enum err read_int(json_t *value, const struct json_field *field, void *member,
                         struct err_note *note)
{
    if (!json_is_integer(value))
        return refuse(field, "a whole number", note);
    int64_t number = json_integer_value(value);
    if (field->max > field->min && ((double)number < field->min || (double)number > field->max))
        return err_set(note, ERR_INVALID, field->name, "must be between %.0f and %.0f, is %lld",
                       field->min, field->max, (long long)number);
    *(int64_t *)member = number;
    return ERR_NONE;
}

static enum err read_real(json_t *value, const struct json_field *field, void *member,
                          struct err_note *note)
{
    if (!json_is_number(value) || !isfinite(json_number_value(value)))
        return refuse(field, "a number", note);
    double number = json_number_value(value);
    if (field->max > field->min && (number < field->min || number > field->max))
        return err_set(note, ERR_INVALID, field->name, "must be between %g and %g, is %g",
                       field->min, field->max, number);
    *(double *)member = number;
    return ERR_NONE;
}

static enum err read_time(json_t *value, const struct json_field *field, void *member,
                          struct err_note *note)
{
    int64_t at_ms;
    if (!json_is_string(value) ||
        !clock_parse(json_string_value(value), json_string_length(value), &at_ms))
        return refuse(field, "a time like 2026-06-20T21:14:03.100Z (RFC 3339)", note);
    *(int64_t *)member = at_ms;
    return ERR_NONE;
}

static enum err read_enum(json_t *value, const struct json_field *field, void *member,
                          struct err_note *note)
{
    SCOPED_TEXT names;
    text_init(&names, 300);
    for (int i = 0; field->names[i] != NULL; i++) {
        if (json_is_whole_text(value) && strcmp(json_string_value(value), field->names[i]) == 0) {
            *(int *)member = i;
            return ERR_NONE;
        }
        text_addf(&names, "%s%s", i == 0 ? "" : ", ", field->names[i]);
    }
    return err_set(note, ERR_INVALID, field->name, "must be one of: %s", names.bytes);
}

static enum err read_member(json_t *value, const struct json_field *field, void *member,
                            struct err_note *note)
{
    switch (field->kind) {
    case JSON_FIELD_TEXT:
        return read_text(value, field, member, note);
    case JSON_FIELD_ID:
        return read_id(value, field, member, note);
    case JSON_FIELD_INT:
        return read_int(value, field, member, note);
    case JSON_FIELD_REAL:
        return read_real(value, field, member, note);
    case JSON_FIELD_BOOL:
        if (!json_is_boolean(value))
            return refuse(field, "true or false", note);
        *(bool *)member = json_is_true(value);
        return ERR_NONE;
    case JSON_FIELD_TIME:
        return read_time(value, field, member, note);
    case JSON_FIELD_ENUM:
        return read_enum(value, field, member, note);
    case JSON_FIELD_ANY:
        *(json_t **)member = value;
        return ERR_NONE;
    }
    assert(!"every kind is handled");
    return ERR_INVALID;
}

static enum err refuse_unknown(json_t *object, const struct json_field *fields, size_t count,
                               struct err_note *note)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (i < count && strcmp(fields[i].name, key) != 0)
            i++;
        if (i == count)
            return err_set(note, ERR_INVALID, key[0] == '\0' ? "the member \"\"" : key,
                           "is not a member we know; remove it");
    }
    return ERR_NONE;
}

enum err json_read(json_t *object, const struct json_field *fields, size_t field_count,
                   void *target, struct err_note *note)
{
    if (!json_is_object(object))
        return err_set(note, ERR_INVALID, "body", "must be a JSON object");
    TRY(refuse_unknown(object, fields, field_count, note));
    for (size_t i = 0; i < field_count; i++) {
        const struct json_field *field = &fields[i];
        json_t *value = json_object_get(object, field->name);
        if (value == NULL || (json_is_null(value) && field->need == JSON_OPTIONAL)) {
            if (field->need == JSON_REQUIRED)
                return err_set(note, ERR_INVALID, field->name, "is missing: %s", field->doc);
            continue;
        }
        TRY(read_member(value, field, (char *)target + field->offset, note));
        if (field->present_offset != 0)
            *(bool *)((char *)target + field->present_offset) = true;
    }
    return ERR_NONE;
}

static json_t *write_member(const struct json_field *field, const void *member)
{
    char time[CLOCK_TEXT_SIZE];
    switch (field->kind) {
    case JSON_FIELD_TEXT:
    case JSON_FIELD_ID:
        return json_string(member);
    case JSON_FIELD_INT:
        return json_integer(*(const int64_t *)member);
    case JSON_FIELD_REAL:
        return json_real(*(const double *)member);
    case JSON_FIELD_BOOL:
        return json_boolean(*(const bool *)member);
    case JSON_FIELD_TIME:
        clock_format(*(const int64_t *)member, time);
        return json_string(time);
    case JSON_FIELD_ENUM:
        return json_string(field->names[*(const int *)member]);
    case JSON_FIELD_ANY:
        return *(json_t *const *)member == NULL ? json_null()
                                                : json_incref(*(json_t *const *)member);
    }
    assert(!"every kind is handled");
    return NULL;
}

json_t *json_write(const struct json_field *fields, size_t field_count, const void *source)
{
    json_t *object = json_object();
    for (size_t i = 0; i < field_count; i++)
        (void)json_object_set_new(
            object, fields[i].name,
            write_member(&fields[i], (const char *)source + fields[i].offset));
    return object;
}

static const char *schema_type(enum json_kind kind)
{
    switch (kind) {
    case JSON_FIELD_INT:
        return "integer";
    case JSON_FIELD_REAL:
        return "number";
    case JSON_FIELD_BOOL:
        return "boolean";
    case JSON_FIELD_TEXT:
    case JSON_FIELD_ID:
    case JSON_FIELD_TIME:
    case JSON_FIELD_ENUM:
        return "string";
    case JSON_FIELD_ANY:
        return NULL;
    }
    return NULL;
}

static void schema_bounds(json_t *schema, const struct json_field *field)
{
    bool is_number = field->kind == JSON_FIELD_INT || field->kind == JSON_FIELD_REAL;
    if (is_number && field->max > field->min) {
        (void)json_object_set_new(schema, "minimum", json_real(field->min));
        (void)json_object_set_new(schema, "maximum", json_real(field->max));
    }
    if (field->kind == JSON_FIELD_TEXT) {
        size_t max = field->max > 0 ? (size_t)field->max : field->size - 1;
        (void)json_object_set_new(schema, "maxLength", json_integer((json_int_t)max));
    }
    if (field->kind == JSON_FIELD_ID)
        (void)json_object_set_new(schema, "pattern", json_string("^[a-z0-9][a-z0-9_-]{0,63}$"));
    if (field->kind == JSON_FIELD_TIME)
        (void)json_object_set_new(schema, "format", json_string("date-time"));
    if (field->kind == JSON_FIELD_ENUM) {
        json_t *names = json_array();
        for (int i = 0; field->names[i] != NULL; i++)
            (void)json_array_append_new(names, json_string(field->names[i]));
        (void)json_object_set_new(schema, "enum", names);
    }
}

json_t *json_schema(const struct json_field *fields, size_t field_count)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (size_t i = 0; i < field_count; i++) {
        json_t *schema = json_object();
        const char *type = schema_type(fields[i].kind);
        if (type != NULL)
            (void)json_object_set_new(schema, "type", json_string(type));
        if (fields[i].doc != NULL)
            (void)json_object_set_new(schema, "description", json_string(fields[i].doc));
        schema_bounds(schema, &fields[i]);
        (void)json_object_set_new(properties, fields[i].name, schema);
        if (fields[i].need == JSON_REQUIRED)
            (void)json_array_append_new(required, json_string(fields[i].name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                     required, "additionalProperties", 0);
}
