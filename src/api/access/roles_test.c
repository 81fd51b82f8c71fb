// SPDX-License-Identifier: Apache-2.0
/* Every route x every role x own and other event. The table says in its own words who may; what the
 * others get follows from who they are. Requests are chosen so that being let in shows, in a status
 * that no refusal has, and changes nothing. */
#include "api/site_test.h"

#include <stdio.h>

#define BIT(asker) (1u << (asker))
#define EVERYBODY  (BIT(ASKER_COUNT) - 1)
#define PEOPLE                                                                                     \
    (BIT(ADMIN) | BIT(ORGANISER) | BIT(CONTROL) | BIT(CREW) | BIT(DOOR) | BIT(GUEST) |             \
     BIT(STRANGER) | BIT(OTHER_ORGANISER))
#define STAFF_OF_FEST                                                                              \
    (BIT(ORGANISER) | BIT(CONTROL) | BIT(CREW) | BIT(DOOR) | BIT(GUEST) | BIT(DEVICE))
#define PEOPLE_OF_FEST (STAFF_OF_FEST & ~BIT(DEVICE))
#define SEES_THE_CROWD (BIT(ADMIN) | (PEOPLE_OF_FEST & ~BIT(GUEST)))
#define READS_COUNTS   (SEES_THE_CROWD | BIT(READER))
#define READS_SERIES   (WATCHES_FEST | BIT(READER))
#define SEES_DEVICES   (SEES_THE_CROWD | BIT(DEVICE))
#define SENDS_TO_FEST  (WATCHES_FEST | BIT(DEVICE))
#define WATCHES_FEST   (BIT(ADMIN) | BIT(ORGANISER) | BIT(CONTROL))
#define RUNS_FEST      (BIT(ADMIN) | BIT(ORGANISER))

