// SPDX-License-Identifier: Apache-2.0
/* The pure parts: targets, routes, traces, origins, addresses. */
#include "base/test.h"
#include "net/http/requests/trace.h"
#include "net/http/requests/url.h"
#include "net/http/routes/router.h"
#include "net/origin.h"

static void nothing(struct request *request, void *context)
{
    (void)request;
    (void)context;
}

#define ROUTE(m, p)                                                                                \
    {                                                                                              \
        .method = (m), .path = (p), .handle = nothing                                              \
    }
static const struct route ROUTES[] = {
    ROUTE("GET", "/"),
    ROUTE("GET", "/api/v1/events"),
    ROUTE("POST", "/api/v1/events"),
    ROUTE("GET", "/api/v1/events/{event}"),
    ROUTE("GET", "/api/v1/events/current"),
    ROUTE("PUT", "/api/v1/events/{event}/zones/{zone}"),
    ROUTE("DELETE", "/api/v1/events/{event}/zones/{zone}"),
    ROUTE("GET", "/assets/{file*}"),
    ROUTE("GET", "/tree"),
    ROUTE("GET", "/tree/{path*}"),
};

static struct router *make_router(void)
{
    struct route_table table = {.routes = ROUTES, .route_count = COUNT_OF(ROUTES)};
    struct router *router = NULL;
    CHECK(router_create(&table, 1, &router, NULL) == ERR_NONE);
    return router;
}

static const char *match(const struct router *router, const char *method, const char *path)
{
    struct route_match found = {0};
    switch (router_match(router, method, path, strlen(path), &found)) {
    case ROUTE_FOUND:
        return found.route->path;
    case ROUTE_NO_METHOD:
        return "405";
    case ROUTE_NO_PATH:
        break;
    }
    return "404";
}

TEST(each_address_finds_its_route)
{
    SCOPED(router) router = make_router();
    CHECK_TEXT(match(router, "GET", "/"), "/");
    CHECK_TEXT(match(router, "HEAD", "/api/v1/events"), "/api/v1/events");
    CHECK_TEXT(match(router, "GET", "/api/v1/events/demo"), "/api/v1/events/{event}");
    CHECK_TEXT(match(router, "GET", "/api/v1/events/current"), "/api/v1/events/current");
    CHECK_TEXT(match(router, "PUT", "/api/v1/events/current/zones/a"),
               "/api/v1/events/{event}/zones/{zone}");
    CHECK_TEXT(match(router, "GET", "/assets/js/app.js"), "/assets/{file*}");
    CHECK_TEXT(match(router, "GET", "/tree"), "/tree");
    CHECK_TEXT(match(router, "GET", "/tree/"), "/tree"); /* the root of what stands below */
    CHECK_TEXT(match(router, "GET", "/tree/a"), "/tree/{path*}");
}

TEST(address_that_is_nearly_right_is_not_found)
{
    SCOPED(router) router = make_router();
    static const char *const PATHS[] = {"",
                                        "x",
                                        "//",
                                        "/api/v1",
                                        "/api/v1/events/",
                                        "/api/v1/events/demo/zones",
                                        "/assets/",
                                        "/assets",
                                        "/API/v1/events",
                                        "/api//v1/events"};
    for (size_t i = 0; i < COUNT_OF(PATHS); i++)
        CHECK_TEXT(match(router, "GET", PATHS[i]), "404");
}

TEST(wrong_method_is_told_what_is_allowed)
{
    SCOPED(router) router = make_router();
    CHECK_TEXT(match(router, "DELETE", "/api/v1/events"), "405");
    CHECK_TEXT(match(router, "BREW", "/api/v1/events"), "405");
    char allow[ROUTE_ALLOW_SIZE];
    router_allow(router, "/api/v1/events", strlen("/api/v1/events"), allow);
    CHECK_TEXT(allow, "GET, HEAD, POST, OPTIONS");
    router_allow(router, "/api/v1/events/e/zones/z", strlen("/api/v1/events/e/zones/z"), allow);
    CHECK_TEXT(allow, "PUT, DELETE, OPTIONS");
    router_allow(router, "/none", strlen("/none"), allow);
    CHECK_TEXT(allow, "");
}

