// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/turn.c — a frame's turn: its sightings leave their clusters, the gain of every sighting in
 * every cluster within reach is computed from what the other cameras and the track say, and the best
 * assignment is taken; who is left over starts a cluster, somebody new. */
#include "crowd/tracking/step.h"

/* Log likelihood of the sighting as part of the cluster against being a stray; -INFINITY beyond the gate.
 * `turn` is the frame's,
 * in the first round only frames that had theirs are missed. */
static double part_gain(const struct cluster *cluster, uint32_t frame, const struct sighting *seen,
                        bool is_first_round)
{
    double length2 = spots_length2(&seen->spot, &cluster->spot);
    if (!(length2 <= STEP_GATE2))
        return -INFINITY;
    double density = spots_log_density(&seen->spot, &cluster->spot, &length2);
    const struct step_look *look = cluster_look(cluster, frame);
    double log_hit = look == NULL ? log(FLOOR_HIT_UNLISTED) : look->log_hit;
    double log_miss = look == NULL ? log1p(-FLOOR_HIT_UNLISTED) : look->log_miss;
    double gain = density + log_hit - log(STEP_STRAYS_PER_M2);
    if (cluster->part_count > 0)
        return gain - log_miss;
    /* Only this sighting would say that the person is there. */
    double others = 0;
    for (uint32_t i = 0; i < cluster->look_count; i++) {
        uint32_t other = cluster->looks[i].frame;
        if (other != frame && (!is_first_round || other < frame))
            others += cluster->looks[i].miss;
    }
    double odds = cluster->track->odds + others;
    return gain + odds - log1p(exp(fmin(odds + log_miss, 30)));
}

static void pair_sighting(struct step *step, const struct step_ground *ground, uint32_t frame,
                          uint32_t row, bool is_first_round)
{
    const struct step_frame *own = &step->frames[frame];
    const struct sighting *seen = &own->sightings[row];
    const struct floor *floor = ground->floor;
    double reach_x = 4 * sqrt(seen->spot.spread.xx + step->reach_x * step->reach_x);
    double reach_y = 4 * sqrt(seen->spot.spread.yy + step->reach_y * step->reach_y);
    reach_x = fmin(reach_x, STEP_REACH_M);
    reach_y = fmin(reach_y, STEP_REACH_M);
    struct spot low = {.x = seen->spot.x - reach_x, .y = seen->spot.y - reach_y};
    struct spot high = {.x = seen->spot.x + reach_x, .y = seen->spot.y + reach_y};
    size_t first = step_bucket(ground, &low), last = step_bucket(ground, &high);
    size_t columns = (size_t)floor->columns, near = 0;
    for (size_t y = first / columns; y <= last / columns; y++) {
        for (size_t x = first % columns; x <= last % columns; x++) {
            for (uint32_t i = step->buckets[y * columns + x];
                 i != STEP_NONE && near < STEP_NEAR_MAX;) {
                struct cluster *cluster = &step->clusters[i];
                uint32_t next = cluster->next;
                bool is_empty = cluster->track == NULL && cluster->part_count == 0;
                if (!is_empty && cluster->part_count < FLOOR_CAMERAS_MAX) {
                    double gain = part_gain(cluster, frame, seen, is_first_round);
                    near += gain > -INFINITY ? 1 : 0;
                    if (gain > 0)
                        gain += cluster_number_gain(cluster, own->device, own->source_tracks[row]);
                    if (gain > 0)
                        cluster->column = STEP_NONE;
                    step_add_pair(step, row, i, gain);
                }
                i = next;
            }
        }
    }
}

/* Clusters that stand in a pair get small numbers, in the order of the pairs. */
static size_t number_columns(struct step *step)
{
    size_t count = 0;
    for (size_t i = 0; i < step->pair_count; i++) {
        struct cluster *cluster = &step->clusters[step->pairs[i].column];
        if (cluster->column == STEP_NONE) {
            step_reserve_columns(step, count + 1);
            step->owners[count] = step->pairs[i].column;
            cluster->column = (uint32_t)count++;
        }
        step->pairs[i].column = cluster->column;
    }
    return count;
}

void step_take_turn(struct step *step, const struct step_ground *ground, uint32_t frame,
                    bool is_first_round)
{
    struct step_frame *own = &step->frames[frame];
    SCOPED_MEM uint32_t *before = mem_new_array((size_t)own->count + 1, sizeof *before);
    for (uint32_t i = 0; i < own->count; i++) {
        before[i] = own->sightings[i].cluster;
        if (before[i] != STEP_NONE)
            step_remove_part(step, &step->clusters[before[i]], frame);
    }
    step->pair_count = 0;
    for (uint32_t i = 0; i < own->count; i++)
        pair_sighting(step, ground, frame, i, is_first_round);
    size_t columns = number_columns(step);
    step_reserve_columns(step, own->count);
    (void)assignment_solve(step->assignment, own->count, columns, step->pairs, step->pair_count,
                           step->columns);
    for (uint32_t i = 0; i < own->count; i++) {
        uint32_t column = step->columns[i];
        if (column != ASSIGNMENT_ALONE) {
            step_add_part(step, step->owners[column], frame, i);
        } else if (before[i] != STEP_NONE && step->clusters[before[i]].track == NULL &&
                   step->clusters[before[i]].part_count == 0) {
            step_add_part(step, before[i], frame, i); /* it stays alone */
        } else {
            step_add_newcomer(step, ground, frame, i);
            step_fill_bucket(step, ground, (uint32_t)step->cluster_count - 1);
        }
        step->is_changed |= own->sightings[i].cluster != before[i];
    }
}
