// SPDX-License-Identifier: Apache-2.0
#include "accounts/accounts_internal.h"
#include "base/random.h"
#include "base/text.h"

enum err password_check(const char *place, const char *password, const struct person *person,
                        struct err_note *note)
{
    switch (password_judge(password, person->email, person->name)) {
    case PASSWORD_GOOD:
        return ERR_NONE;
    case PASSWORD_TOO_SHORT:
        return err_set(note, ERR_INVALID, place, "must have at least 8 bytes; 15 are better");
    case PASSWORD_TOO_LONG:
        return err_set(note, ERR_INVALID, place, "must have at most %d bytes", LIMIT_PASSWORD_LEN);
    case PASSWORD_GUESSED:
        return err_set(note, ERR_INVALID, place,
                       "is one of the first that anybody would guess; take another");
    }
    return ERR_INVALID;
}

enum err password_hash_or_note(struct accounts *accounts, const char *password,
                               char out_hash[PASSWORD_HASH_SIZE], struct err_note *note)
{
    enum err err = password_hash(&accounts->cost, password, out_hash);
    if (err == ERR_BUSY)
        return err_set(note, err, "password",
                       "too many passwords are being checked right now; try again in a second");
    return err;
}

void password_random(char out[PASSWORD_RANDOM_SIZE])
{
    random_id(out, PASSWORD_RANDOM_SIZE);
}

enum err person_name_check(const char *name, struct err_note *note)
{
    if (name[0] == '\0' || !text_is_utf8(name, strlen(name)))
        return err_set(note, ERR_INVALID, "name", "must not be empty");
    return ERR_NONE;
}

enum err person_prepare(struct accounts *accounts, const struct person_new *wanted, int64_t now_ms,
                        struct person_draft *out_draft, struct err_note *note)
{
    struct person_draft draft = {
        .person = {.id = account_id_new(), .is_admin = wanted->is_admin, .created_at_ms = now_ms}};
    if (!email_normalise(wanted->email, draft.person.email))
        return err_set(note, ERR_INVALID, "email", "must be an address like anna@example.org");
    TRY(person_name_check(wanted->name, note));
    (void)text_copy(draft.person.name, sizeof draft.person.name, wanted->name);
    TRY(password_check("password", wanted->password, &draft.person, note));
    TRY(password_hash_or_note(accounts, wanted->password, draft.password_hash, note));
    *out_draft = draft;
    return ERR_NONE;
}

enum err person_insert(struct db *db, const struct person_draft *draft, const struct actor *actor,
                       struct err_note *note)
{
    const struct person *person = &draft->person;
    enum err err = sql_run(db,
                           "INSERT INTO person (id, email, name, password_hash, is_admin,"
                           " created_at_ms) VALUES ($1, $2, $3, $4, $5, $6)",
                           SQL_INT(person->id), SQL_TEXT(person->email), SQL_TEXT(person->name),
                           SQL_TEXT(draft->password_hash), SQL_INT(person->is_admin),
                           SQL_INT(person->created_at_ms));
    if (err == ERR_CONFLICT)
        return err_set(note, err, "email", "there is a person with this address already");
    TRY(err);
    struct account_label subject = account_label_of("person", person->id);
    return audit_append(db, actor,
                        &(struct audit_change){.event = "",
                                               .action = "person.created",
                                               .subject = subject.text,
                                               .detail = person->is_admin ? "admin" : ""},
                        person->created_at_ms);
}

struct create {
    struct person_draft draft;
    const struct actor *actor;
};

static enum err create_run(struct db *db, void *context, struct err_note *note)
{
    const struct create *create = context;
    return person_insert(db, &create->draft, create->actor, note);
}

enum err person_create(struct accounts *accounts, const struct person_new *wanted,
                       const struct actor *actor, int64_t now_ms, struct person *out_person,
                       struct err_note *note)
{
    struct create create = {.actor = actor};
    TRY(person_prepare(accounts, wanted, now_ms, &create.draft, note));
    TRY(store_write(accounts->store, create_run, &create, note));
    *out_person = create.draft.person;
    return ERR_NONE;
}

#define COLUMNS "id, email, name, is_admin, created_at_ms, disabled_at_ms"

static void read_person(const struct sql_rows *rows, struct person *out_person)
{
    *out_person = (struct person){.id = sql_int(rows, 0),
                                  .is_admin = sql_int(rows, 3) != 0,
                                  .created_at_ms = sql_int(rows, 4),
                                  .is_disabled = sql_int(rows, 5) != 0};
    (void)text_copy(out_person->email, sizeof out_person->email, sql_text(rows, 1));
    (void)text_copy(out_person->name, sizeof out_person->name, sql_text(rows, 2));
}

