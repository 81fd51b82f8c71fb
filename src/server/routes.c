// SPDX-License-Identifier: Apache-2.0
#include "server/routes.h"

#include "base/crc32c.h"
#include "server/pages.h"

#include <stdio.h>

static bool changes_something(const struct route *route)
{
    return strcmp(route->method, "GET") != 0;
}

static void add(struct routes *routes, const struct route *table, size_t count, struct app *app)
{
    assert(routes->count < ROUTE_TABLES_MAX);
    struct route *copy = mem_copy(table, count * sizeof *table);
    for (size_t i = 0; i < count; i++) {
        if (changes_something(&copy[i]) && copy[i].rate.limit == 0)
            copy[i].rate = (struct route_rate){
                .limit = CHANGES_PER_MIN, .period_s = 60, .burst = CHANGES_AT_ONCE};
    }
    routes->tables[routes->count++] =
        (struct route_table){.routes = copy, .route_count = count, .context = app};
}

/* What may be sent to readings is ingest: devices, not people. */
static void add_readings(struct routes *routes, struct app *app, int ingest_rate)
{
    add(routes, readings_routes, readings_route_count, app);
    struct route *copy = (struct route *)(uintptr_t)routes->tables[routes->count - 1].routes;
    for (size_t i = 0; i < readings_route_count; i++) {
        if (changes_something(&copy[i]))
            copy[i].rate = (struct route_rate){
                .limit = ingest_rate, .period_s = 1, .burst = ingest_rate * INGEST_AT_ONCE_S};
    }
}

void routes_init(struct routes *routes, struct app *app, int ingest_rate)
{
    *routes = (struct routes){0};
    add(routes, accounts_routes, accounts_route_count, app);
    add(routes, people_routes, people_route_count, app);
    add(routes, events_routes, events_route_count, app);
    add(routes, members_routes, members_route_count, app);
    add(routes, venues_routes, venues_route_count, app);
    add(routes, import_routes, import_route_count, app);
    add_readings(routes, app, ingest_rate);
    add(routes, crowd_routes, crowd_route_count, app);
    add(routes, paths_routes, paths_route_count, app);
    add(routes, trends_routes, trends_route_count, app);
    add(routes, exchange_routes, exchange_route_count, app);
    add(routes, alerts_routes, alerts_route_count, app);
    add(routes, notify_routes, notify_route_count, app);
    add(routes, live_routes, live_route_count, app);
    add(routes, privacy_routes, privacy_route_count, app);
    add(routes, system_routes, system_route_count, app);

    json_t *document = http_openapi(routes->tables, routes->count, api_token_roles);
    char *bytes = json_dumps(document, JSON_COMPACT);
    assert(bytes != NULL);
    json_decref(document);
    (void)snprintf(routes->etag, sizeof routes->etag, "\"%08x\"", crc32c(0, bytes, strlen(bytes)));
    routes->openapi = (struct http_static){.path = "/api/v1/openapi.json",
                                           .content_type = "application/json",
                                           .bytes = bytes,
                                           .len = strlen(bytes),
                                           .etag = routes->etag};
    app->openapi = &routes->openapi;
    /* The pages are for people, not for the document. */
    add(routes, pages_routes, pages_route_count, app);
}

void routes_fini(struct routes *routes)
{
    for (size_t i = 0; i < routes->count; i++)
        mem_free((struct route *)(uintptr_t)routes->tables[i].routes);
    free((char *)routes->openapi.bytes); /* jansson's malloc */
    *routes = (struct routes){0};
}
