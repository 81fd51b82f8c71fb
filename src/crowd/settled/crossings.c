// SPDX-License-Identifier: Apache-2.0
#include "crowd/settled/crossings.h"

#include "base/metrics.h"

#define LONG_AGO (INT64_MIN / 4)

static struct metric late_total =
    METRIC_COUNTER("muster_crowd_crossings_late_total",
                   "Crossings of lines left out: their second had been told already.");

struct group {
    struct strides *strides;
    struct lines *lines;
    int64_t at_ms;  /* of its newest step */
    int64_t next_s; /* the first second not yet added to the venue's */
};

struct pending {
    int64_t s;
    uint32_t (*crossed)[LINE_WAYS]; /* owned; by line */
    uint64_t *watched;              /* owned */
};

struct told { /* for the window */
    int64_t s;
    uint32_t crossed[LINE_WAYS];
};

struct crossings {
    const struct venue_view *view;
    size_t words;
    struct group *groups;
    size_t group_count;
    struct pending pending[CROSSINGS_PENDING_MAX + 1]; /* by s */
    size_t pending_count;
    int64_t told_s;
    struct told (*windows)[CROSSINGS_WINDOW_S]; /* by line: watched seconds, a ring by s */
};

static void drop_groups(struct crossings *crossings)
{
    for (size_t g = 0; g < crossings->group_count; g++) {
        strides_destroy(crossings->groups[g].strides);
        lines_destroy(crossings->groups[g].lines);
    }
    mem_free(crossings->groups);
}

/* Groups are made when they have people: most venues have more groups than lines. */
static void make_groups(struct crossings *crossings, size_t group_count)
{
    crossings->groups = mem_new_array(group_count + 1, sizeof *crossings->groups);
    crossings->group_count = group_count;
    for (size_t g = 0; g < group_count; g++)
        crossings->groups[g].at_ms = LONG_AGO;
}

struct crossings *crossings_create(const struct venue_view *view, size_t group_count)
{
    if (view->line_count == 0)
        return NULL;
    struct crossings *crossings = mem_new(sizeof *crossings);
    crossings->view = view;
    crossings->words = (view->line_count + 63) / 64;
    crossings->told_s = LONG_AGO;
    crossings->windows = mem_new_array(view->line_count, sizeof *crossings->windows);
    for (size_t l = 0; l < view->line_count; l++) {
        for (size_t i = 0; i < CROSSINGS_WINDOW_S; i++)
            crossings->windows[l][i].s = LONG_AGO;
    }
    make_groups(crossings, group_count);
    return crossings;
}

static void drop_oldest(struct crossings *crossings)
{
    mem_free(crossings->pending[0].crossed);
    mem_free(crossings->pending[0].watched);
    crossings->pending_count--;
    memmove(&crossings->pending[0], &crossings->pending[1],
            crossings->pending_count * sizeof crossings->pending[0]);
}

void crossings_destroy(struct crossings *crossings)
{
    if (crossings == NULL)
        return;
    while (crossings->pending_count > 0)
        drop_oldest(crossings);
    drop_groups(crossings);
    mem_free(crossings->windows);
    mem_free(crossings);
}

static int64_t second_of(int64_t at_ms)
{
    return (at_ms - ((at_ms % 1000) + 1000) % 1000) / 1000;
}

/* NULL for a second that was told, or is older than all that wait while no more can. */
static struct pending *pending_at(struct crossings *crossings, int64_t s)
{
    size_t place = crossings->pending_count;
    while (place > 0 && crossings->pending[place - 1].s > s)
        place--;
    if (place > 0 && crossings->pending[place - 1].s == s)
        return &crossings->pending[place - 1];
    bool is_full = crossings->pending_count > CROSSINGS_PENDING_MAX;
    if (s <= crossings->told_s || is_full)
        return NULL;
    memmove(&crossings->pending[place + 1], &crossings->pending[place],
            (crossings->pending_count - place) * sizeof crossings->pending[0]);
    crossings->pending_count++;
    crossings->pending[place] = (struct pending){
        .s = s,
        .crossed = mem_new_array(crossings->view->line_count, sizeof(uint32_t[LINE_WAYS])),
        .watched = mem_new_array(crossings->words, sizeof(uint64_t))};
    return &crossings->pending[place];
}

