// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/test.h"

static int64_t parsed(const char *text)
{
    int64_t at_ms = -1;
    CHECK(clock_parse(text, strlen(text), &at_ms));
    return at_ms;
}

TEST(times_are_read_with_any_offset_and_fraction)
{
    CHECK_INT(parsed("1970-01-01T00:00:00Z"), 0);
    CHECK_INT(parsed("2026-06-20T21:14:03.100Z"), 1781990043100);
    CHECK_INT(parsed("2026-06-20T23:14:03.1+02:00"), 1781990043100);
    CHECK_INT(parsed("2026-06-20T21:14:03.1009999Z"), 1781990043100);
    CHECK_INT(parsed("2024-02-29t00:00:00z"), 1709164800000);
    CHECK_INT(parsed("1969-12-31T23:59:59.999Z"), -1);
}

TEST(what_is_no_time_is_refused)
{
    static const char *const WRONG[] = {
        "",
        "2026-06-20",
        "2026-06-20T21:14:03",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-06-20T24:00:00Z",
        "2026-06-20T21:14:03.Z",
        "2026-06-20T21:14:03Zjunk",
        "2026-06-20T21:14:03+2:00",
        "x026-06-20T21:14:03Z",
    };
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        int64_t at_ms;
        CHECK(!clock_parse(WRONG[i], strlen(WRONG[i]), &at_ms));
    }
}

TEST(formatted_times_read_back_to_the_same)
{
    static const int64_t TIMES[] = {0, -1, 1781990043100, 951782400000, 253402300799999};
    for (size_t i = 0; i < COUNT_OF(TIMES); i++) {
        char text[CLOCK_TEXT_SIZE];
        clock_format(TIMES[i], text);
        CHECK_INT(parsed(text), TIMES[i]);
    }
}
