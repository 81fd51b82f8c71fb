// SPDX-License-Identifier: Apache-2.0
#include "notify/notify.h"

#include "alerts/incident.h"
#include "base/text.h"
#include "notify/notify_internal.h"
#include "store/consumer.h"

#define CONSUMER      "notify"
#define BATCH_RECORDS 4096 /* a thousand zones in one second are one batch, hence one mail */

struct notify {
    struct store *store;
    struct venues *venues;
    const struct publisher *publisher;
    char public_url[512]; /* without a slash at the end */
    char host[101];
    char from[LIMIT_EMAIL_LEN + LIMIT_NAME_LEN];
    struct drafts drafts;
    struct consumer *consumer;
    struct deliverer deliverer;
};

static void owned(void *context, int shard, int64_t *inout_position)
{
    (void)shard, (void)inout_position;
    struct notify *notify = context;
    deliverer_poke(&notify->deliverer); /* whoever had the shard may have left mails behind */
}

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    (void)inout_position;
    struct notify *notify = context;
    struct db *db = store_reader_take(notify->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = drafts_compose(
        &notify->drafts, db,
        &(struct drafts_input){.records = batch->records,
                               .record_count = batch->record_count,
                               .public_url = notify->public_url,
                               .host = notify->host,
                               .venues = notify->venues,
                               .state = notify->deliverer.smtp == NULL ? MAIL_KEPT : MAIL_QUEUED,
                               .now_ms = batch->now_ms});
    store_reader_give(notify->store, db);
    *out_has_effects = notify->drafts.draft_count + notify->drafts.unreadable_count > 0;
    return err;
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    const struct notify *notify = context;
    const struct drafts *drafts = &notify->drafts;
    for (size_t i = 0; i < drafts->unreadable_count; i++)
        TRY(consumer_set_aside(db, CONSUMER, drafts->unreadable[i], "is no record of an incident"));
    for (size_t i = 0; i < drafts->draft_count; i++)
        TRY(outbox_insert(db, &drafts->drafts[i]));
    for (size_t i = 0; i < drafts->told_count; i++)
        TRY(outbox_insert_told(db, drafts->told[i].event, drafts->told[i].incident,
                               drafts->told[i].letter_key, batch->now_ms));
    return ERR_NONE;
}

static void applied(void *context, const struct consumer_batch *batch)
{
    (void)batch;
    struct notify *notify = context;
    for (size_t i = 0; i < notify->drafts.draft_count; i++)
        mail_publish(notify->publisher, &notify->drafts.drafts[i].summary);
    drafts_clear(&notify->drafts);
    deliverer_poke(&notify->deliverer);
}

/* "https://muster.example.org:8443/x" is at host muster.example.org. */
static void name_host(struct notify *notify)
{
    const char *start = strstr(notify->public_url, "://");
    start = start == NULL ? notify->public_url : start + 3;
    size_t len = start[0] == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":/");
    (void)snprintf(notify->host, sizeof notify->host, "%.*s", (int)MIN(len, (size_t)100), start);
}

static enum err release_run(struct db *db, void *context, struct err_note *note)
{
    (void)context, (void)note;
    return outbox_release(db);
}

static enum err start(struct notify *notify, struct err_note *note)
{
    if (!store_is_postgres(notify->store)) /* then we are the only process */
        TRY(store_write(notify->store, release_run, NULL, note));
    deliverer_start(&notify->deliverer);
    const struct consumer_options options = {.name = CONSUMER,
                                             .stream = INCIDENTS_STREAM,
                                             .source = notify->store,
                                             .target = notify->store,
                                             .records_max = BATCH_RECORDS,
                                             .context = notify,
                                             .owned = owned,
                                             .prepare = prepare,
                                             .apply = apply,
                                             .applied = applied};
    enum err err = consumer_start(&options, &notify->consumer, note);
    if (err != ERR_NONE)
        deliverer_stop(&notify->deliverer);
    return err;
}

enum err notify_open(const struct notify_options *options, struct notify **out_notify,
                     struct err_note *note)
{
    struct notify *notify = mem_new(sizeof *notify);
    notify->store = options->main_store;
    notify->venues = options->venues;
    notify->publisher = options->publisher;
    (void)text_copy(notify->public_url, sizeof notify->public_url, options->public_url);
    for (size_t len = strlen(notify->public_url); len > 0 && notify->public_url[len - 1] == '/';)
        notify->public_url[--len] = '\0';
    name_host(notify);
    if (options->from != NULL)
        (void)text_copy(notify->from, sizeof notify->from, options->from);
    else
        (void)snprintf(notify->from, sizeof notify->from, "Muster <muster@%s>", notify->host);
    notify->deliverer.store = options->main_store;
    notify->deliverer.smtp = options->smtp;
    notify->deliverer.from = notify->from;
    notify->deliverer.publisher = options->publisher;
    enum err err = start(notify, note);
    if (err != ERR_NONE) {
        mem_free(notify);
        return err;
    }
    *out_notify = notify;
    return ERR_NONE;
}

void notify_close(struct notify *notify)
{
    consumer_stop(notify->consumer);
    deliverer_stop(&notify->deliverer);
    drafts_clear(&notify->drafts);
    mem_free(notify);
}

enum err notify_wait_idle(struct notify *notify, int64_t deadline_ms)
{
    TRY(consumer_wait_idle(notify->consumer, deadline_ms));
    return deliverer_wait_resting(&notify->deliverer, deadline_ms);
}

struct requeue {
    const struct actor *actor;
    const char *event;
    int64_t id;
    int64_t now_ms;
};

static enum err requeue_run(struct db *db, void *context, struct err_note *note)
{
    const struct requeue *requeue = context;
    return outbox_requeue(db, requeue->actor, requeue->event, requeue->id, requeue->now_ms, note);
}

enum err notify_retry(struct notify *notify, const struct actor *actor, const char *event,
                      int64_t id, int64_t now_ms, struct err_note *note)
{
    if (notify->deliverer.smtp == NULL)
        return err_set(note, ERR_CONFLICT, "mail",
                       "no mail server is set; start Muster with --smtp-url");
    struct requeue requeue = {actor, event, id, now_ms};
    TRY(store_write(notify->store, requeue_run, &requeue, note));
    deliverer_poke(&notify->deliverer);
    return ERR_NONE;
}
