// SPDX-License-Identifier: Apache-2.0
/* crowd/trust/trust.c — samples in, queries when they are due, and the verdicts. */
#include "crowd/trust/trust.h"

#include "crowd/trust/compare.h"

#include <math.h>

#define LONG_AGO  (INT64_MIN / 4)
#define WINDOW_MS 5000 /* two of them make the least lateness */

struct trust {
    struct trust_camera *cameras;
    size_t count;
    size_t judge_count; /* cameras that judge others */
};

struct trust *trust_create(size_t camera_count)
{
    struct trust *trust = mem_new(sizeof *trust);
    trust->count = camera_count;
    trust->cameras = mem_new_array(camera_count + 1, sizeof *trust->cameras);
    for (size_t i = 0; i < camera_count; i++)
        trust->cameras[i].asked_ms = LONG_AGO;
    return trust;
}

void trust_destroy(struct trust *trust)
{
    if (trust == NULL)
        return;
    for (size_t i = 0; i < trust->count; i++) {
        for (size_t k = 0; k < TRUST_KEEP; k++)
            mem_free(trust->cameras[i].samples[k].places);
    }
    mem_free(trust->cameras);
    mem_free(trust);
}

struct trust_verdict trust_of(const struct trust *trust, uint32_t camera)
{
    return trust->cameras[camera].verdict;
}

int64_t trust_correction_ms(const struct trust *trust, uint32_t camera)
{
    return trust->cameras[camera].correction_ms;
}

/* --- arrival --- */

static void note_lateness(struct trust_camera *camera, int64_t at_ms, int64_t arrival_ms)
{
    int64_t late_ms = arrival_ms - at_ms - camera->correction_ms;
    if (camera->heard_since_ms == 0 || arrival_ms - camera->window_ms > 4 * (int64_t)WINDOW_MS) {
        camera->heard_since_ms = camera->window_ms = arrival_ms;
        camera->earliest_ms[0] = camera->earliest_ms[1] = late_ms;
    } else if (arrival_ms - camera->window_ms >= WINDOW_MS) {
        camera->window_ms = arrival_ms;
        camera->earliest_ms[1] = camera->earliest_ms[0];
        camera->earliest_ms[0] = late_ms;
    }
    camera->earliest_ms[0] = MIN(camera->earliest_ms[0], late_ms);
}

