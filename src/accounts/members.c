// SPDX-License-Identifier: Apache-2.0
#include "accounts/accounts_internal.h"
#include "base/text.h"

#include <inttypes.h>

const char *const ROLE_NAMES[] = {"organiser", "control", "crew", "door", "guest", NULL};

uint32_t role_of_name(const char *name)
{
    for (unsigned i = 0; ROLE_NAMES[i] != NULL; i++)
        if (strcmp(ROLE_NAMES[i], name) == 0)
            return (uint32_t)ROLE_ORGANISER << i;
    return 0;
}

static void roles_text(uint32_t roles, struct text *out)
{
    for (unsigned i = 0; ROLE_NAMES[i] != NULL; i++)
        if ((roles & (uint32_t)ROLE_ORGANISER << i) != 0)
            text_addf(out, "%s%s", out->len == 0 ? "" : ", ", ROLE_NAMES[i]);
}

enum err member_write(struct db *db, const struct actor *actor, const char *event,
                      int64_t person_id, uint32_t roles, int64_t now_ms, struct err_note *note)
{
    if (roles == 0 || (roles & ~(uint32_t)ROLES_EVENT) != 0)
        return err_set(note, ERR_INVALID, "roles",
                       "must be one or more of organiser, control, crew, door, guest");
    struct person person;
    enum err err = person_by_id(db, person_id, &person);
    if (err == ERR_NOT_FOUND)
        return err_set(note, err, "person", "there is no such person; an admin can create one");
    TRY(err);
    int64_t count;
    TRY(sql_one_int(db, &count,
                    "SELECT COUNT(*) FROM membership WHERE person_id = $1 AND event <> $2",
                    SQL_INT(person_id), SQL_TEXT(event)));
    if (count >= LIMIT_MEMBERSHIPS_PER_PERSON)
        return err_set(note, ERR_CONFLICT, "person", "is a member of %d events already; end some",
                       LIMIT_MEMBERSHIPS_PER_PERSON);
    TRY(sql_run(db,
                "INSERT INTO membership (event, person_id, roles, changed_at_ms) "
                "VALUES ($1, $2, $3, $4) ON CONFLICT (event, person_id) "
                "DO UPDATE SET roles = excluded.roles, changed_at_ms = excluded.changed_at_ms",
                SQL_TEXT(event), SQL_INT(person_id), SQL_INT(roles), SQL_INT(now_ms)));
    SCOPED_TEXT names;
    text_init(&names, 100);
    roles_text(roles, &names);
    struct account_label subject = account_label_of("person", person_id);
    return audit_append(
        db, actor,
        &(struct audit_change){
            .event = event, .action = "member.set", .subject = subject.text, .detail = names.bytes},
        now_ms);
}

enum err members_remove_event(struct db *db, const char *event, int64_t now_ms)
{
    TRY(sql_run(db, "DELETE FROM membership WHERE event = $1", SQL_TEXT(event)));
    return sql_run(
        db, "UPDATE device_token SET revoked_at_ms = $2 WHERE event = $1 AND revoked_at_ms = 0",
        SQL_TEXT(event), SQL_INT(now_ms));
}

struct change {
    const struct actor *actor;
    const char *event;
    int64_t person_id;
    uint32_t roles;
    int64_t now_ms;
};

static enum err set_run(struct db *db, void *context, struct err_note *note)
{
    const struct change *change = context;
    return member_write(db, change->actor, change->event, change->person_id, change->roles,
                        change->now_ms, note);
}

enum err member_set(struct accounts *accounts, const struct actor *actor, const char *event,
                    int64_t person_id, uint32_t roles, int64_t now_ms, struct err_note *note)
{
    struct change change = {actor, event, person_id, roles, now_ms};
    TRY(store_write(accounts->store, set_run, &change, note));
    accounts_forget_person(accounts, person_id);
    return ERR_NONE;
}

static enum err remove_run(struct db *db, void *context, struct err_note *note)
{
    const struct change *change = context;
    int64_t removed;
    TRY(sql_run_counted(db, &removed, "DELETE FROM membership WHERE event = $1 AND person_id = $2",
                        SQL_TEXT(change->event), SQL_INT(change->person_id)));
    if (removed == 0)
        return err_set(note, ERR_NOT_FOUND, "person", "is not a member of this event");
    struct account_label subject = account_label_of("person", change->person_id);
    return audit_append(db, change->actor,
                        &(struct audit_change){.event = change->event,
                                               .action = "member.removed",
                                               .subject = subject.text},
                        change->now_ms);
}

enum err member_remove(struct accounts *accounts, const struct actor *actor, const char *event,
                       int64_t person_id, int64_t now_ms, struct err_note *note)
{
    struct change change = {actor, event, person_id, 0, now_ms};
    TRY(store_write(accounts->store, remove_run, &change, note));
    accounts_forget_person(accounts, person_id);
    return ERR_NONE;
}

enum err member_list(struct db *db, const char *event, int64_t after_id, size_t count_max,
                     struct member **out_members, size_t *out_count)
{
    SCOPED_MEM struct member *members = mem_new_array(count_max, sizeof *members);
    size_t count = 0;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT p.id, p.email, p.name, p.is_admin, p.created_at_ms, m.roles,"
                  " p.disabled_at_ms "
                  "FROM membership m JOIN person p ON p.id = m.person_id "
                  "WHERE m.event = $1 AND m.person_id > $2 ORDER BY m.person_id LIMIT $3",
                  SQL_TEXT(event), SQL_INT(after_id), SQL_INT((int64_t)count_max)));
    while (count < count_max && sql_next(&rows)) {
        struct member *member = &members[count++];
        member->person.id = sql_int(&rows, 0);
        (void)text_copy(member->person.email, sizeof member->person.email, sql_text(&rows, 1));
        (void)text_copy(member->person.name, sizeof member->person.name, sql_text(&rows, 2));
        member->person.is_admin = sql_int(&rows, 3) != 0;
        member->person.created_at_ms = sql_int(&rows, 4);
        member->roles = (uint32_t)sql_int(&rows, 5) & ROLES_EVENT;
        member->person.is_disabled = sql_int(&rows, 6) != 0;
    }
    TRY(sql_end(&rows));
    *out_members = TAKE(members);
    *out_count = count;
    return ERR_NONE;
}
