// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/scene.h — the people of one venue: its groups of cameras, each with its gathering of frames
 * and its tracker, and what comes of them: who is there now, and settled fixes. Pure. */
#pragma once
/* A group is relied on once it has followed people for so long, looking so often at least. */
#define SCENE_WARM_MS   2000
#define SCENE_PERIOD_MS 1500
#include "crowd/tracking/gather.h"
#include "crowd/tracking/groups.h"

struct scene;
/* `covers`: (zone_count + 63) / 64 words for each device, for cameras whose picture is not known. Ids of
 * people begin at `first_id`. Keeps a reference of the view. */
struct scene *scene_create(struct venue_view *view, const uint64_t *covers, uint64_t first_id);
void scene_destroy(struct scene *scene); /* NULL is fine */
DEFINE_SCOPED(scene)
/* Whether other coverage would make other groups; then the scene is to be made anew. */
bool scene_is_outdated(const struct scene *scene, const uint64_t *covers);
uint64_t scene_next_id(const struct scene *scene);

/* One frame of the device; takes boxes and source_tracks (-1 = none). */
enum gather_answer scene_add(struct scene *scene, struct gather_frame frame, int64_t arrival_ms);
/* Follows people up to where the frames are complete at `stream_ms`. True when a step was made. */
bool scene_advance(struct scene *scene, int64_t stream_ms);

/* Groups by number, see groups.h. */
size_t scene_group_count(const struct scene *scene);
const struct camera_group *scene_group(const struct scene *scene, uint32_t group);
uint32_t scene_group_of(const struct scene *scene, uint32_t device);
/* Who is there now, by one group; NULL while that cannot be told: it has just begun, its cameras look too
 * seldom to follow anybody, or all are silent. Borrowed until the next step. */
const struct tracker_person *scene_people(const struct scene *scene, uint32_t group,
                                          int64_t stream_ms, size_t *out_count);

/* A step, settled: everybody of one group at one time. */
struct scene_fixes {
    struct tracker_fix *fixes; /* by time */
    size_t count;
    int64_t *step_times; /* of every settled step that can be relied on, also without anybody */
    size_t step_count;
    uint32_t group;
};
/* What was settled since the last call, one group after the other; false when there is no more. The caller
 * ends each. */
bool scene_settle(struct scene *scene, int64_t stream_ms, struct scene_fixes *out_fixes);
void scene_fixes_fini(struct scene_fixes *fixes);
/* Everything before is settled in every group that is alive. */
int64_t scene_settled_ms(const struct scene *scene, int64_t stream_ms);
