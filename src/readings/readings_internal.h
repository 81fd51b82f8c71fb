// SPDX-License-Identifier: Apache-2.0
/* readings/readings_internal.h — the module's own state. */
#pragma once
#include "base/lock.h"
#include "readings/appearances.h"
#include "readings/history/history.h"

struct seen_slot {
    bool is_used;
    int64_t id;      /* history_id(event, device) */
    int64_t at_ms;   /* 0 = not yet */
    int64_t told_ms; /* the other processes were told then */
    struct clock_refusal refusal;
    int64_t refusal_told_ms;
};

struct seen { /* when devices were last heard */
    struct lock lock;
    struct seen_slot *slots; /* open addressing */
    size_t slot_count;
    size_t count;
};

struct waiting_one {
    int64_t device_id; /* history_id(event, device) */
    int64_t at_ms;     /* it came then */
    struct appearance appearance;
};

struct waiting { /* appearances.h */
    struct lock lock;
    _Atomic bool is_any;
    struct waiting_one *all; /* by time; NULL before the first */
    size_t count;
};
void waiting_init(struct waiting *waiting);
void waiting_fini(struct waiting *waiting);

struct readings {
    struct store *store;
    struct venues *venues;
    int64_t keep_detections_ms;
    struct seen seen;
    struct waiting waiting;
    struct gather *detections;
    struct gather *series;
};

/* Of the streams, a bit each, for history_read_tail(): where records of the device, series or event
 * stand; all of them when that is not known. read/shards.c */
unsigned shards_of_device(struct readings *readings, const char *event, const char *device);
unsigned shards_of_series(struct readings *readings, const char *event, const char *series);
unsigned shards_of_event(struct readings *readings, const char *event);

void readings_heard(struct readings *readings, int64_t device_id, int64_t at_ms);
/* And tells the other processes on the database, where the live picture may be made. Not needed for
 * cameras: whoever counts them reads their detections. */
void readings_heard_here(struct readings *readings, int64_t device_id, int64_t at_ms);
void readings_put_appearance(struct readings *readings, int64_t device_id,
                             const struct appearance *appearance, int64_t now_ms);
/* Tells the others, too: what was refused is in no stream. */
void readings_clock_refused_here(struct readings *readings, int64_t device_id,
                                 struct clock_refusal refusal);
