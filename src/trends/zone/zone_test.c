// SPDX-License-Identifier: Apache-2.0
#include "trends/zone/zone.h"

#include "base/random.h"
#include "base/test.h"

#include <math.h>
#include <stdio.h>

#define MINUTE 60000LL

struct hall { /* one zone and how often it told */
    struct zone_state zone;
    struct zone_surroundings around;
    size_t told;
};

static void note_told(void *context, const struct zone_state *zone)
{
    struct hall *hall = context;
    CHECK(zone == &hall->zone);
    hall->told++;
}

static void hall_open(struct hall *hall, double capacity)
{
    *hall = (struct hall){.around = {.capacity = capacity, .told = note_told, .context = hall}};
    zone_init(&hall->zone);
}

/* Every second of the minute. */
static void count_minute(struct hall *hall, int64_t minute, double people)
{
    for (int s = 0; s < 60; s++)
        zone_count(&hall->zone, &hall->around, minute * MINUTE + s * 1000, people);
}

static void pass(struct hall *hall, const char *counter, const char *measure, int64_t at_ms,
                 double value)
{
    zone_hear_counter(&hall->zone, &hall->around,
                      &(struct zone_message){.counter = counter,
                                             .measure = count_measure_find(measure),
                                             .at_ms = at_ms,
                                             .heard_ms = at_ms,
                                             .value = value});
}

TEST(a_minute_is_told_once_with_the_first_second_of_the_next)
{
    struct hall hall;
    hall_open(&hall, 0);
    count_minute(&hall, 100, 40);
    CHECK_INT(hall.told, 0);
    zone_count(&hall.zone, &hall.around, 101 * MINUTE, 50);
    CHECK_INT(hall.told, 1);
    const struct zone_told *told = &hall.zone.told;
    CHECK_INT(told->at_ms, 101 * MINUTE);
    CHECK_INT(told->source, ZONE_CAMERAS);
    CHECK_NEAR(told->people, 40, 1e-9);
    CHECK_NEAR(told->inside, 40, 1e-9);
    CHECK_NEAR(told->deviation, sqrt(1 + 4), 1e-9);
    CHECK(!told->has_disagreement && !told->is_capacity_known);
    CHECK_INT(told->ahead[0].at_ms, 105 * MINUTE);
    /* The same second again, corrected, and an older one: it is told already. */
    zone_count(&hall.zone, &hall.around, 101 * MINUTE, 70);
    zone_count(&hall.zone, &hall.around, 100 * MINUTE + 5000, 70);
    CHECK_INT(hall.told, 1);
    CHECK_NEAR(hall.zone.people.sum, 50, 0);
    zone_fini(&hall.zone);
}

TEST(a_minute_without_enough_seconds_is_not_known)
{
    struct hall hall;
    hall_open(&hall, 0);
    for (int s = 0; s < 29; s++)
        zone_count(&hall.zone, &hall.around, 100 * MINUTE + s * 1000, 40);
    zone_count(&hall.zone, &hall.around, 101 * MINUTE, 50);
    CHECK_INT(hall.told, 0);
    zone_fini(&hall.zone);
}

TEST(with_counters_alone_the_occupancy_is_in_minus_out_and_holds_while_nobody_passes)
{
    struct hall hall;
    hall_open(&hall, 0);
    pass(&hall, "gate-1", "in", 100 * MINUTE, 30);
    pass(&hall, "gate-1", "out", 100 * MINUTE, 10);
    pass(&hall, "gate-2", "in", 100 * MINUTE + 500, 5);
    pass(&hall, "gate-1", "in", 104 * MINUTE, 0);
    CHECK_INT(hall.told, 4);
    CHECK_INT(hall.zone.told.inside_source, ZONE_COUNTERS);
    CHECK_NEAR(hall.zone.told.inside, 25, 1e-9);
    CHECK_NEAR(hall.zone.told.people, 25, 1e-9);
    CHECK(!hall.zone.told.has_disagreement);
    /* Not heard for longer than is held: not known any more. */
    pass(&hall, "gate-1", "in", 164 * MINUTE, 0);
    CHECK_INT(hall.told, 4 + 1 + ZONE_HOLD_MINUTES);
    zone_fini(&hall.zone);
}

