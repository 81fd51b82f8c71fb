// SPDX-License-Identifier: Apache-2.0
#include "alerts/evaluator.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"

#define WAIT_EVERY_MS 1000

static struct metric unwatched_total = METRIC_COUNTER(
    "muster_alarm_readings_unwatched_total", "Readings of subjects past the limit of their rule.");

void evaluator_init(struct evaluator *evaluator)
{
    *evaluator = (struct evaluator){.is_stale = true};
}

static void watches_free(struct watch *watches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < watches[i].count; k++)
            mem_free(watches[i].watched[k]);
        mem_free(watches[i].watched);
    }
    mem_free(watches);
}

void evaluator_fini(struct evaluator *evaluator)
{
    watches_free(evaluator->watches, evaluator->watch_count);
    mem_free(evaluator->touched);
    mem_free(evaluator->decisions);
}

void evaluator_own(struct evaluator *evaluator, int shard, int64_t now_ms)
{
    evaluator->is_stale = true;
    for (size_t i = 0; i < evaluator->watch_count; i++) {
        struct watch *watch = &evaluator->watches[i];
        for (size_t k = 0; k < watch->count; k++) {
            if (watch->watched[k]->now.shard == shard)
                watch->watched[k]->now.alarm.heard_ms = now_ms;
        }
    }
}

/* --- rules and alarms in memory --- */

/* The first place that is not before `series`. */
static size_t watched_place(const struct watch *watch, const char *series)
{
    size_t low = 0, high = watch->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(watch->watched[middle]->series, series) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct watched *watched_find(const struct watch *watch, const char *series)
{
    size_t place = watched_place(watch, series);
    bool is_there = place < watch->count && strcmp(watch->watched[place]->series, series) == 0;
    return is_there ? watch->watched[place] : NULL;
}

static struct watched *watched_add(struct watch *watch, const char *series)
{
    if (watch->count == LIMIT_RULE_SUBJECTS) {
        metric_add(&unwatched_total, 1);
        if (!watch->is_overfull)
            log_write(LOG_WARN, "alerts", "a rule has too many subjects; new ones are not watched",
                      "event=%s rule=%s max=%d", watch->rule.event, watch->rule.id,
                      LIMIT_RULE_SUBJECTS);
        watch->is_overfull = true;
        return NULL;
    }
    if (watch->count == watch->size) {
        watch->size = watch->size == 0 ? 4 : 2 * watch->size;
        watch->watched = mem_resize(watch->watched, watch->size * sizeof *watch->watched);
    }
    size_t place = watched_place(watch, series);
    memmove(watch->watched + place + 1, watch->watched + place,
            (watch->count - place) * sizeof *watch->watched);
    struct watched *watched = mem_new(sizeof *watched);
    watched->watch = watch;
    (void)text_copy(watched->series, sizeof watched->series, series);
    watch->watched[place] = watched;
    watch->count++;
    return watched;
}

static int compare_key(const struct watch *watch, const char *event, const char *series)
{
    int order = strcmp(watch->rule.event, event);
    return order != 0 ? order : strcmp(watch->rule.series, series);
}

static int compare_watches(const void *a, const void *b)
{
    const struct watch *left = a, *right = b;
    int order = compare_key(left, right->rule.event, right->rule.series);
    return order != 0 ? order : strcmp(left->rule.id, right->rule.id);
}

static size_t watch_place(const struct evaluator *evaluator, const char *event, const char *series)
{
    size_t low = 0, high = evaluator->watch_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_key(&evaluator->watches[middle], event, series) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- reading them from the tables --- */

static enum err load_rules(struct db *db, struct watch **out_watches, size_t *out_count)
{
    struct rule *rules = NULL;
    size_t rule_count = 0, count = 0;
    TRY(rule_list(db, NULL, "", 0, &rules, &rule_count));
    struct watch *watches = mem_new_array(rule_count + 1, sizeof *watches);
    for (size_t i = 0; i < rule_count; i++) {
        if (rules[i].is_enabled)
            watches[count++].rule = rules[i];
    }
    mem_free(rules);
    qsort(watches, count, sizeof *watches, compare_watches);
    *out_watches = watches;
    *out_count = count;
    return ERR_NONE;
}

static struct watch *find_rule(struct watch *watches, size_t count, const char *event,
                               const char *rule)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(watches[i].rule.event, event) == 0 && strcmp(watches[i].rule.id, rule) == 0)
            return &watches[i];
    }
    return NULL;
}

