// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/cluster.c — what is taken for one person in a step, and where clusters stand: in buckets,
 * one for each cell of the floor, so that a sighting meets only those within its reach. */
#include "crowd/tracking/step.h"

/* Without its arrays, which are written before they are read. */
void cluster_begin(struct cluster *cluster)
{
    cluster->track = NULL;
    cluster->is_renewed = false;
    cluster->prior = (struct evidence){0};
    cluster->existed = 0;
    cluster->part_count = cluster->look_count = 0;
    cluster->next = cluster->column = STEP_NONE;
}

/* Which of the step's frames look at the place, and how telling a look is. */
void cluster_find_looks(struct cluster *cluster, const struct step *step,
                        const struct step_ground *ground, const struct spot *spot)
{
    const struct floor_cell *cell = floor_cell_at(ground->floor, spot->x, spot->y);
    for (uint32_t i = 0; i < cell->look_count; i++) {
        uint32_t device = cell->looks[i].camera;
        uint32_t frame = step->frame_of_device[device];
        if (frame == STEP_NONE)
            continue;
        double rate = floor_hit_rate(cell, ground->cameras, device);
        const struct track_eye *eye =
            cluster->track == NULL ? NULL : track_eye(cluster->track, device);
        double news = eye == NULL ? 1 : (double)(step->at_ms - eye->looked_ms) / TRACK_LOOK_MS;
        news = fmin(news, 1);
        cluster->looks[cluster->look_count++] = (struct step_look){
            .frame = frame, .log_hit = log(rate), .log_miss = log1p(-rate), .news = news};
        struct step_look *look = &cluster->looks[cluster->look_count - 1];
        look->miss = news * look->log_miss;
    }
}

void cluster_set_prior(struct cluster *cluster, bool is_renewed)
{
    cluster->is_renewed = is_renewed;
    cluster->prior =
        evidence_of(is_renewed ? &cluster->track->renewed_spot : &cluster->track->predicted_spot);
}

struct cluster *step_add_track(struct step *step, const struct step_ground *ground,
                               struct track *track)
{
    struct cluster *cluster = &step->clusters[step->cluster_count++];
    cluster_begin(cluster);
    cluster->track = track;
    cluster_set_prior(cluster, false);
    cluster_set_sum(cluster, cluster->prior);
    cluster_find_looks(cluster, step, ground, &track->predicted_spot);
    double missed = cluster_missed(cluster, step);
    cluster->existed = track->odds - log1p(exp(fmin(track->odds + missed, 30)));
    return cluster;
}

void step_add_newcomer(struct step *step, const struct step_ground *ground, uint32_t frame,
                       uint32_t sighting)
{
    step_reserve_clusters(step, step->cluster_count + 1);
    uint32_t index = (uint32_t)step->cluster_count++;
    struct cluster *cluster = &step->clusters[index];
    struct sighting *seen = &step->frames[frame].sightings[sighting];
    cluster_begin(cluster);
    cluster_set_sum(cluster, seen->evidence);
    cluster->part_count = 1;
    cluster->parts[0] = (struct step_part){frame, sighting};
    cluster_find_looks(cluster, step, ground, &seen->spot);
    seen->cluster = index;
}

const struct step_look *cluster_look(const struct cluster *cluster, uint32_t frame)
{
    for (uint32_t i = 0; i < cluster->look_count; i++) {
        if (cluster->looks[i].frame == frame)
            return &cluster->looks[i];
    }
    return NULL;
}

void step_remove_part(struct step *step, struct cluster *cluster, uint32_t frame)
{
    for (uint32_t i = 0; i < cluster->part_count; i++) {
        if (cluster->parts[i].frame != frame)
            continue;
        cluster->parts[i] = cluster->parts[--cluster->part_count];
        break;
    }
    /* Summed anew: differences of large numbers would leave crumbs. */
    struct evidence sum = cluster->track != NULL ? cluster->prior : (struct evidence){0};
    for (uint32_t i = 0; i < cluster->part_count; i++) {
        const struct step_part *part = &cluster->parts[i];
        sum = evidence_sum(sum, step->frames[part->frame].sightings[part->sighting].evidence);
    }
    cluster_set_sum(cluster, sum);
}

void step_add_part(struct step *step, uint32_t index, uint32_t frame, uint32_t sighting)
{
    struct cluster *cluster = &step->clusters[index];
    struct sighting *seen = &step->frames[frame].sightings[sighting];
    cluster->parts[cluster->part_count++] = (struct step_part){frame, sighting};
    cluster_set_sum(cluster, evidence_sum(cluster->sum, seen->evidence));
    seen->cluster = index;
}

static double hidden_chance(const struct track *track, double seconds)
{
    double share = seconds * 1000 / TRACK_LOOK_MS;
    return track->is_hidden ? pow(TRACK_STAYS_HID, fmin(share, 1))
                            : 1 - pow(1 - TRACK_HIDES, fmin(share, 1));
}

double cluster_missed(const struct cluster *cluster, const struct step *step)
{
    double miss = 0;
    for (uint32_t i = 0; i < cluster->look_count; i++)
        miss += cluster->looks[i].miss;
    if (cluster->track == NULL)
        return miss;
    double hidden = hidden_chance(cluster->track, step->seconds);
    return log(hidden + (1 - hidden) * exp(miss));
}

double cluster_number_gain(const struct cluster *cluster, uint32_t device, int64_t source_track)
{
    if (cluster->track == NULL || source_track < 0)
        return 0;
    const struct track_eye *eye = track_eye(cluster->track, device);
    return eye != NULL && eye->source_track == source_track ? STEP_SAME_NUMBER : 0;
}

size_t step_bucket(const struct step_ground *ground, const struct spot *spot)
{
    return (size_t)(floor_cell_at(ground->floor, spot->x, spot->y) - ground->floor->cells);
}

void step_fill_bucket(struct step *step, const struct step_ground *ground, uint32_t index)
{
    struct cluster *cluster = &step->clusters[index];
    const struct spot *spot = &cluster->spot;
    size_t bucket = step_bucket(ground, spot);
    cluster->next = step->buckets[bucket];
    step->buckets[bucket] = index;
    step->reach_x = fmax(step->reach_x, sqrt(spot->spread.xx));
    step->reach_y = fmax(step->reach_y, sqrt(spot->spread.yy));
}

void step_fill_buckets(struct step *step, const struct step_ground *ground)
{
    size_t cells = (size_t)ground->floor->columns * (size_t)ground->floor->rows;
    for (size_t i = 0; i < cells; i++)
        step->buckets[i] = STEP_NONE;
    step->reach_x = step->reach_y = 0;
    for (uint32_t i = 0; i < step->cluster_count; i++) {
        if (step->clusters[i].track != NULL || step->clusters[i].part_count > 0)
            step_fill_bucket(step, ground, i);
    }
}

bool cluster_has_part(const struct cluster *cluster, uint32_t frame)
{
    for (uint32_t i = 0; i < cluster->part_count; i++) {
        if (cluster->parts[i].frame == frame)
            return true;
    }
    return false;
}
