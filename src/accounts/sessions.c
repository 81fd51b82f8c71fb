// SPDX-License-Identifier: Apache-2.0
#include "accounts/accounts_internal.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"

#define EXPIRED_SLICE 100 /* removed at a sign-in, so that the table stays small by itself */

static struct metric sign_ins = METRIC_COUNTER("muster_sign_ins_total", "Sessions started.");
static struct metric refusals =
    METRIC_COUNTER("muster_sign_in_refusals_total", "Wrong addresses or passwords.");

enum err password_hash_of(struct db *db, const char *email, char out_hash[PASSWORD_HASH_SIZE],
                          int64_t *out_person_id)
{
    bool is_found = false;
    struct sql_rows rows;
    TRY(sql_query(db, &rows, "SELECT id, password_hash FROM person WHERE email = $1",
                  SQL_TEXT(email)));
    while (sql_next(&rows)) {
        is_found = true;
        *out_person_id = sql_int(&rows, 0);
        (void)text_copy(out_hash, PASSWORD_HASH_SIZE, sql_text(&rows, 1));
    }
    TRY(sql_end(&rows));
    return is_found ? ERR_NONE : ERR_NOT_FOUND;
}

enum err password_attempt_check(struct accounts *accounts, const struct password_attempt *attempt,
                                struct err_note *note)
{
    int64_t wait_ms = 0;
    if (!sign_in_throttle_charge(&accounts->throttle, attempt->account, attempt->address,
                                 attempt->now_ms, &wait_ms))
        return err_set(note, ERR_TOO_MANY, "password",
                       "too many wrong passwords; try again in %lld seconds",
                       (long long)(wait_ms + 999) / 1000);
    enum err err = password_verify(attempt->hash, attempt->password);
    if (err != ERR_UNAUTHENTICATED)
        sign_in_throttle_refund(&accounts->throttle, attempt->account, attempt->address);
    if (err == ERR_BUSY)
        return err_set(note, err, "password",
                       "too many passwords are being checked right now; try again in a second");
    return err;
}

struct sign_in_write {
    const struct sign_in *sign_in;
    struct session session;
    uint8_t token_hash[SECRET_HASH_SIZE];
    char old_password_hash[PASSWORD_HASH_SIZE];
    char new_password_hash[PASSWORD_HASH_SIZE]; /* "" = the old one is good */
    bool has_ended_others;
};

static enum err insert_session(struct db *db, const struct sign_in_write *write)
{
    const struct session *session = &write->session;
    return sql_run(db,
                   "INSERT INTO person_session (id, token_hash, person_id, created_at_ms,"
                   " seen_at_ms, expires_at_ms, address, agent) VALUES"
                   " ($1, $2, $3, $4, $5, $6, $7, $8)",
                   SQL_INT(session->id), SQL_BLOB(write->token_hash, sizeof write->token_hash),
                   SQL_INT(session->person_id), SQL_INT(session->created_at_ms),
                   SQL_INT(session->seen_at_ms), SQL_INT(session->expires_at_ms),
                   SQL_TEXT(session->address), SQL_TEXT(session->agent));
}

/* The browser's former session, the least used over the limit, and some of anybody's that are over.
 */
static enum err end_others(struct db *db, struct sign_in_write *write)
{
    const struct session *session = &write->session;
    int64_t replaced, over;
    TRY(sql_run_counted(db, &replaced, "DELETE FROM person_session WHERE id = $1",
                        SQL_INT(write->sign_in->replaces_session_id)));
    TRY(sql_run_counted(db, &over,
                        "DELETE FROM person_session WHERE person_id = $1 AND id NOT IN "
                        "(SELECT id FROM person_session WHERE person_id = $1 "
                        "ORDER BY seen_at_ms DESC, id DESC LIMIT $2)",
                        SQL_INT(session->person_id), SQL_INT(LIMIT_SESSIONS_PER_PERSON)));
    write->has_ended_others = replaced + over > 0;
    return sql_run(db,
                   "DELETE FROM person_session WHERE id IN "
                   "(SELECT id FROM person_session WHERE expires_at_ms < $1 LIMIT $2)",
                   SQL_INT(session->created_at_ms), SQL_INT(EXPIRED_SLICE));
}

