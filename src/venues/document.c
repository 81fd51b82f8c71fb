// SPDX-License-Identifier: Apache-2.0
#include "venues/document.h"

#include "venues/calibration.h"
#include "venues/polygon.h"

#include <math.h>

#define EARTH_RADIUS_M 6371008.8 /* IUGG's mean */
#define DEGREE         (M_PI / 180)
/* Corners may stand on the plan's edge; a micrometre absorbs the projection's rounding. */
#define EDGE_M      1e-6
#define AREA_MIN_M2 1e-6

static const char *const crs_names[] = {"local", "wgs84", NULL};
static const char *const device_kind_names[] = {"camera", "counter", "sensor", NULL};

#define VENUE(member) JSON_AT(struct venue_document, member)
const struct json_field venue_fields[VENUE_FIELD_COUNT] = {
    {"id", JSON_FIELD_ID, JSON_OPTIONAL, VENUE(id), .doc = "unique in the event; in a POST"},
    {"name", JSON_FIELD_TEXT, JSON_OPTIONAL, JSON_TEXT(struct venue_document, name),
     .doc = "for people; the id when absent"},
    {"crs", JSON_FIELD_ENUM, JSON_OPTIONAL, VENUE(projection.crs), .names = crs_names,
     .doc = "of all positions: local metres or wgs84 longitude, latitude"},
    {"origin", JSON_FIELD_ANY, JSON_OPTIONAL, VENUE(origin),
     .doc = "[longitude, latitude] of the local 0, 0; required with wgs84"},
    {"plan", JSON_FIELD_ANY, JSON_OPTIONAL, VENUE(plan),
     .doc = "GeoJSON FeatureCollection: walls, stages, exits"},
    {"picture_bounds", JSON_FIELD_ANY, JSON_OPTIONAL, VENUE(picture_bounds),
     .doc = "[x_min, y_min, x_max, y_max]: where the picture lies"},
};

struct zone_document {
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    json_t *polygon;
    double area_m2;
    int64_t capacity_persons;
    double amber_m2, orange_m2, red_m2;
};
#define ZONE(member) JSON_AT(struct zone_document, member)
const struct json_field zone_fields[ZONE_FIELD_COUNT] = {
    {"id", JSON_FIELD_ID, JSON_OPTIONAL, ZONE(id), .doc = "unique in the event; in a POST"},
    {"name", JSON_FIELD_TEXT, JSON_OPTIONAL, JSON_TEXT(struct zone_document, name),
     .doc = "for people; the id when absent"},
    {"polygon", JSON_FIELD_ANY, JSON_REQUIRED, ZONE(polygon),
     .doc = "GeoJSON Polygon with one ring"},
    {"area_m2", JSON_FIELD_REAL, JSON_OPTIONAL, ZONE(area_m2), .min = 0.01, .max = 1e9,
     .doc = "walkable area; the polygon's when absent"},
    {"capacity_persons", JSON_FIELD_INT, JSON_OPTIONAL, ZONE(capacity_persons), .min = 0,
     .max = 1e7, .doc = "how many may be inside; 0 or absent: not set"},
    {"amber_m2", JSON_FIELD_REAL, JSON_OPTIONAL, ZONE(amber_m2), .min = 0.001, .max = 20,
     .doc = "persons/m2 from which it is amber"},
    {"orange_m2", JSON_FIELD_REAL, JSON_OPTIONAL, ZONE(orange_m2), .min = 0.001, .max = 20,
     .doc = "persons/m2 from which it is orange"},
    {"red_m2", JSON_FIELD_REAL, JSON_OPTIONAL, ZONE(red_m2), .min = 0.001, .max = 20,
     .doc = "persons/m2 from which it is red"},
};

struct device_document {
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    int kind;
    json_t *calibration, *position, *image_px, *sees;
    int64_t silent_after_ms;
};
#define DEVICE(member) JSON_AT(struct device_document, member)
const struct json_field device_fields[DEVICE_FIELD_COUNT] = {
    {"id", JSON_FIELD_ID, JSON_OPTIONAL, DEVICE(id), .doc = "unique in the event; in a POST"},
    {"name", JSON_FIELD_TEXT, JSON_OPTIONAL, JSON_TEXT(struct device_document, name),
     .doc = "for people; the id when absent"},
    {"kind", JSON_FIELD_ENUM, JSON_REQUIRED, DEVICE(kind), .names = device_kind_names,
     .doc = "camera, counter or sensor"},
    {"calibration", JSON_FIELD_ANY, JSON_OPTIONAL, DEVICE(calibration),
     .doc = "how pixels become floor positions"},
    {"position", JSON_FIELD_ANY, JSON_OPTIONAL, DEVICE(position),
     .doc = "where it stands, to be drawn"},
    {"image_px", JSON_FIELD_ANY, JSON_OPTIONAL, DEVICE(image_px),
     .doc = "[width, height] of the picture in which boxes are given"},
    {"sees", JSON_FIELD_ANY, JSON_OPTIONAL, DEVICE(sees), .doc = "ids of the zones it covers"},
    {"silent_after_ms", JSON_FIELD_INT, JSON_OPTIONAL, DEVICE(silent_after_ms), .min = 500,
     .max = 86400000, .doc = "without a message for so long it counts as silent"},
};

