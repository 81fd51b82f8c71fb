// SPDX-License-Identifier: Apache-2.0
#include "accounts/accounts.h"
#include "accounts/audit_chain.h"
#include "store/place_test.h"

#include <stdio.h>

static const int64_t NOW_MS = 1750000000000;

struct append {
    const char *event;
    const char *detail;
    int64_t at_ms;
};

static enum err append_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct append *append = context;
    struct actor actor = {.person_id = 7, .name = "Anna", .address = "192.0.2.1"};
    struct audit_change change = {.event = append->event,
                                  .action = "member.set",
                                  .subject = "person:12",
                                  .detail = append->detail};
    return audit_append(db, &actor, &change, append->at_ms);
}

static void append(struct store *store, const char *event, int64_t at_ms)
{
    struct append one = {.event = event, .detail = "control", .at_ms = at_ms};
    CHECK(store_write(store, append_run, &one, NULL) == ERR_NONE);
}

/* Three processes, one after the other and then two at once: chains 5, 3 and 9. */
static struct store *filled(const struct place *place)
{
    struct store *store = place_open(place, &accounts_store_module, 1);
    audit_chain_set(5);
    for (int i = 0; i < 3; i++)
        append(store, "fest", NOW_MS + i);
    audit_chain_set(3);
    append(store, "fair", NOW_MS + 10);
    append(store, "fest", NOW_MS + 11);
    audit_chain_set(9);
    append(store, "fest", NOW_MS + 12);
    audit_chain_set(3);
    append(store, "fest", NOW_MS + 13);
    audit_chain_set(0);
    return store;
}

static enum err verify(struct store *store, struct audit_check *out_check)
{
    struct db *db = store_reader_take(store);
    CHECK(db != NULL);
    enum err err = audit_verify(db, NULL, out_check);
    store_reader_give(store, db);
    return err;
}

ON_BOTH_ENGINES(log_that_nobody_touched_is_whole)
{
    SCOPED(store) store = filled(place);
    struct audit_check check;
    CHECK(verify(store, &check) == ERR_NONE);
    CHECK_INT(check.row_count, 7);
    CHECK_INT(strlen(check.head), 64);
    char before[65];
    memcpy(before, check.head, sizeof before);
    append(store, "fest", NOW_MS + 14);
    CHECK(verify(store, &check) == ERR_NONE);
    CHECK(strcmp(before, check.head) != 0);
}

/* True when the statement is noticed at this row. */
static bool is_noticed(const struct place *place, const char *sql, int64_t chain, int64_t number)
{
    SCOPED(store) store = filled(place);
    struct audit_check check;
    CHECK(place_write(store, sql) == ERR_NONE);
    bool is_bad = verify(store, &check) == ERR_CORRUPT;
    CHECK(place_write(store, "DELETE FROM audit") == ERR_NONE);
    return is_bad && check.chain == chain && check.number == number;
}

ON_BOTH_ENGINES(every_changed_inserted_or_removed_row_is_noticed)
{
    struct place mine = *place;
    CHECK(
        is_noticed(&mine, "UPDATE audit SET detail = 'crew' WHERE chain = 5 AND number = 2", 5, 2));
    CHECK(is_noticed(&mine, "UPDATE audit SET person_id = 8 WHERE chain = 3 AND number = 1", 3, 1));
    CHECK(is_noticed(&mine, "UPDATE audit SET at_ms = at_ms + 1 WHERE chain = 9", 9, 1));
    CHECK(is_noticed(&mine, "UPDATE audit SET address = '192.0.2.2' WHERE chain = 3 AND number = 3",
                     3, 3));
    CHECK(
        is_noticed(&mine, "UPDATE audit SET event = 'fair' WHERE chain = 5 AND number = 1", 5, 1));
    CHECK(is_noticed(&mine, "DELETE FROM audit WHERE chain = 3 AND number = 2", 3, 3));
    CHECK(is_noticed(&mine, "DELETE FROM audit WHERE chain = 5 AND number = 3", 3, 1));
    CHECK(is_noticed(&mine, "DELETE FROM audit WHERE chain = 5", 3, 1));
    CHECK(is_noticed(&mine,
                     "INSERT INTO audit SELECT chain, 4, 0, 0, at_ms, person_id, token_id, name,"
                     " address, event, action, subject, detail, hash FROM audit"
                     " WHERE chain = 5 AND number = 3",
                     5, 4));
}

