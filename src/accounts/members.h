// SPDX-License-Identifier: Apache-2.0
/* accounts/members.h — who has which roles at an event. */
#pragma once
#include "accounts/audit.h"
#include "accounts/people.h"

struct accounts;

#define LIMIT_MEMBERSHIPS_PER_PERSON 1000 /* 409 */

struct member {
    struct person person;
    uint32_t roles; /* of ROLES_EVENT */
};

/* Inside a command; call accounts_forget_person() after the commit. Roles of ROLES_EVENT, at least
 * one. ERR_NOT_FOUND when there is no such person. */
MUST_USE enum err member_write(struct db *db, const struct actor *actor, const char *event,
                               int64_t person_id, uint32_t roles, int64_t now_ms,
                               struct err_note *note);
/* Inside a command: no memberships and no living tokens of the event remain. */
MUST_USE enum err members_remove_event(struct db *db, const char *event, int64_t now_ms);

/* The same with their own commit, forgetting included. */
MUST_USE enum err member_set(struct accounts *accounts, const struct actor *actor,
                             const char *event, int64_t person_id, uint32_t roles, int64_t now_ms,
                             struct err_note *note);
MUST_USE enum err member_remove(struct accounts *accounts, const struct actor *actor,
                                const char *event, int64_t person_id, int64_t now_ms,
                                struct err_note *note);

/* In the order of person ids, after `after_id`. The caller frees *out_members (mem_free). */
MUST_USE enum err member_list(struct db *db, const char *event, int64_t after_id, size_t count_max,
                              struct member **out_members, size_t *out_count);

/* Role names as in the API: "organiser", "control", "crew", "door", "guest". */
extern const char *const ROLE_NAMES[];   /* ends with NULL; bit 1 + index of enum role */
uint32_t role_of_name(const char *name); /* 0 when there is none */
