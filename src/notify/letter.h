// SPDX-License-Identifier: Apache-2.0
/* notify/letter.h — the words of a mail about incidents that opened: what, where, value and threshold,
 * since when, where to look, how to acknowledge; or about incidents that ended: why and after how long.
 * Places are called by their names, with their ids beside. The worst comes first. Pure: no clock, no table.
 * Names and series are what people and devices chose: in HTML they are escaped, in the subject they
 * cannot start a new line. */
#pragma once
#include "alerts/incident.h"

enum letter_kind { LETTER_OPENED, LETTER_RESOLVED };

/* What people call the places of an incident; "" where they have no name. */
struct letter_names {
    char place[LIMIT_NAME_LEN + 1]; /* the zone or device */
    char venue[LIMIT_NAME_LEN + 1];
};
struct letter_sender {
    const char *event_name;
    const char *public_url; /* without a slash at the end */
    enum letter_kind kind;
    bool is_cut; /* others who should have got it did not: it went to the most that are allowed */
    void (*name)(void *context, const struct incident *incident, struct letter_names *out_names);
    void *context; /* of name(), which may be NULL: by ids alone */
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
