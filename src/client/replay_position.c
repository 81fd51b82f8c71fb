// SPDX-License-Identifier: Apache-2.0
#include "client/replay_position.h"

#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define REMEDY     "delete it or give --restart to send all anew"

enum { DIGEST_BYTES = (REPLAY_IDENTITY_SIZE - 1) / 2 };

static void hash(crypto_generichash_state *state, const void *bytes, size_t len)
{
    if (len > 0)
        (void)crypto_generichash_update(state, bytes, len);
}

static void hash_text(crypto_generichash_state *state, const char *text)
{
    hash(state, text, strlen(text) + 1);
}

void replay_identify(const struct recording *recording, const char *event,
                     char out[REPLAY_IDENTITY_SIZE])
{
    /* Arrays are hashed as they lie in memory: there must be no holes in them. */
    _Static_assert(sizeof(struct recorded_frame) == 24 && sizeof(struct observation) == 48,
                   "holes");
    unsigned char digest[DIGEST_BYTES];
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof digest);
    hash_text(&state, event == NULL ? "" : event);
    hash(&state, &recording->first_ms, sizeof recording->first_ms);
    for (size_t i = 0; i < recording->device_count; i++)
        hash_text(&state, recording->devices[i]);
    hash(&state, recording->frames, recording->frame_count * sizeof *recording->frames);
    hash(&state, recording->observations,
         recording->observation_count * sizeof *recording->observations);
    (void)crypto_generichash_final(&state, digest, sizeof digest);
    (void)sodium_bin2hex(out, REPLAY_IDENTITY_SIZE, digest, sizeof digest);
}

enum err replay_position_read(const char *path, const char *identity, size_t frame_count,
                              struct replay_position *out, struct err_note *note)
{
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return ERR_NOT_FOUND;
    json_error_t error;
    SCOPED_JSON *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL)
        return err_set(note, ERR_INVALID, path, "line %d: %s; " REMEDY, error.line, error.text);
    const char *recording = NULL;
    json_int_t start_ms = 0;
    json_int_t next = 0;
    if (json_unpack(document, "{s:s, s:I, s:I !}", "recording", &recording, "start_ms", &start_ms,
                    "next_frame", &next) != 0)
        return err_set(note, ERR_INVALID, path, "is no position of a replay; " REMEDY);
    if (strcmp(recording, identity) != 0)
        return err_set(note, ERR_INVALID, path,
                       "belongs to another recording, event or set of options; " REMEDY
                       ", or name another file");
    if (next < 0 || (size_t)next > frame_count)
        return err_set(note, ERR_INVALID, path,
                       "next_frame: is %lld, but the recording has %zu frames; " REMEDY,
                       (long long)next, frame_count);
    *out = (struct replay_position){.start_ms = start_ms, .next_frame = (size_t)next};
    return ERR_NONE;
}

static enum err refuse(const char *path, struct err_note *note)
{
    return err_set(note, ERR_IO, path, "cannot be written: %s", strerror(errno));
}

static bool write_file(const char *path, const char *bytes, size_t len)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return false;
    bool is_written = write(file, bytes, len) == (ssize_t)len && fsync(file) == 0;
    int error = errno;
    is_written = close(file) == 0 && is_written;
    errno = error;
    return is_written;
}

/* The folder tells which file has the name: without this, a power cut may bring back the old one. */
static bool sync_folder_of(const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    if (len >= sizeof folder)
        return false;
    memcpy(folder, path, len);
    folder[len] = '\0';
    int file = open(slash == NULL ? "."
                    : len == 0    ? "/"
                                  : folder,
                    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return false;
    bool is_synced = fsync(file) == 0;
    int error = errno;
    (void)close(file);
    errno = error;
    return is_synced;
}

enum err replay_position_write(const char *path, const char *identity,
                               const struct replay_position *position, struct err_note *note)
{
    char beside[PATH_BYTES];
    int path_len = snprintf(beside, sizeof beside, "%s.part", path);
    if (path_len < 0 || (size_t)path_len >= sizeof beside)
        return err_set(note, ERR_INVALID, "--position", "is too long for a file's name");
    char text[REPLAY_IDENTITY_SIZE + 100];
    int len =
        snprintf(text, sizeof text, "{\"recording\":\"%s\",\"start_ms\":%lld,\"next_frame\":%zu}\n",
                 identity, (long long)position->start_ms, position->next_frame);
    assert(len > 0 && (size_t)len < sizeof text);
    if (!write_file(beside, text, (size_t)len))
        return refuse(beside, note);
    if (rename(beside, path) != 0 || !sync_folder_of(path))
        return refuse(path, note);
    return ERR_NONE;
}
