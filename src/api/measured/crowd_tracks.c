// SPDX-License-Identifier: Apache-2.0
/* Where people were: settled tracks, anonymous. */
#include "api/measured/crowd_tracks.h"
#include "api/answers/answer.h"
#include "base/clock.h"
#include "crowd/crowd.h"
#include "readings/readings.h"

#define SPAN_MS     60000
#define POINTS_PAGE 50000
#define POINTS_MAX  500000

/* [id, x, y], metres to the centimetre. */
static void add_json_point(struct text *out, const struct detection_batch *batch, size_t i)
{
    text_add_char(out, '[');
    text_add_int(out, batch->track[i]);
    text_add_char(out, ',');
    text_add_real(out, batch->x[i] / batch->scale_xy);
    text_add_char(out, ',');
    text_add_real(out, batch->y[i] / batch->scale_xy);
    text_add_char(out, ']');
}

static void add_json_frame(struct text *out, const struct detection_batch *batch, size_t f)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(batch->frame_at_ms[f], at);
    text_addf(out, "{\"t\":\"%s\",\"people\":[", at);
    for (size_t i = batch->frame_first[f]; i < batch->frame_first[f + 1]; i++) {
        if (i > batch->frame_first[f])
            text_add_char(out, ',');
        add_json_point(out, batch, i);
    }
    text_add(out, "]}");
}

static void add_csv_frame(struct text *out, const struct detection_batch *batch, size_t f)
{
    char at[CLOCK_TEXT_SIZE];
    clock_format(batch->frame_at_ms[f], at);
    for (size_t i = batch->frame_first[f]; i < batch->frame_first[f + 1]; i++) {
        text_addf(out, "%s,", at);
        text_add_int(out, batch->track[i]);
        text_add_char(out, ',');
        text_add_real(out, batch->x[i] / batch->scale_xy);
        text_add_char(out, ',');
        text_add_real(out, batch->y[i] / batch->scale_xy);
        text_add_char(out, '\n');
    }
}

static void reply_tracks(struct request *request, const struct detection_batch *batch,
                         int64_t next_ms, enum format format)
{
    struct text out;
    text_init(&out, ANSWER_BYTES_MAX);
    if (format == FORMAT_CSV)
        text_add(&out, "at,id,x,y\n");
    else if (format == FORMAT_JSON)
        text_add(&out, "{\"method\":\"" CROWD_METHOD "\",\"frames\":[");
    for (size_t f = 0; f < batch->frame_count; f++) {
        if (format == FORMAT_CSV) {
            add_csv_frame(&out, batch, f);
            continue;
        }
        if (format == FORMAT_JSON && f > 0)
            text_add_char(&out, ',');
        add_json_frame(&out, batch, f);
        if (format == FORMAT_NDJSON)
            text_add_char(&out, '\n');
    }
    answer_end_list(request, &out, format, next_ms);
    answer_reply(request, &out, format);
}

static enum err read_query(const struct request *request, struct crowd_tracks_query *query,
                           enum format *out_format, struct err_note *note)
{
    int64_t limit = POINTS_PAGE;
    query->event = request_param(request, "event");
    query->venue = request_param(request, "venue");
    TRY(answer_read_range(request, SPAN_MS, &query->from_ms, &query->to_ms, note));
    TRY(request_query_int(request, "limit", 1, POINTS_MAX, &limit, note));
    query->points_max = (size_t)limit;
    return answer_read_format(request, out_format, note);
}

static enum err check_venue(const struct app *app, const struct crowd_tracks_query *query,
                            struct err_note *note)
{
    struct crowd_picture *picture = crowd_picture(app->crowd, query->event, query->venue);
    if (picture == NULL)
        return err_set(note, ERR_NOT_FOUND, "venue", "there is no such venue");
    shared_unref(&picture->shared);
    return ERR_NONE;
}

void crowd_tracks_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct crowd_tracks_query query = {0};
    struct detection_batch *batch = NULL;
    int64_t next_ms = 0;
    enum format format;
    enum err err = read_query(request, &query, &format, &note);
    if (err == ERR_NONE)
        err = check_venue(app, &query, &note);
    if (err == ERR_NONE)
        err = crowd_tracks(app->crowd, &query, &batch, &next_ms);
    if (err != ERR_NONE) {
        reply_problem(request, err, &note);
        return;
    }
    reply_tracks(request, batch, next_ms, format);
    shared_unref(&batch->shared);
}
