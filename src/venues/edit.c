// SPDX-License-Identifier: Apache-2.0
/* venues/edit.c — a change of one venue, zone, line, wall, device or picture: check, tables, record, in one
 * command. Every change first raises the venue's version: on PostgreSQL that holds its row, so that
 * the plan and a zone inside it cannot change past each other. */
#include "venues/document.h"

#include "base/text.h"
#include "store/stream.h"
#include "venues/left.h"
#include "venues/shape.h"
#include "venues/view.h"

#include <stdio.h>

static const char *const part_names[] = {"venue", "zone", "device", "picture", "line", "wall"};
static const char *const action_names[] = {"created", "put", "removed"};
struct part_sql {
    int64_t count_max;
    const char *where; /* an id stands */
    const char *count;
    const char *all;
    const char *put;
    const char *remove;
    const char *clear;
};
#define PART_SQL(table, max)                                                                       \
    {                                                                                              \
        .count_max = (max), .where = "SELECT venue FROM " table " WHERE event = $1 AND id = $2",   \
        .count = "SELECT COUNT(*) FROM " table " WHERE event = $1 AND venue = $2",                 \
        .all = "SELECT id, document FROM " table " WHERE event = $1 AND venue = $2",               \
        .put = "INSERT INTO " table " (event, venue, id, document) VALUES ($1, $2, $3, $4)"        \
               " ON CONFLICT (event, id) DO UPDATE SET document = excluded.document",              \
        .remove = "DELETE FROM " table " WHERE event = $1 AND venue = $2 AND id = $3",             \
        .clear = "DELETE FROM " table " WHERE event = $1 AND venue = $2",                          \
    }
static const struct part_sql part_sqls[] = {
    [VENUE_PART_ZONE] = PART_SQL("venue_zone", LIMIT_VENUE_ZONES),
    [VENUE_PART_DEVICE] = PART_SQL("venue_device", LIMIT_VENUE_DEVICES),
    [VENUE_PART_LINE] = PART_SQL("venue_line", LIMIT_VENUE_LINES),
    [VENUE_PART_WALL] = PART_SQL("venue_wall", LIMIT_VENUE_WALLS)};

static enum err check_part(enum venue_part part, json_t *document,
                           const struct venue_document *ground, struct err_note *note)
{
    const struct projection *projection = &ground->projection;
    struct zone zone = {.ring = NULL};
    struct venue_line line = {.points = NULL};
    struct venue_wall wall = {.rings = NULL};
    struct device device;
    const char *left, *right;
    json_t *sees;
    enum err err = ERR_NONE;
    if (part == VENUE_PART_ZONE)
        err = zone_document_read(document, projection, &ground->extent, &zone, note);
    else if (part == VENUE_PART_LINE)
        err = line_document_read(document, projection, &ground->extent, &line, &left, &right, note);
    else if (part == VENUE_PART_WALL)
        err = wall_document_read(document, projection, &ground->extent, &wall, note);
    else
        err = device_document_read(document, projection, &device, &sees, note);
    mem_free(zone.ring);
    mem_free(line.points);
    shape_rings_free(wall.rings, wall.ring_count);
    return err;
}

static enum err append_record(struct db *db, const struct venue_edit *edit, int64_t version)
{
    SCOPED_JSON *body =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "event", edit->event, "venue", edit->venue,
                  "part", part_names[edit->part], "action", action_names[edit->action], "id",
                  edit->id == NULL ? edit->venue : edit->id, "version", (json_int_t)version);
    char *text = json_dumps(body, JSON_COMPACT);
    const struct stream_append append = {.stream = "venues",
                                         .key = edit->event,
                                         .kind = "venue.changed",
                                         .body = text,
                                         .body_len = strlen(text)};
    enum err err = stream_append(db, &append, NULL);
    free(text);
    return err;
}

/* The document as text, without the id that a POST carries. */
static char *document_text(json_t *document)
{
    SCOPED_JSON *copy = json_copy(document);
    (void)json_object_del(copy, "id");
    return json_dumps(copy, JSON_COMPACT);
}

