// SPDX-License-Identifier: Apache-2.0
#include "trends/inside/occupancy.h"

#include "readings/numbers.h"

#include <math.h>

#define OCCUPANCY_VERSION 1
/* Of what is certain, in people: not quite none, so that one late counter's report does not teach much. */
#define SET_DEVIATION 0.5
#define HOUR_MS       3600000.0

enum { INSIDE, MISSED_IN, MISSED_OUT, STATES };

const struct occupancy_settings OCCUPANCY_DEFAULTS = {.missed_deviation = 0.03,
                                                      .camera_correlation_s = 60};

static double clamp(double value, double least, double most)
{
    return fmax(least, fmin(most, value));
}

void occupancy_init(struct occupancy *occupancy, const struct occupancy_settings *settings)
{
    *occupancy =
        (struct occupancy){.settings = *settings,
                           .state = {settings->people, settings->missed_in, settings->missed_out},
                           .counted = settings->people,
                           .at_ms = INT64_MIN,
                           .camera_ms = INT64_MIN};
    double sure = settings->missed_deviation * settings->missed_deviation;
    occupancy->variance[INSIDE][INSIDE] = settings->people_deviation * settings->people_deviation;
    occupancy->variance[MISSED_IN][MISSED_IN] = sure;
    occupancy->variance[MISSED_OUT][MISSED_OUT] = sure;
    occupancy->counted_variance = occupancy->variance[INSIDE][INSIDE];
}

/* Time passes: the shares may have changed. */
static void advance(struct occupancy *occupancy, int64_t at_ms)
{
    if (occupancy->at_ms != INT64_MIN && at_ms > occupancy->at_ms) {
        double hours = (double)(at_ms - occupancy->at_ms) / HOUR_MS;
        double moved = OCCUPANCY_MISS_DRIFT * OCCUPANCY_MISS_DRIFT * fmin(hours, 24);
        occupancy->variance[MISSED_IN][MISSED_IN] += moved;
        occupancy->variance[MISSED_OUT][MISSED_OUT] += moved;
    }
    occupancy->at_ms = MAX(occupancy->at_ms, at_ms);
}

/* P' = F P F^T where F is one but for its first row (1, in, -out). */
static void spread(struct occupancy *occupancy, double in, double out)
{
    double(*p)[STATES] = occupancy->variance;
    double first[STATES];
    for (size_t j = 0; j < STATES; j++)
        first[j] = p[INSIDE][j] + in * p[MISSED_IN][j] - out * p[MISSED_OUT][j];
    double inside = first[INSIDE] + in * first[MISSED_IN] - out * first[MISSED_OUT];
    for (size_t j = 1; j < STATES; j++)
        p[INSIDE][j] = p[j][INSIDE] = first[j];
    p[INSIDE][INSIDE] = inside;
}

/* Chance of who is missed: as if each were drawn, with the share or its uncertainty, what is more. */
static double chance(const struct occupancy *occupancy, double passed, double share)
{
    return passed * fmax(fabs(share), occupancy->settings.missed_deviation);
}

void occupancy_pass(struct occupancy *occupancy, int64_t at_ms, double in, double out)
{
    in = isfinite(in) ? clamp(in, 0, OCCUPANCY_PASSED_MAX) : 0;
    out = isfinite(out) ? clamp(out, 0, OCCUPANCY_PASSED_MAX) : 0;
    advance(occupancy, at_ms);
    double *state = occupancy->state;
    state[INSIDE] += in * (1 + state[MISSED_IN]) - out * (1 + state[MISSED_OUT]);
    state[INSIDE] = fmax(0, state[INSIDE]);
    spread(occupancy, in, out);
    double noise =
        chance(occupancy, in, state[MISSED_IN]) + chance(occupancy, out, state[MISSED_OUT]);
    occupancy->variance[INSIDE][INSIDE] += noise;
    occupancy->counted += in - out;
    occupancy->counted_variance += noise;
    occupancy->passed_in += in;
    occupancy->passed_out += out;
}

/* Counters alone against a camera, over what the settings promise of both. */
static void compare(struct occupancy *occupancy, double people, double variance)
{
    const struct occupancy_settings *settings = &occupancy->settings;
    double in = occupancy->passed_in, out = occupancy->passed_out;
    double sure = settings->missed_deviation * settings->missed_deviation;
    double missed = in * settings->missed_in - out * settings->missed_out;
    double promised = occupancy->counted_variance + sure * (in * in + out * out) + variance;
    occupancy->disagreement = occupancy->counted - people;
    occupancy->disagreement_sigmas = (occupancy->disagreement + missed) / sqrt(promised);
}

/* A measurement of the people inside. Returns its surprise in sigmas. */
static double measure(struct occupancy *occupancy, double people, double variance)
{
    double(*p)[STATES] = occupancy->variance;
    double gap = people - occupancy->state[INSIDE];
    double sigmas = fabs(gap) / sqrt(p[INSIDE][INSIDE] + variance);
    if (sigmas > OCCUPANCY_TRUST) /* as noisy as makes it OCCUPANCY_TRUST sigmas */
        variance = gap * gap / (OCCUPANCY_TRUST * OCCUPANCY_TRUST) - p[INSIDE][INSIDE];
    double total = p[INSIDE][INSIDE] + variance, gain[STATES], first[STATES];
    memcpy(first, p[INSIDE], sizeof first);
    for (size_t i = 0; i < STATES; i++)
        gain[i] = first[i] / total;
    for (size_t i = 0; i < STATES; i++) {
        occupancy->state[i] += gain[i] * gap;
        for (size_t j = 0; j < STATES; j++)
            p[i][j] -= gain[i] * first[j];
    }
    occupancy->state[INSIDE] = fmax(0, occupancy->state[INSIDE]);
    for (size_t i = MISSED_IN; i <= MISSED_OUT; i++)
        occupancy->state[i] = clamp(occupancy->state[i], -OCCUPANCY_MISS_MAX, OCCUPANCY_MISS_MAX);
    return gap < 0 ? -sigmas : sigmas;
}

