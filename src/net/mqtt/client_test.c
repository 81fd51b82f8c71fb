// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "net/mqtt/client.h"

TEST(mqtt_address_names_host_port_and_whether_it_is_encrypted)
{
    static const struct {
        const char *url, *host;
        uint16_t port;
        bool is_tls;
    } GOOD[] = {
        {"mqtt://broker.example.org", "broker.example.org", 1883, false},
        {"mqtts://broker.example.org", "broker.example.org", 8883, true},
        {"mqtt://10.0.0.7:11883", "10.0.0.7", 11883, false},
        {"mqtt://[::1]:65535", "::1", 65535, false},
        {"mqtts://[fe80::1]", "fe80::1", 8883, true},
    };
    for (size_t i = 0; i < COUNT_OF(GOOD); i++) {
        struct mqtt_address address;
        CHECK(mqtt_address_parse(GOOD[i].url, &address, NULL) == ERR_NONE);
        CHECK_TEXT(address.host, GOOD[i].host);
        CHECK_INT(address.port, GOOD[i].port);
        CHECK_INT(address.is_tls, GOOD[i].is_tls);
    }
}

TEST(mqtt_address_with_anything_else_is_refused_by_its_setting)
{
    static const char *const BAD[] = {
        "",
        "broker",
        "http://broker",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://broker:",
        "mqtt://broker:0",
        "mqtt://broker:65536",
        "mqtt://broker:18x",
        "mqtt://broker/topic",
        "mqtt://[::1",
        "mqtt://[]:1",
        "mqtt://[::1]1883",
        "mqtt://anna:secret@broker",
        "mqtt://anna@broker",
        "mqtt://a b",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct mqtt_address address;
        struct err_note note = {0};
        CHECK(mqtt_address_parse(BAD[i], &address, &note) == ERR_INVALID);
        CHECK_TEXT(note.place, "mqtt-url");
        CHECK(strstr(note.detail, "secret") == NULL);
    }
}

TEST(mqtt_pauses_double_up_to_half_a_minute_and_are_spread)
{
    CHECK_INT(mqtt_pause_ms(1, 0), 500);
    CHECK_INT(mqtt_pause_ms(1, 0.999999), 999);
    CHECK_INT(mqtt_pause_ms(2, 0.5), 1500);
    CHECK_INT(mqtt_pause_ms(5, 0), 8000);
    CHECK_INT(mqtt_pause_ms(6, 0), 15000);
    CHECK_INT(mqtt_pause_ms(4000000000U, 0), 15000);
}

TEST(mqtt_complaints_are_told_at_once_and_then_every_ten_seconds_with_their_number)
{
    struct mqtt_complaint complaint = {0};
    CHECK_INT(mqtt_complain(&complaint, 1000), 1);
    CHECK_INT(mqtt_complain(&complaint, 1001), 0);
    CHECK_INT(mqtt_complain(&complaint, 1000 + MQTT_COMPLAINT_US - 1), 0);
    CHECK_INT(mqtt_complain(&complaint, 1000 + MQTT_COMPLAINT_US), 3);
    CHECK_INT(mqtt_complain(&complaint, 1001 + MQTT_COMPLAINT_US), 0);
}
