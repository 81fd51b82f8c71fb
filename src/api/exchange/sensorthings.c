// SPDX-License-Identifier: Apache-2.0
/* OGC SensorThings 1.1, the reading part of it, over what Muster counts (docs/formats/sensorthings.md). */
#include "api/answers/answer.h"
#include "api/exchange/exchange.h"
#include "api/exchange/sta_items.h"
#include "base/clock.h"
#include "readings/readings.h"

#include <stdio.h>

#define TOP_DEFAULT      100
#define OBSERVATIONS_MAX 5000 /* read for one page: what $skip leaves out, too */

struct asking {
    const struct app *app;
    const char *event;
    char base[512];
    struct sta_path path;
    struct sta_range range;
    enum sta_order order;
    bool has_count;
    int64_t top, skip;
    struct event_venues venues;
};

/* --- the request --- */

/* Where the client reached us; a relative address when it says something odd. */
static void write_base(const struct request *request, const char *event, char out[512])
{
    const char *host = request_header(request, "Host");
    bool is_odd = host == NULL || strlen(host) > 255 ||
                  strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               ".:-[]") != strlen(host);
    (void)snprintf(out, 512, "%s%s/api/v1/events/%s/sensorthings/v1.1",
                   is_odd                       ? ""
                   : request_is_secure(request) ? "https://"
                                                : "http://",
                   is_odd ? "" : host, event);
}

static enum err refuse_others(const struct request *request, struct err_note *note)
{
    static const char *const OTHERS[] = {"$expand", "$select", "$resultFormat"};
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        if (request_query(request, OTHERS[i]) != NULL)
            return err_set(note, ERR_MALFORMED, OTHERS[i],
                           "is not served here: follow the links of the entities instead");
    }
    return ERR_NONE;
}

static enum err read_count(const struct request *request, bool *out_has_count,
                           struct err_note *note)
{
    const char *count = request_query(request, "$count");
    *out_has_count = count != NULL && strcmp(count, "true") == 0;
    return count == NULL || *out_has_count || strcmp(count, "false") == 0
               ? ERR_NONE
               : err_set(note, ERR_MALFORMED, "$count", "must be true or false");
}

/* Only observations have a time. */
static enum err read_times(const struct request *request, struct asking *asking,
                           struct err_note *note)
{
    const char *filter = request_query(request, "$filter");
    const char *order = request_query(request, "$orderby");
    bool has_time = asking->path.kind == STA_OBSERVATIONS;
    asking->range = (struct sta_range){.from_ms = 0, .to_ms = STA_TIME_MAX};
    if ((filter != NULL || order != NULL) && !has_time)
        return err_set(note, ERR_MALFORMED, filter != NULL ? "$filter" : "$orderby",
                       "is served for Observations only");
    if (filter != NULL)
        TRY(sta_filter_read(filter, &asking->range, note));
    if (order != NULL)
        TRY(sta_order_read(order, &asking->order, note));
    if (has_time && asking->has_count)
        return err_set(note, ERR_MALFORMED, "$count", "is not served for Observations");
    return ERR_NONE;
}

static enum err read_asking(const struct request *request, struct asking *asking,
                            struct err_note *note)
{
    TRY(sta_path_read(request_param(request, "path"), &asking->path, note));
    TRY(refuse_others(request, note));
    TRY(read_count(request, &asking->has_count, note));
    TRY(read_times(request, asking, note));
    asking->top = TOP_DEFAULT;
    int64_t skip_max =
        asking->path.kind == STA_OBSERVATIONS ? OBSERVATIONS_MAX - LIMIT_PAGE_MAX - 1 : INT32_MAX;
    TRY(request_query_int(request, "$top", 1, LIMIT_PAGE_MAX, &asking->top, note));
    return request_query_int(request, "$skip", 0, skip_max, &asking->skip, note);
}

/* --- replies --- */

static void reply_text_json(struct request *request, struct text *out)
{
    if (out->overflowed) {
        struct err_note note;
        reply_problem(request,
                      err_set(&note, ERR_TOO_LARGE, "$top", "the answer is too long; ask for less"),
                      &note);
        text_fini(out);
        return;
    }
    size_t len = out->len;
    reply_take(request, 200, "application/json", text_take(out), len);
}

/* The address of this list, for the next page. */
static void add_self(struct text *out, const struct asking *asking)
{
    const struct sta_path *path = &asking->path;
    text_addf(out, "%s/", asking->base);
    if (path->from == STA_ROOT)
        text_add(out, sta_set_names[path->kind]);
    else
        text_addf(out, "%s('%s')/%s", sta_set_names[path->from], path->id, path->via);
}

