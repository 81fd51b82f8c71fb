// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/density.h"

#include <math.h>

void density_measure(const struct areas *areas, const struct members *members,
                     const struct cells *cells, const struct tracker_person *people,
                     struct density *out_densities)
{
    size_t share_count;
    const struct cell_share *shares = cells_shares(cells, &share_count);
    for (size_t z = 0; z < areas->zone_count; z++) {
        double area_m2 = areas->area_m2[z];
        out_densities[z] = (struct density){.area_m2 = area_m2};
        if (area_m2 <= 0)
            continue;
        out_densities[z].method = DENSITY_VORONOI;
        out_densities[z].classic_per_m2 = (members->first[z + 1] - members->first[z]) / area_m2;
        out_densities[z].is_classic_fair = area_m2 >= DENSITY_CLASSIC_M2_MIN;
    }
    for (size_t s = 0; s < share_count; s++) {
        struct density *density = &out_densities[shares[s].zone];
        const struct tracker_person *person = &people[shares[s].person];
        density->per_m2 += shares[s].part / density->area_m2;
        density->flow_per_m_s += shares[s].part * hypot(person->vx, person->vy) / density->area_m2;
    }
}
