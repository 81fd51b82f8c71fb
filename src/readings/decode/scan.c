// SPDX-License-Identifier: Apache-2.0
#include "readings/decode/scan.h"

#include "base/text.h"

#include <errno.h>
#include <math.h>

void scan_init(struct scan *scan, const char *bytes, size_t len)
{
    /* Not the whole struct: its big arrays are only valid up to their counts. */
    scan->start = bytes;
    scan->p = bytes;
    scan->end = bytes + len;
    scan->fault = NULL;
    scan->depth = 0;
    scan->name_count = 0;
}

bool scan_fail(struct scan *scan, const char *fault)
{
    if (scan->fault == NULL)
        scan->fault = fault;
    return false;
}

void scan_where(const struct scan *scan, int *out_line, int *out_column)
{
    int line = 1;
    const char *line_start = scan->start;
    for (const char *p = scan->start; p < scan->p && p < scan->end; p++) {
        if (*p == '\n') {
            line++;
            line_start = p + 1;
        }
    }
    *out_line = line;
    *out_column = (int)(scan->p - line_start) + 1;
}

static bool open_level(struct scan *scan)
{
    if (++scan->depth > LIMIT_JSON_DEPTH)
        return scan_fail(scan, "it is nested too deeply");
    scan->p++;
    return true;
}

/* --- strings --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits at p, -1 when they are not there. */
static int32_t hex_four(const char *p, const char *end)
{
    if (end - p < 4)
        return -1;
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Checks the escape at p (on the backslash); its length, 0 when it is none. */
static size_t escape_len(const char *p, const char *end)
{
    if (end - p < 2)
        return 0;
    if (p[1] != 'u')
        return memchr("\"\\/bfnrt", p[1], 8) != NULL ? 2 : 0;
    int32_t unit = hex_four(p + 2, end);
    if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF))
        return 0;
    if (unit < 0xD800 || unit > 0xDBFF)
        return 6;
    if (end - p < 12 || p[6] != '\\' || p[7] != 'u')
        return 0;
    int32_t low = hex_four(p + 8, end);
    return low >= 0xDC00 && low <= 0xDFFF ? 12 : 0;
}

bool scan_string(struct scan *scan, struct scan_text *out)
{
    const char *p = scan->p + 1;
    const char *end = scan->end;
    unsigned char high_bits = 0;
    bool has_escapes = false;
    while (p < end && *p != '"') {
        unsigned char c = (unsigned char)*p;
        size_t step = 1;
        if (c < 0x20)
            break;
        if (c == '\\') {
            step = escape_len(p, end);
            has_escapes = true;
            if (step == 0)
                break;
        }
        high_bits |= c;
        p += step;
    }
    const char *bytes = scan->p + 1;
    scan->p = p;
    if (p >= end)
        return scan_fail(scan, "a string does not end");
    if (*p != '"')
        return scan_fail(scan, *p == '\\' ? "this escape is not one of JSON's"
                                          : "a control character must be escaped");
    if ((high_bits & 0x80) != 0 && !text_is_utf8(bytes, (size_t)(p - bytes)))
        return scan_fail(scan, "this string is not UTF-8");
    *out = (struct scan_text){bytes, (size_t)(p - bytes), has_escapes};
    scan->p = p + 1;
    return true;
}

