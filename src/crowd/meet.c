// SPDX-License-Identifier: Apache-2.0
#include "crowd/meet.h"

#include "base/metrics.h"
#include "crowd/tracking/news.h"

#define JOINS 64 /* at a time */

static struct metric handed_over_total =
    METRIC_COUNTER("muster_crowd_handed_over_total",
                   "People who were lost and known again elsewhere, or there later.");

struct meeting_news {
    struct news news;
    uint32_t group;
    uint64_t order; /* in which it came */
};

void meeting_init(struct meeting *meeting)
{
    *meeting = (struct meeting){.handover = handover_create(), .decided_ms = INT64_MIN};
}

void meeting_fini(struct meeting *meeting)
{
    handover_destroy(meeting->handover);
    mem_free(meeting->waiting);
    *meeting = (struct meeting){.handover = NULL};
}

/* --- what is told --- */

static struct handover_person person_of(const struct crowd_scene *scene, uint32_t group,
                                        const struct news *news)
{
    const struct camera_group *cameras = crowd_scene_group(scene, group);
    struct handover_person person = {.group = group,
                                     .id = news->own_id,
                                     .told = news->person.id,
                                     .at_ms = news->at_ms,
                                     .x = news->person.x,
                                     .y = news->person.y,
                                     .vx = news->person.vx,
                                     .vy = news->person.vy,
                                     .deviation_m = news->person.deviation_m,
                                     .arrivals = news->arrivals};
    for (uint32_t i = 0; i < news->eye_count; i++)
        person.eyes[person.eye_count++] = (struct handover_eye){
            cameras->devices[news->eyes[i].device], news->eyes[i].source_track};
    return person;
}

static void tell(struct handover *handover, const struct crowd_scene *scene, uint32_t group,
                 const struct news *news)
{
    struct handover_person person = person_of(scene, group, news);
    switch (news->kind) {
    case NEWS_BEGAN:
        handover_began(handover, &person);
        break;
    case NEWS_MISSED:
        handover_missed(handover, &person);
        break;
    case NEWS_BACK:
        handover_back(handover, group, person.id);
        break;
    case NEWS_LOST:
        handover_lost(handover, &person);
        break;
    }
}

static void take(struct crowd_scene *scene, struct track_log *tracks,
                 const struct handover_join *join)
{
    crowd_scene_hand_over(scene, join->lost_group, join->lost_id);
    (void)crowd_scene_rename(scene, join->group, join->id, join->told); /* it may have gone since */
    track_log_rename(tracks, join->was, join->told);
    metric_add(&handed_over_total, 1);
}

static int by_time(const void *a, const void *b)
{
    const struct meeting_news *x = a, *y = b;
    if (x->news.told_ms != y->news.told_ms)
        return x->news.told_ms < y->news.told_ms ? -1 : 1;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void take_news(struct meeting *meeting, struct crowd_scene *scene, uint32_t group)
{
    struct news_list list;
    crowd_scene_take_news(scene, group, &list);
    size_t needed = meeting->waiting_count + list.count;
    if (needed > meeting->waiting_size) {
        meeting->waiting_size = MAX(needed, 2 * meeting->waiting_size);
        meeting->waiting =
            mem_resize(meeting->waiting, meeting->waiting_size * sizeof *meeting->waiting);
    }
    for (size_t i = 0; i < list.count; i++)
        meeting->waiting[meeting->waiting_count++] =
            (struct meeting_news){list.all[i], group, meeting->told++};
    news_list_fini(&list);
}

static void tell_until(struct meeting *meeting, const struct crowd_scene *scene, int64_t until_ms)
{
    size_t told = 0;
    for (; told < meeting->waiting_count && meeting->waiting[told].news.told_ms <= until_ms; told++)
        tell(meeting->handover, scene, meeting->waiting[told].group, &meeting->waiting[told].news);
    if (told == 0)
        return;
    meeting->waiting_count -= told;
    memmove(meeting->waiting, &meeting->waiting[told],
            meeting->waiting_count * sizeof *meeting->waiting);
}

static void gather_news(struct meeting *meeting, struct crowd_scene *scene)
{
    size_t waited = meeting->waiting_count;
    for (uint32_t g = 0; g < crowd_scene_group_count(scene); g++)
        take_news(meeting, scene, g);
    if (meeting->waiting_count > waited)
        qsort(meeting->waiting, meeting->waiting_count, sizeof *meeting->waiting, by_time);
    if (meeting->waiting_count > MEET_NEWS_MAX)
        tell_until(meeting, scene, INT64_MAX);
}

/* --- what is decided --- */

static void decide(struct meeting *meeting, struct crowd_scene *scene, struct track_log *tracks,
                   int64_t at_ms)
{
    size_t count = crowd_scene_group_count(scene), joined;
    SCOPED_MEM int64_t *times = mem_new_array(count + 1, sizeof *times);
    for (uint32_t g = 0; g < count; g++)
        times[g] = MIN(at_ms, crowd_scene_group_at_ms(scene, g));
    const struct handover_time time = {times, count};
    struct handover_join joins[JOINS];
    do {
        joined = handover_decide(meeting->handover, &time, joins, JOINS);
        for (size_t i = 0; i < joined; i++)
            take(scene, tracks, &joins[i]);
    } while (joined == JOINS);
}

static int64_t period_end(int64_t at_ms)
{
    int64_t over_ms = at_ms % MEET_PERIOD_MS;
    return at_ms - (over_ms < 0 ? over_ms + MEET_PERIOD_MS : over_ms);
}

/* Compared, never subtracted: cameras may send any time. */
static bool is_far(int64_t decided_ms, int64_t until_ms)
{
    return decided_ms < until_ms - MEET_GAP_MS || decided_ms > until_ms + MEET_GAP_MS;
}

void meet_again(struct meeting *meeting, struct crowd_scene *scene, struct track_log *tracks)
{
    gather_news(meeting, scene);
    int64_t reached_ms = crowd_scene_reached_ms(scene, MEET_BEHIND_MS);
    if (reached_ms == INT64_MIN)
        return;
    int64_t until_ms = period_end(reached_ms);
    if (is_far(meeting->decided_ms, until_ms))
        meeting->decided_ms = until_ms - MEET_PERIOD_MS;
    if (meeting->decided_ms >
        until_ms) { /* whoever is ahead is gone; the others in their own time */
        tell_until(meeting, scene, meeting->decided_ms);
        decide(meeting, scene, tracks, meeting->decided_ms);
    }
    while (meeting->decided_ms < until_ms) {
        meeting->decided_ms += MEET_PERIOD_MS;
        tell_until(meeting, scene, meeting->decided_ms);
        decide(meeting, scene, tracks, meeting->decided_ms);
    }
}
