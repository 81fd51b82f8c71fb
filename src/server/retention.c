// SPDX-License-Identifier: Apache-2.0
#include "server/retention.h"

#include "base/clock.h"
#include "base/lock.h"
#include "store/stream.h"

#define RETENTION_PERIOD_US (60 * 1000000LL)

struct retention {
    const struct stores *stores;
    int64_t age_max_ms;
    int64_t bytes_max;
    struct lock lock;
    struct signal stopping;
    bool is_stopping;
    struct thread thread;
};

static void retain_one(const struct retention *retention, struct store *store, const char *stream)
{
    struct stream_retention rule = {
        .stream = stream, .age_max_ms = retention->age_max_ms, .bytes_max = retention->bytes_max};
    struct err_note note = {0};
    enum err err = stream_retain(store, &rule, clock_now_ms(), &note);
    if (err != ERR_NONE) /* the next minute tries again */
        log_write(LOG_WARN, "retention", "old records could not be removed",
                  "stream=%s err=%s why=%s", stream, err_name(err), LOG_TEXT(note.detail));
}

static void retain_all(const struct retention *retention)
{
    static const char *const MAIN[] = {"venues", "incidents"};
    static const char *const TELEMETRY[] = {"detections", "readings"};
    for (size_t i = 0; i < COUNT_OF(MAIN); i++)
        retain_one(retention, retention->stores->main, MAIN[i]);
    for (size_t i = 0; i < COUNT_OF(TELEMETRY); i++)
        retain_one(retention, retention->stores->telemetry, TELEMETRY[i]);
}

static void *retain(void *context)
{
    struct retention *retention = context;
    thread_be_nice();
    lock_take(&retention->lock);
    int64_t next_us = clock_monotonic_us() + RETENTION_PERIOD_US;
    while (!retention->is_stopping) {
        if (clock_monotonic_us() < next_us) {
            (void)signal_wait_until(&retention->stopping, &retention->lock, next_us);
            continue;
        }
        lock_give(&retention->lock);
        retain_all(retention);
        lock_take(&retention->lock);
        next_us = clock_monotonic_us() + RETENTION_PERIOD_US;
    }
    lock_give(&retention->lock);
    return NULL;
}

struct retention *retention_start(const struct stores *stores, const struct server_options *options)
{
    struct retention *retention = mem_new(sizeof *retention);
    retention->stores = stores;
    retention->age_max_ms = options->keep_streams_ms;
    retention->bytes_max = options->keep_streams_bytes;
    lock_init(&retention->lock);
    signal_init(&retention->stopping);
    thread_start(&retention->thread, "retention", retain, retention);
    return retention;
}

void retention_stop(struct retention *retention)
{
    if (retention == NULL)
        return;
    lock_take(&retention->lock);
    retention->is_stopping = true;
    signal_wake_all(&retention->stopping);
    lock_give(&retention->lock);
    thread_join(&retention->thread);
    signal_fini(&retention->stopping);
    lock_fini(&retention->lock);
    mem_free(retention);
}