static void add_next_items(struct text *out, const struct asking *asking,
                           const struct sta_window *window)
{
    if ((size_t)asking->skip + window->count >= window->total)
        return;
    text_add(out, ",\"@iot.nextLink\":\"");
    add_self(out, asking);
    text_addf(out, "?$top=%lld&$skip=%lld%s\"", (long long)asking->top,
              (long long)(asking->skip + asking->top), asking->has_count ? "&$count=true" : "");
}

static enum err write_items(struct text *out, const struct asking *asking, struct err_note *note)
{
    const struct sta_path *path = &asking->path;
    struct sta_window window = {.skip = path->is_one ? 0 : (size_t)asking->skip,
                                .top = path->is_one ? 1 : (size_t)asking->top};
    sta_items_find(path, &asking->venues, &window);
    if (path->is_one && window.count == 0)
        return err_set(note, ERR_NOT_FOUND, "path", "there is no %s('%.100s')",
                       sta_set_names[path->from], path->id);
    if (path->is_one) {
        sta_add_entity(out, asking->base, path->kind, &window.items[0]);
    } else {
        text_add_char(out, '{');
        if (asking->has_count)
            text_addf(out, "\"@iot.count\":%zu,", window.total);
        text_add(out, "\"value\":[");
        for (size_t i = 0; i < window.count; i++) {
            text_add(out, i == 0 ? "" : ",");
            sta_add_entity(out, asking->base, path->kind, &window.items[i]);
        }
        text_add_char(out, ']');
        add_next_items(out, asking, &window);
        text_add_char(out, '}');
    }
    sta_window_fini(&window);
    return ERR_NONE;
}

/* --- observations --- */

struct values {                /* oldest first */
    struct series_point *list; /* owned */
    size_t count;
};

/* `max` from the end that comes first in the order asked for. A series without any value yet is an empty
 * one. */
