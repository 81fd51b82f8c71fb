// SPDX-License-Identifier: Apache-2.0
#include "api/mqtt.h"

#include "api/mqtt/told.h"
#include "api/mqtt/topics.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "crowd/crowd.h"
#include "net/mqtt.h"
#include "readings/readings.h"
#include "store/consumer.h"
#include "venues/venues.h"

#include <stdatomic.h>
#include <stdio.h>

#define LEADING_SHARD 0

static struct metric refused[] = {
#define REFUSED(why)                                                                               \
    {                                                                                              \
        .name = "muster_mqtt_refused_total",                                                       \
        .help = "Messages of the MQTT broker that could not be used; the log says which.",         \
        .kind = METRIC_KIND_COUNTER, .labels = "reason=\"" why "\""                                \
    }
    REFUSED("topic"),
    REFUSED("malformed"),
    REFUSED("unknown_device"),
    REFUSED("invalid"),
};
enum refusal { REFUSAL_TOPIC, REFUSAL_MALFORMED, REFUSAL_UNKNOWN, REFUSAL_INVALID, REFUSALS };

struct mqtt_bridge {
    struct app *app;
    struct topic_rules rules;
    struct topic_filters filters;
    char status_topic[TOPIC_SIZE];
    char zones_filter[TOPIC_SIZE];
    struct mqtt *mqtt;
    struct consumer *lease;
    atomic_bool is_leading;
    struct told told; /* the client's thread only */
    struct lock lock; /* guards the next two */
    struct mqtt_complaint complaints[REFUSALS];
    bool is_closing;
};

/* --- in --- */

static enum refusal refusal_of(enum err err)
{
    return err == ERR_NOT_FOUND   ? REFUSAL_UNKNOWN
           : err == ERR_MALFORMED ? REFUSAL_MALFORMED
                                  : REFUSAL_INVALID;
}

static void refuse(struct mqtt_bridge *bridge, enum refusal refusal, const char *topic,
                   const struct err_note *note)
{
    metric_add(&refused[refusal], 1);
    lock_take(&bridge->lock);
    uint64_t times = mqtt_complain(&bridge->complaints[refusal], clock_monotonic_us());
    lock_give(&bridge->lock);
    if (times > 0)
        log_write(LOG_WARN, "mqtt", "a message cannot be used",
                  "topic=%s place=%s reason=%s times=%llu", LOG_TEXT(topic), LOG_TEXT(note->place),
                  LOG_TEXT(note->detail), (unsigned long long)times);
}

struct taking { /* a message on its way to the disk */
    struct mqtt_bridge *bridge;
    char topic[];
};

/* The database is away or full: nothing is wrong with the message. */
static bool is_worth_another_try(enum err err)
{
    return err == ERR_BUSY || err == ERR_IO || err == ERR_NO_MEMORY;
}

static void taken(void *context, const struct receipt *receipt)
{
    struct taking *taking = context;
    struct mqtt_bridge *bridge = taking->bridge;
    enum mqtt_outcome outcome = is_worth_another_try(receipt->err) ? MQTT_AGAIN : MQTT_TAKEN;
    if (outcome == MQTT_TAKEN && receipt->err != ERR_NONE) {
        refuse(bridge, refusal_of(receipt->err), taking->topic, &receipt->note);
    } else if (outcome == MQTT_TAKEN && receipt->errors.count > 0) {
        struct err_note note;
        const struct item_error *first = &receipt->errors.items[0];
        (void)err_set(&note, first->err, first->place, "%s; the rest of the message is taken",
                      first->detail);
        refuse(bridge, refusal_of(first->err), taking->topic, &note);
    }
    mem_free(taking);
    mqtt_settle(bridge->mqtt, outcome);
}

static void hand_on(struct mqtt_bridge *bridge, const struct mqtt_message *message,
                    const struct sender *sender, enum sender_kind kind)
{
    size_t topic_size = strlen(message->topic) + 1;
    struct taking *taking = mem_new(sizeof *taking + topic_size);
    taking->bridge = bridge;
    memcpy(taking->topic, message->topic, topic_size);
    struct receive receive = {.event = sender->event,
                              .device = sender->device,
                              .body = message->payload == NULL ? "" : message->payload,
                              .len = message->len,
                              .form = kind == SENDER_SENML ? RECEIVE_SENML : RECEIVE_PLAIN,
                              .now_ms = clock_now_ms(),
                              .done = taken,
                              .context = taking};
    if (kind == SENDER_DETECTIONS)
        readings_receive_detections(bridge->app->readings, &receive);
    else
        readings_receive_values(bridge->app->readings, &receive);
}

static void receive(void *context, const struct mqtt_message *message)
{
    struct mqtt_bridge *bridge = context;
    struct sender sender;
    enum sender_kind kind;
    struct err_note note = {.place = "topic"};
    enum err err = topic_read(&bridge->rules, message->topic, &sender, &kind);
    if (err == ERR_NONE && message->len <= LIMIT_INGEST_BODY_BYTES) {
        hand_on(bridge, message, &sender, kind);
        return;
    }
    if (err == ERR_NONE) {
        err = err_set(&note, ERR_TOO_LARGE, "payload", "is larger than %d bytes: send less at once",
                      LIMIT_INGEST_BODY_BYTES);
        refuse(bridge, refusal_of(err), message->topic, &note);
    } else {
        (void)err_set(&note, err, "topic", "%s",
                      err == ERR_FORBIDDEN ? "--mqtt-event does not name this event or device"
                                           : "the event and the device must be ids, in lower case");
        refuse(bridge, REFUSAL_TOPIC, message->topic, &note);
    }
    mqtt_settle(bridge->mqtt, MQTT_TAKEN);
}

