// SPDX-License-Identifier: Apache-2.0
#include "client/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FILES_MAX = 1000000 };

typedef enum err (*take_file)(void *context, const char *path, const char *bytes, size_t len);

static enum err refuse(const char *path, struct err_note *note)
{
    return err_set(note, ERR_NOT_FOUND, path, "cannot be read: %s", strerror(errno));
}

static enum err read_file(const char *path, take_file take, void *context, struct err_note *note)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        enum err err = refuse(path, note);
        if (file >= 0)
            (void)close(file);
        return err;
    }
    size_t len = (size_t)status.st_size;
    void *bytes = len == 0 ? NULL : mmap(NULL, len, PROT_READ, MAP_PRIVATE, file, 0);
    enum err err = bytes == MAP_FAILED ? refuse(path, note)
                                       : take(context, path, bytes == NULL ? "" : bytes, len);
    if (bytes != NULL && bytes != MAP_FAILED)
        (void)munmap(bytes, len);
    (void)close(file);
    return err;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type != DT_DIR;
}

static enum err read_folder(const char *path, take_file take, void *context, struct err_note *note)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    if (count < 0)
        return refuse(path, note);
    enum err err = count <= FOLDER_FILES_MAX ? ERR_NONE
                                             : err_set(note, ERR_TOO_LARGE, path,
                                                       "has more than %d files", FOLDER_FILES_MAX);
    for (int i = 0; i < count; i++) {
        char file[4096];
        int len = snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (err == ERR_NONE && (len < 0 || (size_t)len >= sizeof file))
            err = err_set(note, ERR_INVALID, path, "has a file whose name is too long");
        if (err == ERR_NONE)
            err = read_file(file, take, context, note);
        free(entries[i]);
    }
    free(entries);
    return err;
}

enum err files_read(const char *path, take_file take, void *context, struct err_note *note)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return refuse(path, note);
    return S_ISDIR(status.st_mode) ? read_folder(path, take, context, note)
                                   : read_file(path, take, context, note);
}
