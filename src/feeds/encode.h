// SPDX-License-Identifier: Apache-2.0
/* feeds/encode.h — writes detections as the native batch of docs/formats/detections.md. */
#pragma once
#include "base/text.h"
#include "feeds/recording.h"

struct encode_frame {
    int64_t at_ms; /* wall clock, UTC */
    const struct observation *observations;
    size_t count;
};

/* One JSON batch of one device. Boxes are whole pixels, floor positions millimetres. */
void encode_batch(struct text *out, const char *device, bool is_in_metres,
                  const struct encode_frame *frames, size_t frame_count);
