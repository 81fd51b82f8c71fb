// SPDX-License-Identifier: Apache-2.0
#include "trends/inside/counter.h"

#include "base/test.h"

static const int64_t S = 1000;

static double hear(struct counter *counter, const char *measure, int64_t at_s, double value)
{
    return counter_hear(counter, count_measure_find(measure), at_s * S, value);
}

TEST(increments_add_up_and_the_same_message_again_counts_once)
{
    struct counter gate = {.name = "gate-1"};
    CHECK_NEAR(hear(&gate, "in", 100, 5), 5, 0);
    CHECK_NEAR(hear(&gate, "out", 100, 2), 2, 0);
    CHECK_NEAR(hear(&gate, "in", 100, 5), 0, 0);
    CHECK_NEAR(hear(&gate, "in", 160, 7), 7, 0);
    CHECK_NEAR(gate.ways[COUNT_IN].passed, 12, 0);
    CHECK_INT(gate.fault, COUNTER_WELL);
    CHECK_NEAR(hear(&gate, "in", 130, 3), 0, 0);
    CHECK_INT(gate.fault, COUNTER_LATE);
}

TEST(a_running_total_counts_from_its_first_value)
{
    struct counter gate = {.name = "gate-1"};
    CHECK_NEAR(hear(&gate, "total_in", 100, 4711), 0, 0);
    CHECK_NEAR(hear(&gate, "total_in", 160, 4720), 9, 0);
    CHECK_NEAR(hear(&gate, "total_in", 130, 4715), 0, 0); /* late, and harmless */
    CHECK_NEAR(hear(&gate, "total_in", 220, 4721), 1, 0);
    CHECK_INT(gate.fault, COUNTER_WELL);
}

TEST(a_total_that_falls_and_goes_on_from_there_has_begun_anew_and_counts_what_it_shows)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_out", 100, 900);
    CHECK_NEAR(hear(&gate, "total_out", 160, 12), 0, 0);
    CHECK_INT(gate.fault, COUNTER_RESET);
    CHECK_INT(gate.fault_ms, 160 * S);
    CHECK_NEAR(hear(&gate, "total_out", 220, 15), 15, 0);
    CHECK_NEAR(hear(&gate, "total_out", 280, 15), 0, 0);
    CHECK_INT(gate.faults, 1);
    /* It grows past where it was, also within the time in which a glitch may end. */
    double passed = 15;
    for (int i = 1; i <= 10; i++)
        passed += hear(&gate, "total_out", 280 + 60 * i, 15 + 100 * i);
    CHECK_NEAR(passed, 1015, 0);
    CHECK_INT(gate.faults, 1);
}

TEST(a_total_that_falls_and_comes_back_is_counted_from_where_it_was)
{
    static const double ODD[] = {0, 3, 2400, 90000};
    for (size_t i = 0; i < COUNT_OF(ODD); i++) {
        struct counter gate = {.name = "gate-1"};
        (void)hear(&gate, "total_in", 100, 5000);
        CHECK_NEAR(hear(&gate, "total_in", 700, ODD[i]), 0, 0);
        CHECK_INT(gate.fault, ODD[i] < 5000 ? COUNTER_RESET : COUNTER_JUMP);
        CHECK_NEAR(hear(&gate, "total_in", 1300, 5003), 3, 0);
        CHECK_INT(gate.fault, COUNTER_GLITCH);
        CHECK_NEAR(hear(&gate, "total_in", 1900, 5010), 7, 0);
        CHECK_INT(gate.faults, 2);
    }
}

TEST(a_glitch_of_several_messages_ends_within_its_time_and_counts_nobody_twice)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_in", 100, 5000);
    (void)hear(&gate, "total_in", 400, 0);
    CHECK_NEAR(hear(&gate, "total_in", 700, 4), 4, 0);
    CHECK_NEAR(hear(&gate, "total_in", 1000, 5010), 6, 0);
    CHECK_NEAR(gate.ways[COUNT_IN].passed, 10, 0);
}

TEST(a_glitch_that_lasts_for_hours_counts_who_passed_meanwhile_and_not_the_whole_total)
{
    static const double ODD[] = {0, 90000};
    for (size_t i = 0; i < COUNT_OF(ODD); i++) {
        struct counter gate = {.name = "gate-1"};
        int64_t at_s = 700;
        (void)hear(&gate, "total_in", 100, 5000);
        for (; at_s < 4 * 3600; at_s += 600)
            CHECK_NEAR(hear(&gate, "total_in", at_s, ODD[i]), 0, 0);
        CHECK_NEAR(hear(&gate, "total_in", at_s, 5900), 900, 0);
        CHECK_INT(gate.fault, COUNTER_GLITCH);
        CHECK_NEAR(hear(&gate, "total_in", at_s + 600, 5910), 10, 0);
        CHECK_INT(gate.faults, 2);
    }
}

