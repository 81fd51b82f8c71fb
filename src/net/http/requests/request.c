// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "net/http/internal.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

struct random_sequence *request_random(void)
{
    static _Thread_local struct random_sequence sequence;
    static _Thread_local bool is_seeded;
    if (!is_seeded) {
        random_secret(&sequence, sizeof sequence);
        is_seeded = true;
    }
    return &sequence;
}

void *request_alloc(struct request *request, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (size <= sizeof request->arena - request->arena_len) {
        void *memory = request->arena + request->arena_len;
        request->arena_len += size;
        return memory;
    }
    struct request_block *block = mem_new(16 + size);
    block->next = request->blocks;
    request->blocks = block;
    return (char *)block + 16;
}

char *request_text(struct request *request, const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(request_alloc(request, size), text, size);
}

/* "GET http://host/path" means /path (RFC 9112, 3.2.2). */
static const char *origin_form(const char *target)
{
    const char *authority = strstr(target, "://");
    if (target[0] == '/' || authority == NULL)
        return target;
    const char *path = strchr(authority + 3, '/');
    return path == NULL ? "/" : path;
}

struct request *request_create(struct http_server *server, struct MHD_Connection *connection,
                               const char *target)
{
    struct request *request = mem_new(sizeof *request);
    request->server = server;
    request->connection = connection;
    request->loop = loop_current();
    request->started_us = clock_monotonic_us();
    request->path = request_text(request, origin_form(target));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->peer_connection = info->socket_context;
    request->query_text = strchr(request->path, '?');
    if (request->query_text != NULL)
        *request->query_text++ = '\0';
    return request;
}

void request_destroy(struct request *request)
{
    if (request->principal_destroy != NULL && request->principal != NULL)
        request->principal_destroy(request->principal);
    body_fini(&request->body);
    shares_leave(request->server->sender_shares, request->sender_share);
    shares_leave(request->server->address_shares, request->address_share);
    if (request->response != NULL && !request->is_response_shared)
        MHD_destroy_response(request->response);
    while (request->blocks != NULL) {
        struct request_block *next = request->blocks->next;
        mem_free(request->blocks);
        request->blocks = next;
    }
    mem_free(request);
}

/* --- target --- */

static enum err read_params(struct request *request, struct err_note *note)
{
    for (size_t i = 0; i < request->match.param_count; i++) {
        struct route_slice slice = request->match.params[i];
        struct route_slice name = {0};
        bool has_name = route_param_name(request->match.route, i, &name);
        assert(has_name);
        char *value = request_alloc(request, slice.len + 1);
        enum url_part part = name.text[name.len] == '*' ? URL_REST : URL_SEGMENT;
        if (!url_decode(slice.text, slice.len, part, value)) {
            char place[80];
            (void)snprintf(place, sizeof place, "path parameter %.*s", (int)name.len, name.text);
            return err_set(
                note, ERR_MALFORMED, place,
                "is not percent-encoded UTF-8 text without slashes or control characters.");
        }
        request->params[i] = value;
    }
    return ERR_NONE;
}

/* A line of route->query starts with the name; "topic*: ..." may be given several times. */
static const char *find_declared(const struct route *route, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *line = route->query; line != NULL && *line != NULL; line++) {
        if (strncmp(*line, name, len) == 0 && strchr(":* ", (*line)[len]) != NULL)
            return *line;
    }
    return NULL;
}

static enum err check_query(const struct request *request, struct err_note *note)
{
    const struct route *route = request->match.route;
    /* A page's address may carry anything (campaigns do that); the API is strict. */
    bool is_strict = strncmp(route->path, "/api/", 5) == 0 || route->query != NULL;
    if (!is_strict)
        return ERR_NONE;
    for (size_t i = 0; i < request->query_count; i++) {
        const char *name = request->query[i].name;
        const char *line = find_declared(route, name);
        if (line == NULL)
            return err_set(note, ERR_MALFORMED, name, "is not a query parameter of this route.");
        if (line[strlen(name)] == '*')
            continue;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(request->query[j].name, name) == 0)
                return err_set(note, ERR_MALFORMED, name, "is given twice; give it once.");
        }
    }
    return ERR_NONE;
}

enum err request_read_target(struct request *request, struct err_note *note)
{
    TRY(read_params(request, note));
    if (request->query_text == NULL || request->query_text[0] == '\0')
        return ERR_NONE;
    size_t len = strlen(request->query_text);
    size_t count = 1;
    for (size_t i = 0; i < len; i++)
        count += request->query_text[i] == '&';
    count = MIN(count, (size_t)REQUEST_QUERY_MAX);
    struct url_query *pairs = request_alloc(request, count * sizeof *pairs);
    char *storage = request_alloc(request, len + 2 * count + 2);
    TRY(url_query_parse(request->query_text, len, storage, pairs, count, &request->query_count,
                        note));
    request->query = pairs;
    return check_query(request, note);
}

