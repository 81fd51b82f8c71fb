// SPDX-License-Identifier: Apache-2.0
/* api/credentials.h — what a request brings to say who it is, and whether a browser sent it on our
 * own page's behalf. */
#pragma once
#include "accounts/accounts.h"
#include "net/http.h"

#define CREDENTIAL_LEN 127 /* longer than any of ours: unknown */

enum credential_kind { CREDENTIAL_NONE, CREDENTIAL_COOKIE, CREDENTIAL_BEARER };

struct credential {
    enum credential_kind kind;
    char secret[CREDENTIAL_LEN + 1]; /* "" = cannot be one of ours */
};

/* A bearer token goes before a cookie. */
void credential_read(const struct request *request, struct credential *out_credential);

struct csrf_facts { /* headers as sent; NULL = absent */
    enum credential_kind credential;
    const char *method;
    const char *sec_fetch_site;
    const char *origin;
    const char *host;
    bool is_secure; /* it came by https */
};
/* Pure. A browser adds cookies to what other sites send; so a request that changes something must
 * show that our page sent it. A bearer token is never added by a browser. A cookie with neither
 * Sec-Fetch-Site nor Origin proves nothing and is refused: programs that sign in send Origin. */
bool csrf_is_safe(const struct csrf_facts *facts);
