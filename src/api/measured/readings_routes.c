// SPDX-License-Identifier: Apache-2.0
/* Detections and sensor values in; what came of them as 202 once they are on disk. */
#include "readings/readings.h"

#include "api/api.h"
#include "api/measured/readings_read.h"
#include "base/clock.h"

#define ERRORS_SHOWN 100

static void add_errors(struct text *out, const struct item_errors *errors)
{
    text_add(out, ",\"errors\":[");
    size_t shown = MIN(errors->count, (size_t)MIN(ERRORS_SHOWN, LIMIT_ITEM_ERRORS));
    for (size_t i = 0; i < shown; i++) {
        const struct item_error *item = &errors->items[i];
        text_add(out, i == 0 ? "{\"place\":" : ",{\"place\":");
        text_add_json(out, item->place, strlen(item->place));
        text_add(out, ",\"detail\":");
        text_add_json(out, item->detail, strlen(item->detail));
        text_add_char(out, '}');
    }
    text_addf(out, "],\"error_count\":%zu}", errors->count);
}

/* Written out by hand, because there are thousands a second. */
static void reply_accepted(struct request *request, const struct receipt *receipt)
{
    struct text out;
    text_init(&out, 256 * 1024);
    text_addf(&out,
              "{\"stream\":\"%s\",\"shard\":%d,\"position\":%lld,\"records\":%zu,\"accepted\":",
              receipt->stream, receipt->shard, (long long)receipt->position, receipt->record_count);
    if (receipt->readings > 0)
        text_addf(&out, "{\"readings\":%zu}", receipt->readings);
    else
        text_addf(&out, "{\"frames\":%zu,\"persons\":%zu,\"duplicates\":%zu,\"skipped\":%zu}",
                  receipt->frames, receipt->persons, receipt->duplicates, receipt->skipped);
    add_errors(&out, &receipt->errors);
    size_t len = out.len;
    reply_take(request, 202, "application/json", text_take(&out), len);
}

static void reply_receipt(struct request *request, void *context)
{
    struct receipt *receipt = context;
    if (receipt->err == ERR_NONE)
        reply_accepted(request, receipt);
    else
        reply_problem(request, receipt->err, &receipt->note);
    shared_unref(&receipt->shared);
}

/* On the writer's thread, mostly: it only hands the receipt over. */
static void hand_over(void *context, const struct receipt *receipt)
{
    struct receipt *kept = (struct receipt *)(uintptr_t)receipt;
    shared_ref(&kept->shared);
    request_answer(context, reply_receipt, kept);
}

static struct receive receive_of(struct request *request)
{
    const struct principal *principal = api_principal(request);
    bool is_token = principal != NULL && principal->kind == PRINCIPAL_TOKEN;
    struct receive receive = {.event = api_event(request),
                              .device = is_token ? principal->device : "",
                              .now_ms = clock_now_ms(),
                              .done = hand_over,
                              .context = request};
    receive.body = request_body(request, &receive.len);
    return receive;
}

static bool has_event(struct request *request, const struct receive *receive)
{
    struct err_note note;
    if (receive->event[0] != '\0')
        return true;
    reply_problem(request, err_set(&note, ERR_INVALID, "event", "is missing; name it by ?event="),
                  &note);
    return false;
}

static void detections_post(struct request *request, void *context)
{
    const struct app *app = context;
    struct receive receive = receive_of(request);
    if (!has_event(request, &receive))
        return;
    request_defer(request);
    readings_receive_detections(app->readings, &receive);
}

static void readings_post(struct request *request, void *context)
{
    const struct app *app = context;
    struct receive receive = receive_of(request);
    if (!has_event(request, &receive))
        return;
    bool is_senml = strcmp(request_content_type(request), "application/senml+json") == 0;
    receive.form = is_senml ? RECEIVE_SENML : RECEIVE_PLAIN;
    request_defer(request);
    readings_receive_values(app->readings, &receive);
}

static const char *const EVENT_QUERY[] = {"event: the event, where the token does not say it",
                                          NULL};
static const char *const SERIES_QUERY[] = {
    "event: the event, where the sign-in does not say it",
    "from: RFC 3339 time, inclusive; an hour before `to` when absent",
    "to: RFC 3339 time, exclusive; now when absent",
    "step: length of a bucket such as 10s, 1m or 1h, from 1s to 1d; raw values when absent",
    "agg: avg (or mean), min, max, sum, count or last of every step",
    "format: json, csv or ndjson; by the Accept header when absent",
    "cursor: where the page before ended",
    "limit: values per page, 1 to 100000",
    NULL};
static const char *const LIST_QUERY[] = {"event: the event, where the sign-in does not say it",
                                         "cursor: where the page before ended",
                                         "limit: items per page, 1 to 1000", NULL};
static const char *const DETECTIONS_QUERY[] = {
    "event: the event, where the sign-in does not say it",
    "device: the device",
    "from: RFC 3339 time, inclusive; a minute before `to` when absent",
    "to: RFC 3339 time, exclusive; now when absent",
    "format: json or ndjson; by the Accept header when absent",
    "cursor: where the page before ended",
    "limit: detections per page, 1 to 100000; a frame is never cut",
    NULL};
static const char *const COUNT_QUERY[] = {
    "event: the event, where the sign-in does not say it", "device: one device; all when absent",
    "from: RFC 3339 time, inclusive", "to: RFC 3339 time, exclusive", NULL};

#define SEND(m, p, h, s, c)                                                                        \
    .method = (m), .path = (p), .roles = ROLE_DEVICE | ROLES_WATCH, .thread = ROUTE_INLINE,        \
    .body_max = LIMIT_INGEST_BODY_BYTES, .handle = (h), .tag = "Readings", .summary = (s),         \
    .consumes = (c), .query = EVENT_QUERY
#define READ(p, r, h, s, q)                                                                        \
    .method = "GET", .path = (p), .roles = (r), .thread = ROUTE_WORKER, .handle = (h),             \
    .tag = "Readings", .summary = (s), .query = (q)
#define SERIES_READERS (ROLES_WATCH | ROLE_READER)

#define JSON_OR_LINES "application/json application/x-ndjson application/ndjson"
#define SENSOR_FORMS  JSON_OR_LINES " application/senml+json"

const struct route readings_routes[] = {
    {SEND("POST", "/api/v1/detections", detections_post,
          "Takes frames of detections: native or SceneScape's, one message or one per line",
          JSON_OR_LINES)},
    {SEND("POST", "/api/v1/readings", readings_post,
          "Takes values of sensors: plain, a list, one per line, or SenML", SENSOR_FORMS)},
    {SEND("PUT", "/api/v1/readings", readings_post, "As POST, for senders that can only PUT",
          SENSOR_FORMS)},
    {READ("/api/v1/series", SERIES_READERS, readings_list_get,
          "The series of an event, by name; for a token that reads, those of zones, lines and "
          "venues",
          LIST_QUERY)},
    {READ("/api/v1/series/{series}", SERIES_READERS, readings_series_get,
          "The values of one series; for a token that reads, of a zone, a line or a venue",
          SERIES_QUERY)},
    {READ("/api/v1/detections", ROLES_WATCH, readings_detections_get,
          "The detections of one device, in native form", DETECTIONS_QUERY)},
    {READ("/api/v1/detections/count", ROLES_WATCH, readings_count_get,
          "How many detections are stored", COUNT_QUERY)},
};
const size_t readings_route_count = COUNT_OF(readings_routes);
