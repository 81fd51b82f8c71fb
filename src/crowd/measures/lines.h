// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/lines.h — who crosses a line on the floor, which way, and how many a metre and minute.
 *
 * A person crosses where the way from their last place to the present one meets the line. A place on the
 * line itself belongs to its right, and of the line's ends the first belongs to it: a way through
 * adjoining lines crosses one of them, once. Counted at once; who comes back before being
 * LINE_BOUNCE_M beyond the line takes the crossing back, rather than crossing twice. So
 * to_left - to_right is N(t) of the net, JPSreport's method A (Zhang et al., J. Stat. Mech. P06004,
 * 2011), and each direction's flow is not inflated by who dithers on the line.
 *
 * Flow: crossings of the last LINE_WINDOW_SECONDS, the present one among them, over their time and the
 * line's length. */
#pragma once
#include "crowd/measures/strides.h"

#define LINE_BOUNCE_M       0.3
#define LINE_WINDOW_SECONDS 60
#define LINE_WINDOW_MS      (LINE_WINDOW_SECONDS * 1000)
/* A flow of less than this has been watched for too short a time to be told. */
#define LINE_WATCHED_MS_MIN 10000

struct line { /* left and right as seen from a, looking to b */
    struct point a, b;
};

struct line_counts {
    double length_m;
    uint64_t to_left, to_right; /* since the beginning, bounces taken back */
    int64_t watched_ms;         /* of the window, so far */
    bool has_flow;
    double flow_to_left, flow_to_right; /* persons / min / m */
};

struct lines;
/* ERR_INVALID for a line without length, ERR_TOO_LARGE beyond LIMIT_VENUE_LINES. Copies them. */
MUST_USE enum err lines_create(const struct line *lines, size_t count, struct lines **out_lines);
void lines_destroy(struct lines *lines); /* NULL is fine */
DEFINE_SCOPED(lines)

void lines_step(struct lines *lines, int64_t at_ms, const struct stride *strides, size_t count);
/* As of the last step. */
struct line_counts lines_counts(const struct lines *lines, size_t line);
