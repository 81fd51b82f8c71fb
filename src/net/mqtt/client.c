// SPDX-License-Identifier: Apache-2.0
/* The thread: connect, serve until the connection is lost, pause, again. */
#include "net/mqtt/client.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CONNECT_MS     10000 /* until the broker has said yes */
#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS   30000

static struct metric is_connected =
    METRIC_GAUGE("muster_mqtt_connected", "1 while connected with the MQTT broker.");
static struct metric batches_again = METRIC_COUNTER(
    "muster_mqtt_batches_again_total",
    "Batches that were not written and not acknowledged: the MQTT broker sends them again.");

int64_t mqtt_pause_ms(unsigned failures, double chance)
{
    int64_t pause_ms = PAUSE_FIRST_MS;
    for (unsigned i = 1; i < failures && pause_ms < PAUSE_MAX_MS; i++)
        pause_ms *= 2;
    pause_ms = MIN(pause_ms, PAUSE_MAX_MS);
    return pause_ms / 2 + (int64_t)((double)pause_ms / 2 * chance);
}

uint64_t mqtt_complain(struct mqtt_complaint *complaint, int64_t now_us)
{
    complaint->times++;
    if (complaint->told_us != 0 && now_us - complaint->told_us < MQTT_COMPLAINT_US)
        return 0;
    uint64_t times = complaint->times;
    *complaint = (struct mqtt_complaint){.told_us = now_us};
    return times;
}

static bool is_stopping(struct mqtt *mqtt)
{
    LOCKED(&mqtt->lock);
    return mqtt->is_stopping;
}

/* Until the time is over, the socket is ready, or somebody wakes us. */
static void wait(struct mqtt *mqtt, int64_t timeout_ms)
{
    struct pollfd fds[2] = {{.fd = mqtt->wake_fd, .events = POLLIN}, {.fd = -1}};
    if (mqtt->connection != NULL) {
        fds[1].fd = mosquitto_socket(mqtt->connection);
        fds[1].events = (short)(POLLIN | (connection_wants_write(mqtt) ? POLLOUT : 0));
    }
    (void)poll(fds, COUNT_OF(fds), (int)MAX(timeout_ms, 0)); /* interrupted: as if woken */
    uint64_t count;
    if ((fds[0].revents & POLLIN) != 0 && read(mqtt->wake_fd, &count, sizeof count) < 0)
        log_write(LOG_DEBUG, "mqtt", "woken twice", "fd=%d", mqtt->wake_fd);
}

bool mqtt_settle_batch(struct mqtt *mqtt)
{
    LOCKED(&mqtt->lock);
    while (mqtt->pending > 0)
        signal_wait(&mqtt->settled, &mqtt->lock);
    bool is_good = !mqtt->must_go_again;
    mqtt->must_go_again = false;
    return is_good;
}

static bool may_connect(const struct mqtt *mqtt)
{
    return mqtt->options.may_connect == NULL || mqtt->options.may_connect(mqtt->options.context);
}

static bool take_in(struct mqtt *mqtt)
{
    bool is_alive = connection_read(mqtt);
    bool is_good = mqtt_settle_batch(mqtt);
    if (!is_good) {
        metric_add(&batches_again, 1);
        log_write(LOG_WARN, "mqtt", "messages cannot be written and stay at the broker",
                  "messages=%zu", mqtt->batch_count);
    }
    return is_alive && is_good;
}

/* True: the connection was given up in good order. */
static bool serve(struct mqtt *mqtt)
{
    int64_t opened_us = clock_monotonic_us();
    int64_t tick_us = opened_us + MQTT_TICK_MS * INT64_C(1000);
    for (;;) {
        wait(mqtt, (tick_us - clock_monotonic_us()) / 1000 + 1);
        if (is_stopping(mqtt))
            return true;
        if (!take_in(mqtt))
            return false;
        metric_set(&is_connected, mqtt->is_accepted);
        int64_t now_us = clock_monotonic_us();
        if (now_us >= tick_us) {
            tick_us = now_us + MQTT_TICK_MS * INT64_C(1000);
            if (!may_connect(mqtt))
                return true;
            /* Only now: while the database is away every connection is given up at once. */
            if (mqtt->is_accepted)
                mqtt->failures = 0;
            connection_recall_tick(mqtt, now_us);
            if (mqtt->is_accepted && mqtt->options.tick != NULL)
                mqtt->options.tick(mqtt->options.context);
        }
        if (!mqtt->is_accepted && now_us - opened_us > CONNECT_MS * INT64_C(1000)) {
            log_write(LOG_WARN, "mqtt", "the broker does not answer", "host=%s port=%u",
                      LOG_TEXT(mqtt->address.host), mqtt->address.port);
            return false;
        }
        if (!connection_write(mqtt))
            return false;
    }
}

