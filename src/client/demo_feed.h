// SPDX-License-Identifier: Apache-2.0
/* client/demo_feed.h — sends the simulated crowd as its eight cameras see it, in real time, from a thread
 * of its own. */
#pragma once
#include "base/base.h"

#define DEMO_FRAMES_PER_S_MAX 10

struct demo_feed;

struct demo_feed_options {
    const char *address; /* of the server */
    const char *token;
    uint64_t seed;
    size_t people;
    int64_t frames_per_s; /* 1, 2, 5 or 10: a whole number of simulation steps */
    int64_t haste;        /* simulated seconds in one second */
    double miss_probability;
};

/* Strings are borrowed until the stop. */
struct demo_feed *demo_feed_start(const struct demo_feed_options *options);
/* Detections acknowledged so far. */
int64_t demo_feed_sent(const struct demo_feed *feed);
/* The first failure that ended it, NULL while it runs; borrowed until the stop. */
const struct err_note *demo_feed_failure(const struct demo_feed *feed);
void demo_feed_stop(struct demo_feed *feed); /* NULL is fine */
