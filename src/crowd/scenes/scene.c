// SPDX-License-Identifier: Apache-2.0
#include "crowd/scenes/scene.h"

#include "base/crc32c.h"

#define LONG_AGO      (INT64_MIN / 4)
#define UNSETTLED_MAX 4096 /* steps of a group that wait to be settled */

struct pending {
    int64_t at_ms;
    bool is_reliable; /* the group has looked often enough for long enough, before or after */
};

struct crowd_scene_group {
    struct intake intake;
    struct trust *trust;
    struct tracker *tracker;
    uint64_t
        next_id; /* of its people: every group has its own, so that groups need not ask one another */
    int64_t heard_ms;          /* arrival of its newest frame */
    int64_t silent_after_ms;   /* the longest of its devices */
    int64_t at_ms;             /* of its newest step */
    int64_t since_ms;          /* it has looked often enough since then */
    int64_t settled_ms;        /* all steps up to here are told */
    int64_t settles_at_ms;     /* of every second */
    struct pending *unsettled; /* steps not yet told */
    size_t unsettled_count;
};

struct crowd_scene {
    struct venue_view *view; /* a reference */
    struct groups groups;
    struct crowd_scene_group *all;
};

static void group_init(struct crowd_scene *scene, size_t index, uint64_t first_id)
{
    struct crowd_scene_group *group = &scene->all[index];
    const struct camera_group *cameras = &scene->groups.all[index];
    SCOPED_MEM int64_t *silent_after_ms =
        mem_new_array(cameras->device_count, sizeof *silent_after_ms);
    *group =
        (struct crowd_scene_group){.heard_ms = LONG_AGO, .at_ms = LONG_AGO, .settled_ms = LONG_AGO};
    for (size_t i = 0; i < cameras->device_count; i++) {
        silent_after_ms[i] = scene->view->devices[cameras->devices[i]].silent_after_ms;
        group->silent_after_ms = MAX(group->silent_after_ms, silent_after_ms[i]);
    }
    group->trust = trust_create(cameras->device_count);
    group->next_id = first_id + index;
    /* By its name: cameras elsewhere change nothing here. */
    const char *name = scene->view->devices[cameras->devices[0]].id;
    group->settles_at_ms = crc32c(0, name, strlen(name)) % SCENE_SETTLE_SPREAD_MS;
    intake_init(&group->intake, silent_after_ms, cameras->device_count);
    group->unsettled = mem_new_array(UNSETTLED_MAX, sizeof *group->unsettled);
    group->tracker = tracker_create(&(struct tracker_scope){.view = scene->view,
                                                            .devices = cameras->devices,
                                                            .device_count = cameras->device_count,
                                                            .low = cameras->low,
                                                            .high = cameras->high,
                                                            .next_id = &group->next_id,
                                                            .id_step = scene->groups.count});
}

struct crowd_scene *crowd_scene_create(struct venue_view *view, const uint64_t *covers,
                                       uint64_t first_id)
{
    struct crowd_scene *scene = mem_new(sizeof *scene);
    shared_ref(&view->shared);
    scene->view = view;
    groups_init(&scene->groups, view, covers);
    scene->all = mem_new_array(scene->groups.count + 1, sizeof *scene->all);
    for (size_t i = 0; i < scene->groups.count; i++)
        group_init(scene, i, MAX(first_id, (uint64_t)1));
    return scene;
}

void crowd_scene_destroy(struct crowd_scene *scene)
{
    if (scene == NULL)
        return;
    for (size_t i = 0; i < scene->groups.count; i++) {
        intake_fini(&scene->all[i].intake);
        tracker_destroy(scene->all[i].tracker);
        trust_destroy(scene->all[i].trust);
        mem_free(scene->all[i].unsettled);
    }
    groups_fini(&scene->groups);
    mem_free(scene->all);
    shared_unref(&scene->view->shared);
    mem_free(scene);
}

bool crowd_scene_is_outdated(const struct crowd_scene *scene, const uint64_t *covers)
{
    return groups_would_join(&scene->groups, scene->view, covers);
}

static bool is_same_camera(const struct device *a, const struct device *b)
{
    const struct calibration *x = &a->calibration, *y = &b->calibration;
    return strcmp(a->id, b->id) == 0 && a->kind == b->kind &&
           a->silent_after_ms == b->silent_after_ms && a->image_width_px == b->image_width_px &&
           a->image_height_px == b->image_height_px && x->kind == y->kind &&
           memcmp(x->pixel_to_floor, y->pixel_to_floor, sizeof x->pixel_to_floor) == 0 &&
           memcmp(x->camera_matrix, y->camera_matrix, sizeof x->camera_matrix) == 0 &&
           memcmp(x->distortion, y->distortion, sizeof x->distortion) == 0 &&
           memcmp(x->rotation, y->rotation, sizeof x->rotation) == 0 &&
           memcmp(x->translation_m, y->translation_m, sizeof x->translation_m) == 0;
}

