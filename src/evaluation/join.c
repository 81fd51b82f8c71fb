// SPDX-License-Identifier: Apache-2.0
/* Positions to items: the truth sets the frames, tracks are brought to them, ids become small numbers. */
#include "evaluation/positions.h"

#include <math.h>
#include <stdio.h>

#define DAY_TIME_MS 100000000000 /* 1973: what is later is a time of day and not of a recording */

struct joining {
    const struct positions_alignment *alignment;
    int64_t first, step; /* of the truth's frame numbers */
    size_t frame_count;
    double zero_ms, period_ms; /* moment of the first judged frame, and between two */
    double gap_ms;
    struct positions_report *report;
    struct err_note *note;
};

struct items {
    struct evaluation_item *items;
    size_t count, size;
};

static int compare_by_moment(const void *a, const void *b)
{
    const struct position *left = a;
    const struct position *right = b;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return left->line < right->line ? -1 : left->line > right->line;
}

static int compare_by_id(const void *a, const void *b)
{
    const struct position *left = a;
    const struct position *right = b;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return compare_by_moment(a, b);
}

static const char *short_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static enum err refuse_at(const struct joining *joining, const char *name, uint32_t line,
                          const char *detail)
{
    char place[100];
    (void)snprintf(place, sizeof place, "%.80s:%u:1", short_name(name), line);
    return err_set(joining->note, ERR_INVALID, place, "%s", detail);
}

/* Sorts, and gives every id a number from 0 by its order. */
static enum err prepare(const struct joining *joining, struct positions *positions,
                        const char *name)
{
    if (positions->count == 0)
        return ERR_NONE;
    struct position *items = positions->items;
    qsort(items, positions->count, sizeof *items, compare_by_id);
    int64_t number = 0;
    int64_t before = items[0].id;
    for (size_t i = 0; i < positions->count; i++) {
        if (items[i].id != before) {
            number++;
        } else if (i > 0 && items[i].at == items[i - 1].at) {
            return refuse_at(joining, name, items[i].line,
                             positions->has_times ? "has an id that already stands at this time"
                                                  : "has an id that already stands in this frame");
        }
        before = items[i].id;
        items[i].id = number;
    }
    return ERR_NONE;
}

static void add_item(struct items *items, struct evaluation_item item)
{
    if (items->count == items->size) {
        items->size = MAX((size_t)1024, items->size * 2);
        items->items = mem_resize(items->items, items->size * sizeof *items->items);
    }
    items->items[items->count++] = item;
}

static struct evaluation_item item_of(const struct position *position, size_t frame)
{
    return (struct evaluation_item){.frame = (uint32_t)frame,
                                    .id = (uint32_t)position->id,
                                    .role = position->role,
                                    .x = position->x,
                                    .y = position->y,
                                    .w = position->w,
                                    .h = position->h};
}

/* Those in a judged frame; returns how many lie before the first or after the last. */
static size_t take_frames(const struct joining *joining, const struct positions *positions,
                          struct items *items)
{
    size_t outside = 0;
    int64_t last = joining->first + (int64_t)(joining->frame_count - 1) * joining->step;
    for (size_t i = 0; i < positions->count; i++) {
        const struct position *position = &positions->items[i];
        if (position->at < joining->first || position->at > last) {
            outside++;
            continue;
        }
        int64_t distance = position->at - joining->first;
        if (distance % joining->step == 0)
            add_item(items, item_of(position, (size_t)(distance / joining->step)));
    }
    return outside;
}

/* --- tracks with times --- */

/* Where a track is at a moment between two of its positions, either of which may be missing. */
static bool place_at(const struct joining *joining, const struct position *before,
                     const struct position *after, double at_ms, struct position *out)
{
    double half_ms = joining->period_ms / 2;
    if (before != NULL && after != NULL && (double)(after->at - before->at) <= joining->gap_ms) {
        double part = (at_ms - (double)before->at) / (double)(after->at - before->at);
        *out = *before;
        out->x += (after->x - before->x) * part;
        out->y += (after->y - before->y) * part;
        out->w += (after->w - before->w) * part;
        out->h += (after->h - before->h) * part;
        return true;
    }
    double since = before == NULL ? INFINITY : at_ms - (double)before->at;
    double until = after == NULL ? INFINITY : (double)after->at - at_ms;
    const struct position *nearest = since <= until ? before : after;
    if (nearest == NULL || (nearest == before ? since > half_ms : until >= half_ms))
        return false;
    *out = *nearest;
    return true;
}

