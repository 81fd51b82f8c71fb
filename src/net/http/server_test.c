// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/lock.h"
#include "net/loopback_test.h"

static void say_hello(struct request *request, void *context)
{
    (void)context;
    reply_text(request, 200, "text/plain", "hello", 5);
}

static void echo(struct request *request, void *context)
{
    (void)context;
    size_t len = 0;
    const char *body = request_body(request, &len);
    reply_text(request, 200, "application/octet-stream", body, len);
}

static void name_zone(struct request *request, void *context)
{
    (void)context;
    json_t *answer =
        json_pack("{s:s, s:s, s:s?}", "event", request_param(request, "event"), "zone",
                  request_param(request, "zone"), "from", request_query(request, "from"));
    reply_json(request, 200, answer);
}

/* A stand-in for the writer: another thread answers the request that it was handed. */
struct late {
    struct lock lock;
    struct signal wake;
    struct request *waiting[64];
    size_t count;
    bool is_stopping;
    struct thread thread;
};

static void *answer_late(void *context)
{
    struct late *late = context;
    lock_take(&late->lock);
    while (!late->is_stopping || late->count > 0) {
        while (late->count == 0 && !late->is_stopping)
            signal_wait(&late->wake, &late->lock);
        if (late->count == 0)
            continue;
        struct request *request = late->waiting[--late->count];
        lock_give(&late->lock);
        size_t len = 0;
        const char *body = request_body(request, &len);
        reply_text(request, 202, "text/plain", body, len);
        lock_take(&late->lock);
    }
    lock_give(&late->lock);
    return NULL;
}

static void hand_over(struct request *request, void *context)
{
    struct late *late = context;
    request_defer(request);
    LOCKED(&late->lock);
    assert(late->count < COUNT_OF(late->waiting));
    late->waiting[late->count++] = request;
    signal_wake(&late->wake);
}

static void late_start(struct late *late)
{
    *late = (struct late){0};
    lock_init(&late->lock);
    signal_init(&late->wake);
    thread_start(&late->thread, "late", answer_late, late);
}

static void late_stop(struct late *late)
{
    lock_take(&late->lock);
    late->is_stopping = true;
    signal_wake(&late->wake);
    lock_give(&late->lock);
    thread_join(&late->thread);
    signal_fini(&late->wake);
    lock_fini(&late->lock);
}

/* Which thread took the request, and which replied. */
struct handed_back {
    struct late late;
    pthread_t taker;
    pthread_t replier;
};

static void say_position(struct request *request, void *context)
{
    struct handed_back *back = context;
    back->replier = pthread_self();
    reply_text(request, 202, "text/plain", "position", 8);
}

static void *hand_back(void *context)
{
    struct handed_back *back = context;
    LOCKED(&back->late.lock);
    while (back->late.count == 0)
        signal_wait(&back->late.wake, &back->late.lock);
    request_answer(back->late.waiting[0], say_position, back);
    return NULL;
}

static void hand_on(struct request *request, void *context)
{
    struct handed_back *back = context;
    back->taker = pthread_self();
    hand_over(request, &back->late);
}

static const char *const FROM[] = {"from: a time", NULL};
static const struct route ROUTES[] = {
    {.method = "GET", .path = "/hello", .handle = say_hello},
    {.method = "GET",
     .path = "/api/v1/events/{event}/zones/{zone}",
     .query = FROM,
     .handle = name_zone},
    {.method = "POST",
     .path = "/echo",
     .body_max = 100000,
     .consumes = "application/json text/plain",
     .handle = echo},
    {.method = "POST", .path = "/slow-echo", .thread = ROUTE_WORKER, .handle = echo},
    {.method = "POST", .path = "/late", .handle = hand_over},
};

static struct http_server *start(void *context)
{
    return loopback_server(ROUTES, COUNT_OF(ROUTES), context);
}

TEST(what_the_writer_hands_back_is_answered_by_the_event_thread)
{
    static const struct route handing_on[] = {
        {.method = "POST", .path = "/on", .handle = hand_on},
    };
    struct handed_back back = {.late = {.count = 0}};
    lock_init(&back.late.lock);
    signal_init(&back.late.wake);
    thread_start(&back.late.thread, "writer", hand_back, &back);
    struct http_server *server = loopback_server(handing_on, 1, &back);
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server), "POST /on HTTP/1.1\r\nHost: a\r\n", NULL, 0, &answer);
    CHECK_INT(answer.status, 202);
    CHECK_TEXT(answer.body, "position");
    http_server_stop(server);
    thread_join(&back.late.thread);
    CHECK(pthread_equal(back.taker, back.replier));
    signal_fini(&back.late.wake);
    lock_fini(&back.late.lock);
}

