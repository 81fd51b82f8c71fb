// SPDX-License-Identifier: Apache-2.0
#include "venues/document.h"

#include "venues/calibration.h"
#include "venues/polygon.h"
#include "venues/shape.h"

#include <math.h>

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
    double heading_deg; /* to be drawn, as the position: kept in the document only */
    char counts_into[LIMIT_ID_LEN + 1], counts_from[LIMIT_ID_LEN + 1];
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
    {"heading_deg", JSON_FIELD_REAL, JSON_OPTIONAL, DEVICE(heading_deg), .min = 0, .max = 360,
     .doc = "where it looks, to be drawn: clockwise from up (north) on the plan"},
    {"image_px", JSON_FIELD_ANY, JSON_OPTIONAL, DEVICE(image_px),
     .doc = "[width, height] of the picture in which boxes are given"},
    {"sees", JSON_FIELD_ANY, JSON_OPTIONAL, DEVICE(sees), .doc = "ids of the zones it covers"},
    {"counts_into", JSON_FIELD_ID, JSON_OPTIONAL, DEVICE(counts_into),
     .doc = "of a counter: the zone that people enter who are counted in"},
    {"counts_from", JSON_FIELD_ID, JSON_OPTIONAL, DEVICE(counts_from),
     .doc = "of a counter: the zone that they leave, when it is one of this venue"},
    {"silent_after_ms", JSON_FIELD_INT, JSON_OPTIONAL, DEVICE(silent_after_ms), .min = 500,
     .max = 86400000, .doc = "without a message for so long it counts as silent"},
};

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
        TRY(shape_within(geo_position_read(value, projection, &point, note), "coordinates", note));
        extent_add(extent, point);
        return ERR_NONE;
    }
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item) TRY(read_coordinates(item, projection, extent, note));
    return ERR_NONE;
}

static enum err read_feature(json_t *feature, const struct projection *projection,
                             struct venue_extent *extent, struct err_note *note)
{
    static const char *const types[] = {"Point",   "MultiPoint",   "LineString", "MultiLineString",
                                        "Polygon", "MultiPolygon", NULL};
    json_t *geometry = json_object_get(feature, "geometry");
    if (strcmp(shape_text(feature, "type"), "Feature") != 0 || !json_is_object(geometry))
        return err_set(note, ERR_INVALID, "", "must be a GeoJSON Feature with a geometry");
    const char *type = shape_text(geometry, "type");
    size_t i = 0;
    while (types[i] != NULL && strcmp(types[i], type) != 0)
        i++;
    if (types[i] == NULL)
        return err_set(note, ERR_INVALID, "geometry.type",
                       "must be a Point, LineString, Polygon or a Multi of them");
    return shape_within(
        read_coordinates(json_object_get(geometry, "coordinates"), projection, extent, note),
        "geometry", note);
}

static enum err read_plan(json_t *plan, const struct projection *projection,
                          struct venue_extent *extent, struct err_note *note)
{
    json_t *features = json_object_get(plan, "features");
    if (strcmp(shape_text(plan, "type"), "FeatureCollection") != 0 || !json_is_array(features))
        return err_set(note, ERR_INVALID, "plan", "must be a GeoJSON FeatureCollection");
    size_t i;
    json_t *feature;
    json_array_foreach(features, i, feature)
    {
        char place[40];
        (void)snprintf(place, sizeof place, "plan.features[%zu]", i);
        TRY(shape_within(read_feature(feature, projection, extent, note), place, note));
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
    TRY(shape_within(shape_reals(venue->origin, 2, 2, at, note), "origin", note));
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
        TRY(shape_within(shape_reals(venue.picture_bounds, 4, 4, bounds, note), "picture_bounds",
                         note));
        if (!(bounds[0] < bounds[2] && bounds[1] < bounds[3]))
            return err_set(note, ERR_INVALID, "picture_bounds",
                           "must be [x_min, y_min, x_max, y_max]");
    }
    *out_venue = venue;
    return ERR_NONE;
}

static enum err read_polygon(json_t *polygon, const struct projection *projection,
                             const struct venue_extent *extent, struct zone *zone,
                             struct err_note *note)
{
    struct floor_ring *rings = NULL;
    size_t count = 0;
    TRY(shape_within(shape_polygon_read(polygon, 1, projection, extent, &rings, &count, note),
                     "polygon", note));
    zone->ring = rings[0].points;
    zone->ring_len = rings[0].len;
    mem_free(rings);
    return ERR_NONE;
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
    TRY(read_polygon(read.polygon, projection, extent, &zone, note));
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
        if (!json_is_whole_text(id))
            return err_set(note, ERR_INVALID, "sees", "must be an array of zone ids");
    }
    return ERR_NONE;
}

static enum err check_counts(const struct device_document *device, struct err_note *note)
{
    bool is_into = device->counts_into[0] != '\0', is_from = device->counts_from[0] != '\0';
    if ((is_into || is_from) && device->kind != DEVICE_COUNTER)
        return err_set(note, ERR_INVALID, is_into ? "counts_into" : "counts_from",
                       "is for a device of kind counter; this one is a %s",
                       device_kind_names[device->kind]);
    if (is_into && strcmp(device->counts_into, device->counts_from) == 0)
        return err_set(note, ERR_INVALID, "counts_from",
                       "is the zone that counts_into names; leave it out, or name another");
    return ERR_NONE;
}

enum err device_document_read(json_t *document, const struct projection *projection,
                              struct device *out_device, json_t **out_sees, struct err_note *note)
{
    struct device_document read = {.silent_after_ms = 5000};
    TRY(json_read(document, device_fields, DEVICE_FIELD_COUNT, &read, note));
    double image[2] = {0, 0};
    if (read.image_px != NULL) {
        TRY(shape_within(shape_reals(read.image_px, 2, 2, image, note), "image_px", note));
        if (!(image[0] >= 1 && image[1] >= 1 && image[0] <= 65536 && image[1] <= 65536))
            return err_set(note, ERR_INVALID, "image_px", "must be [width, height] in pixels");
    }
    struct point position;
    if (read.position != NULL)
        TRY(shape_within(geo_position_read(read.position, projection, &position, note), "position",
                         note));
    TRY(check_sees(read.sees, note));
    TRY(check_counts(&read, note));
    struct device device = {.kind = (enum device_kind)read.kind,
                            .silent_after_ms = read.silent_after_ms,
                            .counts_into = LINE_NO_ZONE,
                            .counts_from = LINE_NO_ZONE,
                            .image_width_px = image[0],
                            .image_height_px = image[1]};
    TRY(shape_within(calibration_read(read.calibration, (struct point){image[0], image[1]},
                                      &device.calibration, note),
                     "calibration", note));
    memcpy(device.id, read.id, sizeof device.id);
    memcpy(device.name, read.name, sizeof device.name);
    *out_device = device;
    *out_sees = read.sees;
    return ERR_NONE;
}
