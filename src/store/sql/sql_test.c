// SPDX-License-Identifier: Apache-2.0
#include "store/place_test.h"

static const struct store_migration kinds_migrations[] = {
    {1, "CREATE TABLE kinds (id BIGINT PRIMARY KEY, whole BIGINT, part DOUBLE PRECISION,"
        " words TEXT UNIQUE, bytes BYTEA);"
        "CREATE TABLE child (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES kinds(id))"},
};
static const struct store_module kinds_module = {"kinds", kinds_migrations, 1};

static enum err insert_all_kinds(struct db *db, void *context, struct err_note *note)
{
    (void)context;
    (void)note;
    /* The numbers stand in another order than they appear. */
    TRY(sql_run(db, "INSERT INTO kinds (bytes, words, part, whole, id) VALUES ($5, $4, $3, $2, $1)",
                SQL_INT(1), SQL_INT(INT64_MIN), SQL_REAL(-0.1), SQL_TEXT("gr\xc3\xbc\xc3\x9f"),
                SQL_BLOB("a\0b", 3)));
    return sql_run(db,
                   "INSERT INTO kinds (id, whole, part, words, bytes)"
                   " VALUES ($1, $2, $3, $4, $5)",
                   SQL_INT(2), SQL_NULL, SQL_NULL, SQL_TEXT(NULL), SQL_BLOB(NULL, 0));
}

ON_BOTH_ENGINES(values_come_back_as_they_went_in)
{
    SCOPED(store) store = place_open(place, &kinds_module, 1);
    CHECK_INT(store_write(store, insert_all_kinds, NULL, NULL), ERR_NONE);
    struct db *db = store_reader_take(store);
    struct sql_rows rows;
    CHECK_INT(sql_query(db, &rows, "SELECT whole, part, words, bytes FROM kinds ORDER BY id"),
              ERR_NONE);
    CHECK(sql_next(&rows));
    CHECK(sql_int(&rows, 0) == INT64_MIN);
    CHECK(sql_real(&rows, 1) == -0.1);
    CHECK_TEXT(sql_text(&rows, 2), "gr\xc3\xbc\xc3\x9f");
    size_t len = 0;
    CHECK(memcmp(sql_blob(&rows, 3, &len), "a\0b", 3) == 0);
    CHECK_INT(len, 3);
    CHECK(sql_next(&rows));
    for (int column = 0; column < 4; column++)
        CHECK(sql_is_null(&rows, column));
    CHECK_INT(sql_int(&rows, 0), 0);
    CHECK_TEXT(sql_text(&rows, 2), "");
    CHECK(!sql_next(&rows));
    CHECK_INT(sql_end(&rows), ERR_NONE);
    store_reader_give(store, db);
}

ON_BOTH_ENGINES(sums_averages_and_numbers_as_text_are_understood)
{
    SCOPED(store) store = place_open(place, &kinds_module, 1);
    CHECK_INT(place_write(store, "INSERT INTO kinds (id, whole) VALUES (1, 20000), (2, -7),"
                                 " (3, 123456789012)"),
              ERR_NONE);
    struct db *db = store_reader_take(store);
    struct sql_rows rows;
    CHECK_INT(sql_query(db, &rows,
                        "SELECT SUM(whole), AVG(id * 1.5), COUNT(*), MIN(whole)"
                        " FROM kinds WHERE id > $1",
                        SQL_INT(0)),
              ERR_NONE);
    CHECK(sql_next(&rows));
    CHECK(sql_int(&rows, 0) == 123456809005);
    CHECK_NEAR(sql_real(&rows, 1), 3.0, 1e-12);
    CHECK_TEXT(sql_text(&rows, 2), "3");
    CHECK_INT(sql_int(&rows, 3), -7);
    CHECK_INT(sql_end(&rows), ERR_NONE);
    store_reader_give(store, db);
}

ON_BOTH_ENGINES(one_text_takes_values_of_changing_types)
{
    SCOPED(store) store = place_open(place, &kinds_module, 1);
    CHECK_INT(place_write(store, "INSERT INTO kinds (id, whole, part) VALUES (1, 5, 2.5)"),
              ERR_NONE);
    struct db *db = store_reader_take(store);
    static const char SQL[] = "SELECT id FROM kinds WHERE part > $1";
    int64_t id = 0;
    CHECK_INT(sql_one_int(db, &id, SQL, SQL_INT(2)), ERR_NONE);
    CHECK_INT(sql_one_int(db, &id, SQL, SQL_REAL(2.4)), ERR_NONE);
    CHECK_INT(sql_one_int(db, &id, SQL, SQL_REAL(2.6)), ERR_NOT_FOUND);
    CHECK_INT(sql_one_int(db, &id, SQL, SQL_NULL), ERR_NOT_FOUND);
    CHECK_INT(sql_one_int(db, &id, SQL, SQL_INT(3)), ERR_NOT_FOUND);
    store_reader_give(store, db);
}

