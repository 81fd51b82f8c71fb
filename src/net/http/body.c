// SPDX-License-Identifier: Apache-2.0
#include "net/http/body.h"

#include <strings.h>
#include <zlib.h>
#include <zstd.h>

#define FIRST_SIZE 4096
/* Windows past 8 MiB would let a small body claim much memory (RFC 8878 recommends this bound). */
#define ZSTD_WINDOW_LOG_MAX 23
#define GZIP_WINDOW_BITS    (15 + 16)

enum body_encoding body_encoding_of(const char *header)
{
    if (header == NULL || header[0] == '\0' || strcasecmp(header, "identity") == 0)
        return BODY_PLAIN;
    if (strcasecmp(header, "gzip") == 0 || strcasecmp(header, "x-gzip") == 0)
        return BODY_GZIP;
    return strcasecmp(header, "zstd") == 0 ? BODY_ZSTD : BODY_UNKNOWN;
}

void body_init(struct body *body, enum body_encoding encoding, size_t expected_len, size_t len_max)
{
    *body = (struct body){.encoding = encoding, .len_max = len_max};
    assert(expected_len <= len_max);
    if (encoding == BODY_PLAIN && expected_len > 0) {
        body->bytes = mem_resize_try(NULL, expected_len + 1);
        body->size = body->bytes == NULL ? 0 : expected_len + 1;
    }
}

void body_fini(struct body *body)
{
    if (body->decoder != NULL && body->encoding == BODY_GZIP) {
        (void)inflateEnd(body->decoder); /* only tells whether it was complete */
        mem_free(body->decoder);
    } else if (body->decoder != NULL) {
        (void)ZSTD_freeDStream(body->decoder);
    }
    mem_free(body->bytes);
    *body = (struct body){.len_max = body->len_max};
}

static enum err too_large(const struct body *body, struct err_note *note)
{
    return err_set(note, ERR_TOO_LARGE, "body", "is larger than %zu bytes; send it in parts.",
                   body->len_max);
}

static enum err broken(const struct body *body, struct err_note *note)
{
    return err_set(note, ERR_MALFORMED, "body", "is not valid %s, though Content-Encoding says so.",
                   body->encoding == BODY_GZIP ? "gzip" : "zstd");
}

/* Room for `len` more bytes and a terminator; doubles, within the maximum. */
static enum err reserve(struct body *body, size_t len, struct err_note *note)
{
    if (len > body->len_max - body->len)
        return too_large(body, note);
    size_t needed = body->len + len + 1;
    if (needed <= body->size)
        return ERR_NONE;
    size_t size = MIN(MAX(MAX(needed, body->size * 2), (size_t)FIRST_SIZE), body->len_max + 1);
    char *moved = mem_resize_try(body->bytes, size);
    if (moved == NULL)
        return err_set(note, ERR_NO_MEMORY, "body", "finds no memory at present; try again.");
    body->bytes = moved;
    body->size = size;
    return ERR_NONE;
}

static enum err add_plain(struct body *body, const char *bytes, size_t len, struct err_note *note)
{
    TRY(reserve(body, len, note));
    memcpy(body->bytes + body->len, bytes, len);
    body->len += len;
    return ERR_NONE;
}

/* Room for decoded bytes. The buffer may hold one byte more than allowed: only when that is really
 * written is the body too large, so one of exactly len_max bytes can still read its checksum. */
static enum err room(struct body *body, struct err_note *note)
{
    if (body->len > body->len_max)
        return too_large(body, note);
    if (body->len + 1 < body->size)
        return ERR_NONE;
    size_t size = MIN(MAX(body->size * 2, (size_t)FIRST_SIZE), body->len_max + 2);
    char *moved = mem_resize_try(body->bytes, size);
    if (moved == NULL)
        return err_set(note, ERR_NO_MEMORY, "body", "finds no memory at present; try again.");
    body->bytes = moved;
    body->size = size;
    return ERR_NONE;
}

static enum err add_gzip(struct body *body, const char *bytes, size_t len, struct err_note *note)
{
    z_stream *stream = body->decoder;
    if (stream == NULL) {
        stream = mem_new(sizeof *stream);
        body->decoder = stream;
        if (inflateInit2(stream, GZIP_WINDOW_BITS) != Z_OK)
            return err_set(note, ERR_NO_MEMORY, "body", "finds no memory at present; try again.");
    }
    stream->next_in = (Bytef *)(uintptr_t)bytes; /* zlib's missing const */
    stream->avail_in = (uInt)len;
    bool is_output_full = false;
    while (stream->avail_in > 0 || is_output_full) {
        if (!body->is_frame_open && inflateReset(stream) != Z_OK)
            return broken(body, note);
        body->is_frame_open = true;
        TRY(room(body, note));
        size_t space = body->size - body->len - 1;
        stream->next_out = (Bytef *)body->bytes + body->len;
        stream->avail_out = (uInt)space;
        int result = inflate(stream, Z_NO_FLUSH);
        body->len += space - stream->avail_out;
        is_output_full = stream->avail_out == 0 && result == Z_OK;
        if (result == Z_STREAM_END)
            body->is_frame_open = false; /* another member may follow */
        else if (result != Z_OK && result != Z_BUF_ERROR)
            return broken(body, note);
    }
    return body->len > body->len_max ? too_large(body, note) : ERR_NONE;
}

static enum err add_zstd(struct body *body, const char *bytes, size_t len, struct err_note *note)
{
    if (body->decoder == NULL) {
        body->decoder = ZSTD_createDStream();
        if (body->decoder == NULL)
            return err_set(note, ERR_NO_MEMORY, "body", "finds no memory at present; try again.");
        size_t set =
            ZSTD_DCtx_setParameter(body->decoder, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
        assert(!ZSTD_isError(set));
    }
    ZSTD_inBuffer in = {bytes, len, 0};
    bool is_output_full = false;
    while (in.pos < in.size || is_output_full) {
        TRY(room(body, note));
        ZSTD_outBuffer out = {body->bytes + body->len, body->size - body->len - 1, 0};
        size_t left = ZSTD_decompressStream(body->decoder, &out, &in);
        if (ZSTD_isError(left))
            return broken(body, note);
        body->len += out.pos;
        body->is_frame_open = left != 0;
        is_output_full = left != 0 && out.pos == out.size;
    }
    return body->len > body->len_max ? too_large(body, note) : ERR_NONE;
}

enum err body_add(struct body *body, const char *bytes, size_t len, struct err_note *note)
{
    if (body->encoding == BODY_GZIP)
        return add_gzip(body, bytes, len, note);
    if (body->encoding == BODY_ZSTD)
        return add_zstd(body, bytes, len, note);
    return add_plain(body, bytes, len, note);
}

enum err body_end(struct body *body, struct err_note *note)
{
    if (body->is_frame_open)
        return err_set(note, ERR_MALFORMED, "body", "ends in the middle of its %s data.",
                       body->encoding == BODY_GZIP ? "gzip" : "zstd");
    TRY(reserve(body, 0, note));
    body->bytes[body->len] = '\0';
    return ERR_NONE;
}
