// SPDX-License-Identifier: Apache-2.0
/* net/http/answers/missing.h — what was not found, in words that every route shares: the address says what was
 * asked for, where it was looked for, and whether there is a list of its kind for the caller. It repeats only what the
 * caller wrote, and so tells nobody what else there is. */
#pragma once
#include "net/http/internal.h"

/* Of a 404 whose note names a parameter of the path, or nothing. False, and nothing is written, when the note
 * says itself what to do ("...; ask an organiser"), or speaks of something else. */
bool missing_tell(struct request *request, const struct err_note *note, const char **out_place,
                  struct text *out_detail);
