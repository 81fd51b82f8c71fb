// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/coverage.h"

void coverage_init(struct coverage *coverage, const struct crowd_map *map)
{
    const struct venue_view *view = map->view;
    size_t words = (view->zone_count + 63) / 64;
    *coverage = (struct coverage){
        .words = words, .device_count = view->device_count, .zone_count = view->zone_count};
    coverage->covers = mem_new_array(view->device_count * words + 1, sizeof *coverage->covers);
    coverage->is_learning = mem_new_array(view->device_count + 1, sizeof *coverage->is_learning);
    coverage->sightings = mem_new_array(view->device_count + 1, sizeof(uint8_t *));
    for (size_t d = 0; d < view->device_count; d++)
        coverage->is_learning[d] =
            !map_coverage(map, &view->devices[d], &coverage->covers[d * words]);
}

void coverage_fini(struct coverage *coverage)
{
    for (size_t d = 0; d < coverage->device_count; d++)
        mem_free(coverage->sightings[d]);
    mem_free(coverage->sightings);
    mem_free(coverage->is_learning);
    mem_free(coverage->covers);
    mem_free(coverage->learned);
    *coverage = (struct coverage){.words = 0};
}

static void set(struct coverage *coverage, uint32_t device, uint16_t zone)
{
    coverage->covers[device * coverage->words + zone / 64] |= 1ULL << (zone % 64);
}

void coverage_add_learned(struct coverage *coverage, uint32_t device, uint16_t zone)
{
    if (coverage->is_learning[device])
        set(coverage, device, zone);
}

static void remember(struct coverage *coverage, struct learned learned)
{
    coverage->learned =
        mem_resize(coverage->learned, (coverage->learned_count + 1) * sizeof *coverage->learned);
    coverage->learned[coverage->learned_count++] = learned;
}

void coverage_learn(struct coverage *coverage, uint32_t device, const struct frame_count *frame)
{
    if (!coverage->is_learning[device])
        return;
    if (coverage->sightings[device] == NULL)
        coverage->sightings[device] = mem_new_array(coverage->zone_count + 1, 1);
    uint8_t *sightings = coverage->sightings[device];
    for (size_t e = 0; e < frame->entry_count; e++) {
        uint16_t zone = frame->entries[e].zone;
        if (zone == coverage->zone_count || coverage_has(coverage, device, zone) ||
            ++sightings[zone] < COVERAGE_SIGHTINGS)
            continue;
        set(coverage, device, zone);
        remember(coverage, (struct learned){device, zone});
    }
}

static void move_device(struct coverage *coverage, uint32_t device, const struct coverage *from,
                        uint32_t from_device, const uint32_t *zones)
{
    for (uint16_t z = 0; z < from->zone_count; z++) {
        if (from->is_learning[from_device] && coverage_has(from, from_device, z) &&
            zones[z] != UINT32_MAX)
            coverage_add_learned(coverage, device, (uint16_t)zones[z]);
    }
}

void coverage_move(struct coverage *coverage, const struct coverage *from, const uint32_t *zones,
                   const uint32_t *devices)
{
    for (uint32_t d = 0; d < from->device_count; d++) {
        if (devices[d] != UINT32_MAX)
            move_device(coverage, devices[d], from, d, zones);
    }
    for (size_t i = 0; i < from->learned_count; i++) {
        uint32_t zone = zones[from->learned[i].zone], device = devices[from->learned[i].device];
        if (zone != UINT32_MAX && device != UINT32_MAX)
            remember(coverage, (struct learned){device, (uint16_t)zone});
    }
}