static const struct line {
    const char *method;
    const char *route; /* as in the table of routes */
    const char *path;
    const char *body;
    unsigned allowed;
    int status; /* for those */
} LINES[] = {
    {"POST", "/api/v1/session", "/api/v1/session", "{}", EVERYBODY, 422},
    {"GET", "/api/v1/session", "/api/v1/session", NULL, PEOPLE, 200},
    {"GET", "/api/v1/session/list", "/api/v1/session/list", NULL, PEOPLE, 200},
    {"DELETE", "/api/v1/session/list/{session}", "/api/v1/session/list/1", NULL, PEOPLE, 404},
    {"POST", "/api/v1/session/password", "/api/v1/session/password", "{}", PEOPLE, 422},
    {"GET", "/api/v1/people", "/api/v1/people", NULL, BIT(ADMIN), 200},
    {"POST", "/api/v1/people", "/api/v1/people", "{}", BIT(ADMIN), 422},
    {"GET", "/api/v1/people/{person}", "/api/v1/people/1", NULL, BIT(ADMIN), 404},
    {"PATCH", "/api/v1/people/{person}", "/api/v1/people/1", "{\"is_disabled\":true}", BIT(ADMIN),
     404},
    {"POST", "/api/v1/people/{person}/password", "/api/v1/people/1/password", "{}", BIT(ADMIN),
     404},
    {"GET", "/api/v1/audit", "/api/v1/audit", NULL, BIT(ADMIN), 200},
    {"GET", "/api/v1/events", "/api/v1/events", NULL, PEOPLE | BIT(DEVICE) | BIT(OTHER_DEVICE),
     200},
    {"POST", "/api/v1/events", "/api/v1/events", "{}", PEOPLE, 422},
    {"GET", "/api/v1/events/{event}", "/api/v1/events/fest", NULL, BIT(ADMIN) | STAFF_OF_FEST, 200},
    {"PATCH", "/api/v1/events/{event}", "/api/v1/events/fest", "{\"x\":1}", RUNS_FEST, 422},
    {"DELETE", "/api/v1/events/{event}", "/api/v1/events/fest", NULL, RUNS_FEST, 409},
    {"GET", "/api/v1/events/{event}/members", "/api/v1/events/fest/members", NULL, RUNS_FEST, 200},
    {"PUT", "/api/v1/events/{event}/members/{person}", "/api/v1/events/fest/members/1", "{}",
     RUNS_FEST, 422},
    {"DELETE", "/api/v1/events/{event}/members/{person}", "/api/v1/events/fest/members/1", NULL,
     RUNS_FEST, 404},
    {"GET", "/api/v1/events/{event}/tokens", "/api/v1/events/fest/tokens", NULL, RUNS_FEST, 200},
    {"POST", "/api/v1/events/{event}/tokens", "/api/v1/events/fest/tokens", "{}", RUNS_FEST, 422},
    {"DELETE", "/api/v1/events/{event}/tokens/{token}", "/api/v1/events/fest/tokens/1", NULL,
     RUNS_FEST, 404},
    {"GET", "/api/v1/events/{event}/audit", "/api/v1/events/fest/audit", NULL, RUNS_FEST, 200},
    {"GET", "/api/v1/events/{event}/rules", "/api/v1/events/fest/rules", NULL, WATCHES_FEST, 200},
    {"POST", "/api/v1/events/{event}/rules", "/api/v1/events/fest/rules", "{}", WATCHES_FEST, 422},
    {"GET", "/api/v1/events/{event}/rules/{rule}", "/api/v1/events/fest/rules/x", NULL,
     WATCHES_FEST, 404},
    {"PATCH", "/api/v1/events/{event}/rules/{rule}", "/api/v1/events/fest/rules/x", "{}",
     WATCHES_FEST, 404},
    {"DELETE", "/api/v1/events/{event}/rules/{rule}", "/api/v1/events/fest/rules/x", NULL,
     WATCHES_FEST, 404},
    {"GET", "/api/v1/events/{event}/incidents", "/api/v1/events/fest/incidents", NULL, WATCHES_FEST,
     200},
    {"GET", "/api/v1/events/{event}/incidents/{incident}", "/api/v1/events/fest/incidents/1", NULL,
     WATCHES_FEST, 404},
    {"POST", "/api/v1/events/{event}/incidents/{incident}/acknowledge",
     "/api/v1/events/fest/incidents/1/acknowledge", NULL, WATCHES_FEST, 404},
    {"DELETE", "/api/v1/events/{event}/incidents/{incident}/acknowledge",
     "/api/v1/events/fest/incidents/1/acknowledge", NULL, WATCHES_FEST, 404},
    {"POST", "/api/v1/events/{event}/incidents/{incident}/resolve",
     "/api/v1/events/fest/incidents/1/resolve", NULL, WATCHES_FEST, 404},
    {"GET", "/api/v1/events/{event}/outbox", "/api/v1/events/fest/outbox", NULL, WATCHES_FEST, 200},
    {"GET", "/api/v1/events/{event}/outbox/{mail}", "/api/v1/events/fest/outbox/1", NULL,
     WATCHES_FEST, 404},
    {"POST", "/api/v1/events/{event}/outbox/{mail}/retry", "/api/v1/events/fest/outbox/1/retry",
     NULL, WATCHES_FEST, 409},
    {"GET", "/api/v1/events/{event}/venues", "/api/v1/events/fest/venues", NULL,
     BIT(ADMIN) | STAFF_OF_FEST, 200},
    {"POST", "/api/v1/events/{event}/venues", "/api/v1/events/fest/venues", "{}", RUNS_FEST, 422},
    {"GET", "/api/v1/events/{event}/venues/{venue}", "/api/v1/events/fest/venues/x", NULL,
     BIT(ADMIN) | STAFF_OF_FEST, 404},
    {"PUT", "/api/v1/events/{event}/venues/{venue}", "/api/v1/events/fest/venues/x",
     "{\"crs\":\"moon\"}", RUNS_FEST, 422},
    {"DELETE", "/api/v1/events/{event}/venues/{venue}", "/api/v1/events/fest/venues/x", NULL,
     RUNS_FEST, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/picture", "/api/v1/events/fest/venues/x/picture",
     NULL, BIT(ADMIN) | PEOPLE_OF_FEST, 404},
    {"PUT", "/api/v1/events/{event}/venues/{venue}/picture", "/api/v1/events/fest/venues/x/picture",
     "<svg/>", RUNS_FEST, 404},
    {"DELETE", "/api/v1/events/{event}/venues/{venue}/picture",
     "/api/v1/events/fest/venues/x/picture", NULL, RUNS_FEST, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/lines", "/api/v1/events/fest/venues/x/lines",
     NULL, BIT(ADMIN) | STAFF_OF_FEST, 404},
    {"POST", "/api/v1/events/{event}/venues/{venue}/lines", "/api/v1/events/fest/venues/x/lines",
     "{}", RUNS_FEST, 422},
    {"GET", "/api/v1/events/{event}/venues/{venue}/lines/{line}",
     "/api/v1/events/fest/venues/x/lines/y", NULL, BIT(ADMIN) | STAFF_OF_FEST, 404},
    {"PUT", "/api/v1/events/{event}/venues/{venue}/lines/{line}",
     "/api/v1/events/fest/venues/x/lines/y", "{}", RUNS_FEST, 404},
    {"DELETE", "/api/v1/events/{event}/venues/{venue}/lines/{line}",
     "/api/v1/events/fest/venues/x/lines/y", NULL, RUNS_FEST, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/walls", "/api/v1/events/fest/venues/x/walls",
     NULL, BIT(ADMIN) | STAFF_OF_FEST, 404},
    {"POST", "/api/v1/events/{event}/venues/{venue}/walls", "/api/v1/events/fest/venues/x/walls",
     "{}", RUNS_FEST, 422},
    {"GET", "/api/v1/events/{event}/venues/{venue}/walls/{wall}",
     "/api/v1/events/fest/venues/x/walls/y", NULL, BIT(ADMIN) | STAFF_OF_FEST, 404},
    {"PUT", "/api/v1/events/{event}/venues/{venue}/walls/{wall}",
     "/api/v1/events/fest/venues/x/walls/y", "{}", RUNS_FEST, 404},
    {"DELETE", "/api/v1/events/{event}/venues/{venue}/walls/{wall}",
     "/api/v1/events/fest/venues/x/walls/y", NULL, RUNS_FEST, 404},
    {"POST", "/api/v1/events/{event}/venues/{venue}/import", "/api/v1/events/fest/venues/x/import",
     "{}", RUNS_FEST, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/zones", "/api/v1/events/fest/venues/x/zones",
     NULL, BIT(ADMIN) | STAFF_OF_FEST, 404},
    {"POST", "/api/v1/events/{event}/venues/{venue}/zones", "/api/v1/events/fest/venues/x/zones",
     "{}", RUNS_FEST, 422},
    {"GET", "/api/v1/events/{event}/venues/{venue}/zones/{zone}",
     "/api/v1/events/fest/venues/x/zones/y", NULL, BIT(ADMIN) | STAFF_OF_FEST, 404},
    {"PUT", "/api/v1/events/{event}/venues/{venue}/zones/{zone}",
     "/api/v1/events/fest/venues/x/zones/y", "{}", RUNS_FEST, 404},
    {"DELETE", "/api/v1/events/{event}/venues/{venue}/zones/{zone}",
     "/api/v1/events/fest/venues/x/zones/y", NULL, RUNS_FEST, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/devices", "/api/v1/events/fest/venues/x/devices",
     NULL, SEES_DEVICES, 404},
    {"POST", "/api/v1/events/{event}/venues/{venue}/devices",
     "/api/v1/events/fest/venues/x/devices", "{}", RUNS_FEST, 422},
    {"GET", "/api/v1/events/{event}/venues/{venue}/devices/{device}",
     "/api/v1/events/fest/venues/x/devices/y", NULL, SEES_DEVICES, 404},
    {"PUT", "/api/v1/events/{event}/venues/{venue}/devices/{device}",
     "/api/v1/events/fest/venues/x/devices/y", "{}", RUNS_FEST, 404},
    {"DELETE", "/api/v1/events/{event}/venues/{venue}/devices/{device}",
     "/api/v1/events/fest/venues/x/devices/y", NULL, RUNS_FEST, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/crowd", "/api/v1/events/fest/venues/x/crowd",
     NULL, READS_COUNTS, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/tracks", "/api/v1/events/fest/venues/x/tracks",
     NULL, SEES_THE_CROWD, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/lines/{line}/crossings",
     "/api/v1/events/fest/venues/x/lines/gate/crossings", NULL, READS_COUNTS, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/crowd.geojson",
     "/api/v1/events/fest/venues/x/crowd.geojson", NULL, READS_COUNTS, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/crowd.csv",
     "/api/v1/events/fest/venues/x/crowd.csv", NULL, READS_COUNTS, 404},
    {"GET", "/api/v1/events/{event}/venues/{venue}/tracks.geojson",
     "/api/v1/events/fest/venues/x/tracks.geojson", NULL, SEES_THE_CROWD, 404},
    {"GET", "/api/v1/events/{event}/ngsi-ld/v1/entities", "/api/v1/events/fest/ngsi-ld/v1/entities",
     NULL, READS_COUNTS, 200},
    {"GET", "/api/v1/events/{event}/ngsi-ld/v1/entities/{entity}",
     "/api/v1/events/fest/ngsi-ld/v1/entities/x", NULL, READS_COUNTS, 404},
    {"GET", "/api/v1/events/{event}/sensorthings/v1.1", "/api/v1/events/fest/sensorthings/v1.1",
     NULL, READS_SERIES, 200},
    {"GET", "/api/v1/events/{event}/sensorthings/v1.1/{path*}",
     "/api/v1/events/fest/sensorthings/v1.1/Things", NULL, READS_SERIES, 200},
    {"POST", "/api/v1/detections", "/api/v1/detections?event=fest", "{}", SENDS_TO_FEST, 422},
    {"POST", "/api/v1/readings", "/api/v1/readings?event=fest", "{}", SENDS_TO_FEST, 422},
    {"PUT", "/api/v1/readings", "/api/v1/readings?event=fest", "{}", SENDS_TO_FEST, 422},
    {"GET", "/api/v1/series", "/api/v1/series?event=fest", NULL, READS_SERIES, 200},
    {"GET", "/api/v1/series/{series}", "/api/v1/series/zone.x:y?event=fest&step=x", NULL,
     READS_SERIES, 400},
    {"GET", "/api/v1/detections", "/api/v1/detections?event=fest", NULL, WATCHES_FEST, 422},
    {"GET", "/api/v1/detections/count", "/api/v1/detections/count?event=fest", NULL, WATCHES_FEST,
     200},
    {"DELETE", "/api/v1/session", "/api/v1/session", NULL, PEOPLE,
     204}, /* the last: it ends them */
};

