// SPDX-License-Identifier: Apache-2.0
#include "feeds/lines.h"

#include <math.h>
#include <stdio.h>

enum err lines_refuse(const struct lines *lines, size_t line, size_t column, enum err err,
                      const char *detail)
{
    char place[sizeof lines->note->place];
    const char *slash = strrchr(lines->name, '/');
    (void)snprintf(place, sizeof place, "%.100s:%zu:%zu", slash == NULL ? lines->name : slash + 1,
                   line, column);
    return err_set(lines->note, err, place, "%s", detail);
}

enum err lines_each(const struct lines *lines,
                    enum err (*take)(void *context, size_t line_number, const char *line,
                                     size_t len),
                    void *context)
{
    size_t line_number = 1;
    for (size_t start = 0; start < lines->len; line_number++) {
        const char *line = lines->bytes + start;
        const char *end = memchr(line, '\n', lines->len - start);
        size_t len = end == NULL ? lines->len - start : (size_t)(end - line);
        start += len + 1;
        if (len > 0 && line[len - 1] == '\r')
            len--;
        TRY(take(context, line_number, line, len));
    }
    return ERR_NONE;
}

bool lines_number(const char **p, const char *end, double *out)
{
    while (*p < end && (**p == ' ' || **p == '\t'))
        (*p)++;
    char digits[64];
    size_t len = 0;
    for (const char *c = *p; c < end && len < sizeof digits - 1 && strchr("0123456789+-.eE", *c);
         c++) {
        if (*c == '\0')
            break;
        digits[len++] = *c;
    }
    digits[len] = '\0';
    char *stop;
    double number = strtod(digits, &stop);
    if (stop == digits || *stop != '\0' || !isfinite(number))
        return false;
    *p += len;
    *out = number;
    return true;
}
