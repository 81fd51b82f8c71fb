// SPDX-License-Identifier: Apache-2.0
/* Runs files, or all files of folders, through one fuzz target without libFuzzer, so that every
 * compiler replays what once failed. Prints TAP; the empty input always comes first. */
#include "base/base.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define REPLAY_BYTES_MAX (16 * 1024 * 1024)

static int count;

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    assert(file != NULL);
    uint8_t *bytes = mem_new(REPLAY_BYTES_MAX);
    size_t len = fread(bytes, 1, REPLAY_BYTES_MAX, file);
    assert(ferror(file) == 0);
    (void)fclose(file); /* it was only read */
    /* A copy of the exact size, so that a sanitizer sees a read past its end. */
    uint8_t *exact = mem_copy(bytes, len);
    mem_free(bytes);
    (void)LLVMFuzzerTestOneInput(exact, len); /* always 0 by its contract */
    mem_free(exact);
    (void)printf("ok %d - %s\n", ++count, path);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_folder(const char *path)
{
    struct dirent **entries = NULL;
    int entry_count = scandir(path, &entries, is_visible, alphasort);
    assert(entry_count >= 0);
    for (int i = 0; i < entry_count; i++) {
        char full[4096];
        (void)snprintf(full, sizeof full, "%s/%s", path, entries[i]->d_name);
        replay_file(full);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* the last line before a crash names its predecessor */
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    (void)printf("ok %d - the empty input\n", ++count);
    for (int i = 1; i < argc; i++) {
        struct stat status;
        assert(stat(argv[i], &status) == 0);
        if (S_ISDIR(status.st_mode))
            replay_folder(argv[i]);
        else
            replay_file(argv[i]);
    }
    (void)printf("1..%d\n", count);
    return 0;
}
