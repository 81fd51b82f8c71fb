// SPDX-License-Identifier: Apache-2.0
/* bench/report.h — figures, each beside its peer from the same run: a table, or one JSON line each. */
#pragma once
#include "base/base.h"

enum report_form { REPORT_TABLE, REPORT_JSON };

struct figure {
    const char *bench;    /* "ingest" */
    const char *measured; /* "native, one message per device and second" */
    const char *unit;     /* "detections/s" */
    double ours;
    const char *peer;       /* "PostgreSQL 15 COPY"; NULL = no peer for this figure */
    double theirs;          /* 0 = not measured */
    const char *conditions; /* "batch=500 durability=fsync clients=32 seconds=60 bytes=8.1" */
};

void report_begin(enum report_form form);
/* ratio = ours / theirs; where less is better the conditions say so. */
void report_figure(enum report_form form, const struct figure *figure);