/* --- venue --- */

/* Everything that stands there must still make sense on the new plan. */
static enum err check_part_fits(enum venue_part part, const char *id, const char *text,
                                const struct venue_document *venue, struct err_note *note)
{
    SCOPED_JSON *document = NULL;
    struct err_note why = {.place = ""};
    TRY(json_parse(text, strlen(text), &document, note));
    if (check_part(part, document, venue, &why) == ERR_NONE)
        return ERR_NONE;
    return err_set(note, ERR_INVALID, "plan", "%s %s would no longer fit: %s %s", part_names[part],
                   id, why.place, why.detail);
}

static enum err check_parts_fit(struct db *db, const struct venue_edit *edit,
                                const struct venue_document *venue, struct err_note *note)
{
    for (size_t part = 0; part < COUNT_OF(part_sqls); part++) {
        if (part_sqls[part].all == NULL)
            continue;
        struct sql_rows rows;
        TRY(sql_query(db, &rows, part_sqls[part].all, SQL_TEXT(edit->event),
                      SQL_TEXT(edit->venue)));
        enum err err = ERR_NONE;
        while (err == ERR_NONE && sql_next(&rows)) {
            char id[LIMIT_ID_LEN + 1];
            (void)snprintf(id, sizeof id, "%s", sql_text(&rows, 0));
            err = check_part_fits((enum venue_part)part, id, sql_text(&rows, 1), venue, note);
        }
        enum err end = sql_end(&rows);
        if (err != ERR_NONE || end != ERR_NONE)
            return err != ERR_NONE ? err : end;
    }
    return ERR_NONE;
}

static enum err check_venue_count(struct db *db, const struct venue_edit *edit,
                                  struct err_note *note)
{
    int64_t count;
    TRY(sql_one_int(db, &count, "SELECT COUNT(*) FROM venue WHERE event = $1",
                    SQL_TEXT(edit->event)));
    if (count >= LIMIT_EVENT_VENUES)
        return err_set(note, ERR_INVALID, "venue", "the event has %d venues, the most it may have",
                       LIMIT_EVENT_VENUES);
    return ERR_NONE;
}

/* Versions never repeat, not even when a venue is removed and made again. */
static enum err next_version(struct db *db, int64_t *out_version)
{
    return sql_one_int(db, out_version,
                       "UPDATE venue_version SET version = version + 1 RETURNING version");
}

static enum err write_venue(struct db *db, const struct venue_edit *edit,
                            const struct venue_document *venue, int64_t version)
{
    char *text = document_text(edit->document);
    const struct venue_extent *extent = &venue->extent;
    enum err err = sql_run(
        db,
        "INSERT INTO venue (event, id, name, crs, longitude, latitude, has_extent, low_x, low_y,"
        " high_x, high_y, version, document)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        " ON CONFLICT (event, id) DO UPDATE SET name = excluded.name, crs = excluded.crs,"
        " longitude = excluded.longitude, latitude = excluded.latitude,"
        " has_extent = excluded.has_extent, low_x = excluded.low_x, low_y = excluded.low_y,"
        " high_x = excluded.high_x, high_y = excluded.high_y, version = excluded.version,"
        " document = excluded.document",
        SQL_TEXT(edit->event), SQL_TEXT(edit->venue), SQL_TEXT(venue->name),
        SQL_INT(venue->projection.crs), SQL_REAL(venue->projection.longitude),
        SQL_REAL(venue->projection.latitude), SQL_INT(extent->is_known), SQL_REAL(extent->low.x),
        SQL_REAL(extent->low.y), SQL_REAL(extent->high.x), SQL_REAL(extent->high.y),
        SQL_INT(version), SQL_TEXT(text));
    free(text);
    return err;
}

