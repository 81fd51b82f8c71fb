// SPDX-License-Identifier: Apache-2.0
/* net/http_client.h — a blocking HTTP client (libcurl) that keeps its connection: for commands and for
 * consumers' threads, never for an event thread. Follows no redirects. */
#pragma once
#include "base/text.h"

struct http_client;

struct http_call {
    const char *method;
    const char *url;            /* http: and https: only */
    const char *const *headers; /* "Name: value", ends with NULL; NULL = none */
    const void *body;           /* NULL = none */
    size_t body_len;
    size_t answer_max;   /* bytes; more is ERR_TOO_LARGE */
    int64_t timeout_ms;  /* of the whole call */
    const char *ca_file; /* NULL = the system's */
};

struct http_answer {
    int status;
    struct text body;      /* http_answer_fini() */
    char cookie[512];      /* name=value of the first Set-Cookie; "" = none */
    int64_t retry_after_s; /* 0 = not said */
};

struct http_client *http_client_create(void); /* never NULL; used by one thread at a time */
void http_client_destroy(struct http_client *client);
DEFINE_SCOPED(http_client)

/* ERR_NONE for any answer, whatever its status. ERR_BUSY when nobody answers, ERR_IO when the
 * connection breaks or the certificate is wrong, ERR_INVALID for a header with a line break. *out_answer is set on ERR_NONE only. */
MUST_USE enum err http_client_call(struct http_client *client, const struct http_call *call,
                                   struct http_answer *out_answer, struct err_note *note);
void http_answer_fini(struct http_answer *answer);
