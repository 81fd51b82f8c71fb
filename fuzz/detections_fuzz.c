// SPDX-License-Identifier: Apache-2.0
/* The one-pass decoder must give the same answer as a walk over jansson's tree, on every input; and
 * what it took must survive packing. */
#include "readings/decode/decode_reference.h"
#include "readings/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_packing(struct detection_batch *batch)
{
    size_t duplicates;
    assert(batch_normalise(batch, &duplicates) == ERR_NONE);
    struct packer packer = {0};
    detections_pack(&packer, batch, SEAL_FAST);
    struct detection_batch *again = NULL;
    assert(detections_unpack(packer.bytes, packer.len, &again) == ERR_NONE);
    assert(again->person_count == batch->person_count && again->frame_count == batch->frame_count);
    for (size_t i = 0; i < batch->person_count; i++)
        assert(again->track[i] == batch->track[i] && again->x[i] == batch->x[i] &&
               again->h[i] == batch->h[i] && again->confidence[i] == batch->confidence[i]);
    batch_unref(again);
    packer_fini(&packer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct decode_options OPTIONS = {
        .oldest_ms = 1781900000000, .newest_ms = 1782000000000, .device = ""};
    const char *text = (const char *)bytes;
    assert(decode_agrees(text, len, &OPTIONS));
    struct decoded decoded;
    if (decode_detections(text, len, &OPTIONS, &decoded, NULL) != ERR_NONE)
        return 0;
    for (size_t i = 0; i < decoded.batch_count; i++)
        check_packing(decoded.batches[i]);
    decoded_fini(&decoded);
    return 0;
}
