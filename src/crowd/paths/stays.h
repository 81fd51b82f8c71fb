// SPDX-License-Identifier: Apache-2.0
/* crowd/paths/stays.h — what people did, as walkers.h tells it: the words that heat, dwell and trips have in
 * common. */
#pragma once
#include "base/base.h"

#define WALKER_PATH_ZONES 8 /* of a journey; where it ended is told beyond, too */

struct stay {
    uint64_t id;
    int64_t from_ms, until_ms;
    double x, y; /* metres */
};

struct visit {
    uint64_t id;
    int64_t from_ms, until_ms;
    uint16_t zone;
    bool is_censored;
};

struct journey {
    uint64_t id;
    int64_t from_ms, until_ms; /* first and last fix */
    uint16_t zones[WALKER_PATH_ZONES];
    size_t zone_count;    /* 1 or more */
    uint16_t destination; /* also where there were more zones */
    bool is_cut;          /* there were more */
};
