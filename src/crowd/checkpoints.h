// SPDX-License-Identifier: Apache-2.0
/* crowd/checkpoints.h — the time of one stream shard, and where to read again from after a restart.
 *
 * Stream time is the arrival of the newest record while there are records, and the clock when there
 * are none: so a consumer that lags does not close a second before it has read it. A picture is
 * rebuilt from the last CHECKPOINT_REBUILD_MS, in which every living camera has spoken. Pure. */
#pragma once
#include "base/base.h"

#define CHECKPOINT_REBUILD_MS 30000
#define CHECKPOINT_PERIOD_MS  1000
#define CHECKPOINTS_MAX       64 /* more than REBUILD / PERIOD */

struct checkpoint {
    int64_t position; /* all up to here had arrived by at_ms */
    int64_t at_ms;
};

struct checkpoints {
    int64_t stream_ms;
    struct checkpoint all[CHECKPOINTS_MAX]; /* oldest first; the first is the floor */
    size_t count;
};

void checkpoints_init(struct checkpoints *checkpoints, int64_t position);
/* `at_ms` is the arrival of the newest record at hand, or the clock. Never goes back. */
void checkpoints_follow_time(struct checkpoints *checkpoints, int64_t at_ms);
/* Remembers where the stream is; forgets what is older than needed, but one. */
void checkpoints_set(struct checkpoints *checkpoints, int64_t read_to);
/* Reading after this position rebuilds the picture. */
static inline int64_t checkpoints_floor(const struct checkpoints *checkpoints)
{
    return checkpoints->all[0].position;
}
