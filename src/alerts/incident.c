// SPDX-License-Identifier: Apache-2.0
/* What an incident looks like: in JSON (one table for both directions) and when read from its row. */
#include "alerts/incident.h"

#include "alerts/alerts_internal.h"
#include "base/clock.h"
#include "base/text.h"

const char *const incident_state_names[] = {"open", "acknowledged", "resolved", NULL};
const char *const transition_names[] = {"opened",   "acknowledged",   "fell_silent", "heard_again",
                                        "resolved", "unacknowledged", NULL};
_Static_assert(COUNT_OF(transition_names) == TRANSITION_UNACKNOWLEDGED + 2, "one name each");
const char *const resolution_names[] = {
    "none",       "recovered",     "by hand",      "rule changed",   "rule removed",
    "event over", "event removed", "zone removed", "device removed", "venue removed",
    NULL};
_Static_assert(COUNT_OF(resolution_names) == RESOLUTION_VENUE_REMOVED + 2, "one name each");

#define AT(member)   JSON_AT(struct incident, member)
#define TEXT(member) JSON_TEXT(struct incident, member)
static const struct json_field INCIDENT_FIELDS[] = {
    {"id", JSON_FIELD_INT, JSON_REQUIRED, AT(id)},
    {"event", JSON_FIELD_ID, JSON_REQUIRED, AT(event)},
    {"rule", JSON_FIELD_ID, JSON_REQUIRED, AT(rule)},
    {"name", JSON_FIELD_TEXT, JSON_REQUIRED, TEXT(rule_name)},
    {"severity", JSON_FIELD_ENUM, JSON_REQUIRED, AT(severity), .names = severity_names},
    {"state", JSON_FIELD_ENUM, JSON_REQUIRED, AT(state), .names = incident_state_names},
    {"cause", JSON_FIELD_ENUM, JSON_REQUIRED, AT(cause), .names = alarm_cause_names},
    {"is_silent", JSON_FIELD_BOOL, JSON_REQUIRED, AT(is_silent)},
    {"venue", JSON_FIELD_TEXT, JSON_REQUIRED, TEXT(venue)},
    {"series", JSON_FIELD_TEXT, JSON_REQUIRED, TEXT(series)},
    {"subject", JSON_FIELD_TEXT, JSON_REQUIRED, TEXT(subject)},
    {"zone", JSON_FIELD_TEXT, JSON_OPTIONAL, TEXT(zone)},
    {"measure", JSON_FIELD_TEXT, JSON_REQUIRED, TEXT(measure)},
    {"direction", JSON_FIELD_ENUM, JSON_REQUIRED, AT(direction), .names = rule_direction_names},
    {"threshold", JSON_FIELD_REAL, JSON_REQUIRED, AT(threshold)},
    {"recovery", JSON_FIELD_REAL, JSON_REQUIRED, AT(recovery)},
    {"value", JSON_FIELD_REAL, JSON_OPTIONAL, AT(value),
     .present_offset = offsetof(struct incident, has_value)},
    {"since", JSON_FIELD_TIME, JSON_REQUIRED, AT(since_ms)},
    {"opened_at", JSON_FIELD_TIME, JSON_REQUIRED, AT(opened_ms)},
    {"updated_at", JSON_FIELD_TIME, JSON_REQUIRED, AT(updated_ms)},
    {"acknowledged_at", JSON_FIELD_TIME, JSON_OPTIONAL, AT(acknowledged_ms)},
    {"acknowledged_by", JSON_FIELD_TEXT, JSON_OPTIONAL, TEXT(acknowledged_by)},
    {"resolved_at", JSON_FIELD_TIME, JSON_OPTIONAL, AT(resolved_ms)},
    {"resolved_by", JSON_FIELD_TEXT, JSON_OPTIONAL, TEXT(resolved_by)},
    {"resolution", JSON_FIELD_ENUM, JSON_OPTIONAL, AT(resolution), .names = resolution_names},
};
static const struct json_field TRANSITION_FIELDS[] = {
    {"kind", JSON_FIELD_ENUM, JSON_REQUIRED, JSON_AT(struct transition, kind),
     .names = transition_names},
    {"at", JSON_FIELD_TIME, JSON_REQUIRED, JSON_AT(struct transition, at_ms)},
    {"by", JSON_FIELD_TEXT, JSON_OPTIONAL, JSON_TEXT(struct transition, by)},
    {"value", JSON_FIELD_REAL, JSON_OPTIONAL, JSON_AT(struct transition, value),
     .present_offset = offsetof(struct transition, has_value)},
};

static void null_unless(json_t *object, const char *name, bool is_there)
{
    if (!is_there)
        (void)json_object_set_new(object, name, json_null());
}

