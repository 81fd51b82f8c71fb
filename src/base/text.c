// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void text_init(struct text *text, size_t len_max)
{
    assert(len_max > 0);
    *text = (struct text){.len_max = len_max};
}

void text_fini(struct text *text)
{
    mem_free(text->bytes);
    *text = (struct text){.len_max = text->len_max};
}

void text_clear(struct text *text)
{
    text->len = 0;
    text->overflowed = false;
    if (text->bytes != NULL)
        text->bytes[0] = '\0';
}

/* Room for `len` more bytes and the terminator. */
static bool reserve(struct text *text, size_t len)
{
    if (text->overflowed || len > text->len_max - text->len) {
        text->overflowed = true;
        return false;
    }
    size_t needed = text->len + len + 1;
    if (needed <= text->size)
        return true;
    size_t size = MAX(needed, text->size + text->size / 2);
    size = MAX(size, (size_t)64);
    text->bytes = mem_resize(text->bytes, size);
    text->size = size;
    return true;
}

void text_add_bytes(struct text *text, const void *bytes, size_t len)
{
    if (!reserve(text, len))
        return;
    if (len > 0)
        memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
    text_add_bytes(text, &c, 1);
}

void text_addf(struct text *text, const char *format, ...)
{
    char small[256];
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    assert(len >= 0);
    if ((size_t)len < sizeof small) {
        text_add_bytes(text, small, (size_t)len);
    } else if (reserve(text, (size_t)len)) {
        (void)vsnprintf(text->bytes + text->len, (size_t)len + 1, format, again);
        text->len += (size_t)len;
    }
    va_end(again);
}

void text_add_int(struct text *text, int64_t number)
{
    char digits[24];
    char *p = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--p = '-';
    text_add_bytes(text, p, (size_t)(digits + sizeof digits - p));
}

void text_add_real(struct text *text, double number)
{
    assert(isfinite(number));
    if (number == floor(number) && fabs(number) < 1e15) {
        text_add_int(text, (int64_t)number);
        return;
    }
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number)
            break;
    }
    text_add(text, digits);
}

/* Length of the valid UTF-8 sequence at p, 0 when there is none. RFC 3629, table 3-7 of Unicode. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    size_t len;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        len = 2;
    } else if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        len = 3;
        low = p[0] == 0xE0 ? 0xA0 : low;
        high = p[0] == 0xED ? 0x9F : high;
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        len = 4;
        low = p[0] == 0xF0 ? 0x90 : low;
        high = p[0] == 0xF4 ? 0x8F : high;
    } else {
        return 0;
    }
    if (left < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    return len;
}

bool text_is_utf8(const char *bytes, size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t i = 0;
    while (i < len) {
        uint64_t eight;
        if (len - i >= sizeof eight) {
            memcpy(&eight, p + i, sizeof eight);
            if ((eight & 0x8080808080808080ULL) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        size_t step = utf8_len(p + i, len - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

static void add_json_char(struct text *text, unsigned char c)
{
    switch (c) {
    case '"':
        text_add(text, "\\\"");
        break;
    case '\\':
        text_add(text, "\\\\");
        break;
    case '\n':
        text_add(text, "\\n");
        break;
    case '\t':
        text_add(text, "\\t");
        break;
    default:
        if (c < 0x20)
            text_addf(text, "\\u%04x", c);
        else
            text_add_char(text, (char)c);
    }
}

void text_add_json(struct text *text, const char *string, size_t len)
{
    const unsigned char *p = (const unsigned char *)string;
    text_add_char(text, '"');
    for (size_t i = 0; i < len;) {
        size_t step = utf8_len(p + i, len - i);
        if (step == 1)
            add_json_char(text, p[i]);
        else if (step == 0)
            text_add(text, "\xEF\xBF\xBD");
        else
            text_add_bytes(text, p + i, step);
        i += MAX(step, (size_t)1);
    }
    text_add_char(text, '"');
}

void text_add_markup(struct text *text, const char *string)
{
    for (const char *p = string; *p != '\0'; p++) {
        switch (*p) {
        case '&':
            text_add(text, "&amp;");
            break;
        case '<':
            text_add(text, "&lt;");
            break;
        case '>':
            text_add(text, "&gt;");
            break;
        case '"':
            text_add(text, "&quot;");
            break;
        case '\'':
            text_add(text, "&#39;");
            break;
        default:
            text_add_char(text, *p);
        }
    }
}

char *text_take(struct text *text)
{
    char *bytes = text->bytes == NULL ? mem_text("") : text->bytes;
    *text = (struct text){.len_max = text->len_max};
    return bytes;
}

static bool is_id_char(char c, bool is_first)
{
    bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return is_plain || (!is_first && (c == '_' || c == '-'));
}

bool text_is_id(const char *string)
{
    size_t i = 0;
    for (; string[i] != '\0'; i++) {
        if (i >= LIMIT_ID_LEN || !is_id_char(string[i], i == 0))
            return false;
    }
    return i > 0;
}

bool text_copy(char *target, size_t size, const char *source)
{
    size_t len = strlen(source);
    if (len >= size) {
        target[0] = '\0';
        return false;
    }
    memcpy(target, source, len + 1);
    return true;
}

bool text_equal_secret(const char *a, const char *b, size_t len)
{
    unsigned char difference = 0;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}
