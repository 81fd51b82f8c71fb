// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/lines.h"

#include <math.h>

enum way { TO_LEFT, TO_RIGHT, WAYS };

struct passing { /* somebody who has crossed and is not yet LINE_BOUNCE_M beyond */
    uint64_t id;
    enum way way;
    int64_t crossed_ms, seen_ms;
};

struct counter {
    struct line line;
    double length_m;
    uint64_t crossed[WAYS];
    int64_t seconds_begin_ms[LINE_WINDOW_SECONDS]; /* a ring: which second each place holds */
    uint32_t seconds[LINE_WINDOW_SECONDS][WAYS];
    struct passing *passings;
    size_t passing_count, room;
};

struct lines {
    struct counter *counters;
    size_t count;
    bool has_begun;
    int64_t began_ms, at_ms;
};

enum err lines_create(const struct line *lines, size_t count, struct lines **out_lines)
{
    if (count > LIMIT_VENUE_LINES)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < count; i++) {
        if (!(hypot(lines[i].b.x - lines[i].a.x, lines[i].b.y - lines[i].a.y) > 0))
            return ERR_INVALID;
    }
    struct lines *made = mem_new(sizeof *made);
    made->counters = mem_new_array(count + 1, sizeof *made->counters);
    made->count = count;
    for (size_t i = 0; i < count; i++) {
        struct counter *counter = &made->counters[i];
        counter->line = lines[i];
        counter->length_m = hypot(lines[i].b.x - lines[i].a.x, lines[i].b.y - lines[i].a.y);
        for (size_t s = 0; s < LINE_WINDOW_SECONDS; s++)
            counter->seconds_begin_ms[s] = INT64_MIN;
    }
    *out_lines = made;
    return ERR_NONE;
}

void lines_destroy(struct lines *lines)
{
    if (lines == NULL)
        return;
    for (size_t i = 0; i < lines->count; i++)
        mem_free(lines->counters[i].passings);
    mem_free(lines->counters);
    mem_free(lines);
}

/* Metres left of the line through a and b; to the right, below zero. */
static double metres_left(const struct counter *counter, struct point p)
{
    struct point a = counter->line.a, b = counter->line.b;
    return ((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)) / counter->length_m;
}

static bool crosses(const struct counter *counter, const struct stride *stride, enum way *out_way)
{
    double from = metres_left(counter, stride->from), to = metres_left(counter, stride->at);
    if ((from > 0) == (to > 0))
        return false;
    struct point a = counter->line.a, b = counter->line.b;
    double t = from / (from - to);
    double x = stride->from.x + t * (stride->at.x - stride->from.x);
    double y = stride->from.y + t * (stride->at.y - stride->from.y);
    double along = ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) /
                   (counter->length_m * counter->length_m);
    *out_way = to > 0 ? TO_LEFT : TO_RIGHT;
    return along >= 0 && along < 1;
}

static int64_t second_begin(int64_t at_ms)
{
    return at_ms - ((at_ms % 1000) + 1000) % 1000;
}

/* The place of a moment's second in the ring; NULL when the ring has moved on. */
static uint32_t *second_of(struct counter *counter, int64_t at_ms)
{
    int64_t begin_ms = second_begin(at_ms);
    size_t place = (size_t)(((begin_ms / 1000) % LINE_WINDOW_SECONDS + LINE_WINDOW_SECONDS) %
                            LINE_WINDOW_SECONDS);
    if (counter->seconds_begin_ms[place] > begin_ms)
        return NULL;
    if (counter->seconds_begin_ms[place] < begin_ms) {
        counter->seconds_begin_ms[place] = begin_ms;
        memset(counter->seconds[place], 0, sizeof counter->seconds[place]);
    }
    return counter->seconds[place];
}

static struct passing *passing_of(struct counter *counter, uint64_t id)
{
    for (size_t i = 0; i < counter->passing_count; i++) {
        if (counter->passings[i].id == id)
            return &counter->passings[i];
    }
    return NULL;
}

