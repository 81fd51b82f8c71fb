// SPDX-License-Identifier: Apache-2.0
/* bench/load/bodies.h — ready-made ingest requests: everything but the times is written before the clock
 * starts, so that the sender costs next to nothing. The crowd of a camera walks from body to body. */
#pragma once
#include "bench/load/load.h"
#include "bench/site/world.h"

#define BODY_FRAMES_MAX 10

enum body_form { BODY_NATIVE, BODY_SCENESCAPE };

struct body {
    char *bytes; /* request line, headers and body in one piece: one send() */
    size_t len;
    size_t head_len;
    int64_t detections;
    size_t time_at[BODY_FRAMES_MAX]; /* offsets of the frames' RFC 3339 times */
};

struct bodies_options {
    enum body_form form;
    int cameras; /* "cam-0001" ... */
    int frames;  /* in one request */
    int persons; /* in each; with a world, WORLD_GROUP_PEOPLE */
    int variants;
    bool do_stand; /* a ceiling's frames are closer in time than people could walk as they do */
    const struct world
        *world; /* whom they see, a step a variant; NULL = everybody walks at random */
    const char *host;
    const char *token;
};

struct bodies {
    struct bodies_options options;
    struct body *items; /* [cameras * variants] */
    int64_t *sent_ms;   /* [cameras]: the time of the last frame sent */
};

void bodies_init(struct bodies *bodies, const struct bodies_options *options);
void bodies_fini(struct bodies *bodies);
/* The n-th request: cameras take turns. Its last frame was taken now, the others evenly since the
 * camera's request before: a camera that is asked for more takes more frames a second, and none lies
 * in the future. One of cameras * variants requests is under way at a time, so each may be written in
 * place. */
void bodies_request(struct bodies *bodies, int64_t n, int64_t now_ms, struct load_request *out);
