// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/strides.h — what each person did since the step before: from where they came, and
 * whether they have stopped. Stopped is who walked a while ago and does not now; who has stood for longer
 * (an audience) has not stopped.
 *
 * Standing and moving people side by side are the two phases of a congested crowd (Seyfried, Portz,
 * Schadschneider, arXiv 1006.3546). The speeds that part them are ours: a body's sway and the tracker's
 * own noise stay below the lower one. */
#pragma once
#include "crowd/tracking/tracker.h"

#define STRIDES_STOPPED_M_S 0.2
#define STRIDES_GOING_M_S   0.3 /* and who has stopped goes again */
#define STRIDES_WALKED_M_S  0.4
#define STRIDES_WALKED_MS   60000 /* so long ago at most */
/* Who is not seen for longer comes from nowhere, should they be seen again. */
#define STRIDES_FORGET_MS 3000

struct stride {
    uint64_t id;
    bool has_from; /* seen before */
    bool is_stopped;
    struct point from, at;
    int64_t at_ms;
    int64_t walked_ms; /* when last; INT64_MIN = never */
};

struct strides;
struct strides *strides_create(void);
void strides_destroy(struct strides *strides); /* NULL is fine */
DEFINE_SCOPED(strides)

/* Later than the step before; an id is there once. */
void strides_step(struct strides *strides, int64_t at_ms, const struct tracker_person *people,
                  size_t count);
/* By person of the step. Borrowed until the next. */
const struct stride *strides_peek(const struct strides *strides, size_t *out_count);
