// SPDX-License-Identifier: Apache-2.0
#include "crowd/meet.h"

#include "base/metrics.h"
#include "crowd/tracking/news.h"

#define JOINS 64 /* at a time */

static struct metric handed_over_total =
    METRIC_COUNTER("muster_crowd_handed_over_total",
                   "People who were lost and known again elsewhere, or there later.");

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

void meet_again(struct handover *handover, struct crowd_scene *scene, struct track_log *tracks)
{
    uint32_t count = (uint32_t)crowd_scene_group_count(scene);
    SCOPED_MEM int64_t *times = mem_new_array(count + 1, sizeof *times);
    for (uint32_t g = 0; g < count; g++) {
        struct news_list list;
        crowd_scene_take_news(scene, g, &list);
        for (size_t i = 0; i < list.count; i++)
            tell(handover, scene, g, &list.all[i]);
        news_list_fini(&list);
        times[g] = crowd_scene_group_at_ms(scene, g);
    }
    const struct handover_time time = {times, count};
    struct handover_join joins[JOINS];
    size_t joined;
    do {
        joined = handover_decide(handover, &time, joins, JOINS);
        for (size_t i = 0; i < joined; i++)
            take(scene, tracks, &joins[i]);
    } while (joined == JOINS);
}
