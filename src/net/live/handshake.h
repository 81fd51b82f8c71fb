// SPDX-License-Identifier: Apache-2.0
/* net/live/handshake.h — the opening of a WebSocket (RFC 6455, 4.2). Pure. */
#pragma once
#include "base/base.h"

#define WS_ACCEPT_SIZE 29 /* base64 of a SHA-1, and the terminator */

struct ws_offer { /* headers as sent; NULL = absent */
    const char *upgrade;
    const char *connection;
    const char *version;
    const char *key;
};

enum ws_verdict { WS_ACCEPTED, WS_NOT_OFFERED, WS_WRONG_VERSION, WS_BAD_KEY };

/* `out_accept` is the value of Sec-WebSocket-Accept, written when WS_ACCEPTED. */
enum ws_verdict ws_handshake(const struct ws_offer *offer, char out_accept[WS_ACCEPT_SIZE]);
