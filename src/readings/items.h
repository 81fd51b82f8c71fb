// SPDX-License-Identifier: Apache-2.0
/* readings/items.h — what was wrong with single items of a body whose other items are kept.
 * The first LIMIT_ITEM_ERRORS are remembered with their place, the rest is counted. */
#pragma once
#include "base/base.h"

#define LIMIT_ITEM_ERRORS 100

struct item_error {
    enum err err;
    char place[128]; /* "frames[3].persons[0][2]", "messages[7].device" */
    char detail[192];
};

struct item_errors {
    size_t count;             /* of all; MIN(count, LIMIT_ITEM_ERRORS) are in `items` */
    struct item_error *items; /* owned; NULL while there are none */
};

void item_errors_fini(struct item_errors *errors);
void item_errors_add(struct item_errors *errors, enum err err, const char *place,
                     const char *detail, ...) PRINTF(4, 5);
/* Forgets all errors after the first `count`: their item is refused as a whole. */
void item_errors_cut(struct item_errors *errors, size_t count);
