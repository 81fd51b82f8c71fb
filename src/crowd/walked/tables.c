// SPDX-License-Identifier: Apache-2.0
#include "crowd/walked/tables.h"

#include "base/text.h"
#include "crowd/paths.h"
#include "crowd/walked/fold.h"
#include "crowd/walked/inside.h"

static const struct store_migration migrations[] = {
    {1, "CREATE TABLE crowd_walk (event TEXT NOT NULL, venue TEXT NOT NULL,"
        " done_position BIGINT NOT NULL, floor_position BIGINT NOT NULL, until_ms BIGINT NOT NULL,"
        " closed_ms BIGINT NOT NULL, plan_mark BIGINT NOT NULL, inside BYTEA NOT NULL,"
        " PRIMARY KEY (event, venue));"
        "CREATE TABLE crowd_walk_zone (event TEXT NOT NULL, venue TEXT NOT NULL,"
        " zone TEXT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (event, venue, zone),"
        " UNIQUE (event, venue, number));"
        "CREATE TABLE crowd_heat_minute (event TEXT NOT NULL, venue TEXT NOT NULL,"
        " from_ms BIGINT NOT NULL, grid TEXT NOT NULL, covered_ms BIGINT NOT NULL,"
        " data BYTEA NOT NULL, PRIMARY KEY (event, venue, from_ms, grid));"
        "CREATE INDEX crowd_heat_minute_time ON crowd_heat_minute (from_ms);"
        "CREATE TABLE crowd_heat_hour (event TEXT NOT NULL, venue TEXT NOT NULL,"
        " from_ms BIGINT NOT NULL, grid TEXT NOT NULL, covered_ms BIGINT NOT NULL,"
        " data BYTEA NOT NULL, PRIMARY KEY (event, venue, from_ms, grid));"
        "CREATE TABLE crowd_dwell (event TEXT NOT NULL, venue TEXT NOT NULL,"
        " hour_ms BIGINT NOT NULL, zone BIGINT NOT NULL, data BYTEA NOT NULL,"
        " PRIMARY KEY (event, venue, hour_ms, zone));"
        "CREATE TABLE crowd_trips (event TEXT NOT NULL, venue TEXT NOT NULL,"
        " hour_ms BIGINT NOT NULL, data BYTEA NOT NULL, PRIMARY KEY (event, venue, hour_ms));"},
};
const struct store_module paths_store_module = {
    .name = "paths", .migrations = migrations, .migration_count = COUNT_OF(migrations)};

/* --- dwell times and trips --- */

static enum err add_known_dwell(struct db *db, const struct walked_venue *venue,
                                const struct dwell_hour *hour, struct dwell *dwell)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(db, &rows,
                  "SELECT data FROM crowd_dwell WHERE event = $1 AND venue = $2 AND hour_ms = $3"
                  " AND zone = $4",
                  SQL_TEXT(venue->event), SQL_TEXT(venue->venue), SQL_INT(hour->hour_ms),
                  SQL_INT(hour->zone)));
    if (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        struct dwell known;
        err = dwell_unpack(bytes, len, &known);
        if (err == ERR_NONE)
            dwell_sum(dwell, &known);
    }
    TRY(sql_end(&rows));
    return err;
}

static enum err write_dwell(struct db *db, const struct walked_venue *venue,
                            const struct dwell_hour *hour)
{
    struct dwell dwell = hour->dwell;
    SCOPED_MEM void *bytes = NULL;
    size_t len;
    TRY(add_known_dwell(db, venue, hour, &dwell));
    TRY(dwell_pack(&dwell, &bytes, &len));
    return sql_run(db,
                   "INSERT INTO crowd_dwell (event, venue, hour_ms, zone, data)"
                   " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (event, venue, hour_ms, zone)"
                   " DO UPDATE SET data = excluded.data",
                   SQL_TEXT(venue->event), SQL_TEXT(venue->venue), SQL_INT(hour->hour_ms),
                   SQL_INT(hour->zone), SQL_BLOB(bytes, len));
}

/* NULL when there are none. */
static enum err read_trips(struct db *db, const struct walked_venue *venue, int64_t hour_ms,
                           struct trips **out_trips)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    SCOPED(trips) trips = NULL;
    TRY(sql_query(db, &rows,
                  "SELECT data FROM crowd_trips WHERE event = $1 AND venue = $2 AND hour_ms = $3",
                  SQL_TEXT(venue->event), SQL_TEXT(venue->venue), SQL_INT(hour_ms)));
    if (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        err = trips_unpack(bytes, len, &trips);
    }
    TRY(sql_end(&rows));
    TRY(err);
    *out_trips = TAKE(trips);
    return ERR_NONE;
}

