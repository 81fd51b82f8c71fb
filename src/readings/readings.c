// SPDX-License-Identifier: Apache-2.0
#include "readings/readings_internal.h"

#include "base/text.h"
#include "readings/pack.h"
#include "store/consumer.h"

#include <inttypes.h>
#include <stdio.h>

#define DAY_MS 86400000LL

#define CHANNEL       "heard"
#define TELL_EVERY_MS 1000 /* of each device */

/* --- who was heard when --- */

static struct seen_slot *find_seen(struct seen *seen, int64_t id)
{
    size_t slot = (size_t)id & (seen->slot_count - 1);
    while (seen->slots[slot].at_ms != 0 && seen->slots[slot].id != id)
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
        if (old[i].at_ms != 0)
            *find_seen(seen, old[i].id) = old[i];
    }
    mem_free(old);
}

/* As many as there are devices: only known ones come here. Under the lock. */
static struct seen_slot *hear_device(struct seen *seen, int64_t device_id, int64_t at_ms)
{
    if (seen->count * 2 >= seen->slot_count)
        grow_seen(seen);
    struct seen_slot *slot = find_seen(seen, device_id);
    seen->count += slot->at_ms == 0;
    slot->id = device_id;
    slot->at_ms = MAX(slot->at_ms, at_ms);
    return slot;
}

void readings_heard(struct readings *readings, int64_t device_id, int64_t at_ms)
{
    struct seen *seen = &readings->seen;
    LOCKED(&seen->lock);
    (void)hear_device(seen, device_id, at_ms);
}

static bool must_tell(struct seen *seen, int64_t device_id, int64_t at_ms)
{
    LOCKED(&seen->lock);
    struct seen_slot *slot = hear_device(seen, device_id, at_ms);
    if (llabs(at_ms - slot->told_ms) < TELL_EVERY_MS)
        return false;
    slot->told_ms = at_ms;
    return true;
}

void readings_heard_here(struct readings *readings, int64_t device_id, int64_t at_ms)
{
    if (!must_tell(&readings->seen, device_id, at_ms) || !store_is_postgres(readings->store))
        return;
    char message[48];
    int len = snprintf(message, sizeof message, "%" PRId64 " %" PRId64, device_id, at_ms);
    store_announce(readings->store, CHANNEL, message, (size_t)len);
}

static void heard_elsewhere(void *context, const char *message, size_t len)
{
    int64_t device_id, at_ms;
    char text[48];
    if (len >= sizeof text)
        return;
    memcpy(text, message, len);
    text[len] = '\0';
    if (sscanf(text, "%" SCNd64 " %" SCNd64, &device_id, &at_ms) == 2 && at_ms > 0)
        readings_heard(context, device_id, at_ms);
}

int64_t readings_last_seen(struct readings *readings, const char *event, const char *device)
{
    int64_t id = history_id(event, device);
    struct seen *seen = &readings->seen;
    LOCKED(&seen->lock);
    return seen->slot_count == 0 ? 0 : find_seen(seen, id)->at_ms;
}

static enum err load_heard(struct readings *readings)
{
    struct db *db = store_reader_take(readings->store);
    if (db == NULL)
        return ERR_BUSY;
    struct sql_rows rows;
    enum err err = sql_query(db, &rows, "SELECT event, device, at_ms FROM device_heard");
    if (err == ERR_NONE) {
        while (sql_next(&rows))
            readings_heard(readings, history_id(sql_text(&rows, 0), sql_text(&rows, 1)),
                           sql_int(&rows, 2));
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
    TRY(gather_start(readings->store, &history_detections,
                     gather_ms > 0 ? gather_ms : HISTORY_DETECTIONS_GATHER_MS,
                     &readings->detections, note));
    return gather_start(readings->store, &history_series,
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
