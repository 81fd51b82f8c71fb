// SPDX-License-Identifier: Apache-2.0
#include "trends/predict/real_series_test.h"

#include "base/test.h"

#include <time.h>

static int64_t parse_time_ms(const char *text)
{
    struct tm tm = {0};
    CHECK_INT(sscanf(text, "%d-%d-%d%*c%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
                     &tm.tm_min, &tm.tm_sec),
              6);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (int64_t)timegm(&tm) * 1000;
}

struct real_series real_series_read(const char *file, const char *sensor, int64_t step_ms)
{
    char command[512], line[256];
    const char *path = test_data(file);
    bool is_xz = strcmp(path + strlen(path) - 3, ".xz") == 0;
    (void)snprintf(command, sizeof command, "%s '%s'", is_xz ? "xzcat" : "zcat", path);
    FILE *pipe = popen(command, "r");
    CHECK(pipe != NULL);
    struct real_series series = {.step_ms = step_ms};
    size_t size = 0;
    for (bool is_head = true; fgets(line, sizeof line, pipe) != NULL; is_head = false) {
        char *time = line;
        if (sensor != NULL) {
            time = strchr(line, ',') + 1;
            if (strncmp(line, sensor, strlen(sensor)) != 0)
                continue;
        }
        char *value = strchr(time, ',');
        if ((is_head && sensor == NULL) || value == NULL)
            continue;
        if (series.count == size) {
            size = size == 0 ? 4096 : 2 * size;
            series.at_ms = mem_resize(series.at_ms, size * sizeof *series.at_ms);
            series.people = mem_resize(series.people, size * sizeof *series.people);
        }
        series.at_ms[series.count] = parse_time_ms(time);
        series.people[series.count++] = strtod(value + 1, NULL);
    }
    CHECK_INT(pclose(pipe), 0);
    return series;
}

void real_series_fini(struct real_series *series)
{
    mem_free(series->at_ms);
    mem_free(series->people);
}

/* 02:00 local of the first Sunday of the month, in UTC before the change. */
static int64_t first_sunday_ms(int year, int month, int hours_before_utc)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 1};
    int64_t first_s = (int64_t)timegm(&tm); /* fills tm_wday */
    return (first_s + (7 - tm.tm_wday) % 7 * 86400LL - hours_before_utc * 3600LL) * 1000;
}

int64_t melbourne_offset_ms(int64_t utc_ms)
{
    time_t seconds = (time_t)(utc_ms / 1000 + 10 * 3600);
    struct tm tm;
    (void)gmtime_r(&seconds, &tm);
    int year = tm.tm_year + 1900;
    bool is_summer = utc_ms < first_sunday_ms(year, 4, 8) || utc_ms >= first_sunday_ms(year, 10, 8);
    return (is_summer ? 11 : 10) * 3600000LL;
}
