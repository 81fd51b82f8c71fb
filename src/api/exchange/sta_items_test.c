// SPDX-License-Identifier: Apache-2.0
#include "api/exchange/sta_items.h"

#include "base/test.h"

static struct point SQUARE[] = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};
static struct zone ZONES[] = {
    {.id = "food", .name = "Food \"court\"", .ring = SQUARE, .ring_len = 4},
    {.id = "stage", .name = "Stage", .ring = SQUARE, .ring_len = 4},
};
static struct venue_view MEADOW = {.event = "demo",
                                   .id = "meadow",
                                   .name = "Meadow",
                                   .is_on_earth = true,
                                   .origin_longitude = 11.5,
                                   .origin_latitude = 48};
static struct venue_view PARK = {
    .event = "demo", .id = "park", .name = "Park", .zones = ZONES, .zone_count = 2};
static struct venue_view *VIEWS[] = {&MEADOW, &PARK};
static const struct event_venues VENUES = {.views = VIEWS, .count = 2};

/* The ids that the path means, with a blank behind each. */
static const char *ids_of(const char *text, size_t skip, size_t top, size_t *out_total)
{
    static char ids[4096];
    struct sta_path path;
    struct sta_window window = {.skip = skip, .top = top};
    ids[0] = '\0';
    CHECK(sta_path_read(text, &path, NULL) == ERR_NONE);
    sta_items_find(&path, &VENUES, &window);
    for (size_t i = 0; i < window.count; i++) {
        char id[STA_ID_SIZE];
        sta_id(path.kind, &window.items[i], id);
        (void)strncat(ids, id, sizeof ids - strlen(ids) - 1);
        (void)strncat(ids, " ", sizeof ids - strlen(ids) - 1);
    }
    *out_total = window.total;
    sta_window_fini(&window);
    return ids;
}

TEST(sensorthings_sets_hold_what_there_is)
{
    static const struct {
        const char *path, *ids;
        size_t total;
    } SETS[] = {
        {"Things", "meadow park ", 2},
        {"Things('park')", "park ", 1},
        {"Things('parks')", "", 0},
        {"Locations", "meadow ", 1},
        {"Locations('meadow')/Things", "meadow ", 1},
        {"Things('park')/Locations", "", 0},
        {"Sensors", "tracks ", 1},
        {"Sensors('eyes')", "", 0},
        {"ObservedProperties", "people density density_voronoi speed specific_flow ", 5},
        {"ObservedProperties('people')/Datastreams",
         "venue.meadow:people venue.park:people zone.food:people zone.stage:people ", 4},
        {"FeaturesOfInterest", "venue.meadow venue.park zone.food zone.stage ", 4},
        {"FeaturesOfInterest('zone.stage')", "zone.stage ", 1},
        {"Datastreams('zone.stage:speed')", "zone.stage:speed ", 1},
        {"Datastreams('zone.stage:speed')/Thing", "park ", 1},
        {"Datastreams('zone.stage:speed')/ObservedProperty", "speed ", 1},
        {"Datastreams('zone.stage:speed')/Sensor", "tracks ", 1},
        {"Datastreams('zone.stage:joy')/Thing", "", 0},
        {"Datastreams('venue.park:speed')", "", 0},
    };
    for (size_t i = 0; i < COUNT_OF(SETS); i++) {
        size_t total;
        CHECK_TEXT(ids_of(SETS[i].path, 0, 100, &total), SETS[i].ids);
        CHECK_INT(total, SETS[i].total);
    }
}

TEST(sensorthings_windows_together_are_the_whole)
{
    size_t total;
    CHECK_TEXT(ids_of("Datastreams", 0, 3, &total),
               "venue.meadow:people venue.park:people zone.food:people ");
    CHECK_INT(total, 12);
    CHECK_TEXT(ids_of("Datastreams", 10, 3, &total), "zone.stage:speed zone.stage:specific_flow ");
    CHECK_INT(total, 12);
    CHECK_TEXT(ids_of("Datastreams", 12, 3, &total), "");
    CHECK_INT(total, 12);
}

TEST(sensorthings_entity_is_json_with_links_to_the_others)
{
    struct sta_item item;
    struct text out;
    text_init(&out, 4096);
    CHECK(sta_datastream_find(&VENUES, "zone.food:people", &item));
    sta_add_entity(&out, "http://h/v1.1", STA_DATASTREAMS, &item);
    SCOPED_JSON *entity = NULL;
    CHECK(json_parse(out.bytes, out.len, &entity, NULL) == ERR_NONE);
    CHECK_TEXT(json_string_value(json_object_get(entity, "name")), "Food \"court\": People");
    CHECK_TEXT(json_string_value(json_object_get(entity, "@iot.selfLink")),
               "http://h/v1.1/Datastreams('zone.food:people')");
    CHECK_TEXT(json_string_value(json_object_get(entity, "Observations@iot.navigationLink")),
               "http://h/v1.1/Datastreams('zone.food:people')/Observations");
    CHECK(json_object_get(entity, "observedArea") == NULL); /* the park is nowhere on the earth */
    text_fini(&out);
}
