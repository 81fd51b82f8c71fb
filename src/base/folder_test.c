// SPDX-License-Identifier: Apache-2.0
#include "base/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(close(fd) == 0);
}

TEST(a_folder_goes_with_all_that_is_in_it_but_not_with_what_a_link_leads_to)
{
    const char *folder = test_folder();
    char kept[400], gone[400], path[500], inside[500];
    (void)snprintf(kept, sizeof kept, "%s-kept", folder);
    (void)snprintf(gone, sizeof gone, "%s-gone", folder);
    CHECK(mkdir(kept, 0700) == 0);
    CHECK(mkdir(gone, 0700) == 0);
    (void)snprintf(inside, sizeof inside, "%s/file", kept);
    make_file(inside);
    (void)snprintf(path, sizeof path, "%s/link", gone);
    CHECK(symlink(kept, path) == 0);
    (void)snprintf(path, sizeof path, "%s/inner", gone);
    CHECK(mkdir(path, 0700) == 0);
    (void)snprintf(path, sizeof path, "%s/inner/file", gone);
    make_file(path);

    folder_remove(gone);
    CHECK(access(gone, F_OK) != 0);
    CHECK(access(inside, F_OK) == 0);
}
