// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/regroup.c — whole groups of sightings against whole tracks: after the turns of single
 * frames, in which a camera follows the others, a group can here change its mind together. */
#include "crowd/tracking/step.h"

struct match {
    double gain;
    bool is_renewed;
};

static struct evidence seen_evidence(const struct step *step, const struct cluster *cluster)
{
    struct evidence sum = {0};
    for (uint32_t i = 0; i < cluster->part_count; i++) {
        const struct step_part *part = &cluster->parts[i];
        sum = evidence_sum(sum, step->frames[part->frame].sightings[part->sighting].evidence);
    }
    return sum;
}

/* Against being somebody who has just come; -INFINITY beyond the gate. `arrives` is the log of how many do, per m² in a step. */
static struct match match_of(const struct step *step, const struct spot *seen, double arrives,
                             const struct cluster *known)
{
    const struct track *track = known->track;
    double length2 = spots_length2(seen, &track->predicted_spot);
    double renewed2 = spots_length2(seen, &track->renewed_spot);
    if (!(length2 <= STEP_GATE2) && !(renewed2 <= STEP_GATE2))
        return (struct match){.gain = -INFINITY};
    double goes_on = spots_log_density(seen, &track->predicted_spot, &length2) + step->log_goes_on;
    double renewed = spots_log_density(seen, &track->renewed_spot, &renewed2) + step->log_renews;
    struct match match = {.is_renewed = renewed > goes_on};
    if (!((match.is_renewed ? renewed2 : length2) <= STEP_GATE2))
        return (struct match){.gain = -INFINITY};
    match.gain = fmax(goes_on, renewed) - arrives + known->existed;
    return match;
}

/* Log of the people who come into view there in a step, per m². */
static double arrives_at(const struct step *step, const struct step_ground *ground,
                         const struct spot *seen)
{
    const struct floor_cell *cell = floor_cell_at(ground->floor, seen->x, seen->y);
    return log(floor_arrival_rate(ground->floor, cell) * step->seconds);
}

static double numbers_gain(const struct step *step, const struct cluster *group,
                           const struct cluster *known)
{
    for (uint32_t i = 0; i < group->part_count; i++) {
        const struct step_frame *frame = &step->frames[group->parts[i].frame];
        double gain = cluster_number_gain(known, frame->device,
                                          frame->source_tracks[group->parts[i].sighting]);
        if (gain > 0)
            return gain;
    }
    return 0;
}

/* Rows are clusters with sightings, columns those with tracks; both by their index. */
static void pair_groups(struct step *step, const struct step_ground *ground, uint32_t row)
{
    const struct cluster *group = &step->clusters[row];
    const struct floor *floor = ground->floor;
    struct evidence evidence = seen_evidence(step, group);
    struct spot seen = evidence_spot(&evidence);
    double arrives = arrives_at(step, ground, &seen);
    struct spot low = {.x = seen.x - STEP_REACH_M / 2, .y = seen.y - STEP_REACH_M / 2};
    struct spot high = {.x = seen.x + STEP_REACH_M / 2, .y = seen.y + STEP_REACH_M / 2};
    size_t first = step_bucket(ground, &low), last = step_bucket(ground, &high);
    size_t columns = (size_t)floor->columns, near = 0;
    for (size_t y = first / columns; y <= last / columns; y++) {
        for (size_t x = first % columns; x <= last % columns; x++) {
            for (uint32_t i = step->buckets[y * columns + x];
                 i != STEP_NONE && near < STEP_NEAR_MAX; i = step->clusters[i].next) {
                const struct cluster *known = &step->clusters[i];
                if (known->track == NULL)
                    continue;
                double gain = match_of(step, &seen, arrives, known).gain;
                near += gain > -INFINITY ? 1 : 0;
                if (gain > 0)
                    step_add_pair(step, row, i, gain + numbers_gain(step, group, known));
            }
        }
    }
}

static void point_parts(struct step *step, uint32_t index)
{
    struct cluster *cluster = &step->clusters[index];
    for (uint32_t i = 0; i < cluster->part_count; i++) {
        const struct step_part *part = &cluster->parts[i];
        step->frames[part->frame].sightings[part->sighting].cluster = index;
    }
}

/* The cluster of a group that goes to `known` (NULL = to nobody). */
static void regrouped(const struct step *step, const struct step_ground *ground,
                      const struct cluster *group, const struct cluster *known, struct cluster *out)
{
    struct evidence evidence = seen_evidence(step, group);
    struct spot seen = evidence_spot(&evidence);
    cluster_begin(out);
    out->part_count = group->part_count;
    memcpy(out->parts, group->parts, group->part_count * sizeof *group->parts);
    if (known == NULL) {
        cluster_set_sum(out, evidence);
        cluster_find_looks(out, step, ground, &seen);
        return;
    }
    out->track = known->track;
    out->existed = known->existed;
    out->look_count = known->look_count;
    memcpy(out->looks, known->looks, known->look_count * sizeof *known->looks);
    cluster_set_prior(out, match_of(step, &seen, 0, known).is_renewed);
    cluster_set_sum(out, evidence_sum(out->prior, evidence));
}

void step_regroup(struct step *step, const struct step_ground *ground)
{
    size_t count = step->cluster_count;
    step_reserve_clusters(step, 2 * count);
    step_fill_buckets(step, ground);
    step->pair_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (step->clusters[i].part_count > 0)
            pair_groups(step, ground, i);
    }
    step_reserve_columns(step, count);
    (void)assignment_solve(step->assignment, count, count, step->pairs, step->pair_count,
                           step->columns);
    /* owners: which group each track has now */
    for (size_t i = 0; i < count; i++)
        step->owners[i] = STEP_NONE;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t column = step->columns[i];
        if (column != ASSIGNMENT_ALONE)
            step->owners[column] = i;
        if (step->clusters[i].part_count > 0)
            step->is_changed |=
                step->clusters[i].track != NULL ? column != i : column != ASSIGNMENT_ALONE;
    }
    size_t made = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct cluster *cluster = &step->clusters[i];
        if (cluster->track != NULL && step->owners[i] != STEP_NONE) {
            regrouped(step, ground, &step->clusters[step->owners[i]], cluster,
                      &step->spare[made++]);
        } else if (cluster->track != NULL) {
            step->spare[made] = *cluster;
            step->spare[made].part_count = 0;
            cluster_set_prior(&step->spare[made], false);
            cluster_set_sum(&step->spare[made], step->spare[made].prior);
            made++;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (step->clusters[i].part_count > 0 && step->columns[i] == ASSIGNMENT_ALONE)
            regrouped(step, ground, &step->clusters[i], NULL, &step->spare[made++]);
    }
    struct cluster *old = step->clusters;
    step->clusters = step->spare;
    step->spare = old;
    step->cluster_count = made;
    for (uint32_t i = 0; i < made; i++)
        point_parts(step, i);
}
