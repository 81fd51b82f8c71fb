// SPDX-License-Identifier: Apache-2.0
/* The list of series, page by page, for people and for a token that reads counts only. */
#include "api/site_test.h"
#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>

static enum err append(struct db *db, void *context, struct err_note *note)
{
    static const char *const NAMES[] = {"anna:pulse",  "bert:pulse",         "line.gate:to_left",
                                        "mast-1:wind", "zone.stage:density", "zone.stage:people",
                                        "zoo:noise",   "zoo:smell"};
    struct reading readings[COUNT_OF(NAMES)];
    int64_t now_ms = clock_now_ms();
    (void)context;
    (void)note;
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        readings[i] = (struct reading){NAMES[i], now_ms, 1};
    return readings_append(db, "fest", "park", readings, COUNT_OF(readings), NULL);
}

/* All pages of one series each, from there: what stands in them, and every cursor. */
static void follow(struct site *site, enum asker asker, const char *from, struct text *out)
{
    char cursor[100];
    (void)text_copy(cursor, sizeof cursor, from);
    for (int pages = 0; cursor[0] != '\0' || pages == 0; pages++) {
        SCOPED_ANSWER answer = {0};
        char path[200];
        CHECK(pages < 20);
        (void)snprintf(path, sizeof path, "/api/v1/series?event=fest&limit=1&cursor=%s", cursor);
        site_ask(site, site->credentials[asker], "GET", path, NULL, &answer);
        CHECK_INT(answer.status, 200);
        SCOPED_JSON *page = answer_json(&answer);
        const json_t *item = json_array_get(json_object_get(page, "items"), 0);
        const char *next = json_string_value(json_object_get(page, "next"));
        if (item != NULL)
            text_addf(out, "%s ", json_string_value(json_object_get(item, "id")));
        text_addf(out, "> %s\n", next == NULL ? "" : next);
        (void)text_copy(cursor, sizeof cursor, next == NULL ? "" : next);
    }
}

static void check_pages(struct site *site, enum asker asker, const char *from, const char *expected)
{
    SCOPED_TEXT pages;
    text_init(&pages, 4096);
    follow(site, asker, from, &pages);
    CHECK_TEXT(pages.bytes, expected);
}

TEST(pages_of_series_name_no_device_to_a_token_that_reads_counts)
{
    SCOPED(site) site = site_create();
    CHECK_INT(store_write(site->telemetry, append, NULL, NULL), ERR_NONE);
    check_pages(site, CONTROL, "mast-1:wind",
                "zone.stage:density > zone.stage:density\nzone.stage:people > zone.stage:people\n"
                "zoo:noise > zoo:noise\nzoo:smell > \n");
    static const char COUNTS[] = "line.gate:to_left > line.gate:to_left\n> venue.\n"
                                 "zone.stage:density > zone.stage:density\n"
                                 "zone.stage:people > zone.stage:people\n> \n";
    check_pages(site, READER, "", COUNTS);
    check_pages(site, READER, "anna:pulse", COUNTS); /* nor does it matter where it asks from */
    check_pages(site, READER, "zoo", "> \n");
}

TEST(series_of_a_device_is_refused_to_a_token_that_reads_with_what_to_do_whether_or_not_it_is_there)
{
    static const char *const DEVICES[] = {"anna:pulse", "nobody:pulse"};
    SCOPED(site) site = site_create();
    CHECK_INT(store_write(site->telemetry, append, NULL, NULL), ERR_NONE);
    CHECK_INT(site_status(site, READER, "GET", "/api/v1/series/zone.stage:people", NULL), 200);
    for (size_t i = 0; i < COUNT_OF(DEVICES); i++) {
        SCOPED_ANSWER answer = {0};
        char path[100];
        (void)snprintf(path, sizeof path, "/api/v1/series/%s", DEVICES[i]);
        site_ask(site, site->credentials[READER], "GET", path, NULL, &answer);
        CHECK_INT(answer.status, 403);
        SCOPED_JSON *problem = answer_json(&answer);
        CHECK_TEXT(json_string_value(json_object_get(problem, "place")), "series");
        CHECK(strchr(json_string_value(json_object_get(problem, "detail")), ';') != NULL);
    }
}
