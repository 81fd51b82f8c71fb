// SPDX-License-Identifier: Apache-2.0
/* Who asks is found out before the body is kept, and apart from slow handlers. */
#include <sched.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "net/http/internal.h"
#include "net/loopback_test.h"

#define BODY_MAX (4 * 1024 * 1024)

/* Requests that a handler has laid aside. */
struct desk {
    struct lock lock;
    struct signal came;
    struct request *waiting[16];
    size_t count;
    bool is_open; /* slow handlers may go on */
    atomic_bool knows_ann;
};

static void desk_init(struct desk *desk)
{
    *desk = (struct desk){.knows_ann = true};
    lock_init(&desk->lock);
    signal_init(&desk->came);
}

static void desk_fini(struct desk *desk)
{
    signal_fini(&desk->came);
    lock_fini(&desk->lock);
}

static void desk_wait(struct desk *desk, size_t count)
{
    LOCKED(&desk->lock);
    while (desk->count < count)
        signal_wait(&desk->came, &desk->lock);
}

static void desk_open(struct desk *desk)
{
    LOCKED(&desk->lock);
    desk->is_open = true;
    signal_wake_all(&desk->came);
}

static void lay_aside(struct request *request, void *context)
{
    struct desk *desk = context;
    request_defer(request);
    LOCKED(&desk->lock);
    assert(desk->count < COUNT_OF(desk->waiting));
    desk->waiting[desk->count++] = request;
    signal_wake_all(&desk->came);
}

static void answer_all(struct desk *desk)
{
    LOCKED(&desk->lock);
    for (size_t i = 0; i < desk->count; i++)
        reply_empty(desk->waiting[i], 204);
    desk->count = 0;
}

static void take(struct request *request, void *context)
{
    (void)context;
    reply_empty(request, 202);
}

static void read_slowly(struct request *request, void *context)
{
    struct desk *desk = context;
    lock_take(&desk->lock);
    desk->count++;
    signal_wake_all(&desk->came);
    while (!desk->is_open)
        signal_wait(&desk->came, &desk->lock);
    lock_give(&desk->lock);
    reply_empty(request, 200);
}

/* "known" is in a cache; all others are looked up where one may wait, and only "ann" is found. */
static enum err authorise(struct request *request, const struct route *route, void *context,
                          struct err_note *note)
{
    (void)route;
    const struct desk *desk = context;
    const char *token = request_header(request, "Authorization");
    token = token == NULL ? "" : token;
    bool is_known = strcmp(token, "known") == 0;
    if (!is_known && request_to_worker(request))
        return ERR_NONE;
    if (is_known || (strcmp(token, "ann") == 0 && desk->knows_ann))
        return ERR_NONE;
    return err_set(note, ERR_UNAUTHENTICATED, "header Authorization", "is not known here.");
}

#define BYTES .consumes = "text/plain", .body_max = BODY_MAX
static const struct route ROUTES[] = {
    {.method = "POST", .path = "/in", BYTES, .handle = take},
    {.method = "POST", .path = "/slow-in", BYTES, .handle = take, .thread = ROUTE_WORKER},
    {.method = "POST", .path = "/aside", BYTES, .handle = lay_aside},
    {.method = "GET", .path = "/slow", .handle = read_slowly, .thread = ROUTE_WORKER},
};

static struct http_server *start(struct desk *desk, size_t body_bytes_max, int worker_count)
{
    struct http_server_options options = {.authorise = authorise,
                                          .authorise_context = desk,
                                          .body_bytes_max = body_bytes_max,
                                          .worker_count = worker_count};
    return loopback_server_with(options, ROUTES, COUNT_OF(ROUTES), desk);
}

static int begin_post(struct http_server *server, const char *path, const char *token, size_t len)
{
    char head[256];
    (void)snprintf(head, sizeof head,
                   "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                   "Authorization: %s\r\nContent-Length: %zu\r\n\r\n",
                   path, token, len);
    int fd = loopback_connect(http_server_port(server));
    loopback_send_text(fd, head);
    return fd;
}

static void send_bytes(int fd, size_t len)
{
    static const char NOTHING[4096] = {0}; /* nobody reads it */
    for (size_t part; len > 0; len -= part) {
        part = MIN(len, sizeof NOTHING);
        loopback_send(fd, NOTHING, part);
    }
}

static void finish_post(int fd, size_t rest, struct answer *out)
{
    if (rest > 0)
        send_bytes(fd, rest);
    loopback_read(fd, "POST", out);
    (void)close(fd);
}

static int post(struct http_server *server, const char *path, const char *token, size_t len)
{
    SCOPED_ANSWER answer = {0};
    finish_post(begin_post(server, path, token, len), len, &answer);
    return answer.status;
}

