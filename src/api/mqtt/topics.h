// SPDX-License-Identifier: Apache-2.0
/* api/mqtt/topics.h — who may send what, told by its topic. Pure.
 *
 *   <prefix>/<event>/<device>/detections | readings | senml
 *   scenescape/data/camera/<device>                            of the event that is set for it
 *
 * And which zone a count is of: <prefix>/<event>/<venue>/zones/<zone>. */
#pragma once
#include "base/base.h"

#define TOPIC_PREFIX_LEN 100
/* "prefix/event/venue/zones/zone" */
#define TOPIC_SIZE (TOPIC_PREFIX_LEN + 3 * (LIMIT_ID_LEN + 1) + 16)

enum sender_kind { SENDER_DETECTIONS, SENDER_READINGS, SENDER_SENML };

struct sender {
    char event[LIMIT_ID_LEN + 1];
    char device[LIMIT_ID_LEN + 1]; /* in a rule: "" = any device of the event */
};

struct topic_rules {
    const char *prefix; /* borrowed */
    bool is_everybody;
    struct sender senders[LIMIT_MQTT_SENDERS];
    size_t sender_count;
    char scenescape_event[LIMIT_ID_LEN + 1]; /* "" = none */
};

/* `senders` and `scenescape_event` as in api/mqtt.h. ERR_INVALID naming the setting. */
MUST_USE enum err topic_rules_read(const char *prefix, const char *senders,
                                   const char *scenescape_event, struct topic_rules *out_rules,
                                   struct err_note *note);

/* The filters to subscribe to: TOPIC_FILTERS_MAX at most. */
#define TOPIC_FILTERS_MAX (3 * LIMIT_MQTT_SENDERS + 1)
struct topic_filters {
    char all[TOPIC_FILTERS_MAX][TOPIC_SIZE];
    const char *list[TOPIC_FILTERS_MAX];
    size_t count;
};
void topic_filters_make(const struct topic_rules *rules, struct topic_filters *out_filters);

/* Whose message it is. ERR_MALFORMED: no such topic. ERR_FORBIDDEN: the settings let nobody send there. */
MUST_USE enum err topic_read(const struct topic_rules *rules, const char *topic,
                             struct sender *out_sender, enum sender_kind *out_kind);

struct zone_topic {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    char zone[LIMIT_ID_LEN + 1];
};
/* False: it is not of this shape. */
bool topic_read_zone(const struct topic_rules *rules, const char *topic, struct zone_topic *out);
/* The filter of all of them. */
void topic_zones_filter(const struct topic_rules *rules, char out[TOPIC_SIZE]);