TEST(two_odd_totals_in_a_row_count_nobody_when_the_old_one_comes_back)
{
    static const double ODD[][3] = {
        {0, 3000, 0}, {2400, 2403, 0}, {2400, 3000, 0}, {0, 4, 90000}, {90000, 91000, 91000},
    };
    for (size_t i = 0; i < COUNT_OF(ODD); i++) {
        struct counter gate = {.name = "gate-1"};
        (void)hear(&gate, "total_in", 100, 5000);
        for (size_t n = 0; n < 3 && (n < 2 || ODD[i][n] > 0); n++)
            (void)hear(&gate, "total_in", 300 + 200 * (int64_t)n, ODD[i][n]);
        (void)hear(&gate, "total_in", 900, 5010);
        CHECK_NEAR(gate.ways[COUNT_IN].passed, 10, 0);
        CHECK_INT(gate.fault, COUNTER_GLITCH);
        CHECK_NEAR(hear(&gate, "total_in", 1100, 5012), 2, 0);
    }
}

TEST(a_counter_that_began_anew_and_shows_many_counts_them_once_it_has_gone_on_for_a_while)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_in", 0, 5000);
    CHECK_NEAR(hear(&gate, "total_in", 600, 120), 0, 0);
    CHECK_NEAR(hear(&gate, "total_in", 1200, 150), 0, 0);
    CHECK_NEAR(hear(&gate, "total_in", 1500, 170), 20, 0);
    CHECK_NEAR(hear(&gate, "total_in", 1501, 171), 151, 0);
    CHECK_NEAR(hear(&gate, "total_in", 2100, 200), 29, 0);
    CHECK_INT(gate.fault, COUNTER_RESET);
    CHECK_INT(gate.faults, 1);
}

TEST(a_total_that_began_anew_and_passes_its_old_value_loses_nobody)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_in", 0, 900);
    (void)hear(&gate, "total_in", 60, 12);
    for (int i = 2; i <= 15; i++)
        (void)hear(&gate, "total_in", 60 * i, 60 * i - 50);
    CHECK_NEAR(hear(&gate, "total_in", 960, 905), 55, 0);
    CHECK_NEAR(gate.ways[COUNT_IN].passed, 905, 0);
    CHECK_INT(gate.faults, 1);
    /* Few by few all night, and then a group to just there. */
    struct counter door = {.name = "door"};
    (void)hear(&door, "total_in", 0, 40);
    for (int i = 0; i <= 38; i++)
        (void)hear(&door, "total_in", 600 + 600 * i, i);
    CHECK_NEAR(hear(&door, "total_in", 600 * 40, 42), 4, 0);
    CHECK_INT(door.faults, 1);
}

TEST(a_glitch_of_one_that_just_began_anew_counts_nobody_twice)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_in", 0, 5000);
    (void)hear(&gate, "total_in", 60, 0);
    (void)hear(&gate, "total_in", 120, 30);
    (void)hear(&gate, "total_in", 180, 90000);
    CHECK_NEAR(hear(&gate, "total_in", 240, 45), 0, 0);
    CHECK_NEAR(hear(&gate, "total_in", 300, 50), 20, 0);
    CHECK_NEAR(gate.ways[COUNT_IN].passed, 50, 0);
}

TEST(a_total_that_began_anew_in_a_rush_is_not_taken_for_a_glitch)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_in", 100, 200);
    (void)hear(&gate, "total_in", 400, 0);
    CHECK_NEAR(hear(&gate, "total_in", 700, 260), 260, 0);
}

TEST(a_total_that_is_set_back_a_little_does_not_count_all_it_shows)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_in", 100, 900);
    CHECK_NEAR(hear(&gate, "total_in", 400, 890), 0, 0);
    CHECK_NEAR(hear(&gate, "total_in", 700, 893), 3, 0);
}

TEST(more_than_can_pass_is_not_counted_and_counting_goes_on)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_in", 100, 0);
    CHECK_NEAR(hear(&gate, "total_in", 110, 251), 0, 0); /* 50 + 10 s of 20 at most */
    CHECK_INT(gate.fault, COUNTER_JUMP);
    CHECK_NEAR(gate.fault_value, 251, 0);
    CHECK_NEAR(hear(&gate, "total_in", 120, 261), 10, 0);
    struct counter mat = {.name = "mat"};
    (void)hear(&mat, "in", 100, 1);
    CHECK_NEAR(hear(&mat, "in", 110, 250), 250, 0);
    CHECK_NEAR(hear(&mat, "in", 120, 251), 0, 0);
    CHECK_INT(mat.fault, COUNTER_JUMP);
}

