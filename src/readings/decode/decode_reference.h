// SPDX-License-Identifier: Apache-2.0
/* readings/decode/decode_reference.h — the same answer as decode_detections() by the slow and obvious way: a
 * tree by jansson, then a walk over it. For tests and the fuzzer only. */
#pragma once
#include "readings/decode/decode.h"

/* True when the body is taken; *out then as decode_detections() fills it, errors counted but not
 * worded (the places are). The caller ends it with decoded_fini(). */
bool decode_by_tree(const char *bytes, size_t len, const struct decode_options *options,
                    struct decoded *out);
/* Runs both and compares: acceptance, every value, the places of the errors. Says where they
 * differ on stderr. */
bool decode_agrees(const char *bytes, size_t len, const struct decode_options *options);
