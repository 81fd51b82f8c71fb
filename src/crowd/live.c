// SPDX-License-Identifier: Apache-2.0
#include "crowd/live.h"

#include "base/log.h"
#include "base/metrics.h"
#include "crowd/health.h"
#include "crowd/messages.h"

#include <stdio.h>

#define ZONES_PERIOD_MS  40 /* at most so often */
#define PEOPLE_PERIOD_MS 200
#define STEADY_PERIOD_MS 1000 /* at least so often: silence, device health */

static struct metric delay_seconds =
    METRIC_HISTOGRAM("muster_crowd_delay_seconds", "From a record's arrival to the live picture.");

void live_init(struct live *live, const struct publisher *publisher, struct readings *readings)
{
    *live = (struct live){.publisher = publisher, .readings = readings};
    text_init(&live->message, LIMIT_LIVE_MESSAGE_BYTES);
}

void live_fini(struct live *live)
{
    text_fini(&live->message);
    mem_free(live->dots.all);
}

void live_note_change(struct live_times *times, int64_t arrived_ms)
{
    times->arrived_ms = times->is_changed ? times->arrived_ms : arrived_ms;
    times->is_changed = times->are_dots_changed = true;
}

static void send(struct live *live, const struct counted_venue *venue, const char *what)
{
    char topic[3 * LIMIT_ID_LEN];
    (void)snprintf(topic, sizeof topic, "events/%s/venues/%s/%s", venue->event, venue->venue, what);
    if (live->message.overflowed)
        log_write(LOG_ERROR, "crowd", "a live message is too long", "topic=%s", topic);
    else
        publish(live->publisher, topic, PUBLISH_GAUGE, live->message.bytes, live->message.len);
    text_clear(&live->message);
}

static bool is_health_changed(const struct crowd_picture *old, const struct crowd_picture *new)
{
    if (old == NULL || old->device_count != new->device_count)
        return true;
    for (size_t d = 0; d < new->device_count; d++) {
        const struct crowd_device_state *was = &old->devices[d], *is = &new->devices[d];
        if (was->is_silent != is->is_silent || was->trust.kind != is->trust.kind ||
            was->trust.merging != is->trust.merging)
            return true;
    }
    return false;
}

static void show_people(struct live *live, struct counted_venue *venue, int64_t now_ms)
{
    message_people(&live->message, &live->dots, now_ms);
    send(live, venue, "people");
    venue->live.people_ms = now_ms;
    venue->live.are_dots_changed = false;
}

/* Once for every second that is told. */
static void show_lines(struct live *live, struct counted_venue *venue)
{
    const struct settled *settled = &venue->state->settled;
    if (settled->newest == NULL || settled->newest_s == venue->live.lines_s)
        return;
    message_lines(&live->message, settled);
    send(live, venue, "lines");
    venue->live.lines_s = settled->newest_s;
}

static bool are_dots_due(const struct live_times *times, int64_t now_ms)
{
    return times->are_dots_changed && now_ms - times->people_ms >= PEOPLE_PERIOD_MS;
}

/* The picture first: who hears of a change and asks must not get what was before. */
static void show(struct live *live, struct counted *counted, struct counted_venue *venue,
                 int64_t now_ms)
{
    const struct venue_view *view = venue_state_view(venue->state);
    struct live_times *times = &venue->live;
    struct crowd_picture *picture = venue_state_picture(venue->state, now_ms, &live->dots);
    health_complete(live->readings, view, picture);
    bool is_steady = now_ms - times->steady_ms >= STEADY_PERIOD_MS;
    bool are_devices_due = is_steady || is_health_changed(venue->picture, picture);
    counted_set_picture(counted, venue, picture);
    message_zones(&live->message, picture);
    send(live, venue, "zones");
    show_lines(live, venue);
    if (is_steady || are_dots_due(times, now_ms))
        show_people(live, venue, now_ms);
    if (are_devices_due) {
        message_devices(&live->message, picture);
        send(live, venue, "devices");
        times->steady_ms = now_ms;
    }
    if (times->is_changed)
        metric_observe_us(&delay_seconds, MAX(0, now_ms - times->arrived_ms) * 1000);
    times->is_changed = false;
    times->zones_ms = now_ms;
}

static bool is_due(const struct live_times *times, int64_t now_ms)
{
    int64_t since_ms = now_ms - times->zones_ms;
    if (since_ms < 0)
        return true; /* the clock was set back */
    bool is_change_due = times->is_changed || are_dots_due(times, now_ms);
    return (is_change_due && since_ms >= ZONES_PERIOD_MS) ||
           now_ms - times->steady_ms >= STEADY_PERIOD_MS;
}

void live_show(struct live *live, struct counted *counted, int64_t now_ms)
{
    bool has_gone = false;
    for (size_t i = 0; i < counted->count; i++) {
        struct counted_venue *venue = counted->all[i];
        if (now_ms - venue->live.steady_ms >= STEADY_PERIOD_MS &&
            !counted_refresh(counted, venue, now_ms))
            has_gone = true;
        else if (is_due(&venue->live, now_ms))
            show(live, counted, venue, now_ms);
    }
    if (has_gone)
        counted_drop_gone(counted);
}
