// SPDX-License-Identifier: Apache-2.0
#include "crowd/handover/handover.h"

#include "base/test.h"
#include "crowd/handover/wardrobe.h"
#include "readings/appearances.h"
#include "store/consumer.h"

#define T 1000000000

TEST(how_somebody_looks_is_forgotten_five_minutes_after_it_came_the_wait_included)
{
    CHECK(APPEARANCE_WAIT_MS + LOOKS_KEEP_MS + 2 * CONSUMER_PASS_MS <= 5 * 60000);
}

/* --- by hand --- */

/* Somebody at (x, y) who walks to the right, seen by the camera of the group as track `id`. */
static struct handover_person at(uint32_t group, uint64_t id, int64_t at_ms, double x)
{
    struct handover_person person = {.group = group,
                                     .id = id,
                                     .told = id,
                                     .at_ms = at_ms,
                                     .x = x,
                                     .y = 5,
                                     .vx = 1.3,
                                     .deviation_m = 0.15,
                                     .arrivals = 0.01,
                                     .eye_count = 1};
    person.eyes[0] = (struct handover_eye){group, (int64_t)id};
    return person;
}

/* The join of the newcomer that is due by then, if any. */
static bool decide(struct handover *handover, int64_t now_ms, struct handover_join *out)
{
    const int64_t groups[] = {now_ms, now_ms, now_ms};
    return handover_decide(handover, &(struct handover_time){groups, COUNT_OF(groups)}, out, 1) ==
           1;
}

/* A site that knows how alike strangers are; nobody is left of those who taught it. */
static struct handover *taught(struct wardrobe *wardrobe, int64_t at_ms)
{
    struct handover *handover = handover_create();
    struct handover_join join;
    for (uint64_t i = 0; i < 30; i++) {
        double person[LOOKS_DIMS];
        int8_t v[LOOKS_DIMS];
        wardrobe_person(wardrobe, person);
        wardrobe_seen(wardrobe, person, v);
        struct handover_person someone = at(2, 1000 + i, at_ms, 500);
        handover_look(handover, 2, (int64_t)someone.id, v, at_ms);
        handover_began(handover, &someone);
    }
    CHECK(!decide(handover, at_ms + 60000, &join)); /* half a minute of watching, and a bit */
    return handover;
}

static void show(struct handover *handover, struct wardrobe *wardrobe, const double *person,
                 uint32_t device, uint64_t track, int64_t at_ms)
{
    int8_t v[LOOKS_DIMS];
    wardrobe_seen(wardrobe, person, v);
    handover_look(handover, device, (int64_t)track, v, at_ms);
}

/* Lost at x = 10 of group 0, begun at `x` of group 1 after `gap_ms`, as the same one with vectors. */
static bool meets_again(double x, int64_t gap_ms, const char *who)
{
    struct wardrobe wardrobe = wardrobe_of(7);
    struct handover *handover = taught(&wardrobe, T - 60000);
    double person[LOOKS_DIMS], other[LOOKS_DIMS];
    wardrobe_person(&wardrobe, person);
    wardrobe_person(&wardrobe, other);
    if (strcmp(who, "nobody") != 0) {
        show(handover, &wardrobe, person, 0, 1, T);
        show(handover, &wardrobe, strcmp(who, "same") == 0 ? person : other, 1, 2, T + gap_ms);
    }
    struct handover_person lost = at(0, 1, T, 10), new = at(1, 2, T + gap_ms, x);
    handover_lost(handover, &lost);
    handover_began(handover, &new);
    struct handover_join join;
    bool is_joined = decide(handover, T + gap_ms + HANDOVER_WAIT_MS, &join);
    if (is_joined)
        CHECK(join.told == 1 && join.was == 2 && join.lost_id == 1 && join.id == 2);
    handover_destroy(handover);
    return is_joined;
}

TEST(who_looks_the_same_and_can_have_walked_there_is_one_person)
{
    CHECK(meets_again(23, 10000, "same"));
    CHECK(meets_again(19, 9000, "same"));
}

TEST(who_looks_otherwise_is_somebody_else)
{
    CHECK(!meets_again(23, 10000, "other"));
    CHECK(!meets_again(19, 9000, "other"));
}

TEST(the_same_looks_where_nobody_can_have_walked_in_that_time_are_not_joined)
{
    CHECK(!meets_again(60, 10000, "same")); /* 50 m in 10 s */
    CHECK(!meets_again(150, 40000, "same"));
    CHECK(!meets_again(23, -5000, "same")); /* there before it was lost here */
}

TEST(without_vectors_only_who_comes_straight_on_at_once_is_joined)
{
    CHECK(meets_again(11.3, 1000, "nobody"));
    CHECK(!meets_again(23, 10000, "nobody"));
    CHECK(!meets_again(9, 1000, "nobody")); /* behind its back */
}

TEST(two_who_could_be_it_without_vectors_are_both_new)
{
    struct handover *handover = handover_create();
    struct handover_person lost[] = {at(0, 1, T, 10), at(0, 3, T, 10.2)},
                           new = at(1, 2, T + 1000, 11.3);
    struct handover_join join;
    handover_lost(handover, &lost[0]);
    handover_lost(handover, &lost[1]);
    handover_began(handover, &new);
    CHECK(!decide(handover, T + 1000 + HANDOVER_WAIT_MS, &join));
    handover_destroy(handover);
}

