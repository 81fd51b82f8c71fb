// SPDX-License-Identifier: Apache-2.0
#include "net/live/topics.h"

#include "base/metrics.h"

static struct metric lost = METRIC_COUNTER("muster_live_lost_total",
                                           "Messages given up because the hub could not keep up.");

void live_topics_init(struct live_topics *topics)
{
    *topics = (struct live_topics){0};
    lock_init(&topics->lock);
    topics->last = &topics->first;
}

static void free_topic(struct live_topic *topic)
{
    live_frame_unref(topic->last);
    mem_free(topic->followers);
    mem_free(topic);
}

void live_topics_fini(struct live_topics *topics)
{
    while (topics->first != NULL) {
        struct live_item *item = topics->first;
        topics->first = item->next;
        live_frame_unref(item->frame);
        mem_free(item);
    }
    for (size_t i = 0; i < COUNT_OF(topics->buckets); i++) {
        while (topics->buckets[i] != NULL) {
            struct live_topic *topic = topics->buckets[i];
            topics->buckets[i] = topic->next;
            free_topic(topic);
        }
    }
    lock_fini(&topics->lock);
}

static struct live_topic **bucket_of(struct live_topics *topics, const char *name)
{
    uint64_t hash = 0xCBF29CE484222325ULL; /* FNV-1a */
    for (const char *p = name; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001B3ULL;
    return &topics->buckets[(hash ^ hash >> 32) % COUNT_OF(topics->buckets)];
}

static struct live_topic *find(struct live_topics *topics, const char *name)
{
    struct live_topic *topic = *bucket_of(topics, name);
    while (topic != NULL && strcmp(topic->name, name) != 0)
        topic = topic->next;
    return topic;
}

static struct live_topic *find_or_make(struct live_topics *topics, const char *name)
{
    struct live_topic *topic = find(topics, name);
    if (topic != NULL)
        return topic;
    size_t size = strlen(name) + 1;
    topic = mem_new(sizeof *topic + size);
    memcpy(topic->name, name, size);
    struct live_topic **bucket = bucket_of(topics, name);
    topic->next = *bucket;
    *bucket = topic;
    return topic;
}

static void append_item(struct live_topics *topics, struct live_topic *topic,
                        struct live_frame *frame, enum publish_kind kind)
{
    struct live_item *item = mem_new(sizeof *item);
    *item = (struct live_item){.topic = topic, .frame = frame, .kind = kind};
    *topics->last = item;
    topics->last = &item->next;
    topic->item_count++;
    if (kind == PUBLISH_GAUGE)
        topic->waiting = item;
}

/* With the lock held; the frame's reference is taken. */
static void put(struct live_topics *topics, struct live_topic *topic, struct live_frame *frame,
                enum publish_kind kind)
{
    if (kind == PUBLISH_GAUGE && topic->waiting != NULL) {
        struct live_frame *older = topic->waiting->frame;
        topics->inbox_bytes += frame->ws_len;
        topics->inbox_bytes -= older->ws_len;
        topic->waiting->frame = frame;
        live_frame_unref(older);
        return;
    }
    if (topics->inbox_bytes + frame->ws_len <= LIMIT_LIVE_INBOX_BYTES) {
        topics->inbox_bytes += frame->ws_len;
        append_item(topics, topic, frame, kind);
        return;
    }
    live_frame_unref(frame);
    metric_add(&lost, 1);
    if (!topic->has_lost) {
        topic->has_lost = true;
        append_item(topics, topic, NULL, PUBLISH_EVENT);
    }
}

bool live_topics_publish(struct live_topics *topics, const char *name, enum publish_kind kind,
                         const char *json, size_t len)
{
    if (kind == PUBLISH_EVENT) { /* an event that nobody follows is not even formed */
        LOCKED(&topics->lock);
        if (find(topics, name) == NULL)
            return false;
    }
    struct live_frame *frame = live_frame_message(name, json, len);
    if (frame == NULL) {
        metric_add(&lost, 1);
        return false;
    }
    LOCKED(&topics->lock);
    bool was_empty = topics->first == NULL;
    put(topics, find_or_make(topics, name), frame, kind);
    return was_empty;
}

struct live_item *live_topics_take(struct live_topics *topics)
{
    LOCKED(&topics->lock);
    struct live_item *first = topics->first;
    topics->first = NULL;
    topics->last = &topics->first;
    topics->inbox_bytes = 0;
    for (struct live_item *item = first; item != NULL; item = item->next) {
        if (item->topic->waiting == item)
            item->topic->waiting = NULL; /* from here on it is the hub's, and no longer replaced */
        if (item->frame == NULL)
            item->topic->has_lost = false;
    }
    return first;
}

static void release(struct live_topics *topics, struct live_topic *topic)
{
    if (topic->item_count > 0 || topic->follower_count > 0 || topic->last != NULL)
        return;
    struct live_topic **slot = bucket_of(topics, topic->name);
    while (*slot != topic)
        slot = &(*slot)->next;
    *slot = topic->next;
    free_topic(topic);
}

void live_topics_done(struct live_topics *topics, struct live_item *item)
{
    lock_take(&topics->lock);
    item->topic->item_count--;
    release(topics, item->topic);
    lock_give(&topics->lock);
    live_frame_unref(item->frame);
    mem_free(item);
}

struct live_topic *live_topics_get(struct live_topics *topics, const char *name)
{
    LOCKED(&topics->lock);
    return find_or_make(topics, name);
}

void live_topics_release(struct live_topics *topics, struct live_topic *topic)
{
    LOCKED(&topics->lock);
    release(topics, topic);
}
