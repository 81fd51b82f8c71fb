// SPDX-License-Identifier: Apache-2.0
/* crowd/scenes/groups.h — which cameras of a venue look at the same floor, directly or through others.
 * Each group is followed by itself: two cameras of different groups never see one person at one time, so
 * nothing is lost, what one group costs and how late its cameras are is nobody else's affair, and a camera
 * more elsewhere changes nothing here.
 *
 * Overlap is taken from the pictures where their size is known. Cameras whose picture is not known are one
 * group, with all who cover one of their zones (declared or learned). */
#pragma once
#include "venues/venues.h"

#define GROUPS_SIDE_MAX 256 /* cells of the grid on which pictures are compared */
#define GROUPS_CELL_M   1.0

struct camera_group {
    uint32_t *devices; /* indexes in the view, ascending */
    size_t device_count;
    struct point low,
        high; /* of the floor they look at, within the venue; high < low when they see none of it */
};

struct groups {
    struct camera_group *all;
    size_t count;
    uint32_t *group_of; /* by device */
    uint32_t *place_of; /* by device: its index within the group */
};

struct venue_bounds {
    struct point low, high;
};
/* Plan and zones; without a plan GROUPS_AROUND_M around the zones, where people are of the venue too; or
 * GROUPS_UNBOUNDED_M around the origin when there is neither. Without a plan cameras that look elsewhere
 * extend the groups' floor, up to GROUPS_FAR_M from there: beyond, a calibration is wrong. */
#define GROUPS_AROUND_M    50.0
#define GROUPS_UNBOUNDED_M 200.0
#define GROUPS_FAR_M       1000.0
struct venue_bounds venue_bounds_of(const struct venue_view *view);

/* `covers`: (zone_count + 63) / 64 words for each device. */
void groups_init(struct groups *groups, const struct venue_view *view, const uint64_t *covers);
void groups_fini(struct groups *groups);
/* Whether both put the same devices together, over the same floor. */
bool groups_are_same(const struct groups *a, const struct groups *b, size_t device_count);
/* Whether cameras have come to cover zones that make one of several groups; covers only grow. */
bool groups_would_join(const struct groups *groups, const struct venue_view *view,
                       const uint64_t *covers);
