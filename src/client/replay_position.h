// SPDX-License-Identifier: Apache-2.0
/* client/replay_position.h — how far a replay has come, in a file that is whole after a kill or a power
 * cut at any moment. */
#pragma once
#include "feeds/recording.h"

#define REPLAY_IDENTITY_SIZE 65

struct replay_position {
    int64_t start_ms; /* UTC of the recording's zero */
    size_t next_frame;
};

/* What recording this is, and for which event (may be NULL): of all its times, devices and numbers. */
void replay_identify(const struct recording *recording, const char *event,
                     char out[REPLAY_IDENTITY_SIZE]);

/* ERR_NOT_FOUND when there is no file, and no note then; ERR_INVALID when it is broken or another
 * recording's, with the remedy. */
MUST_USE enum err replay_position_read(const char *path, const char *identity, size_t frame_count,
                                       struct replay_position *out, struct err_note *note);
/* On disk when it returns. */
MUST_USE enum err replay_position_write(const char *path, const char *identity,
                                        const struct replay_position *position,
                                        struct err_note *note);
