// SPDX-License-Identifier: Apache-2.0
/* A hall of 44 m of whose middle no camera sees anything: people walk through it, turn back in the dark, or
 * come out of a side door there. */
#include "base/test.h"
#include "crowd/handover/wardrobe.h"
#include "crowd/meet.h"
#include "crowd/scenes/scene_queue.h"
#include "crowd/tracking/stage.h"

#include <math.h>

#define T       1000000000
#define WALKERS 240
#define SECONDS 480
#define SIDES   2
#define STEP_MS 200
#define STEPS   (SECONDS * 1000 / STEP_MS)

enum way { WAY_THROUGH, WAY_INTO_THE_DARK, WAY_OUT_OF_IT };

struct visitor {
    enum way way;
    int64_t from_ms;
    double x, y, speed; /* along x, either way */
    double look[LOOKS_DIMS];
    uint64_t told[SIDES]; /* its number on each side, 0 = not seen there */
    bool is_in_view[SIDES];
};

struct site {
    struct camera cameras[SIDES];
    struct venue_view *view;
    struct crowd_scene *scene;
    struct scene_queue queue;
    struct meeting meeting;
    struct track_log tracks;
    struct tracker_fix *fixes; /* all that was settled; owned */
    size_t fix_count;
    struct wardrobe wardrobe;
    struct random_sequence chance;
    struct visitor visitors[WALKERS];
    bool has_vectors;
};

static void site_open(struct site *site, bool has_vectors)
{
    *site = (struct site){.chance = {.state = 11}, .has_vectors = has_vectors};
    site->wardrobe = wardrobe_of(3);
    /* Steep enough that each sees 15 m of the floor, the ends of the hall. */
    site->cameras[0] = (struct camera){"left", "", 7, -6, 12, 7, 6, 1500};
    site->cameras[1] = (struct camera){"right", "", 37, -6, 12, 37, 6, 1500};
    site->view = stage_view(site->cameras, SIDES, (struct point){0, 0}, (struct point){44, 12});
    const uint64_t covers[SIDES] = {0};
    site->scene = crowd_scene_create(site->view, covers, 1);
    scene_queue_init(&site->queue, site->scene);
    meeting_init(&site->meeting);
    track_log_init(&site->tracks, SIDES);
    CHECK_INT(crowd_scene_group_count(site->scene), SIDES);
    for (size_t i = 0; i < WALKERS; i++) {
        struct visitor *visitor = &site->visitors[i];
        double side = random_uniform(&site->chance) < 0.5 ? 1 : -1;
        visitor->way = i % 4 == 0 ? WAY_INTO_THE_DARK : i % 4 == 1 ? WAY_OUT_OF_IT : WAY_THROUGH;
        visitor->from_ms = (int64_t)(random_uniform(&site->chance) * (SECONDS - 60) * 1000);
        visitor->speed = side * (1.3 + 0.25 * random_normal(&site->chance));
        visitor->x = side > 0 ? 0 : 44;
        visitor->x = visitor->way == WAY_OUT_OF_IT ? 22 : visitor->x;
        visitor->y = 2 + 8 * random_uniform(&site->chance);
        wardrobe_person(&site->wardrobe, visitor->look);
    }
}

static void site_close(struct site *site)
{
    scene_queue_fini(&site->queue);
    crowd_scene_destroy(site->scene);
    meeting_fini(&site->meeting);
    mem_free(site->fixes);
    track_log_fini(&site->tracks);
    shared_unref(&site->view->shared);
}

static bool is_inside(const struct visitor *visitor, int64_t at_ms, struct walker *out)
{
    double x = visitor->x + visitor->speed * (double)(at_ms - visitor->from_ms) / 1000;
    if (at_ms < visitor->from_ms || x < 0 || x > 44 ||
        (visitor->way == WAY_INTO_THE_DARK && fabs(x - visitor->x) > 22))
        return false;
    *out = (struct walker){.x = x, .y = visitor->y, .height = 1.7};
    return true;
}

