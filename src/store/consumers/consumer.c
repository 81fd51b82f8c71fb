// SPDX-License-Identifier: Apache-2.0
/* A consumer's thread: look at the leases (ownership.c), take records of each owned shard (fetch.c),
 * have their effects (effects.c), keep the books, and wait for more. */
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "store/consumers/consumer_internal.h"

#include <stdio.h>

/* True when there was something to do. */
static bool step(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    int64_t now_us = clock_monotonic_us();
    if (!s->is_owned || now_us < s->retry_at_us)
        return false;
    if (fetch_records(consumer, shard) != ERR_NONE) {
        fetch_drop(consumer);
        effects_pause(s);
        return false;
    }
    size_t count = consumer->record_count;
    int64_t read_to = count == 0 ? s->read_to : consumer->records[count - 1]->position;
    bool is_tick = consumer->options.tick_ms > 0 &&
                   now_us - s->ticked_at_us >= consumer->options.tick_ms * 1000;
    fetch_drop_dead(consumer, s);
    if (consumer->record_count > 0 || is_tick)
        effects_run(consumer, shard, read_to);
    else if (count > 0 || read_to != s->read_to)
        effects_done(consumer, &(struct consumer_batch){.shard = shard}, read_to,
                     s->wanted == s->read_to ? read_to : s->wanted);
    else
        progress_show(consumer, shard, s->read_to);
    fetch_drop(consumer);
    return count > 0;
}

static void store_positions(struct consumer *consumer)
{
    bool is_lost[STREAM_SHARDS] = {false};
    enum err err = position_store(consumer, is_lost);
    if (err != ERR_NONE)
        log_write(LOG_DEBUG, "store", "position not stored", "consumer=%s reason=%s",
                  consumer->options.name, err_name(err));
    for (int i = 0; i < STREAM_SHARDS; i++) {
        if (is_lost[i])
            ownership_lose(consumer, i);
    }
}

static void keep_books(struct consumer *consumer)
{
    int64_t now_us = clock_monotonic_us();
    if (now_us >= consumer->store_due_us) {
        store_positions(consumer);
        consumer->store_due_us = now_us + CONSUMER_STORE_US;
    }
    if (now_us >= consumer->hold_due_us) {
        enum err err = hold_tell(consumer);
        consumer->hold_due_us = now_us + CONSUMER_HOLD_US;
        if (err != ERR_NONE)
            log_write(LOG_DEBUG, "store", "hold not stored", "consumer=%s reason=%s",
                      consumer->options.name, err_name(err));
    }
    if (!consumer->is_alone && now_us >= consumer->look_due_us) {
        for (int i = 0; i < STREAM_SHARDS; i++)
            consumer->shards[i].is_caught_up = false;
        consumer->look_due_us = now_us + CONSUMER_LOOK_US;
    }
}

static int64_t next_due_us(const struct consumer *consumer)
{
    int64_t due_us = MIN(consumer->lease_due_us, consumer->hold_due_us);
    if (consumer->options.passed != NULL)
        due_us = MIN(due_us, consumer->pass_due_us);
    due_us = MIN(due_us, consumer->is_alone ? INT64_MAX : consumer->look_due_us);
    for (int i = 0; i < STREAM_SHARDS; i++) {
        const struct consumer_shard *s = &consumer->shards[i];
        if (!s->is_owned)
            continue;
        if (s->wanted != s->stored)
            due_us = MIN(due_us, consumer->store_due_us);
        if (s->retry_at_us > clock_monotonic_us())
            due_us = MIN(due_us, s->retry_at_us);
        else if (consumer->options.tick_ms > 0)
            due_us = MIN(due_us, s->ticked_at_us + consumer->options.tick_ms * 1000);
    }
    return due_us;
}

static void wait_for_more(struct consumer *consumer)
{
    struct follower *follower = &consumer->follower;
    int64_t due_us = next_due_us(consumer);
    /* A record that comes alone is taken at once; of many, as many as have come since the last look. */
    int64_t gathered_us = MIN(due_us, consumer->looked_at_us + CONSUMER_GATHER_US);
    LOCKED(&follower->lock);
    for (;;) {
        int64_t until_us = follower->is_woken ? gathered_us : due_us;
        if (atomic_load(&consumer->is_stopping) || clock_monotonic_us() >= until_us)
            break;
        (void)signal_wait_until(&follower->signal, &follower->lock, until_us);
    }
    consumer->looked_at_us = clock_monotonic_us();
    follower->is_woken = false;
    for (int i = 0; i < STREAM_SHARDS && follower->must_look; i++)
        consumer->shards[i].is_caught_up = false;
    follower->must_look = false;
}

static void *consumer_run(void *context)
{
    struct consumer *consumer = context;
    while (!atomic_load(&consumer->is_stopping)) {
        bool is_busy = false;
        if (clock_monotonic_us() >= consumer->lease_due_us)
            ownership_look(consumer);
        for (int i = 0; i < STREAM_SHARDS && !atomic_load(&consumer->is_stopping); i++) {
            is_busy = step(consumer, i) || is_busy;
            effects_pass(consumer);
        }
        keep_books(consumer);
        if (!is_busy)
            wait_for_more(consumer);
    }
    store_positions(consumer);
    enum err err = hold_tell(consumer);
    if (err == ERR_NONE)
        err = position_give_back(consumer);
    if (err != ERR_NONE)
        log_write(LOG_WARN, "store", "leases not given back; they end by themselves",
                  "consumer=%s reason=%s", consumer->options.name, err_name(err));
    return NULL;
}

enum err consumer_start(const struct consumer_options *options, struct consumer **out_consumer,
                        struct err_note *note)
{
    if (options->records_max > CONSUMER_BATCH_MAX)
        return err_set(note, ERR_INVALID, options->name, "At most %d records a batch.",
                       CONSUMER_BATCH_MAX);
    struct consumer *consumer = mem_new(sizeof *consumer);
    consumer->options = *options;
    consumer->records_max =
        options->records_max == 0 ? CONSUMER_BATCH_DEFAULT : options->records_max;
    consumer->records = mem_new_array(consumer->records_max, sizeof(struct stream_record *));
    consumer->owner = random_id63();
    consumer->is_alone = !store_is_postgres(options->target);
    consumer->follower.stream = stream_intern(options->stream);
    lock_init(&consumer->lock);
    signal_init(&consumer->progress);
    for (int i = 0; i < STREAM_SHARDS; i++)
        consumer->consumed_to[i] = -1;
    follow_join(options->source->follow, &consumer->follower);
    char name[16];
    (void)snprintf(name, sizeof name, "%.15s", options->name);
    thread_start(&consumer->thread, name, consumer_run, consumer);
    *out_consumer = consumer;
    return ERR_NONE;
}

void consumer_stop(struct consumer *consumer)
{
    if (consumer == NULL)
        return;
    atomic_store(&consumer->is_stopping, true);
    follower_wake(&consumer->follower);
    thread_join(&consumer->thread);
    follow_leave(consumer->options.source->follow, &consumer->follower);
    signal_fini(&consumer->progress);
    lock_fini(&consumer->lock);
    mem_free(consumer->records);
    mem_free(consumer);
}
