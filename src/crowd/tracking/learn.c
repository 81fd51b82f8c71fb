// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/learn.c — a camera is judged by people that others see as well, never by itself. */
#include "crowd/tracking/learn.h"

/* From whom at least one other camera sees: what this one says of it, and whether it sees it. */
static void learn_cameras(const struct step *step, const struct step_ground *ground,
                          const struct cluster *cluster, struct floor_cell *cell)
{
    for (uint32_t i = 0; i < cluster->look_count; i++) {
        uint32_t frame = cluster->looks[i].frame;
        bool is_hit = cluster_has_part(cluster, frame);
        if (cluster->part_count > (is_hit ? 1U : 0U))
            floor_learn_look(cell, ground->cameras, step->frames[frame].device, is_hit);
    }
    for (uint32_t i = 0; i < cluster->part_count && cluster->part_count >= 3; i++) {
        const struct step_part *part = &cluster->parts[i];
        const struct step_frame *frame = &step->frames[part->frame];
        const struct sighting *seen = &frame->sightings[part->sighting];
        struct evidence without = evidence_without(cluster->sum, seen->evidence);
        struct spot others = evidence_spot(&without);
        camera_model_learn(&ground->cameras[frame->device], seen, &others);
    }
}

void learn_from(const struct step *step, const struct step_ground *ground,
                const struct track *track, const struct cluster *cluster)
{
    if (!track->is_certain || cluster->part_count == 0)
        return;
    struct floor_cell *cell =
        floor_cell_at(ground->floor, track->motion.state[0], track->motion.state[1]);
    if (step->at_ms - track->born_ms >= (int64_t)(2 * TRACK_LOOK_MS))
        floor_learn_walk(cell, track->motion.state[2], track->motion.state[3]);
    learn_cameras(step, ground, cluster, cell);
}
