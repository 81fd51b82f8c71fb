// SPDX-License-Identifier: Apache-2.0
/* Observations of a zone that has been quiet for long, with more values before than one answer holds. */
#include "api/site_test.h"
#include "base/clock.h"

#include <stdio.h>

#define DENSE     (LIMIT_SERIES_POINTS + 20000) /* seconds */
#define IN_RECORD 10000
#define PEOPLE    "/api/v1/events/fest/sensorthings/v1.1/Datastreams('zone.stage:people')"

#define SQUARE "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[20,0],[20,20],[0,20],[0,0]]]}"

static void make_zone(struct site *site)
{
    static const char VENUE[] = "/api/v1/events/fest/venues/park";
    CHECK_INT(site_status(site, ORGANISER, "PUT", VENUE, "{\"name\":\"Park\",\"crs\":\"local\"}"),
              201);
    CHECK_INT(site_status(site, ORGANISER, "POST", "/api/v1/events/fest/venues/park/zones",
                          "{\"id\":\"stage\",\"name\":\"Stage\",\"polygon\":" SQUARE "}"),
              201);
}

struct seconds {
    int64_t from_ms;
    size_t count;
};

static enum err append(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct seconds *seconds = context;
    static struct reading readings[IN_RECORD];
    for (size_t i = 0; i < seconds->count; i++)
        readings[i] =
            (struct reading){"zone.stage:people", seconds->from_ms + (int64_t)i * 1000, (double)i};
    return readings_append(db, "fest", "park", readings, seconds->count, NULL);
}

static void put_seconds(struct site *site, int64_t end_ms, size_t count)
{
    for (size_t left = count; left > 0; left -= MIN(left, (size_t)IN_RECORD)) {
        struct seconds seconds = {end_ms - (int64_t)left * 1000, MIN(left, (size_t)IN_RECORD)};
        CHECK_INT(store_write(site->telemetry, append, &seconds, NULL), ERR_NONE);
    }
}

/* The observations of the page, and the times of the first and the last of them. */
static size_t read_page(struct site *site, const char *query, char out_first[CLOCK_TEXT_SIZE],
                        char out_last[CLOCK_TEXT_SIZE])
{
    SCOPED_ANSWER answer = {0};
    char path[400];
    (void)snprintf(path, sizeof path, PEOPLE "/Observations?%s", query);
    site_ask(site, site->credentials[CONTROL], "GET", path, NULL, &answer);
    if (answer.status != 200)
        print_error("%s: %s\n", path, answer.body);
    CHECK_INT(answer.status, 200);
    SCOPED_JSON *page = answer_json(&answer);
    const json_t *list = json_object_get(page, "value");
    size_t count = json_array_size(list);
    CHECK(count > 0);
    const json_t *ends[] = {json_array_get(list, 0), json_array_get(list, count - 1)};
    (void)text_copy(out_first, CLOCK_TEXT_SIZE,
                    json_string_value(json_object_get(ends[0], "phenomenonTime")));
    (void)text_copy(out_last, CLOCK_TEXT_SIZE,
                    json_string_value(json_object_get(ends[1], "phenomenonTime")));
    return count;
}

static void check_newest_of(int64_t quiet_ms)
{
    SCOPED(site) site = site_create();
    char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE], expected[CLOCK_TEXT_SIZE];
    int64_t end_ms = (clock_now_ms() - quiet_ms) / 1000 * 1000;
    make_zone(site);
    put_seconds(site, end_ms, DENSE);
    CHECK_INT(read_page(site, "$orderby=phenomenonTime%20desc&$top=1", first, last), 1);
    clock_format(end_ms - 1000, expected);
    CHECK_TEXT(first, expected);
    CHECK_INT(read_page(site, "$orderby=phenomenonTime%20desc&$top=100&$skip=3000", first, last),
              100);
    clock_format(end_ms - 3001 * 1000, expected);
    CHECK_TEXT(first, expected);
    clock_format(end_ms - 3100 * 1000, expected);
    CHECK_TEXT(last, expected);
}

TEST(newest_observations_are_found_hours_and_days_after_the_zone_went_quiet)
{
    check_newest_of(8 * INT64_C(3600000));
    check_newest_of(20 * INT64_C(86400000));
}
