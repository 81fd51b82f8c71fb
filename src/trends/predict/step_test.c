// SPDX-License-Identifier: Apache-2.0
#include "trends/predict/step.h"

#include "base/test.h"

TEST(seconds_become_the_mean_of_their_minute_once_it_is_over)
{
    struct step step = {.step_s = 60};
    int64_t at_ms = -1;
    double people = -1;
    for (int second = 600; second < 660; second++)
        CHECK(!step_add(&step, second * 1000, second % 2 == 0 ? 10 : 20, &at_ms, &people));
    CHECK(step_add(&step, 660000, 99, &at_ms, &people));
    CHECK_INT(at_ms, 600000);
    CHECK(people == 15);
}

TEST(a_minute_that_was_hardly_told_is_not_known)
{
    struct step step = {.step_s = 60};
    int64_t at_ms = -1;
    double people = -1;
    for (int second = 0; second < 29; second++)
        CHECK(!step_add(&step, second * 1000, 5, &at_ms, &people));
    CHECK(!step_add(&step, 60000, 7, &at_ms, &people));
    CHECK(!step_add(&step, 59000, 500, &at_ms, &people)); /* late */
    for (int second = 61; second < 95; second++)
        CHECK(!step_add(&step, second * 1000, 7, &at_ms, &people));
    CHECK(step_add(&step, 300000, 1, &at_ms, &people));
    CHECK(at_ms == 60000 && people == 7);
}

TEST(steps_before_the_epoch_are_steps_too)
{
    struct step step = {.step_s = 2};
    int64_t at_ms;
    double people;
    CHECK(!step_add(&step, -4000, 1, &at_ms, &people));
    CHECK(!step_add(&step, -3000, 3, &at_ms, &people));
    CHECK(step_add(&step, -1500, 9, &at_ms, &people));
    CHECK(at_ms == -4000 && people == 2);
}
