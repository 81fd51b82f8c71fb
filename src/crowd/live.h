// SPDX-License-Identifier: Apache-2.0
/* crowd/live.h — what live clients are told of the counted venues, and when: zones at every change
 * but every 40 ms at most, people every 200 ms, devices and all else once a second or when a device
 * falls silent or speaks again. */
#pragma once
#include "base/text.h"
#include "crowd/counted.h"

struct live {
    const struct publisher *publisher; /* borrowed; may be NULL */
    struct readings *readings;         /* borrowed; may be NULL */
    struct text message;
    struct dots dots; /* of the picture at hand */
};

void live_init(struct live *live, const struct publisher *publisher, struct readings *readings);
void live_fini(struct live *live);
/* The venue changed with a record that arrived then. */
void live_note_change(struct live_times *times, int64_t arrived_ms);
/* Shows what is due, and drops the venues that are gone: within a second even when no camera sends. */
void live_show(struct live *live, struct counted *counted, int64_t now_ms);
