// SPDX-License-Identifier: Apache-2.0
/* WebSocket clients: wslay reads (RFC 6455: masks, fragments, UTF-8, control frames) and forms the
 * answers to pings and closes; what goes out is our own shared frames, many in one sendmsg. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <wslay/wslay.h>

#include "base/clock.h"
#include "net/http/connections.h"
#include "net/live/handshake.h"
#include "net/live/hub.h"
#include "net/origin.h"

#define PIECES_MAX  32
#define ROUND_BYTES (64 * 1024) /* read from one client before the next has its turn */
#define SEND_BUFFER (64 * 1024) /* more in the kernel would only be older */

struct ws_reader {
    wslay_event_context_ptr wslay;
    size_t budget; /* bytes that may still be read in this round */
    uint64_t got;  /* bytes read, and of these in complete frames: equal between frames */
    uint64_t complete;
    uint64_t frame_len; /* of the frame being read */
    bool is_in_message;
    struct text out; /* what wslay wants to send */
};

/* --- out --- */

static void want(struct live_client *client, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    (void)epoll_ctl(client->live->epoll, EPOLL_CTL_MOD, client->ws.fd, &event); /* is in the set */
}

static ssize_t send_pieces(struct live_client *client)
{
    struct iovec pieces[PIECES_MAX];
    size_t count = 0;
    const char *bytes;
    size_t len;
    while (count < PIECES_MAX &&
           live_queue_peek(&client->queue, LIVE_WEBSOCKET, (uint32_t)count, &bytes, &len))
        pieces[count++] = (struct iovec){(void *)(uintptr_t)bytes, len};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    return sendmsg(client->ws.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void ws_flush(struct live_client *client)
{
    while (client->queue.count > 0) {
        ssize_t sent = send_pieces(client);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN) {
            if (!client->waits_for_room)
                want(client, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
            client->waits_for_room = true;
            return;
        }
        if (sent < 0) {
            live_client_kill(client);
            return;
        }
        live_queue_sent(&client->queue, LIVE_WEBSOCKET, (size_t)sent);
    }
    if (client->waits_for_room)
        want(client, EPOLLIN | EPOLLRDHUP);
    client->waits_for_room = false;
    if (client->state == LIVE_CLOSING)
        (void)shutdown(client->ws.fd, SHUT_WR); /* fails only when the peer is gone */
}

/* --- commands --- */

static void add_refused(json_t *refused, const char *topic, enum live_follow outcome)
{
    const char *why = outcome == LIVE_TOO_MANY_TOPICS ? "too many topics on one connection"
                                                      : "not allowed, or no such topic";
    (void)json_array_append_new(refused, json_pack("{s:s, s:s}", "topic", topic, "why", why));
}

static void answer(struct live_client *client, json_t *body)
{
    char *bytes = json_dumps(body, JSON_COMPACT);
    assert(bytes != NULL);
    struct live_frame *frame = live_frame_text(bytes, strlen(bytes));
    if (frame != NULL)
        live_client_send(client, frame, NULL);
    live_frame_unref(frame);
    mem_free(bytes);
}

static void subscribe(struct live_client *client, const json_t *topics)
{
    SCOPED_JSON *done = json_array();
    SCOPED_JSON *refused = json_array();
    size_t i;
    json_t *topic;
    json_array_foreach(topics, i, topic)
    {
        const char *name = json_string_value(topic);
        enum live_follow outcome =
            name == NULL ? LIVE_NOT_ALLOWED : live_client_follow(client, name);
        if (outcome == LIVE_FOLLOWED)
            (void)json_array_append(done, topic);
        else
            add_refused(refused, name == NULL ? "" : name, outcome);
    }
    SCOPED_JSON *body = json_pack("{s:O, s:O}", "subscribed", done, "refused", refused);
    answer(client, body);
    json_array_foreach(done, i, topic)
    {
        if (client->state == LIVE_OPEN)
            live_client_send_last(client, json_string_value(topic));
    }
}

static void command(struct live_client *client, const char *bytes, size_t len)
{
    struct err_note note = {0};
    SCOPED_JSON *document = NULL;
    if (json_parse(bytes, len, &document, &note) != ERR_NONE || !json_is_object(document)) {
        SCOPED_JSON *body = json_pack("{s:s}", "error", "send {\"subscribe\":[\"topic\"]}");
        answer(client, body);
        return;
    }
    size_t i;
    json_t *topic;
    json_array_foreach(json_object_get(document, "unsubscribe"), i, topic)
    {
        if (json_is_string(topic))
            live_client_unfollow(client, json_string_value(topic));
    }
    const json_t *topics = json_object_get(document, "subscribe");
    if (topics != NULL)
        subscribe(client, topics);
}

/* --- in: what wslay asks of us --- */

static ssize_t on_recv(wslay_event_context_ptr wslay, uint8_t *out, size_t size, int flags,
                       void *context)
{
    (void)flags;
    struct live_client *client = context;
    struct ws_reader *reader = client->ws.reader;
    size = MIN(size, reader->budget);
    ssize_t got = -1;
    if (client->state ==
        LIVE_DEAD) { /* a command's answer found the peer gone: the descriptor is closed */
        wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
        return -1;
    }
    if (client->ws.early_len > 0) {
        got = (ssize_t)MIN(size, client->ws.early_len);
        memcpy(out, client->ws.early, (size_t)got);
        client->ws.early_len -= (size_t)got;
        memmove(client->ws.early, client->ws.early + got, client->ws.early_len);
    } else if (size > 0) {
        do {
            got = recv(client->ws.fd, out, size, MSG_DONTWAIT);
        } while (got < 0 && errno == EINTR);
    }
    if (got > 0) {
        reader->budget -= (size_t)got;
        reader->got += (uint64_t)got;
        return got;
    }
    bool may_come = size == 0 || (got < 0 && errno == EAGAIN);
    wslay_event_set_error(wslay, may_come ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t on_send(wslay_event_context_ptr wslay, const uint8_t *bytes, size_t len, int flags,
                       void *context)
{
    (void)wslay;
    (void)flags;
    struct live_client *client = context;
    text_add_bytes(&client->ws.reader->out, bytes, len);
    return (ssize_t)len;
}

static void on_frame_start(wslay_event_context_ptr wslay,
                           const struct wslay_event_on_frame_recv_start_arg *frame, void *context)
{
    (void)wslay;
    struct ws_reader *reader = ((struct live_client *)context)->ws.reader;
    uint64_t head = 2 + 4; /* with the mask */
    head += frame->payload_length > UINT16_MAX ? 8 : frame->payload_length > 125 ? 2 : 0;
    reader->frame_len = head + frame->payload_length;
    if (!wslay_is_ctrl_frame(frame->opcode))
        reader->is_in_message = frame->fin == 0;
}

static void on_frame_end(wslay_event_context_ptr wslay, void *context)
{
    (void)wslay;
    struct ws_reader *reader = ((struct live_client *)context)->ws.reader;
    reader->complete += reader->frame_len;
}

static void on_message(wslay_event_context_ptr wslay,
                       const struct wslay_event_on_msg_recv_arg *message, void *context)
{
    struct live_client *client = context;
    if (message->opcode == WSLAY_TEXT_FRAME) {
        if (client->state == LIVE_OPEN)
            command(client, (const char *)message->msg, message->msg_length);
    } else if (message->opcode == WSLAY_BINARY_FRAME) {
        static const char REASON[] = "text only";
        (void)wslay_event_queue_close(wslay, WS_TEXT_ONLY, (const uint8_t *)REASON,
                                      sizeof REASON - 1); /* no memory: the deadline ends it */
    }
}

static const struct wslay_event_callbacks CALLBACKS = {
    .recv_callback = on_recv,
    .send_callback = on_send,
    .on_frame_recv_start_callback = on_frame_start,
    .on_frame_recv_end_callback = on_frame_end,
    .on_msg_recv_callback = on_message,
};

static struct ws_reader *new_reader(struct live_client *client)
{
    struct ws_reader *reader = mem_new(sizeof *reader);
    text_init(&reader->out, LIMIT_LIVE_QUEUE_BYTES);
    int made = wslay_event_context_server_init(&reader->wslay, &CALLBACKS, client);
    assert(made == 0);
    wslay_event_config_set_max_recv_msg_length(reader->wslay, LIMIT_LIVE_COMMAND_BYTES);
    return reader;
}

void ws_free_reader(struct live_client *client)
{
    struct ws_reader *reader = client->ws.reader;
    if (reader == NULL)
        return;
    wslay_event_context_free(reader->wslay);
    text_fini(&reader->out);
    mem_free(reader);
    client->ws.reader = NULL;
}

static bool is_close_without_status(const struct text *out)
{
    return out->len == 2 && memcmp(out->bytes, "\x88\x00", 2) == 0;
}

/* What wslay wants sent. For a frame whose head is wrong it sends a close without a status; the peer
 * shall know that it was a protocol error. NULL when it cannot be sent. */
static struct live_frame *take_answers(struct ws_reader *reader)
{
    if (wslay_event_send(reader->wslay) != 0 || reader->out.overflowed)
        return NULL;
    if (is_close_without_status(&reader->out) && !wslay_event_get_close_received(reader->wslay))
        return live_frame_close(WS_PROTOCOL_ERROR, "");
    return live_frame_raw(reader->out.bytes, reader->out.len);
}

/* Pongs and closes that wslay has formed. They go out even when the client is closing already. */
static void send_answers(struct live_client *client)
{
    struct ws_reader *reader = client->ws.reader;
    if (wslay_event_want_write(reader->wslay) == 0)
        return;
    struct live_frame *frame = take_answers(reader);
    text_clear(&reader->out);
    if (frame == NULL || live_queue_push(&client->queue, LIVE_WEBSOCKET, frame, NULL,
                                         LIMIT_LIVE_QUEUE_BYTES) == LIVE_FULL) {
        live_frame_unref(frame);
        live_client_kill(client); /* it sends pings and does not read the answers */
        return;
    }
    live_frame_unref(frame);
    if (wslay_event_get_close_sent(reader->wslay) && client->state == LIVE_OPEN) {
        client->state = LIVE_CLOSING;
        client->live->closing_count++;
        client->deadline_us = clock_monotonic_us() + 1000000;
    }
    if (!client->waits_for_room)
        ws_flush(client);
}

static void receive(struct live_client *client)
{
    if (client->ws.reader == NULL)
        client->ws.reader = new_reader(client);
    struct ws_reader *reader = client->ws.reader;
    reader->budget = ROUND_BYTES;
    client->quiet_rounds = 0;
    bool is_alive = wslay_event_recv(reader->wslay) == 0;
    if (client->state != LIVE_DEAD)
        send_answers(client);
    if (client->state == LIVE_DEAD)
        return;
    bool had_closed = wslay_event_get_close_received(reader->wslay) != 0;
    bool has_said_all = client->queue.count == 0 && client->state == LIVE_CLOSING && had_closed;
    if (!is_alive || has_said_all)
        live_client_kill(client);
    bool is_between_frames = reader->got == reader->complete && !reader->is_in_message &&
                             wslay_event_get_read_enabled(reader->wslay) != 0;
    if (client->state != LIVE_DEAD && is_between_frames)
        ws_free_reader(client);
}

/* After a close was sent for a broken frame, wslay reads no more: the rest is thrown away. */
static void discard(struct live_client *client)
{
    char bytes[4096];
    ssize_t got = recv(client->ws.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        live_client_kill(client);
}

void ws_on_ready(struct live_client *client, uint32_t events)
{
    if ((events & EPOLLOUT) != 0)
        ws_flush(client);
    if (client->state == LIVE_DEAD || (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0)
        return;
    if (client->ws.reader != NULL && wslay_event_get_read_enabled(client->ws.reader->wslay) == 0)
        discard(client);
    else
        receive(client);
}

void ws_open(struct live_client *client)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = client};
    if (epoll_ctl(client->live->epoll, EPOLL_CTL_ADD, client->ws.fd, &event) != 0) {
        live_client_kill(client);
        return;
    }
    if (client->ws.early_len > 0)
        receive(client);
}

void ws_release(struct live_client *client)
{
    /* With libmicrohttpd between (TLS) the descriptor is its own, and goes with the handle. */
    (void)epoll_ctl(client->live->epoll, EPOLL_CTL_DEL, client->ws.fd, NULL);
    if (client->ws.handle == NULL) {
        (void)close(client->ws.fd);
        return;
    }
    /* libmicrohttpd 0.9.75 may wake for this close before it has noted it, and then sleeps until the
     * peer stirs. The sweep shuts the connection down, which stirs it. */
    connection_give_up(client->ws.connection);
    (void)MHD_upgrade_action(client->ws.handle, MHD_UPGRADE_ACTION_CLOSE);
    loop_wake(client->loop);
}

/* --- the handshake --- */

static void on_upgrade(void *context, struct MHD_Connection *connection, void *slot,
                       const char *early, size_t early_len, MHD_socket fd,
                       struct MHD_UpgradeResponseHandle *handle)
{
    (void)connection;
    struct live_client *client = live_client_create(context, LIVE_WEBSOCKET, slot);
    client->ws.fd = -1;
    struct request *request = slot;
    if (request->server->options.tls_key_file == NULL) {
        /* A descriptor of our own: libmicrohttpd then frees the connection's memory at once. */
        client->ws.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        (void)MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
        loop_wake(request->loop);
        if (client->ws.fd < 0) {
            live_client_destroy(client);
            return;
        }
        int size = SEND_BUFFER;
        (void)setsockopt(client->ws.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    } else {
        client->ws.fd = fd;
        client->ws.handle = handle;
        client->ws.connection = request->peer_connection;
    }
    if (early_len > 0)
        client->ws.early = mem_copy(early, early_len);
    client->ws.early_len = early_len;
    live_client_arrive(client);
}

static bool is_from_our_page(const struct request *request, const struct live *live)
{
    struct origin_facts facts = {.method = "GET",
                                 .sec_fetch_site = request_header(request, "Sec-Fetch-Site"),
                                 .origin = request_header(request, "Origin"),
                                 .host = request_header(request, "Host"),
                                 .is_secure = request_is_secure(request),
                                 .is_strict = true,
                                 .allowed = live->options.origins};
    return origin_is_ours(&facts);
}

static void refuse(struct request *request, enum ws_verdict verdict)
{
    struct err_note note = {0};
    if (verdict == WS_BAD_KEY) {
        (void)err_set(&note, ERR_MALFORMED, "header Sec-WebSocket-Key",
                      "must be 16 bytes in base64.");
        reply_problem(request, ERR_MALFORMED, &note);
        return;
    }
    reply_header(request, "Upgrade", "websocket");
    reply_header(request, "Sec-WebSocket-Version", "13");
    reply_problem_status(request, 426, "Upgrade required",
                         "This address speaks WebSocket, version 13.");
}

void live_websocket_handle(struct request *request, void *context)
{
    struct live *live = context;
    struct err_note note = {0};
    struct ws_offer offer = {.upgrade = request_header(request, "Upgrade"),
                             .connection = request_header(request, "Connection"),
                             .version = request_header(request, "Sec-WebSocket-Version"),
                             .key = request_header(request, "Sec-WebSocket-Key")};
    char accept[WS_ACCEPT_SIZE];
    enum ws_verdict verdict = ws_handshake(&offer, accept);
    if (verdict != WS_ACCEPTED) {
        refuse(request, verdict);
        return;
    }
    if (!is_from_our_page(request, live)) {
        (void)err_set(&note, ERR_FORBIDDEN, "header Origin", "is not one of this server's pages.");
        reply_problem(request, ERR_FORBIDDEN, &note);
        return;
    }
    if (live_client_count(live) >= LIMIT_LIVE_CLIENTS) {
        (void)err_set(&note, ERR_BUSY, "", "Too many live clients; try again later.");
        reply_problem(request, ERR_BUSY, &note);
        return;
    }
    request_hold_server(request);
    http_server_at_stop(request->server, &live->hook);
    struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgrade, live);
    assert(response != NULL);
    enum MHD_Result added = MHD_add_response_header(response, "Upgrade", "websocket");
    added = added == MHD_YES ? MHD_add_response_header(response, "Sec-WebSocket-Accept", accept)
                             : added;
    assert(added == MHD_YES);
    reply_response(request, 101, response);
}
