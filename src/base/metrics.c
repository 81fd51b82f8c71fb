// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

static _Atomic(struct metric *) first;

static void ensure_registered(struct metric *metric)
{
    int expected = 0;
    if (atomic_load_explicit(&metric->is_registered, memory_order_relaxed) != 0 ||
        !atomic_compare_exchange_strong(&metric->is_registered, &expected, 1))
        return;
    struct metric *head = atomic_load(&first);
    do {
        metric->next = head;
    } while (!atomic_compare_exchange_weak(&first, &head, metric));
}

void metric_add(struct metric *metric, int64_t amount)
{
    ensure_registered(metric);
    (void)atomic_fetch_add_explicit(&metric->value, amount, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t value)
{
    ensure_registered(metric);
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

static int64_t bucket_bound_us(size_t bucket)
{
    return INT64_C(100) << bucket;
}

void metric_observe_us(struct metric *metric, int64_t us)
{
    ensure_registered(metric);
    size_t bucket = 0;
    while (bucket < METRIC_BUCKETS && us > bucket_bound_us(bucket))
        bucket++;
    (void)atomic_fetch_add_explicit(&metric->buckets[bucket], 1, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&metric->sum_us, us, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&metric->value, 1, memory_order_relaxed);
}

int64_t metric_value(const struct metric *metric)
{
    return atomic_load_explicit(&metric->value, memory_order_relaxed);
}

int64_t metric_quantile_us(const struct metric *metric, double quantile)
{
    double wanted = quantile * (double)metric_value(metric);
    int64_t seen = 0;
    for (size_t i = 0; i <= METRIC_BUCKETS; i++) {
        seen += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        if (seen > 0 && (double)seen >= wanted)
            return bucket_bound_us(i);
    }
    return 0;
}

static void add_sample(struct text *out, const struct metric *metric, const char *suffix)
{
    text_addf(out, "%s%s", metric->name, suffix);
    if (metric->labels != NULL)
        text_addf(out, "{%s}", metric->labels);
    text_add_char(out, ' ');
}

static void expose_histogram(struct text *out, const struct metric *metric)
{
    const char *labels = metric->labels == NULL ? "" : metric->labels;
    const char *comma = metric->labels == NULL ? "" : ",";
    int64_t seen = 0;
    for (size_t i = 0; i <= METRIC_BUCKETS; i++) {
        seen += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        text_addf(out, "%s_bucket{%s%sle=\"", metric->name, labels, comma);
        if (i == METRIC_BUCKETS)
            text_add(out, "+Inf");
        else
            text_add_real(out, (double)bucket_bound_us(i) / 1e6);
        text_addf(out, "\"} %lld\n", (long long)seen);
    }
    add_sample(out, metric, "_sum");
    text_add_real(out, (double)atomic_load(&metric->sum_us) / 1e6);
    text_add_char(out, '\n');
    add_sample(out, metric, "_count");
    text_addf(out, "%lld\n", (long long)seen);
}

/* Metrics that share a name (with other labels) share one HELP and TYPE line. */
static bool is_first_of_name(const struct metric *metric)
{
    for (const struct metric *m = atomic_load(&first); m != metric; m = m->next) {
        if (strcmp(m->name, metric->name) == 0)
            return false;
    }
    return true;
}

static void expose_family(struct text *out, const struct metric *head)
{
    static const char *const KINDS[] = {"counter", "gauge", "histogram"};
    text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", head->name, head->help, head->name,
              KINDS[head->kind]);
    for (const struct metric *m = head; m != NULL; m = m->next) {
        if (strcmp(m->name, head->name) != 0)
            continue;
        if (m->kind == METRIC_KIND_HISTOGRAM) {
            expose_histogram(out, m);
        } else {
            add_sample(out, m, "");
            text_addf(out, "%lld\n", (long long)metric_value(m));
        }
    }
}

void metrics_expose(struct text *out)
{
    for (const struct metric *m = atomic_load(&first); m != NULL; m = m->next) {
        if (is_first_of_name(m))
            expose_family(out, m);
    }
}
