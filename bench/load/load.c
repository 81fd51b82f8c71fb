// SPDX-License-Identifier: Apache-2.0
#include "bench/load/load.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024, HEAD_MAX = 16 * 1024 };
#define WAIT_MAX_US INT64_C(100000)

enum state { IDLE, SENDING, HEAD, BODY, CLOSED };

struct connection {
    int fd;
    enum state state;
    struct load_request request;
    size_t sent;
    int64_t due_us;
    int status;
    size_t body_left;
    size_t head_len;
    char *head; /* of an answer that came in pieces; most come in one */
};

struct load {
    const struct load_options *options;
    struct load_result *result;
    struct connection *connections;
    int epoll;
    int64_t start_us;
    int64_t end_us;
    int64_t due_count; /* requests started, for the pace */
    int *idle;         /* a stack of connections that wait for their turn */
    int idle_count;
    int open_count;
    bool is_over;
    char *buffer;
};

static void connection_close(struct load *load, struct connection *connection)
{
    (void)close(connection->fd);
    mem_free(connection->head);
    connection->head = NULL;
    connection->state = CLOSED;
    load->open_count--;
}

static void connection_break(struct load *load, struct connection *connection)
{
    load->result->broken++;
    connection_close(load, connection);
}

/* Sends what is left; waits for room when the socket is full. */
static void send_rest(struct load *load, struct connection *connection)
{
    const struct load_request *request = &connection->request;
    while (connection->sent < request->len) {
        ssize_t n = send(connection->fd, request->bytes + connection->sent,
                         request->len - connection->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            connection_break(load, connection);
            return;
        }
        connection->sent += (size_t)n;
    }
    connection->state = HEAD;
}

static void start_request(struct load *load, struct connection *connection, int64_t due_us)
{
    int index = (int)(connection - load->connections);
    if (load->is_over ||
        !load->options->next(load->options->context, index, &connection->request)) {
        connection_close(load, connection);
        return;
    }
    connection->state = SENDING;
    connection->sent = 0;
    connection->due_us = due_us;
    send_rest(load, connection);
}

static void finish_request(struct load *load, struct connection *connection)
{
    int64_t now_us = clock_monotonic_us();
    latency_add(load->result->latency, now_us - connection->due_us);
    if (connection->status >= 200 && connection->status < 400) {
        load->result->answered++;
    } else {
        load->result->refused++;
        if (load->result->first_refusal == 0)
            load->result->first_refusal = connection->status;
    }
    load->result->duration_us = now_us - load->start_us;
    connection->state = IDLE;
    if (now_us >= load->end_us)
        load->is_over = true;
    if (load->is_over)
        connection_close(load, connection);
    else if (load->options->requests_per_s > 0)
        load->idle[load->idle_count++] = (int)(connection - load->connections);
    else
        start_request(load, connection, now_us);
}

/* The value of Content-Length, 0 without one (our peers and we always send it, or no body). */
static size_t content_length(const char *head, size_t len)
{
    static const char NAME[] = "\ncontent-length:";
    for (size_t i = 0; i + sizeof NAME < len; i++) {
        if (head[i] == '\n' && strncasecmp(head + i, NAME, sizeof NAME - 1) == 0)
            return strtoul(head + i + sizeof NAME - 1, NULL, 10);
    }
    return 0;
}

/* Takes bytes of an answer's head; returns how many belong to it, 0 when it is broken. */
static size_t take_head(struct connection *connection, const char *bytes, size_t len)
{
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    if (connection->head == NULL && end != NULL) { /* the whole head in one piece */
        size_t head_len = (size_t)(end - bytes) + 4;
        connection->status = head_len > 12 ? (int)strtol(bytes + 9, NULL, 10) : 0;
        connection->body_left = content_length(bytes, head_len);
        connection->state = BODY;
        return head_len;
    }
    if (connection->head == NULL) {
        connection->head = mem_new(HEAD_MAX);
        connection->head_len = 0;
    }
    size_t taken = 0;
    while (taken < len && connection->head_len < HEAD_MAX - 1) {
        connection->head[connection->head_len++] = bytes[taken++];
        size_t n = connection->head_len;
        if (n >= 4 && memcmp(connection->head + n - 4, "\r\n\r\n", 4) == 0) {
            connection->head[n] = '\0';
            connection->status = n > 12 ? (int)strtol(connection->head + 9, NULL, 10) : 0;
            connection->body_left = content_length(connection->head, n);
            connection->state = BODY;
            mem_free(connection->head);
            connection->head = NULL;
            return taken;
        }
    }
    return connection->head_len < HEAD_MAX - 1 ? taken : 0;
}