static const char *const ASKERS[] = {
    "nobody", "admin",  "organiser", "control",         "crew",         "door",
    "guest",  "device", "stranger",  "other organiser", "other device", "reader"};

static bool names_event(const struct line *line)
{
    return strstr(line->path, "/events/") != NULL || strstr(line->path, "?event=") != NULL;
}

static bool is_of_fest(enum asker asker)
{
    return (BIT(asker) & (STAFF_OF_FEST | BIT(READER))) != 0;
}

/* At the event "fest". */
static int expected(const struct line *line, enum asker asker)
{
    if ((line->allowed & BIT(asker)) != 0)
        return line->status;
    if (asker == NOBODY)
        return 401;
    return names_event(line) && !is_of_fest(asker) ? 404 : 403;
}

/* At "fair", which is to its own what "fest" is to its. */
static int expected_at_fair(const struct line *line, enum asker asker)
{
    if (asker == OTHER_ORGANISER)
        return expected(line, ORGANISER);
    if (asker == OTHER_DEVICE)
        return expected(line, DEVICE);
    return is_of_fest(asker) ? 404 : expected(line, asker);
}

static void ask_line(struct site *site, const struct line *line, const char *path, enum asker asker,
                     struct answer *out)
{
    char headers[600];
    bool is_picture = line->body != NULL && line->body[0] == '<';
    (void)snprintf(headers, sizeof headers, "%s%s", site->credentials[asker],
                   is_picture ? "Content-Type: image/svg+xml\r\n" : "");
    site_ask(site, headers, line->method, path, line->body, out);
}

