// SPDX-License-Identifier: Apache-2.0
#include "net/origin.h"

#include <strings.h>

static bool changes_nothing(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

static bool is_listed(const char *origin, const char *const *allowed)
{
    for (; allowed != NULL && *allowed != NULL; allowed++) {
        if (strcasecmp(origin, *allowed) == 0)
            return true;
    }
    return false;
}

/* "https://host:port" against the Host header. The scheme is not compared: a proxy may have ended TLS. */
static bool is_same_host(const char *origin, const char *host)
{
    const char *authority = strstr(origin, "://");
    return authority != NULL && host != NULL && host[0] != '\0' &&
           strcasecmp(authority + 3, host) == 0;
}

bool origin_is_ours(const struct origin_facts *facts)
{
    if (changes_nothing(facts->method) && !facts->is_strict)
        return true;
    if (facts->origin != NULL && is_listed(facts->origin, facts->allowed))
        return true;
    if (facts->sec_fetch_site != NULL)
        return strcmp(facts->sec_fetch_site, "same-origin") == 0 ||
               strcmp(facts->sec_fetch_site, "none") == 0; /* typed by the user */
    return facts->origin == NULL || is_same_host(facts->origin, facts->host);
}
