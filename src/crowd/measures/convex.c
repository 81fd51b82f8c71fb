// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/convex.h"

#include "venues/polygon.h"

#include <math.h>

static double distance2(struct point a, struct point b)
{
    return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

/* Its two corners become the one between them. */
static void drop_shortest_edge(struct convex *shape)
{
    size_t shortest = 0;
    double least = INFINITY;
    for (size_t i = 0; i < shape->len; i++) {
        double length2 = distance2(shape->corners[i], shape->corners[(i + 1) % shape->len]);
        if (length2 < least) {
            least = length2;
            shortest = i;
        }
    }
    size_t next = (shortest + 1) % shape->len;
    struct point a = shape->corners[shortest], b = shape->corners[next];
    shape->corners[shortest] = (struct point){(a.x + b.x) / 2, (a.y + b.y) / 2};
    shape->len--;
    memmove(&shape->corners[next], &shape->corners[next + 1],
            (shape->len - next) * sizeof shape->corners[0]);
}

bool convex_cut(struct convex *shape, struct half_plane plane)
{
    double beyond[CONVEX_CORNERS_MAX];
    bool is_cut = false;
    if (shape->len == CONVEX_CORNERS_MAX)
        drop_shortest_edge(shape);
    for (size_t i = 0; i < shape->len; i++) {
        beyond[i] = (shape->corners[i].x - plane.border.x) * plane.normal_x +
                    (shape->corners[i].y - plane.border.y) * plane.normal_y;
        is_cut |= beyond[i] > 0;
    }
    if (!is_cut)
        return false;
    struct point kept[CONVEX_CORNERS_MAX + 1];
    size_t len = 0;
    for (size_t i = 0; i < shape->len; i++) {
        size_t next = i + 1 < shape->len ? i + 1 : 0;
        struct point a = shape->corners[i], b = shape->corners[next];
        if (beyond[i] <= 0)
            kept[len++] = a;
        if ((beyond[i] <= 0) != (beyond[next] <= 0) && len <= CONVEX_CORNERS_MAX) {
            double t = beyond[i] / (beyond[i] - beyond[next]);
            kept[len++] = (struct point){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
        }
    }
    shape->len = MIN(len, CONVEX_CORNERS_MAX);
    memcpy(shape->corners, kept, shape->len * sizeof kept[0]);
    return true;
}

void convex_cut_to(struct convex *shape, const struct point *ring, size_t len)
{
    for (size_t i = 0; i < len && shape->len > 0; i++) {
        struct point a = ring[i], b = ring[i + 1 < len ? i + 1 : 0];
        (void)convex_cut(shape, (struct half_plane){a, b.y - a.y, a.x - b.x});
    }
}

double convex_area(const struct convex *shape)
{
    return shape->len < 3 ? 0 : polygon_area(shape->corners, shape->len);
}

void corners_bounds(const struct point *corners, size_t len, struct point *out_low,
                    struct point *out_high)
{
    struct point low = {INFINITY, INFINITY}, high = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < len; i++) {
        low = (struct point){MIN(low.x, corners[i].x), MIN(low.y, corners[i].y)};
        high = (struct point){MAX(high.x, corners[i].x), MAX(high.y, corners[i].y)};
    }
    *out_low = low;
    *out_high = high;
}
