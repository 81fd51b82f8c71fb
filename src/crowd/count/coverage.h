// SPDX-License-Identifier: Apache-2.0
/* crowd/count/coverage.h — which camera covers which zone: by what the device declares or its picture
 * shows, else learned from where it sees people. It decides whether nobody seen means nobody there. */
#pragma once
#include "crowd/count/frame.h"

/* Frames with somebody in a zone after which a camera is taken to cover it. */
#define COVERAGE_SIGHTINGS 3

struct learned {
    uint32_t device;
    uint16_t zone;
};

struct coverage {
    size_t words;        /* of each device's bits: (zone_count + 63) / 64 */
    uint64_t *covers;    /* [device_count * words] */
    bool *is_learning;   /* devices whose coverage is not known beforehand */
    uint8_t **sightings; /* of each device by zone, counted while it is learned; NULL before */
    size_t device_count;
    size_t zone_count;
    struct learned *learned; /* not yet stored */
    size_t learned_count;
};

void coverage_init(struct coverage *coverage, const struct crowd_map *map);
void coverage_fini(struct coverage *coverage);

static inline bool coverage_has(const struct coverage *coverage, uint32_t device, uint16_t zone)
{
    return (coverage->covers[device * coverage->words + zone / 64] >> (zone % 64) & 1) != 0;
}
static inline const uint64_t *coverage_of(const struct coverage *coverage, uint32_t device)
{
    return &coverage->covers[device * coverage->words];
}
/* What was learned before; nothing for a device whose coverage is known. */
void coverage_add_learned(struct coverage *coverage, uint32_t device, uint16_t zone);
/* Looks at where the frame has people, if the device's coverage is being learned. */
void coverage_learn(struct coverage *coverage, uint32_t device, const struct frame_count *frame);
/* Takes over what `from` has learned: old index to new, UINT32_MAX = gone. */
void coverage_move(struct coverage *coverage, const struct coverage *from, const uint32_t *zones,
                   const uint32_t *devices);
