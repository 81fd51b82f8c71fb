// SPDX-License-Identifier: Apache-2.0
/* readings/pack/blocks.h — columns of whole numbers in few bytes, and bytes from strangers read with care.
 *
 * A column of n values is cut into blocks of 128 (the last is shorter):
 *     varint(zigzag(least value)), width in bits (1 byte, 0..64), n x width bits of (value - least)
 * A varint is LEB128; zigzag maps 0,-1,1,-2 to 0,1,2,3; bits fill bytes from the low end. */
#pragma once
#include "base/base.h"

#define BLOCK_LEN 128

struct packer { /* grows; a failed growth leaves is_broken set and writes nothing more */
    uint8_t *bytes;
    size_t len;
    size_t size;
    bool is_broken;
};

void packer_fini(struct packer *packer);
void pack_bytes(struct packer *packer, const void *bytes, size_t len);
void pack_varint(struct packer *packer, uint64_t value);
void pack_zigzag(struct packer *packer, int64_t value);

struct column { /* a column being packed, value by value */
    struct packer *packer;
    size_t count;
    int64_t values[BLOCK_LEN];
};
void column_flush(struct column *column);
static inline void column_add(struct column *column, int64_t value)
{
    column->values[column->count++] = value;
    if (column->count == BLOCK_LEN)
        column_flush(column);
}

struct unpacker { /* every read past the end leaves is_broken set and gives zeros */
    const uint8_t *p;
    const uint8_t *end;
    bool is_broken;
};

uint64_t unpack_varint(struct unpacker *unpacker);
int64_t unpack_zigzag(struct unpacker *unpacker);
/* Borrowed; NULL when there are not that many. */
const uint8_t *unpack_bytes(struct unpacker *unpacker, size_t len);
void unpack_column(struct unpacker *unpacker, int64_t *out, size_t count);

/* --- a record: a header byte of its version, its flags, CRC-32C, then the rest, perhaps by zstd --- */
enum seal {
    SEAL_FAST,
    SEAL_SMALL
}; /* SMALL tries zstd and keeps it when it saves an eighth or more */

#define SEAL_HEADER_BYTES 6
#define SEAL_ZSTD         0x80 /* flag; the lower ones are the format's own */

/* Starts a record; the header is filled in by seal_end(). */
void seal_begin(struct packer *packer, uint8_t version, uint8_t flags);
void seal_end(struct packer *packer, enum seal seal);
/* Checks version and CRC and undoes zstd. *out_owned (may become non-NULL) is freed by the caller
 * after reading. ERR_CORRUPT; at most `content_max` bytes come out. */
MUST_USE enum err seal_open(const void *bytes, size_t len, uint8_t version, size_t content_max,
                            struct unpacker *out, uint8_t *out_flags, void **out_owned);
