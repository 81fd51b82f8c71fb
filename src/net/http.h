// SPDX-License-Identifier: Apache-2.0
/* net/http.h — the HTTP server: a table of routes, requests, replies. libmicrohttpd underneath (one
 * epoll thread per core); nothing of it shows here.
 *
 * A handler translates: reads the request, calls one module, replies. It replies at once, or calls
 * request_defer() and lets somebody reply later from any thread (the writer's done()). Handlers of
 * ROUTE_INLINE run on the event threads and must not wait; ROUTE_WORKER run on a small bounded pool
 * and may read the database or hash a password. */
#pragma once
#include "base/json.h"
#include "base/text.h"

struct request;
struct http_static;
struct http_server;

enum route_thread { ROUTE_INLINE, ROUTE_WORKER };

/* GCRA: `burst` at once, then one every period/limit. Per route and key: request_set_rate_key(), else the
 * peer's address. 0 = no limit. Answers carry RateLimit from half of the burst on. */
struct route_rate {
    int limit;
    int period_s;
    int burst;
};

struct route {
    const char *method; /* "GET", "POST" ...; HEAD and OPTIONS come by themselves */
    const char *path;   /* "/api/v1/events/{event}/venues/{venue}"; a last {name*} takes the rest */
    uint32_t roles;     /* bits of enum role; 0 = everybody */
    enum route_thread thread;
    size_t body_max; /* 0 = LIMIT_HTTP_BODY_BYTES; of the decoded body (gzip, zstd) */
    struct route_rate rate;
    void (*handle)(struct request *request, void *context);
    /* For the OpenAPI document and docs/api.md, which are made from this table. */
    const char *tag;     /* "Readings" */
    const char *summary; /* one line */
    const char
        *consumes; /* media types, space separated; others are 415; NULL = application/json */
    const struct json_field *body_fields;
    size_t body_field_count;
    /* "from: RFC 3339 time, inclusive", "topic*: may be given several times", ... NULL. Under /api/
     * (and wherever a list stands) unknown or repeated ones are refused (400). */
    const char *const *query;
};

struct route_table {
    const struct route *routes;
    size_t route_count;
    void *context; /* for the handlers */
};

/* A bound port that nobody serves yet: who comes early waits in the backlog. So the address is known
 * before all that links to it is opened, and a port that is taken is found out first. */
struct http_listener {
    int fd; /* -1 = none */
    uint16_t port;
};
MUST_USE enum err http_listen(const char *address, uint16_t port,
                              struct http_listener *out_listener, struct err_note *note);
void http_listener_close(struct http_listener *listener); /* nothing once a server took it */

struct http_server_options {
    struct http_listener *listener;   /* taken; NULL = one is made from address and port */
    const char *address;              /* "127.0.0.1", "::" */
    uint16_t port;                    /* 0 = any free one */
    int thread_count;                 /* event threads; 0 = number of cores */
    int worker_count;                 /* for ROUTE_WORKER; 0 = 8 */
    size_t body_bytes_max;            /* of all bodies together; 0 = LIMIT_HTTP_BODIES_BYTES */
    size_t body_bytes_per_sender;     /* 0 = LIMIT_HTTP_SENDER_BODIES_BYTES */
    size_t body_bytes_per_address;    /* 0 = LIMIT_HTTP_ADDRESS_BODIES_BYTES */
    const char *tls_certificate_file; /* both or none */
    const char *tls_key_file;
    /* Whose X-Forwarded-For and -Proto are believed: "127.0.0.1, 10.0.0.0/8"; NULL = nobody's. */
    const char *trusted_proxies;
    size_t connections_per_address; /* 0 = LIMIT_HTTP_ADDRESS_CONNECTIONS */
    const struct route_table *tables;
    size_t table_count;
    /* Who is it? Called after routing and before any of the body is kept; and again when the body took
     * longer than two seconds. Sets the principal by request_set_principal(); decides from
     * route->roles. ERR_NONE lets the request pass. It runs on the event thread: when it must ask the
     * database, it returns whatever request_to_worker() makes it return, and is called again on one of
     * a few threads of its own, which no slow handler holds up. */
    enum err (*authorise)(struct request *request, const struct route *route, void *context,
                          struct err_note *note);
    void *authorise_context;
};

MUST_USE enum err http_server_start(const struct http_server_options *options,
                                    struct http_server **out_server, struct err_note *note);
uint16_t http_server_port(const struct http_server *server);
/* Takes no new requests, ends streams, waits for the deferred ones, closes. Stop the server before what
 * its handlers use: stores, modules, live topics. */
