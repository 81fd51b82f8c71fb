// SPDX-License-Identifier: Apache-2.0
/* net/live/frame.h — one message, ready to be written: made once, shared by every client that gets it.
 * The same allocation holds its two wire forms, the WebSocket frame (RFC 6455, server to client, so
 * without a mask) and the SSE event. */
#pragma once
#include "base/shared.h"

enum ws_opcode { WS_TEXT = 1, WS_CLOSE = 8, WS_PING = 9 };
enum ws_status {
    WS_GOING_AWAY = 1001,
    WS_PROTOCOL_ERROR = 1002,
    WS_TEXT_ONLY = 1003,
    WS_POLICY_VIOLATION = 1008,
    WS_TRY_AGAIN_LATER = 1013,
};

struct live_frame {
    struct shared shared;
    const char *ws;
    size_t ws_len;
    const char *sse;
    size_t sse_len;
};

/* {"topic":"...","data":<json>}. Line breaks in `json` become spaces: SSE ends a field with them, and
 * in JSON they only ever stand between tokens. NULL past LIMIT_LIVE_MESSAGE_BYTES or out of memory. */
struct live_frame *live_frame_message(const char *topic, const char *json, size_t len);
/* WebSocket only. */
struct live_frame *live_frame_raw(const void *bytes, size_t len);
struct live_frame *live_frame_text(const char *text, size_t len);
struct live_frame *live_frame_close(enum ws_status status, const char *reason);
/* A ping, and for SSE a comment line. */
struct live_frame *live_frame_ping(void);

static inline void live_frame_unref(struct live_frame *frame)
{
    if (frame != NULL)
        shared_unref(&frame->shared);
}
