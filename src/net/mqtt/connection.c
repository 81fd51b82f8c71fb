// SPDX-License-Identifier: Apache-2.0
/* libmosquitto queues the acknowledgement of a QoS 1 message when it hands the message over, and in
 * threaded mode leaves the writing to whoever drives the socket: us, once the batch is settled. An
 * acknowledgement that must not go is lost with its connection. */
#include "net/mqtt/client.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#define KEEPALIVE_S 30

static struct metric received = {.name = "muster_mqtt_messages_total",
                                 .help = "Messages exchanged with the MQTT broker.",
                                 .kind = METRIC_KIND_COUNTER,
                                 .labels = "direction=\"in\""};
static struct metric sent = {.name = "muster_mqtt_messages_total",
                             .help = "Messages exchanged with the MQTT broker.",
                             .kind = METRIC_KIND_COUNTER,
                             .labels = "direction=\"out\""};
static struct metric connections =
    METRIC_COUNTER("muster_mqtt_connections_total", "Connections that the MQTT broker accepted.");

static struct metric over_rate = METRIC_COUNTER(
    "muster_mqtt_over_rate_total", "Messages let go of because their topic was over its rate.");

static void start_library(void)
{
    (void)mosquitto_lib_init(); /* always succeeds */
}

static void lose(struct mqtt *mqtt, const char *why)
{
    if (!mqtt->is_lost)
        log_write(LOG_WARN, "mqtt", mqtt->is_accepted ? "lost the broker" : "no broker",
                  "host=%s port=%u error=%s", LOG_TEXT(mqtt->address.host), mqtt->address.port,
                  LOG_TEXT(why));
    mqtt->is_lost = true;
}

static bool is_fine(struct mqtt *mqtt, int code)
{
    if (code != MOSQ_ERR_SUCCESS)
        lose(mqtt, code == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(code));
    return !mqtt->is_lost;
}

/* --- what stands at one's own topics --- */

/* With QoS 0, because the subscription outlives a process that is killed, with the session: of QoS 1 the
 * broker would keep every count for it, in place of the detections. */
static void ask_for_own(struct mqtt *mqtt)
{
    if (mqtt->options.own_topics == NULL)
        return;
    mqtt->recall = (struct recall){.is_asking = true, .heard_us = clock_monotonic_us()};
    (void)is_fine(mqtt, mosquitto_subscribe(mqtt->connection, &mqtt->recall.subscription,
                                            mqtt->options.own_topics, 0));
}

void connection_recall_tick(struct mqtt *mqtt, int64_t now_us)
{
    struct recall *recall = &mqtt->recall;
    if (!recall->is_asking || now_us - recall->heard_us < MQTT_RECALL_QUIET_MS * INT64_C(1000))
        return;
    recall->is_asking = false;
    if (recall->must_go_again)
        ask_for_own(mqtt);
    else
        (void)is_fine(mqtt,
                      mosquitto_unsubscribe(mqtt->connection, NULL, mqtt->options.own_topics));
}

/* What is not retained is the echo of what is published now. */
static bool is_own(struct mqtt *mqtt, const struct mosquitto_message *message)
{
    bool matches = false;
    if (mqtt->options.own_topics == NULL ||
        mosquitto_topic_matches_sub(mqtt->options.own_topics, message->topic, &matches) !=
            MOSQ_ERR_SUCCESS ||
        !matches)
        return false;
    if (message->retain && message->payloadlen > 0) {
        mqtt->recall.heard_us = clock_monotonic_us();
        mqtt->recall.must_go_again |= !mqtt->options.recall(mqtt->options.context, message->topic);
    }
    return true;
}

/* --- what libmosquitto calls, within connection_read() and connection_write() --- */

