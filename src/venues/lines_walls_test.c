// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "store/place_test.h"
#include "venues/shape.h"
#include "venues/venues_edit.h"

#include <math.h>

static const struct projection LOCAL = {.crs = VENUE_CRS_LOCAL};
static struct err_note note;

static enum err read_line(const char *text, struct venue_line *out, const char **left)
{
    static json_t *document; /* `left` is borrowed from it */
    const char *right;
    json_decref(document);
    CHECK_INT(json_parse(text, strlen(text), &document, &note), ERR_NONE);
    note = (struct err_note){.place = ""};
    enum err err = line_document_read(document, &LOCAL, NULL, out, left, &right, &note);
    if (err != ERR_NONE) {
        json_decref(document);
        document = NULL;
    }
    return err;
}

static enum err read_wall(const char *kind, const char *rings, struct venue_wall *out)
{
    char text[1000];
    (void)snprintf(text, sizeof text,
                   "{\"kind\":\"%s\",\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[%s]}}",
                   kind, rings);
    SCOPED_JSON *document = NULL;
    CHECK_INT(json_parse(text, strlen(text), &document, &note), ERR_NONE);
    note = (struct err_note){.place = ""};
    return wall_document_read(document, &LOCAL, NULL, out, &note);
}

#define ROOM "[[0,0],[20,0],[20,10],[0,10],[0,0]]"

TEST(a_line_is_as_wide_as_it_is_long_unless_it_is_told)
{
    struct venue_line line;
    const char *left;
    CHECK_INT(
        read_line("{\"line\":{\"type\":\"LineString\",\"coordinates\":[[0,0],[0,0],[3,4],[3,9]]}}",
                  &line, &left),
        ERR_NONE);
    CHECK_INT(line.point_count, 3);
    CHECK_NEAR(line.width_m, 10, 1e-9);
    CHECK(left == NULL);
    mem_free(line.points);
    CHECK_INT(read_line("{\"line\":{\"type\":\"LineString\",\"coordinates\":[[0,0],[3,4]]},"
                        "\"width_m\":1.2,\"left\":\"a\",\"right\":\"b\"}",
                        &line, &left),
              ERR_NONE);
    CHECK_NEAR(line.width_m, 1.2, 0);
    CHECK_NEAR(line.length_m, 5, 1e-9);
    CHECK_TEXT(left, "a");
    mem_free(line.points);
    CHECK_INT(read_line("{\"line\":{\"type\":\"LineString\",\"coordinates\":[[1,1],[1,1]]}}", &line,
                        &left),
              ERR_INVALID);
    CHECK_TEXT(note.place, "line.coordinates");
}

TEST(a_walkable_area_has_holes_that_may_touch_its_wall_and_each_other)
{
    struct venue_wall wall;
    CHECK_INT(read_wall("walkable",
                        ROOM ",[[0,2],[2,2],[2,4],[0,4],[0,2]],[[2,2],[4,2],[4,4],[2,4],[2,2]]",
                        &wall),
              ERR_NONE);
    CHECK_INT(wall.ring_count, 3);
    CHECK_INT(wall.rings[2].len, 4);
    CHECK(wall.rings[1].points[1].y == 4 || wall.rings[1].points[0].y == 4); /* clockwise now */
    shape_rings_free(wall.rings, wall.ring_count);
    CHECK_INT(read_wall("walkable", ROOM ",[[0,0],[20,0],[20,9.99],[0,9.99]]", &wall), ERR_NONE);
    shape_rings_free(wall.rings, wall.ring_count);
}

