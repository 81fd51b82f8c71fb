// SPDX-License-Identifier: Apache-2.0
#include "bench/site/followed.h"

#include "base/clock.h"
#include "base/lock.h"
#include "bench/load/ws.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { SENT_MAX = 65536, WARM_MS = 5000, TAIL_MS = 1000, FIT_MS = 60, IDS_MAX = 100000 };
enum { SETTLED_PATIENCE_US = 40000000, LOOK_NS = 200000000, QUIET_US = 500000 };

struct sent { /* a step of a group: the time of its last camera's frame */
    int64_t at_ms;
    int step;
};

struct group_log {
    struct sent *all; /* [SENT_MAX] */
    size_t count, told;
};

struct followed {
    const struct site *site;
    const struct world *world;
    struct ws_clients *socket;
    struct thread thread;
    volatile int is_stopping;
    struct lock lock; /* of the logs */
    struct group_log *groups;
    int64_t first_ms;
    struct latency delays;
};

void followed_sent(struct followed *followed, int camera, int step, int64_t at_ms)
{
    int group = world_group_of(camera);
    if (camera != world_last_camera(followed->world, group))
        return;
    LOCKED(&followed->lock);
    struct group_log *log = &followed->groups[group];
    if (followed->first_ms == 0)
        followed->first_ms = at_ms;
    if (log->count < SENT_MAX)
        log->all[log->count++] = (struct sent){at_ms, step};
}

/* The zone shows what was seen until then: every step up to there has arrived now. */
static void note_zone(struct followed *followed, size_t group, int64_t seen_ms, int64_t now_ms)
{
    struct group_log *log = &followed->groups[group];
    while (log->told < log->count && log->all[log->told].at_ms <= seen_ms) {
        int64_t at_ms = log->all[log->told++].at_ms;
        if (at_ms - followed->first_ms >= WARM_MS)
            latency_add(&followed->delays, MAX(0, now_ms - at_ms) * 1000);
    }
}

/* {"topic":"...","data":{"at":"...","zones":[{"id":"zone-001",...,"age_ms":N,...}],...}} */
static void heard(void *context, int client, const char *message, size_t len)
{
    struct followed *followed = context;
    int64_t at_ms, now_ms = clock_now_ms();
    size_t i;
    json_t *zone;
    (void)client;
    SCOPED_JSON *document = json_loadb(message, len, 0, NULL);
    json_t *data = json_object_get(document, "data");
    const char *at = json_string_value(json_object_get(data, "at"));
    if (at == NULL || !clock_parse(at, strlen(at), &at_ms))
        return;
    LOCKED(&followed->lock);
    json_array_foreach(json_object_get(data, "zones"), i, zone)
    {
        json_t *age = json_object_get(zone, "age_ms");
        if (i < (size_t)followed->world->group_count && json_is_integer(age))
            note_zone(followed, i, at_ms - json_integer_value(age), now_ms);
    }
}

static void *run(void *context)
{
    struct followed *followed = context;
    while (followed->is_stopping == 0)
        ws_clients_run(followed->socket, clock_monotonic_us() + QUIET_US, &followed->is_stopping);
    return NULL;
}

enum err followed_start(const struct site *site, const struct world *world,
                        struct followed **out_followed, struct err_note *note)
{
    struct followed *followed = mem_new(sizeof *followed);
    *followed = (struct followed){.site = site, .world = world};
    lock_init(&followed->lock);
    followed->groups = mem_new_array((size_t)world->group_count, sizeof *followed->groups);
    for (int g = 0; g < world->group_count; g++)
        followed->groups[g].all = mem_new_array(SENT_MAX, sizeof(struct sent));
    struct ws_options options = {.address = "127.0.0.1",
                                 .port = site->server.port,
                                 .path = "/live",
                                 .headers = client_authority(site->client),
                                 .topic = "events/" SITE_EVENT "/venues/" SITE_VENUE "/zones",
                                 .clients = 1,
                                 .heard = heard,
                                 .context = followed};
    enum err err = ws_clients_open(&options, &followed->socket, note);
    if (err != ERR_NONE) {
        followed_destroy(followed);
        return err;
    }
    thread_start(&followed->thread, "followed", run, followed);
    *out_followed = followed;
    return ERR_NONE;
}

