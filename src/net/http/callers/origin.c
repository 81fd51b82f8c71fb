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

struct authority {
    const char *host;
    size_t len;
    unsigned port;
};

/* "host", "host:8080", "[2001:db8::1]:8080", and nothing behind it. */
static bool split(const char *text, unsigned port_default, struct authority *out)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    const char *colon = strchr(end == NULL ? text : end, ':');
    *out = (struct authority){.host = text, .len = strlen(text), .port = port_default};
    if (colon != NULL) {
        size_t digits = strspn(colon + 1, "0123456789");
        if (digits == 0 || digits > 5 || colon[1 + digits] != '\0')
            return false;
        out->len = (size_t)(colon - text);
        out->port = (unsigned)strtoul(colon + 1, NULL, 10);
    }
    return out->len > 0;
}

/* "https://host:port" against the Host header and how the request came. */
static bool is_same_origin(const char *origin, const char *host, bool is_secure)
{
    const char *scheme = is_secure ? "https://" : "http://";
    unsigned port = is_secure ? 443 : 80;
    struct authority theirs;
    struct authority ours;
    return host != NULL && strncasecmp(origin, scheme, strlen(scheme)) == 0 &&
           split(origin + strlen(scheme), port, &theirs) && split(host, port, &ours) &&
           theirs.port == ours.port && theirs.len == ours.len &&
           strncasecmp(theirs.host, ours.host, ours.len) == 0;
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
    return facts->origin == NULL || is_same_origin(facts->origin, facts->host, facts->is_secure);
}