static enum err store_trips(struct db *db, const struct walked_venue *venue, int64_t hour_ms,
                            const struct trips *trips)
{
    SCOPED_MEM void *bytes = NULL;
    size_t len;
    TRY(trips_pack(trips, &bytes, &len));
    return sql_run(db,
                   "INSERT INTO crowd_trips (event, venue, hour_ms, data) VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (event, venue, hour_ms) DO UPDATE SET data = excluded.data",
                   SQL_TEXT(venue->event), SQL_TEXT(venue->venue), SQL_INT(hour_ms),
                   SQL_BLOB(bytes, len));
}

/* What fewer than five people did is forgotten for good: single people are not for keeping. */
static enum err forget_few(struct db *db, const struct walked_venue *venue, int64_t from_ms,
                           int64_t until_ms)
{
    for (;;) {
        int64_t hour_ms = 0;
        SCOPED(trips) trips = NULL;
        SCOPED(trips) kept = NULL;
        enum err err = sql_one_int(
            db, &hour_ms,
            "SELECT hour_ms FROM crowd_trips WHERE event = $1 AND venue ="
            " $2 AND hour_ms >= $3 AND hour_ms < $4 ORDER BY hour_ms LIMIT 1",
            SQL_TEXT(venue->event), SQL_TEXT(venue->venue), SQL_INT(from_ms), SQL_INT(until_ms));
        if (err != ERR_NONE)
            return err == ERR_NOT_FOUND ? ERR_NONE : err;
        TRY(read_trips(db, venue, hour_ms, &trips));
        kept = trips_forget_few(trips, TRIPS_ANONYMITY);
        TRY(store_trips(db, venue, hour_ms, kept));
        from_ms = hour_ms + 1;
    }
}

static enum err write_trips(struct db *db, const struct walked_venue *venue,
                            const struct trips_hour *hour)
{
    SCOPED(trips) known = NULL;
    TRY(read_trips(db, venue, hour->hour_ms, &known));
    if (known != NULL)
        trips_sum(known, hour->trips);
    return store_trips(db, venue, hour->hour_ms, known == NULL ? hour->trips : known);
}

/* --- progress --- */

static enum err write_progress(struct db *db, const struct walked_venue *venue)
{
    const struct walked_progress *progress = &venue->progress;
    SCOPED_MEM void *bytes = NULL;
    size_t len;
    TRY(inside_pack(venue, &bytes, &len));
    return sql_run(db,
                   "INSERT INTO crowd_walk (event, venue, done_position, floor_position, until_ms,"
                   " closed_ms, plan_mark, inside) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                   " ON CONFLICT (event, venue) DO UPDATE SET done_position ="
                   " excluded.done_position, floor_position = excluded.floor_position,"
                   " until_ms = excluded.until_ms, closed_ms = excluded.closed_ms,"
                   " plan_mark = excluded.plan_mark, inside = excluded.inside",
                   SQL_TEXT(venue->event), SQL_TEXT(venue->venue), SQL_INT(progress->done_position),
                   SQL_INT(progress->floor_position), SQL_INT(progress->until_ms),
                   SQL_INT(progress->closed_ms), SQL_INT(progress->plan_mark),
                   SQL_BLOB(bytes, len));
}

/* The hours before are folded already; what comes late for them is added to their sums, too. 0 when the
 * venue is new. */
