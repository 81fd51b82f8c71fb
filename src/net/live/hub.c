// SPDX-License-Identifier: Apache-2.0
#include "net/live/hub.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

/* A message that is half sent must not make the next one too much. */
_Static_assert(LIMIT_LIVE_QUEUE_BYTES >= 2 * LIMIT_LIVE_MESSAGE_BYTES, "room for two messages");

#define TICK_US          1000000
#define PING_TICKS       20      /* every client once in so many seconds */
#define QUIET_ROUNDS_MAX 3       /* then it is dead */
#define CLOSE_WAIT_US    5000000 /* for the peer's half of the close */
#define STOP_WAIT_US     1000000
#define EVENTS_MAX       256

static struct metric clients = METRIC_GAUGE("muster_live_clients", "Connected live clients.");
static struct metric frames =
    METRIC_COUNTER("muster_live_frames_total", "Messages queued for live clients.");
static struct metric replaced =
    METRIC_COUNTER("muster_live_replaced_total",
                   "Gauge values that gave way to a newer one before they were sent.");
static struct metric slow = METRIC_COUNTER(
    "muster_live_slow_clients_total", "Live clients disconnected because they could not keep up.");

static const char LOST_WORDS[] = "messages were lost: read the present state";

/* --- clients --- */

struct live_client *live_client_create(struct live *live, enum live_form form,
                                       struct request *request)
{
    struct live_client *client = mem_new(sizeof *client);
    client->live = live;
    client->loop = request->loop;
    client->form = form;
    client->principal = request_take_principal(request, &client->principal_destroy);
    (void)atomic_fetch_add(&live->client_count, 1);
    metric_add(&clients, 1);
    return client;
}

void live_client_destroy(struct live_client *client)
{
    (void)atomic_fetch_sub(&client->live->client_count, 1);
    metric_add(&clients, -1);
    live_queue_fini(&client->queue);
    mem_free(client->subscriptions);
    if (client->principal != NULL && client->principal_destroy != NULL)
        client->principal_destroy(client->principal);
    if (client->form == LIVE_SSE) {
        for (size_t i = 0; i < client->sse.wanted_count; i++)
            mem_free(client->sse.wanted_topics[i]);
        mem_free(client->sse.wanted_topics);
        lock_fini(&client->sse.lock);
    } else {
        ws_free_reader(client);
        mem_free(client->ws.early);
    }
    mem_free(client);
}

void live_wake(struct live *live)
{
    uint64_t one = 1;
    /* Only a full counter can refuse, and then the hub is awake anyway. */
    if (write(live->wake, &one, sizeof one) < 0)
        return;
}

void live_client_arrive(struct live_client *client)
{
    struct live *live = client->live;
    lock_take(&live->lock);
    client->next = live->arrivals;
    live->arrivals = client;
    lock_give(&live->lock);
    live_wake(live);
}

/* --- topics and their followers --- */

static struct live_subscription *find_subscription(struct live_client *client, const char *topic)
{
    for (size_t i = 0; i < client->subscription_count; i++) {
        if (strcmp(client->subscriptions[i].topic->name, topic) == 0)
            return &client->subscriptions[i];
    }
    return NULL;
}

static void add_follower(struct live_topic *topic, struct live_client *client)
{
    if (topic->follower_count == topic->follower_size) {
        topic->follower_size = topic->follower_size == 0 ? 8 : topic->follower_size * 2;
        topic->followers =
            mem_resize(topic->followers, topic->follower_size * sizeof(struct live_client *));
    }
    topic->followers[topic->follower_count++] = client;
}

