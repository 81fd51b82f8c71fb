// SPDX-License-Identifier: Apache-2.0
/* A row's hash is BLAKE2b-256 over, in this order: the 32 bytes of the hash before it (zeros for a
 * first row without predecessor); seven int64 little-endian: chain, number, after_chain,
 * after_number, at_ms, person_id, token_id; then name, address, event, action, subject, detail,
 * each with its length as uint32 little-endian in front. */
#include "accounts/accounts_internal.h"
#include "accounts/audit_chain.h"
#include "base/random.h"
#include "base/text.h"

#include <sodium.h>

#define HASH_SIZE    32
#define VERIFY_SLICE 1000 /* rows read at a time */

static atomic_int_fast64_t process_chain;

void audit_chain_set(int64_t chain)
{
    atomic_store(&process_chain, chain);
}

static int64_t chain_of_process(void)
{
    int64_t chain = atomic_load(&process_chain);
    if (chain != 0)
        return chain;
    int_fast64_t expected = 0;
    (void)atomic_compare_exchange_strong(&process_chain, &expected, account_id_new());
    return atomic_load(&process_chain);
}

struct actor actor_of(const struct principal *principal, const char *address)
{
    struct actor actor = {.person_id = 0};
    (void)text_copy(actor.address, sizeof actor.address, address);
    if (principal == NULL)
        return actor;
    actor.person_id = principal->person_id;
    actor.token_id = principal->token_id;
    (void)text_copy(actor.name, sizeof actor.name, principal->name);
    return actor;
}

struct actor actor_program(const char *name)
{
    struct actor actor = {.person_id = 0};
    (void)text_copy(actor.name, sizeof actor.name, name);
    return actor;
}

struct link { /* what a row is hashed with, besides itself */
    int64_t after_chain, after_number;
    uint8_t before[HASH_SIZE];
};

static void add_int(crypto_generichash_state *state, int64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)number >> (8 * i));
    (void)crypto_generichash_update(state, bytes, sizeof bytes);
}

static void add_text(crypto_generichash_state *state, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    uint8_t bytes[4] = {(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                        (uint8_t)(len >> 24)};
    (void)crypto_generichash_update(state, bytes, sizeof bytes);
    (void)crypto_generichash_update(state, (const uint8_t *)text, len);
}

static void row_hash(const struct link *link, const struct audit_row *row,
                     uint8_t out_hash[HASH_SIZE])
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
    (void)crypto_generichash_update(&state, link->before, HASH_SIZE);
    const int64_t numbers[] = {row->chain, row->number,    link->after_chain, link->after_number,
                               row->at_ms, row->person_id, row->token_id};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        add_int(&state, numbers[i]);
    const char *const texts[] = {row->name,   row->address, row->event,
                                 row->action, row->subject, row->detail};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        add_text(&state, texts[i]);
    (void)crypto_generichash_final(&state, out_hash, HASH_SIZE);
}

static void copy_hash(const struct sql_rows *rows, int column, uint8_t out_hash[HASH_SIZE])
{
    size_t len;
    const void *hash = sql_blob(rows, column, &len);
    memset(out_hash, 0, HASH_SIZE);
    if (len == HASH_SIZE)
        memcpy(out_hash, hash, HASH_SIZE);
}

/* The end of the process's chain; when it has none yet, the newest row of any, to start after. */
static enum err find_end(struct db *db, int64_t chain, struct link *out_link, int64_t *out_number)
{
    struct link link = {.after_chain = 0};
    int64_t number = 0;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT number, hash FROM audit WHERE chain = $1 ORDER BY number DESC LIMIT 1",
                  SQL_INT(chain)));
    while (sql_next(&rows)) {
        number = sql_int(&rows, 0);
        copy_hash(&rows, 1, link.before);
    }
    TRY(sql_end(&rows));
    if (number == 0) {
        TRY(sql_query(db, &rows,
                      "SELECT chain, number, hash FROM audit "
                      "ORDER BY at_ms DESC, chain DESC, number DESC LIMIT 1"));
        while (sql_next(&rows)) {
            link.after_chain = sql_int(&rows, 0);
            link.after_number = sql_int(&rows, 1);
            copy_hash(&rows, 2, link.before);
        }
        TRY(sql_end(&rows));
    }
    *out_link = link;
    *out_number = number;
    return ERR_NONE;
}

