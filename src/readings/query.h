// SPDX-License-Identifier: Apache-2.0
/* readings/query.h — reading history. What was acknowledged is seen at once: chunks and the part of
 * the stream behind them are merged in one snapshot. Of that stream only the shards are read where the
 * device or the zone stands, and where it stood before it was moved. */
#pragma once
#include "base/base.h"

#define LIMIT_SERIES_POINTS      100000 /* of one answer: raw is continued, steps are refused */
#define LIMIT_DETECTIONS_PERSONS 100000 /* of one answer: continued */
#define READINGS_SERIES_LEN      160

struct readings;
struct detection_batch;

struct series_point {
    int64_t at_ms;
    double value;
};

/* Of more raw values than are wanted: the first of the range, or its last. */
enum series_end { SERIES_OLDEST, SERIES_NEWEST };

enum series_agg { SERIES_AVG, SERIES_MIN, SERIES_MAX, SERIES_SUM, SERIES_COUNT, SERIES_LAST };

struct series_query {
    const char *event;
    const char *series;
    int64_t from_ms; /* inclusive */
    int64_t to_ms;   /* exclusive */
    int64_t
        step_ms; /* 0 = raw; else whole seconds: buckets start at its multiples, and the range is
                        widened to whole buckets */
    enum series_agg agg;
    size_t points_max; /* 0 = LIMIT_SERIES_POINTS */
    enum series_end end;
};

/* How far an answer reaches. */
struct answer_extent {
    int64_t next_ms; /* where to go on; 0 = complete, or SERIES_NEWEST */
    bool is_behind;  /* history lags so much (LIMIT_TAIL_BYTES) that the newest is missing */
};

/* Oldest first. The caller frees *out_points (mem_free).
 * ERR_NOT_FOUND when the series has never had a value; ERR_TOO_LARGE for too many buckets. */
MUST_USE enum err readings_query(struct readings *readings, const struct series_query *query,
                                 struct series_point **out_points, size_t *out_count,
                                 struct answer_extent *out_extent, struct err_note *note);

struct series_info {
    char name[READINGS_SERIES_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    int64_t first_ms;
    int64_t last_ms;
    double last_value;
};

struct series_list_query {
    const char *event;
    const char *after; /* a name; "" = from the first */
    size_t max;
};

/* By name. The caller frees *out_list (mem_free). */
MUST_USE enum err readings_series_list(struct readings *readings,
                                       const struct series_list_query *query,
                                       struct series_info **out_list, size_t *out_count,
                                       bool *out_is_behind);

struct detections_query {
    const char *event;
    const char *device;
    int64_t from_ms;
    int64_t to_ms;
    size_t persons_max; /* 0 = LIMIT_DETECTIONS_PERSONS */
};

/* One batch per unit and precision that the device used, usually one; the caller unrefs each and
 * frees the array (mem_free). Only whole frames. */
MUST_USE enum err readings_detections(struct readings *readings,
                                      const struct detections_query *query,
                                      struct detection_batch ***out_batches, size_t *out_count,
                                      struct answer_extent *out_extent);

/* How many detections there are, nobody counted twice; `device` NULL: of all devices of the event. */
MUST_USE enum err readings_detections_count(struct readings *readings,
                                            const struct detections_query *query,
                                            int64_t *out_count, bool *out_is_behind);
