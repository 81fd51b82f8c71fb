// SPDX-License-Identifier: Apache-2.0
#include "crowd/health.h"

#include "readings/readings.h"

/* A refusal stands until the device is heard after it and is not refused for as long as it may be
 * silent: some of its frames may be good. */
static void add_refusal(struct readings *readings, const struct venue_view *view, size_t d,
                        int64_t now_ms, struct crowd_device_state *device)
{
    struct clock_refusal refusal;
    if (!readings_clock_refusal(readings, view->event, device->id, &refusal))
        return;
    if (refusal.at_ms > device->last_seen_ms ||
        now_ms - refusal.at_ms <= view->devices[d].silent_after_ms)
        device->clock_ahead_ms = refusal.ahead_ms;
}

void health_complete(struct readings *readings, const struct venue_view *view,
                     struct crowd_picture *picture)
{
    for (size_t d = 0; readings != NULL && d < picture->device_count; d++) {
        struct crowd_device_state *device = &picture->devices[d];
        int64_t seen_ms = readings_last_seen(readings, view->event, device->id);
        device->last_seen_ms = MAX(device->last_seen_ms, seen_ms);
        device->is_silent = device->last_seen_ms == 0 || picture->at_ms - device->last_seen_ms >
                                                             view->devices[d].silent_after_ms;
        add_refusal(readings, view, d, picture->at_ms, device);
    }
}
