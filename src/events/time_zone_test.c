// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "events/time_zone.h"

#include <sys/stat.h>

static const char *folder;

static void put(const char *name, const char *text)
{
    char path[4300];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void make_folder(const char *name)
{
    char path[4300];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK(mkdir(path, 0700) == 0);
}

static bool is_known(const char *name)
{
    return time_zone_judge(folder, name) == TIME_ZONE_KNOWN;
}

TEST(zone_is_known_when_the_machine_has_it)
{
    folder = test_folder();
    CHECK(time_zone_judge(folder, "Europe/Berlin") == TIME_ZONE_NO_DATABASE);
    make_folder("Etc");
    make_folder("Europe");
    make_folder("posix");
    put("Etc/UTC", "TZif2");
    put("Europe/Berlin", "TZif2");
    put("Europe/Half", "TZ");
    put("UTC", "TZif2");
    put("Factory", "TZif2");
    put("localtime", "TZif2");
    put("posix/UTC", "TZif2");
    put("Zones", "# names of zones");
    CHECK(is_known("Europe/Berlin") && is_known("UTC") && is_known("Etc/UTC"));
    static const char *const UNKNOWN[] = {
        "Europe/Nowhere", "europe/berlin", "Europe", "Europe/Half", "Factory",   "localtime",
        "posix/UTC",      "Zones",         "",       "UTC/",        "Etc/../UTC"};
    for (size_t i = 0; i < COUNT_OF(UNKNOWN); i++)
        CHECK(time_zone_judge(folder, UNKNOWN[i]) == TIME_ZONE_UNKNOWN);
}

TEST(zones_that_people_write_are_in_the_database_of_this_machine)
{
    static const char *const NAMES[] = {
        "Europe/Berlin", "America/New_York", "UTC", "Etc/GMT+12", "America/Argentina/Buenos_Aires",
        "Asia/Kolkata"};
    if (time_zone_judge(TIME_ZONE_FOLDER, "UTC") == TIME_ZONE_NO_DATABASE)
        SKIP("tzdata is not installed");
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        CHECK(time_zone_judge(TIME_ZONE_FOLDER, NAMES[i]) == TIME_ZONE_KNOWN);
    CHECK(time_zone_judge(TIME_ZONE_FOLDER, "Europe/Munich") == TIME_ZONE_UNKNOWN);
}
