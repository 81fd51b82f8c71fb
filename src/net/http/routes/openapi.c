// SPDX-License-Identifier: Apache-2.0
/* The OpenAPI 3.1 document from the route tables: the same lines that route the requests, so the two
 * cannot differ. Pages and other addresses outside /api/ are left out. */
#include <stdio.h>

#include "net/http/routes/router.h"

static json_t *text_schema(void)
{
    return json_pack("{s:s}", "type", "string");
}

/* "/a/{name*}" is "/a/{name}" there. */
static void path_text(const char *path, char *out, size_t size)
{
    size_t n = 0;
    for (; *path != '\0' && n + 1 < size; path++) {
        if (*path != '*')
            out[n++] = *path;
    }
    out[n] = '\0';
}

static void add_path_params(json_t *list, const struct route *route)
{
    struct route_slice name = {0};
    for (size_t i = 0; route_param_name(route, i, &name); i++)
        (void)json_array_append_new(list, json_pack("{s:s%, s:s, s:b, s:o}", "name", name.text,
                                                    name.len, "in", "path", "required", 1, "schema",
                                                    text_schema()));
}

/* "from: RFC 3339 time", "topic*: may be repeated" */
static void add_query_params(json_t *list, const struct route *route)
{
    for (const char *const *line = route->query; line != NULL && *line != NULL; line++) {
        size_t len = strcspn(*line, ":* ");
        const char *words = strchr(*line, ':');
        words = words == NULL ? "" : words + 1 + strspn(words + 1, " ");
        json_t *schema = text_schema();
        if ((*line)[len] == '*')
            schema = json_pack("{s:s, s:o}", "type", "array", "items", schema);
        (void)json_array_append_new(list,
                                    json_pack("{s:s%, s:s, s:s, s:o}", "name", *line, len, "in",
                                              "query", "description", words, "schema", schema));
    }
}

static void add_body(json_t *operation, const struct route *route)
{
    bool takes_body = strcmp(route->method, "POST") == 0 || strcmp(route->method, "PUT") == 0 ||
                      strcmp(route->method, "PATCH") == 0;
    if (!takes_body || (route->body_fields == NULL && route->consumes == NULL))
        return;
    json_t *content = json_object();
    const char *p = route->consumes == NULL ? "application/json" : route->consumes;
    for (; *p != '\0'; p += strspn(p, " ")) {
        char type[96];
        size_t len = strcspn(p, " ");
        (void)snprintf(type, sizeof type, "%.*s", (int)len, p);
        json_t *media = json_object();
        if (route->body_fields != NULL)
            (void)json_object_set_new(media, "schema",
                                      json_schema(route->body_fields, route->body_field_count));
        (void)json_object_set_new(content, type, media);
        p += len;
    }
    (void)json_object_set_new(operation, "requestBody",
                              json_pack("{s:b, s:o}", "required", 1, "content", content));
}

static json_t *responses(const struct route *route)
{
    json_t *all = json_pack("{s:{s:s}, s:{s:s}}", "2XX", "description", "Done.", "default", "$ref",
                            "#/components/responses/Problem");
    if (route->rate.limit > 0)
        (void)json_object_set_new(all, "429",
                                  json_pack("{s:s}", "$ref", "#/components/responses/TooMany"));
    return all;
}

/* "get_events_event_zones_zone": made of the path, so it stays the same as long as the path does. */
static json_t *operation_id(const struct route *route)
{
    char id[256];
    size_t n = 0;
    for (const char *p = route->method; *p != '\0'; p++)
        id[n++] = (char)(*p - 'A' + 'a');
    for (const char *p = route->path + strlen("/api"); *p != '\0' && n + 1 < sizeof id; p++) {
        if (strchr("{}*", *p) == NULL)
            id[n++] = strchr("/-.", *p) != NULL ? '_' : *p;
    }
    return json_stringn(id, n);
}

static void add_rate(json_t *operation, const struct route *route)
{
    const struct route_rate *rate = &route->rate;
    if (rate->limit == 0)
        return;
    char words[128];
    (void)snprintf(words, sizeof words,
                   "At most %d calls in %d s, %d of them at once, for each %s.", rate->limit,
                   rate->period_s, rate->burst, route->roles == 0 ? "address" : "person or token");
    (void)json_object_set_new(operation, "description", json_string(words));
}

