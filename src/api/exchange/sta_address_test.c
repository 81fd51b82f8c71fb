// SPDX-License-Identifier: Apache-2.0
#include "api/exchange/sta_address.h"

#include "base/test.h"

TEST(sensorthings_path_names_a_set_an_entity_or_what_belongs_to_it)
{
    static const struct {
        const char *path;
        enum sta_kind kind, from;
        const char *id;
        bool is_one;
    } GOOD[] = {
        {"", STA_ROOT, STA_ROOT, "", false},
        {"Things", STA_THINGS, STA_ROOT, "", false},
        {"FeaturesOfInterest", STA_FEATURES, STA_ROOT, "", false},
        {"Things('park')", STA_THINGS, STA_THINGS, "park", true},
        {"Things('park')/Datastreams", STA_DATASTREAMS, STA_THINGS, "park", false},
        {"Datastreams('zone.a:people')/Thing", STA_THINGS, STA_DATASTREAMS, "zone.a:people", true},
        {"Datastreams('zone.a:people')/Observations", STA_OBSERVATIONS, STA_DATASTREAMS,
         "zone.a:people", false},
        {"Observations('zone.a:people@17')/FeatureOfInterest", STA_FEATURES, STA_OBSERVATIONS,
         "zone.a:people@17", true},
    };
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        struct sta_path path;
        CHECK(sta_path_read(GOOD[i].path, &path, NULL) == ERR_NONE);
        CHECK_INT(path.kind, GOOD[i].kind);
        CHECK_INT(path.from, GOOD[i].from);
        CHECK_TEXT(path.id, GOOD[i].id);
        CHECK_INT(path.is_one, GOOD[i].is_one);
    }
}

TEST(sensorthings_path_of_another_kind_is_not_found)
{
    static const char *const BAD[] = {
        "/",
        "things",
        "Things/",
        "Thingsx",
        "Things()",
        "Things('')",
        "Things(1)",
        "Things(park)",
        "Things('a'",
        "Things('a)",
        "Things('a''b')",
        "Things('A')",
        "Things('a')x",
        "Things('a')/",
        "Things('a')/name",
        "Things('a')/Observations",
        "('a')",
        "Things('a/b')",
        "Things/Datastreams",
        "Things('a')/Datastreams/",
        "Tasks",
        "Things('\xc3\xa4')",
        "Datastreams('a')/Thing/Locations",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct sta_path path;
        if (sta_path_read(BAD[i], &path, NULL) != ERR_NOT_FOUND)
            print_error("%s\n", BAD[i]);
        CHECK(sta_path_read(BAD[i], &path, NULL) == ERR_NOT_FOUND);
    }
    struct sta_path path;
    char long_path[2 * STA_ID_SIZE] = "Things('";
    memset(long_path + strlen("Things('"), 'a', STA_ID_SIZE);
    memcpy(long_path + strlen("Things('") + STA_ID_SIZE, "')", 3);
    CHECK(sta_path_read(long_path, &path, NULL) == ERR_NOT_FOUND);
}

#define T "1970-01-01T00:00:01.500Z"

TEST(sensorthings_filter_is_a_range_of_time)
{
    static const struct {
        const char *text;
        struct sta_range range;
    } GOOD[] = {
        {"phenomenonTime ge " T, {1500, STA_TIME_MAX}},
        {"phenomenonTime gt " T, {1501, STA_TIME_MAX}},
        {"phenomenonTime lt " T, {0, 1500}},
        {"phenomenonTime le " T, {0, 1501}},
        {"resultTime eq " T, {1500, 1501}},
        {" phenomenonTime  ge 1970-01-01T01:00:01+01:00 and phenomenonTime lt " T " ",
         {1000, 1500}},
        {"phenomenonTime ge " T " and phenomenonTime ge 1970-01-01T00:00:09Z and "
         "phenomenonTime lt 1970-01-01T00:00:05Z",
         {9000, 5000}},
    };
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        struct sta_range range;
        CHECK(sta_filter_read(GOOD[i].text, &range, NULL) == ERR_NONE);
        CHECK_INT(range.from_ms, GOOD[i].range.from_ms);
        CHECK_INT(range.to_ms, GOOD[i].range.to_ms);
    }
}

TEST(sensorthings_filter_of_anything_else_is_refused)
{
    static const char *const BAD[] = {
        "",
        "phenomenonTime",
        "phenomenonTime ge",
        "phenomenonTime ge soon",
        "phenomenonTime ne " T,
        "phenomenonTime ge '" T "'",
        "result ge 3",
        "result ge " T,
        "(phenomenonTime ge " T ")",
        "phenomenonTime ge " T " or phenomenonTime lt " T,
        "phenomenonTime ge " T " and",
        "phenomenonTime ge " T " and ",
        "phenomenonTime ge " T " phenomenonTime lt " T,
        "phenomenontime ge " T,
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct sta_range range;
        struct err_note note = {0};
        if (sta_filter_read(BAD[i], &range, &note) != ERR_MALFORMED)
            print_error("%s\n", BAD[i]);
        CHECK(sta_filter_read(BAD[i], &range, &note) == ERR_MALFORMED);
        CHECK_TEXT(note.place, "$filter");
    }
}

TEST(sensorthings_order_is_of_time_only)
{
    static const char *const BAD[] = {"",
                                      "result",
                                      "phenomenonTime up",
                                      "desc",
                                      "phenomenonTime asc,result",
                                      "phenomenonTime asc desc"};
    enum sta_order order = STA_NEWEST_FIRST;
    CHECK(sta_order_read("phenomenonTime", &order, NULL) == ERR_NONE);
    CHECK_INT(order, STA_OLDEST_FIRST);
    CHECK(sta_order_read("resultTime desc", &order, NULL) == ERR_NONE);
    CHECK_INT(order, STA_NEWEST_FIRST);
    CHECK(sta_order_read(" phenomenonTime asc ", &order, NULL) == ERR_NONE);
    CHECK_INT(order, STA_OLDEST_FIRST);
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        CHECK(sta_order_read(BAD[i], &order, NULL) == ERR_MALFORMED);
}