static size_t put_utf8(char out[4], uint32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xE0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

/* The bytes that the character or escape at *p stands for; the string was checked before. */
static size_t next_plain(const char **p, const char *end, char out[4])
{
    if (**p != '\\') {
        out[0] = *(*p)++;
        return 1;
    }
    size_t len = escape_len(*p, end);
    const char *escape = *p;
    *p += len;
    if (len == 2) {
        static const char LETTERS[] = "bfnrt";
        static const char MEANINGS[] = "\b\f\n\r\t";
        const char *letter = strchr(LETTERS, escape[1]);
        out[0] = letter == NULL ? escape[1] : MEANINGS[letter - LETTERS];
        return 1;
    }
    uint32_t point = (uint32_t)hex_four(escape + 2, end);
    if (len == 12) {
        uint32_t low = (uint32_t)hex_four(escape + 8, end);
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    return put_utf8(out, point);
}

const char *scan_plain(struct scan *scan, const struct scan_text *text, size_t *out_len)
{
    const char *p = text->bytes;
    const char *end = p + text->len;
    size_t len = 0;
    while (p < end) {
        char piece[4];
        size_t step = next_plain(&p, end, piece);
        if (len + step >= SCAN_TEXT_MAX)
            return NULL;
        memcpy(scan->plain + len, piece, step);
        len += step;
    }
    scan->plain[len] = '\0';
    *out_len = len;
    return scan->plain;
}

/* --- objects and arrays --- */

static bool same_name(const struct scan_text *a, const struct scan_text *b)
{
    if (!a->has_escapes && !b->has_escapes)
        return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
    const char *p = a->bytes;
    const char *q = b->bytes;
    char left[4];
    char right[4];
    size_t left_len = 0;
    size_t right_len = 0;
    size_t left_at = 0;
    size_t right_at = 0;
    for (;;) {
        if (left_at == left_len) {
            left_len = p < a->bytes + a->len ? next_plain(&p, a->bytes + a->len, left) : 0;
            left_at = 0;
        }
        if (right_at == right_len) {
            right_len = q < b->bytes + b->len ? next_plain(&q, b->bytes + b->len, right) : 0;
            right_at = 0;
        }
        if (left_len == 0 || right_len == 0)
            return left_len == right_len;
        if (left[left_at++] != right[right_at++])
            return false;
    }
}

static bool has_nul(const struct scan_text *name)
{
    const char *p = name->bytes;
    const char *end = p + name->len;
    while (p < end) {
        char piece[4];
        (void)next_plain(&p, end, piece);
        if (piece[0] == '\0')
            return true;
    }
    return false;
}

static int find_known(const struct scan_text *name, const char *const *known)
{
    for (int i = 0; known != NULL && known[i] != NULL; i++) {
        size_t len = strlen(known[i]);
        if (!name->has_escapes) {
            if (len == name->len && memcmp(known[i], name->bytes, len) == 0)
                return i;
        } else if (same_name(name, &(struct scan_text){.bytes = known[i], .len = len})) {
            return i;
        }
    }
    return -1;
}

static bool remember_name(struct scan *scan, struct scan_object *object,
                          const struct scan_text *name, int known)
{
    if (++object->member_count > SCAN_MEMBERS_MAX)
        return scan_fail(scan, "an object has more than 64 members");
    if (known >= 0) {
        if ((object->seen & (1U << known)) != 0)
            return scan_fail(scan, "a name stands twice in one object");
        object->seen |= 1U << known;
        return true;
    }
    if (name->has_escapes && has_nul(name))
        return scan_fail(scan, "a name must not hold NUL");
    for (size_t i = object->first_name; i < scan->name_count; i++) {
        if (same_name(&scan->names[i], name))
            return scan_fail(scan, "a name stands twice in one object");
    }
    scan->names[scan->name_count++] = *name;
    return true;
}

bool scan_object_begin(struct scan *scan, struct scan_object *object)
{
    *object = (struct scan_object){.first_name = scan->name_count};
    return open_level(scan);
}

enum scan_step scan_member(struct scan *scan, struct scan_object *object, const char *const *known,
                           int *out_known)
{
    scan_space(scan);
    char c = scan_peek(scan);
    if (c == '}' && scan->p < scan->end) {
        scan->p++;
        scan->depth--;
        scan->name_count = object->first_name;
        return SCAN_END;
    }
    if (object->member_count > 0) {
        if (c != ',')
            return (enum scan_step)scan_fail(scan, "',' or '}' is missing");
        scan->p++;
        scan_space(scan);
    }
    struct scan_text name;
    if (scan_peek(scan) != '"')
        return (enum scan_step)scan_fail(scan, "a name in quotes is missing");
    if (!scan_string(scan, &name))
        return SCAN_FAULT;
    *out_known = find_known(&name, known);
    if (!remember_name(scan, object, &name, *out_known))
        return SCAN_FAULT;
    scan_space(scan);
    if (scan_peek(scan) != ':')
        return (enum scan_step)scan_fail(scan, "':' is missing");
    scan->p++;
    scan_space(scan);
    return SCAN_ITEM;
}

bool scan_array_begin(struct scan *scan)
{
    return open_level(scan);
}

enum scan_step scan_element(struct scan *scan, size_t *inout_index)
{
    scan_space(scan);
    char c = scan_peek(scan);
    if (c == ']') {
        scan->p++;
        scan->depth--;
        return SCAN_END;
    }
    if (*inout_index > 0) {
        if (c != ',')
            return (enum scan_step)scan_fail(scan, "',' or ']' is missing");
        scan->p++;
        scan_space(scan);
    }
    (*inout_index)++;
    return SCAN_ITEM;
}

/* --- numbers --- */

/* What the short path does not do: many digits, exponents. The token was checked. */
static bool number_by_library(struct scan *scan, const char *token, size_t len, bool is_integer,
                              struct scan_number *out)
{
    char small[64];
    SCOPED_MEM char *large = NULL;
    char *copy = small;
    if (len >= sizeof small) {
        large = mem_try(len + 1);
        if (large == NULL)
            return scan_fail(scan, "a number is too long");
        copy = large;
    }
    memcpy(copy, token, len);
    copy[len] = '\0';
    errno = 0;
    out->is_integer = is_integer;
    if (is_integer) {
        out->integer = strtoll(copy, NULL, 10);
        out->real = (double)out->integer;
        return errno == 0 || scan_fail(scan, "a whole number is out of range");
    }
    out->real = strtod(copy, NULL);
    return isfinite(out->real) || scan_fail(scan, "a number is out of range");
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Exact while the digits fit into a double's mantissa and the power of ten is exact (Clinger 1990). */
static const double POWERS[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static bool is_short(const char *digits, const char *end, size_t fraction_len, bool has_exponent)
{
    return !has_exponent && end - digits <= 16 && fraction_len < COUNT_OF(POWERS);
}

bool scan_number(struct scan *scan, struct scan_number *out)
{
    const char *token = scan->p;
    const char *end = scan->end;
    const char *p = token;
    bool is_negative = *p == '-';
    p += is_negative;
    const char *digits = p;
    p = skip_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1))
        return scan_fail(scan, "a number is not written as JSON wants it");
    const char *whole_end = p;
    size_t fraction_len = 0;
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        p = skip_digits(p, end);
        fraction_len = (size_t)(p - fraction);
        if (fraction_len == 0)
            return scan_fail(scan, "a number is not written as JSON wants it");
    }
    bool has_exponent = p < end && (*p == 'e' || *p == 'E');
    if (has_exponent) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        const char *exponent = p;
        p = skip_digits(p, end);
        if (p == exponent)
            return scan_fail(scan, "a number is not written as JSON wants it");
    }
    scan->p = p;
    out->is_integer = p == whole_end;
    if (!is_short(digits, p, fraction_len, has_exponent))
        return number_by_library(scan, token, (size_t)(p - token), out->is_integer, out);
    int64_t mantissa = 0;
    for (const char *d = digits; d < p; d++)
        mantissa = *d == '.' ? mantissa : mantissa * 10 + (*d - '0');
    if (mantissa >= 1LL << 53)
        return number_by_library(scan, token, (size_t)(p - token), out->is_integer, out);
    out->integer = is_negative ? -mantissa : mantissa;
    out->real = (double)mantissa / POWERS[fraction_len];
    out->real = is_negative ? -out->real : out->real;
    return true;
}

