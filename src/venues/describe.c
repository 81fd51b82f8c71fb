// SPDX-License-Identifier: Apache-2.0
/* venues/describe.c — documents as they are read: what people wrote, and what Muster derives from
 * it. */
#include "venues/document.h"

#include "base/text.h"
#include "venues/outlines.h"
#include "venues/polygon.h"
#include "venues/shape.h"
#include "venues/venues_internal.h"
#include "venues/view.h"

#include <stdio.h>

static json_t *parse_stored(const char *text)
{
    json_t *document = NULL;
    if (json_parse(text, strlen(text), &document, NULL) != ERR_NONE || !json_is_object(document)) {
        json_decref(document);
        return json_object(); /* the view's loading has logged it */
    }
    return document;
}

static void set(json_t *document, const char *name, json_t *value)
{
    (void)json_object_set_new(document, name, value);
}

static void set_default_name(json_t *document, const char *id)
{
    if (json_object_get(document, "name") == NULL)
        set(document, "name", json_string(id));
}

static json_t *points_json(const struct point *points, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_pack("[f, f]", points[i].x, points[i].y));
    return array;
}

/* Where it leaves what is walkable, or null. */
static json_t *zone_trouble(const struct zone *zone, struct outlines *outlines)
{
    struct point at;
    char says[100];
    enum outlines_answer answer = outlines_ask(outlines, zone->ring, zone->ring_len, &at);
    if (answer == OUTLINES_UNKNOWN)
        return json_pack("{s:s, s:s}", "kind", "floor_not_compared", "says",
                         "was not held against the walkable floor: zones and floor have too many "
                         "corners; draw them with fewer");
    if (answer == OUTLINES_KEPT)
        return json_null();
    (void)snprintf(says, sizeof says,
                   "leaves the walkable floor at %.2f, %.2f m: nobody is measured there", at.x,
                   at.y);
    return json_pack("{s:s, s:[f, f], s:s}", "kind", "leaves_floor", "at_m", at.x, at.y, "says",
                     says);
}

static void derive_zone(json_t *document, const char *id, const struct projection *projection,
                        struct outlines *outlines)
{
    struct zone zone;
    if (zone_document_read(document, projection, NULL, &zone, NULL) != ERR_NONE)
        return;
    set_default_name(document, id);
    set(document, "area_m2", json_real(zone.area_m2));
    set(document, "polygon_area_m2", json_real(polygon_area(zone.ring, zone.ring_len)));
    set(document, "capacity_persons", json_integer((json_int_t)zone.capacity_persons));
    set(document, "amber_m2", json_real(zone.amber_m2));
    set(document, "orange_m2", json_real(zone.orange_m2));
    set(document, "red_m2", json_real(zone.red_m2));
    set(document, "ring_m", points_json(zone.ring, zone.ring_len));
    set(document, "trouble", zone_trouble(&zone, outlines));
    mem_free(zone.ring);
}

static void derive_line(json_t *document, const char *id, const struct projection *projection,
                        struct outlines *outlines)
{
    (void)outlines;
    struct venue_line line;
    const char *left, *right;
    if (line_document_read(document, projection, NULL, &line, &left, &right, NULL) != ERR_NONE)
        return;
    set_default_name(document, id);
    set(document, "width_m", json_real(line.width_m));
    set(document, "length_m", json_real(line.length_m));
    set(document, "points_m", points_json(line.points, line.point_count));
    mem_free(line.points);
}

static void derive_wall(json_t *document, const char *id, const struct projection *projection,
                        struct outlines *outlines)
{
    (void)outlines;
    struct venue_wall wall;
    if (wall_document_read(document, projection, NULL, &wall, NULL) != ERR_NONE)
        return;
    set_default_name(document, id);
    set(document, "kind", json_string(wall.kind == WALL_WALKABLE ? "walkable" : "obstacle"));
    double area_m2 = 0;
    json_t *rings = json_array();
    for (size_t i = 0; i < wall.ring_count; i++) {
        area_m2 += polygon_area(wall.rings[i].points, wall.rings[i].len); /* a hole's is negative */
        (void)json_array_append_new(rings, points_json(wall.rings[i].points, wall.rings[i].len));
    }
    set(document, "area_m2", json_real(area_m2));
    set(document, "rings_m", rings);
    shape_rings_free(wall.rings, wall.ring_count);
}

