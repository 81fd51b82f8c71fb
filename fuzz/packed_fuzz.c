// SPDX-License-Identifier: Apache-2.0
/* Hostile bytes as any of the packed forms. The input's version and flags are kept and its check is
 * made right first, because otherwise nothing but the check would ever be reached. What is taken
 * must be the same after packing it again. */
#include "base/crc32c.h"
#include "readings/pack.h"
#include "readings/pack/points.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ignore_reading(void *context, const struct reading *reading)
{
    (void)context;
    assert(strlen(reading->series) <= READINGS_SERIES_LEN);
}

static void try_detections(const uint8_t *bytes, size_t len)
{
    struct detection_batch *batch = NULL;
    if (detections_unpack(bytes, len, &batch) != ERR_NONE)
        return;
    struct packer packer = {0};
    detections_pack(&packer, batch, SEAL_FAST);
    struct detection_batch *again = NULL;
    assert(detections_unpack(packer.bytes, packer.len, &again) == ERR_NONE);
    assert(again->person_count == batch->person_count && again->frame_count == batch->frame_count);
    for (size_t i = 0; i < batch->person_count; i++)
        assert(again->track[i] == batch->track[i] && again->y[i] == batch->y[i] &&
               again->w[i] == batch->w[i]);
    size_t duplicates;
    assert(batch_normalise(again, &duplicates) == ERR_NONE);
    batch_unref(again);
    batch_unref(batch);
    packer_fini(&packer);
}

static void try_values(const uint8_t *bytes, size_t len)
{
    struct points points = {0};
    struct cells cells = {0};
    if (points_unpack(bytes, len, &points) == ERR_NONE)
        points_settle(&points);
    (void)!cells_unpack(bytes, len, &cells);
    (void)!readings_unpack(bytes, len, ignore_reading, NULL);
    points_fini(&points);
    cells_fini(&cells);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < SEAL_HEADER_BYTES)
        return 0;
    uint8_t *sealed = mem_copy(bytes, len);
    sealed[0] = 1;
    uint32_t crc = crc32c(0, sealed, 2);
    crc = crc32c(crc, sealed + SEAL_HEADER_BYTES, len - SEAL_HEADER_BYTES);
    memcpy(sealed + 2, &crc, sizeof crc);
    try_detections(sealed, len);
    try_values(sealed, len);
    mem_free(sealed);
    return 0;
}
