// SPDX-License-Identifier: Apache-2.0
#include "trends/inside/counter.h"

#include <math.h>

const char *const counter_fault_names[] = {"none", "negative", "reset", "jump",
                                           "late", "glitch",   NULL};
const char *const counter_fault_advice[] = {
    "",
    "fewer than nobody cannot pass: the value was not counted; check the counter's set-up",
    "its running total fell: if the next message goes on from there, what it shows is counted",
    "more people than can pass in the time: the value was not counted; check the counter",
    "an increment came after a newer one: it was not counted; let the counter send running totals",
    "its running total fell or jumped and came back: it is counted from where it stood before"};

struct taken {
    double passed;
    enum counter_fault fault;
};
static const struct taken NOTHING = {0, COUNTER_WELL};

static bool can_pass(int64_t since_ms, int64_t at_ms, double people)
{
    double since_s = fmax(0, (double)(at_ms - since_ms) / 1000);
    return people <= COUNTER_BURST + COUNTER_PER_S_MAX * since_s;
}

/* --- a running total --- */

static bool is_back(const struct counter_form *form, int64_t at_ms, double value)
{
    const struct counter_doubt *doubt = &form->doubt;
    double above = value - doubt->total;
    return doubt->since_ms != 0 && above >= 0 && can_pass(doubt->at_ms, at_ms, above) &&
           above * COUNTER_NEARER <= fabs(value - form->total);
}

static void begin_doubt(struct counter_form *form, int64_t at_ms, double held)
{
    struct counter_doubt *doubt = &form->doubt;
    if (doubt->since_ms == 0 || !doubt->is_next) /* else what is there was never believed */
        *doubt =
            (struct counter_doubt){.since_ms = at_ms, .at_ms = form->at_ms, .total = form->total};
    doubt->held = held;
    doubt->is_next = true;
}

static struct taken come_back(struct counter_form *form, double value)
{
    double passed = fmax(0, value - form->doubt.total - form->doubt.counted);
    form->doubt = (struct counter_doubt){.since_ms = 0};
    return (struct taken){passed, COUNTER_GLITCH};
}

static struct taken go_on(struct counter_form *form, double value)
{
    double passed = value - form->total + form->doubt.held;
    form->doubt.held = 0;
    form->doubt.is_next = false;
    if (form->doubt.since_ms != 0)
        form->doubt.counted += passed;
    return (struct taken){passed, COUNTER_WELL};
}

static struct taken take_total(struct counter_form *form, int64_t at_ms, double value)
{
    struct counter_doubt *doubt = &form->doubt;
    if (!doubt->is_next && at_ms - doubt->since_ms > COUNTER_GLITCH_S * 1000LL)
        *doubt = (struct counter_doubt){.since_ms = 0};
    if (is_back(form, at_ms, value))
        return come_back(form, value);
    if (value < form->total) {
        bool is_new = value * 2 < form->total && can_pass(form->at_ms, at_ms, value);
        begin_doubt(form, at_ms, is_new ? value : 0);
        return (struct taken){0, COUNTER_RESET};
    }
    if (!can_pass(form->at_ms, at_ms, value - form->total)) {
        begin_doubt(form, at_ms, 0);
        return (struct taken){0, COUNTER_JUMP};
    }
    return go_on(form, value);
}

/* --- one form --- */

static struct taken take_increment(const struct counter_form *form, int64_t at_ms, double value)
{
    int64_t since_ms =
        form->form == COUNT_NONE ? at_ms - (int64_t)(COUNTER_FIRST_S * 1000) : form->at_ms;
    if (can_pass(since_ms, at_ms, value))
        return (struct taken){value, COUNTER_WELL};
    return (struct taken){0, COUNTER_JUMP};
}

