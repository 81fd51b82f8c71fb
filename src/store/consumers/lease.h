// SPDX-License-Identifier: Apache-2.0
/* store/consumers/lease.h — which shards of a consumer are whose. No clock is shared: an owner raises a
 * number (its beat), and whoever sees no change for CONSUMER_LEASE_MS by its own clock takes the
 * shard over. A process that slept through this finds its name gone when it next commits: nothing
 * happens twice. */
#pragma once
#include "base/base.h"
#include "store/consumer.h"

#define LEASE_MEMBERS_MAX 64

struct lease_watch { /* of a shard or a member: when its beat was last seen to change */
    int64_t owner;
    int64_t beat;
    int64_t changed_at_us;
};

struct lease_shard {
    struct lease_watch watch;
    int64_t position;
    bool is_present; /* has a row */
};

struct lease_table { /* what the tables say, and since when */
    struct lease_shard shards[STREAM_SHARDS];
    struct lease_watch members[LEASE_MEMBERS_MAX];
    size_t member_count;
};

enum lease_action { LEASE_LEAVE, LEASE_RENEW, LEASE_CLAIM, LEASE_GIVE_BACK };

struct lease_decision {
    enum lease_action actions[STREAM_SHARDS];
    int64_t look_again_us; /* a lease that we watch would end then */
};

void lease_watch_see(struct lease_watch *watch, int64_t owner, int64_t beat, int64_t now_us);
/* `is_alone`: no other process can be there (SQLite), so every foreign lease is a dead one's. */
struct lease_decision lease_decide(const struct lease_table *table, int64_t self, bool is_alone,
                                   int64_t now_us);
