// SPDX-License-Identifier: Apache-2.0
/* crowd/handover/wardrobe.h — for tests: people's vectors, as alike as pedestrians' of public recordings are
 * (128 numbers, other cameras): cosines of 0.72 of one person and 0.41 of two in the mean. */
#pragma once
#include "base/random.h"
#include "crowd/handover/looks.h"

struct wardrobe {
    struct random_sequence chance;
    double all[LOOKS_DIMS]; /* what every vector has in common */
};
struct wardrobe wardrobe_of(uint64_t seed);
/* Somebody, and one sight of that one. */
void wardrobe_person(struct wardrobe *wardrobe, double out[LOOKS_DIMS]);
void wardrobe_seen(struct wardrobe *wardrobe, const double person[LOOKS_DIMS],
                   int8_t out[LOOKS_DIMS]);
