// SPDX-License-Identifier: Apache-2.0
/* The way of a request: target -> headers (route, limits, who, how often) -> body -> handler -> reply.
 *
 * Who asks is found out before any of the body is kept: from memory on the event thread, else at the
 * gate, a few threads that do nothing but ask the database who somebody is. Meanwhile the connection is
 * suspended; afterwards libmicrohttpd repeats the call that suspended it.
 *
 * A refusal known from the headers is answered at once when no body follows, or the client waits for
 * "100 Continue"; otherwise the body is thrown away as it comes. Closing with unread bytes would reset
 * the connection, and the client would see "connection reset" in place of the reason. */
#include <strings.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "net/http/connections.h"
#include "net/http/internal.h"
#include "net/http/requests/framing.h"

/* Throwing away costs no memory, and connections.h bounds its time. */
#define DRAIN_BYTES_MAX (128 * 1024 * 1024)

static struct metric durations =
    METRIC_HISTOGRAM("muster_http_request_seconds", "From the request line to the last byte sent.");
#define CLASS(digit)                                                                               \
    {                                                                                              \
        .name = "muster_http_requests_total", .help = "Requests answered, by class of status.",    \
        .kind = METRIC_KIND_COUNTER, .labels = "class=\"" digit "xx\""                             \
    }
static struct metric classes[] = {CLASS("1"), CLASS("2"), CLASS("3"), CLASS("4"), CLASS("5")};

void *dispatch_target(void *server, const char *target, struct MHD_Connection *connection)
{
    struct request *request = request_create(server, connection, target);
    /* The query is ours to read. libmicrohttpd would parse it once more, and leaves the connection
     * without an answer when 300 parameters have used up its memory; `target` is that memory. */
    char *query = strchr((char *)(uintptr_t)target, '?');
    if (query != NULL && query[1] != '\0')
        query[1] = '\0';
    return request;
}

/* --- what the headers tell --- */

