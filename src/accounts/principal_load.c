// SPDX-License-Identifier: Apache-2.0
/* From a token to who stands behind it. */
#include "accounts/accounts_internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define SEEN_EVERY_MS 60000 /* how often "last seen" is written while somebody is active */

static int by_event(const void *a, const void *b)
{
    const struct principal_membership *left = a, *right = b;
    return strcmp(left->event, right->event);
}

/* Adds the memberships to a copy of `bare`, which is on the caller's stack. */
static enum err with_memberships(struct db *db, const struct principal *bare,
                                 struct principal **out_principal)
{
    int64_t count;
    TRY(sql_one_int(db, &count, "SELECT COUNT(*) FROM membership WHERE person_id = $1",
                    SQL_INT(bare->person_id)));
    struct principal *principal = principal_new(PRINCIPAL_PERSON, (size_t)count);
    principal->person_id = bare->person_id;
    principal->session_id = bare->session_id;
    principal->loaded_at_us = bare->loaded_at_us;
    principal->ends_at_ms = bare->ends_at_ms;
    principal->is_admin = bare->is_admin;
    memcpy(principal->name, bare->name, sizeof bare->name);
    memcpy(principal->email, bare->email, sizeof bare->email);

    struct sql_rows rows;
    enum err err =
        sql_query(db, &rows, "SELECT event, roles FROM membership WHERE person_id = $1 LIMIT $2",
                  SQL_INT(bare->person_id), SQL_INT(count));
    while (err == ERR_NONE && sql_next(&rows)) {
        struct principal_membership *membership =
            &principal->memberships[principal->membership_count++];
        (void)text_copy(membership->event, sizeof membership->event, sql_text(&rows, 0));
        membership->roles = (uint32_t)sql_int(&rows, 1) & ROLES_EVENT;
    }
    if (err == ERR_NONE)
        err = sql_end(&rows);
    if (err != ERR_NONE) {
        principal_unref(principal);
        return err;
    }
    /* Sorted here: a database's own order of text depends on its locale. */
    qsort(principal->memberships, principal->membership_count, sizeof principal->memberships[0],
          by_event);
    *out_principal = principal;
    return ERR_NONE;
}

enum err principal_load_session(struct db *db, const struct accounts *accounts,
                                const uint8_t hash[SECRET_HASH_SIZE], int64_t now_ms,
                                struct principal_entry *out_entry)
{
    struct principal bare = {.kind = PRINCIPAL_PERSON, .loaded_at_us = clock_monotonic_us()};
    struct principal_entry entry = {.loaded_at_ms = now_ms};
    bool is_found = false;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT s.id, s.seen_at_ms, s.expires_at_ms, p.id, p.name, p.email, p.is_admin "
                  "FROM person_session s JOIN person p ON p.id = s.person_id "
                  "WHERE s.token_hash = $1 AND p.disabled_at_ms = 0",
                  SQL_BLOB(hash, SECRET_HASH_SIZE)));
    while (sql_next(&rows)) {
        is_found = true;
        bare.session_id = sql_int(&rows, 0);
        entry.seen_at_ms = sql_int(&rows, 1);
        entry.expires_at_ms = MIN(sql_int(&rows, 2), entry.seen_at_ms + accounts->session_idle_ms);
        bare.ends_at_ms = entry.expires_at_ms;
        bare.person_id = sql_int(&rows, 3);
        (void)text_copy(bare.name, sizeof bare.name, sql_text(&rows, 4));
        (void)text_copy(bare.email, sizeof bare.email, sql_text(&rows, 5));
        bare.is_admin = sql_int(&rows, 6) != 0;
    }
    TRY(sql_end(&rows));
    if (!is_found || now_ms >= entry.expires_at_ms)
        return ERR_UNAUTHENTICATED;
    TRY(with_memberships(db, &bare, &entry.principal));
    memcpy(entry.hash, hash, sizeof entry.hash);
    *out_entry = entry;
    return ERR_NONE;
}

enum err principal_load_token(struct db *db, const uint8_t hash[SECRET_HASH_SIZE], int64_t now_ms,
                              struct principal_entry *out_entry)
{
    struct principal_entry entry = {.loaded_at_ms = now_ms, .expires_at_ms = INT64_MAX};
    int64_t loaded_at_us = clock_monotonic_us();
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT id, event, device, name, last_used_at_ms, purpose FROM device_token "
                  "WHERE token_hash = $1 AND revoked_at_ms = 0",
                  SQL_BLOB(hash, SECRET_HASH_SIZE)));
    while (sql_next(&rows) && entry.principal == NULL) {
        struct principal *principal = principal_new(PRINCIPAL_TOKEN, 0);
        principal->loaded_at_us = loaded_at_us;
        principal->ends_at_ms = INT64_MAX;
        principal->token_id = sql_int(&rows, 0);
        (void)text_copy(principal->event, sizeof principal->event, sql_text(&rows, 1));
        (void)text_copy(principal->device, sizeof principal->device, sql_text(&rows, 2));
        (void)text_copy(principal->name, sizeof principal->name, sql_text(&rows, 3));
        entry.seen_at_ms = sql_int(&rows, 4);
        principal->purpose = token_purpose_of(sql_text(&rows, 5));
        entry.principal = principal;
    }
    enum err err = sql_end(&rows);
    if (err == ERR_NONE && (entry.principal == NULL || entry.principal->purpose == TOKEN_OTHER))
        err = ERR_UNAUTHENTICATED;
    if (err != ERR_NONE) {
        principal_unref(entry.principal);
        return err;
    }
    memcpy(entry.hash, hash, sizeof entry.hash);
    *out_entry = entry;
    return ERR_NONE;
}

