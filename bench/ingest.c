// SPDX-License-Identifier: Apache-2.0
/* The load of the promise is 200 cameras x 10 frames/s x 50 persons, paced by the clock. The ceiling is
 * looked for without a pace: as many requests as are answered, stored as the peer stores its rows. The crowd
 * follows people at a rate of its own, which is told beside, and lags behind meanwhile. */
#include "base/clock.h"
#include "base/text.h"
#include "bench/bench.h"
#include "bench/load/bodies.h"
#include "bench/load/load.h"
#include "bench/peers/peers.h"
#include "bench/promise.h"
#include "bench/site/history.h"
#include "bench/site/probe.h"
#include "bench/site/site.h"
#include "store/pg_server.h"

#include <stdio.h>
#include <time.h>

enum { CAMERAS = 200, CEILING_CAMERAS = 1000, ZONES = 200, PERSONS = 50, VARIANTS = 8 };
enum { PEER_BATCH = 500, PEER_SECONDS = 10 };
#define COUNTED_PATIENCE_US (60 * 1000000LL)
#define LOOK_NS             2000000

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
    {"ceiling, native, per frame", BODY_NATIVE, CEILING_CAMERAS, 1, 0, CAMERAS},
    {"ceiling, SceneScape, per device and second", BODY_SCENESCAPE, CEILING_CAMERAS, 10, 0, 32},
};

struct sender {
    struct bodies bodies;
    int64_t next;
};

static bool next_request(void *context, int connection, struct load_request *out)
{
    struct sender *sender = context;
    (void)connection;
    bodies_request(&sender->bodies, sender->next++, clock_now_ms(), out);
    return true;
}

