// SPDX-License-Identifier: Apache-2.0
#include "crowd/scenes/scene_queue.h"

struct waiting_frame {
    struct intake_frame frame;
    int64_t arrival_ms;
};

struct scene_queue_group { /* touched by one thread at a time */
    struct waiting_frame *frames;
    size_t frame_count, frame_size, frame_taken;
    int64_t held_ms; /* the step that is for the next slice starts then; INT64_MAX: there is none */
    struct crowd_scene_fixes *settled; /* from `settled_taken` on not taken yet */
    size_t settled_count, settled_size, settled_taken;
    uint64_t late, distrusted;
    bool has_moved;
};

void scene_queue_init(struct scene_queue *queue, struct crowd_scene *scene)
{
    size_t count = crowd_scene_group_count(scene);
    *queue = (struct scene_queue){
        .scene = scene, .group_count = count, .run = 1, .before_ms = INT64_MIN};
    queue->groups = mem_new_array(count + 1, sizeof *queue->groups);
    queue->devices = mem_new_array(crowd_scene_device_count(scene) + 1, sizeof *queue->devices);
}

static void frame_fini(struct intake_frame *frame)
{
    mem_free(frame->boxes);
    mem_free(frame->source_tracks);
}

void scene_queue_fini(struct scene_queue *queue)
{
    for (size_t g = 0; g < queue->group_count; g++) {
        struct scene_queue_group *group = &queue->groups[g];
        for (size_t i = group->frame_taken; i < group->frame_count; i++)
            frame_fini(&group->frames[i].frame);
        for (size_t i = group->settled_taken; i < group->settled_count; i++)
            crowd_scene_fixes_fini(&group->settled[i]);
        mem_free(group->frames);
        mem_free(group->settled);
    }
    mem_free(queue->groups);
    mem_free(queue->devices);
    *queue = (struct scene_queue){.scene = NULL};
}

static void note_times(struct scene_queue *queue, const struct intake_frame *frame,
                       int64_t arrival_ms)
{
    struct scene_queue_device *device = &queue->devices[frame->device];
    bool is_first = queue->waiting++ == 0, is_its_first = device->run != queue->run;
    queue->first_ms = is_first ? arrival_ms : MIN(queue->first_ms, arrival_ms);
    queue->last_ms = is_first ? arrival_ms : MAX(queue->last_ms, arrival_ms);
    device->run = queue->run;
    device->first_ms = is_its_first ? frame->at_ms : MIN(device->first_ms, frame->at_ms);
    device->last_ms = is_its_first ? frame->at_ms : MAX(device->last_ms, frame->at_ms);
    queue->span_ms = MAX(queue->span_ms, device->last_ms - device->first_ms);
}

void scene_queue_add(struct scene_queue *queue, struct intake_frame frame, int64_t arrival_ms)
{
    struct scene_queue_group *group =
        &queue->groups[crowd_scene_group_of(queue->scene, frame.device)];
    if (group->frame_count == group->frame_size) {
        group->frame_size = MAX((size_t)64, 2 * group->frame_size);
        group->frames = mem_resize(group->frames, group->frame_size * sizeof *group->frames);
    }
    group->frames[group->frame_count++] = (struct waiting_frame){frame, arrival_ms};
    note_times(queue, &frame, arrival_ms);
}

/* --- one group, by one thread --- */

static void keep_settled(struct scene_queue_group *group, const struct crowd_scene_fixes *fixes)
{
    if (group->settled_count == group->settled_size) {
        group->settled_size = MAX((size_t)4, 2 * group->settled_size);
        group->settled = mem_resize(group->settled, group->settled_size * sizeof *group->settled);
    }
    group->settled[group->settled_count++] = *fixes;
}

/* False when the slice ends before all that is complete is done. */
static bool advance(const struct scene_queue *queue, struct scene_queue_group *group,
                    uint32_t index, int64_t stream_ms)
{
    struct crowd_scene *scene = queue->scene;
    bool is_ahead;
    do {
        struct crowd_scene_fixes fixes;
        is_ahead = crowd_scene_advance(scene, index, stream_ms, queue->before_ms);
        group->has_moved |= is_ahead;
        if (crowd_scene_settle(scene, index, stream_ms, &fixes))
            keep_settled(group, &fixes);
    } while (is_ahead);
    group->held_ms = crowd_scene_due_ms(scene, index, stream_ms);
    return group->held_ms == INT64_MAX;
}

static void run_group(void *context, size_t index)
{
    struct scene_queue *queue = context;
    struct scene_queue_group *group = &queue->groups[index];
    struct crowd_scene *scene = queue->scene;
    group->held_ms = INT64_MAX;
    for (; group->frame_taken < group->frame_count; group->frame_taken++) {
        struct waiting_frame *waiting = &group->frames[group->frame_taken];
        if (crowd_scene_must_advance(scene, waiting->frame.device, waiting->arrival_ms) &&
            !advance(queue, group, (uint32_t)index, waiting->arrival_ms))
            return;
        enum intake_answer answer = crowd_scene_add(scene, waiting->frame, waiting->arrival_ms);
        group->late += answer == INTAKE_LATE;
        group->distrusted += answer == INTAKE_DISTRUSTED;
    }
    if (queue->stream_ms != SCENE_QUEUE_FRAMES &&
        !advance(queue, group, (uint32_t)index, queue->stream_ms))
        return;
    group->frame_count = group->frame_taken = 0;
}

/* --- all of them --- */

static int64_t slice_end(int64_t at_ms)
{
    int64_t over_ms = at_ms % SCENE_SLICE_MS;
    return at_ms - (over_ms < 0 ? over_ms + SCENE_SLICE_MS : over_ms) + SCENE_SLICE_MS;
}

static void gather_figures(struct scene_queue *queue)
{
    for (size_t g = 0; g < queue->group_count; g++) {
        struct scene_queue_group *group = &queue->groups[g];
        queue->has_moved |= group->has_moved;
        queue->late += group->late;
        queue->distrusted += group->distrusted;
        group->has_moved = false;
        group->late = group->distrusted = 0;
    }
}

bool scene_queue_run(struct scene_queue *queue, struct pool *pool, int64_t stream_ms)
{
    if (queue->waiting == 0 && stream_ms == SCENE_QUEUE_FRAMES)
        return false;
    int64_t held_ms = INT64_MAX;
    queue->stream_ms = stream_ms;
    pool_each(pool, queue->group_count, run_group, queue);
    gather_figures(queue);
    for (size_t g = 0; g < queue->group_count; g++)
        held_ms = MIN(held_ms, queue->groups[g].held_ms);
    if (held_ms != INT64_MAX) {
        queue->before_ms = slice_end(held_ms);
        return true;
    }
    queue->waiting = 0;
    queue->span_ms = 0;
    queue->run++;
    return false;
}

bool scene_queue_take_settled(struct scene_queue *queue, struct crowd_scene_fixes *out_fixes)
{
    for (size_t g = 0; g < queue->group_count; g++) {
        struct scene_queue_group *group = &queue->groups[g];
        if (group->settled_taken < group->settled_count) {
            *out_fixes = group->settled[group->settled_taken++];
            return true;
        }
        group->settled_count = group->settled_taken = 0;
    }
    return false;
}

bool scene_queue_take_moved(struct scene_queue *queue)
{
    bool has_moved = queue->has_moved;
    queue->has_moved = false;
    return has_moved;
}