static bool are_same_cameras(const struct venue_view *a, const struct venue_view *b)
{
    bool are_same = a->device_count == b->device_count;
    for (size_t d = 0; are_same && d < a->device_count; d++)
        are_same = is_same_camera(&a->devices[d], &b->devices[d]);
    return are_same;
}

bool crowd_scene_move(struct crowd_scene *scene, struct venue_view *view, const uint64_t *covers)
{
    if (!are_same_cameras(scene->view, view))
        return false;
    struct groups groups;
    groups_init(&groups, view, covers);
    bool are_same = groups_are_same(&groups, &scene->groups, view->device_count);
    groups_fini(&groups);
    if (!are_same)
        return false;
    shared_ref(&view->shared);
    shared_unref(&scene->view->shared);
    scene->view = view;
    return true;
}

uint64_t crowd_scene_next_id(const struct crowd_scene *scene)
{
    uint64_t next_id = 1;
    for (size_t i = 0; i < scene->groups.count; i++)
        next_id = MAX(next_id, scene->all[i].next_id);
    return next_id;
}

struct trust_verdict crowd_scene_trust(const struct crowd_scene *scene, uint32_t device)
{
    const struct crowd_scene_group *group = &scene->all[scene->groups.group_of[device]];
    return trust_of(group->trust, scene->groups.place_of[device]);
}

/* Where the frame's feet stand, for trust.h. */
static void show_feet(const struct crowd_scene *scene, struct crowd_scene_group *group,
                      const struct intake_frame *frame)
{
    const struct device *device = &scene->view->devices[frame->device];
    SCOPED_MEM struct trust_place *places = mem_new_array(frame->box_count + 1, sizeof *places);
    size_t count = 0;
    for (size_t i = 0; i < frame->box_count; i++) {
        struct point floor, foot = {frame->boxes[i].foot_x, frame->boxes[i].foot_y};
        if (frame->is_in_metres)
            floor = foot;
        else if (!calibration_to_floor(&device->calibration, foot, &floor))
            continue;
        places[count++] = (struct trust_place){(float)floor.x, (float)floor.y};
    }
    trust_see(group->trust, scene->groups.place_of[frame->device], frame->at_ms, places, count);
}

enum intake_answer crowd_scene_add(struct crowd_scene *scene, struct intake_frame frame,
                                   int64_t arrival_ms)
{
    struct crowd_scene_group *group = &scene->all[scene->groups.group_of[frame.device]];
    uint32_t place = scene->groups.place_of[frame.device];
    if (trust_hear(group->trust, place, frame.at_ms, arrival_ms))
        show_feet(scene, group, &frame);
    frame.device = place;
    frame.at_ms += trust_correction_ms(group->trust, place);
    if (trust_of(group->trust, place).merging == TRUST_LEFT_OUT) {
        intake_frame_fini(&frame);
        return INTAKE_DISTRUSTED;
    }
    enum intake_answer answer = intake_add(&group->intake, frame, arrival_ms);
    /* Who only comes too late (a clock that was put back) is not followed: it is as if silent. */
    if (answer != INTAKE_LATE)
        group->heard_ms = MAX(group->heard_ms, arrival_ms);
    return answer;
}

/* --- steps --- */

static bool is_warm(const struct crowd_scene_group *group)
{
    return group->at_ms - group->since_ms >= SCENE_WARM_MS;
}

/* A group that has warmed up is relied on from its first step on: settling comes that much later. */
static void note_step(struct crowd_scene_group *group)
{
    if (group->unsettled_count == UNSETTLED_MAX) { /* nobody asks: the oldest are given up */
        memmove(group->unsettled, group->unsettled + UNSETTLED_MAX / 2,
                UNSETTLED_MAX / 2 * sizeof *group->unsettled);
        group->unsettled_count = UNSETTLED_MAX / 2;
    }
    group->unsettled[group->unsettled_count++] = (struct pending){.at_ms = group->at_ms};
    for (size_t i = group->unsettled_count; is_warm(group) && i > 0; i--) {
        struct pending *step = &group->unsettled[i - 1];
        if (step->is_reliable || step->at_ms < group->since_ms)
            break;
        step->is_reliable = true;
    }
}