static enum err read_reals(json_t *array, size_t min, size_t max, double *out,
                           struct err_note *note)
{
    size_t count = json_is_array(array) ? json_array_size(array) : 0;
    if (count < min || count > max)
        return err_set(note, ERR_INVALID, "", "must be an array of %zu numbers", min);
    for (size_t i = 0; i < count; i++) {
        json_t *number = json_array_get(array, i);
        out[i] = json_number_value(number);
        if (!json_is_number(number) || !isfinite(out[i]))
            return err_set(note, ERR_INVALID, "", "must be an array of %zu numbers", min);
    }
    return ERR_NONE;
}

static enum err within(enum err err, const char *place, struct err_note *note)
{
    if (err != ERR_NONE)
        err_note_within(note, place);
    return err;
}

enum err geo_position_read(json_t *position, const struct projection *projection,
                           struct point *out_m, struct err_note *note)
{
    double at[3]; /* GeoJSON allows a height; the floor is flat */
    TRY(read_reals(position, 2, 3, at, note));
    if (projection->crs == VENUE_CRS_WGS84) {
        if (fabs(at[0]) > 180 || fabs(at[1]) > 90)
            return err_set(note, ERR_INVALID, "", "must be [longitude, latitude] in degrees");
        at[0] = (at[0] - projection->longitude) * cos(projection->latitude * DEGREE) *
                EARTH_RADIUS_M * DEGREE;
        at[1] = (at[1] - projection->latitude) * EARTH_RADIUS_M * DEGREE;
    }
    if (fabs(at[0]) > VENUE_EXTENT_MAX_M || fabs(at[1]) > VENUE_EXTENT_MAX_M)
        return err_set(note, ERR_INVALID, "", "is more than 100 km from the origin");
    *out_m = (struct point){at[0], at[1]};
    return ERR_NONE;
}

static void extent_add(struct venue_extent *extent, struct point point)
{
    if (!extent->is_known)
        *extent = (struct venue_extent){.is_known = true, .low = point, .high = point};
    extent->low.x = MIN(extent->low.x, point.x);
    extent->low.y = MIN(extent->low.y, point.y);
    extent->high.x = MAX(extent->high.x, point.x);
    extent->high.y = MAX(extent->high.y, point.y);
}

/* Coordinates of any geometry: arrays of arrays down to positions. */
static enum err read_coordinates(json_t *value, const struct projection *projection,
                                 struct venue_extent *extent, struct err_note *note)
{
    if (!json_is_array(value))
        return err_set(note, ERR_INVALID, "coordinates", "must be an array");
    if (json_is_number(json_array_get(value, 0))) {
        struct point point;
        TRY(within(geo_position_read(value, projection, &point, note), "coordinates", note));
        extent_add(extent, point);
        return ERR_NONE;
    }
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item) TRY(read_coordinates(item, projection, extent, note));
    return ERR_NONE;
}

static const char *text_member(json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value == NULL ? "" : value;
}

static enum err read_feature(json_t *feature, const struct projection *projection,
                             struct venue_extent *extent, struct err_note *note)
{
    static const char *const types[] = {"Point",   "MultiPoint",   "LineString", "MultiLineString",
                                        "Polygon", "MultiPolygon", NULL};
    json_t *geometry = json_object_get(feature, "geometry");
    if (strcmp(text_member(feature, "type"), "Feature") != 0 || !json_is_object(geometry))
        return err_set(note, ERR_INVALID, "", "must be a GeoJSON Feature with a geometry");
    const char *type = text_member(geometry, "type");
    size_t i = 0;
    while (types[i] != NULL && strcmp(types[i], type) != 0)
        i++;
    if (types[i] == NULL)
        return err_set(note, ERR_INVALID, "geometry.type",
                       "must be a Point, LineString, Polygon or a Multi of them");
    return within(
        read_coordinates(json_object_get(geometry, "coordinates"), projection, extent, note),
        "geometry", note);
}

