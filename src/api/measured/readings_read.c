// SPDX-License-Identifier: Apache-2.0
#include "api/measured/readings_read.h"

#include "api/answers/answer.h"
#include "base/clock.h"
#include "readings/readings.h"

#define STEP_MAX_S 86400
#define ALL_MS     (INT64_C(1000) * 365 * 86400000) /* past and future */

static enum err read_step(const struct request *request, int64_t *out_step_ms,
                          struct err_note *note)
{
    const char *text = request_query(request, "step");
    *out_step_ms = 0;
    if (text == NULL)
        return ERR_NONE;
    int64_t number = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && number <= STEP_MAX_S; p++)
        number = number * 10 + (*p - '0');
    int64_t unit_s = *p == 'm' ? 60 : *p == 'h' ? 3600 : *p == 'd' ? 86400 : 1;
    bool has_unit = *p == 's' || *p == 'm' || *p == 'h' || *p == 'd';
    bool is_over = *(p + has_unit) != '\0' || p == text;
    if (is_over || number < 1 || number * unit_s > STEP_MAX_S)
        return err_set(note, ERR_MALFORMED, "step", "must be from 1s to 1d, such as 10s, 1m or 1h");
    *out_step_ms = number * unit_s * 1000;
    return ERR_NONE;
}

static enum err read_agg(const struct request *request, enum series_agg *out, struct err_note *note)
{
    static const char *const NAMES[] = {"avg", "min", "max", "sum", "count", "last"};
    const char *name = request_query(request, "agg");
    *out = SERIES_AVG;
    if (name == NULL || strcmp(name, "mean") == 0)
        return ERR_NONE;
    for (int i = 0; i < (int)COUNT_OF(NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            *out = (enum series_agg)i;
            return ERR_NONE;
        }
    }
    return err_set(note, ERR_MALFORMED, "agg", "must be avg, min, max, sum, count or last");
}

/* History lags more than one answer reads of the stream; soon the rest is there. */
static void tell_behind(struct request *request, bool is_behind)
{
    if (is_behind)
        reply_header(request, "X-Incomplete", "newest");
}

/* A token reads what is counted, and not what single devices measure: a sensor may be one person's. By name. */
static const char *const COUNTED[] = {"line.", "venue.", "zone."};

static bool may_read(const struct request *request, const char *series)
{
    if (api_principal(request)->kind != PRINCIPAL_TOKEN)
        return true;
    for (size_t i = 0; i < COUNT_OF(COUNTED); i++) {
        if (strncmp(series, COUNTED[i], strlen(COUNTED[i])) == 0)
            return true;
    }
    return false;
}

/* Where a list goes on behind this name, or NULL where nothing can come any more. A token is not told a name that
 * it may not read as the place where a page ended, nor may it find one by asking from everywhere. */
static const char *behind(const struct request *request, const char *name)
{
    if (may_read(request, name))
        return name;
    for (size_t i = 0; i < COUNT_OF(COUNTED); i++) {
        if (strcmp(name, COUNTED[i]) < 0)
            return COUNTED[i];
    }
    return NULL;
}

/* --- a series --- */

static void add_point(struct text *out, const struct series_point *point, enum format format)
{
    static const char *const BEFORE[] = {"[\"", "", "{\"at\":\""};
    static const char *const BETWEEN[] = {"\",", ",", "\",\"value\":"};
    static const char *const AFTER[] = {"]", "\n", "}\n"};
    char at[CLOCK_TEXT_SIZE];
    clock_format(point->at_ms, at);
    text_add(out, BEFORE[format]);
    text_add(out, at);
    text_add(out, BETWEEN[format]);
    text_add_real(out, point->value);
    text_add(out, AFTER[format]);
}

