// SPDX-License-Identifier: Apache-2.0
/* crowd/crowd.c — the module's door: open, close, and the picture for whoever asks. */
#include "crowd/crowd.h"

#include "base/clock.h"
#include "crowd/crowd_internal.h"
#include "crowd/health.h"
#include "crowd/tracks/table.h"
#include "store/consumer.h"

#include <stdio.h>

enum err crowd_open(const struct crowd_options *options, struct crowd **out_crowd,
                    struct err_note *note)
{
    struct crowd *crowd = mem_new(sizeof *crowd);
    crowd->store = options->telemetry_store;
    crowd->venues = options->venues;
    crowd->elsewhere = elsewhere_create();
    counted_init(&crowd->counted, crowd->store, crowd->venues);
    live_init(&crowd->live, options->publisher, options->readings);
    tracks_expire(crowd->store, options->keep_tracks_ms);
    seconds_expire(crowd->store);
    crossings_expire(crowd->store);
    enum err err = crowd_consume(crowd, note);
    if (err != ERR_NONE) {
        crowd_close(crowd);
        return err;
    }
    *out_crowd = crowd;
    return ERR_NONE;
}

void crowd_close(struct crowd *crowd)
{
    if (crowd == NULL)
        return;
    if (crowd->consumer != NULL)
        consumer_stop(crowd->consumer);
    writing_clear(&crowd->writing);
    counted_fini(&crowd->counted);
    live_fini(&crowd->live);
    elsewhere_destroy(crowd->elsewhere);
    mem_free(crowd);
}

enum err crowd_wait_idle(struct crowd *crowd, int64_t deadline_ms)
{
    return consumer_wait_idle(crowd->consumer, deadline_ms);
}

struct crowd_picture *crowd_picture(struct crowd *crowd, const char *event, const char *venue)
{
    struct crowd_picture *picture = counted_picture(&crowd->counted, event, venue);
    if (picture != NULL)
        return picture;
    struct venue_view *view = venues_view(crowd->venues, event, venue);
    if (view == NULL)
        return NULL;
    picture = elsewhere_picture(crowd->elsewhere, view, clock_monotonic_us());
    if (picture == NULL) {
        picture = crowd_picture_unknown(view, clock_now_ms());
        health_complete(crowd->live.readings, view, picture);
    }
    shared_unref(&view->shared);
    return picture;
}

enum err crowd_tracks(struct crowd *crowd, const struct crowd_tracks_query *query,
                      struct detection_batch **out_batch, int64_t *out_next_ms)
{
    struct db *db = store_reader_take(crowd->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = tracks_read(db, query, out_batch, out_next_ms);
    store_reader_give(crowd->store, db);
    return err;
}

/* "events/demo/venues/park/zones" */
static bool read_topic(const char *topic, char event[LIMIT_ID_LEN + 1],
                       char venue[LIMIT_ID_LEN + 1], enum elsewhere_part *out_part)
{
    char what[8];
    int len = 0;
    if (sscanf(topic, "events/%64[^/]/venues/%64[^/]/%7[a-z]%n", event, venue, what, &len) != 3 ||
        topic[len] != '\0')
        return false;
    *out_part = strcmp(what, "zones") == 0 ? ELSEWHERE_ZONES : ELSEWHERE_DEVICES;
    return *out_part == ELSEWHERE_ZONES || strcmp(what, "devices") == 0;
}

void crowd_hear(struct crowd *crowd, const char *topic, const char *json, size_t len)
{
    char event[LIMIT_ID_LEN + 1], venue[LIMIT_ID_LEN + 1];
    enum elsewhere_part part;
    if (!read_topic(topic, event, venue, &part))
        return;
    struct crowd_picture *own = counted_picture(&crowd->counted, event, venue);
    struct venue_view *view = own == NULL ? venues_view(crowd->venues, event, venue) : NULL;
    if (view != NULL) { /* as many as there are venues, whoever may say what */
        elsewhere_hear(crowd->elsewhere, event, venue, part, json, len, clock_monotonic_us());
        shared_unref(&view->shared);
    }
    if (own != NULL)
        shared_unref(&own->shared);
}

static bool find_device(const struct crowd_picture *picture, const char *device,
                        struct crowd_device_state *out_state)
{
    for (size_t d = 0; d < picture->device_count; d++) {
        if (strcmp(picture->devices[d].id, device) == 0) {
            *out_state = picture->devices[d];
            return true;
        }
    }
    return false;
}

bool crowd_device(struct crowd *crowd, const char *event, const char *venue, const char *device,
                  struct crowd_device_state *out_state)
{
    struct crowd_picture *picture = crowd_picture(crowd, event, venue);
    bool is_there = picture != NULL && find_device(picture, device, out_state);
    if (picture != NULL)
        shared_unref(&picture->shared);
    return is_there;
}
