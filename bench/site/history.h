// SPDX-License-Identifier: Apache-2.0
/* bench/site/history.h — how long it takes to read a zone's last hour, a value a second, while the server is
 * under load. The hour is sent as detections that come late, through the public API. */
#pragma once
#include "bench/site/site.h"

enum { HISTORY_POINTS = 3600, HISTORY_DETECTIONS = 5 * HISTORY_POINTS };

/* Sends the hour and waits until all of it can be read; the zone is "zone-001", in view of
 * "cam-0001". */
MUST_USE enum err history_fill(const struct site *site, int64_t *out_from_ms,
                               struct err_note *note);

struct history_reader;

/* Starts a thread that reads the hour ten times a second; it uses the site's client until the stop. */
struct history_reader *history_reader_start(const struct site *site, int64_t from_ms);

struct history_result {
    int64_t reads;
    int64_t incomplete; /* refused, or without all values */
    double p50_ms, p99_ms, max_ms;
};
void history_reader_stop(struct history_reader *reader, struct history_result *out_result);
