// SPDX-License-Identifier: Apache-2.0
#include "net/http/requests/pack_test.h"

#include <zlib.h>
#include <zstd.h>

#include "base/test.h"

static char *pack_gzip(const char *bytes, size_t len, size_t *out_len)
{
    z_stream stream = {0};
    CHECK(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t size = deflateBound(&stream, len);
    char *packed = mem_new(size);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)len;
    stream.next_out = (Bytef *)packed;
    stream.avail_out = (uInt)size;
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    *out_len = stream.total_out;
    CHECK(deflateEnd(&stream) == Z_OK);
    return packed;
}

static char *pack_zstd(const char *bytes, size_t len, size_t *out_len)
{
    size_t size = ZSTD_compressBound(len);
    char *packed = mem_new(size);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
    *out_len = ZSTD_compress2(context, packed, size, bytes, len);
    CHECK(!ZSTD_isError(*out_len));
    (void)ZSTD_freeCCtx(context);
    return packed;
}

char *pack_test(enum body_encoding encoding, const char *bytes, size_t len, size_t *out_len)
{
    if (encoding == BODY_GZIP)
        return pack_gzip(bytes, len, out_len);
    if (encoding == BODY_ZSTD)
        return pack_zstd(bytes, len, out_len);
    *out_len = len;
    return mem_copy(bytes, len);
}
