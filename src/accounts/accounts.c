// SPDX-License-Identifier: Apache-2.0
#include "accounts/accounts_internal.h"
#include "accounts/forgotten.h"
#include "base/random.h"
#include "base/text.h"
#include "store/consumer.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#define CHANNEL                                                                                    \
    "accounts" /* between processes: "person 12", "token 7" or "event demo" was changed */

static const struct store_migration MIGRATIONS[] = {
    {1, "CREATE TABLE person ("
        " id BIGINT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
        " password_hash TEXT NOT NULL, is_admin BIGINT NOT NULL, created_at_ms BIGINT NOT NULL);"
        "CREATE TABLE person_session ("
        " id BIGINT PRIMARY KEY, token_hash BYTEA NOT NULL UNIQUE,"
        " person_id BIGINT NOT NULL REFERENCES person (id),"
        " created_at_ms BIGINT NOT NULL, seen_at_ms BIGINT NOT NULL, expires_at_ms BIGINT NOT NULL,"
        " address TEXT NOT NULL, agent TEXT NOT NULL);"
        "CREATE INDEX person_session_by_person ON person_session (person_id, seen_at_ms);"
        "CREATE INDEX person_session_by_end ON person_session (expires_at_ms);"
        "CREATE TABLE membership ("
        " event TEXT NOT NULL, person_id BIGINT NOT NULL REFERENCES person (id),"
        " roles BIGINT NOT NULL, changed_at_ms BIGINT NOT NULL, PRIMARY KEY (event, person_id));"
        "CREATE INDEX membership_by_person ON membership (person_id, event);"
        "CREATE TABLE device_token ("
        " id BIGINT PRIMARY KEY, token_hash BYTEA NOT NULL UNIQUE, event TEXT NOT NULL,"
        " device TEXT NOT NULL, name TEXT NOT NULL, created_at_ms BIGINT NOT NULL,"
        " last_used_at_ms BIGINT NOT NULL, revoked_at_ms BIGINT NOT NULL);"
        "CREATE INDEX device_token_by_event ON device_token (event, id);"
        "CREATE TABLE audit ("
        " chain BIGINT NOT NULL, number BIGINT NOT NULL, after_chain BIGINT NOT NULL,"
        " after_number BIGINT NOT NULL, at_ms BIGINT NOT NULL, person_id BIGINT NOT NULL,"
        " token_id BIGINT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, event TEXT NOT NULL,"
        " action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, hash BYTEA NOT NULL,"
        " PRIMARY KEY (chain, number));"
        "CREATE INDEX audit_by_time ON audit (at_ms, chain, number);"
        "CREATE INDEX audit_by_event ON audit (event, at_ms, chain, number);"},
    {2, "ALTER TABLE person ADD COLUMN disabled_at_ms BIGINT NOT NULL DEFAULT 0;"}, /* 0 = not */
    {3, "CREATE INDEX person_session_by_start ON person_session (created_at_ms);"
        "CREATE INDEX device_token_revoked ON device_token (revoked_at_ms)"
        " WHERE revoked_at_ms > 0;"},
    {4, "ALTER TABLE device_token ADD COLUMN purpose TEXT NOT NULL DEFAULT 'send';"},
};

const struct store_module accounts_store_module = {
    .name = "accounts", .migrations = MIGRATIONS, .migration_count = COUNT_OF(MIGRATIONS)};

void secret_hash(const char *secret, uint8_t out_hash[SECRET_HASH_SIZE])
{
    (void)crypto_generichash(out_hash, SECRET_HASH_SIZE, (const uint8_t *)secret, strlen(secret),
                             NULL, 0);
}

void secret_make(const char *prefix, char *out, size_t size)
{
    uint8_t bits[32];
    random_secret(bits, sizeof bits);
    size_t prefix_len = strlen(prefix);
    memcpy(out, prefix, prefix_len);
    (void)sodium_bin2base64(out + prefix_len, size - prefix_len, bits, sizeof bits,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bits, sizeof bits);
}

int64_t account_id_new(void)
{
    return (random_id63() >> 10) + 1;
}

struct account_label account_label_of(const char *kind, int64_t id)
{
    struct account_label label;
    (void)snprintf(label.text, sizeof label.text, "%s:%" PRId64, kind, id);
    return label;
}

static void forget_person(struct accounts *accounts, int64_t person_id)
{
    principal_cache_forget_person(accounts->cache, person_id);
    forgotten_note_person(person_id);
}

static void forget_token(struct accounts *accounts, int64_t token_id)
{
    principal_cache_forget_token(accounts->cache, token_id);
    forgotten_note_token(token_id);
}

static void forget_event(struct accounts *accounts, const char *event)
{
    principal_cache_forget_event(accounts->cache, event);
    forgotten_note_event(event);
}

/* From another process, or from this one: then it was done before, and is done again. */
static void heard(void *context, const char *message, size_t len)
{
    struct accounts *accounts = context;
    char copy[LIMIT_ID_LEN + 16];
    if (len >= sizeof copy)
        return;
    memcpy(copy, message, len);
    copy[len] = '\0';
    if (strncmp(copy, "person ", 7) == 0)
        forget_person(accounts, strtoll(copy + 7, NULL, 10));
    else if (strncmp(copy, "token ", 6) == 0)
        forget_token(accounts, strtoll(copy + 6, NULL, 10));
    else if (strncmp(copy, "event ", 6) == 0)
        forget_event(accounts, copy + 6);
}

static void announce_id(struct accounts *accounts, const char *kind, int64_t id)
{
    char message[48];
    int len = snprintf(message, sizeof message, "%s %" PRId64, kind, id);
    store_announce(accounts->store, CHANNEL, message, (size_t)len);
}