TEST(parameters_are_the_segments_of_the_path)
{
    SCOPED(router) router = make_router();
    struct route_match found = {0};
    static const char PATH[] = "/api/v1/events/demo/zones/stage-a";
    CHECK(router_match(router, "PUT", PATH, strlen(PATH), &found) == ROUTE_FOUND);
    CHECK_INT(found.param_count, 2);
    CHECK(found.params[1].len == 7 && memcmp(found.params[1].text, "stage-a", 7) == 0);
    struct route_slice name = {0};
    CHECK(route_param_name(found.route, 1, &name));
    CHECK(name.len == 4 && memcmp(name.text, "zone", 4) == 0);
    CHECK(!route_param_name(found.route, 2, &name));
}

TEST(same_route_twice_is_refused_at_start)
{
    static const struct route TWICE[] = {ROUTE("GET", "/a/{x}"), ROUTE("GET", "/a/{y}")};
    static const struct route ODD[] = {ROUTE("GET", "a")};
    static const struct route LATE[] = {ROUTE("GET", "/{x*}/b")};
    struct route_table tables[] = {{TWICE, 2, NULL}, {ODD, 1, NULL}, {LATE, 1, NULL}};
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        struct router *router = NULL;
        struct err_note note = {0};
        CHECK(router_create(&tables[i], 1, &router, &note) == ERR_INVALID);
        CHECK_TEXT(note.place, tables[i].routes[tables[i].route_count - 1].path);
    }
}

TEST(percent_signs_are_decoded_and_tricks_are_not)
{
    char out[64];
    CHECK(url_decode("stage%2Da%C3%A9", 15, URL_SEGMENT, out));
    CHECK_TEXT(out, "stage-a\xc3\xa9");
    CHECK(url_decode("a+b%2Bc", 7, URL_QUERY, out));
    CHECK_TEXT(out, "a b+c");
    CHECK(url_decode("a+b", 3, URL_SEGMENT, out));
    CHECK_TEXT(out, "a+b");
    static const char *const REFUSED[] = {"%",   "%4",    "%zz", "%00",      "%0A",
                                          "%7f", "a%2Fb", "%C3", "%ed%a0%80"};
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++)
        CHECK(!url_decode(REFUSED[i], strlen(REFUSED[i]), URL_SEGMENT, out));
    CHECK(url_decode("a%2Fb", 5, URL_REST, out));
}

TEST(query_is_read_pair_by_pair)
{
    static const char QUERY[] = "from=2026%2D01&&flag&x=&y=a=b";
    char storage[sizeof QUERY + 8];
    struct url_query pairs[4];
    size_t count = 0;
    CHECK(url_query_parse(QUERY, strlen(QUERY), storage, pairs, 4, &count, NULL) == ERR_NONE);
    CHECK_INT(count, 4);
    CHECK_TEXT(pairs[0].name, "from");
    CHECK_TEXT(pairs[0].value, "2026-01");
    CHECK_TEXT(pairs[1].name, "flag");
    CHECK_TEXT(pairs[1].value, "");
    CHECK_TEXT(pairs[3].value, "a=b");
    CHECK(url_query_parse(QUERY, strlen(QUERY), storage, pairs, 3, &count, NULL) == ERR_MALFORMED);
    struct err_note note = {0};
    CHECK(url_query_parse("a=%00", 5, storage, pairs, 4, &count, &note) == ERR_MALFORMED);
    CHECK_TEXT(note.place, "a");
}

