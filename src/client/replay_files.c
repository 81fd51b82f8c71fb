// SPDX-License-Identifier: Apache-2.0
#include "client/replay.h"

#include "base/text.h"
#include "client/files.h"

struct reading_files {
    const struct recording_options *options;
    int format; /* -1 = guess */
    struct recording *recording;
    struct err_note *note;
};

static enum err read_bytes(void *context, const char *path, const char *bytes, size_t len)
{
    const struct reading_files *files = context;
    enum recording_format format = (enum recording_format)files->format;
    if (files->format < 0 && !recording_guess(path, bytes, len, &format))
        return err_set(files->note, ERR_INVALID, path,
                       "is none of the formats that replay reads; name one by --format "
                       "(compressed files must be unpacked first)");
    struct recording_options options = *files->options;
    char device[LIMIT_ID_LEN + 1];
    if (options.device == NULL || options.device[0] == '\0') {
        (void)text_copy(device, sizeof device,
                        format == RECORDING_WILDTRACK ? "view-" : "camera-1");
        options.device = device;
    }
    return recording_read(files->recording, format, &options, path, bytes, len, files->note);
}

enum err replay_read(char *const *paths, size_t path_count, const struct recording_options *options,
                     int format, struct recording *out_recording, struct err_note *note)
{
    struct recording recording = {0};
    struct reading_files files = {options, format, &recording, note};
    enum err err = ERR_NONE;
    for (size_t i = 0; i < path_count && err == ERR_NONE; i++)
        err = files_read(paths[i], read_bytes, &files, note);
    if (err == ERR_NONE && recording.frame_count == 0)
        err = err_set(note, ERR_INVALID, paths[0], "holds nothing to replay");
    if (err != ERR_NONE) {
        recording_fini(&recording);
        return err;
    }
    recording_finish(&recording);
    *out_recording = recording;
    return ERR_NONE;
}