static enum err one_person(struct sql_rows *rows, struct person *out_person)
{
    bool is_found = false;
    while (sql_next(rows)) {
        read_person(rows, out_person);
        is_found = true;
    }
    TRY(sql_end(rows));
    return is_found ? ERR_NONE : ERR_NOT_FOUND;
}

enum err person_by_id(struct db *db, int64_t id, struct person *out_person)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows, "SELECT " COLUMNS " FROM person WHERE id = $1", SQL_INT(id)));
    return one_person(&rows, out_person);
}

enum err person_by_email(struct db *db, const char *email, struct person *out_person)
{
    char normal[LIMIT_EMAIL_LEN + 1];
    if (!email_normalise(email, normal))
        return ERR_NOT_FOUND;
    struct sql_rows rows;
    TRY(sql_query(db, &rows, "SELECT " COLUMNS " FROM person WHERE email = $1", SQL_TEXT(normal)));
    return one_person(&rows, out_person);
}

enum err person_list(struct db *db, int64_t after_id, size_t count_max, struct person **out_people,
                     size_t *out_count)
{
    SCOPED_MEM struct person *people = mem_new_array(count_max, sizeof *people);
    size_t count = 0;
    struct sql_rows rows;
    TRY(sql_query(db, &rows, "SELECT " COLUMNS " FROM person WHERE id > $1 ORDER BY id LIMIT $2",
                  SQL_INT(after_id), SQL_INT((int64_t)count_max)));
    while (count < count_max && sql_next(&rows))
        read_person(&rows, &people[count++]);
    TRY(sql_end(&rows));
    *out_people = TAKE(people);
    *out_count = count;
    return ERR_NONE;
}

struct password_write {
    const struct actor *actor;
    int64_t keep_session_id;
    int64_t now_ms;
    char old_hash[PASSWORD_HASH_SIZE];
    char new_hash[PASSWORD_HASH_SIZE];
};

static enum err password_write_run(struct db *db, void *context, struct err_note *note)
{
    const struct password_write *write = context;
    int64_t changed;
    TRY(sql_run_counted(
        db, &changed, "UPDATE person SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
        SQL_INT(write->actor->person_id), SQL_TEXT(write->old_hash), SQL_TEXT(write->new_hash)));
    if (changed == 0)
        return err_set(note, ERR_CONFLICT, "password", "was changed meanwhile; sign in again");
    TRY(sessions_end_others(db, write->actor->person_id, write->keep_session_id));
    struct account_label subject = account_label_of("person", write->actor->person_id);
    return audit_append(db, write->actor,
                        &(struct audit_change){.event = "",
                                               .action = "person.password_changed",
                                               .subject = subject.text},
                        write->now_ms);
}

static enum err load_for_change(struct accounts *accounts, int64_t person_id,
                                struct person *out_person, char out_hash[PASSWORD_HASH_SIZE])
{
    struct db *db = store_reader_take(accounts->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = person_by_id(db, person_id, out_person);
    if (err == ERR_NONE)
        err = password_hash_of(db, out_person->email, out_hash, &(int64_t){0});
    store_reader_give(accounts->store, db);
    return err;
}

enum err person_password_change(struct accounts *accounts, const struct actor *actor,
                                const struct password_change *change, int64_t keep_session_id,
                                int64_t now_ms, struct err_note *note)
{
    struct password_write write = {
        .actor = actor, .keep_session_id = keep_session_id, .now_ms = now_ms};
    struct person person;
    TRY(load_for_change(accounts, actor->person_id, &person, write.old_hash));
    TRY(password_check("next", change->next, &person, note));
    struct password_attempt attempt = {.account = person.email,
                                       .address = actor->address,
                                       .hash = write.old_hash,
                                       .password = change->current,
                                       .now_ms = now_ms};
    enum err err = password_attempt_check(accounts, &attempt, note);
    if (err == ERR_UNAUTHENTICATED)
        return err_set(note, ERR_FORBIDDEN, "current", "is not your current password");
    TRY(err);
    if (strcmp(change->current, change->next) == 0)
        return err_set(note, ERR_INVALID, "next", "is the current password; take another");
    TRY(password_hash_or_note(accounts, change->next, write.new_hash, note));
    TRY(store_write(accounts->store, password_write_run, &write, note));
    accounts_forget_person(accounts, actor->person_id);
    return ERR_NONE;
}
