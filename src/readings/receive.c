// SPDX-License-Identifier: Apache-2.0
/* All the work is done before the command is queued: the writer only copies packed bytes. */
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "readings/counts.h"
#include "readings/decode/decode.h"
#include "readings/decode/decode_values.h"
#include "readings/pack.h"
#include "readings/readings_internal.h"
#include "venues/venues.h"

#include <stdio.h>

static struct metric detections_received =
    METRIC_COUNTER("muster_detections_received_total", "Detections committed to the stream.");
static struct metric frames_received =
    METRIC_COUNTER("muster_frames_received_total", "Frames committed to the stream.");
static struct metric readings_received = METRIC_COUNTER(
    "muster_readings_received_total", "Readings of sensors committed to the stream.");
static struct metric items_refused =
    METRIC_COUNTER("muster_items_refused_total", "Items refused in bodies whose rest was taken.");
static struct metric bodies_refused =
    METRIC_COUNTER("muster_bodies_refused_total", "Bodies of devices refused as a whole.");

struct outgoing { /* a record to be appended */
    char key[2 * LIMIT_ID_LEN + 2];
    int64_t device_id;
    struct packer packer;
    struct detection_batch *batch; /* NULL for readings */
};

struct delivery { /* a body on its way to the disk */
    struct receipt receipt;
    struct readings *readings;
    const char *kind;
    void (*done)(void *context, const struct receipt *receipt);
    void *context;
    int64_t now_ms;
    int64_t *heard; /* ids of the devices of readings */
    size_t heard_count;
    size_t count;
    size_t room;
    struct outgoing *records;
    struct outgoing first; /* mostly there is one: no memory of its own */
};

static void destroy_delivery(struct shared *self)
{
    struct delivery *delivery = (struct delivery *)(void *)self;
    for (size_t i = 0; i < delivery->count; i++) {
        packer_fini(&delivery->records[i].packer);
        batch_unref(delivery->records[i].batch);
    }
    item_errors_fini(&delivery->receipt.errors);
    if (delivery->records != &delivery->first)
        mem_free(delivery->records);
    mem_free(delivery->heard);
    mem_free(delivery);
}

static struct delivery *new_delivery(struct readings *readings, const struct receive *receive,
                                     const char *stream, const char *kind)
{
    struct delivery *delivery = mem_new(sizeof *delivery);
    shared_init(&delivery->receipt.shared, destroy_delivery);
    delivery->readings = readings;
    delivery->receipt.stream = stream;
    delivery->kind = kind;
    delivery->done = receive->done;
    delivery->context = receive->context;
    delivery->now_ms = receive->now_ms;
    return delivery;
}

static void finish(struct delivery *delivery, enum err err, const struct err_note *note)
{
    delivery->receipt.err = err;
    if (err != ERR_NONE && note != NULL)
        delivery->receipt.note = *note;
    if (err == ERR_NONE)
        metric_add(&items_refused, (int64_t)delivery->receipt.errors.count);
    else
        metric_add(&bodies_refused, 1);
    delivery->done(delivery->context, &delivery->receipt);
    shared_unref(&delivery->receipt.shared);
}

static struct outgoing *add_record(struct delivery *delivery, const char *event, const char *venue)
{
    if (delivery->count == 0) {
        delivery->room = 1;
        delivery->records = &delivery->first;
    } else if (delivery->count == delivery->room) {
        bool is_first = delivery->records == &delivery->first;
        delivery->room = MAX((size_t)8, delivery->room * 2);
        delivery->records = mem_resize(is_first ? NULL : delivery->records,
                                       delivery->room * sizeof *delivery->records);
        if (is_first)
            delivery->records[0] = delivery->first;
    }
    struct outgoing *record = &delivery->records[delivery->count++];
    *record = (struct outgoing){0};
    (void)snprintf(record->key, sizeof record->key, "%s/%s", event, venue);
    return record;
}

/* --- the command --- */

static enum err run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct delivery *delivery = context;
    for (size_t i = 0; i < delivery->count; i++) {
        struct outgoing *record = &delivery->records[i];
        struct stream_append append = {.stream = delivery->receipt.stream,
                                       .key = record->key,
                                       .kind = delivery->kind,
                                       .body = record->packer.bytes,
                                       .body_len = record->packer.len,
                                       .decoded = (struct shared *)record->batch};
        TRY(stream_append(db, &append, &delivery->receipt.position));
        delivery->receipt.shard = stream_shard_of(record->key);
    }
    return ERR_NONE;
}

