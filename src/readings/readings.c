// SPDX-License-Identifier: Apache-2.0
#include "readings/readings_internal.h"

#include "base/clock.h"
#include "base/text.h"
#include "readings/pack.h"
#include "store/consumer.h"

#include <inttypes.h>
#include <stdio.h>

#define DAY_MS 86400000LL

#define CHANNEL       "heard"
#define TELL_EVERY_MS 1000 /* of each device */
#define MESSAGE_SIZE  64   /* three numbers */

/* --- who was heard when, and whose clock is wrong --- */

static struct seen_slot *find_seen(struct seen *seen, int64_t id)
{
    size_t slot = (size_t)id & (seen->slot_count - 1);
    while (seen->slots[slot].is_used && seen->slots[slot].id != id)
        slot = (slot + 1) & (seen->slot_count - 1);
    return &seen->slots[slot];
}

static void grow_seen(struct seen *seen)
{
    struct seen_slot *old = seen->slots;
    size_t old_count = seen->slot_count;
    seen->slot_count = MAX((size_t)256, old_count * 2);
    seen->slots = mem_new_array(seen->slot_count, sizeof *seen->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].is_used)
            *find_seen(seen, old[i].id) = old[i];
    }
    mem_free(old);
}

/* As many as there are devices: only known ones come here. Under the lock. */
static struct seen_slot *take_slot(struct seen *seen, int64_t device_id)
{
    if (seen->count * 2 >= seen->slot_count)
        grow_seen(seen);
    struct seen_slot *slot = find_seen(seen, device_id);
    seen->count += !slot->is_used;
    slot->is_used = true;
    slot->id = device_id;
    return slot;
}

static bool must_tell(int64_t *inout_told_ms, int64_t at_ms)
{
    if (llabs(at_ms - *inout_told_ms) < TELL_EVERY_MS)
        return false;
    *inout_told_ms = at_ms;
    return true;
}

void readings_heard(struct readings *readings, int64_t device_id, int64_t at_ms)
{
    struct seen *seen = &readings->seen;
    LOCKED(&seen->lock);
    struct seen_slot *slot = take_slot(seen, device_id);
    slot->at_ms = MAX(slot->at_ms, at_ms);
}

static bool note_heard(struct seen *seen, int64_t device_id, int64_t at_ms)
{
    LOCKED(&seen->lock);
    struct seen_slot *slot = take_slot(seen, device_id);
    slot->at_ms = MAX(slot->at_ms, at_ms);
    return must_tell(&slot->told_ms, at_ms);
}

static bool note_refusal(struct seen *seen, int64_t device_id, struct clock_refusal refusal)
{
    LOCKED(&seen->lock);
    struct seen_slot *slot = take_slot(seen, device_id);
    slot->refusal = refusal;
    return must_tell(&slot->refusal_told_ms, refusal.at_ms);
}

static void tell_others(struct readings *readings, const char *message, int len)
{
    if (store_is_postgres(readings->store))
        store_announce(readings->store, CHANNEL, message, (size_t)len);
}

void readings_heard_here(struct readings *readings, int64_t device_id, int64_t at_ms)
{
    char message[MESSAGE_SIZE];
    if (note_heard(&readings->seen, device_id, at_ms))
        tell_others(readings, message,
                    snprintf(message, sizeof message, "%" PRId64 " %" PRId64, device_id, at_ms));
}

void readings_clock_refused_here(struct readings *readings, int64_t device_id,
                                 struct clock_refusal refusal)
{
    char message[MESSAGE_SIZE];
    if (note_refusal(&readings->seen, device_id, refusal))
        tell_others(readings, message,
                    snprintf(message, sizeof message, "%" PRId64 " %" PRId64 " %" PRId64, device_id,
                             refusal.at_ms, refusal.ahead_ms));
}