static enum err read_plan(json_t *plan, const struct projection *projection,
                          struct venue_extent *extent, struct err_note *note)
{
    json_t *features = json_object_get(plan, "features");
    if (strcmp(text_member(plan, "type"), "FeatureCollection") != 0 || !json_is_array(features))
        return err_set(note, ERR_INVALID, "plan", "must be a GeoJSON FeatureCollection");
    size_t i;
    json_t *feature;
    json_array_foreach(features, i, feature)
    {
        char place[40];
        (void)snprintf(place, sizeof place, "plan.features[%zu]", i);
        TRY(within(read_feature(feature, projection, extent, note), place, note));
    }
    return ERR_NONE;
}

static enum err read_origin(struct venue_document *venue, struct err_note *note)
{
    struct projection *projection = &venue->projection;
    if (venue->origin == NULL && projection->crs == VENUE_CRS_WGS84)
        return err_set(note, ERR_INVALID, "origin",
                       "is missing: with wgs84 it is the [longitude, latitude] of the local 0, 0");
    if (venue->origin == NULL)
        return ERR_NONE;
    double at[2];
    TRY(within(read_reals(venue->origin, 2, 2, at, note), "origin", note));
    if (fabs(at[0]) > 180 || fabs(at[1]) > 85)
        return err_set(note, ERR_INVALID, "origin",
                       "must be [longitude, latitude], latitude at most 85 degrees");
    projection->longitude = at[0];
    projection->latitude = at[1];
    return ERR_NONE;
}

enum err venue_document_read(json_t *document, struct venue_document *out_venue,
                             struct err_note *note)
{
    struct venue_document venue = {.projection.crs = VENUE_CRS_LOCAL};
    TRY(json_read(document, venue_fields, VENUE_FIELD_COUNT, &venue, note));
    TRY(read_origin(&venue, note));
    if (venue.plan != NULL)
        TRY(read_plan(venue.plan, &venue.projection, &venue.extent, note));
    double bounds[4];
    if (venue.picture_bounds != NULL) {
        TRY(within(read_reals(venue.picture_bounds, 4, 4, bounds, note), "picture_bounds", note));
        if (!(bounds[0] < bounds[2] && bounds[1] < bounds[3]))
            return err_set(note, ERR_INVALID, "picture_bounds",
                           "must be [x_min, y_min, x_max, y_max]");
    }
    *out_venue = venue;
    return ERR_NONE;
}

static json_t *polygon_ring(json_t *polygon, struct err_note *note)
{
    json_t *rings = json_object_get(polygon, "coordinates");
    if (strcmp(text_member(polygon, "type"), "Polygon") != 0 || !json_is_array(rings)) {
        (void)err_set(note, ERR_INVALID, "polygon", "must be a GeoJSON Polygon");
        return NULL;
    }
    if (json_array_size(rings) != 1 || !json_is_array(json_array_get(rings, 0))) {
        (void)err_set(note, ERR_INVALID, "polygon.coordinates",
                      "must hold one ring: for a hole, draw around it or set area_m2");
        return NULL;
    }
    return json_array_get(rings, 0);
}

static bool is_same(struct point a, struct point b)
{
    return a.x == b.x && a.y == b.y;
}

/* Fills ring with the corners, repeated ones once, counter-clockwise. */
static enum err read_ring(json_t *positions, const struct projection *projection, struct zone *zone,
                          struct err_note *note)
{
    size_t i;
    json_t *position;
    json_array_foreach(positions, i, position)
    {
        char place[60];
        struct point corner;
        (void)snprintf(place, sizeof place, "polygon.coordinates[0][%zu]", i);
        TRY(within(geo_position_read(position, projection, &corner, note), place, note));
        if (zone->ring_len == 0 || !is_same(zone->ring[zone->ring_len - 1], corner))
            zone->ring[zone->ring_len++] = corner;
    }
    if (zone->ring_len > 1 && is_same(zone->ring[0], zone->ring[zone->ring_len - 1]))
        zone->ring_len--;
    if (zone->ring_len < 3)
        return err_set(note, ERR_INVALID, "polygon", "needs at least three different corners");
    if (polygon_area(zone->ring, zone->ring_len) < 0) {
        for (size_t a = 0, b = zone->ring_len - 1; a < b; a++, b--) {
            struct point swap = zone->ring[a];
            zone->ring[a] = zone->ring[b];
            zone->ring[b] = swap;
        }
    }
    return ERR_NONE;
}