static long resident_kb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    CHECK(file != NULL && fscanf(file, "%*d %ld", &pages) == 1);
    (void)fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* An answer is read a moment before its request ends. */
static void wait_until_forgotten(struct http_server *server)
{
    while (atomic_load(&server->bodies.used) > 0)
        sched_yield();
}

/* What 200 connections may take: libmicrohttpd's own 36 KB each, and ours. AddressSanitizer keeps what was freed for a
 * while, ThreadSanitizer up to four shadows of every byte. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KEPT_KB_MAX (4L * 12 * 1024)
#elif __has_feature(address_sanitizer)
#define KEPT_KB_MAX (25L * 1024)
#endif
#endif
#ifndef KEPT_KB_MAX
#define KEPT_KB_MAX (12L * 1024)
#endif

/* 200 strangers, 50 MB: with an announcement that is allowed, and with one that is not. */
TEST(bodies_of_strangers_are_not_kept)
{
    static const size_t LENGTHS[] = {BODY_MAX, 100 * 1024 * 1024};
    static const char *const PATHS[] = {"/in", "/slow-in"};
    struct desk desk;
    desk_init(&desk);
    struct http_server *server = start(&desk, 1000000, 0);
    int strangers[200];
    long before_kb = resident_kb();
    for (size_t i = 0; i < COUNT_OF(strangers); i++) {
        strangers[i] = begin_post(server, PATHS[i / 2 % 2], "guess", LENGTHS[i % 2]);
        send_bytes(strangers[i], 256 * 1024);
    }
    CHECK_INT(post(server, "/in", "known", 900000), 202);
    wait_until_forgotten(server);
    CHECK_INT(post(server, "/slow-in", "ann", 900000), 202);
    CHECK(resident_kb() - before_kb < KEPT_KB_MAX);
    for (size_t i = 0; i < COUNT_OF(strangers); i++)
        (void)close(strangers[i]);
    http_server_stop(server);
    desk_fini(&desk);
}

TEST(stranger_is_refused_when_the_body_has_passed_and_at_once_before_continue)
{
    struct desk desk;
    desk_init(&desk);
    struct http_server *server = start(&desk, 0, 0);
    CHECK_INT(post(server, "/in", "guess", 300000), 401);
    CHECK_INT(post(server, "/slow-in", "guess", 300000), 401);
    int fd = loopback_connect(http_server_port(server));
    loopback_send_text(fd, "POST /in HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                           "Authorization: guess\r\nContent-Length: 300000\r\n"
                           "Expect: 100-continue\r\n\r\n");
    SCOPED_ANSWER answer = {0};
    loopback_read(fd, "POST", &answer);
    CHECK_INT(answer.status, 401);
    CHECK(strstr(answer.head, "100 Continue") == NULL);
    (void)close(fd);
    http_server_stop(server);
    desk_fini(&desk);
}

TEST(bodies_beyond_the_budget_are_refused_until_others_have_gone)
{
    struct desk desk;
    desk_init(&desk);
    struct http_server *server = start(&desk, 100000, 0);
    int first = begin_post(server, "/aside", "known", 60000);
    send_bytes(first, 60000);
    desk_wait(&desk, 1);
    SCOPED_ANSWER answer = {0};
    finish_post(begin_post(server, "/in", "known", 60000), 60000, &answer);
    CHECK_INT(answer.status, 503);
    CHECK_TEXT(answer_header(&answer, "Retry-After"), "1");
    CHECK_TEXT(answer_header(&answer, "Content-Type"), "application/problem+json");
    CHECK(strstr(answer.body, "too many request bodies") != NULL);
    CHECK_INT(post(server, "/in", "known", 30000), 202);
    answer_all(&desk);
    finish_post(first, 0, &answer);
    CHECK_INT(answer.status, 204);
    wait_until_forgotten(server);
    CHECK_INT(post(server, "/in", "known", 60000), 202);
    http_server_stop(server);
    desk_fini(&desk);
}

TEST(who_must_be_looked_up_does_not_wait_for_slow_readers)
{
    struct desk desk;
    desk_init(&desk);
    struct http_server *server = start(&desk, 0, 2);
    int readers[6];
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        readers[i] = loopback_connect(http_server_port(server));
        loopback_send_text(readers[i],
                           "GET /slow HTTP/1.1\r\nHost: a\r\nAuthorization: ann\r\n\r\n");
    }
    desk_wait(&desk, 2); /* the pool is full, and others wait for it */
    for (int i = 0; i < 20; i++)
        CHECK_INT(post(server, "/in", "ann", 1000), 202);
    CHECK_INT(post(server, "/in", "guess", 1000), 401);
    desk_open(&desk);
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        SCOPED_ANSWER answer = {0};
        finish_post(readers[i], 0, &answer);
        CHECK_INT(answer.status, 200);
    }
    http_server_stop(server);
    desk_fini(&desk);
}

