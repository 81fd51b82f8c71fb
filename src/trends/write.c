// SPDX-License-Identifier: Apache-2.0
/* One transaction: what was told, as readings and documents; the states whose turn it is; the mark. */
#include "base/clock.h"
#include "base/log.h"
#include "readings/readings.h"
#include "trends/tell.h"
#include "trends/trends_internal.h"

#include <stdio.h>

#define RECORD_READINGS 5000 /* some 300 KB; more are in further records */

void write_clear(struct trends *trends)
{
    for (size_t i = 0; i < trends->row_count; i++)
        mem_free(trends->rows[i].bytes);
    trends->row_count = 0;
    for (size_t i = 0; i < trends->document_count; i++) {
        text_fini(&trends->documents[i].forecast);
        text_fini(&trends->documents[i].occupancy);
    }
    mem_free(trends->documents);
    trends->documents = NULL;
    trends->document_count = 0;
}

/* --- before the transaction --- */

static enum err add_row(struct trends *trends, const struct tracked *tracked,
                        struct tracked_zone *zone)
{
    struct zone_row *row = &trends->rows[trends->row_count];
    TRY(zone_pack(&zone->state, &row->bytes, &row->len));
    row->event = tracked->event;
    row->venue = tracked->venue;
    memcpy(row->zone, zone->id, sizeof row->zone);
    row->position = trends->shards[tracked->shard].last_position;
    trends->row_zones[trends->row_count++] = zone;
    return ERR_NONE;
}

static enum err add_rows(struct trends *trends, const struct tracked *tracked, int64_t now_us)
{
    for (size_t z = 0; z < tracked->zone_count && trends->row_count < TRENDS_SAVES_MAX; z++) {
        struct tracked_zone *zone = &tracked->zones[z];
        if (zone->dirty_from != 0 && now_us - zone->saved_us >= trends->save_us)
            TRY(add_row(trends, tracked, zone));
    }
    return ERR_NONE;
}

static void add_documents(struct trends *trends, struct tracked *tracked)
{
    trends->documents =
        mem_resize(trends->documents, (trends->document_count + 1) * sizeof *trends->documents);
    struct document_pair *pair = &trends->documents[trends->document_count++];
    *pair = (struct document_pair){.tracked = tracked};
    text_init(&pair->forecast, TRENDS_TEXT_MAX);
    text_init(&pair->occupancy, TRENDS_TEXT_MAX);
    tell_forecast(&pair->forecast, tracked);
    tell_occupancy(&pair->occupancy, tracked);
    assert(!pair->forecast.overflowed && !pair->occupancy.overflowed); /* TRENDS_TEXT_MAX */
}

enum err write_prepare(struct trends *trends, int shard)
{
    int64_t now_us = clock_monotonic_us();
    write_clear(trends);
    for (size_t i = 0; i < trends->tracked_count; i++) {
        struct tracked *tracked = trends->tracked[i];
        if (tracked->shard != shard)
            continue;
        TRY(add_rows(trends, tracked, now_us));
        if (tracked->is_told)
            add_documents(trends, tracked);
    }
    return ERR_NONE;
}

bool write_has_any(const struct trends *trends, int shard)
{
    for (size_t i = 0; i < trends->tracked_count; i++) {
        if (trends->tracked[i]->shard == shard && trends->tracked[i]->output_count > 0)
            return true;
    }
    return trends->row_count + trends->document_count > 0;
}

static bool is_being_written(const struct trends *trends, const struct tracked_zone *zone)
{
    for (size_t i = 0; i < trends->row_count; i++) {
        if (trends->row_zones[i] == zone)
            return true;
    }
    return false;
}

int64_t write_needed_position(const struct trends *trends, int shard)
{
    int64_t position = INT64_MAX;
    for (size_t i = 0; i < trends->tracked_count; i++) {
        const struct tracked *tracked = trends->tracked[i];
        for (size_t z = 0; tracked->shard == shard && z < tracked->zone_count; z++) {
            const struct tracked_zone *zone = &tracked->zones[z];
            if (zone->dirty_from != 0 && zone->dirty_from - 1 < position &&
                !is_being_written(trends, zone))
                position = zone->dirty_from - 1;
        }
    }
    return position;
}

/* --- in the transaction --- */

static enum err append_outputs(struct db *db, const struct tracked *tracked, size_t first,
                               size_t count)
{
    SCOPED_MEM struct reading *readings = mem_new_array(count, sizeof *readings);
    SCOPED_MEM char(*names)[READINGS_SERIES_LEN + 1] = mem_new_array(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        const struct output *output = &tracked->outputs[first + i];
        (void)snprintf(names[i], sizeof names[i], "zone.%s:%s", output->zone,
                       output_measure_names[output->measure]);
        readings[i] = (struct reading){names[i], output->at_ms, output->value};
    }
    return readings_append(db, tracked->event, tracked->venue, readings, count, NULL);
}

static enum err write_outputs(struct db *db, const struct tracked *tracked)
{
    for (size_t first = 0; first < tracked->output_count; first += RECORD_READINGS)
        TRY(append_outputs(db, tracked, first,
                           MIN((size_t)RECORD_READINGS, tracked->output_count - first)));
    return ERR_NONE;
}

enum err write_apply(struct trends *trends, struct db *db, int shard, int64_t now_ms)
{
    for (size_t i = 0; i < trends->tracked_count; i++) {
        if (trends->tracked[i]->shard == shard)
            TRY(write_outputs(db, trends->tracked[i]));
    }
    for (size_t i = 0; i < trends->document_count; i++) {
        const struct document_pair *pair = &trends->documents[i];
        TRY(table_write_documents(db, pair->tracked, &pair->forecast, &pair->occupancy, now_ms));
    }
    for (size_t i = 0; i < trends->row_count; i++)
        TRY(table_write_zone(db, &trends->rows[i], now_ms));
    const struct trend_shard *own = &trends->shards[shard];
    return table_write_mark(db, shard, MAX(own->mark, own->last_position));
}

/* --- after the commit --- */

static void show(const struct trends *trends, const struct tracked *tracked, const char *what,
                 const struct text *message)
{
    char topic[3 * LIMIT_ID_LEN];
    (void)snprintf(topic, sizeof topic, "events/%s/venues/%s/%s", tracked->event, tracked->venue,
                   what);
    if (message->len > LIMIT_LIVE_MESSAGE_BYTES)
        log_write(LOG_ERROR, "trends", "a live message is too long", "topic=%s", topic);
    else
        publish(trends->publisher, topic, PUBLISH_GAUGE, message->bytes, message->len);
}

void write_applied(struct trends *trends, int shard)
{
    int64_t now_us = clock_monotonic_us();
    struct trend_shard *own = &trends->shards[shard];
    own->mark = MAX(own->mark, own->last_position);
    for (size_t i = 0; i < trends->row_count; i++) {
        struct tracked_zone *zone = trends->row_zones[i];
        zone->position = trends->rows[i].position;
        zone->dirty_from = 0;
        zone->saved_us = now_us;
    }
    for (size_t i = 0; i < trends->tracked_count; i++) {
        if (trends->tracked[i]->shard == shard)
            trends->tracked[i]->output_count = 0;
    }
    for (size_t i = 0; i < trends->document_count; i++) {
        const struct document_pair *pair = &trends->documents[i];
        pair->tracked->is_told = false;
        show(trends, pair->tracked, "forecast", &pair->forecast);
        show(trends, pair->tracked, "occupancy", &pair->occupancy);
    }
    write_clear(trends);
}
