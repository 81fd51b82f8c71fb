// SPDX-License-Identifier: Apache-2.0
/* The load of the promise is 200 cameras x 10 frames/s x 50 persons, paced by the clock. The ceiling is
 * looked for without a pace, with so many cameras that their times stay near the clock's. */
#include "base/clock.h"
#include "base/text.h"
#include "bench/bench.h"
#include "bench/bodies.h"
#include "bench/history.h"
#include "bench/load.h"
#include "bench/peers.h"
#include "bench/probe.h"
#include "bench/site.h"
#include "store/pg_server.h"

#include <math.h>
#include <stdio.h>

enum { CAMERAS = 200, CEILING_CAMERAS = 5000, ZONES = 200, PERSONS = 50, VARIANTS = 8 };
enum { PEER_BATCH = 500, PEER_SECONDS = 10 };

struct shape {
    const char *name;
    enum body_form form;
    int cameras;
    int frames;            /* in a request */
    double requests_per_s; /* 0 = ceiling */
    int connections;
    bool reads_hour; /* of a zone, again and again, meanwhile */
};

static const struct shape SHAPES[] = {
    {"native, a message per frame", BODY_NATIVE, CAMERAS, 1, 2000, 64},
    {"native, a message per device and second", BODY_NATIVE, CAMERAS, 10, 200, 64},
    {"SceneScape, a message per frame", BODY_SCENESCAPE, CAMERAS, 1, 2000, 64},
    {"native, per device and second, a zone's hour is read", BODY_NATIVE, CAMERAS, 10, 200, 64,
     true},
    {"ceiling, native, per device and second", BODY_NATIVE, CEILING_CAMERAS, 10, 0, 32},
    {"ceiling, native, per frame", BODY_NATIVE, CEILING_CAMERAS, 1, 0, 64},
    {"ceiling, SceneScape, per device and second", BODY_SCENESCAPE, CEILING_CAMERAS, 10, 0, 32},
};

struct sender {
    struct bodies bodies;
    int64_t next;
    int64_t start_ms;
};

/* Each camera's requests follow each other in its own time. */
static bool next_request(void *context, int connection, struct load_request *out)
{
    struct sender *sender = context;
    (void)connection;
    int64_t n = sender->next++;
    int64_t round = n / sender->bodies.options.cameras;
    int64_t at_ms = sender->start_ms + round * sender->bodies.options.frames * 100;
    bodies_request(&sender->bodies, n, at_ms, out);
    return true;
}

struct outcome {
    struct load_result load;
    struct probe_result probe;
    int64_t hour_ms; /* when it began */
    struct history_result history;
    double cpu_s;
    double bytes_per_detection; /* on the wire */
    double disk_per_detection;
    int64_t stored;
};

/* Detections of all cameras that the server has, by its own count. */
static enum err count_stored(const struct site *site, int64_t *out, struct err_note *note)
{
    SCOPED_JSON *answer = NULL;
    TRY(client_call(site->client, "GET", "/api/v1/detections/count?event=" SITE_EVENT, NULL,
                    &answer, note));
    *out = json_integer_value(json_object_get(answer, "detections"));
    return ERR_NONE;
}

static enum err run_load(const struct shape *shape, const struct site *site, int64_t seconds,
                         struct outcome *out, struct err_note *note)
{
    struct bodies_options how = {.form = shape->form,
                                 .cameras = shape->cameras,
                                 .frames = shape->frames,
                                 .persons = PERSONS,
                                 .variants = shape->requests_per_s > 0 ? VARIANTS : 1,
                                 .host = "127.0.0.1",
                                 .token = site->token};
    struct sender sender = {0};
    bodies_init(&sender.bodies, &how);
    struct probe *probe = NULL;
    enum err err = probe_start(site, &probe, note);
    if (err == ERR_NONE) {
        sender.start_ms = clock_now_ms() - 1000;
        double cpu_s = site_cpu_s(site);
        struct load_options load = {.address = "127.0.0.1",
                                    .port = site->server.port,
                                    .connections = shape->connections,
                                    .requests_per_s = shape->requests_per_s,
                                    .duration_us = seconds * 1000000,
                                    .next = next_request,
                                    .context = &sender};
        struct history_reader *reader =
            shape->reads_hour ? history_reader_start(site, out->hour_ms) : NULL;
        err = load_run(&load, &out->load, note);
        out->cpu_s = site_cpu_s(site) - cpu_s;
        if (reader != NULL)
            history_reader_stop(reader, &out->history);
        probe_stop(probe, &out->probe);
        out->bytes_per_detection =
            (double)sender.bodies.items[0].len / (double)(shape->frames * PERSONS);
    }
    bodies_fini(&sender.bodies);
    return err;
}

