// SPDX-License-Identifier: Apache-2.0
#include "alerts/evaluator.h"

#include "alerts/place.h"
#include "base/clock.h"
#include "base/text.h"

#define WAIT_EVERY_MS 1000
#define MANY_ALARMS   20000 /* reading so many takes at most a tenth of the time */
#define REST_FACTOR   10

void evaluator_init(struct evaluator *evaluator, const struct silence_sources *sources)
{
    *evaluator = (struct evaluator){.sources = *sources, .is_stale = true};
}

void evaluator_fini(struct evaluator *evaluator)
{
    watches_fini(&evaluator->watches);
    mem_free(evaluator->touched);
    mem_free(evaluator->decisions);
}

static void own_watched(struct watched *watched, int64_t now_ms)
{
    watched->now.alarm.heard_ms = now_ms;
    if (watched->now.alarm.cause != ALARM_CAUSE_THRESHOLD)
        watched->seen_ms = now_ms;
}

void evaluator_own(struct evaluator *evaluator, int shard, int64_t now_ms)
{
    evaluator->is_stale = true;
    for (size_t i = 0; i < evaluator->watches.count; i++) {
        struct watch *watch = &evaluator->watches.list[i];
        for (size_t k = 0; k < watch->count; k++) {
            if (watch->watched[k]->now.shard == shard)
                own_watched(watch->watched[k], now_ms);
        }
    }
}

static void forget_decisions(struct evaluator *evaluator)
{
    for (size_t i = 0; i < evaluator->touched_count; i++)
        evaluator->touched[i]->is_touched = evaluator->touched[i]->is_changed = false;
    evaluator->touched_count = 0;
    evaluator->decision_count = 0;
    evaluator->has_changes = false;
}

static enum err load(struct evaluator *evaluator, struct db *db, int64_t now_ms)
{
    struct watches watches;
    int64_t started_us = clock_monotonic_us();
    TRY(watches_load(db, now_ms, &watches));
    forget_decisions(evaluator);
    watches_remember(&watches, &evaluator->watches);
    watches_fini(&evaluator->watches);
    evaluator->watches = watches;
    int64_t ended_us = clock_monotonic_us();
    bool are_many = watches_alarm_count(&watches) >= MANY_ALARMS;
    evaluator->rested_us = are_many ? ended_us + REST_FACTOR * (ended_us - started_us) : 0;
    return ERR_NONE;
}

enum err evaluator_refresh(struct evaluator *evaluator, struct db *db, int64_t now_ms)
{
    int64_t generation = 0;
    TRY(generation_read(db, &generation));
    bool is_new =
        generation != evaluator->generation && clock_monotonic_us() >= evaluator->rested_us;
    if (!is_new && !evaluator->is_stale)
        return ERR_NONE;
    TRY(load(evaluator, db, now_ms));
    evaluator->generation = generation;
    evaluator->is_stale = false;
    return ERR_NONE;
}

/* --- deciding --- */

static void touch(struct evaluator *evaluator, struct watched *watched)
{
    if (watched->is_touched)
        return;
    if (evaluator->touched_count == evaluator->touched_size) {
        evaluator->touched_size = evaluator->touched_size == 0 ? 64 : 2 * evaluator->touched_size;
        evaluator->touched =
            mem_resize(evaluator->touched, evaluator->touched_size * sizeof *evaluator->touched);
    }
    evaluator->touched[evaluator->touched_count++] = watched;
    watched->next = watched->now;
    watched->is_touched = true;
    watched->is_gone = false;
}

static void decide_to(struct evaluator *evaluator, struct watched *watched,
                      enum transition_kind kind)
{
    if (evaluator->decision_count == evaluator->decision_size) {
        evaluator->decision_size =
            evaluator->decision_size == 0 ? 64 : 2 * evaluator->decision_size;
        evaluator->decisions = mem_resize(evaluator->decisions,
                                          evaluator->decision_size * sizeof *evaluator->decisions);
    }
    evaluator->decisions[evaluator->decision_count++] =
        (struct decision){.watched = watched, .kind = kind, .state = watched->next};
}

static void take_news(struct evaluator *evaluator, struct watched *watched, unsigned news)
{
    static const struct {
        enum alarm_news bit;
        enum transition_kind kind;
    } IN_ORDER[] = {{ALARM_HEARD_AGAIN, TRANSITION_HEARD_AGAIN},
                    {ALARM_RESOLVED, TRANSITION_RESOLVED},
                    {ALARM_OPENED, TRANSITION_OPENED},
                    {ALARM_FELL_SILENT, TRANSITION_FELL_SILENT}};
    for (size_t i = 0; i < COUNT_OF(IN_ORDER); i++) {
        if (news & IN_ORDER[i].bit)
            decide_to(evaluator, watched, IN_ORDER[i].kind);
    }
    const struct alarm *before = &watched->now.alarm, *after = &watched->next.alarm;
    if (before->state != after->state || before->cause != after->cause ||
        before->since_ms != after->since_ms || news != 0)
        watched->is_changed = true;
    evaluator->has_changes |= watched->is_changed;
}

