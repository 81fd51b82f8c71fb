// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/lines.h"

#include <math.h>

struct passing { /* somebody who has crossed and is not yet LINE_BOUNCE_M beyond */
    uint64_t id;
    enum line_way way;
    int64_t crossed_ms;
};

struct counter {
    struct point *points; /* owned */
    size_t point_count;
    struct point low, high;
    uint64_t crossed[LINE_WAYS];
    int64_t seconds_s[LINE_SECONDS_KEPT]; /* a ring: which second each place holds */
    uint32_t seconds[LINE_SECONDS_KEPT][LINE_WAYS];
    struct passing *passings;
    size_t passing_count, room;
};

struct lines {
    struct counter *counters;
    size_t count;
};

static double length_of(const struct venue_line *line)
{
    double length_m = 0;
    for (size_t i = 1; i < line->point_count; i++)
        length_m += hypot(line->points[i].x - line->points[i - 1].x,
                          line->points[i].y - line->points[i - 1].y);
    return length_m;
}

static void counter_init(struct counter *counter, const struct venue_line *line)
{
    *counter = (struct counter){.point_count = line->point_count};
    counter->points = mem_copy(line->points, line->point_count * sizeof *line->points);
    counter->low = counter->high = line->points[0];
    for (size_t i = 1; i < line->point_count; i++) {
        counter->low.x = fmin(counter->low.x, line->points[i].x);
        counter->low.y = fmin(counter->low.y, line->points[i].y);
        counter->high.x = fmax(counter->high.x, line->points[i].x);
        counter->high.y = fmax(counter->high.y, line->points[i].y);
    }
    for (size_t s = 0; s < LINE_SECONDS_KEPT; s++)
        counter->seconds_s[s] = INT64_MIN;
}

enum err lines_create(const struct venue_line *lines, size_t count, struct lines **out_lines)
{
    if (count > LIMIT_VENUE_LINES)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < count; i++) {
        if (!(length_of(&lines[i]) > 0))
            return ERR_INVALID;
    }
    struct lines *made = mem_new(sizeof *made);
    made->counters = mem_new_array(count + 1, sizeof *made->counters);
    made->count = count;
    for (size_t i = 0; i < count; i++)
        counter_init(&made->counters[i], &lines[i]);
    *out_lines = made;
    return ERR_NONE;
}

void lines_destroy(struct lines *lines)
{
    if (lines == NULL)
        return;
    for (size_t i = 0; i < lines->count; i++) {
        mem_free(lines->counters[i].points);
        mem_free(lines->counters[i].passings);
    }
    mem_free(lines->counters);
    mem_free(lines);
}

void lines_move(struct lines *to, size_t to_line, struct lines *from, size_t from_line)
{
    struct counter *new = &to->counters[to_line], *old = &from->counters[from_line];
    assert(new->room == 0);
    memcpy(new->crossed, old->crossed, sizeof new->crossed);
    memcpy(new->seconds_s, old->seconds_s, sizeof new->seconds_s);
    memcpy(new->seconds, old->seconds, sizeof new->seconds);
    new->passings = TAKE(old->passings);
    new->passing_count = old->passing_count;
    new->room = old->room;
    old->passing_count = old->room = 0;
    memset(old->crossed, 0, sizeof old->crossed);
    memset(old->seconds, 0, sizeof old->seconds);
}

/* --- geometry --- */

/* Left of the way from a to b; to the right, below zero. */
static double leftness(struct point a, struct point b, struct point p)
{
    return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
}

/* One to the left, minus one to the right, or none. */
static int crosses_segment(struct point a, struct point b, const struct stride *stride)
{
    double from = leftness(a, b, stride->from), to = leftness(a, b, stride->at);
    double length2 = (b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y);
    if ((from > 0) == (to > 0) || length2 <= 0)
        return 0;
    double t = from / (from - to);
    double x = stride->from.x + t * (stride->at.x - stride->from.x);
    double y = stride->from.y + t * (stride->at.y - stride->from.y);
    double along = ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / length2;
    if (!(along >= 0 && along < 1))
        return 0;
    return to > 0 ? 1 : -1;
}

static bool is_beside(const struct counter *counter, const struct stride *stride)
{
    return fmax(stride->from.x, stride->at.x) < counter->low.x ||
           fmin(stride->from.x, stride->at.x) > counter->high.x ||
           fmax(stride->from.y, stride->at.y) < counter->low.y ||
           fmin(stride->from.y, stride->at.y) > counter->high.y;
}

