// SPDX-License-Identifier: Apache-2.0
#include "venues/document.h"

#include "base/test.h"

static const struct projection LOCAL = {.crs = VENUE_CRS_LOCAL};
static struct err_note note;

static json_t *parse(const char *text)
{
    json_t *document = NULL;
    CHECK_INT(json_parse(text, strlen(text), &document, &note), ERR_NONE);
    return document;
}

static enum err read_zone(const char *text, const struct venue_extent *extent, struct zone *out)
{
    SCOPED_JSON *document = parse(text);
    return zone_document_read(document, &LOCAL, extent, out, &note);
}

static enum err read_ring_text(const char *ring, struct zone *out)
{
    char text[1000];
    (void)snprintf(text, sizeof text,
                   "{\"polygon\": {\"type\": \"Polygon\", \"coordinates\": [%s]}}", ring);
    return read_zone(text, NULL, out);
}

TEST(a_zone_gets_its_area_and_its_default_thresholds)
{
    struct zone zone;
    CHECK_INT(read_ring_text("[[0,0],[0,10],[20,10],[20,0],[0,0]]", &zone), ERR_NONE);
    CHECK_INT(zone.ring_len, 4);
    CHECK_NEAR(zone.area_m2, 200, 0);
    CHECK_NEAR(zone.amber_m2, 2, 0);
    CHECK_NEAR(zone.orange_m2, 3.5, 0);
    CHECK_NEAR(zone.red_m2, 5, 0);
    CHECK(zone.ring[1].x == 20 || zone.ring[0].x == 20); /* counter-clockwise now */
    mem_free(zone.ring);
}

TEST(a_set_area_replaces_that_of_the_polygon)
{
    struct zone zone;
    CHECK_INT(read_zone("{\"polygon\": {\"type\": \"Polygon\", \"coordinates\": "
                        "[[[0,0],[10,0],[10,10],[0,0]]]}, \"area_m2\": 12.5}",
                        NULL, &zone),
              ERR_NONE);
    CHECK_NEAR(zone.area_m2, 12.5, 0);
    mem_free(zone.ring);
}

TEST(bad_polygons_are_refused_with_their_place)
{
    static const char *const rings[] = {
        "[[0,0],[10,10],[10,0],[0,10],[0,0]]", /* crosses itself */
        "[[0,0],[10,0],[0,0]]",                /* two corners */
        "[[0,0],[10,0],[20,0],[0,0]]",         /* no area */
        "[[0,0],[10,\"a\"],[20,5],[0,0]]",     /* no number */
        "[[0,0],[10],[20,5],[0,0]]",           /* no position */
        "[[0,0],[1e9,0],[20,5],[0,0]]",        /* off the earth */
        "[]",
        "[[0,0],[9,0],[9,9],[0,0]], [[1,1],[2,1],[2,2],[1,1]]", /* a hole */
        "7",
    };
    struct zone zone;
    for (size_t i = 0; i < COUNT_OF(rings); i++) {
        CHECK_INT(read_ring_text(rings[i], &zone), ERR_INVALID);
        CHECK(strncmp(note.place, "polygon", 7) == 0);
    }
}

TEST(a_zone_may_touch_the_edge_of_the_plan_but_not_leave_it)
{
    struct venue_extent extent = {.is_known = true, .low = {0, 0}, .high = {20, 10}};
    struct zone zone;
    static const char inside[] = "{\"polygon\": {\"type\": \"Polygon\", \"coordinates\": "
                                 "[[[0,0],[20,0],[20,10],[0,0]]]}}";
    static const char outside[] = "{\"polygon\": {\"type\": \"Polygon\", \"coordinates\": "
                                  "[[[0,0],[20,0],[20,10.01],[0,0]]]}}";
    CHECK_INT(read_zone(inside, &extent, &zone), ERR_NONE);
    mem_free(zone.ring);
    CHECK_INT(read_zone(outside, &extent, &zone), ERR_INVALID);
    CHECK(strstr(note.detail, "leaves the plan at 20.00, 10.01") != NULL);
}

TEST(thresholds_must_rise)
{
    struct zone zone;
    CHECK_INT(read_zone("{\"polygon\": {\"type\": \"Polygon\", \"coordinates\": "
                        "[[[0,0],[10,0],[10,10],[0,0]]]}, \"amber_m2\": 4}",
                        NULL, &zone),
              ERR_INVALID);
    CHECK_TEXT(note.place, "orange_m2");
}

