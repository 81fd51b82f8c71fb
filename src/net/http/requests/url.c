// SPDX-License-Identifier: Apache-2.0
#include "net/http/requests/url.h"

#include "base/text.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool url_decode(const char *text, size_t len, enum url_part part, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '+' && part == URL_QUERY) {
            c = ' ';
        } else if (c == '%') {
            int high = len - i > 2 ? hex_value(text[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_value(text[i + 2]);
            if (low < 0)
                return false;
            c = (unsigned char)(high << 4 | low);
            i += 2;
            if (c == '/' && part == URL_SEGMENT)
                return false;
        }
        if (c < 0x20 || c == 0x7F)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return text_is_utf8(out, n);
}

enum err url_query_parse(const char *text, size_t len, char *storage, struct url_query *out_pairs,
                         size_t count_max, size_t *out_count, struct err_note *note)
{
    const char *end = text + len;
    size_t count = 0;
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        stop = stop == NULL ? end : stop;
        const char *equals = memchr(text, '=', (size_t)(stop - text));
        const char *name_end = equals == NULL ? stop : equals;
        if (stop > text) {
            if (count == count_max)
                return err_set(note, ERR_MALFORMED, "query", "has more than %zu parameters.",
                               count_max);
            char *name = storage;
            if (!url_decode(text, (size_t)(name_end - text), URL_QUERY, name))
                return err_set(note, ERR_MALFORMED, "query",
                               "has a parameter name that is not UTF-8 text; percent-encode it.");
            char *value = name + strlen(name) + 1;
            const char *from = equals == NULL ? stop : equals + 1;
            if (!url_decode(from, (size_t)(stop - from), URL_QUERY, value))
                return err_set(note, ERR_MALFORMED, name,
                               "is not UTF-8 text without control characters; percent-encode it.");
            out_pairs[count++] = (struct url_query){.name = name, .value = value};
            storage = value + strlen(value) + 1;
        }
        text = stop + 1;
    }
    *out_count = count;
    return ERR_NONE;
}
