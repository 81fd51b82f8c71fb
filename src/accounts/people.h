// SPDX-License-Identifier: Apache-2.0
/* accounts/people.h — people who sign in. A password is 8 to LIMIT_PASSWORD_LEN bytes, not one of
 * the most guessed ones, and stored as argon2id. At most LIMIT_PASSWORD_HASHES are hashed at a
 * time, in the whole process; one more is ERR_BUSY. */
#pragma once
#include "accounts/audit.h"

struct accounts;

struct person {
    int64_t id; /* below 2^53, so that JavaScript can hold it */
    char email[LIMIT_EMAIL_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    bool is_admin;
    bool is_disabled; /* may not sign in */
    int64_t created_at_ms;
};

struct person_new {
    char email[LIMIT_EMAIL_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    char password[LIMIT_PASSWORD_LEN + 1];
    bool is_admin;
};

/* A person who was checked and whose password is hashed already: ready for a command. */
struct person_draft {
    struct person person;
    char password_hash[128];
};

/* Lower case, without spaces around; false when it cannot be an address. */
bool email_normalise(const char *email, char out[LIMIT_EMAIL_LEN + 1]);

enum password_verdict { PASSWORD_GOOD, PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, PASSWORD_GUESSED };
enum password_verdict password_judge(const char *password, const char *email, const char *name);
/* One that nobody can guess, to be shown once. */
#define PASSWORD_RANDOM_SIZE 25
void password_random(char out[PASSWORD_RANDOM_SIZE]);

/* ERR_INVALID naming the member; ERR_BUSY. Takes about 0.2 s. */
MUST_USE enum err person_prepare(struct accounts *accounts, const struct person_new *wanted,
                                 int64_t now_ms, struct person_draft *out_draft,
                                 struct err_note *note);
/* Inside a command. ERR_CONFLICT when the address is taken. */
MUST_USE enum err person_insert(struct db *db, const struct person_draft *draft,
                                const struct actor *actor, struct err_note *note);
/* Both, waiting for the commit. */
MUST_USE enum err person_create(struct accounts *accounts, const struct person_new *wanted,
                                const struct actor *actor, int64_t now_ms,
                                struct person *out_person, struct err_note *note);

MUST_USE enum err person_by_id(struct db *db, int64_t id, struct person *out_person);
MUST_USE enum err person_by_email(struct db *db, const char *email, struct person *out_person);
/* In the order of ids, after `after_id`. The caller frees *out_people (mem_free). */
MUST_USE enum err person_list(struct db *db, int64_t after_id, size_t count_max,
                              struct person **out_people, size_t *out_count);

struct password_change {
    char current[LIMIT_PASSWORD_LEN + 1];
    char next[LIMIT_PASSWORD_LEN + 1];
};
/* Ends every other session of the person than `keep_session_id`. ERR_FORBIDDEN when the current
 * password is wrong, ERR_TOO_MANY after too many of those. */
MUST_USE enum err person_password_change(struct accounts *accounts, const struct actor *actor,
                                         const struct password_change *change,
                                         int64_t keep_session_id, int64_t now_ms,
                                         struct err_note *note);

/* What an admin changes of a person. */
struct person_change {
    char name[LIMIT_NAME_LEN + 1];
    bool is_disabled;
    bool has_name;
    bool has_is_disabled;
};
/* Disabling ends all sessions of the person, live sockets too. ERR_NOT_FOUND; ERR_CONFLICT for
 * disabling oneself; ERR_FORBIDDEN when the actor was disabled meanwhile: so an admin is always left. */
MUST_USE enum err person_change(struct accounts *accounts, const struct actor *actor,
                                int64_t person_id, const struct person_change *change,
                                int64_t now_ms, struct person *out_person, struct err_note *note);
/* A new password without the old one, for somebody else; ends all sessions of the person. Refusals as
 * above; one's own password is changed with person_password_change(). */
MUST_USE enum err person_password_reset(struct accounts *accounts, const struct actor *actor,
                                        int64_t person_id, const char *password, int64_t now_ms,
                                        struct err_note *note);
