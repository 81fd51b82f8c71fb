// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/density.h — how densely people stand in a zone, of what can be walked on, two ways:
 *
 *   classic  people in the area / area. Jumps by 1 / area with every person: fair from 4 m² on (crowd.md
 *            section 6, rule 3; 0.64 m² jumps 1.6 persons/m² a person).
 *   Voronoi  sum over all cells of (area of the cell in the zone / area of the cell) / area of the zone.
 *            Smooth in any area (Steffen and Seyfried, Physica A 389, 2010); cells.h.
 *
 * Method D integrates the flow the same way: the sum of parts times speed, over the area, is density
 * times speed where both vary, persons per metre and second whatever their direction. */
#pragma once
#include "crowd/measures/members.h"

#define DENSITY_CLASSIC_M2_MIN 4.0

enum density_method { DENSITY_NONE /* no floor in the zone */, DENSITY_CLASSIC, DENSITY_VORONOI };

struct density {
    enum density_method method; /* of per_m2 */
    double area_m2;             /* of both, what can be walked on */
    double per_m2;
    double classic_per_m2;
    bool is_classic_fair;
    double flow_per_m_s; /* specific flow */
};

/* By zone. */
void density_measure(const struct areas *areas, const struct members *members,
                     const struct cells *cells, const struct tracker_person *people,
                     struct density *out_densities);
