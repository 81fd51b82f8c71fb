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

extern const char *const stores_main_streams[]; /* ends with NULL */
extern const char *const stores_telemetry_streams[];

/* From now on the streams' old records go, by the settings. */
void stores_keep(const struct stores *stores, const struct server_options *options);

/* Reads one snapshot of the main store, also beside a running server (store_read_at). */
MUST_USE enum err stores_read_main(const struct server_options *options,
                                   enum err (*read)(struct db *db, void *context), void *context,
                                   struct err_note *note);

/* Copies both into the new folder, also beside a running server. ERR_CONFLICT when it is there. */
MUST_USE enum err stores_backup(const struct server_options *options, const char *folder,
                                struct err_note *note);
/* Into an installation that has no databases yet. */
MUST_USE enum err stores_restore(const struct server_options *options, const char *folder,
                                 struct err_note *note);
