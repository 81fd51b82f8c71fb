// SPDX-License-Identifier: Apache-2.0
/* bench/bench.h — what `muster bench` measures. Each prints its figures beside its peer's from the same
 * run (bench/report.h). Sender, server and peer share this machine's cores. */
#pragma once
#include "bench/report.h"

struct bench_options {
    enum report_form form;
    int64_t seconds;     /* of each measured case */
    int64_t connections; /* of http: 0 = 1, 64, 1000 and 5000 */
    int64_t clients;     /* of live */
    const char *only;    /* of ingest: cases whose name holds this; NULL = all */
};

/* Detections in: the required load in three forms, the ceiling, PostgreSQL's COPY, SQLite row by row. */
MUST_USE enum err bench_ingest(const struct bench_options *options, struct err_note *note);
/* People in overlapping groups of seven cameras: from a frame to the zone, and the tracks' scores. */
MUST_USE enum err bench_crowd(const struct bench_options *options, struct err_note *note);
/* A page and a JSON resource, beside nginx serving the same bytes. */
MUST_USE enum err bench_http(const struct bench_options *options, struct err_note *note);
/* WebSocket clients that all get one update a second: delay and memory. */
MUST_USE enum err bench_live(const struct bench_options *options, struct err_note *note);
/* Unusual counts and forecasts of a published series, beside naive ones. */
MUST_USE enum err bench_trends(const struct bench_options *options, struct err_note *note);