/* Cut at a whole character, so that it stays UTF-8. */
static void copy_cut(char *target, size_t size, const char *source)
{
    size_t len = strlen(source);
    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((uint8_t)source[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(target, source, len);
    target[len] = '\0';
}

enum err audit_append(struct db *db, const struct actor *actor, const struct audit_change *change,
                      int64_t now_ms)
{
    struct audit_row row = {.chain = chain_of_process(),
                            .at_ms = now_ms,
                            .person_id = actor->person_id,
                            .token_id = actor->token_id};
    copy_cut(row.name, sizeof row.name, actor->name);
    copy_cut(row.address, sizeof row.address, actor->address);
    copy_cut(row.event, sizeof row.event, change->event);
    copy_cut(row.action, sizeof row.action, change->action);
    copy_cut(row.subject, sizeof row.subject, change->subject);
    copy_cut(row.detail, sizeof row.detail, change->detail == NULL ? "" : change->detail);
    struct link link;
    TRY(find_end(db, row.chain, &link, &row.number));
    row.number++;
    uint8_t hash[HASH_SIZE];
    row_hash(&link, &row, hash);
    return sql_run(db,
                   "INSERT INTO audit (chain, number, after_chain, after_number, at_ms, person_id,"
                   " token_id, name, address, event, action, subject, detail, hash) VALUES"
                   " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                   SQL_INT(row.chain), SQL_INT(row.number), SQL_INT(link.after_chain),
                   SQL_INT(link.after_number), SQL_INT(row.at_ms), SQL_INT(row.person_id),
                   SQL_INT(row.token_id), SQL_TEXT(row.name), SQL_TEXT(row.address),
                   SQL_TEXT(row.event), SQL_TEXT(row.action), SQL_TEXT(row.subject),
                   SQL_TEXT(row.detail), SQL_BLOB(hash, sizeof hash));
}

/* In the order of ROW_COLUMNS. */
#define ROW_COLUMNS                                                                                \
    "chain, number, at_ms, person_id, token_id, name, address, event, action, subject, detail"
#define ROW_COLUMN_COUNT 11

/* False when the text is longer than any that was ever written. */
static bool read_text(const struct sql_rows *rows, int column, char *target, size_t size)
{
    const char *text = sql_text(rows, column);
    copy_cut(target, size, text);
    return strlen(text) < size;
}

/* False when a text had to be cut. */
static bool read_row(const struct sql_rows *rows, struct audit_row *out_row)
{
    *out_row = (struct audit_row){
        .chain = sql_int(rows, 0),
        .number = sql_int(rows, 1),
        .at_ms = sql_int(rows, 2),
        .person_id = sql_int(rows, 3),
        .token_id = sql_int(rows, 4),
    };
    bool is_whole = read_text(rows, 5, out_row->name, sizeof out_row->name);
    is_whole &= read_text(rows, 6, out_row->address, sizeof out_row->address);
    is_whole &= read_text(rows, 7, out_row->event, sizeof out_row->event);
    is_whole &= read_text(rows, 8, out_row->action, sizeof out_row->action);
    is_whole &= read_text(rows, 9, out_row->subject, sizeof out_row->subject);
    is_whole &= read_text(rows, 10, out_row->detail, sizeof out_row->detail);
    return is_whole;
}

enum err audit_has(struct db *db, const char *event, const char *action, const char *subject,
                   bool *out_has)
{
    int64_t count = 0;
    TRY(sql_one_int(db, &count,
                    "SELECT COUNT(*) FROM audit WHERE event = $1 AND action = $2 AND subject = $3",
                    SQL_TEXT(event), SQL_TEXT(action), SQL_TEXT(subject)));
    *out_has = count > 0;
    return ERR_NONE;
}

enum err audit_list(struct db *db, const char *event, struct audit_cursor before, size_t count_max,
                    struct audit_row **out_rows, size_t *out_count)
{
    if (before.at_ms == 0 && before.chain == 0 && before.number == 0)
        before = (struct audit_cursor){INT64_MAX, INT64_MAX, INT64_MAX};
    SCOPED_MEM struct audit_row *found = mem_new_array(count_max, sizeof *found);
    size_t count = 0;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " ROW_COLUMNS " FROM audit WHERE event = $1 AND "
                  "(at_ms, chain, number) < ($2, $3, $4) "
                  "ORDER BY at_ms DESC, chain DESC, number DESC LIMIT $5",
                  SQL_TEXT(event), SQL_INT(before.at_ms), SQL_INT(before.chain),
                  SQL_INT(before.number), SQL_INT((int64_t)count_max)));
    while (count < count_max && sql_next(&rows))
        (void)read_row(&rows, &found[count++]); /* a list shows what there is room for */
    TRY(sql_end(&rows));
    *out_rows = TAKE(found);
    *out_count = count;
    return ERR_NONE;
}