/* People sign in by session; a token is good for a route that has one of its roles. */
static json_t *security_of(const struct route *route, const struct token_role *token_roles)
{
    json_t *names = json_array();
    json_t *security = json_array();
    for (; token_roles->role != 0; token_roles++) {
        if ((route->roles & token_roles->role) != 0)
            (void)json_array_append_new(names, json_string(token_roles->name));
    }
    if (route->roles != 0)
        (void)json_array_append_new(security, json_pack("{s:[]}", "session"));
    if (json_array_size(names) > 0)
        (void)json_array_append_new(security, json_pack("{s:O}", "token", names));
    json_decref(names);
    return security;
}

static json_t *make_operation(const struct route *route, const struct token_role *token_roles)
{
    json_t *parameters = json_array();
    add_path_params(parameters, route);
    add_query_params(parameters, route);
    json_t *operation = json_pack("{s:o, s:s, s:o, s:o}", "operationId", operation_id(route),
                                  "summary", route->summary == NULL ? "" : route->summary,
                                  "parameters", parameters, "responses", responses(route));
    if (route->tag != NULL)
        (void)json_object_set_new(operation, "tags", json_pack("[s]", route->tag));
    add_body(operation, route);
    add_rate(operation, route);
    (void)json_object_set_new(operation, "security", security_of(route, token_roles));
    return operation;
}

static void add_route(json_t *paths, const struct route *route,
                      const struct token_role *token_roles)
{
    if (strncmp(route->path, "/api/", 5) != 0)
        return;
    char path[256];
    path_text(route->path, path, sizeof path);
    json_t *item = json_object_get(paths, path);
    if (item == NULL) {
        item = json_object();
        (void)json_object_set_new(paths, path, item);
    }
    char method[16];
    size_t n = 0;
    for (const char *p = route->method; *p != '\0' && n + 1 < sizeof method; p++)
        method[n++] = (char)(*p - 'A' + 'a');
    method[n] = '\0';
    (void)json_object_set_new(item, method, make_operation(route, token_roles));
}

static json_t *problem_schema(void)
{
    return json_pack(
        "{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:s}, s:{s:s}}, "
        "s:[s,s,s]}",
        "type", "object", "properties", "type", "type", "string", "title", "type", "string",
        "status", "type", "integer", "code", "type", "string", "detail", "type", "string", "place",
        "type", "string", "description", "Where it is wrong: a field, a header, a query parameter.",
        "request_id", "type", "string", "required", "type", "title", "status");
}

static json_t *problem_response(const char *description)
{
    return json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", description, "content",
                     "application/problem+json", "schema", "$ref", "#/components/schemas/Problem");
}

static json_t *token_scheme(const struct token_role *token_roles)
{
    char words[512] = "A token of one event; each operation names which it takes.";
    for (; token_roles->role != 0; token_roles++) {
        size_t len = strlen(words);
        (void)snprintf(words + len, sizeof words - len, " %s: %s.", token_roles->name,
                       token_roles->may);
    }
    return json_pack("{s:s, s:s, s:s}", "type", "http", "scheme", "bearer", "description", words);
}

static json_t *components(const struct token_role *token_roles)
{
    json_t *too_many = problem_response("Over the rate; Retry-After tells when to come back.");
    (void)json_object_set_new(too_many, "headers",
                              json_pack("{s:{s:{s:s}}, s:{s:{s:s}}, s:{s:{s:s}}}", "Retry-After",
                                        "schema", "type", "integer", "RateLimit", "schema", "type",
                                        "string", "RateLimit-Policy", "schema", "type", "string"));
    return json_pack("{s:{s:o}, s:{s:o, s:o}, s:{s:{s:s, s:s, s:s}, s:o}}", "schemas", "Problem",
                     problem_schema(), "responses", "Problem",
                     problem_response("What is wrong, where, and what to do (RFC 9457)."),
                     "TooMany", too_many, "securitySchemes", "session", "type", "apiKey", "in",
                     "cookie", "name", "__Host-muster", "token", token_scheme(token_roles));
}

json_t *http_openapi(const struct route_table *tables, size_t table_count,
                     const struct token_role *token_roles)
{
    json_t *paths = json_object();
    for (size_t i = 0; i < table_count; i++) {
        for (size_t j = 0; j < tables[i].route_count; j++)
            add_route(paths, &tables[i].routes[j], token_roles);
    }
    return json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:o}", "openapi", "3.1.0", "info", "title",
                     "Muster", "version", "1", "description",
                     "Event operations: detections in, crowd counts and alarms out.", "paths",
                     paths, "components", components(token_roles));
}
