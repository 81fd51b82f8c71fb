// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/tracker.c — the life of people: predicted, associated (step.c), updated, born, believed,
 * forgotten. */
#include "crowd/tracking/tracker.h"

#include "crowd/tracking/belief.h"
#include "crowd/tracking/learn.h"
#include "crowd/tracking/news.h"
#include "crowd/tracking/relay.h"

#define FIRST_STEP_S 0.5

struct tracker {
    struct venue_view *view; /* a reference */
    struct camera_model *cameras;
    struct floor floor;
    struct step_ground ground;
    struct step step;
    struct track **tracks; /* followed */
    size_t track_count, track_size;
    struct track **ended; /* no longer followed, not yet settled */
    size_t ended_count, ended_size;
    struct tracker_person *people;
    size_t people_count, people_size;
    uint64_t *next_id;
    uint64_t id_step;
    int64_t at_ms;
    bool has_begun;
    struct tracker_stats stats;
    struct news_list news;
    struct relay *relay; /* NULL once its people are settled, or of several devices */
    bool is_relaying;
};

struct tracker *tracker_create(const struct tracker_scope *scope)
{
    struct tracker *tracker = mem_new(sizeof *tracker);
    size_t count = scope->device_count;
    shared_ref(&scope->view->shared);
    tracker->view = scope->view;
    tracker->next_id = scope->next_id;
    tracker->id_step = MAX(scope->id_step, (uint64_t)1);
    tracker->cameras = mem_new_array(count + 1, sizeof *tracker->cameras);
    for (size_t i = 0; i < count; i++)
        camera_model_init(&tracker->cameras[i], &scope->view->devices[scope->devices[i]]);
    floor_init(&tracker->floor, scope->low, scope->high, tracker->cameras, count);
    tracker->ground = (struct step_ground){&tracker->floor, tracker->cameras, count};
    step_init(&tracker->step, &tracker->ground);
    tracker->is_relaying = count == 1;
    if (tracker->is_relaying)
        tracker->relay = relay_create(&tracker->floor, scope->next_id, tracker->id_step);
    return tracker;
}

void tracker_destroy(struct tracker *tracker)
{
    if (tracker == NULL)
        return;
    for (size_t i = 0; i < tracker->track_count; i++)
        mem_free(tracker->tracks[i]);
    for (size_t i = 0; i < tracker->ended_count; i++)
        mem_free(tracker->ended[i]);
    mem_free(tracker->tracks);
    mem_free(tracker->ended);
    mem_free(tracker->people);
    news_list_fini(&tracker->news);
    relay_destroy(tracker->relay);
    step_fini(&tracker->step);
    floor_fini(&tracker->floor);
    mem_free(tracker->cameras);
    shared_unref(&tracker->view->shared);
    mem_free(tracker);
}

static void push_track(struct track ***inout_list, size_t *inout_count, size_t *inout_size,
                       struct track *track)
{
    if (*inout_count == *inout_size) {
        *inout_size = MAX((size_t)64, 2 * *inout_size);
        *inout_list = mem_resize(*inout_list, *inout_size * sizeof **inout_list);
    }
    (*inout_list)[(*inout_count)++] = track;
}

/* --- frames in --- */

static void see_frame(struct tracker *tracker, const struct tracker_frame *frame)
{
    const struct camera_model *camera = &tracker->cameras[frame->device];
    struct step_frame *own = step_add_frame(&tracker->step, frame->device, frame->box_count);
    for (size_t i = 0; i < frame->box_count; i++) {
        struct sighting *sighting = &own->sightings[own->count];
        tracker->stats.sightings++;
        bool is_placed = frame->is_in_metres ? camera_model_place(&frame->boxes[i], sighting)
                                             : camera_model_see(camera, &frame->boxes[i], sighting);
        /* Nobody is followed where it could not be of: outside, beyond reach. */
        if (!is_placed ||
            !floor_is_near(&tracker->floor, sighting->spot.x, sighting->spot.y, STEP_REACH_M)) {
            tracker->stats.unplaced++;
            continue;
        }
        sighting->box = (uint32_t)i;
        own->source_tracks[own->count++] =
            frame->source_tracks == NULL ? -1 : frame->source_tracks[i];
    }
    tracker->step.sighting_count += own->count;
}

/* --- update --- */

static void note_looks(struct tracker *tracker, struct track *track, const struct cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->look_count; i++) {
        const struct step_frame *frame = &tracker->step.frames[cluster->looks[i].frame];
        const struct track_eye *eye = track_eye(track, frame->device);
        track_looked(track, frame->device, tracker->at_ms, eye == NULL ? -1 : eye->source_track);
    }
    for (uint32_t i = 0; i < cluster->part_count; i++) {
        const struct step_frame *frame = &tracker->step.frames[cluster->parts[i].frame];
        track_looked(track, frame->device, tracker->at_ms,
                     frame->source_tracks[cluster->parts[i].sighting]);
    }
}