static enum err refuse(struct err_note *note)
{
    metric_add(&refusals, 1);
    return err_set(note, ERR_UNAUTHENTICATED, "password",
                   "the e-mail address or the password is wrong");
}

/* The password was right a moment ago: is it still, and may they? */
static enum err confirm(struct db *db, const struct sign_in_write *write, struct person *out_person,
                        struct err_note *note)
{
    int64_t one;
    enum err err =
        sql_one_int(db, &one, "SELECT 1 FROM person WHERE id = $1 AND password_hash = $2",
                    SQL_INT(write->session.person_id), SQL_TEXT(write->old_password_hash));
    if (err == ERR_NOT_FOUND)
        return refuse(note);
    TRY(err);
    TRY(person_by_id(db, write->session.person_id, out_person));
    if (out_person->is_disabled)
        return err_set(note, ERR_FORBIDDEN, "email",
                       "is of an account that was disabled; ask an administrator");
    return ERR_NONE;
}

static enum err sign_in_run(struct db *db, void *context, struct err_note *note)
{
    struct sign_in_write *write = context;
    const struct session *session = &write->session;
    struct person person;
    TRY(confirm(db, write, &person, note));
    TRY(insert_session(db, write));
    TRY(end_others(db, write));
    if (write->new_password_hash[0] != '\0')
        TRY(sql_run(db, "UPDATE person SET password_hash = $2 WHERE id = $1",
                    SQL_INT(session->person_id), SQL_TEXT(write->new_password_hash)));
    struct actor actor = {.person_id = person.id};
    (void)text_copy(actor.name, sizeof actor.name, person.name);
    (void)text_copy(actor.address, sizeof actor.address, session->address);
    struct account_label subject = account_label_of("session", session->id);
    return audit_append(
        db, &actor,
        &(struct audit_change){.event = "", .action = "session.started", .subject = subject.text},
        session->created_at_ms);
}

/* Whether there is such a person must not show in the time: somebody's or nobody's hash is checked.
 */
static enum err check_credentials(struct accounts *accounts, const struct sign_in *sign_in,
                                  int64_t now_ms, struct sign_in_write *write,
                                  struct err_note *note)
{
    char email[LIMIT_EMAIL_LEN + 1];
    bool is_known = false;
    if (email_normalise(sign_in->email, email)) {
        struct db *db = store_reader_take(accounts->store);
        if (db == NULL)
            return err_set(note, ERR_BUSY, "database", "is away; try again soon");
        enum err err =
            password_hash_of(db, email, write->old_password_hash, &write->session.person_id);
        store_reader_give(accounts->store, db);
        if (err != ERR_NONE && err != ERR_NOT_FOUND)
            return err;
        is_known = err == ERR_NONE;
    }
    struct password_attempt attempt = {.account = email,
                                       .address = sign_in->address,
                                       .hash = is_known ? write->old_password_hash
                                                        : accounts->nobodys_hash,
                                       .password = sign_in->password,
                                       .now_ms = now_ms};
    enum err err = password_attempt_check(accounts, &attempt, note);
    if (err == ERR_UNAUTHENTICATED || (err == ERR_NONE && !is_known)) {
        log_write(LOG_INFO, "accounts", "sign-in refused", "peer=%s", LOG_TEXT(sign_in->address));
        return refuse(note);
    }
    return err;
}

static void renew_hash(struct accounts *accounts, const struct sign_in *sign_in,
                       struct sign_in_write *write)
{
    if (!password_is_outdated(&accounts->cost, write->old_password_hash))
        return;
    /* When the machine is busy the old one stays: the next sign-in tries again. */
    if (password_hash(&accounts->cost, sign_in->password, write->new_password_hash) != ERR_NONE)
        write->new_password_hash[0] = '\0';
}

static void copy_visible(char *target, size_t size, const char *source)
{
    size_t len = 0;
    for (; source != NULL && source[len] != '\0' && len + 1 < size; len++)
        target[len] = (char)(source[len] >= ' ' && source[len] < 0x7F ? source[len] : '?');
    target[len] = '\0';
}

