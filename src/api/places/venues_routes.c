// SPDX-License-Identifier: Apache-2.0
/* Venues with their plans and pictures, zones, lines, walls, devices. The documents: docs/formats/venue.md. */
#include "accounts/audit.h"
#include "api/api.h"
#include "base/clock.h"
#include "crowd/crowd.h"
#include "events/events.h"
#include "readings/readings.h"
#include "venues/venues.h"
#include "venues/venues_edit.h"

#include <stdio.h>

static const char *const part_words[] = {"venue", "zone", "device", "picture", "line", "wall"};

/* --- a change, with its line in the audit log --- */

struct edit {
    struct venue_edit venue_edit;
    struct actor actor;
    char event[LIMIT_ID_LEN + 1]; /* the request ends with the reply, and these with it */
    char venue[LIMIT_ID_LEN + 1];
    json_t *document;  /* owned */
    json_t *described; /* owned: what a PUT has written, before anybody else can change it */
};

static enum err check_event(struct db *db, const char *event, struct err_note *note)
{
    SCOPED_MEM struct event *found = mem_new(sizeof *found);
    enum err err = event_find(db, event, found);
    return err == ERR_NOT_FOUND ? err_set(note, err, "event", "there is no event %s", event) : err;
}

static enum err note_change(struct db *db, void *context, const struct venue_edit *venue_edit,
                            struct err_note *note)
{
    static const char *const actions[] = {"create", "set", "remove"};
    struct edit *edit = context;
    char action[40], subject[2 * LIMIT_ID_LEN];
    const char *part = part_words[venue_edit->part];
    TRY(check_event(db, venue_edit->event, note));
    (void)snprintf(action, sizeof action, "%s.%s", part, actions[venue_edit->action]);
    (void)snprintf(subject, sizeof subject, "%s:%s", part,
                   venue_edit->id == NULL ? venue_edit->venue : venue_edit->id);
    const struct audit_change change = {
        .event = venue_edit->event, .action = action, .subject = subject, .detail = edit->venue};
    TRY(audit_append(db, &edit->actor, &change, clock_now_ms()));
    if (venue_edit->action != VENUE_PUT || venue_edit->part == VENUE_PART_PICTURE)
        return ERR_NONE;
    json_decref(edit->described); /* of a transaction that had to be repeated */
    edit->described = NULL;
    return venue_describe(db, venue_edit->part, venue_edit->event, venue_edit->venue,
                          venue_edit->id, &edit->described);
}

static void edit_init(struct edit *edit, const struct request *request, enum venue_part part,
                      enum venue_action action)
{
    *edit = (struct edit){.actor = api_actor(request)};
    (void)text_copy(edit->event, sizeof edit->event, request_param(request, "event"));
    (void)text_copy(edit->venue, sizeof edit->venue, request_param(request, "venue"));
    edit->venue_edit = (struct venue_edit){.part = part,
                                           .action = action,
                                           .event = edit->event,
                                           .venue = edit->venue,
                                           .also = note_change,
                                           .also_context = edit};
    if (part != VENUE_PART_VENUE && part != VENUE_PART_PICTURE)
        edit->venue_edit.id = request_param(request, part_words[part]);
}

static void edit_fini(struct edit *edit)
{
    json_decref(edit->document);
    json_decref(edit->described);
}

static enum err read_document(const struct request *request, struct edit *edit,
                              struct err_note *note)
{
    size_t len;
    const char *body = request_body(request, &len);
    TRY(json_parse(body, len, &edit->document, note));
    edit->venue_edit.document = edit->document;
    return json_is_object(edit->document)
               ? ERR_NONE
               : err_set(note, ERR_INVALID, "body", "must be a JSON object");
}

static enum err not_found(enum err err, const char *part, const char *id, struct err_note *note)
{
    return err == ERR_NOT_FOUND ? err_set(note, err, part, "there is no %s %s", part, id) : err;
}

/* --- reading --- */

static const char *id_of(const struct request *request, enum venue_part part)
{
    return request_param(request, part_words[part]);
}

