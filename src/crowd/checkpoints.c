// SPDX-License-Identifier: Apache-2.0
#include "crowd/checkpoints.h"

void checkpoints_init(struct checkpoints *checkpoints, int64_t position)
{
    *checkpoints = (struct checkpoints){.stream_ms = INT64_MIN / 2, .count = 1};
    checkpoints->all[0] = (struct checkpoint){.position = position, .at_ms = INT64_MIN / 2};
}

void checkpoints_follow_time(struct checkpoints *checkpoints, int64_t at_ms)
{
    checkpoints->stream_ms = MAX(checkpoints->stream_ms, at_ms);
}

void checkpoints_set(struct checkpoints *checkpoints, int64_t read_to)
{
    struct checkpoint *all = checkpoints->all;
    size_t count = checkpoints->count;
    if (checkpoints->stream_ms < all[count - 1].at_ms + CHECKPOINT_PERIOD_MS)
        return;
    size_t old = 0;
    while (old + 1 < count && all[old + 1].at_ms <= checkpoints->stream_ms - CHECKPOINT_REBUILD_MS)
        old++;
    if (old == 0 && count == CHECKPOINTS_MAX)
        old = 1; /* time has jumped: rather read too little again than grow */
    memmove(all, &all[old], (count - old) * sizeof *all);
    count -= old;
    all[count] = (struct checkpoint){.position = read_to, .at_ms = checkpoints->stream_ms};
    checkpoints->count = count + 1;
}
