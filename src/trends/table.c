// SPDX-License-Identifier: Apache-2.0
#include "trends/table.h"

#include "base/log.h"
#include "base/text.h"
#include "trends/trends.h"

static const struct store_migration MIGRATIONS[] = {
    {1, "CREATE TABLE trend_zone (event TEXT NOT NULL, venue TEXT NOT NULL, zone TEXT NOT NULL,"
        "  position BIGINT NOT NULL, saved_ms BIGINT NOT NULL, state BYTEA NOT NULL,"
        "  PRIMARY KEY (event, venue, zone));"
        "CREATE INDEX trend_zone_by_age ON trend_zone (saved_ms);"
        "CREATE TABLE trend_mark (shard BIGINT NOT NULL PRIMARY KEY, position BIGINT NOT NULL);"
        "CREATE TABLE trend_document (event TEXT NOT NULL, venue TEXT NOT NULL,"
        "  written_ms BIGINT NOT NULL, forecast TEXT NOT NULL, occupancy TEXT NOT NULL,"
        "  PRIMARY KEY (event, venue));"
        "CREATE INDEX trend_document_by_age ON trend_document (written_ms);"},
};
const struct store_module trends_store_module = {
    .name = "trends", .migrations = MIGRATIONS, .migration_count = COUNT_OF(MIGRATIONS)};

void table_expire(struct store *store)
{
    store_expire(store, &(struct store_expiry){
                            .table = "trend_zone",
                            .find = "SELECT 1 FROM trend_zone WHERE saved_ms < $1 LIMIT 1",
                            .remove = "DELETE FROM trend_zone WHERE (event, venue, zone) IN"
                                      " (SELECT event, venue, zone FROM trend_zone"
                                      " WHERE saved_ms < $1 LIMIT $2)",
                            .age_max_ms = TRENDS_KEEP_MS});
    store_expire(store, &(struct store_expiry){
                            .table = "trend_document",
                            .find = "SELECT 1 FROM trend_document WHERE written_ms < $1 LIMIT 1",
                            .remove = "DELETE FROM trend_document WHERE (event, venue) IN"
                                      " (SELECT event, venue FROM trend_document"
                                      " WHERE written_ms < $1 LIMIT $2)",
                            .age_max_ms = TRENDS_KEEP_MS});
}

static void load_zone(struct tracked *tracked, const struct sql_rows *rows, int64_t now_us)
{
    struct tracked_zone *zone = tracked_find(tracked, sql_text(rows, 0));
    struct zone_state state;
    size_t len;
    const void *bytes = sql_blob(rows, 2, &len);
    if (zone == NULL)
        return; /* it was removed */
    enum err err = zone_unpack(bytes, len, &state);
    if (err != ERR_NONE) {
        log_write(LOG_ERROR, "trends", "a zone's state cannot be read; its forecast begins anew",
                  "event=%s venue=%s zone=%s reason=%s", tracked->event, tracked->venue, zone->id,
                  err_name(err));
        return;
    }
    zone_fini(&zone->state);
    zone->state = state;
    zone->position = sql_int(rows, 1);
    zone->saved_us = MIN(zone->saved_us, now_us);
}

enum err table_load_zones(struct db *db, struct tracked *tracked, int64_t now_us)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT zone, position, state FROM trend_zone WHERE event = $1 AND venue = $2"
                  " LIMIT $3",
                  SQL_TEXT(tracked->event), SQL_TEXT(tracked->venue),
                  SQL_INT((int64_t)4 * LIMIT_VENUE_ZONES)));
    while (sql_next(&rows))
        load_zone(tracked, &rows, now_us);
    return sql_end(&rows);
}

enum err table_load_mark(struct db *db, int shard, int64_t *out_position)
{
    *out_position = 0;
    enum err err = sql_one_int(db, out_position, "SELECT position FROM trend_mark WHERE shard = $1",
                               SQL_INT(shard));
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err table_read_document(struct db *db, const char *event, const char *venue, int document,
                             struct text *out)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT forecast, occupancy FROM trend_document WHERE event = $1 AND venue = $2",
                  SQL_TEXT(event), SQL_TEXT(venue)));
    bool is_there = sql_next(&rows);
    if (is_there)
        text_add(out, sql_text(&rows, document == TRENDS_FORECAST ? 0 : 1));
    enum err err = sql_end(&rows);
    return err == ERR_NONE && !is_there ? ERR_NOT_FOUND : err;
}

enum err table_write_zone(struct db *db, const struct zone_row *row, int64_t now_ms)
{
    return sql_run(db,
                   "INSERT INTO trend_zone (event, venue, zone, position, saved_ms, state)"
                   " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (event, venue, zone)"
                   " DO UPDATE SET position = excluded.position, saved_ms = excluded.saved_ms,"
                   " state = excluded.state",
                   SQL_TEXT(row->event), SQL_TEXT(row->venue), SQL_TEXT(row->zone),
                   SQL_INT(row->position), SQL_INT(now_ms), SQL_BLOB(row->bytes, row->len));
}

enum err table_write_mark(struct db *db, int shard, int64_t position)
{
    return sql_run(db,
                   "INSERT INTO trend_mark (shard, position) VALUES ($1, $2)"
                   " ON CONFLICT (shard) DO UPDATE SET position = excluded.position",
                   SQL_INT(shard), SQL_INT(position));
}

enum err table_write_documents(struct db *db, const struct tracked *tracked,
                               const struct text *forecast, const struct text *occupancy,
                               int64_t now_ms)
{
    return sql_run(db,
                   "INSERT INTO trend_document (event, venue, written_ms, forecast, occupancy)"
                   " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (event, venue)"
                   " DO UPDATE SET written_ms = excluded.written_ms,"
                   " forecast = excluded.forecast, occupancy = excluded.occupancy",
                   SQL_TEXT(tracked->event), SQL_TEXT(tracked->venue), SQL_INT(now_ms),
                   SQL_TEXT(forecast->bytes), SQL_TEXT(occupancy->bytes));
}
