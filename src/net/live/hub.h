// SPDX-License-Identifier: Apache-2.0
/* net/live/hub.h — the inside of the live topics. One thread owns all clients and their subscriptions,
 * so handing a frame to ten thousand of them takes no lock; only an SSE client's queue has one, because
 * an event thread of the HTTP server writes it.
 *
 * A WebSocket leaves libmicrohttpd with a descriptor of its own and costs about 300 bytes here while
 * idle: its queue is empty (no memory), and wslay's contexts (8 KB) exist only while bytes of an
 * unfinished frame are in them. */
#pragma once
#include <stdatomic.h>

#include "net/http/internal.h"
#include "net/live.h"
#include "net/live/queue.h"
#include "net/live/topics.h"

struct ws_reader;

struct live_subscription {
    struct live_topic *topic;
    uint32_t position; /* among the topic's followers */
};

enum live_state {
    LIVE_OPEN,
    LIVE_CLOSING, /* the close frame is queued; waits for the peer, or for the deadline */
    LIVE_DEAD,    /* out of every list but the bin; freed at the end of the round */
};

struct live_client {
    struct live *live;
    struct loop *loop;        /* of its connection */
    struct live_client *next; /* of arrivals or of the bin */
    uint32_t index;           /* among the hub's clients */
    enum live_form form;
    enum live_state state;
    uint8_t quiet_rounds; /* pings since it was last heard */
    uint8_t subscription_count;
    bool waits_for_room; /* EPOLLOUT is armed */
    int64_t deadline_us; /* of closing */
    struct live_queue queue;
    struct live_subscription *subscriptions;
    void *principal;
    void (*principal_destroy)(void *principal);
    union {
        struct {
            int fd;
            struct MHD_UpgradeResponseHandle *handle; /* TLS only: libmicrohttpd stays between */
            struct connection *connection;            /* with the handle */
            struct ws_reader *reader;
            char *early; /* bytes that came with the handshake */
            size_t early_len;
        } ws;
        struct {
            struct lock lock; /* guards all below, and the queue */
            struct MHD_Connection *connection;
            bool is_suspended;
            bool is_ending;
            bool is_gone;         /* the HTTP side has finished */
            bool is_forgotten;    /* the hub has finished; the second of the two frees */
            char **wanted_topics; /* until it has arrived */
            size_t wanted_count;
        } sse;
    };
};

struct live {
    struct live_options options;
    struct live_topics topics;
    struct http_stop_hook hook;
    struct thread thread;
    int epoll;
    int wake;
    struct lock lock; /* arrivals, gone ones, and the four flags */
    struct live_client *arrivals;
    bool has_departures; /* some SSE client's HTTP side has finished */
    bool must_resync;
    bool is_stopping;
    bool is_finished;
    atomic_size_t client_count;
    /* The hub thread's own: */
    struct live_client **clients;
    uint32_t clients_len;
    uint32_t clients_size;
    struct live_client *bin;
    uint32_t closing_count;
    struct live_frame *ping;
    uint32_t tick;
};

/* --- hub.c --- */
struct live_client *live_client_create(struct live *live, enum live_form form,
                                       struct request *request);
void live_client_destroy(struct live_client *client);
/* Any thread: hands a new client to the hub. */
void live_client_arrive(struct live_client *client);
void live_wake(struct live *live);
/* Hub thread only. */
void live_client_send(struct live_client *client, struct live_frame *frame, const void *gauge);
void live_client_kill(struct live_client *client);
/* Says goodbye (WebSocket: a close frame), forgets what is unsent, lets go within 5 s. */
void live_client_end(struct live_client *client, enum ws_status status, const char *reason);
enum live_follow { LIVE_FOLLOWED, LIVE_NOT_ALLOWED, LIVE_TOO_MANY_TOPICS };
enum live_follow live_client_follow(struct live_client *client, const char *topic);
void live_client_unfollow(struct live_client *client, const char *topic);
/* The last value of a gauge topic that it follows. */
void live_client_send_last(struct live_client *client, const char *topic);

/* --- websocket.c --- */
void ws_on_ready(struct live_client *client, uint32_t events);
void ws_flush(struct live_client *client);
void ws_open(struct live_client *client);        /* on arrival: reads what came early */
void ws_release(struct live_client *client);     /* the descriptor */
void ws_free_reader(struct live_client *client); /* not while it is reading */

/* --- sse.c --- */
void sse_open(struct live_client *client);
void sse_send(struct live_client *client, struct live_frame *frame, const void *gauge);
void sse_end(struct live_client *client);
bool sse_is_gone(struct live_client *client);
/* The hub lets go: true when the HTTP side has, too, and the client may be freed. */
bool sse_forget(struct live_client *client);
