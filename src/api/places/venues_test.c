// SPDX-License-Identifier: Apache-2.0
/* Venues, zones, lines, walls, devices and pictures over HTTP: what is made, and what is refused with its place
 * (docs/formats/venue.md). */
#include "api/site_test.h"
#include "base/lock.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdio.h>

#define VENUES  "/api/v1/events/fest/venues"
#define PARK    VENUES "/park"
#define ZONES   PARK "/zones"
#define DEVICES PARK "/devices"
#define LINES   PARK "/lines"
#define WALLS   PARK "/walls"

#define POLYGON(corners) ZONE_WITH("", corners)
#define ZONE_WITH(members, corners)                                                                \
    "{" members "\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[[" corners "]]}}"
#define LINE_WITH(members, points)                                                                 \
    "{" members "\"line\":{\"type\":\"LineString\",\"coordinates\":[" points "]}}"
#define SQUARE           "[0,0],[10,0],[10,10],[0,10],[0,0]"
#define HOMOGRAPHY(rest) "{\"kind\":\"camera\",\"calibration\":{\"kind\":\"homography\"," rest "}}"
#define OPENCV(rest)     "{\"kind\":\"camera\",\"calibration\":{\"kind\":\"opencv\"," rest "}}"
#define TO_FLOOR         "\"direction\":\"pixel_to_floor\","
#define INTRINSICS       "\"camera_matrix\":[[1000,0,960],[0,1000,540],[0,0,1]],"
#define DOWNWARD         "\"rvec\":[2.2,0,0],\"tvec\":[0,0,10]"

static const char VENUE[] =
    "{\"name\":\"Park\",\"plan\":{\"type\":\"FeatureCollection\",\"features\":[{\"type\":"
    "\"Feature\",\"properties\":{\"kind\":\"floor\"},\"geometry\":{\"type\":\"Polygon\","
    "\"coordinates\":[[[0,0],[50,0],[50,40],[0,40],[0,0]]]}}]}}";
static const char CAMERA[] = HOMOGRAPHY(TO_FLOOR "\"matrix\":[0.01,0,0,0,0.01,0,0,0,1]");

static json_t *ask(struct site *site, const char *method, const char *path, const char *body,
                   int status)
{
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[ORGANISER], method, path, body, &answer);
    if (answer.status != status)
        print_error("%s %s: %d: %s\n", method, path, answer.status, answer.body);
    CHECK_INT(answer.status, status);
    return answer.body_len == 0 ? json_null() : answer_json(&answer);
}