static void make_step(struct crowd_scene_group *group, const struct intake_step *step)
{
    SCOPED_MEM struct tracker_frame *frames = mem_new_array(step->frame_count + 1, sizeof *frames);
    for (size_t i = 0; i < step->frame_count; i++) {
        const struct intake_frame *frame = &step->frames[i];
        frames[i] = (struct tracker_frame){.device = frame->device,
                                           .boxes = frame->boxes,
                                           .source_tracks = frame->source_tracks,
                                           .is_in_metres = frame->is_in_metres,
                                           .box_count = frame->box_count};
    }
    /* The moment of a step is that of its newest frame: exact where cameras run in step. */
    int64_t at_ms = step->start_ms;
    for (size_t i = 0; i < step->frame_count; i++)
        at_ms = MAX(at_ms, step->frames[i].at_ms);
    tracker_step(group->tracker, at_ms, frames, step->frame_count);
    if (at_ms - group->at_ms > SCENE_PERIOD_MS)
        group->since_ms = at_ms;
    group->at_ms = at_ms;
    note_step(group);
}

/* Once a second, since smoothing goes back from the newest step each time; groups take turns. */
static int64_t settle_lagging(const struct crowd_scene_group *group)
{
    int64_t until_ms = group->at_ms - TRACKER_LAG_MS;
    int64_t over_ms = (until_ms - group->settles_at_ms) % 1000;
    return until_ms - (over_ms < 0 ? over_ms + 1000 : over_ms) - 1;
}

bool crowd_scene_must_advance(const struct crowd_scene *scene, uint32_t device, int64_t arrival_ms)
{
    const struct intake *intake = &scene->all[scene->groups.group_of[device]].intake;
    return intake_is_full(intake) || (intake->step_count > 0 && arrival_ms > intake->added_ms);
}

int64_t crowd_scene_due_ms(const struct crowd_scene *scene, uint32_t group, int64_t stream_ms)
{
    int64_t start_ms;
    return intake_is_due(&scene->all[group].intake, stream_ms, &start_ms) ? start_ms : INT64_MAX;
}

/* Settling always begins at the first step that allows it, so that it finds the same steps to smooth
 * over however many came at once. */
bool crowd_scene_advance(struct crowd_scene *scene, uint32_t group, int64_t stream_ms,
                         int64_t before_ms)
{
    struct crowd_scene_group *own = &scene->all[group];
    struct intake_step step;
    bool is_changed = false;
    while (crowd_scene_due_ms(scene, group, stream_ms) < before_ms &&
           intake_next(&own->intake, stream_ms, &step)) {
        make_step(own, &step);
        intake_step_fini(&step);
        is_changed = true;
        if (own->unsettled[0].at_ms <= settle_lagging(own))
            break;
    }
    return is_changed;
}

static bool is_alive(const struct crowd_scene_group *group, int64_t stream_ms)
{
    return stream_ms - group->heard_ms <= group->silent_after_ms;
}

int64_t crowd_scene_at_ms(const struct crowd_scene *scene)
{
    int64_t at_ms = LONG_AGO;
    for (size_t i = 0; i < scene->groups.count; i++)
        at_ms = MAX(at_ms, scene->all[i].at_ms);
    return at_ms;
}

int64_t crowd_scene_group_at_ms(const struct crowd_scene *scene, uint32_t group)
{
    return scene->all[group].at_ms;
}

int64_t crowd_scene_reached_ms(const struct crowd_scene *scene, int64_t behind_max_ms)
{
    int64_t heard_ms = LONG_AGO, newest_ms = LONG_AGO, reached_ms = INT64_MAX;
    /* Silent against the newest frame that was added, not against the clock: what waits is not silent. */
    for (size_t i = 0; i < scene->groups.count; i++)
        heard_ms = MAX(heard_ms, scene->all[i].heard_ms);
    for (size_t i = 0; i < scene->groups.count; i++) {
        if (is_alive(&scene->all[i], heard_ms))
            newest_ms = MAX(newest_ms, scene->all[i].at_ms);
    }
    for (size_t i = 0; i < scene->groups.count; i++) {
        const struct crowd_scene_group *group = &scene->all[i];
        if (is_alive(group, heard_ms) && group->at_ms >= newest_ms - behind_max_ms)
            reached_ms = MIN(reached_ms, group->at_ms);
    }
    return newest_ms == LONG_AGO ? INT64_MIN : reached_ms;
}

size_t crowd_scene_group_count(const struct crowd_scene *scene)
{
    return scene->groups.count;
}

size_t crowd_scene_device_count(const struct crowd_scene *scene)
{
    return scene->view->device_count;
}

const struct camera_group *crowd_scene_group(const struct crowd_scene *scene, uint32_t group)
{
    return &scene->groups.all[group];
}

uint32_t crowd_scene_group_of(const struct crowd_scene *scene, uint32_t device)
{
    return scene->groups.group_of[device];
}

