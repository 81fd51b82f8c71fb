// SPDX-License-Identifier: Apache-2.0
/* How the server behaves: who may, pages, deferred replies of vanished clients, many at once, TLS. */
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "net/certificate_test.h"
#include "net/http/connections.h"
#include "net/http_client.h"
#include "net/live.h"
#include "net/loopback_test.h"

static void say_who(struct request *request, void *context)
{
    (void)context;
    const char *who = request_principal(request);
    reply_text(request, 200, "text/plain", who, strlen(who));
}

/* "known" is in a cache; "ann" must be looked up where one may wait; others are nobody. */
static enum err authorise(struct request *request, const struct route *route, void *context,
                          struct err_note *note)
{
    atomic_int *waits = context;
    const char *token = request_header(request, "Authorization");
    if (route->roles == 0)
        return ERR_NONE;
    if (token != NULL && strcmp(token, "ann") == 0) {
        if (request_to_worker(request))
            return ERR_NONE;
        atomic_fetch_add(waits, 1);
    } else if (token == NULL || strcmp(token, "known") != 0) {
        return err_set(note, ERR_UNAUTHENTICATED, "", "Sign in first.");
    }
    request_set_principal(request, mem_text(token), mem_free);
    request_set_rate_key(request, token);
    return ERR_NONE;
}

static const struct route GUARDED[] = {
    {.method = "GET", .path = "/who", .roles = 1, .handle = say_who},
    {.method = "POST", .path = "/who", .roles = 1, .handle = say_who},
    {.method = "GET", .path = "/slow-who", .roles = 1, .thread = ROUTE_WORKER, .handle = say_who},
    {.method = "GET",
     .path = "/rare-who",
     .roles = 1,
     .rate = {.limit = 1, .period_s = 3600, .burst = 1},
     .handle = say_who},
};

TEST(only_who_is_known_gets_in)
{
    atomic_int waits = 0;
    struct http_server_options options = {.authorise = authorise, .authorise_context = &waits};
    struct http_server *server = loopback_server_with(options, GUARDED, COUNT_OF(GUARDED), NULL);
    static const struct {
        const char *head;
        int status;
        const char *body;
    } CASES[] = {
        {"GET /who HTTP/1.1\r\n", 401, NULL},
        {"GET /who HTTP/1.1\r\nAuthorization: known\r\n", 200, "known"},
        {"GET /who HTTP/1.1\r\nAuthorization: ann\r\n", 200, "ann"},
        {"GET /slow-who HTTP/1.1\r\n", 401, NULL},
        {"GET /slow-who HTTP/1.1\r\nAuthorization: ann\r\n", 200, "ann"},
        {"GET /rare-who HTTP/1.1\r\nAuthorization: ann\r\n", 200, "ann"},
        {"GET /rare-who HTTP/1.1\r\nAuthorization: ann\r\n", 429, NULL},
        {"GET /rare-who HTTP/1.1\r\nAuthorization: known\r\n", 200, "known"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char head[256];
        (void)snprintf(head, sizeof head, "%sHost: a\r\n", CASES[i].head);
        SCOPED_ANSWER answer = {0};
        loopback_ask(http_server_port(server), head, NULL, 0, &answer);
        CHECK_INT(answer.status, CASES[i].status);
        if (CASES[i].body != NULL)
            CHECK_TEXT(answer.body, CASES[i].body);
    }
    CHECK_INT(waits, 4);
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server), "GET /who HTTP/1.1\r\nHost: a\r\n", NULL, 0, &answer);
    CHECK_TEXT(answer_header(&answer, "WWW-Authenticate"), "Bearer");
    http_server_stop(server);
}

/* --- pages --- */

static const struct http_static PAGE = {.content_type = "text/html; charset=utf-8",
                                        .bytes = "<p>page</p>",
                                        .len = 11,
                                        .gzip_bytes = "GZIP",
                                        .gzip_len = 4,
                                        .etag = "\"v1\""};
static const struct http_static SCRIPT = {.content_type = "text/javascript",
                                          .bytes = "1",
                                          .len = 1,
                                          .etag = "\"s1\"",
                                          .is_immutable = true};