static void on_connect(struct mosquitto *connection, void *context, int code)
{
    struct mqtt *mqtt = context;
    if (code != 0) {
        lose(mqtt, mosquitto_connack_string(code));
        return;
    }
    const struct mqtt_options *options = &mqtt->options;
    for (size_t i = 0; i < options->subscription_count; i++)
        (void)is_fine(mqtt, mosquitto_subscribe(connection, NULL, options->subscriptions[i], 1));
    ask_for_own(mqtt);
    mqtt->is_accepted = true;
    metric_add(&connections, 1);
    log_write(LOG_INFO, "mqtt", "connected", "host=%s port=%u tls=%s", LOG_TEXT(mqtt->address.host),
              mqtt->address.port, mqtt->address.is_tls ? "yes" : "no");
    if (!mqtt_publish(mqtt, options->status_topic, "online", strlen("online")))
        lose(mqtt, "the status cannot be published");
    if (options->connected != NULL)
        options->connected(options->context);
}

static void on_subscribe(struct mosquitto *connection, void *context, int id, int count,
                         const int *granted)
{
    (void)connection;
    struct mqtt *mqtt = context;
    for (int i = 0; i < count; i++) {
        if (granted[i] >= 0x80 && mqtt->recall.is_asking && id == mqtt->recall.subscription)
            log_write(LOG_WARN, "mqtt",
                      "zones removed while this was not connected stay at the broker",
                      "topics=%s remedy=\"allow this user to read them\"",
                      LOG_TEXT(mqtt->options.own_topics));
        else if (granted[i] >= 0x80)
            log_write(
                LOG_ERROR, "mqtt", "the broker refuses a subscription",
                "host=%s remedy=\"allow this user to read the topics of docs/formats/mqtt.md\"",
                LOG_TEXT(mqtt->address.host));
    }
}

/* A sender that runs wild: over HTTP it would be told to wait, here it cannot be. */
static bool is_over_rate(struct mqtt *mqtt, const char *topic)
{
    if (mqtt->throttle == NULL)
        return false;
    int64_t now_us = clock_monotonic_us();
    struct throttle_answer answer =
        throttle_take(mqtt->throttle, &mqtt->options.rate, mqtt, topic, now_us);
    if (answer.is_allowed)
        return false;
    metric_add(&over_rate, 1);
    uint64_t times = mqtt_complain(&mqtt->over_rate, now_us);
    if (times > 0)
        log_write(LOG_WARN, "mqtt", "messages over the rate are let go of",
                  "topic=%s times=%llu remedy=\"send less often, or raise --ingest-rate\"",
                  LOG_TEXT(topic), (unsigned long long)times);
    return true;
}

static void on_message(struct mosquitto *connection, void *context,
                       const struct mosquitto_message *message)
{
    (void)connection;
    struct mqtt *mqtt = context;
    mqtt->batch_bytes += (size_t)message->payloadlen;
    if (is_own(mqtt, message))
        return;
    metric_add(&received, 1);
    mqtt->batch_count++;
    if (is_over_rate(mqtt, message->topic))
        return;
    lock_take(&mqtt->lock);
    mqtt->pending++;
    lock_give(&mqtt->lock);
    mqtt->options.receive(mqtt->options.context,
                          &(struct mqtt_message){.topic = message->topic,
                                                 .payload = message->payload,
                                                 .len = (size_t)message->payloadlen});
}

static void on_publish(struct mosquitto *connection, void *context, int id)
{
    (void)connection;
    (void)id;
    struct mqtt *mqtt = context;
    mqtt->unacknowledged -= mqtt->unacknowledged > 0;
}

/* --- opening and ending --- */

static int configure(struct mqtt *mqtt)
{
    static const char OFFLINE[] = "offline";
    struct mosquitto *connection = mqtt->connection;
    const struct mqtt_options *options = &mqtt->options;
    mosquitto_connect_callback_set(connection, on_connect);
    mosquitto_subscribe_callback_set(connection, on_subscribe);
    mosquitto_message_callback_set(connection, on_message);
    mosquitto_publish_callback_set(connection, on_publish);
    int code = mosquitto_threaded_set(connection, true);
    if (code == MOSQ_ERR_SUCCESS)
        code = mosquitto_will_set(connection, options->status_topic, (int)strlen(OFFLINE), OFFLINE,
                                  1, true);
    if (code == MOSQ_ERR_SUCCESS && options->user != NULL)
        code = mosquitto_username_pw_set(connection, options->user, options->password);
    if (code == MOSQ_ERR_SUCCESS && mqtt->address.is_tls)
        code = options->ca_file == NULL
                   ? mosquitto_int_option(connection, MOSQ_OPT_TLS_USE_OS_CERTS, 1)
                   : mosquitto_tls_set(connection, options->ca_file, NULL, NULL, NULL, NULL);
    return code;
}

