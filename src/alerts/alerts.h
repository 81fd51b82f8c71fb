// SPDX-License-Identifier: Apache-2.0
/* alerts/alerts.h — rules, alarms, incidents. Reads the telemetry stream "readings", decides per rule
 * and subject (alerts/alarm.h), and writes state, incident, record and its own position in one
 * transaction of the main store: what was read once is decided once, through any restart.
 * After the commit every transition goes to the live topic events/{event}/incidents.
 * What is no more has no alarms: a third consumer reads the main stream "venues" and ends those of
 * zones, devices and venues that were removed. */
#pragma once
#include "alerts/incident.h"
#include "alerts/rule.h"
#include "base/publish.h"
#include "events/events.h"
#include "store/store.h"

struct alerts;
extern const struct store_module alerts_store_module; /* for the main store */

struct alerts_options {
    struct store *main_store;
    struct store *telemetry_store;
    struct venues *venues; /* what is not there is not watched; NULL = whatever is heard is there */
    struct crowd *crowd;   /* tells of cameras when they were heard; may be NULL */
    struct readings *readings;         /* the same of all devices; may be NULL */
    const struct publisher *publisher; /* borrowed until close; may be NULL */
};

MUST_USE enum err alerts_open(const struct alerts_options *options, struct alerts **out_alerts,
                              struct err_note *note);
void alerts_close(struct alerts *alerts);
static inline void alerts_destroy(struct alerts *alerts)
{
    if (alerts != NULL)
        alerts_close(alerts);
}
DEFINE_SCOPED(alerts)

/* After the commit of a change to rules or of a resolution by hand: it holds from the next batch on.
 * Without the call, and in other processes, within a second. Where hundreds of thousands of alarms
 * make reading them slow, changes are gathered for ten times as long as that takes. */
void alerts_refresh(struct alerts *alerts);

/* Waits until every reading committed before the call is decided and every incident published;
 * ERR_BUSY at the deadline (wall clock). */
MUST_USE enum err alerts_wait_idle(struct alerts *alerts, int64_t deadline_ms);

/* --- rules; the first three inside a command, audited; then alerts_refresh(). --- */

/* ERR_CONFLICT when the id is taken, ERR_INVALID over LIMIT_EVENT_RULES. */
MUST_USE enum err rule_insert(struct db *db, const struct actor *actor, const struct rule *rule,
                              int64_t now_ms, struct err_note *note);
/* ERR_NOT_FOUND. Switched off, or with another series, its open incidents are resolved. */
MUST_USE enum err rule_update(struct db *db, const struct actor *actor, const struct rule *rule,
                              int64_t now_ms, struct err_note *note);
/* ERR_NOT_FOUND. Its open incidents are resolved; what is resolved stays to be read. */
MUST_USE enum err rule_remove(struct db *db, const struct actor *actor, const char *event,
                              const char *id, int64_t now_ms, struct err_note *note);

/* What every new event begins with: the rule "device-silent", which tells its organiser and control
 * room of a camera, counter or sensor that is silent. Inside a command. */
MUST_USE enum err alerts_event_made(struct db *db, const struct actor *actor, const char *event,
                                    int64_t now_ms, struct err_note *note);

/* --- with their event, inside the command that moves or removes it; then alerts_refresh(). --- */

/* The rules of an event that is over rest, and its open incidents are resolved; they are awake again
 * when it runs again. */
MUST_USE enum err alerts_event_moved(struct db *db, const struct actor *actor, const char *event,
                                     enum event_state to, int64_t now_ms);
/* Its rules go; what its incidents were stays to be read. */
MUST_USE enum err alerts_event_removed(struct db *db, const struct actor *actor, const char *event,
                                       int64_t now_ms);

MUST_USE enum err rule_find(struct db *db, const char *event, const char *id,
                            struct rule *out_rule);
/* In the order of ids, after `after_id`. The caller frees *out_rules (mem_free). */
MUST_USE enum err rule_list(struct db *db, const char *event, const char *after_id,
                            size_t count_max, struct rule **out_rules, size_t *out_count);
