// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "venues/venues_import.h"

static struct err_note note;

static enum err read(const char *text, json_t **out, size_t *out_passed_over)
{
    note = (struct err_note){.place = ""};
    return wkt_read(text, strlen(text), out, out_passed_over, &note);
}

TEST(polygons_of_a_collection_come_with_their_holes)
{
    SCOPED_JSON *polygons = NULL;
    size_t passed_over = 0;
    CHECK_INT(
        read("GEOMETRYCOLLECTION (POLYGON ((0 0, 9 0, 9 9, 0 0), (1 1, 2 1, 2 2, 1 1)),\n"
             " point z (1 2 3), LineString(0 0, 1 1), MULTIPOLYGON M (((5 5 7, 6 5 7, 6 6 7))),"
             " POLYGON EMPTY)",
             &polygons, &passed_over),
        ERR_NONE);
    CHECK_INT(json_array_size(polygons), 2);
    CHECK_INT(json_array_size(json_array_get(polygons, 0)), 2);
    const json_t *corner = json_array_get(json_array_get(json_array_get(polygons, 1), 0), 1);
    CHECK_INT(json_array_size(corner), 2);
    CHECK_NEAR(json_number_value(json_array_get(corner, 0)), 6, 0);
    CHECK_INT(passed_over, 2);
}

TEST(bad_wkt_is_refused_with_its_line_and_column)
{
    static const struct {
        const char *text, *place, *words;
    } ALL[] = {
        {"", "body:1:1", "must stand here"},
        {"CIRCLE (1 2)", "body:1:7", "POLYGON"},
        {"POLYGON (1 2)", "body:1:10", "'('"},
        {"POLYGON ((1 2,\n3 x))", "body:2:3", "a number"},
        {"POLYGON ((1, 2))", "body:1:12", "two to four"},
        {"POLYGON ((1 2 3 4 5))", "body:1:19", "two to four"},
        {"POLYGON ((1 1e999))", "body:1:13", "a number"},
        {"POLYGON ((1 nan))", "body:1:13", "a number"},
        {"POLYGON ((1 2), ", "body:1:17", "'('"},
        {"POINT (1 2", "body:1:11", "do not match"},
        {"GEOMETRYCOLLECTION POLYGON ((1 2))", "body:1:20", "'('"},
        {"POLYGON ((1 2)) 7", "body:1:17", "must stand here"},
    };
    for (size_t i = 0; i < COUNT_OF(ALL); i++) {
        json_t *polygons = NULL;
        size_t passed_over;
        CHECK_INT(read(ALL[i].text, &polygons, &passed_over), ERR_MALFORMED);
        CHECK_TEXT(note.place, ALL[i].place);
        CHECK(strstr(note.detail, ALL[i].words) != NULL);
    }
}

TEST(collections_may_not_stand_in_each_other_without_end)
{
    char text[400] = "";
    for (int i = 0; i < 12; i++)
        (void)strncat(text, "GEOMETRYCOLLECTION (", sizeof text - strlen(text) - 1);
    json_t *polygons = NULL;
    size_t passed_over;
    CHECK_INT(read(text, &polygons, &passed_over), ERR_MALFORMED);
    CHECK(strstr(note.detail, "too deep") != NULL);
}
