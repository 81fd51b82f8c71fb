// SPDX-License-Identifier: Apache-2.0
/* What a batch of records brings about: prepare() computes, apply() writes. What fails is tried again:
 * as it is where nobody is at fault, in smaller batches where a record may be, until that one is
 * buried. */
#include "base/clock.h"
#include "base/log.h"
#include "store/consumers/consumer_internal.h"

void effects_pause(struct consumer_shard *s)
{
    s->pause_us =
        s->pause_us == 0 ? CONSUMER_PAUSE_MIN_US : MIN(2 * s->pause_us, CONSUMER_PAUSE_MAX_US);
    s->retry_at_us = clock_monotonic_us() + s->pause_us;
}

static void bury(struct consumer *consumer, int shard, const char *reason)
{
    struct consumer_shard *s = &consumer->shards[shard];
    struct stream_record *record = consumer->records[0];
    bool is_lost = false;
    enum err err = position_bury(consumer, record, reason, &is_lost);
    if (is_lost)
        ownership_lose(consumer, shard);
    if (err != ERR_NONE)
        return; /* tried again like everything */
    metric_add(&consumer->options.target->metrics->dead_letters, 1);
    log_write(LOG_ERROR, "store", "a record cannot be applied and is among the dead letters",
              "consumer=%s stream=%s shard=%d position=%lld reason=%s", consumer->options.name,
              record->stream, shard, (long long)record->position, LOG_TEXT(reason));
    s->dead[s->dead_count++ % CONSUMER_DEAD_MAX] = record->position;
    s->dead_count = MIN(s->dead_count, CONSUMER_DEAD_MAX);
    s->failing_count = 0;
    s->failing_position = 0;
    s->pause_us = 0;
    s->retry_at_us = 0;
}

/* A record that failed alone. Whoever merely waits for the database is not at fault, however often
 * another record has failed. */
static void blame(struct consumer *consumer, struct consumer_shard *s, const char *reason)
{
    int64_t position = consumer->records[0]->position;
    s->failing_count = s->failing_position == position ? s->failing_count + 1 : 1;
    s->failing_position = position;
    if (s->failing_count >= CONSUMER_ATTEMPTS)
        bury(consumer, consumer->records[0]->shard, reason);
}

static void fail(struct consumer *consumer, int shard, enum err err, const struct err_note *note)
{
    struct consumer_shard *s = &consumer->shards[shard];
    const char *reason = note->detail[0] == '\0' ? err_name(err) : note->detail;
    size_t count = consumer->record_count;
    log_write(LOG_DEBUG, "store", "consumer failed", "consumer=%s shard=%d records=%zu reason=%s",
              consumer->options.name, shard, count, LOG_TEXT(reason));
    if (count > 1 && err != ERR_BUSY)
        s->batch_max = count / 2;
    if (count <= 1 || err == ERR_BUSY)
        effects_pause(s);
    if (count == 1 && err != ERR_BUSY)
        blame(consumer, s, reason);
    if (s->is_owned)
        ownership_start_over(consumer, shard);
}

/* False when asked to stop meanwhile. */
static bool rest(struct consumer *consumer, int64_t until_us)
{
    struct follower *follower = &consumer->follower;
    LOCKED(&follower->lock);
    while (!atomic_load(&consumer->is_stopping) && clock_monotonic_us() < until_us)
        (void)signal_wait_until(&follower->signal, &follower->lock, until_us);
    return !atomic_load(&consumer->is_stopping);
}

void effects_pass(struct consumer *consumer)
{
    int64_t now_us = clock_monotonic_us();
    if (consumer->options.passed == NULL || now_us < consumer->pass_due_us)
        return;
    consumer->options.passed(consumer->options.context, clock_now_ms());
    consumer->pass_due_us = now_us + CONSUMER_PASS_US;
}

static void pass_meanwhile(void *context)
{
    effects_pass(context);
}

enum err effects_write(struct consumer *consumer, struct store *store,
                       enum err (*run)(struct db *db, void *context, struct err_note *note),
                       void *context, struct err_note *note)
{
    const struct store_meanwhile meanwhile = {pass_meanwhile, consumer, CONSUMER_PASS_US};
    return store_write_while(store, run, context, note, &meanwhile);
}

/* What is nobody's fault is tried again with the same prepared batch. */
static enum err apply(struct consumer *consumer, const struct consumer_batch *batch,
                      int64_t position, struct err_note *note)
{
    struct consumer_shard *s = &consumer->shards[batch->shard];
    for (;;) {
        bool is_lost = false;
        enum err err = position_apply(consumer, batch, position, &is_lost, note);
        if (is_lost) {
            ownership_lose(consumer, batch->shard);
            return ERR_CONFLICT;
        }
        if (err != ERR_BUSY) {
            s->stored = err == ERR_NONE ? position : s->stored;
            return err;
        }
        effects_pause(s);
        if (!rest(consumer, s->retry_at_us))
            return ERR_BUSY;
        effects_pass(consumer);
    }
}

void effects_done(struct consumer *consumer, const struct consumer_batch *batch, int64_t read_to,
                  int64_t position)
{
    struct consumer_shard *s = &consumer->shards[batch->shard];
    s->read_to = read_to;
    s->wanted = position;
    s->pause_us = 0;
    if (batch->record_count > 0 && read_to >= s->failing_position)
        s->batch_max = MIN(2 * s->batch_max, consumer->records_max);
    progress_show(consumer, batch->shard, read_to);
}

void effects_run(struct consumer *consumer, int shard, int64_t read_to)
{
    const struct consumer_options *options = &consumer->options;
    struct consumer_shard *s = &consumer->shards[shard];
    struct consumer_batch batch = {.shard = shard,
                                   .records = consumer->records,
                                   .record_count = consumer->record_count,
                                   .now_ms = clock_now_ms()};
    batch.told_ms = MIN(consumer->told_ms, batch.now_ms);
    int64_t position = read_to;
    bool has_effects = options->prepare == NULL && options->apply != NULL && batch.record_count > 0;
    struct err_note note = {0};
    enum err err = ERR_NONE;
    s->ticked_at_us = clock_monotonic_us();
    effects_pass(consumer); /* before anything that is over by now is used */
    if (options->prepare != NULL)
        err = options->prepare(options->context, &batch, &position, &has_effects);
    assert(position <= read_to);
    if (err == ERR_NONE && has_effects)
        err = apply(consumer, &batch, position, &note);
    if (!s->is_owned)
        return;
    if (err != ERR_NONE) {
        fail(consumer, shard, err, &note);
        return;
    }
    if (has_effects && options->applied != NULL)
        options->applied(options->context, &batch);
    effects_done(consumer, &batch, read_to,
                 position); /* last: whoever waits for it sees applied()'s work */
}