ON_BOTH_ENGINES(log_of_an_event_is_paged_from_the_newest_on)
{
    SCOPED(store) store = filled(place);
    struct db *db = store_reader_take(store);
    struct audit_cursor cursor = {0};
    int64_t last_ms = INT64_MAX;
    size_t seen = 0;
    for (size_t count = 2; count == 2;) {
        struct audit_row *rows = NULL;
        CHECK(audit_list(db, "fest", cursor, 2, &rows, &count) == ERR_NONE);
        for (size_t i = 0; i < count; i++) {
            CHECK(rows[i].at_ms < last_ms);
            CHECK_TEXT(rows[i].event, "fest");
            CHECK_TEXT(rows[i].name, "Anna");
            last_ms = rows[i].at_ms;
            cursor = (struct audit_cursor){rows[i].at_ms, rows[i].chain, rows[i].number};
        }
        seen += count;
        mem_free(rows);
    }
    CHECK_INT(seen, 6);
    store_reader_give(store, db);
}

ON_BOTH_ENGINES(rows_cut_off_at_the_end_are_missed_by_who_has_noted_the_head)
{
    SCOPED(store) store = filled(place);
    struct audit_check noted, check;
    CHECK(verify(store, &noted) == ERR_NONE);
    append(store, "fest", NOW_MS + 20);
    struct db *db = store_reader_take(store);
    CHECK(audit_verify(db, noted.head, &check) == ERR_NONE && check.has_noted);
    store_reader_give(store, db);
    CHECK(place_write(store, "DELETE FROM audit WHERE at_ms >= 1750000000013") == ERR_NONE);
    db = store_reader_take(store);
    CHECK(audit_verify(db, noted.head, &check) == ERR_NONE && !check.has_noted);
    store_reader_give(store, db);
}

TEST(text_that_goes_on_after_what_there_is_room_for_is_noticed)
{
    SCOPED(store) store = filled(place_sqlite());
    char detail[AUDIT_DETAIL_LEN + 1];
    memset(detail, 'x', sizeof detail - 1);
    detail[AUDIT_DETAIL_LEN] = '\0';
    append(store, "fest", NOW_MS + 30);
    struct append one = {.event = "fest", .detail = detail, .at_ms = NOW_MS + 31};
    CHECK(store_write(store, append_run, &one, NULL) == ERR_NONE);
    struct audit_check check;
    CHECK(verify(store, &check) == ERR_NONE);
    CHECK(
        place_write(store, "UPDATE audit SET detail = detail || 'y' WHERE at_ms = 1750000000031") ==
        ERR_NONE);
    CHECK(verify(store, &check) == ERR_CORRUPT);
    CHECK_INT(check.at_ms, NOW_MS + 31);
    CHECK_TEXT(check.action, "member.set");
}

static enum err refused_run(struct db *db, void *context, struct err_note *note)
{
    TRY(append_run(db, context, note));
    return ERR_CONFLICT;
}

ON_BOTH_ENGINES(row_of_a_change_that_did_not_happen_is_not_there)
{
    SCOPED(store) store = filled(place);
    struct append one = {.event = "fest", .detail = "", .at_ms = NOW_MS + 20};
    CHECK(store_write(store, refused_run, &one, NULL) == ERR_CONFLICT);
    append(store, "fest", NOW_MS + 21);
    struct audit_check check;
    CHECK(verify(store, &check) == ERR_NONE);
    CHECK_INT(check.row_count, 8);
}

TEST(long_detail_is_cut_at_a_whole_character)
{
    SCOPED(store) store = filled(place_sqlite());
    char detail[2 * AUDIT_DETAIL_LEN + 2] = "x";
    for (size_t i = 1; i + 2 < sizeof detail; i += 2)
        memcpy(detail + i, "ü", 2);
    struct append one = {.event = "fest", .detail = detail, .at_ms = NOW_MS + 30};
    CHECK(store_write(store, append_run, &one, NULL) == ERR_NONE);
    struct audit_row *rows = NULL;
    size_t count = 0;
    struct db *db = store_reader_take(store);
    CHECK(audit_list(db, "fest", (struct audit_cursor){0}, 1, &rows, &count) == ERR_NONE);
    CHECK_INT(strlen(rows[0].detail), AUDIT_DETAIL_LEN - 1);
    mem_free(rows);
    store_reader_give(store, db);
    struct audit_check check;
    CHECK(verify(store, &check) == ERR_NONE);
}