struct hearing {
    struct evaluator *evaluator;
    int shard;
    int64_t now_ms;
};

static void take_reading(const struct hearing *hearing, struct watched *watched, const char *venue,
                         const struct reading *reading)
{
    touch(hearing->evaluator, watched);
    struct watch_state *next = &watched->next;
    if (watched->revision == 0 || next->shard != hearing->shard ||
        strcmp(next->venue, venue) != 0) {
        next->shard = hearing->shard;
        (void)text_copy(next->venue, sizeof next->venue, venue);
        watched->is_changed = true;
    }
    unsigned news = alarm_hear(&next->alarm, &watched->watch->rule, reading->at_ms, reading->value,
                               hearing->now_ms);
    take_news(hearing->evaluator, watched, news);
}

static void hear(const struct hearing *hearing, struct watch *watch, const char *venue,
                 const struct reading *reading)
{
    struct watched *watched = watched_find(watch, reading->series);
    if (watched == NULL) {
        /* The last readings of what was removed are still on their way. */
        if (!place_stands(hearing->evaluator->sources.venues, watch->rule.event, venue,
                          reading->series))
            return;
        watched = watched_add(watch, reading->series);
        if (watched == NULL)
            return;
        watched->now.alarm.heard_ms = hearing->now_ms;
    }
    take_reading(hearing, watched, venue, reading);
}

/* "lift-3:temperature" was sent by lift-3. */
static void hear_device(const struct hearing *hearing, const char *event, const char *series)
{
    char device[LIMIT_ID_LEN + 1];
    bool is_sent = strchr(series, '.') == NULL || strchr(series, '.') > strchr(series, ':');
    if (hearing->evaluator->watches.ask_silence && is_sent &&
        place_of_series(series, device) == VENUE_PART_DEVICE)
        silence_heard(&hearing->evaluator->watches, event, device, hearing->now_ms);
}

static void visit(void *context, const char *event, const char *venue,
                  const struct reading *reading)
{
    const struct hearing *hearing = context;
    struct evaluator *evaluator = hearing->evaluator;
    hear_device(hearing, event, reading->series);
    char pattern[READINGS_SERIES_LEN + 1];
    if (strlen(reading->series) > READINGS_SERIES_LEN)
        return;
    const char *names[] = {reading->series,
                           rule_pattern_of(reading->series, pattern) ? pattern : NULL};
    for (size_t n = 0; n < COUNT_OF(names) && names[n] != NULL; n++) {
        const struct watches *watches = &evaluator->watches;
        size_t i = watches_place(watches, event, names[n]);
        for (; i < watches->count && watch_is_for(&watches->list[i], event, names[n]); i++)
            hear(hearing, &watches->list[i], venue, reading);
    }
}

static void hear_silence(void *context, const struct silence *silence)
{
    const struct hearing *hearing = context;
    const struct reading reading = {
        .series = silence->watched->series, .at_ms = hearing->now_ms, .value = silence->value_s};
    take_reading(hearing, silence->watched, silence->venue, &reading);
}

static void wait_for_all(struct evaluator *evaluator, int shard, int64_t now_ms)
{
    for (size_t i = 0; i < evaluator->watches.count; i++) {
        struct watch *watch = &evaluator->watches.list[i];
        if (watch->rule.no_data_after_ms == 0)
            continue;
        for (size_t k = 0; k < watch->count; k++) {
            struct watched *watched = watch->watched[k];
            const struct watch_state *now = watched->is_touched ? &watched->next : &watched->now;
            struct alarm alarm = now->alarm;
            unsigned news = now->shard == shard ? alarm_wait(&alarm, &watch->rule, now_ms) : 0;
            if (news == 0)
                continue;
            touch(evaluator, watched);
            watched->next.alarm = alarm;
            take_news(evaluator, watched, news);
        }
    }
    evaluator->waited_ms[shard] = now_ms;
}

enum err evaluator_decide(struct evaluator *evaluator, const struct consumer_batch *batch)
{
    forget_decisions(evaluator);
    struct hearing hearing = {evaluator, batch->shard, batch->now_ms};
    for (size_t i = 0; i < batch->record_count && evaluator->watches.count > 0; i++)
        TRY(readings_visit(batch->records[i], visit, &hearing));
    if (batch->record_count == 0 ||
        batch->now_ms - evaluator->waited_ms[batch->shard] >= WAIT_EVERY_MS) {
        silence_measure(&evaluator->sources, &evaluator->watches, batch->shard, batch->now_ms,
                        hear_silence, &hearing);
        wait_for_all(evaluator, batch->shard, batch->now_ms);
    }
    return ERR_NONE;
}

