// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "base/text.h"
#include "events/events.h"

static const int64_t START_MS = 1000000;
static const int64_t END_MS = 2000000;

static enum event_move move(enum event_state from, enum event_state to, int64_t now_ms)
{
    struct event event = {.state = from, .starts_at_ms = START_MS, .ends_at_ms = END_MS};
    return event_move_decide(&event, to, now_ms);
}

TEST(event_is_published_then_runs_then_is_over)
{
    CHECK(move(EVENT_DRAFT, EVENT_PUBLISHED, 0) == EVENT_MOVE_OK);
    CHECK(move(EVENT_PUBLISHED, EVENT_RUNNING, START_MS - 1) == EVENT_MOVE_OK);
    CHECK(move(EVENT_RUNNING, EVENT_OVER, START_MS) == EVENT_MOVE_OK);
    CHECK(move(EVENT_PUBLISHED, EVENT_OVER, 0) == EVENT_MOVE_OK);
}

TEST(event_does_not_skip_or_go_back_further)
{
    CHECK(move(EVENT_DRAFT, EVENT_RUNNING, 0) == EVENT_MOVE_SKIPS);
    CHECK(move(EVENT_DRAFT, EVENT_OVER, 0) == EVENT_MOVE_SKIPS);
    CHECK(move(EVENT_RUNNING, EVENT_PUBLISHED, 0) == EVENT_MOVE_SKIPS);
    CHECK(move(EVENT_RUNNING, EVENT_DRAFT, 0) == EVENT_MOVE_SKIPS);
    CHECK(move(EVENT_OVER, EVENT_PUBLISHED, 0) == EVENT_MOVE_SKIPS);
    CHECK(move(EVENT_OVER, EVENT_DRAFT, 0) == EVENT_MOVE_SKIPS);
}

TEST(event_stays_where_it_is_without_a_step)
{
    for (int i = EVENT_DRAFT; i <= EVENT_OVER; i++)
        CHECK(move((enum event_state)i, (enum event_state)i, END_MS) == EVENT_MOVE_NONE);
}

TEST(past_event_is_neither_published_nor_started)
{
    CHECK(move(EVENT_DRAFT, EVENT_PUBLISHED, END_MS - 1) == EVENT_MOVE_OK);
    CHECK(move(EVENT_DRAFT, EVENT_PUBLISHED, END_MS) == EVENT_MOVE_TOO_LATE);
    CHECK(move(EVENT_PUBLISHED, EVENT_RUNNING, END_MS - 1) == EVENT_MOVE_OK);
    CHECK(move(EVENT_PUBLISHED, EVENT_RUNNING, END_MS) == EVENT_MOVE_TOO_LATE);
}

TEST(published_event_is_withdrawn_only_before_its_start)
{
    CHECK(move(EVENT_PUBLISHED, EVENT_DRAFT, START_MS - 1) == EVENT_MOVE_OK);
    CHECK(move(EVENT_PUBLISHED, EVENT_DRAFT, START_MS) == EVENT_MOVE_TOO_LATE);
}

TEST(event_closed_by_mistake_reopens_within_a_day_of_its_end)
{
    CHECK(move(EVENT_OVER, EVENT_RUNNING, END_MS + EVENT_REOPEN_MS - 1) == EVENT_MOVE_OK);
    CHECK(move(EVENT_OVER, EVENT_RUNNING, END_MS + EVENT_REOPEN_MS) == EVENT_MOVE_TOO_LATE);
}

static const char *place_refused(struct event *event)
{
    static struct err_note note;
    note.place[0] = '\0';
    return event_check(event, &note) == ERR_NONE ? "" : note.place;
}

TEST(event_must_make_sense)
{
    struct event event;
    event_defaults(&event);
    (void)text_copy(event.id, sizeof event.id, "fest");
    (void)text_copy(event.name, sizeof event.name, "Fest");
    event.starts_at_ms = START_MS;
    event.ends_at_ms = START_MS + 1;
    CHECK_TEXT(place_refused(&event), "");
    event.ends_at_ms = START_MS;
    CHECK_TEXT(place_refused(&event), "ends_at");
    event.ends_at_ms = END_MS;
    static const char *const BAD_ZONES[] = {"",     "/Berlin",        "Europe/", "Europe//Berlin",
                                            "../x", "Europe/Ber lin", "1"};
    for (size_t i = 0; i < COUNT_OF(BAD_ZONES); i++) {
        (void)text_copy(event.time_zone, sizeof event.time_zone, BAD_ZONES[i]);
        CHECK_TEXT(place_refused(&event), "time_zone");
    }
    (void)text_copy(event.time_zone, sizeof event.time_zone, "America/Argentina/Buenos_Aires");
    CHECK_TEXT(place_refused(&event), "");
    (void)text_copy(event.id, sizeof event.id, "Fest");
    CHECK_TEXT(place_refused(&event), "id");
}
