// SPDX-License-Identifier: Apache-2.0
/* crowd/crowd_internal.h — the module's own state. */
#pragma once
#include "crowd/checkpoints.h"
#include "crowd/counted.h"
#include "crowd/elsewhere.h"
#include "crowd/live.h"
#include "crowd/write.h"

struct crowd {
    struct store *store;
    struct venues *venues;
    struct consumer *consumer;
    struct checkpoints shards[STREAM_SHARDS];
    struct counted counted;
    struct live live;
    struct writing writing;
    struct elsewhere *elsewhere; /* the venues of other processes */
};

/* consume.c: the consumer of the stream "detections". */
MUST_USE enum err crowd_consume(struct crowd *crowd, struct err_note *note);
