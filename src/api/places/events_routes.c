// SPDX-License-Identifier: Apache-2.0
/* Events: made as drafts, published, run, closed. */
#include "alerts/alerts.h"
#include "api/access/known_events.h"
#include "api/api.h"
#include "base/clock.h"
#include "events/events.h"

#include <stdio.h>

static json_t *event_json(const struct event *event)
{
    return json_write(event_fields, EVENT_FIELD_COUNT, event);
}

static enum err load(const struct app *app, const char *id, struct event *out_event,
                     struct err_note *note)
{
    struct db *db = NULL;
    TRY(api_reader_take(app, &db, note));
    enum err err = event_find(db, id, out_event);
    store_reader_give(app->main_store, db);
    if (err == ERR_NOT_FOUND)
        return err_set(note, err, "event", "there is no event %s", id);
    return err;
}

static void tell_event(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    struct event event;
    enum err err = load(context, request_param(request, "event"), &event, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, event_json(&event));
}

static enum err read_events(const struct request *request, const struct app *app, size_t *out_limit,
                            struct event **out_events, size_t *out_count, struct err_note *note)
{
    const char *cursor = request_query(request, "cursor");
    if (cursor != NULL && !text_is_id(cursor))
        return err_set(note, ERR_MALFORMED, "cursor", "is not one that this list gave");
    TRY(api_page_limit(request, out_limit, note));
    struct db *db = NULL;
    TRY(api_reader_take(app, &db, note));
    enum err err = event_list(db, api_principal(request), cursor == NULL ? "" : cursor, *out_limit,
                              out_events, out_count);
    store_reader_give(app->main_store, db);
    return err;
}

static void list_events(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    SCOPED_MEM struct event *events = NULL;
    size_t count = 0, limit = 0;
    enum err err = read_events(request, context, &limit, &events, &count, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(items, event_json(&events[i]));
    api_reply_page(request, items, count == limit ? events[count - 1].id : NULL);
}

/* --- creating --- */

struct creation {
    const struct principal *principal;
    struct actor actor;
    struct event event;
    int64_t now_ms;
};

static enum err insert(struct db *db, void *context, struct created *out, struct err_note *note)
{
    const struct creation *creation = context;
    const char *id = creation->event.id;
    TRY(event_creation_check(db, creation->principal, creation->event.organiser, note));
    TRY(event_insert(db, &creation->actor, &creation->event, creation->now_ms, note));
    TRY(alerts_event_made(db, &creation->actor, id, creation->now_ms, note));
    struct event event;
    TRY(event_find(db, id, &event));
    out->body = event_json(&event);
    (void)snprintf(out->location, sizeof out->location, "/api/v1/events/%s", id);
    return ERR_NONE;
}

/* Who made an event organises it. */
static void take_new_role(const struct app *app, void *context)
{
    const struct creation *creation = context;
    accounts_forget_person(app->accounts, creation->actor.person_id);
}

static void create_event(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {.detail = ""};
    struct creation creation = {
        .principal = api_principal(request), .actor = api_actor(request), .now_ms = clock_now_ms()};
    event_defaults(&creation.event);
    enum err err = request_read_json(request, &creation.event, NULL, &note);
    if (err == ERR_NONE)
        err = event_time_zone_check(creation.event.time_zone, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    api_create(request, app, insert, take_new_role, &creation);
}

/* --- changing --- */

struct change {
    struct actor actor;
    struct event event; /* as wanted; afterwards, as it is */
    bool has_words;     /* anything but the state */
    bool has_state;
    int64_t now_ms;
};

static enum err change_run(struct db *db, void *context, struct err_note *note)
{
    struct change *change = context;
    struct event wanted = change->event;
    if (change->has_words)
        TRY(event_update(db, &change->actor, &wanted, change->now_ms, note));
    if (!change->has_state)
        return ERR_NONE;
    TRY(event_move(db, &change->actor, wanted.id, wanted.state, change->now_ms, note));
    return alerts_event_moved(db, &change->actor, wanted.id, wanted.state, change->now_ms);
}

static enum err do_change(const struct request *request, const struct app *app,
                          struct change *change, struct err_note *note)
{
    const char *id = request_param(request, "event");
    TRY(load(app, id, &change->event, note));
    SCOPED_JSON *document = NULL;
    TRY(request_read_json(request, &change->event, &document, note));
    /* One that stands there already is not asked about: it may be from another machine. */
    if (json_object_get(document, "time_zone") != NULL)
        TRY(event_time_zone_check(change->event.time_zone, note));
    change->has_state = json_object_get(document, "state") != NULL;
    change->has_words = json_object_size(document) > (change->has_state ? 1 : 0);
    TRY(store_write(app->main_store, change_run, change, note));
    if (change->has_state && app->alerts != NULL)
        alerts_refresh(app->alerts);
    return load(app, id, &change->event, note);
}

static void change_event(struct request *request, void *context)
{
    struct err_note note = {.detail = ""};
    struct change change = {.actor = api_actor(request), .now_ms = clock_now_ms()};
    enum err err = do_change(request, context, &change, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, event_json(&change.event));
}

struct removal {
    struct actor actor;
    const char *id;
    int64_t now_ms;
};

static enum err remove_run(struct db *db, void *context, struct err_note *note)
{
    const struct removal *removal = context;
    TRY(event_remove(db, &removal->actor, removal->id, removal->now_ms, note));
    return alerts_event_removed(db, &removal->actor, removal->id, removal->now_ms);
}

static void remove_event(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {.detail = ""};
    struct removal removal = {.actor = api_actor(request),
                              .id = request_param(request, "event"),
                              .now_ms = clock_now_ms()};
    enum err err = store_write(app->main_store, remove_run, &removal, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    accounts_forget_event(app->accounts, removal.id);
    known_event_forget(removal.id);
    reply_empty(request, 204);
}

const struct route events_routes[] = {
    {.method = "GET",
     .path = "/api/v1/events",
     .roles = ROLE_PERSON | ROLE_DEVICE,
     .thread = ROUTE_WORKER,
     .handle = list_events,
     .tag = "Events",
     .summary = "The events where one has a role; all of them for an admin.",
     .query = api_page_query},
    {.method = "POST",
     .path = "/api/v1/events",
     .roles = ROLE_PERSON,
     .thread = ROUTE_WORKER,
     .handle = create_event,
     .tag = "Events",
     .summary = "Creates a draft, for admins and organisers; takes an Idempotency-Key.",
     .body_fields = event_create_fields,
     .body_field_count = EVENT_CREATE_FIELD_COUNT},
    {.method = "GET",
     .path = "/api/v1/events/{event}",
     .roles = ROLES_EVENT | ROLE_DEVICE,
     .thread = ROUTE_WORKER,
     .handle = tell_event,
     .tag = "Events",
     .summary = "One event."},
    {.method = "PATCH",
     .path = "/api/v1/events/{event}",
     .roles = ROLE_ORGANISER,
     .thread = ROUTE_WORKER,
     .handle = change_event,
     .tag = "Events",
     .summary = "Changes what is given; state moves draft, published, running, over.",
     .body_fields = event_change_fields,
     .body_field_count = EVENT_CHANGE_FIELD_COUNT},
    {.method = "DELETE",
     .path = "/api/v1/events/{event}",
     .roles = ROLE_ORGANISER,
     .thread = ROUTE_WORKER,
     .handle = remove_event,
     .tag = "Events",
     .summary = "Deletes a draft; its id stays taken."},
};
const size_t events_route_count = COUNT_OF(events_routes);
