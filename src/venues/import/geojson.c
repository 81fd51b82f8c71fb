// SPDX-License-Identifier: Apache-2.0
/* venues/import/geojson.c — a FeatureCollection in the venue's own coordinates: "kind" in a feature's
 * properties says what it becomes. zone, line, wall and walkable are parts; others are the plan. */
#include "venues/import/gather.h"
#include "venues/shape.h"

#include <stdio.h>

static const struct kind {
    const char *name;
    enum venue_part part;
    const char *geometry, *member; /* of the part's document */
    const char *wall_kind;
    const char *keep[7]; /* properties that the part has too */
} KINDS[] = {
    {"zone",
     VENUE_PART_ZONE,
     "Polygon",
     "polygon",
     NULL,
     {"name", "area_m2", "capacity_persons", "amber_m2", "orange_m2", "red_m2"}},
    {"line", VENUE_PART_LINE, "LineString", "line", NULL, {"name", "left", "right", "width_m"}},
    {"wall", VENUE_PART_WALL, "Polygon", "polygon", "obstacle", {"name"}},
    {"walkable", VENUE_PART_WALL, "Polygon", "polygon", "walkable", {"name"}},
};

static enum err add_part(struct gathered *gathered, const struct kind *kind, json_t *feature,
                         const char *place, struct err_note *note)
{
    json_t *properties = json_object_get(feature, "properties");
    json_t *document = json_object();
    (void)json_object_set(document, kind->member, json_object_get(feature, "geometry"));
    if (kind->wall_kind != NULL)
        (void)json_object_set_new(document, "kind", json_string(kind->wall_kind));
    for (size_t i = 0; i < COUNT_OF(kind->keep) && kind->keep[i] != NULL; i++) {
        json_t *value = json_object_get(properties, kind->keep[i]);
        if (value != NULL && !json_is_null(value))
            (void)json_object_set(document, kind->keep[i], value);
    }
    const char *id = json_string_value(json_object_get(feature, "id"));
    if (id == NULL)
        id = json_string_value(json_object_get(properties, "id"));
    return gathered_add(gathered, kind->part, id, document, place, note);
}

static enum err gather_feature(struct gathered *gathered, json_t *feature, const char *place,
                               struct err_note *note)
{
    json_t *properties = json_object_get(feature, "properties");
    json_t *geometry = json_object_get(feature, "geometry");
    const char *name = shape_text(properties, "kind"), *type = shape_text(geometry, "type");
    if (strcmp(shape_text(feature, "type"), "Feature") != 0)
        return err_set(note, ERR_INVALID, place, "must be a GeoJSON Feature");
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (strcmp(KINDS[i].name, name) != 0)
            continue;
        if (strcmp(KINDS[i].geometry, type) == 0)
            return add_part(gathered, &KINDS[i], feature, place, note);
        /* Plans draw their walls as lines, and have done so from the first. */
        if (strcmp(name, "wall") != 0)
            return err_set(note, ERR_INVALID, place, "is a %s and must have a %s", name,
                           KINDS[i].geometry);
    }
    if (type[0] == '\0' || strcmp(type, "GeometryCollection") == 0)
        gathered_pass_over(gathered, place, "has no geometry that a plan can draw");
    else
        gathered_draw(gathered, name[0] == '\0' ? "other" : name, shape_text(properties, "name"),
                      geometry);
    return ERR_NONE;
}

enum err geojson_gather(const struct venue_import *import, struct gathered *gathered,
                        struct err_note *note)
{
    SCOPED_JSON *document = NULL;
    size_t room = LIMIT_IMPORT_TREE_BYTES;
    TRY(json_parse_within(import->bytes, import->len, &room, &document, note));
    json_t *features = json_object_get(document, "features");
    if (strcmp(shape_text(document, "type"), "FeatureCollection") != 0 || !json_is_array(features))
        return err_set(note, ERR_INVALID, "body", "must be a GeoJSON FeatureCollection");
    size_t i;
    json_t *feature;
    json_array_foreach(features, i, feature)
    {
        char place[40];
        (void)snprintf(place, sizeof place, "features[%zu]", i);
        TRY(gather_feature(gathered, feature, place, note));
    }
    return ERR_NONE;
}

/* The rings without holes that bound nothing: where walls meet, drawing programs leave slivers. */
static json_t *sound_rings(struct gathered *gathered, json_t *rings, const char *polygon)
{
    const struct projection metres = {.crs = VENUE_CRS_LOCAL};
    json_t *sound = json_array(), *ring;
    size_t i;
    json_array_foreach(rings, i, ring)
    {
        SCOPED_JSON *alone = json_pack("{s:s, s:[O]}", "type", "Polygon", "coordinates", ring);
        struct floor_ring *read = NULL;
        size_t count = 0;
        struct err_note why = {.place = ""};
        if (i == 0 ||
            shape_polygon_read(alone, 1, &metres, NULL, &read, &count, &why) == ERR_NONE) {
            (void)json_array_append(sound, ring);
        } else {
            char place[64];
            (void)snprintf(place, sizeof place, "%s.hole %zu", polygon, i);
            gathered_pass_over(gathered, place, why.detail);
        }
        shape_rings_free(read, count);
    }
    return sound;
}

enum err wkt_gather(const struct venue_import *import, bool has_plan, struct gathered *gathered,
                    struct err_note *note)
{
    SCOPED_JSON *polygons = NULL;
    size_t passed_over = 0, i;
    json_t *polygon;
    TRY(wkt_read(import->bytes, import->len, &polygons, &passed_over, note));
    json_array_foreach(polygons, i, polygon)
    {
        char place[40];
        (void)snprintf(place, sizeof place, "polygon %zu", i + 1);
        SCOPED_JSON *geometry = json_pack("{s:s, s:o}", "type", "Polygon", "coordinates",
                                          sound_rings(gathered, polygon, place));
        TRY(gathered_add(gathered, VENUE_PART_WALL, NULL,
                         json_pack("{s:s, s:s, s:O}", "kind", "walkable", "name", "Walkable",
                                   "polygon", geometry),
                         place, note));
        if (!has_plan)
            gathered_draw(gathered, "floor", NULL, geometry);
    }
    if (passed_over > 0)
        gathered_pass_over(gathered, "body", "points and lines: only polygons are a walkable area");
    return ERR_NONE;
}
