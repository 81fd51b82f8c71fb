// SPDX-License-Identifier: Apache-2.0
/* net/http/callers/throttle.h — how often may one caller use one route. GCRA (the leaky bucket of ATM): one
 * number per key, the "theoretical arrival time". A call is allowed when that lies at most
 * (burst - 1) x interval in the future, and pushes it by one interval.
 *
 * The table is a fixed set of slots in shards, found by hash; each bucket of slots forgets first who
 * is idle (an arrival time in the past means a full allowance, so nothing is lost), then who is
 * nearest to it. Memory never grows, and an attacker with many keys only evicts in the same bucket. */
#pragma once
#include "net/http.h"

struct throttle_answer {
    bool is_allowed;
    int remaining;    /* further calls allowed right now */
    int64_t retry_us; /* until the next is allowed; 0 when it is */
    int64_t reset_us; /* until the whole burst is there again */
};

/* The decision. Reads and, when allowed, advances *inout_arrival_us (0 at first). */
struct throttle_answer gcra_decide(const struct route_rate *rate, int64_t *inout_arrival_us,
                                   int64_t now_us);

struct throttle;
struct throttle *throttle_create(size_t key_count); /* rounded up; 16 bytes each */
void throttle_destroy(struct throttle *throttle);
DEFINE_SCOPED(throttle)

/* `scope` is the route: the same key counts apart for each. */
struct throttle_answer throttle_take(struct throttle *throttle, const struct route_rate *rate,
                                     const void *scope, const char *key, int64_t now_us);
