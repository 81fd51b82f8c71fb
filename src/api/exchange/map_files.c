// SPDX-License-Identifier: Apache-2.0
/* What a map program or a spreadsheet opens: zones with their counts now, and tracks. */
#include "api/answers/answer.h"
#include "api/exchange/exchange.h"
#include "api/exchange/places.h"
#include "base/clock.h"
#include "readings/readings.h"

#define GEOJSON     "application/geo+json"
#define SPAN_MS     60000
#define POINTS_PAGE 50000
#define POINTS_MAX  500000

static void reply_text_file(struct request *request, struct text *out, const char *type)
{
    struct err_note note;
    if (out->overflowed) {
        reply_problem(request,
                      err_set(&note, ERR_TOO_LARGE, "limit",
                              "the answer is too long; ask for less at a time"),
                      &note);
        text_fini(out);
        return;
    }
    size_t len = out->len;
    reply_take(request, 200, type, text_take(out), len);
}

/* Both or none; the caller unrefs them. */
static enum err find_venue(const struct request *request, const struct app *app,
                           struct venue_view **out_view, struct crowd_picture **out_picture,
                           struct err_note *note)
{
    const char *event = request_param(request, "event");
    const char *venue = request_param(request, "venue");
    struct venue_view *view = venues_view(app->venues, event, venue);
    struct crowd_picture *picture = view == NULL ? NULL : crowd_picture(app->crowd, event, venue);
    if (picture == NULL) {
        if (view != NULL)
            shared_unref(&view->shared);
        return err_set(note, ERR_NOT_FOUND, "venue", "there is no venue %s", venue);
    }
    *out_view = view;
    *out_picture = picture;
    return ERR_NONE;
}

/* Places are longitude and latitude, as RFC 7946 wants it, or else the file says that they are not. */
static void begin_collection(struct text *out, const struct venue_view *view)
{
    text_add(out, "{\"type\":\"FeatureCollection\",");
    if (!view->is_on_earth)
        text_add(out, "\"coordinates_are\":\"metres from the venue's origin\",");
    text_add(out, "\"features\":[");
}

/* --- zones --- */

static const struct crowd_zone_state NOBODY_KNOWS = {.people = CROWD_UNKNOWN};

static void add_zone_feature(struct text *out, const struct venue_view *view,
                             const struct zone *zone, const struct crowd_zone_state *state,
                             const char *at)
{
    text_add(out, "{\"type\":\"Feature\",");
    places_add_text(out, "id", zone->id);
    text_add(out, ",\"geometry\":");
    places_add_polygon(out, view, zone);
    text_add(out, ",\"properties\":{");
    places_add_text(out, "name", zone->name);
    text_addf(out, ",\"venue\":\"%s\",\"at\":\"%s\",\"people\":", view->id, at);
    if (state->people == CROWD_UNKNOWN)
        text_add(out, "null,\"density\":null");
    else
        text_addf(out, "%lld,\"density\":%.3f", (long long)state->people, state->density_m2);
    text_addf(out, ",\"level\":\"%s\",\"cameras\":%u,\"cameras_expected\":%u,\"area_m2\":",
              crowd_level_names[state->level], state->cameras, state->cameras_expected);
    text_add_real(out, zone->area_m2);
    if (zone->capacity_persons > 0)
        text_addf(out, ",\"capacity_persons\":%lld", (long long)zone->capacity_persons);
    text_add(out, ",\"flow\":");
    crowd_flow_add(out, &state->flow);
    text_add(out, "}}");
}

static void add_zone_line(struct text *out, const struct venue_view *view, const struct zone *zone,
                          const struct crowd_zone_state *state, const char *at)
{
    (void)view;
    text_addf(out, "%s,%s,", at, zone->id);
    if (state->people != CROWD_UNKNOWN)
        text_addf(out, "%lld,%.3f", (long long)state->people, state->density_m2);
    else
        text_add_char(out, ','); /* empty: not known is not zero */
    text_addf(out, ",%s,%u,%u,", crowd_level_names[state->level], state->cameras,
              state->cameras_expected);
    text_add_real(out, zone->area_m2);
    text_addf(out, ",%lld\n", (long long)zone->capacity_persons);
}

static void add_zones(struct text *out, const struct venue_view *view,
                      const struct crowd_picture *picture, const char *between,
                      void (*add)(struct text *, const struct venue_view *, const struct zone *,
                                  const struct crowd_zone_state *, const char *))
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(picture->at_ms, at);
    for (size_t z = 0; z < view->zone_count; z++) {
        const struct zone *zone = &view->zones[z];
        const struct crowd_zone_state *state = places_state_of(picture, zone->id, z);
        text_add(out, z == 0 ? "" : between);
        add(out, view, zone, state == NULL ? &NOBODY_KNOWS : state, at);
    }
}

