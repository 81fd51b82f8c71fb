// SPDX-License-Identifier: Apache-2.0
#include "client/replay.h"

#include "client/interrupt.h"

#include "base/clock.h"
#include "base/text.h"
#include "feeds/encode.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum {
    WINDOW_FRAMES_MAX = 20000,
    BODY_MAX = LIMIT_INGEST_BODY_BYTES,
    RETRIES_MAX = 60,
    RETRY_US = 1000000
};

struct replay {
    const struct replay_plan *plan;
    struct replay_report *report;
    struct err_note *note;
    int64_t start_ms; /* UTC of the recording's zero */
    int64_t began_us; /* monotonic, when recorded time `began_at_ms` was due */
    int64_t began_at_ms;
    size_t next; /* frame */
    struct text body;
};

/* --- the position file: {"start","next_frame","frames"} --- */

static enum err read_position(struct replay *replay)
{
    const char *path = replay->plan->position_file;
    SCOPED_JSON *position = path == NULL ? NULL : json_load_file(path, 0, NULL);
    if (position == NULL)
        return ERR_NONE;
    json_int_t start_ms = 0;
    json_int_t next = 0;
    json_int_t frames = 0;
    bool is_ours = json_unpack(position, "{s:I, s:I, s:I}", "start_ms", &start_ms, "next_frame",
                               &next, "frames", &frames) == 0 &&
                   (size_t)frames == replay->plan->recording->frame_count && next >= 0 &&
                   next <= frames;
    if (!is_ours)
        return err_set(replay->note, ERR_INVALID, path,
                       "belongs to another recording; remove it or name another file");
    replay->start_ms = start_ms;
    replay->next = (size_t)next;
    return ERR_NONE;
}

/* Written beside and renamed, so that there is always a whole one. */
static enum err write_position(struct replay *replay)
{
    const char *path = replay->plan->position_file;
    if (path == NULL)
        return ERR_NONE;
    char beside[4096];
    (void)snprintf(beside, sizeof beside, "%s.part", path);
    SCOPED_JSON *position = json_pack("{s:I, s:I, s:I}", "start_ms", (json_int_t)replay->start_ms,
                                      "next_frame", (json_int_t)replay->next, "frames",
                                      (json_int_t)replay->plan->recording->frame_count);
    if (json_dump_file(position, beside, 0) != 0 || rename(beside, path) != 0)
        return err_set(replay->note, ERR_IO, path, "cannot be written: %s", strerror(errno));
    return ERR_NONE;
}

/* --- one window --- */

/* The frames from `next` on that lie within one window; they are in order of time. */
static size_t window_end(const struct replay *replay)
{
    const struct recording *recording = replay->plan->recording;
    int64_t end_ms = recording->frames[replay->next].at_ms + replay->plan->window_ms;
    size_t end = replay->next;
    while (end < recording->frame_count && end - replay->next < WINDOW_FRAMES_MAX &&
           recording->frames[end].at_ms < end_ms)
        end++;
    return end;
}

/* One line of NDJSON for a device, when it has frames in the window. */
static void add_device(struct replay *replay, uint32_t device, size_t end,
                       struct encode_frame *frames)
{
    const struct recording *recording = replay->plan->recording;
    size_t count = 0;
    for (size_t i = replay->next; i < end; i++) {
        const struct recorded_frame *frame = &recording->frames[i];
        if (frame->device == device)
            frames[count++] =
                (struct encode_frame){.at_ms = replay->start_ms + frame->at_ms,
                                      .observations = recording->observations + frame->first,
                                      .count = frame->count};
    }
    if (count == 0)
        return;
    encode_batch(&replay->body, recording->devices[device], recording->is_in_metres, frames, count);
    text_add_char(&replay->body, '\n');
}

/* A busy server is given time; everything else ends the replay where it can be resumed. */
static enum err send_body(struct replay *replay, json_t **out_answer)
{
    char path[160] = "/api/v1/detections";
    if (replay->plan->event != NULL)
        (void)snprintf(path, sizeof path, "/api/v1/detections?event=%s", replay->plan->event);
    enum err err = ERR_BUSY;
    for (int attempt = 0; err == ERR_BUSY && attempt < RETRIES_MAX; attempt++) {
        if (attempt > 0 && interrupt_wait_until(clock_monotonic_us() + RETRY_US))
            break;
        err = client_send(replay->plan->client, path, "application/x-ndjson", replay->body.bytes,
                          replay->body.len, out_answer, replay->note);
    }
    return err;
}

