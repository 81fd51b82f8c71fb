// SPDX-License-Identifier: Apache-2.0
#include "evaluation/evaluation_internal.h"

#include <math.h>

/* Intersection over union; boxes without an area are like nothing. */
double similarity_of_boxes(const struct evaluation_item *a, const struct evaluation_item *b)
{
    double width = fmin(a->x + a->w, b->x + b->w) - fmax(a->x, b->x);
    double height = fmin(a->y + a->h, b->y + b->h) - fmax(a->y, b->y);
    double area_a = a->w * a->h;
    double area_b = b->w * b->h;
    if (width <= 0 || height <= 0 || area_a <= SIMILARITY_ROUNDING || area_b <= SIMILARITY_ROUNDING)
        return 0;
    double shared = width * height;
    return fmin(1, shared / (area_a + area_b - shared));
}

double similarity_on_floor(const struct evaluation_item *a, const struct evaluation_item *b,
                           double threshold_m)
{
    return fmax(0, 1 - hypot(a->x - b->x, a->y - b->y) / (2 * threshold_m));
}
