// SPDX-License-Identifier: Apache-2.0
/* base/test.h — cmocka with less ceremony. A test file says TEST(sentence) { ... CHECK(claim); }
 * and registers itself; one program per folder is linked from its *_test.c files and base/test.c's
 * main(), which takes names to run as arguments. Output is TAP, counted by scripts/test.
 * SKIP("reason") ends a test that cannot run here; it is counted and its reason shown. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base.h"

struct test_case {
    const char *name;
    void (*run)(void **state);
    struct test_case *next;
};

void test_register(struct test_case *test);
_Noreturn void test_skip(const char *reason);

#define TEST(sentence)                                                                             \
    static void sentence(void **state);                                                            \
    __attribute__((constructor)) static void sentence##_register(void)                             \
    {                                                                                              \
        static struct test_case test = {.name = #sentence, .run = sentence};                       \
        test_register(&test);                                                                      \
    }                                                                                              \
    static void sentence(__attribute__((unused)) void **state)

#define CHECK(claim) _assert_true((claim) ? 1 : 0, #claim, __FILE__, __LINE__)
#define CHECK_INT(actual, expected)                                                                \
    _assert_int_equal((uintmax_t)(intmax_t)(actual), (uintmax_t)(intmax_t)(expected), __FILE__,    \
                      __LINE__)
#define CHECK_TEXT(actual, expected) _assert_string_equal((actual), (expected), __FILE__, __LINE__)
#define CHECK_NEAR(actual, expected, tolerance)                                                    \
    do {                                                                                           \
        double near_a_ = (actual), near_b_ = (expected);                                           \
        if (!(near_a_ - near_b_ <= (tolerance) && near_b_ - near_a_ <= (tolerance))) {             \
            print_error("%.17g is not within %g of %.17g\n", near_a_, (double)(tolerance),         \
                        near_b_);                                                                  \
            _fail(__FILE__, __LINE__);                                                             \
        }                                                                                          \
    } while (0)
#define SKIP(reason) test_skip(reason)

/* A new empty folder under $TMPDIR, removed with its content when the test program ends. */
const char *test_folder(void);
/* Where the real data stands (see docs): $MUSTER_DATA or ../shared/data; skips when `file` is not
 * there. Returns a path that stays valid until the next call. */
const char *test_data(const char *file);
