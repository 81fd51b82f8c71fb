// SPDX-License-Identifier: Apache-2.0
#include "base/folder.h"

#include <ftw.h>
#include <stdio.h>

#define FOLDERS_OPEN_MAX 16

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    (void)remove(path); /* what stays keeps its folder, nothing else */
    return 0;
}

void folder_remove(const char *folder)
{
    (void)nftw(folder, remove_entry, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS); /* temporary anyway */
}