static void done(void *context, enum err result, const struct err_note *note)
{
    struct delivery *delivery = context;
    const struct receipt *receipt = &delivery->receipt;
    if (result == ERR_NONE) {
        metric_add(&detections_received, (int64_t)receipt->persons);
        metric_add(&frames_received, (int64_t)receipt->frames);
        metric_add(&readings_received, (int64_t)receipt->readings);
        for (size_t i = 0; i < delivery->count && delivery->records[i].batch != NULL; i++)
            readings_heard(delivery->readings, delivery->records[i].device_id, delivery->now_ms);
        for (size_t i = 0; i < delivery->heard_count; i++)
            readings_heard_here(delivery->readings, delivery->heard[i], delivery->now_ms);
    }
    finish(delivery, result, note);
}

/* When nothing of the body was good, its first error is the body's. */
static void refuse_all(struct delivery *delivery)
{
    struct err_note note = {.place = "body", .detail = "has nothing in it"};
    enum err err = ERR_INVALID;
    if (delivery->receipt.errors.count > 0) {
        const struct item_error *first = &delivery->receipt.errors.items[0];
        err = err_set(&note, first->err, first->place, "%s", first->detail);
    }
    finish(delivery, err, &note);
}

static void submit(struct delivery *delivery)
{
    if (delivery->count == 0) {
        refuse_all(delivery);
        return;
    }
    struct store_command command = {.run = run, .done = done, .context = delivery};
    for (size_t i = 0; i < delivery->count; i++)
        command.cost_bytes += delivery->records[i].packer.len;
    delivery->receipt.record_count = delivery->count;
    enum err err = store_submit(delivery->readings->store, &command);
    if (err != ERR_NONE) {
        const char *why = "the server has more to write than it can at the moment";
        struct err_note note = {0};
        (void)store_is_well(delivery->readings->store, &why);
        (void)err_set(&note, err, "",
                      "Nothing was written: %s. Send the same again after the pause.", why);
        finish(delivery, err, &note);
    }
}

/* --- whose --- */

static bool may_speak_for(const struct receive *receive, const char *device)
{
    return receive->device[0] == '\0' || strcmp(receive->device, device) == 0;
}

struct standing { /* where a device stands, and what it is */
    char venue[LIMIT_ID_LEN + 1];
    bool is_counter;
};

/* The venue where the device stands; false with an error for the item otherwise. */
static bool find_venue(struct delivery *delivery, const struct receive *receive, const char *device,
                       const char *place, struct standing *out_standing)
{
    struct item_errors *errors = &delivery->receipt.errors;
    if (!may_speak_for(receive, device)) {
        item_errors_add(errors, ERR_FORBIDDEN, place,
                        "this sender speaks for the device \"%s\" only, not for \"%s\"",
                        receive->device, device);
        return false;
    }
    const struct device *found;
    struct venue_view *view =
        venues_view_of_device(delivery->readings->venues, receive->event, device, &found);
    if (view == NULL) {
        item_errors_add(errors, ERR_NOT_FOUND, place,
                        "\"%s\" is no device of the event \"%s\"; add it to a venue first", device,
                        receive->event);
        return false;
    }
    (void)text_copy(out_standing->venue, sizeof out_standing->venue, view->id);
    out_standing->is_counter = found->kind == DEVICE_COUNTER;
    shared_unref(&view->shared);
    return true;
}

/* --- detections --- */

static enum err pack_batch(struct delivery *delivery, const char *event, const char *venue,
                           struct detection_batch *batch)
{
    size_t duplicates;
    TRY(batch_normalise(batch, &duplicates));
    (void)text_copy(batch->event, sizeof batch->event, event);
    (void)text_copy(batch->venue, sizeof batch->venue, venue);
    struct outgoing *record = add_record(delivery, event, venue);
    record->device_id = history_id(event, batch->device);
    record->batch = batch;
    shared_ref(&batch->shared);
    detections_pack(&record->packer, batch, SEAL_FAST);
    if (record->packer.is_broken)
        return ERR_NO_MEMORY;
    delivery->receipt.frames += batch->frame_count;
    delivery->receipt.persons += batch->person_count;
    delivery->receipt.duplicates += duplicates;
    return record->packer.len > LIMIT_RECORD_BYTES ? ERR_TOO_LARGE : ERR_NONE;
}

