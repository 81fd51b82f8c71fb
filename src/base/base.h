// SPDX-License-Identifier: Apache-2.0
/* base/base.h — what every file of Muster may rely on: integer types, errors, memory, assert.
 * Everything else of base/ (text, time, JSON, log, metrics ...) is included where it is used. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"

#define MUST_USE      __attribute__((warn_unused_result))
#define PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define COUNT_OF(arr) (sizeof(arr) / sizeof((arr)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

/* Leaves the function with the first error. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum err try_err_ = (call);                                                                \
        if (try_err_ != ERR_NONE)                                                                  \
            return try_err_;                                                                       \
    } while (0)

/* A local that owns: destroyed when it goes out of scope. Initialise it where it is declared. */
#define SCOPED(module) __attribute__((cleanup(module##_destroy_scoped))) struct module *
#define DEFINE_SCOPED(module)                                                                      \
    static inline void module##_destroy_scoped(struct module **slot)                               \
    {                                                                                              \
        module##_destroy(*slot);                                                                   \
    }
/* Hands the pointer over and forgets it. */
#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

/* A bug ends the process, in every build: the supervisor restarts it from the stream. */
_Noreturn void assert_failed(const char *claim, const char *file, int line);
#undef assert
#define assert(claim) ((claim) ? (void)0 : assert_failed(#claim, __FILE__, __LINE__))
