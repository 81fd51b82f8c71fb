// SPDX-License-Identifier: Apache-2.0
/* The tables of this folder, and the rules in theirs. */
#include "alerts/alerts_internal.h"
#include "base/text.h"
#include "events/events.h"

static const struct store_migration MIGRATIONS[] = {
    {1,
     "CREATE TABLE alert_rule (event TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,"
     " series TEXT NOT NULL, direction BIGINT NOT NULL, severity BIGINT NOT NULL,"
     " threshold DOUBLE PRECISION NOT NULL, recovery DOUBLE PRECISION NOT NULL,"
     " hold_ms BIGINT NOT NULL, recovery_hold_ms BIGINT NOT NULL, no_data_after_ms BIGINT NOT NULL,"
     " is_enabled BIGINT NOT NULL, recipients TEXT NOT NULL, created_ms BIGINT NOT NULL,"
     " updated_ms BIGINT NOT NULL, PRIMARY KEY (event, id));"
     "CREATE TABLE alert_alarm (event TEXT NOT NULL, rule TEXT NOT NULL, series TEXT NOT NULL,"
     " venue TEXT NOT NULL, shard BIGINT NOT NULL, state BIGINT NOT NULL, cause BIGINT NOT NULL,"
     " since_ms BIGINT NOT NULL, at_ms BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL,"
     " revision BIGINT NOT NULL, PRIMARY KEY (event, rule, series));"
     "CREATE TABLE alert_incident (event TEXT NOT NULL, id BIGINT NOT NULL, rule TEXT NOT NULL,"
     " rule_name TEXT NOT NULL, venue TEXT NOT NULL, series TEXT NOT NULL, severity BIGINT NOT "
     "NULL,"
     " cause BIGINT NOT NULL, direction BIGINT NOT NULL, threshold DOUBLE PRECISION NOT NULL,"
     " recovery DOUBLE PRECISION NOT NULL, value DOUBLE PRECISION, is_silent BIGINT NOT NULL,"
     " since_ms BIGINT NOT NULL, opened_ms BIGINT NOT NULL, updated_ms BIGINT NOT NULL,"
     " acknowledged_ms BIGINT NOT NULL, acknowledged_by TEXT NOT NULL, resolved_ms BIGINT NOT NULL,"
     " resolved_by TEXT NOT NULL, PRIMARY KEY (event, id));"
     "CREATE UNIQUE INDEX alert_incident_unresolved ON alert_incident (event, rule, series)"
     " WHERE resolved_ms = 0;"
     "CREATE TABLE alert_transition (event TEXT NOT NULL, incident BIGINT NOT NULL,"
     " number BIGINT NOT NULL, kind BIGINT NOT NULL, at_ms BIGINT NOT NULL, actor TEXT NOT NULL,"
     " value DOUBLE PRECISION, PRIMARY KEY (event, incident, number));"
     "CREATE TABLE alert_counter (event TEXT PRIMARY KEY, last BIGINT NOT NULL);"
     "CREATE TABLE alert_generation (one BIGINT PRIMARY KEY, number BIGINT NOT NULL);"},
    {2, "ALTER TABLE alert_incident ADD COLUMN resolution BIGINT NOT NULL DEFAULT 0;"
        "ALTER TABLE alert_rule ADD COLUMN is_resting BIGINT NOT NULL DEFAULT 0;"
        "ALTER TABLE alert_rule ADD COLUMN mails_resolution BIGINT NOT NULL DEFAULT 1;"
        "CREATE INDEX alert_alarm_series ON alert_alarm (event, series);"
        "CREATE INDEX alert_incident_resolved ON alert_incident (resolved_ms)"
        " WHERE resolved_ms > 0;"},
    {3, "CREATE INDEX alert_transition_at ON alert_transition (at_ms);"},
    /* See alerts/older.h. In a new database there is none yet. */
    {4, "CREATE TABLE alert_older_event (event TEXT PRIMARY KEY);"
        "INSERT INTO alert_older_event (event) SELECT id FROM event;"},
};
const struct store_module alerts_store_module = {"alerts", MIGRATIONS, COUNT_OF(MIGRATIONS)};

