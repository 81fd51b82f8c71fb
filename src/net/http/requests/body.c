// SPDX-License-Identifier: Apache-2.0
#include "net/http/requests/body.h"

#include <strings.h>
#include <zlib.h>
#include <zstd.h>

#include "base/metrics.h"

#define FIRST_SIZE 4096
/* A known length is believed up to here; more only as it comes. */
#define EXPECTED_SIZE_MAX ((size_t)(64 * 1024))
/* What zlib takes for a window of 32 KiB, rounded up. */
#define GZIP_DECODER_BYTES ((size_t)(48 * 1024))
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

static struct metric held = METRIC_GAUGE("muster_http_bodies_bytes",
                                         "Memory of request bodies that are being read or wait.");
#define REFUSED(whose)                                                                             \
    {                                                                                              \
        .name = "muster_http_bodies_refused_total", .kind = METRIC_KIND_COUNTER,                   \
        .help = "Request bodies refused because those of all (503), or of one sender or address "  \
                "(429), would together be too large.",                                             \
        .labels = "of=\"" whose "\""                                                               \
    }
static struct metric refused[BODY_BUDGETS] = {
    [BODY_BUDGET_OF_ALL] = REFUSED("all"),
    [BODY_BUDGET_OF_SENDER] = REFUSED("sender"),
    [BODY_BUDGET_OF_ADDRESS] = REFUSED("address"),
};

void body_init(struct body *body, enum body_encoding encoding, size_t expected_len, size_t len_max,
               struct body_budget *budget)
{
    assert(expected_len <= len_max);
    *body = (struct body){.encoding = encoding, .expected_len = expected_len, .len_max = len_max};
    if (budget != NULL)
        body_share(body, budget);
}

void body_share(struct body *body, struct body_budget *budget)
{
    assert(body->budget_count < BODY_BUDGETS && body->charged == 0);
    body->budgets[body->budget_count++] = budget;
}

static void give_back(struct body *body, size_t first, size_t bytes)
{
    for (size_t i = first; i < body->budget_count; i++)
        atomic_fetch_sub_explicit(&body->budgets[i]->used, bytes, memory_order_relaxed);
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
    if (body->charged > 0) {
        give_back(body, 0, body->charged);
        metric_add(&held, -(int64_t)body->charged);
    }
    struct body emptied = {.len_max = body->len_max, .budget_count = body->budget_count};
    memcpy(emptied.budgets, body->budgets, sizeof emptied.budgets);
    *body = emptied;
}

static enum err refuse(enum body_budget_of of, struct err_note *note)
{
    metric_add(&refused[of], 1);
    switch (of) {
    case BODY_BUDGET_OF_ALL:
        break;
    case BODY_BUDGET_OF_SENDER:
        return err_set(note, ERR_TOO_MANY, "",
                       "Your requests that are still coming in hold too much memory; finish them "
                       "first, or send fewer at once.");
    case BODY_BUDGET_OF_ADDRESS:
        return err_set(note, ERR_TOO_MANY, "",
                       "Requests from your address that are still coming in hold too much memory; "
                       "finish them first, or send fewer at once.");
    }
    return err_set(note, ERR_BUSY, "",
                   "The server has too many request bodies in memory; try again in a moment.");
}

static bool take(struct body_budget *budget, size_t bytes)
{
    size_t before = atomic_fetch_add_explicit(&budget->used, bytes, memory_order_relaxed);
    if (bytes <= budget->max && before <= budget->max - bytes)
        return true;
    atomic_fetch_sub_explicit(&budget->used, bytes, memory_order_relaxed);
    return false;
}

/* A caller's own share first, so that who has used it up does not even for a moment weigh on all. */
static enum err charge(struct body *body, size_t bytes, struct err_note *note)
{
    if (body->budget_count == 0 || bytes == 0)
        return ERR_NONE;
    for (size_t i = body->budget_count; i-- > 0;) {
        if (!take(body->budgets[i], bytes)) {
            give_back(body, i + 1, bytes);
            return refuse(body->budgets[i]->of, note);
        }
    }
    body->charged += bytes;
    metric_add(&held, (int64_t)bytes);
    return ERR_NONE;
}

static enum err no_memory(struct err_note *note)
{
    return err_set(note, ERR_NO_MEMORY, "body", "finds no memory at present; try again.");
}

static enum err resize(struct body *body, size_t size, struct err_note *note)
{
    TRY(charge(body, size - body->size, note));
    char *moved = mem_resize_try(body->bytes, size);
    if (moved == NULL)
        return no_memory(note);
    body->bytes = moved;
    body->size = size;
    return ERR_NONE;
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
    bool is_announced = body->expected_len > 0;
    size_t first = is_announced ? MIN(body->expected_len + 1, EXPECTED_SIZE_MAX) : FIRST_SIZE;
    size_t most = is_announced ? MAX(body->expected_len + 1, needed) : body->len_max + 1;
    return resize(body, MIN(MAX(MAX(needed, body->size * 2), first), most), note);
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
    return resize(body, MIN(MAX(body->size * 2, (size_t)FIRST_SIZE), body->len_max + 2), note);
}

static enum err add_gzip(struct body *body, const char *bytes, size_t len, struct err_note *note)
{
    z_stream *stream = body->decoder;
    if (stream == NULL) {
        TRY(charge(body, GZIP_DECODER_BYTES, note));
        stream = mem_new(sizeof *stream);
        body->decoder = stream;
        if (inflateInit2(stream, GZIP_WINDOW_BITS) != Z_OK)
            return no_memory(note);
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

static enum err start_zstd(struct body *body, struct err_note *note)
{
    body->decoder = ZSTD_createDStream();
    if (body->decoder == NULL)
        return no_memory(note);
    size_t set = ZSTD_DCtx_setParameter(body->decoder, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    assert(!ZSTD_isError(set));
    return ERR_NONE;
}

static enum err add_zstd(struct body *body, const char *bytes, size_t len, struct err_note *note)
{
    if (body->decoder == NULL)
        TRY(start_zstd(body, note));
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
        /* The window is taken when the frame's head has told its size. */
        size_t decoder_size = ZSTD_sizeof_DStream(body->decoder);
        if (body->charged < body->size + decoder_size)
            TRY(charge(body, body->size + decoder_size - body->charged, note));
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
    if (body->bytes != NULL) /* with one byte to spare, see reserve() and room() */
        body->bytes[body->len] = '\0';
    return ERR_NONE;
}
