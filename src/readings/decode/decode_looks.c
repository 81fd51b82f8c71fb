// SPDX-License-Identifier: Apache-2.0
/* How people look: vectors beside the batch, which has no column for them. */
#include "readings/decode/decode_internal.h"

#include <math.h>

#define SMALL_BYTES APPEARANCE_DIMS
#define FLOAT_BYTES (APPEARANCE_DIMS * sizeof(float))

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : 63;
}

static size_t decode_base64(const char *text, size_t len, unsigned char *out, size_t size)
{
    size_t count = 0;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < len && text[i] != '='; i++) {
        bits = bits << 6 | (uint32_t)digit_of(text[i]);
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (count == size)
            return size + 1; /* too long */
        out[count++] = (unsigned char)(bits >> held);
    }
    return count;
}

/* By the largest, so that none is lost; their length is nobody's affair. */
static bool scale_floats(const unsigned char *bytes, int8_t out[APPEARANCE_DIMS])
{
    float values[APPEARANCE_DIMS], largest = 0;
    memcpy(values, bytes, sizeof values);
    for (int i = 0; i < APPEARANCE_DIMS; i++) {
        if (!isfinite(values[i]))
            return false;
        largest = fmaxf(largest, fabsf(values[i]));
    }
    for (int i = 0; i < APPEARANCE_DIMS && largest > 0; i++)
        out[i] = (int8_t)lroundf(values[i] / largest * 127);
    return largest > 0;
}

bool decode_appearance(const char *base64, size_t len, int8_t out[APPEARANCE_DIMS])
{
    unsigned char bytes[FLOAT_BYTES];
    if (!decode_is_base64(base64, len))
        return false;
    size_t count = decode_base64(base64, len, bytes, sizeof bytes);
    if (count == SMALL_BYTES)
        memcpy(out, bytes, SMALL_BYTES);
    return count == SMALL_BYTES || (count == FLOAT_BYTES && scale_floats(bytes, out));
}

void decode_put_look(struct decoder *decoder, int64_t track, const int8_t v[APPEARANCE_DIMS])
{
    struct decoded *out = decoder->out;
    if (track < 0 || out->look_count == LIMIT_BATCH_LOOKS)
        return;
    if (out->look_count == out->look_size) {
        out->look_size = MAX((size_t)16, 2 * out->look_size);
        out->looks = mem_resize(out->looks, out->look_size * sizeof *out->looks);
    }
    struct decode_look *look = &out->looks[out->look_count++];
    *look = (struct decode_look){.appearance = {.track = track}};
    memcpy(look->appearance.v, v, sizeof look->appearance.v);
}