static void connect_once(struct mqtt *mqtt)
{
    mqtt->failures++;
    if (!connection_open(mqtt))
        return;
    bool is_orderly = serve(mqtt);
    metric_set(&is_connected, 0);
    if (is_orderly && mqtt->is_accepted)
        connection_close(mqtt);
    else
        connection_drop(mqtt);
    /* What was read before the connection broke is still on its way to the disk. */
    (void)mqtt_settle_batch(mqtt);
}

static void *run(void *context)
{
    struct mqtt *mqtt = context;
    while (!is_stopping(mqtt)) {
        if (may_connect(mqtt))
            connect_once(mqtt);
        if (!is_stopping(mqtt))
            wait(mqtt, may_connect(mqtt)
                           ? mqtt_pause_ms(mqtt->failures, random_uniform(&mqtt->chance))
                           : MQTT_TICK_MS);
    }
    return NULL;
}

static enum err check(const struct mqtt_options *options, struct err_note *note)
{
    if (mosquitto_pub_topic_check(options->status_topic) != MOSQ_ERR_SUCCESS)
        return err_set(note, ERR_INVALID, "mqtt-prefix",
                       "must be words with / between them, without + or #");
    for (size_t i = 0; i < options->subscription_count; i++) {
        if (mosquitto_sub_topic_check(options->subscriptions[i]) != MOSQ_ERR_SUCCESS)
            return err_set(note, ERR_INVALID, "mqtt-prefix", "\"%.200s\" is no topic filter",
                           options->subscriptions[i]);
    }
    assert(options->own_topics == NULL ||
           mosquitto_sub_topic_check(options->own_topics) == MOSQ_ERR_SUCCESS);
    if (options->ca_file != NULL && access(options->ca_file, R_OK) != 0)
        return err_set(note, ERR_INVALID, "mqtt-ca-file", "cannot read %.200s", options->ca_file);
    return ERR_NONE;
}

enum err mqtt_start(const struct mqtt_options *options, struct mqtt **out_mqtt,
                    struct err_note *note)
{
    struct mqtt_address address;
    TRY(mqtt_address_parse(options->url, &address, note));
    TRY(check(options, note));
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0)
        return err_set(note, ERR_IO, "mqtt", "no descriptor can be had; allow more open files");
    struct mqtt *mqtt = mem_new(sizeof *mqtt);
    *mqtt = (struct mqtt){.options = *options, .address = address, .wake_fd = wake_fd};
    mqtt->chance.state = (uint64_t)random_id63();
    if (options->rate.limit > 0)
        mqtt->throttle = throttle_create(MQTT_RATE_TOPICS);
    lock_init(&mqtt->lock);
    signal_init(&mqtt->settled);
    *out_mqtt = mqtt;
    thread_start(&mqtt->thread, "mqtt", run, mqtt);
    return ERR_NONE;
}

void mqtt_wake(struct mqtt *mqtt)
{
    uint64_t one = 1;
    if (write(mqtt->wake_fd, &one, sizeof one) < 0)
        log_write(LOG_DEBUG, "mqtt", "is awake already", "fd=%d", mqtt->wake_fd);
}

void mqtt_stop(struct mqtt *mqtt)
{
    if (mqtt == NULL)
        return;
    lock_take(&mqtt->lock);
    mqtt->is_stopping = true;
    lock_give(&mqtt->lock);
    mqtt_wake(mqtt);
    thread_join(&mqtt->thread);
    (void)close(mqtt->wake_fd); /* nothing was written to it that could be lost */
    throttle_destroy(mqtt->throttle);
    signal_fini(&mqtt->settled);
    lock_fini(&mqtt->lock);
    mem_free(mqtt);
}

void mqtt_settle(struct mqtt *mqtt, enum mqtt_outcome outcome)
{
    LOCKED(&mqtt->lock);
    assert(mqtt->pending > 0);
    mqtt->pending--;
    mqtt->must_go_again |= outcome == MQTT_AGAIN;
    if (mqtt->pending == 0)
        signal_wake(&mqtt->settled);
}