static void reply_series(struct request *request, const struct series_query *query,
                         enum format format, const struct series_point *points, size_t count,
                         int64_t next_ms)
{
    struct text out;
    text_init(&out, ANSWER_BYTES_MAX);
    if (format == FORMAT_CSV)
        text_add(&out, "at,value\n");
    if (format == FORMAT_JSON) {
        text_add(&out, "{\"series\":");
        text_add_json(&out, query->series, strlen(query->series));
        text_addf(&out, ",\"step_s\":%lld,\"items\":[", (long long)(query->step_ms / 1000));
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && format == FORMAT_JSON)
            text_add_char(&out, ',');
        add_point(&out, &points[i], format);
    }
    answer_end_list(request, &out, format, next_ms);
    answer_reply(request, &out, format);
}

static enum err read_series_query(const struct request *request, struct series_query *query,
                                  enum format *out_format, struct err_note *note)
{
    int64_t limit = LIMIT_SERIES_POINTS;
    query->event = api_event(request);
    query->series = request_param(request, "series");
    if (!may_read(request, query->series))
        return err_set(
            note, ERR_FORBIDDEN, "series",
            "a token reads the series of zones, lines and venues only; sign in for others");
    TRY(answer_read_format(request, out_format, note));
    TRY(answer_read_range(request, 3600000, &query->from_ms, &query->to_ms, note));
    TRY(read_step(request, &query->step_ms, note));
    TRY(read_agg(request, &query->agg, note));
    TRY(request_query_int(request, "limit", 1, LIMIT_SERIES_POINTS, &limit, note));
    query->points_max = (size_t)limit;
    return ERR_NONE;
}

void readings_series_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct series_query query = {0};
    enum format format;
    struct series_point *points = NULL;
    size_t count = 0;
    struct answer_extent extent = {0};
    enum err err = read_series_query(request, &query, &format, &note);
    if (err == ERR_NONE)
        err = readings_query(app->readings, &query, &points, &count, &extent, &note);
    tell_behind(request, extent.is_behind);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_series(request, &query, format, points, count, extent.next_ms);
    mem_free(points);
}

/* --- the list --- */

static json_t *info_json(const struct series_info *info)
{
    char first[CLOCK_TEXT_SIZE];
    char last[CLOCK_TEXT_SIZE];
    clock_format(info->first_ms, first);
    clock_format(info->last_ms, last);
    return json_pack("{s:s, s:s, s:s, s:s, s:f}", "id", info->name, "venue", info->venue,
                     "first_at", first, "last_at", last, "last_value", info->last_value);
}

void readings_list_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    const char *cursor = request_query(request, "cursor");
    const char *asked = cursor == NULL ? "" : cursor;
    const char *after = behind(request, asked);
    struct series_list_query query = {.event = api_event(request),
                                      .after = after == NULL ? asked : after};
    struct series_info *list = NULL;
    size_t limit = 0;
    size_t count = 0;
    bool is_behind = false;
    enum err err = api_page_limit(request, &limit, &note);
    query.max = limit + 1;
    if (err == ERR_NONE)
        err = readings_series_list(app->readings, &query, &list, &count, &is_behind);
    tell_behind(request, is_behind);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    json_t *items = json_array();
    size_t shown = MIN(count, limit);
    for (size_t i = 0; i < shown; i++) {
        if (may_read(request, list[i].name))
            (void)json_array_append_new(items, info_json(&list[i]));
    }
    api_reply_page(request, items, count > limit ? behind(request, list[shown - 1].name) : NULL);
    mem_free(list);
}

/* --- detections --- */

static void add_person(struct text *out, const struct detection_batch *batch, size_t i)
{
    text_add_char(out, '[');
    if (batch->track[i] < 0)
        text_add(out, "null");
    else
        text_add_int(out, batch->track[i]);
    const int32_t *columns[] = {batch->x, batch->y, batch->w, batch->h};
    for (size_t c = 0; c < (batch->is_in_metres ? 2U : 4U); c++) {
        text_add_char(out, ',');
        text_add_real(out, columns[c][i] / batch->scale_xy);
    }
    text_add_char(out, ',');
    /* Enough digits to give the same step back. */
    text_addf(out, "%.6g]", batch->confidence[i] / batch->scale_confidence);
}

