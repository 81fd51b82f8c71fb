// SPDX-License-Identifier: Apache-2.0
/* Pages with ETag, 304, gzip, and the security headers.
 *
 * A page's answers do not differ between requests, so each variant (plain or gzip, TLS or not) is made
 * once and shared by all connections: no allocation and no copy per request. That is also why they
 * carry no X-Request-Id. */
#include "net/http/answers/pages.h"

#include <stdio.h>
#include <strings.h>

#include "net/http/internal.h"

#define POLICY                                                                                     \
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "                 \
    "img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; " \
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

#define CACHE_SLOTS 1024 /* files; more are served without the cache */

enum { VARIANT_GZIP = 1, VARIANT_SECURE = 2, VARIANT_UNCHANGED = 4, VARIANT_COUNT = 8 };

struct cached {
    const struct http_static *file;
    struct MHD_Response *variants[VARIANT_COUNT];
};

struct static_cache {
    struct lock lock; /* for writers; readers see a slot only when it is complete */
    _Atomic(struct cached *) slots[CACHE_SLOTS];
};

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    enum MHD_Result added = MHD_add_response_header(response, name, value);
    assert(added == MHD_YES);
}

void pages_add_security(struct MHD_Response *response, bool is_secure)
{
    add(response, "X-Content-Type-Options", "nosniff");
    if (is_secure)
        add(response, "Strict-Transport-Security", "max-age=31536000");
}

void pages_add_policy(struct MHD_Response *response)
{
    add(response, "Content-Security-Policy", POLICY);
    add(response, "X-Frame-Options", "DENY");
    add(response, "Referrer-Policy", "same-origin");
}

struct static_cache *static_cache_create(void)
{
    struct static_cache *cache = mem_new(sizeof *cache);
    lock_init(&cache->lock);
    return cache;
}

void static_cache_destroy(struct static_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        struct cached *cached = atomic_load(&cache->slots[i]);
        for (size_t v = 0; cached != NULL && v < VARIANT_COUNT; v++)
            MHD_destroy_response(cached->variants[v]);
        mem_free(cached);
    }
    lock_fini(&cache->lock);
    mem_free(cache);
}

static struct MHD_Response *make_variant(const struct http_static *file, unsigned variant)
{
    bool is_gzip = (variant & VARIANT_GZIP) != 0;
    bool is_unchanged = (variant & VARIANT_UNCHANGED) != 0;
    const void *bytes = is_gzip ? file->gzip_bytes : file->bytes;
    size_t len = is_gzip ? file->gzip_len : file->len;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        is_unchanged ? 0 : len, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT);
    assert(response != NULL);
    if (!is_unchanged)
        add(response, "Content-Type", file->content_type);
    if (is_gzip && !is_unchanged)
        add(response, "Content-Encoding", "gzip");
    if (file->gzip_bytes != NULL)
        add(response, "Vary", "Accept-Encoding");
    if (file->etag != NULL) {
        /* Two encodings are two byte sequences: only one may carry the strong tag. */
        char etag[128];
        (void)snprintf(etag, sizeof etag, "%s%s", is_gzip ? "W/" : "", file->etag);
        add(response, "ETag", etag);
    }
    add(response, "Cache-Control",
        file->is_immutable ? "public, max-age=31536000, immutable" : "no-cache");
    pages_add_security(response, (variant & VARIANT_SECURE) != 0);
    if (strncmp(file->content_type, "text/html", 9) == 0)
        pages_add_policy(response);
    return response;
}

static struct cached *make_cached(const struct http_static *file)
{
    struct cached *cached = mem_new(sizeof *cached);
    cached->file = file;
    for (unsigned v = 0; v < VARIANT_COUNT; v++)
        cached->variants[v] =
            make_variant(file, file->gzip_bytes == NULL ? v & ~(unsigned)VARIANT_GZIP : v);
    return cached;
}

/* NULL when the cache is full. Slots are only ever filled, so a reader needs no lock. */
static const struct cached *find_cached(struct static_cache *cache, const struct http_static *file)
{
    size_t start = ((uintptr_t)file >> 4) % CACHE_SLOTS;
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        _Atomic(struct cached *) *slot = &cache->slots[(start + i) % CACHE_SLOTS];
        struct cached *cached = atomic_load_explicit(slot, memory_order_acquire);
        if (cached == NULL) {
            LOCKED(&cache->lock);
            cached = atomic_load(slot);
            if (cached == NULL) {
                cached = make_cached(file);
                atomic_store_explicit(slot, cached, memory_order_release);
            }
        }
        if (cached->file == file)
            return cached;
    }
    return NULL;
}

/* "gzip" or "*" among the tokens, without q=0. */
static bool takes_gzip(const char *accept)
{
    for (const char *p = accept; p != NULL && *p != '\0';) {
        p += strspn(p, ", \t");
        size_t len = strcspn(p, ",");
        size_t name = strcspn(p, ",; \t");
        bool is_gzip = (name == 4 && strncasecmp(p, "gzip", 4) == 0) || (name == 1 && *p == '*');
        if (is_gzip) {
            const char *quality = memmem(p, len, "q=", 2);
            return quality == NULL || strspn(quality + 2, "0.") < strcspn(quality + 2, ", \t;");
        }
        p += len;
    }
    return false;
}

/* If-None-Match: a list of tags, compared weakly (RFC 9110, 13.1.2). */
static bool has_tag(const char *list, const char *etag)
{
    if (list == NULL || etag == NULL)
        return false;
    size_t etag_len = strlen(etag);
    for (const char *p = list; *p != '\0';) {
        p += strspn(p, ", \t");
        if (*p == '*')
            return true;
        if (strncmp(p, "W/", 2) == 0)
            p += 2;
        size_t len = strcspn(p, ", \t");
        if (len == etag_len && memcmp(p, etag, len) == 0)
            return true;
        p += len;
    }
    return false;
}

void reply_static(struct request *request, const struct http_static *file)
{
    unsigned variant = 0;
    if (file->gzip_bytes != NULL && takes_gzip(request_header(request, "Accept-Encoding")))
        variant |= VARIANT_GZIP;
    if (request_is_secure(request))
        variant |= VARIANT_SECURE;
    bool is_unchanged = has_tag(request_header(request, "If-None-Match"), file->etag);
    if (is_unchanged)
        variant |= VARIANT_UNCHANGED;
    const struct cached *cached = find_cached(request->server->static_cache, file);
    request->is_response_shared = cached != NULL;
    reply_response(request, is_unchanged ? 304 : 200,
                   cached != NULL ? cached->variants[variant] : make_variant(file, variant));
}
