// SPDX-License-Identifier: Apache-2.0
/* crowd/scenes/groups.c — union-find over devices; each cell of a grid remembers the first camera whose
 * picture shows it, and joins every other one to that. */
#include "crowd/scenes/groups.h"

#include <math.h>

#define PICTURE_STEPS 64 /* pixels that are tried, a side */
#define NOBODY        UINT32_MAX

static void widen(struct venue_bounds *bounds, struct point point)
{
    bounds->low.x = fmin(bounds->low.x, point.x);
    bounds->low.y = fmin(bounds->low.y, point.y);
    bounds->high.x = fmax(bounds->high.x, point.x);
    bounds->high.y = fmax(bounds->high.y, point.y);
}

static bool is_within(const struct venue_bounds *bounds, struct point place, double margin_m)
{
    return place.x >= bounds->low.x - margin_m && place.x <= bounds->high.x + margin_m &&
           place.y >= bounds->low.y - margin_m && place.y <= bounds->high.y + margin_m;
}

static const struct venue_bounds nothing = {{INFINITY, INFINITY}, {-INFINITY, -INFINITY}};

struct venue_bounds venue_bounds_of(const struct venue_view *view)
{
    struct venue_bounds bounds = nothing;
    if (view->has_bounds) {
        widen(&bounds, view->bounds_min);
        widen(&bounds, view->bounds_max);
    }
    for (size_t i = 0; i < view->zone_count; i++) {
        for (size_t k = 0; k < view->zones[i].ring_len; k++)
            widen(&bounds, view->zones[i].ring[k]);
    }
    if (!view->has_bounds && bounds.low.x <= bounds.high.x) {
        widen(&bounds,
              (struct point){bounds.low.x - GROUPS_AROUND_M, bounds.low.y - GROUPS_AROUND_M});
        widen(&bounds,
              (struct point){bounds.high.x + GROUPS_AROUND_M, bounds.high.y + GROUPS_AROUND_M});
    } else if (!(bounds.low.x <= bounds.high.x)) {
        widen(&bounds, (struct point){-GROUPS_UNBOUNDED_M, -GROUPS_UNBOUNDED_M});
        widen(&bounds, (struct point){GROUPS_UNBOUNDED_M, GROUPS_UNBOUNDED_M});
    }
    return bounds;
}

static bool has_picture(const struct device *device)
{
    return device->image_width_px > 0 && device->image_height_px > 0 &&
           (device->calibration.kind == CALIBRATION_HOMOGRAPHY ||
            device->calibration.kind == CALIBRATION_OPENCV);
}

/* A venue without a plan goes as far as its cameras stand: around the nearest place that each one sees. */
static void widen_by_cameras(struct venue_bounds *bounds, const struct venue_view *view)
{
    const struct venue_bounds known = *bounds;
    for (size_t d = 0; d < view->device_count; d++) {
        const struct device *device = &view->devices[d];
        struct point place, foot = {device->image_width_px / 2, device->image_height_px};
        if (!has_picture(device) || !calibration_to_floor(&device->calibration, foot, &place) ||
            is_within(bounds, place, 0) || !is_within(&known, place, GROUPS_FAR_M))
            continue;
        widen(bounds, (struct point){place.x - GROUPS_AROUND_M, place.y - GROUPS_AROUND_M});
        widen(bounds, (struct point){place.x + GROUPS_AROUND_M, place.y + GROUPS_AROUND_M});
    }
}

struct joining {
    const struct venue_view *view;
    struct venue_bounds bounds;
    double cell_m;
    size_t columns, rows;
    uint32_t *shown_by;        /* cell to camera */
    uint32_t *parents;         /* of devices */
    struct venue_bounds *seen; /* of devices */
};

static uint32_t root_of(uint32_t *parents, uint32_t device)
{
    while (parents[device] != device) {
        parents[device] = parents[parents[device]];
        device = parents[device];
    }
    return device;
}

static void join(uint32_t *parents, uint32_t a, uint32_t b)
{
    uint32_t first = root_of(parents, a), second = root_of(parents, b);
    parents[MAX(first, second)] = MIN(first, second);
}

static void join_place(struct joining *joining, uint32_t device, struct point place)
{
    const struct venue_bounds *bounds = &joining->bounds;
    if (!is_within(bounds, place, 0))
        return;
    widen(&joining->seen[device], place);
    size_t column = (size_t)((place.x - bounds->low.x) / joining->cell_m);
    size_t row = (size_t)((place.y - bounds->low.y) / joining->cell_m);
    uint32_t *cell = &joining->shown_by[MIN(row, joining->rows - 1) * joining->columns +
                                        MIN(column, joining->columns - 1)];
    if (*cell == NOBODY)
        *cell = device;
    else
        join(joining->parents, device, *cell);
}

static void join_picture(struct joining *joining, uint32_t index)
{
    const struct device *device = &joining->view->devices[index];
    for (int row = 0; row <= PICTURE_STEPS; row++) {
        for (int column = 0; column <= PICTURE_STEPS; column++) {
            struct point pixel = {device->image_width_px * column / PICTURE_STEPS,
                                  device->image_height_px * row / PICTURE_STEPS};
            struct point place;
            if (calibration_to_floor(&device->calibration, pixel, &place))
                join_place(joining, index, place);
        }
    }
}

/* Where a picture is not known, nobody may be counted twice: such cameras meet one another, and everybody
 * who covers one of their zones. */
