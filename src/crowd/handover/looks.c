// SPDX-License-Identifier: Apache-2.0
#include "crowd/handover/looks.h"

#include <math.h>

struct look_kept {
    uint32_t device;
    int64_t source_track;
    int64_t at_ms;
    int8_t v[LOOKS_DIMS];
};

struct likeness { /* of pairs: sums of cosines */
    double count, sum, square;
};

struct looks {
    struct look_kept *all; /* a ring; NULL before the first */
    size_t first, count;
    struct likeness strangers, self;
};

struct looks *looks_create(void)
{
    return mem_new(sizeof(struct looks));
}

static void wipe(struct looks *looks)
{
    if (looks->all != NULL)
        memset(looks->all, 0, LOOKS_MAX * sizeof *looks->all);
    mem_free(looks->all);
    looks->all = NULL;
    looks->first = looks->count = 0;
}

void looks_destroy(struct looks *looks)
{
    if (looks == NULL)
        return;
    wipe(looks);
    mem_free(looks);
}

size_t looks_count(const struct looks *looks)
{
    return looks->count;
}

static void drop_oldest(struct looks *looks)
{
    memset(&looks->all[looks->first], 0, sizeof *looks->all);
    looks->first = (looks->first + 1) % LOOKS_MAX;
    looks->count--;
}

void looks_put(struct looks *looks, uint32_t device, int64_t source_track,
               const int8_t v[LOOKS_DIMS], int64_t at_ms)
{
    if (looks->all == NULL)
        looks->all = mem_new_array(LOOKS_MAX, sizeof *looks->all);
    if (looks->count == LOOKS_MAX)
        drop_oldest(looks);
    struct look_kept *kept = &looks->all[(looks->first + looks->count++) % LOOKS_MAX];
    *kept = (struct look_kept){.device = device, .source_track = source_track, .at_ms = at_ms};
    memcpy(kept->v, v, sizeof kept->v);
}

void looks_forget(struct looks *looks, int64_t now_ms)
{
    while (looks->count > 0 && looks_is_over(looks->all[looks->first].at_ms, now_ms))
        drop_oldest(looks);
    if (looks->count == 0)
        wipe(looks);
}

/* Eight sums side by side: the processor adds them at once, in the same order everywhere. */
static double dot_of(const float *a, const float *b)
{
    enum { SIDE = 8 };
    float sums[SIDE] = {0};
    _Static_assert(LOOKS_DIMS % SIDE == 0, "whole rounds");
    for (int i = 0; i < LOOKS_DIMS; i += SIDE) {
        for (int k = 0; k < SIDE; k++)
            sums[k] += a[i + k] * b[i + k];
    }
    return (double)((sums[0] + sums[4]) + (sums[1] + sums[5])) +
           (double)((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

double look_cosine(const struct look *a, const struct look *b)
{
    double squares = a->square * b->square;
    return squares > 0 ? dot_of(a->v, b->v) / sqrt(squares) : 0;
}

static void learn(struct likeness *likeness, double cosine)
{
    if (likeness->count >= LOOKS_MEMORY) {
        likeness->count /= 2;
        likeness->sum /= 2;
        likeness->square /= 2;
    }
    likeness->count += 1;
    likeness->sum += cosine;
    likeness->square += cosine * cosine;
}

/* Every vector counts alike, whatever its length. */
static bool unit_of(const struct look_kept *kept, struct look *out)
{
    double square = 0;
    for (int i = 0; i < LOOKS_DIMS; i++)
        square += (double)kept->v[i] * (double)kept->v[i];
    if (!(square > 0))
        return false;
    for (int i = 0; i < LOOKS_DIMS; i++)
        out->v[i] = (float)(kept->v[i] / sqrt(square));
    out->square = dot_of(out->v, out->v);
    out->count = 1;
    out->at_ms = kept->at_ms;
    return true;
}

void looks_gather(struct looks *looks, uint32_t device, int64_t source_track,
                  struct look *inout_look)
{
    for (size_t i = looks->count; i-- > 0;) { /* the newest first */
        const struct look_kept *kept = &looks->all[(looks->first + i) % LOOKS_MAX];
        struct look look;
        if (kept->device != device || kept->source_track != source_track)
            continue;
        if (!unit_of(kept, &look))
            return;
        if (inout_look->count == 0) {
            *inout_look = look;
            return;
        }
        learn(&looks->self, look_cosine(inout_look, &look));
        for (int k = 0; k < LOOKS_DIMS; k++)
            inout_look->v[k] += look.v[k];
        inout_look->square = dot_of(inout_look->v, inout_look->v);
        inout_look->count++;
        inout_look->at_ms = MIN(inout_look->at_ms, look.at_ms);
        return;
    }
}

void looks_learn_strangers(struct looks *looks, const struct look *a, const struct look *b)
{
    if (a->count > 0 && b->count > 0)
        learn(&looks->strangers, look_cosine(a, b));
}

static double log_normal(double value, double mean, double deviation, double log_deviation)
{
    double z = (value - mean) / deviation;
    return -0.5 * z * z - log_deviation;
}

static double deviation_of(double count, double sum, double square)
{
    double mean = sum / count;
    return fmax(sqrt(fmax(square / count - mean * mean, 0)), LOOKS_SPREAD_MIN);
}

struct looks_scale looks_scale(const struct looks *looks)
{
    const struct likeness *strangers = &looks->strangers, *self = &looks->self;
    struct looks_scale scale = {.is_known = strangers->count >= LOOKS_PAIRS_MIN};
    if (!scale.is_known)
        return scale;
    scale.apart = strangers->sum / strangers->count;
    scale.spread = deviation_of(strangers->count, strangers->sum, strangers->square);
    /* Its own likeness, with the opinion that stands before anything is learned of it. */
    double opinion = (scale.apart + 1) / 2, weight = LOOKS_SELF_WEIGHT;
    double count = self->count + weight, sum = self->sum + weight * opinion;
    double square = self->square + weight * (opinion * opinion + scale.spread * scale.spread);
    scale.alike = fmax(sum / count, scale.apart);
    scale.own = deviation_of(count, sum, square);
    scale.log_spread = log(scale.spread);
    scale.log_own = log(scale.own);
    return scale;
}

double looks_odds(const struct looks_scale *scale, const struct look *a, const struct look *b)
{
    if (a->count == 0 || b->count == 0 || !scale->is_known)
        return 0;
    /* Beyond its mean a likeness cannot be less of oneself. */
    double cosine = look_cosine(a, b);
    double odds =
        log_normal(fmin(cosine, scale->alike), scale->alike, scale->own, scale->log_own) -
        log_normal(fmax(cosine, scale->apart), scale->apart, scale->spread, scale->log_spread);
    return fmin(fmax(odds, -LOOKS_LIMIT), LOOKS_LIMIT);
}
