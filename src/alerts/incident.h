// SPDX-License-Identifier: Apache-2.0
/* alerts/incident.h — an incident is what a rule that fired leaves behind until it is resolved. Every
 * transition is a row of its timeline and a record of the main stream "incidents", written in one
 * transaction (docs/formats/incidents.md). One incident at most is unresolved per rule and series:
 * a unique index sees to it, whoever fires and however often. */
#pragma once
#include "accounts/audit.h"
#include "alerts/alarm.h"
#include "alerts/rule.h"

#define INCIDENTS_STREAM "incidents"

enum incident_state { INCIDENT_OPEN, INCIDENT_ACKNOWLEDGED, INCIDENT_RESOLVED };
extern const char *const incident_state_names[]; /* "open" ... NULL */

enum transition_kind {
    TRANSITION_OPENED,
    TRANSITION_ACKNOWLEDGED,
    TRANSITION_FELL_SILENT,
    TRANSITION_HEARD_AGAIN,
    TRANSITION_RESOLVED,
    TRANSITION_UNACKNOWLEDGED,
};
extern const char *const transition_names[]; /* "opened" ... NULL */

/* Why an incident ended. */
enum resolution {
    RESOLUTION_NONE, /* it has not */
    RESOLUTION_RECOVERED,
    RESOLUTION_BY_HAND,
    RESOLUTION_RULE_CHANGED, /* switched off, or it watches another series */
    RESOLUTION_RULE_REMOVED,
    RESOLUTION_EVENT_OVER,
    RESOLUTION_EVENT_REMOVED,
    RESOLUTION_ZONE_REMOVED,
    RESOLUTION_DEVICE_REMOVED,
    RESOLUTION_VENUE_REMOVED,
};
extern const char *const resolution_names[]; /* "none", "recovered" ... NULL */

struct incident {
    int64_t id; /* from 1 within the event */
    char event[LIMIT_ID_LEN + 1];
    char rule[LIMIT_ID_LEN + 1];
    char rule_name[LIMIT_NAME_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    char series[READINGS_SERIES_LEN + 1];
    char subject[READINGS_SERIES_LEN + 1]; /* of the series: "zone.stage-a" */
    char zone[READINGS_SERIES_LEN + 1];    /* "stage-a"; "" when the subject is no zone */
    char measure[READINGS_SERIES_LEN + 1]; /* "density" */
    int severity;                          /* enum severity */
    int state;                             /* enum incident_state */
    int cause;                             /* enum alarm_cause */
    int direction;                         /* enum rule_direction */
    double threshold, recovery, value;
    bool has_value;
    bool is_silent; /* a threshold incident whose values do not come in */
    int64_t since_ms, opened_ms, updated_ms;
    int64_t acknowledged_ms, resolved_ms; /* 0 = not yet */
    char acknowledged_by[LIMIT_NAME_LEN + 1];
    char resolved_by[LIMIT_NAME_LEN + 1]; /* "" = by itself */
    int resolution;                       /* enum resolution */
};

struct transition {
    int kind; /* enum transition_kind */
    int64_t at_ms;
    char by[LIMIT_NAME_LEN + 1]; /* "" = by itself */
    double value;
    bool has_value;
    int resolution; /* enum resolution; of the kind resolved only, and told by the incident */
};

/* As the API and the live topic give them; the caller owns. */
json_t *incident_json(const struct incident *incident);
json_t *transition_json(const struct transition *transition);

/* What a record of the stream tells. */
struct incident_news {
    struct transition transition;
    struct incident incident;
    size_t recipient_count;
    char recipients[LIMIT_RULE_RECIPIENTS][LIMIT_EMAIL_LEN + 1];
    bool mails_resolution; /* of the rule */
};
/* ERR_CORRUPT when the record is not what we write. */
MUST_USE enum err incident_news_read(const struct stream_record *record,
                                     struct incident_news *out_news);

/* --- reading --- */
struct incident_filter {
    unsigned states;   /* bits 1 << enum incident_state; 0 = all */
    int64_t before_id; /* newest first, below this id; 0 = from the newest */
    size_t count_max;
};
/* The caller frees *out_incidents and *out_transitions (mem_free). */
MUST_USE enum err incident_list(struct db *db, const char *event,
                                const struct incident_filter *filter,
                                struct incident **out_incidents, size_t *out_count);
MUST_USE enum err incident_find(struct db *db, const char *event, int64_t id,
                                struct incident *out_incident);
#define LIMIT_TIMELINE 1000 /* the newest are given */
MUST_USE enum err incident_timeline(struct db *db, const char *event, int64_t id,
                                    struct transition **out_transitions, size_t *out_count);

/* From now on incidents go, with their timelines, when they are resolved for so long (0 = never). */
void incidents_keep(struct store *main_store, int64_t keep_ms);

/* --- by hand, inside a command, audited. ERR_NOT_FOUND; ERR_CONFLICT when it is acknowledged
 * (resolved) already, or its acknowledgement is taken back and there is none. A breach that lasts fires
 * again after its hold time. --- */
MUST_USE enum err incident_acknowledge(struct db *db, const struct actor *actor, const char *event,
                                       int64_t id, int64_t now_ms, struct err_note *note);
/* It is open again, as if nobody had taken care; the timeline keeps both. */
MUST_USE enum err incident_unacknowledge(struct db *db, const struct actor *actor,
                                         const char *event, int64_t id, int64_t now_ms,
                                         struct err_note *note);
MUST_USE enum err incident_resolve(struct db *db, const struct actor *actor, const char *event,
                                   int64_t id, int64_t now_ms, struct err_note *note);
