// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/decide.h"

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

struct best { /* of a group's cameras, for each zone and the floor outside */
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

/* What a camera has to say of the second. */
struct voice {
    const struct camera_second *camera; /* its frames of the second */
    const struct frame_count *last;     /* or the last one before */
};

struct decision {
    const struct venue_state *state;
    const struct venue_view *view;
    struct voice *voices; /* by device */
    uint64_t *known;      /* zones */
    struct best *best;    /* of the group at hand */
    struct best *sums;    /* of all groups */
    bool is_anybody_alive;
};

static bool has_spoken(const struct decision *decision, uint32_t device)
{
    return decision->voices[device].camera != NULL || decision->voices[device].last != NULL;
}

/* A camera that sends every few seconds still stands for the seconds between, until it is silent. */
static void hear_earlier(struct decision *decision, const struct second *earlier, int64_t end_ms)
{
    for (size_t c = 0; c < earlier->camera_count; c++) {
        const struct camera_second *camera = &earlier->cameras[c];
        const struct frame_count *last = camera->frames[camera->frame_count - 1];
        if (!has_spoken(decision, camera->device) &&
            end_ms - last->at_ms <= decision->view->devices[camera->device].silent_after_ms)
            decision->voices[camera->device].last = last;
    }
}

static void hear_all(struct decision *decision, const struct second *second)
{
    for (size_t c = 0; c < second->camera_count; c++)
        decision->voices[second->cameras[c].device].camera = &second->cameras[c];
    int64_t end_ms = (second->s + 1) * 1000;
    for (int64_t back = 1; back <= SECONDS_KEEP_MS / 1000; back++) {
        const struct second *earlier = seconds_find(&decision->state->seconds, second->s - back);
        if (earlier != NULL)
            hear_earlier(decision, earlier, end_ms);
    }
    const struct coverage *coverage = &decision->state->coverage;
    for (uint32_t d = 0; d < decision->view->device_count; d++) {
        const uint64_t *covered = coverage_of(coverage, d);
        if (!has_spoken(decision, d))
            continue;
        decision->is_anybody_alive = true;
        for (size_t w = 0; w < coverage->words; w++)
            decision->known[w] |= covered[w];
    }
}

static void know_entries(struct decision *decision, const struct frame_count *frame)
{
    for (size_t e = 0; e < frame->entry_count; e++) {
        uint16_t zone = frame->entries[e].zone;
        if (zone < decision->view->zone_count)
            decision->known[zone / 64] |= 1ULL << (zone % 64);
    }
}

static void offer_voice(struct decision *decision, const struct voice *voice)
{
    if (voice->camera != NULL)
        offer_camera(voice->camera, decision->best);
    for (size_t e = 0; voice->last != NULL && e < voice->last->entry_count; e++) {
        const struct zone_count *entry = &voice->last->entries[e];
        offer(&decision->best[entry->zone], entry->people, entry->first);
    }
}

static void offer_tally(struct decision *decision, const struct tally_group *tally)
{
    for (size_t i = 0; i < tally->entry_count; i++) {
        const struct tally_entry *entry = &tally->entries[i];
        offer(&decision->best[entry->zone], tally_mean(entry->people, tally->step_count),
              tally_mean(entry->first, tally->step_count));
    }
}

/* What the group has settled of the second, or of one shortly before. */
static const struct tally_group *settled_of(const struct decision *decision,
                                            const struct second *second, uint32_t group)
{
    const struct tally_group *tally = NULL;
    for (int64_t back = 0; back <= TALLY_BACK_S && tally == NULL; back++)
        tally = tally_find(&decision->state->tally, second->s - back, group);
    return tally;
}

static bool has_group_spoken(const struct decision *decision, const struct camera_group *cameras)
{
    for (size_t i = 0; i < cameras->device_count; i++) {
        if (has_spoken(decision, cameras->devices[i]))
            return true;
    }
    return false;
}

static void decide_group(struct decision *decision, const struct second *second, uint32_t group)
{
    const struct camera_group *cameras = crowd_scene_group(decision->state->scene, group);
    size_t places = decision->view->zone_count + 1;
    if (!has_group_spoken(decision, cameras))
        return;
    memset(decision->best, 0, places * sizeof *decision->best);
    const struct tally_group *tally = settled_of(decision, second, group);
    if (tally != NULL)
        offer_tally(decision, tally);
    for (size_t i = 0; i < cameras->device_count; i++) {
        const struct voice *voice = &decision->voices[cameras->devices[i]];
        if (tally == NULL)
            offer_voice(decision, voice);
        for (size_t f = 0; voice->camera != NULL && f < voice->camera->frame_count; f++)
            know_entries(decision, voice->camera->frames[f]);
        if (voice->last != NULL)
            know_entries(decision, voice->last);
    }
    for (size_t z = 0; z < places; z++) {
        decision->sums[z].people += decision->best[z].people;
        decision->sums[z].first += decision->best[z].first;
    }
}

static void count_cameras(const struct decision *decision, struct zone_cameras *cameras)
{
    const struct coverage *coverage = &decision->state->coverage;
    for (uint32_t d = 0; d < decision->view->device_count; d++) {
        const uint64_t *covered = coverage_of(coverage, d);
        if (decision->view->devices[d].kind != DEVICE_CAMERA)
            continue;
        for (size_t w = 0; w < coverage->words; w++) {
            for (uint64_t bits = covered[w]; bits != 0; bits &= bits - 1) {
                struct zone_cameras *zone = &cameras[64 * w + (size_t)__builtin_ctzll(bits)];
                zone->heard = (uint16_t)(zone->heard + has_spoken(decision, d));
                zone->silent = (uint16_t)(zone->silent + !has_spoken(decision, d));
            }
        }
    }
}

void second_decide(const struct venue_state *state, const struct second *second,
                   struct second_result *inout_result)
{
    const struct venue_view *view = venue_state_view(state);
    size_t places = view->zone_count + 1;
    SCOPED_MEM struct voice *voices = mem_new_array(view->device_count + 1, sizeof *voices);
    SCOPED_MEM uint64_t *known = mem_new_array(view->zone_count / 64 + 1, sizeof *known);
    SCOPED_MEM struct best *best = mem_new_array(2 * places, sizeof *best);
    struct decision decision = {.state = state,
                                .view = view,
                                .voices = voices,
                                .known = known,
                                .best = best,
                                .sums = best + places};
    hear_all(&decision, second);
    for (uint32_t g = 0; g < crowd_scene_group_count(state->scene); g++)
        decide_group(&decision, second, g);
    if (inout_result->cameras != NULL)
        count_cameras(&decision, inout_result->cameras);
    inout_result->total = decision.sums[view->zone_count].first;
    for (size_t z = 0; z < view->zone_count; z++) {
        bool is_known = decision.sums[z].people > 0 || (known[z / 64] >> (z % 64) & 1) != 0;
        inout_result->people[z] = is_known ? decision.sums[z].people : CROWD_UNKNOWN;
        inout_result->total += decision.sums[z].first;
    }
    if (!decision.is_anybody_alive)
        inout_result->total = CROWD_UNKNOWN;
}
