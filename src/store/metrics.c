// SPDX-License-Identifier: Apache-2.0
/* The metrics of a store. One set per name for as long as the process lives: a metric is never
 * unregistered, and a store that is closed and opened again goes on counting. */
#include "store/store_internal.h"

#include <stdio.h>

struct named {
    struct named *next;
    char name[LIMIT_ID_LEN + 1];
    struct store_metrics metrics;
};

static void set_up(struct store_metrics *m, const char *name)
{
    (void)snprintf(m->labels, sizeof m->labels, "store=\"%s\"", name);
    const struct {
        struct metric *metric;
        struct metric value;
    } table[] = {
        {&m->commits, METRIC_COUNTER("muster_store_commits_total", "Transactions committed.")},
        {&m->commands, METRIC_COUNTER("muster_store_commands_total", "Commands committed.")},
        {&m->records, METRIC_COUNTER("muster_store_records_total", "Stream records appended.")},
        {&m->record_bytes,
         METRIC_COUNTER("muster_store_record_bytes_total", "Bytes of stream records appended.")},
        {&m->refused,
         METRIC_COUNTER("muster_store_refused_total", "Commands refused: queue full or away.")},
        {&m->commit_time,
         METRIC_HISTOGRAM("muster_store_commit_seconds", "A transaction, from begin to commit.")},
        {&m->wal_bytes, METRIC_GAUGE("muster_store_wal_bytes", "SQLite's write-ahead log.")},
        {&m->queue_len, METRIC_GAUGE("muster_store_queue_length", "Commands waiting.")},
        {&m->checkpoints, METRIC_COUNTER("muster_store_checkpoints_total", "Checkpoints made.")},
        {&m->is_well, METRIC_GAUGE("muster_store_is_well", "1 while the database takes writes.")},
        {&m->retained,
         METRIC_COUNTER("muster_store_expired_records_total", "Records removed by retention.")},
        {&m->expired, METRIC_COUNTER("muster_store_expired_rows_total",
                                     "Rows of the modules' own tables removed by age.")},
        {&m->dead_letters, METRIC_COUNTER("muster_consumer_dead_letters_total",
                                          "Records that could not be applied.")},
        {&m->lost_records,
         METRIC_COUNTER("muster_consumer_lost_records_total",
                        "Records that retention removed before a consumer had read them.")},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        table[i].metric->name = table[i].value.name;
        table[i].metric->help = table[i].value.help;
        table[i].metric->kind = table[i].value.kind;
        table[i].metric->labels = m->labels;
    }
}

struct store_metrics *store_metrics_of(const char *name)
{
    static struct lock lock = {PTHREAD_MUTEX_INITIALIZER};
    static struct named *first;
    LOCKED(&lock);
    for (struct named *n = first; n != NULL; n = n->next) {
        if (strcmp(n->name, name) == 0)
            return &n->metrics;
    }
    struct named *made = mem_new(sizeof *made);
    (void)snprintf(made->name, sizeof made->name, "%s", name);
    set_up(&made->metrics, name);
    made->next = first;
    first = made;
    return &made->metrics;
}
