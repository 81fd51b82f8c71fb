// SPDX-License-Identifier: Apache-2.0
/* alerts/alarm.h — the state of one rule for one subject, and the only place that decides it.
 *
 *           at or beyond the threshold           for hold_ms
 *   NORMAL ──────────────────────────> PENDING ──────────────> FIRING <──────────┐ not clear
 *      ^  ^                               │                       │ at or past   │ any more
 *      │  └──────── not beyond it ────────┘                       v recovery     │
 *      └───────────────────── for recovery_hold_ms ─────────── RECOVERING ───────┘
 *   any state ── nothing new heard for no_data_after_ms ──> NO_DATA ── heard ──> as before, or NORMAL
 *
 * Two clocks that are never mixed. Holds are measured with the readings' own times, so that they are
 * the same live and in a replay; a reading older than the newest one decides nothing, so that time
 * never moves backwards. Silence is measured with our clock, from the moment a newer reading came in.
 * Silence is never read as a value: what fires stays open, and what was quiet gets an alarm of its
 * own. At most one incident is open at a time, and `cause` says for what. */
#pragma once
#include "base/base.h"

/* A reading further ahead than this comes from a wrong clock; believing it would make every right
 * reading after it "late", and the alarm deaf. */
#define ALARM_FUTURE_MAX_MS 60000

enum alarm_state { ALARM_NORMAL, ALARM_PENDING, ALARM_FIRING, ALARM_RECOVERING, ALARM_NO_DATA };
enum alarm_cause { ALARM_CAUSE_NONE, ALARM_CAUSE_THRESHOLD, ALARM_CAUSE_NO_DATA };

struct alarm {
    enum alarm_state state;
    enum alarm_cause cause; /* of the open incident */
    int64_t since_ms;       /* of the breach while pending or firing; of the state otherwise */
    int64_t at_ms;          /* of the newest reading; 0 = none yet */
    double value;           /* of the newest reading */
    int64_t heard_ms;       /* our clock, when a newer reading last came in or we began to listen */
};

struct rule;

/* What is to be told; several at once are told in this order. */
enum alarm_news {
    ALARM_HEARD_AGAIN = 1 << 0, /* the values of an open incident come in again */
    ALARM_RESOLVED = 1 << 1,
    ALARM_OPENED = 1 << 2,
    ALARM_FELL_SILENT = 1 << 3, /* an incident stays open while nothing is heard */
};

/* A reading came in. Returns enum alarm_news bits. */
unsigned alarm_hear(struct alarm *alarm, const struct rule *rule, int64_t at_ms, double value,
                    int64_t now_ms);
/* Time went by. Returns enum alarm_news bits. */
unsigned alarm_wait(struct alarm *alarm, const struct rule *rule, int64_t now_ms);
/* A person resolved the incident. A breach that lasts fires again after its hold time; a silence
 * that lasts is not told twice. */
void alarm_reset(struct alarm *alarm);

extern const char *const alarm_state_names[]; /* "normal" ... NULL */
extern const char *const alarm_cause_names[]; /* "none", "threshold", "no-data", NULL */