static void derive_device(json_t *document, const char *id, const struct projection *projection,
                          struct outlines *outlines)
{
    (void)outlines;
    (void)projection; /* `position` stays as it was given */
    set_default_name(document, id);
    if (json_object_get(document, "silent_after_ms") == NULL)
        set(document, "silent_after_ms", json_integer(5000));
    if (json_object_get(document, "calibration") == NULL)
        set(document, "calibration", json_null());
}

struct site { /* of a venue: what its parts are described by */
    const char *venue;
    struct projection projection;
    struct outlines outlines; /* owned; for zones only */
};

static json_t *describe_part(enum venue_part part, const char *id, const char *text,
                             struct site *site)
{
    static void (*const derive[])(json_t * document, const char *id,
                                  const struct projection *projection,
                                  struct outlines *outlines) = {[VENUE_PART_ZONE] = derive_zone,
                                                                [VENUE_PART_DEVICE] = derive_device,
                                                                [VENUE_PART_LINE] = derive_line,
                                                                [VENUE_PART_WALL] = derive_wall};
    json_t *document = parse_stored(text);
    derive[part](document, id, &site->projection, &site->outlines);
    set(document, "id", json_string(id));
    set(document, "venue", json_string(site->venue));
    return document;
}

static json_t *extent_json(const struct venue_extent *extent)
{
    if (!extent->is_known)
        return json_null();
    return json_pack("[f, f, f, f]", extent->low.x, extent->low.y, extent->high.x, extent->high.y);
}

static json_t *picture_json(const char *event, const char *venue, const char *content_type,
                            int64_t version)
{
    if (content_type[0] == '\0')
        return json_null();
    char href[256];
    (void)snprintf(href, sizeof href, "/api/v1/events/%s/venues/%s/picture?version=%lld", event,
                   venue, (long long)version);
    return json_pack("{s:s, s:s}", "href", href, "content_type", content_type);
}

static json_t *describe_venue_row(const struct sql_rows *rows, const char *event)
{
    json_t *document = parse_stored(sql_text(rows, 1));
    const char *id = sql_text(rows, 0);
    int64_t version = sql_int(rows, 2);
    struct venue_extent extent = {.is_known = sql_int(rows, 3) != 0,
                                  .low = {sql_real(rows, 4), sql_real(rows, 5)},
                                  .high = {sql_real(rows, 6), sql_real(rows, 7)}};
    set_default_name(document, id);
    if (json_object_get(document, "crs") == NULL)
        set(document, "crs", json_string("local"));
    set(document, "id", json_string(id));
    set(document, "event", json_string(event));
    set(document, "version", json_integer((json_int_t)version));
    set(document, "bounds_m", extent_json(&extent));
    set(document, "picture", picture_json(event, id, sql_text(rows, 8), version));
    return document;
}

#define VENUE_COLUMNS                                                                              \
    "SELECT v.id, v.document, v.version, v.has_extent, v.low_x, v.low_y, v.high_x, v.high_y,"      \
    " COALESCE(p.content_type, '') FROM venue v"                                                   \
    " LEFT JOIN venue_picture p ON p.event = v.event AND p.venue = v.id WHERE v.event = $1"

#define PAGE_OF(table)                                                                             \
    "SELECT id, document FROM " table " WHERE event = $1 AND venue = $2"                           \
    " AND id >= $3 AND id > $4 ORDER BY id LIMIT $5"

static enum err read_outlines(struct db *db, const char *event, struct site *site)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows, "SELECT document FROM venue_wall WHERE event = $1 AND venue = $2",
                  SQL_TEXT(event), SQL_TEXT(site->venue)));
    while (sql_next(&rows)) {
        SCOPED_JSON *document = parse_stored(sql_text(&rows, 0));
        struct venue_wall wall;
        if (wall_document_read(document, &site->projection, NULL, &wall, NULL) == ERR_NONE)
            outlines_add(&site->outlines, &wall);
    }
    return sql_end(&rows);
}

