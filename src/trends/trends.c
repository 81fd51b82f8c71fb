// SPDX-License-Identifier: Apache-2.0
/* trends/trends.c — the module's door. */
#include "trends/trends.h"

#include "readings/readings.h"
#include "trends/tell.h"
#include "trends/trends_internal.h"

#include <stdio.h>

enum err trends_open(const struct trends_options *options, struct trends **out_trends,
                     struct err_note *note)
{
    struct trends *trends = mem_new(sizeof *trends);
    trends->store = options->telemetry_store;
    trends->main_store = options->main_store;
    trends->venues = options->venues;
    trends->publisher = options->publisher;
    trends->save_us = (options->save_ms > 0 ? options->save_ms : TRENDS_SAVE_MS) * 1000LL;
    trends->zones_max = options->zones_max > 0 ? options->zones_max : LIMIT_TREND_ZONES;
    table_expire(trends->store);
    enum err err = trends_consume(trends, note);
    if (err != ERR_NONE) {
        trends_close(trends);
        return err;
    }
    *out_trends = trends;
    return ERR_NONE;
}

void trends_close(struct trends *trends)
{
    if (trends == NULL)
        return;
    if (trends->consumer != NULL)
        consumer_stop(trends->consumer);
    write_clear(trends);
    hold_drop_shard(trends, -1);
    mem_free(trends->tracked);
    mem_free(trends);
}

enum err trends_wait_idle(struct trends *trends, int64_t deadline_ms)
{
    return consumer_wait_idle(trends->consumer, deadline_ms);
}

static enum err read_stored(struct trends *trends, const char *event, const char *venue,
                            enum trends_document document, struct text *out)
{
    struct db *db = store_reader_take(trends->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = table_read_document(db, event, venue, (int)document, out);
    store_reader_give(trends->store, db);
    return err;
}

/* Of a venue of which nothing was told yet: all its zones, unknown. */
static void tell_nothing(const struct venue_view *view, enum trends_document document,
                         struct text *out)
{
    struct tracked tracked = {.version = 0};
    tracked.zones = mem_new_array(view->zone_count + 1, sizeof *tracked.zones);
    tracked.zone_count = view->zone_count;
    for (size_t z = 0; z < view->zone_count; z++)
        memcpy(tracked.zones[z].id, view->zones[z].id, sizeof tracked.zones[z].id);
    if (document == TRENDS_FORECAST)
        tell_forecast(out, &tracked);
    else
        tell_occupancy(out, &tracked);
    tracked_fini(&tracked);
}

enum err trends_read(struct trends *trends, const char *event, const char *venue,
                     enum trends_document document, struct text *out)
{
    struct venue_view *view = venues_view(trends->venues, event, venue);
    if (view == NULL)
        return ERR_NOT_FOUND;
    enum err err = read_stored(trends, event, venue, document, out);
    if (err == ERR_NOT_FOUND) {
        tell_nothing(view, document, out);
        err = ERR_NONE;
    }
    shared_unref(&view->shared);
    return err;
}

enum err trends_set_occupancy(struct db *db, const char *event, const char *venue, const char *zone,
                              double people, int64_t now_ms)
{
    char series[READINGS_SERIES_LEN + 1];
    (void)snprintf(series, sizeof series, "zone.%s:occupancy_set", zone);
    const struct reading reading = {.series = series, .at_ms = now_ms, .value = people};
    return readings_append(db, event, venue, &reading, 1, NULL);
}
