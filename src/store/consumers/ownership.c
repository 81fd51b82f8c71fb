// SPDX-License-Identifier: Apache-2.0
/* Which shards are ours, and where we begin in them. */
#include "base/clock.h"
#include "store/consumers/consumer_internal.h"

void ownership_lose(struct consumer *consumer, int shard)
{
    consumer->shards[shard].is_owned = false;
    follow_release(consumer->options.source->follow, &consumer->follower, shard);
    progress_show(consumer, shard, -1);
    if (consumer->options.lost != NULL)
        consumer->options.lost(consumer->options.context, shard);
}

/* From the stored position, or from where the consumer needs to read again. */
void ownership_start_over(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    int64_t position = s->stored;
    if (consumer->options.owned != NULL)
        consumer->options.owned(consumer->options.context, shard, &position);
    s->read_to = MAX(0, MIN(position, s->stored));
    s->wanted = s->stored;
    s->is_caught_up = false;
    progress_show(consumer, shard, s->read_to);
}

static void own(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    int64_t position = consumer->leases.shards[shard].position;
    *s = (struct consumer_shard){.is_owned = true,
                                 .stored = position,
                                 .held = -1,
                                 .batch_max = consumer->records_max,
                                 .ticked_at_us = clock_monotonic_us()};
    if (position_load_dead(consumer, shard) != ERR_NONE)
        s->dead_count = 0; /* they fail again, and are found buried already */
    ownership_start_over(consumer, shard);
}

void ownership_look(struct consumer *consumer)
{
    struct lease_decision decision;
    int64_t now_us = clock_monotonic_us();
    if (position_lease(consumer, &decision) != ERR_NONE) {
        consumer->lease_due_us = now_us + CONSUMER_RENEW_MS * INT64_C(100); /* away: soon again */
        return;
    }
    consumer->lease_due_us = consumer->is_alone ? INT64_MAX : decision.look_again_us;
    for (int i = 0; i < STREAM_SHARDS; i++) {
        bool is_ours = decision.actions[i] == LEASE_RENEW || decision.actions[i] == LEASE_CLAIM;
        if (consumer->shards[i].is_owned && (!is_ours || decision.actions[i] == LEASE_CLAIM))
            ownership_lose(consumer, i);
        if (is_ours && !consumer->shards[i].is_owned)
            own(consumer, i);
    }
}