static enum err read_parts(struct db *db, enum venue_part part, const char *event,
                           const char *venue, const struct venues_page *page, json_t *items)
{
    static const char *const SQL[] = {[VENUE_PART_ZONE] = PAGE_OF("venue_zone"),
                                      [VENUE_PART_DEVICE] = PAGE_OF("venue_device"),
                                      [VENUE_PART_LINE] = PAGE_OF("venue_line"),
                                      [VENUE_PART_WALL] = PAGE_OF("venue_wall")};
    struct site site = {.venue = venue};
    struct venue_document ground;
    int64_t version;
    struct sql_rows rows;
    TRY(view_load_ground(db, event, venue, &ground, &version));
    site.projection = ground.projection;
    enum err err = part == VENUE_PART_ZONE ? read_outlines(db, event, &site) : ERR_NONE;
    if (err == ERR_NONE)
        err =
            sql_query(db, &rows, SQL[part], SQL_TEXT(event), SQL_TEXT(venue), SQL_TEXT(page->from),
                      SQL_TEXT(page->after), SQL_INT((int64_t)page->count_max));
    if (err == ERR_NONE) {
        while (sql_next(&rows))
            (void)json_array_append_new(
                items, describe_part(part, sql_text(&rows, 0), sql_text(&rows, 1), &site));
        err = sql_end(&rows);
    }
    outlines_fini(&site.outlines);
    return err;
}

/* The places: what a plan is drawn with. Devices have lists of their own, for their health. */
static enum err add_places(struct db *db, const char *event, const char *venue, json_t *document)
{
    static const struct {
        const char *name;
        enum venue_part part;
        size_t max;
    } PLACES[] = {{"zones", VENUE_PART_ZONE, LIMIT_VENUE_ZONES},
                  {"lines", VENUE_PART_LINE, LIMIT_VENUE_LINES},
                  {"walls", VENUE_PART_WALL, LIMIT_VENUE_WALLS}};
    for (size_t i = 0; i < COUNT_OF(PLACES); i++) {
        json_t *items = json_array();
        set(document, PLACES[i].name, items);
        const struct venues_page all = {.from = "", .after = "", .count_max = PLACES[i].max};
        TRY(read_parts(db, PLACES[i].part, event, venue, &all, items));
    }
    return ERR_NONE;
}

/* Walls that are not measured by, since they are too many; or null. */
static json_t *venue_trouble(json_t *document)
{
    size_t w, r, corners = 0;
    json_t *wall, *ring;
    char says[160];
    json_array_foreach(json_object_get(document, "walls"), w, wall)
        json_array_foreach(json_object_get(wall, "rings_m"), r, ring) corners +=
        json_array_size(ring);
    if (corners <= LIMIT_WALKABLE_CORNERS)
        return json_null();
    (void)snprintf(says, sizeof says,
                   "walls with %zu corners in all, beyond %d: people are measured as if there were "
                   "none",
                   corners, LIMIT_WALKABLE_CORNERS);
    return json_pack("{s:s, s:I, s:i, s:s}", "kind", "walls_left_out", "corners",
                     (json_int_t)corners, "corners_max", LIMIT_WALKABLE_CORNERS, "says", says);
}

static enum err read_venue(struct db *db, const char *event, const char *venue,
                           json_t **out_document)
{
    struct sql_rows rows;
    json_t *document = NULL;
    TRY(sql_query(db, &rows, VENUE_COLUMNS " AND v.id = $2", SQL_TEXT(event), SQL_TEXT(venue)));
    if (sql_next(&rows))
        document = describe_venue_row(&rows, event);
    enum err err = sql_end(&rows);
    if (err == ERR_NONE && document == NULL)
        return ERR_NOT_FOUND;
    if (err == ERR_NONE)
        err = add_places(db, event, venue, document);
    if (err == ERR_NONE)
        set(document, "trouble", venue_trouble(document));
    if (err != ERR_NONE) {
        json_decref(document);
        return err;
    }
    *out_document = document;
    return ERR_NONE;
}

enum err venue_describe(struct db *db, enum venue_part part, const char *event, const char *venue,
                        const char *id, json_t **out_document)
{
    if (part == VENUE_PART_VENUE)
        return read_venue(db, event, venue, out_document);
    SCOPED_JSON *items = json_array();
    const struct venues_page page = {.from = id, .after = "", .count_max = 1};
    TRY(read_parts(db, part, event, venue, &page, items));
    json_t *first = json_array_get(items, 0);
    if (first == NULL || strcmp(json_string_value(json_object_get(first, "id")), id) != 0)
        return ERR_NOT_FOUND;
    *out_document = json_incref(first);
    return ERR_NONE;
}