void exchange_crowd_geojson_get(struct request *request, void *context)
{
    struct err_note note = {0};
    struct venue_view *view;
    struct crowd_picture *picture;
    enum err err = find_venue(request, context, &view, &picture, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    struct text out;
    text_init(&out, ANSWER_BYTES_MAX);
    begin_collection(&out, view);
    add_zones(&out, view, picture, ",", add_zone_feature);
    text_add(&out, "]}");
    shared_unref(&picture->shared);
    shared_unref(&view->shared);
    reply_text_file(request, &out, GEOJSON);
}

void exchange_crowd_csv_get(struct request *request, void *context)
{
    struct err_note note = {0};
    struct venue_view *view;
    struct crowd_picture *picture;
    enum err err = find_venue(request, context, &view, &picture, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    struct text out;
    text_init(&out, ANSWER_BYTES_MAX);
    text_add(&out, "at,zone,people,density,level,cameras,cameras_expected,area_m2,"
                   "capacity_persons\n");
    add_zones(&out, view, picture, "", add_zone_line);
    shared_unref(&picture->shared);
    shared_unref(&view->shared);
    reply_text_file(request, &out, "text/csv; charset=utf-8");
}

/* --- tracks --- */

struct step { /* one person at one moment */
    int64_t track;
    uint32_t frame;
    uint32_t person; /* index in the batch */
};

static int compare_steps(const void *a, const void *b)
{
    const struct step *left = a, *right = b;
    if (left->track != right->track)
        return left->track < right->track ? -1 : 1;
    return left->frame < right->frame ? -1 : left->frame > right->frame;
}

static struct step *sort_steps(const struct detection_batch *batch)
{
    struct step *steps = mem_new_array(batch->person_count + 1, sizeof *steps);
    for (size_t f = 0; f < batch->frame_count; f++) {
        for (uint32_t i = batch->frame_first[f]; i < batch->frame_first[f + 1]; i++)
            steps[i] = (struct step){batch->track[i], (uint32_t)f, i};
    }
    if (batch->person_count > 1)
        qsort(steps, batch->person_count, sizeof *steps, compare_steps);
    return steps;
}

static void add_place(struct text *out, const struct venue_view *view,
                      const struct detection_batch *batch, const struct step *step)
{
    places_add_position(out, view,
                        (struct point){batch->x[step->person] / batch->scale_xy,
                                       batch->y[step->person] / batch->scale_xy});
}

/* A line, or a point where there is one place only: RFC 7946 wants two for a line. */
static void add_track(struct text *out, const struct venue_view *view,
                      const struct detection_batch *batch, const struct step *steps, size_t count)
{
    text_addf(out,
              "{\"type\":\"Feature\",\"id\":%lld,\"geometry\":{\"type\":\"%s\",\"coordinates\":",
              (long long)steps[0].track, count == 1 ? "Point" : "LineString");
    if (count > 1)
        text_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_add_char(out, ',');
        add_place(out, view, batch, &steps[i]);
    }
    text_add(out, count > 1 ? "]},\"properties\":{\"times\":[" : "},\"properties\":{\"times\":[");
    for (size_t i = 0; i < count; i++) {
        char at[CLOCK_TEXT_SIZE];
        clock_format(batch->frame_at_ms[steps[i].frame], at);
        text_addf(out, "%s\"%s\"", i == 0 ? "" : ",", at);
    }
    text_add(out, "]}}");
}

static void add_tracks(struct text *out, const struct venue_view *view,
                       const struct detection_batch *batch)
{
    SCOPED_MEM struct step *steps = sort_steps(batch);
    for (size_t i = 0; i < batch->person_count;) {
        size_t end = i + 1;
        while (end < batch->person_count && steps[end].track == steps[i].track)
            end++;
        if (i > 0)
            text_add_char(out, ',');
        add_track(out, view, batch, &steps[i], end - i);
        i = end;
    }
}

static enum err read_tracks(const struct request *request, const struct app *app,
                            struct detection_batch **out_batch, int64_t *out_next_ms,
                            struct err_note *note)
{
    int64_t limit = POINTS_PAGE;
    struct crowd_tracks_query query = {.event = request_param(request, "event"),
                                       .venue = request_param(request, "venue")};
    TRY(answer_read_range(request, SPAN_MS, &query.from_ms, &query.to_ms, note));
    TRY(request_query_int(request, "limit", 1, POINTS_MAX, &limit, note));
    query.points_max = (size_t)limit;
    return crowd_tracks(app->crowd, &query, out_batch, out_next_ms);
}

void exchange_tracks_geojson_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct detection_batch *batch = NULL;
    int64_t next_ms = 0;
    const char *venue = request_param(request, "venue");
    struct venue_view *view = venues_view(app->venues, request_param(request, "event"), venue);
    enum err err = view != NULL ? read_tracks(request, app, &batch, &next_ms, &note)
                                : err_set(&note, ERR_NOT_FOUND, "venue", "there is no such venue");
    if (err != ERR_NONE) {
        if (view != NULL)
            shared_unref(&view->shared);
        reply_problem(request, err, &note);
        return;
    }
    struct text out;
    text_init(&out, ANSWER_BYTES_MAX);
    begin_collection(&out, view);
    add_tracks(&out, view, batch);
    answer_end_list(request, &out, FORMAT_JSON, next_ms); /* `next` as a foreign member */
    shared_unref(&batch->shared);
    shared_unref(&view->shared);
    reply_text_file(request, &out, GEOJSON);
}
