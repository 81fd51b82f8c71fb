// SPDX-License-Identifier: Apache-2.0
/* api/api.h — what the routes work on, and their tables. A route translates: it reads the request,
 * calls one module, replies. It decides nothing. Files: <module>_routes.c, one table each. */
#pragma once
#include "accounts/accounts.h"
#include "api/idempotency.h" /* api_create(): every POST that creates goes through it */
#include "net/http.h"
#include "net/live.h"

struct app { /* borrowed from server/, which owns and wires everything; every table's context */
    struct store *main_store;
    struct store *telemetry_store;
    struct accounts *accounts;
    struct venues *venues;
    struct readings *readings;
    struct crowd *crowd;
    struct paths *paths;
    struct trends *trends;
    struct alerts *alerts;
    struct notify *notify;
    struct live *live;
    const struct http_static *openapi; /* the document of all route tables */
};

/* http_server_options.authorise, with the struct app as its context. A route's `roles`:
 *   0               everybody; nobody is looked up
 *   ROLE_PERSON     whoever is signed in, whatever the event
 *   ROLE_ADMIN      admins, who also pass wherever any other person may
 *   event roles     whoever has one of them at api_event()
 * 401: nobody known. 404: an event where the principal has no role at all (it may not learn whether
 * there is such an event). 403: a role, but not this one; or another site's page (CSRF). */
enum err api_authorise(struct request *request, const struct route *route, void *app,
                       struct err_note *note);

/* For http_openapi(): the names are those of token_purpose_names. */
extern const struct token_role api_token_roles[];

/* The principal of the request, NULL for nobody, and on routes that are open to everybody. */
const struct principal *api_principal(const struct request *request);
/* The event that the request speaks of: the path's {event}, the query's ?event=, the token's event,
 * or the only event the person is a member of; "" when none is meant. */
const char *api_event(const struct request *request);
/* Who acts, for the audit log. */
struct actor api_actor(const struct request *request);

/* live_options.may_follow: whoever watches the event that the topic names. */
bool api_may_follow(void *context, void *principal, const char *topic);
/* live_options.is_current: the session goes on, and nobody was forgotten. */
bool api_is_current(void *context, void *principal);

/* A connection that reads the main store, for store_reader_give(); ERR_BUSY, with words, when the
 * database is away. */
MUST_USE enum err api_reader_take(const struct app *app, struct db **out_db, struct err_note *note);

/* --- lists --- */

extern const char *const api_page_query[]; /* of a route: cursor and limit */
/* Ids that are numbers: whole, above 0 and below 2^53, written without leading zeros. */
bool api_id_parse(const char *text, int64_t *out_id);
/* The {name} of the path; 0, which nothing has, when it is no such number. */
int64_t api_param_id(const struct request *request, const char *name);
/* ?cursor= of a list by such ids; absent leaves *inout_id. ERR_MALFORMED. */
MUST_USE enum err api_cursor_id(const struct request *request, int64_t *inout_id,
                                struct err_note *note);

/* Page of a list by ?limit= (1 to LIMIT_PAGE_MAX). */
MUST_USE enum err api_page_limit(const struct request *request, size_t *out_limit,
                                 struct err_note *note);
/* {"items": [...], "next": cursor or null}; takes `items`. `next` NULL or "": the last page. */
void api_reply_page(struct request *request, json_t *items, const char *next);

/* A page of what has numbers for ids, in their order: those after `after_id`, `limit` at most. */
struct id_page {
    int64_t after_id;
    size_t limit;
    json_t *items;
    int64_t last_id; /* of the last item */
};
void id_page_add(struct id_page *page, int64_t id, json_t *item); /* takes the item */
/* Handles the GET of such a list: `read` adds the items that one snapshot of the main store has. */
void api_list_by_id(struct request *request, const struct app *app,
                    enum err (*read)(const struct request *request, struct db *db,
                                     struct id_page *page));

extern const struct route accounts_routes[], people_routes[], events_routes[], members_routes[],
    venues_routes[], import_routes[], readings_routes[], crowd_routes[], paths_routes[],
    trends_routes[], alerts_routes[], notify_routes[], live_routes[], privacy_routes[],
    system_routes[];
extern const size_t accounts_route_count, people_route_count, events_route_count,
    members_route_count, venues_route_count, import_route_count, readings_route_count,
    crowd_route_count, paths_route_count, trends_route_count, alerts_route_count,
    notify_route_count, live_route_count, privacy_route_count, system_route_count;

extern const struct route exchange_routes[];
extern const size_t exchange_route_count;
