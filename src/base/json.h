// SPDX-License-Identifier: Apache-2.0
/* base/json.h — JSON at the edge, from tables. One table of fields gives the parser (with the place
 * of every mistake), the JSON Schema in the OpenAPI document, and the writer. Jansson underneath.
 */
#pragma once
#include "base/base.h"

#include <jansson.h>

enum json_kind {
    JSON_FIELD_TEXT, /* char[size]; `min`..`max` are lengths in bytes, max 0 = size - 1 */
    JSON_FIELD_ID,   /* char[LIMIT_ID_LEN + 1]; see text_is_id */
    JSON_FIELD_INT,  /* int64_t, min..max when max > min */
    JSON_FIELD_REAL, /* double, finite, min..max when max > min */
    JSON_FIELD_BOOL, /* bool */
    JSON_FIELD_TIME, /* int64_t ms, RFC 3339 on the wire */
    JSON_FIELD_ENUM, /* int, index into `names` */
    JSON_FIELD_ANY,  /* json_t *, borrowed from the document */
};

enum json_need { JSON_OPTIONAL, JSON_REQUIRED };

struct json_field {
    const char *name;
    enum json_kind kind;
    enum json_need need;
    size_t offset; /* of the member in the target struct */
    size_t size;   /* of a text member */
    double min;
    double max;
    const char *const *names; /* ends with NULL */
    const char *doc;          /* one line for people */
    size_t present_offset;    /* of a bool member set to true when the field was there; 0 = none */
};

#define JSON_AT(type, member) .offset = offsetof(type, member)
#define JSON_TEXT(type, member)                                                                    \
    .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

/* Parses a whole document. Refuses what RFC 8259 or I-JSON refuse: duplicate keys, bad UTF-8, NaN,
 * numbers out of double's range, more than LIMIT_JSON_DEPTH levels, anything after the value.
 * ERR_MALFORMED with line and column. The caller owns *out_document (json_decref). */
MUST_USE enum err json_parse(const char *bytes, size_t len, json_t **out_document,
                             struct err_note *note);

/* json_parse() of what a stranger wrote and may be large: values are a hundred times their text in memory when
 * they are empty. What they take is told from the text before anything is built of it, and taken off *inout_room,
 * bytes; where that is not enough ERR_TOO_LARGE with line and column. */
MUST_USE enum err json_parse_within(const char *bytes, size_t len, size_t *inout_room,
                                    json_t **out_document, struct err_note *note);

/* A string without NUL: what C compares is then all that is stored. */
bool json_is_whole_text(const json_t *value);

/* Fills `target` from an object; absent optional members stay as they are. Unknown members are
 * refused (ERR_INVALID naming them), so that a typing mistake is not silently ignored. */
MUST_USE enum err json_read(json_t *object, const struct json_field *fields, size_t field_count,
                            void *target, struct err_note *note);

/* A new object with every field of `source`; the caller owns it. */
json_t *json_write(const struct json_field *fields, size_t field_count, const void *source);

/* A new JSON Schema (2020-12) object of the table; the caller owns it. */
json_t *json_schema(const struct json_field *fields, size_t field_count);

static inline void json_decref_scoped(json_t **slot)
{
    json_decref(*slot);
}
#define SCOPED_JSON __attribute__((cleanup(json_decref_scoped))) json_t