TEST(small_page_is_answered_with_its_headers)
{
    struct http_server *server = start(NULL);
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server), "GET /hello HTTP/1.1\r\nHost: a\r\n", NULL, 0, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(answer.body, "hello");
    CHECK_TEXT(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
    CHECK_TEXT(answer_header(&answer, "Cache-Control"), "no-store");
    CHECK(answer_header(&answer, "Strict-Transport-Security") == NULL);
    CHECK_INT(strlen(answer_header(&answer, "X-Request-Id")), 16);
    loopback_ask(http_server_port(server), "HEAD /hello HTTP/1.1\r\nHost: a\r\n", NULL, 0, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(answer_header(&answer, "Content-Length"), "5");
    http_server_stop(server);
}

TEST(deferred_request_is_answered_by_another_thread)
{
    struct late late;
    late_start(&late);
    struct http_server *server = start(&late);
    SCOPED_ANSWER answer = {0};
    int fd = loopback_connect(http_server_port(server));
    for (int i = 0; i < 50; i++) {
        loopback_send_text(fd,
                           "POST /late HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                           "Content-Length: 4\r\n\r\nbody");
        loopback_read(fd, "POST", &answer);
        CHECK_INT(answer.status, 202);
        CHECK_TEXT(answer.body, "body");
    }
    (void)close(fd);
    http_server_stop(server);
    late_stop(&late);
}

/* Holds the event thread until it is let go. */
struct held {
    struct lock lock;
    struct signal changed;
    bool is_here;
    bool may_go;
};

static void hold_thread(struct request *request, void *context)
{
    struct held *held = context;
    lock_take(&held->lock);
    held->is_here = true;
    signal_wake_all(&held->changed);
    while (!held->may_go)
        signal_wait(&held->changed, &held->lock);
    lock_give(&held->lock);
    reply_empty(request, 204);
}

static const char ASK_HELLO[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/* libmicrohttpd's own threads look at 128 at a time, and wait for more when it was exactly that. */
TEST(requests_that_come_128_at_once_are_answered_at_once)
{
    enum { AT_ONCE = 128 };
    static const struct route HELD[] = {{.method = "GET", .path = "/hello", .handle = say_hello},
                                        {.method = "GET", .path = "/hold", .handle = hold_thread}};
    struct held held = {0};
    lock_init(&held.lock);
    signal_init(&held.changed);
    struct http_server_options options = {.thread_count = 1};
    struct http_server *server = loopback_server_with(options, HELD, COUNT_OF(HELD), &held);
    SCOPED_ANSWER answer = {0};
    int first = loopback_connect(http_server_port(server));
    int fds[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        fds[i] = loopback_connect(http_server_port(server));
        loopback_send_text(fds[i], ASK_HELLO);
        loopback_read(fds[i], "GET", &answer);
    }
    loopback_send_text(first, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    lock_take(&held.lock);
    while (!held.is_here)
        signal_wait(&held.changed, &held.lock);
    for (int i = 0; i < AT_ONCE; i++)
        loopback_send_text(fds[i], ASK_HELLO);
    held.may_go = true;
    signal_wake_all(&held.changed);
    lock_give(&held.lock);
    for (int i = 0; i < AT_ONCE; i++) {
        loopback_read(fds[i], "GET", &answer);
        CHECK_INT(answer.status, 200);
        (void)close(fds[i]);
    }
    (void)close(first);
    http_server_stop(server);
    signal_fini(&held.changed);
    lock_fini(&held.lock);
}

TEST(worker_answers_what_may_wait)
{
    struct http_server *server = start(NULL);
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server),
                 "POST /slow-echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n", "[1]",
                 3, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(answer.body, "[1]");
    http_server_stop(server);
}

TEST(path_and_query_reach_the_handler_decoded)
{
    struct http_server *server = start(NULL);
    SCOPED_ANSWER answer = {0};
    loopback_ask(http_server_port(server),
                 "GET /api/v1/events/demo/zones/stage%2Da?from=a%20b HTTP/1.1\r\nHost: a\r\n", NULL,
                 0, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(answer.body, "{\"event\":\"demo\",\"zone\":\"stage-a\",\"from\":\"a b\"}");
    http_server_stop(server);
}
