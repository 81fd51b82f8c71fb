// SPDX-License-Identifier: Apache-2.0
/* feeds/sample.h — the sample event that `muster demo` runs: a park by a river with two stages,
 * food, a bar, an entrance, two exits and a footbridge that is too narrow. Data only; metres from
 * the south-west corner. */
#pragma once
#include "feeds/camera.h"

#define SAMPLE_EVENT          "riverside"
#define SAMPLE_VENUE          "park"
#define SAMPLE_WIDTH_M        140.0
#define SAMPLE_DEPTH_M        80.0
#define SAMPLE_RIVER_WEST_M   66.0 /* the river runs north to south ... */
#define SAMPLE_RIVER_EAST_M   72.0
#define SAMPLE_BRIDGE_SOUTH_M 37.0 /* ... and one bridge crosses it */
#define SAMPLE_BRIDGE_NORTH_M 43.0

enum sample_place {
    SAMPLE_ENTRANCE,
    SAMPLE_FOOD,
    SAMPLE_BAR,
    SAMPLE_BRIDGE,
    SAMPLE_PIT, /* in front of the main stage */
    SAMPLE_LAWN,
    SAMPLE_TENT, /* the second stage */
    SAMPLE_EXIT,
    SAMPLE_PLACES
};

struct sample_zone { /* a rectangle */
    const char *id;
    const char *name;
    double west, south, east, north;
    int capacity_persons;
};

extern const struct sample_zone sample_zones[SAMPLE_PLACES];
extern const struct camera sample_cameras[];
extern const size_t sample_camera_count;
/* The plan's drawing: a GeoJSON FeatureCollection in metres. */
extern const char sample_plan_geojson[];