TEST(holes_that_reach_out_are_refused_with_their_place)
{
    static const struct {
        const char *kind, *rings, *place;
    } ALL[] = {
        {"walkable", ROOM ",[[15,2],[25,2],[25,4],[15,4],[15,2]]", "polygon.coordinates[1]"},
        {"walkable", ROOM ",[[30,2],[35,2],[35,4],[30,4],[30,2]]", "polygon.coordinates[1]"},
        {"walkable", ROOM ",[[1,1],[4,1],[4,4],[1,4]],[[3,3],[6,3],[6,6],[3,6]]",
         "polygon.coordinates[2]"},
        {"walkable", ROOM ",[[1,1],[4,4],[4,1],[1,4]]", "polygon.coordinates[1]"},
        {"walkable", ROOM ",[[1,1],[4,4]]", "polygon.coordinates[1]"},
        {"walkable", ROOM ",[[1,1],[4,4],[\"x\",1]]", "polygon.coordinates[1][2]"},
        {"walkable", ROOM ",7", "polygon.coordinates[1]"},
        {"walkable", ROOM "," ROOM, "polygon.coordinates[1]"},
        {"walkable", ROOM ",[[20,10],[20,0],[10,0],[0,0],[0,10]]", "polygon.coordinates[1]"},
        {"walkable", ROOM ",[[0,0],[10,0],[10,10],[0,10]],[[10,0],[20,0],[20,10],[10,10]]",
         "polygon.coordinates[2]"},
        {"obstacle", ROOM ",[[1,1],[4,1],[4,4]]", "polygon.coordinates"},
    };
    struct venue_wall wall;
    for (size_t i = 0; i < COUNT_OF(ALL); i++) {
        CHECK_INT(read_wall(ALL[i].kind, ALL[i].rings, &wall), ERR_INVALID);
        CHECK_TEXT(note.place, ALL[i].place);
    }
}

static enum err put(struct venues *venues, enum venue_part part, const char *id, const char *text)
{
    SCOPED_JSON *document = NULL;
    CHECK_INT(json_parse(text, strlen(text), &document, &note), ERR_NONE);
    struct venue_edit edit = {.part = part,
                              .action = VENUE_PUT,
                              .event = "demo",
                              .venue = "park",
                              .id = id,
                              .document = document};
    return venues_edit(venues, &edit, &note);
}

#define OBSTACLE "{\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[[[1,1],[2,1],[2,2],[1,1]]]}}"
#define GATE                                                                                       \
    "{\"line\":{\"type\":\"LineString\",\"coordinates\":[[10,0],[10,10]]},\"left\":\"bar\","       \
    "\"right\":\"gone\"}"

ON_BOTH_ENGINES(lines_and_walls_stand_in_the_view_with_their_zones)
{
    struct venues *venues = NULL;
    struct store *store = place_open(place, &venues_store_module, 1);
    CHECK_INT(venues_open(store, &venues, &note), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_LINE, "gate", GATE), ERR_NOT_FOUND);
    CHECK_INT(put(venues, VENUE_PART_VENUE, NULL, "{}"), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_LINE, "gate", GATE), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_WALL, "pillar", OBSTACLE), ERR_NONE);
    struct venue_view *old = venues_view(venues, "demo", "park");
    CHECK_INT(old->lines[0].left_zone, LINE_NO_ZONE);
    CHECK_INT(put(venues, VENUE_PART_ZONE, "bar", OBSTACLE), ERR_NONE);
    struct venue_view *view = venues_view(venues, "demo", "park");
    CHECK_INT(view->line_count, 1);
    CHECK_TEXT(view->lines[0].name, "gate");
    CHECK_INT(view->lines[0].left_zone, 0);
    CHECK_INT(view->lines[0].right_zone, LINE_NO_ZONE);
    CHECK_INT(view->wall_count, 1);
    CHECK_INT(view->walls[0].kind, WALL_OBSTACLE);
    CHECK(view->version > old->version);
    CHECK_INT(old->lines[0].left_zone, LINE_NO_ZONE);
    shared_unref(&old->shared);
    shared_unref(&view->shared);
    venues_close(venues);
    store_close(store);
}

static json_t *described(struct venues *venues, enum venue_part part, const char *id)
{
    json_t *document = NULL;
    CHECK_INT(venues_describe(venues, part, "demo", "park", id, &document), ERR_NONE);
    return document;
}

static const char *trouble_kind(json_t *document)
{
    json_t *trouble = json_object_get(document, "trouble");
    CHECK(trouble != NULL);
    return json_is_null(trouble) ? "" : json_string_value(json_object_get(trouble, "kind"));
}

#define GEO(ring) "\"polygon\":{\"type\":\"Polygon\",\"coordinates\":[[" ring "]]}}"

