// SPDX-License-Identifier: Apache-2.0
/* Expiry of the modules' own rows, a slice in a command of its own. Looking comes first and without
 * the writer, so that nothing to remove costs no commit. */
#include "store/store_internal.h"

struct expiring {
    const struct store_expiry *expiry;
    int64_t oldest_ms;
    int64_t removed;
};

static enum err remove_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct expiring *expiring = context;
    return sql_run_counted(db, &expiring->removed, expiring->expiry->remove,
                           SQL_INT(expiring->oldest_ms), SQL_INT(LIMIT_REMOVAL_ROWS));
}

static enum err is_due(struct store *store, const struct expiring *expiring, bool *out_is_due)
{
    struct db *db = store_reader_take(store);
    if (db == NULL)
        return ERR_BUSY;
    int64_t ignored;
    enum err err = sql_one_int(db, &ignored, expiring->expiry->find, SQL_INT(expiring->oldest_ms));
    store_reader_give(store, db);
    *out_is_due = err == ERR_NONE;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err expire_slice(struct store *store, const struct store_expiry *expiry, int64_t now_ms,
                      bool *out_is_more, struct err_note *note)
{
    struct expiring expiring = {.expiry = expiry, .oldest_ms = now_ms - expiry->age_max_ms};
    bool is_needed = false;
    *out_is_more = false;
    if (expiry->age_max_ms == 0)
        return ERR_NONE;
    TRY(is_due(store, &expiring, &is_needed));
    if (!is_needed)
        return ERR_NONE;
    TRY(store_write(store, remove_run, &expiring, note));
    metric_add(&store->metrics->expired, expiring.removed);
    *out_is_more = expiring.removed >= LIMIT_REMOVAL_ROWS;
    return ERR_NONE;
}
