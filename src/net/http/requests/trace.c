// SPDX-License-Identifier: Apache-2.0
#include "net/http/requests/trace.h"

#define TRACE_LEN (TRACE_TEXT_SIZE - 1)

static const char HEX[] = "0123456789abcdef";

static void put_hex(char *out, uint64_t value)
{
    for (int i = 15; i >= 0; i--) {
        out[i] = HEX[value & 15];
        value >>= 4;
    }
}

static bool is_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    }
    return true;
}

static bool is_zero(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '0')
            return false;
    }
    return true;
}

bool trace_is_valid(const char *text)
{
    size_t len = strnlen(text, TRACE_LEN + 1);
    if (len < TRACE_LEN || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return false;
    if (!is_hex(text, 2) || !is_hex(text + 3, 32) || !is_hex(text + 36, 16) ||
        !is_hex(text + 53, 2))
        return false;
    if (is_zero(text + 3, 32) || is_zero(text + 36, 16) || memcmp(text, "ff", 2) == 0)
        return false;
    /* Version 00 ends here; a later one may go on after another dash. */
    if (memcmp(text, "00", 2) == 0)
        return len == TRACE_LEN;
    return len == TRACE_LEN || text[TRACE_LEN] == '-';
}

static uint64_t random_nonzero(struct random_sequence *random)
{
    return random_next(random) | 1;
}

void trace_continue(const char *parent, struct random_sequence *random, char out[TRACE_TEXT_SIZE])
{
    memcpy(out, "00-", 3);
    if (parent != NULL && trace_is_valid(parent)) {
        memcpy(out + 3, parent + 3, 32);
        memcpy(out + 52, parent + 52, 3);
    } else {
        put_hex(out + 3, random_next(random));
        put_hex(out + 19, random_nonzero(random));
        memcpy(out + 52, "-01", 3);
    }
    out[35] = '-';
    put_hex(out + 36, random_nonzero(random));
    out[TRACE_LEN] = '\0';
}

bool trace_request_id_is_valid(const char *id)
{
    size_t i = 0;
    for (; id[i] != '\0'; i++) {
        char c = id[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (i == 64 || !(is_plain || c == '.' || c == '_' || c == '-'))
            return false;
    }
    return i > 0;
}

void trace_request_id(struct random_sequence *random, char out[TRACE_ID_SIZE])
{
    put_hex(out, random_next(random));
    out[TRACE_ID_SIZE - 1] = '\0';
}
