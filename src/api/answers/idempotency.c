// SPDX-License-Identifier: Apache-2.0
#include "api/idempotency.h"

#include "accounts/accounts.h"
#include "api/api.h"
#include "base/clock.h"
#include "base/random.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#define HASH_SIZE     32
#define EXPIRED_SLICE 16 /* removed with every new row, so that the table stays small by itself */

static const struct store_migration MIGRATIONS[] = {
    {1, "CREATE TABLE api_reply ("
        " name BYTEA PRIMARY KEY, fingerprint BYTEA NOT NULL, expires_at_ms BIGINT NOT NULL,"
        " sealed BYTEA NOT NULL);"
        "CREATE INDEX api_reply_by_end ON api_reply (expires_at_ms);"},
};

#define TTL_TEXT "86400000"
_Static_assert(IDEMPOTENCY_TTL_MS == 86400000, "the queries say it in words");

const struct store_module api_store_module = {
    .name = "api", .migrations = MIGRATIONS, .migration_count = COUNT_OF(MIGRATIONS)};

void idempotency_keep(struct store *main_store)
{
    /* $1 is the oldest time of a request; the rows say when they end. */
    store_expire(
        main_store,
        &(struct store_expiry){
            .table = "api_reply",
            .find = "SELECT 1 FROM api_reply WHERE expires_at_ms < $1 + " TTL_TEXT " LIMIT 1",
            .remove = "DELETE FROM api_reply WHERE name IN (SELECT name FROM api_reply"
                      " WHERE expires_at_ms < $1 + " TTL_TEXT " LIMIT $2)",
            .age_max_ms = IDEMPOTENCY_TTL_MS});
}

struct keyed { /* what follows from the key; all zero without one */
    bool is_given;
    uint8_t name[HASH_SIZE]; /* the row */
    uint8_t seal[HASH_SIZE]; /* opens its reply */
    uint8_t
        fingerprint[HASH_SIZE]; /* method, path and body, under `seal`: says nothing without it */
};

struct attempt {
    enum err (*create)(struct db *db, void *context, struct created *out, struct err_note *note);
    void *context;
    struct keyed keyed;
    int64_t now_ms;
    struct created created;
    bool is_replay;
};

static void add_part(crypto_generichash_state *state, const char *bytes, size_t len)
{
    uint64_t size = len;
    (void)crypto_generichash_update(state, (const uint8_t *)&size, sizeof size);
    (void)crypto_generichash_update(state, (const uint8_t *)bytes, len);
}

static void hash_parts(uint8_t out_hash[HASH_SIZE], const uint8_t *secret,
                       const char *const parts[3], const size_t lens[3])
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, secret, secret == NULL ? 0 : HASH_SIZE, HASH_SIZE);
    for (int i = 0; i < 3; i++)
        add_part(&state, parts[i], lens[i]);
    (void)crypto_generichash_final(&state, out_hash, HASH_SIZE);
}

static bool is_key(const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++)
        if (key[i] <= ' ' || key[i] > '~')
            return false;
    return len >= 1 && len <= IDEMPOTENCY_KEY_LEN;
}

static enum err read_key(const struct request *request, struct keyed *out_keyed,
                         struct err_note *note)
{
    const char *key = request_header(request, "Idempotency-Key");
    if (key == NULL)
        return ERR_NONE;
    if (!is_key(key))
        return err_set(note, ERR_MALFORMED, "header Idempotency-Key",
                       "must be 1 to %d visible ASCII characters, best a random UUID",
                       IDEMPOTENCY_KEY_LEN);
    struct actor actor = api_actor(request);
    char scope[160];
    (void)snprintf(scope, sizeof scope, "%" PRId64 " %" PRId64 " %s", actor.person_id,
                   actor.token_id, actor.person_id + actor.token_id == 0 ? actor.address : "");
    struct keyed keyed = {.is_given = true};
    size_t lens[3] = {4, strlen(scope), strlen(key)};
    hash_parts(keyed.name, NULL, (const char *[]){"name", scope, key}, lens);
    hash_parts(keyed.seal, NULL, (const char *[]){"seal", scope, key}, lens);
    size_t body_len;
    const char *body = request_body(request, &body_len);
    const char *target[3] = {request_method(request), request_path(request), body};
    hash_parts(keyed.fingerprint, keyed.seal, target,
               (size_t[]){strlen(target[0]), strlen(target[1]), body_len});
    *out_keyed = keyed;
    return ERR_NONE;
}

static enum err open_reply(const struct keyed *keyed, const uint8_t *sealed, size_t len,
                           struct created *out_created)
{
    size_t overhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    if (len < overhead)
        return ERR_CORRUPT;
    SCOPED_MEM char *plain = mem_new(len - overhead + 1);
    if (crypto_secretbox_open_easy((uint8_t *)plain, sealed + crypto_secretbox_NONCEBYTES,
                                   len - crypto_secretbox_NONCEBYTES, sealed, keyed->seal) != 0)
        return ERR_CORRUPT;
    SCOPED_JSON *reply = NULL;
    TRY(json_parse(plain, len - overhead, &reply, NULL));
    struct created created = {.status = (int)json_integer_value(json_object_get(reply, "status"))};
    const char *location = json_string_value(json_object_get(reply, "location"));
    (void)text_copy(created.location, sizeof created.location, location == NULL ? "" : location);
    created.body = json_incref(json_object_get(reply, "body"));
    *out_created = created;
    return ERR_NONE;
}

