// SPDX-License-Identifier: Apache-2.0
/* accounts/sessions.h — signed-in browsers. A session's token is 256 random bits; the database
 * holds its BLAKE2b-256 only. It is new at every sign-in, ends after a time without requests and
 * after an absolute time, and can be listed and revoked. */
#pragma once
#include "accounts/audit.h"

struct accounts;
struct principal;

#define SESSION_TOKEN_SIZE        44 /* base64url and terminator */
#define LIMIT_SESSIONS_PER_PERSON 50 /* a further sign-in ends the one unused for longest */

struct session {
    int64_t id;
    int64_t person_id;
    int64_t created_at_ms;
    int64_t seen_at_ms; /* to the minute */
    int64_t expires_at_ms;
    char address[64];
    char agent[201];
};

struct sign_in {
    const char *email;
    const char *password;
    const char *address;         /* the client's */
    const char *agent;           /* User-Agent, or NULL */
    int64_t replaces_session_id; /* the browser's former session, ended by success; 0 = none */
};

/* ERR_UNAUTHENTICATED when address or password is wrong, after the same time in both cases;
 * ERR_TOO_MANY after too many failures for the account or from the address; ERR_BUSY. */
MUST_USE enum err session_sign_in(struct accounts *accounts, const struct sign_in *sign_in,
                                  int64_t now_ms, char out_token[SESSION_TOKEN_SIZE],
                                  struct session *out_session, struct err_note *note);

/* Signing out is revoking one's own. ERR_NOT_FOUND when it is not this person's. */
MUST_USE enum err session_revoke(struct accounts *accounts, const struct actor *actor,
                                 int64_t person_id, int64_t session_id, int64_t now_ms);

/* Live ones of a person, the latest seen first. The caller frees *out_sessions (mem_free). */
MUST_USE enum err session_list(struct accounts *accounts, int64_t person_id, int64_t now_ms,
                               struct session **out_sessions, size_t *out_count);
