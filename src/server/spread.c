// SPDX-License-Identifier: Apache-2.0
/* A message is "g" (gauge) or "e" (event), the topic, a line end, and the JSON. */
#include "server/spread.h"

#include "base/metrics.h"

#define CHANNEL "live"

static struct metric too_large = METRIC_COUNTER(
    "muster_live_local_total", "Live values too large for the other processes on this database.");

struct parsed {
    char topic[LIMIT_LIVE_TOPIC_LEN + 1];
    enum publish_kind kind;
    const char *json; /* within the message */
    size_t len;
};

static bool parse(const char *message, size_t len, struct parsed *out)
{
    const char *end = len == 0 ? NULL : memchr(message, '\n', len);
    if (end == NULL || end == message ||
        end - message > LIMIT_LIVE_TOPIC_LEN + 1) /* not from this version of Muster */
        return false;
    size_t topic_len = (size_t)(end - message) - 1;
    memcpy(out->topic, message + 1, topic_len);
    out->topic[topic_len] = '\0';
    out->kind = message[0] == 'g' ? PUBLISH_GAUGE : PUBLISH_EVENT;
    out->json = end + 1;
    out->len = len - (size_t)(end + 1 - message);
    return true;
}

static void heard(void *context, const char *message, size_t len)
{
    const struct spread *spread = context;
    struct parsed parsed;
    if (parse(message, len, &parsed))
        live_publish(spread->live, parsed.topic, parsed.kind, parsed.json, parsed.len);
}

static void overheard(void *context, const char *message, size_t len)
{
    const struct spread_ear *ear = context;
    struct parsed parsed;
    if (parse(message, len, &parsed))
        ear->hear(ear->context, parsed.topic, parsed.json, parsed.len);
}

static enum err catch_up(void *context)
{
    const struct spread *spread = context;
    live_resync(spread->live);
    return ERR_NONE;
}

static void announce(void *context, const char *topic, enum publish_kind kind, const char *json,
                     size_t len)
{
    struct spread *spread = context;
    size_t topic_len = strlen(topic);
    if (topic_len + len + 2 > LIMIT_ANNOUNCE_BYTES || topic_len > LIMIT_LIVE_TOPIC_LEN) {
        metric_add(&too_large, 1);
        live_publish(spread->live, topic, kind, json, len);
        return;
    }
    char *message = mem_new(topic_len + len + 2);
    message[0] = kind == PUBLISH_GAUGE ? 'g' : 'e';
    memcpy(message + 1, topic, topic_len);
    message[topic_len + 1] = '\n';
    memcpy(message + topic_len + 2, json, len);
    if (kind == PUBLISH_GAUGE)
        store_announce_newest(spread->store, CHANNEL, topic, message, topic_len + len + 2);
    else
        store_announce(spread->store, CHANNEL, message, topic_len + len + 2);
    mem_free(message);
}

void spread_start(struct spread *spread, struct store *store, struct live *live)
{
    *spread = (struct spread){.store = store, .live = live};
    store_listen(store, CHANNEL, heard, spread);
    store_listen_missed(store, catch_up, spread);
}

/* Who listens last hears first. */
void spread_listen(struct spread *spread, struct spread_ear *ear)
{
    ear->store = spread->store;
    store_listen(spread->store, CHANNEL, overheard, ear);
}

void spread_unlisten(struct spread_ear *ear)
{
    store_unlisten(ear->store, ear);
}

void spread_stop(struct spread *spread)
{
    store_unlisten(spread->store, spread);
}

struct publisher spread_publisher(struct spread *spread)
{
    return (struct publisher){.publish = announce, .context = spread};
}
