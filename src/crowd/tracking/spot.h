// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/spot.h — where something is, and how sure that is: a mean on the floor and a 2x2
 * covariance, in metres. What several independent witnesses say adds up in information form (inverse
 * covariance, and inverse covariance times mean): who is surer weighs more, and direction by direction,
 * so that two cameras that are each vague along their line of sight are sharp where the lines cross. */
#pragma once
#include "base/base.h"

#include <math.h>

struct spread { /* covariance, m² */
    double xx, xy, yy;
};

struct spot {
    double x, y;
    struct spread spread;
};

struct evidence { /* the information form of a spot; zero = nothing is known */
    struct spread weight;
    double x, y;
};

static inline struct spread spread_sum(struct spread a, struct spread b)
{
    return (struct spread){a.xx + b.xx, a.xy + b.xy, a.yy + b.yy};
}

static inline double spread_determinant(struct spread a)
{
    return a.xx * a.yy - a.xy * a.xy;
}

static inline struct spread spread_inverse(struct spread a)
{
    double d = 1 / spread_determinant(a);
    return (struct spread){a.yy * d, -a.xy * d, a.xx * d};
}

static inline struct evidence evidence_of(const struct spot *spot)
{
    struct spread w = spread_inverse(spot->spread);
    return (struct evidence){w, w.xx * spot->x + w.xy * spot->y, w.xy * spot->x + w.yy * spot->y};
}

static inline struct evidence evidence_sum(struct evidence a, struct evidence b)
{
    return (struct evidence){spread_sum(a.weight, b.weight), a.x + b.x, a.y + b.y};
}

static inline struct evidence evidence_without(struct evidence a, struct evidence b)
{
    struct spread weight = {a.weight.xx - b.weight.xx, a.weight.xy - b.weight.xy,
                            a.weight.yy - b.weight.yy};
    return (struct evidence){weight, a.x - b.x, a.y - b.y};
}

static inline struct spot evidence_spot(const struct evidence *evidence)
{
    struct spread s = spread_inverse(evidence->weight);
    return (struct spot){s.xx * evidence->x + s.xy * evidence->y,
                         s.xy * evidence->x + s.yy * evidence->y, s};
}

/* Squared Mahalanobis length of (dx, dy). */
static inline double spread_length2(struct spread s, double dx, double dy)
{
    return (s.yy * dx * dx - 2 * s.xy * dx * dy + s.xx * dy * dy) / spread_determinant(s);
}

/* The squared length of their difference only. */
static inline double spots_length2(const struct spot *a, const struct spot *b)
{
    struct spread s = spread_sum(a->spread, b->spread);
    return spread_length2(s, a->x - b->x, a->y - b->y);
}

/* Log density, per m², that both spots tell of one place; the squared length of their difference. */
static inline double spots_log_density(const struct spot *a, const struct spot *b,
                                       double *out_length2)
{
    struct spread s = spread_sum(a->spread, b->spread);
    *out_length2 = spread_length2(s, a->x - b->x, a->y - b->y);
    return -0.5 * *out_length2 - log(2 * M_PI) - 0.5 * log(spread_determinant(s));
}