void followed_stop(struct followed *followed)
{
    followed->is_stopping = 1;
    thread_join(&followed->thread);
    followed->thread.is_started = false;
}

void followed_destroy(struct followed *followed)
{
    if (followed == NULL)
        return;
    if (followed->thread.is_started)
        followed_stop(followed);
    if (followed->socket != NULL)
        ws_clients_close(followed->socket);
    for (int g = 0; g < followed->world->group_count; g++)
        mem_free(followed->groups[g].all);
    mem_free(followed->groups);
    lock_fini(&followed->lock);
    mem_free(followed);
}

const struct latency *followed_delays(const struct followed *followed)
{
    return &followed->delays;
}

int64_t followed_untold(const struct followed *followed)
{
    int64_t untold = 0;
    for (int g = 0; g < followed->world->group_count; g++)
        untold += (int64_t)(followed->groups[g].count - followed->groups[g].told);
    return untold;
}

/* --- the tracks of the first group --- */

struct scoring {
    struct evaluation_sequence sequence;
    size_t track_size, truth_size;
    int64_t ids[IDS_MAX]; /* of tracks, as the sequence numbers them */
    size_t id_count;
};

static uint32_t number_of(struct scoring *scoring, int64_t id)
{
    for (size_t i = scoring->id_count; i > 0; i--) { /* the newest first: they come again */
        if (scoring->ids[i - 1] == id)
            return (uint32_t)(i - 1);
    }
    assert(scoring->id_count < IDS_MAX);
    scoring->ids[scoring->id_count] = id;
    return (uint32_t)scoring->id_count++;
}

static void add_item(struct evaluation_item **inout_items, size_t *inout_count, size_t *inout_size,
                     struct evaluation_item item)
{
    if (*inout_count == *inout_size) {
        *inout_size = MAX((size_t)1024, 2 * *inout_size);
        *inout_items = mem_resize(*inout_items, *inout_size * sizeof **inout_items);
    }
    (*inout_items)[(*inout_count)++] = item;
}

/* The step of the first group that was sent nearest to a time; -1 when none fits. */
static int step_at(const struct followed *followed, int64_t at_ms)
{
    const struct group_log *log = &followed->groups[0];
    int step = -1;
    int64_t best = FIT_MS;
    for (size_t i = 0; i < log->count; i++) {
        int64_t apart = llabs(log->all[i].at_ms - at_ms);
        if (apart < best) {
            best = apart;
            step = log->all[i].step;
        }
    }
    return step;
}

static void add_truth(struct scoring *scoring, const struct world *world, uint32_t frame, int step)
{
    struct walker walkers[WORLD_GROUP_PEOPLE];
    struct evaluation_sequence *sequence = &scoring->sequence;
    world_walkers(world, 0, step, walkers);
    for (uint32_t i = 0; i < WORLD_GROUP_PEOPLE; i++)
        add_item(&sequence->truths, &sequence->truth_count, &scoring->truth_size,
                 (struct evaluation_item){
                     .frame = frame, .id = i, .x = walkers[i].x, .y = walkers[i].y});
}