static void ask_only(struct site *site, const char *method, const char *path, const char *body,
                     int status)
{
    json_decref(ask(site, method, path, body, status));
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void furnish(struct site *site)
{
    ask_only(site, "PUT", PARK, VENUE, 201);
    ask_only(site, "PUT", ZONES "/bar", POLYGON(SQUARE), 201);
    ask_only(site, "PUT", DEVICES "/cam-1", CAMERA, 201);
}

static int64_t version_of(struct site *site)
{
    SCOPED_JSON *venue = ask(site, "GET", PARK, NULL, 200);
    return json_integer_value(json_object_get(venue, "version"));
}

TEST(venue_is_made_replaced_listed_and_removed_with_all_that_stands_in_it)
{
    SCOPED(site) site = site_create();
    furnish(site);
    int64_t version = version_of(site);
    ask_only(site, "PUT", PARK, "{\"name\":\"Garden\"}", 200);
    SCOPED_JSON *venue = ask(site, "GET", PARK, NULL, 200);
    CHECK_TEXT(text_of(venue, "name"), "Garden");
    CHECK(json_is_null(json_object_get(venue, "bounds_m")));
    CHECK_INT(json_array_size(json_object_get(venue, "zones")), 1);
    CHECK(json_integer_value(json_object_get(venue, "version")) > version);
    ask_only(site, "POST", VENUES, "{\"id\":\"hall\"}", 201);
    ask_only(site, "POST", VENUES, "{\"id\":\"hall\"}", 409);
    SCOPED_JSON *first = ask(site, "GET", VENUES "?limit=1", NULL, 200);
    CHECK_TEXT(text_of(json_array_get(json_object_get(first, "items"), 0), "id"), "hall");
    CHECK_TEXT(text_of(first, "next"), "hall");
    SCOPED_JSON *second = ask(site, "GET", VENUES "?cursor=hall", NULL, 200);
    const json_t *park = json_array_get(json_object_get(second, "items"), 0);
    CHECK_TEXT(text_of(park, "id"), "park");
    CHECK(json_object_get(park, "zones") == NULL && json_object_get(park, "plan") == NULL);
    CHECK(json_is_null(json_object_get(second, "next")));
    ask_only(site, "DELETE", PARK, NULL, 204);
    ask_only(site, "DELETE", PARK, NULL, 404);
    ask_only(site, "GET", ZONES "/bar", NULL, 404);
    ask_only(site, "GET", DEVICES "/cam-1", NULL, 404);
    ask_only(site, "GET", VENUES "?cursor=A", NULL, 400);
    ask_only(site, "GET", VENUES "?limit=0", NULL, 400);
}

TEST(zones_and_devices_are_made_replaced_listed_and_removed)
{
    SCOPED(site) site = site_create();
    furnish(site);
    ask_only(site, "PUT", ZONES "/bar", ZONE_WITH("\"name\":\"Bar\",\"area_m2\":80,", SQUARE), 200);
    SCOPED_JSON *zone = ask(site, "GET", ZONES "/bar", NULL, 200);
    CHECK_TEXT(text_of(zone, "venue"), "park");
    CHECK_NEAR(json_number_value(json_object_get(zone, "area_m2")), 80, 0);
    CHECK_NEAR(json_number_value(json_object_get(zone, "polygon_area_m2")), 100, 1e-9);
    CHECK_INT(json_array_size(json_object_get(zone, "ring_m")), 4);
    ask_only(site, "PUT", DEVICES "/cam-2", "{\"kind\":\"counter\"}", 201);
    SCOPED_JSON *list = ask(site, "GET", DEVICES, NULL, 200);
    const json_t *camera = json_array_get(json_object_get(list, "items"), 0);
    CHECK_INT(json_array_size(json_object_get(list, "items")), 2);
    CHECK(json_is_null(json_object_get(camera, "last_seen_at")));
    CHECK(json_is_true(json_object_get(camera, "is_silent")));
    CHECK(json_is_null(json_object_get(camera, "clock_ahead_ms")));
    ask_only(site, "DELETE", ZONES "/bar", NULL, 204);
    ask_only(site, "DELETE", DEVICES "/cam-2", NULL, 204);
    ask_only(site, "DELETE", DEVICES "/cam-2", NULL, 404);
    SCOPED_JSON *zones = ask(site, "GET", ZONES, NULL, 200);
    CHECK_INT(json_array_size(json_object_get(zones, "items")), 0);
    ask_only(site, "GET", VENUES "/nowhere/zones", NULL, 404);
    ask_only(site, "PUT", VENUES "/nowhere/zones/bar", POLYGON(SQUARE), 404);
}

TEST(lines_and_walls_are_made_listed_told_with_the_venue_and_removed)
{
    SCOPED(site) site = site_create();
    furnish(site);
    ask_only(site, "PUT", LINES "/gate", LINE_WITH("\"left\":\"bar\",", "[10,0],[10,4]"), 201);
    ask_only(site, "PUT", WALLS "/hall", ZONE_WITH("\"kind\":\"walkable\",", SQUARE), 201);
    SCOPED_JSON *venue = ask(site, "GET", PARK, NULL, 200);
    const json_t *line = json_array_get(json_object_get(venue, "lines"), 0);
    CHECK_TEXT(text_of(line, "id"), "gate");
    CHECK_TEXT(text_of(line, "left"), "bar");
    CHECK_NEAR(json_number_value(json_object_get(line, "width_m")), 4, 1e-9);
    CHECK_INT(json_array_size(json_object_get(line, "points_m")), 2);
    const json_t *wall = json_array_get(json_object_get(venue, "walls"), 0);
    CHECK_TEXT(text_of(wall, "kind"), "walkable");
    CHECK_NEAR(json_number_value(json_object_get(wall, "area_m2")), 100, 1e-9);
    CHECK_INT(json_array_size(json_object_get(wall, "rings_m")), 1);
    SCOPED_JSON *lines = ask(site, "GET", LINES, NULL, 200);
    CHECK_INT(json_array_size(json_object_get(lines, "items")), 1);
    SCOPED_JSON *audit = ask(site, "GET", "/api/v1/events/fest/audit?limit=1", NULL, 200);
    const json_t *latest = json_array_get(json_object_get(audit, "items"), 0);
    CHECK_TEXT(text_of(latest, "subject"), "wall:hall");
    ask_only(site, "DELETE", LINES "/gate", NULL, 204);
    ask_only(site, "DELETE", LINES "/gate", NULL, 404);
    ask_only(site, "DELETE", PARK, NULL, 204);
    ask_only(site, "GET", WALLS "/hall", NULL, 404);
}

TEST(ids_are_unique_in_the_event_over_http_too)
{
    SCOPED(site) site = site_create();
    furnish(site);
    ask_only(site, "PUT", VENUES "/hall", "{}", 201);
    ask_only(site, "PUT", VENUES "/hall/zones/bar", POLYGON(SQUARE), 409);
    ask_only(site, "PUT", VENUES "/hall/devices/cam-1", CAMERA, 409);
    SCOPED_JSON *problem = ask(site, "PUT", VENUES "/hall", "{\"id\":\"park\"}", 422);
    CHECK_TEXT(text_of(problem, "place"), "id");
}

static void create(struct site *site, const char *key, const char *path, const char *body,
                   struct answer *out)
{
    char headers[600];
    (void)snprintf(headers, sizeof headers, "%sIdempotency-Key: %s\r\n",
                   site->credentials[ORGANISER], key);
    site_ask(site, headers, "POST", path, body, out);
}

TEST(venue_zone_and_device_that_are_sent_twice_with_one_key_are_made_once)
{
    static const struct {
        const char *key, *list, *body, *location;
    } PARTS[] = {
        {"a", VENUES, "{\"id\":\"park\"}", PARK},
        {"b", ZONES, ZONE_WITH("\"id\":\"bar\",", SQUARE), ZONES "/bar"},
        {"l", LINES, LINE_WITH("\"id\":\"gate\",", "[0,0],[1,0]"), LINES "/gate"},
        {"w", WALLS, ZONE_WITH("\"id\":\"pillar\",", SQUARE), WALLS "/pillar"},
        {"c", DEVICES, "{\"id\":\"cam-1\",\"kind\":\"camera\"}", DEVICES "/cam-1"},
    };
    SCOPED(site) site = site_create();
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        SCOPED_ANSWER first = {0};
        SCOPED_ANSWER again = {0};
        create(site, PARTS[i].key, PARTS[i].list, PARTS[i].body, &first);
        CHECK_INT(first.status, 201);
        CHECK_TEXT(answer_header(&first, "Location"), PARTS[i].location);
        CHECK(answer_header(&first, "Idempotency-Replayed") == NULL);
        int64_t version = version_of(site);
        create(site, PARTS[i].key, PARTS[i].list, PARTS[i].body, &again);
        CHECK_INT(again.status, 201);
        CHECK_TEXT(again.body, first.body);
        CHECK_TEXT(answer_header(&again, "Idempotency-Replayed"), "true");
        CHECK_INT(version_of(site), version);
        ask_only(site, "POST", PARTS[i].list, PARTS[i].body, 409);
        ask_only(site, "GET", PARTS[i].location, NULL, 200);
    }
}

