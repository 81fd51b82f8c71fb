// SPDX-License-Identifier: Apache-2.0
/* The transitions of incidents: row, timeline and record, always together and inside a command. */
#include "alerts/alerts_internal.h"
#include "base/metrics.h"
#include "base/text.h"

static struct metric opened_total =
    METRIC_COUNTER("muster_incidents_opened_total", "Incidents opened (also if undone later).");

static enum err append_record(struct db *db, const struct incident *incident,
                              const struct transition *transition, const struct rule *rule)
{
    SCOPED_JSON *document =
        json_pack("{s:o, s:o, s:o, s:b}", "transition", transition_json(transition), "incident",
                  incident_json(incident), "recipients",
                  rule == NULL ? json_array() : rule_recipients_json(rule), "mail_on_resolution",
                  rule != NULL && rule->mails_resolution);
    char *body = json_dumps(document, JSON_COMPACT);
    assert(body != NULL);
    char kind[40];
    (void)snprintf(kind, sizeof kind, "incident.%s", transition_names[transition->kind]);
    enum err err = stream_append(db,
                                 &(struct stream_append){.stream = INCIDENTS_STREAM,
                                                         .key = incident->event,
                                                         .kind = kind,
                                                         .body = body,
                                                         .body_len = strlen(body)},
                                 NULL);
    free(body); /* jansson's own allocation */
    return err;
}

/* `incident` as it is after the transition. */
static enum err tell(struct db *db, const struct incident *incident,
                     const struct transition *transition, const struct rule *rule)
{
    TRY(sql_run(db,
                "INSERT INTO alert_transition (event, incident, number, kind, at_ms, actor, value)"
                " SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, $4, $5, $6"
                " FROM alert_transition WHERE event = $1 AND incident = $2",
                SQL_TEXT(incident->event), SQL_INT(incident->id), SQL_INT(transition->kind),
                SQL_INT(transition->at_ms), SQL_TEXT(transition->by),
                transition->has_value ? SQL_REAL(transition->value) : SQL_NULL));
    return append_record(db, incident, transition, rule);
}

static enum err next_id(struct db *db, const char *event, int64_t *out_id)
{
    return sql_one_int(db, out_id,
                       "INSERT INTO alert_counter (event, last) VALUES ($1, 1)"
                       " ON CONFLICT (event) DO UPDATE SET last = alert_counter.last + 1"
                       " RETURNING last",
                       SQL_TEXT(event));
}

static enum err insert(struct db *db, const struct incident *incident, int64_t *out_inserted)
{
    return sql_run_counted(
        db, out_inserted,
        "INSERT INTO alert_incident (event, id, rule, rule_name, venue, series, severity, cause,"
        " direction, threshold, recovery, value, is_silent, since_ms, opened_ms, updated_ms,"
        " acknowledged_ms, acknowledged_by, resolved_ms, resolved_by) VALUES"
        " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $14, 0, '', 0, '')"
        " ON CONFLICT DO NOTHING",
        SQL_TEXT(incident->event), SQL_INT(incident->id), SQL_TEXT(incident->rule),
        SQL_TEXT(incident->rule_name), SQL_TEXT(incident->venue), SQL_TEXT(incident->series),
        SQL_INT(incident->severity), SQL_INT(incident->cause), SQL_INT(incident->direction),
        SQL_REAL(incident->threshold), SQL_REAL(incident->recovery),
        incident->has_value ? SQL_REAL(incident->value) : SQL_NULL, SQL_INT(incident->since_ms),
        SQL_INT(incident->opened_ms));
}

static enum err find_open(struct db *db, const struct incident_cause *cause,
                          struct incident *out_incident)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " INCIDENT_COLUMNS " FROM alert_incident"
                  " WHERE event = $1 AND rule = $2 AND series = $3 AND resolved_ms = 0",
                  SQL_TEXT(cause->rule->event), SQL_TEXT(cause->rule->id),
                  SQL_TEXT(cause->series)));
    return incident_one(&rows, out_incident);
}

enum err incident_open(struct db *db, const struct incident_cause *cause, int64_t now_ms)
{
    const struct rule *rule = cause->rule;
    const struct alarm *alarm = cause->alarm;
    struct incident incident = {.severity = rule->severity,
                                .cause = (int)alarm->cause,
                                .direction = rule->direction,
                                .threshold = rule->threshold,
                                .recovery = rule->recovery,
                                .value = alarm->value,
                                .has_value = alarm->at_ms != 0,
                                .since_ms = alarm->since_ms,
                                .opened_ms = now_ms,
                                .updated_ms = now_ms};
    (void)text_copy(incident.event, sizeof incident.event, rule->event);
    (void)text_copy(incident.rule, sizeof incident.rule, rule->id);
    (void)text_copy(incident.rule_name, sizeof incident.rule_name, rule->name);
    (void)text_copy(incident.venue, sizeof incident.venue, cause->venue);
    (void)text_copy(incident.series, sizeof incident.series, cause->series);
    incident_name_parts(&incident);
    /* Looked for first, so that breaches without end do not use up the event's numbers; the unique
     * index has the last word. */
    struct incident other;
    enum err err = find_open(db, cause, &other);
    if (err != ERR_NOT_FOUND)
        return err;
    TRY(next_id(db, rule->event, &incident.id));
    int64_t inserted = 0;
    TRY(insert(db, &incident, &inserted));
    if (inserted == 0)
        return ERR_NONE;
    metric_add(&opened_total, 1);
    struct transition transition = {.kind = TRANSITION_OPENED,
                                    .at_ms = now_ms,
                                    .value = incident.value,
                                    .has_value = incident.has_value};
    return tell(db, &incident, &transition, rule);
}

