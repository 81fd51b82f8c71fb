// SPDX-License-Identifier: Apache-2.0
/* Who is where. */
#include "api/api.h"
#include "base/clock.h"
#include "crowd/crowd.h"

static json_t *people_json(int64_t people)
{
    return people == CROWD_UNKNOWN ? json_null() : json_integer((json_int_t)people);
}

static json_t *zone_json(const struct crowd_zone_state *zone)
{
    bool is_known = zone->people != CROWD_UNKNOWN;
    return json_pack("{s:s, s:o, s:o, s:s, s:i}", "id", zone->id, "people",
                     people_json(zone->people), "density",
                     is_known ? json_real(zone->density_m2) : json_null(), "level",
                     crowd_level_names[zone->level], "cameras", (int)zone->cameras);
}

static json_t *picture_json(const struct crowd_picture *picture)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(picture->at_ms, at);
    json_t *zones = json_array();
    for (size_t z = 0; z < picture->zone_count; z++)
        (void)json_array_append_new(zones, zone_json(&picture->zones[z]));
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "at", at, "method", CROWD_METHOD, "uncertainty",
                     CROWD_UNCERTAINTY, "people", people_json(picture->people), "zones", zones);
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
    json_t *document = picture_json(picture);
    shared_unref(&picture->shared);
    reply_json(request, 200, document);
}

const struct route crowd_routes[] = {
    {.method = "GET",
     .path = "/api/v1/events/{event}/venues/{venue}/crowd",
     .roles = ROLES_STAFF,
     .thread = ROUTE_INLINE,
     .handle = tell_crowd,
     .tag = "Crowd",
     .summary = "People, density and level of every zone now, and how they were found."},
};
const size_t crowd_route_count = COUNT_OF(crowd_routes);
