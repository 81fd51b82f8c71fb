// SPDX-License-Identifier: Apache-2.0
#include "readings/decode/decode_values.h"

#include "base/test.h"
#include "base/text.h"

#define NOW_MS 1781990043000LL

static const struct values_options OPTIONS = {.now_ms = NOW_MS, .device = ""};

static struct values taken(const char *body, enum receive_form form)
{
    struct values values;
    struct err_note note = {0};
    enum err err = values_decode(body, strlen(body), form, &OPTIONS, &values, &note);
    if (err != ERR_NONE)
        print_error("%s: %s\n", note.place, note.detail);
    CHECK_INT(err, ERR_NONE);
    return values;
}

static void check_value(const struct values *values, size_t i, const char *series, int64_t at_ms,
                        double value)
{
    CHECK(i < values->count);
    CHECK_TEXT(values->list[i].series, series);
    CHECK_INT(values->list[i].at_ms, at_ms);
    CHECK_NEAR(values->list[i].value, value, 1e-12);
}

TEST(a_lift_tells_its_temperature_as_text_years_ago)
{
    struct values values = taken("{\"id\":\"lift-3\",\"timestamp\":\"2016-08-20T10:11:12Z\","
                                 "\"temperature\":\"21.4\",\"door_open\":true,\"load\":-3e2}",
                                 RECEIVE_PLAIN);
    CHECK_INT(values.count, 3);
    check_value(&values, 0, "lift-3:temperature", 1471687872000, 21.4);
    check_value(&values, 1, "lift-3:door_open", 1471687872000, 1);
    check_value(&values, 2, "lift-3:load", 1471687872000, -300);
    values_fini(&values);
}

TEST(lists_and_lines_hold_several_and_what_has_no_time_is_now)
{
    struct values values =
        taken("[{\"id\":\"a\",\"x\":1},{\"id\":\"b\",\"x\":\"2\"}]", RECEIVE_PLAIN);
    CHECK_INT(values.count, 2);
    check_value(&values, 1, "b:x", NOW_MS, 2);
    values_fini(&values);
    values = taken("{\"id\":\"a\",\"x\":1}\n\n{\"id\":\"b\",\"x\":2}\n", RECEIVE_PLAIN);
    CHECK_INT(values.count, 2);
    check_value(&values, 1, "b:x", NOW_MS, 2);
    values_fini(&values);
}

struct wrong_value {
    const char *body;
    const char *place;
};

TEST(wrong_values_are_named_by_their_place)
{
    static const struct wrong_value ITEMS[] = {
        {"{\"id\":\"a\",\"x\":\"warm\"}", "x"},
        {"{\"id\":\"a\",\"x\":\"NaN\"}", "x"},
        {"{\"id\":\"a\",\"x\":\"0x10\"}", "x"},
        {"{\"id\":\"a\",\"x\":\"1e999\"}", "x"},
        {"{\"id\":\"a\",\"x\":\"1.1e100\"}", "x"},
        {"{\"id\":\"a\",\"x\":-1.1e100}", "x"},
        {"{\"id\":\"a\",\"x\":\"\"}", "x"},
        {"{\"id\":\"a\",\"x\":null}", "x"},
        {"{\"id\":\"a\",\"x y\":1}", "x y"},
        {"{\"id\":\"A\",\"x\":1}", "id"},
        {"{\"x\":1}", "id"},
        {"{\"id\":\"a\"}", "body"},
        {"{\"id\":\"a\",\"\":1}", "body"},
        {"{\"id\":\"a\",\"timestamp\":\"1970-01-01T00:00:00Z\",\"x\":1}", "timestamp"},
        {"{\"id\":\"a\",\"timestamp\":\"2100-01-01T00:00:00Z\",\"x\":1}", "timestamp"},
        {"{\"id\":\"a\",\"timestamp\":1781990043,\"x\":1}", "timestamp"},
        {"[{\"id\":\"a\",\"x\":1},{\"id\":\"a\",\"x\":[]}]", "[1].x"},
        {"[7]", "[0]"},
        {"7", "body"},
    };
    for (size_t i = 0; i < COUNT_OF(ITEMS); i++) {
        struct values values = taken(ITEMS[i].body, RECEIVE_PLAIN);
        CHECK_INT(values.errors.count, 1);
        CHECK_TEXT(values.errors.items[0].place, ITEMS[i].place);
        values_fini(&values);
    }
}

TEST(broken_bodies_are_refused_with_their_line)
{
    struct values values;
    struct err_note note;
    static const char *const BODIES[] = {"", "{\"id\":\"a\",\"x\":NaN}",
                                         "{\"id\":\"a\",\"x\":1e999}",
                                         "{\"id\":\"a\",\"id\":\"b\"}", "{\"id\":\"a\""};
    for (size_t i = 0; i < COUNT_OF(BODIES); i++)
        CHECK_INT(
            values_decode(BODIES[i], strlen(BODIES[i]), RECEIVE_PLAIN, &OPTIONS, &values, &note),
            ERR_MALFORMED);
    static const char LINES[] = "{\"id\":\"a\",\"x\":1}\n{\"id\":\"a\",\"x\":}\n";
    CHECK_INT(values_decode(LINES, sizeof LINES - 1, RECEIVE_PLAIN, &OPTIONS, &values, &note),
              ERR_MALFORMED);
    CHECK_TEXT(note.place, "body:2");
}

