// SPDX-License-Identifier: Apache-2.0
#include "venues/venues_edit.h"

#include "base/clock.h"
#include "store/place_test.h"
#include "store/stream.h"
#include "venues/venues.h"

#include <poll.h>

static struct err_note note;

struct house {
    struct store *store;
    struct venues *venues;
};

static void house_open(struct house *house, const struct place *place)
{
    house->store = place_open(place, &venues_store_module, 1);
    CHECK_INT(venues_open(house->store, &house->venues, &note), ERR_NONE);
}

static void house_close(struct house *house)
{
    venues_close(house->venues);
    store_close(house->store);
}

static enum err edit(struct house *house, enum venue_part part, enum venue_action action,
                     const char *venue, const char *id, const char *text)
{
    SCOPED_JSON *document = NULL;
    if (text != NULL)
        CHECK_INT(json_parse(text, strlen(text), &document, &note), ERR_NONE);
    struct venue_edit change = {.part = part,
                                .action = action,
                                .event = "demo",
                                .venue = venue,
                                .id = id,
                                .document = document};
    return venues_edit(house->venues, &change, &note);
}

#define PLAN                                                                                       \
    "\"plan\": {\"type\": \"FeatureCollection\", \"features\": [{\"type\": \"Feature\", "          \
    "\"properties\": {\"kind\": \"floor\"}, \"geometry\": {\"type\": \"Polygon\", "                \
    "\"coordinates\": [[[0,0],[50,0],[50,40],[0,40],[0,0]]]}}]}"
#define ZONE                                                                                       \
    "{\"name\": \"Bar\", \"polygon\": {\"type\": \"Polygon\", \"coordinates\": "                   \
    "[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}}"
#define CAMERA                                                                                     \
    "{\"kind\": \"camera\", \"sees\": [\"bar\", \"gone\"], \"calibration\": {\"kind\": "           \
    "\"homography\", \"direction\": \"pixel_to_floor\", \"matrix\": [0.01,0,0,0,0.01,0,0,0,1]}}"

static void furnish(struct house *house)
{
    CHECK_INT(
        edit(house, VENUE_PART_VENUE, VENUE_PUT, "park", NULL, "{\"name\": \"Park\", " PLAN "}"),
        ERR_NONE);
    CHECK_INT(edit(house, VENUE_PART_ZONE, VENUE_PUT, "park", "bar", ZONE), ERR_NONE);
    CHECK_INT(edit(house, VENUE_PART_DEVICE, VENUE_PUT, "park", "cam-1", CAMERA), ERR_NONE);
}

static int64_t version_of(struct house *house)
{
    struct venue_view *view = venues_view(house->venues, "demo", "park");
    int64_t version = view == NULL ? 0 : view->version;
    if (view != NULL)
        shared_unref(&view->shared);
    return version;
}

ON_BOTH_ENGINES(a_counter_knows_its_zones_by_their_place_in_the_view)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    CHECK_INT(edit(&house, VENUE_PART_DEVICE, VENUE_PUT, "park", "gate",
                   "{\"kind\": \"counter\", \"counts_into\": \"bar\", \"counts_from\": \"gone\"}"),
              ERR_NONE);
    const struct device *device = NULL;
    struct venue_view *view = venues_view_of_device(house.venues, "demo", "gate", &device);
    CHECK(view != NULL);
    CHECK_INT(device->counts_into, 0);
    CHECK_INT(device->counts_from, LINE_NO_ZONE);
    shared_unref(&view->shared);
    view = venues_view_of_device(house.venues, "demo", "cam-1", &device);
    CHECK_INT(device->counts_into, LINE_NO_ZONE);
    shared_unref(&view->shared);
    house_close(&house);
}

ON_BOTH_ENGINES(a_device_is_found_with_its_venue_as_soon_as_the_change_is_answered)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    const struct device *device = NULL;
    struct venue_view *view = venues_view_of_device(house.venues, "demo", "cam-1", &device);
    CHECK(view != NULL);
    CHECK_TEXT(view->key, "demo/park");
    CHECK_TEXT(device->name, "cam-1");
    CHECK_INT(device->calibration.kind, CALIBRATION_HOMOGRAPHY);
    CHECK_INT(device->sees_count, 1);
    CHECK_INT(view->zone_count, 1);
    CHECK_NEAR(view->zones[0].area_m2, 100, 0);
    CHECK_NEAR(view->bounds_max.x, 50, 0);
    shared_unref(&view->shared);
    CHECK(venues_view_of_device(house.venues, "demo", "cam-2", &device) == NULL);
    CHECK(venues_view_of_device(house.venues, "other", "cam-1", &device) == NULL);
    CHECK(venues_view_of_device(house.venues, "demo", "park", &device) == NULL);
    house_close(&house);
}

ON_BOTH_ENGINES(a_view_that_somebody_holds_does_not_change)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    struct venue_view *before = venues_view(house.venues, "demo", "park");
    int64_t version = before->version;
    CHECK_INT(edit(&house, VENUE_PART_ZONE, VENUE_REMOVE, "park", "bar", NULL), ERR_NONE);
    CHECK_INT(before->zone_count, 1);
    CHECK_TEXT(before->zones[0].id, "bar");
    CHECK(version_of(&house) > version);
    shared_unref(&before->shared);
    house_close(&house);
}

