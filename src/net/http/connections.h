// SPDX-License-Identifier: Apache-2.0
/* net/http/connections.h — a bound on how long a client may take to send one request.
 *
 * libmicrohttpd's timeout restarts with every byte, so one byte a minute would hold a connection for
 * ever (slowloris). Here every connection notes since when it owes us a complete request; a sweep
 * every few seconds shuts down those that owe it for too long. Nothing is locked per request. */
#pragma once
#include "net/http/callers/addresses.h"

struct connections;
struct connection;

struct connections *connections_create(int64_t patience_us, size_t per_address_max);
void connections_destroy(struct connections *connections);

/* May this address have one more? */
bool connections_have_room(struct connections *connections, const struct peer_address *of);
/* `of` NULL: not counted. */
struct connection *connections_add(struct connections *connections, int fd,
                                   const struct peer_address *of, int64_t now_us);
void connections_remove(struct connections *connections, struct connection *connection);
/* The client owes a request from now on; or (connection_is_served) owes nothing. NULL is fine. */
void connection_owes(struct connection *connection, int64_t now_us);
void connection_is_served(struct connection *connection);
/* The next sweep shuts it down whatever it owes. */
void connection_give_up(struct connection *connection);
/* Shuts down who owes for longer than the patience, or owes and has left; returns how many. Also run
 * every 5 s. */
size_t connections_sweep(struct connections *connections, int64_t now_us);
