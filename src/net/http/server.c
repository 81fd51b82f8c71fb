// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http/connections.h"
#include "net/http/internal.h"

#define LISTEN_BACKLOG      4096 /* the kernel cuts it to net.core.somaxconn */
#define IDLE_TIMEOUT_S      75U
#define REQUEST_PATIENCE_US (120 * INT64_C(1000000)) /* idle time included */
#define STOP_SWEEP_US       100000
#define THROTTLE_KEYS       65536
#define WORKERS_DEFAULT     8
#define GATE_THREADS        4
#define AUTHORISED_FOR_US   2000000
#define TLS_FILE_MAX        (256 * 1024)
/* TLS 1.2 and 1.3, forward secrecy only. */
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE"

/* One connection's memory: request head, response head, and the window through which a body passes. A
 * head that leaves no room for the response's is closed without a word, so there is some beyond the limit. */
#define CONNECTION_MEMORY    ((size_t)LIMIT_HTTP_HEADER_BYTES + 4096)
#define CONNECTION_INCREMENT ((size_t)(8 * 1024))

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_write(LOG_WARN, "http", "descriptor limit stays low", "errno=%d", errno);
}

static int listen_on(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    int off = 0;
    /* Accepted sockets inherit TCP_NODELAY; what cannot be set is no reason not to serve. */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (info->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static enum err open_listener(const char *address, uint16_t number, int *out_fd,
                              struct err_note *note)
{
    char port[8];
    (void)snprintf(port, sizeof port, "%u", number);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *info = NULL;
    int result = getaddrinfo(address, port, &hints, &info);
    if (result != 0)
        return err_set(note, ERR_INVALID, "address", "\"%s\" cannot be listened on: %s.", address,
                       gai_strerror(result));
    int fd = listen_on(info);
    int error = errno;
    freeaddrinfo(info);
    if (fd < 0)
        return err_set(note, ERR_IO, "address", "cannot listen on %s port %s: %s.", address, port,
                       strerror(error));
    *out_fd = fd;
    return ERR_NONE;
}

static enum err read_file(const char *path, char **out_text, struct err_note *note)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return err_set(note, ERR_INVALID, path, "cannot be read: %s.", strerror(errno));
    char *text = mem_new(TLS_FILE_MAX + 1);
    size_t len = fread(text, 1, TLS_FILE_MAX + 1, file);
    bool is_whole = len <= TLS_FILE_MAX && ferror(file) == 0;
    (void)fclose(file); /* read only: nothing to lose */
    if (!is_whole) {
        mem_free(text);
        return err_set(note, ERR_INVALID, path, "is larger than %d bytes or cannot be read.",
                       TLS_FILE_MAX);
    }
    text[len] = '\0';
    *out_text = text;
    return ERR_NONE;
}

static enum err load_tls(struct http_server *server, struct err_note *note)
{
    const struct http_server_options *options = &server->options;
    if ((options->tls_certificate_file == NULL) != (options->tls_key_file == NULL))
        return err_set(note, ERR_INVALID, "tls",
                       "needs both files, the certificate and its key, or none.");
    if (options->tls_key_file == NULL)
        return ERR_NONE;
    TRY(read_file(options->tls_certificate_file, &server->tls_certificate, note));
    return read_file(options->tls_key_file, &server->tls_key, note);
}

bool http_server_counts(const struct http_server *server, const struct peer_address *address)
{
    return !peer_is_loopback(address) && !peer_networks_have(&server->proxies, address);
}

static bool is_counted(const struct http_server *server, const struct sockaddr *address,
                       struct peer_address *out)
{
    return peer_address_of(address, out) && http_server_counts(server, out);
}

static enum MHD_Result let_in(void *context, const struct sockaddr *address, socklen_t len)
{
    (void)len;
    struct http_server *server = context;
    struct peer_address peer;
    bool may_come =
        !is_counted(server, address, &peer) || connections_have_room(server->connections, &peer);
    return may_come ? MHD_YES : MHD_NO;
}

static struct connection *add_connection(struct http_server *server,
                                         struct MHD_Connection *connection)
{
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct peer_address peer;
    bool counts = is_counted(server, info->client_addr, &peer);
    return connections_add(server->connections, fd, counts ? &peer : NULL, clock_monotonic_us());
}

static void on_connection(void *context, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *slot = add_connection(server, connection);
    } else if (*slot != NULL) {
        connections_remove(server->connections, *slot);
        *slot = NULL;
    }
}