/* "device time": heard; "device time ahead": refused for its clock. */
static void heard_elsewhere(void *context, const char *message, size_t len)
{
    struct readings *readings = context;
    int64_t device_id;
    struct clock_refusal refusal;
    char text[MESSAGE_SIZE];
    if (len >= sizeof text)
        return;
    memcpy(text, message, len);
    text[len] = '\0';
    int count = sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64, &device_id, &refusal.at_ms,
                       &refusal.ahead_ms);
    if (count < 2 || refusal.at_ms <= 0)
        return;
    if (count == 2)
        readings_heard(readings, device_id, refusal.at_ms);
    else
        (void)note_refusal(&readings->seen, device_id, refusal); /* told already */
}

int64_t readings_last_seen(struct readings *readings, const char *event, const char *device)
{
    int64_t id = history_id(event, device);
    struct seen *seen = &readings->seen;
    LOCKED(&seen->lock);
    return seen->slot_count == 0 ? 0 : find_seen(seen, id)->at_ms;
}

bool readings_clock_refusal(struct readings *readings, const char *event, const char *device,
                            struct clock_refusal *out)
{
    int64_t id = history_id(event, device);
    struct seen *seen = &readings->seen;
    LOCKED(&seen->lock);
    const struct seen_slot *slot = seen->slot_count == 0 ? NULL : find_seen(seen, id);
    if (slot == NULL || slot->refusal.at_ms == 0)
        return false;
    *out = slot->refusal;
    return true;
}

static enum err load_heard(struct readings *readings)
{
    struct db *db = store_reader_take(readings->store);
    if (db == NULL)
        return ERR_BUSY;
    int64_t now_ms = clock_now_ms();
    struct sql_rows rows;
    enum err err = sql_query(db, &rows,
                             "SELECT event, device, at_ms FROM device_heard UNION ALL "
                             "SELECT event, device, at_ms FROM sensor_heard");
    if (err == ERR_NONE) {
        /* A machine that came up with a clock ahead must not keep a device alive until then. */
        while (sql_next(&rows))
            readings_heard(readings, history_id(sql_text(&rows, 0), sql_text(&rows, 1)),
                           MIN(sql_int(&rows, 2), now_ms));
        err = sql_end(&rows);
    }
    store_reader_give(readings->store, db);
    return err;
}

/* --- the module --- */

static enum err start_history(struct readings *readings, const struct readings_options *options,
                              struct err_note *note)
{
    struct history_options history = {
        .keep_detections_ms = readings->keep_detections_ms,
        .keep_points_ms = options->keep_points_ms > 0 ? options->keep_points_ms : 30 * DAY_MS};
    int64_t gather_ms = options->gather_ms;
    history_expire(readings->store, &history);
    TRY(gather_start(readings, &history_detections,
                     gather_ms > 0 ? gather_ms : HISTORY_DETECTIONS_GATHER_MS,
                     &readings->detections, note));
    return gather_start(readings, &history_series,
                        gather_ms > 0 ? gather_ms : HISTORY_READINGS_GATHER_MS, &readings->series,
                        note);
}

enum err readings_open(const struct readings_options *options, struct readings **out_readings,
                       struct err_note *note)
{
    struct readings *readings = mem_new(sizeof *readings);
    readings->store = options->telemetry_store;
    readings->venues = options->venues;
    readings->keep_detections_ms =
        options->keep_detections_ms > 0 ? options->keep_detections_ms : DAY_MS;
    lock_init(&readings->seen.lock);
    waiting_init(&readings->waiting);
    store_listen(readings->store, CHANNEL, heard_elsewhere, readings);
    enum err err = load_heard(readings);
    if (err == ERR_NONE)
        err = start_history(readings, options, note);
    if (err != ERR_NONE) {
        readings_close(readings);
        return err;
    }
    *out_readings = readings;
    return ERR_NONE;
}

void readings_close(struct readings *readings)
{
    if (readings == NULL)
        return;
    store_unlisten(readings->store, readings);
    gather_stop(readings->detections);
    gather_stop(readings->series);
    lock_fini(&readings->seen.lock);
    waiting_fini(&readings->waiting);
    mem_free(readings->seen.slots);
    mem_free(readings);
}

struct consumer *readings_detections_consumer(struct readings *readings)
{
    return gather_consumer(readings->detections);
}

struct consumer *readings_series_consumer(struct readings *readings)
{
    return gather_consumer(readings->series);
}
