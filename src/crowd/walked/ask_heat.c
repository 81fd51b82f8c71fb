// SPDX-License-Identifier: Apache-2.0
/* Hours that lie whole in the period come from their sums, the edges minute by minute. Parts that were counted
 * on other grids are laid over one another on one that holds them all. */
#include "crowd/walked/ask.h"
#include "crowd/walked/venue.h"

#include <math.h>

void paths_heat_fini(struct paths_heat *heat)
{
    heat_destroy(heat->heat);
    *heat = (struct paths_heat){0};
}

static int64_t ceil_to_ms(int64_t at_ms, int64_t step_ms)
{
    return floor_to_ms(at_ms + step_ms - 1, step_ms);
}

static int64_t step_at(int64_t at_ms, int64_t minutes_from_ms)
{
    return at_ms < minutes_from_ms ? PATHS_HOUR_MS : PATHS_MINUTE_MS;
}

struct periods { /* each [from, to), perhaps empty */
    int64_t hours_from_ms, hours_to_ms;
    struct {
        int64_t from_ms, to_ms;
    } minutes[2];
};

static struct periods divide(const struct paths_heat *whole, int64_t closed_ms)
{
    struct periods periods;
    int64_t from_ms = ceil_to_ms(whole->from_ms, PATHS_HOUR_MS);
    int64_t to_ms = MIN(floor_to_ms(whole->to_ms, PATHS_HOUR_MS), closed_ms);
    if (from_ms >= to_ms)
        from_ms = to_ms = whole->to_ms; /* no whole hour: all by minutes */
    periods.hours_from_ms = from_ms;
    periods.hours_to_ms = to_ms;
    periods.minutes[0].from_ms = whole->from_ms;
    periods.minutes[0].to_ms = from_ms;
    periods.minutes[1].from_ms = to_ms;
    periods.minutes[1].to_ms = whole->to_ms;
    return periods;
}

struct part {
    struct heat *heat; /* owned */
    int64_t covered_ms;
};

/* Parts of one grid are added up as they come: as many remain as there were grids, PARTS_MAX at most. */
#define PARTS_MAX 64
struct parts {
    struct part all[PARTS_MAX];
    size_t count;
};

static void parts_fini(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        heat_destroy(parts->all[i].heat);
}

static enum err add_part(struct parts *parts, struct heat **heat, int64_t covered_ms)
{
    for (size_t i = 0; i < parts->count; i++) {
        if (heat_sum(parts->all[i].heat, *heat) == ERR_NONE) {
            parts->all[i].covered_ms += covered_ms;
            return ERR_NONE;
        }
    }
    if (parts->count == PARTS_MAX)
        return ERR_TOO_LARGE;
    parts->all[parts->count++] = (struct part){TAKE(*heat), covered_ms};
    return ERR_NONE;
}

static enum err read_parts(struct db *db, const char *sql, const struct paths_query *query,
                           int64_t from_ms, int64_t to_ms, struct parts *parts)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    if (from_ms >= to_ms)
        return ERR_NONE;
    TRY(sql_query(db, &rows, sql, SQL_TEXT(query->event), SQL_TEXT(query->venue), SQL_INT(from_ms),
                  SQL_INT(to_ms)));
    while (err == ERR_NONE && sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 1, &len);
        SCOPED(heat) heat = NULL;
        err = heat_unpack(bytes, len, &heat);
        if (err == ERR_NONE)
            err = add_part(parts, &heat, sql_int(&rows, 0));
    }
    TRY(sql_end(&rows));
    return err;
}

static enum err choose_grid(const struct parts *parts, double cell_m, struct heat_grid *out_grid)
{
    struct point low = {INFINITY, INFINITY}, high = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < parts->count; i++) {
        const struct heat_grid *grid = &parts->all[i].heat->grid;
        cell_m = fmax(cell_m, grid->cell_m);
        low = (struct point){fmin(low.x, grid->low.x), fmin(low.y, grid->low.y)};
        high = (struct point){fmax(high.x, grid->low.x + grid->columns * grid->cell_m),
                              fmax(high.y, grid->low.y + grid->rows * grid->cell_m)};
    }
    return heat_grid_align(low, high, cell_m, out_grid);
}

static enum err gather(const struct parts *parts, double cell_m, struct paths_heat *whole)
{
    struct heat_grid grid;
    if (parts->count == 0)
        return ERR_NONE;
    TRY(choose_grid(parts, cell_m, &grid));
    whole->heat = heat_create(&grid, whole->from_ms, whole->to_ms);
    for (size_t i = 0; i < parts->count; i++) {
        heat_gather(whole->heat, parts->all[i].heat);
        whole->covered_ms += parts->all[i].covered_ms;
    }
    return ERR_NONE;
}

#define PARTS_OF(table)                                                                            \
    "SELECT covered_ms, data FROM " table " WHERE event = $1 AND venue = $2 AND from_ms >= $3"     \
    " AND from_ms < $4 ORDER BY from_ms"

enum err ask_heat(struct db *db, const struct paths_query *query, double cell_m,
                  int64_t minutes_kept_ms, struct paths_heat *out_heat)
{
    int64_t minutes_from_ms = query->now_ms - minutes_kept_ms, closed_ms = INT64_MIN / 4;
    struct paths_heat whole = {
        .from_ms = floor_to_ms(query->from_ms, step_at(query->from_ms, minutes_from_ms)),
        .to_ms = ceil_to_ms(query->to_ms, step_at(query->to_ms, minutes_from_ms))};
    enum err err = sql_one_int(db, &closed_ms,
                               "SELECT closed_ms FROM crowd_walk WHERE event = $1 AND venue = $2",
                               SQL_TEXT(query->event), SQL_TEXT(query->venue));
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    struct periods periods = divide(&whole, closed_ms);
    struct parts parts = {.count = 0};
    err = read_parts(db, PARTS_OF("crowd_heat_hour"), query, periods.hours_from_ms,
                     periods.hours_to_ms, &parts);
    for (size_t i = 0; i < COUNT_OF(periods.minutes) && err == ERR_NONE; i++)
        err = read_parts(db, PARTS_OF("crowd_heat_minute"), query, periods.minutes[i].from_ms,
                         periods.minutes[i].to_ms, &parts);
    if (err == ERR_NONE)
        err = gather(&parts, cell_m, &whole);
    parts_fini(&parts);
    TRY(err);
    *out_heat = whole;
    return ERR_NONE;
}
