// SPDX-License-Identifier: Apache-2.0
#include "crowd/flow.h"

void flow_init(struct flow *flow, const struct crowd_map *map)
{
    size_t zones = map->view->zone_count;
    *flow = (struct flow){.at_ms = INT64_MIN / 4, .zone_count = zones};
    /* A floor without extent has nothing to measure; people are counted all the same. */
    if (measures_create(&(struct measures_scope){.map = map}, &flow->measures) != ERR_NONE)
        flow->measures = NULL;
    flow->figures = mem_new_array(zones + 1, sizeof *flow->figures);
    flow->moment = (struct flow_moment){.measures = flow->measures, .zone_count = zones};
    flow->moment.is_known = mem_new_array(zones + 1, sizeof *flow->moment.is_known);
    flow->moment.figures = mem_new_array(zones + 1, sizeof *flow->moment.figures);
}

void flow_fini(struct flow *flow)
{
    if (flow->is_measuring)
        pool_wait(flow->pool, &flow->job);
    measures_destroy(flow->measures);
    mem_free(flow->moment.people);
    mem_free(flow->moment.is_known);
    mem_free(flow->moment.figures);
    mem_free(flow->figures);
    *flow = (struct flow){0};
}

/* --- a moment, in the job --- */

static struct crowd_flow figures_of(const struct zone_measures *own)
{
    if (own->density.method == DENSITY_NONE)
        return (struct crowd_flow){.is_known = false};
    return (struct crowd_flow){.is_known = true,
                               .voronoi_m2 = own->density.per_m2,
                               .speed_m_s = own->speed.mean_m_s,
                               .flow_per_m_s = own->density.flow_per_m_s,
                               .walking = own->walking,
                               .standing = own->standing,
                               .trend = own->trend,
                               .has_waves = own->has_waves};
}

static void measure_moment(void *context)
{
    struct flow_moment *moment = context;
    size_t count;
    measures_step(moment->measures, moment->at_ms, moment->people, moment->count);
    const struct zone_measures *zones = measures_zones(moment->measures, &count);
    for (size_t z = 0; z < moment->zone_count; z++) {
        moment->figures[z] = (struct crowd_flow){.is_known = false};
        if (!moment->is_known[z])
            measures_forget(moment->measures, z);
        else if (z < count)
            moment->figures[z] = figures_of(&zones[z]);
    }
}

/* --- before and after --- */

static void add_people(struct flow_moment *moment, const struct tracker_person *people,
                       size_t count)
{
    if (moment->count + count > moment->size) {
        moment->size = MAX(2 * moment->size, moment->count + count);
        moment->people = mem_resize(moment->people, moment->size * sizeof *moment->people);
    }
    memcpy(&moment->people[moment->count], people, count * sizeof *people);
    moment->count += count;
}

/* Everybody who is followed, of all groups. Zones where a group looks that cannot follow are not known. */
static void gather(struct flow_moment *moment, const struct flow_ground *ground, int64_t stream_ms)
{
    const struct crowd_scene *scene = ground->scene;
    size_t words = (moment->zone_count + 63) / 64;
    SCOPED_MEM uint64_t *blind = mem_new_array(words + 1, sizeof *blind);
    SCOPED_MEM uint64_t *seen = mem_new_array(words + 1, sizeof *seen);
    moment->count = 0;
    for (uint32_t g = 0; g < crowd_scene_group_count(scene); g++) {
        const struct camera_group *cameras = crowd_scene_group(scene, g);
        size_t count = 0;
        const struct tracker_person *own = crowd_scene_people(scene, g, stream_ms, &count);
        for (size_t i = 0; i < cameras->device_count; i++) {
            for (size_t w = 0;
                 w < words && crowd_scene_hears(scene, cameras->devices[i], stream_ms); w++)
                (own == NULL ? blind : seen)[w] |= ground->covers[cameras->devices[i] * words + w];
        }
        if (own != NULL && count > 0)
            add_people(moment, own, count);
    }
    for (size_t z = 0; z < moment->zone_count; z++)
        moment->is_known[z] = ((seen[z / 64] & ~blind[z / 64]) >> (z % 64) & 1) != 0;
}

static void take_figures(struct flow *flow)
{
    flow->is_measuring = false;
    memcpy(flow->figures, flow->moment.figures, flow->zone_count * sizeof *flow->figures);
}

static void begin_moment(struct flow *flow, const struct flow_ground *ground, struct pool *pool,
                         int64_t stream_ms)
{
    flow->at_ms = flow->moment.at_ms = crowd_scene_at_ms(ground->scene);
    gather(&flow->moment, ground, stream_ms);
    flow->pool = pool;
    flow->job = (struct pool_job){.work = measure_moment, .context = &flow->moment};
    flow->is_measuring = true;
    pool_start(pool, &flow->job);
}

void flow_measure(struct flow *flow, const struct flow_ground *ground, struct pool *pool,
                  int64_t stream_ms)
{
    if (flow->measures == NULL)
        return;
    bool is_due = crowd_scene_at_ms(ground->scene) - flow->at_ms >= FLOW_PERIOD_MS;
    if (flow->is_measuring && is_due)
        pool_wait(flow->pool, &flow->job);
    if (flow->is_measuring && pool_is_done(flow->pool, &flow->job))
        take_figures(flow);
    if (!is_due)
        return;
    begin_moment(flow, ground, pool, stream_ms);
    if (pool_is_done(pool, &flow->job))
        take_figures(flow);
}

struct crowd_flow flow_of(const struct flow *flow, size_t zone)
{
    if (zone >= flow->zone_count)
        return (struct crowd_flow){.is_known = false};
    return flow->figures[zone];
}