static void drain_second(struct crossings *crossings, const struct group *group, int64_t s)
{
    for (size_t l = 0; l < crossings->view->line_count; l++) {
        uint32_t crossed[LINE_WAYS];
        lines_second(group->lines, l, s, crossed);
        int64_t count = (int64_t)crossed[LINE_TO_LEFT] + crossed[LINE_TO_RIGHT];
        struct pending *pending = count == 0 ? NULL : pending_at(crossings, s);
        if (pending == NULL) {
            metric_add(&late_total, count);
            continue;
        }
        for (int way = 0; way < LINE_WAYS; way++)
            pending->crossed[l][way] += crossed[way];
    }
}

/* All up to and including the second. */
static void drain(struct crossings *crossings, struct group *group, int64_t until_s)
{
    for (; group->lines != NULL && group->next_s <= until_s; group->next_s++)
        drain_second(crossings, group, group->next_s);
}

static void drain_all(struct crossings *crossings)
{
    for (size_t g = 0; g < crossings->group_count; g++)
        drain(crossings, &crossings->groups[g], second_of(crossings->groups[g].at_ms));
}

void crossings_regroup(struct crossings *crossings, size_t group_count)
{
    if (crossings == NULL)
        return;
    drain_all(crossings);
    drop_groups(crossings);
    make_groups(crossings, group_count);
}

/* --- moved --- */

static size_t line_of(const struct venue_view *view, const char *id)
{
    size_t l = 0;
    while (l < view->line_count && strcmp(view->lines[l].id, id) != 0)
        l++;
    return l;
}

static void make_lines(const struct crossings *crossings, struct group *group)
{
    /* A venue's lines have a length, and are no more than the limit: its editor sees to it. */
    enum err err = lines_create(crossings->view->lines, crossings->view->line_count, &group->lines);
    assert(err == ERR_NONE);
}

static void move_lines(struct crossings *to, struct group *group, const struct crossings *from,
                       struct lines *old)
{
    make_lines(to, group);
    for (size_t l = 0; l < to->view->line_count; l++) {
        size_t from_line = line_of(from->view, to->view->lines[l].id);
        if (from_line < from->view->line_count)
            lines_move(group->lines, l, old, from_line);
    }
}

/* People go on walking, and may still go back over lines that stay: what is not final goes with them.
 * Of lines that are gone it is drained. */
static void move_groups(struct crossings *to, struct crossings *from)
{
    drop_groups(to);
    to->group_count = from->group_count;
    to->groups = mem_copy(from->groups, (from->group_count + 1) * sizeof *from->groups);
    for (size_t g = 0; g < to->group_count; g++) {
        to->groups[g].lines = NULL;
        from->groups[g].strides = NULL;
        if (from->groups[g].lines != NULL)
            move_lines(to, &to->groups[g], from, from->groups[g].lines);
    }
    drain_all(from);
    drop_groups(from);
    from->groups = NULL;
    from->group_count = 0;
}

static void move_pending(struct crossings *to, struct crossings *from, size_t to_line,
                         size_t from_line)
{
    uint64_t bit = 1ULL << (from_line % 64);
    for (size_t i = 0; i < from->pending_count; i++) {
        struct pending *old = &from->pending[i], *pending = pending_at(to, old->s);
        if ((old->watched[from_line / 64] & bit) != 0)
            pending->watched[to_line / 64] |= 1ULL << (to_line % 64);
        memcpy(pending->crossed[to_line], old->crossed[from_line],
               sizeof pending->crossed[to_line]);
        old->watched[from_line / 64] &= ~bit;
    }
}

void crossings_move(struct crossings *to, struct crossings *from)
{
    if (from == NULL)
        return;
    if (to == NULL) {
        drain_all(from);
        return;
    }
    move_groups(to, from);
    to->told_s = from->told_s;
    for (size_t l = 0; l < to->view->line_count; l++) {
        size_t old = line_of(from->view, to->view->lines[l].id);
        if (old == from->view->line_count)
            continue;
        move_pending(to, from, l, old);
        memcpy(to->windows[l], from->windows[old], sizeof to->windows[l]);
    }
}

/* --- steps --- */

static void begin_group(const struct crossings *crossings, struct group *group)
{
    if (group->lines != NULL)
        return;
    if (group->strides == NULL)
        group->strides = strides_create();
    make_lines(crossings, group);
}