static void read_content_type(struct request *request)
{
    const char *header = request_header(request, "Content-Type");
    if (header == NULL)
        return;
    char *type = request_text(request, header);
    type[strcspn(type, "; \t")] = '\0';
    for (char *p = type; *p != '\0'; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    request->content_type = type;
}

static bool is_consumed(const char *list, const char *type)
{
    size_t len = strlen(type);
    for (const char *p = list; *p != '\0'; p += strspn(p, " ")) {
        size_t word = strcspn(p, " ");
        if ((word == len && memcmp(p, type, len) == 0) || (word == 3 && memcmp(p, "*/*", 3) == 0))
            return true;
        p += word;
    }
    return false;
}

static enum err start_body(struct request *request, struct err_note *note)
{
    const struct route *route = request->match.route;
    size_t len_max = route->body_max == 0 ? LIMIT_HTTP_BODY_BYTES : route->body_max;
    size_t len = 0;
    if (!framing_tells_body(request, &len)) {
        body_init(&request->body, BODY_PLAIN, 0, len_max, NULL);
        return ERR_NONE;
    }
    const char *consumes = route->consumes == NULL ? "application/json" : route->consumes;
    if (!is_consumed(consumes, request_content_type(request)))
        return err_set(note, ERR_UNSUPPORTED, "header Content-Type", "must be one of: %s.",
                       consumes);
    enum body_encoding encoding = body_encoding_of(request_header(request, "Content-Encoding"));
    if (encoding == BODY_UNKNOWN)
        return err_set(note, ERR_UNSUPPORTED, "header Content-Encoding",
                       "must be gzip, zstd or left out.");
    if (len != SIZE_MAX && len > len_max)
        return err_set(note, ERR_TOO_LARGE, "body", "is larger than %zu bytes; send it in parts.",
                       len_max);
    body_init(&request->body, encoding, len == SIZE_MAX ? 0 : len, len_max,
              &request->server->bodies);
    return ERR_NONE;
}

/* --- who, and how often --- */

static void tell_rate(struct request *request, const struct throttle_answer *answer)
{
    const struct route_rate *rate = &request->match.route->rate;
    char text[64];
    (void)snprintf(text, sizeof text, "\"route\";q=%d;w=%d", rate->limit, rate->period_s);
    reply_header(request, "RateLimit-Policy", text);
    (void)snprintf(text, sizeof text, "\"route\";r=%d;t=%lld", answer->remaining,
                   (long long)((answer->reset_us + 999999) / 1000000));
    reply_header(request, "RateLimit", text);
}

static enum err throttle(struct request *request, struct err_note *note)
{
    const struct route *route = request->match.route;
    if (route->rate.limit == 0)
        return ERR_NONE;
    const char *key = request->rate_key == NULL ? request->peer : request->rate_key;
    struct throttle_answer answer =
        throttle_take(request->server->throttle, &route->rate, route, key, clock_monotonic_us());
    /* Who is far from the limit need not be told with each of a thousand answers a second. */
    if (answer.remaining <= route->rate.burst / 2)
        tell_rate(request, &answer);
    if (answer.is_allowed)
        return ERR_NONE;
    long long wait_s = (answer.retry_us + 999999) / 1000000;
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", wait_s);
    reply_header(request, "Retry-After", text);
    return err_set(note, ERR_TOO_MANY, "", "Too many calls of this route; try again in %lld s.",
                   wait_s);
}

/* From here on its body is kept, and counts for whoever sends it. */
static void share_memory(struct request *request)
{
    if (request->body.budget_count == 0)
        return;
    const struct http_server *server = request->server;
    if (request->is_address_counted) {
        request->address_share = shares_enter_address(server->address_shares, &request->address);
        body_share(&request->body, share_budget(request->address_share));
    }
    if (request->rate_key != NULL) {
        request->sender_share = shares_enter(server->sender_shares, request->rate_key);
        body_share(&request->body, share_budget(request->sender_share));
    }
}

/* ERR_NONE with wants_worker set means: ask again at the gate. */
static enum err admit(struct request *request, struct err_note *note)
{
    const struct http_server_options *options = &request->server->options;
    request->wants_worker = false;
    if (options->authorise != NULL) {
        enum err err =
            options->authorise(request, request->match.route, options->authorise_context, note);
        if (request->wants_worker)
            return ERR_NONE;
        TRY(err);
    }
    request->authorised_us = clock_monotonic_us();
    if (request->is_counted)
        return ERR_NONE;
    request->is_counted = true;
    TRY(throttle(request, note));
    share_memory(request);
    return ERR_NONE;
}

void dispatch_at_gate(struct request *request)
{
    struct http_server *server = request->server;
    struct MHD_Connection *connection = request->connection;
    struct loop *loop = request->loop;
    struct err_note note = {0};
    request->is_on_worker = true;
    enum err err = admit(request, &note);
    request->is_on_worker = false;
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    MHD_resume_connection(connection); /* from here on the request may be gone */
    loop_wake(loop);
    http_server_release(server);
}

static enum MHD_Result ask_at_gate(struct request *request)
{
    struct http_server *server = request->server;
    request->is_at_gate = true;
    http_server_hold(server);
    MHD_suspend_connection(request->connection);
    if (workers_push(server->gate, request) == ERR_NONE)
        return MHD_YES;
    struct err_note note = {0};
    (void)err_set(&note, ERR_BUSY, "", "Too many requests are waiting; try again in a moment.");
    reply_problem(request, ERR_BUSY, &note);
    MHD_resume_connection(request->connection);
    loop_wake(request->loop);
    http_server_release(server);
    return MHD_YES;
}

/* --- the steps --- */

struct joining {
    const char *name;
    char *text; /* NULL: only measuring */
    size_t len;
    size_t count;
    const char *last;
};

static enum MHD_Result join_line(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    (void)kind;
    struct joining *joining = context;
    if (value == NULL || strcasecmp(name, joining->name) != 0)
        return MHD_YES;
    size_t len = strlen(value);
    if (joining->text != NULL) {
        memcpy(joining->text + joining->len, value, len);
        joining->text[joining->len + len] = ',';
    }
    joining->len += len + 1;
    joining->count++;
    joining->last = value;
    return MHD_YES;
}

/* All lines of a header as the list that they are (RFC 9110, 5.3); NULL when there is none. */
static const char *joined_header(struct request *request, const char *name)
{
    struct joining joining = {.name = name};
    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, join_line, &joining);
    if (joining.count < 2)
        return joining.last;
    joining.text = request_alloc(request, joining.len);
    joining.len = 0;
    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, join_line, &joining);
    joining.text[joining.len - 1] = '\0';
    return joining.text;
}

