// SPDX-License-Identifier: Apache-2.0
#include "alerts/alarm.h"
#include "alerts/rule.h"
#include "base/random.h"
#include "base/test.h"

static const struct rule DENSE = {.threshold = 5,
                                  .recovery = 4,
                                  .hold_ms = 3000,
                                  .recovery_hold_ms = 2000,
                                  .no_data_after_ms = 5000};
static const struct rule DENSE_AT_ONCE = {.threshold = 5, .recovery = 4, .no_data_after_ms = 5000};
static const struct rule COLD = {.direction = RULE_BELOW, .threshold = 2, .recovery = 4};
#define T0 1000000

/* A reading that arrives as it is taken. */
static unsigned hear(struct alarm *alarm, const struct rule *rule, int64_t at_ms, double value)
{
    return alarm_hear(alarm, rule, T0 + at_ms, value, T0 + at_ms);
}

static struct alarm listening(void)
{
    return (struct alarm){.heard_ms = T0};
}

static struct alarm firing(const struct rule *rule)
{
    struct alarm alarm = listening();
    (void)hear(&alarm, rule, 0, 9);
    CHECK_INT(hear(&alarm, rule, rule->hold_ms, 9), rule->hold_ms == 0 ? 0 : ALARM_OPENED);
    CHECK_INT(alarm.state, ALARM_FIRING);
    return alarm;
}

TEST(a_breach_fires_once_it_has_lasted_its_hold_time)
{
    struct alarm alarm = listening();
    CHECK_INT(hear(&alarm, &DENSE, 0, 5), 0);
    CHECK_INT(alarm.state, ALARM_PENDING);
    CHECK_INT(hear(&alarm, &DENSE, 2999, 5), 0);
    CHECK_INT(hear(&alarm, &DENSE, 3000, 5), ALARM_OPENED);
    CHECK_INT(alarm.since_ms, T0);
    CHECK_INT(hear(&alarm, &DENSE, 3001, 5), 0);
}

TEST(a_breach_that_ends_before_its_hold_time_was_nothing)
{
    struct alarm alarm = listening();
    (void)hear(&alarm, &DENSE, 0, 5);
    CHECK_INT(hear(&alarm, &DENSE, 2000, 4.9), 0);
    CHECK_INT(alarm.state, ALARM_NORMAL);
    CHECK_INT(hear(&alarm, &DENSE, 3000, 5), 0);
    CHECK_INT(alarm.state, ALARM_PENDING);
}

TEST(without_a_hold_time_the_first_breach_fires)
{
    struct alarm alarm = listening();
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 0, 4.999), 0);
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 1, 5), ALARM_OPENED);
}

TEST(below_is_the_mirror_of_above)
{
    struct alarm alarm = listening();
    CHECK_INT(hear(&alarm, &COLD, 0, 2.1), 0);
    CHECK_INT(hear(&alarm, &COLD, 1, 2), ALARM_OPENED);
    CHECK_INT(hear(&alarm, &COLD, 2, 3.9), 0);
    CHECK_INT(hear(&alarm, &COLD, 3, 4), ALARM_RESOLVED);
}

TEST(between_threshold_and_recovery_an_alarm_neither_begins_nor_ends)
{
    struct alarm alarm = firing(&DENSE_AT_ONCE);
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 10, 4.5), 0);
    CHECK_INT(alarm.state, ALARM_FIRING);
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 20, 4), ALARM_RESOLVED);
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 30, 4.5), 0);
    CHECK_INT(alarm.state, ALARM_NORMAL);
}

TEST(recovery_has_to_last_as_well)
{
    struct alarm alarm = firing(&DENSE);
    CHECK_INT(hear(&alarm, &DENSE, 4000, 4), 0);
    CHECK_INT(alarm.state, ALARM_RECOVERING);
    CHECK_INT(hear(&alarm, &DENSE, 5000, 4.1), 0);
    CHECK_INT(alarm.state, ALARM_FIRING);
    CHECK_INT(hear(&alarm, &DENSE, 6000, 3), 0);
    CHECK_INT(hear(&alarm, &DENSE, 7999, 3), 0);
    CHECK_INT(hear(&alarm, &DENSE, 8000, 3), ALARM_RESOLVED);
}

