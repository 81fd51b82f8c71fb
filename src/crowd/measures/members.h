// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/members.h — who stands in which zone at one moment: the people of each zone, zone after
 * zone. By where they stand on the floor; who stands nowhere on it is in no zone. */
#pragma once
#include "crowd/count/map.h"
#include "crowd/measures/cells.h"

struct members {
    uint32_t *first; /* [zones + 1] into persons */
    uint32_t *persons;
    size_t room;
    uint32_t *pairs; /* person, zone, person, zone ... as they are found */
};

void members_init(struct members *members, size_t zone_count);
void members_fini(struct members *members);
void members_find(struct members *members, const struct crowd_map *map, const struct cell *cells,
                  size_t count);
