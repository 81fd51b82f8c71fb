// SPDX-License-Identifier: Apache-2.0
#include "crowd/paths/trips.h"

#include "base/random.h"
#include "base/test.h"

static void go(struct trips *trips, size_t people, const char *zones)
{
    struct journey journey = {.zone_count = strlen(zones)};
    for (size_t i = 0; i < journey.zone_count; i++)
        journey.destination = journey.zones[i] = (uint16_t)(zones[i] - 'a');
    for (size_t i = 0; i < people; i++)
        trips_add(trips, &journey);
}

TEST(pairs_and_ways_of_enough_people_are_told_most_first)
{
    SCOPED(trips) trips = trips_create();
    go(trips, 20, "abc");
    go(trips, 12, "ac");
    go(trips, 9, "ca");
    struct trip_pair pairs[8];
    struct trips_told told = trips_tell_pairs(trips, 5, pairs, COUNT_OF(pairs));
    CHECK_INT(told.count, 2);
    CHECK(pairs[0].origin == 0 && pairs[0].destination == 2 && pairs[0].people == 32);
    CHECK(pairs[1].origin == 2 && pairs[1].destination == 0 && pairs[1].people == 9);
    CHECK_INT(told.people, 41);
    CHECK_INT(told.withheld, 0);
    struct trip_way ways[8];
    told = trips_tell_ways(trips, 5, ways, COUNT_OF(ways));
    CHECK_INT(told.count, 3);
    CHECK(ways[0].people == 20 && ways[0].zone_count == 3 && ways[0].zones[1] == 1);
    told = trips_tell_ways(trips, 5, ways, 1);
    CHECK_INT(told.count, 1);
    CHECK_INT(told.withheld, 21);
}

TEST(what_fewer_than_k_did_is_withheld_and_cannot_be_had_as_the_rest)
{
    SCOPED(trips) trips = trips_create();
    go(trips, 20, "ab");
    go(trips, 5, "ac");
    go(trips, 4, "ad");
    struct trip_pair pairs[8];
    struct trips_told told = trips_tell_pairs(trips, 5, pairs, COUNT_OF(pairs));
    CHECK_INT(told.count, 1); /* a-c goes with a-d, else the rest would tell of four people */
    CHECK_INT(told.withheld, 9);
    go(trips, 4, "da");
    told = trips_tell_pairs(trips, 5, pairs, COUNT_OF(pairs));
    CHECK_INT(told.count, 2);
    CHECK_INT(told.withheld, 8);
    SCOPED(trips) few = trips_create();
    go(few, 3, "ab");
    told = trips_tell_pairs(few, 5, pairs, COUNT_OF(pairs));
    CHECK_INT(told.count, 0);
    CHECK_INT(told.withheld, -1);
}

/* A journey from 40 zones: short ones and popular zones are likelier. */
static struct journey chance_journey(struct random_sequence *random, uint64_t zones)
{
    struct journey journey = {.zone_count = 1 + (size_t)random_below(random, 3)};
    for (size_t i = 0; i < journey.zone_count; i++)
        journey.destination = journey.zones[i] =
            (uint16_t)(random_below(random, zones) * random_below(random, zones) / zones);
    return journey;
}

TEST(sums_of_parts_say_what_one_count_of_all_says_within_the_limits)
{
    struct random_sequence random = {.state = 5};
    uint64_t naive[8][8] = {{0}};
    SCOPED(trips) sum = trips_create();
    for (int part = 0; part < 10; part++) {
        SCOPED(trips) trips = trips_create();
        for (int i = 0; i < 500; i++) {
            struct journey journey = chance_journey(&random, 8);
            naive[journey.zones[0]][journey.destination]++;
            trips_add(trips, &journey);
        }
        SCOPED_MEM void *bytes = NULL;
        size_t len;
        CHECK_INT(trips_pack(trips, &bytes, &len), ERR_NONE);
        SCOPED(trips) read = NULL;
        CHECK_INT(trips_unpack(bytes, len, &read), ERR_NONE);
        trips_sum(sum, read);
        ((uint8_t *)bytes)[random_below(&random, len)] ^= 16;
        struct trips *none = NULL;
        CHECK_INT(trips_unpack(bytes, len, &none), ERR_CORRUPT);
    }
    struct trip_pair pairs[64];
    struct trips_told told = trips_tell_pairs(sum, 1, pairs, COUNT_OF(pairs));
    CHECK_INT(told.people, 5000);
    for (size_t i = 0; i < told.count; i++)
        CHECK_INT(pairs[i].people, naive[pairs[i].origin][pairs[i].destination]);
}