/* --- writing --- */

static enum err insert_alarm(struct db *db, const struct watched *watched, int64_t *out_changed)
{
    const struct rule *rule = &watched->watch->rule;
    const struct alarm *alarm = &watched->next.alarm;
    return sql_run_counted(
        db, out_changed,
        "INSERT INTO alert_alarm (event, rule, series, venue, shard, state, cause, since_ms, at_ms,"
        " value, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)"
        " ON CONFLICT (event, rule, series) DO NOTHING",
        SQL_TEXT(rule->event), SQL_TEXT(rule->id), SQL_TEXT(watched->series),
        SQL_TEXT(watched->next.venue), SQL_INT(watched->next.shard), SQL_INT(alarm->state),
        SQL_INT(alarm->cause), SQL_INT(alarm->since_ms), SQL_INT(alarm->at_ms),
        SQL_REAL(alarm->value));
}

static enum err update_alarm(struct db *db, const struct watched *watched, int64_t *out_changed)
{
    const struct rule *rule = &watched->watch->rule;
    const struct alarm *alarm = &watched->next.alarm;
    return sql_run_counted(
        db, out_changed,
        "UPDATE alert_alarm SET venue = $4, shard = $5, state = $6, cause = $7, since_ms = $8,"
        " at_ms = $9, value = $10, revision = revision + 1"
        " WHERE event = $1 AND rule = $2 AND series = $3 AND revision = $11",
        SQL_TEXT(rule->event), SQL_TEXT(rule->id), SQL_TEXT(watched->series),
        SQL_TEXT(watched->next.venue), SQL_INT(watched->next.shard), SQL_INT(alarm->state),
        SQL_INT(alarm->cause), SQL_INT(alarm->since_ms), SQL_INT(alarm->at_ms),
        SQL_REAL(alarm->value), SQL_INT(watched->revision));
}

/* The views may lag behind another process that has removed the place and ended all that was known of
 * it; an alarm that comes after that would stand for ever. Writers take turns, so what the tables say
 * now holds until the commit. */
static enum err check_place(const struct evaluator *evaluator, struct db *db,
                            struct watched *watched)
{
    if (evaluator->sources.venues == NULL)
        return ERR_NONE;
    enum err err = place_exists(db, watched->watch->rule.event, watched->series);
    watched->is_gone = err == ERR_NOT_FOUND;
    return watched->is_gone ? ERR_NONE : err;
}

/* Whoever decides by a rule that was changed, or an alarm that was reset, meanwhile, decides again: in
 * the consumer's thread, not here. */
static enum err write_alarm(struct evaluator *evaluator, struct db *db, struct watched *watched)
{
    struct watch *watch = watched->watch;
    if (watch->checked != evaluator->write_number)
        TRY(rule_check_unchanged(db, &watch->rule));
    watch->checked = evaluator->write_number;
    if (watched->revision == 0)
        TRY(check_place(evaluator, db, watched));
    if (watched->is_gone)
        return ERR_NONE;
    int64_t changed = 0;
    TRY(watched->revision == 0 ? insert_alarm(db, watched, &changed)
                               : update_alarm(db, watched, &changed));
    return changed == 1 ? ERR_NONE : ERR_CONFLICT;
}

static enum err write_decision(struct db *db, const struct decision *decision, int64_t now_ms)
{
    if (decision->watched->is_gone)
        return ERR_NONE;
    struct incident_cause cause = {.rule = &decision->watched->watch->rule,
                                   .venue = decision->state.venue,
                                   .series = decision->watched->series,
                                   .alarm = &decision->state.alarm};
    if (decision->kind == TRANSITION_OPENED)
        return incident_open(db, &cause, now_ms);
    return incident_follow(db, &cause, decision->kind, now_ms);
}

enum err evaluator_write(struct evaluator *evaluator, struct db *db, int64_t now_ms)
{
    enum err err = ERR_NONE;
    evaluator->write_number++;
    for (size_t i = 0; i < evaluator->touched_count && err == ERR_NONE; i++) {
        if (evaluator->touched[i]->is_changed)
            err = write_alarm(evaluator, db, evaluator->touched[i]);
    }
    for (size_t i = 0; i < evaluator->decision_count && err == ERR_NONE; i++)
        err = write_decision(db, &evaluator->decisions[i], now_ms);
    evaluator->is_stale |= err == ERR_CONFLICT;
    return err;
}

void evaluator_settle(struct evaluator *evaluator)
{
    for (size_t i = 0; i < evaluator->touched_count; i++) {
        struct watched *watched = evaluator->touched[i];
        if (watched->is_gone) {
            watched->now.alarm = (struct alarm){.heard_ms = watched->next.alarm.heard_ms};
            continue;
        }
        watched->now = watched->next;
        watched->revision += watched->is_changed;
    }
    forget_decisions(evaluator);
}