/* Sets is_replay when the key was used for this very request; ERR_INVALID when for another. */
static enum err find_reply(struct db *db, struct attempt *attempt, struct err_note *note)
{
    const struct keyed *keyed = &attempt->keyed;
    struct sql_rows rows;
    TRY(sql_query(
        db, &rows,
        "SELECT fingerprint, sealed FROM api_reply WHERE name = $1 AND expires_at_ms > $2",
        SQL_BLOB(keyed->name, HASH_SIZE), SQL_INT(attempt->now_ms)));
    enum err err = ERR_NONE;
    while (sql_next(&rows)) {
        size_t len;
        const void *fingerprint = sql_blob(&rows, 0, &len);
        if (len != HASH_SIZE || memcmp(fingerprint, keyed->fingerprint, HASH_SIZE) != 0) {
            err = err_set(note, ERR_INVALID, "header Idempotency-Key",
                          "was used for another request; take a new key for a new request");
            continue;
        }
        const uint8_t *sealed = sql_blob(&rows, 1, &len);
        err = open_reply(keyed, sealed, len, &attempt->created);
        attempt->is_replay = err == ERR_NONE;
    }
    TRY(sql_end(&rows));
    return err;
}

static enum err write_row(struct db *db, const struct attempt *attempt, const uint8_t *sealed,
                          size_t len, struct err_note *note)
{
    TRY(sql_run(db,
                "DELETE FROM api_reply WHERE name IN "
                "(SELECT name FROM api_reply WHERE expires_at_ms <= $1 LIMIT $2) OR "
                "(name = $3 AND expires_at_ms <= $1)",
                SQL_INT(attempt->now_ms), SQL_INT(EXPIRED_SLICE),
                SQL_BLOB(attempt->keyed.name, HASH_SIZE)));
    enum err err = sql_run(db,
                           "INSERT INTO api_reply (name, fingerprint, expires_at_ms, sealed) "
                           "VALUES ($1, $2, $3, $4)",
                           SQL_BLOB(attempt->keyed.name, HASH_SIZE),
                           SQL_BLOB(attempt->keyed.fingerprint, HASH_SIZE),
                           SQL_INT(attempt->now_ms + IDEMPOTENCY_TTL_MS), SQL_BLOB(sealed, len));
    if (err == ERR_CONFLICT)
        return err_set(note, err, "header Idempotency-Key",
                       "the first request with this key is still under way; try again in a second");
    return err;
}

static enum err keep_reply(struct db *db, const struct attempt *attempt, struct err_note *note)
{
    SCOPED_JSON *reply =
        json_pack("{s:i, s:s, s:O?}", "status", attempt->created.status, "location",
                  attempt->created.location, "body", attempt->created.body);
    char *plain = json_dumps(reply, JSON_COMPACT);
    assert(plain != NULL);
    size_t len = strlen(plain);
    size_t sealed_len = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len;
    SCOPED_MEM uint8_t *sealed = mem_new(sealed_len);
    random_secret(sealed, crypto_secretbox_NONCEBYTES);
    (void)crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, (const uint8_t *)plain, len,
                                sealed, attempt->keyed.seal);
    free(plain); /* jansson's malloc */
    return write_row(db, attempt, sealed, sealed_len, note);
}

static enum err attempt_run(struct db *db, void *context, struct err_note *note)
{
    struct attempt *attempt = context;
    /* A command may be run again when its transaction had to be repeated. */
    json_decref(attempt->created.body);
    attempt->created = (struct created){.status = 201};
    attempt->is_replay = false;
    if (attempt->keyed.is_given)
        TRY(find_reply(db, attempt, note));
    if (attempt->is_replay)
        return ERR_NONE;
    TRY(attempt->create(db, attempt->context, &attempt->created, note));
    return attempt->keyed.is_given ? keep_reply(db, attempt, note) : ERR_NONE;
}

void api_create(struct request *request, const struct app *app,
                enum err (*create)(struct db *db, void *context, struct created *out,
                                   struct err_note *note),
                void (*created)(const struct app *app, void *context), void *context)
{
    struct attempt attempt = {.create = create, .context = context, .now_ms = clock_now_ms()};
    struct err_note note = {.detail = ""};
    enum err err = read_key(request, &attempt.keyed, &note);
    if (err == ERR_NONE)
        err = store_write(app->main_store, attempt_run, &attempt, &note);
    if (err != ERR_NONE) {
        json_decref(attempt.created.body);
        reply_problem(request, err, &note);
        return;
    }
    if (created != NULL)
        created(app, context);
    if (attempt.is_replay)
        reply_header(request, "Idempotency-Replayed", "true");
    if (attempt.created.location[0] != '\0')
        reply_header(request, "Location", attempt.created.location);
    /* It may hold what is shown only once. */
    reply_header(request, "Cache-Control", "no-store");
    reply_json(request, attempt.created.status, attempt.created.body);
}
