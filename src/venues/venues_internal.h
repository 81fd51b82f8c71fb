// SPDX-License-Identifier: Apache-2.0
/* venues/venues_internal.h — what the parts of the module share. */
#pragma once
#include "venues/venues.h"

struct store *venues_store(const struct venues *venues);

struct venues_page {
    const char *from;  /* ids not before it */
    const char *after; /* and after this one */
    size_t count_max;
};