ON_BOTH_ENGINES(the_same_query_may_run_within_itself)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    CHECK_INT(place_write(store, "INSERT INTO note (id, words) VALUES (1, 'a'), (2, 'b')"),
              ERR_NONE);
    struct db *db = store_reader_take(store);
    struct sql_rows outer, inner;
    int pairs = 0;
    CHECK_INT(sql_query(db, &outer, "SELECT id FROM note ORDER BY id"), ERR_NONE);
    while (sql_next(&outer)) {
        CHECK_INT(sql_query(db, &inner, "SELECT id FROM note ORDER BY id"), ERR_NONE);
        while (sql_next(&inner))
            pairs++;
        CHECK_INT(sql_end(&inner), ERR_NONE);
    }
    CHECK_INT(sql_end(&outer), ERR_NONE);
    CHECK_INT(pairs, 4);
    store_reader_give(store, db);
}

ON_BOTH_ENGINES(broken_keys_are_conflicts_and_broken_sql_is_not)
{
    SCOPED(store) store = place_open(place, &kinds_module, 1);
    CHECK_INT(place_write(store, "INSERT INTO kinds (id, words) VALUES (1, 'a')"), ERR_NONE);
    CHECK_INT(place_write(store, "INSERT INTO kinds (id, words) VALUES (1, 'b')"), ERR_CONFLICT);
    CHECK_INT(place_write(store, "INSERT INTO kinds (id, words) VALUES (2, 'a')"), ERR_CONFLICT);
    CHECK_INT(place_write(store, "INSERT INTO child (id, parent) VALUES (1, 9)"), ERR_CONFLICT);
    CHECK_INT(place_write(store, "INSERT INTO nowhere VALUES (1)"), ERR_IO);
    CHECK_INT(place_write(store, "INSERT INTO child (id, parent) VALUES (1, 1)"), ERR_NONE);
}

static enum err goes_on_after_a_failure(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    enum err *second = context;
    CHECK_INT(note_add(db, 1, "again"), ERR_CONFLICT);
    *second = note_add(db, 2, "more");
    return ERR_NONE;
}

ON_BOTH_ENGINES(a_command_that_overlooks_a_failed_statement_is_undone)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    CHECK_INT(place_write(store, "INSERT INTO note (id, words) VALUES (1, 'a')"), ERR_NONE);
    enum err second = ERR_NONE;
    CHECK_INT(store_write(store, goes_on_after_a_failure, &second, NULL), ERR_CONFLICT);
    CHECK_INT(second, ERR_CONFLICT);
    CHECK_INT(note_count(store), 1);
}

static enum err changes(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    return sql_run_counted(db, context, "UPDATE note SET words = $1 WHERE id > $2", SQL_TEXT("x"),
                           SQL_INT(1));
}

ON_BOTH_ENGINES(changed_rows_are_counted)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    CHECK_INT(
        place_write(store, "INSERT INTO note (id, words) VALUES (1, 'a'), (2, 'b'), (3, 'c')"),
        ERR_NONE);
    int64_t changed = 0;
    CHECK_INT(store_write(store, changes, &changed, NULL), ERR_NONE);
    CHECK_INT(changed, 2);
}

ON_BOTH_ENGINES(a_reader_keeps_its_snapshot_until_it_is_given_back)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    struct db *db = store_reader_take(store);
    CHECK_INT(place_write(store, "INSERT INTO note (id, words) VALUES (1, 'a')"), ERR_NONE);
    int64_t count = -1;
    CHECK_INT(sql_one_int(db, &count, "SELECT COUNT(*) FROM note"), ERR_NONE);
    CHECK_INT(count, 0);
    store_reader_give(store, db);
    CHECK_INT(note_count(store), 1);
}

ON_BOTH_ENGINES(thousands_of_texts_do_not_fill_the_statement_cache)
{
    SCOPED(store) store = place_open(place, NULL, 0);
    struct db *db = store_reader_take(store);
    for (int i = 0; i < 1500; i++) {
        char sql[64];
        int64_t value = 0;
        (void)snprintf(sql, sizeof sql, "SELECT %d + COUNT(*) FROM note", i);
        CHECK_INT(sql_one_int(db, &value, sql), ERR_NONE);
        CHECK_INT(value, i);
    }
    store_reader_give(store, db);
}