static enum err read_values(const struct asking *asking, const char *series,
                            const struct sta_range *range, size_t max, struct values *out,
                            struct err_note *note)
{
    struct series_query query = {.event = asking->event,
                                 .series = series,
                                 .from_ms = range->from_ms,
                                 .to_ms = range->to_ms,
                                 .points_max = max,
                                 .end = asking->order == STA_NEWEST_FIRST ? SERIES_NEWEST
                                                                          : SERIES_OLDEST};
    struct answer_extent extent = {0};
    *out = (struct values){0};
    enum err err =
        readings_query(asking->app->readings, &query, &out->list, &out->count, &extent, note);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

/* Goes on behind the last one shown, so that no page is too far away. */
static void add_next_observations(struct text *out, const struct asking *asking,
                                  const struct series_point *last)
{
    struct sta_range range = asking->range;
    if (asking->order == STA_NEWEST_FIRST)
        range.to_ms = last->at_ms;
    else
        range.from_ms = last->at_ms + 1;
    char from[CLOCK_TEXT_SIZE];
    char to[CLOCK_TEXT_SIZE];
    clock_format(range.from_ms, from);
    clock_format(MIN(range.to_ms, STA_TIME_MAX - 1), to);
    text_add(out, ",\"@iot.nextLink\":\"");
    add_self(out, asking);
    text_addf(out,
              "?$top=%lld&$orderby=phenomenonTime%%20%s&$filter=phenomenonTime%%20ge%%20%s%%20and"
              "%%20phenomenonTime%%20lt%%20%s\"",
              (long long)asking->top, asking->order == STA_NEWEST_FIRST ? "desc" : "asc", from, to);
}

static void add_observations(struct text *out, const struct asking *asking, struct sta_item *item,
                             const struct values *values)
{
    size_t skip = MIN((size_t)asking->skip, values->count);
    size_t shown = MIN((size_t)asking->top, values->count - skip);
    const struct series_point *last = NULL;
    text_add(out, "{\"value\":[");
    for (size_t i = 0; i < shown; i++) {
        size_t index = asking->order == STA_NEWEST_FIRST ? values->count - 1 - skip - i : skip + i;
        last = &values->list[index];
        item->at_ms = last->at_ms;
        item->value = last->value;
        text_add(out, i == 0 ? "" : ",");
        sta_add_entity(out, asking->base, STA_OBSERVATIONS, item);
    }
    text_add_char(out, ']');
    if (last != NULL && values->count > skip + shown)
        add_next_observations(out, asking, last);
    text_add_char(out, '}');
}

static enum err write_observations(struct text *out, const struct asking *asking,
                                   struct err_note *note)
{
    struct sta_item item;
    struct values values;
    if (asking->path.from != STA_DATASTREAMS)
        return err_set(note, ERR_NOT_FOUND, "path",
                       "there is no list of all Observations; ask for those of one: "
                       "Datastreams('...')/Observations");
    if (!sta_datastream_find(&asking->venues, asking->path.id, &item))
        return err_set(note, ERR_NOT_FOUND, "path", "there is no Datastreams('%.100s')",
                       asking->path.id);
    size_t wanted = (size_t)(asking->skip + asking->top + 1);
    TRY(read_values(asking, asking->path.id, &asking->range, wanted, &values, note));
    add_observations(out, asking, &item, &values);
    mem_free(values.list);
    return ERR_NONE;
}

/* "series@ms" */
static enum err find_observation(const struct asking *asking, struct sta_item *out_item,
                                 struct err_note *note)
{
    char series[STA_ID_SIZE];
    struct sta_item item = {0};
    struct values values = {0};
    int64_t at_ms = 0;
    memcpy(series, asking->path.id, sizeof series);
    char *at = strchr(series, '@');
    if (at != NULL)
        *at = '\0';
    bool is_there = at != NULL && api_id_parse(at + 1, &at_ms) && at_ms < STA_TIME_MAX &&
                    sta_datastream_find(&asking->venues, series, &item);
    if (is_there)
        TRY(read_values(asking, series, &(struct sta_range){at_ms, at_ms + 1}, 1, &values, note));
    if (values.count == 0) {
        mem_free(values.list);
        return err_set(note, ERR_NOT_FOUND, "path", "there is no Observations('%.100s')",
                       asking->path.id);
    }
    item.at_ms = at_ms;
    item.value = values.list[0].value;
    mem_free(values.list);
    *out_item = item;
    return ERR_NONE;
}

/* --- the routes --- */

static enum err write_answer(struct text *out, const struct asking *asking, struct err_note *note)
{
    const struct sta_path *path = &asking->path;
    if (path->from == STA_OBSERVATIONS) { /* itself, or what it belongs to */
        struct sta_item item;
        TRY(find_observation(asking, &item, note));
        sta_add_entity(out, asking->base, path->kind, &item);
        return ERR_NONE;
    }
    return path->kind == STA_OBSERVATIONS ? write_observations(out, asking, note)
                                          : write_items(out, asking, note);
}

static void reply_root(struct request *request, const char *base)
{
    struct text out;
    text_init(&out, ANSWER_BYTES_MAX);
    text_add(&out, "{\"value\":[");
    for (enum sta_kind kind = STA_THINGS; kind < STA_KINDS; kind++)
        text_addf(&out, "%s{\"name\":\"%s\",\"url\":\"%s/%s\"}", kind == STA_THINGS ? "" : ",",
                  sta_set_names[kind], base, sta_set_names[kind]);
    /* Only what is wholly true. */
    text_add(&out, "],\"serverSettings\":{\"conformance\":[\"http://www.opengis.net/spec/"
                   "iot_sensing/1.1/req/request-data/top\",\"http://www.opengis.net/spec/"
                   "iot_sensing/1.1/req/request-data/skip\"]}}");
    reply_text_json(request, &out);
}

void exchange_sensorthings_root_get(struct request *request, void *context)
{
    (void)context;
    char base[512];
    write_base(request, request_param(request, "event"), base);
    reply_root(request, base);
}

void exchange_sensorthings_get(struct request *request, void *context)
{
    struct err_note note = {0};
    struct asking asking = {.app = context, .event = request_param(request, "event")};
    write_base(request, asking.event, asking.base);
    enum err err = read_asking(request, &asking, &note);
    if (err == ERR_NONE && asking.path.kind == STA_ROOT) {
        reply_root(request, asking.base);
        return;
    }
    struct text out;
    text_init(&out, ANSWER_BYTES_MAX);
    if (err == ERR_NONE) {
        asking.venues = event_venues_of(asking.app, asking.event);
        err = write_answer(&out, &asking, &note);
        event_venues_fini(&asking.venues);
    }
    if (err == ERR_NONE) {
        reply_text_json(request, &out);
        return;
    }
    text_fini(&out);
    reply_problem(request, err, &note);
}
