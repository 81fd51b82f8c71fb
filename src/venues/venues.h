// SPDX-License-Identifier: Apache-2.0
/* venues/venues.h — the places of an event: floor plan, zones, lines, walls, devices and their
 * calibration.
 *
 * Geometry is in metres on the floor, x to the right and y up, from the venue's origin. A venue
 * with crs "wgs84" has an origin longitude and latitude and is projected around it
 * (equirectangular, error under 1 mm per 100 m within 10 km); crs "local" is in metres already. */
#pragma once
#include "base/base.h"
#include "base/shared.h"
#include "store/store.h"

struct point {
    double x, y;
};

#define VENUE_EXTENT_MAX_M                                                                         \
    100000.0 /* from the origin; what lies farther has no place on the floor */

struct zone {
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    struct point *ring; /* open: the last point is not the first again; counter-clockwise */
    size_t ring_len;
    double area_m2; /* of the polygon, or as the user set it (walkable) */
    int64_t capacity_persons;
    double amber_m2, orange_m2, red_m2; /* persons/m2; defaults 2, 3.5, 5 (crowd.md section 6) */
};

struct floor_ring { /* open: the last point is not the first again */
    struct point *points;
    size_t len;
};

#define LINE_NO_ZONE UINT32_MAX /* of devices, too */

/* People are counted across it, to its left or to its right, as seen going from its first point to its
 * last. */
struct venue_line {
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    struct point *points;
    size_t point_count; /* two or more */
    double length_m;
    double width_m;                 /* that people can use: of the line, or as the user set it */
    uint32_t left_zone, right_zone; /* indexes of the zones that it joins, or LINE_NO_ZONE */
};

enum wall_kind {
    WALL_OBSTACLE, /* nobody walks in it */
    WALL_WALKABLE, /* people walk in it, and not in its holes */
};

struct venue_wall {
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    enum wall_kind kind;
    struct floor_ring *rings; /* the outer one counter-clockwise, then holes, clockwise */
    size_t ring_count;
};

enum device_kind { DEVICE_CAMERA, DEVICE_COUNTER, DEVICE_SENSOR };

/* Pixel to floor. A camera without one has DEVICE_UNCALIBRATED: its detections are kept, not
 * placed. */
enum calibration_kind {
    CALIBRATION_NONE,
    CALIBRATION_HOMOGRAPHY,
    CALIBRATION_OPENCV,
    CALIBRATION_METRES
};

struct calibration {
    enum calibration_kind kind;
    /* Row by row; metres after division by the third, which is positive on the floor's side of the
     * horizon. OpenCV: of the undistorted pixel. */
    double pixel_to_floor[9];
    /* OpenCV: intrinsics, distortion (k1 k2 p1 p2 k3), rotation vector, translation in metres. */
    double camera_matrix[9];
    double distortion[5];
    double rotation[3];
    double translation_m[3];
};

struct device {
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    enum device_kind kind;
    struct calibration calibration;
    int64_t silent_after_ms; /* default 5,000 */
    uint32_t index;          /* within the view, dense from 0 */
    double image_width_px;   /* 0 = not told */
    double image_height_px;
    uint32_t *sees; /* indexes of the zones that the user says it covers */
    size_t sees_count;
    /* Of a counter: indexes of the zones into which its `in` leads, and out of which, or LINE_NO_ZONE. */
    uint32_t counts_into, counts_from;
};

/* One venue as it is now: immutable, counted. A change makes a new one with a higher version. */
struct venue_view {
    struct shared shared;
    char event[LIMIT_ID_LEN + 1];
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    char key[2 * LIMIT_ID_LEN + 2]; /* "event/venue": the key of its stream records */
    int64_t version;
    bool has_bounds; /* of the plan, in metres */
    struct point bounds_min, bounds_max;
    bool is_on_earth; /* crs "wgs84": then the origin is known */
    double origin_longitude, origin_latitude;
    struct zone *zones;
    size_t zone_count;
    struct venue_line *lines;
    size_t line_count;
    struct venue_wall *walls;
    size_t wall_count;
    struct device *devices;
    size_t device_count;
};

/* Foot point (pixels; metres when the calibration says so) to the floor. False when it has no place
 * there: uncalibrated, behind the camera, or past the horizon. */
bool calibration_to_floor(const struct calibration *calibration, struct point foot,
                          struct point *out_floor_m);
/* Where a place on the floor of a venue that is on earth lies: x is its longitude, y its latitude. */
struct point venue_to_earth(const struct venue_view *view, struct point floor_m);
/* Even-odd; a point exactly on the border is outside. */
bool polygon_contains(const struct point *ring, size_t len, struct point point);

struct venues; /* the module: tables in the main store, current views in memory */
extern const struct store_module venues_store_module;

MUST_USE enum err venues_open(struct store *main_store, struct venues **out_venues,
                              struct err_note *note);
void venues_close(struct venues *venues);

/* The view of the venue where this device stands, and the device in it. A reference is taken; NULL
 * when there is no such device. Fast enough for every ingest request: a lock and a hash. */
struct venue_view *venues_view_of_device(struct venues *venues, const char *event,
                                         const char *device, const struct device **out_device);
struct venue_view *venues_view(struct venues *venues, const char *event, const char *venue);
/* All views; the caller unrefs each and frees the array (mem_free). */
struct venue_view **venues_views(struct venues *venues, size_t *out_count);
