// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "net/live/topics.h"

static void say(struct live_topics *topics, const char *name, enum publish_kind kind,
                const char *json)
{
    (void)live_topics_publish(topics, name, kind, json, strlen(json));
}

/* Gives all back; the count, and whether something was lost. */
static size_t take_all(struct live_topics *topics, bool *out_has_lost)
{
    size_t count = 0;
    *out_has_lost = false;
    struct live_item *item = live_topics_take(topics);
    while (item != NULL) {
        struct live_item *next = item->next;
        *out_has_lost = *out_has_lost || item->frame == NULL;
        live_topics_done(topics, item);
        item = next;
        count++;
    }
    return count;
}

TEST(gauge_in_the_inbox_gives_way_to_a_newer_one)
{
    struct live_topics topics;
    live_topics_init(&topics);
    CHECK(live_topics_publish(&topics, "zones", PUBLISH_GAUGE, "1", 1));
    CHECK(!live_topics_publish(&topics, "zones", PUBLISH_GAUGE, "2", 1)); /* the hub is awake */
    struct live_item *item = live_topics_take(&topics);
    CHECK(item->next == NULL);
    CHECK(memmem(item->frame->ws, item->frame->ws_len, "\"data\":2", 8) != NULL);
    say(&topics, "zones", PUBLISH_GAUGE, "3"); /* what the hub has taken is no longer replaced */
    CHECK(memmem(item->frame->ws, item->frame->ws_len, "\"data\":2", 8) != NULL);
    live_topics_done(&topics, item);
    bool has_lost = false;
    CHECK_INT(take_all(&topics, &has_lost), 1);
    live_topics_fini(&topics);
}

TEST(every_event_of_a_followed_topic_stays_in_the_inbox)
{
    struct live_topics topics;
    live_topics_init(&topics);
    bool has_lost = false;
    say(&topics, "e", PUBLISH_EVENT, "1");
    CHECK_INT(take_all(&topics, &has_lost), 0); /* nobody follows it */
    struct live_topic *topic = live_topics_get(&topics, "e");
    say(&topics, "e", PUBLISH_EVENT, "1");
    say(&topics, "e", PUBLISH_EVENT, "2");
    topic->follower_count = 1; /* keeps it */
    CHECK_INT(take_all(&topics, &has_lost), 2);
    CHECK(!has_lost);
    live_topics_fini(&topics);
}

TEST(inbox_past_its_limit_says_once_that_it_lost_something)
{
    struct live_topics topics;
    live_topics_init(&topics);
    live_topics_get(&topics, "e")->follower_count = 1;
    SCOPED_MEM char *json = mem_new(LIMIT_LIVE_MESSAGE_BYTES);
    memset(json, ' ', LIMIT_LIVE_MESSAGE_BYTES);
    size_t fits =
        LIMIT_LIVE_INBOX_BYTES / LIMIT_LIVE_MESSAGE_BYTES - 1; /* each has a little head */
    for (size_t i = 0; i < fits + 3; i++)
        (void)live_topics_publish(&topics, "e", PUBLISH_EVENT, json, LIMIT_LIVE_MESSAGE_BYTES);
    bool has_lost = false;
    CHECK_INT(take_all(&topics, &has_lost), fits + 1);
    CHECK(has_lost);
    say(&topics, "e", PUBLISH_EVENT, "1");
    CHECK_INT(take_all(&topics, &has_lost), 1);
    CHECK(!has_lost);
    live_topics_fini(&topics);
}
