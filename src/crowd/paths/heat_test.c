// SPDX-License-Identifier: Apache-2.0
#include "crowd/paths/heat.h"

#include "base/random.h"
#include "base/test.h"

#include <math.h>

static struct heat_grid grid_of(double width, double height, double cell_m)
{
    struct heat_grid grid;
    CHECK_INT(heat_grid_choose((struct point){0, 0}, (struct point){width, height}, cell_m, &grid),
              ERR_NONE);
    return grid;
}

TEST(the_grid_is_as_fine_as_the_cells_allow)
{
    struct heat_grid grid = grid_of(40, 20.2, 0.5);
    CHECK(grid.cell_m == 0.5 && grid.columns == 80 && grid.rows == 41);
    grid = grid_of(300, 200, 0.5);
    CHECK(grid.cell_m == 1 && grid.columns == 300 && grid.rows == 200);
    grid = grid_of(2000, 1000, 0.5);
    CHECK(grid.cell_m == 8);
    struct point low = {0, 0};
    CHECK_INT(heat_grid_choose(low, (struct point){1e6, 1e6}, 0.5, &grid), ERR_INVALID);
    CHECK_INT(heat_grid_choose(low, (struct point){10, 0}, 0.5, &grid), ERR_INVALID);
    CHECK_INT(heat_grid_choose(low, (struct point){10, NAN}, 0.5, &grid), ERR_INVALID);
    CHECK_INT(heat_grid_choose(low, (struct point){10, 10}, 0.1, &grid), ERR_INVALID);
}

TEST(a_stay_counts_in_its_cell_for_the_part_that_lies_in_the_period)
{
    struct heat_grid grid = grid_of(10, 10, 1);
    SCOPED(heat) first = heat_create(&grid, 0, 60000);
    SCOPED(heat) second = heat_create(&grid, 60000, 120000);
    struct stay stay = {1, 59500, 61000, 3.5, 4.5};
    heat_add(first, &stay);
    heat_add(second, &stay);
    CHECK_NEAR(heat_person_seconds(first, (struct point){3.9, 4.1}), 0.5, 1e-9);
    CHECK_NEAR(heat_person_seconds(second, (struct point){3.9, 4.1}), 1.0, 1e-9);
    CHECK(heat_person_seconds(first, (struct point){4.1, 4.1}) == 0);
    heat_add(first, &(struct stay){2, 0, 1000, -0.1, 5});
    heat_add(first, &(struct stay){2, 0, 1000, 10, 5});
    CHECK_INT(first->outside_ms, 2000);
}

TEST(minutes_add_up_to_the_hour_exactly_through_their_bytes)
{
    enum { MINUTES = 60, STAYS = 40000 };
    struct random_sequence random = {.state = 4};
    struct heat_grid grid = grid_of(50, 30, 0.5);
    SCOPED(heat) hour = heat_create(&grid, 0, MINUTES * 60000LL);
    struct heat *minutes[MINUTES];
    for (int m = 0; m < MINUTES; m++)
        minutes[m] = heat_create(&grid, m * 60000LL, (m + 1) * 60000LL);
    for (int i = 0; i < STAYS; i++) {
        int64_t from_ms = (int64_t)random_below(&random, MINUTES * 60000);
        struct stay stay = {1, from_ms, from_ms + (int64_t)random_below(&random, 2000),
                            52 * random_uniform(&random) - 1, 32 * random_uniform(&random) - 1};
        heat_add(hour, &stay);
        for (int m = 0; m < MINUTES; m++)
            heat_add(minutes[m], &stay);
    }
    SCOPED(heat) sum = heat_create(&grid, 0, 0);
    size_t most = 0;
    for (int m = MINUTES - 1; m >= 0; m--) {
        SCOPED_MEM void *bytes = NULL;
        size_t len;
        struct heat *read = NULL;
        CHECK_INT(heat_pack(minutes[m], &bytes, &len), ERR_NONE);
        CHECK_INT(heat_unpack(bytes, len, &read), ERR_NONE);
        CHECK_INT(heat_sum(sum, read), ERR_NONE);
        heat_destroy(TAKE(read));
        most = MAX(most, len);
        ((uint8_t *)bytes)[random_below(&random, len)] ^= 2;
        CHECK_INT(heat_unpack(bytes, len, &read), ERR_CORRUPT);
        heat_destroy(minutes[m]);
    }
    CHECK(sum->from_ms == 0 && sum->until_ms == hour->until_ms);
    CHECK_INT(sum->outside_ms, hour->outside_ms);
    CHECK(memcmp(sum->person_ms, hour->person_ms,
                 (size_t)grid.columns * grid.rows * sizeof *sum->person_ms) == 0);
    print_message("# a minute of %d scattered stays: %zu bytes at most\n", STAYS / MINUTES, most);
    CHECK(most < 4000);
}

TEST(heat_of_another_grid_is_not_added)
{
    struct heat_grid fine = grid_of(10, 10, 0.5), coarse = grid_of(10, 10, 1);
    SCOPED(heat) a = heat_create(&fine, 0, 1000);
    SCOPED(heat) b = heat_create(&coarse, 0, 1000);
    CHECK_INT(heat_sum(a, b), ERR_INVALID);
}

TEST(aligned_grids_lie_in_one_another_whatever_the_plan)
{
    struct heat_grid fine, coarse;
    CHECK_INT(heat_grid_align((struct point){-3.2, 0.4}, (struct point){40, 20.2}, 1, &fine),
              ERR_NONE);
    CHECK(fine.low.x == -4 && fine.low.y == 0 && fine.columns == 44 && fine.rows == 21);
    CHECK_INT(heat_grid_align((struct point){-3.2, 0.4}, (struct point){2000, 500}, 1, &coarse),
              ERR_NONE);
    CHECK(coarse.cell_m == 4 && coarse.low.x == -4 && coarse.low.y == 0);
    char name[HEAT_GRID_NAME_SIZE];
    heat_grid_name(&fine, name);
    CHECK_TEXT(name, "1/-4/0/44/21");

    SCOPED(heat) part = heat_create(&fine, 0, 60000);
    SCOPED(heat) whole = heat_create(&coarse, 0, 60000);
    heat_add(part, &(struct stay){1, 0, 1000, -3.5, 0.5});
    heat_add(part, &(struct stay){1, 0, 1500, -0.1, 3.9});
    heat_add(part, &(struct stay){1, 0, 1700, 0.1, 3.9});
    heat_add(part, &(struct stay){1, 0, 1900, -5, 3.9});
    heat_gather(whole, part);
    CHECK_NEAR(heat_person_seconds(whole, (struct point){-2, 2}), 2.5, 1e-9);
    CHECK_NEAR(heat_person_seconds(whole, (struct point){2, 2}), 1.7, 1e-9);
    CHECK_INT(whole->outside_ms, 1900);
}