static void join_by_zones(struct joining *joining, const uint64_t *covers)
{
    const struct venue_view *view = joining->view;
    size_t words = (view->zone_count + 63) / 64;
    uint32_t first = NOBODY;
    for (uint32_t a = 0; a < view->device_count; a++) {
        if (has_picture(&view->devices[a]))
            continue;
        first = first == NOBODY ? a : first;
        join(joining->parents, first, a);
        for (uint32_t b = 0; b < view->device_count; b++) {
            bool do_meet = false;
            for (size_t w = 0; w < words; w++)
                do_meet |= (covers[a * words + w] & covers[b * words + w]) != 0;
            if (do_meet)
                join(joining->parents, a, b);
        }
    }
}

static void collect(struct groups *groups, struct joining *joining)
{
    size_t count = joining->view->device_count;
    groups->group_of = mem_new_array(count + 1, sizeof *groups->group_of);
    groups->place_of = mem_new_array(count + 1, sizeof *groups->place_of);
    groups->all = mem_new_array(count + 1, sizeof *groups->all);
    for (uint32_t d = 0; d < count; d++) { /* a root comes before those it has joined */
        uint32_t root = root_of(joining->parents, d);
        if (root == d) {
            groups->group_of[d] = (uint32_t)groups->count;
            groups->all[groups->count++] =
                (struct camera_group){.low = joining->seen[d].low, .high = joining->seen[d].high};
        }
        groups->group_of[d] = groups->group_of[root];
        struct camera_group *group = &groups->all[groups->group_of[d]];
        group->devices =
            mem_resize(group->devices, (group->device_count + 1) * sizeof *group->devices);
        groups->place_of[d] = (uint32_t)group->device_count;
        group->devices[group->device_count++] = d;
        if (joining->seen[d].low.x > joining->seen[d].high.x)
            continue; /* it sees nothing of the venue */
        struct venue_bounds bounds = {group->low, group->high};
        widen(&bounds, joining->seen[d].low);
        widen(&bounds, joining->seen[d].high);
        group->low = bounds.low;
        group->high = bounds.high;
    }
}

void groups_init(struct groups *groups, const struct venue_view *view, const uint64_t *covers)
{
    struct joining joining = {.view = view, .bounds = venue_bounds_of(view)};
    if (!view->has_bounds)
        widen_by_cameras(&joining.bounds, view);
    double width = joining.bounds.high.x - joining.bounds.low.x;
    double height = joining.bounds.high.y - joining.bounds.low.y;
    joining.cell_m = fmax(GROUPS_CELL_M, fmax(width, height) / GROUPS_SIDE_MAX);
    joining.columns = (size_t)fmax(1, ceil(width / joining.cell_m));
    joining.rows = (size_t)fmax(1, ceil(height / joining.cell_m));
    SCOPED_MEM uint32_t *cells = mem_new_array(joining.columns * joining.rows, sizeof *cells);
    SCOPED_MEM uint32_t *parents = mem_new_array(view->device_count + 1, sizeof *parents);
    SCOPED_MEM struct venue_bounds *seen = mem_new_array(view->device_count + 1, sizeof *seen);
    memset(cells, 0xff, joining.columns * joining.rows * sizeof *cells);
    joining.shown_by = cells;
    joining.parents = parents;
    joining.seen = seen;
    for (uint32_t d = 0; d < view->device_count; d++) {
        parents[d] = d;
        seen[d] = nothing;
    }
    for (uint32_t d = 0; d < view->device_count; d++) {
        if (has_picture(&view->devices[d]))
            join_picture(&joining, d);
        else
            seen[d] = joining.bounds; /* it may look anywhere, whatever zones it has seen so far */
    }
    join_by_zones(&joining, covers);
    *groups = (struct groups){0};
    collect(groups, &joining);
}

void groups_fini(struct groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        mem_free(groups->all[i].devices);
    mem_free(groups->all);
    mem_free(groups->group_of);
    mem_free(groups->place_of);
    *groups = (struct groups){0};
}

bool groups_are_same(const struct groups *a, const struct groups *b, size_t device_count)
{
    if (a->count != b->count ||
        memcmp(a->group_of, b->group_of, device_count * sizeof *a->group_of) != 0)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (memcmp(&a->all[i].low, &b->all[i].low, sizeof a->all[i].low) != 0 ||
            memcmp(&a->all[i].high, &b->all[i].high, sizeof a->all[i].high) != 0)
            return false;
    }
    return true;
}

bool groups_would_join(const struct groups *groups, const struct venue_view *view,
                       const uint64_t *covers)
{
    size_t words = (view->zone_count + 63) / 64;
    SCOPED_MEM uint64_t *zones = mem_new_array(words + 1, sizeof *zones);
    uint32_t own = NOBODY; /* the group of all whose picture is not known */
    for (uint32_t d = 0; d < view->device_count; d++) {
        if (has_picture(&view->devices[d]))
            continue;
        own = groups->group_of[d];
        for (size_t w = 0; w < words; w++)
            zones[w] |= covers[d * words + w];
    }
    for (uint32_t d = 0; own != NOBODY && d < view->device_count; d++) {
        for (size_t w = 0; groups->group_of[d] != own && w < words; w++) {
            if ((covers[d * words + w] & zones[w]) != 0)
                return true;
        }
    }
    return false;
}