TEST(a_group_that_still_looks_for_somebody_does_not_find_it_in_another_of_its_own)
{
    struct handover *handover = handover_create();
    struct handover_person missed = at(0, 1, T, 10), new = at(0, 2, T + 1000, 11.3);
    struct handover_join join;
    handover_missed(handover, &missed);
    handover_began(handover, &new);
    CHECK(!decide(handover, T + 1000 + HANDOVER_WAIT_MS, &join));
    new.id = new.told = 4;
    handover_lost(handover, &missed);
    handover_began(handover, &new);
    CHECK(decide(handover, T + 1000 + HANDOVER_WAIT_MS, &join));
    handover_destroy(handover);
}

TEST(who_is_seen_again_is_not_lost)
{
    struct handover *handover = handover_create();
    struct handover_person missed = at(0, 1, T, 10), new = at(1, 2, T + 1000, 11.3);
    struct handover_join join;
    handover_missed(handover, &missed);
    handover_back(handover, 0, 1);
    handover_began(handover, &new);
    CHECK(!decide(handover, T + 1000 + HANDOVER_WAIT_MS, &join));
    handover_destroy(handover);
}

TEST(vectors_are_forgotten_within_minutes_and_so_are_the_lost)
{
    struct wardrobe wardrobe = wardrobe_of(7);
    struct handover *handover = taught(&wardrobe, T - 60000);
    double person[LOOKS_DIMS];
    struct handover_join join;
    wardrobe_person(&wardrobe, person);
    show(handover, &wardrobe, person, 0, 1, T);
    struct handover_person lost = at(0, 1, T + 1000, 10);
    handover_lost(handover, &lost);
    CHECK(handover_looks(handover) > 0);
    handover_forget_looks(handover, T + LOOKS_KEEP_MS);
    CHECK_INT(handover_looks(handover), 1);
    handover_forget_looks(handover, T + LOOKS_KEEP_MS + 1);
    CHECK_INT(handover_looks(handover), 0);
    CHECK(!decide(handover, T + LOOKS_KEEP_MS + 1, &join));
    CHECK_INT(handover_waiting(handover), 1);
    CHECK(!decide(handover, T + 1000 + HANDOVER_KEEP_MS + 1, &join));
    CHECK_INT(handover_waiting(handover), 0);
    handover_destroy(handover);
}

/* Ten seconds in the stream, so long by the clock. */
static bool meets_after(int64_t clock_ms)
{
    struct wardrobe wardrobe = wardrobe_of(7);
    struct handover *handover = taught(&wardrobe, T - 60000);
    double person[LOOKS_DIMS];
    struct handover_person lost = at(0, 1, T, 10), new = at(1, 2, T + 10000, 23);
    struct handover_join join;
    wardrobe_person(&wardrobe, person);
    show(handover, &wardrobe, person, 0, 1, T);
    handover_lost(handover, &lost);
    handover_forget_looks(handover, T + clock_ms);
    show(handover, &wardrobe, person, 1, 2, T + clock_ms);
    handover_began(handover, &new);
    bool is_joined = decide(handover, T + 10000 + HANDOVER_WAIT_MS, &join);
    handover_destroy(handover);
    return is_joined;
}

TEST(vectors_go_by_the_clock_also_when_the_stream_stands_still_or_the_clock_was_put_back)
{
    CHECK(meets_after(10000));
    CHECK(meets_after(LOOKS_KEEP_MS));
    CHECK(!meets_after(LOOKS_KEEP_MS + 1));
    CHECK(!meets_after(-60000));
}

TEST(vectors_and_the_lost_have_a_limit_and_the_newest_stay)
{
    struct handover *handover = handover_create();
    const int8_t v[LOOKS_DIMS] = {1};
    struct handover_join join;
    for (uint64_t i = 0; i < 3 * LOOKS_MAX; i++) {
        struct handover_person lost = at(0, 10 + i, T, 10);
        handover_look(handover, 0, (int64_t)i, v, T);
        handover_lost(handover, &lost);
    }
    CHECK_INT(handover_looks(handover), LOOKS_MAX);
    CHECK_INT(handover_waiting(handover), HANDOVER_PEOPLE_MAX);
    CHECK(!decide(handover, T, &join));
    handover_destroy(handover);
}

TEST(of_those_who_begin_at_once_the_newest_are_weighed)
{
    struct handover *handover = handover_create();
    struct handover_join join;
    struct handover_person lost = at(0, 1, T, 10), same = at(1, 2, T + 1000, 11.3);
    handover_lost(handover, &lost);
    handover_began(handover, &same);
    for (uint64_t i = 1; i < HANDOVER_NEW_MAX; i++) {
        struct handover_person new = at(1, 10 + i, T + 1000, 5000);
        handover_began(handover, &new);
    }
    CHECK_INT(handover_waiting(handover), 1 + HANDOVER_NEW_MAX);
    CHECK(decide(handover, T + 1000 + HANDOVER_WAIT_MS, &join));
    CHECK_INT(join.id, 2);
    handover_lost(handover, &lost);
    handover_began(handover, &same);
    for (uint64_t i = 0; i < HANDOVER_NEW_MAX; i++) {
        struct handover_person new = at(1, 1000 + i, T + 1000, 5000);
        handover_began(handover, &new);
    }
    CHECK_INT(handover_waiting(handover), 1 + HANDOVER_NEW_MAX);
    CHECK(!decide(handover, T + 1000 + HANDOVER_WAIT_MS, &join));
    handover_destroy(handover);
}
