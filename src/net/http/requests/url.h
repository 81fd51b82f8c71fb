// SPDX-License-Identifier: Apache-2.0
/* net/http/requests/url.h — the text of a request's target, decoded and checked. Pure. What comes out is valid
 * UTF-8 without control characters, so no caller meets a NUL, a line break or half a character. */
#pragma once
#include "base/base.h"

enum url_part {
    URL_SEGMENT, /* one path segment: an encoded slash is refused */
    URL_REST,    /* several path segments */
    URL_QUERY,   /* '+' is a space */
};

/* Writes at most len + 1 bytes, terminated. False when the text is not as promised above. */
bool url_decode(const char *text, size_t len, enum url_part part, char *out);

struct url_query {
    const char *name;
    const char *value;
};

/* "a=1&b" into decoded pairs. `storage` has len + 2 bytes and holds the texts. ERR_MALFORMED with
 * the parameter's name, or when there are more than count_max. */
MUST_USE enum err url_query_parse(const char *text, size_t len, char *storage,
                                  struct url_query *out_pairs, size_t count_max, size_t *out_count,
                                  struct err_note *note);
