// SPDX-License-Identifier: Apache-2.0
#include "net/live/frame.h"

#include <stdio.h>

#include "base/text.h"

#define WS_HEAD_MAX 10
#define WS_FIN      0x80

static void destroy_frame(struct shared *shared)
{
    mem_free(shared); /* the first member: one allocation holds all */
}

static struct live_frame *new_frame(size_t room)
{
    struct live_frame *frame = mem_resize_try(NULL, sizeof *frame + room);
    if (frame == NULL)
        return NULL;
    *frame = (struct live_frame){0};
    shared_init(&frame->shared, destroy_frame);
    return frame;
}

/* RFC 6455, 5.2. Returns the length of the head. */
static size_t put_head(char *out, enum ws_opcode opcode, size_t len)
{
    unsigned char *p = (unsigned char *)out;
    p[0] = (unsigned char)(WS_FIN | (int)opcode);
    if (len < 126) {
        p[1] = (unsigned char)len;
        return 2;
    }
    size_t bytes = len <= UINT16_MAX ? 2 : 8;
    p[1] = bytes == 2 ? 126 : 127;
    for (size_t i = 0; i < bytes; i++)
        p[2 + i] = (unsigned char)((uint64_t)len >> 8 * (bytes - 1 - i));
    return 2 + bytes;
}

static char *append(char *out, const char *bytes, size_t len)
{
    if (len > 0)
        memcpy(out, bytes, len);
    return out + len;
}

static char *append_line(char *out, const char *bytes, size_t len)
{
    char *end = append(out, bytes, len);
    for (char *p = out; p < end; p++) {
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    }
    return end;
}

struct live_frame *live_frame_message(const char *topic, const char *json, size_t len)
{
    size_t topic_len = strlen(topic);
    if (len > LIMIT_LIVE_MESSAGE_BYTES || topic_len > LIMIT_LIVE_TOPIC_LEN)
        return NULL;
    SCOPED_TEXT start; /* a topic may hold quotes: it is escaped like any text */
    text_init(&start, 8 * LIMIT_LIVE_TOPIC_LEN);
    text_add(&start, "{\"topic\":");
    text_add_json(&start, topic, topic_len);
    text_add(&start, ",\"data\":");
    size_t payload_len = start.len + len + 1;
    struct live_frame *frame = new_frame(WS_HEAD_MAX + payload_len + topic_len + len + 32);
    if (frame == NULL)
        return NULL;
    char *p = (char *)(frame + 1);
    frame->ws = p;
    p += put_head(p, WS_TEXT, payload_len);
    p = append(p, start.bytes, start.len);
    p = append_line(p, json, len);
    *p++ = '}';
    frame->ws_len = (size_t)(p - frame->ws);
    frame->sse = p;
    p = append(p, "event: ", 7);
    p = append_line(p, topic, topic_len);
    p = append(p, "\ndata: ", 7);
    p = append_line(p, json, len);
    p = append(p, "\n\n", 2);
    frame->sse_len = (size_t)(p - frame->sse);
    return frame;
}

static struct live_frame *small_frame(enum ws_opcode opcode, const void *payload, size_t len)
{
    struct live_frame *frame = new_frame(WS_HEAD_MAX + len);
    if (frame == NULL)
        return NULL;
    char *p = (char *)(frame + 1);
    frame->ws = p;
    p += put_head(p, opcode, len);
    p = append(p, payload, len);
    frame->ws_len = (size_t)(p - frame->ws);
    return frame;
}

struct live_frame *live_frame_raw(const void *bytes, size_t len)
{
    struct live_frame *frame = new_frame(len);
    if (frame == NULL)
        return NULL;
    frame->ws = append((char *)(frame + 1), bytes, len) - len;
    frame->ws_len = len;
    return frame;
}

struct live_frame *live_frame_text(const char *text, size_t len)
{
    return small_frame(WS_TEXT, text, len);
}

struct live_frame *live_frame_close(enum ws_status status, const char *reason)
{
    char payload[125];
    payload[0] = (char)((int)status >> 8);
    payload[1] = (char)((int)status & 0xFF);
    size_t len = MIN(strlen(reason), sizeof payload - 2);
    (void)append(payload + 2, reason, len);
    return small_frame(WS_CLOSE, payload, len + 2);
}

struct live_frame *live_frame_ping(void)
{
    static const char COMMENT[] = ": still here\n\n";
    struct live_frame *frame = small_frame(WS_PING, NULL, 0);
    if (frame != NULL) {
        frame->sse = COMMENT;
        frame->sse_len = sizeof COMMENT - 1;
    }
    return frame;
}