static void read_peer(struct request *request)
{
    const struct http_server *server = request->server;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct peer peer = {.is_secure = false};
    if (!peer_address_of(info->client_addr, &peer.address))
        return;
    if (peer_networks_have(&server->proxies, &peer.address)) {
        struct peer_claims claims = {
            .forwarded_for = joined_header(request, "X-Forwarded-For"),
            .forwarded_proto = joined_header(request, "X-Forwarded-Proto"),
        };
        struct peer_address direct = peer.address;
        peer = peer_behind_proxies(&server->proxies, &direct, &claims);
    }
    peer_text(&peer.address, request->peer);
    request->address = peer.address;
    request->is_address_counted = http_server_counts(server, &peer.address);
    request->is_secure = peer.is_secure || server->tls_key != NULL;
}

static void read_identity(struct request *request)
{
    const char *id = request_header(request, "X-Request-Id");
    if (id != NULL && trace_request_id_is_valid(id)) {
        request->id = id;
    } else {
        trace_request_id(request_random(), request->own_id);
        request->id = request->own_id;
    }
    trace_continue(request_header(request, "traceparent"), request_random(), request->trace);
    read_peer(request);
}

static void reply_no_method(struct request *request)
{
    char allow[ROUTE_ALLOW_SIZE];
    router_allow(request->server->router, request->path, strlen(request->path), allow);
    reply_header(request, "Allow", allow);
    if (strcmp(request->method, "OPTIONS") == 0)
        reply_empty(request, 204);
    else
        reply_problem_status(request, 405, "Method not allowed", "This address takes: %s.", allow);
}

static void reply_stopping(struct request *request)
{
    struct err_note note = {0};
    reply_header(request, "Connection", "close");
    (void)err_set(&note, ERR_BUSY, "", "The server is stopping; try again in a moment.");
    reply_problem(request, ERR_BUSY, &note);
}