/* A clock that is ahead shows in the health of the device, whatever its sender does with the refusal. */
static void note_ahead(struct readings *readings, const struct receive *receive,
                       const struct decoded *decoded)
{
    for (size_t i = 0; i < decoded->ahead_count; i++) {
        const struct decode_ahead *ahead = &decoded->ahead[i];
        const struct device *device;
        if (!may_speak_for(receive, ahead->device))
            continue;
        struct venue_view *view =
            venues_view_of_device(readings->venues, receive->event, ahead->device, &device);
        if (view == NULL)
            continue;
        shared_unref(&view->shared);
        const struct clock_refusal refusal = {.at_ms = receive->now_ms,
                                              .ahead_ms = ahead->newest_ms - receive->now_ms};
        readings_clock_refused_here(readings, history_id(receive->event, ahead->device), refusal);
    }
}

/* They wait before their frames are committed: whoever follows those finds them. */
static void pass_looks(struct readings *readings, const struct receive *receive,
                       const struct decoded *decoded)
{
    for (size_t i = 0; i < decoded->look_count; i++) {
        const struct decode_look *look = &decoded->looks[i];
        const struct device *device;
        if (!may_speak_for(receive, look->device))
            continue;
        struct venue_view *view =
            venues_view_of_device(readings->venues, receive->event, look->device, &device);
        if (view == NULL)
            continue;
        shared_unref(&view->shared);
        readings_put_appearance(readings, history_id(receive->event, look->device),
                                &look->appearance, receive->now_ms);
    }
}

static enum err pack_batches(struct delivery *delivery, const struct receive *receive,
                             struct decoded *decoded, struct err_note *note)
{
    for (size_t i = 0; i < decoded->batch_count; i++) {
        struct detection_batch *batch = decoded->batches[i];
        struct standing standing;
        if (!find_venue(delivery, receive, batch->device, "device", &standing))
            continue;
        enum err err = pack_batch(delivery, receive->event, standing.venue, batch);
        if (err == ERR_TOO_LARGE)
            return err_set(note, err, "body",
                           "device \"%s\" has more in it than fits into one "
                           "record; send several bodies",
                           batch->device);
        if (err != ERR_NONE)
            return err_set(note, err, "body",
                           "there is not enough memory at the moment; try again");
    }
    return ERR_NONE;
}

void readings_receive_detections(struct readings *readings, const struct receive *receive)
{
    struct delivery *delivery =
        new_delivery(readings, receive, HISTORY_STREAM_DETECTIONS, "detections.packed");
    struct decode_options options = {
        .oldest_ms = MAX(receive->now_ms - readings->keep_detections_ms, VALUES_OLDEST_MS),
        .newest_ms = receive->now_ms + LIMIT_FRAME_AHEAD_MS,
        .device = receive->device};
    struct err_note note = {0};
    struct decoded decoded;
    enum err err = decode_detections(receive->body, receive->len, &options, &decoded, &note);
    if (err == ERR_NONE) {
        note_ahead(readings, receive, &decoded);
        delivery->receipt.errors = decoded.errors;
        decoded.errors = (struct item_errors){0};
        delivery->receipt.skipped = decoded.skipped;
        err = pack_batches(delivery, receive, &decoded, &note);
        if (err == ERR_NONE)
            pass_looks(readings, receive, &decoded);
    }
    decoded_fini(&decoded);
    if (err == ERR_NONE)
        submit(delivery);
    else
        finish(delivery, err, &note);
}

/* --- readings --- */

#define NOWHERE SIZE_MAX

/* Readings of one venue, gathered out of the body's. */
struct by_venue {
    char venue[LIMIT_ID_LEN + 1];
    struct reading *list; /* within one that holds the whole body */
    size_t count;
};

struct sorting {
    struct delivery *delivery;
    const struct receive *receive;
    struct by_venue *venues;
    size_t venue_count;
    size_t room;
    char device[LIMIT_ID_LEN + 1]; /* the last one looked up, and where it stands */
    size_t place;
    bool is_counter;
};

static size_t venue_named(struct sorting *sorting, const char *name)
{
    for (size_t i = 0; i < sorting->venue_count; i++) {
        if (strcmp(sorting->venues[i].venue, name) == 0)
            return i;
    }
    if (sorting->venue_count == sorting->room) {
        sorting->room = MAX((size_t)8, sorting->room * 2);
        sorting->venues = mem_resize(sorting->venues, sorting->room * sizeof *sorting->venues);
    }
    struct by_venue *venue = &sorting->venues[sorting->venue_count];
    *venue = (struct by_venue){.count = 0};
    (void)text_copy(venue->venue, sizeof venue->venue, name);
    return sorting->venue_count++;
}

