// SPDX-License-Identifier: Apache-2.0
#include "crowd/write.h"

#include "base/json.h"
#include "base/text.h"
#include "readings/readings.h"

#include <stdio.h>

#define SECOND_KEEP_S   (26 * 3600) /* as long as detections can come late, and a little */
#define SECOND_TEXT_MAX (256 * 1024)
#define TOTAL           "" /* the venue's, beside the ids of zones */

static const struct store_migration migrations[] = {
    {1, "CREATE TABLE crowd_second (event TEXT NOT NULL, venue TEXT NOT NULL, s BIGINT NOT NULL,"
        " people TEXT NOT NULL, written_s BIGINT NOT NULL, PRIMARY KEY (event, venue, s));"
        "CREATE INDEX crowd_second_written ON crowd_second (written_s);"
        "CREATE TABLE crowd_coverage (event TEXT NOT NULL, venue TEXT NOT NULL,"
        " device TEXT NOT NULL, zone TEXT NOT NULL, PRIMARY KEY (event, venue, device, zone));"},
    {2, tracks_table_sql},
};
const struct store_module crowd_store_module = {
    .name = "crowd", .migrations = migrations, .migration_count = COUNT_OF(migrations)};

void writing_clear(struct writing *writing)
{
    for (size_t i = 0; i < writing->second_count; i++) {
        mem_free(writing->seconds[i].result.people);
        mem_free(writing->seconds[i].result.cameras);
        mem_free(writing->seconds[i].area_m2);
        shared_unref(&writing->seconds[i].view->shared);
    }
    for (size_t i = 0; i < writing->track_count; i++)
        mem_free(writing->tracks[i].bytes);
    writing->track_count = 0;
    for (size_t i = 0; i < writing->settled_count; i++)
        settled_second_fini(&writing->settled[i]);
    writing->settled_count = 0;
    mem_free(writing->learned);
    writing->learned = NULL;
    writing->learned_count = writing->second_count = writing->reading_count = 0;
}

bool writing_is_full(const struct writing *writing)
{
    return writing->second_count == WRITE_SECONDS_MAX ||
           writing->reading_count >= WRITE_READINGS_MAX;
}

static void take_second(struct writing *writing, const struct venue_state *state,
                        struct second *second)
{
    struct venue_view *view = state->map->view;
    struct written_second *written = &writing->seconds[writing->second_count++];
    *written =
        (struct written_second){.view = view, .s = second->s, .is_partial = second->is_partial};
    shared_ref(&view->shared);
    memcpy(written->event, view->event, sizeof written->event);
    memcpy(written->venue, view->id, sizeof written->venue);
    written->result.people = mem_new_array(view->zone_count + 1, sizeof(int64_t));
    written->result.cameras = mem_new_array(view->zone_count + 1, sizeof(struct zone_cameras));
    written->area_m2 = mem_new_array(view->zone_count + 1, sizeof *written->area_m2);
    for (size_t z = 0; z < view->zone_count; z++)
        written->area_m2[z] = settled_area_m2(&state->settled, z);
    second_decide(state, second, &written->result);
    writing->reading_count += WRITE_ZONE_MEASURES * view->zone_count + 1;
    second->is_taken = true;
}

static void take_learned(struct writing *writing, const struct venue_state *state)
{
    const struct venue_view *view = venue_state_view(state);
    const struct coverage *coverage = &state->coverage;
    if (coverage->learned_count == 0)
        return;
    writing->learned =
        mem_resize(writing->learned,
                   (writing->learned_count + coverage->learned_count) * sizeof *writing->learned);
    for (size_t i = 0; i < coverage->learned_count; i++) {
        struct learned_row *row = &writing->learned[writing->learned_count++];
        memcpy(row->event, view->event, sizeof row->event);
        memcpy(row->venue, view->id, sizeof row->venue);
        memcpy(row->device, view->devices[coverage->learned[i].device].id, sizeof row->device);
        memcpy(row->zone, view->zones[coverage->learned[i].zone].id, sizeof row->zone);
    }
}

/* A chunk that cannot be packed (memory) is tried again with the next batch. */
void writing_take_tracks(struct writing *writing, struct venue_state *state, int64_t stream_ms)
{
    const struct venue_view *view = venue_state_view(state);
    /* Whatever the hurry: what is not settled may still come. */
    int64_t settled_ms = crowd_scene_settled_ms(state->scene, stream_ms);
    struct track_chunk *chunk;
    while (writing->track_count < WRITE_TRACKS_MAX &&
           (chunk = track_log_due(&state->tracks, settled_ms)) != NULL) {
        struct track_row *row = &writing->tracks[writing->track_count];
        if (track_chunk_pack(chunk, &row->bytes, &row->len) != ERR_NONE)
            return;
        memcpy(row->event, view->event, sizeof row->event);
        memcpy(row->venue, view->id, sizeof row->venue);
        row->from_ms = chunk->from_ms;
        chunk->is_taken = true;
        writing->track_count++;
    }
}

