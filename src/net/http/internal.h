// SPDX-License-Identifier: Apache-2.0
/* net/http/internal.h — the server's and the request's inside, shared by the files of this folder and
 * by the live topics.
 *
 * A request lives from its request line (on_target) to on_completed, both on the connection's event
 * thread; libmicrohttpd keeps a suspended connection until it is resumed, even when the client is gone,
 * so a deferred reply always finds its request. After reply the replying thread must not touch it. */
#pragma once
#include <microhttpd.h>

#include <stdatomic.h>

#include "base/lock.h"
#include "base/random.h"
#include "net/http.h"
#include "net/http/callers/peer.h"
#include "net/http/callers/shares.h"
#include "net/http/callers/throttle.h"
#include "net/http/loops.h"
#include "net/http/requests/body.h"
#include "net/http/requests/trace.h"
#include "net/http/requests/url.h"
#include "net/http/routes/router.h"

#define REQUEST_ARENA_SIZE  1024
#define REQUEST_QUERY_MAX   64
#define REQUEST_HEADERS_MAX 16 /* set by handlers and the server */

struct http_stop_hook { /* told when the server stops, before it waits for requests under way */
    void (*stop)(void *context);
    void *context;
    struct http_stop_hook *next;
};

struct connection; /* connections.h */

struct http_server {
    struct http_server_options options;
    struct router *router;
    struct throttle *throttle;
    struct workers *workers; /* for handlers that may wait */
    struct workers *gate;    /* for authorise() where it must ask: never behind a slow handler */
    struct body_budget bodies;
    struct shares *sender_shares;  /* of it, by rate key */
    struct shares *address_shares; /* of it, by the client's address */
    int64_t authorised_for_us;     /* who sent its body for longer is looked up once more */
    struct connections *connections;
    struct peer_networks proxies; /* that are believed */
    struct static_cache *static_cache;
    struct loops *loops;
    int listener; /* of the loops, while they start */
    char *tls_certificate;
    char *tls_key;
    int quiet_listener; /* when it accepts no more; -1 before */
    uint16_t port;
    atomic_bool is_stopping;
    atomic_size_t held_count;
    struct lock lock;
    struct signal idle; /* held_count fell to 0 while stopping */
    struct http_stop_hook *hooks;
};

struct request_header {
    const char *name;
    const char *value;
};

struct request_block {
    struct request_block *next;
};

struct request {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct loop *loop;
    struct loop_task answer_task;
    void (*answer)(struct request *request, void *context);
    void *answer_context;
    struct connection *peer_connection;
    const char *method;
    char *path; /* raw; of the target up to '?' */
    char *query_text;
    struct route_match match;
    const char *params[ROUTE_PARAMS_MAX];
    const struct url_query *query;
    size_t query_count;
    struct body body;
    struct share
        *sender_share; /* of the bodies' memory; NULL before it is admitted, and of nobody */
    struct share *address_share;
    size_t drained; /* body bytes thrown away after a refusal */
    const char *id;
    char trace[TRACE_TEXT_SIZE];
    char own_id[TRACE_ID_SIZE];
    char peer[PEER_TEXT_SIZE];
    struct peer_address address;
    bool is_address_counted; /* neither this machine nor a proxy, behind which many stand */
    char *content_type;
    const char *rate_key;
    void *principal;
    void (*principal_destroy)(void *principal);
    uint32_t roles;
    int64_t started_us;

    bool has_started; /* its headers were seen */
    bool is_deferred; /* suspended (or about to be): the reply must resume it */
    bool is_on_worker;
    bool wants_worker; /* authorise() asked for one */
    bool is_at_gate;   /* suspended for it; libmicrohttpd then repeats the call that suspended */
    bool is_counted;   /* the throttle has passed it */
    bool has_ended;    /* its body is complete */
    int64_t authorised_us;
    bool holds_server; /* http_server_stop() waits for its end */
    bool is_secure;    /* TLS here or at a trusted proxy */
    bool is_http_1_0;
    bool is_unframed; /* nobody knows where its body ends: none of it is read */
    bool is_queued;   /* the response was handed to libmicrohttpd */

    struct request_header headers[REQUEST_HEADERS_MAX];
    size_t header_count;
    int status;
    struct MHD_Response *response; /* the reply, until it is queued */
    bool is_response_shared;       /* of the static cache: not ours to destroy */

    struct request_block *blocks; /* what did not fit into the arena */
    size_t arena_len;
    char arena[REQUEST_ARENA_SIZE] __attribute__((aligned(16)));
};

/* --- request.c --- */
struct request *request_create(struct http_server *server, struct MHD_Connection *connection,
                               const char *target);
void request_destroy(struct request *request);
/* Memory until the request ends; its size is bounded by the header limit. */
void *request_alloc(struct request *request, size_t size);
char *request_text(struct request *request, const char *text);
/* Decodes the path's parameters and the query by the route's lists. */
MUST_USE enum err request_read_target(struct request *request, struct err_note *note);
/* The principal becomes the caller's, with its destroy. */
void *request_take_principal(struct request *request, void (**out_destroy)(void *));
struct random_sequence *request_random(void); /* the thread's own; not for secrets */

/* --- reply.c --- */
void reply_response(struct request *request, int status, struct MHD_Response *response);
/* With the usual headers. */
void reply_stream(struct request *request, int status, const char *content_type,
                  struct MHD_Response *response);
/* The server's stop waits until this request has ended. Deferred ones do so anyway. */
void request_hold_server(struct request *request);
enum MHD_Result reply_queue(struct request *request);
/* A problem that no enum err stands for. */
void reply_problem_status(struct request *request, int status, const char *title,
                          const char *detail, ...) PRINTF(4, 5);

/* --- pages.c --- */
struct static_cache *static_cache_create(void);
void static_cache_destroy(struct static_cache *cache);

/* --- worker.c --- */
/* `name` is the threads'. */
struct workers *workers_create(const char *name, int thread_count,
                               void (*run)(struct request *request));
void workers_destroy(struct workers *workers); /* runs what is queued first */
MUST_USE enum err workers_push(struct workers *workers, struct request *request);

/* --- dispatch.c --- */
void *dispatch_target(void *server, const char *target, struct MHD_Connection *connection);
enum MHD_Result dispatch_access(void *server, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_len, void **slot);
void dispatch_completed(void *server, struct MHD_Connection *connection, void **slot,
                        enum MHD_RequestTerminationCode code);
void dispatch_on_worker(struct request *request);
void dispatch_at_gate(struct request *request);

/* --- server.c --- */
/* http_server_stop() waits while anybody holds. Hold first, then look whether it is stopping: so either
 * the stop waits, or it is seen. */
/* Behind a trusted proxy, and on this machine, many are behind one address. */
bool http_server_counts(const struct http_server *server, const struct peer_address *address);
void http_server_hold(struct http_server *server);
void http_server_release(struct http_server *server);
bool http_server_is_stopping(const struct http_server *server);
/* The hook is the caller's and must stay until the server is stopped. Once per hook. */
void http_server_at_stop(struct http_server *server, struct http_stop_hook *hook);
