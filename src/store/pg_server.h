// SPDX-License-Identifier: Apache-2.0
/* store/pg_server.h — a PostgreSQL server of one's own, on a free loopback port: for tests and for
 * comparing in a bench. PostgreSQL refuses to run as root, so root starts it as "postgres" (or
 * "nobody"). It ends with the process that started it, however that ends. */
#pragma once
#include "base/base.h"

struct pg_server;

/* Makes a cluster in a new folder under `parent` (NULL: $TMPDIR or /tmp) and starts it; durable,
 * with PostgreSQL's own defaults. ERR_NOT_FOUND when it is not installed: the note says what to
 * install. The caller owns *out_server; call it on a thread that outlives the server. */
MUST_USE enum err pg_server_start(const char *parent, struct pg_server **out_server,
                                  struct err_note *note);
/* Stops it and removes the folder; NULL is fine. */
void pg_server_stop(struct pg_server *server);

int pg_server_port(const struct pg_server *server);
const char *pg_server_url(const struct pg_server *server); /* postgresql://..., a superuser */

/* For tests of what happens while it is away. */
enum pg_server_end { PG_SERVER_FAST, PG_SERVER_CRASH };
void pg_server_halt(struct pg_server *server, enum pg_server_end end);
MUST_USE enum err pg_server_resume(struct pg_server *server, struct err_note *note);
