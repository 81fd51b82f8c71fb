// SPDX-License-Identifier: Apache-2.0
#include "alerts/rule.h"

#include "alerts/condition.h"
#include "base/clock.h"
#include "base/text.h"

const char *const severity_names[] = {"info", "warning", "critical", NULL};
static const char *const ROLES[] = {"role:organiser", "role:control", "role:crew", "role:door",
                                    NULL};

#define DEFAULT_HOLD_MS 5000

#define AT(member) JSON_AT(struct rule_form, rule.member)
// clang-format off: a table
#define CHANGE_FIELDS(need)                                                                        \
    {"series",                                                                                     \
     JSON_FIELD_TEXT,                                                                              \
     need,                                                                                         \
     JSON_TEXT(struct rule_form, rule.series),                                                     \
     .min = 3,                                                                                     \
     .doc = "a series, or a pattern: zone.*:density, line.*:flow_to_left, venue.*:people, "        \
            "*:temperature"},                                                                      \
        {"threshold", JSON_FIELD_REAL, need, AT(threshold),                                        \
         .doc = "the value at which the alarm begins"},                                            \
        {"name",        JSON_FIELD_TEXT,                                                           \
         JSON_OPTIONAL, JSON_TEXT(struct rule_form, rule.name),                                    \
         .min = 1,      .doc = "what people read; the id when it is not given"},                   \
        {"direction",                                                                              \
         JSON_FIELD_ENUM,                                                                          \
         JSON_OPTIONAL,                                                                            \
         AT(direction),                                                                            \
         .names = rule_direction_names,                                                            \
         .doc = "which side of the threshold is bad; above"},                                      \
        {"severity",   JSON_FIELD_ENUM,         JSON_OPTIONAL,                                     \
         AT(severity), .names = severity_names, .doc = "info, warning or critical; warning"},      \
        {"recovery",                                                                               \
         JSON_FIELD_REAL,                                                                          \
         JSON_OPTIONAL,                                                                            \
         AT(recovery),                                                                             \
         .doc = "the value at which it is over, on the good side; 10 % off the threshold",         \
         .present_offset = offsetof(struct rule_form, has_recovery)},                              \
        {"hold_ms",                                                                                \
         JSON_FIELD_INT,                                                                           \
         JSON_OPTIONAL,                                                                            \
         AT(hold_ms),                                                                              \
         .min = 0,                                                                                 \
         .max = LIMIT_RULE_HOLD_MS,                                                                \
         .doc = "how long it lasts before it fires; 5000"},                                        \
        {"recovery_hold_ms",                                                                       \
         JSON_FIELD_INT,                                                                           \
         JSON_OPTIONAL,                                                                            \
         AT(recovery_hold_ms),                                                                     \
         .min = 0,                                                                                 \
         .max = LIMIT_RULE_HOLD_MS,                                                                \
         .doc = "how long recovery lasts before it is over; hold_ms",                              \
         .present_offset = offsetof(struct rule_form, has_recovery_hold)},                         \
        {"no_data_after_ms",                                                                       \
         JSON_FIELD_INT,                                                                           \
         JSON_OPTIONAL,                                                                            \
         AT(no_data_after_ms),                                                                     \
         .min = 0,                                                                                 \
         .max = LIMIT_RULE_HOLD_MS,                                                                \
         .doc = "silence that long is an alarm of its own; 0 = never"},                            \
        {"recipients", JSON_FIELD_ANY, JSON_OPTIONAL, JSON_AT(struct rule_form, recipients),       \
         .doc = "mail addresses, or roles of the event like role:control"},                        \
        {"mail_on_resolution", JSON_FIELD_BOOL, JSON_OPTIONAL, AT(mails_resolution),               \
         .doc = "whoever got the alarm by mail is told of its end; true"},                         \
    {                                                                                              \
        "enabled", JSON_FIELD_BOOL, JSON_OPTIONAL, AT(is_enabled), .doc = "true"                   \
    }
// clang-format on

const struct json_field rule_create_fields[RULE_FIELD_COUNT] = {
    {"id", JSON_FIELD_ID, JSON_REQUIRED, AT(id), .doc = "unique in the event"},
    CHANGE_FIELDS(JSON_REQUIRED)};
const struct json_field rule_change_fields[RULE_FIELD_COUNT - 1] = {CHANGE_FIELDS(JSON_OPTIONAL)};

int rule_name_index(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

void rule_form_init(struct rule_form *form, const char *event)
{
    *form = (struct rule_form){.rule = {.severity = SEVERITY_WARNING,
                                        .hold_ms = DEFAULT_HOLD_MS,
                                        .is_enabled = true,
                                        .mails_resolution = true}};
    (void)text_copy(form->rule.event, sizeof form->rule.event, event);
}

void rule_form_from(struct rule_form *form, const struct rule *rule)
{
    *form = (struct rule_form){.rule = *rule, .has_recovery = true, .has_recovery_hold = true};
}

static bool is_word(const char *from, const char *end)
{
    if (from == end)
        return false;
    for (const char *p = from; p < end; p++) {
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F || strchr(":*\"<>\\", *p) != NULL)
            return false;
    }
    return true;
}