bool crowd_scene_hears(const struct crowd_scene *scene, uint32_t device, int64_t stream_ms)
{
    const struct crowd_scene_group *group = &scene->all[scene->groups.group_of[device]];
    return intake_hears(&group->intake, scene->groups.place_of[device], stream_ms);
}

const struct tracker_person *crowd_scene_people(const struct crowd_scene *scene, uint32_t group,
                                                int64_t stream_ms, size_t *out_count)
{
    static const struct tracker_person nobody;
    const struct crowd_scene_group *own = &scene->all[group];
    if (!is_alive(own, stream_ms) || !is_warm(own))
        return NULL;
    const struct tracker_person *people = tracker_people(own->tracker, out_count);
    return people == NULL ? &nobody : people;
}

/* --- people who go on elsewhere --- */

void crowd_scene_take_news(struct crowd_scene *scene, uint32_t group, struct news_list *out_list)
{
    tracker_take_news(scene->all[group].tracker, out_list);
}

bool crowd_scene_rename(struct crowd_scene *scene, uint32_t group, uint64_t own_id, uint64_t told)
{
    return tracker_rename(scene->all[group].tracker, own_id, told);
}

void crowd_scene_hand_over(struct crowd_scene *scene, uint32_t group, uint64_t own_id)
{
    tracker_hand_over(scene->all[group].tracker, own_id);
}

/* --- settled --- */

/* Up to where a group can be settled; all of it when it is silent. */
static int64_t settle_until(const struct crowd_scene_group *group, int64_t stream_ms)
{
    return is_alive(group, stream_ms) ? settle_lagging(group) : group->at_ms;
}

static bool is_due(const struct crowd_scene_group *group, int64_t stream_ms)
{
    if (group->unsettled_count == 0)
        return false;
    return group->unsettled[0].at_ms <= settle_until(group, stream_ms);
}

static void take_steps(struct crowd_scene_group *group, int64_t until_ms,
                       struct crowd_scene_fixes *fixes)
{
    size_t taken = 0;
    fixes->step_times = mem_new_array(group->unsettled_count + 1, sizeof *fixes->step_times);
    for (; taken < group->unsettled_count && group->unsettled[taken].at_ms <= until_ms; taken++) {
        if (group->unsettled[taken].is_reliable)
            fixes->step_times[fixes->step_count++] = group->unsettled[taken].at_ms;
    }
    group->unsettled_count -= taken;
    memmove(group->unsettled, group->unsettled + taken,
            group->unsettled_count * sizeof *group->unsettled);
}

bool crowd_scene_settle(struct crowd_scene *scene, uint32_t group, int64_t stream_ms,
                        struct crowd_scene_fixes *out_fixes)
{
    struct crowd_scene_group *own = &scene->all[group];
    if (crowd_scene_due_ms(scene, group, stream_ms) != INT64_MAX)
        stream_ms = MIN(stream_ms, own->heard_ms); /* whose steps wait is not silent */
    if (!is_due(own, stream_ms))
        return false;
    int64_t until_ms = settle_until(own, stream_ms);
    *out_fixes = (struct crowd_scene_fixes){.group = group};
    take_steps(own, until_ms, out_fixes);
    out_fixes->fixes = tracker_settle(own->tracker, until_ms, &out_fixes->count);
    own->settled_ms = until_ms;
    return true;
}

bool crowd_scene_fixes_next(const struct crowd_scene_fixes *fixes, struct crowd_step_cursor *cursor,
                            struct crowd_step *out_step)
{
    static const struct tracker_fix nobody;
    if (cursor->step == fixes->step_count)
        return false;
    int64_t at_ms = fixes->step_times[cursor->step++];
    while (cursor->fix < fixes->count && fixes->fixes[cursor->fix].at_ms < at_ms)
        cursor->fix++;
    size_t first = cursor->fix;
    while (cursor->fix < fixes->count && fixes->fixes[cursor->fix].at_ms == at_ms)
        cursor->fix++;
    size_t count = cursor->fix - first;
    *out_step = (struct crowd_step){at_ms, count > 0 ? &fixes->fixes[first] : &nobody, count};
    return true;
}

void crowd_scene_fixes_fini(struct crowd_scene_fixes *fixes)
{
    mem_free(fixes->fixes);
    mem_free(fixes->step_times);
    *fixes = (struct crowd_scene_fixes){0};
}

int64_t crowd_scene_settled_ms(const struct crowd_scene *scene, int64_t stream_ms)
{
    int64_t settled_ms = INT64_MAX;
    for (size_t i = 0; i < scene->groups.count; i++) {
        const struct crowd_scene_group *group = &scene->all[i];
        if (is_alive(group, stream_ms) && group->at_ms != LONG_AGO)
            settled_ms = MIN(settled_ms, group->settled_ms);
    }
    return settled_ms;
}
