// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/relay.h — people as one device tells them that follows people itself: it looks alone, tells
 * places on the floor in metres, and a number for everybody (3D sensors, lidar, radio badges, recorded
 * trajectories). It is taken at its word: its places are the people's, to the millimetre, each number is a
 * person, at once. What a tracker could add from the same places is a delay and a guess; nobody else looks
 * there who knows better. Pure.
 *
 * A number that is not there for RELAY_FORGET_MS is somebody else when it comes again. Velocities are
 * those between places RELAY_SPAN_MS before and after (before only, of now). */
#pragma once
#include "crowd/tracking/floor.h"
#include "crowd/tracking/tracker.h"

#define RELAY_FORGET_MS 3000
#define RELAY_SPAN_MS   300
/* Steps that wait to be settled; beyond, the oldest are given up. Of 50 ms: more than the lag and a second. */
#define RELAY_STEPS_MAX 128

struct relay;
/* Borrows what it is given for its life. `id_step` as of tracker.h. */
struct relay *relay_create(const struct floor *floor, uint64_t *next_id, uint64_t id_step);
void relay_destroy(struct relay *relay); /* NULL is fine */

/* Whether the frame is of the kind: in metres, everybody with a number. */
bool relay_fits(const struct tracker_frame *frame);
/* Later than the step before. Who stands outside the floor, or has a number twice, is passed over. */
void relay_step(struct relay *relay, int64_t at_ms, const struct tracker_frame *frame);
/* As of tracker.h. */
const struct tracker_person *relay_people(const struct relay *relay, size_t *out_count);
struct tracker_fix *relay_settle(struct relay *relay, int64_t until_ms, size_t *out_count);
