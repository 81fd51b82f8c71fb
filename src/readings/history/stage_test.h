// SPDX-License-Identifier: Apache-2.0
/* readings/history/stage_test.h — an open store with the module on it, and what a test puts into its
 * streams: as the receiving side would, in commands that may hold several records. */
#pragma once
#include "base/test.h"
#include "readings/history/history.h"
#include "readings/pack.h"
#include "store/place_test.h"

#define START_MS          1781989200000LL
#define STAGE_DEADLINE_MS 20000

struct stage {
    const struct place *place;
    int64_t keep_ms; /* of both kinds; 0 = longer than any test */
    struct store *store;
    struct readings *readings;
};

void stage_init(struct stage *stage, const struct place *place);
void stage_open(struct stage *stage);
void stage_close(struct stage *stage);
/* Until everything stands in chunks: then nothing is left of the stream behind the marks. */
void stage_settle(struct stage *stage);
/* The one number that a query without parameters gives. */
int64_t stage_number(struct stage *stage, const char *sql);
/* Until that query gives `wanted`. */
void stage_wait_for(struct stage *stage, const char *sql, int64_t wanted);

void put_values(struct stage *stage, const struct reading *readings, size_t count);
void put_batch(struct stage *stage, struct detection_batch *batch);
/* One record each, in one commit. */
void put_batches(struct stage *stage, struct detection_batch *const *batches, size_t count);
void put_readings_apart(struct stage *stage, const struct reading *readings, size_t count);
