// SPDX-License-Identifier: Apache-2.0
#include "events/events.h"

#include "base/text.h"

#include <stdio.h>

static const struct store_migration MIGRATIONS[] = {
    {1, "CREATE TABLE organiser (id TEXT PRIMARY KEY, name TEXT NOT NULL);"
        "CREATE TABLE event ("
        " id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL,"
        " organiser TEXT NOT NULL REFERENCES organiser (id), time_zone TEXT NOT NULL,"
        " starts_at_ms BIGINT NOT NULL, ends_at_ms BIGINT NOT NULL, state BIGINT NOT NULL,"
        " changed_at_ms BIGINT NOT NULL, removed_at_ms BIGINT NOT NULL);"},
};

const struct store_module events_store_module = {
    .name = "events", .migrations = MIGRATIONS, .migration_count = COUNT_OF(MIGRATIONS)};

static enum err audit_event(struct db *db, const struct actor *actor, const char *id,
                            const char *action, const char *detail, int64_t now_ms)
{
    char subject[LIMIT_ID_LEN + 8];
    (void)snprintf(subject, sizeof subject, "event:%s", id);
    return audit_append(
        db, actor,
        &(struct audit_change){.event = id, .action = action, .subject = subject, .detail = detail},
        now_ms);
}

static enum err insert_row(struct db *db, const struct event *event, int64_t now_ms,
                           struct err_note *note)
{
    const char *organiser_name =
        event->organiser_name[0] == '\0' ? event->organiser : event->organiser_name;
    TRY(sql_run(db, "INSERT INTO organiser (id, name) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
                SQL_TEXT(event->organiser), SQL_TEXT(organiser_name)));
    enum err err = sql_run(
        db,
        "INSERT INTO event (id, name, description, organiser, time_zone, starts_at_ms,"
        " ends_at_ms, state, changed_at_ms, removed_at_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
        SQL_TEXT(event->id), SQL_TEXT(event->name), SQL_TEXT(event->description),
        SQL_TEXT(event->organiser), SQL_TEXT(event->time_zone), SQL_INT(event->starts_at_ms),
        SQL_INT(event->ends_at_ms), SQL_INT(event->state), SQL_INT(now_ms));
    if (err == ERR_CONFLICT)
        return err_set(note, err, "id", "is taken, perhaps by a deleted event; choose another");
    return err;
}

enum err event_insert(struct db *db, const struct actor *actor, const struct event *event,
                      int64_t now_ms, struct err_note *note)
{
    TRY(event_check(event, note));
    TRY(insert_row(db, event, now_ms, note));
    TRY(audit_event(db, actor, event->id, "event.created", event->name, now_ms));
    if (actor->person_id == 0)
        return ERR_NONE;
    return member_write(db, actor, event->id, actor->person_id, ROLE_ORGANISER, now_ms, note);
}

enum err event_update(struct db *db, const struct actor *actor, const struct event *event,
                      int64_t now_ms, struct err_note *note)
{
    TRY(event_check(event, note));
    int64_t changed;
    TRY(sql_run_counted(
        db, &changed,
        "UPDATE event SET name = $2, description = $3, time_zone = $4, starts_at_ms = $5,"
        " ends_at_ms = $6, changed_at_ms = $7"
        " WHERE id = $1 AND changed_at_ms = $8 AND removed_at_ms = 0",
        SQL_TEXT(event->id), SQL_TEXT(event->name), SQL_TEXT(event->description),
        SQL_TEXT(event->time_zone), SQL_INT(event->starts_at_ms), SQL_INT(event->ends_at_ms),
        SQL_INT(MAX(now_ms, event->changed_at_ms + 1)), SQL_INT(event->changed_at_ms)));
    if (changed == 0)
        return err_set(note, ERR_CONFLICT, "event", "was changed meanwhile; read it again");
    return audit_event(db, actor, event->id, "event.changed", event->name, now_ms);
}

static enum err refuse_move(enum event_move move, enum event_state from, enum event_state to,
                            struct err_note *note)
{
    if (move == EVENT_MOVE_TOO_LATE)
        return err_set(note, ERR_CONFLICT, "state",
                       "it is too late to go from %s to %s; change the dates first",
                       EVENT_STATE_NAMES[from], EVENT_STATE_NAMES[to]);
    return err_set(note, ERR_CONFLICT, "state",
                   "cannot go from %s to %s; the order is draft, published, running, over",
                   EVENT_STATE_NAMES[from], EVENT_STATE_NAMES[to]);
}

enum err event_move(struct db *db, const struct actor *actor, const char *id, enum event_state to,
                    int64_t now_ms, struct err_note *note)
{
    struct event event;
    TRY(event_find(db, id, &event));
    enum event_move move = event_move_decide(&event, to, now_ms);
    if (move == EVENT_MOVE_NONE)
        return ERR_NONE;
    if (move != EVENT_MOVE_OK)
        return refuse_move(move, event.state, to, note);
    TRY(sql_run(db, "UPDATE event SET state = $2, changed_at_ms = $3 WHERE id = $1", SQL_TEXT(id),
                SQL_INT(to), SQL_INT(MAX(now_ms, event.changed_at_ms + 1))));
    return audit_event(db, actor, id, "event.moved", EVENT_STATE_NAMES[to], now_ms);
}

