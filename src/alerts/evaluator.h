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
#include "alerts/silence.h"
#include "store/consumer.h"

struct decision {
    struct watched *watched;
    enum transition_kind kind;
    struct watch_state state; /* as it was right then */
};

struct evaluator {
    struct silence_sources sources; /* venues NULL: whatever is heard is there */
    struct watches watches;
    int64_t generation;
    bool is_stale;
    int64_t rested_us; /* monotonic: then rules and alarms may be read again */
    int64_t write_number;
    struct watched **touched;
    size_t touched_count, touched_size;
    struct decision *decisions;
    size_t decision_count, decision_size;
    bool has_changes;
    int64_t waited_ms[STREAM_SHARDS]; /* when silence was last looked for */
};

void evaluator_init(struct evaluator *evaluator, const struct silence_sources *sources);
void evaluator_fini(struct evaluator *evaluator);
/* The shard is ours from now on: silence counts from here. */
void evaluator_own(struct evaluator *evaluator, int shard, int64_t now_ms);
/* Reads rules and alarms again when something changed since the last time, where they
 * are many not more often than leaves nine tenths of the time for deciding. Never inside a command. */
MUST_USE enum err evaluator_refresh(struct evaluator *evaluator, struct db *db, int64_t now_ms);
/* Decides a batch on copies; touched, decisions and has_changes tell what came of it. */
MUST_USE enum err evaluator_decide(struct evaluator *evaluator, const struct consumer_batch *batch);
/* Inside a command: writes what was decided. ERR_CONFLICT when a rule or an alarm that was decided by
 * has changed meanwhile: read everything again and decide again. */
MUST_USE enum err evaluator_write(struct evaluator *evaluator, struct db *db, int64_t now_ms);
/* The decided copies become the truth. */
void evaluator_settle(struct evaluator *evaluator);