ON_BOTH_ENGINES(a_zone_that_leaves_what_is_walkable_is_kept_and_flagged_with_the_place)
{
    struct venues *venues = NULL;
    struct store *store = place_open(place, &venues_store_module, 1);
    CHECK_INT(venues_open(store, &venues, &note), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_VENUE, NULL, "{}"), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_ZONE, "in", "{" GEO("[1,1],[9,1],[9,9],[1,1]")), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_ZONE, "out", "{" GEO("[12,12],[18,12],[18,18],[12,12]")),
              ERR_NONE);
    SCOPED_JSON *before = described(venues, VENUE_PART_ZONE, "out");
    CHECK_TEXT(trouble_kind(before), "");
    CHECK_INT(
        put(venues, VENUE_PART_WALL, "floor",
            "{\"kind\":\"walkable\"," GEO("[0,0],[20,0],[20,10],[10,10],[10,20],[0,20],[0,0]")),
        ERR_NONE);
    SCOPED_JSON *in = described(venues, VENUE_PART_ZONE, "in");
    SCOPED_JSON *out = described(venues, VENUE_PART_ZONE, "out");
    CHECK_TEXT(trouble_kind(in), "");
    CHECK_TEXT(trouble_kind(out), "leaves_floor");
    CHECK(strstr(json_string_value(json_object_get(json_object_get(out, "trouble"), "says")),
                 "leaves the walkable floor at 12.00, 12.00 m") != NULL);
    venues_close(venues);
    store_close(store);
}

/* A round obstacle with so many corners. */
static void put_round(struct venues *venues, const char *id, int corners)
{
    SCOPED_JSON *ring = json_array();
    for (int i = 0; i <= corners; i++) {
        double angle = 2 * M_PI * (i % corners) / corners;
        (void)json_array_append_new(
            ring, json_pack("[f, f]", 50 + 40 * cos(angle), 50 + 40 * sin(angle)));
    }
    SCOPED_JSON *document =
        json_pack("{s:{s:s, s:[O]}}", "polygon", "type", "Polygon", "coordinates", ring);
    char *text = json_dumps(document, 0);
    CHECK_INT(put(venues, VENUE_PART_WALL, id, text), ERR_NONE);
    free(text);
}

ON_BOTH_ENGINES(walls_with_more_corners_than_are_measured_by_are_said_to_be_left_out)
{
    struct venues *venues = NULL;
    struct store *store = place_open(place, &venues_store_module, 1);
    CHECK_INT(venues_open(store, &venues, &note), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_VENUE, NULL, "{}"), ERR_NONE);
    for (int i = 0; i < 4; i++)
        put_round(venues, (const char *const[]){"a", "b", "c", "d"}[i], LIMIT_WALKABLE_CORNERS / 4);
    SCOPED_JSON *fits = described(venues, VENUE_PART_VENUE, NULL);
    CHECK_TEXT(trouble_kind(fits), "");
    put_round(venues, "e", 3);
    SCOPED_JSON *beyond = described(venues, VENUE_PART_VENUE, NULL);
    CHECK_TEXT(trouble_kind(beyond), "walls_left_out");
    CHECK_INT(json_integer_value(json_object_get(json_object_get(beyond, "trouble"), "corners")),
              LIMIT_WALKABLE_CORNERS + 3);
    venues_close(venues);
    store_close(store);
}

ON_BOTH_ENGINES(a_plan_may_not_shrink_below_its_lines_and_walls)
{
    struct venues *venues = NULL;
    struct store *store = place_open(place, &venues_store_module, 1);
    CHECK_INT(venues_open(store, &venues, &note), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_VENUE, NULL, "{}"), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_LINE, "gate", GATE), ERR_NONE);
    CHECK_INT(put(venues, VENUE_PART_VENUE, NULL,
                  "{\"plan\":{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\","
                  "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[0,0],[9,9]]}}]}}"),
              ERR_INVALID);
    CHECK(strstr(note.detail, "line gate would no longer fit: line leaves the plan at 10.00") !=
          NULL);
    venues_close(venues);
    store_close(store);
}
