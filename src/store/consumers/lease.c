// SPDX-License-Identifier: Apache-2.0
#include "store/consumers/lease.h"

#define LEASE_US (CONSUMER_LEASE_MS * INT64_C(1000))
#define RENEW_US (CONSUMER_RENEW_MS * INT64_C(1000))

void lease_watch_see(struct lease_watch *watch, int64_t owner, int64_t beat, int64_t now_us)
{
    if (watch->changed_at_us == 0 || watch->owner != owner || watch->beat != beat)
        watch->changed_at_us = now_us;
    watch->owner = owner;
    watch->beat = beat;
}

static bool is_live(const struct lease_watch *watch, int64_t now_us)
{
    return now_us - watch->changed_at_us < LEASE_US;
}

/* Rounded up, so that all shards find an owner. */
static int share_of(const struct lease_table *table, int64_t self, bool is_alone, int64_t now_us)
{
    int members = 1;
    for (size_t i = 0; i < table->member_count && !is_alone; i++)
        members += table->members[i].owner != self && is_live(&table->members[i], now_us);
    return (STREAM_SHARDS + members - 1) / members;
}

struct lease_decision lease_decide(const struct lease_table *table, int64_t self, bool is_alone,
                                   int64_t now_us)
{
    struct lease_decision decision = {.look_again_us = now_us + RENEW_US};
    int share = share_of(table, self, is_alone, now_us);
    int owned = 0;
    for (int i = 0; i < STREAM_SHARDS; i++) {
        if (table->shards[i].watch.owner != self)
            continue;
        decision.actions[i] = owned < share ? LEASE_RENEW : LEASE_GIVE_BACK;
        owned += owned < share;
    }
    for (int i = 0; i < STREAM_SHARDS; i++) {
        const struct lease_watch *watch = &table->shards[i].watch;
        if (watch->owner == self)
            continue;
        if (watch->owner != 0 && !is_alone && is_live(watch, now_us)) {
            decision.look_again_us = MIN(decision.look_again_us, watch->changed_at_us + LEASE_US);
        } else if (owned < share) {
            decision.actions[i] = LEASE_CLAIM;
            owned++;
        }
    }
    return decision;
}