enum err generation_raise(struct db *db)
{
    return sql_run(db, "INSERT INTO alert_generation (one, number) VALUES (1, 1)"
                       " ON CONFLICT (one) DO UPDATE SET number = alert_generation.number + 1");
}

enum err generation_read(struct db *db, int64_t *out_generation)
{
    enum err err = sql_one_int(db, out_generation, "SELECT number FROM alert_generation");
    if (err != ERR_NOT_FOUND)
        return err;
    *out_generation = 0;
    return ERR_NONE;
}

static enum err audit(struct db *db, const struct actor *actor, const struct rule *rule,
                      const char *action)
{
    char subject[sizeof rule->id + 5];
    (void)snprintf(subject, sizeof subject, "rule:%s", rule->id);
    return audit_append(
        db, actor,
        &(struct audit_change){
            .event = rule->event, .action = action, .subject = subject, .detail = rule->name},
        rule->updated_ms);
}

static enum err write_row(struct db *db, const char *sql, const struct rule *rule)
{
    SCOPED_JSON *recipients = rule_recipients_json(rule);
    char *text = json_dumps(recipients, JSON_COMPACT);
    assert(text != NULL);
    int64_t changed = 0;
    enum err err = sql_run_counted(
        db, &changed, sql, SQL_TEXT(rule->event), SQL_TEXT(rule->id), SQL_TEXT(rule->name),
        SQL_TEXT(rule->series), SQL_INT(rule->direction), SQL_INT(rule->severity),
        SQL_REAL(rule->threshold), SQL_REAL(rule->recovery), SQL_INT(rule->hold_ms),
        SQL_INT(rule->recovery_hold_ms), SQL_INT(rule->no_data_after_ms), SQL_INT(rule->is_enabled),
        SQL_TEXT(text), SQL_INT(rule->created_ms), SQL_INT(rule->updated_ms),
        SQL_INT(rule->mails_resolution));
    free(text); /* jansson's own allocation */
    TRY(err);
    return changed == 1 ? ERR_NONE : ERR_CONFLICT;
}