/* Targets are decoded by url.c, by its own rules. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(void *context, int thread_count)
{
    struct http_server *server = context;
    unsigned connections_max = (unsigned)(LIMIT_HTTP_CONNECTIONS / thread_count);
    unsigned flags =
        MHD_USE_EPOLL | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_TURBO;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    if (server->tls_key != NULL)
        flags |= MHD_USE_TLS;
    else
        tls[0] = tls[3];
    return MHD_start_daemon(
        flags, server->port, let_in, server, dispatch_access, server, MHD_OPTION_LISTEN_SOCKET,
        server->listener, MHD_OPTION_CONNECTION_LIMIT, connections_max,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY, MHD_OPTION_CONNECTION_MEMORY_INCREMENT, CONNECTION_INCREMENT,
        MHD_OPTION_NOTIFY_COMPLETED, dispatch_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_URI_LOG_CALLBACK, dispatch_target, server,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

enum err http_listen(const char *address, uint16_t port, struct http_listener *out_listener,
                     struct err_note *note)
{
    int fd = -1;
    TRY(open_listener(address == NULL ? "127.0.0.1" : address, port, &fd, note));
    *out_listener = (struct http_listener){.fd = fd, .port = port_of(fd)};
    return ERR_NONE;
}

void http_listener_close(struct http_listener *listener)
{
    if (listener->fd >= 0)
        (void)close(listener->fd);
    listener->fd = -1;
}

static void destroy(struct http_server *server)
{
    loops_stop(server->loops);
    if (server->quiet_listener >= 0)
        (void)close(server->quiet_listener);
    connections_destroy(server->connections);
    static_cache_destroy(server->static_cache);
    shares_destroy(server->sender_shares);
    shares_destroy(server->address_shares);
    throttle_destroy(server->throttle);
    router_destroy(server->router);
    mem_free(server->tls_certificate);
    if (server->tls_key != NULL)
        explicit_bzero(server->tls_key, strlen(server->tls_key));
    mem_free(server->tls_key);
    signal_fini(&server->idle);
    lock_fini(&server->lock);
    mem_free(server);
}

static size_t or_default(size_t value, size_t fallback)
{
    return value == 0 ? fallback : value;
}

static void start_counting(struct http_server *server)
{
    const struct http_server_options *options = &server->options;
    server->connections =
        connections_create(REQUEST_PATIENCE_US, or_default(options->connections_per_address,
                                                           LIMIT_HTTP_ADDRESS_CONNECTIONS));
    server->bodies.max = or_default(options->body_bytes_max, LIMIT_HTTP_BODIES_BYTES);
    server->sender_shares =
        shares_create(BODY_BUDGET_OF_SENDER,
                      or_default(options->body_bytes_per_sender, LIMIT_HTTP_SENDER_BODIES_BYTES));
    server->address_shares =
        shares_create(BODY_BUDGET_OF_ADDRESS,
                      or_default(options->body_bytes_per_address, LIMIT_HTTP_ADDRESS_BODIES_BYTES));
}

static enum err start(struct http_server *server, struct err_note *note)
{
    const struct http_server_options *options = &server->options;
    TRY(router_create(options->tables, options->table_count, &server->router, note));
    TRY(peer_networks_parse(options->trusted_proxies, &server->proxies, note));
    TRY(load_tls(server, note));
    struct http_listener own = {.fd = -1};
    struct http_listener *listener = options->listener == NULL ? &own : options->listener;
    if (options->listener == NULL)
        TRY(http_listen(options->address, options->port, listener, note));
    server->port = listener->port;
    server->throttle = throttle_create(THROTTLE_KEYS);
    server->static_cache = static_cache_create();
    start_counting(server);
    server->workers = workers_create(
        "http-worker", options->worker_count == 0 ? WORKERS_DEFAULT : options->worker_count,
        dispatch_on_worker);
    server->authorised_for_us = AUTHORISED_FOR_US;
    server->gate = workers_create("http-gate", GATE_THREADS, dispatch_at_gate);
    server->listener = listener->fd;
    server->loops = loops_start(server->options.thread_count, start_daemon, server);
    if (server->loops != NULL) {
        listener->fd = -1; /* the loops' now */
        return ERR_NONE;
    }
    http_listener_close(listener);
    workers_destroy(server->gate);
    workers_destroy(server->workers);
    if (server->tls_key != NULL)
        return err_set(note, ERR_INVALID, "tls", "certificate and key do not go together.");
    return err_set(note, ERR_IO, "http", "the server cannot be started.");
}

enum err http_server_start(const struct http_server_options *options,
                           struct http_server **out_server, struct err_note *note)
{
    struct http_server *server = mem_new(sizeof *server);
    server->options = *options;
    server->quiet_listener = -1;
    if (server->options.thread_count == 0)
        server->options.thread_count = (int)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
    lock_init(&server->lock);
    signal_init(&server->idle);
    raise_descriptor_limit();
    (void)signal(SIGPIPE,
                 SIG_IGN); /* a client that left is an error of write(), not of the process */
    enum err err = start(server, note);
    if (err != ERR_NONE) {
        destroy(server);
        return err;
    }
    *out_server = server;
    return ERR_NONE;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_at_stop(struct http_server *server, struct http_stop_hook *hook)
{
    LOCKED(&server->lock);
    for (struct http_stop_hook *h = server->hooks; h != NULL; h = h->next) {
        if (h == hook)
            return;
    }
    hook->next = server->hooks;
    server->hooks = hook;
}

void http_server_hold(struct http_server *server)
{
    (void)atomic_fetch_add(&server->held_count, 1);
}

void http_server_release(struct http_server *server)
{
    if (atomic_fetch_sub(&server->held_count, 1) == 1 && http_server_is_stopping(server)) {
        LOCKED(&server->lock);
        signal_wake_all(&server->idle);
    }
}

bool http_server_is_stopping(const struct http_server *server)
{
    return atomic_load(&server->is_stopping);
}

static void wait_for_held(struct http_server *server)
{
    while (atomic_load(&server->held_count) > 0) {
        lock_take(&server->lock);
        int64_t deadline_us = clock_monotonic_us() + STOP_SWEEP_US;
        while (atomic_load(&server->held_count) > 0 &&
               signal_wait_until(&server->idle, &server->lock, deadline_us))
            continue;
        lock_give(&server->lock);
        (void)connections_sweep(server->connections, clock_monotonic_us()); /* see websocket.c */
        loops_wake(server->loops);
    }
}

void http_server_stop(struct http_server *server)
{
    if (server == NULL)
        return;
    server->quiet_listener = loops_quiesce(server->loops);
    atomic_store(&server->is_stopping, true);
    lock_take(&server->lock);
    struct http_stop_hook *hook = server->hooks;
    server->hooks = NULL;
    lock_give(&server->lock);
    for (; hook != NULL; hook = hook->next)
        hook->stop(hook->context);
    wait_for_held(server);
    workers_destroy(server->gate);
    workers_destroy(server->workers);
    destroy(server);
}
