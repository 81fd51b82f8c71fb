// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/belief.c — odds rise by what each sighting is likelier for a person than for chance, and
 * fall by what is missed. */
#include "crowd/tracking/belief.h"

/* What the sightings say for the person's existence, one after the other, each against what was
 * known before it; a look that is no news counts less. */
static double hit_evidence(const struct step *step, const struct cluster *cluster, bool is_new)
{
    double odds = 0;
    struct evidence known = is_new ? (struct evidence){0} : cluster->prior;
    for (uint32_t i = 0; i < cluster->part_count; i++) {
        const struct step_part *part = &cluster->parts[i];
        const struct sighting *seen = &step->frames[part->frame].sightings[part->sighting];
        if (!is_new || i > 0) {
            struct spot spot = evidence_spot(&known);
            double length2 = 0;
            double density = spots_log_density(&seen->spot, &spot, &length2);
            double log_hit = log(FLOOR_HIT_UNLISTED), news = 1;
            for (uint32_t k = 0; k < cluster->look_count; k++) {
                if (cluster->looks[k].frame == part->frame) {
                    log_hit = cluster->looks[k].log_hit;
                    news = cluster->looks[k].news;
                }
            }
            odds += news * (density - log(STEP_STRAYS_PER_M2) + log_hit);
        }
        known = evidence_sum(known, seen->evidence);
    }
    return odds;
}

static double miss_evidence(const struct step *step, const struct cluster *cluster)
{
    if (cluster->part_count == 0)
        return cluster_missed(cluster, step);
    double odds = 0;
    for (uint32_t i = 0; i < cluster->look_count; i++) {
        if (!cluster_has_part(cluster, cluster->looks[i].frame))
            odds += cluster->looks[i].miss;
    }
    return odds;
}

double belief_missed_by_chance(const struct cluster *cluster)
{
    double odds = 0;
    for (uint32_t i = 0; i < cluster->look_count; i++)
        odds += cluster->looks[i].miss;
    return odds;
}

void belief_weigh(struct track *track, const struct step *step, const struct cluster *cluster,
                  bool is_new)
{
    track->odds += hit_evidence(step, cluster, is_new) + miss_evidence(step, cluster);
    track->odds = fmin(fmax(track->odds, TRACK_ODDS_MIN), TRACK_ODDS_MAX);
    if (track->odds > TRACK_ODDS_CERTAIN)
        track->is_certain = true;
    track->is_hidden = cluster->part_count == 0;
}
