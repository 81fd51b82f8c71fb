// SPDX-License-Identifier: Apache-2.0
/* venues/lines_walls.c — the documents of lines, across which people are counted, and of walls: what
 * stands in their way, and where they can walk. */
#include "venues/shape.h"

#include <math.h>

static const char *const wall_kind_names[] = {"obstacle", "walkable", NULL};

struct line_document {
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    char left[LIMIT_ID_LEN + 1], right[LIMIT_ID_LEN + 1];
    json_t *line;
    double width_m;
};
#define LINE(member) JSON_AT(struct line_document, member)
const struct json_field line_fields[LINE_FIELD_COUNT] = {
    {"id", JSON_FIELD_ID, JSON_OPTIONAL, LINE(id), .doc = "unique in the event; in a POST"},
    {"name", JSON_FIELD_TEXT, JSON_OPTIONAL, JSON_TEXT(struct line_document, name),
     .doc = "for people; the id when absent"},
    {"line", JSON_FIELD_ANY, JSON_REQUIRED, LINE(line),
     .doc = "GeoJSON LineString: left and right are as seen from its first point to its last"},
    {"left", JSON_FIELD_ID, JSON_OPTIONAL, LINE(left), .doc = "id of the zone on the left"},
    {"right", JSON_FIELD_ID, JSON_OPTIONAL, LINE(right), .doc = "id of the zone on the right"},
    {"width_m", JSON_FIELD_REAL, JSON_OPTIONAL, LINE(width_m), .min = 0.01, .max = 10000,
     .doc = "how wide the passage is; the line's length when absent"},
};

struct wall_document {
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    int kind;
    json_t *polygon;
};
#define WALL(member) JSON_AT(struct wall_document, member)
const struct json_field wall_fields[WALL_FIELD_COUNT] = {
    {"id", JSON_FIELD_ID, JSON_OPTIONAL, WALL(id), .doc = "unique in the event; in a POST"},
    {"name", JSON_FIELD_TEXT, JSON_OPTIONAL, JSON_TEXT(struct wall_document, name),
     .doc = "for people; the id when absent"},
    {"kind", JSON_FIELD_ENUM, JSON_OPTIONAL, WALL(kind), .names = wall_kind_names,
     .doc = "obstacle when absent; walkable: people walk in it, and not in its holes"},
    {"polygon", JSON_FIELD_ANY, JSON_REQUIRED, WALL(polygon),
     .doc = "GeoJSON Polygon; only what is walkable may have holes"},
};

static double length_of(const struct point *points, size_t count)
{
    double length = 0;
    for (size_t i = 1; i < count; i++)
        length += hypot(points[i].x - points[i - 1].x, points[i].y - points[i - 1].y);
    return length;
}

/* The id as it stands in the document, which outlives what was read from it. */
static const char *borrowed(json_t *document, const char *name)
{
    return json_string_value(json_object_get(document, name));
}

enum err line_document_read(json_t *document, const struct projection *projection,
                            const struct venue_extent *extent, struct venue_line *out_line,
                            const char **out_left, const char **out_right, struct err_note *note)
{
    struct line_document read = {.width_m = 0};
    TRY(json_read(document, line_fields, LINE_FIELD_COUNT, &read, note));
    if (read.left[0] != '\0' && strcmp(read.left, read.right) == 0)
        return err_set(note, ERR_INVALID, "right",
                       "must be another zone than on the left: a line joins two");
    struct venue_line line = {.left_zone = LINE_NO_ZONE, .right_zone = LINE_NO_ZONE};
    TRY(shape_within(
        shape_line_read(read.line, projection, extent, &line.points, &line.point_count, note),
        "line", note));
    line.length_m = length_of(line.points, line.point_count);
    line.width_m = read.width_m > 0 ? read.width_m : line.length_m;
    memcpy(line.id, read.id, sizeof line.id);
    memcpy(line.name, read.name, sizeof line.name);
    *out_line = line;
    *out_left = borrowed(document, "left");
    *out_right = borrowed(document, "right");
    return ERR_NONE;
}

enum err wall_document_read(json_t *document, const struct projection *projection,
                            const struct venue_extent *extent, struct venue_wall *out_wall,
                            struct err_note *note)
{
    struct wall_document read = {.kind = WALL_OBSTACLE};
    TRY(json_read(document, wall_fields, WALL_FIELD_COUNT, &read, note));
    struct venue_wall wall = {.kind = (enum wall_kind)read.kind};
    if (wall.kind == WALL_OBSTACLE &&
        json_array_size(json_object_get(read.polygon, "coordinates")) > 1)
        return err_set(note, ERR_INVALID, "polygon.coordinates",
                       "must hold one ring: only what is walkable has holes");
    TRY(shape_within(shape_polygon_read(read.polygon, LIMIT_WALL_RINGS, projection, extent,
                                        &wall.rings, &wall.ring_count, note),
                     "polygon", note));
    memcpy(wall.id, read.id, sizeof wall.id);
    memcpy(wall.name, read.name, sizeof wall.name);
    *out_wall = wall;
    return ERR_NONE;
}
