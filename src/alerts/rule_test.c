// SPDX-License-Identifier: Apache-2.0
#include "alerts/condition.h"
#include "base/test.h"

static enum err read_rule(const char *json, struct rule *out_rule, struct err_note *note)
{
    struct rule_form form;
    rule_form_init(&form, "demo");
    SCOPED_JSON *document = NULL;
    TRY(json_parse(json, strlen(json), &document, note));
    TRY(json_read(document, rule_create_fields, RULE_FIELD_COUNT, &form, note));
    return rule_form_finish(&form, out_rule, note);
}

TEST(a_rule_needs_little_and_has_careful_defaults)
{
    static struct rule rule;
    struct err_note note;
    CHECK_INT(
        read_rule("{\"id\":\"dense\",\"series\":\"zone.*:density\",\"threshold\":5}", &rule, &note),
        ERR_NONE);
    CHECK_TEXT(rule.event, "demo");
    CHECK_TEXT(rule.name, "dense");
    CHECK_NEAR(rule.recovery, 4.5, 1e-9);
    CHECK_INT(rule.hold_ms, 5000);
    CHECK_INT(rule.recovery_hold_ms, 5000);
    CHECK_INT(rule.severity, SEVERITY_WARNING);
    CHECK(rule.is_enabled);
}

TEST(below_recovers_above_its_threshold)
{
    static struct rule rule;
    struct err_note note;
    CHECK_INT(read_rule("{\"id\":\"a\",\"series\":\"hall:co2\",\"threshold\":-10,"
                        "\"direction\":\"below\"}",
                        &rule, &note),
              ERR_NONE);
    CHECK_NEAR(rule.recovery, -9, 1e-9);
}

#define WITH(more) "{\"id\":\"a\",\"series\":\"hall:co2\",\"threshold\":5," more "}"
TEST(a_rule_that_cannot_work_is_refused_with_its_place)
{
    static const struct {
        const char *json, *place;
    } MISTAKES[] = {
        {WITH("\"recovery\":5"), "recovery"},
        {WITH("\"recovery\":5.1"), "recovery"},
        {WITH("\"direction\":\"below\",\"recovery\":4.9"), "recovery"},
        {WITH("\"direction\":\"below\",\"recovery\":5"), "recovery"},
        {WITH("\"hold_ms\":-1"), "hold_ms"},
        {WITH("\"severity\":\"loud\""), "severity"},
        {WITH("\"recipients\":\"a@b.c\""), "recipients"},
        {WITH("\"recipients\":[\"a@b.c\",\"role:everybody\"]"), "recipients[1]"},
        {WITH("\"recipients\":[\"a@b.c\\r\\nBcc: x@y.z\"]"), "recipients[0]"},
        {WITH("\"recipients\":[\"Ann <a@b.c>\"]"), "recipients[0]"},
        {WITH("\"recipients\":[\"@b.c\"]"), "recipients[0]"},
        {WITH("\"recipients\":[7]"), "recipients[0]"},
        {"{\"id\":\"a\",\"series\":\"hall:co2\",\"threshold\":0}", "recovery"},
        {"{\"id\":\"a\",\"series\":\"hall\",\"threshold\":1}", "series"},
        {"{\"id\":\"a\",\"series\":\":co2\",\"threshold\":1}", "series"},
        {"{\"id\":\"a\",\"series\":\"hall:\",\"threshold\":1}", "series"},
        {"{\"id\":\"a\",\"series\":\"ha*:co2\",\"threshold\":1}", "series"},
        {"{\"id\":\"a\",\"series\":\"zone.a.*:co2\",\"threshold\":1}", "series"},
        {"{\"id\":\"a\",\"series\":\".*:co2\",\"threshold\":1}", "series"},
        {"{\"id\":\"a\",\"series\":\"*.a:co2\",\"threshold\":1}", "series"},
        {"{\"id\":\"a\",\"series\":\"zone.*:*\",\"threshold\":1}", "series"},
        {"{\"id\":\"a\",\"threshold\":1}", "series"},
        {"{\"id\":\"a\",\"series\":\"hall:co2\"}", "threshold"},
    };
    for (size_t i = 0; i < COUNT_OF(MISTAKES); i++) {
        static struct rule rule;
        struct err_note note;
        CHECK_INT(read_rule(MISTAKES[i].json, &rule, &note), ERR_INVALID);
        CHECK_TEXT(note.place, MISTAKES[i].place);
    }
}

TEST(every_series_has_one_pattern)
{
    char pattern[READINGS_SERIES_LEN + 1];
    CHECK(rule_pattern_of("zone.stage-a:density", pattern));
    CHECK_TEXT(pattern, "zone.*:density");
    CHECK(rule_pattern_of("lift-3:temperature", pattern));
    CHECK_TEXT(pattern, "*:temperature");
    CHECK(!rule_pattern_of("lift-3", pattern));
    CHECK(rule_is_pattern("*:temperature"));
    CHECK(!rule_is_pattern("lift-3:a*"));
}

TEST(a_rule_reads_back_as_it_was_written)
{
    static struct rule rule;
    struct err_note note;
    CHECK_INT(
        read_rule(WITH("\"recovery\":3,\"recipients\":[\"role:control\",\"a@b.c\"]"), &rule, &note),
        ERR_NONE);
    SCOPED_JSON *json = rule_json(&rule);
    CHECK_NEAR(json_real_value(json_object_get(json, "recovery")), 3, 0);
    CHECK_TEXT(json_string_value(json_array_get(json_object_get(json, "recipients"), 1)), "a@b.c");
    CHECK_TEXT(json_string_value(json_object_get(json, "severity")), "warning");
}

TEST(every_direction_has_its_condition)
{
    for (int i = 0; rule_direction_names[i] != NULL; i++)
        CHECK_TEXT(condition_of(i)->name, rule_direction_names[i]);
}
