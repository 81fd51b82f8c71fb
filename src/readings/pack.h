// SPDX-License-Identifier: Apache-2.0
/* readings/pack.h — a batch of detections as bytes, for the stream and for history. The layout is
 * drawn in docs/formats/detections.md. */
#pragma once
#include "readings/pack/batch.h"
#include "readings/pack/blocks.h"

#define LIMIT_PACKED_FRAMES  100000
#define LIMIT_PACKED_PERSONS 2000000

/* Appends the packed batch; `packer->is_broken` tells of memory that was refused. */
void detections_pack(struct packer *packer, const struct detection_batch *batch, enum seal seal);
/* The caller owns *out_batch, whose event and venue are empty. ERR_CORRUPT, ERR_NO_MEMORY. */
MUST_USE enum err detections_unpack(const void *bytes, size_t len,
                                    struct detection_batch **out_batch);
/* Only whose it is; the bytes' check must be right, the rest is not looked at. */
MUST_USE enum err detections_read_device(const void *bytes, size_t len,
                                         char out_device[LIMIT_ID_LEN + 1]);
/* False when it is another device's, without any check: for skipping records. */
bool detections_is_of_device(const void *bytes, size_t len, const char *device);
