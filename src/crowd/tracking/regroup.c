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

/* Against being somebody who has just come. */
static struct match match_of(const struct step *step, const struct step_ground *ground,
                             const struct spot *seen, const struct cluster *known)
{
    struct track *track = known->track;
    double renews = 1 - exp(-MOTION_RENEWALS_PER_S * step->seconds);
    double length2 = 0, renewed2 = 0;
    double goes_on = spots_log_density(seen, &track->predicted_spot, &length2) + log1p(-renews);
    double renewed = spots_log_density(seen, &track->renewed_spot, &renewed2) + log(renews);
    struct match match = {.is_renewed = renewed > goes_on};
    if ((match.is_renewed ? renewed2 : length2) > STEP_GATE2)
        return (struct match){0};
    const struct floor_cell *cell = floor_cell_at(ground->floor, seen->x, seen->y);
    double arrives = floor_arrival_rate(ground->floor, cell) * step->seconds;
    double missed = cluster_missed(known, step);
    match.gain = fmax(goes_on, renewed) - log(arrives) + track->odds -
                 log1p(exp(fmin(track->odds + missed, 30)));
    return match;
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
    struct spot low = {.x = seen.x - STEP_REACH_M / 2, .y = seen.y - STEP_REACH_M / 2};
    struct spot high = {.x = seen.x + STEP_REACH_M / 2, .y = seen.y + STEP_REACH_M / 2};
    size_t first = step_bucket(ground, &low), last = step_bucket(ground, &high);
    size_t columns = (size_t)floor->columns;
    for (size_t y = first / columns; y <= last / columns; y++) {
        for (size_t x = first % columns; x <= last % columns; x++) {
            for (uint32_t i = step->buckets[y * columns + x]; i != STEP_NONE;
                 i = step->clusters[i].next) {
                const struct cluster *known = &step->clusters[i];
                if (known->track == NULL)
                    continue;
                double gain = match_of(step, ground, &seen, known).gain;
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
static struct cluster regrouped(const struct step *step, const struct step_ground *ground,
                                const struct cluster *group, const struct cluster *known)
{
    struct evidence evidence = seen_evidence(step, group);
    struct cluster cluster = {.sum = evidence, .part_count = group->part_count};
    memcpy(cluster.parts, group->parts, sizeof cluster.parts);
    struct spot seen = evidence_spot(&evidence);
    if (known == NULL) {
        cluster_find_looks(&cluster, step, ground, &seen);
        return cluster;
    }
    cluster.track = known->track;
    cluster.look_count = known->look_count;
    memcpy(cluster.looks, known->looks, sizeof cluster.looks);
    cluster_set_prior(&cluster, match_of(step, ground, &seen, known).is_renewed);
    cluster.sum = evidence_sum(cluster.prior, evidence);
    return cluster;
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
            step->spare[made++] =
                regrouped(step, ground, &step->clusters[step->owners[i]], cluster);
        } else if (cluster->track != NULL) {
            step->spare[made] = *cluster;
            step->spare[made].part_count = 0;
            cluster_set_prior(&step->spare[made], false);
            step->spare[made].sum = step->spare[made].prior;
            made++;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (step->clusters[i].part_count > 0 && step->columns[i] == ASSIGNMENT_ALONE)
            step->spare[made++] = regrouped(step, ground, &step->clusters[i], NULL);
    }
    struct cluster *old = step->clusters;
    step->clusters = step->spare;
    step->spare = old;
    step->cluster_count = made;
    for (uint32_t i = 0; i < made; i++)
        point_parts(step, i);
}
