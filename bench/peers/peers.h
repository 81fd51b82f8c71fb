// SPDX-License-Identifier: Apache-2.0
/* bench/peers/peers.h — the same detections into other stores, on this machine, in the same run. Every peer
 * stores one row a detection (device, time, track, x, y, w, h, confidence), as its users would. */
#pragma once
#include "base/base.h"

struct peer_result {
    double rows_per_s;
    double bytes_per_row; /* table and index on disk */
};

/* COPY in text form, `batch` rows a transaction, synchronous_commit=on, into a table indexed by
 * (device, time). `url` is a database that may be filled; `clients` connections, a process each. */
MUST_USE enum err peer_postgres_copy(const char *url, int clients, int batch, int64_t duration_us,
                                     struct peer_result *out, struct err_note *note);

/* SQLite, WAL, synchronous=FULL, a row a statement, `batch` rows a transaction, indexed the same. */
MUST_USE enum err peer_sqlite_rows(const char *folder, int batch, int64_t duration_us,
                                   struct peer_result *out, struct err_note *note);

/* Row n of the load that all share: 200 devices, 10 frames a second, 50 persons. */
struct peer_row {
    int device;
    int64_t at_ms;
    int track, x, y, w, h;
    double confidence;
};
struct peer_row peer_row_at(int64_t n);
