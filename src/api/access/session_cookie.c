// SPDX-License-Identifier: Apache-2.0
#include "api/access/session_cookie.h"

#include <stdio.h>

static const char *name_of(const struct request *request)
{
    return request_is_secure(request) ? "__Host-muster" : "muster";
}

const char *session_cookie_read(const struct request *request, char out[SESSION_TOKEN_SIZE + 1])
{
    const char *token = request_cookie(request, name_of(request), out, SESSION_TOKEN_SIZE + 1);
    return token == NULL || token[0] == '\0' ? NULL : token;
}

void session_cookie_set(struct request *request, const char *token, int64_t max_age_s)
{
    char cookie[256];
    (void)snprintf(cookie, sizeof cookie, "%s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
                   name_of(request), token, (long long)max_age_s,
                   request_is_secure(request) ? "; Secure" : "");
    reply_header(request, "Set-Cookie", cookie);
}

void session_cookie_clear(struct request *request)
{
    session_cookie_set(request, "", 0);
}
