// SPDX-License-Identifier: Apache-2.0
/* Records in, pictures and seconds out. After a restart the state is read again from the stream: the
 * stored position lags behind by what is not yet written, and to the floor of the checkpoints. */
#include "base/metrics.h"
#include "crowd/crowd_internal.h"
#include "readings/appearances.h"
#include "readings/readings.h"
#include "store/consumer.h"

#define STREAM      "detections"
#define RECORD_KIND "detections.packed"
#define TICK_MS     20
/* Who lags by more keeps to one thread: the other processors are for taking detections in, which come once. */
#define LAG_MAX_MS 1000

static struct metric early_total =
    METRIC_COUNTER("muster_crowd_seconds_early_total",
                   "Seconds written before they were due: more came at once than is kept.");

struct early { /* a command that writes seconds before they are due */
    struct crowd *crowd;
    int64_t now_ms;
};

static enum err write_early(struct db *db, void *context, struct err_note *note)
{
    struct early *early = context;
    (void)note;
    return writing_apply(db, &early->crowd->writing, early->now_ms);
}

static enum err write_now(struct crowd *crowd, struct venue_state *state,
                          const struct consumer_batch *batch)
{
    struct early early = {.crowd = crowd, .now_ms = batch->now_ms};
    struct err_note note = {0};
    TRY(store_write(crowd->store, write_early, &early, &note));
    metric_add(&early_total, (int64_t)crowd->writing.second_count);
    venue_state_settle(state, crowd->shards[batch->shard].stream_ms);
    writing_clear(&crowd->writing);
    return ERR_NONE;
}

/* A back-fill of hours comes faster than its seconds are due, and its tracks than they are written. They
 * are written at once, without the position: read again after a crash, what is the same is not written
 * again (write.h). */
static enum err make_room(struct crowd *crowd, struct venue_state *state,
                          const struct consumer_batch *batch)
{
    while (seconds_is_full(&state->seconds)) {
        writing_clear(&crowd->writing);
        writing_take(&crowd->writing, state, INT64_MAX);
        TRY(write_now(crowd, state, batch));
    }
    while (track_log_is_full(&state->tracks)) {
        writing_clear(&crowd->writing);
        writing_take_tracks(&crowd->writing, state, crowd->shards[batch->shard].stream_ms);
        if (crowd->writing.track_count == 0)
            break; /* out of memory: tried again with the next record */
        TRY(write_now(crowd, state, batch));
    }
    while (settled_is_full(&state->settled)) {
        writing_clear(&crowd->writing);
        writing_take_measured(&crowd->writing, state);
        TRY(write_now(crowd, state, batch));
    }
    return ERR_NONE;
}

/* What people are told: five minutes after it came at most, the wait for us included. Should we stand still
 * for longer, in a read that a database does not answer, it goes with the next step, before any use (consumer.h). */
_Static_assert(APPEARANCE_WAIT_MS + LOOKS_KEEP_MS + 2 * CONSUMER_PASS_MS <= 300000,
               "docs and the page of privacy say so");

static void take_looks(struct crowd *crowd, struct venue_state *state,
                       const struct detection_batch *detections, int64_t now_ms)
{
    struct appearance look;
    while (crowd->live.readings != NULL &&
           readings_take_appearance(crowd->live.readings, detections->event, detections->device,
                                    &look))
        venue_state_look(state, detections->device, look.track, look.v, now_ms);
}

static enum err take_record(struct crowd *crowd, struct stream_record *record,
                            const struct consumer_batch *batch)
{
    struct detection_batch *detections = NULL;
    struct counted_venue *venue = NULL;
    if (strcmp(record->kind, RECORD_KIND) != 0)
        return ERR_NONE;
    TRY(detections_of_record(record, &detections));
    enum err err = counted_current(&crowd->counted, detections->event, detections->venue,
                                   batch->shard, batch->now_ms, &venue);
    if (err == ERR_NONE && venue != NULL) {
        const struct batch_arrival arrival = {.at_ms = record->at_ms,
                                              .stream_ms = crowd->shards[batch->shard].stream_ms,
                                              .position = record->position};
        take_looks(crowd, venue->state, detections, batch->now_ms);
        if (venue_state_take(venue->state, detections, arrival))
            live_note_change(&venue->live, record->at_ms);
        err = make_room(crowd, venue->state, batch);
    }
    shared_unref(&detections->shared);
    return err;
}