/* A frame of the API; of the first group's people those who are near its middle. */
static void add_frame(struct scoring *scoring, const struct followed *followed, const json_t *frame)
{
    struct evaluation_sequence *sequence = &scoring->sequence;
    const char *t = json_string_value(json_object_get(frame, "t"));
    double middle_x, middle_y;
    int64_t at_ms;
    size_t i, before = sequence->track_count;
    json_t *person;
    world_centre(followed->world, 0, &middle_x, &middle_y);
    if (t == NULL || !clock_parse(t, strlen(t), &at_ms) || step_at(followed, at_ms) < 0)
        return;
    json_array_foreach(json_object_get(frame, "people"), i, person)
    {
        double x = json_number_value(json_array_get(person, 1));
        double y = json_number_value(json_array_get(person, 2));
        if (hypot(x - middle_x, y - middle_y) > WORLD_PITCH_M / 2.0)
            continue;
        add_item(&sequence->tracks, &sequence->track_count, &scoring->track_size,
                 (struct evaluation_item){
                     .frame = (uint32_t)sequence->frame_count,
                     .id = number_of(scoring, json_integer_value(json_array_get(person, 0))),
                     .x = x,
                     .y = y});
    }
    if (sequence->track_count == before)
        return; /* another group's step */
    add_truth(scoring, followed->world, (uint32_t)sequence->frame_count++,
              step_at(followed, at_ms));
}

static enum err read_page(const struct followed *followed, const char *range, json_t **inout_next,
                          struct scoring *scoring, size_t *out_frames, struct err_note *note)
{
    char path[512];
    size_t i;
    json_t *frame;
    SCOPED_JSON *page = NULL;
    const char *cursor = json_string_value(*inout_next);
    (void)snprintf(path, sizeof path,
                   "/api/v1/events/" SITE_EVENT "/venues/" SITE_VENUE "/tracks?%s%s%s", range,
                   cursor == NULL ? "" : "&cursor=", cursor == NULL ? "" : cursor);
    TRY(client_call(followed->site->client, "GET", path, NULL, &page, note));
    json_t *frames = json_object_get(page, "frames");
    *out_frames += json_array_size(frames);
    if (scoring != NULL)
        json_array_foreach(frames, i, frame) add_frame(scoring, followed, frame);
    json_decref(*inout_next);
    *inout_next = json_incref(json_object_get(page, "next"));
    return ERR_NONE;
}

static enum err read_tracks(const struct followed *followed, int64_t from_ms, int64_t to_ms,
                            struct scoring *scoring, size_t *out_frames, struct err_note *note)
{
    char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE], range[128];
    SCOPED_JSON *next = NULL;
    clock_format(from_ms, from);
    clock_format(to_ms, to);
    (void)snprintf(range, sizeof range, "from=%s&to=%s", from, to);
    *out_frames = 0;
    do
        TRY(read_page(followed, range, &next, scoring, out_frames, note));
    while (json_is_string(next));
    return ERR_NONE;
}

enum err followed_score(const struct followed *followed, struct evaluation_figures *out_figures,
                        struct err_note *note)
{
    const struct group_log *log = &followed->groups[0];
    int64_t from_ms = followed->first_ms + WARM_MS;
    int64_t to_ms = log->count == 0 ? 0 : log->all[log->count - 1].at_ms - TAIL_MS;
    int64_t deadline_us = clock_monotonic_us() + SETTLED_PATIENCE_US;
    size_t frames = 0;
    while (frames == 0) { /* the last second comes last */
        TRY(read_tracks(followed, to_ms - TAIL_MS, to_ms, NULL, &frames, note));
        if (clock_monotonic_us() > deadline_us)
            return err_set(note, ERR_BUSY, "tracks", "the last ones were not settled in time");
        if (frames == 0)
            (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    SCOPED_MEM struct scoring *scoring = mem_new(sizeof *scoring);
    struct evaluation_scores scores;
    scoring->sequence.kind = EVALUATION_FLOOR;
    enum err err = read_tracks(followed, from_ms, to_ms, scoring, &frames, note);
    if (err == ERR_NONE)
        err = evaluation_score(&scoring->sequence, EVALUATION_THRESHOLDS, &scores, note);
    if (err == ERR_NONE)
        *out_figures = evaluation_figures(&scores);
    evaluation_sequence_fini(&scoring->sequence);
    return err;
}
