// SPDX-License-Identifier: Apache-2.0
#include "server/first_admin.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define LINE_LEN  PASSWORD_RANDOM_SIZE /* the password and a newline */

static void close_descriptor(const int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor); /* what was written to it is on disk already */
}
#define SCOPED_DESCRIPTOR __attribute__((cleanup(close_descriptor))) int

static enum err path_fail(const char *path, const char *doing, struct err_note *note)
{
    return err_set(note, ERR_IO, path, "cannot %s: %s", doing, strerror(errno));
}

/* Held until the descriptor is closed: who starts at once in one folder takes turns. */
static enum err lock_folder(const char *folder, int *out_descriptor, struct err_note *note)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return err_set(note, ERR_IO, folder,
                       "cannot make the data folder: %s; name another one with --data-folder",
                       strerror(errno));
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || flock(descriptor, LOCK_EX) != 0) {
        enum err err = path_fail(folder, "open and lock the data folder", note);
        close_descriptor(&descriptor);
        return err;
    }
    *out_descriptor = descriptor;
    return ERR_NONE;
}

/* False when it is not a whole line: then no account was made with it. */
static bool read_line(int file, char out_password[PASSWORD_RANDOM_SIZE])
{
    char line[LINE_LEN + 1];
    ssize_t len = pread(file, line, sizeof line, 0);
    if (len != LINE_LEN || line[LINE_LEN - 1] != '\n' || memchr(line, '\0', LINE_LEN) != NULL)
        return false;
    memcpy(out_password, line, LINE_LEN - 1);
    out_password[LINE_LEN - 1] = '\0';
    return true;
}

static bool write_line(int file, const char *password)
{
    char line[LINE_LEN + 1];
    (void)snprintf(line, sizeof line, "%s\n", password);
    return ftruncate(file, 0) == 0 && pwrite(file, line, LINE_LEN, 0) == LINE_LEN;
}

/* What an earlier start has left, or a new one. On disk with its name afterwards. */
static enum err keep_password(int folder, const char *path, char out_password[PASSWORD_RANDOM_SIZE],
                              struct err_note *note)
{
    static const char DOING[] = "keep the first administrator's password";
    SCOPED_DESCRIPTOR file =
        openat(folder, FIRST_ADMIN_PASSWORD_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return path_fail(path, DOING, note);
    if (!read_line(file, out_password)) {
        password_random(out_password);
        if (!write_line(file, out_password))
            return path_fail(path, DOING, note);
    }
    if (fchmod(file, 0600) != 0 || fsync(file) != 0 || fsync(folder) != 0)
        return path_fail(path, DOING, note);
    return ERR_NONE;
}

static enum err create(struct accounts *accounts, const struct server_options *options, int folder,
                       struct err_note *note)
{
    char path[PATH_SIZE];
    int len = snprintf(path, sizeof path, "%s/%s", options->data_folder, FIRST_ADMIN_PASSWORD_FILE);
    if (len < 0 || (size_t)len >= sizeof path)
        return err_set(note, ERR_INVALID, "data-folder", "the folder's name is too long");
    char password[PASSWORD_RANDOM_SIZE] = "";
    if (options->admin_password == NULL)
        TRY(keep_password(folder, path, password, note));
    struct accounts_first_admin admin = {
        .email = options->admin_email,
        .password = options->admin_password == NULL ? password : options->admin_password};
    char email[LIMIT_EMAIL_LEN + 1];
    TRY(accounts_bootstrap(accounts, &admin, clock_now_ms(), email, note));
    if (email[0] != '\0')
        log_write(LOG_INFO, "server", "created the first administrator",
                  "email=%s password_file=%s", LOG_TEXT(email),
                  password[0] == '\0' ? "-" : LOG_TEXT(path));
    else if (password[0] != '\0') /* another process was first: nobody has this password */
        (void)unlinkat(folder, FIRST_ADMIN_PASSWORD_FILE, 0); /* useless, and harmless */
    return ERR_NONE;
}

enum err first_admin_create(struct accounts *accounts, const struct server_options *options,
                            struct err_note *note)
{
    SCOPED_DESCRIPTOR folder = -1;
    TRY(lock_folder(options->data_folder, &folder, note));
    bool is_empty = false;
    TRY(accounts_is_empty(accounts, &is_empty, note));
    return is_empty ? create(accounts, options, folder, note) : ERR_NONE;
}
