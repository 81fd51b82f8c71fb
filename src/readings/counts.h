// SPDX-License-Identifier: Apache-2.0
/* readings/counts.h — by which names counters tell how many people passed, as the usual devices send them.
 *
 *   in, out, period_in, period_out    how many since the message before (Milesight's period counts, MQTT
 *                                     turnstiles)
 *   total_in, total_out,              a running total that only grows (Milesight's accumulated counts,
 *   in_sum, out_sum                   SenML's `s`)
 *
 * Pure. A name that is none of these is an ordinary measure. */
#pragma once
#include "base/base.h"

enum count_way { COUNT_IN, COUNT_OUT };
/* What says more stands further down: a counter that sends several forms of the same is read by that one,
 * because a running total survives a lost message. */
enum count_form { COUNT_NONE, COUNT_INCREMENT, COUNT_PERIOD, COUNT_SUM, COUNT_TOTAL };

struct count_measure {
    const char *name;
    enum count_way way;
    enum count_form form;
};
#define COUNT_MEASURES 8
extern const struct count_measure count_measures[COUNT_MEASURES];

static inline bool count_is_running(enum count_form form)
{
    return form >= COUNT_SUM;
}
/* NULL when it is no count of people. */
const struct count_measure *count_measure_find(const char *measure);
