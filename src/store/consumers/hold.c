// SPDX-License-Identifier: Apache-2.0
/* What retention must leave for a consumer: a row per shard in the store of the stream, while who owns
 * the shard stands in the store of the effects. Between the look there and the write here another
 * process may take the shard over and hold more than we do. The beat of the position's row, which
 * grows with each change and each owner, settles it: an older one never raises what a newer one wrote.
 * It may lower it, which only keeps more, and lets a restored backup begin with its own numbers. */
#include "store/consumers/consumer_internal.h"

enum err hold_look(struct consumer *consumer, struct hold_view *out_view)
{
    struct hold_view view = {0};
    struct db *db = store_reader_take(consumer->options.target);
    if (db == NULL)
        return ERR_BUSY;
    struct sql_rows rows;
    enum err err = sql_query(db, &rows,
                             "SELECT shard, position, beat FROM store_consumer"
                             " WHERE consumer = $1 AND stream = $2 AND owner = $3",
                             SQL_TEXT(consumer->options.name), SQL_TEXT(consumer->options.stream),
                             SQL_INT(consumer->owner));
    while (err == ERR_NONE && sql_next(&rows)) {
        int64_t shard = sql_int(&rows, 0);
        if (shard >= 0 && shard < STREAM_SHARDS)
            view.shards[shard] = (struct hold_shard){
                .is_ours = true, .position = sql_int(&rows, 1), .beat = sql_int(&rows, 2)};
    }
    if (err == ERR_NONE)
        err = sql_end(&rows);
    store_reader_give(consumer->options.target, db);
    if (err == ERR_NONE)
        *out_view = view;
    return err;
}

struct hold_work {
    const struct consumer *consumer;
    const struct hold_view *view;
};

static bool is_due(const struct consumer *consumer, int shard)
{
    const struct consumer_shard *s = &consumer->shards[shard];
    return s->is_owned && s->held != s->stored;
}

static enum err hold_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct hold_work *work = context;
    for (int i = 0; i < STREAM_SHARDS; i++) {
        const struct hold_shard *shard = &work->view->shards[i];
        if (shard->is_ours && is_due(work->consumer, i))
            TRY(sql_run(db,
                        "INSERT INTO store_hold (stream, consumer, shard, position, beat)"
                        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (stream, consumer, shard)"
                        " DO UPDATE SET position = excluded.position, beat = excluded.beat"
                        " WHERE excluded.beat > store_hold.beat"
                        " OR excluded.position <= store_hold.position",
                        SQL_TEXT(work->consumer->options.stream),
                        SQL_TEXT(work->consumer->options.name), SQL_INT(i),
                        SQL_INT(shard->position), SQL_INT(shard->beat)));
    }
    return ERR_NONE;
}

enum err hold_write(struct consumer *consumer, const struct hold_view *view)
{
    struct hold_work work = {.consumer = consumer, .view = view};
    TRY(effects_write(consumer, consumer->options.source, hold_run, &work, NULL));
    for (int i = 0; i < STREAM_SHARDS; i++) {
        if (view->shards[i].is_ours && is_due(consumer, i))
            consumer->shards[i].held = view->shards[i].position;
    }
    return ERR_NONE;
}

enum err hold_tell(struct consumer *consumer)
{
    struct hold_view view;
    bool is_needed = false;
    for (int i = 0; i < STREAM_SHARDS; i++)
        is_needed = is_needed || is_due(consumer, i);
    if (!is_needed)
        return ERR_NONE;
    TRY(hold_look(consumer, &view));
    return hold_write(consumer, &view);
}
