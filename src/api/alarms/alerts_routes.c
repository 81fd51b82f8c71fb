// SPDX-License-Identifier: Apache-2.0
/* Rules and incidents of an event. */
#include "alerts/alerts.h"

#include "api/api.h"
#include "base/clock.h"

#define BASE "/api/v1/events/{event}/"

static struct db *take_reader(struct request *request, const struct app *app)
{
    struct db *db = store_reader_take(app->main_store);
    struct err_note note = {0};
    if (db == NULL)
        reply_problem(request, err_set(&note, ERR_BUSY, "", "the database is away; try again soon"),
                      &note);
    return db;
}

/* --- rules --- */

static json_t *rules_array(const struct rule *rules, size_t count)
{
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(items, rule_json(&rules[i]));
    return items;
}

static void rules_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    size_t limit = 0, count = 0;
    enum err err = api_page_limit(request, &limit, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    struct db *db = take_reader(request, app);
    if (db == NULL)
        return;
    const char *cursor = request_query(request, "cursor");
    struct rule *rules = NULL;
    err =
        rule_list(db, api_event(request), cursor == NULL ? "" : cursor, limit + 1, &rules, &count);
    store_reader_give(app->main_store, db);
    if (err != ERR_NONE) {
        reply_problem(request, err, NULL);
        return;
    }
    size_t shown = MIN(count, limit);
    api_reply_page(request, rules_array(rules, shown), count > limit ? rules[shown - 1].id : NULL);
    mem_free(rules);
}

static void rule_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct db *db = take_reader(request, app);
    if (db == NULL)
        return;
    struct rule rule;
    enum err err = rule_find(db, api_event(request), request_param(request, "rule"), &rule);
    store_reader_give(app->main_store, db);
    struct err_note note = {0};
    if (err == ERR_NOT_FOUND)
        err = err_set(&note, err, "rule", "there is no rule %s", request_param(request, "rule"));
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, rule_json(&rule));
}

/* What a command needs of the request that asked for it. */
struct asked {
    struct request *request;
    struct actor actor;
    const char *event;
    int64_t now_ms;
    int64_t incident_id;
    struct rule rule;         /* the result */
    struct incident incident; /* the result */
};

static struct asked asked_by(struct request *request)
{
    return (struct asked){.request = request,
                          .actor = api_actor(request),
                          .event = api_event(request),
                          .now_ms = clock_now_ms()};
}

static enum err rule_create_run(struct db *db, void *context, struct created *out,
                                struct err_note *note)
{
    struct asked *asked = context;
    TRY(rule_insert(db, &asked->actor, &asked->rule, asked->now_ms, note));
    TRY(rule_find(db, asked->event, asked->rule.id, &asked->rule));
    (void)snprintf(out->location, sizeof out->location, "/api/v1/events/%s/rules/%s", asked->event,
                   asked->rule.id);
    out->body = rule_json(&asked->rule);
    return ERR_NONE;
}

static void show_rule(const struct app *app, void *context)
{
    (void)context;
    alerts_refresh(app->alerts);
}

static enum err read_form(struct request *request, struct rule_form *form, struct rule *out_rule,
                          struct err_note *note)
{
    SCOPED_JSON *document = NULL;
    TRY(request_read_json(request, form, &document, note));
    return rule_form_finish(form, out_rule, note);
}