TEST(senml_base_fields_hold_for_all_that_follow)
{
    struct values values =
        taken("[{\"bn\":\"urn:dev:ow:10e2073a01080063:\",\"bt\":1276020076,\"bu\":\"A\",\"bver\":5,"
              "\"n\":\"voltage\",\"u\":\"V\",\"v\":120.1},"
              "{\"n\":\"current\",\"t\":-5,\"v\":1.2},{\"n\":\"current\",\"t\":-4,\"v\":1.3}]",
              RECEIVE_SENML);
    CHECK_INT(values.errors.count, 0);
    CHECK_INT(values.count, 3);
    check_value(&values, 0, "10e2073a01080063:voltage", 1276020076000, 120.1);
    check_value(&values, 1, "10e2073a01080063:current", 1276020071000, 1.2);
    check_value(&values, 2, "10e2073a01080063:current", 1276020072000, 1.3);
    values_fini(&values);
}

TEST(senml_times_may_be_relative_and_values_have_kinds_and_sums)
{
    struct values values = taken(
        "[{\"bn\":\"lift-3/\",\"bv\":20,\"bs\":100},{\"n\":\"temperature\",\"v\":1.5,\"t\":-60},"
        "{\"n\":\"open\",\"vb\":true},{\"n\":\"level\",\"vs\":\"7\"},"
        "{\"n\":\"trips\",\"v\":1,\"s\":5}]",
        RECEIVE_SENML);
    CHECK_INT(values.errors.count, 0);
    CHECK_INT(values.count, 5);
    check_value(&values, 0, "lift-3:temperature", NOW_MS - 60000, 21.5);
    check_value(&values, 1, "lift-3:open", NOW_MS, 1);
    check_value(&values, 2, "lift-3:level", NOW_MS, 7);
    check_value(&values, 3, "lift-3:trips", NOW_MS, 21);
    check_value(&values, 4, "lift-3:trips_sum", NOW_MS, 105);
    values_fini(&values);
}

TEST(senml_that_must_be_understood_and_is_not_is_refused)
{
    static const struct wrong_value ITEMS[] = {
        {"[{\"n\":\"a:b\",\"v\":1,\"boost_\":2}]", "[0].boost_"},
        {"[{\"n\":\"a:b\",\"v\":1,\"bver\":11}]", "[0].bver"},
        {"[{\"n\":\"a:b\",\"vs\":\"open\"}]", "[0].vs"},
        {"[{\"n\":\"a:b\",\"v\":1,\"vb\":true}]", "[0].v"},
        {"[{\"n\":\"nowhere\",\"v\":1}]", "[0].n"},
        {"[{\"n\":\"a:b\",\"v\":1,\"t\":4000000000}]", "[0].t"},
        {"[{\"n\":\"a:b\",\"v\":1},7]", "[1]"},
        {"[{\"n\":\"a:b\",\"v\":1e308}]", "[0].v"},
        {"[{\"n\":\"a:b\",\"bv\":1e308}]", "[0].bv"},
        {"[{\"n\":\"a:b\",\"bv\":1e100,\"v\":1e100}]", "[0].v"},
        {"[{\"n\":\"a:b\",\"bs\":1e308,\"s\":1e308}]", "[0].s"},
    };
    for (size_t i = 0; i < COUNT_OF(ITEMS); i++) {
        struct values values = taken(ITEMS[i].body, RECEIVE_SENML);
        CHECK_INT(values.errors.count, 1);
        CHECK_TEXT(values.errors.items[0].place, ITEMS[i].place);
        values_fini(&values);
    }
}

/* `begin`, `each` so many times, `end`. */
static enum err decode_many(const char *begin, const char *each, size_t count, const char *end)
{
    SCOPED_TEXT body;
    text_init(&body, strlen(each) * count + 64);
    text_add(&body, begin);
    for (size_t i = 0; i < count; i++)
        text_add(&body, each);
    text_add(&body, end);
    struct values values;
    struct err_note note = {0};
    enum err err = values_decode(body.bytes, body.len, RECEIVE_PLAIN, &OPTIONS, &values, &note);
    if (err == ERR_NONE)
        CHECK_INT(values.count, 1);
    else
        CHECK_TEXT(note.place, "body");
    values_fini(&values);
    return err;
}

TEST(body_of_a_great_many_nothings_is_too_large_before_it_takes_memory)
{
    const size_t few = VALUES_MARKS_MAX / 2 - 4;
    const size_t many = VALUES_MARKS_MAX / 2 + 1;
    const char *const one = "{\"id\":\"a\",\"x\":1}";
    const char *const quoted = "{\"id\":\"a\",\"x\":1,\"y\":\"\\\"";
    CHECK_INT(decode_many("[", "{},", few, "{\"id\":\"a\",\"x\":1}]"), ERR_NONE);
    CHECK_INT(decode_many("[", "{},", many, "{\"id\":\"a\",\"x\":1}]"), ERR_TOO_LARGE);
    CHECK_INT(decode_many(one, "\n[]\n{}", many, ""), ERR_TOO_LARGE);
    CHECK_INT(decode_many(quoted, "[,", many, "\"}"), ERR_NONE);
}
