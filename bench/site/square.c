// SPDX-License-Identifier: Apache-2.0
#include "bench/site/square.h"

#include "base/clock.h"
#include "base/lock.h"
#include "client/files.h"
#include "client/replay.h"
#include "evaluation/positions.h"

#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VENUE        "/api/v1/events/" SITE_EVENT "/venues/square"
#define ANNOTATIONS  "wildtrack/annotations_frames_000-199.tar.xz"
#define HOMOGRAPHIES "wildtrack/rest_homographies.json"

enum { CAMERAS = 7, STEP_MS = 500, NUMBERS_PER_S = 10 };
enum { PATIENCE_US = 40000000, LOOK_NS = 200000000 };

struct square {
    const struct site *site;
    struct client *client; /* the sender's */
    char folder[1024];     /* of the annotations */
    struct recording recording;
    struct positions truth;
    int64_t start_ms, last_ms; /* of the first and the last picture */
    struct thread sender;
    enum err err;
    struct err_note note;
};

/* --- the data --- */

static enum err path_of(const char *name, char *out, size_t size, struct err_note *note)
{
    const char *folder = getenv("MUSTER_DATA");
    int len = snprintf(out, size, "%s/%s", folder == NULL ? "../shared/data" : folder, name);
    if (len < 0 || (size_t)len >= size)
        return err_set(note, ERR_INVALID, "MUSTER_DATA", "the folder's name is too long");
    if (access(out, R_OK) != 0)
        return err_set(note, ERR_NOT_FOUND, out,
                       "cannot be read; name the folder that has it by MUSTER_DATA");
    return ERR_NONE;
}

static enum err unpack(const char *archive, const char *folder, struct err_note *note)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)execlp("tar", "tar", "-xf", archive, "-C", folder, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        return err_set(note, ERR_IO, archive, "tar could not unpack it");
    return ERR_NONE;
}

static enum err read_truth(void *context, const char *path, const char *bytes, size_t len)
{
    struct square *square = context;
    return positions_read(&square->truth, POSITIONS_WILDTRACK,
                          &(struct positions_options){POSITIONS_OF_TRUTH, 0}, path, bytes, len,
                          &square->note);
}

/* Only its first seconds, and nobody has a number. */
static void cut(struct recording *recording, int64_t length_ms)
{
    while (recording->frame_count > 0 &&
           recording->frames[recording->frame_count - 1].at_ms > length_ms)
        recording->frame_count--;
    for (size_t i = 0; i < recording->observation_count; i++)
        recording->observations[i].track = -1;
}

static enum err read_data(struct square *square, int64_t seconds, struct err_note *note)
{
    char archive[4096];
    char *paths[] = {square->folder};
    TRY(path_of(ANNOTATIONS, archive, sizeof archive, note));
    TRY(local_server_folder(square->folder, sizeof square->folder, note));
    TRY(unpack(archive, square->folder, note));
    TRY(replay_read(paths, 1, &(struct recording_options){.device = "square-"}, RECORDING_WILDTRACK,
                    &square->recording, note));
    cut(&square->recording, seconds * 1000);
    if (square->recording.frame_count == 0 || square->recording.device_count != CAMERAS)
        return err_set(note, ERR_INVALID, archive, "has no pictures of seven cameras");
    enum err err = files_read(square->folder, read_truth, square, note);
    if (err != ERR_NONE && square->note.detail[0] != '\0')
        *note = square->note;
    return err;
}

/* --- the venue --- */

static enum err add_camera(const struct square *square, size_t index, json_t *matrix,
                           struct err_note *note)
{
    const char *id = square->recording.devices[index];
    return client_call(square->site->client, "POST", VENUE "/devices",
                       json_pack("{s:s, s:s, s:s, s:[i,i], s:{s:s, s:s, s:s, s:O}}", "id", id,
                                 "name", id, "kind", "camera", "image_px", 1920, 1080,
                                 "calibration", "kind", "homography", "direction", "floor_to_pixel",
                                 "unit", "cm", "matrix", matrix),
                       NULL, note);
}

static enum err furnish(const struct square *square, struct err_note *note)
{
    char path[4096];
    json_error_t trouble;
    TRY(path_of(HOMOGRAPHIES, path, sizeof path, note));
    SCOPED_JSON *document = json_load_file(path, 0, &trouble);
    json_t *matrices = json_object_get(json_object_get(document, "sequence1"), "homography");
    if (json_array_size(matrices) != CAMERAS)
        return err_set(note, ERR_INVALID, path, "has no homographies of seven cameras");
    TRY(client_call(square->site->client, "POST", "/api/v1/events/" SITE_EVENT "/venues",
                    json_pack("{s:s, s:s, s:s}", "id", "square", "name", "square", "crs", "local"),
                    NULL, note));
    TRY(client_call(square->site->client, "POST", VENUE "/zones",
                    json_pack("{s:s, s:s, s:{s:s, s:[[[i,i],[i,i],[i,i],[i,i],[i,i]]]}}", "id",
                              "all", "name", "all", "polygon", "type", "Polygon", "coordinates", -3,
                              -9, 9, -9, 9, 27, -3, 27, -3, -9),
                    NULL, note));
    for (size_t i = 0; i < CAMERAS; i++)
        TRY(add_camera(square, i, json_array_get(matrices, i), note));
    return ERR_NONE;
}

