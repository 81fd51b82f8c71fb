// SPDX-License-Identifier: Apache-2.0
#include "readings/pack/blocks.h"

#include "base/crc32c.h"

#include <zstd.h>

#define SEAL_CRC_AT 2

void packer_fini(struct packer *packer)
{
    mem_free(packer->bytes);
    *packer = (struct packer){0};
}

static bool reserve(struct packer *packer, size_t len)
{
    if (packer->is_broken)
        return false;
    if (packer->len + len <= packer->size)
        return true;
    size_t size = MAX(packer->len + len, packer->size * 2);
    size = MAX(size, (size_t)4096);
    uint8_t *bytes = mem_resize_try(packer->bytes, size);
    if (bytes == NULL) {
        packer->is_broken = true;
        return false;
    }
    packer->bytes = bytes;
    packer->size = size;
    return true;
}

void pack_bytes(struct packer *packer, const void *bytes, size_t len)
{
    if (len == 0 || !reserve(packer, len))
        return;
    memcpy(packer->bytes + packer->len, bytes, len);
    packer->len += len;
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        out[len++] = (uint8_t)(value | 0x80);
    out[len++] = (uint8_t)value;
    return len;
}

void pack_varint(struct packer *packer, uint64_t value)
{
    if (reserve(packer, 10))
        packer->len += put_varint(packer->bytes + packer->len, value);
}

void pack_zigzag(struct packer *packer, int64_t value)
{
    pack_varint(packer, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

/* Eight bytes at a time; the reserve holds room for the overhang of the last. */
static uint8_t *put_bits(uint8_t *out, const int64_t *values, size_t count, uint64_t least,
                         unsigned width)
{
    uint64_t word = 0;
    unsigned filled = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = (uint64_t)values[i] - least;
        word |= value << filled;
        filled += width;
        if (filled >= 64) {
            memcpy(out, &word, sizeof word);
            out += sizeof word;
            filled -= 64;
            word = filled == 0 ? 0 : value >> (width - filled);
        }
    }
    memcpy(out, &word, sizeof word);
    return out + (filled + 7) / 8;
}

void column_flush(struct column *column)
{
    size_t count = column->count;
    struct packer *packer = column->packer;
    if (count == 0 || !reserve(packer, 11 + BLOCK_LEN * 8 + 8))
        return;
    int64_t least = column->values[0];
    int64_t most = column->values[0];
    for (size_t i = 1; i < count; i++) {
        least = MIN(least, column->values[i]);
        most = MAX(most, column->values[i]);
    }
    uint64_t range = (uint64_t)most - (uint64_t)least;
    unsigned width = range == 0 ? 0 : 64 - (unsigned)__builtin_clzll(range);
    pack_zigzag(packer, least);
    packer->bytes[packer->len++] = (uint8_t)width;
    if (width > 0) {
        uint8_t *end =
            put_bits(packer->bytes + packer->len, column->values, count, (uint64_t)least, width);
        packer->len = (size_t)(end - packer->bytes);
    }
    column->count = 0;
}

static uint64_t give_up(struct unpacker *unpacker)
{
    unpacker->is_broken = true;
    unpacker->p = unpacker->end;
    return 0;
}

uint64_t unpack_varint(struct unpacker *unpacker)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (unpacker->p == unpacker->end)
            return give_up(unpacker);
        uint8_t byte = *unpacker->p++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    return give_up(unpacker);
}