struct seen {
    int64_t session_id;
    int64_t token_id;
    int64_t at_ms;
};

static enum err seen_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct seen *seen = context;
    if (seen->session_id != 0)
        return sql_run(db,
                       "UPDATE person_session SET seen_at_ms = $2 "
                       "WHERE id = $1 AND seen_at_ms < $2",
                       SQL_INT(seen->session_id), SQL_INT(seen->at_ms));
    return sql_run(db,
                   "UPDATE device_token SET last_used_at_ms = $2 "
                   "WHERE id = $1 AND last_used_at_ms < $2",
                   SQL_INT(seen->token_id), SQL_INT(seen->at_ms));
}

static void seen_done(void *context, enum err result, const struct err_note *note)
{
    (void)note;
    if (result != ERR_NONE)
        log_write(LOG_WARN, "accounts", "last seen not written", "err=%s", err_name(result));
    mem_free(context);
}

/* Nobody waits for this: when the writer is busy, the next look-up tries again. */
static void note_seen(struct accounts *accounts, const struct principal_entry *entry,
                      int64_t now_ms)
{
    /* Often enough that nobody who is active idles away between two of them. */
    if (now_ms < entry->seen_at_ms + MIN(SEEN_EVERY_MS, accounts->session_idle_ms / 4))
        return;
    struct seen *seen = mem_new(sizeof *seen);
    *seen = (struct seen){.session_id = entry->principal->session_id,
                          .token_id = entry->principal->token_id,
                          .at_ms = now_ms};
    struct store_command command = {
        .run = seen_run, .done = seen_done, .context = seen, .cost_bytes = sizeof *seen};
    if (store_submit(accounts->store, &command) != ERR_NONE)
        mem_free(seen);
}

static enum err look_up(struct accounts *accounts, enum principal_kind kind, const char *token,
                        int64_t now_ms, struct principal **out_principal)
{
    uint8_t hash[SECRET_HASH_SIZE];
    secret_hash(token, hash);
    struct principal *principal =
        principal_cache_find(accounts->cache, hash, PRINCIPAL_RECENT, now_ms);
    if (principal == NULL) {
        uint64_t generation = principal_cache_generation(accounts->cache);
        struct db *db = store_reader_take(accounts->store);
        if (db == NULL)
            return ERR_BUSY;
        struct principal_entry entry;
        enum err err = kind == PRINCIPAL_TOKEN
                           ? principal_load_token(db, hash, now_ms, &entry)
                           : principal_load_session(db, accounts, hash, now_ms, &entry);
        store_reader_give(accounts->store, db);
        TRY(err);
        principal_cache_put(accounts->cache, &entry, generation);
        note_seen(accounts, &entry, now_ms);
        principal = entry.principal;
    }
    /* A session's token where a device's is wanted, or the reverse, is nobody. */
    if (principal->kind != kind) {
        principal_unref(principal);
        return ERR_UNAUTHENTICATED;
    }
    *out_principal = principal;
    return ERR_NONE;
}

struct principal *accounts_principal_remembered(struct accounts *accounts, enum principal_kind kind,
                                                const char *token, int64_t now_ms)
{
    uint8_t hash[SECRET_HASH_SIZE];
    secret_hash(token, hash);
    struct principal *principal =
        principal_cache_find(accounts->cache, hash, PRINCIPAL_KNOWN, now_ms);
    if (principal == NULL || principal->kind == kind)
        return principal;
    principal_unref(principal);
    return NULL;
}

enum err accounts_principal_of_session(struct accounts *accounts, const char *token, int64_t now_ms,
                                       struct principal **out_principal)
{
    return look_up(accounts, PRINCIPAL_PERSON, token, now_ms, out_principal);
}

enum err accounts_principal_of_token(struct accounts *accounts, const char *token, int64_t now_ms,
                                     struct principal **out_principal)
{
    if (strncmp(token, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) != 0)
        return ERR_UNAUTHENTICATED;
    return look_up(accounts, PRINCIPAL_TOKEN, token, now_ms, out_principal);
}