ON_BOTH_ENGINES(everything_is_there_after_a_restart)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t version = version_of(&house);
    house_close(&house);
    house_open(&house, place);
    CHECK_INT(version_of(&house), version);
    size_t count = 0;
    struct venue_view **views = venues_views(house.venues, &count);
    CHECK_INT(count, 1);
    CHECK_INT(views[0]->device_count, 1);
    shared_unref(&views[0]->shared);
    mem_free(views);
    house_close(&house);
}

ON_BOTH_ENGINES(a_removed_venue_takes_its_zones_and_devices_along_and_never_repeats_a_version)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t version = version_of(&house);
    const struct device *device;
    CHECK_INT(edit(&house, VENUE_PART_VENUE, VENUE_REMOVE, "park", NULL, NULL), ERR_NONE);
    CHECK(venues_view_of_device(house.venues, "demo", "cam-1", &device) == NULL);
    CHECK_INT(edit(&house, VENUE_PART_VENUE, VENUE_REMOVE, "park", NULL, NULL), ERR_NOT_FOUND);
    CHECK_INT(edit(&house, VENUE_PART_VENUE, VENUE_CREATE, "park", NULL, "{}"), ERR_NONE);
    CHECK(version_of(&house) > version);
    struct venue_view *view = venues_view(house.venues, "demo", "park");
    CHECK_INT(view->zone_count, 0);
    shared_unref(&view->shared);
    house_close(&house);
}

ON_BOTH_ENGINES(what_cannot_be_is_refused_and_changes_nothing)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t version = version_of(&house);
    CHECK_INT(edit(&house, VENUE_PART_VENUE, VENUE_CREATE, "park", NULL, "{}"), ERR_CONFLICT);
    CHECK_INT(edit(&house, VENUE_PART_ZONE, VENUE_CREATE, "park", "bar", ZONE), ERR_CONFLICT);
    CHECK_INT(edit(&house, VENUE_PART_ZONE, VENUE_PUT, "nowhere", "bar", ZONE), ERR_NOT_FOUND);
    CHECK_INT(edit(&house, VENUE_PART_ZONE, VENUE_REMOVE, "park", "none", NULL), ERR_NOT_FOUND);
    CHECK_INT(edit(&house, VENUE_PART_DEVICE, VENUE_PUT, "park", "cam-2", "{}"), ERR_INVALID);
    CHECK_INT(edit(&house, VENUE_PART_ZONE, VENUE_PUT, "park", "big",
                   "{\"polygon\": {\"type\": \"Polygon\", \"coordinates\": "
                   "[[[0,0],[51,0],[10,10],[0,0]]]}}"),
              ERR_INVALID);
    CHECK_INT(version_of(&house), version);
    house_close(&house);
}

ON_BOTH_ENGINES(ids_that_do_not_fit_in_a_path_are_refused)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    CHECK_INT(edit(&house, VENUE_PART_VENUE, VENUE_PUT, "Park 1", NULL, "{}"), ERR_INVALID);
    CHECK_INT(edit(&house, VENUE_PART_ZONE, VENUE_PUT, "park", "a/b", ZONE), ERR_INVALID);
    CHECK_INT(edit(&house, VENUE_PART_VENUE, VENUE_PUT, "park", NULL, "{\"id\": \"hall\"}"),
              ERR_INVALID);
    CHECK_TEXT(note.place, "id");
    house_close(&house);
}

ON_BOTH_ENGINES(ids_of_zones_and_devices_are_unique_in_the_event)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    CHECK_INT(edit(&house, VENUE_PART_VENUE, VENUE_PUT, "hall", NULL, "{}"), ERR_NONE);
    CHECK_INT(edit(&house, VENUE_PART_DEVICE, VENUE_PUT, "hall", "cam-1", CAMERA), ERR_CONFLICT);
    CHECK(strstr(note.detail, "stands in venue park") != NULL);
    house_close(&house);
}

ON_BOTH_ENGINES(a_plan_may_not_shrink_below_its_zones)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    CHECK_INT(edit(&house, VENUE_PART_VENUE, VENUE_PUT, "park", NULL,
                   "{\"plan\": {\"type\": \"FeatureCollection\", \"features\": [{\"type\": "
                   "\"Feature\", \"geometry\": {\"type\": \"LineString\", \"coordinates\": "
                   "[[0,0],[5,5]]}}]}}"),
              ERR_INVALID);
    CHECK(strstr(note.detail, "zone bar would no longer fit") != NULL);
    house_close(&house);
}

static enum err count_record(void *context, struct stream_record *record)
{
    int *count = context;
    CHECK_TEXT(record->kind, "venue.changed");
    CHECK_TEXT(record->key, "demo");
    ++*count;
    return ERR_NONE;
}

