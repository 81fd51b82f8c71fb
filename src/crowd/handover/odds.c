// SPDX-License-Identifier: Apache-2.0
/* crowd/handover/odds.c — someone who walks on crosses the border of what is seen as a density times a speed;
 * the newcomers' rate is of a cell, so that both are rates per m² and second. */
#include "crowd/handover/odds.h"

#include "crowd/tracking/floor.h"
#include "crowd/tracking/motion.h"

#include <math.h>

#define VELOCITY_SPREAD 0.3      /* m/s: of a velocity that was measured */
#define SPEED_LEAST     0.5      /* m/s, at which somebody comes into view */
#define TURN_LIMIT      7.389056 /* e²: odds that the direction may give at most */
#define REACH_M         1.0      /* where a box begins and ends is not exact */

/* A thousand who are lost meet dozens who begin fifty times a second: powers of e and roots are the cost, and so
 * none is taken twice, and no logarithm to be raised again. */
static double square_of(double x, double y)
{
    return x * x + y * y;
}

static bool can_be(const struct handover_known *lost, const struct handover_known *new,
                   double seconds)
{
    const struct handover_person *from = &lost->person, *to = &new->person;
    if (from->group == to->group && (!lost->is_given_up || from->id == to->id))
        return false;
    double reach =
        HANDOVER_SPEED_MAX * seconds + REACH_M + 3 * (from->deviation_m + to->deviation_m);
    double limit = fmin(reach, HANDOVER_SPEED_MAX * seconds + 5);
    return square_of(to->x - from->x, to->y - from->y) <= limit * limit;
}

/* Walks on as before: there, and with about that velocity; a density. */
static double goes_on(const struct handover_person *from, const struct handover_person *to,
                      double seconds)
{
    double place = from->deviation_m * from->deviation_m + to->deviation_m * to->deviation_m;
    double drift = VELOCITY_SPREAD * VELOCITY_SPREAD +
                   MOTION_ACCELERATION * seconds; /* of the velocity, (m/s)² */
    double variance = place + VELOCITY_SPREAD * VELOCITY_SPREAD * seconds * seconds +
                      MOTION_ACCELERATION * seconds * seconds * seconds / 3 +
                      MOTION_TIMING * MOTION_TIMING;
    double off =
        square_of(to->x - from->x - from->vx * seconds, to->y - from->y - from->vy * seconds);
    double any = MOTION_VELOCITY * MOTION_VELOCITY;
    drift = fmin(drift, any);
    double turn = any / drift *
                  exp(0.5 * (square_of(to->vx, to->vy) / any -
                             square_of(to->vx - from->vx, to->vy - from->vy) / drift));
    return exp(-0.5 * off / variance) / (2 * M_PI * variance) * fmin(turn, TURN_LIMIT);
}

static double turned(const struct handover_person *from, const struct handover_person *to,
                     double seconds)
{
    double spread = MOTION_VELOCITY * seconds;
    double variance =
        spread * spread + from->deviation_m * from->deviation_m + to->deviation_m * to->deviation_m;
    return exp(-0.5 * square_of(to->x - from->x, to->y - from->y) / variance) /
           (2 * M_PI * variance);
}

/* The share of those who begin that are newcomers. */
static double newcomers(const struct handover_rate *rate)
{
    return fmax(1 - rate->joined / (rate->begun + HANDOVER_BEGUN_WEIGHT), HANDOVER_NEWCOMERS_MIN);
}

double handover_odds(const struct handover_known *lost, const struct handover_known *new,
                     const struct looks_scale *looks, const struct handover_rate *rate)
{
    const struct handover_person *from = &lost->person, *to = &new->person;
    int64_t gap_ms = to->at_ms - from->at_ms;
    double seconds = fmax((double)gap_ms / 1000, 0.1);
    if (gap_ms <= 0 || gap_ms > HANDOVER_KEEP_MS || !can_be(lost, new, seconds))
        return -INFINITY;
    double crossing = fmax(sqrt(square_of(to->vx, to->vy)), SPEED_LEAST) / FLOOR_CELL_M;
    double as_before = exp(-MOTION_RENEWALS_PER_S * seconds); /* the chance to walk on so */
    double walked =
        as_before * goes_on(from, to, seconds) + (1 - as_before) * turned(from, to, seconds);
    double straight = walked * crossing / fmax(to->arrivals, 1e-9);
    double begins = (rate->begun + 1) / (rate->watched_s + 10);
    double sometime = exp(-seconds / HANDOVER_RETURN_S) / HANDOVER_RETURN_S / begins;
    double way = log(HANDOVER_RETURNS * (straight + sometime) / 2 / newcomers(rate));
    return way + looks_odds(looks, &lost->look, &new->look);
}
