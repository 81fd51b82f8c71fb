// SPDX-License-Identifier: Apache-2.0
/* alerts/silence.h — the measure "device.<id>:silence": for how many seconds longer than its
 * silent_after_ms nothing came from a camera, a counter or a sensor; 0 while it is heard. So one rule on
 * "device.*:silence" tells of one camera that is silent among others, and of a sensor that speaks once
 * an hour only when it is late.
 *
 * It is measured once a second, in memory, for the rules that ask for it, while their event runs. A
 * device counts as heard when we begin to watch it; one that was silent stays so, through a restart,
 * until it is heard. */
#pragma once
#include "alerts/watch.h"

struct crowd;
struct readings;
struct silence_sources { /* all may be NULL */
    struct venues *venues;
    struct crowd *crowd;
    struct readings *readings;
};

bool silence_is_asked_by(const struct rule *rule);

/* Called for every rule that asks and every device of the venues of this shard. */
struct silence {
    struct watched *watched;
    const char *venue;
    double value_s;
};
void silence_measure(const struct silence_sources *sources, struct watches *watches, int shard,
                     int64_t now_ms, void (*tell)(void *context, const struct silence *silence),
                     void *context);
/* A value came in from this device. */
void silence_heard(struct watches *watches, const char *event, const char *device, int64_t now_ms);
