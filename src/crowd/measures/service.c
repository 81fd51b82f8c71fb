// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/service.h"

const char *const service_names[] = {"A", "B", "C", "D", "E", "F", NULL};

/* The last value that still is of the level; above the last comes F. */
static const double WALKING_PER_M2[SERVICE_F] = {0.31, 0.43, 0.72, 1.08, 2.17};
static const double FLOW_PER_MIN_M[SERVICE_F] = {23, 33, 49, 66, 82};
static const double STANDING_PER_M2[SERVICE_F] = {0.83, 1.08, 1.54, 3.59, 5.38};

static enum service level_of(const double *last, double value)
{
    int level = SERVICE_A;
    while (level < SERVICE_F && value > last[level])
        level++;
    return (enum service)level;
}

enum service service_walking(double persons_per_m2)
{
    return level_of(WALKING_PER_M2, persons_per_m2);
}

enum service service_flow(double persons_per_min_m)
{
    return level_of(FLOW_PER_MIN_M, persons_per_min_m);
}

enum service service_standing(double persons_per_m2)
{
    return level_of(STANDING_PER_M2, persons_per_m2);
}