json_t *incident_json(const struct incident *incident)
{
    json_t *object = json_write(INCIDENT_FIELDS, COUNT_OF(INCIDENT_FIELDS), incident);
    null_unless(object, "zone", incident->zone[0] != '\0');
    null_unless(object, "value", incident->has_value);
    null_unless(object, "acknowledged_at", incident->acknowledged_ms != 0);
    null_unless(object, "acknowledged_by", incident->acknowledged_ms != 0);
    null_unless(object, "resolved_at", incident->resolved_ms != 0);
    null_unless(object, "resolved_by", incident->resolved_by[0] != '\0');
    null_unless(object, "resolution", incident->resolution != RESOLUTION_NONE);
    return object;
}

json_t *transition_json(const struct transition *transition)
{
    json_t *object = json_write(TRANSITION_FIELDS, COUNT_OF(TRANSITION_FIELDS), transition);
    null_unless(object, "by", transition->by[0] != '\0');
    null_unless(object, "value", transition->has_value);
    return object;
}

static enum err read_news(json_t *document, struct incident_news *news)
{
    struct rule recipients = {0};
    TRY(json_read(json_object_get(document, "transition"), TRANSITION_FIELDS,
                  COUNT_OF(TRANSITION_FIELDS), &news->transition, NULL));
    TRY(json_read(json_object_get(document, "incident"), INCIDENT_FIELDS, COUNT_OF(INCIDENT_FIELDS),
                  &news->incident, NULL));
    TRY(rule_recipients_read(json_object_get(document, "recipients"), &recipients, NULL));
    news->mails_resolution = json_is_true(json_object_get(document, "mail_on_resolution"));
    news->recipient_count = recipients.recipient_count;
    memcpy(news->recipients, recipients.recipients, sizeof news->recipients);
    return ERR_NONE;
}

enum err incident_news_read(const struct stream_record *record, struct incident_news *out_news)
{
    SCOPED_JSON *document = NULL;
    struct incident_news news = {0};
    if (json_parse(record->body, record->body_len, &document, NULL) != ERR_NONE ||
        read_news(document, &news) != ERR_NONE)
        return ERR_CORRUPT;
    *out_news = news;
    return ERR_NONE;
}

void incident_name_parts(struct incident *incident)
{
    const char *colon = strchr(incident->series, ':');
    size_t len = colon == NULL ? strlen(incident->series) : (size_t)(colon - incident->series);
    memcpy(incident->subject, incident->series, len);
    incident->subject[len] = '\0';
    (void)text_copy(incident->measure, sizeof incident->measure, colon == NULL ? "" : colon + 1);
    bool is_zone = strncmp(incident->subject, "zone.", 5) == 0;
    (void)text_copy(incident->zone, sizeof incident->zone, is_zone ? incident->subject + 5 : "");
}

/* In the order of INCIDENT_COLUMNS. */
static void incident_of_row(const struct sql_rows *rows, struct incident *incident)
{
    *incident = (struct incident){0};
    (void)text_copy(incident->event, sizeof incident->event, sql_text(rows, 0));
    incident->id = sql_int(rows, 1);
    (void)text_copy(incident->rule, sizeof incident->rule, sql_text(rows, 2));
    (void)text_copy(incident->rule_name, sizeof incident->rule_name, sql_text(rows, 3));
    (void)text_copy(incident->venue, sizeof incident->venue, sql_text(rows, 4));
    (void)text_copy(incident->series, sizeof incident->series, sql_text(rows, 5));
    incident->severity = (int)sql_int(rows, 6);
    incident->cause = (int)sql_int(rows, 7);
    incident->direction = (int)sql_int(rows, 8);
    incident->threshold = sql_real(rows, 9);
    incident->recovery = sql_real(rows, 10);
    incident->has_value = !sql_is_null(rows, 11);
    incident->value = incident->has_value ? sql_real(rows, 11) : 0;
    incident->is_silent = sql_int(rows, 12) != 0;
    incident->since_ms = sql_int(rows, 13);
    incident->opened_ms = sql_int(rows, 14);
    incident->updated_ms = sql_int(rows, 15);
    incident->acknowledged_ms = sql_int(rows, 16);
    (void)text_copy(incident->acknowledged_by, sizeof incident->acknowledged_by,
                    sql_text(rows, 17));
    incident->resolved_ms = sql_int(rows, 18);
    (void)text_copy(incident->resolved_by, sizeof incident->resolved_by, sql_text(rows, 19));
    incident->resolution = (int)sql_int(rows, 20);
    incident->state = incident->resolved_ms != 0       ? INCIDENT_RESOLVED
                      : incident->acknowledged_ms != 0 ? INCIDENT_ACKNOWLEDGED
                                                       : INCIDENT_OPEN;
    incident_name_parts(incident);
}

enum err incident_one(struct sql_rows *rows, struct incident *out_incident)
{
    bool is_there = sql_next(rows);
    if (is_there)
        incident_of_row(rows, out_incident);
    TRY(sql_end(rows));
    return is_there ? ERR_NONE : ERR_NOT_FOUND;
}

