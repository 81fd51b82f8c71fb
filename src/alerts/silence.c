// SPDX-License-Identifier: Apache-2.0
#include "alerts/silence.h"

#include "base/text.h"
#include "crowd/crowd.h"

#define PATTERN "device.*:silence"

bool silence_is_asked_by(const struct rule *rule)
{
    const char *colon = strchr(rule->series, ':');
    return strncmp(rule->series, "device.", 7) == 0 && colon != NULL &&
           strcmp(colon, ":silence") == 0;
}

struct measuring {
    const struct silence_sources *sources;
    const struct venue_view *view;
    const struct crowd_picture *picture; /* may be NULL */
    int64_t now_ms;
    void (*tell)(void *context, const struct silence *silence);
    void *context;
};

static int64_t last_seen_ms(const struct measuring *measuring, const struct device *device)
{
    const struct crowd_picture *picture = measuring->picture;
    struct readings *readings = measuring->sources->readings;
    uint32_t d = device->index;
    bool is_pictured = picture != NULL && d < picture->device_count &&
                       strcmp(picture->devices[d].id, device->id) == 0;
    int64_t pictured_ms = is_pictured ? picture->devices[d].last_seen_ms : 0;
    int64_t read_ms =
        readings == NULL ? 0 : readings_last_seen(readings, measuring->view->event, device->id);
    return MAX(pictured_ms, read_ms);
}

static double value_s(const struct measuring *measuring, const struct watched *watched,
                      const struct device *device)
{
    int64_t silent_ms = measuring->now_ms - watched->seen_ms - device->silent_after_ms;
    double value = (double)MAX(silent_ms, (int64_t)0) / 1000;
    const struct alarm *alarm = &watched->now.alarm;
    bool is_silent_still =
        alarm->cause == ALARM_CAUSE_THRESHOLD && watched->seen_ms <= alarm->since_ms;
    return is_silent_still ? MAX(value, watched->watch->rule.threshold) : value;
}

static void measure_device(const struct measuring *measuring, struct watch *watch,
                           const struct device *device)
{
    char series[READINGS_SERIES_LEN + 1];
    (void)snprintf(series, sizeof series, "device.%s:silence", device->id);
    bool is_asked = rule_is_pattern(watch->rule.series) || strcmp(watch->rule.series, series) == 0;
    struct watched *watched = is_asked ? watched_find(watch, series) : NULL;
    if (is_asked && watched == NULL) {
        watched = watched_add(watch, series);
        if (watched != NULL)
            watched->seen_ms = watched->now.alarm.heard_ms = measuring->now_ms;
    }
    if (watched == NULL)
        return;
    watched->seen_ms = MAX(watched->seen_ms, last_seen_ms(measuring, device));
    const struct silence silence = {.watched = watched,
                                    .venue = measuring->view->id,
                                    .value_s = value_s(measuring, watched, device)};
    measuring->tell(measuring->context, &silence);
}

static void measure_venue(struct measuring *measuring, struct watches *watches)
{
    const struct venue_view *view = measuring->view;
    for (size_t i = 0; i < watches->count; i++) {
        struct watch *watch = &watches->list[i];
        if (!watch->asks_silence || strcmp(watch->rule.event, view->event) != 0)
            continue;
        for (size_t d = 0; d < view->device_count; d++)
            measure_device(measuring, watch, &view->devices[d]);
    }
}

void silence_measure(const struct silence_sources *sources, struct watches *watches, int shard,
                     int64_t now_ms, void (*tell)(void *context, const struct silence *silence),
                     void *context)
{
    if (sources->venues == NULL || !watches->ask_silence)
        return;
    size_t count = 0;
    SCOPED_MEM struct venue_view **views = venues_views(sources->venues, &count);
    for (size_t i = 0; i < count; i++) {
        struct venue_view *view = views[i];
        if (stream_shard_of(view->key) == shard) {
            struct crowd_picture *picture =
                sources->crowd == NULL ? NULL
                                       : crowd_picture(sources->crowd, view->event, view->id);
            struct measuring measuring = {sources, view, picture, now_ms, tell, context};
            measure_venue(&measuring, watches);
            if (picture != NULL)
                shared_unref(&picture->shared);
        }
        shared_unref(&view->shared);
    }
}

void silence_heard(struct watches *watches, const char *event, const char *device, int64_t now_ms)
{
    char series[READINGS_SERIES_LEN + 1];
    (void)snprintf(series, sizeof series, "device.%s:silence", device);
    const char *names[] = {PATTERN, series};
    for (size_t n = 0; n < COUNT_OF(names); n++) {
        size_t i = watches_place(watches, event, names[n]);
        for (; i < watches->count && watch_is_for(&watches->list[i], event, names[n]); i++) {
            struct watched *watched = watched_find(&watches->list[i], series);
            if (watched != NULL)
                watched->seen_ms = MAX(watched->seen_ms, now_ms);
        }
    }
}
