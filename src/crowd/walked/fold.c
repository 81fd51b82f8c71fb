// SPDX-License-Identifier: Apache-2.0
#include "crowd/walked/fold.h"

/* Statements of a table: "crowd_heat_minute" or "crowd_heat_hour". */
#define HEAT_FIND(table)                                                                           \
    "SELECT covered_ms, data FROM " table " WHERE event = $1 AND venue = $2 AND from_ms = $3"      \
    " AND grid = $4"
#define HEAT_STORE(table)                                                                          \
    "INSERT INTO " table " (event, venue, from_ms, grid, covered_ms, data)"                        \
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (event, venue, from_ms, grid)"                   \
    " DO UPDATE SET covered_ms = excluded.covered_ms, data = excluded.data"

static const struct heat_table {
    const char *find, *store;
} MINUTES = {HEAT_FIND("crowd_heat_minute"), HEAT_STORE("crowd_heat_minute")},
  HOURS = {HEAT_FIND("crowd_heat_hour"), HEAT_STORE("crowd_heat_hour")};

/* Adds what the row has of this grid and time. */
static enum err add_known(struct db *db, const struct heat_table *table,
                          const struct walked_venue *venue, const char *grid,
                          struct heat_minute *sum)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(db, &rows, table->find, SQL_TEXT(venue->event), SQL_TEXT(venue->venue),
                  SQL_INT(sum->heat->from_ms), SQL_TEXT(grid)));
    if (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 1, &len);
        SCOPED(heat) known = NULL;
        sum->covered_ms += sql_int(&rows, 0);
        err = heat_unpack(bytes, len, &known);
        if (err == ERR_NONE)
            err = heat_sum(sum->heat, known);
    }
    TRY(sql_end(&rows));
    return err;
}

static enum err add(struct db *db, const struct heat_table *table, const struct walked_venue *venue,
                    int64_t from_ms, int64_t span_ms, const struct heat_minute *part)
{
    char grid[HEAT_GRID_NAME_SIZE];
    SCOPED(heat) heat = heat_create(&part->heat->grid, from_ms, from_ms + span_ms);
    struct heat_minute sum = {heat, part->covered_ms};
    SCOPED_MEM void *bytes = NULL;
    size_t len;
    heat_grid_name(&heat->grid, grid);
    TRY(heat_sum(heat, part->heat));
    TRY(add_known(db, table, venue, grid, &sum));
    TRY(heat_pack(heat, &bytes, &len));
    return sql_run(db, table->store, SQL_TEXT(venue->event), SQL_TEXT(venue->venue),
                   SQL_INT(from_ms), SQL_TEXT(grid), SQL_INT(sum.covered_ms), SQL_BLOB(bytes, len));
}

static enum err add_to_hour(struct db *db, const struct walked_venue *venue,
                            const struct heat_minute *part)
{
    int64_t hour_ms = floor_to_ms(part->heat->from_ms, PATHS_HOUR_MS);
    return add(db, &HOURS, venue, hour_ms, PATHS_HOUR_MS, part);
}

enum err fold_add_minute(struct db *db, const struct walked_venue *venue,
                         const struct heat_minute *minute, int64_t closed_ms)
{
    TRY(add(db, &MINUTES, venue, minute->heat->from_ms, PATHS_MINUTE_MS, minute));
    return minute->heat->from_ms < closed_ms ? add_to_hour(db, venue, minute) : ERR_NONE;
}

/* Sums of one hour at a time, one for each grid that there was. A minute has six chunks, and so at most as
 * many grids, and one of a stay that began in the minute before. */
#define GRIDS_MAX 8
struct folding {
    struct db *db;
    const struct walked_venue *venue;
    struct heat_minute sums[GRIDS_MAX];
    size_t count;
};

static enum err flush(struct folding *folding)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < folding->count; i++) {
        if (err == ERR_NONE)
            err = add_to_hour(folding->db, folding->venue, &folding->sums[i]);
        heat_destroy(folding->sums[i].heat);
    }
    folding->count = 0;
    return err;
}

static enum err take_minute(struct folding *folding, struct heat **heat, int64_t covered_ms)
{
    int64_t hour_ms = floor_to_ms((*heat)->from_ms, PATHS_HOUR_MS);
    bool is_other_hour =
        folding->count > 0 && floor_to_ms(folding->sums[0].heat->from_ms, PATHS_HOUR_MS) != hour_ms;
    if (is_other_hour)
        TRY(flush(folding));
    for (size_t i = 0; i < folding->count; i++) {
        if (heat_sum(folding->sums[i].heat, *heat) == ERR_NONE) {
            folding->sums[i].covered_ms += covered_ms;
            return ERR_NONE;
        }
    }
    if (folding->count == GRIDS_MAX)
        TRY(flush(folding)); /* adds up all the same */
    folding->sums[folding->count++] = (struct heat_minute){TAKE(*heat), covered_ms};
    return ERR_NONE;
}

/* One minute after the other, since a statement does not stay open while others write. */
static enum err fold_next(struct folding *folding, int64_t *inout_from_ms, int64_t until_ms,
                          bool *out_is_end)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    size_t count = 0;
    int64_t minute_ms = until_ms;
    TRY(sql_query(folding->db, &rows,
                  "SELECT from_ms, covered_ms, data FROM crowd_heat_minute WHERE event = $1 AND"
                  " venue = $2 AND from_ms >= $3 AND from_ms < $4 AND from_ms = (SELECT"
                  " MIN(from_ms) FROM crowd_heat_minute WHERE event = $1 AND venue = $2 AND"
                  " from_ms >= $3)",
                  SQL_TEXT(folding->venue->event), SQL_TEXT(folding->venue->venue),
                  SQL_INT(*inout_from_ms), SQL_INT(until_ms)));
    struct heat_minute minutes[GRIDS_MAX] = {0};
    while (err == ERR_NONE && count < GRIDS_MAX && sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 2, &len);
        minute_ms = sql_int(&rows, 0);
        minutes[count].covered_ms = sql_int(&rows, 1);
        err = heat_unpack(bytes, len, &minutes[count].heat);
        count += err == ERR_NONE;
    }
    enum err ended = sql_end(&rows);
    err = err == ERR_NONE ? ended : err;
    for (size_t i = 0; i < count; i++) {
        if (err == ERR_NONE)
            err = take_minute(folding, &minutes[i].heat, minutes[i].covered_ms);
        heat_destroy(minutes[i].heat);
    }
    *inout_from_ms = minute_ms + PATHS_MINUTE_MS;
    *out_is_end = count == 0;
    return err;
}

enum err fold_hours(struct db *db, const struct walked_venue *venue, int64_t from_ms,
                    int64_t until_ms)
{
    struct folding folding = {.db = db, .venue = venue};
    bool is_end = from_ms >= until_ms;
    enum err err = ERR_NONE;
    while (err == ERR_NONE && !is_end)
        err = fold_next(&folding, &from_ms, until_ms, &is_end);
    enum err flushed = flush(&folding);
    return err == ERR_NONE ? flushed : err;
}
