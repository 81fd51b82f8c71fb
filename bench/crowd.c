// SPDX-License-Identifier: Apache-2.0
/* People in groups of seven overlapping cameras, followed while the required load comes in: how long until a
 * zone shows a picture, and whether the tracks are as good as when the group is alone. */
#include "base/clock.h"
#include "bench/bench.h"
#include "bench/load/bodies.h"
#include "bench/load/load.h"
#include "bench/promise.h"
#include "bench/site/followed.h"
#include "bench/site/square.h"

#include <stdio.h>

/* Before the measured time: cameras that are heard for the first time are waited for by nobody. */
enum { CAMERAS = 200, FRAMES_PER_S = 10, CONNECTIONS = 64, WARM_UP_S = 2 };
/* The best published figure of a product for receive to zone state: docs/performance.md. */
#define PUBLISHED_PER_S 18000.0
#define PUBLISHED       "published, 16 cores"

struct crowd_case {
    const char *name;
    int cameras;
};
static const struct crowd_case CASES[] = {
    {"one group of seven cameras alone", WORLD_GROUP_CAMERAS},
    {"200 cameras in groups of seven", CAMERAS},
};

struct crowd_outcome {
    struct load_result load;
    struct evaluation_figures score; /* of the first group */
    bool has_square;                 /* WILDTRACK is there */
    struct evaluation_figures square;
    double p50_ms, p99_ms, cpu_s;
    int64_t detections, frames, untold, late;
};

struct sending {
    struct bodies bodies;
    struct followed *followed;
    int64_t next, detections;
};

static bool next_request(void *context, int connection, struct load_request *out)
{
    struct sending *sending = context;
    struct bodies *bodies = &sending->bodies;
    int64_t n = sending->next++;
    int camera = (int)(n % bodies->options.cameras);
    int step = (int)(n / bodies->options.cameras % bodies->options.variants);
    (void)connection;
    bodies_request(bodies, n, clock_now_ms(), out);
    followed_sent(sending->followed, camera, step, bodies->sent_ms[camera]);
    sending->detections += bodies->items[step * bodies->options.cameras + camera].detections;
    return true;
}

static enum err run_load(const struct bench_options *options, const struct site *site,
                         const struct world *world, struct followed *followed,
                         struct crowd_outcome *out, struct err_note *note)
{
    struct bodies_options how = {.form = BODY_NATIVE,
                                 .cameras = world->camera_count,
                                 .frames = 1,
                                 .persons = WORLD_GROUP_PEOPLE,
                                 .variants = WORLD_STEPS,
                                 .world = world,
                                 .host = "127.0.0.1",
                                 .token = site->token};
    struct sending sending = {.followed = followed};
    bodies_init(&sending.bodies, &how);
    struct load_options load = {.address = "127.0.0.1",
                                .port = site->server.port,
                                .connections = MIN(CONNECTIONS, world->camera_count),
                                .requests_per_s = (double)world->camera_count * FRAMES_PER_S,
                                .duration_us = options->seconds * 1000000,
                                .next = next_request,
                                .context = &sending};
    struct load_options warm_up = load;
    struct load_result warmed = {0};
    int64_t late = 0;
    warm_up.duration_us = WARM_UP_S * 1000000;
    enum err err = load_run(&warm_up, &warmed, note);
    load_result_fini(&warmed);
    if (err == ERR_NONE)
        err = site_metric(site, "muster_crowd_frames_late_total", &late, note);
    out->late = -late;
    sending.detections = 0;
    double cpu_s = site_cpu_s(site);
    if (err == ERR_NONE)
        err = load_run(&load, &out->load, note);
    out->cpu_s = site_cpu_s(site) - cpu_s;
    out->detections = sending.detections;
    out->frames = sending.next;
    bodies_fini(&sending.bodies);
    return err;
}

/* The load with the square beside it, where its data are there. */
static enum err run_beside_square(const struct bench_options *options, const struct site *site,
                                  const struct world *world, struct followed *followed,
                                  struct crowd_outcome *out, struct err_note *note)
{
    SCOPED(square) square = NULL;
    enum err err = square_start(site, options->seconds, &square, note);
    if (err == ERR_NOT_FOUND)
        (void)fprintf(stderr, "muster: without WILDTRACK: %s %s\n", note->place, note->detail);
    else
        TRY(err);
    out->has_square = err == ERR_NONE;
    TRY(run_load(options, site, world, followed, out, note));
    return out->has_square ? square_score(square, &out->square, note) : ERR_NONE;
}

static enum err run_case(const struct bench_options *options, const struct world *world,
                         struct site *site, struct crowd_outcome *out, struct err_note *note)
{
    struct followed *followed = NULL;
    TRY(followed_start(site, world, &followed, note));
    enum err err = run_beside_square(options, site, world, followed, out, note);
    if (err == ERR_NONE)
        err = followed_score(followed, &out->score, note); /* all has been told by then */
    followed_stop(followed);
    int64_t late = 0;
    if (err == ERR_NONE)
        err = site_metric(site, "muster_crowd_frames_late_total", &late, note);
    out->late += late;
    out->p50_ms = latency_ms(followed_delays(followed), 0.5);
    out->p99_ms = latency_ms(followed_delays(followed), 0.99);
    out->untold = followed_untold(followed);
    followed_destroy(followed);
    return err;
}