static enum err read_closed(struct db *db, const struct walked_venue *venue, int64_t *out_closed_ms)
{
    *out_closed_ms = 0;
    enum err err = sql_one_int(db, out_closed_ms,
                               "SELECT closed_ms FROM crowd_walk WHERE event = $1 AND venue = $2",
                               SQL_TEXT(venue->event), SQL_TEXT(venue->venue));
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

enum err walked_write(struct db *db, const struct walked_venue *venue)
{
    const struct walked_effects *effects = &venue->effects;
    int64_t closed_ms;
    TRY(read_closed(db, venue, &closed_ms));
    for (size_t i = 0; i < effects->minute_count; i++)
        TRY(fold_add_minute(db, venue, &effects->minutes[i], closed_ms));
    for (size_t i = 0; i < effects->dwell_count; i++)
        TRY(write_dwell(db, venue, &effects->dwells[i]));
    for (size_t i = 0; i < effects->trips_count; i++)
        TRY(write_trips(db, venue, &effects->trips[i]));
    TRY(fold_hours(db, venue, closed_ms, venue->progress.closed_ms));
    TRY(forget_few(db, venue, closed_ms, venue->progress.closed_ms));
    return write_progress(db, venue);
}

enum err walked_each(struct db *db,
                     enum err (*visit)(void *context, const char *event, const char *venue,
                                       const struct walked_progress *progress),
                     void *context)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(db, &rows,
                  "SELECT event, venue, done_position, floor_position, until_ms, closed_ms,"
                  " plan_mark, COALESCE((SELECT MAX(hour_ms) FROM crowd_trips AS t WHERE"
                  " t.event = w.event AND t.venue = w.venue), 0) FROM crowd_walk AS w"));
    while (err == ERR_NONE && sql_next(&rows)) {
        char event[LIMIT_ID_LEN + 1], venue[LIMIT_ID_LEN + 1];
        (void)text_copy(event, sizeof event, sql_text(&rows, 0));
        (void)text_copy(venue, sizeof venue, sql_text(&rows, 1));
        const struct walked_progress progress = {.done_position = sql_int(&rows, 2),
                                                 .floor_position = sql_int(&rows, 3),
                                                 .until_ms = sql_int(&rows, 4),
                                                 .closed_ms = sql_int(&rows, 5),
                                                 .plan_mark = sql_int(&rows, 6),
                                                 .trips_ms = sql_int(&rows, 7)};
        err = visit(context, event, venue, &progress);
    }
    TRY(sql_end(&rows));
    return err;
}

/* --- numbers of zones --- */

static enum err number_zone(struct db *db, const struct venue_view *view, const char *zone,
                            int64_t *out_number)
{
    static const char FIND[] =
        "SELECT number FROM crowd_walk_zone WHERE event = $1 AND venue = $2 AND zone = $3";
    int64_t next = 0;
    enum err err = sql_one_int(db, out_number, FIND, SQL_TEXT(view->event), SQL_TEXT(view->id),
                               SQL_TEXT(zone));
    if (err != ERR_NOT_FOUND)
        return err;
    TRY(sql_one_int(db, &next,
                    "SELECT COALESCE(MAX(number) + 1, 0) FROM crowd_walk_zone WHERE event = $1"
                    " AND venue = $2",
                    SQL_TEXT(view->event), SQL_TEXT(view->id)));
    *out_number = WALKED_NO_ZONE;
    if (next >= WALKED_NO_ZONE)
        return ERR_NONE;
    *out_number = next;
    return sql_run(db,
                   "INSERT INTO crowd_walk_zone (event, venue, zone, number)"
                   " VALUES ($1, $2, $3, $4)",
                   SQL_TEXT(view->event), SQL_TEXT(view->id), SQL_TEXT(zone), SQL_INT(next));
}

enum err walked_number_zones(struct db *db, const struct venue_view *view, uint16_t *out_numbers)
{
    for (size_t z = 0; z < view->zone_count; z++) {
        int64_t number;
        TRY(number_zone(db, view, view->zones[z].id, &number));
        out_numbers[z] = (uint16_t)number;
    }
    return ERR_NONE;
}

int64_t walked_minutes_kept_ms(int64_t keep_tracks_ms)
{
    return keep_tracks_ms <= 0 ? INT64_MAX / 4 : keep_tracks_ms;
}

/* Not before they are folded: where nobody was heard since and the program was stopped, that is after it
 * has started again. */
#define OLD                                                                                        \
    "FROM crowd_heat_minute AS m WHERE m.from_ms < $1 AND NOT EXISTS (SELECT 1 FROM crowd_walk"    \
    " AS w WHERE w.event = m.event AND w.venue = m.venue AND w.closed_ms <= m.from_ms)"

void walked_expire(struct store *store, int64_t keep_tracks_ms)
{
    if (keep_tracks_ms <= 0)
        return;
    store_expire(store,
                 &(struct store_expiry){
                     .table = "crowd_heat_minute",
                     .find = "SELECT 1 " OLD " LIMIT 1",
                     .remove = "DELETE FROM crowd_heat_minute WHERE (event, venue, from_ms, grid)"
                               " IN (SELECT m.event, m.venue, m.from_ms, m.grid " OLD " LIMIT $2)",
                     .age_max_ms = keep_tracks_ms + PATHS_HOUR_MS});
}
