// SPDX-License-Identifier: Apache-2.0
/* Server-sent events: the same frames as an endless answer of the HTTP server. Its event thread asks for
 * bytes; when there are none the connection is suspended, and the hub's next frame resumes it. */
#include <stdio.h>

#include "net/live/hub.h"
#include "net/origin.h"

#define BLOCK_SIZE 4096

static ssize_t on_read(void *context, uint64_t position, char *out, size_t size)
{
    (void)position;
    struct live_client *client = context;
    LOCKED(&client->sse.lock);
    const char *bytes;
    size_t len;
    size_t n = 0;
    while (n < size && live_queue_peek(&client->queue, LIVE_SSE, 0, &bytes, &len)) {
        size_t part = MIN(len, size - n);
        memcpy(out + n, bytes, part);
        live_queue_sent(&client->queue, LIVE_SSE, part);
        n += part;
    }
    if (n > 0)
        return (ssize_t)n;
    if (client->sse.is_ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    client->sse.is_suspended = true;
    MHD_suspend_connection(client->sse.connection);
    return 0;
}

static void on_done(void *context)
{
    struct live_client *client = context;
    struct live *live = client->live;
    lock_take(&client->sse.lock);
    client->sse.is_gone = true;
    bool is_mine = client->sse.is_forgotten;
    lock_give(&client->sse.lock);
    if (is_mine) {
        live_client_destroy(client);
        return;
    }
    lock_take(&live->lock);
    live->has_departures = true;
    lock_give(&live->lock);
    live_wake(live);
}

/* With the client's lock held. */
static void resume(struct live_client *client)
{
    if (!client->sse.is_suspended)
        return;
    client->sse.is_suspended = false;
    struct loop *loop = client->loop;
    MHD_resume_connection(client->sse.connection);
    loop_wake(loop);
}

void sse_send(struct live_client *client, struct live_frame *frame, const void *gauge)
{
    lock_take(&client->sse.lock);
    bool is_full = live_queue_push(&client->queue, LIVE_SSE, frame, gauge,
                                   LIMIT_LIVE_QUEUE_BYTES) == LIVE_FULL;
    if (!client->sse.is_gone)
        resume(client);
    lock_give(&client->sse.lock);
    if (is_full)
        live_client_end(client, WS_TRY_AGAIN_LATER, "too slow");
}

void sse_end(struct live_client *client)
{
    LOCKED(&client->sse.lock);
    live_queue_trim(&client->queue, LIVE_SSE);
    client->sse.is_ending = true;
    if (!client->sse.is_gone)
        resume(client);
}

bool sse_is_gone(struct live_client *client)
{
    LOCKED(&client->sse.lock);
    return client->sse.is_gone;
}

bool sse_forget(struct live_client *client)
{
    LOCKED(&client->sse.lock);
    client->sse.is_forgotten = true;
    return client->sse.is_gone;
}

void sse_open(struct live_client *client)
{
    for (size_t i = 0; i < client->sse.wanted_count; i++) {
        if (live_client_follow(client, client->sse.wanted_topics[i]) == LIVE_FOLLOWED)
            live_client_send_last(client, client->sse.wanted_topics[i]);
    }
    if (sse_is_gone(client))
        live_client_kill(client);
}

/* --- the handler --- */

static enum err check_topics(const struct request *request, const struct live *live,
                             size_t *out_count, struct err_note *note)
{
    size_t count = 0;
    for (const char *topic; (topic = request_query_at(request, "topic", count)) != NULL; count++) {
        const struct live_options *options = &live->options;
        if (count == LIMIT_LIVE_TOPICS || strlen(topic) > LIMIT_LIVE_TOPIC_LEN)
            return err_set(note, ERR_INVALID, "topic", "must be at most %d names of %d bytes.",
                           LIMIT_LIVE_TOPICS, LIMIT_LIVE_TOPIC_LEN);
        if (options->may_follow != NULL &&
            !options->may_follow(options->context, request_principal(request), topic))
            return err_set(note, ERR_FORBIDDEN, "topic", "%.200s is not yours to follow.", topic);
    }
    if (count == 0)
        return err_set(note, ERR_INVALID, "topic", "must be given once or more: ?topic=...");
    if (live_client_count(live) >= LIMIT_LIVE_CLIENTS)
        return err_set(note, ERR_BUSY, "", "Too many live clients; try again later.");
    struct origin_facts facts = {.method = "GET",
                                 .sec_fetch_site = request_header(request, "Sec-Fetch-Site"),
                                 .origin = request_header(request, "Origin"),
                                 .host = request_header(request, "Host"),
                                 .is_secure = request_is_secure(request),
                                 .is_strict = true,
                                 .allowed = live->options.origins};
    if (!origin_is_ours(&facts))
        return err_set(note, ERR_FORBIDDEN, "header Origin", "is not one of this server's pages.");
    *out_count = count;
    return ERR_NONE;
}

void live_sse_handle(struct request *request, void *context)
{
    struct live *live = context;
    struct err_note note = {0};
    size_t count = 0;
    enum err err = check_topics(request, live, &count, &note);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    struct live_client *client = live_client_create(live, LIVE_SSE, request);
    lock_init(&client->sse.lock);
    client->sse.connection = request->connection;
    client->sse.wanted_count = count;
    client->sse.wanted_topics = mem_new_array(count, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        client->sse.wanted_topics[i] = mem_text(request_query_at(request, "topic", i));
    request_hold_server(request);
    http_server_at_stop(request->server, &live->hook);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, on_read, client, on_done);
    assert(response != NULL);
    live_client_arrive(client);
    reply_stream(request, 200, "text/event-stream", response);
}
