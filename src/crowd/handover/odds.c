// SPDX-License-Identifier: Apache-2.0
/* crowd/handover/odds.c — someone who walks on crosses the border of what is seen as a density times a speed;
 * the newcomers' rate is of a cell, so that both are rates per m² and second. */
#include "crowd/handover/odds.h"

#include "crowd/tracking/floor.h"
#include "crowd/tracking/motion.h"

#include <math.h>

#define VELOCITY_SPREAD 0.3 /* m/s: of a velocity that was measured */
#define SPEED_LEAST     0.5 /* m/s, at which somebody comes into view */
#define TURN_LIMIT      2.0 /* log odds that the direction may give at most */
#define REACH_M         1.0 /* where a box begins and ends is not exact */

static double log_density(double dx, double dy, double variance)
{
    return -0.5 * (dx * dx + dy * dy) / variance - log(2 * M_PI * variance);
}

static bool can_be(const struct handover_known *lost, const struct handover_known *new,
                   double seconds)
{
    const struct handover_person *from = &lost->person, *to = &new->person;
    if (from->group == to->group && (!lost->is_given_up || from->id == to->id))
        return false;
    double reach =
        HANDOVER_SPEED_MAX * seconds + REACH_M + 3 * (from->deviation_m + to->deviation_m);
    return hypot(to->x - from->x, to->y - from->y) <= fmin(reach, HANDOVER_SPEED_MAX * seconds + 5);
}

/* Walks on as before: there, and with about that velocity. */
static double log_goes_on(const struct handover_person *from, const struct handover_person *to,
                          double seconds)
{
    double place = from->deviation_m * from->deviation_m + to->deviation_m * to->deviation_m;
    double drift = VELOCITY_SPREAD * VELOCITY_SPREAD +
                   MOTION_ACCELERATION * seconds; /* of the velocity, (m/s)² */
    double variance = place + VELOCITY_SPREAD * VELOCITY_SPREAD * seconds * seconds +
                      MOTION_ACCELERATION * seconds * seconds * seconds / 3 +
                      MOTION_TIMING * MOTION_TIMING;
    double there = log_density(to->x - from->x - from->vx * seconds,
                               to->y - from->y - from->vy * seconds, variance);
    double any = MOTION_VELOCITY * MOTION_VELOCITY;
    double turn = log_density(to->vx - from->vx, to->vy - from->vy, fmin(drift, any)) -
                  log_density(to->vx, to->vy, any);
    return there + fmin(turn, TURN_LIMIT) - MOTION_RENEWALS_PER_S * seconds;
}

static double log_turned(const struct handover_person *from, const struct handover_person *to,
                         double seconds)
{
    double spread = MOTION_VELOCITY * seconds;
    double variance =
        spread * spread + from->deviation_m * from->deviation_m + to->deviation_m * to->deviation_m;
    return log_density(to->x - from->x, to->y - from->y, variance) +
           log(-expm1(-MOTION_RENEWALS_PER_S * seconds));
}

/* The share of those who begin that are newcomers. */
static double newcomers(const struct handover_rate *rate)
{
    return fmax(1 - rate->joined / (rate->begun + HANDOVER_BEGUN_WEIGHT), HANDOVER_NEWCOMERS_MIN);
}

double handover_odds(const struct handover_known *lost, const struct handover_known *new,
                     const struct looks *looks, const struct handover_rate *rate)
{
    const struct handover_person *from = &lost->person, *to = &new->person;
    int64_t gap_ms = to->at_ms - from->at_ms;
    double seconds = fmax((double)gap_ms / 1000, 0.1);
    if (gap_ms <= 0 || gap_ms > HANDOVER_KEEP_MS || !can_be(lost, new, seconds))
        return -INFINITY;
    double crossing = fmax(hypot(to->vx, to->vy), SPEED_LEAST) / FLOOR_CELL_M;
    double walked = exp(log_goes_on(from, to, seconds)) + exp(log_turned(from, to, seconds));
    double straight = walked * crossing / fmax(to->arrivals, 1e-9);
    double begins = (rate->begun + 1) / (rate->watched_s + 10);
    double sometime = exp(-seconds / HANDOVER_RETURN_S) / HANDOVER_RETURN_S / begins;
    double way = log(HANDOVER_RETURNS * (straight + sometime) / 2 / newcomers(rate));
    return way + looks_odds(looks, &lost->look, &new->look);
}