void writing_take_measured(struct writing *writing, struct venue_state *state)
{
    struct settled_second *next = &writing->settled[writing->settled_count];
    while (writing->settled_count < WRITE_SETTLED_MAX && !writing_is_full(writing) &&
           settled_take(&state->settled, next)) {
        writing->reading_count += settled_second_readings(next);
        next = &writing->settled[++writing->settled_count];
    }
}

void writing_take(struct writing *writing, struct venue_state *state, int64_t stream_ms)
{
    struct second *second;
    size_t place = 0;
    while (!writing_is_full(writing) &&
           (second = seconds_next_due(&state->seconds, stream_ms, &place)) != NULL)
        take_second(writing, state, second);
    take_learned(writing, state);
    if (stream_ms != INT64_MAX) /* in a hurry, what is not settled yet is still to come */
        writing_take_tracks(writing, state, stream_ms);
    writing_take_measured(writing, state);
}

/* --- in the transaction --- */

static enum err load_row(struct db *db, const struct written_second *second, json_t **out_people)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT people FROM crowd_second WHERE event = $1 AND venue = $2 AND s = $3",
                  SQL_TEXT(second->event), SQL_TEXT(second->venue), SQL_INT(second->s)));
    json_t *people = NULL;
    if (sql_next(&rows)) {
        const char *text = sql_text(&rows, 0);
        /* What cannot be read is as if it were not there: it is written anew. */
        if (json_parse(text, strlen(text), &people, NULL) != ERR_NONE)
            people = NULL;
    }
    enum err err = sql_end(&rows);
    if (err != ERR_NONE) {
        json_decref(people);
        return err;
    }
    *out_people = people;
    return ERR_NONE;
}

static int64_t larger(const json_t *row, const char *name, int64_t people)
{
    const json_t *known = json_object_get(row, name);
    return known == NULL ? people : MAX(people, (int64_t)json_integer_value(known));
}

/* Takes the larger count of each zone. */
static void merge_row(const json_t *row, struct written_second *second)
{
    struct second_result *result = &second->result;
    for (size_t z = 0; z < second->view->zone_count; z++)
        result->people[z] = larger(row, second->view->zones[z].id, result->people[z]);
    result->total = larger(row, TOTAL, result->total);
}

static void add_count(struct text *out, const char *name, int64_t people)
{
    if (people != CROWD_UNKNOWN)
        text_addf(out, "%s\"%s\":%lld", out->len <= 1 ? "" : ",", name, (long long)people);
}

static void row_text(const struct written_second *second, struct text *out)
{
    text_add_char(out, '{');
    for (size_t z = 0; z < second->view->zone_count; z++)
        add_count(out, second->view->zones[z].id, second->result.people[z]);
    add_count(out, TOTAL, second->result.total);
    text_add_char(out, '}');
}

static enum err store_row(struct db *db, const struct written_second *second, int64_t now_ms)
{
    SCOPED_TEXT text;
    text_init(&text, SECOND_TEXT_MAX);
    row_text(second, &text);
    assert(!text.overflowed); /* LIMIT_VENUE_ZONES ids fit */
    return sql_run(db,
                   "INSERT INTO crowd_second (event, venue, s, people, written_s)"
                   " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (event, venue, s)"
                   " DO UPDATE SET people = excluded.people, written_s = excluded.written_s",
                   SQL_TEXT(second->event), SQL_TEXT(second->venue), SQL_INT(second->s),
                   SQL_TEXT(text.bytes), SQL_INT(now_ms / 1000));
}

struct series_name {
    char text[READINGS_SERIES_LEN];
};

struct second_measures { /* while they are gathered */
    int64_t at_ms;
    struct reading *readings;
    struct series_name *names;
    size_t count;
};

static void measure(struct second_measures *measures, const char *subject, const char *id,
                    const char *what, double value)
{
    struct series_name *name = &measures->names[measures->count];
    (void)snprintf(name->text, sizeof name->text, "%s.%s:%s", subject, id, what);
    measures->readings[measures->count++] =
        (struct reading){.series = name->text, .at_ms = measures->at_ms, .value = value};
}

