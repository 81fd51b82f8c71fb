// SPDX-License-Identifier: Apache-2.0
#include "server/first_admin.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_FILE "first-admin-password"

static enum err write_password(const char *path, const char *password, struct err_note *note)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return err_set(note, ERR_IO, path, "cannot write the first administrator's password: %s",
                       strerror(errno));
    char line[ACCOUNTS_PASSWORD_SIZE + 1];
    int len = snprintf(line, sizeof line, "%s\n", password);
    bool is_written = write(file, line, (size_t)len) == len;
    if (close(file) != 0 || !is_written)
        return err_set(note, ERR_IO, path, "cannot write the first administrator's password: %s",
                       strerror(errno));
    return ERR_NONE;
}

enum err first_admin_create(struct accounts *accounts, const struct server_options *options,
                            struct err_note *note)
{
    struct accounts_first_admin admin = {.email = options->admin_email,
                                         .password = options->admin_password};
    char email[LIMIT_EMAIL_LEN + 1];
    char password[ACCOUNTS_PASSWORD_SIZE];
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", options->data_folder, PASSWORD_FILE);
    if (len < 0 || (size_t)len >= sizeof path)
        return err_set(note, ERR_INVALID, "data-folder", "the folder's name is too long");
    if (mkdir(options->data_folder, 0700) != 0 && errno != EEXIST)
        return err_set(note, ERR_IO, options->data_folder,
                       "cannot make the data folder: %s; name another one with --data-folder",
                       strerror(errno));
    TRY(accounts_bootstrap(accounts, &admin, clock_now_ms(), email, password, note));
    if (password[0] != '\0')
        TRY(write_password(path, password, note));
    if (email[0] != '\0')
        log_write(LOG_INFO, "server", "created the first administrator",
                  "email=%s password_file=%s", LOG_TEXT(email),
                  password[0] == '\0' ? "-" : LOG_TEXT(path));
    return ERR_NONE;
}
