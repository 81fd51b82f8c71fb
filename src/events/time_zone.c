// SPDX-License-Identifier: Apache-2.0
#include "events/time_zone.h"

#include "base/log.h"
#include "events/events.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

bool time_zone_has_form(const char *name)
{
    bool is_start = true;
    for (; *name != '\0'; name++) {
        bool is_letter = (*name >= 'A' && *name <= 'Z') || (*name >= 'a' && *name <= 'z');
        bool is_inner =
            (*name >= '0' && *name <= '9') || *name == '_' || *name == '-' || *name == '+';
        if (*name == '/' ? is_start : !(is_letter || (is_inner && !is_start)))
            return false;
        is_start = *name == '/';
    }
    return !is_start;
}

static bool is_zone_file(const char *folder, const char *name)
{
    static const char MAGIC[4] = {'T', 'Z', 'i', 'f'};
    char path[256], start[sizeof MAGIC];
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof path)
        return false;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    bool is_one = read(file, start, sizeof start) == (ssize_t)sizeof start &&
                  memcmp(start, MAGIC, sizeof start) == 0;
    (void)close(file); /* only read */
    return is_one;
}

enum time_zone_verdict time_zone_judge(const char *folder, const char *name)
{
    if (!is_zone_file(folder, "Etc/UTC"))
        return TIME_ZONE_NO_DATABASE;
    /* Beside the zones stand this machine's own ("localtime", "posixrules") and copies of all of them
     * ("posix/", "right/"), which browsers do not know: they begin with a small letter. */
    bool is_public = name[0] >= 'A' && name[0] <= 'Z' && strcmp(name, "Factory") != 0;
    return is_public && time_zone_has_form(name) && is_zone_file(folder, name) ? TIME_ZONE_KNOWN
                                                                               : TIME_ZONE_UNKNOWN;
}

enum err event_time_zone_check(const char *name, struct err_note *note)
{
    static atomic_flag is_told = ATOMIC_FLAG_INIT;
    enum time_zone_verdict verdict = time_zone_judge(TIME_ZONE_FOLDER, name);
    if (verdict == TIME_ZONE_UNKNOWN)
        return err_set(note, ERR_INVALID, "time_zone",
                       "is no time zone that this machine knows; write it like Europe/Berlin");
    if (verdict == TIME_ZONE_NO_DATABASE && !atomic_flag_test_and_set(&is_told))
        log_write(LOG_WARN, "events",
                  "no database of time zones: names of any are believed; install tzdata",
                  "folder=%s", TIME_ZONE_FOLDER);
    return ERR_NONE;
}
