// SPDX-License-Identifier: Apache-2.0
/* bench/load/load.h — an HTTP/1.1 load generator: one thread, many keep-alive connections, one request at
 * a time on each. Paced runs (requests_per_s > 0) measure latency from the moment at which a request
 * was due, so that a stalled server is charged for the whole stall (no coordinated omission). */
#pragma once
#include "bench/load/latency.h"

struct load_request { /* all of it, from the request line on; borrowed until the answer has come */
    const char *bytes;
    size_t len;
};

struct load_options {
    const char *address; /* IPv4 */
    uint16_t port;
    int connections;
    double requests_per_s; /* 0 = as fast as the answers come */
    int64_t duration_us;
    /* Fills the next request of a connection; false ends that connection's work. */
    bool (*next)(void *context, int connection, struct load_request *out);
    void *context;
};

struct load_result {
    int64_t answered;        /* with a 2xx or 3xx */
    int64_t refused;         /* with another status */
    int first_refusal;       /* that status, 0 = none */
    int64_t broken;          /* connections that broke or could not be made */
    int64_t bytes_in;        /* received, heads included */
    int64_t duration_us;     /* from the first request to the last answer */
    double cpu_s;            /* of this thread, user and system */
    struct latency *latency; /* owned */
};

MUST_USE enum err load_run(const struct load_options *options, struct load_result *out_result,
                           struct err_note *note);
void load_result_fini(struct load_result *result);
/* 0 when there was no answer. */
double load_latency_ms(const struct load_result *result, double quantile);
