// SPDX-License-Identifier: Apache-2.0
/* crowd/scenes/scene_queue.h — frames on their way to the groups of a scene. They wait here while records are read;
 * then all groups go on at once, each for itself: its frames one by one, as they came, and its steps when
 * they are complete; all of them up to the same time, a slice, before any goes on with the next. So the people are
 * the same with any number of threads, and however the records came in batches. What a group settles waits until its
 * caller takes it, group by group. */
#pragma once
#include "base/pool.h"
#include "crowd/scenes/scene.h"

/* Frames of one venue that wait; beyond, or when they span more time, the groups go on first: more time in which
 * they came, or, since a recording comes hours at a time, of one device's own clock. Clocks of several are
 * not held against each other: with one that is wrong the groups would go on after every frame. */
#define SCENE_QUEUE_MAX     8192
#define SCENE_QUEUE_SPAN_MS 20000
/* Steps of so much time, by their own times, that all groups make before the caller may look. */
#define SCENE_SLICE_MS 100
/* Of scene_queue_run: only as far as the frames that wait ask for. */
#define SCENE_QUEUE_FRAMES INT64_MIN

struct scene_queue_group;
struct scene_queue_device {
    uint64_t run; /* in which it added a frame last; of another one the times are void */
    int64_t first_ms, last_ms; /* the earliest and latest of its frames that wait */
};
struct scene_queue {
    struct crowd_scene *scene; /* borrowed */
    struct scene_queue_group *groups;
    size_t group_count;
    struct scene_queue_device *devices;
    size_t waiting;            /* frames */
    int64_t first_ms, last_ms; /* the earliest and latest arrival of them */
    int64_t span_ms;           /* the longest of a device's own */
    uint64_t run;              /* the next one */
    int64_t stream_ms;         /* of the present run */
    int64_t before_ms;         /* the end of its slice */
    bool has_moved;            /* a step was made since scene_queue_take_moved() */
    uint64_t late;             /* frames whose step was over, since the beginning */
    uint64_t distrusted;       /* frames of cameras that are left out, see trust.h */
};

void scene_queue_init(struct scene_queue *queue, struct crowd_scene *scene);
/* What waits is dropped. */
void scene_queue_fini(struct scene_queue *queue);
/* Takes what the frame owns. */
void scene_queue_add(struct scene_queue *queue, struct intake_frame frame, int64_t arrival_ms);
static inline bool scene_queue_is_full(const struct scene_queue *queue)
{
    return queue->waiting >= SCENE_QUEUE_MAX ||
           (queue->waiting > 0 && (queue->last_ms - queue->first_ms > SCENE_QUEUE_SPAN_MS ||
                                   queue->span_ms > SCENE_QUEUE_SPAN_MS));
}
/* Gives every group its frames, and lets it go on to `stream_ms`, a slice further; call it again the same way while
 * it is true, and add nothing meanwhile. NULL = without other threads. */
bool scene_queue_run(struct scene_queue *queue, struct pool *pool, int64_t stream_ms);
/* What the groups have settled, in the order of groups and then of time; false when that was all. The
 * caller ends it. */
bool scene_queue_take_settled(struct scene_queue *queue, struct crowd_scene_fixes *out_fixes);
bool scene_queue_take_moved(struct scene_queue *queue);
