// SPDX-License-Identifier: Apache-2.0
#include "store/sql/url.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define SQLITE_SCHEME "sqlite:"

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

enum url_kind url_kind_of(const char *url)
{
    if (url == NULL)
        return URL_UNKNOWN;
    if (starts_with(url, SQLITE_SCHEME) && url[strlen(SQLITE_SCHEME)] != '\0')
        return URL_SQLITE;
    if (starts_with(url, "postgresql://") || starts_with(url, "postgres://"))
        return URL_POSTGRES;
    return URL_UNKNOWN;
}

enum err url_make_folder(const char *url, struct err_note *note)
{
    const char *folder = url + strlen(SQLITE_SCHEME);
    SCOPED_MEM char *path = mem_text(folder);
    for (char *slash = path + 1;; slash++) {
        char kept = *slash;
        if (kept != '/' && kept != '\0')
            continue;
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return err_set(note, ERR_IO, path, "The folder cannot be made: %s.", strerror(errno));
        *slash = kept;
        if (kept == '\0')
            return ERR_NONE;
    }
}

char *url_file(const char *url, const char *name)
{
    const char *folder = url + strlen(SQLITE_SCHEME);
    size_t size = strlen(folder) + strlen(name) + sizeof "/.db";
    char *path = mem_new(size);
    (void)snprintf(path, size, "%s/%s.db", folder, name);
    return path;
}
