// SPDX-License-Identifier: Apache-2.0
#include "venues/venues_import.h"

#include "base/random.h"
#include "base/text.h"
#include "store/place_test.h"
#include "venues/venues.h"
#include "venues/venues_edit.h"

#include <archive.h>
#include <archive_entry.h>

static struct err_note note;

struct site {
    struct store *store;
    struct venues *venues;
};

static void site_open(struct site *site, const struct place *place, const char *venue)
{
    site->store = place_open(place, &venues_store_module, 1);
    CHECK_INT(venues_open(site->store, &site->venues, &note), ERR_NONE);
    SCOPED_JSON *document = NULL;
    CHECK_INT(json_parse(venue, strlen(venue), &document, &note), ERR_NONE);
    struct venue_edit edit = {.part = VENUE_PART_VENUE,
                              .action = VENUE_PUT,
                              .event = "demo",
                              .venue = "hall",
                              .document = document};
    CHECK_INT(venues_edit(site->venues, &edit, &note), ERR_NONE);
}

static void site_close(struct site *site)
{
    venues_close(site->venues);
    store_close(site->store);
}

static enum err take(struct site *site, struct venue_import import, json_t **out_report)
{
    note = (struct err_note){.place = ""};
    import.event = "demo";
    import.venue = "hall";
    if (import.len == 0)
        import.len = strlen(import.bytes);
    return venues_import(site->venues, &import, out_report, &note);
}

static size_t count(const json_t *report, const char *list)
{
    return json_array_size(json_object_get(report, list));
}

static void check_parts(struct site *site, size_t zones, size_t lines, size_t walls)
{
    struct venue_view *view = venues_view(site->venues, "demo", "hall");
    CHECK_INT(view->zone_count, zones);
    CHECK_INT(view->line_count, lines);
    CHECK_INT(view->wall_count, walls);
    shared_unref(&view->shared);
}

#define FEATURE(members, properties, type, coordinates)                                            \
    "{\"type\":\"Feature\"," members "\"properties\":{" properties                                 \
    "},\"geometry\":{\"type\":\"" type "\",\"coordinates\":" coordinates "}}"
#define FILE_OF(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"
#define SQUARE            "[[[1,1],[9,1],[9,9],[1,9],[1,1]]]"

static const char GEOJSON[] = FILE_OF(
    FEATURE("", "\"kind\":\"floor\"", "Polygon", "[[[0,0],[20,0],[20,20],[0,20],[0,0]]]") "," FEATURE(
        "\"id\":\"bar\",",
        "\"kind\":\"zone\",\"name\":\"Bar\",\"capacity_persons\":80,\"colour\":\"red\"", "Polygon",
        SQUARE) "," FEATURE("", "\"kind\":\"zone\",\"name\":\"Food Court (North)\"", "Polygon",
                            SQUARE) "," FEATURE("", "\"kind\":\"line\",\"left\":\"bar\"",
                                                "LineString",
                                                "[[1,1],[1,9]]") "," FEATURE("",
                                                                             "\"kind\":\"wall\"",
                                                                             "Polygon",
                                                                             SQUARE) "," FEATURE("",
                                                                                                 "\"kind\":\"walkable\"",
                                                                                                 "P"
                                                                                                 "o"
                                                                                                 "l"
                                                                                                 "y"
                                                                                                 "g"
                                                                                                 "o"
                                                                                                 "n",
                                                                                                 SQUARE) ",{\"type\":\"Feature\",\"geometry\":null}");

