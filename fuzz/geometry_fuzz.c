// SPDX-License-Identifier: Apache-2.0
/* What people draw and calibrate: {"zone": <zone document>, "device": <device document>}. A zone that
 * is taken is simple, has an area, and the grid agrees with its polygon; a camera that is taken puts
 * pixels on the floor at finite places, or nowhere. The text of OpenCV's files goes through too. */
#include "crowd/count/map.h"
#include "venues/calibration.h"
#include "venues/document.h"
#include "venues/polygon.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct projection LOCAL = {.crs = VENUE_CRS_LOCAL};

static void view_destroy(struct shared *shared)
{
    (void)shared; /* it stands on the stack of check_grid() */
}

static bool grid_holds(const struct crowd_map *map, struct point point)
{
    size_t count;
    const struct map_entry *entries = map_cell(map, point, &count);
    return count == 1 && map_entry_holds(map, entries, point);
}

static void check_grid(struct zone *zone)
{
    struct venue_view view = {.zones = zone, .zone_count = 1};
    shared_init(&view.shared, view_destroy);
    SCOPED(crowd_map) map = crowd_map_create(&view);
    for (size_t i = 0; i < zone->ring_len; i++) {
        struct point a = zone->ring[i], b = zone->ring[(i + 1) % zone->ring_len];
        struct point c = zone->ring[(i + zone->ring_len / 2) % zone->ring_len];
        const struct point points[] = {
            a, {(a.x + b.x) / 2, (a.y + b.y) / 2}, {(a.x + c.x) / 2, (a.y + c.y) / 2}};
        for (size_t k = 0; k < COUNT_OF(points); k++)
            assert(grid_holds(map, points[k]) ==
                   polygon_contains(zone->ring, zone->ring_len, points[k]));
        assert(!polygon_contains(zone->ring, zone->ring_len, a));
    }
}

static void check_zone(json_t *document)
{
    struct zone zone;
    if (zone_document_read(document, &LOCAL, NULL, &zone, NULL) != ERR_NONE)
        return;
    assert(zone.area_m2 > 0 && zone.ring_len >= 3);
    assert(polygon_is_simple(zone.ring, zone.ring_len));
    assert(polygon_area(zone.ring, zone.ring_len) > 0);
    check_grid(&zone);
    mem_free(zone.ring);
}

static void check_device(json_t *document)
{
    struct device device;
    json_t *sees;
    if (device_document_read(document, &LOCAL, &device, &sees, NULL) != ERR_NONE)
        return;
    for (double x = -100; x < 4100; x += 700) {
        for (double y = -100; y < 2300; y += 400) {
            struct point floor;
            if (calibration_to_floor(&device.calibration, (struct point){x, y}, &floor))
                assert(fabs(floor.x) <= VENUE_EXTENT_MAX_M && fabs(floor.y) <= VENUE_EXTENT_MAX_M);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = mem_text_len((const char *)bytes, len);
    struct opencv_numbers numbers = {.rvec_count = 0};
    json_t *document = NULL;
    if (opencv_file_read(text, strlen(text), &numbers, NULL) == ERR_NONE)
        assert(numbers.camera_matrix_count <= 9 && numbers.rvec_count <= 3);
    if (json_parse(text, len, &document, NULL) == ERR_NONE) {
        check_zone(json_object_get(document, "zone"));
        check_device(json_object_get(document, "device"));
    }
    json_decref(document);
    mem_free(text);
    return 0;
}
