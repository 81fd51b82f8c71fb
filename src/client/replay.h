// SPDX-License-Identifier: Apache-2.0
/* client/replay.h — sends a recording through the public API, window by window, at its own pace or faster.
 *
 * Times: the recording is moved so that nothing lies in the server's future. At real speed its first
 * frame is now; at N times real speed, and as fast as possible, its last frame will be. A position
 * file makes it resumable: it is written before the first window and after every acknowledged one, and
 * what was sent twice around an interruption (client/interrupt.h ends it early) or a kill has the same
 * times and is stored once. */
#pragma once
#include "client/client.h"
#include "feeds/recording.h"

#define REPLAY_WINDOW_MAX_MS 10000

struct replay_plan {
    const struct recording *recording;
    struct client *client; /* may send for all its devices */
    const char *event;     /* for a person's session; NULL with a token */
    const char *venue; /* made first where it is missing, and its devices; NULL = all is there */
    const char *calibration; /* for that: see replay_setup() */
    double speed;            /* 1 = real, 0 = as fast as it is taken */
    int64_t window_ms; /* of recorded time sent in one request; at most REPLAY_WINDOW_MAX_MS */
    int64_t start_ms;  /* when its first frame was, UTC; 0 = as above */
    const char *position_file; /* NULL = not resumable */
    bool restarts;             /* from the first frame, whatever the position file says */
    bool shows_progress;       /* on stderr */
};

struct replay_report {
    int64_t frames;
    int64_t detections; /* sent and acknowledged in this run */
    int64_t rejected;   /* items that the server refused */
    bool is_complete;
};

MUST_USE enum err replay_run(const struct replay_plan *plan, struct replay_report *out_report,
                             struct err_note *note);

/* Reads the files (or all files of a folder, in the order of their names) into one recording. */
MUST_USE enum err replay_read(char *const *paths, size_t path_count,
                              const struct recording_options *options, int format,
                              struct recording *out_recording, struct err_note *note);

/* Makes what is missing of event, venue and devices. `calibration` is a folder with OpenCV's intr_*.xml and
 * extr_*.xml (the pairs in the order of their names belong to the devices in their order), or NULL. */
MUST_USE enum err replay_setup(struct client *client, const struct recording *recording,
                               const char *event, const char *venue, const char *calibration,
                               struct err_note *note);