ON_BOTH_ENGINES(a_file_of_features_becomes_a_plan_and_its_parts)
{
    struct site site;
    site_open(&site, place, "{\"name\":\"Hall\"}");
    const struct venue_import file = {.format = IMPORT_GEOJSON, .bytes = GEOJSON};
    struct venue_import dry = file;
    dry.is_dry_run = true;
    json_t *would = NULL, *did = NULL, *again = NULL;
    CHECK_INT(take(&site, dry, &would), ERR_NONE);
    CHECK_INT(count(would, "zones"), 2);
    check_parts(&site, 0, 0, 0);
    CHECK_INT(take(&site, file, &did), ERR_NONE);
    CHECK(json_is_true(json_object_get(did, "plan")));
    check_parts(&site, 2, 1, 2);
    struct venue_view *view = venues_view(site.venues, "demo", "hall");
    CHECK_TEXT(view->name, "Hall");
    CHECK_NEAR(view->bounds_max.x, 20, 0);
    CHECK_TEXT(view->zones[1].id, "food-court-north");
    CHECK_INT(view->zones[0].capacity_persons, 80);
    CHECK_INT(view->lines[0].left_zone, 0);
    shared_unref(&view->shared);
    const json_t *passed = json_array_get(json_object_get(did, "passed_over"), 0);
    CHECK_TEXT(json_string_value(json_object_get(passed, "place")), "features[6]");
    CHECK_INT(take(&site, file, &again), ERR_NONE);
    const json_t *zone = json_array_get(json_object_get(again, "zones"), 0);
    CHECK_TEXT(json_string_value(json_object_get(zone, "action")), "replace");
    check_parts(&site, 2, 1, 2);
    json_decref(would);
    json_decref(did);
    json_decref(again);
    site_close(&site);
}

ON_BOTH_ENGINES(one_bad_feature_and_nothing_of_the_file_is_taken)
{
    static const struct {
        enum import_format format;
        const char *bytes, *place;
        enum err err;
    } ALL[] = {
        {IMPORT_GEOJSON,
         FILE_OF(FEATURE("", "\"kind\":\"zone\"", "Polygon", SQUARE) "," FEATURE(
             "", "\"kind\":\"zone\"", "Polygon", "[[[0,0],[5,5],[5,0],[0,5],[0,0]]]")),
         "features[1].polygon", ERR_INVALID},
        {IMPORT_GEOJSON, FILE_OF(FEATURE("", "\"kind\":\"zone\"", "Point", "[1,1]")), "features[0]",
         ERR_INVALID},
        {IMPORT_GEOJSON,
         FILE_OF(FEATURE("\"id\":\"a\",", "\"kind\":\"zone\"", "Polygon", SQUARE) "," FEATURE(
             "\"id\":\"a\",", "\"kind\":\"zone\"", "Polygon", SQUARE)),
         "features[1]", ERR_INVALID},
        {IMPORT_GEOJSON, "{\"type\":\"Feature\"}", "body", ERR_INVALID},
        {IMPORT_GEOJSON, "{", "body:1:1", ERR_MALFORMED},
        {IMPORT_WKT, "POLYGON ((0 0, 1 0, 1 1), (5 5, 6 5, 6 6))",
         "polygon 1.polygon.coordinates[1]", ERR_INVALID},
        {IMPORT_WKT, "POLYGON (", "body:1:10", ERR_MALFORMED},
        {IMPORT_IMDF, "PK", "origin", ERR_INVALID},
    };
    struct site site;
    site_open(&site, place, "{\"name\":\"Hall\"}");
    for (size_t i = 0; i < COUNT_OF(ALL); i++) {
        json_t *report = NULL;
        const struct venue_import file = {.format = ALL[i].format, .bytes = ALL[i].bytes};
        CHECK_INT(take(&site, file, &report), ALL[i].err);
        CHECK_TEXT(note.place, ALL[i].place);
        CHECK(report == NULL);
    }
    check_parts(&site, 0, 0, 0);
    site_close(&site);
}

/* --- archives --- */

struct packed {
    char bytes[200000];
    size_t len;
};

static void pack(struct packed *packed, const char *const *files, size_t file_count)
{
    struct archive *archive = archive_write_new();
    CHECK_INT(archive_write_set_format_zip(archive), ARCHIVE_OK);
    CHECK_INT(archive_write_open_memory(archive, packed->bytes, sizeof packed->bytes, &packed->len),
              ARCHIVE_OK);
    for (size_t i = 0; i + 1 < 2 * file_count; i += 2) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, files[i]);
        archive_entry_set_size(entry, (la_int64_t)strlen(files[i + 1]));
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        CHECK_INT(archive_write_header(archive, entry), ARCHIVE_OK);
        (void)archive_write_data(archive, files[i + 1], strlen(files[i + 1]));
        archive_entry_free(entry);
    }
    CHECK_INT(archive_write_free(archive), ARCHIVE_OK);
}

