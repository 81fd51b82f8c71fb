// SPDX-License-Identifier: Apache-2.0
/* net/http/requests/body.h — a request's body as it arrives: bounded, decoded from gzip or zstd on the fly. The
 * bound is on what comes out, so a bomb stops at len_max however small it was sent. All bodies of a
 * server share a budget, and so do those of one caller; memory is taken as bytes come, never because a client announced them. */
#pragma once
#include "base/base.h"

#include <stdatomic.h>

enum body_encoding { BODY_PLAIN, BODY_GZIP, BODY_ZSTD, BODY_UNKNOWN };

/* Whose bodies count together. A full share is its caller's own doing: 429, and the others go on. */
enum body_budget_of { BODY_BUDGET_OF_ALL, BODY_BUDGET_OF_SENDER, BODY_BUDGET_OF_ADDRESS };
#define BODY_BUDGETS 3

struct body_budget {
    atomic_size_t used; /* bytes that bodies and their decoders hold at present */
    size_t max;
    enum body_budget_of of;
};

struct body {
    char *bytes; /* owned; terminated by body_end(); NULL when nothing came */
    size_t len;
    size_t size;
    size_t len_max;
    size_t expected_len;
    struct body_budget *budgets[BODY_BUDGETS]; /* none = unbounded */
    size_t budget_count;
    size_t charged; /* to each of them */
    enum body_encoding encoding;
    void *decoder;      /* z_stream or ZSTD_DStream, made when the first bytes come */
    bool is_frame_open; /* the compressed form is not at an end */
};

/* Content-Encoding's value; NULL is plain. */
enum body_encoding body_encoding_of(const char *header);

/* `expected_len` is Content-Length, or 0 when unknown: a small plain body is then allocated once. */
void body_init(struct body *body, enum body_encoding encoding, size_t expected_len, size_t len_max,
               struct body_budget *budget);
/* One more that must have room, before any byte has come. */
void body_share(struct body *body, struct body_budget *budget);
void body_fini(struct body *body); /* gives back what it charged */
/* ERR_TOO_LARGE past len_max; ERR_MALFORMED when the encoding is broken; ERR_BUSY when the budget of
 * all is used up, ERR_TOO_MANY when a caller's own is. After an error only body_fini() may follow. */
MUST_USE enum err body_add(struct body *body, const char *bytes, size_t len, struct err_note *note);
/* ERR_MALFORMED when the compressed form was cut off. */
MUST_USE enum err body_end(struct body *body, struct err_note *note);