static void move(struct tracker *tracker, struct track *track, const struct cluster *cluster)
{
    track->motion = cluster->is_renewed ? track->renewed : track->predicted;
    for (uint32_t i = 0; i < cluster->part_count; i++) {
        const struct step_part *part = &cluster->parts[i];
        motion_update(&track->motion,
                      &tracker->step.frames[part->frame].sightings[part->sighting].spot);
    }
}

static struct track *begin(struct tracker *tracker, const struct cluster *cluster)
{
    const struct spot spot = cluster->spot;
    if (!floor_holds(&tracker->floor, spot.x, spot.y))
        return NULL;
    if (tracker->track_count >= TRACKER_PEOPLE_MAX) {
        tracker->stats.turned_away++;
        return NULL;
    }
    struct track *track = track_create(*tracker->next_id, tracker->at_ms);
    *tracker->next_id += tracker->id_step;
    struct floor_cell *cell = floor_cell_at(&tracker->floor, spot.x, spot.y);
    double vx = 0, vy = 0, variance = 0;
    floor_walk(cell, &vx, &vy, &variance);
    motion_start(&track->motion, &spot, vx, vy, variance);
    push_track(&tracker->tracks, &tracker->track_count, &tracker->track_size, track);
    return track;
}

/* --- news --- */

static struct tracker_person person_of(const struct track *track)
{
    const struct motion *motion = &track->motion;
    return (struct tracker_person){
        .id = track->told,
        .x = motion->state[0],
        .y = motion->state[1],
        .vx = motion->state[2],
        .vy = motion->state[3],
        .deviation_m = sqrt(fmax(fmax(motion->p[0][0], motion->p[1][1]), 0)),
    };
}

static void tell_news(struct tracker *tracker, const struct track *track, enum news_kind kind,
                      int64_t at_ms)
{
    struct news *news = news_add(&tracker->news);
    news->kind = kind;
    news->own_id = track->id;
    news->at_ms = at_ms;
    news->told_ms = tracker->at_ms;
    news->person = kind == NEWS_BEGAN ? person_of(track) : track->seen;
    news->person.id = track->told;
    const struct floor_cell *cell = floor_cell_at(&tracker->floor, news->person.x, news->person.y);
    news->arrivals = floor_arrival_rate(&tracker->floor, cell);
    for (uint32_t i = 0; i < track->eye_count; i++) {
        if (track->eyes[i].source_track >= 0)
            news->eyes[news->eye_count++] =
                (struct news_eye){track->eyes[i].device, track->eyes[i].source_track};
    }
}

/* It is told with where it began, which may be a second ago; its velocity is better known now. */
static void tell_beginning(struct tracker *tracker, struct track *track)
{
    tell_news(tracker, track, NEWS_BEGAN, track->born_ms);
    struct news *news = &tracker->news.all[tracker->news.count - 1];
    const struct track_fix *first = track_fix(track, 0);
    news->person.x = (double)first->state[0];
    news->person.y = (double)first->state[1];
    news->at_ms = first->at_ms;
}

static void note_seen(struct tracker *tracker, struct track *track)
{
    track->seen_ms = tracker->at_ms;
    track->seen = person_of(track);
    if (track->is_missed)
        tell_news(tracker, track, NEWS_BACK, tracker->at_ms);
    track->is_missed = false;
}

static void tell_missed(struct tracker *tracker, struct track *track, enum news_kind kind)
{
    if (track->is_certain && !track->is_handed_over && (kind == NEWS_LOST || !track->is_missed)) {
        tell_news(tracker, track, kind, track->seen_ms);
        track->is_missed = true;
    }
}

void tracker_take_news(struct tracker *tracker, struct news_list *out_list)
{
    *out_list = tracker->news;
    tracker->news = (struct news_list){0};
}

static struct track *find_track(const struct tracker *tracker, uint64_t own_id)
{
    for (size_t i = 0; i < tracker->track_count + tracker->ended_count; i++) {
        bool is_followed = i < tracker->track_count;
        struct track *track =
            is_followed ? tracker->tracks[i] : tracker->ended[i - tracker->track_count];
        if (track->id == own_id)
            return track;
    }
    return NULL;
}

bool tracker_rename(struct tracker *tracker, uint64_t own_id, uint64_t told)
{
    struct track *track = find_track(tracker, own_id);
    if (track != NULL)
        track->told = track->seen.id = told;
    return track != NULL;
}