static void show(struct request *request, void *context)
{
    (void)context;
    reply_static(request, strcmp(request_path(request), "/") == 0 ? &PAGE : &SCRIPT);
}

static const struct route PAGES[] = {
    {.method = "GET", .path = "/", .handle = show},
    {.method = "GET", .path = "/assets/{file*}", .handle = show},
};

TEST(page_comes_packed_and_only_when_it_changed)
{
    struct http_server *server = loopback_server(PAGES, COUNT_OF(PAGES), NULL);
    static const struct {
        const char *lines;
        int status;
        const char *body;
    } CASES[] = {
        {"", 200, "<p>page</p>"},
        {"Accept-Encoding: deflate, gzip\r\n", 200, "GZIP"},
        {"Accept-Encoding: gzip;q=0\r\n", 200, "<p>page</p>"},
        {"Accept-Encoding: gzip;q=0.5\r\n", 200, "GZIP"},
        {"Accept-Encoding: br, x-gzipped\r\n", 200, "<p>page</p>"},
        {"If-None-Match: \"v1\"\r\n", 304, ""},
        {"If-None-Match: \"v0\", W/\"v1\"\r\n", 304, ""},
        {"If-None-Match: *\r\n", 304, ""},
        {"If-None-Match: \"v\"\r\n", 200, "<p>page</p>"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char head[256];
        (void)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: a\r\n%s", CASES[i].lines);
        SCOPED_ANSWER answer = {0};
        loopback_ask(http_server_port(server), head, NULL, 0, &answer);
        CHECK_INT(answer.status, CASES[i].status);
        CHECK_TEXT(answer.body, CASES[i].body);
        CHECK_TEXT(answer_header(&answer, "Vary"), "Accept-Encoding");
    }
    http_server_stop(server);
}

TEST(page_forbids_frames_and_foreign_scripts)
{
    struct http_server *server = loopback_server(PAGES, COUNT_OF(PAGES), NULL);
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server), "GET / HTTP/1.1\r\nHost: a\r\n", NULL, 0, &answer);
    const char *policy = answer_header(&answer, "Content-Security-Policy");
    CHECK(strstr(policy, "frame-ancestors 'none'") != NULL);
    CHECK(strstr(policy, "script-src 'self'") != NULL);
    CHECK(strstr(policy, "unsafe-inline") == NULL);
    CHECK_TEXT(answer_header(&answer, "Referrer-Policy"), "same-origin");
    CHECK_TEXT(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
    CHECK_TEXT(answer_header(&answer, "Cache-Control"), "no-cache");
    loopback_ask(http_server_port(server), "GET /assets/a/b.js HTTP/1.1\r\nHost: a\r\n", NULL, 0,
                 &answer);
    CHECK_TEXT(answer_header(&answer, "Cache-Control"), "public, max-age=31536000, immutable");
    http_server_stop(server);
}

/* --- deferred replies --- */

struct desk { /* keeps requests until the test releases them */
    struct lock lock;
    struct signal came;
    struct request *waiting[512];
    size_t count;
};

static void desk_init(struct desk *desk)
{
    *desk = (struct desk){0};
    lock_init(&desk->lock);
    signal_init(&desk->came);
}

static void desk_fini(struct desk *desk)
{
    signal_fini(&desk->came);
    lock_fini(&desk->lock);
}

static void keep(struct request *request, void *context)
{
    struct desk *desk = context;
    request_defer(request);
    LOCKED(&desk->lock);
    desk->waiting[desk->count++] = request;
    signal_wake(&desk->came);
}

static void wait_for(struct desk *desk, size_t count)
{
    int64_t deadline_us = clock_monotonic_us() + 20000000;
    LOCKED(&desk->lock);
    while (desk->count < count)
        CHECK(signal_wait_until(&desk->came, &desk->lock, deadline_us));
}

static void *release_all(void *context)
{
    struct desk *desk = context;
    LOCKED(&desk->lock);
    for (size_t i = 0; i < desk->count; i++)
        reply_text(desk->waiting[i], 202, "text/plain", "late", 4);
    desk->count = 0;
    return NULL;
}

