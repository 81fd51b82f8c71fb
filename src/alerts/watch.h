// SPDX-License-Identifier: Apache-2.0
/* alerts/watch.h — the rules that are awake, and for each the alarms of the series it was ever heard
 * of: the tables alert_rule and alert_alarm in memory, in an order in which both are found by halving. */
#pragma once
#include "alerts/alerts_internal.h"

struct watch;
struct watch_state {
    struct alarm alarm;
    char venue[LIMIT_ID_LEN + 1]; /* where it was last heard; "" = never heard */
    int shard;                    /* of that venue: its owner notices the silence */
};

struct watched { /* one rule for one series */
    struct watch *watch;
    char series[READINGS_SERIES_LEN + 1];
    struct watch_state now;
    struct watch_state next; /* while a batch is being decided */
    bool is_touched;
    bool is_changed;  /* its row must be written */
    bool is_gone;     /* found so when it was to be written: neither row nor incident */
    int64_t revision; /* of its row; 0 = it has none yet */
    int64_t seen_ms;  /* alerts/silence.h: when its device was heard last, as far as we know */
};

struct watch { /* one rule */
    struct rule rule;
    struct watched **watched; /* in the order of series; owned */
    size_t count, size;
    bool is_overfull;
    bool asks_silence; /* alerts/silence.h, and its event runs */
    int64_t checked;   /* the number of the write that found the rule unchanged */
};

struct watches {
    struct watch *list;     /* in the order of (event, series) */
    struct watch **by_rule; /* in the order of (event, rule's id) */
    size_t count;
    bool ask_silence; /* some of them */
};

/* Linear but for sorting, in rules and alarms alike. The caller owns *out_watches. */
MUST_USE enum err watches_load(struct db *db, int64_t now_ms, struct watches *out_watches);
size_t watches_alarm_count(const struct watches *watches);
void watches_fini(struct watches *watches);
/* Takes over what is not in the tables: the newest time and value, and when it came. */
void watches_remember(struct watches *watches, const struct watches *before);
/* The first rule of this event and series, or where it would stand. */
size_t watches_place(const struct watches *watches, const char *event, const char *series);
bool watch_is_for(const struct watch *watch, const char *event, const char *series);

/* NULL when there is none; NULL when the rule has LIMIT_RULE_SUBJECTS already. */
struct watched *watched_find(const struct watch *watch, const char *series);
struct watched *watched_add(struct watch *watch, const char *series);
