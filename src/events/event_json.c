// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "events/events.h"
#include "events/time_zone.h"

#define NAME                                                                                       \
    .name = "name", .kind = JSON_FIELD_TEXT, .min = 1, JSON_TEXT(struct event, name),              \
    .doc = "What guests know it by."
#define DESCRIPTION                                                                                \
    .name = "description", .kind = JSON_FIELD_TEXT, JSON_TEXT(struct event, description),          \
    .doc = "Some sentences, plain text."
#define ORGANISER                                                                                  \
    .name = "organiser", .kind = JSON_FIELD_ID, JSON_AT(struct event, organiser),                  \
    .doc = "Id of the organiser; created with the event when there is none yet."
#define ORGANISER_NAME                                                                             \
    .name = "organiser_name", .kind = JSON_FIELD_TEXT, JSON_TEXT(struct event, organiser_name),    \
    .doc = "Name of a new organiser."
#define TIME_ZONE                                                                                  \
    .name = "time_zone", .kind = JSON_FIELD_TEXT, .min = 1, JSON_TEXT(struct event, time_zone),    \
    .doc = "IANA name, as Europe/Berlin."
#define STARTS                                                                                     \
    .name = "starts_at", .kind = JSON_FIELD_TIME, JSON_AT(struct event, starts_at_ms),             \
    .doc = "When it begins."
#define ENDS                                                                                       \
    .name = "ends_at", .kind = JSON_FIELD_TIME, JSON_AT(struct event, ends_at_ms),                 \
    .doc = "When it ends, after its start."
#define STATE                                                                                      \
    .name = "state", .kind = JSON_FIELD_ENUM, JSON_AT(struct event, state),                        \
    .names = EVENT_STATE_NAMES, .doc = "draft, published, running, over."
#define ID                                                                                         \
    .name = "id", .kind = JSON_FIELD_ID, JSON_AT(struct event, id),                                \
    .doc = "Unique in the installation, chosen by you, fixed for ever."

const struct json_field event_fields[EVENT_FIELD_COUNT] = {
    {ID, .need = JSON_REQUIRED},
    {NAME, .need = JSON_REQUIRED},
    {DESCRIPTION, .need = JSON_REQUIRED},
    {ORGANISER, .need = JSON_REQUIRED},
    {ORGANISER_NAME, .need = JSON_REQUIRED},
    {TIME_ZONE, .need = JSON_REQUIRED},
    {STARTS, .need = JSON_REQUIRED},
    {ENDS, .need = JSON_REQUIRED},
    {STATE, .need = JSON_REQUIRED},
    {.name = "changed_at",
     .kind = JSON_FIELD_TIME,
     .need = JSON_REQUIRED,
     JSON_AT(struct event, changed_at_ms),
     .doc = "When it was last changed."},
};

const struct json_field event_create_fields[EVENT_CREATE_FIELD_COUNT] = {
    {ID, .need = JSON_REQUIRED},
    {NAME, .need = JSON_REQUIRED},
    {STARTS, .need = JSON_REQUIRED},
    {ENDS, .need = JSON_REQUIRED},
    {TIME_ZONE},
    {DESCRIPTION},
    {ORGANISER},
    {ORGANISER_NAME},
};

const struct json_field event_change_fields[EVENT_CHANGE_FIELD_COUNT] = {
    {NAME}, {DESCRIPTION}, {TIME_ZONE}, {STARTS}, {ENDS}, {STATE},
};

void event_defaults(struct event *event)
{
    *event = (struct event){.state = EVENT_DRAFT};
    (void)text_copy(event->time_zone, sizeof event->time_zone, "UTC");
    (void)text_copy(event->organiser, sizeof event->organiser, "house");
}

enum err event_check(const struct event *event, struct err_note *note)
{
    if (!text_is_id(event->id))
        return err_set(note, ERR_INVALID, "id",
                       "must be 1 to %d of a-z, 0-9, _ and -, starting with a letter or digit",
                       LIMIT_ID_LEN);
    if (!text_is_id(event->organiser))
        return err_set(note, ERR_INVALID, "organiser", "must be an id");
    if (event->name[0] == '\0')
        return err_set(note, ERR_INVALID, "name", "must not be empty");
    if (!time_zone_has_form(event->time_zone))
        return err_set(note, ERR_INVALID, "time_zone", "must be an IANA name like Europe/Berlin");
    if (event->starts_at_ms >= event->ends_at_ms)
        return err_set(note, ERR_INVALID, "ends_at", "must be after the start");
    return ERR_NONE;
}
