// SPDX-License-Identifier: Apache-2.0
/* store/streams/outbox.h — announcements that wait to be sent. A newer one takes the place of an older
 * one with the same key, so that a slow server gets fewer values and none that is old. What finds no
 * room pushes the oldest out, and that is remembered: the others must be told to look for themselves. */
#pragma once
#include "base/limits.h"
#include "base/lock.h"

#define CHANNEL_MAX 64

struct outgoing {
    struct outgoing *next;
    char channel[CHANNEL_MAX];
    char key[LIMIT_LIVE_TOPIC_LEN + 1]; /* "": each one counts */
    size_t len;
    char message[];
};

struct outbox {
    struct lock lock;
    struct outgoing *first;
    size_t count;
    size_t bytes;
    bool has_lost;
};

void outbox_init(struct outbox *outbox);
void outbox_fini(struct outbox *outbox);
void outbox_push(struct outbox *outbox, const char *channel, const char *key, const char *message,
                 size_t len);
/* The oldest, owned by the caller (mem_free); NULL when there is none. */
struct outgoing *outbox_take(struct outbox *outbox);
/* What was taken and could not be sent goes first again, unless a newer value has come. Takes it. */
void outbox_put_back(struct outbox *outbox, struct outgoing *message);
void outbox_lose(struct outbox *outbox);      /* one that was taken could not be sent */
bool outbox_take_lost(struct outbox *outbox); /* whether any was, since the last call */
