// SPDX-License-Identifier: Apache-2.0
/* readings/decode/scan.h — reads JSON in one pass where it stands: no tree, no copy, no allocation.
 *
 * It takes and refuses exactly what base/json.h does (duplicate names, bad UTF-8, NaN, numbers beyond
 * a double or an int64, depth), and one thing more: SCAN_MEMBERS_MAX members of one object. Every
 * function leaves `p` behind what it read and returns false at the first fault, which stays. */
#pragma once
#include "base/base.h"

#define SCAN_MEMBERS_MAX 64
#define SCAN_TEXT_MAX    4096 /* bytes of a string that somebody wants to look into */

struct scan_text { /* a string as it stands between its quotes */
    const char *bytes;
    size_t len;
    bool has_escapes;
};

struct scan_number {
    double real;
    int64_t integer; /* when is_integer */
    bool is_integer; /* written without fraction and exponent */
};

struct scan {
    const char *start;
    const char *p;
    const char *end;
    const char *fault; /* a sentence; NULL while all is well */
    int depth;
    size_t name_count; /* names of the open objects that no table knows */
    struct scan_text names[(LIMIT_JSON_DEPTH + 1) * SCAN_MEMBERS_MAX];
    char plain[SCAN_TEXT_MAX]; /* of scan_plain() */
};

struct scan_object {
    uint32_t seen; /* bits of the known names */
    int member_count;
    size_t first_name;
};

enum scan_step { SCAN_FAULT, SCAN_ITEM, SCAN_END };

void scan_init(struct scan *scan, const char *bytes, size_t len);
/* Remembers the first fault; false, so that it can be returned. */
bool scan_fail(struct scan *scan, const char *fault);
/* Line and column of the fault, counted from 1. */
void scan_where(const struct scan *scan, int *out_line, int *out_column);

static inline bool scan_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
static inline void scan_space(struct scan *scan)
{
    while (scan->p < scan->end && scan_is_space(*scan->p))
        scan->p++;
}
/* The first character of the value at hand, '\0' at the end. */
static inline char scan_peek(const struct scan *scan)
{
    return scan->p < scan->end ? *scan->p : '\0';
}
static inline bool scan_is_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-';
}

bool scan_object_begin(struct scan *scan, struct scan_object *object); /* stands on '{' */
/* To the value of the next member; *out_known is the name's index in `known` (ends with NULL) or -1. */
enum scan_step scan_member(struct scan *scan, struct scan_object *object, const char *const *known,
                           int *out_known);
bool scan_array_begin(struct scan *scan); /* stands on '[' */
/* To the next element; `index` counts them, from 0 before the first call. */
enum scan_step scan_element(struct scan *scan, size_t *inout_index);

bool scan_number(struct scan *scan, struct scan_number *out);
bool scan_string(struct scan *scan, struct scan_text *out);
bool scan_skip(struct scan *scan); /* any value */

/* The string without its escapes, terminated; borrowed until the next call. NULL when it is longer
 * than SCAN_TEXT_MAX - 1. */
const char *scan_plain(struct scan *scan, const struct scan_text *text, size_t *out_len);
