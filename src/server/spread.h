// SPDX-License-Identifier: Apache-2.0
/* server/spread.h — what the modules publish reaches the live clients of every process on the same
 * database: announced through the store, heard by each process's hub. After this process was cut off
 * from the others, its clients come anew and read the present state. On SQLite a plain call. Of a gauge
 * the others get the newest value that there is when their turn to hear comes. A value over
 * LIMIT_ANNOUNCE_BYTES reaches this process's clients only; counted. */
#pragma once
#include "base/publish.h"
#include "net/live.h"
#include "store/consumer.h"

struct spread {
    struct store *store;
    struct live *live;
};

/* `spread` stays where it is until the stop; the store and the hub outlive it. */
void spread_start(struct spread *spread, struct store *store, struct live *live);
void spread_stop(struct spread *spread);
/* What any process on the database publishes, this one too, is heard before it goes to the clients.
 * The struct is the caller's, until spread_unlisten(). */
struct spread_ear {
    struct store *store;
    void (*hear)(void *context, const char *topic, const char *json, size_t len);
    void *context;
};
void spread_listen(struct spread *spread, struct spread_ear *ear);
void spread_unlisten(struct spread_ear *ear);
/* For the modules: valid until the stop. */
struct publisher spread_publisher(struct spread *spread);
