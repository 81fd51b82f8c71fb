// SPDX-License-Identifier: Apache-2.0
/* server/server.h — the running program: opens everything from the bottom up, closes it in reverse.
 * The only place that knows every module. */
#pragma once
#include "net/http.h"
#include "server/settings.h"

struct server;

/* Opens stores and modules, then starts to serve. `options` is borrowed until the stop. The caller
 * owns *out_server. `note` says what failed and what to do about it. */
MUST_USE enum err server_start(const struct server_options *options, struct server **out_server,
                               struct err_note *note);
/* Takes no new requests, finishes those at hand, writes what is queued, closes. */
void server_stop(struct server *server);

/* "http://127.0.0.1:8080": what this machine reaches it by. */
const char *server_url(const struct server *server);
