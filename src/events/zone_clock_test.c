// SPDX-License-Identifier: Apache-2.0
#include "events/zone_clock.h"

#include "base/test.h"
#include "events/time_zone.h"

#include <time.h>
#include <unistd.h>

static struct zone_clock zone; /* large */

static int64_t hours_at(int year, int month, int day, int hour)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour};
    return zone_clock_offset_ms(&zone, (int64_t)timegm(&tm) * 1000) / 3600000;
}

static void read_zone(const char *name)
{
    if (access(TIME_ZONE_FOLDER "/Etc/UTC", R_OK) != 0)
        SKIP("this machine has no database of time zones");
    CHECK_INT(zone_clock_read(name, &zone), ERR_NONE);
}

TEST(clocks_in_berlin_change_on_the_last_sundays_of_march_and_october)
{
    read_zone("Europe/Berlin");
    CHECK_INT(hours_at(2026, 3, 29, 0), 1);
    CHECK_INT(hours_at(2026, 3, 29, 1), 2);
    CHECK_INT(hours_at(2026, 10, 25, 0), 2);
    CHECK_INT(hours_at(2026, 10, 25, 1), 1);
    CHECK_INT(hours_at(1975, 7, 1, 0), 1); /* no summer time then */
}

TEST(the_rule_goes_on_where_the_list_of_changes_ends)
{
    read_zone("Europe/Berlin");
    CHECK(zone.has_rule);
    zone.count = 0; /* as in a database that lists no change to come */
    CHECK_INT(hours_at(2026, 3, 29, 0), 1);
    CHECK_INT(hours_at(2026, 3, 29, 1), 2);
    CHECK_INT(hours_at(2026, 10, 25, 0), 2);
    CHECK_INT(hours_at(2026, 10, 25, 1), 1);
    CHECK_INT(hours_at(2099, 7, 1, 0), 2);
}

TEST(summer_in_the_south_spans_the_new_year)
{
    read_zone("Australia/Melbourne");
    for (int round = 0; round < 2; round++) {
        CHECK_INT(hours_at(2026, 1, 15, 0), 11);
        CHECK_INT(hours_at(2026, 4, 4, 15), 11);
        CHECK_INT(hours_at(2026, 4, 4, 16), 10);
        CHECK_INT(hours_at(2026, 10, 3, 15), 10);
        CHECK_INT(hours_at(2026, 10, 3, 16), 11);
        zone.count = 0; /* and by the rule alone */
    }
}

TEST(utc_is_utc_and_what_is_no_zone_is_not_found)
{
    read_zone("Etc/UTC");
    CHECK_INT(hours_at(2026, 7, 1, 0), 0);
    CHECK_INT(zone_clock_offset_ms(NULL, 1234567), 0);
    CHECK_INT(zone_clock_read("Mars/Base", &zone), ERR_NOT_FOUND);
    CHECK_INT(zone_clock_read("../../etc/passwd", &zone), ERR_NOT_FOUND);
    CHECK_INT(zone_clock_parse("TZif2", 5, &zone), ERR_CORRUPT);
}
