// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/speed.h — how fast the people of a zone go, and how many of them have stopped. */
#pragma once
#include "crowd/measures/members.h"
#include "crowd/measures/strides.h"

struct speed {
    size_t people; /* nobody: all zero */
    double mean_m_s, median_m_s;
    double stopped_share; /* 0..1, of the people of the zone; strides.h */
};

/* Of the persons with these indexes. `scratch` has room for as many values. */
struct speed speed_of(const uint32_t *persons, size_t count, const struct tracker_person *people,
                      const struct stride *strides, double *scratch);
