// SPDX-License-Identifier: Apache-2.0
#include "crowd/handover/wardrobe.h"

#include <math.h>

#define SELF      0.72
#define STRANGERS 0.41
#define CLOTHES   4 /* numbers that say most: people are dressed alike */

static void fill_unit(double v[LOOKS_DIMS], struct random_sequence *chance)
{
    double square = 0;
    for (int i = 0; i < LOOKS_DIMS; i++) {
        v[i] = random_normal(chance) * (i < CLOTHES ? 5 : 1);
        square += v[i] * v[i];
    }
    for (int i = 0; i < LOOKS_DIMS; i++)
        v[i] /= sqrt(square);
}

void wardrobe_person(struct wardrobe *wardrobe, double out[LOOKS_DIMS])
{
    double own[LOOKS_DIMS], shared = STRANGERS / SELF;
    fill_unit(own, &wardrobe->chance);
    for (int i = 0; i < LOOKS_DIMS; i++)
        out[i] = sqrt(shared) * wardrobe->all[i] + sqrt(1 - shared) * own[i];
}

void wardrobe_seen(struct wardrobe *wardrobe, const double person[LOOKS_DIMS],
                   int8_t out[LOOKS_DIMS])
{
    double noise[LOOKS_DIMS];
    fill_unit(noise, &wardrobe->chance);
    for (int i = 0; i < LOOKS_DIMS; i++) {
        double value = sqrt(SELF) * person[i] + sqrt(1 - SELF) * noise[i];
        out[i] = (int8_t)lround(fmin(fmax(value * 300, -127), 127));
    }
}

struct wardrobe wardrobe_of(uint64_t seed)
{
    struct wardrobe wardrobe = {.chance = {.state = seed}};
    fill_unit(wardrobe.all, &wardrobe.chance);
    return wardrobe;
}
