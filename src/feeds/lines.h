// SPDX-License-Identifier: Apache-2.0
/* feeds/lines.h — text files of others, line by line: numbers out of them, and refusals that name the
 * place as file:line:column. */
#pragma once
#include "base/base.h"

/* One file's bytes, all borrowed. */
struct lines {
    const char *name; /* its path; notes show what stands after the last slash */
    const char *bytes;
    size_t len;
    struct err_note *note;
};

/* Calls `take` with each line (borrowed, not terminated, without its end), counted from 1, until it
 * fails. */
MUST_USE enum err lines_each(const struct lines *lines,
                             enum err (*take)(void *context, size_t line_number, const char *line,
                                              size_t len),
                             void *context);
/* Fills the note with the place and returns `err`. */
enum err lines_refuse(const struct lines *lines, size_t line, size_t column, enum err err,
                      const char *detail);
/* A finite number at *p, which moves behind it; leading blanks are skipped. */
bool lines_number(const char **p, const char *end, double *out);
