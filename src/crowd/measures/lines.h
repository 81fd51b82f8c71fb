// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/lines.h — who crosses a line on the floor, and which way.
 *
 * A person crosses where the way from their last place to the present one meets the line. A place on the
 * line itself belongs to its right, and of the line's ends the first belongs to it: a way through
 * adjoining lines crosses one of them, once. A way that cuts a bend off comes out where it was, and
 * crosses nothing. Counted at once; who comes back within LINE_BOUNCE_MS without having been
 * LINE_BOUNCE_M beyond takes the crossing back, rather than crossing twice. So to_left - to_right is
 * N(t) of the net, JPSreport's method A (Zhang et al., J. Stat. Mech. P06004, 2011), and
 * each direction is not inflated by who dithers on the line. */
#pragma once
#include "crowd/measures/strides.h"
#include "venues/venues.h"

#define LINE_BOUNCE_M     0.3
#define LINE_BOUNCE_MS    2000
#define LINE_SECONDS_KEPT 60

enum line_way { LINE_TO_LEFT, LINE_TO_RIGHT, LINE_WAYS };

struct line_counts {
    uint64_t crossed[LINE_WAYS]; /* since the beginning, bounces taken back */
};

struct lines;
/* ERR_INVALID for a line without length, ERR_TOO_LARGE beyond LIMIT_VENUE_LINES. Copies what it needs. */
MUST_USE enum err lines_create(const struct venue_line *lines, size_t count,
                               struct lines **out_lines);
void lines_destroy(struct lines *lines); /* NULL is fine */
DEFINE_SCOPED(lines)

/* A line of `to` that is new takes over from one of `from`, also who may still take their crossing back. */
void lines_move(struct lines *to, size_t to_line, struct lines *from, size_t from_line);

void lines_step(struct lines *lines, int64_t at_ms, const struct stride *strides, size_t count);
/* As of the last step. */
struct line_counts lines_counts(const struct lines *lines, size_t line);
/* Who crossed in the second that begins at s * 1000; nobody longer than LINE_SECONDS_KEPT ago. Final once
 * a step is later than its end by LINE_BOUNCE_MS. */
void lines_second(const struct lines *lines, size_t line, int64_t s,
                  uint32_t out_crossed[LINE_WAYS]);