TEST(who_begins_to_count_among_people_starts_from_the_cameras)
{
    struct hall hall;
    hall_open(&hall, 0);
    pass(&hall, "gate-1", "in", 100 * MINUTE, 3);
    count_minute(&hall, 100, 200);
    zone_count(&hall.zone, &hall.around, 101 * MINUTE, 200);
    CHECK_INT(hall.zone.told.inside_source, ZONE_BOTH);
    CHECK_NEAR(hall.zone.told.inside, 200, 1e-9);
    CHECK_NEAR(hall.zone.told.deviation, sqrt(101), 1e-9);
    zone_fini(&hall.zone);
}

TEST(counters_that_drift_are_corrected_by_cameras_and_their_disagreement_grows)
{
    struct hall hall;
    hall_open(&hall, 0);
    struct random_sequence random = {.state = 5};
    double truth = 0;
    for (int64_t minute = 100; minute < 340; minute++) {
        double in = minute < 220 ? 20 : 10, out = minute < 220 ? 10 : 20;
        truth += in - out;
        pass(&hall, "gate-1", "in", minute * MINUTE, in * 0.9); /* misses one in ten */
        pass(&hall, "gate-1", "out", minute * MINUTE, out);
        count_minute(&hall, minute, fmax(0, truth + 5 * random_normal(&random)));
    }
    const struct zone_told *told = &hall.zone.told;
    CHECK_NEAR(told->inside, 0, 40);
    CHECK(told->counted < -200);
    CHECK(told->has_disagreement && told->disagreement_sigmas < -1);
    CHECK(told->missed_in > 0.03);
    zone_fini(&hall.zone);
}

TEST(where_cameras_fall_silent_the_counters_go_on_from_there)
{
    struct hall hall;
    hall_open(&hall, 0);
    for (int64_t minute = 100; minute < 110; minute++) {
        pass(&hall, "gate-1", "in", minute * MINUTE, 1);
        pass(&hall, "gate-1", "out", minute * MINUTE, 1);
        count_minute(&hall, minute, 80);
    }
    pass(&hall, "gate-1", "in", 110 * MINUTE, 7);
    pass(&hall, "gate-1", "in", 111 * MINUTE, 0);
    CHECK_INT(hall.zone.told.source, ZONE_COUNTERS);
    CHECK_NEAR(hall.zone.told.people, 87, 1);
    zone_fini(&hall.zone);
}

TEST(a_reverse_counter_takes_out_of_the_zone_what_it_counts_in)
{
    struct hall hall;
    hall_open(&hall, 0);
    pass(&hall, "gate-1", "in", 100 * MINUTE, 30);
    zone_hear_counter(&hall.zone, &hall.around,
                      &(struct zone_message){.counter = "line.door",
                                             .measure = count_measure_find("in"),
                                             .is_reverse = true,
                                             .at_ms = 100 * MINUTE + 1000,
                                             .heard_ms = 100 * MINUTE + 1000,
                                             .value = 12});
    pass(&hall, "gate-1", "in", 101 * MINUTE, 0);
    CHECK_NEAR(hall.zone.told.inside, 18, 1e-9);
    zone_set(&hall.zone, &hall.around, 101 * MINUTE + 5, 0);
    pass(&hall, "gate-1", "in", 102 * MINUTE, 0);
    CHECK_NEAR(hall.zone.told.inside, 0, 1e-9);
    CHECK_NEAR(hall.zone.told.counted, 0, 1e-9);
    zone_set(&hall.zone, &hall.around, 102 * MINUTE + 5, 350);
    CHECK_NEAR(hall.zone.told.inside, 350, 0);
    pass(&hall, "gate-1", "in", 103 * MINUTE, 0);
    CHECK_NEAR(hall.zone.told.inside, 350, 1e-9);
    zone_fini(&hall.zone);
}

static void pass_many(struct hall *hall, int count, int64_t at_ms)
{
    for (int i = 0; i < count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "gate-%d", i);
        pass(hall, name, "in", at_ms, 1);
    }
}

static bool is_kept(const void *context, const char *counter)
{
    return strcmp(counter, context) != 0;
}

