// SPDX-License-Identifier: Apache-2.0
/* base/err.h — failures of the world. A bug is an assert; a refusal ("zone full") is a value of the
 * module's own decision enum. What is left is one of these; http_status_of() in net/ maps them. */
#pragma once
#include <stdarg.h>

enum err {
    ERR_NONE,
    ERR_MALFORMED,       /* cannot be read at all: broken JSON, bad UTF-8, bad gzip (400) */
    ERR_INVALID,         /* can be read, means nothing here: wrong type, out of range (422) */
    ERR_UNAUTHENTICATED, /* nobody known (401) */
    ERR_FORBIDDEN,       /* known, not allowed (403) */
    ERR_NOT_FOUND,       /* (404) */
    ERR_CONFLICT,        /* exists already, or changed meanwhile (409) */
    ERR_TOO_LARGE,       /* over a named limit (413) */
    ERR_UNSUPPORTED,     /* media type or encoding that we do not speak (415) */
    ERR_TOO_MANY,        /* over a rate (429, Retry-After) */
    ERR_BUSY,            /* queue full, database away, disk full: try again (503, Retry-After) */
    ERR_NO_MEMORY,       /* a peer-sized allocation was refused (503) */
    ERR_IO,              /* the disk or the network failed (500) */
    ERR_CORRUPT,         /* stored bytes fail their check (500) */
    ERR_COUNT
};

/* Words for a person: what is wrong, where, and what to do. Filled by whoever noticed. */
struct err_note {
    char place[160];  /* "frames[3].persons[0][2]", "muster.yaml:12:5", "header Content-Type" */
    char detail[320]; /* a full sentence, with the remedy */
};

const char *err_name(enum err err); /* "invalid" */

/* Fills the note (which may be NULL) and returns err, so that a refusal is one line:
 * return err_set(note, ERR_INVALID, "capacity", "must be 1 or more, is %d", n); */
__attribute__((format(printf, 4, 5))) enum err err_set(struct err_note *note, enum err err,
                                                       const char *place, const char *detail, ...);
/* Puts a prefix before the place: "readings[3]" + "timestamp" = "readings[3].timestamp". */
void err_note_within(struct err_note *note, const char *prefix);

#ifdef __clang_analyzer__ /* It sees one file at a time: let it know that err_set() returns `err`. */
#define err_set(note, err, ...) ((void)(err_set)(note, err, __VA_ARGS__), (err))
#endif