/* Its first message, or a later one of the same form. */
static struct taken take(struct counter_form *form, enum count_form name, int64_t at_ms,
                         double value)
{
    bool is_first = form->form == COUNT_NONE, is_running = count_is_running(name);
    if (!is_first && at_ms <= form->at_ms) {
        bool is_late = at_ms < form->at_ms && !is_running;
        return (struct taken){0, is_late ? COUNTER_LATE : COUNTER_WELL};
    }
    struct taken taken = NOTHING;
    if (!is_running)
        taken = take_increment(form, at_ms, value);
    else if (!is_first)
        taken = take_total(form, at_ms, value);
    form->form = (int)name;
    form->at_ms = at_ms;
    form->total = value;
    return taken;
}

/* --- the form that is read, and the other --- */

static struct taken hear_read(struct counter_way *way, enum count_form name, int64_t at_ms,
                              double value)
{
    if (at_ms > way->read.at_ms)
        way->aside = 0;
    return take(&way->read, name, at_ms, value);
}

/* It says more than what was read so far: from now on it is read. */
static struct taken hear_better(struct counter_way *way, enum count_form name, int64_t at_ms,
                                double value)
{
    struct counter_form before = way->read;
    bool is_told = before.form != COUNT_NONE && at_ms <= before.at_ms;
    way->read = (struct counter_form){.form = COUNT_NONE};
    struct taken taken = take(&way->read, name, at_ms, value);
    way->aside = 0;
    if (before.form == COUNT_NONE) {
        way->begun_ms = at_ms;
        return taken;
    }
    way->other = before;
    way->begun_ms = way->read.at_ms = MAX(at_ms, before.at_ms);
    return is_told ? NOTHING : taken;
}

static void change(struct counter_way *way)
{
    struct counter_form before = way->read;
    way->read = way->other;
    way->other = before;
    way->begun_ms = 0;
    way->aside = 0;
}

/* It says less. Its odd values are no faults of a counter that is read by better ones. */
static struct taken hear_other(struct counter_way *way, enum count_form name, int64_t at_ms,
                               double value)
{
    struct counter_form *other = &way->other;
    int64_t change_ms = COUNTER_CHANGE_S * 1000LL;
    if (other->form != (int)name) {
        if ((int)name < other->form && at_ms - other->at_ms < change_ms)
            return NOTHING;
        *other = (struct counter_form){.form = COUNT_NONE};
        way->aside = 0;
    }
    struct taken taken = take(other, name, at_ms, value);
    /* A total that begins says nothing of who has passed until then. */
    bool is_beginning = at_ms == way->begun_ms && count_is_running((enum count_form)way->read.form);
    if (at_ms <= way->read.at_ms)
        return is_beginning ? (struct taken){taken.passed, COUNTER_WELL} : NOTHING;
    way->aside += taken.passed;
    if (at_ms - way->read.at_ms < change_ms)
        return NOTHING;
    taken.passed = way->aside;
    change(way);
    return taken;
}

static struct taken hear(struct counter_way *way, enum count_form name, int64_t at_ms, double value)
{
    if ((int)name == way->read.form)
        return hear_read(way, name, at_ms, value);
    if ((int)name > way->read.form)
        return hear_better(way, name, at_ms, value);
    return hear_other(way, name, at_ms, value);
}

static void note_fault(struct counter *counter, enum counter_fault fault, int64_t at_ms,
                       double value)
{
    counter->fault = (int)fault;
    counter->fault_ms = at_ms;
    counter->fault_value = value;
    counter->faults += counter->faults < UINT32_MAX;
}

double counter_hear(struct counter *counter, const struct count_measure *measure, int64_t at_ms,
                    double value)
{
    struct counter_way *way = &counter->ways[measure->way];
    int form = (int)measure->form;
    struct taken taken = {0, COUNTER_NEGATIVE};
    if (!isfinite(value) || (value < 0 && form < way->read.form))
        return 0;
    if (value >= 0)
        taken = hear(way, measure->form, at_ms, value);
    if (taken.fault != COUNTER_WELL)
        note_fault(counter, taken.fault, at_ms, value);
    way->passed += taken.passed;
    return taken.passed;
}