TEST(what_too_many_counters_tell_is_left_out_and_known_until_there_is_room)
{
    struct hall hall;
    hall_open(&hall, 0);
    pass_many(&hall, LIMIT_ZONE_COUNTERS, 100 * MINUTE);
    CHECK_INT(hall.zone.left_out, 0);
    pass_many(&hall, LIMIT_ZONE_COUNTERS + 2, 101 * MINUTE);
    CHECK_INT(hall.zone.left_out, 2);
    CHECK_INT(hall.zone.left_out_ms, 101 * MINUTE);
    zone_keep_counters(&hall.zone, is_kept, "gate-none");
    CHECK_INT(hall.zone.left_out, 2);
    SCOPED_MEM void *bytes = NULL;
    size_t len;
    CHECK_INT(zone_pack(&hall.zone, &bytes, &len), ERR_NONE);
    zone_fini(&hall.zone);
    CHECK_INT(zone_unpack(bytes, len, &hall.zone), ERR_NONE);
    CHECK_INT(hall.zone.left_out, 2);
    CHECK_INT(hall.zone.left_out_ms, 101 * MINUTE);
    zone_keep_counters(&hall.zone, is_kept, "gate-7");
    CHECK_INT(hall.zone.left_out, 0);
    CHECK_INT(hall.zone.counter_count, LIMIT_ZONE_COUNTERS - 1);
    CHECK_TEXT(hall.zone.counters[7].name, "gate-8");
    pass(&hall, "gate-64", "in", 102 * MINUTE, 1);
    pass(&hall, "gate-64", "in", 103 * MINUTE, 0);
    CHECK_INT(hall.zone.left_out, 0);
    CHECK_NEAR(hall.zone.told.inside, 2 * LIMIT_ZONE_COUNTERS + 1, 1e-9); /* gate-7's stay inside */
    zone_fini(&hall.zone);
}

TEST(a_zone_that_fills_tells_when_it_is_full)
{
    struct hall hall;
    hall_open(&hall, 1000);
    for (int64_t minute = 100; minute <= 160; minute++)
        count_minute(&hall, minute, 10 * (double)(minute - 100) + 250);
    const struct zone_told *told = &hall.zone.told;
    CHECK(told->is_capacity_known);
    CHECK_NEAR(told->people, 840, 1e-9);
    CHECK_NEAR(told->to_capacity.middle_s, 16 * 60 - 30, 240);
    CHECK(told->to_capacity.soonest_s <= told->to_capacity.middle_s);
    for (int64_t minute = 161; minute <= 200; minute++)
        count_minute(&hall, minute, 1000);
    CHECK_NEAR(hall.zone.told.to_capacity.middle_s, 0, 0);
    zone_fini(&hall.zone);
}

static void live_on(struct hall *hall, int64_t minute, struct random_sequence *random)
{
    pass(hall, "gate-1", "total_in", minute * MINUTE, (double)(3 * minute));
    pass(hall, "gate-1", "total_out", minute * MINUTE, (double)(2 * minute));
    /* One that is odd now and then, and one that tells now by totals and now by increments. */
    double odd = minute % 23 == 0 ? 0 : minute % 31 == 0 ? 90000 : 5000 + (double)minute;
    pass(hall, "gate-2", "total_in", minute * MINUTE, minute % 50 < 3 ? 10 : odd);
    pass(hall, "gate-3", "in", minute * MINUTE + 500, 2);
    if (minute % 20 < 9)
        pass(hall, "gate-3", "total_in", minute * MINUTE + 500, 2 * (double)minute);
    for (int s = 0; s < 60; s += 1 + (int)random_below(random, 3)) {
        zone_count(&hall->zone, &hall->around, minute * MINUTE + s * 1000, (double)(minute + s));
        zone_miss_cameras(&hall->zone, &hall->around, minute * MINUTE + s * 1000, s % 2);
    }
}

TEST(a_zone_that_was_written_and_read_again_goes_on_as_if_nothing_had_been)
{
    struct hall one, other;
    struct random_sequence a = {.state = 2}, b = {.state = 2}, moments = {.state = 3};
    hall_open(&one, 500);
    hall_open(&other, 500);
    for (int64_t minute = 0; minute < 600; minute++) {
        live_on(&one, minute, &a);
        live_on(&other, minute, &b);
        CHECK(memcmp(&one.zone.told, &other.zone.told, sizeof one.zone.told) == 0);
        if (random_below(&moments, 4) != 0)
            continue;
        SCOPED_MEM void *bytes = NULL;
        size_t len;
        CHECK_INT(zone_pack(&other.zone, &bytes, &len), ERR_NONE);
        SCOPED_MEM void *never_read = NULL;
        size_t never_read_len;
        CHECK_INT(zone_pack(&one.zone, &never_read, &never_read_len), ERR_NONE);
        CHECK(never_read_len == len && memcmp(bytes, never_read, len) == 0);
        zone_fini(&other.zone);
        CHECK_INT(zone_unpack(bytes, len, &other.zone), ERR_NONE);
        ((uint8_t *)bytes)[random_below(&moments, len)] ^= 1;
        struct zone_state none;
        CHECK_INT(zone_unpack(bytes, len, &none), ERR_CORRUPT);
    }
    CHECK_INT(one.told, other.told);
    CHECK_NEAR(other.zone.counters[2].ways[COUNT_IN].passed, 2 * 600, 2 * 20);
    zone_fini(&one.zone);
    zone_fini(&other.zone);
}