enum err venues_describe(struct venues *venues, enum venue_part part, const char *event,
                         const char *venue, const char *id, json_t **out_document)
{
    struct db *db = store_reader_take(venues_store(venues));
    if (db == NULL)
        return ERR_BUSY;
    enum err err = venue_describe(db, part, event, venue, id, out_document);
    store_reader_give(venues_store(venues), db);
    return err;
}

static enum err read_venues(struct db *db, const char *event, const struct venues_page *page,
                            json_t *items)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows, VENUE_COLUMNS " AND v.id > $2 ORDER BY v.id LIMIT $3", SQL_TEXT(event),
                  SQL_TEXT(page->after), SQL_INT((int64_t)page->count_max)));
    while (sql_next(&rows)) {
        json_t *document = describe_venue_row(&rows, event);
        (void)json_object_del(document, "plan");
        (void)json_array_append_new(items, document);
    }
    return sql_end(&rows);
}

enum err venues_list(struct venues *venues, enum venue_part part, const char *event,
                     const char *venue, const char *after, size_t limit, json_t **out_items,
                     char out_next[LIMIT_ID_LEN + 1])
{
    struct db *db = store_reader_take(venues_store(venues));
    if (db == NULL)
        return ERR_BUSY;
    json_t *items = json_array();
    const struct venues_page page = {.from = "", .after = after, .count_max = limit + 1};
    enum err err = part == VENUE_PART_VENUE ? read_venues(db, event, &page, items)
                                            : read_parts(db, part, event, venue, &page, items);
    store_reader_give(venues_store(venues), db);
    if (err != ERR_NONE) {
        json_decref(items);
        return err;
    }
    out_next[0] = '\0';
    if (json_array_size(items) > limit) {
        (void)json_array_remove(items, limit);
        json_t *last = json_array_get(items, limit - 1);
        (void)text_copy(out_next, LIMIT_ID_LEN + 1, json_string_value(json_object_get(last, "id")));
    }
    *out_items = items;
    return ERR_NONE;
}

static enum err read_picture(struct db *db, const char *event, const char *venue, char **out_bytes,
                             size_t *out_len, char out_type[32])
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT content_type, bytes FROM venue_picture WHERE event = $1 AND venue = $2",
                  SQL_TEXT(event), SQL_TEXT(venue)));
    char *bytes = NULL;
    if (sql_next(&rows)) {
        const void *blob = sql_blob(&rows, 1, out_len);
        (void)text_copy(out_type, 32, sql_text(&rows, 0));
        bytes = mem_copy(blob, *out_len);
    }
    enum err err = sql_end(&rows);
    if (err == ERR_NONE && bytes == NULL)
        return ERR_NOT_FOUND;
    if (err != ERR_NONE) {
        mem_free(bytes);
        return err;
    }
    *out_bytes = bytes;
    return ERR_NONE;
}

enum err venues_picture(struct venues *venues, const char *event, const char *venue,
                        char **out_bytes, size_t *out_len, char out_type[32])
{
    struct db *db = store_reader_take(venues_store(venues));
    if (db == NULL)
        return ERR_BUSY;
    enum err err = read_picture(db, event, venue, out_bytes, out_len, out_type);
    store_reader_give(venues_store(venues), db);
    return err;
}

enum err venue_part_exists(struct db *db, enum venue_part part, const char *event, const char *id)
{
    static const char *const EXISTS[] = {
        [VENUE_PART_VENUE] = "SELECT 1 FROM venue WHERE event = $1 AND id = $2",
        [VENUE_PART_ZONE] = "SELECT 1 FROM venue_zone WHERE event = $1 AND id = $2",
        [VENUE_PART_DEVICE] = "SELECT 1 FROM venue_device WHERE event = $1 AND id = $2",
        [VENUE_PART_PICTURE] = "SELECT 1 FROM venue_picture WHERE event = $1 AND venue = $2",
        [VENUE_PART_LINE] = "SELECT 1 FROM venue_line WHERE event = $1 AND id = $2",
        [VENUE_PART_WALL] = "SELECT 1 FROM venue_wall WHERE event = $1 AND id = $2",
    };
    assert(part < COUNT_OF(EXISTS));
    int64_t one;
    return sql_one_int(db, &one, EXISTS[part], SQL_TEXT(event), SQL_TEXT(id));
}
