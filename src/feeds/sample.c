// SPDX-License-Identifier: Apache-2.0
#include "feeds/sample.h"

const struct sample_zone sample_zones[SAMPLE_PLACES] = {
    [SAMPLE_ENTRANCE] = {"entrance", "West entrance", 4, 30, 20, 50, 400},
    [SAMPLE_FOOD] = {"food", "Food court", 24, 52, 60, 74, 900},
    [SAMPLE_BAR] = {"bar", "Bar", 24, 6, 60, 26, 800},
    [SAMPLE_BRIDGE] = {"bridge", "Footbridge", 64, 37, 74, 43, 150},
    [SAMPLE_PIT] = {"pit", "Main stage, front", 108, 30, 126, 50, 1000},
    [SAMPLE_LAWN] = {"lawn", "Main stage, lawn", 78, 24, 108, 56, 2000},
    [SAMPLE_TENT] = {"tent", "Tent", 84, 60, 112, 76, 700},
    [SAMPLE_EXIT] = {"exit", "South-east exit", 118, 4, 136, 18, 500},
};

/* Each zone lies wholly in the picture of one camera, and most in a second one's too. */
const struct camera sample_cameras[] = {
    {"cam-entrance", "Entrance mast", 12, 14, 14, 12, 42, 900},
    {"cam-food", "Food court mast", 42, 34, 18, 42, 66, 800},
    {"cam-bar", "Bar mast", 42, 46, 18, 42, 14, 800},
    {"cam-bridge", "Bridge mast", 69, 22, 12, 69, 41, 900},
    {"cam-pit", "Main stage tower", 117, 16, 18, 117, 43, 900},
    {"cam-lawn", "Delay tower", 93, 2, 24, 93, 43, 900},
    {"cam-tent", "Tent mast", 98, 42, 16, 98, 70, 800},
    {"cam-exit", "Exit mast", 127, 30, 14, 127, 9, 900},
};
const size_t sample_camera_count = COUNT_OF(sample_cameras);

#define RECT(w, s, e, n)                                                                           \
    "[[[" #w "," #s "],[" #e "," #s "],[" #e "," #n "],[" #w "," #n "],[" #w "," #s "]]]"
#define AREA(kind, name, ring)                                                                     \
    "{\"type\":\"Feature\",\"properties\":{\"kind\":\"" kind "\",\"name\":\"" name                 \
    "\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":" ring "}}"

const char sample_plan_geojson[] =
    "{\"type\":\"FeatureCollection\",\"features\":[" AREA("ground", "Park", RECT(0, 0, 140, 80)) "," AREA("water", "River", RECT(66, 0, 72, 37)) "," AREA(
        "water", "River",
        RECT(
            66, 43, 72,
            80)) "," AREA("bridge", "Footbridge",
                          RECT(
                              64, 37, 74,
                              43)) "," AREA("stage", "Main stage",
                                            RECT(
                                                127,
                                                28, 136,
                                                52)) "," AREA("stage", "Tent stage",
                                                              RECT(
                                                                  113,
                                                                  62,
                                                                  118,
                                                                  74)) "," AREA("stall", "Food",
                                                                                RECT(
                                                                                    26,
                                                                                    75,
                                                                                    58,
                                                                                    79)) "," AREA("stall",
                                                                                                  "Bar",
                                                                                                  RECT(
                                                                                                      26,
                                                                                                      1,
                                                                                                      58,
                                                                                                      5)) "," AREA("gate",
                                                                                                                   "West entrance",
                                                                                                                   RECT(
                                                                                                                       0,
                                                                                                                       36,
                                                                                                                       3,
                                                                                                                       44)) "," AREA("gate",
                                                                                                                                     "South-east exit",
                                                                                                                                     RECT(
                                                                                                                                         124,
                                                                                                                                         0,
                                                                                                                                         132,
                                                                                                                                         3)) "]}";
