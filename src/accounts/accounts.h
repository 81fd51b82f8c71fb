// SPDX-License-Identifier: Apache-2.0
/* accounts/accounts.h — people, their roles at events, sessions, the tokens of devices, and the log
 * of who did what.
 *
 * Functions that take a `struct db *` run inside a command (store.h), so that a change and its
 * audit row are one commit. Functions that take a `struct accounts *` wait for the database:
 * workers, start-up, tests; never an HTTP event thread, except accounts_principal_remembered(). */
#pragma once
#include "accounts/tokens.h"
#include "base/base.h"
#include "base/shared.h"
#include "store/store.h"

enum role {
    ROLE_ADMIN = 1 << 0,     /* the whole installation; passes everywhere */
    ROLE_ORGANISER = 1 << 1, /* all of one event */
    ROLE_CONTROL = 1 << 2,   /* the control room of one event */
    ROLE_CREW = 1 << 3,
    ROLE_DOOR = 1 << 4,
    ROLE_GUEST = 1 << 5,
    ROLE_DEVICE = 1 << 6, /* a token: one device's, or "any device of this event" */
    ROLE_PERSON = 1 << 7, /* in route tables: whoever is signed in, at any event or none */
    ROLE_READER = 1 << 8, /* a token: a program that reads how many people are where */
};
#define ROLES_STAFF (ROLE_ORGANISER | ROLE_CONTROL | ROLE_CREW | ROLE_DOOR)
#define ROLES_WATCH (ROLE_ORGANISER | ROLE_CONTROL) /* who sees the control room */
#define ROLES_EVENT (ROLES_STAFF | ROLE_GUEST)      /* what a person can be at an event */
#define ROLES_TOKEN (ROLE_DEVICE | ROLE_READER)     /* what a token can be */

enum principal_kind { PRINCIPAL_PERSON, PRINCIPAL_TOKEN };

/* Who is asking. Immutable and counted. */
struct principal {
    struct shared shared;
    enum principal_kind kind;
    int64_t person_id; /* of a person; 0 for a token */
    int64_t token_id;
    int64_t session_id;   /* of a person who came by session */
    int64_t loaded_at_us; /* clock_monotonic_us, before the database was asked */
    int64_t
        ends_at_ms; /* of the session, as it stood then: absolute or idle; INT64_MAX for tokens */
    char name[LIMIT_NAME_LEN + 1];
    char email[LIMIT_EMAIL_LEN + 1];
    bool is_admin;
    enum token_purpose purpose; /* of a token, like the next */
    char event[LIMIT_ID_LEN + 1];
    char device[LIMIT_ID_LEN + 1]; /* of a device's token; "" = any device of the event */
    size_t membership_count;
    struct principal_membership {
        char event[LIMIT_ID_LEN + 1];
        uint32_t roles;
    } memberships[]; /* in the order of event ids */
};

/* The roles of this principal at one event; an admin has all but ROLES_TOKEN. NULL principal: 0. */
uint32_t principal_roles(const struct principal *principal, const char *event);
/* Has a role at the event, or is a token of it. */
bool principal_is_at(const struct principal *principal, const char *event);
/* For who holds one for longer than a request, and asks at least every 30 s: false once the session has
 * ended or idled away, or the person, token or event was forgotten since it was loaded. False is no
 * verdict: the token must be looked up anew. From memory, never waits. */
bool principal_is_current(const struct principal *principal, int64_t now_ms);
void principal_unref(void *principal); /* NULL is fine */

extern const struct store_module accounts_store_module;
/* From now on housekeeping removes sessions that are over, and tokens REVOKED_TOKENS_KEEP_MS after
 * they were revoked. */
void accounts_keep(struct store *main_store, int64_t session_absolute_ms);

struct accounts;

struct accounts_options {
    struct store *store;         /* main */
    int64_t session_idle_ms;     /* 0 = 30 minutes; kept to a minute, or a quarter of it */
    int64_t session_absolute_ms; /* 0 = 8 hours */
    uint64_t password_passes;    /* argon2id's t; 0 = 3 */
    size_t password_bytes;       /* argon2id's m; 0 = 64 MiB */
};

MUST_USE enum err accounts_open(const struct accounts_options *options,
                                struct accounts **out_accounts, struct err_note *note);
void accounts_close(struct accounts *accounts);
static inline void accounts_destroy(struct accounts *accounts)
{
    if (accounts != NULL)
        accounts_close(accounts);
}
DEFINE_SCOPED(accounts)

/* The principal of a session's or a device's token; from memory (at most PRINCIPAL_TTL_MS old; at
 * once forgotten on sign-out, revocation and role changes) or from the database. The caller unrefs.
 * ERR_UNAUTHENTICATED when unknown, expired or revoked; ERR_BUSY when the database is away. */
#define PRINCIPAL_TTL_MS   2000
#define PRINCIPAL_RENEW_MS 1000
MUST_USE enum err accounts_principal_of_session(struct accounts *accounts, const char *token,
                                                int64_t now_ms, struct principal **out_principal);
MUST_USE enum err accounts_principal_of_token(struct accounts *accounts, const char *token,
                                              int64_t now_ms, struct principal **out_principal);
/* From memory or not at all (NULL): for event threads. The caller unrefs. */
struct principal *accounts_principal_remembered(struct accounts *accounts, enum principal_kind kind,
                                                const char *token, int64_t now_ms);

/* After the commit of a change to a person's roles: forget them, here and in the other processes.
 */
void accounts_forget_person(struct accounts *accounts, int64_t person_id);
void accounts_forget_token(struct accounts *accounts, int64_t token_id);
void accounts_forget_event(struct accounts *accounts, const char *event); /* all who had a role */

/* There is no person at all. */
MUST_USE enum err accounts_is_empty(struct accounts *accounts, bool *out_is_empty,
                                    struct err_note *note);

struct accounts_first_admin {
    const char *email; /* NULL = admin@localhost */
    const char *password;
};
/* Creates the first admin when there is no person at all. `out_email` is the new admin's, or "" when
 * none was needed, perhaps because another process was first. */
MUST_USE enum err accounts_bootstrap(struct accounts *accounts,
                                     const struct accounts_first_admin *admin, int64_t now_ms,
                                     char out_email[LIMIT_EMAIL_LEN + 1], struct err_note *note);

#include "accounts/audit.h"
#include "accounts/members.h"
#include "accounts/people.h"
#include "accounts/sessions.h"