/* A device's readings mostly stand together: looked up once per run. */
static size_t look_up(struct sorting *sorting, const struct value *value)
{
    char place[32];
    struct standing standing;
    struct delivery *delivery = sorting->delivery;
    if (strcmp(sorting->device, value->device) == 0)
        return sorting->place;
    (void)text_copy(sorting->device, sizeof sorting->device, value->device);
    (void)snprintf(place, sizeof place, "[%zu].id", value->message);
    sorting->place = NOWHERE;
    if (!find_venue(delivery, sorting->receive, value->device, place, &standing))
        return NOWHERE;
    sorting->is_counter = standing.is_counter;
    delivery->heard[delivery->heard_count++] = history_id(sorting->receive->event, value->device);
    return sorting->place = venue_named(sorting, standing.venue);
}

/* A counter that tells of fewer than nobody is broken, or set up wrongly: said at once, to its sender. */
static bool is_possible(const struct sorting *sorting, const struct value *value)
{
    const char *measure = strchr(value->series, ':');
    if (!sorting->is_counter || value->value >= 0 || measure == NULL ||
        count_measure_find(measure + 1) == NULL)
        return true;
    char place[32 + VALUES_MEASURE_LEN];
    (void)snprintf(place, sizeof place, "[%zu].%s", value->message, measure + 1);
    item_errors_add(&sorting->delivery->receipt.errors, ERR_INVALID, place,
                    "is %g: fewer than nobody cannot pass; for people who leave send \"%s\"",
                    value->value, strstr(measure, "in") == NULL ? "in" : "out");
    return false;
}

/* Counted first, then put: one list has room for all venues, whatever their shares are. */
static void sort_values(struct sorting *sorting, const struct values *values, size_t *places,
                        struct reading *readings)
{
    for (size_t i = 0; i < values->count; i++) {
        places[i] = look_up(sorting, &values->list[i]);
        if (places[i] != NOWHERE && !is_possible(sorting, &values->list[i]))
            places[i] = NOWHERE;
        if (places[i] != NOWHERE)
            sorting->venues[places[i]].count++;
    }
    for (size_t i = 0; i < sorting->venue_count; i++) {
        sorting->venues[i].list = readings;
        readings += sorting->venues[i].count;
        sorting->venues[i].count = 0;
    }
    for (size_t i = 0; i < values->count; i++) {
        const struct value *value = &values->list[i];
        if (places[i] == NOWHERE)
            continue;
        struct by_venue *venue = &sorting->venues[places[i]];
        venue->list[venue->count++] = (struct reading){value->series, value->at_ms, value->value};
    }
}

static enum err pack_by_venue(struct delivery *delivery, const struct receive *receive,
                              const struct values *values)
{
    SCOPED_MEM size_t *places = mem_new_array(values->count + 1, sizeof *places);
    SCOPED_MEM struct reading *readings = mem_new_array(values->count + 1, sizeof *readings);
    delivery->heard = mem_new_array(values->count + 1, sizeof *delivery->heard);
    struct sorting sorting = {.delivery = delivery, .receive = receive, .place = NOWHERE};
    enum err err = ERR_NONE;
    sort_values(&sorting, values, places, readings);
    for (size_t i = 0; i < sorting.venue_count && err == ERR_NONE; i++) {
        const struct by_venue *venue = &sorting.venues[i];
        if (venue->count == 0)
            continue; /* all of it was refused */
        struct outgoing *record = add_record(delivery, receive->event, venue->venue);
        err = readings_pack(&record->packer, venue->list, venue->count);
        delivery->receipt.readings += venue->count;
    }
    mem_free(sorting.venues);
    return err;
}

void readings_receive_values(struct readings *readings, const struct receive *receive)
{
    struct delivery *delivery =
        new_delivery(readings, receive, HISTORY_STREAM_READINGS, "readings.packed");
    struct values_options options = {.now_ms = receive->now_ms, .device = receive->device};
    struct err_note note = {0};
    struct values values;
    enum err err =
        values_decode(receive->body, receive->len, receive->form, &options, &values, &note);
    if (err == ERR_NONE) {
        delivery->receipt.errors = values.errors;
        values.errors = (struct item_errors){0};
        err = pack_by_venue(delivery, receive, &values);
        if (err != ERR_NONE)
            (void)err_set(&note, err, "body",
                          "there is not enough memory at the moment; try again");
    }
    values_fini(&values);
    if (err == ERR_NONE)
        submit(delivery);
    else
        finish(delivery, err, &note);
}