#define LEVEL(id, ordinal)                                                                         \
    FEATURE("\"id\":\"" id "\",",                                                                  \
            "\"ordinal\":" ordinal                                                                 \
            ",\"name\":{\"de\":\"Geschoss\"},\"short_name\":{\"de\":\"G" ordinal "\"}",            \
            "Polygon", "[[[13.0,52.0],[13.001,52.0],[13.001,52.001],[13.0,52.001],[13.0,52.0]]]")
#define UNIT(id, level, ring)                                                                      \
    FEATURE(                                                                                       \
        "\"id\":\"" id "\",",                                                                      \
        "\"category\":\"room\",\"name\":{\"de\":\"Saal\",\"en\":\"Hall\"},\"level_id\":\"" level   \
        "\"",                                                                                      \
        "Polygon", ring)
#define INSIDE "[[[13.0001,52.0001],[13.0009,52.0001],[13.0009,52.0009],[13.0001,52.0001]]]"

static const char *const IMDF[] = {
    "map/manifest.json",
    "{\"version\":\"1.0.0\",\"language\":\"de\"}",
    "map/level.geojson",
    FILE_OF(LEVEL("l0", "0") "," LEVEL("l1", "1")),
    "map/unit.geojson",
    FILE_OF(UNIT("u-1", "l0", INSIDE) "," UNIT("u-2", "l1", INSIDE) "," UNIT(
        "u-3", "l0", "[[[13.0,52.0],[13.0001,52.0001],[13.0,52.0]]]")),
    "map/opening.geojson",
    FILE_OF(FEATURE("\"id\":\"o-1\",", "\"level_id\":\"l0\"", "LineString",
                    "[[13.0001,52.0001],[13.0001,52.0002]]")),
    "map/footprint.geojson",
    "not read"};

ON_BOTH_ENGINES(a_level_of_an_archive_becomes_zones_and_lines)
{
    struct site site;
    site_open(&site, place, "{\"origin\":[13.0,52.0]}");
    SCOPED_MEM struct packed *packed = mem_new(sizeof *packed);
    pack(packed, IMDF, 5);
    struct venue_import file = {.format = IMPORT_IMDF, .bytes = packed->bytes, .len = packed->len};
    json_t *report = NULL;
    CHECK_INT(take(&site, file, &report), ERR_INVALID);
    CHECK_TEXT(note.place, "query level");
    CHECK(strstr(note.detail, "l0 (Geschoss), l1 (Geschoss)") != NULL);
    file.level = "7";
    CHECK_INT(take(&site, file, &report), ERR_INVALID);
    file.level = "G0";
    CHECK_INT(take(&site, file, &report), ERR_NONE);
    check_parts(&site, 1, 1, 0);
    struct venue_view *view = venues_view(site.venues, "demo", "hall");
    CHECK_TEXT(view->zones[0].id, "u-1");
    CHECK_TEXT(view->zones[0].name, "Saal");
    CHECK_NEAR(view->zones[0].ring[0].x, 6.846, 0.001); /* metres east of the origin */
    CHECK_NEAR(view->lines[0].length_m, 11.12, 0.01);
    shared_unref(&view->shared);
    CHECK_INT(count(report, "levels"), 2);
    CHECK_INT(count(report, "passed_over"), 3); /* another level, a unit without area, a file */
    json_decref(report);
    site_close(&site);
}

