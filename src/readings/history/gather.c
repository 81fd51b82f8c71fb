// SPDX-License-Identifier: Apache-2.0
#include "readings/history/gather.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "base/text.h"
#include "readings/readings_internal.h"

/* --- what waits --- */

static void drop_gathered(struct gather_shard *shard)
{
    for (size_t i = 0; i < shard->subject_count; i++) {
        shard->kind->drop(shard->subjects[i].waiting);
        mem_free(shard->subjects[i].waiting);
    }
    shard->subject_count = 0;
    shard->bytes = 0;
    mem_free(shard->slots);
    shard->slots = NULL;
    shard->slot_count = 0;
}

static void drop_all(struct gather_shard *shard)
{
    flush_drop(shard);
    drop_gathered(shard);
}

static uint32_t *find_slot(struct gather_shard *shard, int64_t id)
{
    size_t slot = (size_t)id & (shard->slot_count - 1);
    while (shard->slots[slot] != 0 && shard->subjects[shard->slots[slot] - 1].id != id)
        slot = (slot + 1) & (shard->slot_count - 1);
    return &shard->slots[slot];
}

static void grow_slots(struct gather_shard *shard)
{
    mem_free(shard->slots);
    shard->slot_count = MAX((size_t)256, shard->slot_count * 2);
    shard->slots = mem_new_array(shard->slot_count, sizeof *shard->slots);
    for (size_t i = 0; i < shard->subject_count; i++)
        *find_slot(shard, shard->subjects[i].id) = (uint32_t)i + 1;
}

static struct subject *new_subject(struct gather_shard *shard, int64_t id)
{
    if (shard->subject_count == shard->subject_room) {
        shard->subject_room = MAX((size_t)64, shard->subject_room * 2);
        shard->subjects =
            mem_resize(shard->subjects, shard->subject_room * sizeof *shard->subjects);
    }
    if (shard->subject_count == 0)
        shard->since_us = clock_monotonic_us();
    struct subject *subject = &shard->subjects[shard->subject_count++];
    *subject = (struct subject){.id = id, .waiting = mem_new(shard->kind->waiting_size)};
    shard->bytes += sizeof *subject;
    return subject;
}

struct subject *gather_subject(struct gather_shard *shard, const struct stream_record *record,
                               const char *event, const char *venue, const char *name, size_t bytes)
{
    if (shard->subject_count * 2 >= shard->slot_count)
        grow_slots(shard);
    int64_t id = history_id(event, name);
    uint32_t *slot = find_slot(shard, id);
    struct subject *subject;
    if (*slot != 0) {
        subject = &shard->subjects[*slot - 1];
    } else {
        subject = new_subject(shard, id);
        *slot = (uint32_t)shard->subject_count;
        (void)text_copy(subject->event, sizeof subject->event, event);
        (void)text_copy(subject->venue, sizeof subject->venue, venue);
        (void)text_copy(subject->name, sizeof subject->name, name);
        subject->first_position = record->position;
    }
    subject->heard_ms = record->at_ms;
    subject->last_position = record->position;
    shard->bytes += bytes;
    return subject;
}

bool gather_device(const struct subject *subject, char out_device[LIMIT_ID_LEN + 1])
{
    size_t len = strcspn(subject->name, ":");
    if (len > LIMIT_ID_LEN)
        return false;
    memcpy(out_device, subject->name, len);
    out_device[len] = '\0';
    return text_is_id(out_device); /* "zone.stage" is none */
}

static void take(struct gather_shard *shard, const struct stream_record *record)
{
    if (record->position <= shard->last_position)
        return; /* Seen before a transaction that failed. */
    shard->last_position = record->position;
    enum err err = shard->kind->take(shard, record);
    if (err != ERR_NONE)
        gather_unreadable(shard, record->position, err);
}

/* --- the consumer --- */

