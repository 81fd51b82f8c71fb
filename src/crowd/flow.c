// SPDX-License-Identifier: Apache-2.0
#include "crowd/flow.h"

const char *const flow_measure_names[FLOW_MEASURES] = {"density_voronoi", "speed", "specific_flow"};

void flow_init(struct flow *flow, const struct crowd_map *map)
{
    *flow = (struct flow){.at_ms = INT64_MIN / 4};
    flow->is_known = mem_new_array(map->view->zone_count + 1, sizeof *flow->is_known);
    /* A floor without extent has nothing to measure; people are counted all the same. */
    if (measures_create(&(struct measures_scope){.map = map}, &flow->measures) != ERR_NONE)
        flow->measures = NULL;
}

void flow_fini(struct flow *flow)
{
    for (size_t i = 0; i < flow->second_count; i++)
        mem_free(flow->seconds[i].values);
    measures_destroy(flow->measures);
    mem_free(flow->is_known);
    *flow = (struct flow){0};
}

/* Everybody who is followed, of all groups; the caller frees the result. Zones where a group looks that
 * cannot follow are not known. */
static struct tracker_person *gather_people(struct flow *flow, const struct crowd_scene *scene,
                                            const struct crowd_map *map, const uint64_t *covers,
                                            int64_t stream_ms, size_t *out_count)
{
    size_t words = (map->view->zone_count + 63) / 64, total = 0;
    struct tracker_person *people = NULL;
    memset(flow->is_known, 0, map->view->zone_count);
    SCOPED_MEM uint64_t *blind = mem_new_array(words + 1, sizeof *blind);
    SCOPED_MEM uint64_t *seen = mem_new_array(words + 1, sizeof *seen);
    for (uint32_t g = 0; g < crowd_scene_group_count(scene); g++) {
        const struct camera_group *cameras = crowd_scene_group(scene, g);
        size_t count = 0;
        const struct tracker_person *own = crowd_scene_people(scene, g, stream_ms, &count);
        for (size_t i = 0; i < cameras->device_count; i++) {
            for (size_t w = 0;
                 w < words && crowd_scene_hears(scene, cameras->devices[i], stream_ms); w++)
                (own == NULL ? blind : seen)[w] |= covers[cameras->devices[i] * words + w];
        }
        if (own == NULL || count == 0)
            continue;
        people = mem_resize(people, (total + count) * sizeof *people);
        memcpy(&people[total], own, count * sizeof *people);
        total += count;
    }
    for (size_t z = 0; z < map->view->zone_count; z++)
        flow->is_known[z] = ((seen[z / 64] & ~blind[z / 64]) >> (z % 64) & 1) != 0;
    *out_count = total;
    return people;
}

static void keep_second(struct flow *flow, size_t zone_count)
{
    int64_t s = flow->at_ms / 1000;
    if (flow->second_count > 0 && flow->seconds[flow->second_count - 1].s >= s)
        return;
    if (flow->second_count == FLOW_SECONDS_MAX) {
        mem_free(flow->seconds[0].values);
        flow->second_count--;
        memmove(&flow->seconds[0], &flow->seconds[1], flow->second_count * sizeof flow->seconds[0]);
    }
    struct flow_second *second = &flow->seconds[flow->second_count++];
    second->s = s;
    second->values = mem_new_array(zone_count * FLOW_MEASURES + 1, sizeof *second->values);
    for (size_t z = 0; z < zone_count; z++) {
        struct crowd_flow now = flow_of(flow, z);
        float *values = &second->values[z * FLOW_MEASURES];
        values[FLOW_VORONOI] = now.is_known ? (float)now.voronoi_m2 : NAN;
        values[FLOW_SPEED] = now.is_known ? (float)now.speed_m_s : NAN;
        values[FLOW_SPECIFIC] = now.is_known ? (float)now.flow_per_m_s : NAN;
    }
}

void flow_measure(struct flow *flow, const struct crowd_scene *scene, const struct crowd_map *map,
                  const uint64_t *covers, int64_t stream_ms)
{
    int64_t at_ms = crowd_scene_at_ms(scene);
    if (flow->measures == NULL || at_ms - flow->at_ms < FLOW_PERIOD_MS)
        return;
    flow->at_ms = at_ms;
    size_t count = 0;
    SCOPED_MEM struct tracker_person *people =
        gather_people(flow, scene, map, covers, stream_ms, &count);
    measures_step(flow->measures, at_ms, people, count);
    for (size_t z = 0; z < map->view->zone_count; z++) {
        if (!flow->is_known[z])
            measures_forget(flow->measures, z);
    }
    keep_second(flow, map->view->zone_count);
}

struct crowd_flow flow_of(const struct flow *flow, size_t zone)
{
    size_t count = 0;
    const struct zone_measures *zones =
        flow->measures == NULL ? NULL : measures_zones(flow->measures, &count);
    if (zone >= count || !flow->is_known[zone] || zones[zone].density.method == DENSITY_NONE)
        return (struct crowd_flow){.is_known = false};
    const struct zone_measures *own = &zones[zone];
    return (struct crowd_flow){.is_known = true,
                               .voronoi_m2 = own->density.per_m2,
                               .speed_m_s = own->speed.mean_m_s,
                               .flow_per_m_s = own->density.flow_per_m_s,
                               .walking = own->walking,
                               .standing = own->standing,
                               .trend = own->trend,
                               .has_waves = own->has_waves};
}

bool flow_take_second(struct flow *flow, struct flow_second *out_second)
{
    if (flow->second_count == 0)
        return false;
    *out_second = flow->seconds[0];
    flow->second_count--;
    memmove(&flow->seconds[0], &flow->seconds[1], flow->second_count * sizeof flow->seconds[0]);
    return true;
}