static size_t head_size(const struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

/* Everything that can be decided before the body. Leaves a response when it is a refusal. */
static void start(struct request *request)
{
    struct err_note note = {0};
    struct http_server *server = request->server;
    read_identity(request);
    read_content_type(request);
    if (http_server_is_stopping(server)) {
        reply_stopping(request);
        return;
    }
    if (head_size(request) > LIMIT_HTTP_HEADER_BYTES) {
        reply_header(request, "Connection", "close");
        request->is_unframed = true;
        reply_problem_status(request, 431, "Request header fields too large",
                             "Request line and headers may have %d bytes together.",
                             LIMIT_HTTP_HEADER_BYTES);
        return;
    }
    if (framing_check(request, &note) != ERR_NONE) {
        reply_header(request, "Connection", "close");
        request->is_unframed = true;
        reply_problem(request, ERR_MALFORMED, &note);
        return;
    }
    enum route_outcome outcome = router_match(server->router, request->method, request->path,
                                              strlen(request->path), &request->match);
    if (outcome == ROUTE_NO_METHOD) {
        reply_no_method(request);
        return;
    }
    enum err err = ERR_NONE;
    if (outcome == ROUTE_NO_PATH)
        err =
            err_set(&note, ERR_NOT_FOUND, "path",
                    "There is nothing at this address; the OpenAPI document lists all there are.");
    if (err == ERR_NONE)
        err = request_read_target(request, &note);
    if (err == ERR_NONE)
        err = start_body(request, &note);
    if (err == ERR_NONE)
        err = admit(request, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
}

static enum MHD_Result after_headers(struct request *request)
{
    if (request->response == NULL)
        return MHD_YES;
    size_t len = 0;
    bool is_worth_reading = !request->is_unframed && framing_tells_body(request, &len) &&
                            request_header(request, "Expect") == NULL &&
                            (len == SIZE_MAX || len <= DRAIN_BYTES_MAX);
    return is_worth_reading ? MHD_YES : reply_queue(request);
}

static enum MHD_Result take_body(struct request *request, const char *bytes, size_t len)
{
    if (request->response != NULL) {
        request->drained += len;
        return request->drained > DRAIN_BYTES_MAX ? MHD_NO : MHD_YES;
    }
    struct err_note note = {0};
    enum err err = body_add(&request->body, bytes, len, &note);
    if (err != ERR_NONE) {
        body_fini(&request->body); /* others need the memory while the rest is thrown away */
        reply_problem(request, err, &note);
    }
    return MHD_YES;
}

static void run_handler(struct request *request)
{
    request->match.route->handle(request, request->match.context);
}

void dispatch_on_worker(struct request *request)
{
    request->is_on_worker = true;
    run_handler(request);
}

static void dispatch(struct request *request)
{
    if (request->match.route->thread == ROUTE_INLINE) {
        run_handler(request);
        return;
    }
    struct err_note note = {0};
    request_defer(request);
    if (workers_push(request->server->workers, request) != ERR_NONE) {
        (void)err_set(&note, ERR_BUSY, "", "Too many requests are waiting; try again in a moment.");
        reply_problem(request, ERR_BUSY, &note);
    }
}

static enum err end_body(struct request *request, struct err_note *note)
{
    request->has_ended = true;
    connection_is_served(request->peer_connection);
    TRY(body_end(&request->body, note));
    /* Of a body that took long: the token may be revoked by now. */
    int64_t age_us = clock_monotonic_us() - request->authorised_us;
    return age_us > request->server->authorised_for_us ? admit(request, note) : ERR_NONE;
}

/* The body is complete. Leaves a response, is deferred, or wants to the gate once more. */
static void finish(struct request *request)
{
    struct err_note note = {0};
    enum err err = request->has_ended ? ERR_NONE : end_body(request, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else if (http_server_is_stopping(request->server))
        reply_stopping(request);
    else if (!request->wants_worker)
        dispatch(request);
}

static enum MHD_Result after_body(struct request *request)
{
    if (request->response == NULL) {
        finish(request);
        if (request->is_deferred)
            return MHD_YES;
        if (request->wants_worker && request->response == NULL)
            return ask_at_gate(request);
        assert(request->response != NULL); /* a handler replies or defers */
    }
    return reply_queue(request);
}

static enum MHD_Result begin(struct request *request, const char *method, const char *version)
{
    request->has_started = true;
    request->method = method;
    request->is_http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    start(request);
    return request->wants_worker ? ask_at_gate(request) : after_headers(request);
}

enum MHD_Result dispatch_access(void *context, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *upload,
                                size_t *upload_len, void **slot)
{
    (void)connection;
    (void)url;
    struct request *request = *slot;
    if (*upload_len > 0) {
        size_t len = *upload_len;
        *upload_len = 0;
        return take_body(request, upload, len);
    }
    bool was_at_gate = request->is_at_gate;
    request->is_at_gate = false;
    if (was_at_gate)
        request->wants_worker = false;
    http_server_hold(context);
    enum MHD_Result result;
    if (!request->has_started)
        result = begin(request, method, version);
    else if (was_at_gate && !request->has_ended)
        result = after_headers(request);
    else
        result = after_body(request);
    http_server_release(context);
    return result;
}

void dispatch_completed(void *context, struct MHD_Connection *connection, void **slot,
                        enum MHD_RequestTerminationCode code)
{
    (void)connection;
    (void)code;
    struct request *request = *slot;
    *slot = NULL;
    if (request == NULL)
        return;
    struct http_server *server = context;
    int64_t now_us = clock_monotonic_us();
    connection_owes(request->peer_connection, now_us);
    if (request->status >= 100 && request->status < 600)
        metric_add(&classes[request->status / 100 - 1], 1);
    metric_observe_us(&durations, now_us - request->started_us);
    bool held_server = request->holds_server;
    request_destroy(request);
    if (held_server)
        http_server_release(server);
}
