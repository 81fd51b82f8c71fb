// SPDX-License-Identifier: Apache-2.0
#include "api/mqtt/topics.h"

#include "base/text.h"

#include <stdio.h>

#define SCENESCAPE_CAMERA "scenescape/data/camera/"

static const char *const KIND_NAMES[] = {
    [SENDER_DETECTIONS] = "detections", [SENDER_READINGS] = "readings", [SENDER_SENML] = "senml"};

/* --- settings --- */

/* `text` up to its length as an id. */
static bool take_id(const char *text, size_t len, char out[LIMIT_ID_LEN + 1])
{
    char id[LIMIT_ID_LEN + 1];
    if (len == 0 || len > LIMIT_ID_LEN)
        return false;
    memcpy(id, text, len);
    id[len] = '\0';
    if (!text_is_id(id))
        return false;
    memcpy(out, id, len + 1);
    return true;
}

static bool read_word(const char *word, size_t len, struct sender *out)
{
    const char *slash = memchr(word, '/', len);
    size_t event_len = slash == NULL ? len : (size_t)(slash - word);
    *out = (struct sender){.event = ""};
    if (!take_id(word, event_len, out->event))
        return false;
    return slash == NULL || take_id(slash + 1, len - event_len - 1, out->device);
}

static enum err add_word(struct topic_rules *rules, const char *word, size_t len,
                         struct err_note *note)
{
    if (len == 1 && word[0] == '+') {
        rules->is_everybody = true;
        return ERR_NONE;
    }
    if (rules->sender_count == LIMIT_MQTT_SENDERS)
        return err_set(note, ERR_INVALID, "mqtt-event",
                       "has more than %d words; use + for every device of every event",
                       LIMIT_MQTT_SENDERS);
    if (!read_word(word, len, &rules->senders[rules->sender_count]))
        return err_set(note, ERR_INVALID, "mqtt-event",
                       "\"%.*s\" is neither an event, nor event/device, nor +",
                       (int)MIN(len, (size_t)140), word);
    rules->sender_count++;
    return ERR_NONE;
}

static enum err check_prefix(const char *prefix, struct err_note *note)
{
    size_t len = strlen(prefix);
    if (len == 0 || len > TOPIC_PREFIX_LEN || strpbrk(prefix, "+#$") != NULL || prefix[0] == '/' ||
        prefix[len - 1] == '/' || strstr(prefix, "//") != NULL || !text_is_utf8(prefix, len))
        return err_set(note, ERR_INVALID, "mqtt-prefix",
                       "must be one word or several with / between them, without + # $, of at "
                       "most %d bytes",
                       TOPIC_PREFIX_LEN);
    return ERR_NONE;
}

enum err topic_rules_read(const char *prefix, const char *senders, const char *scenescape_event,
                          struct topic_rules *out_rules, struct err_note *note)
{
    struct topic_rules rules = {.prefix = prefix};
    TRY(check_prefix(prefix, note));
    for (const char *word = senders == NULL ? "" : senders; *word != '\0';) {
        size_t len = strcspn(word, " ,\n");
        if (len > 0)
            TRY(add_word(&rules, word, len, note));
        word += len + (word[len] != '\0');
    }
    if (scenescape_event != NULL &&
        !take_id(scenescape_event, strlen(scenescape_event), rules.scenescape_event))
        return err_set(note, ERR_INVALID, "mqtt-scenescape-event", "must be the id of an event");
    *out_rules = rules;
    return ERR_NONE;
}

/* --- what to subscribe to --- */

static void add_filter(struct topic_filters *filters, const char *format, ...) PRINTF(2, 3);
static void add_filter(struct topic_filters *filters, const char *format, ...)
{
    va_list args;
    assert(filters->count < TOPIC_FILTERS_MAX);
    char *filter = filters->all[filters->count];
    va_start(args, format);
    int len = vsnprintf(filter, TOPIC_SIZE, format, args);
    va_end(args);
    assert(len > 0 && len < TOPIC_SIZE);
    filters->list[filters->count++] = filter;
}

