// SPDX-License-Identifier: Apache-2.0
/* crowd/meet.h — between the groups of a venue and crowd/handover/: who was lost and who began goes there, and
 * whoever is the same person goes by the first number from then on.
 *
 * News of all groups are told in the order of their steps, and decided on at every MEET_PERIOD_MS of the groups'
 * own time, when all who are up to date have come so far: the same people are known again however
 * records came in batches, and however busy the machine was. Where the groups' times are apart (a recording beside
 * living cameras), those behind are decided on as they come. */
#pragma once
#include "crowd/handover/handover.h"
#include "crowd/scenes/scene_queue.h"
#include "crowd/tracks/log.h"

#define MEET_PERIOD_MS SCENE_SLICE_MS
/* Groups that are farther behind the newest are not waited for: they are decided on in their own time. */
#define MEET_BEHIND_MS 500
/* When the groups' time leaps by more, either way, deciding begins anew there. */
#define MEET_GAP_MS 10000
/* That wait; beyond, all are told at once. */
#define MEET_NEWS_MAX 65536

struct meeting {
    struct handover *handover; /* owned */
    struct meeting_news *waiting;
    size_t waiting_count, waiting_size;
    uint64_t told;      /* news so far */
    int64_t decided_ms; /* INT64_MIN: not yet */
};

void meeting_init(struct meeting *meeting);
void meeting_fini(struct meeting *meeting);
/* After all groups were stepped, a slice at most (SCENE_SLICE_MS). */
void meet_again(struct meeting *meeting, struct crowd_scene *scene, struct track_log *tracks);
