// SPDX-License-Identifier: Apache-2.0
/* What operators and tools ask: is it well, what does it count, what does it speak. */
#include "api/api.h"
#include "base/metrics.h"

#define METRICS_BYTES_MAX (1024 * 1024)

/* 200 while every store can commit; 503 with the reason, so that a balancer sends people elsewhere.
 */
static void healthz(struct request *request, void *context)
{
    const struct app *app = context;
    const struct store *stores[] = {app->main_store, app->telemetry_store};
    for (size_t i = 0; i < COUNT_OF(stores); i++) {
        const char *why = NULL;
        if (store_is_well(stores[i], &why))
            continue;
        struct err_note note = {0};
        enum err err = err_set(&note, ERR_BUSY, store_name(stores[i]),
                               "this store cannot commit: %s. It heals by itself; try again.", why);
        reply_problem(request, err, &note);
        return;
    }
    reply_header(request, "Cache-Control", "no-store");
    reply_json(request, 200, json_pack("{s:s}", "status", "ok"));
}

static void metrics(struct request *request, void *context)
{
    (void)context;
    struct text text;
    text_init(&text, METRICS_BYTES_MAX);
    metrics_expose(&text);
    assert(!text.overflowed);
    size_t len = text.len;
    reply_take(request, 200, "text/plain; version=0.0.4; charset=utf-8", text_take(&text), len);
}

static void openapi(struct request *request, void *context)
{
    const struct app *app = context;
    reply_static(request, app->openapi);
}

const struct route system_routes[] = {
    {.method = "GET",
     .path = "/healthz",
     .handle = healthz,
     .tag = "System",
     .summary = "Whether this process can take work: 200, or 503 with the reason."},
    {.method = "GET",
     .path = "/metrics",
     .handle = metrics,
     .tag = "System",
     .summary = "Counters, gauges and histograms for Prometheus."},
    {.method = "GET",
     .path = "/api/v1/openapi.json",
     .handle = openapi,
     .tag = "System",
     .summary = "This document: every route, OpenAPI 3.1."},
};
const size_t system_route_count = COUNT_OF(system_routes);
