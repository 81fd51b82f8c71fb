// SPDX-License-Identifier: Apache-2.0
#include "net/http/connections.h"

#include <stdatomic.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/metrics.h"

#define SWEEP_US    5000000
#define LONG_AGO_US (INT64_MIN / 2)

static struct metric cut =
    METRIC_COUNTER("muster_http_slow_clients_total",
                   "Connections ended because a request took too long to arrive.");

static struct metric turned_away =
    METRIC_COUNTER("muster_http_connections_refused_total",
                   "Connections closed because their address has too many already.");

struct connection {
    struct connection *previous;
    struct connection *next;
    struct address *address; /* NULL: not counted */
    int fd;
    atomic_int_fast64_t owes_since_us; /* 0 = owes nothing */
};

struct connections {
    struct lock lock;
    struct signal wake;
    struct thread sweeper;
    bool is_stopping;
    int64_t patience_us;
    struct addresses *addresses;
    struct connection head; /* a ring */
};

static void *sweep_now_and_then(void *context)
{
    struct connections *connections = context;
    for (;;) {
        lock_take(&connections->lock);
        int64_t deadline_us = clock_monotonic_us() + SWEEP_US;
        while (!connections->is_stopping &&
               signal_wait_until(&connections->wake, &connections->lock, deadline_us))
            continue;
        bool is_stopping = connections->is_stopping;
        lock_give(&connections->lock);
        if (is_stopping)
            return NULL;
        (void)connections_sweep(connections, clock_monotonic_us()); /* counted by the metric */
    }
}

struct connections *connections_create(int64_t patience_us, size_t per_address_max)
{
    struct connections *connections = mem_new(sizeof *connections);
    connections->addresses = addresses_create(per_address_max);
    lock_init(&connections->lock);
    signal_init(&connections->wake);
    connections->patience_us = patience_us;
    connections->head.next = connections->head.previous = &connections->head;
    thread_start(&connections->sweeper, "http-sweeper", sweep_now_and_then, connections);
    return connections;
}

void connections_destroy(struct connections *connections)
{
    if (connections == NULL)
        return;
    lock_take(&connections->lock);
    connections->is_stopping = true;
    signal_wake(&connections->wake);
    lock_give(&connections->lock);
    thread_join(&connections->sweeper);
    assert(connections->head.next == &connections->head);
    addresses_destroy(connections->addresses);
    signal_fini(&connections->wake);
    lock_fini(&connections->lock);
    mem_free(connections);
}

bool connections_have_room(struct connections *connections, const struct peer_address *of)
{
    bool has_room = addresses_have_room(connections->addresses, of);
    metric_add(&turned_away, !has_room);
    return has_room;
}

struct connection *connections_add(struct connections *connections, int fd,
                                   const struct peer_address *of, int64_t now_us)
{
    struct connection *connection = mem_new(sizeof *connection);
    connection->address = of == NULL ? NULL : addresses_enter(connections->addresses, of);
    connection->fd = fd;
    connection->owes_since_us = now_us;
    LOCKED(&connections->lock);
    connection->next = &connections->head;
    connection->previous = connections->head.previous;
    connection->previous->next = connection;
    connection->next->previous = connection;
    return connection;
}

void connections_remove(struct connections *connections, struct connection *connection)
{
    lock_take(&connections->lock);
    connection->previous->next = connection->next;
    connection->next->previous = connection->previous;
    lock_give(&connections->lock);
    addresses_leave(connections->addresses, connection->address);
    mem_free(connection);
}

void connection_owes(struct connection *connection, int64_t now_us)
{
    if (connection != NULL)
        atomic_store_explicit(&connection->owes_since_us, now_us, memory_order_relaxed);
}

void connection_is_served(struct connection *connection)
{
    connection_owes(connection, 0);
}

void connection_give_up(struct connection *connection)
{
    connection_owes(connection, LONG_AGO_US);
}

/* libmicrohttpd 0.9.75 does not hear of a client that left when the end came together with bytes: it
 * waits for one more event of an edge-triggered set. */
static bool has_left(int fd)
{
    char next;
    return recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

size_t connections_sweep(struct connections *connections, int64_t now_us)
{
    size_t count = 0;
    LOCKED(&connections->lock);
    for (struct connection *c = connections->head.next; c != &connections->head; c = c->next) {
        int64_t since_us = atomic_load_explicit(&c->owes_since_us, memory_order_relaxed);
        if (since_us == 0)
            continue;
        bool is_late = now_us - since_us > connections->patience_us;
        if (!is_late && !has_left(c->fd))
            continue;
        /* The descriptor is closed only after connections_remove(), so it is still this one. */
        (void)shutdown(c->fd, SHUT_RDWR); /* fails only when the client is gone already */
        metric_add(&cut, is_late && since_us != LONG_AGO_US);
        count++;
    }
    return count;
}
