// SPDX-License-Identifier: Apache-2.0
/* Who crossed a line since a time: the sums of its series, which every process can read, and its newest flow. */
#include "api/measured/crowd_lines.h"
#include "api/answers/answer.h"
#include "base/clock.h"
#include "crowd/crowd.h"
#include "readings/readings.h"

#include <stdio.h>

#define DAY_MS      (INT64_C(24) * 3600 * 1000)
#define MINUTE_MS   60000
#define HOUR_MS     3600000
#define SINCE_MAX_S 366
/* Longer ago a line was watched last, there is no flow of now. */
#define NEWEST_MS   60000
#define ANSWER_SIZE 4096

const char *const crowd_lines_query[] = {
    "since: RFC 3339 time; a day ago when absent. Taken from the beginning of its minute, or of "
    "its "
    "hour when it lies more than two days back; at most 366 days",
    NULL};

struct question {
    const struct app *app;
    const char *event;
    const char *line;
    int64_t since_ms, now_ms;
    int64_t step_ms;
};

static enum err read_question(const struct request *request, struct question *question,
                              struct err_note *note)
{
    const char *since = request_query(request, "since");
    question->since_ms = question->now_ms - DAY_MS;
    if (since != NULL && !clock_parse(since, strlen(since), &question->since_ms))
        return err_set(note, ERR_MALFORMED, "since",
                       "must be a time such as 2026-06-20T00:00:00Z or with an offset");
    int64_t span_ms = question->now_ms - question->since_ms;
    if (span_ms < 0 || span_ms > SINCE_MAX_S * DAY_MS)
        return err_set(note, ERR_INVALID, "since", "must lie in the past, at most %d days back",
                       SINCE_MAX_S);
    question->step_ms = span_ms > 2 * DAY_MS ? HOUR_MS : MINUTE_MS;
    question->since_ms -=
        ((question->since_ms % question->step_ms) + question->step_ms) % question->step_ms;
    return ERR_NONE;
}

static enum err query(const struct question *question, const char *measure,
                      struct series_query *inout_query, struct series_point **out_points,
                      size_t *out_count)
{
    char series[READINGS_SERIES_LEN];
    struct answer_extent extent;
    struct err_note note = {0};
    (void)snprintf(series, sizeof series, "line.%s:%s", question->line, measure);
    inout_query->event = question->event;
    inout_query->series = series;
    *out_points = NULL;
    *out_count = 0;
    enum err err =
        readings_query(question->app->readings, inout_query, out_points, out_count, &extent, &note);
    inout_query->series = NULL;                   /* lives here only */
    return err == ERR_NOT_FOUND ? ERR_NONE : err; /* never watched */
}

struct crossed {
    bool is_known;
    int64_t count;
};

static enum err sum(const struct question *question, const char *measure,
                    struct crossed *out_crossed)
{
    SCOPED_MEM struct series_point *points = NULL;
    size_t count;
    struct series_query sums = {.from_ms = question->since_ms,
                                .to_ms = question->now_ms,
                                .step_ms = question->step_ms,
                                .agg = SERIES_SUM};
    TRY(query(question, measure, &sums, &points, &count));
    *out_crossed = (struct crossed){.is_known = count > 0};
    for (size_t i = 0; i < count; i++)
        out_crossed->count += (int64_t)points[i].value;
    return ERR_NONE;
}

struct newest {
    bool is_known;
    int64_t at_ms;
    double value;
};

static enum err find_newest(const struct question *question, const char *measure,
                            struct newest *out_newest)
{
    SCOPED_MEM struct series_point *points = NULL;
    size_t count;
    struct series_query last = {.from_ms = question->now_ms - NEWEST_MS,
                                .to_ms = question->now_ms + LIMIT_FRAME_AHEAD_MS};
    TRY(query(question, measure, &last, &points, &count));
    *out_newest = (struct newest){.is_known = count > 0};
    if (count > 0) {
        out_newest->at_ms = points[count - 1].at_ms;
        out_newest->value = points[count - 1].value;
    }
    return ERR_NONE;
}

static void add_crossed(struct text *out, const char *name, const struct crossed *crossed)
{
    text_addf(out, ",\"%s\":", name);
    if (crossed->is_known)
        text_add_int(out, crossed->count);
    else
        text_add(out, "null");
}

static void add_newest(struct text *out, const char *name, const struct newest *newest)
{
    text_addf(out, ",\"%s\":", name);
    if (newest->is_known)
        text_add_real(out, newest->value);
    else
        text_add(out, "null");
}

static void add_time(struct text *out, const char *name, int64_t at_ms)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(at_ms, time);
    text_addf(out, ",\"%s\":\"%s\"", name, time);
}

static enum err answer(const struct question *question, const struct venue_line *line,
                       struct text *out)
{
    struct crossed left, right;
    struct newest second, flow_left, flow_right;
    TRY(sum(question, "to_left", &left));
    TRY(sum(question, "to_right", &right));
    TRY(find_newest(question, "to_left", &second));
    TRY(find_newest(question, "flow_to_left", &flow_left));
    TRY(find_newest(question, "flow_to_right", &flow_right));
    text_addf(out, "{\"line\":\"%s\",\"width_m\":", question->line);
    text_add_real(out, line->width_m);
    add_time(out, "since", question->since_ms);
    if (second.is_known) /* until the end of its newest second */
        add_time(out, "until", second.at_ms + 1000);
    else
        text_add(out, ",\"until\":null");
    add_crossed(out, "to_left", &left);
    add_crossed(out, "to_right", &right);
    add_newest(out, "flow_to_left", &flow_left);
    add_newest(out, "flow_to_right", &flow_right);
    text_addf(out, ",\"method\":\"%s\",\"uncertainty\":\"%s\"}", CROWD_LINES_METHOD,
              CROWD_LINES_UNCERTAINTY);
    return ERR_NONE;
}

static const struct venue_line *find_line(const struct venue_view *view, const char *id)
{
    for (size_t l = 0; l < view->line_count; l++) {
        if (strcmp(view->lines[l].id, id) == 0)
            return &view->lines[l];
    }
    return NULL;
}

void crowd_lines_get(struct request *request, void *context)
{
    const struct app *app = context;
    struct err_note note = {0};
    struct question question = {.app = app,
                                .event = request_param(request, "event"),
                                .line = request_param(request, "line"),
                                .now_ms = clock_now_ms()};
    const char *venue = request_param(request, "venue");
    struct venue_view *view = venues_view(app->venues, question.event, venue);
    const struct venue_line *line = view == NULL ? NULL : find_line(view, question.line);
    struct text out;
    text_init(&out, ANSWER_SIZE);
    enum err err = ERR_NONE;
    if (view == NULL)
        err = err_set(&note, ERR_NOT_FOUND, "venue", "there is no venue %s", venue);
    else if (line == NULL)
        err = err_set(&note, ERR_NOT_FOUND, "line", "there is no line %s", question.line);
    else
        err = read_question(request, &question, &note);
    if (err == ERR_NONE)
        err = answer(&question, line, &out);
    if (view != NULL)
        shared_unref(&view->shared);
    if (err != ERR_NONE) {
        text_fini(&out);
        reply_problem(request, err, &note);
        return;
    }
    assert(!out.overflowed);
    size_t len = out.len;
    reply_take(request, 200, "application/json", text_take(&out), len);
}
