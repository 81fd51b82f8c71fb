// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/decide.h"

#include "crowd/crowd.h"

static int by_people(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* The upper median of `count` values and as many zeros as are missing to `total`. */
static uint16_t median(uint16_t *values, size_t count, size_t total)
{
    size_t zeros = total - count, middle = total / 2;
    if (middle < zeros)
        return 0;
    qsort(values, count, sizeof *values, by_people);
    return values[middle - zeros];
}

struct best { /* of each zone, and of the floor outside, over the cameras */
    int64_t people;
    int64_t first;
};

static void offer(struct best *best, int64_t people, int64_t first)
{
    best->people = MAX(best->people, people);
    best->first = MAX(best->first, first);
}

struct zone_values {
    uint16_t zone;
    uint16_t people, first;
};

static int by_zone(const void *a, const void *b)
{
    return (int)((const struct zone_values *)a)->zone - (int)((const struct zone_values *)b)->zone;
}

static void offer_run(const struct zone_values *run, size_t len, size_t frames, struct best *best)
{
    SCOPED_MEM uint16_t *people = mem_new_array(2 * len, sizeof *people);
    uint16_t *first = people + len;
    for (size_t i = 0; i < len; i++) {
        people[i] = run[i].people;
        first[i] = run[i].first;
    }
    offer(&best[run->zone], median(people, len, frames), median(first, len, frames));
}

/* A camera's count of a zone is the median of its frames, those without anybody there included. */
static void offer_camera(const struct camera_second *camera, struct best *best)
{
    size_t count = 0;
    for (size_t f = 0; f < camera->frame_count; f++)
        count += camera->frames[f]->entry_count;
    SCOPED_MEM struct zone_values *values = mem_new_array(count + 1, sizeof *values);
    count = 0;
    for (size_t f = 0; f < camera->frame_count; f++) {
        const struct frame_count *frame = camera->frames[f];
        for (size_t e = 0; e < frame->entry_count; e++)
            values[count++] = (struct zone_values){frame->entries[e].zone, frame->entries[e].people,
                                                   frame->entries[e].first};
    }
    qsort(values, count, sizeof *values, by_zone);
    for (size_t start = 0; start < count;) {
        size_t end = start + 1;
        while (end < count && values[end].zone == values[start].zone)
            end++;
        offer_run(&values[start], end - start, camera->frame_count, best);
        start = end;
    }
}

struct decision {
    const struct venue_view *view;
    const struct coverage *coverage;
    uint8_t *has_spoken; /* devices */
    uint64_t *known;     /* zones */
    struct best *best;
    bool is_anybody_alive;
};

static void hear_camera(struct decision *decision, uint32_t device)
{
    const uint64_t *covered = coverage_of(decision->coverage, device);
    decision->has_spoken[device] = 1;
    decision->is_anybody_alive = true;
    for (size_t w = 0; w < decision->coverage->words; w++)
        decision->known[w] |= covered[w];
}

/* A camera that sends every few seconds still stands for the seconds between, until it is silent. */
static void hear_earlier(struct decision *decision, const struct second *earlier, int64_t end_ms)
{
    for (size_t c = 0; c < earlier->camera_count; c++) {
        const struct camera_second *camera = &earlier->cameras[c];
        const struct frame_count *last = camera->frames[camera->frame_count - 1];
        if (decision->has_spoken[camera->device] ||
            end_ms - last->at_ms > decision->view->devices[camera->device].silent_after_ms)
            continue;
        hear_camera(decision, camera->device);
        for (size_t e = 0; e < last->entry_count; e++)
            offer(&decision->best[last->entries[e].zone], last->entries[e].people,
                  last->entries[e].first);
    }
}

static void hear_all(struct decision *decision, const struct seconds *seconds,
                     const struct second *second)
{
    for (size_t c = 0; c < second->camera_count; c++) {
        hear_camera(decision, second->cameras[c].device);
        offer_camera(&second->cameras[c], decision->best);
    }
    int64_t end_ms = (second->s + 1) * 1000;
    for (int64_t back = 1; back <= SECONDS_KEEP_MS / 1000; back++) {
        const struct second *earlier = seconds_find(seconds, second->s - back);
        if (earlier != NULL)
            hear_earlier(decision, earlier, end_ms);
    }
}

static void count_cameras(const struct decision *decision, struct zone_cameras *cameras)
{
    const struct venue_view *view = decision->view;
    for (uint32_t d = 0; d < view->device_count; d++) {
        const uint64_t *covered = coverage_of(decision->coverage, d);
        if (view->devices[d].kind != DEVICE_CAMERA)
            continue;
        for (size_t w = 0; w < decision->coverage->words; w++) {
            for (uint64_t bits = covered[w]; bits != 0; bits &= bits - 1) {
                struct zone_cameras *zone = &cameras[64 * w + (size_t)__builtin_ctzll(bits)];
                zone->heard = (uint16_t)(zone->heard + decision->has_spoken[d]);
                zone->silent = (uint16_t)(zone->silent + !decision->has_spoken[d]);
            }
        }
    }
}

void second_decide(const struct seconds *seconds, const struct second *second,
                   const struct venue_view *view, const struct coverage *coverage,
                   struct second_result *inout_result)
{
    SCOPED_MEM uint8_t *has_spoken = mem_new_array(view->device_count + 1, 1);
    SCOPED_MEM uint64_t *known = mem_new_array(view->zone_count / 64 + 1, sizeof *known);
    SCOPED_MEM struct best *best = mem_new_array(view->zone_count + 1, sizeof *best);
    struct decision decision = {
        .view = view, .coverage = coverage, .has_spoken = has_spoken, .known = known, .best = best};
    hear_all(&decision, seconds, second);
    if (inout_result->cameras != NULL)
        count_cameras(&decision, inout_result->cameras);
    inout_result->total = best[view->zone_count].first;
    for (size_t z = 0; z < view->zone_count; z++) {
        bool is_known = best[z].people > 0 || (known[z / 64] >> (z % 64) & 1) != 0;
        inout_result->people[z] = is_known ? best[z].people : CROWD_UNKNOWN;
        inout_result->total += best[z].first;
    }
    if (!decision.is_anybody_alive)
        inout_result->total = CROWD_UNKNOWN;
}
