// SPDX-License-Identifier: Apache-2.0
#include "bench/site/history.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "bench/load/latency.h"
#include "feeds/encode.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FRAMES = 60, PERSONS = HISTORY_DETECTIONS / HISTORY_POINTS };
#define PAUSE_MS  100
#define FILL_US   (60 * 1000000LL)
#define AGO_MS    60000 /* the hour ends before the load's first frame */
#define SECOND_MS 1000
#define SERIES    "zone.zone-001:people"

struct history_reader {
    const struct site *site;
    struct thread thread;
    atomic_bool is_stopping;
    char path[300];
    struct history_result result;
    struct latency waited;
};

static void pause_briefly(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

static void name_path(int64_t from_ms, char *out, size_t size)
{
    char from[CLOCK_TEXT_SIZE];
    char to[CLOCK_TEXT_SIZE];
    clock_format(from_ms, from);
    clock_format(from_ms + HISTORY_POINTS * SECOND_MS, to);
    (void)snprintf(out, size,
                   "/api/v1/series/" SERIES "?event=" SITE_EVENT "&from=%s&to=%s&limit=%d", from,
                   to, HISTORY_POINTS);
}

/* A minute of `PERSONS` people in the middle of the camera's picture. */
static enum err send_minute(struct client *client, int64_t from_ms, struct err_note *note)
{
    struct observation persons[PERSONS];
    struct encode_frame frames[FRAMES];
    for (int i = 0; i < PERSONS; i++)
        persons[i] = (struct observation){
            .track = i + 1, .x = 300 + i * 200, .y = 400, .w = 40, .h = 110, .confidence = 0.9};
    for (int i = 0; i < FRAMES; i++)
        frames[i] = (struct encode_frame){from_ms + i * SECOND_MS, persons, PERSONS};
    SCOPED_TEXT body;
    text_init(&body, 1024 * 1024);
    encode_batch(&body, "cam-0001", false, frames, FRAMES);
    return client_send(client, "/api/v1/detections", "application/json", body.bytes, body.len, NULL,
                       note);
}

/* Milliseconds of one reading, and how many values came. */
static enum err read_hour(struct client *client, const char *path, double *out_ms,
                          size_t *out_count, struct err_note *note)
{
    char *bytes = NULL;
    size_t len = 0;
    int64_t started_us = clock_monotonic_us();
    TRY(client_get(client, path, &bytes, &len, note));
    *out_ms = (double)(clock_monotonic_us() - started_us) / 1000;
    SCOPED_JSON *answer = json_loadb(bytes, len, 0, NULL);
    mem_free(bytes);
    *out_count = json_array_size(json_object_get(answer, "items"));
    return ERR_NONE;
}

enum err history_fill(const struct site *site, int64_t *out_from_ms, struct err_note *note)
{
    char path[300];
    double ms;
    size_t count = 0;
    int64_t from_ms = clock_now_ms() / SECOND_MS * SECOND_MS - AGO_MS - HISTORY_POINTS * SECOND_MS;
    SCOPED(client) sender = NULL;
    TRY(client_open(site->server.address, &sender, note));
    client_use_token(sender, site->token);
    for (int i = 0; i < HISTORY_POINTS / FRAMES; i++)
        TRY(send_minute(sender, from_ms + (int64_t)i * FRAMES * SECOND_MS, note));
    name_path(from_ms, path, sizeof path);
    int64_t deadline_us = clock_monotonic_us() + FILL_US;
    while (count < HISTORY_POINTS) {
        /* The series is not there before its first second is counted. */
        enum err err = read_hour(site->client, path, &ms, &count, note);
        if (err != ERR_NONE && err != ERR_NOT_FOUND)
            return err;
        if (clock_monotonic_us() > deadline_us)
            return err_set(note, ERR_IO, SERIES, "has %zu of %d values of its hour", count,
                           HISTORY_POINTS);
        pause_briefly();
    }
    *out_from_ms = from_ms;
    return ERR_NONE;
}

static void *run(void *context)
{
    struct history_reader *reader = context;
    struct history_result *result = &reader->result;
    while (!atomic_load(&reader->is_stopping)) {
        struct err_note note;
        double ms = 0;
        size_t count = 0;
        enum err err = read_hour(reader->site->client, reader->path, &ms, &count, &note);
        result->incomplete += err != ERR_NONE || count != HISTORY_POINTS;
        latency_add(&reader->waited, (int64_t)(ms * 1000));
        result->reads++;
        pause_briefly();
    }
    return NULL;
}

struct history_reader *history_reader_start(const struct site *site, int64_t from_ms)
{
    struct history_reader *reader = mem_new(sizeof *reader);
    reader->site = site;
    name_path(from_ms, reader->path, sizeof reader->path);
    thread_start(&reader->thread, "history", run, reader);
    return reader;
}

void history_reader_stop(struct history_reader *reader, struct history_result *out_result)
{
    atomic_store(&reader->is_stopping, true);
    thread_join(&reader->thread);
    struct history_result *result = &reader->result;
    result->p50_ms = latency_ms(&reader->waited, 0.5);
    result->p99_ms = latency_ms(&reader->waited, 0.99);
    result->max_ms = latency_ms(&reader->waited, 1);
    *out_result = *result;
    mem_free(reader);
}
