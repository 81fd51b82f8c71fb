// SPDX-License-Identifier: Apache-2.0
/* readings/receive.h — a body from a device or a person: decoded, checked, packed, committed. */
#pragma once
#include "base/base.h"
#include "readings/items.h"

struct readings;

enum receive_form { RECEIVE_PLAIN, RECEIVE_SENML }; /* of readings; detections tell by themselves */

struct receipt { /* what became of a body */
    struct shared shared;
    enum err err; /* ERR_NONE: all that is counted here is on disk */
    struct err_note note;
    const char *stream;
    size_t record_count; /* one per device (detections) or venue (readings) */
    int shard;           /* of the last record */
    int64_t position;
    size_t frames;
    size_t persons;
    size_t readings;
    size_t duplicates;         /* sent twice in this body and kept once */
    size_t skipped;            /* objects that are no persons */
    struct item_errors errors; /* items that were refused while others were taken */
};

struct receive {
    const char *event;
    const char *device; /* the only one that the sender may speak for; "" = any of the event */
    const char *body;
    size_t len;
    enum receive_form form;
    int64_t now_ms;
    /* Exactly once, on this thread or the writer's; the receipt is borrowed: shared_ref() keeps it, and
     * what it holds. */
    void (*done)(void *context, const struct receipt *receipt);
    void *context;
};

/* Both copy what they need before they return and never wait. Refusals: ERR_MALFORMED, ERR_INVALID
 * (nothing in it was good), ERR_NOT_FOUND (only unknown devices), ERR_FORBIDDEN, ERR_TOO_LARGE,
 * ERR_BUSY. */
void readings_receive_detections(struct readings *readings, const struct receive *receive);
void readings_receive_values(struct readings *readings, const struct receive *receive);