enum live_follow live_client_follow(struct live_client *client, const char *name)
{
    const struct live_options *options = &client->live->options;
    if (strlen(name) > LIMIT_LIVE_TOPIC_LEN ||
        (options->may_follow != NULL &&
         !options->may_follow(options->context, client->principal, name)))
        return LIVE_NOT_ALLOWED;
    if (find_subscription(client, name) != NULL)
        return LIVE_FOLLOWED;
    size_t count = client->subscription_count;
    if (count == LIMIT_LIVE_TOPICS)
        return LIVE_TOO_MANY_TOPICS;
    client->subscriptions =
        mem_resize(client->subscriptions, (count + 1) * sizeof *client->subscriptions);
    struct live_topic *topic = live_topics_get(&client->live->topics, name);
    client->subscriptions[count] = (struct live_subscription){topic, topic->follower_count};
    client->subscription_count++;
    add_follower(topic, client);
    return LIVE_FOLLOWED;
}

/* The last follower moves into the gap, so leaving costs the same however many follow. */
static void drop_subscription(struct live_client *client, struct live_subscription *subscription)
{
    struct live_topic *topic = subscription->topic;
    uint32_t position = subscription->position;
    struct live_client *moved = topic->followers[--topic->follower_count];
    topic->followers[position] = moved;
    find_subscription(moved, topic->name)->position = position;
    *subscription = client->subscriptions[--client->subscription_count];
    if (topic->follower_count == 0) {
        mem_free(topic->followers);
        topic->followers = NULL;
        topic->follower_size = 0;
    }
    live_topics_release(&client->live->topics, topic);
}

void live_client_unfollow(struct live_client *client, const char *topic)
{
    struct live_subscription *subscription = find_subscription(client, topic);
    if (subscription != NULL)
        drop_subscription(client, subscription);
}

void live_client_send_last(struct live_client *client, const char *topic)
{
    struct live_subscription *subscription = find_subscription(client, topic);
    if (subscription != NULL && subscription->topic->last != NULL)
        live_client_send(client, subscription->topic->last, subscription->topic);
}

/* --- sending, ending --- */

void live_client_send(struct live_client *client, struct live_frame *frame, const void *gauge)
{
    if (client->state != LIVE_OPEN)
        return;
    metric_add(&frames, 1);
    if (client->form == LIVE_SSE) {
        sse_send(client, frame, gauge);
        return;
    }
    enum live_push pushed =
        live_queue_push(&client->queue, LIVE_WEBSOCKET, frame, gauge, LIMIT_LIVE_QUEUE_BYTES);
    if (pushed == LIVE_REPLACED)
        metric_add(&replaced, 1);
    if (pushed == LIVE_FULL) {
        metric_add(&slow, 1);
        live_client_end(client, WS_TRY_AGAIN_LATER,
                        "too slow: come back and read the present state");
    } else if (!client->waits_for_room) {
        ws_flush(client);
    }
}

void live_client_end(struct live_client *client, enum ws_status status, const char *reason)
{
    if (client->state != LIVE_OPEN)
        return;
    client->state = LIVE_CLOSING;
    client->live->closing_count++;
    client->deadline_us =
        clock_monotonic_us() + (status == WS_GOING_AWAY ? STOP_WAIT_US : CLOSE_WAIT_US);
    if (client->form == LIVE_SSE) {
        sse_end(client);
        return;
    }
    live_queue_trim(&client->queue, LIVE_WEBSOCKET);
    struct live_frame *frame = live_frame_close(status, reason);
    if (frame != NULL)
        (void)live_queue_push(&client->queue, LIVE_WEBSOCKET, frame, NULL, SIZE_MAX);
    live_frame_unref(frame);
    if (!client->waits_for_room)
        ws_flush(client);
}

void live_client_kill(struct live_client *client)
{
    struct live *live = client->live;
    if (client->state == LIVE_DEAD)
        return;
    if (client->state == LIVE_CLOSING)
        live->closing_count--;
    client->state = LIVE_DEAD;
    while (client->subscription_count > 0)
        drop_subscription(client, &client->subscriptions[client->subscription_count - 1]);
    struct live_client *last = live->clients[--live->clients_len];
    live->clients[client->index] = last;
    last->index = client->index;
    if (client->form == LIVE_WEBSOCKET)
        ws_release(client);
    client->next = live->bin;
    live->bin = client;
}

