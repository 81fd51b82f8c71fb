// SPDX-License-Identifier: Apache-2.0
#include "api/mqtt/topics.h"

#include "base/test.h"
#include "base/text.h"

static struct topic_rules rules_of(const char *senders, const char *scenescape_event)
{
    struct topic_rules rules;
    CHECK(topic_rules_read("site/muster", senders, scenescape_event, &rules, NULL) == ERR_NONE);
    return rules;
}

static enum err read_topic(const struct topic_rules *rules, const char *topic)
{
    struct sender sender;
    enum sender_kind kind;
    return topic_read(rules, topic, &sender, &kind);
}

TEST(topic_names_the_event_the_device_and_what_it_sends)
{
    static const struct {
        const char *topic, *event, *device;
        enum sender_kind kind;
    } GOOD[] = {
        {"site/muster/demo/cam-1/detections", "demo", "cam-1", SENDER_DETECTIONS},
        {"site/muster/demo/lift-3/readings", "demo", "lift-3", SENDER_READINGS},
        {"site/muster/demo/lift-3/senml", "demo", "lift-3", SENDER_SENML},
        {"scenescape/data/camera/cam-2", "fair", "cam-2", SENDER_DETECTIONS},
    };
    struct topic_rules rules = rules_of("demo", "fair");
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        struct sender sender;
        enum sender_kind kind;
        CHECK(topic_read(&rules, GOOD[i].topic, &sender, &kind) == ERR_NONE);
        CHECK_TEXT(sender.event, GOOD[i].event);
        CHECK_TEXT(sender.device, GOOD[i].device);
        CHECK_INT(kind, GOOD[i].kind);
    }
}

TEST(topic_of_another_shape_is_nobodys)
{
    static const char *const BAD[] = {
        "",
        "site/muster",
        "site/muster/",
        "site/muster/demo",
        "site/muster/demo/cam-1",
        "site/muster/demo/cam-1/",
        "site/muster/demo/cam-1/pictures",
        "site/muster/demo/cam-1/detections/more",
        "site/muster/demo/park/zones/stage",
        "site/muster//cam-1/detections",
        "site/muster/demo//detections",
        "site/muster/Demo/cam-1/detections",
        "site/muster/demo/cam 1/detections",
        "site/musters/demo/cam-1/detections",
        "site/muster/a1234567890123456789012345678901234567890123456789012345678901234/x/senml",
        "scenescape/data/camera/",
        "scenescape/data/camera/Cam",
        "scenescape/data/camera/cam-1/more",
    };
    struct topic_rules rules = rules_of("+", "fair");
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        if (read_topic(&rules, BAD[i]) != ERR_MALFORMED)
            print_error("%s\n", BAD[i]);
        CHECK(read_topic(&rules, BAD[i]) == ERR_MALFORMED);
    }
}

TEST(topic_of_a_count_names_its_zone_and_nothing_else_is_one)
{
    static const char *const OTHERS[] = {
        "",
        "site/muster",
        "site/muster/status",
        "site/muster/demo/park/zones",
        "site/muster/demo/park/zones/",
        "site/muster/demo/zones/stage",
        "site/muster/demo/park/lines/gate",
        "site/muster/demo/park/zones/stage/more",
        "site/muster/demo/park/zones/Stage",
        "site/muster//park/zones/stage",
        "site/muster/demo//zones/stage",
        "site/musters/demo/park/zones/stage",
        "muster/demo/park/zones/stage",
    };
    struct topic_rules rules = rules_of(NULL, NULL);
    struct zone_topic zone;
    char filter[TOPIC_SIZE];
    CHECK(topic_read_zone(&rules, "site/muster/demo/park/zones/stage", &zone));
    CHECK_TEXT(zone.event, "demo");
    CHECK_TEXT(zone.venue, "park");
    CHECK_TEXT(zone.zone, "stage");
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        if (topic_read_zone(&rules, OTHERS[i], &zone))
            print_error("%s\n", OTHERS[i]);
        CHECK(!topic_read_zone(&rules, OTHERS[i], &zone));
    }
    topic_zones_filter(&rules, filter);
    CHECK_TEXT(filter, "site/muster/+/+/zones/+");
}

