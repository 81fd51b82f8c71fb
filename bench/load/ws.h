// SPDX-License-Identifier: Apache-2.0
/* bench/load/ws.h — many WebSocket clients on one thread, to measure the live hub: each signs in by cookie or
 * token, subscribes to one topic, and tells of every text message that it gets. */
#pragma once
#include "base/base.h"

struct ws_clients;

struct ws_options {
    const char *address; /* IPv4; clients beyond 20,000 a source address use 127.0.0.2, ... */
    uint16_t port;
    const char *path;    /* "/live" */
    const char *headers; /* further request headers, each with its \r\n; "" for none */
    const char *topic;   /* subscribed to after the handshake */
    int clients;
    /* A whole text message; borrowed for the call. */
    void (*heard)(void *context, int client, const char *message, size_t len);
    void *context;
};

/* Connects, shakes hands and subscribes all; ERR_IO when one cannot. The caller owns *out_clients. */
MUST_USE enum err ws_clients_open(const struct ws_options *options, struct ws_clients **out_clients,
                                  struct err_note *note);
/* Reads what comes until the deadline (clock_monotonic_us) or until *stop is not 0 (may be NULL). */
void ws_clients_run(struct ws_clients *clients, int64_t deadline_us, const volatile int *stop);
int ws_clients_open_count(const struct ws_clients *clients); /* those still connected */
void ws_clients_close(struct ws_clients *clients);