static void mark_watched(struct crossings *crossings, int64_t from_s, int64_t to_s,
                         const uint64_t *watched)
{
    for (int64_t s = from_s; s <= to_s; s++) {
        struct pending *pending = pending_at(crossings, s);
        for (size_t w = 0; pending != NULL && w < crossings->words; w++)
            pending->watched[w] |= watched[w];
    }
}

static void add_step(struct crossings *crossings, struct group *group,
                     const struct crowd_step *step, const uint64_t *watched)
{
    int64_t at_ms = step->at_ms;
    SCOPED_MEM struct tracker_person *people = mem_new_array(step->count + 1, sizeof *people);
    for (size_t i = 0; i < step->count; i++)
        people[i] = step->people[i].person;
    int64_t s = second_of(at_ms), before_s = second_of(group->at_ms);
    if (at_ms - group->at_ms > LINE_BOUNCE_MS) { /* nothing of before changes any more */
        drain(crossings, group, before_s);
        group->next_s = s;
    }
    begin_group(crossings, group);
    strides_step(group->strides, at_ms, people, step->count);
    size_t stride_count;
    const struct stride *strides = strides_peek(group->strides, &stride_count);
    lines_step(group->lines, at_ms, strides, stride_count);
    /* Between two steps that follow on one another it was watched, too. */
    bool goes_on = at_ms - group->at_ms <= SCENE_PERIOD_MS;
    mark_watched(crossings, goes_on ? before_s : s, s, watched);
    group->at_ms = at_ms;
    drain(crossings, group, second_of(at_ms - LINE_BOUNCE_MS) - 1);
}

void crossings_add(struct crossings *crossings, const struct crowd_scene_fixes *fixes,
                   const uint64_t *watched)
{
    struct crowd_step_cursor cursor = {0};
    struct crowd_step step;
    if (crossings == NULL)
        return;
    while (crowd_scene_fixes_next(fixes, &cursor, &step))
        add_step(crossings, &crossings->groups[fixes->group], &step, watched);
}

/* --- told --- */

static void tell_line(struct crossings *crossings, size_t line, const struct pending *pending,
                      struct crossing_second *out)
{
    struct told *window = crossings->windows[line];
    *out = (struct crossing_second){.is_watched =
                                        (pending->watched[line / 64] >> (line % 64) & 1) != 0};
    if (!out->is_watched)
        return;
    struct told *told =
        &window[((pending->s % CROSSINGS_WINDOW_S) + CROSSINGS_WINDOW_S) % CROSSINGS_WINDOW_S];
    told->s = pending->s;
    memcpy(told->crossed, pending->crossed[line], sizeof told->crossed);
    memcpy(out->crossed, pending->crossed[line], sizeof out->crossed);
    for (size_t i = 0; i < CROSSINGS_WINDOW_S; i++) {
        if (window[i].s <= pending->s - CROSSINGS_WINDOW_S)
            continue;
        out->watched_s++;
        for (int way = 0; way < LINE_WAYS; way++)
            out->window[way] += window[i].crossed[way];
    }
    out->has_flow = out->watched_s >= CROSSINGS_WATCHED_S_MIN;
    double metre_minutes = crossings->view->lines[line].width_m * out->watched_s / 60;
    for (int way = 0; out->has_flow && way < LINE_WAYS; way++)
        out->flow[way] = out->window[way] / metre_minutes;
}

bool crossings_take(struct crossings *crossings, int64_t settled_ms, int64_t *out_s,
                    struct crossing_second *out_lines)
{
    if (crossings == NULL || crossings->pending_count == 0)
        return false;
    int64_t s = crossings->pending[0].s;
    bool is_final = (s + 1) * 1000 - 1 + LINE_BOUNCE_MS <= settled_ms;
    if (!is_final && crossings->pending_count < CROSSINGS_PENDING_MAX)
        return false;
    for (size_t g = 0; g < crossings->group_count; g++)
        drain(crossings, &crossings->groups[g], s);
    for (size_t l = 0; l < crossings->view->line_count; l++)
        tell_line(crossings, l, &crossings->pending[0], &out_lines[l]);
    drop_oldest(crossings);
    crossings->told_s = s;
    *out_s = s;
    return true;
}
