// SPDX-License-Identifier: Apache-2.0
/* Dwell times and trips: sums of whole hours. */
#include "base/text.h"
#include "crowd/walked/ask.h"
#include "crowd/walked/inside.h"

static int64_t hour_from(int64_t at_ms)
{
    return floor_to_ms(at_ms, PATHS_HOUR_MS);
}

static int64_t hour_to(int64_t at_ms)
{
    return floor_to_ms(at_ms + PATHS_HOUR_MS - 1, PATHS_HOUR_MS);
}

/* --- names of zones by number --- */

typedef char zone_name[LIMIT_ID_LEN + 1];

static enum err read_zones(struct db *db, const struct paths_query *query, zone_name **out_names,
                           size_t *out_count)
{
    struct sql_rows rows;
    int64_t count = 0;
    TRY(sql_one_int(db, &count,
                    "SELECT COALESCE(MAX(number) + 1, 0) FROM crowd_walk_zone WHERE event = $1"
                    " AND venue = $2",
                    SQL_TEXT(query->event), SQL_TEXT(query->venue)));
    TRY(sql_query(db, &rows,
                  "SELECT number, zone FROM crowd_walk_zone WHERE event = $1 AND venue = $2",
                  SQL_TEXT(query->event), SQL_TEXT(query->venue)));
    zone_name *names = mem_new_array((size_t)count + 1, sizeof *names);
    while (sql_next(&rows)) {
        int64_t number = sql_int(&rows, 0);
        if (number >= 0 && number < count)
            (void)text_copy(names[number], sizeof names[number], sql_text(&rows, 1));
    }
    enum err err = sql_end(&rows);
    if (err != ERR_NONE) {
        mem_free(names);
        return err;
    }
    *out_names = names;
    *out_count = (size_t)count;
    return ERR_NONE;
}

/* --- dwell times --- */

struct dwell_sums {
    struct paths_zone_dwell *by_number; /* zone "" where nothing is known */
    const zone_name *names;
    size_t count;
    const char *wanted; /* NULL: all */
};

static struct paths_zone_dwell *sum_of(struct dwell_sums *sums, int64_t number)
{
    if (number < 0 || (size_t)number >= sums->count)
        return NULL;
    const char *name = sums->names[number];
    if (sums->wanted != NULL && strcmp(sums->wanted, name) != 0)
        return NULL;
    memcpy(sums->by_number[number].zone, name, sizeof(zone_name));
    return &sums->by_number[number];
}

static void add_inside(void *context, uint16_t zone, const struct dwell *dwell)
{
    struct paths_zone_dwell *sum = sum_of(context, zone);
    if (sum == NULL)
        return;
    dwell_sum(&sum->dwell, dwell);
    for (size_t i = 0; i < DWELL_BUCKETS; i++)
        sum->inside += dwell->censored[i];
}

static enum err sum_hours(struct db *db, const struct paths_query *query,
                          const struct paths_dwell *period, struct dwell_sums *sums)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(db, &rows,
                  "SELECT zone, data FROM crowd_dwell WHERE event = $1 AND venue = $2"
                  " AND hour_ms >= $3 AND hour_ms < $4",
                  SQL_TEXT(query->event), SQL_TEXT(query->venue), SQL_INT(period->from_ms),
                  SQL_INT(period->to_ms)));
    while (err == ERR_NONE && sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 1, &len);
        struct paths_zone_dwell *sum = sum_of(sums, sql_int(&rows, 0));
        struct dwell hour;
        if (sum != NULL)
            err = dwell_unpack(bytes, len, &hour);
        if (sum != NULL && err == ERR_NONE)
            dwell_sum(&sum->dwell, &hour);
    }
    TRY(sql_end(&rows));
    return err;
}