/* Each time somebody comes into a camera's view the camera gives a new number, with a vector. */
static void show(struct site *site, uint32_t side, const struct walker *walkers, size_t count,
                 int64_t at_ms)
{
    const struct stage_noise noise = {.miss = 0.1, .share = 0.02};
    struct intake_frame frame =
        stage_see(&site->cameras[side], side, walkers, count, &noise, &site->chance);
    frame.at_ms = T + at_ms;
    for (size_t i = 0; i < frame.box_count; i++) {
        struct visitor *visitor = &site->visitors[frame.source_tracks[i]];
        if (!visitor->is_in_view[side] && site->has_vectors) {
            int8_t v[LOOKS_DIMS];
            wardrobe_seen(&site->wardrobe, visitor->look, v);
            handover_look(site->meeting.handover, side, frame.source_tracks[i], v, T + at_ms);
        }
        visitor->is_in_view[side] = true;
    }
    scene_queue_add(&site->queue, frame, T + at_ms + 50);
}

static void note_numbers(struct site *site, uint32_t side, const struct walker *walkers,
                         size_t count, int64_t at_ms)
{
    size_t people_count = 0;
    const struct tracker_person *people =
        crowd_scene_people(site->scene, side, T + at_ms + 90, &people_count);
    for (size_t p = 0; p < people_count; p++) {
        double nearest = 0.6;
        struct visitor *found = NULL;
        for (size_t w = 0; w < count; w++) {
            double apart = hypot(walkers[w].x - people[p].x, walkers[w].y - people[p].y);
            if (apart < nearest) {
                nearest = apart;
                found = &site->visitors[walkers[w].id];
            }
        }
        if (found != NULL)
            found->told[side] = people[p].id;
    }
}

static void keep_settled(struct site *site)
{
    struct crowd_scene_fixes settled;
    while (scene_queue_take_settled(&site->queue, &settled)) {
        size_t count = site->fix_count + settled.count;
        site->fixes = mem_resize(site->fixes, (count + 1) * sizeof *site->fixes);
        for (size_t i = 0; i < settled.count; i++)
            site->fixes[site->fix_count++] = settled.fixes[i];
        crowd_scene_fixes_fini(&settled);
    }
}

static void follow(struct site *site, int64_t stream_ms)
{
    bool is_more;
    do {
        is_more = scene_queue_run(&site->queue, NULL, stream_ms);
        keep_settled(site);
        meet_again(&site->meeting, site->scene, &site->tracks);
    } while (is_more);
}

/* Followed after every `batch` steps. */
static void site_step(struct site *site, int64_t step, int64_t batch)
{
    struct walker walkers[WALKERS];
    size_t count = 0;
    int64_t at_ms = STEP_MS * step;
    for (size_t i = 0; i < WALKERS; i++) {
        if (!is_inside(&site->visitors[i], at_ms, &walkers[count]))
            continue;
        walkers[count++].id = (int64_t)i;
    }
    for (uint32_t side = 0; side < SIDES; side++)
        show(site, side, walkers, count, at_ms);
    if (step % batch != batch - 1)
        return;
    follow(site, T + at_ms + 90);
    for (uint32_t side = 0; side < SIDES; side++)
        note_numbers(site, side, walkers, count, at_ms);
}

struct joins {
    size_t through, right, wrong;
};

/* Right: the number of the side that was left goes on. Wrong: it is that of somebody else, who had it on the
 * other side; numbers that are exchanged within one camera's view are not counted. */
static struct joins site_run(bool has_vectors)
{
    struct site *site = mem_new(sizeof *site);
    struct joins joins = {0};
    site_open(site, has_vectors);
    for (int64_t step = 0; step < STEPS; step++)
        site_step(site, step, 1);
    for (size_t i = 0; i < WALKERS; i++) {
        const struct visitor *visitor = &site->visitors[i];
        uint32_t first = visitor->speed > 0 ? 0 : 1;
        uint64_t here = visitor->told[1 - first];
        bool is_right = here != 0 && here == visitor->told[first];
        joins.through += visitor->told[0] != 0 && visitor->told[1] != 0;
        joins.right += is_right;
        for (size_t k = 0; k < WALKERS && here != 0 && !is_right; k++)
            joins.wrong += k != i && site->visitors[k].told[first] == here;
    }
    site_close(site);
    mem_free(site);
    return joins;
}

