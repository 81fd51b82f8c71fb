// SPDX-License-Identifier: Apache-2.0
/* Shared by the files of accounts/ only. */
#pragma once
#include "accounts/accounts.h"
#include "accounts/password.h"
#include "accounts/principal_cache.h"
#include "accounts/sign_in_throttle.h"

#define SECRET_HASH_SIZE 32

struct accounts {
    struct store *store;
    struct password_cost cost;
    int64_t session_idle_ms;
    int64_t session_absolute_ms;
    char nobodys_hash[PASSWORD_HASH_SIZE]; /* checked for unknown addresses: takes the same time */
    struct sign_in_throttle throttle;
    struct principal_cache *cache;
};

/* BLAKE2b-256 of a token: what the database and the cache know of it. */
void secret_hash(const char *secret, uint8_t out_hash[SECRET_HASH_SIZE]);
/* `prefix` and 256 random bits in base64url. */
void secret_make(const char *prefix, char *out, size_t size);
/* Random, below 2^53: JSON numbers are doubles in a browser. */
int64_t account_id_new(void);

/* "person:<id>" for audit rows. */
struct account_label {
    char text[48];
};
struct account_label account_label_of(const char *kind, int64_t id);

enum token_purpose token_purpose_of(const char *name);

/* With room for so many memberships; the caller fills it before anybody else sees it. */
struct principal *principal_new(enum principal_kind kind, size_t membership_count);
/* From the database, into a new principal. ERR_UNAUTHENTICATED when there is none (any more). */
MUST_USE enum err principal_load_session(struct db *db, const struct accounts *accounts,
                                         const uint8_t hash[SECRET_HASH_SIZE], int64_t now_ms,
                                         struct principal_entry *out_entry);
MUST_USE enum err principal_load_token(struct db *db, const uint8_t hash[SECRET_HASH_SIZE],
                                       int64_t now_ms, struct principal_entry *out_entry);
/* Every session of the person but one, 0 = all of them. Inside a command; forget the person after the commit. */
MUST_USE enum err sessions_end_others(struct db *db, int64_t person_id, int64_t keep_session_id);

/* ERR_INVALID, with words, for one that is too short, too long or obvious; `place` is its member. */
MUST_USE enum err password_check(const char *place, const char *password,
                                 const struct person *person, struct err_note *note);
/* ERR_BUSY, with words. */
MUST_USE enum err password_hash_or_note(struct accounts *accounts, const char *password,
                                        char out_hash[PASSWORD_HASH_SIZE], struct err_note *note);
MUST_USE enum err person_name_check(const char *name, struct err_note *note);

/* The stored hash and the id of the person with this (normal) address; ERR_NOT_FOUND. */
MUST_USE enum err password_hash_of(struct db *db, const char *email,
                                   char out_hash[PASSWORD_HASH_SIZE], int64_t *out_person_id);

struct password_attempt {
    const char *account; /* normal address */
    const char *address; /* the client's */
    const char *hash;
    const char *password;
    int64_t now_ms;
};
/* Throttled; ERR_UNAUTHENTICATED, ERR_TOO_MANY, ERR_BUSY. Only a wrong password counts. */
MUST_USE enum err password_attempt_check(struct accounts *accounts,
                                         const struct password_attempt *attempt,
                                         struct err_note *note);
