// SPDX-License-Identifier: Apache-2.0
/* evaluation/read/read.h — what the readers of positions share. */
#pragma once
#include "evaluation/positions.h"
#include "feeds/lines.h"

#define COORDINATE_MAX 1e9

/* One file in reading. */
struct reading {
    struct positions *positions;
    const struct positions_options *options;
    enum positions_format format;
    struct lines file;
};

enum err reading_add(const struct reading *reading, struct position position);
/* The file names this frame, whether anybody stands in it or not. */
void reading_see_frame(const struct reading *reading, int64_t frame);
/* A number that is whole, as "7" or "7.0", within what int64_t and double share. */
bool reading_whole(double number, int64_t *out);

enum err reading_mot(const struct reading *reading);
enum err reading_wildtrack(const struct reading *reading);
enum err reading_trajectory(const struct reading *reading);
enum err reading_columns(const struct reading *reading);
