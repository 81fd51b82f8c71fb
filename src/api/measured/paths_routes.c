// SPDX-License-Identifier: Apache-2.0
/* Where people spent their time, how long they stayed, which ways they took. */
#include "api/answers/answer.h"
#include "api/api.h"
#include "api/measured/paths_forms.h"
#include "base/clock.h"
#include "venues/venues.h"

#include <stdio.h>

#define SPAN_MS 3600000

enum form { FORM_JSON, FORM_CSV, FORM_GEOJSON };

static enum err read_form(const struct request *request, enum form last, enum form *out_form,
                          struct err_note *note)
{
    static const char *const NAMES[] = {"json", "csv", "geojson"};
    static const char *const TYPES[] = {"application/json", "text/csv", "application/geo+json"};
    const char *name = request_query(request, "format");
    const char *accept = request_header(request, "Accept");
    *out_form = FORM_JSON;
    for (int i = 0; i <= (int)last; i++) {
        if (name != NULL ? strcmp(name, NAMES[i]) == 0
                         : accept != NULL && strstr(accept, TYPES[i]) != NULL) {
            *out_form = (enum form)i;
            return ERR_NONE;
        }
    }
    if (name == NULL)
        return ERR_NONE;
    return err_set(note, ERR_MALFORMED, "format", "must be json%s",
                   last == FORM_CSV ? " or csv" : ", csv or geojson");
}

struct question {
    struct paths_query query;
    struct venue_view *view; /* a reference */
    enum form form;
};

static enum err read_question(struct request *request, const struct app *app, enum form last,
                              struct question *question, struct err_note *note)
{
    struct paths_query *query = &question->query;
    query->event = request_param(request, "event");
    query->venue = request_param(request, "venue");
    query->now_ms = clock_now_ms();
    TRY(read_form(request, last, &question->form, note));
    TRY(answer_read_range(request, SPAN_MS, &query->from_ms, &query->to_ms, note));
    if (query->to_ms - query->from_ms > PATHS_SPAN_MAX_MS)
        return err_set(note, ERR_TOO_LARGE, "from", "ask for 31 days at a time at most");
    question->view = venues_view(app->venues, query->event, query->venue);
    if (question->view == NULL)
        return err_set(note, ERR_NOT_FOUND, "venue", "there is no such venue");
    return ERR_NONE;
}

static void question_fini(struct question *question)
{
    if (question->view != NULL)
        shared_unref(&question->view->shared);
}

static void send_text(struct request *request, struct text *out, enum form form)
{
    if (form != FORM_GEOJSON || out->overflowed) {
        answer_reply(request, out, form == FORM_CSV ? FORMAT_CSV : FORMAT_JSON);
        return;
    }
    size_t len = out->len;
    reply_take(request, 200, "application/geo+json", text_take(out), len);
}

/* --- heat --- */

static enum err read_cell(const struct request *request, double *out_cell_m, struct err_note *note)
{
    int64_t cell_m = 1;
    TRY(request_query_int(request, "cell_m", 1, (int64_t)HEAT_CELL_M_MAX, &cell_m, note));
    if ((cell_m & (cell_m - 1)) != 0)
        return err_set(note, ERR_MALFORMED, "cell_m", "must be 1, 2, 4, 8, 16, 32 or 64");
    *out_cell_m = (double)cell_m;
    return ERR_NONE;
}

static void reply_heat(struct request *request, const struct question *question,
                       const struct paths_heat *heat)
{
    struct text out;
    text_init(&out, ANSWER_BYTES_MAX);
    if (question->form == FORM_CSV)
        paths_heat_csv(&out, heat);
    else if (question->form == FORM_GEOJSON)
        paths_heat_geojson(&out, heat, question->view);
    else
        paths_heat_json(&out, heat);
    send_text(request, &out, question->form);
}

static void heat_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct question question = {0};
    struct paths_heat heat = {0};
    double cell_m = 1;
    enum err err = read_question(request, app, FORM_GEOJSON, &question, &note);
    if (err == ERR_NONE)
        err = read_cell(request, &cell_m, &note);
    if (err == ERR_NONE && question.form == FORM_GEOJSON && !question.view->is_on_earth)
        err = err_set(&note, ERR_INVALID, "format",
                      "the venue lies nowhere on earth: ask for json or csv, or give it crs wgs84 "
                      "and an origin");
    if (err == ERR_NONE)
        err = paths_heat(app->paths, &question.query, cell_m, &heat);
    if (err == ERR_NONE)
        reply_heat(request, &question, &heat);
    else
        reply_problem(request, err, &note);
    paths_heat_fini(&heat);
    question_fini(&question);
}

