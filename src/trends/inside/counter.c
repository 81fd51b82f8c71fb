// SPDX-License-Identifier: Apache-2.0
#include "trends/inside/counter.h"

#include <math.h>

const char *const counter_fault_names[] = {"none", "negative", "reset", "jump",
                                           "late", "glitch",   NULL};
const char *const counter_fault_advice[] = {
    "",
    "fewer than nobody cannot pass: the value was not counted; check the counter's set-up",
    "its running total fell: if it goes on from there it counts, above 100 only after 15 min",
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

static bool is_young(const struct counter_doubt *doubt, int64_t at_ms)
{
    return at_ms - doubt->since_ms <= COUNTER_GLITCH_S * 1000LL;
}

/* It leaps past its old value. One that began anew may do so too: then by no more than it rose before, and
 * seldom to just there. */
static bool is_leaping_back(const struct counter_form *form, int64_t at_ms, double value)
{
    const struct counter_doubt *doubt = &form->doubt;
    double above = value - doubt->total, leap = value - form->total;
    double now_ms = (double)(at_ms - form->at_ms), odd_ms = (double)(at_ms - doubt->since_ms);
    double risen = doubt->counted + doubt->held;
    if (!doubt->is_next && is_young(doubt, at_ms))
        return above * COUNTER_NEARER <= leap && leap * odd_ms > risen * now_ms;
    double before_ms = (double)(at_ms - doubt->at_ms);
    return leap > doubt->counted && leap * before_ms >= COUNTER_NEARER * above * now_ms;
}

static bool is_back(const struct counter_form *form, int64_t at_ms, double value)
{
    const struct counter_doubt *doubt = &form->doubt;
    double above = value - doubt->total;
    if (doubt->since_ms == 0 || above < 0 || !can_pass(doubt->at_ms, at_ms, above))
        return false;
    if (value < form->total)
        return above * COUNTER_NEARER <= form->total - value;
    return form->total < doubt->total && is_leaping_back(form, at_ms, value);
}

static bool is_lasting(const struct counter_doubt *doubt, int64_t at_ms)
{
    return !doubt->is_next && !is_young(doubt, at_ms);
}

/* What an odd value shows, if it is one that began anew: less what it is known to have shown before. */
static double shown(const struct counter_form *form, int64_t at_ms, double value)
{
    double counted = form->doubt.counted;
    if (value * 2 >= form->total || !can_pass(form->at_ms, at_ms, value))
        return 0;
    return value >= counted ? value - counted : value;
}

static void begin_doubt(struct counter_form *form, int64_t at_ms, double value)
{
    struct counter_doubt *doubt = &form->doubt;
    if (doubt->since_ms == 0 || is_lasting(doubt, at_ms)) /* else what is there may be as odd */
        *doubt =
            (struct counter_doubt){.since_ms = at_ms, .at_ms = form->at_ms, .total = form->total};
    doubt->held = value < form->total ? shown(form, at_ms, value) : 0;
    doubt->is_next = true;
}

static struct taken come_back(struct counter_form *form, double value)
{
    double passed = fmax(0, value - form->doubt.total - form->doubt.counted);
    form->doubt = (struct counter_doubt){.since_ms = 0};
    return (struct taken){passed, COUNTER_GLITCH};
}

static struct taken go_on(struct counter_form *form, int64_t at_ms, double value)
{
    struct counter_doubt *doubt = &form->doubt;
    double passed = value - form->total;
    if (doubt->since_ms == 0)
        return (struct taken){passed, COUNTER_WELL};
    bool is_beyond = form->total < doubt->total && value >= doubt->total;
    bool is_much = doubt->is_next && passed + doubt->held > COUNTER_AT_ONCE;
    if (is_much && !is_beyond) {
        doubt->held += passed;
        passed = 0;
    } else if (doubt->is_next || is_beyond || is_lasting(doubt, at_ms)) {
        passed += doubt->held;
        doubt->held = 0;
    }
    doubt->counted += passed;
    doubt->is_next = false;
    if (is_beyond)
        *doubt = (struct counter_doubt){.since_ms = 0};
    return (struct taken){passed, COUNTER_WELL};
}

static struct taken take_total(struct counter_form *form, int64_t at_ms, double value)
{
    if (is_back(form, at_ms, value))
        return come_back(form, value);
    bool is_fallen = value < form->total;
    if (!is_fallen && can_pass(form->at_ms, at_ms, value - form->total))
        return go_on(form, at_ms, value);
    begin_doubt(form, at_ms, value);
    return (struct taken){0, is_fallen ? COUNTER_RESET : COUNTER_JUMP};
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