void tracker_hand_over(struct tracker *tracker, uint64_t own_id)
{
    struct track *track = find_track(tracker, own_id);
    if (track != NULL)
        track->is_handed_over = true;
}

/* Who is not certain may be nobody: counted at once, each
 * newcomer would make the next one likelier than that the same person still stands there. */
static void count_arrival(struct tracker *tracker, const struct track *track)
{
    const double *at = track->motion.state;
    floor_cell_at(&tracker->floor, at[0], at[1])->arrivals += 1;
}

/* --- the step --- */

static void name_parts(struct tracker *tracker, const struct track *track,
                       const struct cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->part_count; i++) {
        const struct step_part *part = &cluster->parts[i];
        tracker->step.frames[part->frame].sightings[part->sighting].person =
            track->is_certain ? track->told : 0;
    }
}

static void take(struct tracker *tracker, struct cluster *cluster)
{
    bool is_new = cluster->track == NULL;
    if (is_new)
        cluster->track = begin(tracker, cluster);
    struct track *track = cluster->track;
    if (track == NULL)
        return;
    bool was_certain = track->is_certain;
    belief_weigh(track, &tracker->step, cluster, is_new);
    if (!is_new)
        move(tracker, track, cluster);
    if (track->is_certain && !was_certain)
        count_arrival(tracker, track);
    if (cluster->part_count > 0)
        note_seen(tracker, track);
    if (cluster->look_count > 0)
        track->looked_ms = tracker->at_ms;
    bool is_shown =
        cluster->part_count > 0 || belief_missed_by_chance(cluster) > log(TRACK_SHOWN_MIN);
    track_keep_fix(track,
                   (cluster->is_renewed ? FIX_IS_RENEWED : 0) | (is_shown ? FIX_IS_SHOWN : 0));
    note_looks(tracker, track, cluster);
    if (track->is_certain && !was_certain)
        tell_beginning(tracker, track);
    name_parts(tracker, track, cluster);
    learn_from(&tracker->step, &tracker->ground, track, cluster);
}

/* Only cameras look there that are slower than the others: none has had a picture since. */
static bool is_awaited(const struct tracker *tracker, const struct track *track)
{
    const double *at = track->motion.state;
    return track->looked_ms <= track->seen_ms &&
           floor_cell_at(&tracker->floor, at[0], at[1])->look_count > 0;
}

static bool is_over(const struct tracker *tracker, const struct track *track)
{
    int64_t unseen_ms = tracker->at_ms - track->seen_ms;
    if (track->is_handed_over || unseen_ms >= TRACK_AWAITED_MS ||
        !floor_holds(&tracker->floor, track->motion.state[0], track->motion.state[1]))
        return true;
    if (track->is_certain)
        return unseen_ms >= TRACK_LOST_MS && !track->is_awaited;
    return (unseen_ms >= TRACK_UNPROVEN_MS && !track->is_awaited) || track->odds < TRACK_ODDS_GONE;
}

static void end_tracks(struct tracker *tracker)
{
    size_t kept = 0;
    for (size_t i = 0; i < tracker->track_count; i++) {
        struct track *track = tracker->tracks[i];
        track->is_awaited = is_awaited(tracker, track);
        if (!is_over(tracker, track)) {
            if (tracker->at_ms - track->seen_ms >= NEWS_MISSED_MS && !track->is_awaited)
                tell_missed(tracker, track, NEWS_MISSED);
            tracker->tracks[kept++] = track;
            continue;
        }
        tell_missed(tracker, track, NEWS_LOST);
        track->is_awaited = false;
        if (track->is_certain)
            push_track(&tracker->ended, &tracker->ended_count, &tracker->ended_size, track);
        else
            mem_free(track);
    }
    tracker->track_count = kept;
}

static void tell_people(struct tracker *tracker)
{
    if (tracker->track_count > tracker->people_size) {
        tracker->people_size = 2 * tracker->track_count;
        tracker->people =
            mem_resize(tracker->people, tracker->people_size * sizeof *tracker->people);
    }
    tracker->people_count = 0;
    for (size_t i = 0; i < tracker->track_count; i++) {
        struct track *track = tracker->tracks[i];
        bool is_shown = (track_fix(track, track->fix_count - 1)->flags & FIX_IS_SHOWN) != 0;
        if (!track->is_certain || !is_shown || track->odds < 0)
            continue;
        const struct motion *motion = &track->motion;
        tracker->people[tracker->people_count++] = (struct tracker_person){
            .id = track->told,
            .x = motion->state[0],
            .y = motion->state[1],
            .vx = motion->state[2],
            .vy = motion->state[3],
            .deviation_m = sqrt(fmax(motion->p[0][0], motion->p[1][1])),
        };
    }
}

