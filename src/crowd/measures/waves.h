// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/waves.h — stop-and-go waves in a zone: its people stop and go on together, again and
 * again. They come where flow breaks down, before crowd turbulence (Johansson, Helbing et al.,
 * arXiv 0810.4590; Helbing, Johansson, Al-Abideen, Phys. Rev. E 75, 046109, 2007). That science gives no
 * figure for a zone; these are ours: a stop is half of the people stopped, and it is over when no more
 * than a quarter is. Two stops within two minutes, with going between, are waves. Pure. */
#pragma once
#include "base/base.h"

#define WAVES_STOP_SHARE 0.5
#define WAVES_GO_SHARE   0.25
#define WAVES_PEOPLE_MIN 8 /* fewer stop together by chance */
#define WAVES_WINDOW_MS  120000
#define WAVES_STOPS_MIN  2
#define WAVES_STOPS_KEPT 8

struct waves { /* zero = nothing seen */
    bool is_stop;
    bool has_gone; /* a first stop counts only after going */
    uint32_t stop_count;
    int64_t stops_ms[WAVES_STOPS_KEPT]; /* the newest stop_count % kept before */
};

void waves_take(struct waves *waves, int64_t at_ms, size_t people, double stopped_share);
bool waves_are_there(const struct waves *waves, int64_t at_ms);
