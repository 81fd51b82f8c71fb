// SPDX-License-Identifier: Apache-2.0
/* base/text.h — a growing byte buffer that cannot exist without its maximum. Past it nothing more
 * is added and `overflowed` stays true: build without checking, check once at the end. */
#pragma once
#include "base/base.h"

struct text {
    char *bytes; /* always terminated once anything was added; owned */
    size_t len;
    size_t size;
    size_t len_max;
    bool overflowed;
};

void text_init(struct text *text, size_t len_max);
void text_fini(struct text *text);
void text_clear(struct text *text);
void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t len);
void text_add_char(struct text *text, char c);
void text_addf(struct text *text, const char *format, ...) PRINTF(2, 3);
void text_add_int(struct text *text, int64_t number);
/* Shortest form that reads back to the same double; finite numbers only. */
void text_add_real(struct text *text, double number);
/* As a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void text_add_json(struct text *text, const char *string, size_t len);
/* With &, <, >, " and ' as entities, for HTML and XML. */
void text_add_markup(struct text *text, const char *string);
/* The content as an owned, terminated string; the buffer is empty afterwards. */
char *text_take(struct text *text);

/* True for valid UTF-8 without surrogates or overlong forms (NUL allowed). */
bool text_is_utf8(const char *bytes, size_t len);
/* True for ^[a-z0-9][a-z0-9_-]*$ within LIMIT_ID_LEN. */
bool text_is_id(const char *string);
/* Copies and terminates; false (and an empty target) when it does not fit. */
bool text_copy(char *target, size_t size, const char *source);
/* Same bytes, in a time that depends on the length only. */
bool text_equal_secret(const char *a, const char *b, size_t len);

static inline void text_fini_scoped(struct text *text)
{
    text_fini(text);
}
#define SCOPED_TEXT __attribute__((cleanup(text_fini_scoped))) struct text