static int64_t lateness(const struct trust_camera *camera)
{
    return MIN(camera->earliest_ms[0], camera->earliest_ms[1]);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_known(const struct trust_camera *camera, int64_t arrival_ms)
{
    return camera->heard_since_ms != 0 && arrival_ms - camera->window_ms <= 2 * WINDOW_MS &&
           arrival_ms - camera->heard_since_ms >= WINDOW_MS;
}

/* How late the others are: the upper median of those who can be relied on. False when there is none. */
static bool others_lateness(const struct trust *trust, uint32_t camera, int64_t arrival_ms,
                            int64_t *out_late_ms)
{
    SCOPED_MEM int64_t *late_ms = mem_new_array(trust->count + 1, sizeof *late_ms);
    size_t count = 0;
    for (size_t i = 0; i < trust->count; i++) {
        const struct trust_camera *other = &trust->cameras[i];
        if (i != camera && is_known(other, arrival_ms) && other->verdict.merging != TRUST_LEFT_OUT)
            late_ms[count++] = lateness(other);
    }
    if (count == 0)
        return false;
    qsort(late_ms, count, sizeof *late_ms, by_value);
    *out_late_ms = late_ms[count / 2];
    return true;
}

/* By how much the camera seems ahead by its arrival alone; 0 when nothing is suspicious. */
static int64_t seems_ahead(const struct trust *trust, uint32_t camera, int64_t arrival_ms)
{
    const struct trust_camera *own = &trust->cameras[camera];
    int64_t others_ms;
    if (!is_known(own, arrival_ms) || !others_lateness(trust, camera, arrival_ms, &others_ms) ||
        llabs(others_ms) > TRUST_LIVE_MS)
        return 0;
    int64_t late_ms = lateness(own), ahead_ms = others_ms - late_ms;
    bool is_future = late_ms < -TRUST_FUTURE_MS && ahead_ms > TRUST_FUTURE_MS;
    bool is_later = others_ms > -TRUST_FUTURE_MS && ahead_ms < -TRUST_LATER_MS;
    return is_future || is_later ? ahead_ms : 0;
}

static void set_clock(struct trust_camera *own, int64_t correction_ms)
{
    own->earliest_ms[0] += own->correction_ms - correction_ms;
    own->earliest_ms[1] += own->correction_ms - correction_ms;
    own->correction_ms = correction_ms;
}

static void suspect(struct trust *trust, uint32_t camera, int64_t at_ms, int64_t arrival_ms)
{
    struct trust_camera *own = &trust->cameras[camera];
    if (own->verdict.kind == TRUST_MOVED)
        return;
    int64_t ahead_ms = seems_ahead(trust, camera, arrival_ms);
    if (ahead_ms != 0 && own->correction_ms != 0 &&
        llabs(lateness(own) - own->confirmed_late_ms) > TRUST_LATER_MS / 2) {
        set_clock(own, 0); /* it was set: what is known of it is of before */
        own->verdict = (struct trust_verdict){.kind = TRUST_FINE};
        own->sums = (struct trust_sums){0};
        ahead_ms = seems_ahead(trust, camera, arrival_ms);
    }
    if (own->is_confirmed && llabs(lateness(own) - own->confirmed_late_ms) > TRUST_LATER_MS / 2)
        own->is_confirmed = false;
    if (ahead_ms != 0 && !own->is_confirmed && own->verdict.merging != TRUST_LEFT_OUT) {
        own->verdict = (struct trust_verdict){.kind = TRUST_CLOCK,
                                              .merging = TRUST_LEFT_OUT,
                                              .clock_off_ms = ahead_ms - own->correction_ms,
                                              .since_ms = at_ms};
    } else if (ahead_ms == 0 && own->verdict.merging == TRUST_LEFT_OUT) {
        own->verdict = (struct trust_verdict){.kind = TRUST_FINE}; /* it was set right */
    }
}

/* --- verdicts --- */

/* Whatever was found with others that are judged anew now. */
static void begin_anew(struct trust *trust)
{
    for (size_t i = 0; i < trust->count; i++)
        trust->cameras[i].sums = (struct trust_sums){0};
}

static void correct_clock(struct trust *trust, struct trust_camera *own, int64_t off_ms,
                          int64_t at_ms)
{
    int64_t correction_ms = own->correction_ms - off_ms;
    bool is_off = llabs(correction_ms) >= TRUST_CLOCK_OFF_MS;
    set_clock(own, is_off ? correction_ms : 0);
    own->is_confirmed = true;
    own->confirmed_late_ms = lateness(own);
    int64_t since_ms = own->verdict.kind == TRUST_CLOCK ? own->verdict.since_ms : at_ms;
    own->verdict = (struct trust_verdict){.kind = is_off ? TRUST_CLOCK : TRUST_FINE,
                                          .merging = is_off ? TRUST_CORRECTED : TRUST_MERGED,
                                          .clock_off_ms = -own->correction_ms,
                                          .since_ms = is_off ? since_ms : 0};
    begin_anew(trust);
}

static bool may_leave_out(const struct trust *trust)
{
    size_t left = 0;
    for (size_t i = 0; i < trust->count; i++) {
        const struct trust_camera *camera = &trust->cameras[i];
        left += camera->count > 0 && camera->verdict.merging != TRUST_LEFT_OUT;
    }
    return left >= 2;
}

/* The most that any shift but the small ones gains over none. */
static const struct trust_sum *best_elsewhere(const struct trust_camera *camera)
{
    const struct trust_sum *best = NULL;
    int half = TRUST_SIDE / 2;
    for (int i = 0; i < TRUST_SHIFTS; i++) {
        int dx = i % TRUST_SIDE - half, dy = i / TRUST_SIDE - half;
        const struct trust_sum *sum = &camera->sums.shifts[i];
        if (dx * dx + dy * dy > 4 && (best == NULL || sum->gain > best->gain))
            best = sum;
    }
    for (int i = 0; i < TRUST_LAGS && camera->verdict.kind == TRUST_CLOCK; i++) {
        const struct trust_sum *sum = &camera->sums.lags[i];
        bool is_asked = camera->sums.lag_count[i] > 0;
        if (is_asked && abs(i - TRUST_LAGS / 2) * TRUST_LAG_MS >= TRUST_LATER_MS / 2 &&
            sum->gain > best->gain)
            best = sum;
    }
    return best;
}

/* A suspect, or one that was moved, whose feet are now where and when others see them. */
static void confirm(struct trust_camera *own)
{
    const struct trust_sum *elsewhere = best_elsewhere(own);
    if ((double)elsewhere->gain > -TRUST_FEET || trust_sure(elsewhere) > -TRUST_SURE)
        return;
    own->is_confirmed = true;
    own->confirmed_late_ms = lateness(own);
    own->verdict = (struct trust_verdict){.kind = TRUST_FINE};
}

struct finding {
    double sure;
    enum trust_kind kind;
    uint32_t best;
};

/* Others met its feet here before, and now they do so no more than if its feet stood anywhere. */
static bool has_lost_touch(const struct trust_camera *camera)
{
    const struct trust_sum *elsewhere = best_elsewhere(camera);
    return (double)camera->sums.expected >= TRUST_MEET_FEET &&
           (double)camera->sums.met < TRUST_MEET_SHARE * (double)camera->sums.expected &&
           (double)elsewhere->gain > -TRUST_FEET;
}

static struct finding find(const struct trust_camera *camera)
{
    struct finding clock = {.kind = TRUST_CLOCK}, moved = {.kind = TRUST_MOVED};
    clock.best = trust_best(camera->sums.lags, TRUST_LAGS, &clock.sure);
    moved.best = trust_best(camera->sums.shifts, TRUST_SHIFTS, &moved.sure);
    if (fabs(trust_lag_ms(&camera->sums, clock.best)) < TRUST_CLOCK_OFF_MS)
        clock.sure = 0;
    if (clock.sure < TRUST_SURE && moved.sure < TRUST_SURE && has_lost_touch(camera))
        return (struct finding){TRUST_SURE, TRUST_MOVED, TRUST_SHIFTS / 2};
    return clock.sure >= moved.sure ? clock : moved;
}

static void judge(struct trust *trust, int64_t at_ms)
{
    struct trust_camera *worst = NULL;
    struct finding found = {.sure = 0};
    for (size_t i = 0; i < trust->count; i++) {
        struct trust_camera *camera = &trust->cameras[i];
        struct finding own = find(camera);
        if (camera->verdict.merging == TRUST_LEFT_OUT && own.sure < TRUST_SURE)
            confirm(camera);
        if (camera->verdict.kind == TRUST_MOVED && own.kind == TRUST_MOVED &&
            own.sure >= TRUST_SURE)
            camera->verdict.moved_m = trust_shift_m(own.best);
        bool is_new = camera->verdict.kind != TRUST_MOVED || own.kind == TRUST_CLOCK;
        if (is_new && own.sure > found.sure) {
            worst = camera;
            found = own;
        }
    }
    if (worst == NULL || found.sure < TRUST_SURE)
        return;
    if (found.kind == TRUST_CLOCK) {
        correct_clock(trust, worst, llround(trust_lag_ms(&worst->sums, found.best)), at_ms);
    } else if (may_leave_out(trust) || worst->verdict.merging == TRUST_LEFT_OUT) {
        worst->verdict = (struct trust_verdict){.kind = TRUST_MOVED,
                                                .merging = TRUST_LEFT_OUT,
                                                .moved_m = trust_shift_m(found.best),
                                                .since_ms = at_ms};
        begin_anew(trust);
    }
}

/* The newest moment that both this camera and others have told of. One that is behind has its newest picture
 * there; so the others have gone on by as much as it is behind. */
static int64_t moment_to_ask(const struct trust *trust, uint32_t camera)
{
    int64_t newest_ms = LONG_AGO;
    for (uint32_t i = 0; i < trust->count; i++) {
        const struct trust_camera *other = &trust->cameras[i];
        if (i != camera && other->count > 0 && other->verdict.merging != TRUST_LEFT_OUT)
            newest_ms =
                MAX(newest_ms, trust_sample(other, other->count - 1)->at_ms + other->correction_ms);
    }
    const struct trust_camera *own = &trust->cameras[camera];
    int64_t own_ms = trust_sample(own, own->count - 1)->at_ms + own->correction_ms;
    return MIN(newest_ms, own_ms) - TRUST_BACK_MS;
}

/* Who sees fewer of somebody's feet because a neighbour fell silent says nothing against that somebody. */
static void note_judges(struct trust *trust, int64_t at_ms)
{
    size_t judges = 0;
    for (size_t i = 0; i < trust->count; i++) {
        const struct trust_camera *camera = &trust->cameras[i];
        judges += camera->count > 0 && camera->verdict.merging != TRUST_LEFT_OUT &&
                  trust_sample(camera, camera->count - 1)->at_ms + camera->correction_ms >=
                      at_ms - TRUST_SPAN_MS;
    }
    for (size_t i = 0; judges != trust->judge_count && i < trust->count; i++) {
        memset(trust->cameras[i].cells, 0, sizeof trust->cameras[i].cells);
        trust->cameras[i].sums.expected = trust->cameras[i].sums.met = 0;
    }
    trust->judge_count = judges;
}

static void ask(struct trust *trust, uint32_t camera)
{
    struct trust_camera *own = &trust->cameras[camera];
    int64_t at_ms = moment_to_ask(trust, camera);
    if (at_ms < own->asked_ms + TRUST_QUERY_MS && at_ms > own->asked_ms - TRUST_SPAN_MS)
        return;
    own->asked_ms = at_ms;
    note_judges(trust, at_ms);
    if (trust_compare(trust->cameras, trust->count, camera, at_ms))
        judge(trust, at_ms);
}

/* --- samples --- */

bool trust_hear(struct trust *trust, uint32_t camera, int64_t at_ms, int64_t arrival_ms)
{
    struct trust_camera *own = &trust->cameras[camera];
    if (trust->count < 2)
        return false;
    note_lateness(own, at_ms, arrival_ms);
    suspect(trust, camera, at_ms, arrival_ms);
    if (own->count == 0)
        return true;
    int64_t newest_ms = trust_sample(own, own->count - 1)->at_ms;
    if (at_ms < newest_ms - TRUST_SPAN_MS) { /* the clock was put back, or old frames are sent */
        own->count = 0;
        return true;
    }
    return at_ms >= newest_ms + TRUST_SAMPLE_MS;
}

static void fill(struct trust_sample *sample, const struct trust_place *places, size_t count)
{
    sample->thinning = 1;
    for (size_t fitting = count; fitting > TRUST_PLACES;) {
        sample->thinning *= 2;
        fitting = 0;
        for (size_t i = 0; i < count; i++)
            fitting += trust_cell(places[i]) % sample->thinning == 0;
        if (sample->thinning > TRUST_PLACES) { /* all on one spot */
            count = MIN(count, (size_t)TRUST_PLACES);
            break;
        }
    }
    sample->places = mem_resize(sample->places, (count + 1) * sizeof *sample->places);
    sample->count = 0;
    for (size_t i = 0; i < count && sample->count < TRUST_PLACES; i++) {
        if (trust_cell(places[i]) % sample->thinning == 0)
            sample->places[sample->count++] = places[i];
    }
}

void trust_see(struct trust *trust, uint32_t camera, int64_t at_ms,
               const struct trust_place *places, size_t count)
{
    struct trust_camera *own = &trust->cameras[camera];
    if (own->count == TRUST_KEEP) {
        own->first = (own->first + 1) % TRUST_KEEP;
        own->count--;
    }
    struct trust_sample *sample = &own->samples[(own->first + own->count++) % TRUST_KEEP];
    sample->at_ms = at_ms;
    fill(sample, places, count);
    ask(trust, camera);
}