/* --- sending --- */

static void *send_all(void *context)
{
    struct square *square = context;
    struct replay_report report;
    const struct replay_plan plan = {.recording = &square->recording,
                                     .client = square->client,
                                     .speed = 1,
                                     .window_ms = 1, /* each moment by itself, at once */
                                     .start_ms = square->start_ms};
    square->err = replay_run(&plan, &report, &square->note);
    if (square->err == ERR_NONE && (!report.is_complete || report.rejected > 0))
        square->err = err_set(&square->note, ERR_BUSY, "square", "not all was taken");
    return NULL;
}

static enum err begin(struct square *square, int64_t seconds, struct err_note *note)
{
    TRY(read_data(square, seconds, note));
    TRY(furnish(square, note));
    TRY(client_open(square->site->server.address, &square->client, note));
    client_use_token(square->client, square->site->token);
    square->start_ms = clock_now_ms();
    square->last_ms =
        square->start_ms + square->recording.frames[square->recording.frame_count - 1].at_ms;
    thread_start(&square->sender, "square", send_all, square);
    return ERR_NONE;
}

enum err square_start(const struct site *site, int64_t seconds, struct square **out_square,
                      struct err_note *note)
{
    SCOPED(square) square = mem_new(sizeof *square);
    square->site = site;
    TRY(begin(square, seconds, note));
    *out_square = TAKE(square);
    return ERR_NONE;
}

void square_destroy(struct square *square)
{
    if (square == NULL)
        return;
    thread_join(&square->sender);
    if (square->client != NULL)
        client_close(square->client);
    recording_fini(&square->recording);
    positions_fini(&square->truth);
    local_server_forget(square->folder);
    mem_free(square);
}

/* --- the score --- */

static enum err read_tracks(const struct square *square, int64_t from_ms,
                            struct positions *out_tracks, struct err_note *note)
{
    char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE], path[256];
    SCOPED_MEM char *bytes = NULL;
    size_t len;
    clock_format(from_ms, from);
    clock_format(square->last_ms + STEP_MS, to);
    (void)snprintf(path, sizeof path, VENUE "/tracks?from=%s&to=%s&limit=500000&format=csv", from,
                   to);
    TRY(client_get(square->site->client, path, &bytes, &len, note));
    return positions_read(out_tracks, POSITIONS_COLUMNS,
                          &(struct positions_options){POSITIONS_OF_TRACKS, 0}, path, bytes, len,
                          note);
}

static enum err wait_until_settled(const struct square *square, struct err_note *note)
{
    int64_t deadline_us = clock_monotonic_us() + PATIENCE_US;
    for (;;) {
        struct positions last = {0};
        enum err err = read_tracks(square, square->last_ms, &last, note);
        bool is_there = last.count > 0;
        positions_fini(&last);
        if (err != ERR_NONE || is_there)
            return err;
        if (clock_monotonic_us() > deadline_us)
            return err_set(note, ERR_BUSY, "square", "its last tracks were not settled in time");
        (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
}

static enum err join(struct square *square, struct positions *tracks,
                     struct evaluation_sequence *out, struct err_note *note)
{
    struct positions_report report;
    const struct positions_alignment alignment = {
        .truth_name = "the square",
        .tracks_name = "its tracks",
        .has_start = true,
        .start_ms = square->start_ms,
        .has_range = true,
        .first = square->truth.first,
        .last = square->truth.first + (square->last_ms - square->start_ms) * NUMBERS_PER_S / 1000};
    return positions_join(&square->truth, tracks, &alignment, out, &report, note);
}

enum err square_score(struct square *square, struct evaluation_figures *out_figures,
                      struct err_note *note)
{
    struct positions tracks = {0};
    struct evaluation_sequence sequence = {0};
    struct evaluation_scores scores;
    thread_join(&square->sender);
    square->sender.is_started = false;
    if (square->err != ERR_NONE) {
        *note = square->note;
        return square->err;
    }
    TRY(wait_until_settled(square, note));
    enum err err = read_tracks(square, square->start_ms, &tracks, note);
    if (err == ERR_NONE)
        err = join(square, &tracks, &sequence, note);
    if (err == ERR_NONE)
        err = evaluation_score(&sequence, EVALUATION_THRESHOLDS, &scores, note);
    if (err == ERR_NONE)
        *out_figures = evaluation_figures(&scores);
    evaluation_sequence_fini(&sequence);
    positions_fini(&tracks);
    return err;
}