struct outcome {
    struct load_result load;
    struct probe_result probe;
    int64_t hour_ms; /* when it began */
    struct history_result history;
    double cpu_s;
    double bytes_per_detection; /* on the wire */
    double disk_per_detection;  /* of the telemetry store: stream, history, series */
    int64_t stored;
    int64_t counted;    /* frames of the load, by the crowd */
    int64_t ahead;      /* frames that it left out: their time lay in the future */
    int64_t counted_us; /* from the first request until it had counted the last */
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

static enum err read_counted(const struct site *site, struct outcome *out, struct err_note *note)
{
    TRY(site_metric(site, "muster_crowd_frames_total", &out->counted, note));
    return site_metric(site, "muster_crowd_frames_ahead_total", &out->ahead, note);
}

/* Waits until the crowd has looked at all frames of the load; what it had looked at `before` and the
 * frames of the probe are not the load's. */
static enum err wait_counted(const struct site *site, const struct shape *shape,
                             const struct outcome *before, int64_t start_us, struct outcome *out,
                             struct err_note *note)
{
    int64_t sent = out->load.answered * shape->frames;
    for (;;) {
        TRY(read_counted(site, out, note));
        out->counted_us = clock_monotonic_us() - start_us;
        out->counted -= before->counted + out->probe.asked;
        out->ahead -= before->ahead;
        if (out->counted + out->ahead >= sent || out->counted_us > COUNTED_PATIENCE_US)
            return ERR_NONE;
        (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
}

/* The load, with the probe beside it, and the reader of the hour when the shape asks for it. */
static enum err run_beside(const struct shape *shape, const struct site *site,
                           const struct load_options *load, struct outcome *out,
                           struct err_note *note)
{
    struct probe *probe = NULL;
    struct outcome before = {0};
    TRY(read_counted(site, &before, note));
    TRY(probe_start(site, &probe, note));
    double cpu_s = site_cpu_s(site);
    int64_t start_us = clock_monotonic_us();
    struct history_reader *reader =
        shape->reads_hour ? history_reader_start(site, out->hour_ms) : NULL;
    enum err err = load_run(load, &out->load, note);
    out->cpu_s = site_cpu_s(site) - cpu_s;
    if (reader != NULL)
        history_reader_stop(reader, &out->history);
    probe_stop(probe, &out->probe);
    return err == ERR_NONE ? wait_counted(site, shape, &before, start_us, out, note) : err;
}

static enum err run_load(const struct shape *shape, const struct site *site, int64_t seconds,
                         struct outcome *out, struct err_note *note)
{
    struct bodies_options how = {.form = shape->form,
                                 .cameras = shape->cameras,
                                 .frames = shape->frames,
                                 .persons = PERSONS,
                                 .variants = shape->requests_per_s > 0 ? VARIANTS : 1,
                                 .do_stand = shape->requests_per_s == 0,
                                 .host = "127.0.0.1",
                                 .token = site->token};
    struct sender sender = {0};
    bodies_init(&sender.bodies, &how);
    struct load_options load = {.address = "127.0.0.1",
                                .port = site->server.port,
                                .connections = shape->connections,
                                .requests_per_s = shape->requests_per_s,
                                .duration_us = seconds * 1000000,
                                .next = next_request,
                                .context = &sender};
    enum err err = run_beside(shape, site, &load, out, note);
    const struct body *body = &sender.bodies.items[0];
    out->bytes_per_detection =
        (double)(body->len - body->head_len) / (double)(shape->frames * PERSONS);
    bodies_fini(&sender.bodies);
    return err;
}

/* Taken and stored, as the peer does. */
static double rate_of(const struct shape *shape, const struct outcome *outcome)
{
    return (double)(outcome->load.answered * shape->frames * PERSONS) * 1e6 /
           (double)outcome->load.duration_us;
}

/* People followed: above this the crowd lags behind what is stored. */
static double followed_rate_of(const struct outcome *outcome)
{
    return (double)(outcome->counted * PERSONS) * 1e6 / (double)outcome->counted_us;
}

static int64_t lost_of(const struct shape *shape, const struct outcome *outcome)
{
    return outcome->load.answered * shape->frames * PERSONS - outcome->stored;
}

static int64_t uncounted_of(const struct shape *shape, const struct outcome *outcome)
{
    return outcome->load.answered * shape->frames - outcome->counted;
}

static void report(const struct bench_options *options, const struct shape *shape,
                   const struct outcome *outcome, const struct peer_result *postgres)
{
    const struct load_result *load = &outcome->load;
    double seconds = (double)load->duration_us / 1e6;
    char conditions[600];
    (void)snprintf(
        conditions, sizeof conditions,
        "batch=%d durability=fsync clients=%d seconds=%.0f wire_bytes=%.0f disk_bytes=%.1f "
        "server_cpu=%.2f sender_cpu=%.2f refused=%lld broken=%lld lost=%lld uncounted=%lld "
        "ahead=%lld followed_per_s=%.0f followed_after_ms=%.0f answer_p50_ms=%.1f "
        "answer_p99_ms=%.1f live_p50_ms=%.1f "
        "live_p99_ms=%.1f live_unheard=%lld/%lld",
        shape->frames * PERSONS, shape->connections, seconds, outcome->bytes_per_detection,
        outcome->disk_per_detection, outcome->cpu_s / seconds, load->cpu_s / seconds,
        (long long)load->refused, (long long)load->broken, (long long)lost_of(shape, outcome),
        (long long)uncounted_of(shape, outcome), (long long)outcome->ahead,
        followed_rate_of(outcome), (double)(outcome->counted_us - load->duration_us) / 1e3,
        load_latency_ms(load, 0.5), load_latency_ms(load, 0.99), outcome->probe.p50_ms,
        outcome->probe.p99_ms, (long long)outcome->probe.unheard, (long long)outcome->probe.asked);
    report_figure(options->form, &(struct figure){.bench = "ingest",
                                                  .measured = shape->name,
                                                  .unit = "detections/s",
                                                  .ours = rate_of(shape, outcome),
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

static bool holds_promise(const struct shape *shape, const struct outcome *outcome,
                          struct err_note *out_note)
{
    if (shape->requests_per_s == 0)
        return true; /* promised is the required load, not the ceiling */
    struct promise_run run = {
        .due = shape->requests_per_s * (double)outcome->load.duration_us / 1e6,
        .answered = outcome->load.answered,
        .refused = outcome->load.refused,
        .broken = outcome->load.broken,
        .lost = lost_of(shape, outcome),
        .uncounted = uncounted_of(shape, outcome),
        .answer_p99_ms = load_latency_ms(&outcome->load, 0.99),
        .live_p99_ms = outcome->probe.p99_ms,
    };
    return promise_is_held(&run, shape->name, out_note);
}

static enum err run_shape(const struct bench_options *options, const struct shape *shape,
                          struct site *site, struct outcome *out, struct err_note *note)
{
    if (shape->reads_hour)
        TRY(history_fill(site, &out->hour_ms, note));
    TRY(run_load(shape, site, options->seconds, out, note));
    int64_t all;
    TRY(count_stored(site, &all, note));
    out->stored = all - out->probe.people - (shape->reads_hour ? HISTORY_DETECTIONS : 0);
    out->disk_per_detection = (double)site_telemetry_bytes(site) / (double)all;
    return ERR_NONE;
}

/* *inout_promise keeps the first promise that was broken. */
static enum err measure(const struct bench_options *options, const struct shape *shape,
                        const struct peer_result *postgres, struct err_note *inout_promise,
                        struct err_note *note)
{
    struct site site;
    struct outcome outcome = {0};
    TRY(site_open(&(struct site_options){.cameras = shape->cameras, .zones = ZONES}, &site, note));
    enum err err = run_shape(options, shape, &site, &outcome, note);
    if (err == ERR_NONE) {
        report(options, shape, &outcome, postgres);
        if (shape->reads_hour)
            report_history(options, &outcome);
        if (inout_promise->detail[0] == '\0')
            (void)holds_promise(shape, &outcome, inout_promise);
    }
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
    struct err_note promise = {0};
    TRY(measure_peers(options, &postgres, note));
    for (size_t i = 0; i < COUNT_OF(SHAPES); i++) {
        if (options->only == NULL || strstr(SHAPES[i].name, options->only) != NULL)
            TRY(measure(options, &SHAPES[i], &postgres, &promise, note));
    }
    *note = promise;
    return promise.detail[0] == '\0' ? ERR_NONE : ERR_BUSY;
}