/* --- values that nobody wants --- */

static bool skip_word(struct scan *scan)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        size_t len = strlen(WORDS[i]);
        if ((size_t)(scan->end - scan->p) >= len && memcmp(scan->p, WORDS[i], len) == 0) {
            scan->p += len;
            return true;
        }
    }
    return scan_fail(scan,
                     scan->p < scan->end ? "this is no JSON value" : "the text ends too early");
}

static bool skip_object(struct scan *scan)
{
    struct scan_object object;
    if (!scan_object_begin(scan, &object))
        return false;
    int known;
    enum scan_step step;
    while ((step = scan_member(scan, &object, NULL, &known)) == SCAN_ITEM) {
        if (!scan_skip(scan))
            return false;
    }
    return step == SCAN_END;
}

static bool skip_array(struct scan *scan)
{
    if (!scan_array_begin(scan))
        return false;
    size_t index = 0;
    enum scan_step step;
    while ((step = scan_element(scan, &index)) == SCAN_ITEM) {
        if (!scan_skip(scan))
            return false;
    }
    return step == SCAN_END;
}

/* Recursion ends at LIMIT_JSON_DEPTH. */
bool scan_skip(struct scan *scan)
{
    char c = scan_peek(scan);
    if (c == '{')
        return skip_object(scan);
    if (c == '[')
        return skip_array(scan);
    if (c == '"')
        return scan_string(scan, &(struct scan_text){0});
    if (scan_is_number(c))
        return scan_number(scan, &(struct scan_number){0});
    return skip_word(scan);
}