/* The first judged frame at this moment or later; may lie beyond the last. */
static size_t frame_from(const struct joining *joining, double at_ms)
{
    double frame = ceil((at_ms - joining->zero_ms) / joining->period_ms);
    return (size_t)fmax(0, fmin(frame, (double)joining->frame_count));
}

static enum err take_track(const struct joining *joining, const struct position *track,
                           size_t count, struct items *items)
{
    double half_ms = joining->period_ms / 2;
    size_t next = 0; /* the first position after the moment */
    size_t frame = frame_from(joining, (double)track[0].at - half_ms);
    while (frame < joining->frame_count) {
        double at_ms = joining->zero_ms + (double)frame * joining->period_ms;
        while (next < count && (double)track[next].at <= at_ms)
            next++;
        const struct position *before = next == 0 ? NULL : &track[next - 1];
        const struct position *after = next == count ? NULL : &track[next];
        struct position place;
        if (place_at(joining, before, after, at_ms, &place)) {
            if (items->count == LIMIT_EVALUATION_POSITIONS)
                return err_set(joining->note, ERR_TOO_LARGE,
                               short_name(joining->alignment->tracks_name),
                               "has more than %d positions in the truth's frames; split it",
                               LIMIT_EVALUATION_POSITIONS);
            add_item(items, item_of(&place, frame));
            frame++;
        } else if (after == NULL) {
            break;
        } else {
            frame = MAX(frame + 1, frame_from(joining, (double)after->at - half_ms));
        }
    }
    return ERR_NONE;
}

static enum err take_times(const struct joining *joining, const struct positions *tracks,
                           struct items *items)
{
    double half_ms = joining->period_ms / 2;
    double last_ms =
        joining->zero_ms + (double)(joining->frame_count - 1) * joining->period_ms + half_ms;
    for (size_t first = 0, end = 0; first < tracks->count; first = end) {
        for (end = first; end < tracks->count && tracks->items[end].id == tracks->items[first].id;
             end++) {
            double at_ms = (double)tracks->items[end].at;
            joining->report->outside += at_ms < joining->zero_ms - half_ms || at_ms > last_ms;
        }
        TRY(take_track(joining, tracks->items + first, end - first, items));
    }
    return ERR_NONE;
}

/* --- frames --- */

static enum err find_frames(struct joining *joining, const struct positions *truth)
{
    const struct positions_alignment *alignment = joining->alignment;
    int64_t first = truth->first;
    int64_t last = truth->last;
    joining->step = truth->step == 0 ? 1 : truth->step;
    if (alignment->has_range) {
        /* The truth's own frames, carried on before its first and after its last. */
        int64_t shift = (truth->first - alignment->first) % joining->step;
        first = alignment->first + (shift < 0 ? shift + joining->step : shift);
        last = alignment->last;
    }
    if (last < first || (last - first) / joining->step >= LIMIT_EVALUATION_FRAMES)
        return err_set(joining->note, ERR_INVALID, short_name(alignment->truth_name),
                       "has %s; look at --frames and at its frame numbers",
                       last < first ? "no frame in this range" : "more than 10,000,000 frames");
    joining->first = first;
    joining->frame_count = (size_t)((last - first) / joining->step) + 1;
    return ERR_NONE;
}

