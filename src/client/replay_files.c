// SPDX-License-Identifier: Apache-2.0
#include "client/replay.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FILES_MAX = 1000000 };

struct reading_files {
    const struct recording_options *options;
    int format; /* -1 = guess */
    struct recording *recording;
    struct err_note *note;
};

static enum err refuse(const char *path, struct err_note *note)
{
    return err_set(note, ERR_NOT_FOUND, path, "cannot be read: %s", strerror(errno));
}

static enum err read_bytes(const struct reading_files *files, const char *path, const char *bytes,
                           size_t len)
{
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

static enum err read_file(const struct reading_files *files, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        enum err err = refuse(path, files->note);
        if (file >= 0)
            (void)close(file);
        return err;
    }
    size_t len = (size_t)status.st_size;
    void *bytes = len == 0 ? NULL : mmap(NULL, len, PROT_READ, MAP_PRIVATE, file, 0);
    enum err err = bytes == MAP_FAILED ? refuse(path, files->note)
                                       : read_bytes(files, path, bytes == NULL ? "" : bytes, len);
    if (bytes != NULL && bytes != MAP_FAILED)
        (void)munmap(bytes, len);
    (void)close(file);
    return err;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type != DT_DIR;
}

static enum err read_folder(const struct reading_files *files, const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    if (count < 0)
        return refuse(path, files->note);
    enum err err = count <= FOLDER_FILES_MAX ? ERR_NONE
                                             : err_set(files->note, ERR_TOO_LARGE, path,
                                                       "has more than %d files", FOLDER_FILES_MAX);
    for (int i = 0; i < count; i++) {
        char file[4096];
        int len = snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (err == ERR_NONE && (len < 0 || (size_t)len >= sizeof file))
            err = err_set(files->note, ERR_INVALID, path, "has a file whose name is too long");
        if (err == ERR_NONE)
            err = read_file(files, file);
        free(entries[i]);
    }
    free(entries);
    return err;
}

enum err replay_read(char *const *paths, size_t path_count, const struct recording_options *options,
                     int format, struct recording *out_recording, struct err_note *note)
{
    struct recording recording = {0};
    struct reading_files files = {options, format, &recording, note};
    enum err err = ERR_NONE;
    for (size_t i = 0; i < path_count && err == ERR_NONE; i++) {
        struct stat status;
        if (stat(paths[i], &status) != 0)
            err = refuse(paths[i], note);
        else
            err = S_ISDIR(status.st_mode) ? read_folder(&files, paths[i])
                                          : read_file(&files, paths[i]);
    }
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
