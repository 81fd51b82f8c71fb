// SPDX-License-Identifier: Apache-2.0
#include "venues/left.h"

#include "base/clock.h"
#include "venues/venues_internal.h"

#define UPSERT " ON CONFLICT (event, id, venue) DO UPDATE SET left_ms = excluded.left_ms"

enum err left_note(struct db *db, const char *event, const char *venue, const char *id)
{
    return sql_run(
        db, "INSERT INTO venue_left (event, id, venue, left_ms) VALUES ($1, $2, $3, $4)" UPSERT,
        SQL_TEXT(event), SQL_TEXT(id), SQL_TEXT(venue), SQL_INT(clock_now_ms()));
}

enum err left_note_venue(struct db *db, const char *event, const char *venue)
{
    static const char *const ALL[] = {
        "INSERT INTO venue_left (event, id, venue, left_ms) SELECT event, id, venue, $3"
        " FROM venue_device WHERE event = $1 AND venue = $2" UPSERT,
        "INSERT INTO venue_left (event, id, venue, left_ms) SELECT event, id, venue, $3"
        " FROM venue_zone WHERE event = $1 AND venue = $2" UPSERT,
    };
    for (size_t i = 0; i < COUNT_OF(ALL); i++)
        TRY(sql_run(db, ALL[i], SQL_TEXT(event), SQL_TEXT(venue), SQL_INT(clock_now_ms())));
    return left_note(db, event, venue, venue); /* it has series of its own */
}

void left_expire(struct store *main_store)
{
    store_expire(main_store,
                 &(struct store_expiry){
                     .table = "venue_left",
                     .find = "SELECT 1 FROM venue_left WHERE left_ms < $1 LIMIT 1",
                     .remove = "DELETE FROM venue_left WHERE (event, id, venue) IN (SELECT event,"
                               " id, venue FROM venue_left WHERE left_ms < $1 LIMIT $2)",
                     .age_max_ms = VENUES_LEFT_KEPT_MS});
}

static enum err visit_left(struct db *db, const char *event, const char *id,
                           void (*visit)(void *context, const char *venue), void *context)
{
    struct sql_rows rows;
    if (id == NULL)
        TRY(sql_query(db, &rows, "SELECT DISTINCT venue FROM venue_left WHERE event = $1",
                      SQL_TEXT(event)));
    else
        TRY(sql_query(db, &rows, "SELECT venue FROM venue_left WHERE event = $1 AND id = $2",
                      SQL_TEXT(event), SQL_TEXT(id)));
    while (sql_next(&rows))
        visit(context, sql_text(&rows, 0));
    return sql_end(&rows);
}

enum err venues_left(struct venues *venues, const char *event, const char *id,
                     void (*visit)(void *context, const char *venue), void *context)
{
    struct store *store = venues_store(venues);
    struct db *db = store_reader_take(store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = visit_left(db, event, id, visit, context);
    store_reader_give(store, db);
    return err;
}