TEST(of_more_ways_than_there_is_room_the_popular_are_kept_and_never_counted_too_high)
{
    struct random_sequence random = {.state = 6};
    static uint64_t naive[400][400]; /* of ways of two zones */
    SCOPED(trips) trips = trips_create();
    for (int i = 0; i < 60000; i++) {
        struct journey journey = chance_journey(&random, 400);
        if (i % 10 == 0) { /* one way in ten, one of two */
            journey.zone_count = 4;
            for (uint16_t z = 0; z < 4; z++)
                journey.zones[z] = (uint16_t)(500 + (i % 20 == 0) + z);
        }
        if (journey.zone_count == 2)
            naive[journey.zones[0]][journey.zones[1]]++;
        trips_add(trips, &journey);
    }
    static struct trip_way ways[TRIPS_WAYS_MAX];
    struct trips_told told = trips_tell_ways(trips, 5, ways, COUNT_OF(ways));
    CHECK(told.count >= 2);
    CHECK(ways[0].zone_count == 4 && ways[1].zone_count == 4);
    CHECK(ways[0].people <= 3000 && ways[0].people > 2800);
    CHECK(ways[1].people <= 3000 && ways[1].people > 2800);
    for (size_t i = 0; i < told.count; i++)
        CHECK(ways[i].zone_count != 2 ||
              ways[i].people <= naive[ways[i].zones[0]][ways[i].zones[1]]);
    CHECK(trips_tell_ways(trips, 1, ways, COUNT_OF(ways)).people <= 60000);
    CHECK(trips_tell_ways(trips, 0, ways, COUNT_OF(ways)).people <= 60000);
    struct trip_pair pair;
    told = trips_tell_pairs(trips, 5, &pair, 1);
    CHECK_INT((int64_t)told.people + told.withheld, 60000);
}

TEST(several_hours_tell_no_more_than_each_by_itself)
{
    struct trips_report report;
    struct trip_pair pairs[8];
    SCOPED(trips) first = trips_create();
    SCOPED(trips) second = trips_create();
    SCOPED(trips) third = trips_create();
    go(first, 6, "bc");
    go(first, 9, "cb");
    go(first, 5, "bd");
    go(second, 4, "bc"); /* with the first hour's it would be ten */
    go(second, 7, "cb");
    go(second, 6, "bd");
    go(third, 3, "bc");
    trips_report_init(&report);
    trips_report_add(&report, first, 5);
    trips_report_add(&report, second, 5);
    trips_report_add(&report, third, 5);
    struct trips_told told = trips_tell_pairs(report.pairs, 0, pairs, COUNT_OF(pairs));
    CHECK_INT(told.count, 3);
    CHECK(pairs[0].origin == 2 && pairs[0].people == 16);
    CHECK(pairs[1].origin == 1 && pairs[1].destination == 2 && pairs[1].people == 6);
    /* The second hour's six to 3 are withheld with the four: else these would be told by the rest. */
    CHECK(pairs[2].destination == 3 && pairs[2].people == 5);
    CHECK_INT(report.pairs_withheld, 10);
    CHECK_INT(report.ways_withheld, 10);
    CHECK_INT(report.part_count, 3);
    CHECK_INT(report.parts_withheld, 1);
    trips_report_fini(&report);
}

TEST(what_few_did_is_forgotten_and_the_rest_tells_the_same)
{
    struct trip_pair before[8], after[8];
    SCOPED(trips) trips = trips_create();
    go(trips, 9, "ab");
    go(trips, 6, "ba");
    go(trips, 2, "ac");
    go(trips, 1, "ca");
    SCOPED(trips) kept = trips_forget_few(trips, 5);
    struct trips_told told = trips_tell_pairs(trips, 5, before, COUNT_OF(before));
    struct trips_told again = trips_tell_pairs(kept, 5, after, COUNT_OF(after));
    CHECK_INT(told.count, 1); /* the six stand in for the three */
    CHECK_INT(again.count, told.count);
    CHECK_INT(again.withheld, told.withheld);
    CHECK(memcmp(before, after, told.count * sizeof *before) == 0);
    again = trips_tell_pairs(kept, 0, after, COUNT_OF(after));
    CHECK_INT(again.count, 1); /* nobody can tell more */
    CHECK_INT(again.withheld, 9);
}
