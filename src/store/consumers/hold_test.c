// SPDX-License-Identifier: Apache-2.0
/* A process that has lost a shard and does not know it yet: what it read and did not store must not
 * count, or retention would remove what the new owner has still to read. Two stores on one database
 * stand for two processes. */
#include "base/clock.h"
#include "store/consumers/consumer_internal.h"
#include "store/place_test.h"

#define HOUR_MS INT64_C(3600000)
#define SHARD   stream_shard_of("k")
#define OTHER   ((SHARD + 1) % STREAM_SHARDS)

/* What consumer_start() makes, without its thread. */
static struct consumer part(struct store *source, struct store *target, int64_t owner)
{
    struct consumer consumer = {
        .options = {.name = "reader", .stream = "facts", .source = source, .target = target},
        .owner = owner};
    for (int i = 0; i < STREAM_SHARDS; i++)
        consumer.shards[i].held = -1;
    return consumer;
}

static void claim_all(struct consumer *consumer)
{
    struct lease_decision decision;
    CHECK_INT(position_lease(consumer, &decision), ERR_NONE);
    for (int i = 0; i < STREAM_SHARDS; i++) {
        CHECK_INT(decision.actions[i], LEASE_CLAIM);
        consumer->shards[i].is_owned = true;
    }
}

/* As a process does that saw no beat for CONSUMER_LEASE_MS. */
static void take_over(struct consumer *consumer, int shard, int64_t position)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql,
                   "UPDATE store_consumer SET owner = %lld, beat = beat + 1 WHERE shard = %d",
                   (long long)consumer->owner, shard);
    CHECK_INT(place_write(consumer->options.target, sql), ERR_NONE);
    consumer->shards[shard].is_owned = true;
    consumer->shards[shard].wanted = position;
    bool is_lost[STREAM_SHARDS];
    CHECK_INT(position_store(consumer, is_lost), ERR_NONE);
    CHECK_INT(consumer->shards[shard].stored, position);
}

static int64_t held_of(struct store *store, int shard)
{
    struct db *db = store_reader_take(store);
    CHECK(db != NULL);
    int64_t position = -1;
    enum err err = sql_one_int(db, &position, "SELECT position FROM store_hold WHERE shard = $1",
                               SQL_INT(shard));
    store_reader_give(store, db);
    CHECK(err == ERR_NONE || err == ERR_NOT_FOUND);
    return position;
}

static void append_ten(struct store *store)
{
    for (int i = 0; i < 10; i++)
        CHECK_INT(place_append(store, "facts", "k", "body"), ERR_NONE);
}

TEST(a_lost_shard_keeps_its_stored_position_and_retention_leaves_what_its_new_owner_needs)
{
    struct place *place = place_postgres();
    SCOPED(store) one = place_open(place, NULL, 0);
    SCOPED(store) two = place_open(place, NULL, 0);
    append_ten(one);
    struct consumer before = part(one, one, 1), after = part(two, two, 2);
    claim_all(&before);
    take_over(&after, SHARD, 4);
    CHECK_INT(hold_tell(&after), ERR_NONE);
    before.shards[SHARD].wanted = 10;
    before.shards[OTHER].wanted = 3;
    bool is_lost[STREAM_SHARDS];
    CHECK_INT(position_store(&before, is_lost), ERR_NONE);
    CHECK(is_lost[SHARD] && !is_lost[OTHER]);
    CHECK_INT(before.shards[SHARD].stored, 0);
    CHECK_INT(before.shards[OTHER].stored, 3);
    before.shards[SHARD].stored = 10; /* should it believe so: the tables know better */
    CHECK_INT(hold_tell(&before), ERR_NONE);
    CHECK_INT(held_of(one, SHARD), 4);
    CHECK_INT(held_of(one, OTHER), 3);
    struct stream_retention retention = {
        .stream = "facts", .age_max_ms = HOUR_MS, .hold_ms = 3 * HOUR_MS};
    CHECK_INT(stream_retain(one, &retention, clock_now_ms() + 2 * HOUR_MS, NULL), ERR_NONE);
    CHECK_INT(place_record_count(one, "facts"), 6);
}

/* Source and target are two databases: no transaction spans the look and the write. */
TEST(a_hold_that_comes_late_never_raises_the_new_owners)
{
    struct place *place = place_postgres(), other = *place;
    (void)snprintf(other.name, sizeof other.name, "%.20s-target", place->name);
    SCOPED(store) source = place_open(place, NULL, 0);
    SCOPED(store) target = place_open(&other, NULL, 0);
    append_ten(source);
    struct consumer before = part(source, target, 1), after = part(source, target, 2);
    struct hold_view view;
    claim_all(&before);
    take_over(&before, SHARD, 8);
    CHECK_INT(hold_look(&before, &view), ERR_NONE);
    take_over(&after, SHARD, 5); /* it reads again what it needs to rebuild its state */
    CHECK_INT(hold_tell(&after), ERR_NONE);
    CHECK_INT(held_of(source, SHARD), 5);
    CHECK_INT(hold_write(&before, &view), ERR_NONE);
    CHECK_INT(held_of(source, SHARD), 5);
    take_over(&after, SHARD, 9);
    CHECK_INT(hold_tell(&after), ERR_NONE);
    CHECK_INT(held_of(source, SHARD), 9);
}

/* The positions' store is older than the streams': its beats begin again lower. */
ON_BOTH_ENGINES(after_a_restored_backup_holds_go_on_from_the_restored_position)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    append_ten(store);
    struct consumer consumer = part(store, store, 1);
    claim_all(&consumer);
    take_over(&consumer, SHARD, 9);
    CHECK_INT(hold_tell(&consumer), ERR_NONE);
    CHECK_INT(place_write(store, "UPDATE store_hold SET beat = 1000000"), ERR_NONE);
    for (int64_t position = 6; position <= 8; position++) {
        take_over(&consumer, SHARD, position);
        CHECK_INT(hold_tell(&consumer), ERR_NONE);
        CHECK_INT(held_of(store, SHARD), position);
    }
}
