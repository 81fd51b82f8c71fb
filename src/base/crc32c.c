// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

static uint32_t by_bit(uint32_t crc, const unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0x82F63B78U & (0U - (crc & 1)));
    }
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc,
                                                                 const unsigned char *p, size_t len)
{
    uint64_t crc64 = crc;
    for (; len >= 8; len -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        crc64 = _mm_crc32_u64(crc64, word);
    }
    crc = (uint32_t)crc64;
    for (; len > 0; len--, p++)
        crc = _mm_crc32_u8(crc, *p);
    return crc;
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    bool has_instruction = __builtin_cpu_supports("sse4.2");
    return ~(has_instruction ? by_instruction(~crc, bytes, len) : by_bit(~crc, bytes, len));
}
#else
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    return ~by_bit(~crc, bytes, len);
}
#endif
