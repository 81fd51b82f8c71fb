// SPDX-License-Identifier: Apache-2.0
/* accounts/audit.h — who did what, when, from where: appended in the transaction of the change
 * itself, never changed, never removed.
 *
 * Every row carries BLAKE2b-256 over the hash of the row before it and its own columns. A process
 * writes a chain of its own, whose first row stands after the newest row of any chain: so no lock
 * is held between processes on one PostgreSQL, and on SQLite all rows are one chain. audit_verify()
 * finds every changed, inserted or removed row; only rows cut off at the very end leave no trace in
 * the table, which is why it gives the newest hash, to be noted elsewhere (`muster audit verify`). */
#pragma once
#include "base/base.h"
#include "store/sql.h"

#define AUDIT_DETAIL_LEN 1000

/* Who acts. Both ids 0: the program itself. */
struct actor {
    int64_t person_id;
    int64_t token_id;
    char name[LIMIT_NAME_LEN + 1];
    char address[64]; /* of the client, as text; "" for the program */
};
struct principal;
struct actor actor_of(const struct principal *principal,
                      const char *address);   /* NULL: nobody known */
struct actor actor_program(const char *name); /* "muster apply" */

struct audit_change {
    const char *event;   /* id, or "" for the installation */
    const char *action;  /* "member.set": subject's kind, a dot, what happened */
    const char *subject; /* "person:12", "zone:stage-a" */
    const char *detail;  /* one line for people, cut at AUDIT_DETAIL_LEN bytes; never a secret */
};

/* Inside a command, beside the change that it tells of. */
MUST_USE enum err audit_append(struct db *db, const struct actor *actor,
                               const struct audit_change *change, int64_t now_ms);

struct audit_row {
    int64_t chain, number; /* a row's name; numbers grow by one from 1 in each chain */
    int64_t at_ms;
    int64_t person_id, token_id;
    char name[LIMIT_NAME_LEN + 1];
    char address[64];
    char event[LIMIT_ID_LEN + 1];
    char action[65];
    char subject[201];
    char detail[AUDIT_DETAIL_LEN + 1];
};

/* Rows of one event ("" = the installation's), newest first, before `before` (all zero = from the
 * newest on). The caller frees *out_rows (mem_free). */
struct audit_cursor {
    int64_t at_ms, chain, number;
};
MUST_USE enum err audit_list(struct db *db, const char *event, struct audit_cursor before,
                             size_t count_max, struct audit_row **out_rows, size_t *out_count);

/* Was this ever done to it? */
MUST_USE enum err audit_has(struct db *db, const char *event, const char *action,
                            const char *subject, bool *out_has);

struct audit_check {
    int64_t row_count;     /* that fit, before the first that does not */
    char head[65];         /* hex hash of the newest row; note it outside */
    bool has_noted;        /* the hash that was asked for is one of a row that fits */
    int64_t chain, number; /* of the first row that does not fit, when ERR_CORRUPT */
    int64_t at_ms;         /* what this row says of itself */
    char action[65];
};
/* Reads every row. ERR_CORRUPT when one was changed, inserted or removed. `noted` (or NULL) is a
 * head that an earlier check gave: as long as its row is there, nothing up to it was cut off. */
MUST_USE enum err audit_verify(struct db *db, const char *noted, struct audit_check *out_check);