/* --- out --- */

static bool publish_out(void *context, const char *topic, const char *payload, size_t len)
{
    struct mqtt_bridge *bridge = context;
    return mqtt_publish(bridge->mqtt, topic, payload, len);
}

static void tell(void *context)
{
    struct mqtt_bridge *bridge = context;
    size_t count = 0;
    struct venue_view **views = venues_views(bridge->app->venues, &count);
    SCOPED_MEM struct crowd_picture **pictures = mem_new_array(count + 1, sizeof *pictures);
    for (size_t i = 0; i < count; i++)
        pictures[i] = crowd_picture(bridge->app->crowd, views[i]->event, views[i]->id);
    const struct told_port port = {
        .publish = publish_out, .context = bridge, .prefix = bridge->rules.prefix};
    told_tell(&bridge->told, views, pictures, count, clock_now_ms(), &port);
    for (size_t i = 0; i < count; i++) {
        if (pictures[i] != NULL)
            shared_unref(&pictures[i]->shared);
        shared_unref(&views[i]->shared);
    }
    mem_free(views);
}

static void connected(void *context)
{
    struct mqtt_bridge *bridge = context;
    told_forget(&bridge->told);
    tell(bridge);
}

static bool is_zone(struct venues *venues, const struct zone_topic *topic)
{
    struct venue_view *view = venues_view(venues, topic->event, topic->venue);
    bool is_there = false;
    if (view == NULL)
        return false;
    for (size_t z = 0; z < view->zone_count && !is_there; z++)
        is_there = strcmp(view->zones[z].id, topic->zone) == 0;
    shared_unref(&view->shared);
    return is_there;
}

/* What was told before this connection, perhaps of a zone that was removed since. */
static bool take_back_unless_zone(void *context, const char *topic)
{
    struct mqtt_bridge *bridge = context;
    struct zone_topic zone;
    if (!topic_read_zone(&bridge->rules, topic, &zone) || is_zone(bridge->app->venues, &zone))
        return true;
    return mqtt_publish(bridge->mqtt, topic, NULL, 0);
}

/* --- which process is the bridge --- */

static void lead(struct mqtt_bridge *bridge, bool is_leading)
{
    LOCKED(&bridge->lock);
    atomic_store(&bridge->is_leading, is_leading);
    if (!bridge->is_closing)
        mqtt_wake(bridge->mqtt);
}

static void owned(void *context, int shard, int64_t *inout_position)
{
    (void)inout_position;
    if (shard == LEADING_SHARD)
        lead(context, true);
}

static void lost(void *context, int shard)
{
    if (shard == LEADING_SHARD)
        lead(context, false);
}

static enum err pass_over(void *context, const struct consumer_batch *batch,
                          int64_t *inout_position, bool *out_has_effects)
{
    (void)context;
    (void)batch;
    (void)inout_position;
    *out_has_effects = false;
    return ERR_NONE;
}

static bool may_connect(void *context)
{
    struct mqtt_bridge *bridge = context;
    return atomic_load(&bridge->is_leading);
}

/* --- opening --- */

static enum err start(struct mqtt_bridge *bridge, const struct mqtt_bridge_options *options,
                      struct err_note *note)
{
    TRY(topic_rules_read(options->prefix, options->senders, options->scenescape_event,
                         &bridge->rules, note));
    topic_filters_make(&bridge->rules, &bridge->filters);
    (void)snprintf(bridge->status_topic, sizeof bridge->status_topic, "%s/status", options->prefix);
    topic_zones_filter(&bridge->rules, bridge->zones_filter);
    const struct mqtt_options mqtt = {
        .url = options->url,
        .user = options->user,
        .password = options->password,
        .ca_file = options->ca_file,
        .client_id = options->client_id,
        .status_topic = bridge->status_topic,
        .subscriptions = bridge->filters.list,
        .subscription_count = bridge->filters.count,
        .own_topics = bridge->zones_filter,
        .rate = {.limit = options->rate, .period_s = 1, .burst = 2 * options->rate},
        .may_connect = may_connect,
        .connected = connected,
        .tick = tell,
        .receive = receive,
        .recall = take_back_unless_zone,
        .context = bridge};
    TRY(mqtt_start(&mqtt, &bridge->mqtt, note));
    const struct consumer_options lease = {.name = "mqtt",
                                           .stream = "venues",
                                           .source = options->app->main_store,
                                           .target = options->app->main_store,
                                           .context = bridge,
                                           .owned = owned,
                                           .lost = lost,
                                           .prepare = pass_over};
    return consumer_start(&lease, &bridge->lease, note);
}

enum err mqtt_bridge_open(const struct mqtt_bridge_options *options,
                          struct mqtt_bridge **out_bridge, struct err_note *note)
{
    struct mqtt_bridge *bridge = mem_new(sizeof *bridge);
    bridge->app = options->app;
    lock_init(&bridge->lock);
    enum err err = start(bridge, options, note);
    if (err != ERR_NONE) {
        mqtt_bridge_close(bridge);
        return err;
    }
    *out_bridge = bridge;
    return ERR_NONE;
}

/* The client first, while the lease keeps others from taking its place at the broker. */
void mqtt_bridge_close(struct mqtt_bridge *bridge)
{
    if (bridge == NULL)
        return;
    lock_take(&bridge->lock);
    bridge->is_closing = true;
    lock_give(&bridge->lock);
    mqtt_stop(bridge->mqtt);
    if (bridge->lease != NULL)
        consumer_stop(bridge->lease);
    told_fini(&bridge->told);
    lock_fini(&bridge->lock);
    mem_free(bridge);
}
