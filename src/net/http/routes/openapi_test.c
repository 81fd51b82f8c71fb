// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "net/http.h"

struct zone {
    char id[LIMIT_ID_LEN + 1];
    double area_m2;
};
static const struct json_field FIELDS[] = {
    {.name = "id", .kind = JSON_FIELD_ID, .need = JSON_REQUIRED, JSON_TEXT(struct zone, id)},
    {.name = "area_m2", .kind = JSON_FIELD_REAL, JSON_AT(struct zone, area_m2)},
};
static const char *const QUERY[] = {"from: RFC 3339 time, inclusive", "tag*: any number", NULL};

static void nothing(struct request *request, void *context)
{
    (void)request;
    (void)context;
}

static const struct token_role TOKENS[] = {
    {2, "send", "sends counts"}, {4, "read", "reads them"}, {0, NULL, NULL}};

static const struct route ROUTES[] = {
    {.method = "PUT",
     .path = "/api/v1/events/{event}/zones/{zone}",
     .roles = 2,
     .tag = "Venues",
     .summary = "Sets a zone.",
     .body_fields = FIELDS,
     .body_field_count = 2,
     .handle = nothing,
     .rate = {.limit = 5, .period_s = 1, .burst = 5}},
    {.method = "DELETE",
     .path = "/api/v1/events/{event}/zones/{zone}",
     .roles = 8,
     .handle = nothing},
    {.method = "GET",
     .path = "/api/v1/events/{event}/zones/{zone}",
     .query = QUERY,
     .handle = nothing},
    {.method = "GET", .path = "/assets/{file*}", .handle = nothing},
};

/* The value at "a b 0 c". */
static json_t *at(json_t *value, const char *path)
{
    char copy[256];
    CHECK(text_copy(copy, sizeof copy, path));
    char *rest = copy;
    for (char *step; (step = strsep(&rest, " ")) != NULL;) {
        if (json_is_array(value))
            value = json_array_get(value, strtoul(step, NULL, 10));
        else
            value = json_object_get(value, step);
        if (value == NULL)
            print_error("nothing at %s of %s\n", step, path);
        CHECK(value != NULL);
    }
    return value;
}

static const char *text_at(json_t *value, const char *path)
{
    return json_string_value(at(value, path));
}

#define ZONE "paths /api/v1/events/{event}/zones/{zone} "

TEST(document_says_what_the_routes_take)
{
    struct route_table table = {.routes = ROUTES, .route_count = COUNT_OF(ROUTES)};
    SCOPED_JSON *document = http_openapi(&table, 1, TOKENS);
    CHECK(document != NULL);
    CHECK_TEXT(text_at(document, "openapi"), "3.1.0");
    CHECK_INT(json_object_size(at(document, "paths")), 1); /* pages are not part of the API */
    CHECK_TEXT(text_at(document, ZONE "put summary"), "Sets a zone.");
    CHECK_TEXT(text_at(document, ZONE "put tags 0"), "Venues");
    CHECK_TEXT(text_at(document, ZONE "put parameters 1 name"), "zone");
    CHECK_TEXT(text_at(document, ZONE "put parameters 1 in"), "path");
    CHECK(json_is_object(at(document, ZONE "put requestBody content application/json schema "
                                           "properties area_m2")));
    CHECK_TEXT(text_at(document, ZONE "put responses 429 $ref"), "#/components/responses/TooMany");
    CHECK_TEXT(text_at(document, ZONE "put description"),
               "At most 5 calls in 1 s, 5 of them at once, for each person or token.");
    CHECK(json_object_get(at(document, ZONE "get"), "description") == NULL);
    CHECK_INT(json_array_size(at(document, ZONE "put security")), 2);
    CHECK_INT(json_array_size(at(document, ZONE "put security 0 session")), 0);
    CHECK_INT(json_array_size(at(document, ZONE "put security 1 token")), 1);
    CHECK_TEXT(text_at(document, ZONE "put security 1 token 0"), "send");
    CHECK_INT(json_array_size(at(document, ZONE "delete security")),
              1); /* no token is good for it */
    CHECK_INT(json_array_size(at(document, ZONE "get security")), 0);
    CHECK(strstr(text_at(document, "components securitySchemes token description"),
                 " send: sends counts. read: reads them.") != NULL);
    CHECK_TEXT(text_at(document, ZONE "get parameters 2 name"), "from");
    CHECK_TEXT(text_at(document, ZONE "get parameters 2 description"), "RFC 3339 time, inclusive");
    CHECK_TEXT(text_at(document, ZONE "get parameters 3 schema type"), "array");
    CHECK_TEXT(text_at(document, ZONE "get operationId"), "get_v1_events_event_zones_zone");
    CHECK_TEXT(text_at(document, ZONE "get responses default $ref"),
               "#/components/responses/Problem");
    CHECK_TEXT(text_at(document, "components responses Problem content application/problem+json "
                                 "schema $ref"),
               "#/components/schemas/Problem");
    CHECK_TEXT(text_at(document, "components schemas Problem properties status type"), "integer");
}