enum err incident_find(struct db *db, const char *event, int64_t id, struct incident *out_incident)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " INCIDENT_COLUMNS " FROM alert_incident WHERE event = $1 AND id = $2",
                  SQL_TEXT(event), SQL_INT(id)));
    return incident_one(&rows, out_incident);
}

enum err incident_collect(struct sql_rows *rows, struct incident **out_incidents, size_t *out_count)
{
    struct incident *incidents = NULL;
    size_t count = 0, size = 0;
    while (sql_next(rows)) {
        if (count == size) {
            size = size == 0 ? 16 : 2 * size;
            incidents = mem_resize(incidents, size * sizeof *incidents);
        }
        incident_of_row(rows, &incidents[count++]);
    }
    enum err err = sql_end(rows);
    if (err != ERR_NONE) {
        mem_free(incidents);
        return err;
    }
    *out_incidents = incidents;
    *out_count = count;
    return ERR_NONE;
}

enum err incident_list(struct db *db, const char *event, const struct incident_filter *filter,
                       struct incident **out_incidents, size_t *out_count)
{
    unsigned states = filter->states == 0 ? ~0U : filter->states;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " INCIDENT_COLUMNS " FROM alert_incident"
                  " WHERE event = $1 AND id < $2"
                  " AND ((resolved_ms = 0 AND acknowledged_ms = 0 AND $3 = 1)"
                  " OR (resolved_ms = 0 AND acknowledged_ms > 0 AND $4 = 1)"
                  " OR (resolved_ms > 0 AND $5 = 1))"
                  " ORDER BY id DESC LIMIT $6",
                  SQL_TEXT(event), SQL_INT(filter->before_id == 0 ? INT64_MAX : filter->before_id),
                  SQL_INT(states >> INCIDENT_OPEN & 1),
                  SQL_INT(states >> INCIDENT_ACKNOWLEDGED & 1),
                  SQL_INT(states >> INCIDENT_RESOLVED & 1), SQL_INT((int64_t)filter->count_max)));
    return incident_collect(&rows, out_incidents, out_count);
}

enum err incident_timeline(struct db *db, const char *event, int64_t id,
                           struct transition **out_transitions, size_t *out_count)
{
    struct transition *transitions = mem_new_array(LIMIT_TIMELINE, sizeof *transitions);
    size_t count = 0;
    struct sql_rows rows;
    enum err err =
        sql_query(db, &rows,
                  "SELECT kind, at_ms, actor, value FROM alert_transition WHERE event = $1"
                  " AND incident = $2 ORDER BY number DESC LIMIT $3",
                  SQL_TEXT(event), SQL_INT(id), SQL_INT(LIMIT_TIMELINE));
    if (err == ERR_NONE) {
        while (count < LIMIT_TIMELINE && sql_next(&rows)) {
            struct transition *transition = &transitions[count++];
            transition->kind = (int)sql_int(&rows, 0);
            transition->at_ms = sql_int(&rows, 1);
            (void)text_copy(transition->by, sizeof transition->by, sql_text(&rows, 2));
            transition->has_value = !sql_is_null(&rows, 3);
            transition->value = transition->has_value ? sql_real(&rows, 3) : 0;
        }
        err = sql_end(&rows);
    }
    if (err != ERR_NONE) {
        mem_free(transitions);
        return err;
    }
    for (size_t i = 0; i < count / 2; i++) { /* newest were read first; oldest come first */
        struct transition other = transitions[i];
        transitions[i] = transitions[count - 1 - i];
        transitions[count - 1 - i] = other;
    }
    *out_transitions = transitions;
    *out_count = count;
    return ERR_NONE;
}

#define IS_ORPHAN                                                                                  \
    "t.at_ms < $1 AND NOT EXISTS (SELECT 1 FROM alert_incident i"                                  \
    " WHERE i.event = t.event AND i.id = t.incident)"

void incidents_keep(struct store *main_store, int64_t keep_ms)
{
    store_expire(main_store,
                 &(struct store_expiry){
                     .table = "alert_incident",
                     .find = "SELECT 1 FROM alert_incident"
                             " WHERE resolved_ms > 0 AND resolved_ms < $1 LIMIT 1",
                     .remove = "DELETE FROM alert_incident WHERE (event, id) IN (SELECT event, id"
                               " FROM alert_incident WHERE resolved_ms > 0 AND resolved_ms < $1"
                               " ORDER BY resolved_ms LIMIT $2)",
                     .age_max_ms = keep_ms});
    store_expire(main_store,
                 &(struct store_expiry){
                     .table = "alert_transition",
                     .find = "SELECT 1 FROM alert_transition t WHERE " IS_ORPHAN " LIMIT 1",
                     .remove = "DELETE FROM alert_transition WHERE (event, incident, number) IN"
                               " (SELECT t.event, t.incident, t.number FROM alert_transition t"
                               " WHERE " IS_ORPHAN " ORDER BY t.at_ms LIMIT $2)",
                     .age_max_ms = keep_ms});
}
