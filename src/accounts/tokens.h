// SPDX-License-Identifier: Apache-2.0
/* accounts/tokens.h — what devices and programs sign in with: "mst_" and 256 random bits, shown
 * once, stored as BLAKE2b-256, bound to one event and, if wanted, to one device of it; revocable.
 * A token sends what devices measure, or reads what is counted; none does both, so that what stands in
 * a camera reads no counts, and what a city's platform holds cannot bring wrong counts in. */
#pragma once
#include "accounts/audit.h"

struct accounts;

#define TOKEN_PREFIX           "mst_"
#define TOKEN_SECRET_SIZE      48    /* prefix, base64url, terminator */
#define LIMIT_TOKENS_PER_EVENT 10000 /* 409 */

#define REVOKED_TOKENS_KEEP_MS (30 * 86400000LL) /* then the list shows them no more */

enum token_purpose {
    TOKEN_SENDS, /* ROLE_DEVICE */
    TOKEN_READS, /* ROLE_READER; of no device */
    TOKEN_OTHER, /* of a newer program, or an older one: nobody here, but listed, and can be revoked */
};
/* In the API and in the table, of those that can be made; ends with NULL. */
extern const char *const token_purpose_names[];
const char *token_purpose_name(enum token_purpose purpose); /* "unknown" of TOKEN_OTHER */

struct device_token {
    int64_t id;
    enum token_purpose purpose;
    char event[LIMIT_ID_LEN + 1];
    char device[LIMIT_ID_LEN + 1]; /* "" = any device of the event */
    char name[LIMIT_NAME_LEN + 1];
    int64_t created_at_ms;
    int64_t last_used_at_ms; /* to the minute; 0 = never */
    int64_t revoked_at_ms;   /* 0 = lives */
};

/* Inside a command. Takes event, purpose, device and name from `wanted`; the secret exists nowhere else.
 * ERR_INVALID for one that reads and is a device's. */
MUST_USE enum err token_insert(struct db *db, const struct actor *actor,
                               const struct device_token *wanted, int64_t now_ms,
                               struct device_token *out_token, char out_secret[TOKEN_SECRET_SIZE],
                               struct err_note *note);
/* With its own commit: for start-up, demo and tests. */
MUST_USE enum err token_create(struct accounts *accounts, const struct actor *actor,
                               const struct device_token *wanted, int64_t now_ms,
                               struct device_token *out_token, char out_secret[TOKEN_SECRET_SIZE],
                               struct err_note *note);
/* ERR_NOT_FOUND when the event has no such living token. */
MUST_USE enum err token_revoke(struct accounts *accounts, const struct actor *actor,
                               const char *event, int64_t token_id, int64_t now_ms);
/* Living and revoked, in the order of ids, after `after_id`. The caller frees *out_tokens. */
MUST_USE enum err token_list(struct db *db, const char *event, int64_t after_id, size_t count_max,
                             struct device_token **out_tokens, size_t *out_count);
