// SPDX-License-Identifier: Apache-2.0
/* A venue from a file: GeoJSON, WKT or IMDF. The formats: docs/formats/venue.md. */
#include "accounts/audit.h"
#include "api/api.h"
#include "base/clock.h"
#include "events/events.h"
#include "venues/venues_import.h"

struct upload {
    struct actor actor;
    const char *event, *venue;
};

static enum err check_event(struct db *db, const char *event, struct err_note *note)
{
    SCOPED_MEM struct event *found = mem_new(sizeof *found);
    enum err err = event_find(db, event, found);
    return err == ERR_NOT_FOUND ? err_set(note, err, "event", "there is no event %s", event) : err;
}

static enum err note_import(struct db *db, void *context, struct err_note *note)
{
    const struct upload *upload = context;
    char subject[LIMIT_ID_LEN + 8];
    TRY(check_event(db, upload->event, note));
    (void)snprintf(subject, sizeof subject, "venue:%s", upload->venue);
    const struct audit_change change = {.event = upload->event,
                                        .action = "venue.import",
                                        .subject = subject,
                                        .detail = upload->venue};
    return audit_append(db, &upload->actor, &change, clock_now_ms());
}

static enum err read_flag(const struct request *request, const char *name, bool *out,
                          struct err_note *note)
{
    const char *text = request_query(request, name);
    *out = text != NULL && strcmp(text, "true") == 0;
    if (text != NULL && !*out && strcmp(text, "false") != 0)
        return err_set(note, ERR_MALFORMED, name, "must be true or false");
    return ERR_NONE;
}

static enum import_format format_of(const char *type)
{
    if (strcmp(type, "application/zip") == 0)
        return IMPORT_IMDF;
    return strcmp(type, "text/plain") == 0 ? IMPORT_WKT : IMPORT_GEOJSON;
}

static void import_venue(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {.detail = ""};
    struct upload upload = {.actor = api_actor(request),
                            .event = request_param(request, "event"),
                            .venue = request_param(request, "venue")};
    struct venue_import import = {.event = upload.event,
                                  .venue = upload.venue,
                                  .format = format_of(request_content_type(request)),
                                  .level = request_query(request, "level"),
                                  .also = note_import,
                                  .also_context = &upload};
    json_t *report = NULL;
    import.bytes = request_body(request, &import.len);
    enum err err = read_flag(request, "dry_run", &import.is_dry_run, &note);
    if (err == ERR_NONE)
        err = venues_import(app->venues, &import, &report, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, report);
}

static const char *const QUERY[] = {"dry_run: true tells what would change, and changes nothing",
                                    "level: of an IMDF archive: id, ordinal or short name", NULL};

const struct route import_routes[] = {
    {.method = "POST",
     .path = "/api/v1/events/{event}/venues/{venue}/import",
     .thread = ROUTE_WORKER,
     .tag = "Venues",
     .roles = ROLE_ORGANISER,
     .handle = import_venue,
     .query = QUERY,
     .body_max = LIMIT_IMPORT_BYTES,
     .consumes = "application/geo+json application/json text/plain application/zip",
     .summary = "Takes plan, zones, lines and walls from GeoJSON, WKT or IMDF"},
};
const size_t import_route_count = COUNT_OF(import_routes);