enum err session_sign_in(struct accounts *accounts, const struct sign_in *sign_in, int64_t now_ms,
                         char out_token[SESSION_TOKEN_SIZE], struct session *out_session,
                         struct err_note *note)
{
    struct sign_in_write write = {.sign_in = sign_in};
    TRY(check_credentials(accounts, sign_in, now_ms, &write, note));
    renew_hash(accounts, sign_in, &write);
    char token[SESSION_TOKEN_SIZE];
    secret_make("", token, sizeof token);
    secret_hash(token, write.token_hash);
    write.session.id = account_id_new();
    write.session.created_at_ms = write.session.seen_at_ms = now_ms;
    write.session.expires_at_ms = now_ms + accounts->session_absolute_ms;
    copy_visible(write.session.address, sizeof write.session.address, sign_in->address);
    copy_visible(write.session.agent, sizeof write.session.agent, sign_in->agent);
    TRY(store_write(accounts->store, sign_in_run, &write, note));
    if (write.has_ended_others)
        accounts_forget_person(accounts, write.session.person_id);
    metric_add(&sign_ins, 1);
    memcpy(out_token, token, sizeof token);
    *out_session = write.session;
    return ERR_NONE;
}

enum err sessions_end_others(struct db *db, int64_t person_id, int64_t keep_session_id)
{
    return sql_run(db, "DELETE FROM person_session WHERE person_id = $1 AND id <> $2",
                   SQL_INT(person_id), SQL_INT(keep_session_id));
}

struct revoke {
    const struct actor *actor;
    int64_t person_id;
    int64_t session_id;
    int64_t now_ms;
};

static enum err revoke_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct revoke *revoke = context;
    int64_t removed;
    TRY(sql_run_counted(db, &removed, "DELETE FROM person_session WHERE id = $1 AND person_id = $2",
                        SQL_INT(revoke->session_id), SQL_INT(revoke->person_id)));
    if (removed == 0)
        return ERR_NOT_FOUND;
    struct account_label subject = account_label_of("session", revoke->session_id);
    return audit_append(
        db, revoke->actor,
        &(struct audit_change){.event = "", .action = "session.ended", .subject = subject.text},
        revoke->now_ms);
}

enum err session_revoke(struct accounts *accounts, const struct actor *actor, int64_t person_id,
                        int64_t session_id, int64_t now_ms)
{
    struct revoke revoke = {
        .actor = actor, .person_id = person_id, .session_id = session_id, .now_ms = now_ms};
    struct err_note ignored;
    TRY(store_write(accounts->store, revoke_run, &revoke, &ignored));
    accounts_forget_person(accounts, person_id);
    return ERR_NONE;
}

static enum err list_from(struct db *db, const struct accounts *accounts, int64_t person_id,
                          int64_t now_ms, struct session *sessions, size_t *out_count)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT id, created_at_ms, seen_at_ms, expires_at_ms, address, agent "
                  "FROM person_session WHERE person_id = $1 AND expires_at_ms > $2 "
                  "AND seen_at_ms > $3 ORDER BY seen_at_ms DESC, id DESC LIMIT $4",
                  SQL_INT(person_id), SQL_INT(now_ms), SQL_INT(now_ms - accounts->session_idle_ms),
                  SQL_INT(LIMIT_SESSIONS_PER_PERSON)));
    size_t count = 0;
    while (count < LIMIT_SESSIONS_PER_PERSON && sql_next(&rows)) {
        struct session *session = &sessions[count++];
        *session = (struct session){.id = sql_int(&rows, 0),
                                    .person_id = person_id,
                                    .created_at_ms = sql_int(&rows, 1),
                                    .seen_at_ms = sql_int(&rows, 2),
                                    .expires_at_ms = sql_int(&rows, 3)};
        (void)text_copy(session->address, sizeof session->address, sql_text(&rows, 4));
        (void)text_copy(session->agent, sizeof session->agent, sql_text(&rows, 5));
    }
    TRY(sql_end(&rows));
    *out_count = count;
    return ERR_NONE;
}

enum err session_list(struct accounts *accounts, int64_t person_id, int64_t now_ms,
                      struct session **out_sessions, size_t *out_count)
{
    struct db *db = store_reader_take(accounts->store);
    if (db == NULL)
        return ERR_BUSY;
    SCOPED_MEM struct session *sessions =
        mem_new_array(LIMIT_SESSIONS_PER_PERSON, sizeof *sessions);
    enum err err = list_from(db, accounts, person_id, now_ms, sessions, out_count);
    store_reader_give(accounts->store, db);
    TRY(err);
    *out_sessions = TAKE(sessions);
    return ERR_NONE;
}