void occupancy_see(struct occupancy *occupancy, int64_t at_ms, double people, double deviation)
{
    if (!isfinite(people) || !isfinite(deviation) || deviation <= 0)
        return;
    people = clamp(people, 0, OCCUPANCY_PEOPLE_MAX);
    advance(occupancy, at_ms);
    double variance = deviation * deviation;
    compare(occupancy, people, variance);
    if (occupancy->camera_ms != INT64_MIN && occupancy->settings.camera_correlation_s > 0) {
        double apart_s = fmax(0.01, (double)(occupancy->at_ms - occupancy->camera_ms) / 1000);
        variance *= fmax(1, occupancy->settings.camera_correlation_s / apart_s);
    }
    occupancy->camera_ms = occupancy->at_ms;
    occupancy->surprise_sigmas = measure(occupancy, people, variance);
}

void occupancy_set(struct occupancy *occupancy, int64_t at_ms, double people)
{
    people = isfinite(people) ? clamp(people, 0, OCCUPANCY_PEOPLE_MAX) : 0;
    advance(occupancy, at_ms);
    (void)measure(occupancy, people, SET_DEVIATION * SET_DEVIATION);
    occupancy->state[INSIDE] = people;
    for (size_t j = 0; j < STATES; j++)
        occupancy->variance[INSIDE][j] = occupancy->variance[j][INSIDE] = 0;
    occupancy->counted = people;
    occupancy->counted_variance = 0;
    occupancy->passed_in = occupancy->passed_out = 0;
    occupancy->disagreement = occupancy->disagreement_sigmas = occupancy->surprise_sigmas = 0;
}

void occupancy_empty(struct occupancy *occupancy, int64_t at_ms)
{
    occupancy_set(occupancy, at_ms, 0);
}

struct occupancy_estimate occupancy_tell(const struct occupancy *occupancy)
{
    return (struct occupancy_estimate){.people = occupancy->state[INSIDE],
                                       .deviation =
                                           sqrt(fmax(0, occupancy->variance[INSIDE][INSIDE])),
                                       .missed_in = occupancy->state[MISSED_IN],
                                       .missed_out = occupancy->state[MISSED_OUT],
                                       .disagreement = occupancy->disagreement,
                                       .disagreement_sigmas = occupancy->disagreement_sigmas,
                                       .surprise_sigmas = occupancy->surprise_sigmas};
}

#define NUMBERS 25

/* All fractional numbers, in the order of the bytes. */
static void list_numbers(struct occupancy *o, double *out_numbers[NUMBERS])
{
    double *const numbers[NUMBERS] = {&o->settings.missed_in,
                                      &o->settings.missed_out,
                                      &o->settings.missed_deviation,
                                      &o->settings.camera_correlation_s,
                                      &o->settings.people,
                                      &o->settings.people_deviation,
                                      &o->state[0],
                                      &o->state[1],
                                      &o->state[2],
                                      &o->variance[0][0],
                                      &o->variance[0][1],
                                      &o->variance[0][2],
                                      &o->variance[1][0],
                                      &o->variance[1][1],
                                      &o->variance[1][2],
                                      &o->variance[2][0],
                                      &o->variance[2][1],
                                      &o->variance[2][2],
                                      &o->counted,
                                      &o->counted_variance,
                                      &o->passed_in,
                                      &o->passed_out,
                                      &o->disagreement,
                                      &o->disagreement_sigmas,
                                      &o->surprise_sigmas};
    memcpy(out_numbers, numbers, sizeof numbers);
}

enum err occupancy_pack(const struct occupancy *occupancy, void **out_bytes, size_t *out_len)
{
    struct packer packer = {0};
    struct occupancy copy = *occupancy;
    double *numbers[NUMBERS];
    list_numbers(&copy, numbers);
    seal_begin(&packer, OCCUPANCY_VERSION, 0);
    pack_zigzag(&packer, copy.at_ms);
    pack_zigzag(&packer, copy.camera_ms);
    for (size_t i = 0; i < NUMBERS; i++)
        pack_double(&packer, *numbers[i]);
    seal_end(&packer, SEAL_FAST);
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    *out_bytes = packer.bytes;
    *out_len = packer.len;
    return ERR_NONE;
}

enum err occupancy_unpack(const void *bytes, size_t len, struct occupancy *out_occupancy)
{
    struct unpacker content;
    uint8_t flags;
    SCOPED_MEM void *owned = NULL;
    TRY(seal_open(bytes, len, OCCUPANCY_VERSION, OCCUPANCY_CONTENT_MAX, &content, &flags, &owned));
    struct occupancy read = {0};
    double *numbers[NUMBERS];
    list_numbers(&read, numbers);
    read.at_ms = unpack_zigzag(&content);
    read.camera_ms = unpack_zigzag(&content);
    for (size_t i = 0; i < NUMBERS; i++)
        *numbers[i] = unpack_double(&content);
    if (content.is_broken || content.p != content.end)
        return ERR_CORRUPT;
    *out_occupancy = read;
    return ERR_NONE;
}