void accounts_forget_person(struct accounts *accounts, int64_t person_id)
{
    forget_person(accounts, person_id);
    announce_id(accounts, "person", person_id);
}

void accounts_forget_token(struct accounts *accounts, int64_t token_id)
{
    forget_token(accounts, token_id);
    announce_id(accounts, "token", token_id);
}

void accounts_forget_event(struct accounts *accounts, const char *event)
{
    char message[LIMIT_ID_LEN + 16];
    int len = snprintf(message, sizeof message, "event %s", event);
    forget_event(accounts, event);
    store_announce(accounts->store, CHANNEL, message, (size_t)len);
}

enum err accounts_open(const struct accounts_options *options, struct accounts **out_accounts,
                       struct err_note *note)
{
    assert(sodium_init() >= 0);
    uint64_t passes = options->password_passes == 0 ? 3 : options->password_passes;
    size_t bytes = options->password_bytes == 0 ? 64 << 20 : options->password_bytes;
    if (passes > crypto_pwhash_OPSLIMIT_MAX || bytes < crypto_pwhash_MEMLIMIT_MIN)
        return err_set(note, ERR_INVALID, "password cost", "needs at least %u bytes",
                       (unsigned)crypto_pwhash_MEMLIMIT_MIN);
    struct accounts *accounts = mem_new(sizeof *accounts);
    *accounts = (struct accounts){
        .store = options->store,
        .cost = {.passes = passes, .bytes = bytes},
        .session_idle_ms = options->session_idle_ms > 0 ? options->session_idle_ms : 30 * 60 * 1000,
        .session_absolute_ms =
            options->session_absolute_ms > 0 ? options->session_absolute_ms : 8 * 3600 * 1000,
        .cache = principal_cache_create(),
    };
    password_nobodys(&accounts->cost, accounts->nobodys_hash);
    sign_in_throttle_init(&accounts->throttle);
    store_listen(accounts->store, CHANNEL, heard, accounts);
    *out_accounts = accounts;
    return ERR_NONE;
}

void accounts_close(struct accounts *accounts)
{
    store_unlisten(accounts->store, accounts);
    sign_in_throttle_fini(&accounts->throttle);
    principal_cache_destroy(accounts->cache);
    mem_free(accounts);
}

struct bootstrap {
    struct person_draft draft;
    bool is_needed;
};

static enum err count_people(struct db *db, bool *out_is_empty)
{
    int64_t count;
    TRY(sql_one_int(db, &count, "SELECT COUNT(*) FROM person"));
    *out_is_empty = count == 0;
    return ERR_NONE;
}

static enum err bootstrap_run(struct db *db, void *context, struct err_note *note)
{
    struct bootstrap *bootstrap = context;
    /* Asked again, inside: two processes may start on one empty database. */
    TRY(count_people(db, &bootstrap->is_needed));
    if (!bootstrap->is_needed)
        return ERR_NONE;
    struct actor program = actor_program("muster, first start");
    return person_insert(db, &bootstrap->draft, &program, note);
}

enum err accounts_is_empty(struct accounts *accounts, bool *out_is_empty, struct err_note *note)
{
    struct db *db = store_reader_take(accounts->store);
    if (db == NULL)
        return err_set(note, ERR_BUSY, "database", "is away; start again when it is back");
    enum err err = count_people(db, out_is_empty);
    store_reader_give(accounts->store, db);
    return err;
}

enum err accounts_bootstrap(struct accounts *accounts, const struct accounts_first_admin *admin,
                            int64_t now_ms, char out_email[LIMIT_EMAIL_LEN + 1],
                            struct err_note *note)
{
    struct person_new wanted = {.name = "Administrator", .is_admin = true};
    if (!text_copy(wanted.email, sizeof wanted.email,
                   admin->email == NULL ? "admin@localhost" : admin->email) ||
        !text_copy(wanted.password, sizeof wanted.password, admin->password))
        return err_set(note, ERR_INVALID, "admin", "e-mail address or password is too long");
    struct bootstrap bootstrap;
    TRY(person_prepare(accounts, &wanted, now_ms, &bootstrap.draft, note));
    TRY(store_write(accounts->store, bootstrap_run, &bootstrap, note));
    out_email[0] = '\0';
    if (bootstrap.is_needed)
        (void)text_copy(out_email, LIMIT_EMAIL_LEN + 1, bootstrap.draft.person.email);
    return ERR_NONE;
}

/* A session ends by its own time, or by use; here its row goes, and by a shorter setting than it began
 * with it does too. */
void accounts_keep(struct store *main_store, int64_t session_absolute_ms)
{
    store_expire(main_store,
                 &(struct store_expiry){
                     .table = "person_session",
                     .find = "SELECT 1 FROM person_session WHERE created_at_ms < $1 LIMIT 1",
                     .remove = "DELETE FROM person_session WHERE id IN (SELECT id"
                               " FROM person_session WHERE created_at_ms < $1 LIMIT $2)",
                     .age_max_ms = session_absolute_ms});
    store_expire(main_store,
                 &(struct store_expiry){
                     .table = "device_token",
                     .find = "SELECT 1 FROM device_token"
                             " WHERE revoked_at_ms > 0 AND revoked_at_ms < $1 LIMIT 1",
                     .remove = "DELETE FROM device_token WHERE id IN (SELECT id FROM device_token"
                               " WHERE revoked_at_ms > 0 AND revoked_at_ms < $1 LIMIT $2)",
                     .age_max_ms = REVOKED_TOKENS_KEEP_MS});
}
