// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/step.c — the rounds of a step: every frame has its turn (turn.c), then whole groups of
 * sightings are put to tracks anew (regroup.c), until nothing changes. Here also the room that all share,
 * which is kept from step to step. */
#include "crowd/tracking/step.h"

void step_init(struct step *step, const struct step_ground *ground)
{
    *step = (struct step){.assignment = assignment_create()};
    size_t cells = (size_t)ground->floor->columns * (size_t)ground->floor->rows;
    step->buckets = mem_new_array(cells, sizeof *step->buckets);
    step->frame_of_device = mem_new_array(ground->camera_count + 1, sizeof *step->frame_of_device);
    for (size_t i = 0; i < cells; i++)
        step->buckets[i] = STEP_NONE;
    for (size_t i = 0; i < ground->camera_count; i++)
        step->frame_of_device[i] = STEP_NONE;
}

void step_fini(struct step *step)
{
    assignment_destroy(step->assignment);
    mem_free(step->frames);
    mem_free(step->sightings);
    mem_free(step->source_tracks);
    mem_free(step->frame_of_device);
    mem_free(step->clusters);
    mem_free(step->spare);
    mem_free(step->buckets);
    mem_free(step->pairs);
    mem_free(step->columns);
    mem_free(step->owners);
}

static size_t grown_size(size_t size, size_t needed)
{
    return needed <= size ? size : MAX(needed, 2 * size);
}

struct step_frame *step_add_frame(struct step *step, uint32_t device, size_t box_count)
{
    size_t frames = grown_size(step->frame_size, step->frame_count + 1);
    if (frames > step->frame_size) {
        step->frames = mem_resize(step->frames, frames * sizeof *step->frames);
        step->frame_size = frames;
    }
    size_t before = step->sighting_count;
    size_t sightings = grown_size(step->sighting_size, before + box_count + 1); /* never none */
    if (sightings > step->sighting_size) {
        step->sightings = mem_resize(step->sightings, sightings * sizeof *step->sightings);
        step->source_tracks =
            mem_resize(step->source_tracks, sightings * sizeof *step->source_tracks);
        step->sighting_size = sightings;
        size_t first = 0;
        for (size_t i = 0; i < step->frame_count; i++) {
            step->frames[i].sightings = &step->sightings[first];
            step->frames[i].source_tracks = &step->source_tracks[first];
            first += step->frames[i].count;
        }
    }
    step->frame_of_device[device] = (uint32_t)step->frame_count;
    struct step_frame *frame = &step->frames[step->frame_count++];
    *frame = (struct step_frame){.device = device,
                                 .sightings = &step->sightings[before],
                                 .source_tracks = &step->source_tracks[before]};
    return frame;
}

void step_clear(struct step *step)
{
    for (size_t i = 0; i < step->frame_count; i++)
        step->frame_of_device[step->frames[i].device] = STEP_NONE;
    step->frame_count = step->sighting_count = step->cluster_count = 0;
}

void step_reserve_clusters(struct step *step, size_t needed)
{
    size_t size = grown_size(step->cluster_size, needed);
    if (size == step->cluster_size)
        return;
    step->clusters = mem_resize(step->clusters, size * sizeof *step->clusters);
    step->spare = mem_resize(step->spare, size * sizeof *step->spare);
    step->cluster_size = size;
}

void step_add_pair(struct step *step, uint32_t row, uint32_t column, double gain)
{
    if (!(gain > 0))
        return;
    size_t size = grown_size(step->pair_size, step->pair_count + 1);
    if (size > step->pair_size) {
        step->pairs = mem_resize(step->pairs, size * sizeof *step->pairs);
        step->pair_size = size;
    }
    step->pairs[step->pair_count++] = (struct assignment_pair){row, column, gain};
}

void step_reserve_columns(struct step *step, size_t needed)
{
    size_t size = grown_size(step->column_size, needed);
    if (size == step->column_size)
        return;
    step->columns = mem_resize(step->columns, size * sizeof *step->columns);
    step->owners = mem_resize(step->owners, size * sizeof *step->owners);
    step->column_size = size;
}

void step_associate(struct step *step, const struct step_ground *ground, struct track **tracks,
                    size_t track_count)
{
    step->cluster_count = 0;
    double renews = 1 - exp(-MOTION_RENEWALS_PER_S * step->seconds);
    step->log_goes_on = log1p(-renews);
    step->log_renews = log(renews);
    step_reserve_clusters(step, track_count + step->sighting_count + 1);
    for (size_t i = 0; i < track_count; i++)
        (void)step_add_track(step, ground, tracks[i]);
    step->is_changed = true;
    for (int round = 0; round < STEP_ROUNDS && step->is_changed; round++) {
        step->is_changed = false;
        step_fill_buckets(step, ground);
        for (uint32_t frame = 0; frame < step->frame_count; frame++)
            step_take_turn(step, ground, frame, round == 0);
        step_regroup(step, ground);
    }
}