static int compare_steps(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* The usual time between two positions of a track, sorted by id and time; 0 when none has two. */
static double median_step(const struct positions *tracks)
{
    int64_t *steps = mem_new_array(tracks->count + 1, sizeof *steps);
    size_t count = 0;
    for (size_t i = 1; i < tracks->count; i++) {
        if (tracks->items[i].id == tracks->items[i - 1].id)
            steps[count++] = tracks->items[i].at - tracks->items[i - 1].at;
    }
    qsort(steps, count, sizeof *steps, compare_steps);
    double median = (double)steps[count / 2];
    mem_free(steps);
    return median;
}

static enum err find_times(struct joining *joining, const struct positions *truth,
                           const struct positions *tracks)
{
    const struct positions_alignment *alignment = joining->alignment;
    double frames_per_s =
        alignment->frames_per_s > 0 ? alignment->frames_per_s : truth->frames_per_s;
    if (!(frames_per_s > 0))
        return err_set(joining->note, ERR_INVALID, "--frames-per-s",
                       "say how many frame numbers of %.80s are a second",
                       short_name(alignment->truth_name));
    for (size_t i = 0; i < tracks->count && !alignment->has_start; i++) {
        if (tracks->items[i].at >= DAY_TIME_MS)
            return err_set(joining->note, ERR_INVALID, "--start",
                           "%.80s tells times of day: say when the truth's first frame was",
                           short_name(alignment->tracks_name));
    }
    double start_ms = alignment->has_start ? (double)alignment->start_ms : 0;
    joining->zero_ms = start_ms + (double)(joining->first - truth->first) * 1000 / frames_per_s;
    joining->period_ms = (double)joining->step * 1000 / frames_per_s;
    joining->gap_ms = alignment->gap_ms > 0 ? (double)alignment->gap_ms : 1.5 * median_step(tracks);
    return ERR_NONE;
}

static bool has_person(const struct items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        if (items->items[i].role == EVALUATION_PERSON)
            return true;
    }
    return false;
}

static enum err check(const struct joining *joining, const struct positions *tracks,
                      const struct items *truths, const struct items *found)
{
    const struct positions_alignment *alignment = joining->alignment;
    if (!has_person(truths))
        return err_set(joining->note, ERR_INVALID, short_name(alignment->truth_name),
                       "holds nobody in the judged frames: give the ground truth of this sequence "
                       "(in MOTChallenge's files column 7 is not 0 and the class is 1)");
    if (tracks->count > 0 && found->count == 0)
        return err_set(
            joining->note, ERR_INVALID, short_name(alignment->tracks_name),
            "has no position in the truth's frames, %lld to %lld; look at its frame "
            "numbers, or at --start and --frames-per-s",
            (long long)joining->first,
            (long long)(joining->first + (int64_t)(joining->frame_count - 1) * joining->step));
    return ERR_NONE;
}

static int compare_items(const void *a, const void *b)
{
    const struct evaluation_item *left = a;
    const struct evaluation_item *right = b;
    if (left->frame != right->frame)
        return left->frame < right->frame ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

static enum err join(struct joining *joining, struct positions *truth, struct positions *tracks,
                     struct items *truths, struct items *found)
{
    const struct positions_alignment *alignment = joining->alignment;
    if (truth->count == 0)
        return check(joining, tracks, truths, found);
    if (tracks->count > 0 && truth->kind != tracks->kind)
        return err_set(joining->note, ERR_INVALID, short_name(alignment->tracks_name),
                       "holds %s, the truth %s; they cannot be compared",
                       tracks->kind == EVALUATION_BOXES ? "boxes" : "floor positions",
                       truth->kind == EVALUATION_BOXES ? "boxes" : "floor positions");
    TRY(find_frames(joining, truth));
    TRY(prepare(joining, truth, alignment->truth_name));
    TRY(prepare(joining, tracks, alignment->tracks_name));
    (void)take_frames(joining, truth, truths); /* what is judged elsewhere is no fault */
    if (tracks->has_times) {
        TRY(find_times(joining, truth, tracks));
        TRY(take_times(joining, tracks, found));
    } else {
        joining->report->outside = take_frames(joining, tracks, found);
    }
    return check(joining, tracks, truths, found);
}

static void sort_items(struct items *items)
{
    if (items->count > 0)
        qsort(items->items, items->count, sizeof *items->items, compare_items);
}

enum err positions_join(struct positions *truth, struct positions *tracks,
                        const struct positions_alignment *alignment,
                        struct evaluation_sequence *out, struct positions_report *out_report,
                        struct err_note *note)
{
    struct positions_report report = {0};
    struct joining joining = {.alignment = alignment, .report = &report, .note = note};
    struct items truths = {0};
    struct items found = {0};
    enum err err = join(&joining, truth, tracks, &truths, &found);
    if (err != ERR_NONE) {
        mem_free(truths.items);
        mem_free(found.items);
        return err;
    }
    sort_items(&truths);
    sort_items(&found);
    *out = (struct evaluation_sequence){.kind = truth->kind,
                                        .frame_count = joining.frame_count,
                                        .truths = truths.items,
                                        .tracks = found.items,
                                        .truth_count = truths.count,
                                        .track_count = found.count};
    *out_report = report;
    return ERR_NONE;
}
