// SPDX-License-Identifier: Apache-2.0
/* Expiry of a module's rows: a note's id is its time. */
#include "base/clock.h"
#include "store/place_test.h"
#include "store/store_internal.h"

#define HOUR_MS     INT64_C(3600000)
#define OLD_NOTES   12000 /* at one slice a second: longer than the deadline */
#define DEADLINE_MS 20000

static const struct store_expiry BY_ID = {
    .table = "note",
    .find = "SELECT 1 FROM note WHERE id < $1 LIMIT 1",
    .remove = "DELETE FROM note WHERE id IN (SELECT id FROM note WHERE id < $1 LIMIT $2)",
    .age_max_ms = HOUR_MS};

struct notes {
    int64_t from_ms;
    int64_t count;
};

static enum err add_notes(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct notes *notes = context;
    for (int64_t i = 0; i < notes->count; i++)
        TRY(note_add(db, notes->from_ms + i, "old or new"));
    return ERR_NONE;
}

static void put_notes(struct store *store, int64_t from_ms, int64_t count)
{
    CHECK_INT(store_write(store, add_notes, &(struct notes){from_ms, count}, NULL), ERR_NONE);
}

ON_BOTH_ENGINES(a_slice_removes_a_bounded_number_of_old_rows_and_tells_whether_there_are_more)
{
    struct store *store = place_open(place, &notes_module, 1);
    bool is_more = false;
    put_notes(store, 1, LIMIT_REMOVAL_ROWS + 7);
    put_notes(store, 5 * HOUR_MS, 3);
    CHECK_INT(expire_slice(store, &BY_ID, 5 * HOUR_MS, &is_more, NULL), ERR_NONE);
    CHECK(is_more);
    CHECK_INT(note_count(store), 10);
    CHECK_INT(expire_slice(store, &BY_ID, 5 * HOUR_MS, &is_more, NULL), ERR_NONE);
    CHECK(!is_more);
    CHECK_INT(note_count(store), 3);
    CHECK_INT(expire_slice(store, &BY_ID, 6 * HOUR_MS, &is_more, NULL), ERR_NONE);
    CHECK_INT(note_count(store), 3);
    CHECK_INT(expire_slice(store, &BY_ID, 6 * HOUR_MS + 1, &is_more, NULL), ERR_NONE);
    CHECK_INT(note_count(store), 2);
    store_close(store);
}

ON_BOTH_ENGINES(housekeeping_removes_slices_for_as_long_as_they_are_full)
{
    struct store *store = place_open(place, &notes_module, 1);
    put_notes(store, clock_now_ms() - 2 * HOUR_MS, OLD_NOTES);
    put_notes(store, clock_now_ms(), 3);
    store_expire(store, &BY_ID);
    int64_t deadline_ms = clock_now_ms() + DEADLINE_MS;
    while (note_count(store) != 3 && clock_now_ms() < deadline_ms)
        ;
    CHECK_INT(note_count(store), 3);
    store_close(store);
}
