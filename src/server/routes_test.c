// SPDX-License-Identifier: Apache-2.0
#include "server/routes.h"

#include "base/test.h"

#include <ctype.h>

static struct app app;
static struct routes routes;

static json_t *document_of_routes(void)
{
    struct err_note note = {0};
    json_t *document = NULL;
    routes_init(&routes, &app, 50);
    CHECK(json_parse(app.openapi->bytes, app.openapi->len, &document, &note) == ERR_NONE);
    return document;
}

static json_t *operation_of(json_t *document, const struct route *route)
{
    char method[16] = "";
    for (size_t i = 0; route->method[i] != '\0' && i < sizeof method - 1; i++)
        method[i] = (char)tolower((unsigned char)route->method[i]);
    char path[256] = "";
    size_t len = 0; /* "{path*}" is "{path}" there */
    for (const char *p = route->path; *p != '\0' && len < sizeof path - 1; p++) {
        if (*p != '*')
            path[len++] = *p;
    }
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), method);
}

static size_t count_operations(json_t *document)
{
    size_t count = 0;
    const char *path;
    json_t *item;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        const char *key;
        json_t *value;
        json_object_foreach(item, key, value)
        {
            count += json_object_get(value, "responses") != NULL;
        }
    }
    return count;
}

/* Pages, /live, /healthz and /metrics are not the API. */
TEST(the_document_describes_every_route_and_nothing_else)
{
    SCOPED_JSON *document = document_of_routes();
    size_t count = 0;
    for (size_t i = 0; i < routes.count; i++) {
        const struct route_table *table = &routes.tables[i];
        for (size_t j = 0; j < table->route_count; j++) {
            if (strncmp(table->routes[j].path, "/api/", strlen("/api/")) != 0)
                continue;
            count++;
            json_t *operation = operation_of(document, &table->routes[j]);
            if (operation == NULL)
                print_error("%s %s\n", table->routes[j].method, table->routes[j].path);
            CHECK(operation != NULL);
            CHECK_TEXT(json_string_value(json_object_get(operation, "summary")),
                       table->routes[j].summary);
        }
    }
    CHECK(count > 5);
    CHECK_INT(count_operations(document), count);
    routes_fini(&routes);
}

TEST(no_two_routes_answer_the_same)
{
    routes_init(&routes, &app, 50);
    for (size_t i = 0; i < routes.count; i++)
        for (size_t j = 0; j < routes.tables[i].route_count; j++) {
            const struct route *route = &routes.tables[i].routes[j];
            CHECK(route->handle != NULL && route->summary != NULL && route->tag != NULL);
            for (size_t k = j + 1; k < routes.tables[i].route_count; k++)
                CHECK(strcmp(route->path, routes.tables[i].routes[k].path) != 0 ||
                      strcmp(route->method, routes.tables[i].routes[k].method) != 0);
        }
    routes_fini(&routes);
}

static const struct route *route_of(const char *method, const char *path)
{
    for (size_t i = 0; i < routes.count; i++)
        for (size_t j = 0; j < routes.tables[i].route_count; j++) {
            const struct route *route = &routes.tables[i].routes[j];
            if (strcmp(route->method, method) == 0 && strcmp(route->path, path) == 0)
                return route;
        }
    print_error("no route %s %s\n", method, path);
    CHECK(false);
    return NULL;
}

TEST(whatever_changes_something_has_a_rate)
{
    routes_init(&routes, &app, 50);
    for (size_t i = 0; i < routes.count; i++)
        for (size_t j = 0; j < routes.tables[i].route_count; j++) {
            const struct route *route = &routes.tables[i].routes[j];
            CHECK(strcmp(route->method, "GET") == 0 || route->rate.limit > 0);
        }
    CHECK_INT(route_of("POST", "/api/v1/detections")->rate.limit, 50);
    CHECK_INT(route_of("POST", "/api/v1/detections")->rate.burst, 100);
    CHECK_INT(route_of("PUT", "/api/v1/readings")->rate.period_s, 1);
    CHECK_INT(route_of("POST", "/api/v1/session")->rate.limit, 120); /* its own */
    CHECK_INT(route_of("POST", "/api/v1/events")->rate.limit, CHANGES_PER_MIN);
    CHECK_INT(route_of("GET", "/api/v1/detections")->rate.limit, 0);
    routes_fini(&routes);
    routes_init(&routes, &app, 0);
    CHECK_INT(route_of("POST", "/api/v1/detections")->rate.limit, 0);
    routes_fini(&routes);
}
