// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/waves.h"

void waves_take(struct waves *waves, int64_t at_ms, size_t people, double stopped_share)
{
    if (people < WAVES_PEOPLE_MIN)
        return;
    if (stopped_share <= WAVES_GO_SHARE) {
        waves->has_gone = true;
        waves->is_stop = false;
    } else if (stopped_share >= WAVES_STOP_SHARE && !waves->is_stop) {
        waves->is_stop = true;
        if (waves->has_gone)
            waves->stops_ms[waves->stop_count++ % WAVES_STOPS_KEPT] = at_ms;
    }
}

bool waves_are_there(const struct waves *waves, int64_t at_ms)
{
    size_t recent = 0;
    for (size_t i = 0; i < MIN(waves->stop_count, WAVES_STOPS_KEPT); i++)
        recent += waves->stops_ms[i] > at_ms - WAVES_WINDOW_MS;
    return recent >= WAVES_STOPS_MIN;
}
