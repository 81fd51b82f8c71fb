// SPDX-License-Identifier: Apache-2.0
/* notify/letter.h — the words of a mail about incidents that opened: what, where, value and threshold,
 * since when, where to look, how to acknowledge. The worst comes first. Pure: no clock, no table.
 * Names and series are what people and devices chose: in HTML they are escaped, in the subject they
 * cannot start a new line. */
#pragma once
#include "alerts/incident.h"

struct letter_sender {
    const char *event_name;
    const char *public_url; /* without a slash at the end */
};
struct letter {
    char *subject; /* at most LETTER_SUBJECT_LEN bytes of UTF-8; all three are owned */
    char *text;
    char *html;
};
#define LETTER_SUBJECT_LEN 200

/* `incidents` are all of one event, 1 or more; the array is put in order. */
void letter_compose(const struct incident **incidents, size_t count,
                    const struct letter_sender *sender, struct letter *out_letter);
void letter_fini(struct letter *letter);
