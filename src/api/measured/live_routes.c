// SPDX-License-Identifier: Apache-2.0
/* Live topics to whoever may see the control room of the event that a topic names. */
#include "api/api.h"
#include "base/clock.h"

#include <stdio.h>

/* "events/demo/venues/park/zones" speaks of "demo". False when it speaks of no event. */
static bool event_of_topic(const char *topic, char out_event[LIMIT_ID_LEN + 1])
{
    static const char PREFIX[] = "events/";
    if (strncmp(topic, PREFIX, strlen(PREFIX)) != 0)
        return false;
    const char *id = topic + strlen(PREFIX);
    size_t len = strcspn(id, "/");
    if (len > LIMIT_ID_LEN || id[len] != '/')
        return false;
    (void)snprintf(out_event, LIMIT_ID_LEN + 1, "%.*s", (int)len, id);
    return text_is_id(out_event);
}

bool api_may_follow(void *context, void *principal, const char *topic)
{
    (void)context;
    char event[LIMIT_ID_LEN + 1];
    return event_of_topic(topic, event) && (principal_roles(principal, event) & ROLES_WATCH) != 0;
}

bool api_is_current(void *context, void *principal)
{
    (void)context;
    return principal != NULL && principal_is_current(principal, clock_now_ms());
}

static void websocket(struct request *request, void *context)
{
    live_websocket_handle(request, ((struct app *)context)->live);
}

static void sse(struct request *request, void *context)
{
    live_sse_handle(request, ((struct app *)context)->live);
}

static const char *const SSE_QUERY[] = {"topic*: a live topic, may be given several times", NULL};

const struct route live_routes[] = {
    {.method = "GET",
     .path = "/live",
     .roles = ROLE_PERSON,
     .handle = websocket,
     .tag = "Live",
     .summary =
         "WebSocket: {\"subscribe\": [topic, ...]}, then {\"topic\", \"data\"} as it happens."},
    {.method = "GET",
     .path = "/api/v1/live",
     .roles = ROLE_PERSON,
     .handle = sse,
     .tag = "Live",
     .summary = "The same topics as server-sent events: one topic per ?topic=.",
     .query = SSE_QUERY},
};
const size_t live_route_count = COUNT_OF(live_routes);
