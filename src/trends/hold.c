// SPDX-License-Identifier: Apache-2.0
/* The venues in memory: loaded when they are heard, followed as they change, dropped when they are idle or
 * removed. */
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "events/events.h"
#include "trends/trends_internal.h"

#define CLOCK_PERIOD_US 600000000LL /* an event's time zone is looked up so often */
#define SWEEP_PERIOD_US 1000000LL

static struct metric zones_held =
    METRIC_GAUGE("muster_trends_zones", "Zones whose forecast is in this process's memory.");
static struct metric zones_refused = METRIC_COUNTER(
    "muster_trends_zones_refused_total", "Zones without a forecast: over LIMIT_TREND_ZONES.");

static struct tracked *find(const struct trends *trends, const char *event, const char *venue)
{
    for (size_t i = 0; i < trends->tracked_count; i++) {
        struct tracked *tracked = trends->tracked[i];
        if (strcmp(tracked->event, event) == 0 && strcmp(tracked->venue, venue) == 0)
            return tracked;
    }
    return NULL;
}

static void count_zones(struct trends *trends)
{
    trends->zone_count = 0;
    for (size_t i = 0; i < trends->tracked_count; i++)
        trends->zone_count += trends->tracked[i]->zone_count;
    metric_set(&zones_held, (int64_t)trends->zone_count);
}

static void drop(struct trends *trends, size_t i)
{
    tracked_fini(trends->tracked[i]);
    mem_free(trends->tracked[i]);
    trends->tracked[i] = trends->tracked[--trends->tracked_count];
    count_zones(trends);
}

/* What cannot be read is as UTC: the season is then learned by that clock. */
static void read_clock(struct trends *trends, struct tracked *tracked, int64_t now_us)
{
    struct event event;
    tracked->clock_us = now_us;
    struct db *db = trends->main_store == NULL ? NULL : store_reader_take(trends->main_store);
    if (db == NULL)
        return;
    enum err err = event_find(db, tracked->event, &event);
    store_reader_give(trends->main_store, db);
    if (err != ERR_NONE)
        return;
    SCOPED_MEM struct zone_clock *clock = mem_new(sizeof *clock);
    err = zone_clock_read(event.time_zone, clock);
    if (err != ERR_NONE) {
        log_write(LOG_WARN, "trends", "the event's time zone cannot be read; UTC is taken",
                  "event=%s zone=%s reason=%s", tracked->event, event.time_zone, err_name(err));
        return;
    }
    mem_free(tracked->clock);
    tracked->clock = TAKE(clock);
}

static bool has_room(struct trends *trends, const struct tracked *tracked,
                     const struct venue_view *view)
{
    return trends->zone_count - tracked->zone_count + view->zone_count <= trends->zones_max;
}

static enum err load(struct trends *trends, struct tracked *tracked, int64_t now_us)
{
    struct db *db = store_reader_take(trends->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = table_load_zones(db, tracked, now_us);
    store_reader_give(trends->store, db);
    TRY(err); /* what failed begins with everything dropped */
    tracked_drop_counters(tracked);
    tracked->is_loaded = true;
    return ERR_NONE;
}

/* A venue that is refused asks again with each of its records. */
static enum err follow(struct trends *trends, struct tracked *tracked,
                       const struct venue_view *view, int64_t now_us)
{
    if (has_room(trends, tracked, view)) {
        tracked->is_refused = false;
        tracked_follow(tracked, view, now_us);
        count_zones(trends);
        return tracked->is_loaded ? ERR_NONE : load(trends, tracked, now_us);
    }
    if (!tracked->is_refused) {
        tracked->is_refused = true;
        metric_add(&zones_refused, (int64_t)view->zone_count);
        log_write(LOG_WARN, "trends", "too many zones; those of this venue have no forecast",
                  "event=%s venue=%s zones=%zu limit=%zu", tracked->event, tracked->venue,
                  view->zone_count, trends->zones_max);
    }
    return ERR_NONE;
}

static struct tracked *add(struct trends *trends, const struct venue_view *view, int shard)
{
    if (trends->tracked_count == trends->tracked_size) {
        trends->tracked_size = trends->tracked_size == 0 ? 16 : 2 * trends->tracked_size;
        trends->tracked =
            mem_resize(trends->tracked, trends->tracked_size * sizeof *trends->tracked);
    }
    struct tracked *tracked = mem_new(sizeof *tracked);
    (void)text_copy(tracked->event, sizeof tracked->event, view->event);
    (void)text_copy(tracked->venue, sizeof tracked->venue, view->id);
    tracked->shard = shard;
    trends->tracked[trends->tracked_count++] = tracked;
    return tracked;
}

static enum err current(struct trends *trends, const struct venue_view *view, int shard,
                        struct tracked **out_tracked)
{
    int64_t now_us = clock_monotonic_us();
    struct tracked *tracked = find(trends, view->event, view->id);
    bool is_new = tracked == NULL;
    if (is_new)
        tracked = add(trends, view, shard);
    tracked->heard_us = now_us;
    if (tracked->version != view->version)
        TRY(follow(trends, tracked, view, now_us));
    if (is_new || now_us - tracked->clock_us >= CLOCK_PERIOD_US)
        read_clock(trends, tracked, now_us);
    *out_tracked = tracked->is_refused ? NULL : tracked;
    return ERR_NONE;
}

enum err hold_current(struct trends *trends, const char *event, const char *venue, int shard,
                      struct tracked **out_tracked)
{
    *out_tracked = NULL;
    struct venue_view *view = venues_view(trends->venues, event, venue);
    if (view == NULL)
        return ERR_NONE; /* removed: the next sweep drops what it had in memory */
    enum err err = current(trends, view, shard, out_tracked);
    shared_unref(&view->shared);
    return err;
}

void hold_drop_shard(struct trends *trends, int shard)
{
    for (size_t i = trends->tracked_count; i-- > 0;) {
        if (shard < 0 || trends->tracked[i]->shard == shard)
            drop(trends, i);
    }
}

static bool is_dirty(const struct tracked *tracked)
{
    for (size_t z = 0; z < tracked->zone_count; z++) {
        if (tracked->zones[z].dirty_from != 0)
            return true;
    }
    return tracked->output_count > 0 || tracked->is_told;
}

static bool is_removed(const struct trends *trends, const struct tracked *tracked)
{
    struct venue_view *view = venues_view(trends->venues, tracked->event, tracked->venue);
    if (view == NULL)
        return true;
    shared_unref(&view->shared);
    return false;
}

void hold_sweep(struct trends *trends, int64_t now_us)
{
    if (now_us - trends->swept_us < SWEEP_PERIOD_US)
        return;
    trends->swept_us = now_us;
    for (size_t i = trends->tracked_count; i-- > 0;) {
        const struct tracked *tracked = trends->tracked[i];
        bool is_idle = now_us - tracked->heard_us >= TRENDS_IDLE_MS * 1000LL && !is_dirty(tracked);
        if (is_idle || is_removed(trends, tracked))
            drop(trends, i);
    }
}
