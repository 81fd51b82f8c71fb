// SPDX-License-Identifier: Apache-2.0
/* RFC 6455 as far as a measuring client needs it: it masks with zeros (allowed: the mask is the
 * client's choice), answers pings, and takes unfragmented messages up to MESSAGE_MAX. */
#include "bench/load/ws.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1024 * 1024, READ_SIZE = 2 * MESSAGE_MAX, PER_SOURCE = 20000 };
enum { OPCODE_TEXT = 1, OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };

struct ws_client {
    int fd;
    char *rest; /* of a frame that came in pieces; NULL mostly, so that idle clients cost nothing */
    size_t rest_len;
};

struct ws_clients {
    struct ws_options options;
    struct ws_client *items;
    int epoll;
    int open_count;
    char *buffer;
};

static void client_close(struct ws_clients *clients, struct ws_client *client)
{
    if (client->fd < 0)
        return;
    (void)close(client->fd);
    client->fd = -1;
    mem_free(client->rest);
    client->rest = NULL;
    client->rest_len = 0;
    clients->open_count--;
}

static bool send_frame(int fd, int opcode, const char *bytes, size_t len)
{
    char frame[1024 + 8] = {(char)(0x80 | opcode)};
    size_t head = 2;
    assert(len <= 1024);
    if (len < 126) {
        frame[1] = (char)(0x80 | len);
    } else {
        frame[1] = (char)(0x80 | 126);
        frame[2] = (char)(len >> 8);
        frame[3] = (char)len;
        head = 4;
    }
    memset(frame + head, 0, 4); /* the mask */
    if (len > 0)
        memcpy(frame + head + 4, bytes, len);
    size_t total = head + 4 + len;
    return send(fd, frame, total, MSG_NOSIGNAL) == (ssize_t)total;
}

static int connect_from(const struct ws_options *options, int index)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(options->port)};
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(index / PER_SOURCE));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 10};
    int on = 1;
    if (fd < 0 || inet_pton(AF_INET, options->address, &to.sin_addr) != 1 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return fd;
}

/* Reads the answer's head byte by byte, so that no frame behind it is swallowed. */
static bool shake_hands(const struct ws_options *options, int fd)
{
    char text[2048];
    int len = snprintf(text, sizeof text,
                       "GET %s HTTP/1.1\r\nHost: %s:%u\r\nConnection: Upgrade\r\n"
                       "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: bXVzdGVyIGJlbmNoIGtleQ==\r\n%s\r\n",
                       options->path, options->address, options->port, options->headers);
    if (len < 0 || (size_t)len >= sizeof text || send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
        return false;
    size_t have = 0;
    while (have < sizeof text - 1 && recv(fd, text + have, 1, 0) == 1) {
        have++;
        if (have >= 4 && memcmp(text + have - 4, "\r\n\r\n", 4) == 0)
            return strncmp(text, "HTTP/1.1 101", 12) == 0;
    }
    return false;
}

static bool subscribe(const struct ws_options *options, int fd)
{
    char message[512];
    int len = snprintf(message, sizeof message, "{\"subscribe\":[\"%s\"]}", options->topic);
    return len > 0 && (size_t)len < sizeof message &&
           send_frame(fd, OPCODE_TEXT, message, (size_t)len);
}

static bool open_one(struct ws_clients *clients, int index)
{
    struct ws_client *client = &clients->items[index];
    client->fd = connect_from(&clients->options, index);
    if (client->fd < 0)
        return false;
    clients->open_count++;
    if (!shake_hands(&clients->options, client->fd) || !subscribe(&clients->options, client->fd))
        return false;
    int on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
    return ioctl(client->fd, FIONBIO, &on) == 0 &&
           epoll_ctl(clients->epoll, EPOLL_CTL_ADD, client->fd, &event) == 0;
}

enum err ws_clients_open(const struct ws_options *options, struct ws_clients **out_clients,
                         struct err_note *note)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* too few show below, as a refusal */
    }
    struct ws_clients *clients = mem_new(sizeof *clients);
    clients->options = *options;
    clients->items = mem_new_array((size_t)options->clients, sizeof *clients->items);
    clients->buffer = mem_new(READ_SIZE);
    clients->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < options->clients; i++)
        clients->items[i].fd = -1;
    for (int i = 0; i < options->clients; i++) {
        if (open_one(clients, i))
            continue;
        enum err err = err_set(note, ERR_IO, options->path, "WebSocket client %d of %d: %s", i + 1,
                               options->clients, errno == 0 ? "refused" : strerror(errno));
        ws_clients_close(clients);
        return err;
    }
    *out_clients = clients;
    return ERR_NONE;
}

static uint64_t big_endian(const unsigned char *bytes, int count)
{
    uint64_t number = 0;
    for (int i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

/* One frame at the start of `bytes`: its size, 0 when it is not whole yet. */
static size_t take_frame(struct ws_clients *clients, struct ws_client *client, const char *bytes,
                         size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes;
    if (len < 2)
        return 0;
    size_t head = (p[1] & 0x7F) == 126 ? 4 : (p[1] & 0x7F) == 127 ? 10 : 2;
    if (len < head)
        return 0;
    uint64_t size = head == 2 ? p[1] & 0x7F : big_endian(p + 2, (int)head - 2);
    if (size > MESSAGE_MAX) {
        client_close(clients, client);
        return 0;
    }
    if (len - head < size)
        return 0;
    int opcode = p[0] & 0x0F;
    if (opcode == OPCODE_TEXT)
        clients->options.heard(clients->options.context, (int)(client - clients->items),
                               bytes + head, (size_t)size);
    else if (opcode == OPCODE_PING)
        (void)send_frame(client->fd, OPCODE_PONG, bytes + head, MIN((size_t)size, (size_t)125));
    else if (opcode == OPCODE_CLOSE)
        client_close(clients, client);
    return head + (size_t)size;
}

static void receive(struct ws_clients *clients, struct ws_client *client)
{
    /* What was left of a frame goes before what comes now. */
    size_t have = client->rest_len;
    if (have > 0)
        memcpy(clients->buffer, client->rest, have);
    ssize_t n = recv(client->fd, clients->buffer + have, READ_SIZE - have, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        client_close(clients, client);
        return;
    }
    have += (size_t)n;
    size_t used = 0;
    while (client->fd >= 0) {
        size_t taken = take_frame(clients, client, clients->buffer + used, have - used);
        if (taken == 0)
            break;
        used += taken;
    }
    mem_free(client->rest);
    client->rest_len = client->fd < 0 ? 0 : have - used;
    client->rest =
        client->rest_len == 0 ? NULL : mem_copy(clients->buffer + used, client->rest_len);
}

void ws_clients_run(struct ws_clients *clients, int64_t deadline_us, const volatile int *stop)
{
    struct epoll_event events[512];
    while (clients->open_count > 0 && (stop == NULL || *stop == 0)) {
        int64_t left_us = deadline_us - clock_monotonic_us();
        if (left_us <= 0)
            break;
        int wait_ms = (int)MIN(left_us / 1000 + 1, (int64_t)100);
        int n = epoll_wait(clients->epoll, events, COUNT_OF(events), wait_ms);
        for (int i = 0; i < n; i++)
            receive(clients, &clients->items[events[i].data.u32]);
    }
}

int ws_clients_open_count(const struct ws_clients *clients)
{
    return clients->open_count;
}

void ws_clients_close(struct ws_clients *clients)
{
    for (int i = 0; i < clients->options.clients; i++)
        client_close(clients, &clients->items[i]);
    (void)close(clients->epoll);
    mem_free(clients->items);
    mem_free(clients->buffer);
    mem_free(clients);
}