/* As the version before wrote it: two counters, four messages. */
static const char *const VERSION_1 =
    "01001ed0027fcc01ffffffffffffffffff018089eb0580b6dc05cc0128000000000000000000000000000000001c"
    "40028089eb0502020000000000000000001c400000000000001c40f749bce90967e43f0000000000001c40000000"
    "000000f0bf0000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000206676174652d31048089eb050000"
    "00000075b2400000000000002c400000000000000000000000000000000000000000000000000000000000096c69"
    "6e652e72616d7000000000000000000000000000000000000001c0dfe30500000000000000000000000000000040"
    "0190efe305000000000000f0bf01dc010100888b2d818089eb05ffffffffffffffffff0100000000000000000000"
    "000000000000b81e85eb51b89e3f0000000000004e40000000000000000000000000000000000000000000002840"
    "0000000000000000000000000000000075d2fbc6d71ee53f20a6c561b1ce893fd604e3724e7e5dbf20a6c561b1ce"
    "893f1a3e469ddd7e4d3f0000000000000000d604e3724e7e5dbf00000000000000001a3e469ddd7e4d3f00000000"
    "00002840b81e85eb51b8de3f0000000000002c400000000000000040000000000000000000000000000000000000"
    "000000000000a30201805f2895c728b52ffd60350c9d0800540a3c050f1e8407000c26f254e2e19f0a4002c0dfe3"
    "05daa9525dbeb905402e2109148e98e33f25fa3f4acfb3f32aecba3ff03f00009a99a90b63ff51181ae23fcba145"
    "b6f37d00c0fb5c6dc5feb2f9bf3f4000c08581060080af8806005554a79a7b570940d753a5eae9eddc3f8f6150d8"
    "9ad3f0bf8e0040ff01ffc0a4ca06ced1060a337092134e0e5f123b6aaa28f18093b807c0bcbf078bda1621cf2311"
    "7716b6c9bf1bf92d20a08243340bf38b1e0a8744003e0dc55660013907ac4562a986622bb08279a40cf816758302"
    "82e5d07f02dcc9ad821e010fd997b1c06d1584438b0d614322b604d9221e7558849d4005e8fe50ebf9dad9d65000"
    "71ae4ca9181096b9344b03022af14b4234d83a7e1537023001804aedf0a828b52ffd60440205010068ac02840700"
    "ff0100ff01ffe03f0700400250108087e031f01a7805bf0a6801";

TEST(a_zone_of_the_version_before_is_read_and_goes_on_counting)
{
    struct hall hall = {.around = {.told = note_told, .context = &hall}};
    uint8_t bytes[1024];
    size_t len = 0;
    for (const char *p = VERSION_1; sscanf(p, "%2hhx", &bytes[len]) == 1; p += 2)
        len++;
    CHECK_INT(zone_unpack(bytes, len, &hall.zone), ERR_NONE);
    CHECK_INT(hall.zone.told.at_ms, 102 * MINUTE);
    CHECK_NEAR(hall.zone.told.inside, 7, 1e-9);
    CHECK_INT(hall.zone.counter_count, 2);
    CHECK_TEXT(hall.zone.counters[1].name, "line.ramp");
    CHECK_INT(hall.zone.counters[1].fault, COUNTER_NEGATIVE);
    CHECK_NEAR(hall.zone.counters[1].ways[COUNT_OUT].passed, 2, 0);
    CHECK_INT(hall.zone.left_out, 0);
    pass(&hall, "gate-1", "total_in", 103 * MINUTE, 4728);
    CHECK_NEAR(hall.zone.counters[0].ways[COUNT_IN].passed, 17, 0);
    CHECK_NEAR(hall.zone.occupancy.counted, 15, 1e-9);
    CHECK_INT(hall.told, 1);
    SCOPED_MEM void *packed = NULL;
    CHECK_INT(zone_pack(&hall.zone, &packed, &len), ERR_NONE);
    zone_fini(&hall.zone);
    CHECK_INT(zone_unpack(packed, len, &hall.zone), ERR_NONE);
    CHECK_NEAR(hall.zone.occupancy.counted, 15, 1e-9);
    zone_fini(&hall.zone);
}
