// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "base/text.h"
#include "notify/letter.h"

static const struct letter_sender DEMO = {.event_name = "Sound & Light",
                                          .public_url = "https://muster.example.org"};

static struct incident dense_stage(void)
{
    return (struct incident){.id = 17,
                             .event = "demo",
                             .rule = "dense",
                             .rule_name = "Too dense",
                             .venue = "park",
                             .series = "zone.stage-a:density",
                             .subject = "zone.stage-a",
                             .zone = "stage-a",
                             .measure = "density",
                             .severity = SEVERITY_CRITICAL,
                             .cause = ALARM_CAUSE_THRESHOLD,
                             .threshold = 5,
                             .value = 5.3125,
                             .has_value = true,
                             .since_ms = 1781990043100};
}

static void name_mast(void *context, const struct incident *incident, struct letter_names *names)
{
    (void)context, (void)incident;
    (void)text_copy(names->place, sizeof names->place, "<Mast 3>");
}

TEST(one_alarm_says_what_where_how_much_since_when_and_where_to_look)
{
    struct incident incident = dense_stage();
    const struct incident *list[] = {&incident};
    struct letter letter;
    letter_compose(list, 1, &DEMO, &letter);
    CHECK_TEXT(letter.subject, "CRITICAL: zone stage-a · Too dense · density 5.312, limit: at or "
                               "above 5 (Sound & Light)");
    CHECK_TEXT(
        letter.text,
        "Sound & Light: 1 alarm\n\n"
        "CRITICAL: Too dense\n"
        "  Where: zone stage-a, venue park\n"
        "  What:  density 5.312, limit: at or above 5\n"
        "  Since: 2026-06-20 21:14:03 UTC\n"
        "  Look:  https://muster.example.org/control/demo/park?incident=17\n\n"
        "To acknowledge an alarm, open its link and press \"Acknowledge\": everybody then sees "
        "that somebody takes care.\n");
    CHECK(strstr(letter.html, "<h1 style=\"font-size:20px\">Sound &amp; Light: 1 alarm</h1>") !=
          NULL);
    CHECK(strstr(letter.html,
                 "href=\"https://muster.example.org/control/demo/park?incident=17\"") != NULL);
    letter_fini(&letter);
}

TEST(names_that_people_chose_stay_text)
{
    struct incident incident = dense_stage();
    (void)text_copy(incident.rule_name, sizeof incident.rule_name,
                    "<script>alert(1)</script>\r\nBcc: all@example.org");
    (void)text_copy(incident.zone, sizeof incident.zone, "\"><img src=x>");
    const struct incident *list[] = {&incident};
    struct letter letter;
    letter_compose(list, 1, &DEMO, &letter);
    CHECK(strpbrk(letter.subject, "\r\n") == NULL);
    CHECK(strstr(letter.html, "<script") == NULL);
    CHECK(strstr(letter.html, "<img") == NULL);
    CHECK(strstr(letter.html, "&lt;script&gt;") != NULL);
    letter_fini(&letter);
}

TEST(silence_is_told_as_silence)
{
    struct incident incident = dense_stage();
    incident.cause = ALARM_CAUSE_NO_DATA;
    const struct incident *list[] = {&incident};
    struct letter letter;
    letter_compose(list, 1, &DEMO, &letter);
    CHECK(strstr(letter.text, "no values of density come in any more (the last was 5.312)") !=
          NULL);
    CHECK(strstr(letter.text, "Silence is not zero") != NULL);
    letter_fini(&letter);
}

TEST(a_silent_camera_is_told_by_its_name)
{
    struct incident incident = dense_stage();
    (void)text_copy(incident.subject, sizeof incident.subject, "device.cam-3");
    (void)text_copy(incident.measure, sizeof incident.measure, "silence");
    incident.zone[0] = '\0';
    incident.value = 10.4;
    const struct incident *list[] = {&incident};
    struct letter_sender sender = DEMO;
    sender.name = name_mast;
    struct letter letter;
    letter_compose(list, 1, &sender, &letter);
    CHECK(strstr(letter.text, "Where: <Mast 3> (cam-3), venue park") != NULL);
    CHECK(strstr(letter.text, "nothing is heard, for 10 s longer than it may be silent") != NULL);
    CHECK(strstr(letter.html, "&lt;Mast 3&gt; (cam-3), venue park") != NULL);
    letter_fini(&letter);
}

TEST(an_end_says_why_by_whom_and_after_how_long)
{
    struct incident incident = dense_stage();
    incident.state = INCIDENT_RESOLVED;
    incident.resolution = RESOLUTION_BY_HAND;
    incident.resolved_ms = incident.since_ms + 12 * 60000;
    (void)text_copy(incident.resolved_by, sizeof incident.resolved_by, "Ann");
    const struct incident *list[] = {&incident};
    struct letter_sender sender = DEMO;
    sender.kind = LETTER_RESOLVED;
    struct letter letter;
    letter_compose(list, 1, &sender, &letter);
    CHECK_TEXT(letter.subject, "Resolved: zone stage-a · Too dense · by hand, by Ann, after 12 min "
                               "(Sound & Light)");
    CHECK(strstr(letter.text, "Ended: 2026-06-20 21:26:03 UTC, by hand, by Ann, after 12 min") !=
          NULL);
    CHECK(strstr(letter.html, "ended: by hand, by Ann") != NULL);
    CHECK(strstr(letter.html, "acknowledge") == NULL);
    letter_fini(&letter);
}

#define ZONES 1000
TEST(a_thousand_zones_are_one_letter_with_all_of_them_and_the_worst_first)
{
    struct incident *incidents = mem_new_array(ZONES, sizeof *incidents);
    const struct incident *list[ZONES];
    for (int i = 0; i < ZONES; i++) {
        incidents[i] = dense_stage();
        incidents[i].id = i + 1;
        incidents[i].severity = i == 700 ? SEVERITY_CRITICAL : SEVERITY_WARNING;
        (void)snprintf(incidents[i].zone, sizeof incidents[i].zone, "z%04d", i);
        list[i] = &incidents[i];
    }
    struct letter letter;
    letter_compose(list, ZONES, &DEMO, &letter);
    const char *start = "CRITICAL: 1000 alarms at Sound & Light: zone z0700, zone z0000, ";
    CHECK(strncmp(letter.subject, start, strlen(start)) == 0);
    CHECK(strlen(letter.subject) <= LETTER_SUBJECT_LEN);
    for (int i = 0; i < ZONES; i++) {
        char where[40];
        (void)snprintf(where, sizeof where, "Where: zone z%04d,", i);
        CHECK(strstr(letter.text, where) != NULL);
    }
    CHECK(strstr(letter.html, "z0999") != NULL);
    letter_fini(&letter);
    mem_free(incidents);
}

TEST(a_long_subject_is_cut_between_characters)
{
    struct incident incident = dense_stage();
    for (size_t i = 0; i + 2 < sizeof incident.rule_name; i += 2)
        memcpy(incident.rule_name + i, "\xC3\xA4", 3);
    const struct incident *list[] = {&incident};
    struct letter letter;
    letter_compose(list, 1, &DEMO, &letter);
    CHECK(strlen(letter.subject) <= LETTER_SUBJECT_LEN);
    CHECK(strlen(letter.subject) >= LETTER_SUBJECT_LEN - 1);
    CHECK(text_is_utf8(letter.subject, strlen(letter.subject)));
    letter_fini(&letter);
}
