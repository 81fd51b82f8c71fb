// SPDX-License-Identifier: Apache-2.0
#include "api/answers/answer.h"

#include "base/clock.h"

enum err answer_read_format(const struct request *request, enum format *out, struct err_note *note)
{
    static const char *const NAMES[] = {"json", "csv", "ndjson"};
    const char *name = request_query(request, "format");
    const char *accept = request_header(request, "Accept");
    *out = FORMAT_JSON;
    for (int i = 0; name != NULL && i < (int)COUNT_OF(NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            *out = (enum format)i;
            return ERR_NONE;
        }
    }
    if (name != NULL)
        return err_set(note, ERR_MALFORMED, "format", "must be json, csv or ndjson");
    if (accept != NULL && strstr(accept, "text/csv") != NULL)
        *out = FORMAT_CSV;
    else if (accept != NULL && strstr(accept, "ndjson") != NULL)
        *out = FORMAT_NDJSON;
    return ERR_NONE;
}

enum err answer_read_range(const struct request *request, int64_t span_ms, int64_t *out_from_ms,
                           int64_t *out_to_ms, struct err_note *note)
{
    *out_to_ms = clock_now_ms() + 1000;
    TRY(request_query_time(request, "to", out_to_ms, note));
    *out_from_ms = *out_to_ms - span_ms;
    TRY(request_query_time(request, "from", out_from_ms, note));
    if (*out_from_ms > *out_to_ms)
        return err_set(note, ERR_INVALID, "from", "must not be after `to`");
    return request_query_time(request, "cursor", out_from_ms, note);
}

static void add_next(struct text *out, int64_t next_ms)
{
    char at[CLOCK_TEXT_SIZE];
    if (next_ms == 0) {
        text_add(out, "\"next\":null");
        return;
    }
    clock_format(next_ms, at);
    text_addf(out, "\"next\":\"%s\"", at);
}

void answer_end_list(struct request *request, struct text *out, enum format format, int64_t next_ms)
{
    if (format == FORMAT_JSON) {
        text_add(out, "],");
        add_next(out, next_ms);
        text_add_char(out, '}');
    } else if (next_ms != 0) {
        char at[CLOCK_TEXT_SIZE];
        clock_format(next_ms, at);
        reply_header(request, "X-Next-Cursor", at);
    }
}

void answer_reply(struct request *request, struct text *out, enum format format)
{
    static const char *const TYPES[] = {"application/json", "text/csv; charset=utf-8",
                                        "application/x-ndjson"};
    struct err_note note;
    if (out->overflowed) {
        reply_problem(request,
                      err_set(&note, ERR_TOO_LARGE, "limit",
                              "the answer is too long; ask for less at a time"),
                      &note);
        text_fini(out);
        return;
    }
    size_t len = out->len;
    reply_take(request, 200, TYPES[format], text_take(out), len);
}