/* Of an address with two mistakes the first is told: a part is looked for in a venue that is there. */
static bool has_venue(const struct app *app, const struct request *request)
{
    struct venue_view *view =
        venues_view(app->venues, request_param(request, "event"), request_param(request, "venue"));
    if (view != NULL)
        shared_unref(&view->shared);
    return view != NULL;
}

static struct crowd_device_state find_health(const struct app *app, const char *event,
                                             const char *venue, const char *device)
{
    struct crowd_device_state state = {.clock_ahead_ms = CROWD_CLOCK_UNKNOWN};
    if (app->crowd != NULL)
        (void)crowd_device(app->crowd, event, venue, device, &state); /* else it was never heard */
    if (app->readings != NULL)
        state.last_seen_ms =
            MAX(state.last_seen_ms, readings_last_seen(app->readings, event, device));
    return state;
}

#define TROUBLE_BYTES 256

static json_t *trouble_of(const struct crowd_device_state *health)
{
    struct text text;
    text_init(&text, TROUBLE_BYTES);
    crowd_trouble_add(&text, &health->trust);
    json_t *trouble = json_loadb(text.bytes, text.len, JSON_DECODE_ANY, NULL);
    text_fini(&text);
    return trouble;
}

static void add_health(const struct app *app, const char *event, json_t *device)
{
    const char *id = json_string_value(json_object_get(device, "id"));
    const char *venue = json_string_value(json_object_get(device, "venue"));
    int64_t silent_after_ms = json_integer_value(json_object_get(device, "silent_after_ms"));
    struct crowd_device_state health = find_health(app, event, venue, id);
    int64_t seen_ms = health.last_seen_ms;
    char time[CLOCK_TEXT_SIZE];
    clock_format(seen_ms, time);
    (void)json_object_set_new(device, "last_seen_at",
                              seen_ms == 0 ? json_null() : json_string(time));
    bool is_silent = seen_ms == 0 || clock_now_ms() - seen_ms > silent_after_ms;
    (void)json_object_set_new(device, "is_silent", json_boolean(is_silent));
    (void)json_object_set_new(device, "clock_ahead_ms",
                              health.clock_ahead_ms == CROWD_CLOCK_UNKNOWN
                                  ? json_null()
                                  : json_integer(health.clock_ahead_ms));
    (void)json_object_set_new(device, "trouble", trouble_of(&health));
}