static enum err put_venue(struct db *db, struct venue_edit *edit, int64_t version,
                          struct err_note *note)
{
    struct venue_document venue;
    int64_t exists = 0;
    TRY(venue_document_read(edit->document, &venue, note));
    TRY(sql_one_int(db, &exists, "SELECT COUNT(*) FROM venue WHERE event = $1 AND id = $2",
                    SQL_TEXT(edit->event), SQL_TEXT(edit->venue)));
    edit->out_is_new = exists == 0;
    if (exists != 0 && edit->action == VENUE_CREATE)
        return err_set(note, ERR_CONFLICT, "id", "venue %s exists already; PUT replaces it",
                       edit->venue);
    if (exists == 0)
        TRY(check_venue_count(db, edit, note));
    else
        TRY(check_parts_fit(db, edit, &venue, note));
    return write_venue(db, edit, &venue, version);
}

static enum err remove_venue(struct db *db, const struct venue_edit *edit, struct err_note *note)
{
    int64_t changed;
    TRY(sql_run_counted(db, &changed, "DELETE FROM venue WHERE event = $1 AND id = $2",
                        SQL_TEXT(edit->event), SQL_TEXT(edit->venue)));
    if (changed == 0)
        return err_set(note, ERR_NOT_FOUND, "venue", "there is no venue %s", edit->venue);
    TRY(left_note_venue(db, edit->event, edit->venue));
    for (size_t part = 0; part < COUNT_OF(part_sqls); part++) {
        if (part_sqls[part].clear != NULL)
            TRY(sql_run(db, part_sqls[part].clear, SQL_TEXT(edit->event), SQL_TEXT(edit->venue)));
    }
    return sql_run(db, "DELETE FROM venue_picture WHERE event = $1 AND venue = $2",
                   SQL_TEXT(edit->event), SQL_TEXT(edit->venue));
}

/* --- zones, lines, walls and devices --- */

/* ERR_CONFLICT when the id stands in another venue of the event, or exists and must not. */
static enum err check_part_is_free(struct db *db, struct venue_edit *edit, struct err_note *note)
{
    char venue[LIMIT_ID_LEN + 1] = "";
    struct sql_rows rows;
    TRY(sql_query(db, &rows, part_sqls[edit->part].where, SQL_TEXT(edit->event),
                  SQL_TEXT(edit->id)));
    if (sql_next(&rows))
        (void)snprintf(venue, sizeof venue, "%s", sql_text(&rows, 0));
    TRY(sql_end(&rows));
    edit->out_is_new = venue[0] == '\0';
    if (venue[0] != '\0' && strcmp(venue, edit->venue) != 0)
        return err_set(note, ERR_CONFLICT, "id", "%s %s stands in venue %s of this event",
                       part_names[edit->part], edit->id, venue);
    if (venue[0] != '\0' && edit->action == VENUE_CREATE)
        return err_set(note, ERR_CONFLICT, "id", "%s %s exists already; PUT replaces it",
                       part_names[edit->part], edit->id);
    return ERR_NONE;
}

static enum err check_part_count(struct db *db, const struct venue_edit *edit,
                                 struct err_note *note)
{
    int64_t count;
    int64_t max = part_sqls[edit->part].count_max;
    TRY(sql_one_int(db, &count, part_sqls[edit->part].count, SQL_TEXT(edit->event),
                    SQL_TEXT(edit->venue)));
    if (count >= max)
        return err_set(note, ERR_INVALID, part_names[edit->part],
                       "the venue has %lld of them, the most it may have", (long long)max);
    return ERR_NONE;
}

static enum err put_part(struct db *db, struct venue_edit *edit,
                         const struct venue_document *ground, struct err_note *note)
{
    TRY(check_part(edit->part, edit->document, ground, note));
    TRY(check_part_is_free(db, edit, note));
    if (edit->out_is_new)
        TRY(check_part_count(db, edit, note));
    char *text = document_text(edit->document);
    enum err err = sql_run(db, part_sqls[edit->part].put, SQL_TEXT(edit->event),
                           SQL_TEXT(edit->venue), SQL_TEXT(edit->id), SQL_TEXT(text));
    free(text);
    return err;
}