TEST(a_late_reading_decides_nothing)
{
    struct alarm alarm = firing(&DENSE_AT_ONCE);
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 100, 9), 0);
    CHECK_INT(alarm_hear(&alarm, &DENSE_AT_ONCE, T0 + 99, 0, T0 + 200), 0);
    CHECK_INT(alarm.state, ALARM_FIRING);
    CHECK_INT(alarm.at_ms, T0 + 100);
}

TEST(of_two_readings_of_one_time_both_are_looked_at)
{
    struct alarm alarm = listening();
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 1, 1), 0);
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 1, 9), ALARM_OPENED);
}

TEST(late_readings_do_not_count_as_being_heard)
{
    struct alarm alarm = listening();
    (void)hear(&alarm, &DENSE, 1000, 1);
    CHECK_INT(alarm_hear(&alarm, &DENSE, T0 + 999, 1, T0 + 4000), 0);
    CHECK_INT(alarm_hear(&alarm, &DENSE, T0 + 1000, 1, T0 + 5000), 0);
    CHECK_INT(alarm_wait(&alarm, &DENSE, T0 + 6000), ALARM_OPENED);
}

TEST(a_reading_from_the_far_future_does_not_make_an_alarm_deaf)
{
    struct alarm alarm = listening();
    CHECK_INT(alarm_hear(&alarm, &DENSE_AT_ONCE, INT64_MAX, 9, T0), 0);
    CHECK_INT(alarm_hear(&alarm, &DENSE_AT_ONCE, T0 + 60001, 9, T0), 0);
    CHECK_INT(alarm_hear(&alarm, &DENSE_AT_ONCE, T0 + 1, 9, T0 + 1), ALARM_OPENED);
    CHECK_INT(alarm_hear(&alarm, &DENSE_AT_ONCE, INT64_MIN, 0, T0), 0);
}

TEST(silence_is_an_alarm_of_its_own_and_ends_when_heard)
{
    struct alarm alarm = listening();
    (void)hear(&alarm, &DENSE, 0, 1);
    CHECK_INT(alarm_wait(&alarm, &DENSE, T0 + 4999), 0);
    CHECK_INT(alarm_wait(&alarm, &DENSE, T0 + 5000), ALARM_OPENED);
    CHECK_INT(alarm.cause, ALARM_CAUSE_NO_DATA);
    CHECK_INT(alarm_wait(&alarm, &DENSE, T0 + 60000), 0);
    CHECK_INT(hear(&alarm, &DENSE, 61000, 1), ALARM_RESOLVED);
    CHECK_INT(alarm.state, ALARM_NORMAL);
}

TEST(silence_never_ends_a_breach)
{
    struct alarm alarm = firing(&DENSE);
    CHECK_INT(alarm_wait(&alarm, &DENSE, T0 + 8000), ALARM_FELL_SILENT);
    CHECK_INT(alarm.cause, ALARM_CAUSE_THRESHOLD);
    CHECK_INT(hear(&alarm, &DENSE, 9000, 9), ALARM_HEARD_AGAIN);
    CHECK_INT(alarm.state, ALARM_FIRING);
    CHECK_INT(alarm_wait(&alarm, &DENSE, T0 + 14000), ALARM_FELL_SILENT);
    CHECK_INT(hear(&alarm, &DENSE, 15000, 1), ALARM_HEARD_AGAIN);
    CHECK_INT(alarm.state, ALARM_RECOVERING);
    CHECK_INT(hear(&alarm, &DENSE, 17000, 1), ALARM_RESOLVED);
}

TEST(silence_after_a_recovery_is_an_incident_of_its_own)
{
    struct alarm alarm = firing(&DENSE_AT_ONCE);
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 10, 1), ALARM_RESOLVED);
    CHECK_INT(alarm.cause, ALARM_CAUSE_NONE);
    CHECK_INT(alarm_wait(&alarm, &DENSE_AT_ONCE, T0 + 5010), ALARM_OPENED);
    CHECK_INT(alarm.cause, ALARM_CAUSE_NO_DATA);
}

TEST(a_breach_right_after_silence_ends_one_incident_and_opens_another)
{
    struct alarm alarm = listening();
    CHECK_INT(alarm_wait(&alarm, &DENSE_AT_ONCE, T0 + 5000), ALARM_OPENED);
    CHECK_INT(hear(&alarm, &DENSE_AT_ONCE, 6000, 9), ALARM_RESOLVED | ALARM_OPENED);
    CHECK_INT(alarm.cause, ALARM_CAUSE_THRESHOLD);
}

