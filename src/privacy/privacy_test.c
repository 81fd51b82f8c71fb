// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "privacy/privacy.h"

#define HOUR_MS INT64_C(3600000)

static int64_t six_hours(const void *context, const struct privacy_kind *kind)
{
    (void)context;
    return 6 * HOUR_MS + kind->more_ms;
}

static int64_t for_ever(const void *context, const struct privacy_kind *kind)
{
    (void)context;
    (void)kind;
    return 0;
}

static const char *time_words(int64_t ms)
{
    static char words[PRIVACY_TIME_SIZE];
    privacy_time_words(ms, words);
    return words;
}

static const struct privacy_kind *kind_of(const char *id)
{
    for (size_t i = 0; i < privacy_kind_count; i++) {
        if (strcmp(privacy_kinds[i].id, id) == 0)
            return &privacy_kinds[i];
    }
    return NULL;
}

TEST(a_time_is_said_in_two_units_and_never_shorter_than_it_is)
{
    CHECK_TEXT(time_words(1000), "1 second");
    CHECK_TEXT(time_words(90 * 1000), "90 seconds");
    CHECK_TEXT(time_words(HOUR_MS), "1 hour");
    CHECK_TEXT(time_words(24 * HOUR_MS), "1 day");
    CHECK_TEXT(time_words(26 * HOUR_MS), "26 hours");
    CHECK_TEXT(time_words(6 * HOUR_MS + 10000), "6 hours and 10 seconds");
    CHECK_TEXT(time_words(24 * HOUR_MS + 10000), "24 hours and 10 seconds");
    CHECK_TEXT(time_words(30 * 24 * HOUR_MS + 600000), "30 days and 10 minutes");
    CHECK_TEXT(time_words(2 * 24 * HOUR_MS + 3 * HOUR_MS + 1), "2 days and 4 hours");
    CHECK_TEXT(time_words(90 * 1000 + 1), "91 seconds");
}

TEST(every_kind_says_what_it_is_about_whom_how_long_and_why)
{
    for (size_t i = 0; i < privacy_kind_count; i++) {
        const struct privacy_kind *kind = &privacy_kinds[i];
        CHECK(kind_of(kind->id) == kind);
        CHECK(strlen(kind->name) > 3 && strlen(kind->holds) > 10 && strlen(kind->why) > 10);
        bool is_timed = kind->end == END_AFTER || kind->end == END_IN_MEMORY;
        CHECK(is_timed == (kind->setting != NULL || kind->more_ms > 0));
        CHECK(kind->end == END_AFTER || kind->setting == NULL);
        CHECK(kind->end != END_AFTER || *kind->tables != '\0');
        /* What nobody may be found in again has no table. */
        CHECK((kind->end != END_IN_MEMORY && kind->end != END_NOT_STORED) || *kind->tables == '\0');
        CHECK((kind->stream != NULL) == (strstr(kind->tables, "store_record") != NULL));
    }
}

TEST(single_people_of_the_crowd_are_never_kept_for_ever)
{
    for (size_t i = 0; i < privacy_kind_count; i++) {
        const struct privacy_kind *kind = &privacy_kinds[i];
        if (kind->about == ABOUT_CROWD && kind->personal != PERSONAL_NO)
            CHECK(kind->end == END_AFTER || kind->end == END_IN_MEMORY ||
                  kind->end == END_NOT_STORED);
    }
}

TEST(the_document_says_the_period_that_is_in_force)
{
    SCOPED_JSON *document = privacy_json(&(struct privacy_clock){.age_ms = six_hours});
    json_t *kinds = json_object_get(document, "kinds");
    CHECK_INT(json_array_size(kinds), privacy_kind_count);
    size_t i;
    json_t *kind;
    json_array_foreach(kinds, i, kind)
    {
        json_t *kept = json_object_get(kind, "kept");
        if (strcmp(json_string_value(json_object_get(kind, "id")), "tracks") != 0)
            continue;
        CHECK_TEXT(json_string_value(json_object_get(kept, "how")), "for");
        CHECK_INT(json_integer_value(json_object_get(kept, "for_ms")), 6 * HOUR_MS + 10000);
        CHECK_TEXT(json_string_value(json_object_get(kept, "words")),
                   "at most 6 hours and 10 seconds after the moment that they show");
        CHECK_TEXT(json_string_value(json_object_get(kept, "setting")), "keep-tracks");
        CHECK_TEXT(json_string_value(json_array_get(json_object_get(kind, "tables"), 0)),
                   "telemetry.crowd_track");
    }
}

TEST(what_is_kept_for_ever_by_its_setting_is_said_to_be)
{
    SCOPED_TEXT text = {0};
    text_init(&text, 65536);
    privacy_add_text(&text, &(struct privacy_clock){.age_ms = for_ever});
    CHECK(!text.overflowed);
    CHECK(strstr(text.bytes, "kept  for ever (--keep-mails)") != NULL);
    CHECK(strstr(text.bytes, "kept  at most") == NULL);
}

TEST(the_text_for_people_has_no_long_lines)
{
    SCOPED_TEXT text = {0};
    text_init(&text, 65536);
    privacy_add_text(&text, &(struct privacy_clock){.age_ms = six_hours});
    CHECK(strstr(text.bytes, "at most 6 hours after it was written") != NULL);
    CHECK(strstr(text.bytes, "in memory only, at most 5 minutes after they came") != NULL);
    CHECK(strstr(text.bytes, "not stored; given to the system") != NULL);
    for (const char *line = text.bytes; *line != '\0'; line += strcspn(line, "\n") + 1)
        CHECK(strcspn(line, "\n") <= 120);
}
