// SPDX-License-Identifier: Apache-2.0
#include "readings/appearances.h"

#include "readings/readings_internal.h"

void waiting_init(struct waiting *waiting)
{
    lock_init(&waiting->lock);
}

void waiting_fini(struct waiting *waiting)
{
    if (waiting->all != NULL)
        memset(waiting->all, 0, APPEARANCES_MAX * sizeof *waiting->all);
    mem_free(waiting->all);
    lock_fini(&waiting->lock);
}

static void drop_oldest(struct waiting *waiting, size_t count)
{
    waiting->count -= count;
    memmove(waiting->all, waiting->all + count, waiting->count * sizeof *waiting->all);
    memset(&waiting->all[waiting->count], 0, count * sizeof *waiting->all);
}

/* Too old, or of later than now: the clock was put back. */
static bool is_over(int64_t at_ms, int64_t now_ms)
{
    return now_ms - at_ms > APPEARANCE_WAIT_MS || at_ms - now_ms > APPEARANCE_AHEAD_MS;
}

static void forget(struct waiting *waiting, int64_t now_ms)
{
    size_t old = 0;
    while (old < waiting->count && is_over(waiting->all[old].at_ms, now_ms))
        old++;
    if (old > 0)
        drop_oldest(waiting, old);
}

void readings_put_appearance(struct readings *readings, int64_t device_id,
                             const struct appearance *appearance, int64_t now_ms)
{
    struct waiting *waiting = &readings->waiting;
    LOCKED(&waiting->lock);
    if (waiting->all == NULL)
        waiting->all = mem_new_array(APPEARANCES_MAX, sizeof *waiting->all);
    forget(waiting, now_ms);
    if (waiting->count == APPEARANCES_MAX)
        drop_oldest(waiting, APPEARANCES_MAX / 8); /* rather than one by one */
    waiting->all[waiting->count++] = (struct waiting_one){device_id, now_ms, *appearance};
    atomic_store(&waiting->is_any, true);
}

bool readings_take_appearance(struct readings *readings, const char *event, const char *device,
                              struct appearance *out)
{
    struct waiting *waiting = &readings->waiting;
    if (!atomic_load(&waiting->is_any))
        return false;
    int64_t id = history_id(event, device);
    LOCKED(&waiting->lock);
    for (size_t i = 0; i < waiting->count; i++) {
        if (waiting->all[i].device_id != id)
            continue;
        *out = waiting->all[i].appearance;
        waiting->count--;
        memmove(&waiting->all[i], &waiting->all[i + 1],
                (waiting->count - i) * sizeof *waiting->all);
        memset(&waiting->all[waiting->count], 0, sizeof *waiting->all);
        atomic_store(&waiting->is_any, waiting->count > 0);
        return true;
    }
    return false;
}

size_t readings_forget_appearances(struct readings *readings, int64_t now_ms)
{
    struct waiting *waiting = &readings->waiting;
    if (!atomic_load(&waiting->is_any))
        return 0;
    LOCKED(&waiting->lock);
    forget(waiting, now_ms);
    atomic_store(&waiting->is_any, waiting->count > 0);
    return waiting->count;
}
