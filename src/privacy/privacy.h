// SPDX-License-Identifier: Apache-2.0
/* privacy/privacy.h — what an installation stores, about whom, and until when: one table, which the
 * command, the API and the page say the same from. It holds words, not periods: how long is asked of
 * whoever knows (what housekeeping was really told to remove, or the settings as they would be), and
 * tests hold the two against each other. Every table of both stores stands in some line; a test
 * goes through them. docs/how-to-add-stored-data.md says what to do with a new one. Pure. */
#pragma once
#include "base/json.h"
#include "base/text.h"

enum privacy_about { ABOUT_CROWD, ABOUT_GUESTS, ABOUT_STAFF, ABOUT_NOBODY };

enum privacy_personal {
    PERSONAL_NO,
    PERSONAL_NAMELESS, /* single people, but nobody can tell who they are */
    PERSONAL_YES,      /* names, addresses, or what leads to them */
};

enum privacy_end {
    END_AFTER,      /* removed when it is so old */
    END_REMOVED,    /* when somebody removes or overwrites it */
    END_NEVER,      /* kept for ever */
    END_IN_MEMORY,  /* never written; gone after the time, and when the program ends */
    END_NOT_STORED, /* does not even reach the server, or is not kept by it */
};

struct privacy_kind {
    const char *id;    /* "tracks" */
    const char *name;  /* "Where single people walked" */
    const char *holds; /* a sentence: what is in it */
    enum privacy_about about;
    enum privacy_personal personal;
    enum privacy_end end;
    const char
        *since;      /* behind the time: "after the mail was sent"; else how it ends; NULL = nothing
                            to add */
    const char *why; /* a sentence: what for, and why so long */
    const char *setting; /* of which the time is; NULL = always more_ms */
    int64_t
        more_ms; /* of END_AFTER and END_IN_MEMORY: on top of the setting: what stands together goes together */
    const char *tables; /* "main.notify_mail main.notify_told"; "" = none */
    const char *stream; /* whose records in store_record these are; NULL = none */
};

extern const struct privacy_kind privacy_kinds[];
extern const size_t privacy_kind_count;

/* What no line says: of deleting, of copies. Ends with NULL. */
extern const char *const privacy_notes[];

/* How long the data of a line of END_AFTER is kept, in ms; 0 = for ever. */
struct privacy_clock {
    int64_t (*age_ms)(const void *context, const struct privacy_kind *kind);
    const void *context;
};

/* "6 hours and 10 seconds": the two largest units that say it exactly, or next above. */
#define PRIVACY_TIME_SIZE 64
void privacy_time_words(int64_t ms, char out[PRIVACY_TIME_SIZE]);

/* Goes through "main.notify_mail main.notify_told": copies the next name and moves *inout_names
 * behind it. False at the end. */
#define PRIVACY_TABLE_SIZE 96
bool privacy_next_table(const char **inout_names, char out_name[PRIVACY_TABLE_SIZE]);

/* The document of GET /api/v1/privacy; the caller owns it. */
json_t *privacy_json(const struct privacy_clock *clock);
/* The same for people, at most so many columns wide. */
void privacy_add_text(struct text *out, const struct privacy_clock *clock);
