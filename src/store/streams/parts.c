// SPDX-License-Identifier: Apache-2.0
#include "store/streams/parts.h"

#include "base/limits.h"

#include <stdio.h>

#include <sodium.h>
#include <zstd.h>

#define PACKED_MAX sodium_base64_ENCODED_LEN(ZSTD_COMPRESSBOUND(LIMIT_ANNOUNCE_BYTES), BASE64)
#define BASE64     sodium_base64_VARIANT_ORIGINAL
#define LEVEL      1

char *parts_pack(const char *message, size_t len, size_t *out_len)
{
    size_t bound = ZSTD_compressBound(len);
    SCOPED_MEM unsigned char *bytes = mem_new(bound);
    size_t smaller_len = ZSTD_compress(bytes, bound, message, len, LEVEL);
    assert(!ZSTD_isError(smaller_len)); /* there is room */
    size_t size = sodium_base64_encoded_len(smaller_len, BASE64);
    char *packed = mem_new(size);
    (void)sodium_bin2base64(packed, size, bytes, smaller_len, BASE64);
    *out_len = size - 1;
    return packed;
}

bool parts_unpack(const struct text *packed, struct text *out_message)
{
    SCOPED_MEM unsigned char *bytes = mem_new(packed->len + 1);
    size_t smaller_len = 0;
    if (sodium_base642bin(bytes, packed->len, packed->bytes, packed->len, NULL, &smaller_len, NULL,
                          BASE64) != 0)
        return false;
    unsigned long long len = ZSTD_getFrameContentSize(bytes, smaller_len);
    if (len == ZSTD_CONTENTSIZE_ERROR || len == ZSTD_CONTENTSIZE_UNKNOWN ||
        len > LIMIT_ANNOUNCE_BYTES)
        return false;
    SCOPED_MEM char *message = mem_new((size_t)len + 1);
    if (ZSTD_decompress(message, (size_t)len, bytes, smaller_len) != len)
        return false;
    text_init(out_message, LIMIT_ANNOUNCE_BYTES);
    text_add_bytes(out_message, message, (size_t)len);
    return true;
}

void joiner_init(struct joiner *joiner)
{
    *joiner = (struct joiner){.next = 0};
    for (size_t i = 0; i < HALF_MAX; i++)
        text_init(&joiner->halves[i].text, PACKED_MAX);
}

void joiner_fini(struct joiner *joiner)
{
    for (size_t i = 0; i < HALF_MAX; i++)
        text_fini(&joiner->halves[i].text);
}

static struct half *half_of(struct joiner *joiner, const struct part *part)
{
    for (size_t i = 0; i < HALF_MAX; i++) {
        struct half *half = &joiner->halves[i];
        if (half->number == part->number && strcmp(half->sender, part->sender) == 0)
            return half;
    }
    struct half *half = &joiner->halves[joiner->next++ % HALF_MAX];
    half->number = part->number;
    half->parts_seen = 0;
    (void)snprintf(half->sender, sizeof half->sender, "%s", part->sender);
    text_clear(&half->text);
    return half;
}

bool joiner_add(struct joiner *joiner, const struct part *part, struct text *out_whole)
{
    struct half *half = half_of(joiner, part);
    if (part->part != half->parts_seen + 1)
        return false; /* one was lost, so the message is */
    half->parts_seen = part->part;
    text_add(&half->text, part->bytes);
    if (part->part != part->parts || half->text.overflowed)
        return false;
    *out_whole = half->text;
    text_init(&half->text, PACKED_MAX);
    half->number = 0;
    return true;
}