static const struct route KEPT[] = {{.method = "GET", .path = "/kept", .handle = keep}};

TEST(reply_to_a_client_that_left_is_harmless)
{
    struct desk desk;
    desk_init(&desk);
    struct http_server *server = loopback_server(KEPT, 1, &desk);
    int gone[20];
    for (size_t i = 0; i < COUNT_OF(gone); i++) {
        gone[i] = loopback_connect(http_server_port(server));
        loopback_send_text(gone[i], "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    wait_for(&desk, COUNT_OF(gone));
    for (size_t i = 0; i < COUNT_OF(gone); i++)
        (void)close(gone[i]);
    (void)release_all(&desk);
    http_server_stop(server);
    desk_fini(&desk);
}

TEST(stopping_waits_for_the_deferred_and_refuses_the_new)
{
    struct desk desk;
    desk_init(&desk);
    struct http_server *server = loopback_server(KEPT, 1, &desk);
    int fd = loopback_connect(http_server_port(server));
    loopback_send_text(fd, "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&desk, 1);
    struct thread releaser = {0};
    thread_start(&releaser, "release", release_all, &desk);
    http_server_stop(server);
    thread_join(&releaser);
    SCOPED_ANSWER answer = {0};
    loopback_read(fd, "GET", &answer);
    CHECK_INT(answer.status, 202);
    CHECK_TEXT(answer.body, "late");
    (void)close(fd);
    desk_fini(&desk);
}

/* --- many at once --- */

static void add_up(struct request *request, void *context)
{
    (void)context;
    size_t len = 0;
    const char *body = request_body(request, &len);
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += (unsigned char)body[i];
    reply_json(request, 200, json_pack("{s:i}", "sum", (int)sum));
}

static const struct route SUMS[] = {
    {.method = "POST", .path = "/sum", .consumes = "text/plain", .handle = add_up},
    {.method = "POST",
     .path = "/slow-sum",
     .consumes = "text/plain",
     .thread = ROUTE_WORKER,
     .handle = add_up},
};

struct asker {
    struct thread thread;
    uint16_t port;
    unsigned char byte;
    int wrong;
};

static void *ask_often(void *context)
{
    struct asker *asker = context;
    int fd = loopback_connect(asker->port);
    char body[5000];
    memset(body, asker->byte, sizeof body);
    for (int i = 0; i < 100; i++) {
        char head[256];
        size_t len = (size_t)(i * 50 + 1);
        (void)snprintf(head, sizeof head,
                       "POST /%s HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       i % 2 == 0 ? "sum" : "slow-sum", len);
        loopback_send_text(fd, head);
        loopback_send(fd, body, len);
        SCOPED_ANSWER answer = {0};
        loopback_read(fd, "POST", &answer);
        char expected[64];
        (void)snprintf(expected, sizeof expected, "{\"sum\":%zu}", len * asker->byte);
        asker->wrong += answer.status != 200 || strcmp(answer.body, expected) != 0;
    }
    (void)close(fd);
    return NULL;
}

TEST(many_clients_each_get_their_own_answers)
{
    struct http_server *server = loopback_server(SUMS, COUNT_OF(SUMS), NULL);
    struct asker askers[16];
    for (size_t i = 0; i < COUNT_OF(askers); i++) {
        askers[i] =
            (struct asker){.port = http_server_port(server), .byte = (unsigned char)(i + 1)};
        thread_start(&askers[i].thread, "asker", ask_often, &askers[i]);
    }
    for (size_t i = 0; i < COUNT_OF(askers); i++) {
        thread_join(&askers[i].thread);
        CHECK_INT(askers[i].wrong, 0);
    }
    http_server_stop(server);
}

TEST(requests_sent_in_one_go_are_answered_in_order)
{
    struct http_server *server = loopback_server(SUMS, COUNT_OF(SUMS), NULL);
    int fd = loopback_connect(http_server_port(server));
    static const char ONE[] = "POST /slow-sum HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                              "Content-Length: 1\r\n\r\n";
    for (char c = 1; c <= 5; c++) {
        loopback_send_text(fd, ONE);
        loopback_send(fd, &c, 1);
    }
    for (int i = 1; i <= 5; i++) {
        SCOPED_ANSWER answer = {0};
        loopback_read(fd, "POST", &answer);
        char expected[32];
        (void)snprintf(expected, sizeof expected, "{\"sum\":%d}", i);
        CHECK_TEXT(answer.body, expected);
    }
    (void)close(fd);
    http_server_stop(server);
}

/* --- slow clients --- */

TEST(client_that_drips_its_request_is_cut_off)
{
    struct connections *connections = connections_create(120000000, 1);
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    struct connection *connection = connections_add(connections, pair[0], NULL, 1000000);
    CHECK_INT(connections_sweep(connections, 121000000), 0);
    connection_is_served(
        connection); /* its request came: the handler may take as long as it likes */
    CHECK_INT(connections_sweep(connections, 999000000), 0);
    connection_owes(connection, 999000000);
    CHECK_INT(connections_sweep(connections, 1119000001), 1);
    CHECK(loopback_is_closed(pair[1]));
    connections_remove(connections, connection);
    connections_destroy(connections);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

TEST(client_that_left_in_the_middle_of_a_request_is_let_go)
{
    struct connections *connections = connections_create(120000000, 1);
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    struct connection *connection = connections_add(connections, pair[0], NULL, 1000000);
    loopback_send_text(pair[1], "GET / HT");
    CHECK_INT(connections_sweep(connections, 1000001), 0); /* unread bytes: it goes on */
    char bytes[8];
    CHECK(loopback_read_exact(pair[0], bytes, sizeof bytes));
    CHECK_INT(connections_sweep(connections, 1000002), 0);
    (void)close(pair[1]);
    connection_is_served(connection); /* an answer may still go to a half-closed client */
    CHECK_INT(connections_sweep(connections, 1000003), 0);
    connection_owes(connection, 1000004);
    CHECK_INT(connections_sweep(connections, 1000005), 1);
    connections_remove(connections, connection);
    connections_destroy(connections);
    (void)close(pair[0]);
}

/* --- TLS --- */

TEST(pages_and_sockets_also_go_by_tls)
{
    const char *folder = test_folder();
    certificate_test_write(folder);
    char certificate[4200];
    char key[4200];
    (void)snprintf(certificate, sizeof certificate, "%s/cert.pem", folder);
    (void)snprintf(key, sizeof key, "%s/key.pem", folder);
    struct http_server_options options = {.tls_certificate_file = certificate, .tls_key_file = key};
    struct http_server *server = loopback_server_with(options, PAGES, COUNT_OF(PAGES), NULL);
    SCOPED(http_client) client = http_client_create();
    char url[64];
    (void)snprintf(url, sizeof url, "https://localhost:%u/", http_server_port(server));
    struct http_call call = {.method = "GET", .url = url, .answer_max = 1000, .timeout_ms = 10000};
    struct http_answer answer = {0};
    CHECK(http_client_call(client, &call, &answer, NULL) ==
          ERR_IO); /* the system does not know it */
    call.ca_file = certificate;
    for (int i = 0; i < 3; i++) {
        CHECK(http_client_call(client, &call, &answer, NULL) == ERR_NONE);
        CHECK_INT(answer.status, 200);
        CHECK_TEXT(answer.body.bytes, "<p>page</p>");
        http_answer_fini(&answer);
    }
    http_server_stop(server);
}

TEST(key_without_certificate_is_refused_at_start)
{
    struct route_table table = {.routes = PAGES, .route_count = COUNT_OF(PAGES)};
    struct http_server_options options = {
        .tls_key_file = "/nonexistent", .tables = &table, .table_count = 1};
    struct http_server *server = NULL;
    struct err_note note = {0};
    CHECK(http_server_start(&options, &server, &note) == ERR_INVALID);
    options.tls_certificate_file = "/nonexistent";
    CHECK(http_server_start(&options, &server, &note) == ERR_INVALID);
    CHECK_TEXT(note.place, "/nonexistent");
    options =
        (struct http_server_options){.address = "256.0.0.1", .tables = &table, .table_count = 1};
    CHECK(http_server_start(&options, &server, &note) == ERR_INVALID);
    CHECK_TEXT(note.place, "address");
}
