// SPDX-License-Identifier: Apache-2.0
/* server/spread.h — what the modules publish reaches the live clients of every process on the same
 * database: announced through the store, heard by each process's hub. On SQLite a plain call. A value
 * over LIMIT_SPREAD_BYTES reaches this process's clients only; counted. */
#pragma once
#include "base/publish.h"
#include "net/live.h"
#include "store/consumer.h"

#define LIMIT_SPREAD_BYTES (60 * 1024) /* topic and JSON */

struct spread {
    struct store *store;
    struct live *live;
};

/* `spread` stays where it is until the stop; the store and the hub outlive it. */
void spread_start(struct spread *spread, struct store *store, struct live *live);
void spread_stop(struct spread *spread);
/* For the modules: valid until the stop. */
struct publisher spread_publisher(struct spread *spread);
