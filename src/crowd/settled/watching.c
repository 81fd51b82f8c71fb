// SPDX-License-Identifier: Apache-2.0
#include "crowd/settled/watching.h"

#include <math.h>

/* A picture is cut into so many parts, each a quadrilateral on the floor. */
#define PICTURE_COLUMNS 32
#define PICTURE_ROWS    24

static struct point middle_of(const struct venue_line *line)
{
    double rest_m = line->length_m / 2;
    for (size_t i = 1; i < line->point_count; i++) {
        struct point a = line->points[i - 1], b = line->points[i];
        double part_m = hypot(b.x - a.x, b.y - a.y);
        if (part_m > 0 && part_m >= rest_m)
            return (struct point){a.x + (b.x - a.x) * rest_m / part_m,
                                  a.y + (b.y - a.y) * rest_m / part_m};
        rest_m -= part_m;
    }
    return line->points[line->point_count - 1];
}

/* Off the borders of zones and of a picture's parts, where it would lie in neither side. */
static struct point nudged(struct point at)
{
    return (struct point){at.x + 0.0011, at.y + 0.0007};
}

static bool has_picture(const struct device *device)
{
    return device->image_width_px > 0 && device->image_height_px > 0 &&
           (device->calibration.kind == CALIBRATION_HOMOGRAPHY ||
            device->calibration.kind == CALIBRATION_OPENCV);
}

static void show_part(const struct watching *watching, uint64_t *lines, const struct point *corners,
                      const struct point *middles)
{
    struct point low = corners[0], high = corners[0];
    for (size_t i = 1; i < 4; i++) {
        low = (struct point){fmin(low.x, corners[i].x), fmin(low.y, corners[i].y)};
        high = (struct point){fmax(high.x, corners[i].x), fmax(high.y, corners[i].y)};
    }
    for (size_t l = 0; l < watching->view->line_count; l++) {
        struct point at = middles[l];
        if (at.x >= low.x && at.x <= high.x && at.y >= low.y && at.y <= high.y &&
            polygon_contains(corners, 4, at))
            lines[l / 64] |= 1ULL << (l % 64);
    }
}

static void show_picture(struct watching *watching, const struct device *device, uint64_t *lines,
                         const struct point *middles)
{
    static const int CORNERS[4][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    for (int row = 0; row < PICTURE_ROWS; row++) {
        for (int column = 0; column < PICTURE_COLUMNS; column++) {
            struct point corners[4];
            bool is_on_floor = true;
            for (int i = 0; i < 4 && is_on_floor; i++) {
                struct point pixel = {
                    device->image_width_px * (column + CORNERS[i][0]) / PICTURE_COLUMNS,
                    device->image_height_px * (row + CORNERS[i][1]) / PICTURE_ROWS};
                is_on_floor = calibration_to_floor(&device->calibration, pixel, &corners[i]);
            }
            if (is_on_floor)
                show_part(watching, lines, corners, middles);
        }
    }
}

static void set(uint64_t *bits, size_t bit)
{
    bits[bit / 64] |= 1ULL << (bit % 64);
}

static void find_zones(struct watching *watching, const struct point *middles)
{
    const struct venue_view *view = watching->view;
    size_t words = (view->zone_count + 63) / 64;
    watching->near = mem_new_array(view->line_count * words + 1, sizeof *watching->near);
    for (size_t l = 0; l < view->line_count; l++) {
        uint64_t *near = &watching->near[l * words];
        const struct venue_line *line = &view->lines[l];
        for (size_t z = 0; z < view->zone_count; z++) {
            if (z == line->left_zone || z == line->right_zone ||
                polygon_contains(view->zones[z].ring, view->zones[z].ring_len, middles[l]))
                set(near, z);
        }
    }
}

void watching_init(struct watching *watching, const struct venue_view *view)
{
    *watching = (struct watching){.view = view, .words = (view->line_count + 63) / 64};
    if (view->line_count == 0)
        return;
    SCOPED_MEM struct point *middles = mem_new_array(view->line_count, sizeof *middles);
    for (size_t l = 0; l < view->line_count; l++)
        middles[l] = nudged(middle_of(&view->lines[l]));
    watching->shown =
        mem_new_array(view->device_count * watching->words + 1, sizeof *watching->shown);
    for (size_t d = 0; d < view->device_count; d++) {
        if (has_picture(&view->devices[d]))
            show_picture(watching, &view->devices[d], &watching->shown[d * watching->words],
                         middles);
    }
    find_zones(watching, middles);
}

void watching_fini(struct watching *watching)
{
    mem_free(watching->shown);
    mem_free(watching->near);
    *watching = (struct watching){0};
}

void watching_add(const struct watching *watching, uint32_t device, const uint64_t *covers,
                  uint64_t *inout_lines)
{
    const struct venue_view *view = watching->view;
    size_t zone_words = (view->zone_count + 63) / 64;
    if (has_picture(&view->devices[device])) {
        for (size_t w = 0; w < watching->words; w++)
            inout_lines[w] |= watching->shown[device * watching->words + w];
        return;
    }
    for (size_t l = 0; l < view->line_count; l++) {
        bool is_near_any = false, is_covered = false;
        for (size_t w = 0; w < zone_words; w++) {
            is_near_any |= watching->near[l * zone_words + w] != 0;
            is_covered |= (watching->near[l * zone_words + w] & covers[w]) != 0;
        }
        if (is_covered || !is_near_any)
            set(inout_lines, l);
    }
}