static void load_alarm(const struct sql_rows *rows, struct watch *watch, int64_t now_ms)
{
    struct watched *watched = watched_add(watch, sql_text(rows, 2));
    if (watched == NULL)
        return;
    (void)text_copy(watched->now.venue, sizeof watched->now.venue, sql_text(rows, 3));
    watched->now.shard = (int)sql_int(rows, 4);
    watched->now.alarm = (struct alarm){.state = (enum alarm_state)sql_int(rows, 5),
                                        .cause = (enum alarm_cause)sql_int(rows, 6),
                                        .since_ms = sql_int(rows, 7),
                                        .at_ms = sql_int(rows, 8),
                                        .value = sql_real(rows, 9),
                                        .heard_ms = now_ms};
    watched->revision = sql_int(rows, 10);
}

static enum err load_alarms(struct db *db, struct watch *watches, size_t count, int64_t now_ms)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT event, rule, series, venue, shard, state, cause, since_ms, at_ms, value,"
                  " revision FROM alert_alarm ORDER BY event, rule, series"));
    struct watch *watch = NULL;
    while (sql_next(&rows)) {
        const char *event = sql_text(&rows, 0), *rule = sql_text(&rows, 1);
        bool is_same = watch != NULL && strcmp(watch->rule.event, event) == 0 &&
                       strcmp(watch->rule.id, rule) == 0;
        if (!is_same)
            watch = find_rule(watches, count, event, rule);
        if (watch != NULL)
            load_alarm(&rows, watch, now_ms);
    }
    return sql_end(&rows);
}

/* A rule for one series waits for it from the start: that it was never heard is silence as well. */
static void expect_series(struct watch *watch, int64_t now_ms)
{
    bool is_expected = watch->rule.no_data_after_ms > 0 && !rule_is_pattern(watch->rule.series);
    if (!is_expected || watch->count > 0)
        return;
    struct watched *watched = watched_add(watch, watch->rule.series);
    watched->now.shard = stream_shard_of(watch->rule.event);
    watched->now.alarm.heard_ms = now_ms;
}

/* What is not in the tables: the newest time and value, and when it came. */
static void remember(struct watch *watch, const struct watch *before)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct watched *old = before->watched[i];
        struct watched *watched = watched_find(watch, old->series);
        if (watched == NULL)
            continue;
        watched->now.alarm.heard_ms = old->now.alarm.heard_ms;
        if (old->now.alarm.at_ms > watched->now.alarm.at_ms) {
            watched->now.alarm.at_ms = old->now.alarm.at_ms;
            watched->now.alarm.value = old->now.alarm.value;
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
    struct watch *watches = NULL;
    size_t count = 0;
    TRY(load_rules(db, &watches, &count));
    enum err err = load_alarms(db, watches, count, now_ms);
    if (err != ERR_NONE) {
        watches_free(watches, count);
        return err;
    }
    forget_decisions(evaluator);
    for (size_t i = 0; i < count; i++) {
        expect_series(&watches[i], now_ms);
        struct watch *before = find_rule(evaluator->watches, evaluator->watch_count,
                                         watches[i].rule.event, watches[i].rule.id);
        if (before != NULL)
            remember(&watches[i], before);
    }
    watches_free(evaluator->watches, evaluator->watch_count);
    evaluator->watches = watches;
    evaluator->watch_count = count;
    return ERR_NONE;
}

