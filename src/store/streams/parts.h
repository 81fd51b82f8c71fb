// SPDX-License-Identifier: Apache-2.0
/* store/streams/parts.h — a message that is larger than NOTIFY takes: compressed (the live values of 500
 * zones are 37 KB of JSON and one NOTIFY of 7 KB), as text, in parts, and together again. */
#pragma once
#include "base/text.h"

#define PART_MAX 7000 /* NOTIFY takes less than 8,000 bytes */
#define HALF_MAX 64   /* messages of which parts are missing; the oldest makes room */

/* zstd, in base64; the caller owns it. */
char *parts_pack(const char *message, size_t len, size_t *out_len);
/* False when it is damaged or over LIMIT_ANNOUNCE_BYTES; otherwise *out_message is the caller's. */
bool parts_unpack(const struct text *packed, struct text *out_message);

struct half {
    char sender[24];
    long long number;
    long parts_seen;
    struct text text;
};

struct joiner {
    struct half halves[HALF_MAX];
    size_t next;
};

struct part {
    const char *sender;
    long long number; /* of the message; the sender's own, from 1 */
    long part, parts;
    const char *bytes;
};

void joiner_init(struct joiner *joiner);
void joiner_fini(struct joiner *joiner);
/* True when this was the last part: *out_whole is the caller's (text_fini). */
bool joiner_add(struct joiner *joiner, const struct part *part, struct text *out_whole);