static enum err measure(const struct bench_options *options, const struct crowd_case *own,
                        struct crowd_outcome *out, struct err_note *note)
{
    struct world world;
    struct site site;
    *out = (struct crowd_outcome){.late = 0};
    world_init(&world, own->cameras);
    enum err err = site_open(&(struct site_options){.cameras = own->cameras,
                                                    .zones = world.group_count,
                                                    .world = &world},
                             &site, note);
    if (err == ERR_NONE) {
        err = run_case(options, &world, &site, out, note);
        site_close(&site);
    }
    world_fini(&world);
    return err;
}

static double rate_of(const struct crowd_outcome *outcome)
{
    return (double)outcome->detections * 1e6 / (double)outcome->load.duration_us;
}

static void report(const struct bench_options *options, const struct crowd_case *own,
                   const struct crowd_outcome *outcome)
{
    double seconds = (double)outcome->load.duration_us / 1e6;
    char conditions[400];
    (void)snprintf(conditions, sizeof conditions,
                   "cameras=%d fps=%d durability=fsync seconds=%.0f server_cpu=%.2f "
                   "sender_cpu=%.2f refused=%lld broken=%lld late=%lld untold=%lld "
                   "frame_to_zone_p50_ms=%.0f frame_to_zone_p99_ms=%.0f count_error=%.3f",
                   own->cameras, FRAMES_PER_S, seconds, outcome->cpu_s / seconds,
                   outcome->load.cpu_s / seconds, (long long)outcome->load.refused,
                   (long long)outcome->load.broken, (long long)outcome->late,
                   (long long)outcome->untold, outcome->p50_ms, outcome->p99_ms,
                   outcome->score.count_error);
    report_figure(options->form, &(struct figure){.bench = "crowd",
                                                  .measured = own->name,
                                                  .unit = "detections/s",
                                                  .ours = rate_of(outcome),
                                                  .peer = PUBLISHED,
                                                  .theirs = PUBLISHED_PER_S,
                                                  .conditions = conditions});
}

static void report_score(const struct bench_options *options, const char *name, double loaded,
                         double alone, const char *whose)
{
    report_figure(options->form, &(struct figure){.bench = "crowd",
                                                  .measured = name,
                                                  .unit = "%",
                                                  .ours = 100 * loaded,
                                                  .peer = "without the load",
                                                  .theirs = 100 * alone,
                                                  .conditions = whose});
}

static void report_scores(const struct bench_options *options, const struct crowd_outcome *loaded,
                          const struct crowd_outcome *alone)
{
    const char *group = "a group of seven of 200";
    report_score(options, "MODA under load", loaded->score.moda, alone->score.moda, group);
    report_score(options, "IDF1 under load", loaded->score.idf1, alone->score.idf1, group);
    if (!loaded->has_square || !alone->has_square)
        return;
    const char *square = "WILDTRACK beside the 200, true boxes, from its first picture on";
    report_score(options, "WILDTRACK, MODA under load", loaded->square.moda, alone->square.moda,
                 square);
    report_score(options, "WILDTRACK, IDF1 under load", loaded->square.idf1, alone->square.idf1,
                 square);
}

static bool holds_promise(const struct crowd_case *own, const struct crowd_outcome *outcome,
                          const struct crowd_outcome *alone, int64_t seconds,
                          struct err_note *out_note)
{
    struct promise_crowd run = {.due = (double)(own->cameras * FRAMES_PER_S * seconds),
                                .answered = outcome->load.answered,
                                .refused = outcome->load.refused,
                                .broken = outcome->load.broken,
                                .dropped = outcome->late + outcome->untold,
                                .p50_ms = outcome->p50_ms,
                                .p99_ms = outcome->p99_ms,
                                .moda_lost = MAX(alone->score.moda - outcome->score.moda,
                                                 alone->square.moda - outcome->square.moda),
                                .idf1_lost = MAX(alone->score.idf1 - outcome->score.idf1,
                                                 alone->square.idf1 - outcome->square.idf1)};
    return promise_crowd_is_held(&run, own->name, out_note);
}

enum err bench_crowd(const struct bench_options *options, struct err_note *note)
{
    struct crowd_outcome outcomes[COUNT_OF(CASES)];
    struct err_note promise = {0};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        TRY(measure(options, &CASES[i], &outcomes[i], note));
        report(options, &CASES[i], &outcomes[i]);
        if (promise.detail[0] == '\0')
            (void)holds_promise(&CASES[i], &outcomes[i], &outcomes[0], options->seconds, &promise);
    }
    report_scores(options, &outcomes[1], &outcomes[0]);
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        load_result_fini(&outcomes[i].load);
    *note = promise;
    return promise.detail[0] == '\0' ? ERR_NONE : ERR_BUSY;
}