TEST(fewer_than_nobody_is_never_counted)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "in", 100, 8);
    CHECK_NEAR(hear(&gate, "in", 160, -3), 0, 0);
    CHECK_INT(gate.fault, COUNTER_NEGATIVE);
    CHECK_NEAR(gate.ways[COUNT_IN].passed, 8, 0);
}

TEST(of_several_forms_the_running_total_is_read)
{
    struct counter gate = {.name = "gate-1"};
    /* As Milesight's devices send them: both in each message. */
    CHECK_NEAR(hear(&gate, "period_in", 100, 5), 5, 0);
    CHECK_NEAR(hear(&gate, "total_in", 100, 105), 0, 0);
    CHECK_NEAR(hear(&gate, "period_in", 160, 4), 0, 0);
    CHECK_NEAR(hear(&gate, "total_in", 160, 109), 4, 0);
    /* A message was lost. */
    CHECK_NEAR(hear(&gate, "period_in", 280, 1), 0, 0);
    CHECK_NEAR(hear(&gate, "total_in", 280, 113), 4, 0);
    CHECK_NEAR(gate.ways[COUNT_IN].passed, 13, 0);
    CHECK(count_measure_find("temperature") == NULL);
}

TEST(of_one_message_with_both_forms_the_order_does_not_matter)
{
    static const char *const FIRST[] = {"period_in", "total_in"}, *const SECOND[] = {"total_in",
                                                                                     "period_in"};
    for (size_t i = 0; i < COUNT_OF(FIRST); i++) {
        struct counter gate = {.name = "gate-1"};
        double passed = hear(&gate, FIRST[i], 100, 5) + hear(&gate, SECOND[i], 100, 5);
        CHECK_NEAR(passed, 5, 0);
        passed = hear(&gate, FIRST[i], 160, 9) + hear(&gate, SECOND[i], 160, 9);
        CHECK_NEAR(passed, 4, 0);
    }
}

TEST(a_counter_that_changes_from_totals_to_increments_is_read_by_them_and_loses_nobody)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_in", 100, 7000);
    CHECK_NEAR(hear(&gate, "in", 160, 10), 0, 0); /* the total tells of them too */
    CHECK_NEAR(hear(&gate, "total_in", 160, 7010), 10, 0);
    /* Another device by the same name. */
    double passed = 0;
    for (int64_t at_s = 220; at_s < 460; at_s += 60)
        passed += hear(&gate, "in", at_s, 3);
    CHECK_NEAR(passed, 0, 0);
    CHECK_NEAR(hear(&gate, "in", 460, 3), 15, 0); /* with the four before */
    CHECK_NEAR(hear(&gate, "in", 520, 4), 4, 0);
    CHECK_NEAR(hear(&gate, "in", 520, 4), 0, 0);
    CHECK_INT(gate.fault, COUNTER_WELL);
    /* The first device is back: its total says where it stands. */
    CHECK_NEAR(hear(&gate, "total_in", 580, 7100), 0, 0);
    CHECK_NEAR(hear(&gate, "in", 640, 2), 0, 0);
    CHECK_NEAR(hear(&gate, "total_in", 640, 7102), 2, 0);
    CHECK_NEAR(gate.ways[COUNT_IN].passed, 31, 0);
}

TEST(a_counter_that_changes_from_totals_to_sums_is_read_by_them)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_in", 100, 7000);
    CHECK_NEAR(hear(&gate, "in_sum", 160, 500), 0, 0);
    CHECK_NEAR(hear(&gate, "in_sum", 340, 506), 0, 0);
    CHECK_NEAR(hear(&gate, "in_sum", 400, 508), 8, 0);
    CHECK_NEAR(hear(&gate, "in_sum", 460, 509), 1, 0);
}

TEST(a_total_that_comes_seldom_beside_its_periods_counts_everybody_once)
{
    struct counter gate = {.name = "gate-1"};
    double passed = 0;
    for (int64_t minute = 1; minute <= 180; minute++) {
        passed += hear(&gate, "period_in", minute * 60, 2);
        if (minute % 60 == 0)
            passed += hear(&gate, "total_in", minute * 60, 1000 + 2 * (double)minute);
    }
    CHECK_NEAR(passed, 360, 0);
}