/* As the device would send it: it can be posted again. */
static void add_batch(struct text *out, const struct detection_batch *batch)
{
    text_addf(out, "{\"device\":\"%s\",\"unit\":\"%s\",\"precision\":{\"position\":", batch->device,
              batch->is_in_metres ? "m" : "px");
    text_add_real(out, 1 / batch->scale_xy);
    text_add(out, ",\"confidence\":");
    text_add_real(out, 1 / batch->scale_confidence);
    text_addf(out, "},\"fields\":[\"track\",\"x\",\"y\"%s,\"confidence\"],\"frames\":[",
              batch->is_in_metres ? "" : ",\"w\",\"h\"");
    for (size_t frame = 0; frame < batch->frame_count; frame++) {
        char at[CLOCK_TEXT_SIZE];
        clock_format(batch->frame_at_ms[frame], at);
        text_addf(out, "%s{\"t\":\"%s\",\"persons\":[", frame == 0 ? "" : ",", at);
        for (size_t i = batch->frame_first[frame]; i < batch->frame_first[frame + 1]; i++) {
            if (i > batch->frame_first[frame])
                text_add_char(out, ',');
            add_person(out, batch, i);
        }
        text_add(out, "]}");
    }
    text_add(out, "]}");
}

static void reply_detections(struct request *request, struct detection_batch **batches,
                             size_t count, int64_t next_ms, enum format format)
{
    struct text out;
    text_init(&out, ANSWER_BYTES_MAX);
    if (format == FORMAT_JSON)
        text_add(&out, "{\"items\":[");
    size_t shown = 0;
    for (size_t i = 0; i < count; i++) {
        if (batches[i]->frame_count == 0)
            continue;
        if (format == FORMAT_JSON && shown++ > 0)
            text_add_char(&out, ',');
        add_batch(&out, batches[i]);
        if (format == FORMAT_NDJSON)
            text_add_char(&out, '\n');
    }
    answer_end_list(request, &out, format, next_ms);
    answer_reply(request, &out, format);
}

static enum err read_detections_query(const struct request *request, struct detections_query *query,
                                      int64_t span_ms, struct err_note *note)
{
    int64_t limit = 10000;
    query->event = api_event(request);
    query->device = request_query(request, "device");
    TRY(answer_read_range(request, span_ms, &query->from_ms, &query->to_ms, note));
    TRY(request_query_int(request, "limit", 1, LIMIT_DETECTIONS_PERSONS, &limit, note));
    query->persons_max = (size_t)limit;
    return ERR_NONE;
}

static enum err read_frames_query(const struct request *request, struct detections_query *query,
                                  enum format *out_format, struct err_note *note)
{
    TRY(read_detections_query(request, query, 60000, note));
    TRY(answer_read_format(request, out_format, note));
    if (query->device == NULL)
        return err_set(note, ERR_INVALID, "device", "is missing; name it by ?device=");
    return *out_format == FORMAT_CSV
               ? err_set(note, ERR_MALFORMED, "format", "must be json or ndjson")
               : ERR_NONE;
}

void readings_detections_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct detections_query query = {0};
    struct detection_batch **batches = NULL;
    size_t count = 0;
    struct answer_extent extent = {0};
    enum format format;
    enum err err = read_frames_query(request, &query, &format, &note);
    if (err == ERR_NONE)
        err = readings_detections(app->readings, &query, &batches, &count, &extent);
    tell_behind(request, extent.is_behind);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_detections(request, batches, count, extent.next_ms, format);
    for (size_t i = 0; i < count; i++)
        shared_unref(&batches[i]->shared);
    mem_free(batches);
}

void readings_count_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct detections_query query = {0};
    int64_t count = 0;
    bool is_behind = false;
    enum err err = read_detections_query(request, &query, ALL_MS, &note);
    if (request_query(request, "to") == NULL)
        query.to_ms = ALL_MS;
    if (err == ERR_NONE)
        err = readings_detections_count(app->readings, &query, &count, &is_behind);
    tell_behind(request, is_behind);
    if (err != ERR_NONE)
        reply_problem(request, err, &note);
    else
        reply_json(request, 200, json_pack("{s:I}", "detections", (json_int_t)count));
}
