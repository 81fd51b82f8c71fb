// SPDX-License-Identifier: Apache-2.0
/* trends/inside/counter.h — how many people passed a counter or a line since it was heard before. Pure.
 *
 * Devices tell in several forms (readings/counts.h). Of a counter that sends more than one, the one that
 * says more is read: running totals, since they survive a lost message. A running total's first value is
 * where counting begins. One that falls has begun anew: what it shows now has passed since.
 *
 * Nothing impossible is counted: fewer than nobody; more than COUNTER_PER_S_MAX for each second since the
 * message before and COUNTER_BURST on top. A message whose time is not after the one before is passed over:
 * the same again, or too late to be told from it. All are kept as the counter's newest fault, for people
 * to read; a running total goes on from its odd value. */
#pragma once
#include "base/base.h"
#include "readings/counts.h"

#define COUNTER_NAME_LEN  (LIMIT_ID_LEN + 5) /* "line.gate-2" */
#define COUNTER_PER_S_MAX 20.0 /* a gate of ten metres at 120 people a minute and metre */
#define COUNTER_BURST     50.0
#define COUNTER_FIRST_S   900.0 /* what the first increment may have gathered */

enum counter_fault {
    COUNTER_WELL,
    COUNTER_NEGATIVE, /* fewer than nobody */
    COUNTER_RESET,    /* a running total fell */
    COUNTER_JUMP,     /* more than can pass */
    COUNTER_LATE,     /* an increment that came after a newer one */
};
extern const char *const counter_fault_names[];  /* by the enum; ends with NULL */
extern const char *const counter_fault_advice[]; /* what it means and what to do; "" for WELL */

struct counter_way {
    int form; /* enum count_form: what is read; COUNT_NONE = nothing yet */
    int64_t at_ms;
    double total;  /* a running one's newest value */
    double passed; /* as counted, since the zone counts */
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