static void empty_bin(struct live *live)
{
    while (live->bin != NULL) {
        struct live_client *client = live->bin;
        live->bin = client->next;
        if (client->form == LIVE_WEBSOCKET || sse_forget(client))
            live_client_destroy(client);
    }
}

/* --- the hub's round --- */

static void add_client(struct live *live, struct live_client *client)
{
    if (live->clients_len == live->clients_size) {
        live->clients_size = live->clients_size == 0 ? 64 : live->clients_size * 2;
        live->clients =
            mem_resize(live->clients, live->clients_size * sizeof(struct live_client *));
    }
    client->index = live->clients_len;
    live->clients[live->clients_len++] = client;
    if (client->form == LIVE_SSE)
        sse_open(client);
    else
        ws_open(client);
}

static void take_arrivals(struct live *live)
{
    lock_take(&live->lock);
    struct live_client *arrivals = live->arrivals;
    live->arrivals = NULL;
    bool has_departures = live->has_departures;
    live->has_departures = false;
    lock_give(&live->lock);
    while (arrivals != NULL) {
        struct live_client *client = arrivals;
        arrivals = client->next;
        add_client(live, client);
        if (live->clients_len > LIMIT_LIVE_CLIENTS)
            live_client_end(client, WS_TRY_AGAIN_LATER, "too many clients");
    }
    for (uint32_t i = has_departures ? live->clients_len : 0; i > 0; i--) {
        struct live_client *client = live->clients[i - 1];
        if (client->form == LIVE_SSE && sse_is_gone(client))
            live_client_kill(client);
    }
}

/* From the last follower to the first: one that is dropped meanwhile only moves those already done. */
static void hand_out(struct live_item *item)
{
    struct live_topic *topic = item->topic;
    const void *gauge = item->kind == PUBLISH_GAUGE ? topic : NULL;
    for (uint32_t i = topic->follower_count; i > 0; i--) {
        struct live_client *client = topic->followers[i - 1];
        if (item->frame == NULL)
            live_client_end(client, WS_TRY_AGAIN_LATER, LOST_WORDS);
        else
            live_client_send(client, item->frame, gauge);
    }
    if (gauge != NULL) {
        shared_ref(&item->frame->shared);
        live_frame_unref(topic->last);
        topic->last = item->frame;
    }
}

static void take_inbox(struct live *live)
{
    struct live_item *item = live_topics_take(&live->topics);
    while (item != NULL) {
        struct live_item *next = item->next;
        hand_out(item);
        live_topics_done(&live->topics, item);
        item = next;
    }
}

/* Signed out, revoked, expired, or with other roles than before: whoever it still is comes back. */
static void send_away_if_outdated(struct live *live, struct live_client *client)
{
    const struct live_options *options = &live->options;
    if (options->is_current != NULL && client->state == LIVE_OPEN &&
        !options->is_current(options->context, client->principal))
        live_client_end(client, WS_POLICY_VIOLATION, "sign in again");
}

/* Pings a twentieth of the clients, so that no second is burdened more than the others. */
static void tick(struct live *live)
{
    live->tick++;
    int64_t now_us = clock_monotonic_us();
    bool any_closing = live->closing_count > 0;
    for (uint32_t i = live->clients_len; i > 0; i--) {
        struct live_client *client = live->clients[i - 1];
        if (any_closing && client->state == LIVE_CLOSING && client->form == LIVE_WEBSOCKET &&
            now_us > client->deadline_us) {
            live_client_kill(client);
            continue;
        }
        send_away_if_outdated(live, client);
        if ((i + live->tick) % PING_TICKS != 0 || client->state != LIVE_OPEN)
            continue;
        if (client->form == LIVE_WEBSOCKET && ++client->quiet_rounds > QUIET_ROUNDS_MAX)
            live_client_kill(client);
        else
            live_client_send(client, live->ping, live->ping);
    }
}

static bool is_stopping(struct live *live, bool *out_is_finished)
{
    LOCKED(&live->lock);
    *out_is_finished = live->is_finished && live->arrivals == NULL;
    return live->is_stopping;
}