static enum err check_ring(const struct zone *zone, const struct venue_extent *extent,
                           struct err_note *note)
{
    if (polygon_area(zone->ring, zone->ring_len) < AREA_MIN_M2)
        return err_set(note, ERR_INVALID, "polygon", "has no area");
    size_t edge = polygon_crossing_edge(zone->ring, zone->ring_len);
    if (edge < zone->ring_len)
        return err_set(note, ERR_INVALID, "polygon",
                       "crosses or touches itself at the edge from %.2f, %.2f m",
                       zone->ring[edge].x, zone->ring[edge].y);
    for (size_t i = 0; extent != NULL && extent->is_known && i < zone->ring_len; i++) {
        struct point p = zone->ring[i];
        if (p.x < extent->low.x - EDGE_M || p.x > extent->high.x + EDGE_M ||
            p.y < extent->low.y - EDGE_M || p.y > extent->high.y + EDGE_M)
            return err_set(note, ERR_INVALID, "polygon",
                           "leaves the plan at %.2f, %.2f m: the plan reaches from %.2f, %.2f to "
                           "%.2f, %.2f",
                           p.x, p.y, extent->low.x, extent->low.y, extent->high.x, extent->high.y);
    }
    return ERR_NONE;
}

static enum err read_polygon(const struct zone_document *document,
                             const struct projection *projection, const struct venue_extent *extent,
                             struct zone *zone, struct err_note *note)
{
    json_t *positions = polygon_ring(document->polygon, note);
    if (positions == NULL)
        return ERR_INVALID;
    size_t count = json_array_size(positions);
    if (count > LIMIT_POLYGON_POINTS + 1)
        return err_set(note, ERR_TOO_LARGE, "polygon", "may have at most %d corners",
                       LIMIT_POLYGON_POINTS);
    struct point *ring = mem_new_array(count + 1, sizeof *ring);
    zone->ring = ring;
    enum err err = read_ring(positions, projection, zone, note);
    if (err == ERR_NONE)
        err = check_ring(zone, extent, note);
    if (err != ERR_NONE) {
        mem_free(ring);
        zone->ring = NULL;
    }
    return err;
}

enum err zone_document_read(json_t *document, const struct projection *projection,
                            const struct venue_extent *extent, struct zone *out_zone,
                            struct err_note *note)
{
    struct zone_document read = {.amber_m2 = 2, .orange_m2 = 3.5, .red_m2 = 5};
    TRY(json_read(document, zone_fields, ZONE_FIELD_COUNT, &read, note));
    if (!(read.amber_m2 <= read.orange_m2 && read.orange_m2 <= read.red_m2))
        return err_set(note, ERR_INVALID, "orange_m2",
                       "must lie between amber_m2 (%g) and red_m2 (%g), is %g", read.amber_m2,
                       read.red_m2, read.orange_m2);
    struct zone zone = {.capacity_persons = read.capacity_persons,
                        .amber_m2 = read.amber_m2,
                        .orange_m2 = read.orange_m2,
                        .red_m2 = read.red_m2};
    TRY(read_polygon(&read, projection, extent, &zone, note));
    zone.area_m2 = read.area_m2 > 0 ? read.area_m2 : polygon_area(zone.ring, zone.ring_len);
    memcpy(zone.id, read.id, sizeof zone.id);
    memcpy(zone.name, read.name, sizeof zone.name);
    *out_zone = zone;
    return ERR_NONE;
}

static enum err check_sees(json_t *sees, struct err_note *note)
{
    if (sees == NULL)
        return ERR_NONE;
    if (!json_is_array(sees) || json_array_size(sees) > LIMIT_VENUE_ZONES)
        return err_set(note, ERR_INVALID, "sees", "must be an array of zone ids");
    size_t i;
    json_t *id;
    json_array_foreach(sees, i, id)
    {
        if (!json_is_string(id))
            return err_set(note, ERR_INVALID, "sees", "must be an array of zone ids");
    }
    return ERR_NONE;
}

enum err device_document_read(json_t *document, const struct projection *projection,
                              struct device *out_device, json_t **out_sees, struct err_note *note)
{
    struct device_document read = {.silent_after_ms = 5000};
    TRY(json_read(document, device_fields, DEVICE_FIELD_COUNT, &read, note));
    double image[2] = {0, 0};
    if (read.image_px != NULL) {
        TRY(within(read_reals(read.image_px, 2, 2, image, note), "image_px", note));
        if (!(image[0] >= 1 && image[1] >= 1 && image[0] <= 65536 && image[1] <= 65536))
            return err_set(note, ERR_INVALID, "image_px", "must be [width, height] in pixels");
    }
    struct point position;
    if (read.position != NULL)
        TRY(within(geo_position_read(read.position, projection, &position, note), "position",
                   note));
    TRY(check_sees(read.sees, note));
    struct device device = {.kind = (enum device_kind)read.kind,
                            .silent_after_ms = read.silent_after_ms,
                            .image_width_px = image[0],
                            .image_height_px = image[1]};
    TRY(within(calibration_read(read.calibration, (struct point){image[0], image[1]},
                                &device.calibration, note),
               "calibration", note));
    memcpy(device.id, read.id, sizeof device.id);
    memcpy(device.name, read.name, sizeof device.name);
    *out_device = device;
    *out_sees = read.sees;
    return ERR_NONE;
}
