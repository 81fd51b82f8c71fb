// SPDX-License-Identifier: Apache-2.0
#include "readings/items.h"

#include <stdio.h>

void item_errors_fini(struct item_errors *errors)
{
    mem_free(errors->items);
    *errors = (struct item_errors){0};
}

void item_errors_add(struct item_errors *errors, enum err err, const char *place,
                     const char *detail, ...)
{
    if (errors->count++ >= LIMIT_ITEM_ERRORS)
        return;
    if (errors->items == NULL)
        errors->items = mem_new_array(LIMIT_ITEM_ERRORS, sizeof *errors->items);
    struct item_error *item = &errors->items[errors->count - 1];
    item->err = err;
    (void)snprintf(item->place, sizeof item->place, "%s", place);
    va_list args;
    va_start(args, detail);
    (void)vsnprintf(item->detail, sizeof item->detail, detail, args);
    va_end(args);
}

void item_errors_cut(struct item_errors *errors, size_t count)
{
    errors->count = MIN(errors->count, count);
}