enum err event_remove(struct db *db, const struct actor *actor, const char *id, int64_t now_ms,
                      struct err_note *note)
{
    struct event event;
    TRY(event_find(db, id, &event));
    if (event.state != EVENT_DRAFT)
        return err_set(note, ERR_CONFLICT, "state", "only a draft can be deleted; this is %s",
                       EVENT_STATE_NAMES[event.state]);
    TRY(sql_run(db, "UPDATE event SET removed_at_ms = $2 WHERE id = $1", SQL_TEXT(id),
                SQL_INT(now_ms)));
    TRY(members_remove_event(db, id, now_ms));
    return audit_event(db, actor, id, "event.deleted", event.name, now_ms);
}

#define SELECT                                                                                     \
    "SELECT e.id, e.name, e.description, e.organiser, o.name, e.time_zone, e.starts_at_ms,"        \
    " e.ends_at_ms, e.state, e.changed_at_ms FROM event e JOIN organiser o ON o.id = e.organiser "

static void read_event(const struct sql_rows *rows, struct event *out_event)
{
    *out_event = (struct event){
        .starts_at_ms = sql_int(rows, 6),
        .ends_at_ms = sql_int(rows, 7),
        .state = (enum event_state)sql_int(rows, 8),
        .changed_at_ms = sql_int(rows, 9),
    };
    (void)text_copy(out_event->id, sizeof out_event->id, sql_text(rows, 0));
    (void)text_copy(out_event->name, sizeof out_event->name, sql_text(rows, 1));
    (void)text_copy(out_event->description, sizeof out_event->description, sql_text(rows, 2));
    (void)text_copy(out_event->organiser, sizeof out_event->organiser, sql_text(rows, 3));
    (void)text_copy(out_event->organiser_name, sizeof out_event->organiser_name, sql_text(rows, 4));
    (void)text_copy(out_event->time_zone, sizeof out_event->time_zone, sql_text(rows, 5));
}

enum err event_exists(struct db *db, const char *id)
{
    int64_t one;
    return sql_one_int(db, &one, "SELECT 1 FROM event WHERE id = $1 AND removed_at_ms = 0",
                       SQL_TEXT(id));
}

enum err event_find(struct db *db, const char *id, struct event *out_event)
{
    bool is_found = false;
    struct sql_rows rows;
    TRY(sql_query(db, &rows, SELECT "WHERE e.id = $1 AND e.removed_at_ms = 0", SQL_TEXT(id)));
    while (sql_next(&rows)) {
        read_event(&rows, out_event);
        is_found = true;
    }
    TRY(sql_end(&rows));
    return is_found ? ERR_NONE : ERR_NOT_FOUND;
}

static enum err list_all(struct db *db, const char *after_id, size_t count_max,
                         struct event *events, size_t *out_count)
{
    size_t count = 0;
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  SELECT "WHERE e.id > $1 AND e.removed_at_ms = 0 ORDER BY e.id LIMIT $2",
                  SQL_TEXT(after_id), SQL_INT((int64_t)count_max)));
    while (count < count_max && sql_next(&rows))
        read_event(&rows, &events[count++]);
    TRY(sql_end(&rows));
    *out_count = count;
    return ERR_NONE;
}

static enum err add_if_found(struct db *db, const char *id, struct event *events, size_t *count)
{
    enum err err = event_find(db, id, &events[*count]);
    if (err == ERR_NONE)
        (*count)++;
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

/* A person has a handful of events: one look each is cheaper than a join across two modules. */
static enum err list_own(struct db *db, const struct principal *principal, const char *after_id,
                         size_t count_max, struct event *events, size_t *out_count)
{
    size_t count = 0;
    if (principal->kind == PRINCIPAL_TOKEN && strcmp(principal->event, after_id) > 0)
        TRY(add_if_found(db, principal->event, events, &count));
    for (size_t i = 0; i < principal->membership_count && count < count_max; i++)
        if (strcmp(principal->memberships[i].event, after_id) > 0)
            TRY(add_if_found(db, principal->memberships[i].event, events, &count));
    *out_count = count;
    return ERR_NONE;
}

enum err event_list(struct db *db, const struct principal *principal, const char *after_id,
                    size_t count_max, struct event **out_events, size_t *out_count)
{
    SCOPED_MEM struct event *events = mem_new_array(count_max, sizeof *events);
    TRY(principal->is_admin ? list_all(db, after_id, count_max, events, out_count)
                            : list_own(db, principal, after_id, count_max, events, out_count));
    *out_events = TAKE(events);
    return ERR_NONE;
}

enum err event_creation_check(struct db *db, const struct principal *principal,
                              const char *organiser, struct err_note *note)
{
    if (principal->is_admin)
        return ERR_NONE;
    for (size_t i = 0; i < principal->membership_count; i++) {
        if ((principal->memberships[i].roles & ROLE_ORGANISER) == 0)
            continue;
        struct event event;
        enum err err = event_find(db, principal->memberships[i].event, &event);
        if (err == ERR_NONE && strcmp(event.organiser, organiser) == 0)
            return ERR_NONE;
        if (err != ERR_NONE && err != ERR_NOT_FOUND)
            return err;
    }
    return err_set(note, ERR_FORBIDDEN, "organiser",
                   "you organise no event of %s; an admin can create the first one", organiser);
}
