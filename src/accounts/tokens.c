// SPDX-License-Identifier: Apache-2.0
#include "accounts/accounts_internal.h"
#include "base/text.h"

const char *const token_purpose_names[] = {"send", "read", NULL};
_Static_assert(COUNT_OF(token_purpose_names) == TOKEN_OTHER + 1, "one name for each");

enum token_purpose token_purpose_of(const char *name)
{
    int i = 0;
    while (token_purpose_names[i] != NULL && strcmp(token_purpose_names[i], name) != 0)
        i++;
    return (enum token_purpose)i;
}

const char *token_purpose_name(enum token_purpose purpose)
{
    return purpose == TOKEN_OTHER ? "unknown" : token_purpose_names[purpose];
}

enum err token_insert(struct db *db, const struct actor *actor, const struct device_token *wanted,
                      int64_t now_ms, struct device_token *out_token,
                      char out_secret[TOKEN_SECRET_SIZE], struct err_note *note)
{
    int64_t count;
    bool is_reading = wanted->purpose == TOKEN_READS;
    assert(wanted->purpose != TOKEN_OTHER);
    if (is_reading && wanted->device[0] != '\0')
        return err_set(note, ERR_INVALID, "device",
                       "must be absent: a token that reads is of none");
    TRY(sql_one_int(db, &count,
                    "SELECT COUNT(*) FROM device_token WHERE event = $1 AND revoked_at_ms = 0",
                    SQL_TEXT(wanted->event)));
    if (count >= LIMIT_TOKENS_PER_EVENT)
        return err_set(note, ERR_CONFLICT, "tokens", "there are %d already; revoke some",
                       LIMIT_TOKENS_PER_EVENT);
    struct device_token token = *wanted;
    token.id = account_id_new();
    token.created_at_ms = now_ms;
    token.last_used_at_ms = token.revoked_at_ms = 0;
    char secret[TOKEN_SECRET_SIZE];
    uint8_t hash[SECRET_HASH_SIZE];
    secret_make(TOKEN_PREFIX, secret, sizeof secret);
    secret_hash(secret, hash);
    TRY(sql_run(db,
                "INSERT INTO device_token (id, token_hash, event, device, name, created_at_ms,"
                " last_used_at_ms, revoked_at_ms, purpose)"
                " VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7)",
                SQL_INT(token.id), SQL_BLOB(hash, sizeof hash), SQL_TEXT(token.event),
                SQL_TEXT(token.device), SQL_TEXT(token.name), SQL_INT(now_ms),
                SQL_TEXT(token_purpose_names[token.purpose])));
    struct account_label subject = account_label_of("token", token.id);
    TRY(audit_append(db, actor,
                     &(struct audit_change){.event = token.event,
                                            .action = "token.created",
                                            .subject = subject.text,
                                            .detail = is_reading ? "reads counts" : token.device},
                     now_ms));
    *out_token = token;
    memcpy(out_secret, secret, sizeof secret);
    return ERR_NONE;
}

struct create {
    const struct actor *actor;
    const struct device_token *wanted;
    int64_t now_ms;
    struct device_token token;
    char secret[TOKEN_SECRET_SIZE];
};

static enum err create_run(struct db *db, void *context, struct err_note *note)
{
    struct create *create = context;
    return token_insert(db, create->actor, create->wanted, create->now_ms, &create->token,
                        create->secret, note);
}

enum err token_create(struct accounts *accounts, const struct actor *actor,
                      const struct device_token *wanted, int64_t now_ms,
                      struct device_token *out_token, char out_secret[TOKEN_SECRET_SIZE],
                      struct err_note *note)
{
    struct create create = {.actor = actor, .wanted = wanted, .now_ms = now_ms};
    TRY(store_write(accounts->store, create_run, &create, note));
    *out_token = create.token;
    memcpy(out_secret, create.secret, sizeof create.secret);
    return ERR_NONE;
}

struct revoke {
    const struct actor *actor;
    const char *event;
    int64_t token_id;
    int64_t now_ms;
};

static enum err revoke_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct revoke *revoke = context;
    int64_t changed;
    TRY(sql_run_counted(db, &changed,
                        "UPDATE device_token SET revoked_at_ms = $3 "
                        "WHERE id = $1 AND event = $2 AND revoked_at_ms = 0",
                        SQL_INT(revoke->token_id), SQL_TEXT(revoke->event),
                        SQL_INT(revoke->now_ms)));
    if (changed == 0)
        return ERR_NOT_FOUND;
    struct account_label subject = account_label_of("token", revoke->token_id);
    return audit_append(db, revoke->actor,
                        &(struct audit_change){.event = revoke->event,
                                               .action = "token.revoked",
                                               .subject = subject.text},
                        revoke->now_ms);
}

enum err token_revoke(struct accounts *accounts, const struct actor *actor, const char *event,
                      int64_t token_id, int64_t now_ms)
{
    struct revoke revoke = {.actor = actor, .event = event, .token_id = token_id, .now_ms = now_ms};
    struct err_note ignored;
    TRY(store_write(accounts->store, revoke_run, &revoke, &ignored));
    accounts_forget_token(accounts, token_id);
    return ERR_NONE;
}

enum err token_list(struct db *db, const char *event, int64_t after_id, size_t count_max,
                    struct device_token **out_tokens, size_t *out_count)
{
    SCOPED_MEM struct device_token *tokens = mem_new_array(count_max, sizeof *tokens);
    size_t count = 0;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT id, event, device, name, created_at_ms, last_used_at_ms, revoked_at_ms,"
                  " purpose FROM device_token WHERE event = $1 AND id > $2 ORDER BY id LIMIT $3",
                  SQL_TEXT(event), SQL_INT(after_id), SQL_INT((int64_t)count_max)));
    while (count < count_max && sql_next(&rows)) {
        struct device_token *token = &tokens[count++];
        token->id = sql_int(&rows, 0);
        (void)text_copy(token->event, sizeof token->event, sql_text(&rows, 1));
        (void)text_copy(token->device, sizeof token->device, sql_text(&rows, 2));
        (void)text_copy(token->name, sizeof token->name, sql_text(&rows, 3));
        token->created_at_ms = sql_int(&rows, 4);
        token->last_used_at_ms = sql_int(&rows, 5);
        token->revoked_at_ms = sql_int(&rows, 6);
        token->purpose = token_purpose_of(sql_text(&rows, 7));
    }
    TRY(sql_end(&rows));
    *out_tokens = TAKE(tokens);
    *out_count = count;
    return ERR_NONE;
}
