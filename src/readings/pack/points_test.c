// SPDX-License-Identifier: Apache-2.0
#include "readings/pack/points.h"

#include "base/random.h"
#include "base/test.h"

#include <math.h>

static double random_value(struct random_sequence *chance, uint64_t kind)
{
    if (kind == 0)
        return (double)random_below(chance, 500);
    if (kind == 1)
        return round(random_uniform(chance) * 1000) / 10;
    return random_normal(chance) * exp(random_normal(chance) * 20);
}

TEST(points_come_back_as_they_were)
{
    struct random_sequence chance = {.state = 3};
    for (int round = 0; round < 300; round++) {
        struct points points = {0};
        int64_t at_ms = -1000 + (int64_t)random_below(&chance, 2000);
        uint64_t kind = random_below(&chance, 3);
        for (uint64_t i = random_below(&chance, 700); i > 0; i--) {
            at_ms += 1 + (int64_t)random_below(&chance, 3000);
            CHECK_INT(points_add(&points, at_ms, random_value(&chance, kind)), ERR_NONE);
        }
        struct packer packer = {0};
        points_pack(&packer, &points);
        struct points again = {0};
        CHECK_INT(points_unpack(packer.bytes, packer.len, &again), ERR_NONE);
        CHECK_INT(again.count, points.count);
        for (size_t i = 0; i < points.count; i++)
            CHECK(again.list[i].at_ms == points.list[i].at_ms &&
                  again.list[i].value == points.list[i].value);
        packer.bytes[random_below(&chance, packer.len)] ^= 4;
        points_fini(&again);
        CHECK_INT(points_unpack(packer.bytes, packer.len, &again), ERR_CORRUPT);
        packer_fini(&packer);
        points_fini(&points);
    }
}

TEST(a_reading_a_second_takes_a_byte_or_two)
{
    struct points points = {0};
    struct random_sequence chance = {.state = 4};
    double people = 200;
    for (int i = 0; i < 600; i++) {
        people += (double)random_below(&chance, 7) - 3;
        CHECK_INT(points_add(&points, 1781990043000 + i * 1000, people), ERR_NONE);
    }
    struct packer packer = {0};
    points_pack(&packer, &points);
    CHECK(packer.len < 600);
    packer_fini(&packer);
    points_fini(&points);
}

TEST(of_two_values_of_one_time_the_later_sent_stays)
{
    struct points points = {0};
    CHECK_INT(points_add(&points, 3000, 1), ERR_NONE);
    CHECK_INT(points_add(&points, 1000, 2), ERR_NONE);
    CHECK_INT(points_add(&points, 3000, 3), ERR_NONE);
    CHECK_INT(points_add(&points, 1000, 4), ERR_NONE);
    CHECK_INT(points_add(&points, 2000, 5), ERR_NONE);
    points_settle(&points);
    CHECK_INT(points.count, 3);
    CHECK(points.list[0].at_ms == 1000 && points.list[0].value == 4);
    CHECK(points.list[1].at_ms == 2000 && points.list[1].value == 5);
    CHECK(points.list[2].at_ms == 3000 && points.list[2].value == 3);
    points_fini(&points);
}

TEST(roll_ups_hold_count_sum_least_most_and_last)
{
    struct points points = {0};
    static const double VALUES[] = {5, 1, 9, 4};
    static const int64_t TIMES[] = {60000, 61000, 119999, 120000};
    for (size_t i = 0; i < COUNT_OF(VALUES); i++)
        CHECK_INT(points_add(&points, TIMES[i], VALUES[i]), ERR_NONE);
    struct cells cells = {0};
    CHECK_INT(cells_of_points(&cells, &points, 60000), ERR_NONE);
    CHECK_INT(cells.count, 2);
    CHECK_INT(cells.list[0].at_ms, 60000);
    CHECK(cell_value(&cells.list[0], SERIES_COUNT) == 3);
    CHECK(cell_value(&cells.list[0], SERIES_SUM) == 15);
    CHECK(cell_value(&cells.list[0], SERIES_MIN) == 1);
    CHECK(cell_value(&cells.list[0], SERIES_MAX) == 9);
    CHECK(cell_value(&cells.list[0], SERIES_LAST) == 9);
    CHECK(cell_value(&cells.list[0], SERIES_AVG) == 5);
    CHECK(cell_value(&cells.list[1], SERIES_AVG) == 4);
    struct packer packer = {0};
    cells_pack(&packer, &cells);
    struct cells again = {0};
    CHECK_INT(cells_unpack(packer.bytes, packer.len, &again), ERR_NONE);
    CHECK_INT(again.count, 2);
    CHECK(memcmp(again.list, cells.list, 2 * sizeof *cells.list) == 0);
    packer_fini(&packer);
    cells_fini(&again);
    cells_fini(&cells);
    points_fini(&points);
}

struct expected {
    const struct reading *readings;
    size_t at;
};

static void check_reading(void *context, const struct reading *reading)
{
    struct expected *expected = context;
    const struct reading *wanted = &expected->readings[expected->at++];
    CHECK_TEXT(reading->series, wanted->series);
    CHECK(reading->at_ms == wanted->at_ms && reading->value == wanted->value);
}

TEST(a_record_of_readings_keeps_the_senders_order)
{
    static const struct reading READINGS[] = {{"lift-3:temperature", 1471687872000, 21.4},
                                              {"zone.a:people", 1781990043000, 17},
                                              {"lift-3:temperature", 1471687872000, -0.5},
                                              {"zone.a:density", 1781990043000, 1.0 / 3}};
    struct packer packer = {0};
    CHECK_INT(readings_pack(&packer, READINGS, COUNT_OF(READINGS)), ERR_NONE);
    struct expected expected = {.readings = READINGS};
    CHECK_INT(readings_unpack(packer.bytes, packer.len, check_reading, &expected), ERR_NONE);
    CHECK_INT(expected.at, COUNT_OF(READINGS));
    packer_fini(&packer);
}
