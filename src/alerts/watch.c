// SPDX-License-Identifier: Apache-2.0
#include "alerts/watch.h"

#include "alerts/place.h"
#include "alerts/silence.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "events/events.h"

static struct metric unwatched_total = METRIC_COUNTER(
    "muster_alarm_readings_unwatched_total", "Readings of subjects past the limit of their rule.");

void watches_fini(struct watches *watches)
{
    for (size_t i = 0; i < watches->count; i++) {
        for (size_t k = 0; k < watches->list[i].count; k++)
            mem_free(watches->list[i].watched[k]);
        mem_free(watches->list[i].watched);
    }
    mem_free(watches->list);
    mem_free(watches->by_rule);
    *watches = (struct watches){0};
}

size_t watches_alarm_count(const struct watches *watches)
{
    size_t count = 0;
    for (size_t i = 0; i < watches->count; i++)
        count += watches->list[i].count;
    return count;
}

/* --- series --- */

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

struct watched *watched_find(const struct watch *watch, const char *series)
{
    size_t place = watched_place(watch, series);
    bool is_there = place < watch->count && strcmp(watch->watched[place]->series, series) == 0;
    return is_there ? watch->watched[place] : NULL;
}

static void note_overfull(struct watch *watch)
{
    metric_add(&unwatched_total, 1);
    if (!watch->is_overfull)
        log_write(LOG_WARN, "alerts", "a rule has too many subjects; new ones are not watched",
                  "event=%s rule=%s max=%d", watch->rule.event, watch->rule.id,
                  LIMIT_RULE_SUBJECTS);
    watch->is_overfull = true;
}

/* At its place; the caller knows it. */
static struct watched *insert(struct watch *watch, size_t place, const char *series)
{
    if (watch->count == LIMIT_RULE_SUBJECTS) {
        note_overfull(watch);
        return NULL;
    }
    if (watch->count == watch->size) {
        watch->size = watch->size == 0 ? 4 : 2 * watch->size;
        watch->watched = mem_resize(watch->watched, watch->size * sizeof *watch->watched);
    }
    memmove(watch->watched + place + 1, watch->watched + place,
            (watch->count - place) * sizeof *watch->watched);
    struct watched *watched = mem_new(sizeof *watched);
    watched->watch = watch;
    (void)text_copy(watched->series, sizeof watched->series, series);
    watch->watched[place] = watched;
    watch->count++;
    return watched;
}

struct watched *watched_add(struct watch *watch, const char *series)
{
    return insert(watch, watched_place(watch, series), series);
}

/* --- rules --- */

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

static int compare_rule(const struct watch *watch, const char *event, const char *id)
{
    int order = strcmp(watch->rule.event, event);
    return order != 0 ? order : strcmp(watch->rule.id, id);
}

static int compare_by_rule(const void *a, const void *b)
{
    const struct watch *const *left = a, *const *right = b;
    return compare_rule(*left, (*right)->rule.event, (*right)->rule.id);
}

static int compare_watched(const void *a, const void *b)
{
    const struct watched *const *left = a, *const *right = b;
    return strcmp((*left)->series, (*right)->series);
}

