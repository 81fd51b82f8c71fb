// SPDX-License-Identifier: Apache-2.0
/* alerts/alerts_internal.h — between the files of this folder.
 *
 * Tables: alert_rule, alert_alarm (the state of a rule for a series, a row once it was heard),
 * alert_incident, alert_transition, alert_counter (incident ids of an event), alert_generation (one
 * row: grows with every change that the evaluator must learn of). */
#pragma once
#include "alerts/alerts.h"

#define INCIDENT_COLUMNS                                                                           \
    "event, id, rule, rule_name, venue, series, severity, cause, direction, threshold, recovery, " \
    "value, is_silent, since_ms, opened_ms, updated_ms, acknowledged_ms, acknowledged_by, "        \
    "resolved_ms, resolved_by, resolution"

MUST_USE enum err incident_one(struct sql_rows *rows, struct incident *out_incident);
MUST_USE enum err incident_collect(struct sql_rows *rows, struct incident **out_incidents,
                                   size_t *out_count);
void incident_name_parts(struct incident *incident); /* subject, zone, measure of the series */

/* What the evaluator decided about one series. */
struct incident_cause {
    const struct rule *rule;
    const char *venue;
    const char *series;
    const struct alarm *alarm;
};
/* Inside a command. Opens, unless one is open already: then nothing is written. */
MUST_USE enum err incident_open(struct db *db, const struct incident_cause *cause, int64_t now_ms);
/* Inside a command: fell silent, heard again, resolved by itself. Nothing when none is open. */
MUST_USE enum err incident_follow(struct db *db, const struct incident_cause *cause,
                                  enum transition_kind kind, int64_t now_ms);
/* Which open incidents end, and which alarms are forgotten with them. */
struct ending {
    const char *event;
    const char *rule;          /* NULL = of all rules */
    const char *series;        /* NULL = of all series */
    const struct actor *actor; /* NULL = nobody: by itself */
    enum resolution resolution;
};
/* Inside a command. The evaluator has to learn of it: generation_raise(). */
MUST_USE enum err incidents_end(struct db *db, const struct ending *ending, int64_t now_ms);

/* All that are to be decided by, of all events, in no order. The caller frees *out_rules (mem_free). */
MUST_USE enum err rules_awake(struct db *db, struct rule **out_rules, size_t *out_count);
/* ERR_CONFLICT when the rule is not as it was read, or not there, any more. */
MUST_USE enum err rule_check_unchanged(struct db *db, const struct rule *rule);

/* The evaluator learns of changes by this number. */
MUST_USE enum err generation_raise(struct db *db);
MUST_USE enum err generation_read(struct db *db, int64_t *out_generation);
