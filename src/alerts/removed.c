// SPDX-License-Identifier: Apache-2.0
#include "alerts/removed.h"

#include "alerts/alerts_internal.h"
#include "alerts/place.h"
#include "base/log.h"
#include "base/text.h"

#define STREAM "venues"

struct doomed {
    char event[LIMIT_ID_LEN + 1];
    char series[READINGS_SERIES_LEN + 1];
    enum resolution resolution;
};

struct removed {
    struct store *store;
    struct consumer *consumer;
    struct doomed *doomed; /* by the batch at hand; owned */
    size_t count, size;
};

static void doom(struct removed *removed, const char *event, const char *series)
{
    static const enum resolution WHY[] = {[VENUE_PART_VENUE] = RESOLUTION_VENUE_REMOVED,
                                          [VENUE_PART_ZONE] = RESOLUTION_ZONE_REMOVED,
                                          [VENUE_PART_DEVICE] = RESOLUTION_DEVICE_REMOVED};
    if (removed->count == removed->size) {
        removed->size = removed->size == 0 ? 16 : 2 * removed->size;
        removed->doomed = mem_resize(removed->doomed, removed->size * sizeof *removed->doomed);
    }
    struct doomed *doomed = &removed->doomed[removed->count++];
    char id[LIMIT_ID_LEN + 1];
    doomed->resolution = WHY[place_of_series(series, id)];
    (void)text_copy(doomed->event, sizeof doomed->event, event);
    (void)text_copy(doomed->series, sizeof doomed->series, series);
}

/* All series of the event that something is remembered of; the caller owns texts and array. */
static enum err known_series(struct db *db, const char *event, char ***out_series,
                             size_t *out_count)
{
    struct sql_rows rows;
    char **series = NULL;
    size_t count = 0, size = 0;
    TRY(sql_query(db, &rows,
                  "SELECT series FROM alert_alarm WHERE event = $1"
                  " UNION SELECT series FROM alert_incident WHERE event = $1 AND resolved_ms = 0",
                  SQL_TEXT(event)));
    while (sql_next(&rows)) {
        if (count == size) {
            size = size == 0 ? 64 : 2 * size;
            series = mem_resize(series, size * sizeof *series);
        }
        series[count++] = mem_text(sql_text(&rows, 0));
    }
    *out_series = series;
    *out_count = count;
    return sql_end(&rows);
}

static enum err look_at_event(struct removed *removed, struct db *db, const char *event)
{
    char **series = NULL;
    size_t count = 0;
    enum err err = known_series(db, event, &series, &count);
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = place_exists(db, event, series[i]);
        if (err == ERR_NOT_FOUND) {
            doom(removed, event, series[i]);
            err = ERR_NONE;
        }
    }
    for (size_t i = 0; i < count; i++)
        mem_free(series[i]);
    mem_free(series);
    return err;
}

/* True, with its event, for a record that tells of something removed. */
static bool tells_removal(const struct stream_record *record, char out_event[LIMIT_ID_LEN + 1])
{
    SCOPED_JSON *document = NULL;
    bool is_read = json_parse(record->body, record->body_len, &document, NULL) == ERR_NONE;
    const char *event = json_string_value(json_object_get(document, "event"));
    const char *action = json_string_value(json_object_get(document, "action"));
    if (!is_read || event == NULL || action == NULL) {
        log_write(LOG_ERROR, "alerts", "unreadable record of a venue", "shard=%d position=%lld",
                  record->shard, (long long)record->position);
        return false;
    }
    return strcmp(action, "removed") == 0 && text_copy(out_event, LIMIT_ID_LEN + 1, event);
}

static enum err look(struct removed *removed, struct db *db, const struct consumer_batch *batch)
{
    char seen[LIMIT_ID_LEN + 1] = "", event[LIMIT_ID_LEN + 1];
    for (size_t i = 0; i < batch->record_count; i++) {
        if (!tells_removal(batch->records[i], event) || strcmp(event, seen) == 0)
            continue;
        TRY(look_at_event(removed, db, event)); /* twice does no harm */
        (void)text_copy(seen, sizeof seen, event);
    }
    return ERR_NONE;
}

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    (void)inout_position;
    struct removed *removed = context;
    removed->count = 0;
    struct db *db = store_reader_take(removed->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = look(removed, db, batch);
    store_reader_give(removed->store, db);
    *out_has_effects = batch->record_count > 0;
    return err;
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    const struct removed *removed = context;
    for (size_t i = 0; i < removed->count; i++) {
        const struct doomed *doomed = &removed->doomed[i];
        const struct ending ending = {
            .event = doomed->event, .series = doomed->series, .resolution = doomed->resolution};
        TRY(incidents_end(db, &ending, batch->now_ms));
    }
    return generation_raise(db);
}

enum err removed_start(struct store *main_store, struct removed **out_removed,
                       struct err_note *note)
{
    struct removed *removed = mem_new(sizeof *removed);
    removed->store = main_store;
    const struct consumer_options options = {.name = "alert-places",
                                             .stream = STREAM,
                                             .source = main_store,
                                             .target = main_store,
                                             .context = removed,
                                             .prepare = prepare,
                                             .apply = apply};
    enum err err = consumer_start(&options, &removed->consumer, note);
    if (err != ERR_NONE) {
        mem_free(removed);
        return err;
    }
    *out_removed = removed;
    return ERR_NONE;
}

void removed_stop(struct removed *removed)
{
    consumer_stop(removed->consumer);
    mem_free(removed->doomed);
    mem_free(removed);
}

enum err removed_wait_idle(struct removed *removed, int64_t deadline_ms)
{
    return consumer_wait_idle(removed->consumer, deadline_ms);
}
