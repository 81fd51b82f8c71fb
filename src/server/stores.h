// SPDX-License-Identifier: Apache-2.0
/* server/stores.h — the two stores with every module's tables: opened together, backed up and
 * restored together. A backup is a folder with one file a store; it appears under its name only
 * once it is complete and on disk. */
#pragma once
#include "server/settings.h"
#include "store/store.h"

struct stores {
    struct store *main;
    struct store *telemetry;
};

/* The caller closes both with stores_close(). */
MUST_USE enum err stores_open(const struct server_options *options, struct stores *out_stores,
                              struct err_note *note);
void stores_close(struct stores *stores);

/* ERR_CONFLICT when `folder` is there already. */
MUST_USE enum err stores_backup(const struct stores *stores, const char *folder,
                                struct err_note *note);
/* Into stores that hold nothing yet. */
MUST_USE enum err stores_restore(const struct server_options *options, const char *folder,
                                 struct err_note *note);
