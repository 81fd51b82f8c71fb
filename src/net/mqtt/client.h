// SPDX-License-Identifier: Apache-2.0
/* net/mqtt/client.h — what the thread (client.c) and the connection (connection.c) share. */
#pragma once
#include "base/lock.h"
#include "base/random.h"
#include "net/http/callers/throttle.h"
#include "net/mqtt.h"

#include <mosquitto.h>

#define MQTT_RATE_TOPICS 16384 /* whose rates are remembered; the idlest makes room */

struct mqtt {
    struct mqtt_options options;
    struct mqtt_address address;
    struct thread thread;
    int wake_fd; /* eventfd: stop, or look again */
    struct lock lock;
    struct signal settled;
    bool is_stopping;   /* under the lock, like the next two */
    size_t pending;     /* received, not settled */
    bool must_go_again; /* of the batch at hand */

    /* The client's thread only: */
    struct mosquitto *connection; /* one a connection: nothing of the last one is sent again */
    bool is_accepted;             /* the broker said yes */
    bool is_lost;
    size_t unacknowledged;           /* published */
    size_t batch_count, batch_bytes; /* received since the last acknowledgements */
    unsigned failures;               /* in a row */
    struct random_sequence chance;
    struct throttle *throttle;
    struct mqtt_complaint over_rate;
    struct recall {
        bool is_asking; /* subscribed to one's own topics */
        bool must_go_again;
        int subscription; /* its number */
        int64_t heard_us;
    } recall;
};

/* Waits until every message of the batch has its outcome. False when one must come again: then nothing may
 * be written to this connection any more. */
bool mqtt_settle_batch(struct mqtt *mqtt);
/* How long to wait after so many failures in a row; `chance` in [0, 1) spreads many clients. */
int64_t mqtt_pause_ms(unsigned failures, double chance);

/* Starts to connect; false when that failed at once (told in the log). */
bool connection_open(struct mqtt *mqtt);
/* Forgets it, without a goodbye: the broker publishes the will, and keeps what is not acknowledged. */
void connection_drop(struct mqtt *mqtt);
/* Says "offline" and goodbye, for LIMIT_MQTT_GOODBYE_MS at most. */
void connection_close(struct mqtt *mqtt);
/* Reads what is there, a batch at most. False when the connection is lost. */
bool connection_read(struct mqtt *mqtt);
/* Writes what is queued, acknowledgements first of all; and keeps the connection alive. */
bool connection_write(struct mqtt *mqtt);
bool connection_wants_write(struct mqtt *mqtt);
/* Asks for one's own topics once more, or no longer, when nothing has come for long enough. */
void connection_recall_tick(struct mqtt *mqtt, int64_t now_us);