/* --- what handlers ask --- */

const char *request_method(const struct request *request)
{
    return request->method;
}

const char *request_path(const struct request *request)
{
    return request->path;
}

const char *request_param(const struct request *request, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < request->match.param_count; i++) {
        struct route_slice slice = {0};
        if (request->params[i] != NULL && route_param_name(request->match.route, i, &slice) &&
            slice.len == len && memcmp(slice.text, name, len) == 0)
            return request->params[i];
    }
    return "";
}

const char *request_query_at(const struct request *request, const char *name, size_t index)
{
    for (size_t i = 0; i < request->query_count; i++) {
        if (strcmp(request->query[i].name, name) == 0 && index-- == 0)
            return request->query[i].value;
    }
    return NULL;
}

const char *request_query(const struct request *request, const char *name)
{
    return request_query_at(request, name, 0);
}

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_cookie(const struct request *request, const char *name, char *out, size_t size)
{
    const char *p = request_header(request, "Cookie");
    size_t name_len = strlen(name);
    while (p != NULL && *p != '\0') {
        p += strspn(p, "; \t");
        size_t len = strcspn(p, ";");
        if (len > name_len && p[name_len] == '=' && memcmp(p, name, name_len) == 0) {
            const char *value = p + name_len + 1;
            size_t value_len = len - name_len - 1;
            while (value_len > 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
                value_len--;
            if (value_len >= size)
                return NULL;
            memcpy(out, value, value_len);
            out[value_len] = '\0';
            return out;
        }
        p += len;
    }
    return NULL;
}

const char *request_body(const struct request *request, size_t *out_len)
{
    *out_len = request->body.len;
    return request->body.bytes == NULL ? "" : request->body.bytes;
}

const char *request_content_type(const struct request *request)
{
    return request->content_type == NULL ? "" : request->content_type;
}

const char *request_id(const struct request *request)
{
    return request->id;
}

const char *request_peer(const struct request *request)
{
    return request->peer;
}

bool request_is_secure(const struct request *request)
{
    return request->is_secure;
}

const struct route *request_route(const struct request *request)
{
    return request->match.route;
}

const char *request_traceparent(const struct request *request)
{
    return request->trace;
}

void request_set_principal(struct request *request, void *principal, void (*destroy)(void *))
{
    if (request->principal_destroy != NULL && request->principal != NULL)
        request->principal_destroy(request->principal);
    request->principal = principal;
    request->principal_destroy = destroy;
}

void *request_principal(const struct request *request)
{
    return request->principal;
}

void *request_take_principal(struct request *request, void (**out_destroy)(void *))
{
    *out_destroy = request->principal_destroy;
    request->principal_destroy = NULL;
    return request->principal;
}

void request_set_roles(struct request *request, uint32_t roles)
{
    request->roles = roles;
}

void request_set_rate_key(struct request *request, const char *key)
{
    request->rate_key = request_text(request, key);
}

bool request_is_on_worker(const struct request *request)
{
    return request->is_on_worker;
}

bool request_to_worker(struct request *request)
{
    if (request->is_on_worker)
        return false;
    request->wants_worker = true;
    return true;
}

/* --- values --- */

enum err request_query_int(const struct request *request, const char *name, int64_t min,
                           int64_t max, int64_t *inout, struct err_note *note)
{
    const char *text = request_query(request, name);
    if (text == NULL)
        return ERR_NONE;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool is_number = (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) && *end == '\0';
    if (!is_number || errno != 0 || value < min || value > max)
        return err_set(note, ERR_MALFORMED, name, "must be a whole number from %lld to %lld.",
                       (long long)min, (long long)max);
    *inout = value;
    return ERR_NONE;
}

enum err request_query_time(const struct request *request, const char *name, int64_t *inout_ms,
                            struct err_note *note)
{
    const char *text = request_query(request, name);
    if (text == NULL)
        return ERR_NONE;
    if (!clock_parse(text, strlen(text), inout_ms))
        return err_set(note, ERR_MALFORMED, name,
                       "must be an RFC 3339 time, for example 2026-06-20T21:14:03Z.");
    return ERR_NONE;
}

enum err request_read_json(const struct request *request, void *target, json_t **out_document,
                           struct err_note *note)
{
    SCOPED_JSON *document = NULL;
    TRY(json_parse(request->body.bytes == NULL ? "" : request->body.bytes, request->body.len,
                   &document, note));
    const struct route *route = request->match.route;
    TRY(json_read(document, route->body_fields, route->body_field_count, target, note));
    if (out_document != NULL)
        *out_document = TAKE(document);
    return ERR_NONE;
}