TEST(through_a_hall_whose_middle_nobody_sees_most_keep_their_numbers)
{
    struct joins seen = site_run(true), blind = site_run(false);
    print_message(
        "# of %zu who went through: with vectors %zu known again and %zu taken for another; "
        "without %zu and %zu\n",
        seen.through, seen.right, seen.wrong, blind.right, blind.wrong);
    CHECK(seen.through >= 100);
    CHECK(seen.right * 2 >= seen.through);
    CHECK(seen.wrong * 10 <= seen.right);
    CHECK_INT(blind.right + blind.wrong, 0);
}

static int by_time_and_place(const void *a, const void *b)
{
    const struct tracker_fix *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->person.x < y->person.x ? -1 : x->person.x > y->person.x;
}

/* Everybody's way, with the numbers, when the groups go on after every `batch` steps. */
static struct site *site_followed(int64_t batch)
{
    struct site *site = mem_new(sizeof *site);
    site_open(site, true);
    for (int64_t step = 0; step < STEPS; step++)
        site_step(site, step, batch);
    CHECK(site->fix_count > 10000);
    qsort(site->fixes, site->fix_count, sizeof *site->fixes, by_time_and_place);
    return site;
}

TEST(who_is_known_again_does_not_hang_on_how_the_frames_came)
{
    enum { BATCHES = 3 };
    static const int64_t BATCH[BATCHES] = {1, 5, 100}; /* at once, by the second, a recording */
    struct site *sites[BATCHES];
    for (size_t b = 0; b < BATCHES; b++)
        sites[b] = site_followed(BATCH[b]);
    for (size_t b = 1; b < BATCHES; b++) {
        size_t same = 0;
        CHECK_INT(sites[b]->fix_count, sites[0]->fix_count);
        for (size_t i = 0; i < sites[0]->fix_count; i++)
            same += sites[b]->fixes[i].person.id == sites[0]->fixes[i].person.id;
        CHECK_INT(same, sites[0]->fix_count);
    }
    for (size_t b = 0; b < BATCHES; b++) {
        site_close(sites[b]);
        mem_free(sites[b]);
    }
}

/* One side is living for a minute, and then the other sends what it saw an hour before. */
TEST(a_recording_of_earlier_is_decided_on_when_who_was_ahead_is_silent)
{
    enum { LIVE_STEPS = 300 };
    struct site *site = mem_new(sizeof *site);
    site_open(site, true);
    for (int64_t step = 0; step < LIVE_STEPS + STEPS; step++) {
        const struct stage_noise noise = {.miss = 0.1, .share = 0.02};
        struct walker walkers[WALKERS];
        bool is_live = step < LIVE_STEPS;
        uint32_t side = is_live ? 0 : 1;
        int64_t at_ms = STEP_MS * step, seen_ms = is_live ? at_ms : at_ms - STEP_MS * LIVE_STEPS;
        size_t count = 0;
        for (size_t i = 0; i < WALKERS; i++) {
            if (!is_inside(&site->visitors[i], seen_ms, &walkers[count]))
                continue;
            walkers[count++].id = (int64_t)i;
        }
        struct intake_frame frame =
            stage_see(&site->cameras[side], side, walkers, count, &noise, &site->chance);
        frame.at_ms = T + seen_ms - (is_live ? 0 : 3600000);
        scene_queue_add(&site->queue, frame, T + at_ms + 50);
        follow(site, T + at_ms + 90);
        CHECK(site->meeting.waiting_count < 10);
    }
    CHECK_INT(site->meeting.decided_ms,
              T - 3600000 + STEP_MS * (STEPS - 1) / MEET_PERIOD_MS * MEET_PERIOD_MS);
    site_close(site);
    mem_free(site);
}
