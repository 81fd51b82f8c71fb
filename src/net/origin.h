// SPDX-License-Identifier: Apache-2.0
/* net/origin.h — did our own page send this? Pure: against cross-site request forgery and hijacked
 * WebSockets, where the browser adds the cookie but cannot lie about these headers.
 *
 * Sec-Fetch-Site decides where it is sent (every browser since 2023, over HTTPS); otherwise Origin must be
 * ours, scheme, host and port, or be listed; with neither header the caller is no browser, so there is no cookie to abuse.
 * "same-site" is not enough: another name of the same domain may belong to somebody else. */
#pragma once
#include "base/base.h"

struct origin_facts {   /* headers as sent; NULL = absent */
    const char *method; /* GET, HEAD and OPTIONS change nothing and pass, unless is_strict */
    const char *sec_fetch_site;
    const char *origin;
    const char *host;
    bool is_secure; /* it came by https: request_is_secure() */
    bool is_strict; /* a WebSocket or stream: GET must prove its origin too */
    const char *const
        *allowed; /* further origins "https://shop.example.org"; NULL-ended; or NULL */
};

bool origin_is_ours(const struct origin_facts *facts);