/* Of an event that is over. */
static enum err must_rest(struct db *db, const char *id, bool *out_must_rest)
{
    struct event event;
    enum err err = event_find(db, id, &event);
    *out_must_rest = err == ERR_NONE && event.state == EVENT_OVER;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err rule_insert(struct db *db, const struct actor *actor, const struct rule *wanted,
                     int64_t now_ms, struct err_note *note)
{
    struct rule rule = *wanted;
    rule.created_ms = rule.updated_ms = now_ms;
    int64_t count = 0;
    TRY(sql_one_int(db, &count, "SELECT COUNT(*) FROM alert_rule WHERE event = $1",
                    SQL_TEXT(rule.event)));
    if (count >= LIMIT_EVENT_RULES)
        return err_set(note, ERR_INVALID, "id", "an event has at most %d rules; remove one first",
                       LIMIT_EVENT_RULES);
    enum err err = write_row(db,
                             "INSERT INTO alert_rule (event, id, name, series, direction, severity,"
                             " threshold, recovery, hold_ms, recovery_hold_ms, no_data_after_ms,"
                             " is_enabled, recipients, created_ms, updated_ms, mails_resolution)"
                             " VALUES ($1, $2, $3, $4,"
                             " $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
                             " ON CONFLICT DO NOTHING",
                             &rule);
    if (err == ERR_CONFLICT)
        return err_set(note, err, "id", "there is a rule %s already; choose another id", rule.id);
    TRY(err);
    bool is_resting = false;
    TRY(must_rest(db, rule.event, &is_resting));
    if (is_resting)
        TRY(sql_run(db, "UPDATE alert_rule SET is_resting = 1 WHERE event = $1 AND id = $2",
                    SQL_TEXT(rule.event), SQL_TEXT(rule.id)));
    TRY(audit(db, actor, &rule, "rule.created"));
    return generation_raise(db);
}

static enum err find_for_change(struct db *db, const char *event, const char *id,
                                struct rule *out_rule, struct err_note *note)
{
    enum err err = rule_find(db, event, id, out_rule);
    return err == ERR_NOT_FOUND ? err_set(note, err, "rule", "there is no rule %s", id) : err;
}

static enum err end_rule(struct db *db, const struct rule *rule, const struct actor *actor,
                         enum resolution resolution, int64_t now_ms)
{
    const struct ending ending = {
        .event = rule->event, .rule = rule->id, .actor = actor, .resolution = resolution};
    return incidents_end(db, &ending, now_ms);
}

enum err rule_update(struct db *db, const struct actor *actor, const struct rule *wanted,
                     int64_t now_ms, struct err_note *note)
{
    struct rule before, rule = *wanted;
    TRY(find_for_change(db, rule.event, rule.id, &before, note));
    rule.created_ms = before.created_ms;
    rule.updated_ms = MAX(now_ms, before.updated_ms + 1); /* it tells changes apart */
    if (!rule.is_enabled || strcmp(rule.series, before.series) != 0)
        TRY(end_rule(db, &before, actor, RESOLUTION_RULE_CHANGED, now_ms));
    TRY(write_row(db,
                  "UPDATE alert_rule SET name = $3, series = $4, direction = $5, severity = $6,"
                  " threshold = $7, recovery = $8, hold_ms = $9, recovery_hold_ms = $10,"
                  " no_data_after_ms = $11, is_enabled = $12, recipients = $13, created_ms = $14,"
                  " updated_ms = $15, mails_resolution = $16 WHERE event = $1 AND id = $2",
                  &rule));
    TRY(audit(db, actor, &rule, "rule.changed"));
    return generation_raise(db);
}

enum err rule_remove(struct db *db, const struct actor *actor, const char *event, const char *id,
                     int64_t now_ms, struct err_note *note)
{
    struct rule rule;
    TRY(find_for_change(db, event, id, &rule, note));
    rule.updated_ms = now_ms;
    TRY(end_rule(db, &rule, actor, RESOLUTION_RULE_REMOVED, now_ms));
    TRY(sql_run(db, "DELETE FROM alert_rule WHERE event = $1 AND id = $2", SQL_TEXT(event),
                SQL_TEXT(id)));
    TRY(audit(db, actor, &rule, "rule.removed"));
    return generation_raise(db);
}

#define RULE_COLUMNS                                                                               \
    "event, id, name, series, direction, severity, threshold, recovery, hold_ms, "                 \
    "recovery_hold_ms, no_data_after_ms, is_enabled, recipients, created_ms, updated_ms, "         \
    "mails_resolution"

static enum err rule_of_row(const struct sql_rows *rows, struct rule *rule)
{
    *rule = (struct rule){.direction = (int)sql_int(rows, 4),
                          .severity = (int)sql_int(rows, 5),
                          .threshold = sql_real(rows, 6),
                          .recovery = sql_real(rows, 7),
                          .hold_ms = sql_int(rows, 8),
                          .recovery_hold_ms = sql_int(rows, 9),
                          .no_data_after_ms = sql_int(rows, 10),
                          .is_enabled = sql_int(rows, 11) != 0,
                          .created_ms = sql_int(rows, 13),
                          .updated_ms = sql_int(rows, 14),
                          .mails_resolution = sql_int(rows, 15) != 0};
    (void)text_copy(rule->event, sizeof rule->event, sql_text(rows, 0));
    (void)text_copy(rule->id, sizeof rule->id, sql_text(rows, 1));
    (void)text_copy(rule->name, sizeof rule->name, sql_text(rows, 2));
    (void)text_copy(rule->series, sizeof rule->series, sql_text(rows, 3));
    const char *text = sql_text(rows, 12);
    SCOPED_JSON *recipients = NULL;
    if (json_parse(text, strlen(text), &recipients, NULL) != ERR_NONE ||
        rule_recipients_read(recipients, rule, NULL) != ERR_NONE)
        return ERR_CORRUPT;
    return ERR_NONE;
}

static enum err collect(struct sql_rows *rows, struct rule **out_rules, size_t *out_count)
{
    struct rule *rules = NULL;
    size_t count = 0, size = 0;
    enum err err = ERR_NONE;
    while (err == ERR_NONE && sql_next(rows)) {
        if (count == size) {
            size = size == 0 ? 8 : 2 * size;
            rules = mem_resize(rules, size * sizeof *rules);
        }
        err = rule_of_row(rows, &rules[count++]);
    }
    enum err end = sql_end(rows);
    if (err == ERR_NONE)
        err = end;
    if (err != ERR_NONE) {
        mem_free(rules);
        return err;
    }
    *out_rules = rules;
    *out_count = count;
    return ERR_NONE;
}

enum err rule_find(struct db *db, const char *event, const char *id, struct rule *out_rule)
{
    struct rule *rules = NULL;
    size_t count = 0;
    struct sql_rows rows;
    TRY(sql_query(db, &rows, "SELECT " RULE_COLUMNS " FROM alert_rule WHERE event = $1 AND id = $2",
                  SQL_TEXT(event), SQL_TEXT(id)));
    TRY(collect(&rows, &rules, &count));
    if (count == 1)
        *out_rule = rules[0];
    mem_free(rules);
    return count == 1 ? ERR_NONE : ERR_NOT_FOUND;
}

enum err rule_list(struct db *db, const char *event, const char *after_id, size_t count_max,
                   struct rule **out_rules, size_t *out_count)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " RULE_COLUMNS " FROM alert_rule WHERE event = $1 AND id > $2"
                  " ORDER BY id LIMIT $3",
                  SQL_TEXT(event), SQL_TEXT(after_id), SQL_INT((int64_t)count_max)));
    return collect(&rows, out_rules, out_count);
}