TEST(only_who_is_named_may_send)
{
    struct topic_rules nobody = rules_of(NULL, NULL);
    struct topic_rules some = rules_of("demo, fair/cam-1", NULL);
    struct topic_rules all = rules_of("+", NULL);
    CHECK(read_topic(&nobody, "site/muster/demo/cam-1/detections") == ERR_FORBIDDEN);
    CHECK(read_topic(&some, "site/muster/demo/cam-9/detections") == ERR_NONE);
    CHECK(read_topic(&some, "site/muster/fair/cam-1/readings") == ERR_NONE);
    CHECK(read_topic(&some, "site/muster/fair/cam-9/readings") == ERR_FORBIDDEN);
    CHECK(read_topic(&some, "site/muster/other/cam-1/readings") == ERR_FORBIDDEN);
    CHECK(read_topic(&some, "scenescape/data/camera/cam-1") == ERR_FORBIDDEN);
    CHECK(read_topic(&all, "site/muster/other/cam-1/readings") == ERR_NONE);
    CHECK(read_topic(&all, "scenescape/data/camera/cam-1") == ERR_FORBIDDEN);
}

TEST(filters_are_for_those_who_may_send_and_for_nobody_else)
{
    static struct topic_filters filters;
    struct topic_rules rules = rules_of("demo fair/cam-1", "demo");
    topic_filters_make(&rules, &filters);
    CHECK_INT(filters.count, 7);
    CHECK_TEXT(filters.list[0], "site/muster/demo/+/detections");
    CHECK_TEXT(filters.list[1], "site/muster/fair/cam-1/detections");
    CHECK_TEXT(filters.list[4], "site/muster/demo/+/senml");
    CHECK_TEXT(filters.list[6], "scenescape/data/camera/+");
    rules = rules_of("demo +", NULL);
    topic_filters_make(&rules, &filters);
    CHECK_INT(filters.count, 3);
    CHECK_TEXT(filters.list[1], "site/muster/+/+/readings");
    rules = rules_of(NULL, NULL);
    topic_filters_make(&rules, &filters);
    CHECK_INT(filters.count, 0);
}

TEST(wrong_words_of_the_settings_are_refused_by_their_name)
{
    static const struct {
        const char *prefix, *senders, *scenescape_event, *place;
    } BAD[] = {
        {"", NULL, NULL, "mqtt-prefix"},          {"/muster", NULL, NULL, "mqtt-prefix"},
        {"muster/", NULL, NULL, "mqtt-prefix"},   {"a//b", NULL, NULL, "mqtt-prefix"},
        {"a/+", NULL, NULL, "mqtt-prefix"},       {"#", NULL, NULL, "mqtt-prefix"},
        {"$SYS", NULL, NULL, "mqtt-prefix"},      {"\xff", NULL, NULL, "mqtt-prefix"},
        {"m", "Demo", NULL, "mqtt-event"},        {"m", "demo/", NULL, "mqtt-event"},
        {"m", "/cam-1", NULL, "mqtt-event"},      {"m", "demo/cam-1/x", NULL, "mqtt-event"},
        {"m", "demo/+", NULL, "mqtt-event"},      {"m", NULL, "Demo", "mqtt-scenescape-event"},
        {"m", NULL, "", "mqtt-scenescape-event"},
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct topic_rules rules;
        struct err_note note = {0};
        CHECK(topic_rules_read(BAD[i].prefix, BAD[i].senders, BAD[i].scenescape_event, &rules,
                               &note) == ERR_INVALID);
        CHECK_TEXT(note.place, BAD[i].place);
    }
}

TEST(more_senders_than_there_is_room_for_are_refused)
{
    SCOPED_TEXT words;
    text_init(&words, 4096);
    for (int i = 0; i < LIMIT_MQTT_SENDERS; i++)
        text_addf(&words, "e%d ", i);
    struct topic_rules rules;
    CHECK(topic_rules_read("m", words.bytes, NULL, &rules, NULL) == ERR_NONE);
    text_add(&words, "one-more");
    CHECK(topic_rules_read("m", words.bytes, NULL, &rules, NULL) == ERR_INVALID);
}
