// SPDX-License-Identifier: Apache-2.0
/* Where zones are heading, and how many are inside them. */
#include "api/api.h"
#include "base/clock.h"
#include "trends/trends.h"
#include "venues/venues.h"
#include "venues/venues_edit.h"

#include <stdio.h>

static void tell(struct request *request, const struct app *app, enum trends_document document)
{
    struct err_note note = {.detail = ""};
    struct text text;
    const char *venue = request_param(request, "venue");
    text_init(&text, TRENDS_TEXT_MAX);
    enum err err =
        trends_read(app->trends, request_param(request, "event"), venue, document, &text);
    if (err == ERR_NONE) {
        size_t len = text.len;
        reply_take(request, 200, "application/json", text_take(&text), len);
        return;
    }
    text_fini(&text);
    if (err == ERR_NOT_FOUND)
        (void)err_set(&note, err, "venue", "there is no venue %s", venue);
    reply_problem(request, err, &note);
}

static void tell_forecast(struct request *request, void *context)
{
    tell(request, context, TRENDS_FORECAST);
}

static void tell_occupancy(struct request *request, void *context)
{
    tell(request, context, TRENDS_OCCUPANCY);
}

/* --- somebody looked --- */

struct looked {
    int64_t people;
};

static const struct json_field looked_fields[] = {
    {"people", JSON_FIELD_INT, JSON_REQUIRED, JSON_AT(struct looked, people), .min = 0, .max = 1e6,
     .doc = "how many are inside; 0 when it is empty"},
};

struct setting {
    struct actor actor;
    const char *event, *venue, *zone;
    int64_t people, now_ms;
};

/* First, in the main store: who said so must be known even where the rest fails. */
static enum err audit_run(struct db *db, void *context, struct err_note *note)
{
    const struct setting *setting = context;
    char subject[LIMIT_ID_LEN + 8], detail[80];
    SCOPED_JSON *zone = NULL;
    enum err err =
        venue_describe(db, VENUE_PART_ZONE, setting->event, setting->venue, setting->zone, &zone);
    if (err == ERR_NOT_FOUND &&
        venue_part_exists(db, VENUE_PART_VENUE, setting->event, setting->venue) == ERR_NOT_FOUND)
        return err_set(note, err, "venue", "there is no venue %s", setting->venue);
    if (err == ERR_NOT_FOUND)
        return err_set(note, err, "zone", "there is no zone %s in the venue %s", setting->zone,
                       setting->venue);
    TRY(err);
    (void)snprintf(subject, sizeof subject, "zone:%s", setting->zone);
    (void)snprintf(detail, sizeof detail, "%lld people are inside", (long long)setting->people);
    const struct audit_change change = {
        .event = setting->event, .action = "occupancy.set", .subject = subject, .detail = detail};
    return audit_append(db, &setting->actor, &change, setting->now_ms);
}

static enum err set_run(struct db *db, void *context, struct err_note *note)
{
    const struct setting *setting = context;
    (void)note;
    return trends_set_occupancy(db, setting->event, setting->venue, setting->zone,
                                (double)setting->people, setting->now_ms);
}

static void set_occupancy(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {.detail = ""};
    struct looked looked = {.people = 0};
    enum err err = request_read_json(request, &looked, NULL, &note);
    struct setting setting = {.actor = api_actor(request),
                              .event = request_param(request, "event"),
                              .venue = request_param(request, "venue"),
                              .zone = request_param(request, "zone"),
                              .people = looked.people,
                              .now_ms = clock_now_ms()};
    if (err == ERR_NONE)
        err = store_write(app->main_store, audit_run, &setting, &note);
    if (err == ERR_NONE)
        err = store_write(app->telemetry_store, set_run, &setting, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_empty(request, 204);
}

#define VENUE "/api/v1/events/{event}/venues/{venue}"

#define READ(p, h, s)                                                                              \
    .method = "GET", .path = (p), .roles = ROLES_STAFF, .thread = ROUTE_WORKER, .handle = (h),     \
    .tag = "Crowd", .summary = (s)

const struct route trends_routes[] = {
    {READ(VENUE "/forecast", tell_forecast,
          "How many will be in every zone in 5, 15 and 30 minutes, with the band of that; when it "
          "is full; whether it is unusual for this hour.")},
    {READ(
        VENUE "/occupancy", tell_occupancy,
        "How many are inside every zone by counters, lines and cameras, how sure that is, how far "
        "they disagree, and what makes it wrong.")},
    {.method = "PUT",
     .path = VENUE "/zones/{zone}/occupancy",
     .roles = ROLES_WATCH,
     .thread = ROUTE_WORKER,
     .handle = set_occupancy,
     .tag = "Crowd",
     .body_fields = looked_fields,
     .body_field_count = COUNT_OF(looked_fields),
     .summary = "Says how many are inside, for certain: counting goes on from there."},
};
const size_t trends_route_count = COUNT_OF(trends_routes);
