// SPDX-License-Identifier: Apache-2.0
/* crowd/settled/crossings.h — who crosses the lines of a venue, second by second: the groups of cameras each
 * for itself, added up. Pure.
 *
 *   settled steps of a group ── strides, lines ──┐
 *   settled steps of a group ── strides, lines ──┴─> seconds ── every group is past it, and by
 *                                                    LINE_BOUNCE_MS beyond ──> told, once
 *
 * Settled steps, and not the people of now: an identity that was wrong for a moment would be a crossing
 * that nobody made, and a count that is told cannot be taken back. What it costs is the tracker's lag, up to
 * a second until the group settles, and LINE_BOUNCE_MS: a crossing is told some five seconds after it
 * was made. Counts at a gate are acted on by the minute.
 *
 * A line is watched in a second when a group that shows its middle has followed people in it. Nothing is
 * told of a line that is not. */
#pragma once
#include "crowd/measures/lines.h"
#include "crowd/scenes/scene.h"

#define CROSSINGS_WINDOW_S 60
/* A flow of less than this has been watched for too short a time to be told. */
#define CROSSINGS_WATCHED_S_MIN 10
/* Seconds that wait for a group; beyond, the oldest is told without it. */
#define CROSSINGS_PENDING_MAX 64

struct crossing_second { /* of one line */
    bool is_watched;
    uint32_t crossed[LINE_WAYS]; /* in this second */
    uint32_t
        window[LINE_WAYS]; /* in the watched seconds of the last CROSSINGS_WINDOW_S, this one too */
    uint32_t watched_s;    /* of the window */
    bool has_flow;
    double flow[LINE_WAYS]; /* persons / min / m of the window */
};

struct crossings;
/* NULL when the venue has no lines. Borrows the view. */
struct crossings *crossings_create(const struct venue_view *view, size_t group_count);
void crossings_destroy(struct crossings *crossings); /* NULL is fine */
/* The venue has other lines now, those of `to`; groups and people are the same. What waits in `from` goes on
 * waiting in `to`, line by line, and the second at hand goes on there, as does who may still take a crossing
 * back; in `from` are left the seconds of lines that `to` does not have, to be taken at once. Either may
 * be NULL. */
void crossings_move(struct crossings *to, struct crossings *from);
/* The groups have other numbers now, and people other ids. */
void crossings_regroup(struct crossings *crossings, size_t group_count);

/* `watched`: bits of the lines that the group shows, (line_count + 63) / 64 words. Borrows both. */
void crossings_add(struct crossings *crossings, const struct crowd_scene_fixes *fixes,
                   const uint64_t *watched);
/* The oldest second that is final, when all groups that are heard have settled up to `settled_ms`;
 * false when there is none. `out_lines` has room for every line of the view. Seconds come in their
 * order, each once. */
bool crossings_take(struct crossings *crossings, int64_t settled_ms, int64_t *out_s,
                    struct crossing_second *out_lines);