/* True when the step was the relay's. */
static bool relay(struct tracker *tracker, const struct tracker_frame *frames, size_t frame_count)
{
    tracker->is_relaying &= frame_count == 1 && relay_fits(&frames[0]);
    if (!tracker->is_relaying)
        return false;
    relay_step(tracker->relay, tracker->at_ms, &frames[0]);
    tracker->stats.sightings += frames[0].box_count;
    (void)relay_people(tracker->relay, &tracker->stats.people);
    return true;
}

void tracker_step(struct tracker *tracker, int64_t at_ms, const struct tracker_frame *frames,
                  size_t frame_count)
{
    assert(!tracker->has_begun || at_ms > tracker->at_ms);
    struct step *step = &tracker->step;
    step_clear(step);
    step->at_ms = at_ms;
    step->seconds = tracker->has_begun ? (double)(at_ms - tracker->at_ms) / 1000 : FIRST_STEP_S;
    tracker->at_ms = at_ms;
    tracker->has_begun = true;
    if (relay(tracker, frames, frame_count))
        return;
    floor_watch(&tracker->floor, step->seconds);
    for (size_t i = 0; i < frame_count; i++)
        see_frame(tracker, &frames[i]);
    for (size_t i = 0; i < tracker->track_count; i++)
        track_predict(tracker->tracks[i], at_ms);
    step_associate(step, &tracker->ground, tracker->tracks, tracker->track_count);
    for (size_t i = 0; i < step->cluster_count; i++)
        take(tracker, &step->clusters[i]);
    tell_people(tracker);
    end_tracks(tracker);
    tracker->stats.people = tracker->track_count;
}

const struct tracker_person *tracker_people(const struct tracker *tracker, size_t *out_count)
{
    if (tracker->is_relaying)
        return relay_people(tracker->relay, out_count);
    *out_count = tracker->people_count;
    return tracker->people;
}

/* --- settled --- */

static int by_time_and_id(const void *a, const void *b)
{
    const struct tracker_fix *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->person.id < y->person.id ? -1 : x->person.id > y->person.id;
}

static struct tracker_fix *settle_followed(struct tracker *tracker, int64_t until_ms,
                                           size_t *out_count)
{
    size_t all = tracker->track_count + tracker->ended_count;
    struct tracker_fix *fixes = NULL;
    size_t count = 0, size = 0, kept = 0;
    for (size_t i = 0; i < all; i++) {
        bool is_followed = i < tracker->track_count;
        struct track *track =
            is_followed ? tracker->tracks[i] : tracker->ended[i - tracker->track_count];
        if (count + TRACK_FIXES > size) {
            size = MAX(2 * size, count + TRACK_FIXES);
            fixes = mem_resize(fixes, size * sizeof *fixes);
        }
        count += track_settle(track, until_ms, &fixes[count]);
        if (is_followed)
            continue;
        if (track->fix_count > 0 && track->settled_ms < track->seen_ms)
            tracker->ended[kept++] = track;
        else
            mem_free(track);
    }
    tracker->ended_count = kept;
    if (count > 0)
        qsort(fixes, count, sizeof *fixes, by_time_and_id);
    *out_count = count;
    return fixes;
}

struct tracker_fix *tracker_settle(struct tracker *tracker, int64_t until_ms, size_t *out_count)
{
    if (tracker->relay == NULL)
        return settle_followed(tracker, until_ms, out_count);
    struct tracker_fix *relayed = relay_settle(tracker->relay, until_ms, out_count);
    if (tracker->is_relaying)
        return relayed;
    /* What was relayed is of before. */
    size_t first = *out_count, count;
    SCOPED_MEM struct tracker_fix *followed = settle_followed(tracker, until_ms, &count);
    if (first > 0 && count > 0) {
        relayed = mem_resize(relayed, (first + count) * sizeof *relayed);
        memcpy(&relayed[first], followed, count * sizeof *relayed);
    }
    *out_count = first + count;
    return first > 0 ? relayed : TAKE(followed);
}

uint64_t tracker_person_of(const struct tracker *tracker, size_t frame, size_t box)
{
    if (tracker->is_relaying)
        return 0;
    const struct step_frame *own = &tracker->step.frames[frame];
    for (uint32_t i = 0; i < own->count; i++) {
        if (own->sightings[i].box == box)
            return own->sightings[i].person;
    }
    return 0;
}

struct tracker_stats tracker_stats(const struct tracker *tracker)
{
    return tracker->stats;
}
