// SPDX-License-Identifier: Apache-2.0
/* base/shared.h — reference counts, only for what is immutable and fanned out: a stream record, a
 * decoded batch, a live frame. Embed as the first member; the last unref calls destroy. */
#pragma once
#include "base/base.h"

#include <stdatomic.h>

struct shared {
    atomic_uint refs;
    void (*destroy)(struct shared *self);
};

static inline void shared_init(struct shared *shared, void (*destroy)(struct shared *self))
{
    shared->refs = 1;
    shared->destroy = destroy;
}

static inline void shared_ref(struct shared *shared)
{
    (void)atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
}

static inline void shared_unref(struct shared *shared) /* NULL is fine */
{
    if (shared != NULL && atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel) == 1)
        shared->destroy(shared);
}
