// SPDX-License-Identifier: Apache-2.0
/* net/live/queue.h — what one client has still to be sent. Pure. Bounded in bytes; on a gauge topic a
 * newer value takes the place of an older one that was not begun, so a slow client gets fewer but fresh
 * values. One frame is always taken, whatever its size, when nothing waits before it. */
#pragma once
#include "net/live/frame.h"

enum live_form { LIVE_WEBSOCKET, LIVE_SSE };

struct live_queue {
    struct live_entry {
        struct live_frame *frame; /* a reference of its own */
        const void *gauge;        /* the topic, when newer values replace this one; or NULL */
    } * entries;                  /* a ring */
    uint32_t first;
    uint32_t count;
    uint32_t size;
    uint32_t begun; /* bytes of the first frame that are sent */
    size_t bytes;
};

enum live_push { LIVE_QUEUED, LIVE_REPLACED, LIVE_FULL };

/* Takes a reference when it returns LIVE_QUEUED or LIVE_REPLACED. */
enum live_push live_queue_push(struct live_queue *queue, enum live_form form,
                               struct live_frame *frame, const void *gauge, size_t bytes_max);
/* Bytes that left; drops the frames that are complete. */
void live_queue_sent(struct live_queue *queue, enum live_form form, size_t len);
/* The i-th waiting piece of bytes; false past the last. */
bool live_queue_peek(const struct live_queue *queue, enum live_form form, uint32_t i,
                     const char **out_bytes, size_t *out_len);
/* Forgets what was not begun. */
void live_queue_trim(struct live_queue *queue, enum live_form form);
void live_queue_fini(struct live_queue *queue);
