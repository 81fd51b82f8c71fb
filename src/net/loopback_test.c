// SPDX-License-Identifier: Apache-2.0
#include "net/loopback_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define WAIT_S   20
#define BODY_MAX (64 * 1024 * 1024)

void answer_fini(struct answer *answer)
{
    mem_free(answer->body);
    answer->body = NULL;
}

int loopback_connect(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    struct timeval wait = {.tv_sec = WAIT_S};
    int on = 1;
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0);
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

void loopback_send(int fd, const void *bytes, size_t len)
{
    const char *p = bytes;
    while (len > 0) {
        ssize_t sent = send(fd, p, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0) {
            CHECK(errno != EAGAIN);
            return;
        }
        p += sent;
        len -= (size_t)sent;
    }
}

void loopback_send_text(int fd, const char *text)
{
    loopback_send(fd, text, strlen(text));
}

bool loopback_read_exact(int fd, void *bytes, size_t len)
{
    char *p = bytes;
    while (len > 0) {
        ssize_t got = recv(fd, p, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        CHECK(got >= 0 || errno != EAGAIN);
        if (got <= 0)
            return false;
        p += got;
        len -= (size_t)got;
    }
    return true;
}

bool loopback_is_closed(int fd)
{
    char c;
    return !loopback_read_exact(fd, &c, 1);
}

static bool read_head(int fd, struct answer *out)
{
    size_t len = 0;
    while (len < sizeof out->head - 1) {
        if (!loopback_read_exact(fd, out->head + len, 1))
            return false;
        out->head[++len] = '\0';
        if (len >= 4 && memcmp(out->head + len - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

static void add_body(int fd, struct answer *out, size_t len)
{
    CHECK(len <= BODY_MAX);
    out->body = mem_resize(out->body, out->body_len + len + 1);
    if (!loopback_read_exact(fd, out->body + out->body_len, len))
        len = 0;
    out->body_len += len;
    out->body[out->body_len] = '\0';
}

static void read_chunks(int fd, struct answer *out)
{
    for (;;) {
        char line[32] = "";
        size_t len = 0;
        while (len < sizeof line - 1 && loopback_read_exact(fd, line + len, 1) && line[len] != '\n')
            len++;
        size_t size = strtoul(line, NULL, 16);
        add_body(fd, out, size);
        char end[2];
        if (!loopback_read_exact(fd, end, 2) || size == 0)
            return;
    }
}

void loopback_read(int fd, const char *method, struct answer *out)
{
    mem_free(out->body);
    *out = (struct answer){.body = mem_new(1)};
    if (!read_head(fd, out))
        return;
    out->status = (int)strtol(out->head + 9, NULL, 10);
    if (out->status == 100) {
        loopback_read(fd, method, out);
        return;
    }
    const char *length = answer_header(out, "Content-Length");
    if (strcmp(method, "HEAD") == 0 || out->status == 204 || out->status == 304 ||
        out->status == 101)
        return;
    if (length != NULL)
        add_body(fd, out, strtoul(length, NULL, 10));
    else if (answer_header(out, "Transfer-Encoding") != NULL)
        read_chunks(fd, out);
}

void loopback_ask(uint16_t port, const char *head, const void *body, size_t body_len,
                  struct answer *out)
{
    int fd = loopback_connect(port);
    char method[16];
    (void)snprintf(method, sizeof method, "%.*s", (int)strcspn(head, " "), head);
    loopback_send_text(fd, head);
    if (body != NULL) {
        char length[64];
        (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", body_len);
        loopback_send_text(fd, length);
    }
    loopback_send_text(fd, "\r\n");
    if (body != NULL)
        loopback_send(fd, body, body_len);
    loopback_read(fd, method, out);
    (void)close(fd);
}

const char *answer_header(const struct answer *answer, const char *name)
{
    static _Thread_local char value[1024];
    size_t name_len = strlen(name);
    const char *line = strchr(answer->head, '\n');
    for (; line != NULL; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
            const char *text = line + name_len + 1 + strspn(line + name_len + 1, " ");
            (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(text, "\r\n"), text);
            return value;
        }
    }
    return NULL;
}

struct http_server *loopback_server_with(struct http_server_options options,
                                         const struct route *routes, size_t count, void *context)
{
    struct route_table table = {.routes = routes, .route_count = count, .context = context};
    options.address = "127.0.0.1";
    options.tables = &table;
    options.table_count = 1;
    if (options.thread_count == 0)
        options.thread_count = 2;
    struct http_server *server = NULL;
    struct err_note note = {0};
    if (http_server_start(&options, &server, &note) != ERR_NONE)
        print_error("%s: %s\n", note.place, note.detail);
    CHECK(server != NULL);
    return server;
}

struct http_server *loopback_server(const struct route *routes, size_t count, void *context)
{
    return loopback_server_with((struct http_server_options){0}, routes, count, context);
}