/* True when there may be more: what filled less than the buffer has emptied the socket. */
static bool receive(struct load *load, struct connection *connection)
{
    ssize_t n = recv(connection->fd, load->buffer, READ_SIZE, 0);
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) {
        connection_break(load, connection);
        return false;
    }
    load->result->bytes_in += n;
    size_t used = 0;
    while (used < (size_t)n && (connection->state == HEAD || connection->state == BODY)) {
        if (connection->state == HEAD) {
            size_t taken = take_head(connection, load->buffer + used, (size_t)n - used);
            if (taken == 0) {
                connection_break(load, connection);
                return false;
            }
            used += taken;
        }
        if (connection->state != BODY)
            continue;
        size_t part = MIN(connection->body_left, (size_t)n - used);
        used += part;
        connection->body_left -= part;
        if (connection->body_left == 0)
            finish_request(load, connection);
    }
    return n == READ_SIZE;
}

static int connect_to(const struct load_options *options)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options->port)};
    if (inet_pton(AF_INET, options->address, &address.sin_addr) != 1)
        return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct timeval patience = {.tv_sec = 10};
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    int flags = 1;
    (void)ioctl(fd, FIONBIO, &flags);
    return fd;
}

static void open_connections(struct load *load)
{
    for (int i = 0; i < load->options->connections; i++) {
        struct connection *connection = &load->connections[i];
        connection->fd = connect_to(load->options);
        connection->state = connection->fd < 0 ? CLOSED : IDLE;
        if (connection->fd < 0) {
            load->result->broken++;
            continue;
        }
        load->open_count++;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                    .data.u32 = (uint32_t)i};
        (void)epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event);
    }
}

/* Starts what is due; returns how long until the next is, in us. */
static int64_t start_due(struct load *load, int64_t now_us)
{
    double rate = load->options->requests_per_s;
    while (rate > 0 && load->idle_count > 0) {
        int64_t due_us = load->start_us + (int64_t)((double)load->due_count * 1e6 / rate);
        if (due_us >= load->end_us)
            load->is_over = true;
        if (!load->is_over && due_us > now_us)
            return MIN(due_us - now_us, WAIT_MAX_US);
        load->due_count++;
        start_request(load, &load->connections[load->idle[--load->idle_count]], due_us);
    }
    return WAIT_MAX_US;
}

static void handle(struct load *load, const struct epoll_event *event)
{
    struct connection *connection = &load->connections[event->data.u32];
    if (connection->state == SENDING && (event->events & EPOLLOUT) != 0)
        send_rest(load, connection);
    if (connection->state == CLOSED || (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
        return;
    while (receive(load, connection) && connection->state != CLOSED)
        continue;
    if (connection->state == IDLE && (event->events & (EPOLLHUP | EPOLLERR)) != 0)
        connection_break(load, connection);
}

static void run_loop(struct load *load)
{
    struct epoll_event events[512];
    int64_t give_up_us = load->end_us + 30 * 1000000;
    while (load->open_count > 0) {
        int64_t now_us = clock_monotonic_us();
        if (now_us >= load->end_us)
            load->is_over = true;
        struct timespec wait = {.tv_nsec = start_due(load, now_us) * 1000};
        int n = epoll_pwait2(load->epoll, events, COUNT_OF(events), &wait, NULL);
        for (int i = 0; i < n; i++)
            handle(load, &events[i]);
        if (now_us > give_up_us)
            break;
    }
}

/* CPU seconds of the calling thread. */
static double own_cpu_s(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_THREAD, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* fewer connections then count as broken */
    }
}

enum err load_run(const struct load_options *options, struct load_result *out_result,
                  struct err_note *note)
{
    raise_file_limit();
    struct load_result result = {.latency = mem_new(sizeof *result.latency)};
    struct load load = {.options = options, .result = &result};
    load.connections = mem_new_array((size_t)options->connections, sizeof *load.connections);
    load.idle = mem_new_array((size_t)options->connections, sizeof *load.idle);
    load.buffer = mem_new(READ_SIZE);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    open_connections(&load);
    enum err err = load.open_count > 0
                       ? ERR_NONE
                       : err_set(note, ERR_IO, options->address, "no connection could be made");
    double cpu_s = own_cpu_s();
    load.start_us = clock_monotonic_us();
    load.end_us = load.start_us + options->duration_us;
    for (int i = 0; i < options->connections; i++) {
        if (load.connections[i].state != IDLE)
            continue;
        if (options->requests_per_s > 0)
            load.idle[load.idle_count++] = i;
        else
            start_request(&load, &load.connections[i], load.start_us);
    }
    run_loop(&load);
    result.cpu_s = own_cpu_s() - cpu_s;
    for (int i = 0; i < options->connections; i++) {
        if (load.connections[i].state != CLOSED)
            connection_break(&load, &load.connections[i]);
    }
    (void)close(load.epoll);
    mem_free(load.connections);
    mem_free(load.idle);
    mem_free(load.buffer);
    *out_result = result;
    return err;
}

void load_result_fini(struct load_result *result)
{
    mem_free(result->latency);
    *result = (struct load_result){0};
}

double load_latency_ms(const struct load_result *result, double quantile)
{
    return result->latency == NULL ? 0 : latency_ms(result->latency, quantile);
}