static int64_t time_of(const struct consumer_batch *batch)
{
    size_t count = batch->record_count;
    return count == 0 ? batch->told_ms : MIN(batch->now_ms, batch->records[count - 1]->at_ms);
}

static int64_t needed_position(const struct crowd *crowd, int shard)
{
    int64_t position = checkpoints_floor(&crowd->shards[shard]);
    for (size_t i = 0; i < crowd->counted.count; i++) {
        const struct counted_venue *venue = crowd->counted.all[i];
        if (venue->shard == shard)
            position = MIN(position, seconds_oldest_position(&venue->state->seconds) - 1);
    }
    return position;
}

static void share_processors(struct crowd *crowd, const struct consumer_batch *batch)
{
    bool lags = batch->record_count > 0 && batch->now_ms - time_of(batch) > LAG_MAX_MS;
    for (size_t i = 0; i < crowd->counted.count; i++)
        crowd->counted.all[i]->state->pool = lags ? NULL : crowd->counted.pool;
}

/* --- the consumer's calls --- */

static void owned(void *context, int shard, int64_t *inout_position)
{
    struct crowd *crowd = context;
    counted_drop_shard(&crowd->counted, shard);
    checkpoints_init(&crowd->shards[shard], *inout_position);
}

static void lost(void *context, int shard)
{
    struct crowd *crowd = context;
    counted_drop_shard(&crowd->counted, shard);
}

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    struct crowd *crowd = context;
    struct checkpoints *shard = &crowd->shards[batch->shard];
    writing_clear(&crowd->writing);
    checkpoints_follow_time(shard, time_of(batch));
    share_processors(crowd, batch);
    for (size_t i = 0; i < batch->record_count; i++)
        TRY(take_record(crowd, batch->records[i], batch));
    checkpoints_follow_time(shard, batch->told_ms);
    for (size_t i = 0; i < crowd->counted.count; i++) {
        struct counted_venue *venue = crowd->counted.all[i];
        if (venue->shard == batch->shard && venue_state_advance(venue->state, shard->stream_ms))
            live_note_change(&venue->live, shard->stream_ms);
    }
    live_show(&crowd->live, &crowd->counted, batch->now_ms);
    for (size_t i = 0; i < crowd->counted.count; i++) {
        struct counted_venue *venue = crowd->counted.all[i];
        if (venue->shard == batch->shard)
            writing_take(&crowd->writing, venue->state, shard->stream_ms);
    }
    checkpoints_set(shard, *inout_position);
    *inout_position = MIN(*inout_position, needed_position(crowd, batch->shard));
    *out_has_effects = writing_has_any(&crowd->writing);
    return ERR_NONE;
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    struct crowd *crowd = context;
    return writing_apply(db, &crowd->writing, batch->now_ms);
}

static void applied(void *context, const struct consumer_batch *batch)
{
    struct crowd *crowd = context;
    int64_t stream_ms = crowd->shards[batch->shard].stream_ms;
    for (size_t i = 0; i < crowd->counted.count; i++) {
        struct counted_venue *venue = crowd->counted.all[i];
        if (venue->shard == batch->shard)
            venue_state_settle(venue->state, stream_ms);
    }
    writing_clear(&crowd->writing);
}

/* Of all shards: also while nothing comes, the database is away, or all venues are counted elsewhere. */
static void passed(void *context, int64_t now_ms)
{
    struct crowd *crowd = context;
    if (crowd->live.readings != NULL)
        (void)readings_forget_appearances(crowd->live.readings, now_ms);
    for (size_t i = 0; i < crowd->counted.count; i++)
        venue_state_forget_looks(crowd->counted.all[i]->state, now_ms);
}

enum err crowd_consume(struct crowd *crowd, struct err_note *note)
{
    const struct consumer_options options = {.name = "crowd",
                                             .stream = STREAM,
                                             .source = crowd->store,
                                             .target = crowd->store,
                                             .tick_ms = TICK_MS,
                                             .context = crowd,
                                             .owned = owned,
                                             .lost = lost,
                                             .prepare = prepare,
                                             .apply = apply,
                                             .applied = applied,
                                             .passed = passed};
    return consumer_start(&options, &crowd->consumer, note);
}
