// SPDX-License-Identifier: Apache-2.0
/* Who is where. */
#include "api/api.h"
#include "api/measured/crowd_lines.h"
#include "api/measured/crowd_measures.h"
#include "api/measured/crowd_tracks.h"
#include "base/clock.h"
#include "base/text.h"
#include "crowd/crowd.h"

#define PICTURE_BYTES_MAX ((size_t)LIMIT_VENUE_ZONES * 512 + CROWD_MEASURES_BYTES_MAX)

static void add_people(struct text *out, int64_t people)
{
    if (people == CROWD_UNKNOWN)
        text_add(out, "null");
    else
        text_add_int(out, people);
}

static void add_zone(struct text *out, const struct crowd_zone_state *zone, int64_t at_ms)
{
    text_addf(out, "{\"id\":\"%s\",", zone->id);
    crowd_zone_add(out, zone, at_ms);
    text_add_char(out, '}');
}

/* By hand rather than through a tree: every open control room and every script asks for it. */
static void add_picture(struct text *out, const struct crowd_picture *picture)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(picture->at_ms, at);
    text_addf(out, "{\"at\":\"%s\",\"method\":\"%s\",\"uncertainty\":\"%s\",\"measures\":", at,
              CROWD_METHOD, CROWD_UNCERTAINTY);
    crowd_measures_add(out);
    text_add(out, ",\"people\":");
    add_people(out, picture->people);
    text_add(out, ",\"zones\":[");
    for (size_t z = 0; z < picture->zone_count; z++) {
        if (z > 0)
            text_add_char(out, ',');
        add_zone(out, &picture->zones[z], picture->at_ms);
    }
    text_add(out, "]}");
}

static void tell_crowd(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {.detail = ""};
    const char *venue = request_param(request, "venue");
    struct crowd_picture *picture =
        crowd_picture(app->crowd, request_param(request, "event"), venue);
    if (picture == NULL) {
        reply_problem(request,
                      err_set(&note, ERR_NOT_FOUND, "venue", "there is no venue %s", venue), &note);
        return;
    }
    struct text text;
    text_init(&text, PICTURE_BYTES_MAX);
    add_picture(&text, picture);
    shared_unref(&picture->shared);
    assert(!text.overflowed);
    size_t len = text.len;
    reply_take(request, 200, "application/json", text_take(&text), len);
}

static const char *const TRACKS_QUERY[] = {
    "from: RFC 3339 time, inclusive; a minute before `to` when absent",
    "to: RFC 3339 time, exclusive; now when absent",
    "format: json, ndjson or csv; by the Accept header when absent",
    "cursor: where the page before ended",
    "limit: places per page, 1 to 500000; a moment is never cut",
    NULL};

const struct route crowd_routes[] = {
    {.method = "GET",
     .path = "/api/v1/events/{event}/venues/{venue}/crowd",
     .roles = ROLES_STAFF | ROLE_READER,
     .thread = ROUTE_INLINE,
     .handle = tell_crowd,
     .tag = "Crowd",
     .summary = "People, density and level of every zone now, and how they were found."},
    {.method = "GET",
     .path = "/api/v1/events/{event}/venues/{venue}/lines/{line}/crossings",
     .roles = ROLES_STAFF | ROLE_READER,
     .thread = ROUTE_WORKER,
     .handle = crowd_lines_get,
     .tag = "Crowd",
     .summary =
         "How many people crossed a line, each way, since a time; its flow of the last minute.",
     .query = crowd_lines_query},
    {.method = "GET",
     .path = "/api/v1/events/{event}/venues/{venue}/tracks",
     .roles = ROLES_STAFF,
     .thread = ROUTE_WORKER,
     .handle = crowd_tracks_get,
     .tag = "Crowd",
     .summary = "Where people were: settled tracks, anonymous, every half second; kept for hours.",
     .query = TRACKS_QUERY},
};
const size_t crowd_route_count = COUNT_OF(crowd_routes);