static enum err save(struct db *db, const struct incident *incident)
{
    return sql_run(
        db,
        "UPDATE alert_incident SET is_silent = $3, updated_ms = $4, acknowledged_ms = $5,"
        " acknowledged_by = $6, resolved_ms = $7, resolved_by = $8, resolution = $9"
        " WHERE event = $1 AND id = $2",
        SQL_TEXT(incident->event), SQL_INT(incident->id), SQL_INT(incident->is_silent),
        SQL_INT(incident->updated_ms), SQL_INT(incident->acknowledged_ms),
        SQL_TEXT(incident->acknowledged_by), SQL_INT(incident->resolved_ms),
        SQL_TEXT(incident->resolved_by), SQL_INT(incident->resolution));
}

/* The one place where an incident changes. */
static enum err change(struct db *db, struct incident *incident,
                       const struct transition *transition, const struct rule *rule)
{
    incident->updated_ms = transition->at_ms;
    switch ((enum transition_kind)transition->kind) {
    case TRANSITION_ACKNOWLEDGED:
        incident->state = INCIDENT_ACKNOWLEDGED;
        incident->acknowledged_ms = transition->at_ms;
        (void)text_copy(incident->acknowledged_by, sizeof incident->acknowledged_by,
                        transition->by);
        break;
    case TRANSITION_UNACKNOWLEDGED:
        incident->state = INCIDENT_OPEN;
        incident->acknowledged_ms = 0;
        incident->acknowledged_by[0] = '\0';
        break;
    case TRANSITION_FELL_SILENT:
    case TRANSITION_HEARD_AGAIN:
        incident->is_silent = transition->kind == TRANSITION_FELL_SILENT;
        break;
    case TRANSITION_RESOLVED:
        incident->state = INCIDENT_RESOLVED;
        incident->resolved_ms = transition->at_ms;
        incident->resolution = transition->resolution;
        (void)text_copy(incident->resolved_by, sizeof incident->resolved_by, transition->by);
        break;
    case TRANSITION_OPENED:
        assert(!"an incident opens once");
    }
    TRY(save(db, incident));
    return tell(db, incident, transition, rule);
}

enum err incident_follow(struct db *db, const struct incident_cause *cause,
                         enum transition_kind kind, int64_t now_ms)
{
    struct incident incident;
    enum err err = find_open(db, cause, &incident);
    if (err == ERR_NOT_FOUND) /* a person was faster */
        return ERR_NONE;
    TRY(err);
    struct transition transition = {.kind = kind,
                                    .at_ms = now_ms,
                                    .resolution = RESOLUTION_RECOVERED,
                                    .value = cause->alarm->value,
                                    .has_value =
                                        kind != TRANSITION_FELL_SILENT && cause->alarm->at_ms != 0};
    return change(db, &incident, &transition, cause->rule);
}

/* The alarm of a resolved incident starts afresh: see alarm_reset(). */
static enum err reset_alarm(struct db *db, const struct incident *incident)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT state, cause, since_ms, at_ms FROM alert_alarm"
                  " WHERE event = $1 AND rule = $2 AND series = $3",
                  SQL_TEXT(incident->event), SQL_TEXT(incident->rule), SQL_TEXT(incident->series)));
    if (!sql_next(&rows))
        return sql_end(&rows);
    struct alarm alarm = {.state = (enum alarm_state)sql_int(&rows, 0),
                          .cause = (enum alarm_cause)sql_int(&rows, 1),
                          .since_ms = sql_int(&rows, 2),
                          .at_ms = sql_int(&rows, 3)};
    TRY(sql_end(&rows));
    alarm_reset(&alarm);
    TRY(sql_run(db,
                "UPDATE alert_alarm SET state = $4, cause = $5, since_ms = $6,"
                " revision = revision + 1 WHERE event = $1 AND rule = $2 AND series = $3",
                SQL_TEXT(incident->event), SQL_TEXT(incident->rule), SQL_TEXT(incident->series),
                SQL_INT(alarm.state), SQL_INT(alarm.cause), SQL_INT(alarm.since_ms)));
    return generation_raise(db);
}