int64_t unpack_zigzag(struct unpacker *unpacker)
{
    uint64_t value = unpack_varint(unpacker);
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

const uint8_t *unpack_bytes(struct unpacker *unpacker, size_t len)
{
    if (len > (size_t)(unpacker->end - unpacker->p)) {
        (void)give_up(unpacker);
        return NULL;
    }
    const uint8_t *bytes = unpacker->p;
    unpacker->p += len;
    return bytes;
}

/* The 64 bits from bit `at` on, as far as there are bytes. */
static uint64_t word_at(const uint8_t *bytes, size_t len, size_t at)
{
    size_t first = at / 8;
    uint64_t word = 0;
    if (len - first >= sizeof word)
        memcpy(&word, bytes + first, sizeof word);
    else
        memcpy(&word, bytes + first, len - first);
    word >>= at % 8;
    if (at % 8 != 0 && len - first > sizeof word)
        word |= (uint64_t)bytes[first + 8] << (64 - at % 8);
    return word;
}

static void unpack_block(struct unpacker *unpacker, int64_t *out, size_t count)
{
    uint64_t least = (uint64_t)unpack_zigzag(unpacker);
    const uint8_t *width_byte = unpack_bytes(unpacker, 1);
    unsigned width = width_byte == NULL ? 0 : *width_byte;
    if (width > 64)
        (void)give_up(unpacker);
    size_t len = (count * width + 7) / 8;
    const uint8_t *bytes = unpack_bytes(unpacker, unpacker->is_broken ? 0 : len);
    if (bytes == NULL || unpacker->is_broken || width == 0) {
        for (size_t i = 0; i < count; i++)
            out[i] = (int64_t)least;
        return;
    }
    uint64_t mask = width == 64 ? UINT64_MAX : (1ULL << width) - 1;
    for (size_t i = 0; i < count; i++)
        out[i] = (int64_t)(least + (word_at(bytes, len, i * width) & mask));
}

void unpack_column(struct unpacker *unpacker, int64_t *out, size_t count)
{
    for (size_t at = 0; at < count; at += BLOCK_LEN)
        unpack_block(unpacker, out + at, MIN(count - at, (size_t)BLOCK_LEN));
}

void seal_begin(struct packer *packer, uint8_t version, uint8_t flags)
{
    uint8_t header[SEAL_HEADER_BYTES] = {version, flags};
    pack_bytes(packer, header, sizeof header);
}

/* Replaces the content by its zstd frame when that is worth a decompression later. */
static void squeeze(struct packer *packer)
{
    size_t len = packer->len - SEAL_HEADER_BYTES;
    size_t bound = ZSTD_compressBound(len);
    SCOPED_MEM uint8_t *smaller = mem_try(bound);
    if (smaller == NULL)
        return; /* It is only an economy. */
    size_t smaller_len = ZSTD_compress(smaller, bound, packer->bytes + SEAL_HEADER_BYTES, len, 3);
    if (ZSTD_isError(smaller_len) || smaller_len > len - len / 8)
        return;
    memcpy(packer->bytes + SEAL_HEADER_BYTES, smaller, smaller_len);
    packer->len = SEAL_HEADER_BYTES + smaller_len;
    packer->bytes[1] |= SEAL_ZSTD;
}

static uint32_t crc_of(const uint8_t *bytes, size_t len)
{
    uint32_t crc = crc32c(0, bytes, SEAL_CRC_AT);
    return crc32c(crc, bytes + SEAL_HEADER_BYTES, len - SEAL_HEADER_BYTES);
}

void seal_end(struct packer *packer, enum seal seal)
{
    if (packer->is_broken)
        return;
    if (seal == SEAL_SMALL)
        squeeze(packer);
    uint32_t crc = crc_of(packer->bytes, packer->len);
    memcpy(packer->bytes + SEAL_CRC_AT, &crc, sizeof crc);
}

static enum err inflate_content(struct unpacker *content, size_t content_max, void **out_owned)
{
    size_t len = (size_t)(content->end - content->p);
    unsigned long long size = ZSTD_getFrameContentSize(content->p, len);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > content_max)
        return ERR_CORRUPT;
    uint8_t *bytes = mem_try((size_t)size + 1);
    if (bytes == NULL)
        return ERR_NO_MEMORY;
    size_t got = ZSTD_decompress(bytes, (size_t)size, content->p, len);
    if (ZSTD_isError(got) || got != size) {
        mem_free(bytes);
        return ERR_CORRUPT;
    }
    *out_owned = bytes;
    content->p = bytes;
    content->end = bytes + got;
    return ERR_NONE;
}

enum err seal_open(const void *bytes, size_t len, uint8_t version, size_t content_max,
                   struct unpacker *out, uint8_t *out_flags, void **out_owned)
{
    const uint8_t *p = bytes;
    uint32_t crc;
    *out_owned = NULL;
    if (len < SEAL_HEADER_BYTES || p[0] != version)
        return ERR_CORRUPT;
    memcpy(&crc, p + SEAL_CRC_AT, sizeof crc);
    if (crc != crc_of(p, len))
        return ERR_CORRUPT;
    *out = (struct unpacker){.p = p + SEAL_HEADER_BYTES, .end = p + len};
    *out_flags = p[1] & (uint8_t)~SEAL_ZSTD;
    return (p[1] & SEAL_ZSTD) != 0 ? inflate_content(out, content_max, out_owned) : ERR_NONE;
}
