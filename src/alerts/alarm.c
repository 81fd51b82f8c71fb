// SPDX-License-Identifier: Apache-2.0
#include "alerts/alarm.h"

#include "alerts/condition.h"

#include <math.h>

const char *const alarm_state_names[] = {"normal",     "pending", "firing",
                                         "recovering", "no-data", NULL};
const char *const alarm_cause_names[] = {"none", "threshold", "no-data", NULL};

static void enter(struct alarm *alarm, enum alarm_state state, int64_t since_ms)
{
    alarm->state = state;
    alarm->since_ms = since_ms;
}

/* NORMAL or PENDING. */
static unsigned decide_quiet(struct alarm *alarm, const struct rule *rule)
{
    if (!condition_of(rule->direction)->is_breach(rule, alarm->value)) {
        if (alarm->state == ALARM_PENDING)
            enter(alarm, ALARM_NORMAL, alarm->at_ms);
        return 0;
    }
    if (alarm->state == ALARM_NORMAL)
        enter(alarm, ALARM_PENDING, alarm->at_ms);
    if (alarm->at_ms - alarm->since_ms < rule->hold_ms)
        return 0;
    alarm->state = ALARM_FIRING;
    alarm->cause = ALARM_CAUSE_THRESHOLD;
    return ALARM_OPENED;
}

/* FIRING or RECOVERING. */
static unsigned decide_loud(struct alarm *alarm, const struct rule *rule)
{
    if (!condition_of(rule->direction)->is_clear(rule, alarm->value)) {
        if (alarm->state == ALARM_RECOVERING)
            enter(alarm, ALARM_FIRING, alarm->at_ms);
        return 0;
    }
    if (alarm->state == ALARM_FIRING)
        enter(alarm, ALARM_RECOVERING, alarm->at_ms);
    if (alarm->at_ms - alarm->since_ms < rule->recovery_hold_ms)
        return 0;
    enter(alarm, ALARM_NORMAL, alarm->at_ms);
    alarm->cause = ALARM_CAUSE_NONE;
    return ALARM_RESOLVED;
}

/* NO_DATA ends; the value itself is decided afterwards. */
static unsigned leave_silence(struct alarm *alarm)
{
    if (alarm->cause == ALARM_CAUSE_THRESHOLD) {
        enter(alarm, ALARM_FIRING, alarm->at_ms);
        return ALARM_HEARD_AGAIN;
    }
    unsigned news = alarm->cause == ALARM_CAUSE_NO_DATA ? ALARM_RESOLVED : 0;
    enter(alarm, ALARM_NORMAL, alarm->at_ms);
    alarm->cause = ALARM_CAUSE_NONE;
    return news;
}

unsigned alarm_hear(struct alarm *alarm, const struct rule *rule, int64_t at_ms, double value,
                    int64_t now_ms)
{
    bool is_late = at_ms < alarm->at_ms;
    if (is_late || at_ms > now_ms + ALARM_FUTURE_MAX_MS || !isfinite(value))
        return 0;
    /* The same time again tells nothing new: a device that repeats its last reading is silent. */
    bool is_new = at_ms > alarm->at_ms;
    if (is_new)
        alarm->heard_ms = now_ms;
    else if (alarm->state == ALARM_NO_DATA)
        return 0;
    alarm->at_ms = at_ms;
    alarm->value = value;
    unsigned news = alarm->state == ALARM_NO_DATA ? leave_silence(alarm) : 0;
    bool is_loud = alarm->state == ALARM_FIRING || alarm->state == ALARM_RECOVERING;
    return news | (is_loud ? decide_loud(alarm, rule) : decide_quiet(alarm, rule));
}

unsigned alarm_wait(struct alarm *alarm, const struct rule *rule, int64_t now_ms)
{
    bool is_silent =
        rule->no_data_after_ms > 0 && now_ms - alarm->heard_ms >= rule->no_data_after_ms;
    if (!is_silent || alarm->state == ALARM_NO_DATA)
        return 0;
    enter(alarm, ALARM_NO_DATA, alarm->heard_ms);
    if (alarm->cause == ALARM_CAUSE_THRESHOLD)
        return ALARM_FELL_SILENT;
    alarm->cause = ALARM_CAUSE_NO_DATA;
    return ALARM_OPENED;
}

void alarm_reset(struct alarm *alarm)
{
    if (alarm->state != ALARM_NO_DATA)
        enter(alarm, ALARM_NORMAL, alarm->at_ms);
    alarm->cause = ALARM_CAUSE_NONE;
}
