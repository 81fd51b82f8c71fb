// SPDX-License-Identifier: Apache-2.0
/* How large a request's head may be, and what one that is larger is told. */
#include <unistd.h>

#include "net/http/internal.h"
#include "net/loopback_test.h"

static void greet(struct request *request, void *context)
{
    (void)context;
    reply_text(request, 200, "text/plain", "hello", 5);
}

static const struct route ROUTES[] = {{.method = "GET", .path = "/page", .handle = greet}};

static struct http_server *start(void)
{
    return loopback_server(ROUTES, COUNT_OF(ROUTES), NULL);
}

TEST(headers_without_end_are_431)
{
    struct http_server *server = start();
    int fd = loopback_connect(http_server_port(server));
    loopback_send_text(fd, "GET /page HTTP/1.1\r\nHost: a\r\n");
    char line[1100];
    memset(line, 'x', sizeof line);
    memcpy(line, "X-Filler: ", 10);
    memcpy(line + sizeof line - 3, "\r\n", 3);
    for (int i = 0; i < 40; i++)
        loopback_send_text(fd, line);
    loopback_send_text(fd, "\r\n");
    SCOPED_ANSWER answer = {0};
    loopback_read(fd, "GET", &answer);
    CHECK_INT(answer.status, 431);
    (void)close(fd);
    http_server_stop(server);
}

static void ask_with_head(uint16_t port, size_t size, struct answer *out)
{
    static const char START[] = "GET /page HTTP/1.1\r\nHost: a\r\nX-Filler: ";
    SCOPED_MEM char *head = mem_new(size + 1);
    memset(head, 'x', size);
    memcpy(head, START, sizeof START - 1);
    memcpy(head + size - 4, "\r\n\r\n", 4);
    int fd = loopback_connect(port);
    loopback_send(fd, head, size);
    loopback_read(fd, "GET", out);
    (void)close(fd);
}

TEST(head_may_be_32_kilobytes_and_a_larger_one_learns_so)
{
    struct http_server *server = start();
    uint16_t port = http_server_port(server);
    SCOPED_ANSWER whole = {0};
    ask_with_head(port, LIMIT_HTTP_HEADER_BYTES, &whole);
    CHECK_INT(whole.status, 200);
    for (size_t size = LIMIT_HTTP_HEADER_BYTES + 1; size < 36400; size += 97) {
        SCOPED_ANSWER answer = {0};
        ask_with_head(port, size, &answer);
        CHECK_INT(answer.status, 431);
        CHECK_TEXT(answer_header(&answer, "Content-Type"), "application/problem+json");
        CHECK(strstr(answer.body, "32768 bytes together") != NULL);
    }
    http_server_stop(server);
}

/* libmicrohttpd's memory is full of the head then, and has no room for an answer; it closes. */
TEST(head_that_fills_the_memory_of_its_connection_harms_nobody_else)
{
    struct http_server *server = start();
    uint16_t port = http_server_port(server);
    for (size_t size = 36400; size < 37000; size += 16) {
        SCOPED_ANSWER answer = {0};
        ask_with_head(port, size, &answer);
        CHECK(answer.status == 431 || (answer.status == 0 && size > 36450 && size < 36800));
    }
    SCOPED_ANSWER after = {0};
    ask_with_head(port, 100, &after);
    CHECK_INT(after.status, 200);
    http_server_stop(server);
}
