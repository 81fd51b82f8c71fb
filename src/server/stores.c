// SPDX-License-Identifier: Apache-2.0
#include "server/stores.h"

#include "accounts/accounts.h"
#include "alerts/alerts.h"
#include "api/idempotency.h"
#include "crowd/crowd.h"
#include "crowd/paths.h"
#include "events/events.h"
#include "notify/notify.h"
#include "readings/readings.h"
#include "store/consumer.h"
#include "store/stream.h"
#include "trends/trends.h"
#include "venues/venues.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_PATH_SIZE 4096

/* What store_options borrows while a store is opened. */
struct plan {
    struct store_module modules[8];
    struct store_options options;
    char url[STORE_PATH_SIZE];
};

static enum err plan_init(struct plan *plan, const struct server_options *options, const char *name,
                          struct err_note *note)
{
    int len = options->database != NULL
                  ? snprintf(plan->url, sizeof plan->url, "%s", options->database)
                  : snprintf(plan->url, sizeof plan->url, "sqlite:%s", options->data_folder);
    if (len < 0 || (size_t)len >= sizeof plan->url)
        return err_set(note, ERR_INVALID, "data-folder", "the folder's name is too long");
    plan->options =
        (struct store_options){.name = name, .url = plan->url, .modules = plan->modules};
    return ERR_NONE;
}

static void plan_add(struct plan *plan, struct store_module module)
{
    assert(plan->options.module_count < COUNT_OF(plan->modules));
    plan->modules[plan->options.module_count++] = module;
}

static enum err plan_main(struct plan *plan, const struct server_options *options,
                          struct err_note *note)
{
    TRY(plan_init(plan, options, "main", note));
    plan_add(plan, accounts_store_module);
    plan_add(plan, events_store_module);
    plan_add(plan, venues_store_module);
    plan_add(plan, alerts_store_module);
    plan_add(plan, notify_store_module);
    plan_add(plan, api_store_module);
    return ERR_NONE;
}

static enum err plan_telemetry(struct plan *plan, const struct server_options *options,
                               struct err_note *note)
{
    TRY(plan_init(plan, options, "telemetry", note));
    plan_add(plan, readings_store_module);
    plan_add(plan, crowd_store_module);
    plan_add(plan, paths_store_module);
    plan_add(plan, trends_store_module);
    plan_add(plan, crossings_store_module);
    return ERR_NONE;
}

enum err stores_open(const struct server_options *options, struct stores *out_stores,
                     struct err_note *note)
{
    struct plan plan = {0};
    SCOPED(store) opened = NULL;
    TRY(plan_main(&plan, options, note));
    TRY(store_open(&plan.options, &opened, note));
    plan = (struct plan){0};
    TRY(plan_telemetry(&plan, options, note));
    TRY(store_open(&plan.options, &out_stores->telemetry, note));
    out_stores->main = TAKE(opened);
    return ERR_NONE;
}

void stores_close(struct stores *stores)
{
    store_close(stores->telemetry);
    store_close(stores->main);
    *stores = (struct stores){0};
}

const char *const stores_main_streams[] = {"venues", "incidents", NULL};
const char *const stores_telemetry_streams[] = {"detections", "readings", "tracks", NULL};

static void keep_streams(struct store *store, const char *const *names,
                         struct stream_retention rule)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        rule.stream = names[i];
        store_keep(store, &rule);
    }
}

void stores_keep(const struct stores *stores, const struct server_options *options)
{
    struct stream_retention rule = {.age_max_ms = options->keep_streams_ms,
                                    .bytes_max = options->keep_streams_bytes};
    keep_streams(stores->main, stores_main_streams, rule);
    keep_streams(stores->telemetry, stores_telemetry_streams, rule);
    dead_letters_keep(stores->main, options->keep_streams_ms);
    dead_letters_keep(stores->telemetry, options->keep_streams_ms);
    accounts_keep(stores->main, options->session_absolute_ms);
    idempotency_keep(stores->main);
    mails_keep(stores->main, options->keep_mails_ms);
    incidents_keep(stores->main, options->keep_incidents_ms);
}

enum err stores_read_main(const struct server_options *options,
                          enum err (*read)(struct db *db, void *context), void *context,
                          struct err_note *note)
{
    struct plan plan = {0};
    TRY(plan_main(&plan, options, note));
    return store_read_at(&plan.options, read, context, note);
}

/* --- backup and restore --- */

static bool join(char *out, size_t size, const char *folder, const char *name)
{
    int len = snprintf(out, size, "%s%s", folder, name);
    return len > 0 && (size_t)len < size;
}

static enum err backup_one(const struct plan *plan, const char *folder, struct err_note *note)
{
    char path[STORE_PATH_SIZE + 16];
    if (!join(path, sizeof path, folder, plan->options.name))
        return err_set(note, ERR_INVALID, folder, "the folder's name is too long");
    return store_backup_at(&plan->options, path, note);
}

/* Main first: its consumers' positions are then never ahead of the telemetry that they count in. */
static enum err backup_into(const struct server_options *options, const char *folder,
                            struct err_note *note)
{
    struct plan plan = {0};
    TRY(plan_main(&plan, options, note));
    TRY(backup_one(&plan, folder, note));
    plan = (struct plan){0};
    TRY(plan_telemetry(&plan, options, note));
    return backup_one(&plan, folder, note);
}

enum err stores_backup(const struct server_options *options, const char *folder,
                       struct err_note *note)
{
    char partial[STORE_PATH_SIZE];
    if (!join(partial, sizeof partial - 1, folder, ".partial"))
        return err_set(note, ERR_INVALID, folder, "the folder's name is too long");
    if (access(folder, F_OK) == 0)
        return err_set(note, ERR_CONFLICT, folder,
                       "is there already; a backup is never written over, name a new folder");
    if (mkdir(partial, 0700) != 0)
        return err_set(note, ERR_IO, partial, "cannot make the folder: %s%s", strerror(errno),
                       errno == EEXIST ? "; remove what an interrupted backup left" : "");
    size_t len = strlen(partial);
    (void)memcpy(partial + len, "/", 2);
    enum err err = backup_into(options, partial, note);
    partial[len] = '\0';
    if (err == ERR_NONE && rename(partial, folder) != 0)
        err = err_set(note, ERR_IO, folder, "cannot name the backup: %s", strerror(errno));
    return err;
}

static enum err restore_one(const struct plan *plan, const char *folder, struct err_note *note)
{
    char path[STORE_PATH_SIZE + 16];
    if (!join(path, sizeof path - 1, folder, "/") ||
        !join(path + strlen(path), sizeof path - strlen(path), plan->options.name, ""))
        return err_set(note, ERR_INVALID, folder, "the folder's name is too long");
    if (access(path, R_OK) != 0)
        return err_set(note, ERR_NOT_FOUND, path,
                       "cannot be read: %s; name a folder that muster backup wrote",
                       strerror(errno));
    return store_restore(&plan->options, path, note);
}

enum err stores_restore(const struct server_options *options, const char *folder,
                        struct err_note *note)
{
    struct plan plan = {0};
    TRY(plan_main(&plan, options, note));
    TRY(restore_one(&plan, folder, note));
    plan = (struct plan){0};
    TRY(plan_telemetry(&plan, options, note));
    return restore_one(&plan, folder, note);
}