void http_server_stop(struct http_server *server);

/* --- the request: everything is borrowed until the reply --- */
const char *request_method(const struct request *request);
const char *request_path(const struct request *request);
const char *request_param(const struct request *request,
                          const char *name); /* of the path; "" if none */
const char *request_query(const struct request *request,
                          const char *name); /* decoded; NULL if none */
/* The index-th of a repeated one; NULL past the last. */
const char *request_query_at(const struct request *request, const char *name, size_t index);
const char *request_header(const struct request *request, const char *name);
const char *request_cookie(const struct request *request, const char *name, char *out, size_t size);
const char *request_body(const struct request *request, size_t *out_len); /* decoded */
const char *request_content_type(const struct request *request); /* lower case, no parameters */
const char *request_id(const struct request *request);           /* also X-Request-Id */
const char *request_peer(const struct request *request);         /* the client's address as text */
bool request_is_secure(const struct request *request); /* TLS here or at a trusted proxy */
const struct route *request_route(const struct request *request);
/* W3C trace context of this request: "00-<32 hex>-<16 hex>-01". */
const char *request_traceparent(const struct request *request);

/* What authorise() found out. `destroy` is called when the request ends. */
void request_set_principal(struct request *request, void *principal, void (*destroy)(void *));
void *request_principal(const struct request *request);
/* Which of the routes' roles the caller has: a 404 advises no list that is closed to it. Default: none. */
void request_set_roles(struct request *request, uint32_t roles);
/* From authorise() on an event thread: true, and the result of this call is ignored; authorise() is called
 * again where it may wait. False when that is here.
 *   if (!found_in_cache && request_to_worker(request)) return ERR_NONE; */
bool request_to_worker(struct request *request);
bool request_is_on_worker(const struct request *request);
/* Whom the throttle counts, and whose bodies share memory; copied. Default: the peer's address. */
void request_set_rate_key(struct request *request, const char *key);

/* Query as a number or time: absent leaves *inout; wrong is ERR_MALFORMED naming it. */
MUST_USE enum err request_query_int(const struct request *request, const char *name, int64_t min,
                                    int64_t max, int64_t *inout, struct err_note *note);
MUST_USE enum err request_query_time(const struct request *request, const char *name,
                                     int64_t *inout_ms, struct err_note *note);
/* The body as JSON into a struct, by the route's body_fields. *out_document (may be NULL) keeps the
 * document when JSON_FIELD_ANY members point into it; the caller then owns it. */
MUST_USE enum err request_read_json(const struct request *request, void *target,
                                    json_t **out_document, struct err_note *note);

/* --- the reply: exactly one per request --- */
void request_defer(struct request *request); /* before any other thread can reply */
/* From any thread, once, after request_defer(): has `answer` reply on the request's event thread. What
 * answers thousands a second (the writer) is then not held up, and the reply's memory stays with one thread. */
void request_answer(struct request *request, void (*answer)(struct request *request, void *context),
                    void *context);
void reply_header(struct request *request, const char *name,
                  const char *value);                               /* before the reply */
void reply_json(struct request *request, int status, json_t *body); /* takes the body */
void reply_text(struct request *request, int status, const char *content_type, const char *bytes,
                size_t len); /* copies */
void reply_take(struct request *request, int status, const char *content_type, char *bytes,
                size_t len); /* takes: mem_free */
/* Constant bytes with ETag, 304, and a gzip variant when the client takes it: pages. The file (and its
 * bytes) must outlive the server, which keeps finished responses of it. */
void reply_static(struct request *request, const struct http_static *file);
void reply_empty(struct request *request, int status);
/* application/problem+json (RFC 9457); 429 and 503 carry Retry-After. */
void reply_problem(struct request *request, enum err err, const struct err_note *note);
int http_status_of(enum err err); /* the one table */

struct http_static {
    const char *path;
    const char *content_type;
    const void *bytes;
    size_t len;
    const void *gzip_bytes; /* NULL when not smaller */
    size_t gzip_len;
    const char *etag;  /* quoted */
    bool is_immutable; /* its name holds a hash: cache for a year */
};

/* What a bearer token can be: a bit of route.roles, its name, and in words what it may. */
struct token_role {
    uint32_t role;
    const char *name;
    const char *may;
};
/* The OpenAPI 3.1 document of all tables; a route says which tokens it takes. `token_roles` ends with a
 * role of 0. The caller owns it. */
json_t *http_openapi(const struct route_table *tables, size_t table_count,
                     const struct token_role *token_roles);