static void rule_post(struct request *request, void *context)
{
    const struct app *app = context;
    struct asked asked = asked_by(request);
    struct err_note note = {0};
    struct rule_form form;
    rule_form_init(&form, asked.event);
    enum err err = read_form(request, &form, &asked.rule, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    api_create(request, app, rule_create_run, show_rule, &asked);
}

/* All in the command, so that of two changes at once none is lost. */
static enum err rule_change_run(struct db *db, void *context, struct err_note *note)
{
    struct asked *asked = context;
    const char *id = request_param(asked->request, "rule");
    enum err err = rule_find(db, asked->event, id, &asked->rule);
    if (err == ERR_NOT_FOUND)
        return err_set(note, err, "rule", "there is no rule %s", id);
    TRY(err);
    struct rule_form form;
    rule_form_from(&form, &asked->rule);
    TRY(read_form(asked->request, &form, &asked->rule, note));
    TRY(rule_update(db, &asked->actor, &asked->rule, asked->now_ms, note));
    return rule_find(db, asked->event, id, &asked->rule);
}

/* True once it is committed; otherwise it is answered why not. */
static bool change(struct request *request, const struct app *app,
                   enum err (*run)(struct db *db, void *context, struct err_note *note),
                   struct asked *asked)
{
    struct err_note note = {0};
    enum err err = store_write(app->main_store, run, asked, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        alerts_refresh(app->alerts);
    return err == ERR_NONE;
}

static void rule_patch(struct request *request, void *context)
{
    struct asked asked = asked_by(request);
    if (change(request, context, rule_change_run, &asked))
        reply_json(request, 200, rule_json(&asked.rule));
}

static enum err rule_remove_run(struct db *db, void *context, struct err_note *note)
{
    struct asked *asked = context;
    return rule_remove(db, &asked->actor, asked->event, request_param(asked->request, "rule"),
                       asked->now_ms, note);
}

static void rule_delete(struct request *request, void *context)
{
    struct asked asked = asked_by(request);
    if (change(request, context, rule_remove_run, &asked))
        reply_empty(request, 204);
}

/* --- incidents --- */

static enum err read_states(const struct request *request, unsigned *out_states,
                            struct err_note *note)
{
    const char *state = request_query(request, "state");
    *out_states = 0;
    if (state == NULL)
        return ERR_NONE;
    int index = rule_name_index(incident_state_names, state);
    if (index >= 0)
        *out_states = 1U << index;
    else if (strcmp(state, "unresolved") == 0)
        *out_states = 1U << INCIDENT_OPEN | 1U << INCIDENT_ACKNOWLEDGED;
    else
        return err_set(note, ERR_MALFORMED, "state",
                       "must be open, acknowledged, resolved or unresolved");
    return ERR_NONE;
}

static enum err read_filter(const struct request *request, struct incident_filter *filter,
                            struct err_note *note)
{
    TRY(api_page_limit(request, &filter->count_max, note));
    TRY(api_cursor_id(request, &filter->before_id, note));
    return read_states(request, &filter->states, note);
}

static void reply_incidents(struct request *request, const struct incident *incidents, size_t count,
                            size_t limit)
{
    json_t *items = json_array();
    size_t shown = MIN(count, limit);
    for (size_t i = 0; i < shown; i++)
        (void)json_array_append_new(items, incident_json(&incidents[i]));
    char next[24] = "";
    if (count > limit)
        (void)snprintf(next, sizeof next, "%lld", (long long)incidents[shown - 1].id);
    api_reply_page(request, items, next);
}

static void incidents_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct incident_filter filter = {0};
    enum err err = read_filter(request, &filter, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    struct db *db = take_reader(request, app);
    if (db == NULL)
        return;
    struct incident *incidents = NULL;
    size_t count = 0, limit = filter.count_max++; /* one more tells whether there is a next page */
    err = incident_list(db, api_event(request), &filter, &incidents, &count);
    store_reader_give(app->main_store, db);
    if (err != ERR_NONE)
        reply_problem(request, err, NULL);
    else
        reply_incidents(request, incidents, count, limit);
    mem_free(incidents);
}

static enum err find_with_timeline(struct db *db, const char *event, int64_t id, json_t **out_json)
{
    struct incident incident;
    struct transition *transitions = NULL;
    size_t count = 0;
    TRY(incident_find(db, event, id, &incident));
    TRY(incident_timeline(db, event, id, &transitions, &count));
    json_t *timeline = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(timeline, transition_json(&transitions[i]));
    mem_free(transitions);
    *out_json = incident_json(&incident);
    (void)json_object_set_new(*out_json, "timeline", timeline);
    return ERR_NONE;
}

static void incident_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct db *db = take_reader(request, app);
    if (db == NULL)
        return;
    json_t *json = NULL;
    struct err_note note = {0};
    enum err err =
        find_with_timeline(db, api_event(request), api_param_id(request, "incident"), &json);
    store_reader_give(app->main_store, db);
    if (err == ERR_NOT_FOUND)
        err = err_set(&note, err, "incident", "there is no incident %s",
                      request_param(request, "incident"));
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, json);
}

