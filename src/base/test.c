// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"

#include "base/folder.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct test_case *first;
static struct test_case **last = &first;
static char folder[4096];

void test_register(struct test_case *test)
{
    *last = test;
    last = &test->next;
}

_Noreturn void test_skip(const char *reason)
{
    print_message("# skipped: %s\n", reason);
    _skip(__FILE__, __LINE__);
    abort();
}

static void remove_folder(void)
{
    folder_remove(folder);
}

const char *test_folder(void)
{
    static int count;
    if (folder[0] == '\0') {
        const char *parent = getenv("TMPDIR");
        (void)snprintf(folder, sizeof folder, "%s/muster-test-XXXXXX",
                       parent == NULL ? "/tmp" : parent);
        assert(mkdtemp(folder) != NULL);
        (void)atexit(remove_folder);
    }
    static char path[sizeof folder + 16];
    (void)snprintf(path, sizeof path, "%s/%d", folder, ++count);
    assert(mkdir(path, 0700) == 0);
    return path;
}

const char *test_data(const char *file)
{
    static char path[4096];
    const char *root = getenv("MUSTER_DATA");
    (void)snprintf(path, sizeof path, "%s/%s", root == NULL ? "../shared/data" : root, file);
    if (access(path, R_OK) != 0)
        test_skip("the data file is not here");
    return path;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (fnmatch(argv[i], name, 0) == 0)
            return true;
    }
    return argc <= 1;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    for (struct test_case *test = first; test != NULL; test = test->next)
        count += is_wanted(test->name, argc, argv);
    struct CMUnitTest *tests = mem_new_array(count + 1, sizeof *tests);
    size_t n = 0;
    for (struct test_case *test = first; test != NULL; test = test->next) {
        if (is_wanted(test->name, argc, argv))
            tests[n++] = (struct CMUnitTest){.name = test->name, .test_func = test->run};
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const char *group = strrchr(argv[0], '/');
    int failed = _cmocka_run_group_tests(group == NULL ? argv[0] : group + 1, tests, n, NULL, NULL);
    mem_free(tests);
    return failed == 0 ? 0 : 1;
}
