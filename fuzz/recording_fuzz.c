// SPDX-License-Identifier: Apache-2.0
/* Every reader of recordings on any bytes. The first byte picks the format. A file that is refused
 * adds nothing; one that is taken holds frames and observations that fit together. */
#include "feeds/recording.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(const struct recording *recording)
{
    size_t next = 0;
    for (size_t i = 0; i < recording->frame_count; i++) {
        const struct recorded_frame *frame = &recording->frames[i];
        assert(frame->device < recording->device_count);
        assert(frame->first + frame->count <= recording->observation_count);
        next += frame->count;
    }
    assert(next == recording->observation_count);
    for (size_t i = 0; i < recording->observation_count; i++) {
        const struct observation *seen = &recording->observations[i];
        assert(isfinite(seen->x) && isfinite(seen->y) && seen->w >= 0 && seen->h >= 0);
        assert(seen->confidence >= 0 && seen->confidence <= 1 && seen->track >= -1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    enum recording_format format = (enum recording_format)(bytes[0] % RECORDING_FORMATS);
    struct recording_options options = {.device = "cam-"};
    struct recording recording = {0};
    struct err_note note = {0};
    enum err err = recording_read(&recording, format, &options, "00000005.json",
                                  (const char *)bytes + 1, len - 1, &note);
    assert(err == ERR_NONE || recording.frame_count == 0);
    assert(err == ERR_NONE || (note.place[0] != '\0' && note.detail[0] != '\0'));
    if (err == ERR_NONE) {
        recording_finish(&recording);
        check(&recording);
    }
    recording_fini(&recording);
    return 0;
}