static bool crosses(const struct counter *counter, const struct stride *stride,
                    enum line_way *out_way)
{
    int net = 0;
    if (!stride->has_from || is_beside(counter, stride))
        return false;
    for (size_t i = 1; i < counter->point_count; i++)
        net += crosses_segment(counter->points[i - 1], counter->points[i], stride);
    *out_way = net > 0 ? LINE_TO_LEFT : LINE_TO_RIGHT;
    return net != 0;
}

static double metres_to_segment(struct point a, struct point b, struct point p)
{
    double length2 = (b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y);
    double t = length2 > 0 ? ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length2 : 0;
    t = fmin(fmax(t, 0), 1);
    return hypot(a.x + t * (b.x - a.x) - p.x, a.y + t * (b.y - a.y) - p.y);
}

static bool is_clear(const struct counter *counter, struct point place)
{
    for (size_t i = 1; i < counter->point_count; i++) {
        if (metres_to_segment(counter->points[i - 1], counter->points[i], place) < LINE_BOUNCE_M)
            return false;
    }
    return true;
}

/* --- counting --- */

static int64_t second_of(int64_t at_ms)
{
    return (at_ms - ((at_ms % 1000) + 1000) % 1000) / 1000;
}

static size_t place_of(int64_t s)
{
    return (size_t)((s % LINE_SECONDS_KEPT + LINE_SECONDS_KEPT) % LINE_SECONDS_KEPT);
}

/* NULL when the ring has moved on. */
static uint32_t *second_at(struct counter *counter, int64_t at_ms)
{
    int64_t s = second_of(at_ms);
    size_t place = place_of(s);
    if (counter->seconds_s[place] > s)
        return NULL;
    if (counter->seconds_s[place] < s) {
        counter->seconds_s[place] = s;
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

static void drop_passing(struct counter *counter, struct passing *passing)
{
    if (passing != NULL)
        *passing = counter->passings[--counter->passing_count];
}

static void add_passing(struct counter *counter, struct passing passing)
{
    if (counter->passing_count == counter->room) {
        counter->room = MAX(16, 2 * counter->room);
        counter->passings =
            mem_resize(counter->passings, counter->room * sizeof *counter->passings);
    }
    counter->passings[counter->passing_count++] = passing;
}

static void take_back(struct counter *counter, const struct passing *passing)
{
    uint32_t *crossed = second_at(counter, passing->crossed_ms);
    if (crossed != NULL && crossed[passing->way] > 0)
        crossed[passing->way]--;
    counter->crossed[passing->way]--;
}

static void count_crossing(struct counter *counter, const struct stride *stride, enum line_way way)
{
    struct passing *passing = passing_of(counter, stride->id);
    if (passing != NULL && passing->way != way &&
        passing->crossed_ms >= stride->at_ms - LINE_BOUNCE_MS) {
        take_back(counter, passing);
        drop_passing(counter, passing);
        return;
    }
    drop_passing(counter, passing);
    counter->crossed[way]++;
    uint32_t *second = second_at(counter, stride->at_ms);
    if (second != NULL)
        second[way]++;
    if (!is_clear(counter, stride->at))
        add_passing(counter, (struct passing){stride->id, way, stride->at_ms});
}

static void look_at(struct counter *counter, const struct stride *stride)
{
    enum line_way way;
    if (crosses(counter, stride, &way)) {
        count_crossing(counter, stride, way);
        return;
    }
    struct passing *passing = counter->passing_count == 0 ? NULL : passing_of(counter, stride->id);
    if (passing != NULL && is_clear(counter, stride->at))
        drop_passing(counter, passing);
}

void lines_step(struct lines *lines, int64_t at_ms, const struct stride *strides, size_t count)
{
    for (size_t l = 0; l < lines->count; l++) {
        struct counter *counter = &lines->counters[l];
        for (size_t i = 0; i < count; i++)
            look_at(counter, &strides[i]);
        for (size_t p = counter->passing_count; p-- > 0;) {
            if (counter->passings[p].crossed_ms < at_ms - LINE_BOUNCE_MS)
                drop_passing(counter, &counter->passings[p]);
        }
    }
}

struct line_counts lines_counts(const struct lines *lines, size_t line)
{
    struct line_counts counts;
    memcpy(counts.crossed, lines->counters[line].crossed, sizeof counts.crossed);
    return counts;
}

void lines_second(const struct lines *lines, size_t line, int64_t s,
                  uint32_t out_crossed[LINE_WAYS])
{
    const struct counter *counter = &lines->counters[line];
    size_t place = place_of(s);
    memset(out_crossed, 0, LINE_WAYS * sizeof *out_crossed);
    if (counter->seconds_s[place] == s)
        memcpy(out_crossed, counter->seconds[place], sizeof counter->seconds[place]);
}