struct stored_row {
    struct audit_row row;
    struct link link;
    uint8_t hash[HASH_SIZE];
    bool is_whole;
};

static enum err hash_of(struct db *db, int64_t chain, int64_t number, uint8_t out_hash[HASH_SIZE])
{
    struct sql_rows rows;
    bool is_found = false;
    TRY(sql_query(db, &rows, "SELECT hash FROM audit WHERE chain = $1 AND number = $2",
                  SQL_INT(chain), SQL_INT(number)));
    while (sql_next(&rows)) {
        copy_hash(&rows, 0, out_hash);
        is_found = true;
    }
    TRY(sql_end(&rows));
    return is_found ? ERR_NONE : ERR_CORRUPT;
}

/* `last` is the row before it in the same order; number 0 before the first. */
static enum err check_row(struct db *db, const struct stored_row *last, struct stored_row *row)
{
    bool is_first = row->row.chain != last->row.chain;
    if (!row->is_whole || row->row.number != (is_first ? 1 : last->row.number + 1))
        return ERR_CORRUPT;
    if (!is_first) {
        if (row->link.after_chain != 0)
            return ERR_CORRUPT;
        memcpy(row->link.before, last->hash, HASH_SIZE);
    } else if (row->link.after_chain != 0) {
        TRY(hash_of(db, row->link.after_chain, row->link.after_number, row->link.before));
    }
    uint8_t hash[HASH_SIZE];
    row_hash(&row->link, &row->row, hash);
    return memcmp(hash, row->hash, HASH_SIZE) == 0 ? ERR_NONE : ERR_CORRUPT;
}

static enum err read_slice(struct db *db, const struct stored_row *last,
                           struct stored_row *out_slice, size_t *out_count)
{
    size_t count = 0;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT " ROW_COLUMNS ", after_chain, after_number, hash FROM audit "
                  "WHERE (chain, number) > ($1, $2) ORDER BY chain, number LIMIT $3",
                  SQL_INT(last->row.chain), SQL_INT(last->row.number), SQL_INT(VERIFY_SLICE)));
    while (count < VERIFY_SLICE && sql_next(&rows)) {
        struct stored_row *row = &out_slice[count++];
        *row = (struct stored_row){.row = {.chain = 0}};
        row->is_whole = read_row(&rows, &row->row);
        row->link.after_chain = sql_int(&rows, ROW_COLUMN_COUNT);
        row->link.after_number = sql_int(&rows, ROW_COLUMN_COUNT + 1);
        copy_hash(&rows, ROW_COLUMN_COUNT + 2, row->hash);
    }
    TRY(sql_end(&rows));
    *out_count = count;
    return ERR_NONE;
}

struct verifying {
    const char *noted;
    struct audit_check *check;
    struct stored_row last;
    struct stored_row newest;
};

static void hash_text(const struct stored_row *row, char out[2 * HASH_SIZE + 1])
{
    (void)sodium_bin2hex(out, 2 * HASH_SIZE + 1, row->hash, HASH_SIZE);
}

static enum err verify_row(struct db *db, struct verifying *verifying, struct stored_row *row)
{
    struct audit_check *check = verifying->check;
    enum err err = check_row(db, &verifying->last, row);
    if (err != ERR_NONE) {
        check->chain = row->row.chain;
        check->number = row->row.number;
        check->at_ms = row->row.at_ms;
        memcpy(check->action, row->row.action, sizeof check->action);
        return err;
    }
    check->row_count++;
    verifying->last = *row;
    if (row->row.at_ms >= verifying->newest.row.at_ms)
        verifying->newest = *row;
    char hash[2 * HASH_SIZE + 1];
    hash_text(row, hash);
    check->has_noted |= verifying->noted != NULL && strcmp(hash, verifying->noted) == 0;
    return ERR_NONE;
}

enum err audit_verify(struct db *db, const char *noted, struct audit_check *out_check)
{
    *out_check = (struct audit_check){.row_count = 0};
    SCOPED_MEM struct stored_row *slice = mem_new_array(VERIFY_SLICE, sizeof *slice);
    struct verifying verifying = {.noted = noted, .check = out_check};
    size_t count = VERIFY_SLICE;
    while (count == VERIFY_SLICE) {
        TRY(read_slice(db, &verifying.last, slice, &count));
        for (size_t i = 0; i < count; i++)
            TRY(verify_row(db, &verifying, &slice[i]));
    }
    hash_text(&verifying.newest, out_check->head);
    return ERR_NONE;
}
