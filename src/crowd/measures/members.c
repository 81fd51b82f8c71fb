// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/members.h"

void members_fini(struct members *members)
{
    mem_free(members->first);
    mem_free(members->persons);
    mem_free(members->pairs);
}

static void make_room(struct members *members, size_t len)
{
    if (len <= members->room)
        return;
    members->room = MAX(len, 2 * members->room);
    members->persons = mem_resize(members->persons, members->room * sizeof(uint32_t));
    members->pairs = mem_resize(members->pairs, 2 * members->room * sizeof(uint32_t));
}

void members_init(struct members *members, size_t zone_count)
{
    *members = (struct members){.first = mem_new_array(zone_count + 2, sizeof(uint32_t))};
    make_room(members, 64);
}

void members_find(struct members *members, const struct crowd_map *map, const struct cell *cells,
                  size_t count)
{
    size_t zones = map->view->zone_count, len = 0;
    /* Counted two places on, summed, then moved back by filling. */
    memset(members->first, 0, (zones + 2) * sizeof *members->first);
    for (size_t i = 0; i < count; i++) {
        if (cells[i].trapezoid == UINT32_MAX)
            continue;
        struct zone_hits hits = map_zones(map, cells[i].at);
        make_room(members, len + hits.count);
        for (size_t h = 0; h < hits.count; h++, len++) {
            members->pairs[2 * len] = (uint32_t)i;
            members->pairs[2 * len + 1] = hits.zones[h];
            members->first[hits.zones[h] + 2]++;
        }
    }
    for (size_t z = 1; z < zones + 2; z++)
        members->first[z] += members->first[z - 1];
    for (size_t p = 0; p < len; p++)
        members->persons[members->first[members->pairs[2 * p + 1] + 1]++] = members->pairs[2 * p];
}