bool rule_is_pattern(const char *series)
{
    const char *colon = strchr(series, ':');
    return colon != NULL && colon > series && colon[-1] == '*';
}

bool rule_pattern_of(const char *series, char out_pattern[READINGS_SERIES_LEN + 1])
{
    const char *colon = strchr(series, ':');
    if (colon == NULL)
        return false;
    const char *dot = memchr(series, '.', (size_t)(colon - series));
    int prefix = dot == NULL ? 0 : (int)(dot - series) + 1;
    int len = snprintf(out_pattern, READINGS_SERIES_LEN + 1, "%.*s*%s", prefix, series, colon);
    return len > 0 && len <= READINGS_SERIES_LEN;
}

static enum err check_series(const char *series, struct err_note *note)
{
    const char *colon = strchr(series, ':');
    bool is_right = colon != NULL && is_word(colon + 1, colon + strlen(colon));
    if (is_right && rule_is_pattern(series)) {
        const char *star = colon - 1;
        is_right =
            star == series || (star[-1] == '.' && star - 1 > series && is_word(series, star - 1) &&
                               memchr(series, '.', (size_t)(star - 1 - series)) == NULL);
    } else if (is_right) {
        is_right = is_word(series, colon);
    }
    if (!is_right)
        return err_set(
            note, ERR_INVALID, "series",
            "must be <subject>:<measure>, like zone.stage-a:density, lift-3:temperature, "
            "or a pattern like zone.*:density");
    return ERR_NONE;
}

/* Stricter than RFC 5321 on purpose: no quoted local parts, nothing that could end a header line. */
static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL)
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F ||
            strchr("<>(),;:\\\"[]", *p) != NULL)
            return false;
    }
    return true;
}

enum err rule_recipients_read(json_t *array, struct rule *rule, struct err_note *note)
{
    if (!json_is_array(array) || json_array_size(array) > LIMIT_RULE_RECIPIENTS)
        return err_set(note, ERR_INVALID, "recipients",
                       "must be a list of at most %d mail addresses or roles",
                       LIMIT_RULE_RECIPIENTS);
    rule->recipient_count = 0;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        char place[40];
        (void)snprintf(place, sizeof place, "recipients[%zu]", i);
        bool is_known = text != NULL && (rule_name_index(ROLES, text) >= 0 || is_address(text));
        if (!is_known || !text_copy(rule->recipients[i], sizeof rule->recipients[i], text))
            return err_set(note, ERR_INVALID, place,
                           "must be a mail address, or role:organiser, role:control, role:crew "
                           "or role:door");
        rule->recipient_count++;
    }
    return ERR_NONE;
}

static enum err check_gap(const struct rule *rule, struct err_note *note)
{
    const struct condition *condition = condition_of(rule->direction);
    if (!condition->has_gap(rule))
        return err_set(note, ERR_INVALID, "recovery",
                       "must be %s the threshold %g, is %g; the gap keeps the alarm from flapping",
                       condition->gap_words, rule->threshold, rule->recovery);
    return ERR_NONE;
}

enum err rule_form_finish(const struct rule_form *form, struct rule *out_rule,
                          struct err_note *note)
{
    struct rule rule = form->rule;
    if (!form->has_recovery)
        rule.recovery = condition_of(rule.direction)->recovery(rule.threshold);
    if (!form->has_recovery_hold)
        rule.recovery_hold_ms = rule.hold_ms;
    if (rule.name[0] == '\0')
        (void)text_copy(rule.name, sizeof rule.name, rule.id);
    TRY(check_series(rule.series, note));
    TRY(check_gap(&rule, note));
    if (form->recipients != NULL)
        TRY(rule_recipients_read(form->recipients, &rule, note));
    *out_rule = rule;
    return ERR_NONE;
}

json_t *rule_recipients_json(const struct rule *rule)
{
    json_t *array = json_array();
    for (size_t i = 0; i < rule->recipient_count; i++)
        (void)json_array_append_new(array, json_string(rule->recipients[i]));
    return array;
}

json_t *rule_json(const struct rule *rule)
{
    struct rule_form form;
    rule_form_from(&form, rule);
    SCOPED_JSON *recipients = rule_recipients_json(rule);
    form.recipients = recipients;
    json_t *object = json_write(rule_create_fields, RULE_FIELD_COUNT, &form);
    char at[CLOCK_TEXT_SIZE];
    clock_format(rule->created_ms, at);
    (void)json_object_set_new(object, "created_at", json_string(at));
    clock_format(rule->updated_ms, at);
    (void)json_object_set_new(object, "updated_at", json_string(at));
    return object;
}