static void check_line(struct site *site, const struct line *line, const char *path,
                       enum asker asker, int status)
{
    SCOPED_ANSWER answer = {0};
    ask_line(site, line, path, asker, &answer);
    if (answer.status != status)
        print_error("%s %s as %s: %d, not %d: %s\n", line->method, path, ASKERS[asker],
                    answer.status, status, answer.body);
    CHECK_INT(answer.status, status);
    /* A hidden event must not differ from none. */
    bool is_token = asker == DEVICE || asker == OTHER_DEVICE || asker == READER;
    if (status == 404 && (line->allowed & BIT(asker)) == 0)
        CHECK(strstr(answer.body,
                     is_token ? "\\\" for this token; ask an organiser of the event that you "
                                "mean for one\",\"place\":\"event\""
                              : "\\\" for you; GET /api/v1/events lists yours\",\"place\":"
                                "\"event\"") != NULL);
    /* Who is refused learns where it failed, and what to do. */
    if (status == 404 || status == 403) {
        SCOPED_JSON *problem = answer_json(&answer);
        const char *detail = json_string_value(json_object_get(problem, "detail"));
        CHECK(detail != NULL && strchr(detail, ';') != NULL);
        CHECK(json_object_get(problem, "place") != NULL);
    }
}

/* At its own event: what is refused there says so, and is not hidden. */
static void check_own(struct site *site, const struct line *line, const char *path,
                      enum asker asker)
{
    SCOPED_ANSWER answer = {0};
    ask_line(site, line, path, asker, &answer);
    if (answer.status != expected_at_fair(line, asker))
        print_error("%s %s as %s: %d: %s\n", line->method, path, ASKERS[asker], answer.status,
                    answer.body);
    CHECK_INT(answer.status, expected_at_fair(line, asker));
}