static enum err audit(struct db *db, const struct actor *actor, const struct incident *incident,
                      const struct transition *transition)
{
    char action[40], subject[40];
    (void)snprintf(action, sizeof action, "incident.%s", transition_names[transition->kind]);
    (void)snprintf(subject, sizeof subject, "incident:%lld", (long long)incident->id);
    return audit_append(db, actor,
                        &(struct audit_change){.event = incident->event,
                                               .action = action,
                                               .subject = subject,
                                               .detail = incident->rule_name},
                        transition->at_ms);
}

static enum err change_by_hand(struct db *db, const struct actor *actor, struct incident *incident,
                               struct transition *transition)
{
    (void)text_copy(transition->by, sizeof transition->by, actor->name);
    struct rule rule;
    enum err err = rule_find(db, incident->event, incident->rule, &rule);
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    TRY(audit(db, actor, incident, transition));
    return change(db, incident, transition, err == ERR_NONE ? &rule : NULL);
}

static enum err find_unresolved(struct db *db, const char *event, int64_t id,
                                struct incident *out_incident, struct err_note *note)
{
    enum err err = incident_find(db, event, id, out_incident);
    if (err == ERR_NOT_FOUND)
        return err_set(note, err, "incident", "there is no incident %lld", (long long)id);
    TRY(err);
    if (out_incident->state == INCIDENT_RESOLVED)
        return err_set(note, ERR_CONFLICT, "incident", "is resolved already");
    return ERR_NONE;
}

enum err incident_acknowledge(struct db *db, const struct actor *actor, const char *event,
                              int64_t id, int64_t now_ms, struct err_note *note)
{
    struct incident incident;
    TRY(find_unresolved(db, event, id, &incident, note));
    if (incident.state == INCIDENT_ACKNOWLEDGED)
        return err_set(note, ERR_CONFLICT, "incident", "is acknowledged already, by %s",
                       incident.acknowledged_by);
    struct transition transition = {.kind = TRANSITION_ACKNOWLEDGED, .at_ms = now_ms};
    return change_by_hand(db, actor, &incident, &transition);
}

enum err incident_unacknowledge(struct db *db, const struct actor *actor, const char *event,
                                int64_t id, int64_t now_ms, struct err_note *note)
{
    struct incident incident;
    TRY(find_unresolved(db, event, id, &incident, note));
    if (incident.state != INCIDENT_ACKNOWLEDGED)
        return err_set(note, ERR_CONFLICT, "incident", "is not acknowledged");
    struct transition transition = {.kind = TRANSITION_UNACKNOWLEDGED, .at_ms = now_ms};
    return change_by_hand(db, actor, &incident, &transition);
}

enum err incident_resolve(struct db *db, const struct actor *actor, const char *event, int64_t id,
                          int64_t now_ms, struct err_note *note)
{
    struct incident incident;
    TRY(find_unresolved(db, event, id, &incident, note));
    struct transition transition = {
        .kind = TRANSITION_RESOLVED, .at_ms = now_ms, .resolution = RESOLUTION_BY_HAND};
    TRY(change_by_hand(db, actor, &incident, &transition));
    return reset_alarm(db, &incident);
}

/* A filter that is NULL lets all pass. */
#define FILTER "($2 = '' OR rule = $2) AND ($3 = '' OR series = $3)"
#define FILTER_VALUES(ending)                                                                      \
    SQL_TEXT((ending)->event), SQL_TEXT((ending)->rule == NULL ? "" : (ending)->rule),             \
        SQL_TEXT((ending)->series == NULL ? "" : (ending)->series)

static enum err end_one(struct db *db, struct incident *incident,
                        const struct transition *transition)
{
    struct rule rule;
    enum err err = rule_find(db, incident->event, incident->rule, &rule);
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    return change(db, incident, transition, err == ERR_NONE ? &rule : NULL);
}

enum err incidents_end(struct db *db, const struct ending *ending, int64_t now_ms)
{
    struct incident *incidents = NULL;
    size_t count = 0;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " INCIDENT_COLUMNS " FROM alert_incident"
                  " WHERE event = $1 AND resolved_ms = 0 AND " FILTER " ORDER BY id",
                  FILTER_VALUES(ending)));
    TRY(incident_collect(&rows, &incidents, &count));
    struct transition transition = {
        .kind = TRANSITION_RESOLVED, .at_ms = now_ms, .resolution = ending->resolution};
    if (ending->actor != NULL)
        (void)text_copy(transition.by, sizeof transition.by, ending->actor->name);
    enum err err = ERR_NONE;
    for (size_t i = 0; i < count && err == ERR_NONE; i++)
        err = end_one(db, &incidents[i], &transition);
    mem_free(incidents);
    TRY(err);
    return sql_run(db, "DELETE FROM alert_alarm WHERE event = $1 AND " FILTER,
                   FILTER_VALUES(ending));
}
