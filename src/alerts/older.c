// SPDX-License-Identifier: Apache-2.0
#include "alerts/older.h"

#include "alerts/alerts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "events/events.h"

#define DEFAULT_RULE "device-silent"

/* "" when none is left. */
static enum err next_event(struct db *db, char out_event[LIMIT_ID_LEN + 1])
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows, "SELECT event FROM alert_older_event ORDER BY event LIMIT 1"));
    (void)text_copy(out_event, LIMIT_ID_LEN + 1, sql_next(&rows) ? sql_text(&rows, 0) : "");
    return sql_end(&rows);
}

static enum err give_default_rule(struct db *db, const struct actor *actor, const char *event,
                                  int64_t now_ms)
{
    bool was_made = false;
    struct err_note note = {0};
    TRY(audit_has(db, event, "rule.created", "rule:" DEFAULT_RULE, &was_made));
    if (was_made)
        return ERR_NONE;
    enum err err = alerts_event_made(db, actor, event, now_ms, &note);
    bool has_no_room = err == ERR_INVALID; /* as many rules as an event may have: its own choice */
    return err == ERR_CONFLICT || has_no_room ? ERR_NONE : err;
}

static enum err repair(struct db *db, const char *event_id, int64_t now_ms)
{
    struct event event;
    const struct actor actor = actor_program("Muster");
    enum err err = event_find(db, event_id, &event);
    if (err == ERR_NOT_FOUND)
        return ERR_NONE;
    TRY(err);
    TRY(give_default_rule(db, &actor, event_id, now_ms));
    return event.state == EVENT_OVER ? alerts_event_moved(db, NULL, event_id, EVENT_OVER, now_ms)
                                     : ERR_NONE;
}

static enum err repair_run(struct db *db, void *is_any, struct err_note *note)
{
    (void)note;
    char event[LIMIT_ID_LEN + 1];
    TRY(next_event(db, event));
    *(bool *)is_any = event[0] != '\0'; /* another process may have done the last one */
    if (event[0] == '\0')
        return ERR_NONE;
    TRY(repair(db, event, clock_now_ms()));
    TRY(sql_run(db, "DELETE FROM alert_older_event WHERE event = $1", SQL_TEXT(event)));
    log_write(LOG_INFO, "alerts", "an event of an older database is brought up to date", "event=%s",
              event);
    return ERR_NONE;
}

/* Mostly there is none, and nothing to write. */
static enum err any_left(struct store *main_store, bool *out_any)
{
    char event[LIMIT_ID_LEN + 1] = "";
    struct db *db = store_reader_take(main_store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = next_event(db, event);
    store_reader_give(main_store, db);
    *out_any = event[0] != '\0';
    return err;
}

enum err older_events_repair(struct store *main_store, struct err_note *note)
{
    bool is_any = false;
    enum err err = any_left(main_store, &is_any);
    while (err == ERR_NONE && is_any)
        err = store_write(main_store, repair_run, &is_any, note);
    if (err != ERR_NONE)
        return err_set(note, err, "alerts",
                       "events of an older database cannot be brought up to date now");
    return ERR_NONE;
}