TEST(every_route_lets_in_whom_it_should_and_nobody_else)
{
    SCOPED(site) site = site_create();
    for (size_t i = 0; i < COUNT_OF(LINES); i++) {
        const struct line *line = &LINES[i];
        for (int asker = 0; asker < ASKER_COUNT; asker++)
            check_line(site, line, line->path, (enum asker)asker,
                       expected(line, (enum asker)asker));
        if (!names_event(line))
            continue;
        char path[200];
        const char *fest = strstr(line->path, "fest");
        (void)snprintf(path, sizeof path, "%.*sfair%s", (int)(fest - line->path), line->path,
                       fest + strlen("fest"));
        for (int asker = 0; asker < ASKER_COUNT; asker++)
            if (asker != OTHER_ORGANISER && asker != OTHER_DEVICE)
                check_line(site, line, path, (enum asker)asker,
                           expected_at_fair(line, (enum asker)asker));
        check_own(site, line, path, OTHER_ORGANISER);
        check_own(site, line, path, OTHER_DEVICE);
    }
}

TEST(no_route_is_missing_from_the_table_of_roles)
{
    SCOPED(site) site = site_create();
    for (size_t i = 0; i < site->route_count; i++) {
        const struct route *route = &site->routes[i];
        size_t k = 0;
        while (k < COUNT_OF(LINES) && (strcmp(LINES[k].method, route->method) != 0 ||
                                       strcmp(LINES[k].route, route->path) != 0))
            k++;
        if (k == COUNT_OF(LINES))
            print_error("%s %s\n", route->method, route->path);
        CHECK(k < COUNT_OF(LINES));
    }
    CHECK_INT(site->route_count, COUNT_OF(LINES));
}

TEST(event_that_does_not_exist_is_not_there_for_an_admin_either)
{
    SCOPED(site) site = site_create();
    CHECK_INT(site_status(site, ADMIN, "GET", "/api/v1/events/nowhere/members", NULL), 404);
    CHECK_INT(site_status(site, ADMIN, "GET", "/api/v1/events/fest/members", NULL), 200);
}

static void check_problem(struct site *site, enum asker asker, const char *path, const char *place,
                          const char *detail)
{
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[asker], "GET", path, NULL, &answer);
    SCOPED_JSON *problem = answer_json(&answer);
    CHECK_TEXT(json_string_value(json_object_get(problem, "place")), place);
    CHECK_TEXT(json_string_value(json_object_get(problem, "detail")), detail);
}