static void measure_zone(struct second_measures *measures, const struct written_second *second,
                         size_t z)
{
    const struct zone *zone = &second->view->zones[z];
    int64_t people = second->result.people[z];
    const struct zone_cameras *cameras = &second->result.cameras[z];
    if (people != CROWD_UNKNOWN) {
        measure(measures, "zone", zone->id, "people", (double)people);
        measure(measures, "zone", zone->id, "density", (double)people / second->area_m2[z]);
    }
    /* Of a second known in part nobody can say who was silent. */
    if (!second->is_partial && cameras->heard + cameras->silent > 0)
        measure(measures, "zone", zone->id, "cameras_silent", cameras->silent);
}

static enum err append_readings(struct db *db, const struct written_second *second)
{
    const struct venue_view *view = second->view;
    size_t max = WRITE_ZONE_MEASURES * view->zone_count + 1;
    SCOPED_MEM struct reading *readings = mem_new_array(max, sizeof *readings);
    SCOPED_MEM struct series_name *names = mem_new_array(max, sizeof *names);
    struct second_measures measures = {
        .at_ms = second->s * 1000, .readings = readings, .names = names};
    for (size_t z = 0; z < view->zone_count; z++)
        measure_zone(&measures, second, z);
    if (second->result.total != CROWD_UNKNOWN)
        measure(&measures, "venue", view->id, "people", (double)second->result.total);
    if (measures.count == 0)
        return ERR_NONE;
    return readings_append(db, second->event, second->venue, readings, measures.count, NULL);
}

static bool is_same_as_row(const json_t *row, const struct written_second *second)
{
    SCOPED_TEXT text;
    SCOPED_JSON *people = NULL;
    text_init(&text, SECOND_TEXT_MAX);
    row_text(second, &text);
    return json_parse(text.bytes, text.len, &people, NULL) == ERR_NONE &&
           json_equal(people, row) != 0;
}

static enum err write_second(struct db *db, struct written_second second, int64_t now_ms)
{
    if (second.is_partial) {
        SCOPED_JSON *row = NULL;
        TRY(load_row(db, &second, &row));
        if (row != NULL)
            merge_row(row, &second);
        if (row != NULL && is_same_as_row(row, &second))
            return ERR_NONE; /* read again after a restart: it is told already */
    }
    TRY(store_row(db, &second, now_ms));
    return append_readings(db, &second);
}

/* What nobody will complete any more. */
void seconds_expire(struct store *store)
{
    store_expire(store,
                 &(struct store_expiry){
                     .table = "crowd_second",
                     .find = "SELECT 1 FROM crowd_second WHERE written_s < $1 / 1000 LIMIT 1",
                     .remove = "DELETE FROM crowd_second WHERE (event, venue, s) IN"
                               " (SELECT event, venue, s FROM crowd_second"
                               " WHERE written_s < $1 / 1000 ORDER BY written_s LIMIT $2)",
                     .age_max_ms = SECOND_KEEP_S * INT64_C(1000)});
}

enum err writing_apply(struct db *db, struct writing *writing, int64_t now_ms)
{
    for (size_t i = 0; i < writing->learned_count; i++) {
        const struct learned_row *row = &writing->learned[i];
        TRY(sql_run(db,
                    "INSERT INTO crowd_coverage (event, venue, device, zone)"
                    " VALUES ($1, $2, $3, $4) ON CONFLICT (event, venue, device, zone) DO NOTHING",
                    SQL_TEXT(row->event), SQL_TEXT(row->venue), SQL_TEXT(row->device),
                    SQL_TEXT(row->zone)));
    }
    for (size_t i = 0; i < writing->track_count; i++)
        TRY(track_row_write(db, &writing->tracks[i]));
    for (size_t i = 0; i < writing->settled_count; i++)
        TRY(settled_second_write(db, &writing->settled[i]));
    for (size_t i = 0; i < writing->second_count; i++)
        TRY(write_second(db, writing->seconds[i], now_ms));
    return ERR_NONE;
}

enum err learned_load(struct db *db, struct venue_state *state)
{
    const struct venue_view *view = venue_state_view(state);
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT device, zone FROM crowd_coverage WHERE event = $1 AND venue = $2",
                  SQL_TEXT(view->event), SQL_TEXT(view->id)));
    while (sql_next(&rows)) {
        char device[LIMIT_ID_LEN + 1];
        (void)text_copy(device, sizeof device, sql_text(&rows, 0));
        venue_state_cover(state, device, sql_text(&rows, 1));
    }
    return sql_end(&rows);
}
