// SPDX-License-Identifier: Apache-2.0
/* crowd/scenes/scene.h — the people of one venue: its groups of cameras, each with its gathering of frames
 * and its tracker, and what comes of them: who is there now, and settled fixes. Pure. Calls that concern
 * one group may run beside those of another group, see scene_queue.h. */
#pragma once
/* A group is relied on once it has followed people for so long, looking so often at least. */
#define SCENE_WARM_MS   2000
#define SCENE_PERIOD_MS 1500
/* Groups settle once a second, spread over the first part of it, so that not all do at one moment. */
#define SCENE_SETTLE_SPREAD_MS 400
#include "crowd/scenes/groups.h"
#include "crowd/scenes/intake.h"
#include "crowd/trust/trust.h"

struct crowd_scene;
/* `covers`: (zone_count + 63) / 64 words for each device, for cameras whose picture is not known. Ids of
 * people begin at `first_id`. Keeps a reference of the view. */
struct crowd_scene *crowd_scene_create(struct venue_view *view, const uint64_t *covers,
                                       uint64_t first_id);
void crowd_scene_destroy(struct crowd_scene *scene); /* NULL is fine */
DEFINE_SCOPED(crowd_scene)
/* Whether other coverage would make other groups; then the scene is to be made anew. */
bool crowd_scene_is_outdated(const struct crowd_scene *scene, const uint64_t *covers);
/* Whether the venue, as `view` has it now, has the same cameras in the same groups; then the scene goes on
 * with it, and nobody who is followed is lost. Else it is to be made anew. */
bool crowd_scene_move(struct crowd_scene *scene, struct venue_view *view, const uint64_t *covers);
/* Greater than all numbers of people that were given. */
uint64_t crowd_scene_next_id(const struct crowd_scene *scene);

/* Whether the device's clock and calibration agree with those of its group. */
struct trust_verdict crowd_scene_trust(const struct crowd_scene *scene, uint32_t device);

/* One frame of the device, at the time that the device says; takes boxes and source_tracks (-1 = none). */
enum intake_answer crowd_scene_add(struct crowd_scene *scene, struct intake_frame frame,
                                   int64_t arrival_ms);
/* Whether steps of the device's group are to be made before its frame that arrives now is added: time went
 * on, so that the steps are the same however records come in batches; or no more frames fit. */
bool crowd_scene_must_advance(const struct crowd_scene *scene, uint32_t device, int64_t arrival_ms);
/* Follows the people of one group up to where its frames are complete at `stream_ms`, to the last step that starts
 * before `before_ms`, or until something can be settled; settle and call again while it is true. */
bool crowd_scene_advance(struct crowd_scene *scene, uint32_t group, int64_t stream_ms,
                         int64_t before_ms);
/* When the next step starts that is complete; INT64_MAX: none is. */
int64_t crowd_scene_due_ms(const struct crowd_scene *scene, uint32_t group, int64_t stream_ms);

/* The time of the newest step of all; INT64_MIN / 4 before the first. */
int64_t crowd_scene_at_ms(const struct crowd_scene *scene);
int64_t crowd_scene_group_at_ms(const struct crowd_scene *scene, uint32_t group);
/* The step that all groups have come to that were heard as lately as the others and are not more than that
 * behind the newest; INT64_MIN before the first. */
int64_t crowd_scene_reached_ms(const struct crowd_scene *scene, int64_t behind_max_ms);
/* Groups by number, see groups.h. */
size_t crowd_scene_group_count(const struct crowd_scene *scene);
size_t crowd_scene_device_count(const struct crowd_scene *scene); /* of the view */
const struct camera_group *crowd_scene_group(const struct crowd_scene *scene, uint32_t group);
uint32_t crowd_scene_group_of(const struct crowd_scene *scene, uint32_t device);
/* Whether the device has sent a frame lately. */
bool crowd_scene_hears(const struct crowd_scene *scene, uint32_t device, int64_t stream_ms);
/* Who is there now, by one group; NULL while that cannot be told: it has just begun, its cameras look too
 * seldom to follow anybody, or all are silent. Borrowed until the next step. */
const struct tracker_person *crowd_scene_people(const struct crowd_scene *scene, uint32_t group,
                                                int64_t stream_ms, size_t *out_count);

/* What is told of one group's people, and what they are told to be called by (news.h); groups by number. */
struct news_list;
void crowd_scene_take_news(struct crowd_scene *scene, uint32_t group, struct news_list *out_list);
bool crowd_scene_rename(struct crowd_scene *scene, uint32_t group, uint64_t own_id, uint64_t told);
void crowd_scene_hand_over(struct crowd_scene *scene, uint32_t group, uint64_t own_id);

/* A step, settled: everybody of one group at one time. */
struct crowd_scene_fixes {
    struct tracker_fix *fixes; /* by time */
    size_t count;
    int64_t *step_times; /* of every settled step that can be relied on, also without anybody */
    size_t step_count;
    uint32_t group;
};
/* What a group has settled since the last call; false when there is nothing. The caller ends it. */
bool crowd_scene_settle(struct crowd_scene *scene, uint32_t group, int64_t stream_ms,
                        struct crowd_scene_fixes *out_fixes);
void crowd_scene_fixes_fini(struct crowd_scene_fixes *fixes);
/* Step by step: everybody who was there, borrowed, and nobody where `count` is 0. */
struct crowd_step {
    int64_t at_ms;
    const struct tracker_fix *people;
    size_t count;
};
struct crowd_step_cursor { /* zeroed before the first */
    size_t step, fix;
};
bool crowd_scene_fixes_next(const struct crowd_scene_fixes *fixes, struct crowd_step_cursor *cursor,
                            struct crowd_step *out_step);
/* Everything before is settled in every group that is alive. */
int64_t crowd_scene_settled_ms(const struct crowd_scene *scene, int64_t stream_ms);
