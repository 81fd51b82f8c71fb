// SPDX-License-Identifier: Apache-2.0
/* events/events.h — organisers and their events. An event is a draft, then published, running,
 * over; event_move_decide() says which steps there are. A deleted draft keeps its id taken for
 * ever: what other modules hold for it must never show up in a stranger's new event. */
#pragma once
#include "accounts/accounts.h"
#include "base/json.h"

enum event_state { EVENT_DRAFT, EVENT_PUBLISHED, EVENT_RUNNING, EVENT_OVER };
extern const char *const EVENT_STATE_NAMES[]; /* ends with NULL */

struct event {
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    char description[4001];
    char organiser[LIMIT_ID_LEN + 1];
    char organiser_name[LIMIT_NAME_LEN + 1];
    char time_zone[65]; /* IANA: "Europe/Berlin" */
    int64_t starts_at_ms;
    int64_t ends_at_ms;
    enum event_state state;
    int64_t changed_at_ms;
};

/* An event in JSON: as it is told, as it is created, and as it is changed (all optional). */
#define EVENT_FIELD_COUNT        10
#define EVENT_CREATE_FIELD_COUNT 8
#define EVENT_CHANGE_FIELD_COUNT 6
extern const struct json_field event_fields[EVENT_FIELD_COUNT];
extern const struct json_field event_create_fields[EVENT_CREATE_FIELD_COUNT];
extern const struct json_field event_change_fields[EVENT_CHANGE_FIELD_COUNT];
/* What a creation that does not say otherwise makes: time zone UTC, organiser "house". */
void event_defaults(struct event *event);

enum event_move {
    EVENT_MOVE_OK,
    EVENT_MOVE_NONE,     /* it is there already */
    EVENT_MOVE_SKIPS,    /* not from there: a draft is published before it runs */
    EVENT_MOVE_TOO_LATE, /* its end has passed, or (back to draft) its start */
};
/* An event closed by mistake can run again for this long after its end. */
#define EVENT_REOPEN_MS (24 * 3600 * 1000LL)
enum event_move event_move_decide(const struct event *event, enum event_state to, int64_t now_ms);

/* ERR_INVALID naming the member. */
MUST_USE enum err event_check(const struct event *event, struct err_note *note);
/* ERR_INVALID unless this machine's database of time zones has the name. Where there is no database
 * (Debian's package tzdata) every name passes, and the log says so once. Reads a file: for whoever
 * creates or changes an event, before the command. */
MUST_USE enum err event_time_zone_check(const char *name, struct err_note *note);

extern const struct store_module events_store_module;

/* Inside a command. The organiser is created when there is none yet. The actor becomes the event's
 * organiser (call accounts_forget_person() after the commit). ERR_CONFLICT when the id is taken. */
MUST_USE enum err event_insert(struct db *db, const struct actor *actor, const struct event *event,
                               int64_t now_ms, struct err_note *note);
/* Inside a command: writes all but id, organiser and state. ERR_CONFLICT when the event was changed
 * after event->changed_at_ms. */
MUST_USE enum err event_update(struct db *db, const struct actor *actor, const struct event *event,
                               int64_t now_ms, struct err_note *note);
MUST_USE enum err event_move(struct db *db, const struct actor *actor, const char *id,
                             enum event_state to, int64_t now_ms, struct err_note *note);
/* Drafts only, else ERR_CONFLICT. Members and tokens of the event end with it. */
MUST_USE enum err event_remove(struct db *db, const struct actor *actor, const char *id,
                               int64_t now_ms, struct err_note *note);

MUST_USE enum err event_exists(struct db *db, const char *id); /* ERR_NONE or ERR_NOT_FOUND */
MUST_USE enum err event_find(struct db *db, const char *id, struct event *out_event);
/* What the principal may see: an admin all, a person those with a role, a token its own. In the
 * order of ids, after `after_id`. The caller frees *out_events (mem_free). */
MUST_USE enum err event_list(struct db *db, const struct principal *principal, const char *after_id,
                             size_t count_max, struct event **out_events, size_t *out_count);
/* May this principal make an event for this organiser? Admins; and who organises another of its. */
MUST_USE enum err event_creation_check(struct db *db, const struct principal *principal,
                                       const char *organiser, struct err_note *note);