enum err evaluator_refresh(struct evaluator *evaluator, struct db *db, int64_t now_ms,
                           bool *out_is_new)
{
    int64_t generation = 0;
    TRY(generation_read(db, &generation));
    *out_is_new = evaluator->is_stale || generation != evaluator->generation;
    if (!*out_is_new)
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

static void hear(const struct hearing *hearing, struct watch *watch, const char *venue,
                 const struct reading *reading)
{
    struct watched *watched = watched_find(watch, reading->series);
    if (watched == NULL) {
        watched = watched_add(watch, reading->series);
        if (watched == NULL)
            return;
        watched->now.alarm.heard_ms = hearing->now_ms;
    }
    touch(hearing->evaluator, watched);
    struct watch_state *next = &watched->next;
    if (watched->revision == 0 || next->shard != hearing->shard ||
        strcmp(next->venue, venue) != 0) {
        next->shard = hearing->shard;
        (void)text_copy(next->venue, sizeof next->venue, venue);
        watched->is_changed = true;
    }
    unsigned news =
        alarm_hear(&next->alarm, &watch->rule, reading->at_ms, reading->value, hearing->now_ms);
    take_news(hearing->evaluator, watched, news);
}

static void visit(void *context, const char *event, const char *venue,
                  const struct reading *reading)
{
    const struct hearing *hearing = context;
    struct evaluator *evaluator = hearing->evaluator;
    char pattern[READINGS_SERIES_LEN + 1];
    if (strlen(reading->series) > READINGS_SERIES_LEN)
        return;
    const char *names[] = {reading->series,
                           rule_pattern_of(reading->series, pattern) ? pattern : NULL};
    for (size_t n = 0; n < COUNT_OF(names) && names[n] != NULL; n++) {
        size_t i = watch_place(evaluator, event, names[n]);
        for (; i < evaluator->watch_count &&
               compare_key(&evaluator->watches[i], event, names[n]) == 0;
             i++)
            hear(hearing, &evaluator->watches[i], venue, reading);
    }
}

static void wait_for_all(struct evaluator *evaluator, int shard, int64_t now_ms)
{
    for (size_t i = 0; i < evaluator->watch_count; i++) {
        struct watch *watch = &evaluator->watches[i];
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
    for (size_t i = 0; i < batch->record_count && evaluator->watch_count > 0; i++)
        TRY(readings_visit(batch->records[i], visit, &hearing));
    if (batch->record_count == 0 ||
        batch->now_ms - evaluator->waited_ms[batch->shard] >= WAIT_EVERY_MS)
        wait_for_all(evaluator, batch->shard, batch->now_ms);
    return ERR_NONE;
}

/* --- writing --- */

static enum err write_alarm(struct db *db, const struct watched *watched)
{
    const struct rule *rule = &watched->watch->rule;
    const struct alarm *alarm = &watched->next.alarm;
    int64_t changed = 0;
    TRY(sql_run_counted(
        db, &changed,
        "INSERT INTO alert_alarm (event, rule, series, venue, shard, state, cause, since_ms, at_ms,"
        " value, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " ON CONFLICT (event, rule, series) DO UPDATE SET venue = excluded.venue,"
        " shard = excluded.shard, state = excluded.state, cause = excluded.cause,"
        " since_ms = excluded.since_ms, at_ms = excluded.at_ms, value = excluded.value,"
        " revision = excluded.revision WHERE alert_alarm.revision = $12",
        SQL_TEXT(rule->event), SQL_TEXT(rule->id), SQL_TEXT(watched->series),
        SQL_TEXT(watched->next.venue), SQL_INT(watched->next.shard), SQL_INT(alarm->state),
        SQL_INT(alarm->cause), SQL_INT(alarm->since_ms), SQL_INT(alarm->at_ms),
        SQL_REAL(alarm->value), SQL_INT(watched->revision + 1), SQL_INT(watched->revision)));
    return changed == 1 ? ERR_NONE : ERR_CONFLICT;
}

static enum err write_decision(struct db *db, const struct decision *decision, int64_t now_ms)
{
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
    for (size_t i = 0; i < evaluator->touched_count && err == ERR_NONE; i++) {
        if (evaluator->touched[i]->is_changed)
            err = write_alarm(db, evaluator->touched[i]);
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
        watched->now = watched->next;
        watched->revision += watched->is_changed;
    }
    forget_decisions(evaluator);
}
