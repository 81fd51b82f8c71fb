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

TEST(a_total_that_falls_is_a_reset_and_counts_what_it_shows)
{
    struct counter gate = {.name = "gate-1"};
    (void)hear(&gate, "total_out", 100, 900);
    CHECK_NEAR(hear(&gate, "total_out", 160, 12), 12, 0);
    CHECK_INT(gate.fault, COUNTER_RESET);
    CHECK_INT(gate.fault_ms, 160 * S);
    CHECK_NEAR(hear(&gate, "total_out", 220, 15), 3, 0);
    CHECK_INT(gate.faults, 1);
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