static enum err remove_part(struct db *db, const struct venue_edit *edit, struct err_note *note)
{
    int64_t changed;
    TRY(sql_run_counted(db, &changed, part_sqls[edit->part].remove, SQL_TEXT(edit->event),
                        SQL_TEXT(edit->venue), SQL_TEXT(edit->id)));
    if (changed == 0)
        return err_set(note, ERR_NOT_FOUND, part_names[edit->part], "there is no %s %s",
                       part_names[edit->part], edit->id);
    bool is_measured = edit->part == VENUE_PART_DEVICE || edit->part == VENUE_PART_ZONE;
    return is_measured ? left_note(db, edit->event, edit->venue, edit->id) : ERR_NONE;
}

/* --- picture --- */

static enum err check_picture(const struct venue_edit *edit, struct err_note *note)
{
    static const char png[] = "\x89PNG\r\n\x1a\n";
    if (edit->picture_len > LIMIT_PLAN_BYTES)
        return err_set(note, ERR_TOO_LARGE, "body", "a picture may have at most %d bytes",
                       LIMIT_PLAN_BYTES);
    bool is_png = strcmp(edit->picture_type, "image/png") == 0;
    if (!is_png && strcmp(edit->picture_type, "image/svg+xml") != 0)
        return err_set(note, ERR_UNSUPPORTED, "header Content-Type",
                       "must be image/svg+xml or image/png");
    if (is_png ? edit->picture_len < 8 || memcmp(edit->picture, png, 8) != 0
               : memmem(edit->picture, MIN(edit->picture_len, 4096), "<svg", 4) == NULL)
        return err_set(note, ERR_INVALID, "body", "is not what its Content-Type says");
    return ERR_NONE;
}

static enum err put_picture(struct db *db, struct venue_edit *edit, struct err_note *note)
{
    TRY(check_picture(edit, note));
    return sql_run(db,
                   "INSERT INTO venue_picture (event, venue, content_type, bytes)"
                   " VALUES ($1, $2, $3, $4) ON CONFLICT (event, venue) DO UPDATE SET"
                   " content_type = excluded.content_type, bytes = excluded.bytes",
                   SQL_TEXT(edit->event), SQL_TEXT(edit->venue), SQL_TEXT(edit->picture_type),
                   SQL_BLOB(edit->picture, edit->picture_len));
}

static enum err remove_picture(struct db *db, const struct venue_edit *edit, struct err_note *note)
{
    int64_t changed;
    TRY(sql_run_counted(db, &changed, "DELETE FROM venue_picture WHERE event = $1 AND venue = $2",
                        SQL_TEXT(edit->event), SQL_TEXT(edit->venue)));
    if (changed == 0)
        return err_set(note, ERR_NOT_FOUND, "picture",
                       "the venue has no picture; there is none to remove");
    return ERR_NONE;
}

/* --- all --- */

static enum err change_inside(struct db *db, struct venue_edit *edit, int64_t version,
                              struct err_note *note)
{
    int64_t changed;
    TRY(sql_run_counted(db, &changed, "UPDATE venue SET version = $1 WHERE event = $2 AND id = $3",
                        SQL_INT(version), SQL_TEXT(edit->event), SQL_TEXT(edit->venue)));
    if (changed == 0)
        return err_set(note, ERR_NOT_FOUND, "venue", "there is no venue %s", edit->venue);
    if (edit->part == VENUE_PART_PICTURE)
        return edit->action == VENUE_REMOVE ? remove_picture(db, edit, note)
                                            : put_picture(db, edit, note);
    if (edit->action == VENUE_REMOVE)
        return remove_part(db, edit, note);
    struct venue_document ground;
    TRY(view_load_ground(db, edit->event, edit->venue, &ground, &version));
    return put_part(db, edit, &ground, note);
}

