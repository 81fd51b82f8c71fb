// SPDX-License-Identifier: Apache-2.0
#include "venues/shape.h"

#include "venues/polygon.h"

#include <math.h>
#include <stdio.h>

#define EARTH_RADIUS_M 6371008.8 /* IUGG's mean */
#define DEGREE         (M_PI / 180)
/* Corners may stand on the plan's edge; a micrometre absorbs the projection's rounding. */
#define EDGE_M      1e-6
#define AREA_MIN_M2 1e-6

enum err shape_reals(json_t *array, size_t min, size_t max, double *out, struct err_note *note)
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

enum err shape_within(enum err err, const char *place, struct err_note *note)
{
    if (err != ERR_NONE)
        err_note_within(note, place);
    return err;
}

enum err geo_position_read(json_t *position, const struct projection *projection,
                           struct point *out_m, struct err_note *note)
{
    double at[3]; /* GeoJSON allows a height; the floor is flat */
    TRY(shape_reals(position, 2, 3, at, note));
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

struct point venue_to_earth(const struct venue_view *view, struct point floor_m)
{
    assert(view->is_on_earth);
    double metres = EARTH_RADIUS_M * DEGREE; /* a degree of latitude */
    return (struct point){view->origin_longitude +
                              floor_m.x / (metres * cos(view->origin_latitude * DEGREE)),
                          view->origin_latitude + floor_m.y / metres};
}

const char *shape_text(json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value == NULL ? "" : value;
}

static bool is_same(struct point a, struct point b)
{
    return a.x == b.x && a.y == b.y;
}

static enum err coordinates_of(json_t *geometry, const char *type, json_t **out_coordinates,
                               struct err_note *note)
{
    json_t *coordinates = json_object_get(geometry, "coordinates");
    if (strcmp(shape_text(geometry, "type"), type) != 0 || !json_is_array(coordinates))
        return err_set(note, ERR_INVALID, "", "must be a GeoJSON %s", type);
    *out_coordinates = coordinates;
    return ERR_NONE;
}

/* Corners that follow each other on one spot count once. */
static enum err read_points(json_t *positions, const struct projection *projection,
                            struct floor_ring *out, struct err_note *note)
{
    size_t count = json_array_size(positions);
    struct floor_ring ring = {.points = mem_new_array(count + 1, sizeof *ring.points)};
    for (size_t i = 0; i < count; i++) {
        struct point corner;
        enum err err = geo_position_read(json_array_get(positions, i), projection, &corner, note);
        if (err != ERR_NONE) {
            char place[24];
            (void)snprintf(place, sizeof place, "[%zu]", i);
            mem_free(ring.points);
            return shape_within(err, place, note);
        }
        if (ring.len == 0 || !is_same(ring.points[ring.len - 1], corner))
            ring.points[ring.len++] = corner;
    }
    *out = ring;
    return ERR_NONE;
}

static enum err check_inside(const struct floor_ring *ring, const struct venue_extent *extent,
                             struct err_note *note)
{
    for (size_t i = 0; extent != NULL && extent->is_known && i < ring->len; i++) {
        struct point p = ring->points[i];
        if (p.x < extent->low.x - EDGE_M || p.x > extent->high.x + EDGE_M ||
            p.y < extent->low.y - EDGE_M || p.y > extent->high.y + EDGE_M)
            return err_set(note, ERR_INVALID, "",
                           "leaves the plan at %.2f, %.2f m: the plan reaches from %.2f, %.2f to "
                           "%.2f, %.2f",
                           p.x, p.y, extent->low.x, extent->low.y, extent->high.x, extent->high.y);
    }
    return ERR_NONE;
}

static void turn_round(struct floor_ring *ring)
{
    for (size_t a = 0, b = ring->len - 1; a < b; a++, b--) {
        struct point swap = ring->points[a];
        ring->points[a] = ring->points[b];
        ring->points[b] = swap;
    }
}

static enum err check_ring(struct floor_ring *ring, const struct venue_extent *extent,
                           struct err_note *note)
{
    if (ring->len > 1 && is_same(ring->points[0], ring->points[ring->len - 1]))
        ring->len--;
    if (ring->len < 3)
        return err_set(note, ERR_INVALID, "", "needs at least three different corners");
    if (polygon_area(ring->points, ring->len) < 0)
        turn_round(ring);
    if (polygon_area(ring->points, ring->len) < AREA_MIN_M2)
        return err_set(note, ERR_INVALID, "",
                       "has no area: it crosses itself, or its corners stand on one line");
    size_t edge = polygon_crossing_edge(ring->points, ring->len);
    if (edge < ring->len)
        return err_set(note, ERR_INVALID, "",
                       "crosses or touches itself at the edge from %.2f, %.2f m",
                       ring->points[edge].x, ring->points[edge].y);
    return check_inside(ring, extent, note);
}

/* A hole may touch the outer ring or another hole, as a pillar stands at a wall; it may not reach
 * across, nor take all that is left. The holes before it are clockwise, so that their areas are negative. */
static enum err check_hole(const struct floor_ring *rings, size_t hole, struct err_note *note)
{
    for (size_t i = 0; i < hole; i++) {
        size_t edge = polygon_crossing_other(&rings[hole], &rings[i]);
        if (edge < rings[hole].len)
            return err_set(note, ERR_INVALID, "", "crosses ring %zu at the edge from %.2f, %.2f m",
                           i, rings[hole].points[edge].x, rings[hole].points[edge].y);
    }
    for (size_t i = 0; i < rings[hole].len; i++) {
        if (polygon_is_outside(&rings[0], rings[hole].points[i]))
            return err_set(note, ERR_INVALID, "",
                           "is a hole and leaves the outer ring at %.2f, %.2f m",
                           rings[hole].points[i].x, rings[hole].points[i].y);
    }
    double left_m2 = -polygon_area(rings[hole].points, rings[hole].len);
    for (size_t i = 0; i < hole; i++)
        left_m2 += polygon_area(rings[i].points, rings[i].len);
    if (left_m2 < AREA_MIN_M2)
        return err_set(note, ERR_INVALID, "",
                       "is a hole and leaves nothing of the outer ring%s: nobody could walk there",
                       hole > 1 ? ", together with the holes before it" : "");
    return ERR_NONE;
}

static enum err read_ring(json_t *rings, size_t i, const struct projection *projection,
                          const struct venue_extent *extent, struct floor_ring *out,
                          struct err_note *note)
{
    char place[40];
    (void)snprintf(place, sizeof place, "coordinates[%zu]", i);
    json_t *positions = json_array_get(rings, i);
    if (!json_is_array(positions))
        return err_set(note, ERR_INVALID, place, "must be an array of positions");
    if (json_array_size(positions) > LIMIT_POLYGON_POINTS + 1)
        return err_set(note, ERR_TOO_LARGE, i == 0 ? "" : place, "may have at most %d corners",
                       LIMIT_POLYGON_POINTS);
    TRY(shape_within(read_points(positions, projection, &out[i], note), place, note));
    enum err err = check_ring(&out[i], extent, note);
    if (err != ERR_NONE || i == 0)
        return i == 0 ? err : shape_within(err, place, note);
    err = check_hole(out, i, note);
    turn_round(&out[i]);
    return shape_within(err, place, note);
}

void shape_rings_free(struct floor_ring *rings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mem_free(rings[i].points);
    mem_free(rings);
}

enum err shape_polygon_read(json_t *polygon, size_t rings_max, const struct projection *projection,
                            const struct venue_extent *extent, struct floor_ring **out_rings,
                            size_t *out_count, struct err_note *note)
{
    json_t *coordinates = NULL;
    TRY(coordinates_of(polygon, "Polygon", &coordinates, note));
    size_t count = json_array_size(coordinates), corners = 0;
    if (count < 1 || count > rings_max)
        return err_set(note, ERR_INVALID, "coordinates",
                       rings_max == 1
                           ? "must hold one ring: for a hole, draw around it or set area_m2"
                           : "must hold 1 to %zu rings: the outer one, then the holes",
                       rings_max);
    for (size_t i = 0; i < count; i++)
        corners += json_array_size(json_array_get(coordinates, i));
    if (corners > LIMIT_WALL_POINTS)
        return err_set(note, ERR_TOO_LARGE, "coordinates", "may have at most %d corners in all",
                       LIMIT_WALL_POINTS);
    struct floor_ring *rings = mem_new_array(count, sizeof *rings);
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < count; i++)
        err = read_ring(coordinates, i, projection, extent, rings, note);
    if (err != ERR_NONE) {
        shape_rings_free(rings, count);
        return err;
    }
    *out_rings = rings;
    *out_count = count;
    return ERR_NONE;
}

enum err shape_line_read(json_t *line, const struct projection *projection,
                         const struct venue_extent *extent, struct point **out_points,
                         size_t *out_count, struct err_note *note)
{
    json_t *positions = NULL;
    struct floor_ring read;
    TRY(coordinates_of(line, "LineString", &positions, note));
    if (json_array_size(positions) > LIMIT_POLYGON_POINTS)
        return err_set(note, ERR_TOO_LARGE, "", "may have at most %d points", LIMIT_POLYGON_POINTS);
    TRY(shape_within(read_points(positions, projection, &read, note), "coordinates", note));
    enum err err = read.len < 2 ? err_set(note, ERR_INVALID, "coordinates",
                                          "needs at least two different points")
                                : check_inside(&read, extent, note);
    if (err != ERR_NONE) {
        mem_free(read.points);
        return err;
    }
    *out_points = read.points;
    *out_count = read.len;
    return ERR_NONE;
}