size_t watches_place(const struct watches *watches, const char *event, const char *series)
{
    size_t low = 0, high = watches->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare_key(&watches->list[middle], event, series) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool watch_is_for(const struct watch *watch, const char *event, const char *series)
{
    return compare_key(watch, event, series) == 0;
}

static struct watch *find_rule(const struct watches *watches, const char *event, const char *rule)
{
    size_t low = 0, high = watches->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_rule(watches->by_rule[middle], event, rule);
        if (order == 0)
            return watches->by_rule[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* --- reading them from the tables --- */

static enum err load_rules(struct db *db, struct watches *watches)
{
    struct rule *rules = NULL;
    size_t count = 0;
    TRY(rules_awake(db, &rules, &count));
    watches->list = mem_new_array(count + 1, sizeof *watches->list);
    watches->by_rule = mem_new_array(count + 1, sizeof *watches->by_rule);
    watches->count = count;
    for (size_t i = 0; i < count; i++)
        watches->list[i].rule = rules[i];
    mem_free(rules);
    qsort(watches->list, count, sizeof *watches->list, compare_watches);
    for (size_t i = 0; i < count; i++)
        watches->by_rule[i] = &watches->list[i];
    qsort(watches->by_rule, count, sizeof(struct watch *), compare_by_rule);
    return ERR_NONE;
}

/* At the end: the database may sort names in another order than we do. */
static void load_alarm(const struct sql_rows *rows, struct watch *watch, int64_t now_ms)
{
    struct watched *watched = insert(watch, watch->count, sql_text(rows, 2));
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
    bool is_firing = watched->now.alarm.cause == ALARM_CAUSE_THRESHOLD;
    watched->seen_ms = is_firing ? watched->now.alarm.since_ms : now_ms;
}

static enum err load_alarms(struct db *db, const struct watches *watches, int64_t now_ms)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT event, rule, series, venue, shard, state, cause, since_ms, at_ms, value,"
                  " revision FROM alert_alarm ORDER BY event, rule"));
    struct watch *watch = NULL;
    while (sql_next(&rows)) {
        const char *event = sql_text(&rows, 0), *rule = sql_text(&rows, 1);
        if (watch == NULL || compare_rule(watch, event, rule) != 0)
            watch = find_rule(watches, event, rule);
        if (watch != NULL)
            load_alarm(&rows, watch, now_ms);
    }
    return sql_end(&rows);
}

/* A rule for one series of what is there waits for it from the start: that it was never heard is
 * silence as well. */
static enum err expect_series(struct db *db, struct watch *watch, int64_t now_ms)
{
    bool is_expected = watch->rule.no_data_after_ms > 0 && !rule_is_pattern(watch->rule.series);
    if (!is_expected || watch->count > 0)
        return ERR_NONE;
    enum err err = place_exists(db, watch->rule.event, watch->rule.series);
    if (err != ERR_NONE)
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    struct watched *watched = watched_add(watch, watch->rule.series);
    watched->now.shard = stream_shard_of(watch->rule.event);
    watched->now.alarm.heard_ms = now_ms;
    return ERR_NONE;
}

/* Before an event runs its devices are being put up. */
static enum err find_silence(struct db *db, struct watches *watches)
{
    struct event event = {0};
    for (size_t i = 0; i < watches->count; i++) {
        struct watch *watch = &watches->list[i];
        if (!silence_is_asked_by(&watch->rule))
            continue;
        enum err err = ERR_NONE;
        if (strcmp(event.id, watch->rule.event) != 0)
            err = event_find(db, watch->rule.event, &event);
        if (err != ERR_NONE && err != ERR_NOT_FOUND)
            return err;
        watch->asks_silence = err == ERR_NONE && event.state == EVENT_RUNNING;
        watches->ask_silence |= watch->asks_silence;
    }
    return ERR_NONE;
}

enum err watches_load(struct db *db, int64_t now_ms, struct watches *out_watches)
{
    struct watches watches = {0};
    TRY(load_rules(db, &watches));
    enum err err = load_alarms(db, &watches, now_ms);
    for (size_t i = 0; i < watches.count && err == ERR_NONE; i++) {
        struct watch *watch = &watches.list[i];
        if (watch->count > 1)
            qsort(watch->watched, watch->count, sizeof(struct watched *), compare_watched);
        err = expect_series(db, watch, now_ms);
    }
    if (err == ERR_NONE)
        err = find_silence(db, &watches);
    if (err != ERR_NONE) {
        watches_fini(&watches);
        return err;
    }
    *out_watches = watches;
    return ERR_NONE;
}

static void remember(struct watch *watch, const struct watch *before)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct watched *old = before->watched[i];
        struct watched *watched = watched_find(watch, old->series);
        if (watched == NULL)
            continue;
        watched->now.alarm.heard_ms = old->now.alarm.heard_ms;
        watched->seen_ms = old->seen_ms;
        if (old->now.alarm.at_ms > watched->now.alarm.at_ms) {
            watched->now.alarm.at_ms = old->now.alarm.at_ms;
            watched->now.alarm.value = old->now.alarm.value;
        }
    }
}

void watches_remember(struct watches *watches, const struct watches *before)
{
    for (size_t i = 0; i < watches->count; i++) {
        struct watch *watch = &watches->list[i];
        const struct watch *old = find_rule(before, watch->rule.event, watch->rule.id);
        if (old != NULL)
            remember(watch, old);
    }
}
