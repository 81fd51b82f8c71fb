// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/motion.h — how a person moves: position and velocity with their covariance (a Kalman
 * filter), metres and seconds. Most of the time the velocity stays nearly as it is (white acceleration);
 * now and then it is chosen anew: somebody stops, turns, or starts. Both are offered to whoever
 * associates, who decides which one happened. */
#pragma once
#include "crowd/tracking/spot.h"

/* Power of the acceleration noise, (m/s²)²·s: a deviation of 0.4 m/s after a second. */
#define MOTION_ACCELERATION (0.4 * 0.4)
/* Deviation of each component of a chosen velocity: mean speed 1.25 m/s (Weidmann 1993: 1.34). */
#define MOTION_VELOCITY 1.0
/* How often a velocity is chosen anew, per second. */
#define MOTION_RENEWALS_PER_S 0.1
/* Clocks of cameras are not exact, and pictures wait in buffers: along its path a person is known
 * only to this share of the time between two looks; to the whole of it when it was chosen anew. */
#define MOTION_TIMING 0.2

struct motion {
    double state[4]; /* x, y, vx, vy */
    double p[4][4];
};

void motion_start(struct motion *motion, const struct spot *spot, double vx, double vy,
                  double velocity_variance);
void motion_predict(struct motion *motion, double seconds);
/* The velocity is chosen anew within `seconds`; the position spreads accordingly. */
void motion_renew(struct motion *motion, double seconds);
void motion_update(struct motion *motion, const struct spot *seen);
struct spot motion_spot(const struct motion *motion);
/* Adds the uncertainty of time along the velocity. */
struct spot motion_spot_in_time(const struct motion *motion, double seconds);

/* One step back of a Rauch-Tung-Striebel smoother: `filtered` at a time and what is known of the moment
 * `seconds` after it become what is known of the time itself. */
void motion_smooth(const struct motion *filtered, double seconds, bool is_renewed,
                   struct motion *inout_known);