enum err rules_awake(struct db *db, struct rule **out_rules, size_t *out_count)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " RULE_COLUMNS " FROM alert_rule"
                  " WHERE is_enabled = 1 AND is_resting = 0"));
    return collect(&rows, out_rules, out_count);
}

enum err rule_check_unchanged(struct db *db, const struct rule *rule)
{
    int64_t one;
    enum err err =
        sql_one_int(db, &one,
                    "SELECT 1 FROM alert_rule WHERE event = $1 AND id = $2"
                    " AND updated_ms = $3 AND is_enabled = 1 AND is_resting = 0",
                    SQL_TEXT(rule->event), SQL_TEXT(rule->id), SQL_INT(rule->updated_ms));
    return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
}

/* --- with their event --- */

#define SILENT_S 10 /* longer than a device may be silent: a camera, by default, for 15 s */

enum err alerts_event_made(struct db *db, const struct actor *actor, const char *event,
                           int64_t now_ms, struct err_note *note)
{
    struct rule rule = {.id = "device-silent",
                        .name = "A camera or sensor is silent",
                        .series = "device.*:silence",
                        .direction = RULE_ABOVE,
                        .severity = SEVERITY_WARNING,
                        .threshold = SILENT_S,
                        .recovery = 0,
                        .recovery_hold_ms = 5000,
                        .is_enabled = true,
                        .mails_resolution = true,
                        .recipient_count = 2,
                        .recipients = {"role:organiser", "role:control"}};
    (void)text_copy(rule.event, sizeof rule.event, event);
    return rule_insert(db, actor, &rule, now_ms, note);
}

enum err alerts_event_moved(struct db *db, const struct actor *actor, const char *event,
                            enum event_state to, int64_t now_ms)
{
    TRY(sql_run(db, "UPDATE alert_rule SET is_resting = $2 WHERE event = $1", SQL_TEXT(event),
                SQL_INT(to == EVENT_OVER)));
    const struct ending ending = {
        .event = event, .actor = actor, .resolution = RESOLUTION_EVENT_OVER};
    if (to == EVENT_OVER)
        TRY(incidents_end(db, &ending, now_ms));
    return generation_raise(db);
}

enum err alerts_event_removed(struct db *db, const struct actor *actor, const char *event,
                              int64_t now_ms)
{
    const struct ending ending = {
        .event = event, .actor = actor, .resolution = RESOLUTION_EVENT_REMOVED};
    TRY(incidents_end(db, &ending, now_ms));
    TRY(sql_run(db, "DELETE FROM alert_rule WHERE event = $1", SQL_TEXT(event)));
    return generation_raise(db);
}