ON_BOTH_ENGINES(every_change_is_a_record_and_a_refused_one_is_not)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    CHECK_INT(edit(&house, VENUE_PART_VENUE, VENUE_CREATE, "park", NULL, "{}"), ERR_CONFLICT);
    int count = 0;
    struct db *db = store_reader_take(house.store);
    CHECK_INT(stream_read(db, "venues", stream_shard_of("demo"), 0, 100, count_record, &count),
              ERR_NONE);
    store_reader_give(house.store, db);
    CHECK_INT(count, 3);
    house_close(&house);
}

ON_BOTH_ENGINES(documents_come_back_with_what_is_derived)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    SCOPED_JSON *venue = NULL;
    CHECK_INT(venues_describe(house.venues, VENUE_PART_VENUE, "demo", "park", NULL, &venue),
              ERR_NONE);
    CHECK_TEXT(json_string_value(json_object_get(venue, "name")), "Park");
    CHECK(json_is_null(json_object_get(venue, "picture")));
    CHECK_INT(json_array_size(json_object_get(venue, "bounds_m")), 4);
    json_t *zone = json_array_get(json_object_get(venue, "zones"), 0);
    CHECK_NEAR(json_number_value(json_object_get(zone, "red_m2")), 5, 0);
    CHECK_INT(json_array_size(json_object_get(zone, "ring_m")), 4);
    SCOPED_JSON *device = NULL;
    CHECK_INT(venues_describe(house.venues, VENUE_PART_DEVICE, "demo", "park", "cam-1", &device),
              ERR_NONE);
    CHECK_INT(json_integer_value(json_object_get(device, "silent_after_ms")), 5000);
    SCOPED_JSON *none = NULL;
    CHECK_INT(venues_describe(house.venues, VENUE_PART_DEVICE, "demo", "park", "cam", &none),
              ERR_NOT_FOUND);
    house_close(&house);
}

ON_BOTH_ENGINES(lists_come_in_pages)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    CHECK_INT(edit(&house, VENUE_PART_DEVICE, VENUE_PUT, "park", "cam-2", CAMERA), ERR_NONE);
    SCOPED_JSON *first = NULL;
    SCOPED_JSON *second = NULL;
    char next[LIMIT_ID_LEN + 1];
    CHECK_INT(venues_list(house.venues, VENUE_PART_DEVICE, "demo", "park", "", 1, &first, next),
              ERR_NONE);
    CHECK_TEXT(next, "cam-1");
    CHECK_INT(venues_list(house.venues, VENUE_PART_DEVICE, "demo", "park", next, 1, &second, next),
              ERR_NONE);
    CHECK_TEXT(next, "");
    CHECK_TEXT(json_string_value(json_object_get(json_array_get(second, 0), "id")), "cam-2");
    house_close(&house);
}

ON_BOTH_ENGINES(a_picture_is_what_its_type_says)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    struct venue_edit change = {.part = VENUE_PART_PICTURE,
                                .action = VENUE_PUT,
                                .event = "demo",
                                .venue = "park",
                                .picture_type = "image/png",
                                .picture = "<svg/>",
                                .picture_len = 6};
    CHECK_INT(venues_edit(house.venues, &change, &note), ERR_INVALID);
    change.picture_type = "text/html";
    CHECK_INT(venues_edit(house.venues, &change, &note), ERR_UNSUPPORTED);
    change.picture_type = "image/svg+xml";
    CHECK_INT(venues_edit(house.venues, &change, &note), ERR_NONE);
    char *bytes = NULL, type[32];
    size_t len;
    CHECK_INT(venues_picture(house.venues, "demo", "park", &bytes, &len, type), ERR_NONE);
    CHECK_INT(len, 6);
    CHECK_TEXT(type, "image/svg+xml");
    mem_free(bytes);
    house_close(&house);
}

/* As another process would, whose announcement is lost. */
static void change_unheard(struct house *house, enum venue_action action, const char *text)
{
    SCOPED_JSON *document = NULL;
    if (text != NULL)
        CHECK_INT(json_parse(text, strlen(text), &document, &note), ERR_NONE);
    struct venue_edit change = {.part = VENUE_PART_VENUE,
                                .action = action,
                                .event = "demo",
                                .venue = "park",
                                .document = document};
    CHECK_INT(store_write(house->store, venue_edit_run, &change, &note), ERR_NONE);
}

static void await_version_after(struct house *house, int64_t old)
{
    int64_t deadline_us = clock_monotonic_us() + 20000000;
    while (version_of(house) == old) {
        CHECK(clock_monotonic_us() < deadline_us);
        (void)poll(NULL, 0, 5); /* the store's own thread reads it */
    }
}

ON_BOTH_ENGINES(what_was_not_heard_is_read_when_the_store_says_so)
{
    struct house house;
    house_open(&house, place);
    furnish(&house);
    int64_t version = version_of(&house);
    change_unheard(&house, VENUE_PUT, "{\"name\": \"Big park\", " PLAN "}");
    CHECK_INT(version_of(&house), version);
    store_missed(house.store, house.venues);
    await_version_after(&house, version);
    change_unheard(&house, VENUE_REMOVE, NULL);
    store_missed(house.store, house.venues);
    await_version_after(&house, version + 1);
    CHECK_INT(version_of(&house), 0);
    house_close(&house);
}
