// SPDX-License-Identifier: Apache-2.0
/* The shell around the evaluator, and beside it two more consumers. "alerts" turns readings into incidents; it refreshes
 * the rules once a second, in the tick that it needs for silence anyway. "incidents-live" turns the
 * records of incidents into live messages, whoever caused them, in whichever process. */
#include "alerts/alerts.h"

#include "alerts/evaluator.h"
#include "alerts/older.h"
#include "alerts/removed.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdatomic.h>

#define TICK_MS 1000

struct alerts {
    struct store *main_store;
    const struct publisher *publisher;
    struct evaluator evaluator; /* the consumer's thread, or the writer's while that one waits */
    int64_t refreshed_ms;
    atomic_bool is_asked; /* to refresh before the next batch */
    struct consumer *deciding;
    struct consumer *telling;
    struct removed *removed;
};

static void owned(void *context, int shard, int64_t *inout_position)
{
    (void)inout_position; /* everything that must not be forgotten is in the tables */
    struct alerts *alerts = context;
    evaluator_own(&alerts->evaluator, shard, clock_now_ms());
    alerts->refreshed_ms = 0;
}

static enum err refresh(struct alerts *alerts, int64_t now_ms)
{
    bool is_due = atomic_exchange(&alerts->is_asked, false) || alerts->evaluator.is_stale ||
                  now_ms - alerts->refreshed_ms >= TICK_MS;
    if (!is_due)
        return ERR_NONE;
    struct db *db = store_reader_take(alerts->main_store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = evaluator_refresh(&alerts->evaluator, db, now_ms);
    store_reader_give(alerts->main_store, db);
    if (err == ERR_NONE)
        alerts->refreshed_ms = now_ms;
    return err;
}

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    (void)inout_position;
    struct alerts *alerts = context;
    TRY(refresh(alerts, batch->now_ms));
    TRY(evaluator_decide(&alerts->evaluator, batch));
    *out_has_effects = alerts->evaluator.has_changes;
    if (!*out_has_effects)
        evaluator_settle(&alerts->evaluator);
    return ERR_NONE;
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    struct alerts *alerts = context;
    return evaluator_write(&alerts->evaluator, db, batch->now_ms);
}

static void applied(void *context, const struct consumer_batch *batch)
{
    (void)batch;
    struct alerts *alerts = context;
    evaluator_settle(&alerts->evaluator);
}

static void publish_record(const struct alerts *alerts, const struct stream_record *record)
{
    struct incident_news news;
    if (incident_news_read(record, &news) != ERR_NONE) {
        log_write(LOG_ERROR, "alerts", "unreadable incident record", "shard=%d position=%lld",
                  record->shard, (long long)record->position);
        return;
    }
    char topic[sizeof news.incident.event + 32];
    (void)snprintf(topic, sizeof topic, "events/%s/incidents", news.incident.event);
    SCOPED_JSON *object = incident_json(&news.incident);
    char *json = json_dumps(object, JSON_COMPACT);
    assert(json != NULL);
    publish(alerts->publisher, topic, PUBLISH_EVENT, json, strlen(json));
    free(json); /* jansson's own allocation */
}

static enum err tell(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                     bool *out_has_effects)
{
    (void)inout_position;
    for (size_t i = 0; i < batch->record_count; i++)
        publish_record(context, batch->records[i]);
    *out_has_effects = false;
    return ERR_NONE;
}

static enum err start(struct alerts *alerts, const struct alerts_options *options,
                      struct err_note *note)
{
    const struct consumer_options telling = {.name = "incidents-live",
                                             .stream = INCIDENTS_STREAM,
                                             .source = options->main_store,
                                             .target = options->main_store,
                                             .context = alerts,
                                             .prepare = tell};
    TRY(consumer_start(&telling, &alerts->telling, note));
    TRY(removed_start(options->main_store, &alerts->removed, note));
    const struct consumer_options deciding = {.name = "alerts",
                                              .stream = "readings",
                                              .source = options->telemetry_store,
                                              .target = options->main_store,
                                              .tick_ms = TICK_MS,
                                              .context = alerts,
                                              .owned = owned,
                                              .prepare = prepare,
                                              .apply = apply,
                                              .applied = applied};
    return consumer_start(&deciding, &alerts->deciding, note);
}

enum err alerts_open(const struct alerts_options *options, struct alerts **out_alerts,
                     struct err_note *note)
{
    struct alerts *alerts = mem_new(sizeof *alerts);
    alerts->main_store = options->main_store;
    alerts->publisher = options->publisher;
    evaluator_init(&alerts->evaluator, &(struct silence_sources){.venues = options->venues,
                                                                 .crowd = options->crowd,
                                                                 .readings = options->readings});
    enum err err = older_events_repair(options->main_store, note);
    if (err == ERR_NONE)
        err = start(alerts, options, note);
    if (err != ERR_NONE) {
        alerts_close(alerts);
        return err;
    }
    *out_alerts = alerts;
    return ERR_NONE;
}

void alerts_close(struct alerts *alerts)
{
    if (alerts->deciding != NULL)
        consumer_stop(alerts->deciding);
    if (alerts->removed != NULL)
        removed_stop(alerts->removed);
    if (alerts->telling != NULL)
        consumer_stop(alerts->telling);
    evaluator_fini(&alerts->evaluator);
    mem_free(alerts);
}

void alerts_refresh(struct alerts *alerts)
{
    atomic_store(&alerts->is_asked, true);
}

enum err alerts_wait_idle(struct alerts *alerts, int64_t deadline_ms)
{
    TRY(removed_wait_idle(alerts->removed, deadline_ms));
    TRY(consumer_wait_idle(alerts->deciding, deadline_ms));
    return consumer_wait_idle(alerts->telling, deadline_ms);
}
