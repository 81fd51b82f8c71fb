// SPDX-License-Identifier: Apache-2.0
/* base/assignment.h — who goes with whom: of the pairs that are possible, the set with the largest sum
 * of gains in which every row and every column stands at most once. A row may stay alone.
 *
 * Exact (shortest augmenting paths, Jonker and Volgenant 1987), by lists of the pairs: what cannot meet
 * does not cost, and a crowd of thousands who each meet some neighbours costs milliseconds. */
#pragma once
#include "base/base.h"

#define ASSIGNMENT_ALONE UINT32_MAX

struct assignment_pair {
    uint32_t row;
    uint32_t column;
    double gain; /* only pairs with a gain above zero are looked at; finite */
};

/* Room that is kept from one call to the next. */
struct assignment;
struct assignment *assignment_create(void);
void assignment_destroy(struct assignment *assignment); /* NULL is fine */
DEFINE_SCOPED(assignment)

/* out_columns[row] for `row_count` rows: the column, or ASSIGNMENT_ALONE. Returns the sum of gains. */
double assignment_solve(struct assignment *assignment, size_t row_count, size_t column_count,
                        const struct assignment_pair *pairs, size_t pair_count,
                        uint32_t *out_columns);
