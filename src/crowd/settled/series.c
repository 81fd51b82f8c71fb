// SPDX-License-Identifier: Apache-2.0
#include "crowd/settled/series.h"

#include "crowd/crowd.h"
#include "readings/readings.h"
#include "store/sql.h"

#include <math.h>
#include <stdio.h>

/* Longer than detections can come late (LIMIT_KEEP of the stream): what is older is not read again. */
#define TOLD_KEEP_MS (INT64_C(48) * 3600 * 1000)

static const struct store_migration migrations[] = {
    {1, "CREATE TABLE crossing_told (event TEXT NOT NULL, venue TEXT NOT NULL,"
        " until_ms BIGINT NOT NULL, PRIMARY KEY (event, venue));"
        "CREATE INDEX crossing_told_until ON crossing_told (until_ms);"},
};
const struct store_module crossings_store_module = {
    .name = "crossings", .migrations = migrations, .migration_count = COUNT_OF(migrations)};

void crossings_expire(struct store *store)
{
    store_expire(store, &(struct store_expiry){
                            .table = "crossing_told",
                            .find = "SELECT 1 FROM crossing_told WHERE until_ms < $1 LIMIT 1",
                            .remove = "DELETE FROM crossing_told WHERE (event, venue) IN "
                                      "(SELECT event, venue FROM crossing_told "
                                      "WHERE until_ms < $1 LIMIT $2)",
                            .age_max_ms = TOLD_KEEP_MS});
}

struct series_name {
    char text[READINGS_SERIES_LEN];
};

struct gathering {
    int64_t at_ms;
    struct reading *readings;
    struct series_name *names;
    size_t count;
};

static void add(struct gathering *gathering, const char *kind, const char *id, const char *measure,
                double value)
{
    struct series_name *name = &gathering->names[gathering->count];
    (void)snprintf(name->text, sizeof name->text, "%s.%s:%s", kind, id, measure);
    gathering->readings[gathering->count++] =
        (struct reading){.series = name->text, .at_ms = gathering->at_ms, .value = value};
}

static void add_zones(struct gathering *gathering, const struct settled_second *second)
{
    for (size_t i = 0; i < SETTLED_MEASURES * second->view->zone_count; i++) {
        float value = second->zones[i];
        if (!isnan(value))
            add(gathering, "zone", second->view->zones[i / SETTLED_MEASURES].id,
                settled_measure_names[i % SETTLED_MEASURES], (double)value);
    }
}

static void add_lines(struct gathering *gathering, const struct settled_second *second)
{
    static const char *const CROSSED[LINE_WAYS] = {"to_left", "to_right"};
    static const char *const FLOW[LINE_WAYS] = {"flow_to_left", "flow_to_right"};
    for (size_t l = 0; l < second->view->line_count; l++) {
        const struct crossing_second *line = &second->lines[l];
        const char *id = second->view->lines[l].id;
        for (int way = 0; line->is_watched && way < LINE_WAYS; way++) {
            add(gathering, "line", id, CROSSED[way], line->crossed[way]);
            if (line->has_flow)
                add(gathering, "line", id, FLOW[way], line->flow[way]);
        }
    }
}

static enum err is_told(struct db *db, const struct settled_second *second, bool *out_is_told)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT 1 FROM crossing_told WHERE event = $1 AND venue = $2 AND until_ms >= $3",
                  SQL_TEXT(second->view->event), SQL_TEXT(second->view->id),
                  SQL_INT((second->s + 1) * 1000)));
    *out_is_told = sql_next(&rows);
    return sql_end(&rows);
}

/* Whether the second's lines are news; then they are told by this transaction. */
static enum err mark_told(struct db *db, const struct settled_second *second, bool *out_is_news)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "INSERT INTO crossing_told (event, venue, until_ms) VALUES ($1, $2, $3)"
                  " ON CONFLICT (event, venue) DO UPDATE SET until_ms = excluded.until_ms"
                  " WHERE crossing_told.until_ms < excluded.until_ms RETURNING until_ms",
                  SQL_TEXT(second->view->event), SQL_TEXT(second->view->id),
                  SQL_INT((second->s + 1) * 1000)));
    *out_is_news = sql_next(&rows);
    return sql_end(&rows);
}

/* Lines that are gone do not mark it: the others' part of the second would be no news then. */
static enum err find_news(struct db *db, const struct settled_second *second, bool *out_is_news)
{
    bool is_known;
    if (!second->is_of_gone_lines)
        return mark_told(db, second, out_is_news);
    TRY(is_told(db, second, &is_known));
    *out_is_news = !is_known;
    return ERR_NONE;
}

enum err settled_second_write(struct db *db, const struct settled_second *second)
{
    size_t max = settled_second_readings(second);
    SCOPED_MEM struct reading *readings = mem_new_array(max + 1, sizeof *readings);
    SCOPED_MEM struct series_name *names = mem_new_array(max + 1, sizeof *names);
    struct gathering gathering = {.at_ms = second->s * 1000, .readings = readings, .names = names};
    bool is_news = false;
    if (second->zones != NULL)
        add_zones(&gathering, second);
    if (second->lines != NULL)
        TRY(find_news(db, second, &is_news));
    if (is_news)
        add_lines(&gathering, second);
    if (gathering.count == 0)
        return ERR_NONE;
    return readings_append(db, second->view->event, second->view->id, readings, gathering.count,
                           NULL);
}