ON_BOTH_ENGINES(archives_that_swell_or_are_none_are_refused)
{
    struct site site;
    site_open(&site, place, "{\"crs\":\"wgs84\",\"origin\":[13.0,52.0]}");
    SCOPED_MEM struct packed *packed = mem_new(sizeof *packed);
    SCOPED_MEM char *spaces = mem_new(30 * 1024 * 1024 + 1);
    memset(spaces, ' ', 30 * 1024 * 1024);
    const char *const bomb[] = {"manifest.json", spaces};
    const char *const bare[] = {"unit.geojson", FILE_OF("")};
    const char *const broken[] = {"manifest.json", "{"};
    json_t *report = NULL;
    struct venue_import file = {.format = IMPORT_IMDF, .bytes = packed->bytes};
    pack(packed, bomb, 1);
    file.len = packed->len;
    CHECK_INT(take(&site, file, &report), ERR_TOO_LARGE);
    CHECK(strstr(note.detail, "100 times its size") != NULL);
    pack(packed, bare, 1);
    file.len = packed->len;
    CHECK_INT(take(&site, file, &report), ERR_INVALID);
    CHECK_TEXT(note.place, "manifest.json");
    pack(packed, broken, 1);
    file.len = packed->len;
    CHECK_INT(take(&site, file, &report), ERR_MALFORMED);
    CHECK(strncmp(note.place, "manifest.json", 13) == 0);
    file.bytes = "this is no archive";
    file.len = 18;
    CHECK_INT(take(&site, file, &report), ERR_MALFORMED);
    CHECK_TEXT(note.place, "body");
    site_close(&site);
}

/* So many lines of a thousand points. */
static void write_lines(struct text *out, size_t count)
{
    text_init(out, LIMIT_IMPORT_BYTES);
    text_add(out, "{\"type\":\"FeatureCollection\",\"features\":[");
    for (size_t line = 0; line < count; line++) {
        text_addf(out,
                  "%s{\"type\":\"Feature\",\"properties\":{\"kind\":\"line\"},\"geometry\":"
                  "{\"type\":\"LineString\",\"coordinates\":[[0,0]",
                  line == 0 ? "" : ",");
        for (int x = 1; x < 1000; x++)
            text_addf(out, ",[%d,0]", x);
        text_add(out, "]}}");
    }
    text_add(out, "]}");
}

/* So many features of nothing, behind what no archive packs small. */
static void write_nothings(struct text *out, size_t count)
{
    struct random_sequence chance = {.state = 1};
    text_init(out, LIMIT_IMPORT_BYTES);
    text_add(out, "{\"type\":\"FeatureCollection\",\"name\":\"");
    for (size_t i = 0; i < 120000; i++)
        text_addf(out, "%c", (int)('0' + random_below(&chance, 32)));
    text_add(out, "\",\"features\":[{}");
    for (size_t i = 1; i < count; i++)
        text_add(out, ",{}");
    text_add(out, "]}");
}

TEST(a_file_whose_values_take_too_much_memory_is_refused)
{
    struct site site;
    SCOPED_TEXT text, more;
    SCOPED_MEM struct packed *packed = mem_new(sizeof *packed);
    json_t *report = NULL;
    site_open(&site, place_sqlite(), "{\"crs\":\"wgs84\",\"origin\":[13.0,52.0]}");
    write_nothings(&text, LIMIT_IMPORT_TREE_BYTES / 240);
    struct venue_import file = {.format = IMPORT_GEOJSON, .bytes = text.bytes, .len = text.len};
    CHECK_INT(take(&site, file, &report), ERR_TOO_LARGE);
    CHECK(strstr(note.detail, "256 MiB of memory") != NULL);
    write_nothings(&more, LIMIT_IMPORT_TREES_BYTES / 240);
    const char *const files[] = {"unit.geojson", more.bytes};
    pack(packed, files, 1);
    file = (struct venue_import){.format = IMPORT_IMDF, .bytes = packed->bytes, .len = packed->len};
    CHECK_INT(take(&site, file, &report), ERR_TOO_LARGE);
    CHECK(strstr(note.detail, "512 MiB of memory") != NULL);
    CHECK(strncmp(note.place, "unit.geojson", 12) == 0);
    site_close(&site);
}

TEST(the_corners_of_a_file_have_a_limit_in_every_format)
{
    struct site site;
    site_open(&site, place_sqlite(), "{}");
    for (size_t lines = 200; lines <= 201; lines++) {
        SCOPED_TEXT text;
        write_lines(&text, lines);
        json_t *report = NULL;
        struct venue_import file = {
            .format = IMPORT_GEOJSON, .bytes = text.bytes, .len = text.len, .is_dry_run = true};
        CHECK_INT(take(&site, file, &report), lines == 200 ? ERR_NONE : ERR_TOO_LARGE);
        json_decref(report);
    }
    CHECK(strstr(note.detail, "200000 corners") != NULL);
    site_close(&site);
}
