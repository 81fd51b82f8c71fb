// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/tally.h"

#include "base/test.h"

static void add_step(struct tally *tally, uint32_t group, int64_t at_ms, uint16_t zone,
                     uint32_t people)
{
    SCOPED_MEM struct frame_count *step =
        mem_new(sizeof *step + sizeof(struct zone_count)); /* at least one entry */
    step->at_ms = at_ms;
    step->entry_count = people > 0 ? 1 : 0;
    if (people > 0)
        step->entries[0] = (struct zone_count){
            .zone = zone, .people = (uint16_t)people, .first = (uint16_t)people};
    tally_add(tally, group, step);
}

TEST(a_second_is_the_mean_of_its_steps_those_without_anybody_included)
{
    struct tally tally = {0};
    add_step(&tally, 0, 5000, 2, 3);
    add_step(&tally, 0, 5400, 2, 4);
    add_step(&tally, 0, 5999, 2, 0);
    add_step(&tally, 0, 6000, 2, 9);
    add_step(&tally, 1, 5000, 2, 7);
    const struct tally_group *found = tally_find(&tally, 5, 0);
    CHECK(found != NULL);
    CHECK_INT(found->step_count, 3);
    CHECK_INT(tally_mean(found->entries[0].people, found->step_count), 2); /* 7 / 3 */
    CHECK_INT(tally_mean(5, 2), 3);                                        /* halves up */
    CHECK_INT(tally_find(&tally, 5, 1)->entries[0].people, 7);
    CHECK(tally_find(&tally, 4, 0) == NULL && tally_find(&tally, 6, 1) == NULL);
    tally_fini(&tally);
}

/* Of a camera that is heard before anybody is counted; under UBSan. */
TEST(an_empty_tally_forgets_nothing)
{
    struct tally tally = {0};
    tally_forget(&tally, 100);
    CHECK_INT(tally.count, 0);
    tally_fini(&tally);
}

TEST(seconds_come_in_any_order_and_before_1970)
{
    struct tally tally = {0};
    static const int64_t TIMES[] = {9000, 3000, -1, 7000, 3500};
    for (size_t i = 0; i < COUNT_OF(TIMES); i++)
        add_step(&tally, 0, TIMES[i], 1, 5);
    CHECK_INT(tally.count, 4);
    CHECK_INT(tally_find(&tally, 3, 0)->step_count, 2);
    CHECK_INT(tally_find(&tally, -1, 0)->step_count, 1);
    tally_forget(&tally, 7);
    CHECK_INT(tally.count, 2);
    CHECK(tally_find(&tally, 3, 0) == NULL && tally_find(&tally, 7, 0) != NULL);
    tally_fini(&tally);
}

TEST(a_full_tally_forgets_the_oldest_and_nothing_else)
{
    struct tally tally = {0};
    for (int64_t s = 0; s < TALLY_SECONDS_MAX; s++)
        add_step(&tally, 0, 1000 * (100 + s), 1, 1);
    add_step(&tally, 0, 1000 * 150, 1, 1); /* is there: nobody has to go */
    CHECK_INT(tally_find(&tally, 100, 0)->step_count, 1);
    add_step(&tally, 0, 1000 * 50, 1, 1); /* older than all: there is no room */
    CHECK(tally_find(&tally, 50, 0) == NULL && tally_find(&tally, 100, 0) != NULL);
    add_step(&tally, 0, 1000 * (100 + TALLY_SECONDS_MAX), 1, 1);
    CHECK(tally_find(&tally, 100, 0) == NULL && tally_find(&tally, 101, 0) != NULL);
    CHECK_INT(tally.count, TALLY_SECONDS_MAX);
    tally_fini(&tally);
}