static enum err send_window(struct replay *replay)
{
    const struct recording *recording = replay->plan->recording;
    size_t end = window_end(replay);
    SCOPED_MEM struct encode_frame *frames = mem_new_array(end - replay->next, sizeof *frames);
    text_clear(&replay->body);
    for (uint32_t device = 0; device < recording->device_count; device++)
        add_device(replay, device, end, frames);
    if (replay->body.overflowed)
        return err_set(replay->note, ERR_TOO_LARGE, "--window",
                       "a window has more than %d bytes; choose a shorter one", BODY_MAX);
    SCOPED_JSON *answer = NULL;
    TRY(send_body(replay, &answer));
    replay->report->rejected += (int64_t)json_array_size(json_object_get(answer, "errors"));
    for (size_t i = replay->next; i < end; i++)
        replay->report->detections += recording->frames[i].count;
    replay->report->frames += (int64_t)(end - replay->next);
    replay->next = end;
    return write_position(replay);
}

/* --- the pace --- */

/* False when the end was asked for instead. */
static bool wait_until_due(const struct replay *replay)
{
    const struct recording *recording = replay->plan->recording;
    if (replay->plan->speed <= 0)
        return !interrupt_is_asked();
    /* A window is due when its last moment has passed, so that no frame is ahead of its time. */
    int64_t at_ms = recording->frames[replay->next].at_ms + replay->plan->window_ms;
    double ahead_ms = (double)(at_ms - replay->began_at_ms) / replay->plan->speed;
    int64_t due_us = replay->began_us + (int64_t)(ahead_ms * 1000);
    return !interrupt_wait_until(due_us);
}

static void show_progress(const struct replay *replay)
{
    const struct recording *recording = replay->plan->recording;
    if (!replay->plan->shows_progress)
        return;
    enum { WIDTH = 30 };
    size_t done = replay->next * WIDTH / recording->frame_count;
    char bar[WIDTH + 1];
    memset(bar, '.', WIDTH);
    memset(bar, '#', done);
    bar[WIDTH] = '\0';
    (void)fprintf(stderr, "\r[%s] %3zu %%  %lld detections%s", bar,
                  replay->next * 100 / recording->frame_count,
                  (long long)replay->report->detections,
                  replay->next == recording->frame_count ? "\n" : " ");
}

static int64_t default_start_ms(const struct replay_plan *plan)
{
    const struct recording *recording = plan->recording;
    int64_t length_ms = recording->frames[recording->frame_count - 1].at_ms;
    int64_t now_ms = clock_now_ms();
    if (plan->speed <= 0)
        return now_ms - length_ms;
    return now_ms - MAX(0, length_ms - (int64_t)((double)length_ms / plan->speed));
}

enum err replay_run(const struct replay_plan *plan, struct replay_report *out_report,
                    struct err_note *note)
{
    assert(plan->recording->frame_count > 0);
    assert(plan->window_ms > 0 && plan->window_ms <= REPLAY_WINDOW_MAX_MS);
    struct replay_report report = {0};
    struct replay replay = {.plan = plan, .report = &report, .note = note};
    replay.start_ms = plan->start_ms != 0 ? plan->start_ms : default_start_ms(plan);
    TRY(read_position(&replay));
    const struct recording *recording = plan->recording;
    replay.began_us = clock_monotonic_us();
    if (replay.next < recording->frame_count)
        replay.began_at_ms = recording->frames[replay.next].at_ms;
    text_init(&replay.body, BODY_MAX);
    enum err err = ERR_NONE;
    while (err == ERR_NONE && replay.next < recording->frame_count && wait_until_due(&replay)) {
        err = send_window(&replay);
        show_progress(&replay);
    }
    text_fini(&replay.body);
    report.is_complete = replay.next == recording->frame_count;
    if (err == ERR_NONE && report.is_complete && plan->position_file != NULL)
        (void)unlink(plan->position_file); /* a finished replay starts anew */
    *out_report = report;
    return err;
}
