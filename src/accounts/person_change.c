// SPDX-License-Identifier: Apache-2.0
/* What an admin does to somebody's account: name, disabled or not, a new password. */
#include "accounts/accounts_internal.h"
#include "base/text.h"

struct deed {
    const struct actor *actor;
    const struct person_change *change; /* of a change */
    const char *new_hash;               /* of a reset */
    int64_t now_ms;
    struct person person; /* whose account it is; afterwards, as it is */
};

static enum err append(struct db *db, const struct deed *deed, const char *action,
                       const char *detail)
{
    struct account_label subject = account_label_of("person", deed->person.id);
    return audit_append(
        db, deed->actor,
        &(struct audit_change){
            .event = "", .action = action, .subject = subject.text, .detail = detail},
        deed->now_ms);
}

static enum err find(struct db *db, int64_t person_id, struct person *out_person,
                     struct err_note *note)
{
    enum err err = person_by_id(db, person_id, out_person);
    return err == ERR_NOT_FOUND ? err_set(note, err, "person", "there is no such person") : err;
}

/* Two admins who disable each other at once: the second is stopped, or nobody would be left. */
static enum err check_actor(struct db *db, const struct actor *actor, struct err_note *note)
{
    struct person acting;
    if (actor->person_id == 0)
        return ERR_NONE;
    TRY(find(db, actor->person_id, &acting, note));
    if (acting.is_disabled)
        return err_set(note, ERR_FORBIDDEN, "", "your own account was disabled meanwhile");
    return ERR_NONE;
}

static enum err rename_person(struct db *db, struct deed *deed)
{
    const struct person_change *change = deed->change;
    struct person *person = &deed->person;
    if (!change->has_name || strcmp(change->name, person->name) == 0)
        return ERR_NONE;
    (void)text_copy(person->name, sizeof person->name, change->name);
    TRY(sql_run(db, "UPDATE person SET name = $2 WHERE id = $1", SQL_INT(person->id),
                SQL_TEXT(person->name)));
    return append(db, deed, "person.renamed", person->name);
}

static enum err disable_person(struct db *db, struct deed *deed)
{
    const struct person_change *change = deed->change;
    struct person *person = &deed->person;
    if (!change->has_is_disabled || change->is_disabled == person->is_disabled)
        return ERR_NONE;
    person->is_disabled = change->is_disabled;
    TRY(sql_run(db, "UPDATE person SET disabled_at_ms = $2 WHERE id = $1", SQL_INT(person->id),
                SQL_INT(person->is_disabled ? deed->now_ms : 0)));
    if (person->is_disabled)
        TRY(sessions_end_others(db, person->id, 0));
    return append(db, deed, person->is_disabled ? "person.disabled" : "person.enabled", "");
}

static enum err change_run(struct db *db, void *context, struct err_note *note)
{
    struct deed *deed = context;
    TRY(check_actor(db, deed->actor, note));
    TRY(find(db, deed->person.id, &deed->person, note));
    TRY(rename_person(db, deed));
    return disable_person(db, deed);
}

enum err person_change(struct accounts *accounts, const struct actor *actor, int64_t person_id,
                       const struct person_change *change, int64_t now_ms,
                       struct person *out_person, struct err_note *note)
{
    struct deed deed = {
        .actor = actor, .change = change, .now_ms = now_ms, .person = {.id = person_id}};
    if (change->has_name)
        TRY(person_name_check(change->name, note));
    if (change->has_is_disabled && change->is_disabled && person_id == actor->person_id)
        return err_set(note, ERR_CONFLICT, "is_disabled",
                       "you cannot disable yourself; ask another admin");
    TRY(store_write(accounts->store, change_run, &deed, note));
    accounts_forget_person(accounts, person_id);
    *out_person = deed.person;
    return ERR_NONE;
}

static enum err reset_run(struct db *db, void *context, struct err_note *note)
{
    struct deed *deed = context;
    TRY(check_actor(db, deed->actor, note));
    TRY(find(db, deed->person.id, &deed->person, note));
    TRY(sql_run(db, "UPDATE person SET password_hash = $2 WHERE id = $1", SQL_INT(deed->person.id),
                SQL_TEXT(deed->new_hash)));
    TRY(sessions_end_others(db, deed->person.id, 0));
    return append(db, deed, "person.password_reset", "");
}

static enum err load(struct accounts *accounts, int64_t person_id, struct person *out_person,
                     struct err_note *note)
{
    struct db *db = store_reader_take(accounts->store);
    if (db == NULL)
        return err_set(note, ERR_BUSY, "", "the database is away; try again soon");
    enum err err = find(db, person_id, out_person, note);
    store_reader_give(accounts->store, db);
    return err;
}

enum err person_password_reset(struct accounts *accounts, const struct actor *actor,
                               int64_t person_id, const char *password, int64_t now_ms,
                               struct err_note *note)
{
    char hash[PASSWORD_HASH_SIZE];
    struct deed deed = {.actor = actor, .new_hash = hash, .now_ms = now_ms};
    if (person_id == actor->person_id)
        return err_set(note, ERR_CONFLICT, "person",
                       "this is you; change your own password at /api/v1/session/password");
    TRY(load(accounts, person_id, &deed.person, note));
    TRY(password_check("password", password, &deed.person, note));
    TRY(password_hash_or_note(accounts, password, hash, note));
    TRY(store_write(accounts->store, reset_run, &deed, note));
    accounts_forget_person(accounts, person_id);
    return ERR_NONE;
}
