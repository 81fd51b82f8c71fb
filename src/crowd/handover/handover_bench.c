// SPDX-License-Identifier: Apache-2.0
/* What handing people over costs: as many as fit are lost, everybody within reach and with vectors, and more
 * and more begin at once. Printed as milliseconds for a decision, which holds up the venue's live second. */
#include "base/clock.h"
#include "crowd/handover/handover.h"
#include "crowd/handover/wardrobe.h"

#include <math.h>
#include <stdio.h>

#define T      1000000000
#define SIDE_M 400.0
#define ROUNDS 5

static struct handover_person someone(uint32_t group, uint64_t id, int64_t at_ms,
                                      struct random_sequence *chance)
{
    struct handover_person person = {.group = group,
                                     .id = id,
                                     .told = id,
                                     .at_ms = at_ms,
                                     .x = SIDE_M * random_uniform(chance),
                                     .y = SIDE_M * random_uniform(chance),
                                     .vx = random_normal(chance),
                                     .vy = random_normal(chance),
                                     .deviation_m = 0.15,
                                     .arrivals = 0.01,
                                     .eye_count = 1};
    person.eyes[0] = (struct handover_eye){group, (int64_t)id};
    return person;
}

/* Somebody of before, `again`, or a stranger. */
static void show(struct handover *handover, struct wardrobe *wardrobe,
                 const struct handover_person *person, double looks[LOOKS_DIMS], bool is_again)
{
    int8_t v[LOOKS_DIMS];
    if (!is_again)
        wardrobe_person(wardrobe, looks);
    wardrobe_seen(wardrobe, looks, v);
    handover_look(handover, person->group, (int64_t)person->id, v, T);
}

/* The lost of five minutes; then so many begin, and one decision. */
static double decide(int lost_count, int new_count)
{
    struct random_sequence chance = {.state = 7};
    struct wardrobe wardrobe = wardrobe_of(7);
    struct handover *handover = handover_create();
    static double looks[HANDOVER_PEOPLE_MAX][LOOKS_DIMS];
    static struct handover_join joins[HANDOVER_PEOPLE_MAX];
    int64_t groups[] = {T, T};
    const struct handover_time times = {groups, COUNT_OF(groups)};
    for (int i = 0; i < lost_count; i++) {
        int64_t at_ms = T - 130000 - (int64_t)(random_uniform(&chance) * 150000);
        struct handover_person lost = someone(0, (uint64_t)(1 + i), at_ms, &chance);
        show(handover, &wardrobe, &lost, looks[i], false);
        handover_lost(handover, &lost);
    }
    for (int i = 0; i < new_count; i++) {
        struct handover_person new = someone(1, (uint64_t)(100000 + i), T, &chance);
        show(handover, &wardrobe, &new, looks[i], i % 2 == 0 && i < lost_count);
        handover_began(handover, &new);
    }
    groups[0] = groups[1] = T + HANDOVER_WAIT_MS;
    int64_t started_us = clock_monotonic_us();
    (void)handover_decide(handover, &times, joins, COUNT_OF(joins));
    double spent_ms = (double)(clock_monotonic_us() - started_us) / 1000;
    handover_destroy(handover);
    return spent_ms;
}

/* The best of a few: whatever else the machine does. */
static void measure(int lost_count, int new_count)
{
    double least_ms = INFINITY;
    for (int i = 0; i < ROUNDS; i++)
        least_ms = fmin(least_ms, decide(lost_count, new_count));
    (void)printf("%5d lost, %4d begin: %6.2f ms\n", lost_count, new_count, least_ms);
}

int main(void)
{
    static const int LOST[] = {32, HANDOVER_PEOPLE_MAX};
    static const int BEGIN[] = {8, 34, 128, 1024};
    for (size_t l = 0; l < COUNT_OF(LOST); l++) {
        for (size_t i = 0; i < COUNT_OF(BEGIN); i++)
            measure(LOST[l], BEGIN[i]);
    }
    return 0;
}
