// SPDX-License-Identifier: Apache-2.0
/* Who uploads slowly fills its own share of the memory for bodies, and nobody else's. */
#include <sched.h>
#include <unistd.h>

#include "net/http/internal.h"
#include "net/loopback_test.h"

#define SHARE_BYTES 100000
#define PART_BYTES  60000 /* two are more than a share */

static char part[PART_BYTES];

static void accept_body(struct request *request, void *context)
{
    (void)context;
    reply_empty(request, 202);
}

/* Everybody is who they say; who says nothing is nobody. */
static enum err believe(struct request *request, const struct route *route, void *context,
                        struct err_note *note)
{
    (void)route;
    (void)context;
    (void)note;
    const char *token = request_header(request, "Authorization");
    if (token != NULL)
        request_set_rate_key(request, token);
    return ERR_NONE;
}

static const struct route ROUTES[] = {
    {.method = "POST", .path = "/in", .consumes = "text/plain", .handle = accept_body}};

static struct http_server *start(struct http_server_options options)
{
    options.authorise = believe;
    options.trusted_proxies = "127.0.0.1";
    return loopback_server_with(options, ROUTES, COUNT_OF(ROUTES), NULL);
}

static int begin(struct http_server *server, const char *who)
{
    char head[256];
    (void)snprintf(head, sizeof head,
                   "POST /in HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                   "%s\r\nContent-Length: %d\r\n\r\n",
                   who, PART_BYTES);
    int fd = loopback_connect(http_server_port(server));
    loopback_send_text(fd, head);
    return fd;
}

/* All but the last byte, and waits until the server holds it. */
static int upload_slowly(struct http_server *server, const char *who)
{
    size_t before = atomic_load(&server->bodies.used);
    int fd = begin(server, who);
    loopback_send(fd, part, PART_BYTES - 1);
    while (atomic_load(&server->bodies.used) < before + PART_BYTES)
        sched_yield();
    return fd;
}

static void finish(int fd, struct answer *out)
{
    loopback_send(fd, part, 1);
    loopback_read(fd, "POST", out);
    (void)close(fd);
}

static void upload(struct http_server *server, const char *who, struct answer *out)
{
    int fd = begin(server, who);
    loopback_send(fd, part, PART_BYTES);
    loopback_read(fd, "POST", out);
    (void)close(fd);
}

static int status_of(struct http_server *server, const char *who)
{
    SCOPED_ANSWER answer = {0};
    upload(server, who, &answer);
    return answer.status;
}

/* `same` shares with `slow`, `other` does not. */
static void check_share(struct http_server_options options, const char *slow, const char *same,
                        const char *other)
{
    struct http_server *server = start(options);
    int fd = upload_slowly(server, slow);
    SCOPED_ANSWER refused = {0};
    upload(server, same, &refused);
    CHECK_INT(refused.status, 429);
    CHECK_TEXT(answer_header(&refused, "Retry-After"), "1");
    CHECK_TEXT(answer_header(&refused, "Content-Type"), "application/problem+json");
    CHECK(strstr(refused.body, "finish them first") != NULL);
    CHECK_INT(status_of(server, other), 202);
    SCOPED_ANSWER accepted = {0};
    finish(fd, &accepted);
    CHECK_INT(accepted.status, 202);
    while (atomic_load(&server->bodies.used) > 0)
        sched_yield();
    CHECK_INT(status_of(server, same), 202);
    http_server_stop(server);
}

TEST(slow_uploads_of_one_token_hold_up_nobody_else)
{
    check_share((struct http_server_options){.body_bytes_per_sender = SHARE_BYTES},
                "Authorization: ann", "Authorization: ann", "Authorization: bob");
}

TEST(slow_uploads_of_one_address_hold_up_nobody_else)
{
    struct http_server_options options = {.body_bytes_per_address = SHARE_BYTES};
    check_share(options, "X-Forwarded-For: 203.0.113.7",
                "X-Forwarded-For: 203.0.113.7\r\nAuthorization: ann",
                "X-Forwarded-For: 203.0.113.8");
    check_share(options, "X-Forwarded-For: 2001:db8:1:2::3",
                "X-Forwarded-For: 2001:db8:1:2:9::", "X-Forwarded-For: 2001:db8:1:3::3");
}

TEST(uploads_from_this_machine_share_with_nobody)
{
    struct http_server *server =
        start((struct http_server_options){.body_bytes_per_address = SHARE_BYTES});
    int fd = upload_slowly(server, "X-From: here");
    CHECK_INT(status_of(server, "X-From: here"), 202);
    SCOPED_ANSWER answer = {0};
    finish(fd, &answer);
    CHECK_INT(answer.status, 202);
    http_server_stop(server);
}

TEST(share_ends_with_its_last_holder)
{
    struct shares *shares = shares_create(BODY_BUDGET_OF_SENDER, SHARE_BYTES);
    struct share *first = shares_enter(shares, "token:1");
    struct share *second = shares_enter(shares, "token:1");
    struct share *other = shares_enter(shares, "token:11");
    CHECK(first == second && first != other);
    CHECK_INT(share_budget(first)->max, SHARE_BYTES);
    shares_leave(shares, first);
    shares_leave(shares, other);
    CHECK(shares_enter(shares, "token:1") == second);
    shares_leave(shares, second);
    shares_leave(shares, second);
    shares_destroy(shares); /* asserts that none is left */
}
