// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracking/motion.h"

#include "base/random.h"
#include "base/test.h"

static const struct spot seen_at_1_2 = {1, 2, {0.04, 0, 0.09}};

TEST(prediction_is_that_of_a_constant_velocity_with_white_acceleration)
{
    struct motion motion;
    motion_start(&motion, &seen_at_1_2, 1.5, -0.5, 0.25);
    motion_predict(&motion, 2);
    const double q = 0.16;
    CHECK_NEAR(motion.state[0], 4, 1e-12);
    CHECK_NEAR(motion.state[1], 1, 1e-12);
    CHECK_NEAR(motion.state[2], 1.5, 1e-12);
    CHECK_NEAR(motion.p[0][0], 0.04 + 4 * 0.25 + q * 8 / 3, 1e-12);
    CHECK_NEAR(motion.p[1][1], 0.09 + 4 * 0.25 + q * 8 / 3, 1e-12);
    CHECK_NEAR(motion.p[0][2], 2 * 0.25 + q * 4 / 2, 1e-12);
    CHECK_NEAR(motion.p[2][0], motion.p[0][2], 1e-12);
    CHECK_NEAR(motion.p[2][2], 0.25 + q * 2, 1e-12);
    CHECK_NEAR(motion.p[0][3], 0, 1e-12);
}

TEST(an_update_is_the_weighted_mean_and_the_velocity_follows_by_its_covariance)
{
    struct motion motion;
    motion_start(&motion, &(struct spot){0, 0, {1, 0, 1}}, 0, 0, 1);
    motion.p[0][2] = motion.p[2][0] = 0.5;
    motion_update(&motion, &(struct spot){2, 0, {3, 0, 3}});
    CHECK_NEAR(motion.state[0], 0.5, 1e-12); /* 1 / (1 + 3) of the way */
    CHECK_NEAR(motion.state[2], 0.25, 1e-12);
    CHECK_NEAR(motion.p[0][0], 0.75, 1e-12);
    CHECK_NEAR(motion.p[2][2], 1 - 0.5 * 0.5 / 4, 1e-12);
    CHECK_NEAR(motion.p[0][2], 0.5 - 0.5 / 4, 1e-12);
    CHECK_NEAR(motion.state[1], 0, 1e-12);
}

TEST(a_renewal_forgets_the_velocity_and_spreads_the_place_by_what_may_have_happened)
{
    struct motion motion;
    motion_start(&motion, &seen_at_1_2, 1.5, 0, 0.25);
    motion.p[1][2] = motion.p[2][1] = 0.1;
    motion_renew(&motion, 2);
    CHECK_NEAR(motion.p[1][2], 0, 0);
    CHECK_NEAR(motion.p[2][1], 0, 0);
    CHECK_NEAR(motion.state[0], 1, 1e-12); /* it may have stood still or gone on: the mean stays */
    CHECK_NEAR(motion.state[2], 0, 1e-12);
    CHECK_NEAR(motion.p[0][0], 0.04 + 4 + 1.5 * 1.5 * 4, 1e-12);
    CHECK_NEAR(motion.p[1][1], 0.09 + 4, 1e-12);
    CHECK_NEAR(motion.p[2][2], 1, 1e-12);
    CHECK_NEAR(motion.p[0][2], 2, 1e-12);
}

/* One step back with scalars: x' = x + v, nothing is known of v but what the later place says. */
TEST(smoothing_one_step_is_that_of_rauch_tung_and_striebel)
{
    struct motion filtered, known, predicted;
    motion_start(&filtered, &(struct spot){0, 0, {1, 0, 1}}, 0, 0, 1);
    predicted = filtered;
    motion_predict(&predicted, 1);
    known = predicted;
    motion_update(&known, &(struct spot){3, 0, {1e-9, 0, 1e-9}});
    motion_smooth(&filtered, 1, false, &known);
    double variance = 2 + 0.16 / 3; /* of the predicted place; it was 3 m off */
    CHECK_NEAR(known.state[0], 3 * 1 / variance, 1e-6);
    CHECK_NEAR(known.state[2], 3 * 1 / variance, 1e-6);
    CHECK_NEAR(known.p[0][0], 1 - 1 / variance, 1e-6);
}

enum { STEPS = 100 };

struct place {
    double x, y;
};

static void filter_walk(struct random_sequence *chance, struct motion *filtered,
                        struct place *truth)
{
    struct motion motion;
    double x = 0, y = 0, vx = 1.2, vy = 0.3;
    for (int i = 0; i < STEPS; i++) {
        vx += 0.4 * sqrt(0.1) * random_normal(chance);
        vy += 0.4 * sqrt(0.1) * random_normal(chance);
        x += 0.1 * vx;
        y += 0.1 * vy;
        truth[i] = (struct place){x, y};
        struct spot spot = {
            x + 0.2 * random_normal(chance), y + 0.2 * random_normal(chance), {0.04, 0, 0.04}};
        if (i == 0) {
            motion_start(&motion, &spot, 0, 0, 1);
        } else {
            motion_predict(&motion, 0.1);
            motion_update(&motion, &spot);
        }
        filtered[i] = motion;
    }
}

TEST(smoothing_is_better_than_filtering_on_every_walk)
{
    struct random_sequence chance = {.state = 9};
    for (int round = 0; round < 50; round++) {
        struct motion filtered[STEPS];
        struct place truth[STEPS];
        filter_walk(&chance, filtered, truth);
        struct motion known = filtered[STEPS - 1];
        double filter_error = 0, smooth_error = 0;
        for (int i = STEPS - 2; i >= 0; i--) {
            motion_smooth(&filtered[i], 0.1, false, &known);
            filter_error +=
                hypot(filtered[i].state[0] - truth[i].x, filtered[i].state[1] - truth[i].y);
            smooth_error += hypot(known.state[0] - truth[i].x, known.state[1] - truth[i].y);
            CHECK(known.p[0][0] <= filtered[i].p[0][0] + 1e-12);
        }
        CHECK(smooth_error < filter_error);
    }
}

TEST(a_gap_of_years_and_coincident_certain_spots_stay_finite)
{
    struct motion motion;
    motion_start(&motion, &seen_at_1_2, 2, 2, 1);
    struct motion before = motion;
    motion_predict(&motion, 1e9);
    motion_update(&motion, &(struct spot){1, 2, {1e-4, 0, 1e-4}});
    struct motion known = motion;
    motion_smooth(&before, 1e9, false, &known);
    for (int i = 0; i < 4; i++)
        CHECK(isfinite(motion.state[i]) && isfinite(known.state[i]) && isfinite(known.p[i][i]));
    for (int i = 0; i < 1000; i++)
        motion_update(&motion, &(struct spot){1, 2, {1e-4, 0, 1e-4}});
    CHECK_NEAR(motion.state[0], 1, 1e-3);
    CHECK(motion.p[0][0] >= 0 && motion.p[2][2] >= 0);
}
