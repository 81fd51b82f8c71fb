// SPDX-License-Identifier: Apache-2.0
/* crowd/count/identities.h — who is in a frame, kept small: a few bytes a person, so that another
 * message of the same instant adds whom it adds and nobody twice. A person is the device's track, or
 * the box where it gives none: the rule of history (docs/formats/detections.md). Pure.
 *
 *   zigzag varint of the first identity | zigzag varint of each difference to the one before */
#pragma once
#include "readings/readings.h"

#define IDENTITY_BYTES_MAX 10

uint64_t identity_of(const struct detection_batch *batch, size_t person);
/* `out` has room for count * IDENTITY_BYTES_MAX; the length. */
size_t identities_pack(const uint64_t *identities, size_t count, uint8_t *out);
void identities_unpack(const uint8_t *bytes, size_t count, uint64_t *out);
void identities_sort(uint64_t *identities, size_t count);
bool identities_hold(const uint64_t *sorted, size_t count, uint64_t identity);
