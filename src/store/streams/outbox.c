// SPDX-License-Identifier: Apache-2.0
#include "store/streams/outbox.h"

#include "base/text.h"

void outbox_init(struct outbox *outbox)
{
    *outbox = (struct outbox){.first = NULL};
    lock_init(&outbox->lock);
}

void outbox_fini(struct outbox *outbox)
{
    for (struct outgoing *left; (left = outbox_take(outbox)) != NULL;)
        mem_free(left);
    lock_fini(&outbox->lock);
}

static struct outgoing *outgoing_create(const char *channel, const char *key, const char *message,
                                        size_t len)
{
    struct outgoing *made = mem_new(sizeof *made + len);
    assert(text_copy(made->channel, sizeof made->channel, channel));
    assert(text_copy(made->key, sizeof made->key, key));
    made->len = len;
    memcpy(made->message, message, len);
    return made;
}

static struct outgoing *unlink_first(struct outbox *outbox)
{
    struct outgoing *first = outbox->first;
    if (first == NULL)
        return NULL;
    outbox->first = first->next;
    outbox->count--;
    outbox->bytes -= first->len;
    return first;
}

static bool is_same(const struct outgoing *a, const struct outgoing *b)
{
    return a->key[0] != '\0' && strcmp(a->key, b->key) == 0 && strcmp(a->channel, b->channel) == 0;
}

/* In the place of an older one, so that what changes all the time is not sent last for ever. */
static void link_in(struct outbox *outbox, struct outgoing *made)
{
    struct outgoing **slot = &outbox->first;
    while (*slot != NULL && !is_same(made, *slot))
        slot = &(*slot)->next;
    struct outgoing *older = *slot;
    if (older != NULL) {
        made->next = older->next;
        outbox->bytes -= older->len;
        outbox->count--;
        mem_free(older);
    }
    *slot = made;
    outbox->bytes += made->len;
    outbox->count++;
}

void outbox_push(struct outbox *outbox, const char *channel, const char *key, const char *message,
                 size_t len)
{
    struct outgoing *made = outgoing_create(channel, key, message, len);
    LOCKED(&outbox->lock);
    link_in(outbox, made);
    while (outbox->count > LIMIT_ANNOUNCE_WAITING || outbox->bytes > LIMIT_ANNOUNCE_WAITING_BYTES) {
        mem_free(unlink_first(outbox));
        outbox->has_lost = true;
    }
}

struct outgoing *outbox_take(struct outbox *outbox)
{
    LOCKED(&outbox->lock);
    return unlink_first(outbox);
}

void outbox_put_back(struct outbox *outbox, struct outgoing *message)
{
    LOCKED(&outbox->lock);
    for (struct outgoing *newer = outbox->first; newer != NULL; newer = newer->next) {
        if (is_same(newer, message)) {
            mem_free(message);
            return;
        }
    }
    message->next = outbox->first;
    outbox->first = message;
    outbox->count++;
    outbox->bytes += message->len;
}

void outbox_lose(struct outbox *outbox)
{
    LOCKED(&outbox->lock);
    outbox->has_lost = true;
}

bool outbox_take_lost(struct outbox *outbox)
{
    LOCKED(&outbox->lock);
    bool has_lost = outbox->has_lost;
    outbox->has_lost = false;
    return has_lost;
}
