// SPDX-License-Identifier: Apache-2.0
#include "net/live/queue.h"

static size_t form_len(const struct live_frame *frame, enum live_form form)
{
    return form == LIVE_SSE ? frame->sse_len : frame->ws_len;
}

static struct live_entry *entry_at(const struct live_queue *queue, uint32_t i)
{
    return &queue->entries[(queue->first + i) % queue->size];
}

static void grow(struct live_queue *queue)
{
    uint32_t size = queue->size == 0 ? 4 : queue->size * 2;
    struct live_entry *entries = mem_new_array(size, sizeof *entries);
    for (uint32_t i = 0; i < queue->count; i++)
        entries[i] = *entry_at(queue, i);
    mem_free(queue->entries);
    queue->entries = entries;
    queue->first = 0;
    queue->size = size;
}

/* The newest unsent value of this gauge. There is at most one, and it is usually near the end. */
static struct live_entry *find_gauge(const struct live_queue *queue, const void *gauge)
{
    uint32_t oldest = queue->begun > 0 ? 1 : 0;
    for (uint32_t i = queue->count; i > oldest; i--) {
        struct live_entry *entry = entry_at(queue, i - 1);
        if (entry->gauge == gauge)
            return entry;
    }
    return NULL;
}

enum live_push live_queue_push(struct live_queue *queue, enum live_form form,
                               struct live_frame *frame, const void *gauge, size_t bytes_max)
{
    size_t len = form_len(frame, form);
    if (len == 0)
        return LIVE_QUEUED; /* nothing to say in this form */
    struct live_entry *older = gauge == NULL ? NULL : find_gauge(queue, gauge);
    size_t freed = older == NULL ? 0 : form_len(older->frame, form);
    size_t waiting = queue->bytes - freed;
    if (waiting > 0 && (len > bytes_max || waiting > bytes_max - len))
        return LIVE_FULL;
    shared_ref(&frame->shared);
    queue->bytes = waiting + len;
    if (older != NULL) {
        live_frame_unref(older->frame);
        older->frame = frame;
        return LIVE_REPLACED;
    }
    if (queue->count == queue->size)
        grow(queue);
    queue->count++;
    *entry_at(queue, queue->count - 1) = (struct live_entry){frame, gauge};
    return LIVE_QUEUED;
}

static void drop_first(struct live_queue *queue)
{
    live_frame_unref(entry_at(queue, 0)->frame);
    queue->first = (queue->first + 1) % queue->size;
    queue->count--;
    queue->begun = 0;
    if (queue->count == 0) { /* most clients are idle most of the time: keep nothing for them */
        mem_free(queue->entries);
        queue->entries = NULL;
        queue->size = queue->first = 0;
    }
}

void live_queue_sent(struct live_queue *queue, enum live_form form, size_t len)
{
    assert(len <= queue->bytes);
    queue->bytes -= len;
    while (len > 0) {
        size_t left = form_len(entry_at(queue, 0)->frame, form) - queue->begun;
        if (len < left) {
            queue->begun += (uint32_t)len;
            return;
        }
        len -= left;
        drop_first(queue);
    }
}

bool live_queue_peek(const struct live_queue *queue, enum live_form form, uint32_t i,
                     const char **out_bytes, size_t *out_len)
{
    if (i >= queue->count)
        return false;
    const struct live_frame *frame = entry_at(queue, i)->frame;
    size_t begun = i == 0 ? queue->begun : 0;
    *out_bytes = (form == LIVE_SSE ? frame->sse : frame->ws) + begun;
    *out_len = form_len(frame, form) - begun;
    return true;
}

void live_queue_trim(struct live_queue *queue, enum live_form form)
{
    uint32_t keep = queue->begun > 0 ? 1 : 0;
    while (queue->count > keep) {
        struct live_entry *last = entry_at(queue, queue->count - 1);
        queue->bytes -= form_len(last->frame, form);
        live_frame_unref(last->frame);
        queue->count--;
    }
}

void live_queue_fini(struct live_queue *queue)
{
    while (queue->count > 0)
        drop_first(queue);
    mem_free(queue->entries);
    *queue = (struct live_queue){0};
}
