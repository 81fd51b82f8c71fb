// SPDX-License-Identifier: Apache-2.0
/* venues/import/import.c — what was gathered becomes a venue, in one command: the plan first, then every
 * part. What the file does not name stays as it is. */
#include "venues/import/gather.h"

#include "venues/venues_edit.h"
#include "venues/venues_internal.h"
#include "venues/view.h"

#include <stdio.h>

struct run {
    const struct venue_import *import;
    const struct gathered *gathered;
    struct venue_document ground; /* that it was gathered for */
    json_t *report;               /* owned */
    bool is_undone;               /* a dry run that came to its end */
};

static const struct {
    enum venue_part part;
    const char *list;
} LISTS[] = {{VENUE_PART_ZONE, "zones"}, {VENUE_PART_LINE, "lines"}, {VENUE_PART_WALL, "walls"}};

static enum err load_document(struct db *db, const struct venue_import *import,
                              json_t **out_document, struct err_note *note)
{
    struct sql_rows rows;
    enum err err = ERR_NOT_FOUND;
    TRY(sql_query(db, &rows, "SELECT document FROM venue WHERE event = $1 AND id = $2",
                  SQL_TEXT(import->event), SQL_TEXT(import->venue)));
    if (sql_next(&rows)) {
        const char *text = sql_text(&rows, 0);
        err = json_parse(text, strlen(text), out_document, note);
    }
    enum err end = sql_end(&rows);
    return end != ERR_NONE ? end : err;
}

static enum err put(struct db *db, const struct run *run, enum venue_part part, const char *id,
                    json_t *document, bool *out_is_new, struct err_note *note)
{
    struct venue_edit edit = {.part = part,
                              .action = VENUE_PUT,
                              .event = run->import->event,
                              .venue = run->import->venue,
                              .id = id,
                              .document = document};
    TRY(venue_edit_run(db, &edit, note));
    *out_is_new = edit.out_is_new;
    return ERR_NONE;
}

static enum err put_plan(struct db *db, struct run *run, struct err_note *note)
{
    SCOPED_JSON *document = NULL;
    bool is_new;
    if (json_array_size(run->gathered->plan) == 0)
        return ERR_NONE;
    TRY(load_document(db, run->import, &document, note));
    (void)json_object_set_new(
        document, "plan",
        json_pack("{s:s, s:O}", "type", "FeatureCollection", "features", run->gathered->plan));
    if (json_dumpb(document, NULL, 0, JSON_COMPACT) > LIMIT_PLAN_BYTES)
        return err_set(note, ERR_TOO_LARGE, "plan", "would be larger than %d bytes",
                       LIMIT_PLAN_BYTES);
    return put(db, run, VENUE_PART_VENUE, NULL, document, &is_new, note);
}

static void report_part(struct run *run, enum venue_part part, const char *id, json_t *document,
                        bool is_new)
{
    const char *name = json_string_value(json_object_get(document, "name"));
    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        if (LISTS[i].part == part)
            (void)json_array_append_new(json_object_get(run->report, LISTS[i].list),
                                        json_pack("{s:s, s:s, s:s}", "id", id, "name",
                                                  name == NULL ? id : name, "action",
                                                  is_new ? "create" : "replace"));
    }
}

static enum err put_parts(struct db *db, struct run *run, struct err_note *note)
{
    size_t i;
    json_t *item;
    json_array_foreach(run->gathered->parts, i, item)
    {
        enum venue_part part = (enum venue_part)json_integer_value(json_object_get(item, "part"));
        const char *id = json_string_value(json_object_get(item, "id"));
        json_t *document = json_object_get(item, "document");
        bool is_new;
        enum err err = put(db, run, part, id, document, &is_new, note);
        if (err != ERR_NONE) {
            err_note_within(note, json_string_value(json_object_get(item, "place")));
            return err;
        }
        report_part(run, part, id, document, is_new);
    }
    return ERR_NONE;
}

static void start_report(struct run *run)
{
    json_decref(run->report); /* of a try that the database has asked to repeat */
    run->report =
        json_pack("{s:b, s:b, s:[], s:[], s:[], s:O, s:O}", "dry_run", run->import->is_dry_run,
                  "plan", json_array_size(run->gathered->plan) > 0, "zones", "lines", "walls",
                  "levels", run->gathered->levels, "passed_over", run->gathered->passed_over);
}

static enum err run_import(struct db *db, void *context, struct err_note *note)
{
    struct run *run = context;
    const struct venue_import *import = run->import;
    struct venue_document now;
    int64_t version;
    enum err err = view_load_ground(db, import->event, import->venue, &now, &version);
    if (err != ERR_NONE)
        return err == ERR_NOT_FOUND
                   ? err_set(note, err, "venue", "there is no venue %s", import->venue)
                   : err;
    if (memcmp(&now.projection, &run->ground.projection, sizeof now.projection) != 0)
        return err_set(note, ERR_CONFLICT, "crs",
                       "of the venue was changed while the file was read: send it again");
    start_report(run);
    TRY(put_plan(db, run, note));
    TRY(put_parts(db, run, note));
    run->is_undone = import->is_dry_run;
    if (import->is_dry_run)
        return ERR_CONFLICT; /* a command that fails is undone */
    return import->also == NULL ? ERR_NONE : import->also(db, import->also_context, note);
}

static enum err load_ground(struct venues *venues, const struct venue_import *import,
                            struct venue_document *out_ground, struct err_note *note)
{
    int64_t version;
    struct db *db = store_reader_take(venues_store(venues));
    if (db == NULL)
        return ERR_BUSY;
    enum err err = view_load_ground(db, import->event, import->venue, out_ground, &version);
    store_reader_give(venues_store(venues), db);
    return err == ERR_NOT_FOUND ? err_set(note, err, "venue", "there is no venue %s", import->venue)
                                : err;
}

static enum err gather(const struct venue_import *import, const struct venue_document *ground,
                       struct gathered *gathered, struct err_note *note)
{
    if (import->format == IMPORT_GEOJSON)
        return geojson_gather(import, gathered, note);
    if (import->format == IMPORT_IMDF)
        return imdf_gather(import, &ground->projection, gathered, note);
    if (ground->projection.crs != VENUE_CRS_LOCAL)
        return err_set(note, ERR_INVALID, "crs",
                       "of the venue is wgs84, and WKT of a walkable area is in metres: import it"
                       " into a venue whose crs is local");
    return wkt_gather(import, ground->extent.is_known, gathered, note);
}

enum err venues_import(struct venues *venues, const struct venue_import *import,
                       json_t **out_report, struct err_note *note)
{
    struct gathered gathered;
    struct run run = {.import = import, .gathered = &gathered};
    TRY(load_ground(venues, import, &run.ground, note));
    gathered_init(&gathered);
    enum err err = gather(import, &run.ground, &gathered, note);
    if (err == ERR_NONE)
        err = store_write(venues_store(venues), run_import, &run, note);
    gathered_fini(&gathered);
    if (err == ERR_CONFLICT && run.is_undone)
        err = ERR_NONE;
    else if (err == ERR_NONE)
        venues_refresh(venues, import->event, import->venue);
    if (err == ERR_NONE)
        *out_report = run.report;
    else
        json_decref(run.report);
    return err;
}