static void count_crossing(struct counter *counter, const struct stride *stride, enum way way)
{
    struct passing *passing = passing_of(counter, stride->id);
    if (passing != NULL && passing->way != way) { /* a bounce */
        uint32_t *crossed = second_of(counter, passing->crossed_ms);
        if (crossed != NULL && crossed[passing->way] > 0)
            crossed[passing->way]--;
        counter->crossed[passing->way]--;
        *passing = counter->passings[--counter->passing_count];
        return;
    }
    counter->crossed[way]++;
    uint32_t *second = second_of(counter, stride->at_ms);
    if (second != NULL)
        second[way]++;
    if (fabs(metres_left(counter, stride->at)) >= LINE_BOUNCE_M) {
        if (passing != NULL)
            *passing = counter->passings[--counter->passing_count];
        return;
    }
    if (passing == NULL) {
        if (counter->passing_count == counter->room) {
            counter->room = MAX(16, 2 * counter->room);
            counter->passings =
                mem_resize(counter->passings, counter->room * sizeof *counter->passings);
        }
        passing = &counter->passings[counter->passing_count++];
    }
    *passing = (struct passing){stride->id, way, stride->at_ms, stride->at_ms};
}

static void look_at(struct counter *counter, const struct stride *stride)
{
    enum way way;
    if (stride->has_from && crosses(counter, stride, &way)) {
        count_crossing(counter, stride, way);
        return;
    }
    if (counter->passing_count == 0)
        return;
    struct passing *passing = passing_of(counter, stride->id);
    if (passing == NULL)
        return;
    passing->seen_ms = stride->at_ms;
    /* Far enough beyond, or come from nowhere: what was crossed stays crossed. */
    if (!stride->has_from || fabs(metres_left(counter, stride->at)) >= LINE_BOUNCE_M)
        *passing = counter->passings[--counter->passing_count];
}

void lines_step(struct lines *lines, int64_t at_ms, const struct stride *strides, size_t count)
{
    if (!lines->has_begun)
        lines->began_ms = at_ms;
    lines->has_begun = true;
    lines->at_ms = at_ms;
    for (size_t l = 0; l < lines->count; l++) {
        struct counter *counter = &lines->counters[l];
        for (size_t i = 0; i < count; i++)
            look_at(counter, &strides[i]);
        for (size_t p = counter->passing_count; p-- > 0;) {
            if (counter->passings[p].seen_ms < at_ms - STRIDES_FORGET_MS)
                counter->passings[p] = counter->passings[--counter->passing_count];
        }
    }
}

struct line_counts lines_counts(const struct lines *lines, size_t line)
{
    const struct counter *counter = &lines->counters[line];
    struct line_counts counts = {.length_m = counter->length_m,
                                 .to_left = counter->crossed[TO_LEFT],
                                 .to_right = counter->crossed[TO_RIGHT]};
    int64_t window_begin_ms = second_begin(lines->at_ms) - (LINE_WINDOW_MS - 1000);
    counts.watched_ms = lines->at_ms - MAX(window_begin_ms, lines->began_ms);
    counts.has_flow = lines->has_begun && counts.watched_ms >= LINE_WATCHED_MS_MIN;
    uint32_t crossed[WAYS] = {0};
    for (size_t s = 0; s < LINE_WINDOW_SECONDS; s++) {
        if (counter->seconds_begin_ms[s] < window_begin_ms)
            continue;
        crossed[TO_LEFT] += counter->seconds[s][TO_LEFT];
        crossed[TO_RIGHT] += counter->seconds[s][TO_RIGHT];
    }
    if (counts.has_flow) {
        double metre_minutes = counter->length_m * (double)counts.watched_ms / 60000;
        counts.flow_to_left = crossed[TO_LEFT] / metre_minutes;
        counts.flow_to_right = crossed[TO_RIGHT] / metre_minutes;
    }
    return counts;
}