static enum err acknowledge_run(struct db *db, void *context, struct err_note *note)
{
    struct asked *asked = context;
    TRY(incident_acknowledge(db, &asked->actor, asked->event, asked->incident_id, asked->now_ms,
                             note));
    return incident_find(db, asked->event, asked->incident_id, &asked->incident);
}

static enum err unacknowledge_run(struct db *db, void *context, struct err_note *note)
{
    struct asked *asked = context;
    TRY(incident_unacknowledge(db, &asked->actor, asked->event, asked->incident_id, asked->now_ms,
                               note));
    return incident_find(db, asked->event, asked->incident_id, &asked->incident);
}

static enum err resolve_run(struct db *db, void *context, struct err_note *note)
{
    struct asked *asked = context;
    TRY(incident_resolve(db, &asked->actor, asked->event, asked->incident_id, asked->now_ms, note));
    return incident_find(db, asked->event, asked->incident_id, &asked->incident);
}

static void change_incident(struct request *request, const struct app *app,
                            enum err (*run)(struct db *db, void *context, struct err_note *note))
{
    struct asked asked = asked_by(request);
    asked.incident_id = api_param_id(request, "incident");
    if (change(request, app, run, &asked))
        reply_json(request, 200, incident_json(&asked.incident));
}

static void incident_acknowledge_post(struct request *request, void *context)
{
    change_incident(request, context, acknowledge_run);
}

static void incident_acknowledge_delete(struct request *request, void *context)
{
    change_incident(request, context, unacknowledge_run);
}

static void incident_resolve_post(struct request *request, void *context)
{
    change_incident(request, context, resolve_run);
}

static const char *const PAGE_QUERY[] = {"cursor: where the page before ended",
                                         "limit: items per page, 1 to 1000", NULL};
static const char *const INCIDENTS_QUERY[] = {
    "state: open, acknowledged, resolved, or unresolved for the first two",
    "cursor: where the page before ended", "limit: items per page, 1 to 1000", NULL};

#define WATCH(m, p, h, s)                                                                          \
    .method = (m), .path = BASE p, .roles = ROLES_WATCH, .thread = ROUTE_WORKER, .handle = (h),    \
    .tag = "Alerts", .summary = (s)

const struct route alerts_routes[] = {
    {WATCH("GET", "rules", rules_get, "The rules of an event"), .query = PAGE_QUERY},
    {WATCH("POST", "rules", rule_post, "Adds a rule"), .body_fields = rule_create_fields,
     .body_field_count = RULE_FIELD_COUNT},
    {WATCH("GET", "rules/{rule}", rule_get, "One rule")},
    {WATCH("PATCH", "rules/{rule}", rule_patch, "Changes what is given of a rule"),
     .body_fields = rule_change_fields, .body_field_count = RULE_FIELD_COUNT - 1},
    {WATCH("DELETE", "rules/{rule}", rule_delete, "Removes a rule; resolves its open incidents")},
    {WATCH("GET", "incidents", incidents_get, "The incidents of an event, newest first"),
     .query = INCIDENTS_QUERY},
    {WATCH("GET", "incidents/{incident}", incident_get, "One incident with its timeline")},
    {WATCH("POST", "incidents/{incident}/acknowledge", incident_acknowledge_post,
           "Says that somebody takes care")},
    {WATCH("DELETE", "incidents/{incident}/acknowledge", incident_acknowledge_delete,
           "Takes that back: the incident is open again")},
    {WATCH("POST", "incidents/{incident}/resolve", incident_resolve_post,
           "Ends an incident; a breach that lasts fires again after its hold time")},
};
const size_t alerts_route_count = COUNT_OF(alerts_routes);
