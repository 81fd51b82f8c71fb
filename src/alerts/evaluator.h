// SPDX-License-Identifier: Apache-2.0
/* alerts/evaluator.h — which rules a reading concerns, and what follows from it.
 *
 * In memory stand all enabled rules in the order of (event, series), and per rule the alarms of the
 * series heard so far: a reading costs two binary searches (its own name, and its one pattern) when
 * no rule concerns it. A batch is decided on copies of the alarms it touches; they become the truth
 * when the transaction that stores them is committed, and are forgotten when it is not. So memory
 * always equals the tables, except for the newest time and value of alarms whose state stays: these
 * are not worth a write, and after a restart the next reading brings them. */
#pragma once
#include "alerts/alerts_internal.h"
#include "store/consumer.h"

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
    int64_t revision; /* of its row; 0 = it has none yet */
};

struct watch { /* one rule */
    struct rule rule;
    struct watched **watched; /* in the order of series; owned */
    size_t count, size;
    bool is_overfull;
};

struct decision {
    struct watched *watched;
    enum transition_kind kind;
    struct watch_state state; /* as it was right then */
};

struct evaluator {
    struct watch *watches; /* in the order of (event, series) */
    size_t watch_count;
    int64_t generation;
    bool is_stale;
    struct watched **touched;
    size_t touched_count, touched_size;
    struct decision *decisions;
    size_t decision_count, decision_size;
    bool has_changes;
    int64_t waited_ms[STREAM_SHARDS]; /* when silence was last looked for */
};

void evaluator_init(struct evaluator *evaluator);
void evaluator_fini(struct evaluator *evaluator);
/* The shard is ours from now on: silence counts from here. */
void evaluator_own(struct evaluator *evaluator, int shard, int64_t now_ms);
/* Reads rules and alarms again when something changed since the last time. */
MUST_USE enum err evaluator_refresh(struct evaluator *evaluator, struct db *db, int64_t now_ms,
                                    bool *out_is_new);
/* Decides a batch on copies; touched, decisions and has_changes tell what came of it. */
MUST_USE enum err evaluator_decide(struct evaluator *evaluator, const struct consumer_batch *batch);
/* Inside a command: writes what was decided. ERR_CONFLICT when another process was faster: read
 * everything again and decide again. */
MUST_USE enum err evaluator_write(struct evaluator *evaluator, struct db *db, int64_t now_ms);
/* The decided copies become the truth. */
void evaluator_settle(struct evaluator *evaluator);
