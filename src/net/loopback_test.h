// SPDX-License-Identifier: Apache-2.0
/* net/loopback_test.h — a raw HTTP client for tests: what is sent is exactly what the test wrote, so
 * broken requests can be sent too. Every wait ends after 20 s with a failed check. */
#pragma once
#include "base/test.h"
#include "net/http.h"

struct answer {
    int status; /* 0: the connection ended without one */
    char head[8192];
    char *body; /* owned; terminated */
    size_t body_len;
};
void answer_fini(struct answer *answer);
#define SCOPED_ANSWER __attribute__((cleanup(answer_fini))) struct answer

int loopback_connect(uint16_t port);
void loopback_send(int fd, const void *bytes, size_t len); /* a closed peer is no failure */
void loopback_send_text(int fd, const char *text);
/* One response (Content-Length, chunked, or until close). `method` HEAD has no body. */
void loopback_read(int fd, const char *method, struct answer *out);
bool loopback_read_exact(int fd, void *bytes, size_t len); /* false at the end of the stream */
bool loopback_is_closed(int fd); /* waits for the end of the stream; false when bytes come */

/* One request on a new connection. `head` is "GET /x HTTP/1.1\r\nHost: a\r\n" and more lines. */
void loopback_ask(uint16_t port, const char *head, const void *body, size_t body_len,
                  struct answer *out);
/* The value of a header, in a buffer valid until the next call; NULL when absent. */
const char *answer_header(const struct answer *answer, const char *name);

/* A server of these routes on a free port. */
struct http_server *loopback_server(const struct route *routes, size_t count, void *context);
struct http_server *loopback_server_with(struct http_server_options options,
                                         const struct route *routes, size_t count, void *context);