TEST(what_is_in_a_venue_that_is_missing_is_not_looked_for_there)
{
    static const char *const PARTS[] = {"/zones/bar",  "/devices/cam-1", "/lines/gate",
                                        "/walls/hall", "/picture",       "/crowd",
                                        "/zones"};
    static const char MISSING[] = "there is no venue \"park\" in event \"fest\"; "
                                  "GET /api/v1/events/fest/venues lists those there are";
    SCOPED(site) site = site_create();
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        char path[100];
        (void)snprintf(path, sizeof path, "/api/v1/events/fest/venues/park%s", PARTS[i]);
        check_problem(site, ORGANISER, path, "venue", MISSING);
    }
}

TEST(what_is_missing_is_named_with_where_it_was_looked_for_and_what_there_is)
{
    SCOPED(site) site = site_create();
    CHECK_INT(site_status(site, ORGANISER, "PUT", "/api/v1/events/fest/venues/park", "{}"), 201);
    check_problem(site, ORGANISER, "/api/v1/events/fest/venues/park/zones/a%22b", "zone",
                  "there is no zone \"a\"b\" in venue \"park\" in event \"fest\"; "
                  "GET /api/v1/events/fest/venues/park/zones lists those there are");
    check_problem(site, ORGANISER, "/api/v1/events/fest/venues/lake/crowd", "venue",
                  "there is no venue \"lake\" in event \"fest\"; "
                  "GET /api/v1/events/fest/venues lists those there are");
    check_problem(site, ADMIN, "/api/v1/people/me@example.org", "person",
                  "there is no such person; an admin can create one");
    check_problem(site, ADMIN, "/api/v1/nowhere", "path",
                  "There is nothing at this address; the OpenAPI document lists all there are.");
}

TEST(who_may_not_read_a_list_is_not_sent_to_it)
{
    static const char CROWD[] = "/api/v1/events/fest/venues/park/crowd";
    SCOPED(site) site = site_create();
    check_problem(site, READER, CROWD, "venue",
                  "there is no venue \"park\" in event \"fest\"; ask an organiser what there is");
    check_problem(site, CREW, CROWD, "venue",
                  "there is no venue \"park\" in event \"fest\"; "
                  "GET /api/v1/events/fest/venues lists those there are");
    check_problem(site, ADMIN, "/api/v1/events/none/venues", "event",
                  "there is no event \"none\"; GET /api/v1/events lists those there are");
}

TEST(who_lacks_a_role_is_told_which_would_do)
{
    SCOPED(site) site = site_create();
    check_problem(site, GUEST, "/api/v1/events/fest/rules", "role",
                  "this needs the role organiser or control at the event fest; "
                  "ask an organiser for it");
    check_problem(site, ORGANISER, "/api/v1/people", "role",
                  "this needs an admin of this installation; ask one to do it");
    check_problem(site, DEVICE, "/api/v1/session", "role",
                  "this is for people; sign in instead of sending a token");
    check_problem(
        site, DEVICE, "/api/v1/events/fest/rules", "role",
        "this is for people; sign in instead of sending a token, or ask an organiser to do "
        "it");
    check_problem(
        site, DEVICE, "/api/v1/events/fest/venues/park/crowd", "role",
        "this needs a token that reads how many people are where, and nothing else; ask an "
        "organiser for one");
    check_problem(site, READER, "/api/v1/events/fest/venues", "role",
                  "this needs a token that sends what devices measure; ask an organiser for one");
    check_problem(site, READER, "/api/v1/people", "role",
                  "this needs an admin of this installation; ask one to do it");
    check_problem(site, READER, "/api/v1/events/fair/venues/park/crowd", "event",
                  "there is no event \"fair\" for this token; ask an organiser of the event that "
                  "you mean for one");
    check_problem(site, STRANGER, "/api/v1/events/fest/rules", "event",
                  "there is no event \"fest\" for you; GET /api/v1/events lists yours");
    check_problem(site, STRANGER, "/api/v1/events/none/rules", "event",
                  "there is no event \"none\" for you; GET /api/v1/events lists yours");
}