TEST(a_venue_on_the_earth_is_projected_around_its_origin)
{
    SCOPED_JSON *document =
        parse("{\"crs\": \"wgs84\", \"origin\": [11.55, 48.13], \"plan\": {\"type\": "
              "\"FeatureCollection\", \"features\": [{\"type\": \"Feature\", \"properties\": {}, "
              "\"geometry\": {\"type\": \"LineString\", \"coordinates\": "
              "[[11.55,48.13],[11.551,48.131]]}}]}}");
    struct venue_document venue;
    CHECK_INT(venue_document_read(document, &venue, &note), ERR_NONE);
    CHECK(venue.extent.is_known);
    CHECK_NEAR(venue.extent.low.x, 0, 1e-9);
    /* 0.001 degrees: 111.195 m northwards, times cos(48.13) eastwards. */
    CHECK_NEAR(venue.extent.high.y, 111.195, 0.001);
    CHECK_NEAR(venue.extent.high.x, 74.217, 0.001);
}

TEST(a_place_on_the_floor_lies_where_the_projection_put_it)
{
    const struct venue_view view = {
        .is_on_earth = true, .origin_longitude = 11.55, .origin_latitude = 48.13};
    struct point at = venue_to_earth(&view, (struct point){74.217, 111.195});
    CHECK_NEAR(at.x, 11.551, 1e-8);
    CHECK_NEAR(at.y, 48.131, 1e-8);
}

TEST(bad_venues_are_refused)
{
    static const struct {
        const char *text, *place;
    } all[] = {
        {"{\"crs\": \"wgs84\"}", "origin"},
        {"{\"crs\": \"wgs84\", \"origin\": [200, 10]}", "origin"},
        {"{\"plan\": []}", "plan"},
        {"{\"plan\": {\"type\": \"FeatureCollection\", \"features\": [{}]}}", "plan.features[0]"},
        {"{\"plan\": {\"type\": \"FeatureCollection\", \"features\": [{\"type\": \"Feature\", "
         "\"geometry\": {\"type\": \"Point\", \"coordinates\": [1, null]}}]}}",
         "plan.features[0].geometry.coordinates"},
        {"{\"picture_bounds\": [0, 0, 0, 5]}", "picture_bounds"},
        {"{\"nmae\": \"x\"}", "nmae"},
    };
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        SCOPED_JSON *document = parse(all[i].text);
        struct venue_document venue;
        CHECK_INT(venue_document_read(document, &venue, &note), ERR_INVALID);
        CHECK_TEXT(note.place, all[i].place);
    }
}

TEST(a_device_is_silent_after_five_seconds_unless_told_otherwise)
{
    SCOPED_JSON *document = parse("{\"kind\": \"camera\", \"image_px\": [1920, 1080]}");
    struct device device;
    json_t *sees;
    CHECK_INT(device_document_read(document, &LOCAL, &device, &sees, &note), ERR_NONE);
    CHECK_INT(device.silent_after_ms, 5000);
    CHECK_INT(device.calibration.kind, CALIBRATION_NONE);
    CHECK(sees == NULL);
}

TEST(only_a_counter_counts_into_a_zone_and_out_of_another)
{
    static const struct {
        const char *text, *place; /* NULL = it is right */
    } all[] = {
        {"{\"kind\": \"counter\", \"counts_into\": \"bar\", \"counts_from\": \"hall\"}", NULL},
        {"{\"kind\": \"camera\", \"counts_into\": \"bar\"}", "counts_into"},
        {"{\"kind\": \"sensor\", \"counts_from\": \"bar\"}", "counts_from"},
        {"{\"kind\": \"counter\", \"counts_into\": \"A bar\"}", "counts_into"},
        {"{\"kind\": \"counter\", \"counts_into\": \"bar\\u0000\"}", "counts_into"},
        {"{\"kind\": \"camera\", \"sees\": [\"bar\\u0000\"]}", "sees"},
        {"{\"kind\": \"counter\", \"counts_into\": \"bar\", \"counts_from\": \"bar\"}",
         "counts_from"}};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        SCOPED_JSON *document = parse(all[i].text);
        struct device device;
        json_t *sees;
        enum err err = device_document_read(document, &LOCAL, &device, &sees, &note);
        CHECK_INT(err, all[i].place == NULL ? ERR_NONE : ERR_INVALID);
        if (all[i].place != NULL)
            CHECK_TEXT(note.place, all[i].place);
    }
}

TEST(a_singular_homography_is_refused_with_its_place)
{
    SCOPED_JSON *document =
        parse("{\"kind\": \"camera\", \"calibration\": {\"kind\": \"homography\", \"direction\": "
              "\"pixel_to_floor\", \"matrix\": [1,2,3,2,4,6,0,0,1]}}");
    struct device device;
    json_t *sees;
    CHECK_INT(device_document_read(document, &LOCAL, &device, &sees, &note), ERR_INVALID);
    CHECK_TEXT(note.place, "calibration.matrix");
}