static void report(const struct bench_options *options, const struct shape *shape,
                   const struct outcome *outcome, const struct peer_result *postgres)
{
    double per_request = shape->frames * PERSONS;
    double seconds = (double)outcome->load.duration_us / 1e6;
    double rate = (double)outcome->load.answered * per_request / seconds;
    int64_t expected = (int64_t)((double)outcome->load.answered * per_request);
    char conditions[400];
    (void)snprintf(
        conditions, sizeof conditions,
        "batch=%d durability=fsync clients=%d seconds=%.0f wire_bytes=%.0f "
        "server_cpu=%.2f refused=%lld broken=%lld lost=%lld answer_p50_ms=%.1f "
        "answer_p99_ms=%.1f live_p50_ms=%.1f live_p99_ms=%.1f live_unheard=%lld/%lld",
        shape->frames * PERSONS, shape->connections, seconds, outcome->bytes_per_detection,
        outcome->cpu_s / seconds, (long long)outcome->load.refused, (long long)outcome->load.broken,
        (long long)(expected - outcome->stored), load_latency_us(&outcome->load, 0.5) / 1e3,
        load_latency_us(&outcome->load, 0.99) / 1e3, outcome->probe.p50_ms, outcome->probe.p99_ms,
        (long long)outcome->probe.unheard, (long long)outcome->probe.asked);
    report_figure(options->form, &(struct figure){.bench = "ingest",
                                                  .measured = shape->name,
                                                  .unit = "detections/s",
                                                  .ours = rate,
                                                  .peer = "PostgreSQL COPY",
                                                  .theirs = postgres->rows_per_s,
                                                  .conditions = conditions});
}

static void report_history(const struct bench_options *options, const struct outcome *outcome)
{
    const struct history_result *history = &outcome->history;
    double seconds = (double)outcome->load.duration_us / 1e6;
    char conditions[200];
    (void)snprintf(conditions, sizeof conditions,
                   "less is better: values=%d reads=%lld incomplete=%lld p50_ms=%.1f max_ms=%.1f "
                   "ingest=%.0f/s seconds=%.0f",
                   HISTORY_POINTS, (long long)history->reads, (long long)history->incomplete,
                   history->p50_ms, history->max_ms,
                   (double)outcome->load.answered * 10 * PERSONS / seconds, seconds);
    report_figure(options->form, &(struct figure){.bench = "ingest",
                                                  .measured = "a zone's last hour is read, p99",
                                                  .unit = "ms",
                                                  .ours = history->p99_ms,
                                                  .conditions = conditions});
}

static enum err measure(const struct bench_options *options, const struct shape *shape,
                        const struct peer_result *postgres, struct err_note *note)
{
    struct site site;
    struct outcome outcome = {0};
    TRY(site_open(&(struct site_options){.cameras = shape->cameras, .zones = ZONES}, &site, note));
    enum err err = shape->reads_hour ? history_fill(&site, &outcome.hour_ms, note) : ERR_NONE;
    if (err == ERR_NONE)
        err = run_load(shape, &site, options->seconds, &outcome, note);
    int64_t probed = shape->reads_hour ? HISTORY_DETECTIONS : 0;
    for (int64_t i = 0; i < outcome.probe.asked; i++)
        probed += 3 + i % 37;
    if (err == ERR_NONE)
        err = count_stored(&site, &outcome.stored, note);
    outcome.stored -= probed;
    if (err == ERR_NONE)
        report(options, shape, &outcome, postgres);
    if (err == ERR_NONE && shape->reads_hour)
        report_history(options, &outcome);
    load_result_fini(&outcome.load);
    site_close(&site);
    return err;
}

static enum err measure_postgres(const struct bench_options *options, int clients,
                                 struct peer_result *out, struct err_note *note)
{
    struct pg_server *server = NULL;
    TRY(pg_server_start(NULL, &server, note));
    int64_t duration_us = MIN(options->seconds, PEER_SECONDS) * 1000000;
    enum err err =
        peer_postgres_copy(pg_server_url(server), clients, PEER_BATCH, duration_us, out, note);
    pg_server_stop(server);
    return err;
}

static void report_peer(const struct bench_options *options, const char *name, int clients,
                        const struct peer_result *result)
{
    char conditions[200];
    (void)snprintf(conditions, sizeof conditions,
                   "the peer itself: batch=%d durability=fsync clients=%d disk_bytes=%.1f",
                   PEER_BATCH, clients, result->bytes_per_row);
    report_figure(options->form, &(struct figure){.bench = "ingest",
                                                  .measured = name,
                                                  .unit = "rows/s",
                                                  .ours = result->rows_per_s,
                                                  .conditions = conditions});
}

static enum err measure_peers(const struct bench_options *options, struct peer_result *out_postgres,
                              struct err_note *note)
{
    struct peer_result two;
    struct peer_result sqlite;
    char folder[512];
    TRY(measure_postgres(options, 1, out_postgres, note));
    report_peer(options, "PostgreSQL COPY, one client", 1, out_postgres);
    TRY(measure_postgres(options, 2, &two, note));
    report_peer(options, "PostgreSQL COPY, two clients", 2, &two);
    TRY(local_server_folder(folder, sizeof folder, note));
    int64_t duration_us = MIN(options->seconds, PEER_SECONDS) * 1000000;
    enum err err = peer_sqlite_rows(folder, PEER_BATCH, duration_us, &sqlite, note);
    local_server_forget(folder);
    if (err == ERR_NONE)
        report_peer(options, "SQLite, row by row", 1, &sqlite);
    /* Ours is compared with whichever is faster: a user would run that one. */
    if (two.rows_per_s > out_postgres->rows_per_s)
        *out_postgres = two;
    return err;
}

enum err bench_ingest(const struct bench_options *options, struct err_note *note)
{
    struct peer_result postgres;
    TRY(measure_peers(options, &postgres, note));
    for (size_t i = 0; i < COUNT_OF(SHAPES); i++) {
        if (options->only == NULL || strstr(SHAPES[i].name, options->only) != NULL)
            TRY(measure(options, &SHAPES[i], &postgres, note));
    }
    return ERR_NONE;
}