TEST(trace_of_the_caller_is_continued_with_a_new_span)
{
    struct random_sequence random = {.state = 1};
    static const char PARENT[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    char trace[TRACE_TEXT_SIZE];
    trace_continue(PARENT, &random, trace);
    CHECK(trace_is_valid(trace));
    CHECK(memcmp(trace, PARENT, 36) == 0);
    CHECK(memcmp(trace + 36, PARENT + 36, 16) != 0);
    CHECK_TEXT(trace + 52, "-00");
    trace_continue(NULL, &random, trace);
    CHECK(trace_is_valid(trace));
    CHECK_TEXT(trace + 52, "-01");
}

TEST(broken_trace_starts_a_new_one)
{
    static const char *const BROKEN[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
    };
    for (size_t i = 0; i < COUNT_OF(BROKEN); i++)
        CHECK(!trace_is_valid(BROKEN[i]));
    CHECK(trace_is_valid("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"));
    CHECK(trace_request_id_is_valid("a.B_9-z"));
    CHECK(!trace_request_id_is_valid(""));
    CHECK(!trace_request_id_is_valid("a b"));
    CHECK(!trace_request_id_is_valid("a\n"));
}

#define TLS .method = "POST", .is_secure = true
TEST(only_our_own_pages_may_change_something)
{
    static const struct {
        struct origin_facts facts;
        bool is_ours;
    } CASES[] = {
        {{.method = "POST", .host = "m.test"}, true}, /* no browser */
        {{TLS, .host = "m.test", .origin = "https://m.test"}, true},
        {{TLS, .host = "m.test", .origin = "https://M.test:443"}, true},
        {{TLS, .host = "m.test:443", .origin = "https://m.test"}, true},
        {{TLS, .host = "m.test", .origin = "https://m.test:8443"}, false},
        {{TLS, .host = "m.test:80", .origin = "https://m.test"}, false},
        {{TLS, .host = "m.test", .origin = "http://m.test"}, false}, /* an attacker on the way */
        {{.method = "POST", .host = "m.test", .origin = "https://m.test"}, false},
        {{.method = "POST", .host = "m.test", .origin = "http://m.test"}, true},
        {{.method = "POST", .host = "m.test:8080", .origin = "http://m.test:8080"}, true},
        {{.method = "POST", .host = "m.test:8080", .origin = "http://m.test"}, false},
        {{.method = "POST", .host = "[::1]:8080", .origin = "http://[::1]:8080"}, true},
        {{.method = "POST", .host = "[::1]:8080", .origin = "http://[::1]"}, false},
        {{.method = "POST", .host = "[::1]", .origin = "http://[::1]:80"}, true},
        {{TLS, .host = "m.test", .origin = "https://evil.test"}, false},
        {{TLS, .host = "m.test", .origin = "https://m.test.evil.test"}, false},
        {{TLS, .host = "m.test", .origin = "https://m.test/"}, false},
        {{TLS, .host = "m.test", .origin = "https://m.test:443x"}, false},
        {{TLS, .host = "m.test", .origin = "https://m.test:"}, false},
        {{.method = "POST", .host = "m.test", .origin = "null"}, false},
        {{.method = "POST", .host = "", .origin = "x://"}, false},
        {{.method = "POST", .host = "m.test", .sec_fetch_site = "cross-site"}, false},
        {{.method = "POST", .host = "m.test", .sec_fetch_site = "same-site"}, false},
        {{.method = "POST", .host = "m.test", .sec_fetch_site = "same-origin"}, true},
        {{.method = "POST", .host = "m.test", .sec_fetch_site = "none"}, true},
        {{.method = "POST",
          .is_secure = true,
          .host = "m.test",
          .sec_fetch_site = "cross-site",
          .origin = "https://m.test"},
         false},
        {{.method = "GET", .host = "m.test", .sec_fetch_site = "cross-site"}, true},
        {{.method = "GET", .is_strict = true, .host = "m.test", .sec_fetch_site = "cross-site"},
         false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        if (origin_is_ours(&CASES[i].facts) != CASES[i].is_ours)
            print_error("case %zu\n", i);
        CHECK(origin_is_ours(&CASES[i].facts) == CASES[i].is_ours);
    }
    static const char *const SHOP[] = {"https://shop.test", NULL};
    struct origin_facts listed = {.method = "POST",
                                  .host = "m.test",
                                  .origin = "https://shop.test",
                                  .sec_fetch_site = "cross-site",
                                  .allowed = SHOP};
    CHECK(origin_is_ours(&listed));
}
