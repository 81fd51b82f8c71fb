// SPDX-License-Identifier: Apache-2.0
#include "api/access/credentials.h"

#include "api/access/session_cookie.h"
#include "base/text.h"
#include "net/origin.h"

#include <strings.h>

void credential_read(const struct request *request, struct credential *out_credential)
{
    *out_credential = (struct credential){.kind = CREDENTIAL_NONE};
    const char *header = request_header(request, "Authorization");
    if (header != NULL) {
        out_credential->kind = CREDENTIAL_BEARER;
        if (strncasecmp(header, "Bearer ", 7) == 0)
            (void)text_copy(out_credential->secret, sizeof out_credential->secret,
                            header + 7 + strspn(header + 7, " "));
        return;
    }
    char token[SESSION_TOKEN_SIZE + 1];
    if (session_cookie_read(request, token) != NULL) {
        out_credential->kind = CREDENTIAL_COOKIE;
        (void)text_copy(out_credential->secret, sizeof out_credential->secret, token);
    }
}

static bool is_unsafe(const char *method)
{
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 &&
           strcmp(method, "OPTIONS") != 0;
}

bool csrf_is_safe(const struct csrf_facts *facts)
{
    if (facts->credential == CREDENTIAL_BEARER || !is_unsafe(facts->method))
        return true;
    if (facts->credential == CREDENTIAL_COOKIE && facts->sec_fetch_site == NULL &&
        facts->origin == NULL)
        return false;
    return origin_is_ours(&(struct origin_facts){.method = facts->method,
                                                 .sec_fetch_site = facts->sec_fetch_site,
                                                 .origin = facts->origin,
                                                 .host = facts->host,
                                                 .is_secure = facts->is_secure});
}
