// SPDX-License-Identifier: Apache-2.0
/* The outbox of an event: what was mailed to whom, and what became of it. */
#include "notify/notify.h"

#include "api/api.h"
#include "base/clock.h"

static enum err read_state(const struct request *request, unsigned *out_states,
                           struct err_note *note)
{
    const char *state = request_query(request, "state");
    *out_states = 0;
    if (state == NULL)
        return ERR_NONE;
    for (int i = 0; mail_state_names[i] != NULL; i++) {
        if (strcmp(mail_state_names[i], state) == 0)
            *out_states = 1U << i;
    }
    if (*out_states == 0)
        return err_set(note, ERR_MALFORMED, "state", "must be queued, sending, sent, kept or dead");
    return ERR_NONE;
}

static enum err read_filter(const struct request *request, struct mail_filter *filter,
                            struct err_note *note)
{
    TRY(api_page_limit(request, &filter->count_max, note));
    TRY(api_cursor_id(request, &filter->before_id, note));
    return read_state(request, &filter->states, note);
}

static void reply_mails(struct request *request, const struct mail_summary *mails, size_t count,
                        size_t limit)
{
    json_t *items = json_array();
    size_t shown = MIN(count, limit);
    for (size_t i = 0; i < shown; i++)
        (void)json_array_append_new(items, mail_summary_json(&mails[i]));
    char next[24] = "";
    if (count > limit)
        (void)snprintf(next, sizeof next, "%lld", (long long)mails[shown - 1].id);
    api_reply_page(request, items, next);
}

static void outbox_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct mail_filter filter = {0};
    enum err err = read_filter(request, &filter, &note);
    struct db *db = err == ERR_NONE ? store_reader_take(app->main_store) : NULL;
    if (err == ERR_NONE && db == NULL)
        err = err_set(&note, ERR_BUSY, "", "the database is away; try again soon");
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    struct mail_summary *mails = NULL;
    size_t count = 0, limit = filter.count_max++; /* one more tells whether there is a next page */
    err = mail_list(db, api_event(request), &filter, &mails, &count);
    store_reader_give(app->main_store, db);
    if (err != ERR_NONE)
        reply_problem(request, err, NULL);
    else
        reply_mails(request, mails, count, limit);
    mem_free(mails);
}

/* The mail as the API gives it; with text and html, which a page shows in a sandboxed frame. */
static enum err find(const struct app *app, const struct request *request, json_t **out_json,
                     struct err_note *note)
{
    struct db *db = store_reader_take(app->main_store);
    if (db == NULL)
        return err_set(note, ERR_BUSY, "", "the database is away; try again soon");
    struct mail_letter letter;
    enum err err = mail_find(db, api_event(request), api_param_id(request, "mail"), &letter);
    store_reader_give(app->main_store, db);
    if (err == ERR_NOT_FOUND)
        return err_set(note, err, "mail", "there is no mail %s", request_param(request, "mail"));
    TRY(err);
    *out_json = mail_summary_json(&letter.summary);
    (void)json_object_set_new(*out_json, "text", json_string(letter.text));
    (void)json_object_set_new(*out_json, "html", json_string(letter.html));
    mail_letter_fini(&letter);
    return ERR_NONE;
}

static void reply_found(struct request *request, const struct app *app)
{
    json_t *json = NULL;
    struct err_note note = {0};
    enum err err = find(app, request, &json, &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, json);
}

static void mail_get(struct request *request, void *context)
{
    reply_found(request, context);
}

static void retry_post(struct request *request, void *context)
{
    const struct app *app = context;
    struct actor actor = api_actor(request);
    struct err_note note = {0};
    enum err err = notify_retry(app->notify, &actor, api_event(request),
                                api_param_id(request, "mail"), clock_now_ms(), &note);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_found(request, app);
}

static const char *const OUTBOX_QUERY[] = {"state: queued, sending, sent, kept or dead",
                                           "cursor: where the page before ended",
                                           "limit: items per page, 1 to 1000", NULL};

#define WATCH(m, p, h, s)                                                                          \
    .method = (m), .path = "/api/v1/events/{event}/outbox" p, .roles = ROLES_WATCH,                \
    .thread = ROUTE_WORKER, .handle = (h), .tag = "Mails", .summary = (s)

const struct route notify_routes[] = {
    {WATCH("GET", "", outbox_get, "The mails of an event, newest first"), .query = OUTBOX_QUERY},
    {WATCH("GET", "/{mail}", mail_get, "One mail with its text and HTML")},
    {WATCH("POST", "/{mail}/retry", retry_post, "Sends a mail again, at once"),
     .rate = {.limit = 60, .period_s = 60, .burst = 30}},
};
const size_t notify_route_count = COUNT_OF(notify_routes);
