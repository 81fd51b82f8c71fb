// SPDX-License-Identifier: Apache-2.0
/* A message is "g" (gauge) or "e" (event), the topic, a line end, and the JSON. */
#include "server/spread.h"

#include "base/metrics.h"

#define CHANNEL "live"

static struct metric too_large = METRIC_COUNTER(
    "muster_live_local_total", "Live values too large for the other processes on this database.");

static void heard(void *context, const char *message, size_t len)
{
    struct spread *spread = context;
    const char *end = len == 0 ? NULL : memchr(message, '\n', len);
    if (end == NULL || end - message > 256) /* not from this version of Muster */
        return;
    char topic[256] = "";
    memcpy(topic, message + 1, (size_t)(end - message) - 1);
    live_publish(spread->live, topic, message[0] == 'g' ? PUBLISH_GAUGE : PUBLISH_EVENT, end + 1,
                 len - (size_t)(end + 1 - message));
}

static void announce(void *context, const char *topic, enum publish_kind kind, const char *json,
                     size_t len)
{
    struct spread *spread = context;
    size_t topic_len = strlen(topic);
    if (topic_len + len + 2 > LIMIT_SPREAD_BYTES || topic_len > 255) {
        metric_add(&too_large, 1);
        live_publish(spread->live, topic, kind, json, len);
        return;
    }
    char *message = mem_new(topic_len + len + 2);
    message[0] = kind == PUBLISH_GAUGE ? 'g' : 'e';
    memcpy(message + 1, topic, topic_len);
    message[topic_len + 1] = '\n';
    memcpy(message + topic_len + 2, json, len);
    store_announce(spread->store, CHANNEL, message, topic_len + len + 2);
    mem_free(message);
}

void spread_start(struct spread *spread, struct store *store, struct live *live)
{
    *spread = (struct spread){.store = store, .live = live};
    store_listen(store, CHANNEL, heard, spread);
}

void spread_stop(struct spread *spread)
{
    store_unlisten(spread->store, spread);
}

struct publisher spread_publisher(struct spread *spread)
{
    return (struct publisher){.publish = announce, .context = spread};
}