/* --- dwell times --- */

static bool has_zone(const struct venue_view *view, const char *zone)
{
    for (size_t z = 0; z < view->zone_count; z++) {
        if (strcmp(view->zones[z].id, zone) == 0)
            return true;
    }
    return false;
}

static void dwell_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct question question = {0};
    struct paths_dwell dwell = {0};
    const char *zone = request_query(request, "zone");
    enum err err = read_question(request, app, FORM_CSV, &question, &note);
    if (err == ERR_NONE)
        err = paths_dwell(app->paths, &question.query, zone, &dwell);
    /* One that was removed still has its past. */
    if (err == ERR_NONE && zone != NULL && dwell.count == 0 && !has_zone(question.view, zone))
        err = err_set(&note, ERR_NOT_FOUND, "zone", "there is no such zone in this venue");
    if (err == ERR_NONE) {
        struct text out;
        text_init(&out, ANSWER_BYTES_MAX);
        (question.form == FORM_CSV ? paths_dwell_csv : paths_dwell_json)(&out, &dwell);
        send_text(request, &out, question.form);
    } else {
        reply_problem(request, err, &note);
    }
    paths_dwell_fini(&dwell);
    question_fini(&question);
}

/* --- trips --- */

static void trips_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct question question = {0};
    struct paths_trips trips = {0};
    enum err err = read_question(request, app, FORM_CSV, &question, &note);
    if (err == ERR_NONE)
        err = paths_trips(app->paths, &question.query, &trips);
    if (err == ERR_NONE) {
        struct text out;
        text_init(&out, ANSWER_BYTES_MAX);
        (question.form == FORM_CSV ? paths_trips_csv : paths_trips_json)(&out, &trips);
        send_text(request, &out, question.form);
    } else {
        reply_problem(request, err, &note);
    }
    paths_trips_fini(&trips);
    question_fini(&question);
}

/* --- */

#define FROM "from: RFC 3339 time, inclusive; an hour before `to` when absent"
#define TO   "to: RFC 3339 time, exclusive; now when absent; 31 days at most"

static const char *const HEAT_QUERY[] = {
    FROM, TO,
    "cell_m: side of a cell in metres: 1, 2, 4, 8, 16, 32 or 64; larger where the floor needs it",
    "format: json, csv or geojson; by the Accept header when absent", NULL};
static const char *const DWELL_QUERY[] = {
    FROM, TO, "zone: only this one", "format: json or csv; by the Accept header when absent", NULL};
static const char *const TRIPS_QUERY[] = {
    FROM, TO, "format: json, or csv of the pairs; by the Accept header when absent", NULL};

const struct route paths_routes[] = {
    {.method = "GET",
     .path = "/api/v1/events/{event}/venues/{venue}/heat",
     .roles = ROLES_STAFF,
     .thread = ROUTE_WORKER,
     .handle = heat_get,
     .tag = "Crowd",
     .summary = "Where people spent their time: person-seconds and mean density per cell of the "
                "floor, over any period.",
     .query = HEAT_QUERY},
    {.method = "GET",
     .path = "/api/v1/events/{event}/venues/{venue}/dwell",
     .roles = ROLES_STAFF,
     .thread = ROUTE_WORKER,
     .handle = dwell_get,
     .tag = "Crowd",
     .summary = "How long people stayed in each zone, those whose end was not seen included.",
     .query = DWELL_QUERY},
    {.method = "GET",
     .path = "/api/v1/events/{event}/venues/{venue}/trips",
     .roles = ROLES_STAFF,
     .thread = ROUTE_WORKER,
     .handle = trips_get,
     .tag = "Crowd",
     .summary = "From which zone to which people went, and by which ways, in hours that are over; "
                "what fewer than five did is withheld.",
     .query = TRIPS_QUERY},
};
const size_t paths_route_count = COUNT_OF(paths_routes);
