// SPDX-License-Identifier: Apache-2.0
/* api/answer.h — long answers in the form that was asked for: JSON, CSV or NDJSON, page by page in time. */
#pragma once
#include "api/api.h"
#include "base/text.h"

#define ANSWER_BYTES_MAX (64 * 1024 * 1024)

enum format { FORMAT_JSON, FORMAT_CSV, FORMAT_NDJSON };

/* By ?format=, else by Accept, else JSON. */
MUST_USE enum err answer_read_format(const struct request *request, enum format *out_format,
                                     struct err_note *note);
/* from, to and the cursor, which is the time where the page before ended. Without them the last
 * `span_ms`. */
MUST_USE enum err answer_read_range(const struct request *request, int64_t span_ms,
                                    int64_t *out_from_ms, int64_t *out_to_ms,
                                    struct err_note *note);
/* Ends a list: where the next page begins stands in the document, or in a header where the form has no
 * place for it. 0 = that was all. */
void answer_end_list(struct request *request, struct text *out, enum format format,
                     int64_t next_ms);
/* Replies and frees the text; 413 when it overflowed. */
void answer_reply(struct request *request, struct text *out, enum format format);