static void tell(struct request *request, const struct app *app, enum venue_part part)
{
    struct err_note note = {.detail = ""};
    json_t *document = NULL;
    const char *event = request_param(request, "event");
    enum err err = venues_describe(app->venues, part, event, request_param(request, "venue"),
                                   id_of(request, part), &document);
    if (err == ERR_NOT_FOUND && !has_venue(app, request))
        part = VENUE_PART_VENUE;
    if (not_found(err, part_words[part], id_of(request, part), &note) != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    if (part == VENUE_PART_DEVICE)
        add_health(app, event, document);
    reply_json(request, 200, document);
}

static enum err read_list(const struct request *request, const struct app *app,
                          enum venue_part part, json_t **out_items, char next[LIMIT_ID_LEN + 1],
                          struct err_note *note)
{
    const char *cursor = request_query(request, "cursor");
    size_t limit;
    if (cursor != NULL && !text_is_id(cursor))
        return err_set(note, ERR_MALFORMED, "cursor", "is not one that this list gave");
    TRY(api_page_limit(request, &limit, note));
    const char *venue = request_param(request, "venue");
    enum err err = venues_list(app->venues, part, request_param(request, "event"), venue,
                               cursor == NULL ? "" : cursor, limit, out_items, next);
    return not_found(err, "venue", venue, note);
}

static void list(struct request *request, const struct app *app, enum venue_part part)
{
    struct err_note note = {.detail = ""};
    json_t *items = NULL;
    char next[LIMIT_ID_LEN + 1];
    enum err err = read_list(request, app, part, &items, next, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    size_t i;
    json_t *item;
    if (part == VENUE_PART_DEVICE) {
        json_array_foreach(items, i, item) add_health(app, request_param(request, "event"), item);
    }
    api_reply_page(request, items, next);
}

/* --- writing --- */

static void put(struct request *request, const struct app *app, enum venue_part part)
{
    struct err_note note = {.detail = ""};
    struct edit edit;
    edit_init(&edit, request, part, VENUE_PUT);
    enum err err = read_document(request, &edit, &note);
    if (err == ERR_NONE)
        err = venues_edit(app->venues, &edit.venue_edit, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, edit.venue_edit.out_is_new ? 201 : 200, TAKE(edit.described));
    edit_fini(&edit);
}

static enum err create_run(struct db *db, void *context, struct created *out, struct err_note *note)
{
    struct edit *edit = context;
    const struct venue_edit *change = &edit->venue_edit;
    TRY(venue_edit_run(db, &edit->venue_edit, note));
    TRY(venue_describe(db, change->part, change->event, change->venue, change->id, &out->body));
    int len = snprintf(out->location, sizeof out->location, "/api/v1/events/%s/venues/%s",
                       change->event, change->venue);
    if (change->part != VENUE_PART_VENUE)
        (void)snprintf(out->location + len, sizeof out->location - (size_t)len, "/%ss/%s",
                       part_words[change->part], change->id);
    return ERR_NONE;
}

static void show_created(const struct app *app, void *context)
{
    const struct edit *edit = context;
    venues_refresh(app->venues, edit->event, edit->venue);
}

/* A POST's document names itself. */
static enum err take_id(struct edit *edit, struct err_note *note)
{
    const char *id = json_string_value(json_object_get(edit->document, "id"));
    if (id == NULL || !text_is_id(id))
        return err_set(note, ERR_INVALID, "id", "is missing, or not 1 to %d of a-z, 0-9, _ and -",
                       LIMIT_ID_LEN);
    if (edit->venue_edit.part == VENUE_PART_VENUE)
        (void)text_copy(edit->venue, sizeof edit->venue, id);
    else
        edit->venue_edit.id = id;
    return ERR_NONE;
}

static void create(struct request *request, const struct app *app, enum venue_part part)
{
    struct err_note note = {.detail = ""};
    struct edit edit;
    edit_init(&edit, request, part, VENUE_CREATE);
    enum err err = read_document(request, &edit, &note);
    if (err == ERR_NONE)
        err = take_id(&edit, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        api_create(request, app, create_run, show_created, &edit);
    edit_fini(&edit);
}

static void remove_part(struct request *request, const struct app *app, enum venue_part part)
{
    struct err_note note = {.detail = ""};
    struct edit edit;
    edit_init(&edit, request, part, VENUE_REMOVE);
    enum err err = venues_edit(app->venues, &edit.venue_edit, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_empty(request, 204);
}

/* --- the picture --- */

static void put_picture(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {.detail = ""};
    struct edit edit;
    edit_init(&edit, request, VENUE_PART_PICTURE, VENUE_PUT);
    edit.venue_edit.picture = request_body(request, &edit.venue_edit.picture_len);
    edit.venue_edit.picture_type = request_content_type(request);
    enum err err = venues_edit(app->venues, &edit.venue_edit, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_empty(request, 204);
}

static void tell_picture(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {.detail = ""};
    char *bytes = NULL, type[32];
    size_t len = 0;
    const char *venue = request_param(request, "venue");
    enum err err =
        venues_picture(app->venues, request_param(request, "event"), venue, &bytes, &len, type);
    if (err == ERR_NOT_FOUND && !has_venue(app, request))
        err = not_found(err, "venue", venue, &note);
    else if (err == ERR_NOT_FOUND)
        err = err_set(&note, err, "picture", "there is none of venue \"%s\"; PUT one here", venue);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    /* A picture that a user gave: whatever script stands in it must not run with our origin. */
    reply_header(request, "Content-Security-Policy",
                 "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'");
    reply_header(request, "Cache-Control", "private, no-cache");
    reply_take(request, 200, type, bytes, len);
}

/* --- the table --- */

#define HANDLERS(part, PART)                                                                       \
    static void tell_##part(struct request *request, void *context)                                \
    {                                                                                              \
        tell(request, context, PART);                                                              \
    }                                                                                              \
    static void list_##part##s(struct request *request, void *context)                             \
    {                                                                                              \
        list(request, context, PART);                                                              \
    }                                                                                              \
    static void put_##part(struct request *request, void *context)                                 \
    {                                                                                              \
        put(request, context, PART);                                                               \
    }                                                                                              \
    static void create_##part(struct request *request, void *context)                              \
    {                                                                                              \
        create(request, context, PART);                                                            \
    }                                                                                              \
    static void remove_##part(struct request *request, void *context)                              \
    {                                                                                              \
        remove_part(request, context, PART);                                                       \
    }
HANDLERS(venue, VENUE_PART_VENUE)
HANDLERS(zone, VENUE_PART_ZONE)
HANDLERS(device, VENUE_PART_DEVICE)
HANDLERS(line, VENUE_PART_LINE)
HANDLERS(wall, VENUE_PART_WALL)

static void remove_picture(struct request *request, void *context)
{
    remove_part(request, context, VENUE_PART_PICTURE);
}

static const char *const PICTURE_QUERY[] = {"version: changes when the picture may have", NULL};

#define VENUES       "/api/v1/events/{event}/venues"
#define VENUE        VENUES "/{venue}"
#define WATCHERS     (ROLES_STAFF | ROLE_DEVICE)
#define ROUTE(m, p)  .method = (m), .path = (p), .thread = ROUTE_WORKER, .tag = "Venues"
#define PLAN_BYTES   (LIMIT_PLAN_BYTES + 64 * 1024) /* and the words around it */
#define FIELDS(f, n) .body_fields = (f), .body_field_count = (n)

const struct route venues_routes[] = {
    {ROUTE("GET", VENUES), .roles = ROLES_EVENT | ROLE_DEVICE, .handle = list_venues,
     .query = api_page_query, .summary = "The venues of an event, without their plans"},
    {ROUTE("POST", VENUES), .roles = ROLE_ORGANISER, .handle = create_venue, .body_max = PLAN_BYTES,
     FIELDS(venue_fields, VENUE_FIELD_COUNT), .summary = "Adds a venue; takes an Idempotency-Key"},
    {ROUTE("GET", VENUE), .roles = ROLES_EVENT | ROLE_DEVICE, .handle = tell_venue,
     .summary = "One venue with its plan, zones, lines and walls"},
    {ROUTE("PUT", VENUE), .roles = ROLE_ORGANISER, .handle = put_venue, .body_max = PLAN_BYTES,
     FIELDS(venue_fields, VENUE_FIELD_COUNT), .summary = "Adds or replaces a venue"},
    {ROUTE("DELETE", VENUE), .roles = ROLE_ORGANISER, .handle = remove_venue,
     .summary = "Removes a venue with all that stands in it"},
    {ROUTE("GET", VENUE "/picture"), .roles = ROLES_EVENT, .handle = tell_picture,
     .query = PICTURE_QUERY, .summary = "The picture under the plan"},
    {ROUTE("PUT", VENUE "/picture"), .roles = ROLE_ORGANISER, .handle = put_picture,
     .body_max = LIMIT_PLAN_BYTES, .consumes = "image/svg+xml image/png",
     .summary = "Sets the picture under the plan"},
    {ROUTE("DELETE", VENUE "/picture"), .roles = ROLE_ORGANISER, .handle = remove_picture,
     .summary = "Removes the picture"},
    {ROUTE("GET", VENUE "/zones"), .roles = ROLES_EVENT | ROLE_DEVICE, .handle = list_zones,
     .query = api_page_query, .summary = "The zones of a venue"},
    {ROUTE("POST", VENUE "/zones"), .roles = ROLE_ORGANISER, .handle = create_zone,
     FIELDS(zone_fields, ZONE_FIELD_COUNT), .summary = "Adds a zone; takes an Idempotency-Key"},
    {ROUTE("GET", VENUE "/zones/{zone}"), .roles = ROLES_EVENT | ROLE_DEVICE, .handle = tell_zone,
     .summary = "One zone"},
    {ROUTE("PUT", VENUE "/zones/{zone}"), .roles = ROLE_ORGANISER, .handle = put_zone,
     FIELDS(zone_fields, ZONE_FIELD_COUNT), .summary = "Adds or replaces a zone"},
    {ROUTE("DELETE", VENUE "/zones/{zone}"), .roles = ROLE_ORGANISER, .handle = remove_zone,
     .summary = "Removes a zone"},
    {ROUTE("GET", VENUE "/lines"), .roles = ROLES_EVENT | ROLE_DEVICE, .handle = list_lines,
     .query = api_page_query, .summary = "The lines of a venue"},
    {ROUTE("POST", VENUE "/lines"), .roles = ROLE_ORGANISER, .handle = create_line,
     FIELDS(line_fields, LINE_FIELD_COUNT),
     .summary = "Adds a line, across which people are counted; takes an Idempotency-Key"},
    {ROUTE("GET", VENUE "/lines/{line}"), .roles = ROLES_EVENT | ROLE_DEVICE, .handle = tell_line,
     .summary = "One line"},
    {ROUTE("PUT", VENUE "/lines/{line}"), .roles = ROLE_ORGANISER, .handle = put_line,
     FIELDS(line_fields, LINE_FIELD_COUNT), .summary = "Adds or replaces a line"},
    {ROUTE("DELETE", VENUE "/lines/{line}"), .roles = ROLE_ORGANISER, .handle = remove_line,
     .summary = "Removes a line"},
    {ROUTE("GET", VENUE "/walls"), .roles = ROLES_EVENT | ROLE_DEVICE, .handle = list_walls,
     .query = api_page_query, .summary = "The walls of a venue"},
    {ROUTE("POST", VENUE "/walls"), .roles = ROLE_ORGANISER, .handle = create_wall,
     FIELDS(wall_fields, WALL_FIELD_COUNT),
     .summary = "Adds a wall: an obstacle, or where people can walk; takes an Idempotency-Key"},
    {ROUTE("GET", VENUE "/walls/{wall}"), .roles = ROLES_EVENT | ROLE_DEVICE, .handle = tell_wall,
     .summary = "One wall"},
    {ROUTE("PUT", VENUE "/walls/{wall}"), .roles = ROLE_ORGANISER, .handle = put_wall,
     FIELDS(wall_fields, WALL_FIELD_COUNT), .summary = "Adds or replaces a wall"},
    {ROUTE("DELETE", VENUE "/walls/{wall}"), .roles = ROLE_ORGANISER, .handle = remove_wall,
     .summary = "Removes a wall"},
    {ROUTE("GET", VENUE "/devices"), .roles = WATCHERS, .handle = list_devices,
     .query = api_page_query, .summary = "The devices of a venue and their health"},
    {ROUTE("POST", VENUE "/devices"), .roles = ROLE_ORGANISER, .handle = create_device,
     FIELDS(device_fields, DEVICE_FIELD_COUNT),
     .summary = "Adds a device; takes an Idempotency-Key"},
    {ROUTE("GET", VENUE "/devices/{device}"), .roles = WATCHERS, .handle = tell_device,
     .summary = "One device and its health"},
    {ROUTE("PUT", VENUE "/devices/{device}"), .roles = ROLE_ORGANISER, .handle = put_device,
     FIELDS(device_fields, DEVICE_FIELD_COUNT), .summary = "Adds or replaces a device"},
    {ROUTE("DELETE", VENUE "/devices/{device}"), .roles = ROLE_ORGANISER, .handle = remove_device,
     .summary = "Removes a device; what it measured stays"},
};
const size_t venues_route_count = COUNT_OF(venues_routes);
