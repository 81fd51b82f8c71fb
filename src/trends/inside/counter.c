// SPDX-License-Identifier: Apache-2.0
#include "trends/inside/counter.h"

#include <math.h>

const char *const counter_fault_names[] = {"none", "negative", "reset", "jump", "late", NULL};
const char *const counter_fault_advice[] = {
    "", "fewer than nobody cannot pass: the value was not counted; check the counter's set-up",
    "its running total fell, so it began anew: what it shows since is counted",
    "more people than can pass in the time: the value was not counted; check the counter",
    "an increment came after a newer one: it was not counted; let the counter send running totals"};

static void note_fault(struct counter *counter, enum counter_fault fault, int64_t at_ms,
                       double value)
{
    counter->fault = fault;
    counter->fault_ms = at_ms;
    counter->fault_value = value;
    counter->faults += counter->faults < UINT32_MAX;
}

static bool can_pass(const struct counter_way *way, int64_t at_ms, double people)
{
    double since_s =
        way->form == COUNT_NONE ? COUNTER_FIRST_S : fmax(0, (double)(at_ms - way->at_ms) / 1000);
    return people <= COUNTER_BURST + COUNTER_PER_S_MAX * since_s;
}

static double take_total(struct counter *counter, struct counter_way *way, int64_t at_ms,
                         double value)
{
    double before = way->total;
    way->total = value;
    if (value < before)
        note_fault(counter, COUNTER_RESET, at_ms, value);
    double passed = value < before ? value : value - before;
    if (can_pass(way, at_ms, passed))
        return passed;
    if (value >= before) /* else it is told as a reset */
        note_fault(counter, COUNTER_JUMP, at_ms, value);
    return 0;
}

static double take_increment(struct counter *counter, const struct counter_way *way, int64_t at_ms,
                             double value)
{
    if (can_pass(way, at_ms, value))
        return value;
    note_fault(counter, COUNTER_JUMP, at_ms, value);
    return 0;
}

double counter_hear(struct counter *counter, const struct count_measure *measure, int64_t at_ms,
                    double value)
{
    struct counter_way *way = &counter->ways[measure->way];
    int form = (int)measure->form;
    if (form < way->form || !isfinite(value))
        return 0;
    if (value < 0) {
        note_fault(counter, COUNTER_NEGATIVE, at_ms, value);
        return 0;
    }
    bool is_first = form > way->form;
    if (!is_first && at_ms <= way->at_ms) {
        if (at_ms < way->at_ms && !count_is_running(measure->form))
            note_fault(counter, COUNTER_LATE, at_ms, value);
        return 0;
    }
    double passed = 0;
    if (!count_is_running(measure->form))
        passed = take_increment(counter, way, at_ms, value);
    else if (is_first)
        way->total = value;
    else
        passed = take_total(counter, way, at_ms, value);
    way->at_ms = is_first && way->form != COUNT_NONE ? MAX(at_ms, way->at_ms) : at_ms;
    way->form = form;
    way->passed += passed;
    return passed;
}