void topic_filters_make(const struct topic_rules *rules, struct topic_filters *out)
{
    out->count = 0;
    for (size_t kind = 0; kind < COUNT_OF(KIND_NAMES); kind++) {
        if (rules->is_everybody) {
            add_filter(out, "%s/+/+/%s", rules->prefix, KIND_NAMES[kind]);
            continue;
        }
        for (size_t i = 0; i < rules->sender_count; i++) {
            const struct sender *sender = &rules->senders[i];
            add_filter(out, "%s/%s/%s/%s", rules->prefix, sender->event,
                       sender->device[0] == '\0' ? "+" : sender->device, KIND_NAMES[kind]);
        }
    }
    if (rules->scenescape_event[0] != '\0')
        add_filter(out, SCENESCAPE_CAMERA "+");
}

/* --- whose it is --- */

static bool may_send(const struct topic_rules *rules, const struct sender *sender)
{
    for (size_t i = 0; i < rules->sender_count; i++) {
        const struct sender *rule = &rules->senders[i];
        if (strcmp(rule->event, sender->event) == 0 &&
            (rule->device[0] == '\0' || strcmp(rule->device, sender->device) == 0))
            return true;
    }
    return rules->is_everybody;
}

static enum err read_scenescape(const struct topic_rules *rules, const char *camera,
                                struct sender *out_sender)
{
    struct sender sender = {.event = ""};
    if (!take_id(camera, strlen(camera), sender.device))
        return ERR_MALFORMED;
    if (rules->scenescape_event[0] == '\0')
        return ERR_FORBIDDEN;
    memcpy(sender.event, rules->scenescape_event, sizeof sender.event);
    *out_sender = sender;
    return ERR_NONE;
}

static bool read_kind(const char *name, enum sender_kind *out_kind)
{
    for (size_t kind = 0; kind < COUNT_OF(KIND_NAMES); kind++) {
        if (strcmp(name, KIND_NAMES[kind]) == 0) {
            *out_kind = (enum sender_kind)kind;
            return true;
        }
    }
    return false;
}

enum err topic_read(const struct topic_rules *rules, const char *topic, struct sender *out_sender,
                    enum sender_kind *out_kind)
{
    size_t len = strlen(rules->prefix);
    struct sender sender = {.event = ""};
    enum sender_kind kind;
    if (strncmp(topic, SCENESCAPE_CAMERA, strlen(SCENESCAPE_CAMERA)) == 0) {
        *out_kind = SENDER_DETECTIONS;
        return read_scenescape(rules, topic + strlen(SCENESCAPE_CAMERA), out_sender);
    }
    if (strncmp(topic, rules->prefix, len) != 0 || topic[len] != '/')
        return ERR_MALFORMED;
    const char *event = topic + len + 1;
    size_t event_len = strcspn(event, "/");
    if (event[event_len] != '/' || !take_id(event, event_len, sender.event))
        return ERR_MALFORMED;
    const char *device = event + event_len + 1;
    size_t device_len = strcspn(device, "/");
    if (device[device_len] != '/' || !take_id(device, device_len, sender.device) ||
        !read_kind(device + device_len + 1, &kind))
        return ERR_MALFORMED;
    if (!may_send(rules, &sender))
        return ERR_FORBIDDEN;
    *out_sender = sender;
    *out_kind = kind;
    return ERR_NONE;
}

/* --- counts --- */

#define ZONES "/zones/"

bool topic_read_zone(const struct topic_rules *rules, const char *topic, struct zone_topic *out)
{
    size_t len = strlen(rules->prefix);
    struct zone_topic read;
    if (strncmp(topic, rules->prefix, len) != 0 || topic[len] != '/')
        return false;
    const char *event = topic + len + 1;
    size_t event_len = strcspn(event, "/");
    const char *venue = event + event_len + (event[event_len] == '/');
    size_t venue_len = strcspn(venue, "/");
    const char *rest = venue + venue_len;
    if (strncmp(rest, ZONES, strlen(ZONES)) != 0)
        return false;
    const char *zone = rest + strlen(ZONES);
    if (!take_id(event, event_len, read.event) || !take_id(venue, venue_len, read.venue) ||
        !take_id(zone, strlen(zone), read.zone))
        return false;
    *out = read;
    return true;
}

void topic_zones_filter(const struct topic_rules *rules, char out[TOPIC_SIZE])
{
    (void)snprintf(out, TOPIC_SIZE, "%s/+/+" ZONES "+", rules->prefix);
}
