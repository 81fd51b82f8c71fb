// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/service.h — levels of service, A (free) to F (breakdown): how a density or a flow feels
 * to the people in it. Fruin, Pedestrian Planning and Design (1971), given there in square feet per
 * person and persons per minute and foot (7, 10, 15, 20, 25):
 *                     A      B      C      D      E    F
 *   walking, ft²     35     25     15     10      5    less
 *   walking, /m²     0.31   0.43   0.72   1.08   2.17  above
 *   flow, /min/m     23     33     49     66     82    above
 *   standing, ft²    13     10      7      3      2    less
 *   standing, /m²    0.83   1.08   1.54   3.59   5.38  above
 * These are planning levels; whether a place is dangerous is told by the zone's own ladder
 * (crowd_level_decide: by default 2, 3.5 and 5 persons/m²). */
#pragma once
#include "base/base.h"

enum service { SERVICE_A, SERVICE_B, SERVICE_C, SERVICE_D, SERVICE_E, SERVICE_F };
extern const char *const service_names[]; /* by the enum; ends with NULL */

enum service service_walking(double persons_per_m2);
enum service service_flow(double persons_per_min_m);
enum service service_standing(double persons_per_m2);
