// SPDX-License-Identifier: Apache-2.0
/* net/mqtt.h — a client of the user's MQTT 3.1.1 broker (libmosquitto), on a thread of its own.
 *
 * In: what arrives with QoS 1 is acknowledged only once it is settled. The thread reads a batch, hands
 * each message to receive(), waits until all are settled, and writes the acknowledgements then. When one
 * must come again, none is acknowledged: the connection is dropped, and the broker, which keeps the
 * session, sends all of them once more after the next connection. So the receiver must not mind a
 * message that it has taken already.
 * Out: retained, QoS 1. Nothing waits for a connection here: after every connection connected() says what
 * there is now. What stands at one's own topics from before can be asked for (own_topics). "online" stands at the status topic while connected, "offline" (the will) otherwise. */
#pragma once
#include "net/http.h"

struct mqtt;

struct mqtt_address { /* of "mqtt://host:1883" or "mqtts://host" */
    char host[256];
    uint16_t port; /* 1883, with TLS 8883, when not said */
    bool is_tls;
};
/* ERR_INVALID for anything else: a path, a name and password in it, another scheme. */
MUST_USE enum err mqtt_address_parse(const char *url, struct mqtt_address *out_address,
                                     struct err_note *note);

struct mqtt_message { /* borrowed for the call */
    const char *topic;
    const char *payload; /* NULL when len is 0 */
    size_t len;
};

struct mqtt_options { /* texts are borrowed until the stop */
    const char *url;
    const char *user; /* NULL = none */
    const char *password;
    const char *ca_file; /* NULL = the system's authorities */
    const char *client_id;
    const char *status_topic;
    const char *const *subscriptions; /* topic filters */
    size_t subscription_count;
    /* A topic filter; NULL = nothing is asked. After every connection recall() hears what is retained there,
     * each once, until nothing has come for MQTT_RECALL_QUIET_MS. */
    const char *own_topics;
    struct route_rate
        rate; /* of one topic: what is more is let go of, counted and logged; 0 = no limit */

    /* All on the client's thread. */
    bool (*may_connect)(
        void *context); /* asked before connecting and every MQTT_TICK_MS; NULL = yes */
    void (*connected)(void *context); /* may publish */
    void (*tick)(void *context);      /* every MQTT_TICK_MS while connected; may publish */
    void (*receive)(void *context, const struct mqtt_message *message);
    bool (*recall)(void *context, const char *topic); /* may publish; false = tell all once more */
    void *context;
};

#define MQTT_TICK_MS         1000
#define MQTT_RECALL_QUIET_MS 5000

/* ERR_INVALID for a wrong url, ca_file or topic. A broker that is away is none: it is tried again, from a
 * second on and up to every 30 seconds. The caller owns *out_mqtt. */
MUST_USE enum err mqtt_start(const struct mqtt_options *options, struct mqtt **out_mqtt,
                             struct err_note *note);
void mqtt_stop(struct mqtt *mqtt); /* NULL is fine */
/* Asks may_connect() now. Any thread. */
void mqtt_wake(struct mqtt *mqtt);

enum mqtt_outcome { MQTT_TAKEN, MQTT_AGAIN };
/* Exactly once for every message that receive() was given; any thread. */
void mqtt_settle(struct mqtt *mqtt, enum mqtt_outcome outcome);

/* Within connected(), tick() and recall(). `len` 0 removes what is retained there. False, and nothing is sent, when
 * LIMIT_MQTT_UNACKNOWLEDGED messages wait for the broker already: try at the next tick. */
MUST_USE bool mqtt_publish(struct mqtt *mqtt, const char *topic, const char *payload, size_t len);

/* A complaint that may come thousands of times a second is logged every 10 seconds: how many times since
 * the last line it came, this one too, and 0 when it is not time for a line yet. */
struct mqtt_complaint {
    int64_t told_us;
    uint64_t times;
};
#define MQTT_COMPLAINT_US 10000000
uint64_t mqtt_complain(struct mqtt_complaint *complaint, int64_t now_us);
