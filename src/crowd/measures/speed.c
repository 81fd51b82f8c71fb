// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/speed.h"

#include <math.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct speed speed_of(const uint32_t *persons, size_t count, const struct tracker_person *people,
                      const struct stride *strides, double *scratch)
{
    struct speed speed = {.people = count};
    size_t stopped = 0;
    if (count == 0)
        return speed;
    for (size_t i = 0; i < count; i++) {
        const struct tracker_person *person = &people[persons[i]];
        scratch[i] = hypot(person->vx, person->vy);
        speed.mean_m_s += scratch[i] / (double)count;
        stopped += strides[persons[i]].is_stopped;
    }
    qsort(scratch, count, sizeof *scratch, by_value);
    speed.median_m_s = (scratch[(count - 1) / 2] + scratch[count / 2]) / 2;
    speed.stopped_share = (double)stopped / (double)count;
    return speed;
}