bool connection_open(struct mqtt *mqtt)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_library); /* cannot fail with a valid flag */
    mqtt->is_accepted = mqtt->is_lost = false;
    mqtt->recall = (struct recall){.is_asking = false};
    mqtt->unacknowledged = mqtt->batch_count = mqtt->batch_bytes = 0;
    mqtt->connection = mosquitto_new(mqtt->options.client_id, false, mqtt);
    if (mqtt->connection == NULL) {
        lose(mqtt, "not enough memory");
        return false;
    }
    int code = configure(mqtt);
    if (code == MOSQ_ERR_SUCCESS)
        code = mosquitto_connect_async(mqtt->connection, mqtt->address.host, mqtt->address.port,
                                       KEEPALIVE_S);
    if (!is_fine(mqtt, code)) {
        connection_drop(mqtt);
        return false;
    }
    return true;
}

void connection_drop(struct mqtt *mqtt)
{
    mosquitto_destroy(mqtt->connection);
    mqtt->connection = NULL;
    mqtt->is_accepted = false;
}

static bool is_readable(const struct mqtt *mqtt)
{
    struct pollfd poll_fd = {.fd = mosquitto_socket(mqtt->connection), .events = POLLIN};
    return poll_fd.fd >= 0 && poll(&poll_fd, 1, 0) > 0;
}

bool connection_read(struct mqtt *mqtt)
{
    mqtt->batch_count = mqtt->batch_bytes = 0;
    /* A packet may take several steps; the count ends the loop when a socket is ready for nothing. */
    for (size_t step = 0;
         step < LIMIT_MQTT_BATCH && mqtt->batch_bytes < LIMIT_MQTT_BATCH_BYTES && is_readable(mqtt);
         step++) {
        if (!is_fine(mqtt, mosquitto_loop_read(mqtt->connection, 1)))
            return false;
    }
    return !mqtt->is_lost;
}

bool connection_wants_write(struct mqtt *mqtt)
{
    return mosquitto_want_write(mqtt->connection);
}

bool connection_write(struct mqtt *mqtt)
{
    if (mosquitto_want_write(mqtt->connection) &&
        !is_fine(mqtt, mosquitto_loop_write(mqtt->connection, 1)))
        return false;
    return is_fine(mqtt, mosquitto_loop_misc(mqtt->connection));
}

void connection_close(struct mqtt *mqtt)
{
    int64_t deadline_us = clock_monotonic_us() + LIMIT_MQTT_GOODBYE_MS * INT64_C(1000);
    bool is_said = mqtt_publish(mqtt, mqtt->options.status_topic, "offline", strlen("offline"));
    while (is_said && mqtt->unacknowledged > 0 && clock_monotonic_us() < deadline_us) {
        struct pollfd poll_fd = {.fd = mosquitto_socket(mqtt->connection), .events = POLLIN};
        is_said = connection_write(mqtt) && (poll(&poll_fd, 1, 50) <= 0 || connection_read(mqtt)) &&
                  mqtt_settle_batch(mqtt);
    }
    if (is_said && !mqtt->is_lost && mosquitto_disconnect(mqtt->connection) == MOSQ_ERR_SUCCESS)
        (void)mosquitto_loop_write(mqtt->connection, 1); /* as far as it comes */
    connection_drop(mqtt);
}

bool mqtt_publish(struct mqtt *mqtt, const char *topic, const char *payload, size_t len)
{
    if (mqtt->unacknowledged >= LIMIT_MQTT_UNACKNOWLEDGED || mqtt->is_lost)
        return false;
    int code = mosquitto_publish(mqtt->connection, NULL, topic, (int)len, payload, 1, true);
    if (code != MOSQ_ERR_SUCCESS)
        return is_fine(mqtt, code);
    mqtt->unacknowledged++;
    metric_add(&sent, 1);
    return true;
}
