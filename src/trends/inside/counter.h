// SPDX-License-Identifier: Apache-2.0
/* trends/inside/counter.h — how many people passed a counter or a line since it was heard before. Pure:
 * (what is remembered of it, message, its time) -> people.
 *
 * Several forms (readings/counts.h). Of a counter that sends more than one, the one that says more is read:
 * running totals, since they survive a lost message. What the others tell meanwhile is kept aside and
 * forgotten with the next message of the form that is read. Where that form is not heard for COUNTER_CHANGE_S
 * while another is, the device was replaced or set up anew: the other is read, and what was kept aside counts.
 * So nobody is lost in between, and nobody counts twice when the first form comes back: it only says where
 * it stands then.
 *
 * A running total's first value is where counting begins. Nothing impossible is counted: fewer than nobody;
 * more than COUNTER_PER_S_MAX for each second since the message before and COUNTER_BURST on top. A message whose
 * time is not after the one before is passed over: the same again, or too late to be told from it.
 *
 * A total that falls, or rises by more than can pass, has begun anew or is a glitch; one message cannot tell
 * which, so the message after it decides:
 *
 *   900, 12, 15         goes on from the odd value: it began anew, and what it shows has passed: 15
 *   900, 890, 893       it lost less than half, which no new beginning does: set by a little; 3
 *   5000, 0, 5003       comes back to where it was: a glitch; 3 have passed, not 5003
 *   5000, 90000, 5003   the same
 *   5000, 90000, 90004  it was set to another number: 4
 *   5000, 0, 3000, 5003 a second odd value is not believed at once either: 3
 *   5000, 2400, 2403    it may have begun anew, but more than COUNTER_AT_ONCE is held until it has gone on for
 *                       COUNTER_GLITCH_S, and forgotten when the old value comes back
 *
 * "Comes back" is: not below the old value, above it by no more than can pass, and
 * - falling: ten times nearer to it than to the odd one;
 * - rising, with the message after the odd value, or once that is older than COUNTER_GLITCH_S: by more than it
 *   counted since, and ten times faster than it would have risen had nothing been odd;
 * - rising in between: ten times nearer than the odd one, and faster than it rose since.
 * So one that began anew and grows past its old value is not taken for it, and a glitch may last for as long as it
 * likes. What was counted from odd values is taken off what is counted on the return. Two things no totals
 * can tell: that a counter began anew and passed its old value between two messages, and whether one that
 * began anew leapt to just above its old value or came back to it. Then fewer people are counted, never a total.
 *
 * An odd value after COUNTER_GLITCH_S that went well is a doubt of its own; before, it is the same one.
 *
 * All are kept as the counter's newest fault, for people to read. */
#pragma once
#include "base/base.h"
#include "readings/counts.h"

#define COUNTER_NAME_LEN  (LIMIT_ID_LEN + 5) /* "line.gate-2" */
#define COUNTER_PER_S_MAX 20.0 /* a gate of ten metres at 120 people a minute and metre */
#define COUNTER_BURST     50.0
#define COUNTER_FIRST_S   900.0 /* what the first increment may have gathered */
#define COUNTER_CHANGE_S  300
#define COUNTER_GLITCH_S  900
#define COUNTER_AT_ONCE   100.0 /* an odd total is believed so far by the message after it */
#define COUNTER_NEARER    10.0

enum counter_fault {
    COUNTER_WELL,
    COUNTER_NEGATIVE, /* fewer than nobody */
    COUNTER_RESET,    /* a running total fell */
    COUNTER_JUMP,     /* more than can pass */
    COUNTER_LATE,     /* an increment that came after a newer one */
    COUNTER_GLITCH,   /* a running total fell or jumped, and came back */
};
extern const char *const counter_fault_names[];  /* by the enum; ends with NULL */
extern const char *const counter_fault_advice[]; /* what it means and what to do; "" for WELL */

struct counter_doubt { /* about a running total: where it stood before it fell or jumped */
    int64_t since_ms;  /* of the first odd value; 0 = none */
    int64_t at_ms;     /* of the last value before it */
    double total;      /* that value */
    double held;       /* what odd values show, if it began anew, and is not yet counted */
    double counted;    /* since then */
    bool is_next;      /* the next message decides */
};

struct counter_form {
    int form; /* enum count_form; COUNT_NONE = nothing heard */
    int64_t at_ms;
    double total; /* a running one's newest value */
    struct counter_doubt doubt;
};

struct counter_way {
    struct counter_form read, other;
    int64_t begun_ms; /* the total that is read began: of this very moment the other counts too */
    double aside;     /* what the other told since the one that is read was heard */
    double passed;    /* as counted, since the zone counts */
};

struct counter {
    char name[COUNTER_NAME_LEN + 1]; /* of the device, or "line.<id>" */
    struct counter_way ways[2];      /* by enum count_way, of the device */
    int fault;                       /* enum counter_fault: the newest */
    int64_t fault_ms;
    double fault_value;
    uint32_t faults;
};

/* People who passed by this message; 0 for what is not counted. */
double counter_hear(struct counter *counter, const struct count_measure *measure, int64_t at_ms,
                    double value);