/* --- pictures --- */

static void picture(struct site *site, const char *type, const char *body, int status)
{
    SCOPED_ANSWER answer = {0};
    char headers[600];
    (void)snprintf(headers, sizeof headers, "%sContent-Type: %s\r\n", site->credentials[ORGANISER],
                   type);
    site_ask(site, headers, "PUT", PARK "/picture", body, &answer);
    if (answer.status != status)
        print_error("%s: %d: %s\n", type, answer.status, answer.body);
    CHECK_INT(answer.status, status);
}

TEST(picture_is_served_so_that_nothing_inside_it_runs)
{
    static const char SVG[] = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>";
    SCOPED(site) site = site_create();
    ask_only(site, "PUT", PARK, VENUE, 201);
    ask_only(site, "GET", PARK "/picture", NULL, 404);
    picture(site, "image/svg+xml", SVG, 204);
    SCOPED_ANSWER answer = {0};
    site_ask(site, site->credentials[GUEST], "GET", PARK "/picture", NULL, &answer);
    CHECK_INT(answer.status, 200);
    CHECK_TEXT(answer.body, SVG);
    CHECK_TEXT(answer_header(&answer, "Content-Type"), "image/svg+xml");
    const char *policy = answer_header(&answer, "Content-Security-Policy");
    CHECK(strncmp(policy, "sandbox;", 8) == 0 && strstr(policy, "default-src 'none'") != NULL);
    CHECK(strstr(policy, "allow-scripts") == NULL && strstr(policy, "script-src") == NULL);
    CHECK_TEXT(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
    SCOPED_JSON *venue = ask(site, "GET", PARK, NULL, 200);
    CHECK_TEXT(text_of(json_object_get(venue, "picture"), "content_type"), "image/svg+xml");
    ask_only(site, "DELETE", PARK "/picture", NULL, 204);
    ask_only(site, "DELETE", PARK "/picture", NULL, 404);
    ask_only(site, "GET", PARK "/picture", NULL, 404);
}

TEST(picture_that_is_none_is_refused)
{
    SCOPED(site) site = site_create();
    ask_only(site, "PUT", PARK, VENUE, 201);
    picture(site, "image/png", "<svg/>", 422);
    picture(site, "image/svg+xml", "<html></html>", 422);
    picture(site, "text/html", "<svg/>", 415);
    picture(site, "image/png", "\x89PNG\r\n\x1a\n", 204);
    SCOPED_MEM char *large = mem_new(LIMIT_PLAN_BYTES + 2);
    memset(large, ' ', LIMIT_PLAN_BYTES + 1);
    memcpy(large, "<svg/>", 6);
    picture(site, "image/svg+xml", large, 413);
}

/* --- refusals: each with its place, and nothing changes --- */

#define MATRIX "\"matrix\":[1,0,0,0,1,0,0,0,1],"

static const struct refusal {
    const char *path, *body;
    int status;
    const char *place, *words;
} REFUSALS[] = {
    {PARK, "[]", 422, "body", "object"},
    {PARK, "{\"name\":5}", 422, "name", ""},
    {PARK, "{\"colour\":\"red\"}", 422, "colour", ""},
    {PARK, "{\"crs\":\"moon\"}", 422, "crs", ""},
    {PARK, "{\"crs\":\"wgs84\"}", 422, "origin", "is missing"},
    {PARK, "{\"crs\":\"wgs84\",\"origin\":[13,90]}", 422, "origin", "85 degrees"},
    {PARK, "{\"plan\":{\"type\":\"Feature\"}}", 422, "plan", "FeatureCollection"},
    {PARK,
     "{\"plan\":{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"geometry\":{"
     "\"type\":\"Circle\"}}]}}",
     422, "plan.features[0].geometry.type", ""},
    {PARK,
     "{\"plan\":{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"geometry\":{"
     "\"type\":\"Point\",\"coordinates\":[1e6,0]}}]}}",
     422, "plan.features[0].geometry.coordinates", "100 km"},
    {PARK,
     "{\"plan\":{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"geometry\":{"
     "\"type\":\"LineString\",\"coordinates\":[[0,0],[5,5]]}}]}}",
     422, "plan", "zone bar would no longer fit"},
    {PARK, "{\"picture_bounds\":[5,0,5,1]}", 422, "picture_bounds", ""},
    {ZONES "/new", "{}", 422, "polygon", ""},
    {ZONES "/new", "{\"polygon\":{\"type\":\"Point\",\"coordinates\":[1,2]}}", 422, "polygon",
     "GeoJSON Polygon"},
    {ZONES "/new", "{\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[[],[]]}}", 422,
     "polygon.coordinates", "one ring"},
    {ZONES "/new", POLYGON("[0,0],[1,1],[0,0]"), 422, "polygon", "three different corners"},
    {ZONES "/new", POLYGON("[0,0],[5,5],[9,9],[0,0]"), 422, "polygon", "no area"},
    {ZONES "/new", POLYGON("[0,0],[10,6],[10,0],[0,10],[0,0]"), 422, "polygon",
     "crosses or touches itself at the edge"},
    {ZONES "/new", POLYGON("[0,0],[51,0],[10,10],[0,0]"), 422, "polygon",
     "leaves the plan at 51.00"},
    {ZONES "/new", POLYGON("[0,0],[\"x\",0],[10,10],[0,0]"), 422, "polygon.coordinates[0][1]",
     "numbers"},
    {ZONES "/new", POLYGON("[0,0],[1,0],[NaN,1]"), 400, "body:1:61", "not valid JSON"},
    {ZONES "/new", POLYGON("[0,0],[1,0],[1e999,1]"), 400, "body:1:63", "not valid JSON"},
    {ZONES "/new", ZONE_WITH("\"area_m2\":-1,", SQUARE), 422, "area_m2", ""},
    {ZONES "/new", ZONE_WITH("\"capacity_persons\":-1,", SQUARE), 422, "capacity_persons", ""},
    {ZONES "/new", ZONE_WITH("\"amber_m2\":4,", SQUARE), 422, "orange_m2", "between"},
    {LINES "/new", "{}", 422, "line", ""},
    {LINES "/new", LINE_WITH("", "[0,0]"), 422, "line.coordinates", "two different points"},
    {LINES "/new", LINE_WITH("", "[0,0],[99,0]"), 422, "line", "leaves the plan"},
    {LINES "/new", LINE_WITH("\"width_m\":0,", "[0,0],[9,0]"), 422, "width_m", ""},
    {LINES "/new", LINE_WITH("\"left\":\"A\",", "[0,0],[9,0]"), 422, "left", ""},
    {LINES "/new", LINE_WITH("\"left\":\"a\",\"right\":\"a\",", "[0,0],[9,0]"), 422, "right",
     "another zone"},
    {WALLS "/new", ZONE_WITH("\"kind\":\"moat\",", SQUARE), 422, "kind", ""},
    {WALLS "/new", POLYGON(SQUARE "],[[1,1],[2,1],[2,2]"), 422, "polygon.coordinates",
     "only what is walkable has holes"},
    {DEVICES "/new", "{}", 422, "kind", ""},
    {DEVICES "/new", "{\"kind\":\"drone\"}", 422, "kind", ""},
    {DEVICES "/new", "{\"kind\":\"camera\",\"silent_after_ms\":1}", 422, "silent_after_ms", ""},
    {DEVICES "/new", "{\"kind\":\"camera\",\"image_px\":[0,1]}", 422, "image_px", ""},
    {DEVICES "/new", "{\"kind\":\"camera\",\"heading_deg\":361}", 422, "heading_deg", ""},
    {DEVICES "/new", "{\"kind\":\"camera\",\"position\":[1]}", 422, "position", ""},
    {DEVICES "/new", "{\"kind\":\"camera\",\"sees\":[1]}", 422, "sees", "zone ids"},
    {DEVICES "/new", HOMOGRAPHY("\"matrix\":[1,0,0,0,1,0,0,0,1]"), 422, "calibration.direction",
     "is missing"},
    {DEVICES "/new", HOMOGRAPHY(TO_FLOOR "\"matrix\":[1,2,3]"), 422, "calibration.matrix",
     "9 numbers"},
    {DEVICES "/new", HOMOGRAPHY(TO_FLOOR "\"matrix\":[1,2,3,2,4,6,0,0,1]"), 422,
     "calibration.matrix", "is singular"},
    {DEVICES "/new", HOMOGRAPHY(TO_FLOOR MATRIX "\"error_m\":-1"), 422, "calibration.error_m", ""},
    {DEVICES "/new", HOMOGRAPHY(TO_FLOOR MATRIX "\"points\":[[1,2,3,4],[1,2,3]]"), 422,
     "calibration.points[1]", "4 numbers"},
    {DEVICES "/new", HOMOGRAPHY(TO_FLOOR MATRIX "\"points\":7"), 422, "calibration.points",
     "array"},
    {DEVICES "/new", HOMOGRAPHY(TO_FLOOR "\"matrix\":[1e13,0,0,0,1,0,0,0,1]"), 422,
     "calibration.matrix", "finite numbers"},
    {DEVICES "/new", OPENCV(DOWNWARD), 422, "calibration.camera_matrix", "is missing"},
    {DEVICES "/new", OPENCV("\"camera_matrix\":[0,0,0,0,0,0,0,0,1]," DOWNWARD), 422,
     "calibration.camera_matrix", "positive fx"},
    {DEVICES "/new", OPENCV(INTRINSICS "\"distortion\":[0,0,0,0,0,1]," DOWNWARD), 422,
     "calibration.distortion", "k4"},
    {DEVICES "/new", OPENCV(INTRINSICS "\"rvec\":[1.5707963267948966,0,0],\"tvec\":[0,0,0]"), 422,
     "calibration.rvec", ""},
    {DEVICES "/new", OPENCV("\"files\":[\"<a><b></a>\"]"), 422, "calibration.files[0]", "line 1"},
    {DEVICES "/new", OPENCV("\"files\":[\"<!DOCTYPE a><a/>\"]"), 422, "calibration.files[0]",
     "DOCTYPE"},
    {DEVICES "/new", OPENCV("\"files\":[\"rvec: [1, two, 3]\"]"), 422, "calibration.files[0]",
     "not its numbers"},
    {DEVICES "/new", OPENCV("\"files\":[\"rvec: [1, 2, 3]\"]"), 422, "calibration.files",
     "no complete camera_matrix"},
};

static void check_refusal(struct site *site, const struct refusal *refusal)
{
    SCOPED_JSON *problem = ask(site, "PUT", refusal->path, refusal->body, refusal->status);
    const char *place = text_of(problem, "place");
    const char *detail = text_of(problem, "detail");
    bool is_as_told = place != NULL && strcmp(place, refusal->place) == 0 && detail != NULL &&
                      strstr(detail, refusal->words) != NULL;
    if (!is_as_told)
        print_error("%s %s: place \"%s\", detail \"%s\"\n", refusal->path, refusal->body, place,
                    detail);
    CHECK(is_as_told);
}

TEST(what_cannot_be_is_refused_with_its_place_and_changes_nothing)
{
    SCOPED(site) site = site_create();
    furnish(site);
    int64_t version = version_of(site);
    for (size_t i = 0; i < COUNT_OF(REFUSALS); i++)
        check_refusal(site, &REFUSALS[i]);
    ask_only(site, "GET", ZONES "/new", NULL, 404);
    ask_only(site, "GET", DEVICES "/new", NULL, 404);
    CHECK_INT(version_of(site), version);
}

/* A zig-zag ring of so many corners, inside the plan. */
static char *ring_of(int corners)
{
    struct text out;
    text_init(&out, 256 * 1024);
    text_add(&out, "{\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0]");
    for (int i = 0; i < corners - 2; i++)
        text_addf(&out, ",[%g,%d]", 0.01 * (i + 1), 1 + i % 2);
    text_add(&out, ",[40,0],[0,0]]]}}");
    return text_take(&out);
}

TEST(polygon_of_a_thousand_corners_is_taken_and_one_more_is_too_large)
{
    SCOPED(site) site = site_create();
    furnish(site);
    SCOPED_MEM char *most = ring_of(1000);
    SCOPED_MEM char *more = ring_of(1001);
    ask_only(site, "PUT", ZONES "/wide", most, 201);
    SCOPED_JSON *problem = ask(site, "PUT", ZONES "/wider", more, 413);
    CHECK_TEXT(text_of(problem, "place"), "polygon");
}

struct remover {
    struct site *site;
    struct thread thread;
    atomic_bool is_over;
};

static void *remove_the_bar(void *context)
{
    struct remover *remover = context;
    while (!atomic_load(&remover->is_over))
        (void)site_status(remover->site, ORGANISER, "DELETE", ZONES "/bar", NULL);
    return NULL;
}

TEST(what_was_set_is_answered_though_somebody_removes_it_at_once)
{
    SCOPED(site) site = site_create();
    furnish(site);
    struct remover remover = {.site = site};
    thread_start(&remover.thread, "remover", remove_the_bar, &remover);
    int refused = 0;
    for (int i = 0; i < 200; i++) {
        int status = site_status(site, ORGANISER, "PUT", ZONES "/bar", POLYGON(SQUARE));
        refused += status != 200 && status != 201;
    }
    atomic_store(&remover.is_over, true);
    thread_join(&remover.thread);
    CHECK_INT(refused, 0);
}

TEST(crowd_of_a_venue_nobody_has_seen_is_unknown)
{
    SCOPED(site) site = site_create();
    furnish(site);
    SCOPED_JSON *crowd = ask(site, "GET", PARK "/crowd", NULL, 200);
    CHECK(json_is_null(json_object_get(crowd, "people")));
    CHECK_TEXT(text_of(crowd, "method"), "tracks");
    const json_t *zone = json_array_get(json_object_get(crowd, "zones"), 0);
    CHECK_TEXT(text_of(zone, "id"), "bar");
    CHECK_TEXT(text_of(zone, "level"), "unknown");
    CHECK(json_is_null(json_object_get(zone, "people")));
    ask_only(site, "GET", VENUES "/nowhere/crowd", NULL, 404);
}