static bool must_resync(struct live *live)
{
    LOCKED(&live->lock);
    bool must = live->must_resync;
    live->must_resync = false;
    return must;
}

static void end_all(struct live *live, enum ws_status status, const char *reason)
{
    for (uint32_t i = live->clients_len; i > 0; i--)
        live_client_end(live->clients[i - 1], status, reason);
}

static void wait_and_serve(struct live *live, int64_t *inout_next_tick_us)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t left_us = *inout_next_tick_us - clock_monotonic_us();
    int wait_ms = live->clients_len == 0 ? -1 : (int)MAX(left_us / 1000 + 1, (int64_t)0);
    int count = epoll_wait(live->epoll, events, EVENTS_MAX, wait_ms);
    assert(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; i++) {
        struct live_client *client = events[i].data.ptr;
        uint64_t drained;
        if (client == NULL)
            (void)!read(live->wake, &drained, sizeof drained); /* only to reset it */
        else if (client->state != LIVE_DEAD)
            ws_on_ready(client, events[i].events);
    }
    if (clock_monotonic_us() < *inout_next_tick_us)
        return;
    *inout_next_tick_us = clock_monotonic_us() + TICK_US;
    tick(live);
}

static void *run(void *context)
{
    struct live *live = context;
    int64_t next_tick_us = clock_monotonic_us() + TICK_US;
    for (;;) {
        bool is_finished = false;
        take_arrivals(live);
        take_inbox(live);
        if (must_resync(live))
            end_all(live, WS_TRY_AGAIN_LATER, LOST_WORDS);
        if (is_stopping(live, &is_finished))
            end_all(live, WS_GOING_AWAY, "the server is stopping");
        empty_bin(live);
        if (is_finished && live->clients_len == 0)
            return NULL;
        wait_and_serve(live, &next_tick_us);
        empty_bin(live);
    }
}

/* --- from outside --- */

/* The HTTP server is stopping: it waits until all streams and (with TLS) all WebSockets have ended. */
static void on_server_stop(void *context)
{
    struct live *live = context;
    lock_take(&live->lock);
    live->is_stopping = true;
    lock_give(&live->lock);
    live_wake(live);
}

enum err live_start(const struct live_options *options, struct live **out_live)
{
    struct live *live = mem_new(sizeof *live);
    live->options = *options;
    live->hook = (struct http_stop_hook){.stop = on_server_stop, .context = live};
    live->epoll = epoll_create1(EPOLL_CLOEXEC);
    live->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN};
    if (live->epoll < 0 || live->wake < 0 ||
        epoll_ctl(live->epoll, EPOLL_CTL_ADD, live->wake, &event) != 0) {
        log_write(LOG_ERROR, "live", "cannot start", "errno=%d", errno);
        (void)close(live->epoll);
        (void)close(live->wake);
        mem_free(live);
        return ERR_IO;
    }
    lock_init(&live->lock);
    live_topics_init(&live->topics);
    live->ping = live_frame_ping();
    thread_start(&live->thread, "live", run, live);
    *out_live = live;
    return ERR_NONE;
}

void live_stop(struct live *live)
{
    if (live == NULL)
        return;
    lock_take(&live->lock);
    live->is_stopping = true;
    live->is_finished = true;
    lock_give(&live->lock);
    live_wake(live);
    thread_join(&live->thread);
    live_topics_fini(&live->topics);
    live_frame_unref(live->ping);
    mem_free(live->clients);
    lock_fini(&live->lock);
    (void)close(live->wake);
    (void)close(live->epoll);
    mem_free(live);
}

void live_publish(struct live *live, const char *topic, enum publish_kind kind, const char *json,
                  size_t len)
{
    if (live_topics_publish(&live->topics, topic, kind, json, len))
        live_wake(live);
}

void live_resync(struct live *live)
{
    lock_take(&live->lock);
    live->must_resync = true;
    lock_give(&live->lock);
    live_wake(live);
}

size_t live_client_count(const struct live *live)
{
    return atomic_load(&live->client_count);
}
