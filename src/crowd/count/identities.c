// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/identities.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

#define IS_BOX (1ULL << 63) /* tracks are below */

uint64_t identity_of(const struct detection_batch *batch, size_t person)
{
    if (batch->track[person] >= 0)
        return (uint64_t)batch->track[person];
    uint64_t corner = (uint64_t)(uint32_t)batch->x[person] << 32 | (uint32_t)batch->y[person];
    uint64_t size = (uint64_t)(uint32_t)batch->w[person] << 32 | (uint32_t)batch->h[person];
    return mix(corner ^ mix(size)) | IS_BOX;
}

size_t identities_pack(const uint64_t *identities, size_t count, uint8_t *out)
{
    uint8_t *at = out;
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t difference = identities[i] - last; /* modulo 2^64, and back in unpack */
        uint64_t rest = difference << 1 ^ (0 - (difference >> 63));
        last = identities[i];
        for (; rest >= 0x80; rest >>= 7)
            *at++ = (uint8_t)(rest | 0x80);
        *at++ = (uint8_t)rest;
    }
    return (size_t)(at - out);
}

void identities_unpack(const uint8_t *bytes, size_t count, uint64_t *out)
{
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t zigzag = 0;
        for (unsigned shift = 0;; shift += 7) {
            zigzag |= (uint64_t)(*bytes & 0x7f) << shift;
            if ((*bytes++ & 0x80) == 0)
                break;
        }
        last += zigzag >> 1 ^ (0 - (zigzag & 1));
        out[i] = last;
    }
}

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

void identities_sort(uint64_t *identities, size_t count)
{
    qsort(identities, count, sizeof *identities, by_value);
}

bool identities_hold(const uint64_t *sorted, size_t count, uint64_t identity)
{
    return count > 0 && bsearch(&identity, sorted, count, sizeof identity, by_value) != NULL;
}
