// SPDX-License-Identifier: Apache-2.0
/* readings/numbers.h — fractional numbers in sealed bytes: IEEE 754, eight bytes, low end first. */
#pragma once
#include "readings/pack.h"

static inline void pack_double(struct packer *packer, double value)
{
    pack_bytes(packer, &value, sizeof value);
}

/* Numbers that are not finite are nobody's: they break the unpacker. */
static inline double unpack_double(struct unpacker *unpacker)
{
    double value = 0;
    const uint8_t *bytes = unpack_bytes(unpacker, sizeof value);
    if (bytes != NULL)
        memcpy(&value, bytes, sizeof value);
    if (!__builtin_isfinite(value)) {
        unpacker->is_broken = true;
        return 0;
    }
    return value;
}

/* Beyond 32 bits: nobody's either. */
static inline uint32_t unpack_u32(struct unpacker *unpacker)
{
    uint64_t value = unpack_varint(unpacker);
    if (value > UINT32_MAX) {
        unpacker->is_broken = true;
        return 0;
    }
    return (uint32_t)value;
}

static inline void pack_doubles(struct packer *packer, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pack_double(packer, values[i]);
}

static inline void unpack_doubles(struct unpacker *unpacker, double *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = unpack_double(unpacker);
}
