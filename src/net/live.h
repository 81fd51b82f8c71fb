// SPDX-License-Identifier: Apache-2.0
/* net/live.h — live topics to browsers by WebSocket, and by SSE for curl. One shared frame per
 * message for all who get it; a bounded queue per client; on a GAUGE topic the newest value replaces
 * an unsent older one; who cannot keep up is disconnected (1013) and counted.
 *
 * WebSocket, text frames of JSON.  Client: {"subscribe":["topic",...]} {"unsubscribe":[...]}
 * Server: {"topic":"...","data":...} · {"subscribed":[...],"refused":[{"topic","why"}]} · and a
 * protocol ping every 20 s. On subscribing, the last value of a GAUGE topic comes at once.
 * SSE: GET ...?topic=a&topic=b, "event: <topic>" and "data: <json>". */
#pragma once
#include "base/publish.h"
#include "net/http.h"

struct live;

struct live_options {
    /* May this principal (borrowed, as request_principal) follow the topic? Asked on the hub's
     * thread or an event thread: decides from memory, never waits. The principal of the request that
     * opened the connection stays as long as the connection does. NULL = everybody may. */
    bool (*may_follow)(void *context, void *principal, const char *topic);
    /* Is what this principal (borrowed) says of itself still true? Asked every second for every client, on
     * the hub's thread: as quick. Who is not is sent away (1008) and may come back, to be looked up anew.
     * NULL = for ever. */
    bool (*is_current)(void *context, void *principal);
    void *context;
    const char *const
        *origins; /* further allowed origins, NULL-ended; same host is always allowed */
};

MUST_USE enum err live_start(const struct live_options *options, struct live **out_live);
/* Closes all with 1001. The HTTP servers that serve it are stopped first (which ends its clients). */
void live_stop(struct live *live);

/* Any thread; never blocks. Also what publish.h's port calls. */
void live_publish(struct live *live, const char *topic, enum publish_kind kind, const char *json,
                  size_t len);

/* Messages may have been missed: every client is disconnected (1013), comes back, and reads the present
 * state. Any thread. */
void live_resync(struct live *live);

/* Handlers for two routes; context is the struct live. */
void live_websocket_handle(struct request *request, void *live);
void live_sse_handle(struct request *request, void *live);

size_t live_client_count(const struct live *live);