TEST(who_is_revoked_while_its_body_comes_is_refused)
{
    static const char *const PATHS[] = {"/in", "/slow-in"};
    for (size_t i = 0; i < COUNT_OF(PATHS); i++) {
        struct desk desk;
        desk_init(&desk);
        struct http_server *server = start(&desk, 0, 0);
        server->authorised_for_us = -1; /* every body took too long */
        CHECK_INT(post(server, PATHS[i], "ann", 1000), 202);
        int laid = begin_post(server, "/aside", "ann", 10);
        int fd = begin_post(server, PATHS[i], "ann", 1000);
        send_bytes(laid, 10);
        desk_wait(&desk, 1); /* so the other's headers have been seen too, or will be unknown */
        desk.knows_ann = false;
        SCOPED_ANSWER answer = {0};
        finish_post(fd, 1000, &answer);
        CHECK_INT(answer.status, 401);
        answer_all(&desk);
        finish_post(laid, 0, &answer);
        CHECK_INT(answer.status, 204);
        http_server_stop(server);
        desk_fini(&desk);
    }
}

struct caller {
    struct thread thread;
    int fd;
    atomic_size_t answered;
    int wrong;
};

/* Until the server closes the connection. */
static void *call_until_closed(void *context)
{
    struct caller *caller = context;
    for (int status = 202; status != 0;) {
        loopback_send_text(caller->fd,
                           "POST /slow-in HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                           "Authorization: ann\r\nContent-Length: 3000\r\n\r\n");
        send_bytes(caller->fd, 3000);
        SCOPED_ANSWER answer = {0};
        loopback_read(caller->fd, "POST", &answer);
        status = answer.status;
        atomic_fetch_add(&caller->answered, status == 202 ? 1 : 0);
        caller->wrong += status != 202 && status != 503 && status != 0;
    }
    return NULL;
}

static void wait_until_answered(struct caller *callers, size_t count)
{
    int64_t deadline_us = clock_monotonic_us() + 60000000;
    for (size_t i = 0; i < count; i++) {
        while (atomic_load(&callers[i].answered) == 0 && clock_monotonic_us() < deadline_us)
            sched_yield();
        CHECK(atomic_load(&callers[i].answered) > 0);
    }
}

TEST(stopping_under_load_waits_for_whoever_is_at_the_gate)
{
    for (int round = 0; round < 5; round++) {
        struct desk desk;
        desk_init(&desk);
        struct http_server *server = start(&desk, 0, 0);
        struct caller callers[8] = {0};
        for (size_t i = 0; i < COUNT_OF(callers); i++) {
            callers[i].fd = loopback_connect(http_server_port(server));
            thread_start(&callers[i].thread, "caller", call_until_closed, &callers[i]);
        }
        for (int i = 0; i < 50; i++)
            CHECK_INT(post(server, "/in", "ann", 100), 202);
        wait_until_answered(callers, COUNT_OF(callers));
        http_server_stop(server);
        for (size_t i = 0; i < COUNT_OF(callers); i++) {
            thread_join(&callers[i].thread);
            CHECK_INT(callers[i].wrong, 0);
            (void)close(callers[i].fd);
        }
        desk_fini(&desk);
    }
}

static void *stop(void *server)
{
    http_server_stop(server);
    return NULL;
}

/* Otherwise it could be suspended after the stop has stopped waiting, which ends the process. */
TEST(body_that_comes_to_its_end_during_the_stop_is_refused)
{
    struct desk desk;
    desk_init(&desk);
    struct http_server *server = start(&desk, 0, 0);
    int late = begin_post(server, "/slow-in", "known", 1000);
    send_bytes(late, 999);
    int laid = begin_post(server, "/aside", "known", 1);
    send_bytes(laid, 1);
    desk_wait(&desk, 1);
    while (atomic_load(&server->bodies.used) < 1000) /* both are under way */
        sched_yield();
    struct thread stopper = {0};
    thread_start(&stopper, "stop", stop, server);
    while (!http_server_is_stopping(server))
        sched_yield();
    SCOPED_ANSWER answer = {0};
    finish_post(late, 1, &answer);
    CHECK_INT(answer.status, 503);
    CHECK(strstr(answer.body, "is stopping") != NULL);
    answer_all(&desk);
    finish_post(laid, 0, &answer);
    CHECK_INT(answer.status, 204);
    thread_join(&stopper);
    desk_fini(&desk);
}