/* Who is inside belongs to the hour of the newest chunk. */
static enum err sum_inside(struct db *db, const struct paths_query *query,
                           const struct paths_dwell *period, struct dwell_sums *sums)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(db, &rows,
                  "SELECT until_ms, inside FROM crowd_walk WHERE event = $1 AND venue = $2",
                  SQL_TEXT(query->event), SQL_TEXT(query->venue)));
    if (sql_next(&rows)) {
        size_t len;
        int64_t newest_ms = sql_int(&rows, 0) - 1;
        const void *bytes = sql_blob(&rows, 1, &len);
        if (newest_ms >= period->from_ms && newest_ms < period->to_ms && len > 0)
            err = inside_unpack(bytes, len, add_inside, sums);
    }
    TRY(sql_end(&rows));
    return err;
}

static int by_zone(const void *a, const void *b)
{
    return strcmp(((const struct paths_zone_dwell *)a)->zone,
                  ((const struct paths_zone_dwell *)b)->zone);
}

void paths_dwell_fini(struct paths_dwell *dwell)
{
    mem_free(dwell->zones);
    *dwell = (struct paths_dwell){0};
}

enum err ask_dwell(struct db *db, const struct paths_query *query, const char *zone,
                   struct paths_dwell *out_dwell)
{
    struct paths_dwell answer = {.from_ms = hour_from(query->from_ms),
                                 .to_ms = hour_to(query->to_ms)};
    SCOPED_MEM zone_name *names = NULL;
    struct dwell_sums sums = {.wanted = zone};
    TRY(read_zones(db, query, &names, &sums.count));
    SCOPED_MEM struct paths_zone_dwell *all = mem_new_array(sums.count + 1, sizeof *all);
    sums.names = (const zone_name *)names;
    sums.by_number = all;
    TRY(sum_hours(db, query, &answer, &sums));
    TRY(sum_inside(db, query, &answer, &sums));
    for (size_t i = 0; i < sums.count; i++) {
        if (all[i].zone[0] != '\0')
            all[answer.count++] = all[i];
    }
    if (answer.count > 1)
        qsort(all, answer.count, sizeof *all, by_zone);
    answer.zones = TAKE(all);
    *out_dwell = answer;
    return ERR_NONE;
}

/* --- trips --- */

void paths_trips_fini(struct paths_trips *trips)
{
    trips_report_fini(&trips->report);
    mem_free(trips->zones);
    *trips = (struct paths_trips){0};
}

static enum err report_hours(struct db *db, const struct paths_query *query,
                             struct paths_trips *answer)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(db, &rows,
                  "SELECT data FROM crowd_trips WHERE event = $1 AND venue = $2 AND hour_ms >= $3"
                  " AND hour_ms < $4",
                  SQL_TEXT(query->event), SQL_TEXT(query->venue), SQL_INT(answer->from_ms),
                  SQL_INT(answer->to_ms)));
    while (err == ERR_NONE && sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        SCOPED(trips) hour = NULL;
        err = trips_unpack(bytes, len, &hour);
        if (err == ERR_NONE)
            trips_report_add(&answer->report, hour, TRIPS_ANONYMITY);
    }
    TRY(sql_end(&rows));
    return err;
}

enum err ask_trips(struct db *db, const struct paths_query *query, struct paths_trips *out_trips)
{
    int64_t closed_ms = 0;
    enum err err = sql_one_int(db, &closed_ms,
                               "SELECT closed_ms FROM crowd_walk WHERE event = $1 AND venue = $2",
                               SQL_TEXT(query->event), SQL_TEXT(query->venue));
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    struct paths_trips answer = {.from_ms = hour_from(query->from_ms)};
    answer.to_ms = MAX(answer.from_ms, MIN(hour_to(query->to_ms), closed_ms));
    TRY(read_zones(db, query, &answer.zones, &answer.zone_count));
    trips_report_init(&answer.report);
    err = report_hours(db, query, &answer);
    if (err != ERR_NONE) {
        paths_trips_fini(&answer);
        return err;
    }
    *out_trips = answer;
    return ERR_NONE;
}
