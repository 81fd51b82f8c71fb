// SPDX-License-Identifier: Apache-2.0
#include "base/assignment.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/test.h"

#include <math.h>

TEST(the_largest_sum_wins_over_the_largest_pair)
{
    SCOPED(assignment) assignment = assignment_create();
    static const struct assignment_pair pairs[] = {{0, 0, 10}, {0, 1, 9}, {1, 0, 9}};
    uint32_t columns[2];
    CHECK_NEAR(assignment_solve(assignment, 2, 2, pairs, COUNT_OF(pairs), columns), 18, 1e-9);
    CHECK_INT(columns[0], 1);
    CHECK_INT(columns[1], 0);
}

TEST(a_row_that_gains_nothing_stays_alone)
{
    SCOPED(assignment) assignment = assignment_create();
    static const struct assignment_pair pairs[] = {{0, 0, 0}, {1, 0, 2}, {2, 0, 3}, {3, 1, -1}};
    uint32_t columns[4];
    CHECK_NEAR(assignment_solve(assignment, 4, 2, pairs, COUNT_OF(pairs), columns), 3, 1e-9);
    CHECK_INT(columns[0], ASSIGNMENT_ALONE);
    CHECK_INT(columns[1], ASSIGNMENT_ALONE);
    CHECK_INT(columns[2], 0);
    CHECK_INT(columns[3], ASSIGNMENT_ALONE);
    CHECK_NEAR(assignment_solve(assignment, 0, 0, NULL, 0, columns), 0, 0);
}

/* The naive model: every way to place the rows from `row` on. */
static double best_by_trying(const double gains[6][6], size_t row, unsigned taken)
{
    if (row == 6)
        return 0;
    double best = best_by_trying(gains, row + 1, taken);
    for (unsigned column = 0; column < 6; column++) {
        if (gains[row][column] > 0 && (taken & (1U << column)) == 0)
            best = fmax(best, gains[row][column] +
                                  best_by_trying(gains, row + 1, taken | (1U << column)));
    }
    return best;
}

TEST(the_sum_is_that_of_trying_every_way)
{
    SCOPED(assignment) assignment = assignment_create();
    struct random_sequence chance = {.state = 7};
    for (int round = 0; round < 500; round++) {
        double gains[6][6] = {0};
        struct assignment_pair pairs[36];
        size_t count = 0;
        double share = random_uniform(&chance);
        for (uint32_t row = 0; row < 6; row++) {
            for (uint32_t column = 0; column < 6; column++) {
                if (random_uniform(&chance) > share)
                    continue;
                gains[row][column] = random_uniform(&chance) * 10 - 2;
                pairs[count++] = (struct assignment_pair){row, column, gains[row][column]};
            }
        }
        uint32_t columns[6];
        double sum = assignment_solve(assignment, 6, 6, pairs, count, columns);
        CHECK_NEAR(sum, best_by_trying(gains, 0, 0), 1e-9);
        double told = 0;
        unsigned taken = 0;
        for (size_t row = 0; row < 6; row++) {
            if (columns[row] == ASSIGNMENT_ALONE)
                continue;
            CHECK((taken & (1U << columns[row])) == 0);
            taken |= 1U << columns[row];
            told += gains[row][columns[row]];
        }
        CHECK_NEAR(told, sum, 1e-9);
    }
}

TEST(five_thousand_who_each_meet_their_neighbours_are_one_part_and_still_quick)
{
    SCOPED(assignment) assignment = assignment_create();
    struct random_sequence chance = {.state = 3};
    enum { ROWS = 5000, NEIGHBOURS = 20 };
    SCOPED_MEM struct assignment_pair *pairs =
        mem_new_array((size_t)ROWS * NEIGHBOURS, sizeof *pairs);
    SCOPED_MEM uint32_t *columns = mem_new_array(ROWS, sizeof *columns);
    size_t count = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        for (uint32_t k = 0; k < NEIGHBOURS; k++)
            pairs[count++] = (struct assignment_pair){row, (row + k) % ROWS,
                                                      k == 3 ? 10 : 9 * random_uniform(&chance)};
    }
    int64_t started_us = clock_monotonic_us();
    CHECK_NEAR(assignment_solve(assignment, ROWS, ROWS, pairs, count, columns), 10.0 * ROWS, 1e-6);
    for (uint32_t row = 0; row < ROWS; row++)
        CHECK_INT(columns[row], (row + 3) % ROWS);
    CHECK(clock_monotonic_us() - started_us < 5000000); /* a matrix of all of them takes minutes */
}

TEST(many_who_want_the_same_few_places_leave_the_rest_alone)
{
    SCOPED(assignment) assignment = assignment_create();
    enum { ROWS = 3000, PLACES = 64 };
    SCOPED_MEM struct assignment_pair *pairs = mem_new_array((size_t)ROWS * PLACES, sizeof *pairs);
    SCOPED_MEM uint32_t *columns = mem_new_array(ROWS, sizeof *columns);
    size_t count = 0, placed = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        for (uint32_t k = 0; k < PLACES; k++)
            pairs[count++] = (struct assignment_pair){row, k, row < PLACES ? 1 : 2};
    }
    CHECK_NEAR(assignment_solve(assignment, ROWS, PLACES, pairs, count, columns), 2.0 * PLACES,
               1e-6);
    for (uint32_t row = 0; row < ROWS; row++)
        placed += columns[row] != ASSIGNMENT_ALONE ? 1 : 0;
    CHECK_INT(placed, PLACES);
}