/* The id of the path or of a POST's document; a PUT's document may repeat it, and only it. */
static enum err check_id(const struct venue_edit *edit, struct err_note *note)
{
    bool is_part = edit->part != VENUE_PART_VENUE && edit->part != VENUE_PART_PICTURE;
    const char *id = is_part ? edit->id : edit->venue;
    if (!text_is_id(id))
        return err_set(note, ERR_INVALID, "id",
                       "must be 1 to %d of a-z, 0-9, _ and -, starting with a letter or digit",
                       LIMIT_ID_LEN);
    const char *written = json_string_value(json_object_get(edit->document, "id"));
    if (written != NULL && strcmp(written, id) != 0)
        return err_set(note, ERR_INVALID, "id", "must be %s, as in the path, or be left out", id);
    return ERR_NONE;
}

enum err venue_edit_run(struct db *db, void *context, struct err_note *note)
{
    struct venue_edit *edit = context;
    int64_t version;
    TRY(check_id(edit, note));
    TRY(next_version(db, &version));
    if (edit->part != VENUE_PART_VENUE)
        TRY(change_inside(db, edit, version, note));
    else if (edit->action == VENUE_REMOVE)
        TRY(remove_venue(db, edit, note));
    else
        TRY(put_venue(db, edit, version, note));
    TRY(append_record(db, edit, version));
    return edit->also == NULL ? ERR_NONE : edit->also(db, edit->also_context, edit, note);
}

static const struct store_migration migrations[] = {
    {1, "CREATE TABLE venue (event TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,"
        " crs BIGINT NOT NULL, longitude DOUBLE PRECISION NOT NULL,"
        " latitude DOUBLE PRECISION NOT NULL, has_extent BIGINT NOT NULL,"
        " low_x DOUBLE PRECISION NOT NULL, low_y DOUBLE PRECISION NOT NULL,"
        " high_x DOUBLE PRECISION NOT NULL, high_y DOUBLE PRECISION NOT NULL,"
        " version BIGINT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (event, id));"
        "CREATE TABLE venue_zone (event TEXT NOT NULL, venue TEXT NOT NULL, id TEXT NOT NULL,"
        " document TEXT NOT NULL, PRIMARY KEY (event, id));"
        "CREATE INDEX venue_zone_venue ON venue_zone (event, venue, id);"
        "CREATE TABLE venue_device (event TEXT NOT NULL, venue TEXT NOT NULL, id TEXT NOT NULL,"
        " document TEXT NOT NULL, PRIMARY KEY (event, id));"
        "CREATE INDEX venue_device_venue ON venue_device (event, venue, id);"
        "CREATE TABLE venue_picture (event TEXT NOT NULL, venue TEXT NOT NULL,"
        " content_type TEXT NOT NULL, bytes BYTEA NOT NULL, PRIMARY KEY (event, venue));"
        "CREATE TABLE venue_version (version BIGINT NOT NULL);"
        "INSERT INTO venue_version (version) VALUES (0);"},
    {2, "CREATE TABLE venue_line (event TEXT NOT NULL, venue TEXT NOT NULL, id TEXT NOT NULL,"
        " document TEXT NOT NULL, PRIMARY KEY (event, id));"
        "CREATE INDEX venue_line_venue ON venue_line (event, venue, id);"
        "CREATE TABLE venue_wall (event TEXT NOT NULL, venue TEXT NOT NULL, id TEXT NOT NULL,"
        " document TEXT NOT NULL, PRIMARY KEY (event, id));"
        "CREATE INDEX venue_wall_venue ON venue_wall (event, venue, id);"},
    {3, "CREATE TABLE venue_left (event TEXT NOT NULL, id TEXT NOT NULL, venue TEXT NOT NULL,"
        " left_ms BIGINT NOT NULL, PRIMARY KEY (event, id, venue));"
        "CREATE INDEX venue_left_by_age ON venue_left (left_ms);"},
};

const struct store_module venues_store_module = {
    .name = "venues", .migrations = migrations, .migration_count = COUNT_OF(migrations)};