TEST(without_a_limit_silence_is_no_alarm)
{
    struct alarm alarm = listening();
    CHECK_INT(alarm_wait(&alarm, &COLD, INT64_MAX), 0);
}

TEST(a_breach_that_outlasts_its_resolution_by_hand_fires_again_after_its_hold_time)
{
    struct alarm alarm = firing(&DENSE);
    alarm_reset(&alarm);
    CHECK_INT(hear(&alarm, &DENSE, 4000, 9), 0);
    CHECK_INT(hear(&alarm, &DENSE, 6999, 9), 0);
    CHECK_INT(hear(&alarm, &DENSE, 7000, 9), ALARM_OPENED);
}

TEST(a_silence_resolved_by_hand_is_not_told_twice)
{
    struct alarm alarm = listening();
    (void)alarm_wait(&alarm, &DENSE, T0 + 5000);
    alarm_reset(&alarm);
    CHECK_INT(alarm_wait(&alarm, &DENSE, T0 + 60000), 0);
    CHECK_INT(hear(&alarm, &DENSE, 61000, 1), 0);
    CHECK_INT(alarm_wait(&alarm, &DENSE, T0 + 66000), ALARM_OPENED);
}

TEST(ten_thousand_identical_breaches_open_once)
{
    struct alarm alarm = listening();
    int opened = 0;
    for (int i = 0; i < 10000; i++)
        opened += hear(&alarm, &DENSE_AT_ONCE, 0, 9) == ALARM_OPENED;
    CHECK_INT(opened, 1);
}

/* --- against a naive model: it keeps the whole history and looks backwards through it --- */
#define HISTORY 400
struct model {
    int64_t at_ms[HISTORY];
    double value[HISTORY];
    size_t count;
    size_t since; /* the first reading that counts for the present question */
    bool is_open;
};

/* How long the readings up to the newest were all bad (or, of an open alarm, all clear). */
static bool model_has_lasted(const struct model *model, const struct rule *rule)
{
    int64_t hold_ms = model->is_open ? rule->recovery_hold_ms : rule->hold_ms;
    int64_t newest_ms = model->at_ms[model->count - 1];
    for (size_t i = model->count; i-- > model->since;) {
        bool holds =
            model->is_open ? model->value[i] <= rule->recovery : model->value[i] >= rule->threshold;
        if (!holds)
            return false;
        if (newest_ms - model->at_ms[i] >= hold_ms)
            return true;
    }
    return false;
}

static unsigned model_hear(struct model *model, const struct rule *rule, int64_t at_ms,
                           double value)
{
    if (model->count > 0 && at_ms < model->at_ms[model->count - 1])
        return 0;
    model->at_ms[model->count] = at_ms;
    model->value[model->count++] = value;
    if (!model_has_lasted(model, rule))
        return 0;
    model->is_open = !model->is_open;
    model->since = model->is_open ? model->count - 1 : model->count;
    return model->is_open ? ALARM_OPENED : ALARM_RESOLVED;
}

TEST(random_readings_give_the_same_alarms_as_a_look_through_the_whole_history)
{
    struct random_sequence chance = {.state = 20260620};
    int opened = 0;
    for (int round = 0; round < 400; round++) {
        struct rule rule = DENSE;
        rule.hold_ms = (int64_t)random_below(&chance, 4) * 1000;
        rule.recovery_hold_ms = (int64_t)random_below(&chance, 4) * 1000;
        struct alarm alarm = listening();
        struct model model = {0};
        int64_t at_ms = T0;
        double value = 4.5;
        for (int i = 0; i < HISTORY; i++) {
            at_ms += (int64_t)random_below(&chance, 1500) - 200;
            value += random_normal(&chance) * 0.4 + (4.5 - value) * 0.1;
            unsigned news = alarm_hear(&alarm, &rule, at_ms, value, at_ms);
            CHECK_INT(news, model_hear(&model, &rule, at_ms, value));
            opened += news == ALARM_OPENED;
        }
    }
    CHECK(opened > 1000);
}