static void owned(void *context, int shard, int64_t *inout_position)
{
    struct gather *gather = context;
    struct gather_shard *ours = &gather->shards[shard];
    drop_all(ours);
    ours->flushed_position = *inout_position;
    ours->last_position = *inout_position;
}

static void lost(void *context, int shard)
{
    struct gather *gather = context;
    drop_all(&gather->shards[shard]);
}

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    struct gather *gather = context;
    struct gather_shard *shard = &gather->shards[batch->shard];
    for (size_t i = 0; i < batch->record_count; i++)
        take(shard, batch->records[i]);
    bool is_due = shard->subject_count > 0 &&
                  (clock_monotonic_us() - shard->since_us >= gather->gather_ms * 1000 ||
                   shard->bytes >= LIMIT_HISTORY_GATHER_BYTES);
    *out_has_effects = is_due;
    if (is_due)
        return flush_prepare(gather, shard);
    if (shard->subject_count > 0)
        *inout_position = MIN(*inout_position, shard->flushed_position);
    return ERR_NONE;
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    struct gather *gather = context;
    return flush_write(&gather->shards[batch->shard], db);
}

/* After a restart this is what came too late for the table that was read at the start. */
static void tell_heard(const struct gather *gather, const struct gather_shard *shard)
{
    char device[LIMIT_ID_LEN + 1];
    for (size_t i = 0; i < shard->subject_count; i++) {
        const struct subject *subject = &shard->subjects[i];
        if (gather_device(subject, device))
            readings_heard(gather->readings, history_id(subject->event, device), subject->heard_ms);
    }
}

static void applied(void *context, const struct consumer_batch *batch)
{
    struct gather *gather = context;
    struct gather_shard *shard = &gather->shards[batch->shard];
    shard->is_careful = false;
    shard->is_stuck = false;
    for (size_t i = 0; i < shard->subject_count; i++)
        shard->is_careful = shard->is_careful || shard->subjects[i].is_aside;
    metric_add(shard->kind->chunks_written, (int64_t)shard->write_count);
    for (size_t i = 0; shard->kind->bytes_written != NULL && i < shard->write_count; i++)
        metric_add(shard->kind->bytes_written, (int64_t)shard->writes[i].len);
    shard->flushed_position = shard->last_position;
    tell_heard(gather, shard);
    drop_all(shard);
}

enum err gather_start(struct readings *readings, const struct gather_kind *kind, int64_t gather_ms,
                      struct gather **out, struct err_note *note)
{
    struct gather *gather = mem_new(sizeof *gather);
    gather->readings = readings;
    gather->store = readings->store;
    gather->kind = kind;
    gather->gather_ms = gather_ms;
    for (int i = 0; i < STREAM_SHARDS; i++)
        gather->shards[i] = (struct gather_shard){.kind = kind, .index = i};
    /* Four ticks while it gathers, so that it is never twice as late as it should. */
    enum err err = consumer_start(&(struct consumer_options){.name = kind->consumer,
                                                             .stream = kind->stream,
                                                             .source = gather->store,
                                                             .target = gather->store,
                                                             .tick_ms = MAX(1, gather_ms / 4),
                                                             .context = gather,
                                                             .owned = owned,
                                                             .lost = lost,
                                                             .prepare = prepare,
                                                             .apply = apply,
                                                             .applied = applied},
                                  &gather->consumer, note);
    if (err != ERR_NONE) {
        mem_free(gather);
        return err;
    }
    *out = gather;
    return ERR_NONE;
}

void gather_stop(struct gather *gather)
{
    if (gather == NULL)
        return;
    consumer_stop(gather->consumer);
    for (int i = 0; i < STREAM_SHARDS; i++) {
        drop_all(&gather->shards[i]);
        mem_free(gather->shards[i].subjects);
        mem_free(gather->shards[i].writes);
    }
    mem_free(gather);
}

struct consumer *gather_consumer(struct gather *gather)
{
    return gather->consumer;
}
