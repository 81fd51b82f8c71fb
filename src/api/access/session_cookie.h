// SPDX-License-Identifier: Apache-2.0
/* api/session_cookie.h — where a browser keeps its session: "__Host-muster" with Secure, which no
 * other host and no plain connection can set or read. A browser refuses that name over plain http,
 * so there (and only there: request_is_secure() decides) it is "muster" without Secure. Each is
 * read only over its own kind of connection: a plain one cannot plant a cookie for a secure one. */
#pragma once
#include "accounts/sessions.h"
#include "net/http.h"

/* NULL when there is none; longer than a token can be is none. */
const char *session_cookie_read(const struct request *request, char out[SESSION_TOKEN_SIZE + 1]);
void session_cookie_set(struct request *request, const char *token, int64_t max_age_s);
void session_cookie_clear(struct request *request);
