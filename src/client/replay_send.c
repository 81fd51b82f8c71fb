// SPDX-License-Identifier: Apache-2.0
#include "client/replay.h"

#include "client/interrupt.h"

#include "base/clock.h"
#include "base/text.h"
#include "client/replay_position.h"
#include "feeds/encode.h"

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
    char identity[REPLAY_IDENTITY_SIZE];
    struct text body;
};

/* --- the position file --- */

static enum err write_position(const struct replay *replay)
{
    const struct replay_position position = {.start_ms = replay->start_ms,
                                             .next_frame = replay->next};
    if (replay->plan->position_file == NULL)
        return ERR_NONE;
    return replay_position_write(replay->plan->position_file, replay->identity, &position,
                                 replay->note);
}

/* Goes on where the file says. A new one is written before anything is sent: who is killed in the first
 * window then sends it again with the same times, and it is stored once. */
static enum err take_up_position(struct replay *replay)
{
    const struct replay_plan *plan = replay->plan;
    struct replay_position position;
    if (plan->position_file == NULL)
        return ERR_NONE;
    replay_identify(plan->recording, plan->event, replay->identity);
    enum err err = plan->restarts ? ERR_NOT_FOUND
                                  : replay_position_read(plan->position_file, replay->identity,
                                                         plan->recording->frame_count, &position,
                                                         replay->note);
    if (err == ERR_NOT_FOUND)
        return write_position(replay);
    TRY(err);
    if (plan->start_ms != 0 && plan->start_ms != position.start_ms)
        return err_set(replay->note, ERR_INVALID, "--start",
                       "is not the start that %s goes on from; leave it out, or give --restart",
                       plan->position_file);
    replay->start_ms = position.start_ms;
    replay->next = position.next_frame;
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

static void add_line(struct replay *replay, uint32_t device, const struct encode_frame *frames,
                     size_t count)
{
    const struct recording *recording = replay->plan->recording;
    if (count == 0)
        return;
    encode_batch(&replay->body, recording->devices[device], recording->is_in_metres, frames, count);
    text_add_char(&replay->body, '\n');
}

/* A line of NDJSON for each device that has frames in the window, in one pass over them: `slots` holds
 * where each device's frames begin in `frames`, then where its next one goes. */
static void write_window(struct replay *replay, size_t end)
{
    const struct recording *recording = replay->plan->recording;
    size_t count = end - replay->next;
    SCOPED_MEM struct encode_frame *frames = mem_new_array(count, sizeof *frames);
    SCOPED_MEM size_t *slots = mem_new_array(recording->device_count + 1, sizeof *slots);
    for (size_t i = replay->next; i < end; i++)
        slots[recording->frames[i].device + 1]++;
    for (size_t device = 0; device < recording->device_count; device++)
        slots[device + 1] += slots[device];
    for (size_t i = replay->next; i < end; i++) {
        const struct recorded_frame *frame = &recording->frames[i];
        frames[slots[frame->device]++] =
            (struct encode_frame){.at_ms = replay->start_ms + frame->at_ms,
                                  .observations = recording->observations + frame->first,
                                  .count = frame->count};
    }
    size_t begin = 0;
    for (uint32_t device = 0; device < recording->device_count; device++) {
        add_line(replay, device, frames + begin, slots[device] - begin);
        begin = slots[device];
    }
}

/* A busy server is given time; everything else ends the replay where it can be resumed. */
static enum err send_body(struct replay *replay, json_t **out_answer)
{
    char path[160] = "/api/v1/detections";
    int path_len =
        replay->plan->event == NULL
            ? 0
            : snprintf(path, sizeof path, "/api/v1/detections?event=%s", replay->plan->event);
    if (path_len < 0 || (size_t)path_len >= sizeof path)
        return err_set(replay->note, ERR_INVALID, "--event", "is too long for an event's id");
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
    text_clear(&replay->body);
    write_window(replay, end);
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
    if (plan->venue != NULL)
        TRY(replay_setup(plan->client, plan->recording, plan->event, plan->venue, plan->calibration,
                         note));
    replay.start_ms = plan->start_ms != 0 ? plan->start_ms : default_start_ms(plan);
    TRY(take_up_position(&replay));
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
