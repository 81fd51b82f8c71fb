// SPDX-License-Identifier: Apache-2.0
#include "venues/view.h"

#include "base/log.h"
#include "base/text.h"
#include "venues/shape.h"

#include <stdio.h>

static void view_destroy(struct shared *shared)
{
    struct venue_view *view = (struct venue_view *)shared;
    for (size_t i = 0; i < view->zone_count; i++)
        mem_free(view->zones[i].ring);
    for (size_t i = 0; i < view->device_count; i++)
        mem_free(view->devices[i].sees);
    for (size_t i = 0; i < view->line_count; i++)
        mem_free(view->lines[i].points);
    for (size_t i = 0; i < view->wall_count; i++)
        shape_rings_free(view->walls[i].rings, view->walls[i].ring_count);
    mem_free(view->zones);
    mem_free(view->lines);
    mem_free(view->walls);
    mem_free(view->devices);
    mem_free(view);
}

enum err view_load_ground(struct db *db, const char *event, const char *venue,
                          struct venue_document *out_ground, int64_t *out_version)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT name, crs, longitude, latitude, has_extent, low_x, low_y, high_x, high_y,"
                  " version FROM venue WHERE event = $1 AND id = $2",
                  SQL_TEXT(event), SQL_TEXT(venue)));
    struct venue_document ground = {.projection.crs = VENUE_CRS_LOCAL};
    bool is_found = sql_next(&rows);
    if (is_found) {
        (void)text_copy(ground.name, sizeof ground.name, sql_text(&rows, 0));
        ground.projection = (struct projection){.crs = (int)sql_int(&rows, 1),
                                                .longitude = sql_real(&rows, 2),
                                                .latitude = sql_real(&rows, 3)};
        ground.extent = (struct venue_extent){.is_known = sql_int(&rows, 4) != 0,
                                              .low = {sql_real(&rows, 5), sql_real(&rows, 6)},
                                              .high = {sql_real(&rows, 7), sql_real(&rows, 8)}};
        *out_version = sql_int(&rows, 9);
    }
    TRY(sql_end(&rows));
    if (!is_found)
        return ERR_NOT_FOUND;
    *out_ground = ground;
    return ERR_NONE;
}

/* What cannot be read any more is left out and said, so that one row cannot take a venue down. */
static void skip_row(const struct venue_view *view, const char *part, const char *id,
                     const struct err_note *note)
{
    log_write(LOG_ERROR, "venues", "a stored document cannot be used",
              "venue=%s %s=%s place=%s detail=%s", view->key, part, id, LOG_TEXT(note->place),
              LOG_TEXT(note->detail));
}

static bool read_zone_row(struct venue_view *view, const struct projection *projection,
                          const char *id, const char *document_text)
{
    struct zone zone;
    struct err_note note = {.place = ""};
    SCOPED_JSON *document = NULL;
    if (json_parse(document_text, strlen(document_text), &document, &note) != ERR_NONE ||
        zone_document_read(document, projection, NULL, &zone, &note) != ERR_NONE) {
        skip_row(view, "zone", id, &note);
        return false;
    }
    (void)text_copy(zone.id, sizeof zone.id, id);
    if (zone.name[0] == '\0')
        (void)text_copy(zone.name, sizeof zone.name, id);
    view->zones[view->zone_count++] = zone;
    return true;
}

static uint32_t find_zone(const struct venue_view *view, const char *id)
{
    for (uint32_t z = 0; id != NULL && z < view->zone_count; z++) {
        if (strcmp(view->zones[z].id, id) == 0)
            return z;
    }
    return LINE_NO_ZONE;
}

static bool read_line_row(struct venue_view *view, const struct projection *projection,
                          const char *id, const char *document_text)
{
    struct venue_line line;
    const char *left = NULL, *right = NULL;
    struct err_note note = {.place = ""};
    SCOPED_JSON *document = NULL;
    if (json_parse(document_text, strlen(document_text), &document, &note) != ERR_NONE ||
        line_document_read(document, projection, NULL, &line, &left, &right, &note) != ERR_NONE) {
        skip_row(view, "line", id, &note);
        return false;
    }
    (void)text_copy(line.id, sizeof line.id, id);
    if (line.name[0] == '\0')
        (void)text_copy(line.name, sizeof line.name, id);
    line.left_zone = find_zone(view, left);
    line.right_zone = find_zone(view, right);
    view->lines[view->line_count++] = line;
    return true;
}

static bool read_wall_row(struct venue_view *view, const struct projection *projection,
                          const char *id, const char *document_text)
{
    struct venue_wall wall;
    struct err_note note = {.place = ""};
    SCOPED_JSON *document = NULL;
    if (json_parse(document_text, strlen(document_text), &document, &note) != ERR_NONE ||
        wall_document_read(document, projection, NULL, &wall, &note) != ERR_NONE) {
        skip_row(view, "wall", id, &note);
        return false;
    }
    (void)text_copy(wall.id, sizeof wall.id, id);
    if (wall.name[0] == '\0')
        (void)text_copy(wall.name, sizeof wall.name, id);
    view->walls[view->wall_count++] = wall;
    return true;
}

static void resolve_sees(const struct venue_view *view, json_t *sees, struct device *device)
{
    size_t i;
    json_t *id;
    if (sees == NULL)
        return;
    device->sees = mem_new_array(json_array_size(sees) + 1, sizeof *device->sees);
    json_array_foreach(sees, i, id)
    {
        uint32_t zone = find_zone(view, json_string_value(id));
        if (zone != LINE_NO_ZONE)
            device->sees[device->sees_count++] = zone;
    }
}

static bool read_device_row(struct venue_view *view, const struct projection *projection,
                            const char *id, const char *document_text)
{
    struct device device;
    struct err_note note = {.place = ""};
    json_t *sees = NULL;
    SCOPED_JSON *document = NULL;
    if (json_parse(document_text, strlen(document_text), &document, &note) != ERR_NONE ||
        device_document_read(document, projection, &device, &sees, &note) != ERR_NONE) {
        skip_row(view, "device", id, &note);
        return false;
    }
    (void)text_copy(device.id, sizeof device.id, id);
    if (device.name[0] == '\0')
        (void)text_copy(device.name, sizeof device.name, id);
    resolve_sees(view, sees, &device);
    device.counts_into =
        find_zone(view, json_string_value(json_object_get(document, "counts_into")));
    device.counts_from =
        find_zone(view, json_string_value(json_object_get(document, "counts_from")));
    device.index = (uint32_t)view->device_count;
    view->devices[view->device_count++] = device;
    return true;
}

#define ROWS_OF(table)                                                                             \
    "SELECT id, document FROM " table " WHERE event = $1 AND venue = $2 ORDER BY id LIMIT $3"

/* In this order: lines and devices name zones. */
static enum err load_rows(struct db *db, struct venue_view *view,
                          const struct projection *projection)
{
    static const struct {
        const char *sql;
        size_t max;
        bool (*read)(struct venue_view *view, const struct projection *projection, const char *id,
                     const char *document_text);
    } PARTS[] = {{ROWS_OF("venue_zone"), LIMIT_VENUE_ZONES, read_zone_row},
                 {ROWS_OF("venue_line"), LIMIT_VENUE_LINES, read_line_row},
                 {ROWS_OF("venue_wall"), LIMIT_VENUE_WALLS, read_wall_row},
                 {ROWS_OF("venue_device"), LIMIT_VENUE_DEVICES, read_device_row}};
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        struct sql_rows rows;
        TRY(sql_query(db, &rows, PARTS[i].sql, SQL_TEXT(view->event), SQL_TEXT(view->id),
                      SQL_INT((int64_t)PARTS[i].max)));
        while (sql_next(&rows))
            (void)PARTS[i].read(view, projection, sql_text(&rows, 0), sql_text(&rows, 1));
        TRY(sql_end(&rows));
    }
    return ERR_NONE;
}

static enum err load_parts(struct db *db, struct venue_view *view,
                           const struct projection *projection)
{
    view->zones = mem_new_array(LIMIT_VENUE_ZONES, sizeof *view->zones);
    view->lines = mem_new_array(LIMIT_VENUE_LINES, sizeof *view->lines);
    view->walls = mem_new_array(LIMIT_VENUE_WALLS, sizeof *view->walls);
    view->devices = mem_new_array(LIMIT_VENUE_DEVICES, sizeof *view->devices);
    TRY(load_rows(db, view, projection));
    view->zones = mem_resize(view->zones, (view->zone_count + 1) * sizeof *view->zones);
    view->lines = mem_resize(view->lines, (view->line_count + 1) * sizeof *view->lines);
    view->walls = mem_resize(view->walls, (view->wall_count + 1) * sizeof *view->walls);
    view->devices = mem_resize(view->devices, (view->device_count + 1) * sizeof *view->devices);
    return ERR_NONE;
}

enum err view_load(struct db *db, const char *event, const char *venue,
                   struct venue_view **out_view)
{
    struct venue_document ground;
    int64_t version;
    TRY(view_load_ground(db, event, venue, &ground, &version));
    struct venue_view *view = mem_new(sizeof *view);
    shared_init(&view->shared, view_destroy);
    (void)text_copy(view->event, sizeof view->event, event);
    (void)text_copy(view->id, sizeof view->id, venue);
    (void)text_copy(view->name, sizeof view->name, ground.name[0] == '\0' ? venue : ground.name);
    (void)snprintf(view->key, sizeof view->key, "%s/%s", event, venue);
    view->version = version;
    view->has_bounds = ground.extent.is_known;
    view->is_on_earth = ground.projection.crs == VENUE_CRS_WGS84;
    view->origin_longitude = ground.projection.longitude;
    view->origin_latitude = ground.projection.latitude;
    view->bounds_min = ground.extent.low;
    view->bounds_max = ground.extent.high;
    enum err err = load_parts(db, view, &ground.projection);
    if (err != ERR_NONE) {
        shared_unref(&view->shared);
        return err;
    }
    *out_view = view;
    return ERR_NONE;
}

struct index_entry {
    uint64_t hash; /* 0 = free */
    struct venue_view *view;
    const struct device *device; /* NULL: the entry of the venue itself */
};

struct view_index {
    struct index_entry *entries;
    size_t mask;
};

/* FNV-1a (Fowler, Noll, Vo); the kind keeps a venue and a device of the same name apart. */
static uint64_t hash_name(char kind, const char *event, const char *id)
{
    uint64_t hash = (0xcbf29ce484222325ULL ^ (uint8_t)kind) * 0x100000001b3ULL;
    for (; *event != '\0'; event++)
        hash = (hash ^ (uint8_t)*event) * 0x100000001b3ULL;
    hash = (hash ^ '/') * 0x100000001b3ULL;
    for (; *id != '\0'; id++)
        hash = (hash ^ (uint8_t)*id) * 0x100000001b3ULL;
    hash ^= hash >> 32; /* the low bits choose the place */
    return hash == 0 ? 1 : hash;
}

static void index_put(struct view_index *index, struct index_entry entry)
{
    size_t at = entry.hash & index->mask;
    while (index->entries[at].hash != 0)
        at = (at + 1) & index->mask;
    index->entries[at] = entry;
}

struct view_index *view_index_create(struct venue_view *const *views, size_t count)
{
    size_t names = count;
    for (size_t i = 0; i < count; i++)
        names += views[i]->device_count;
    size_t size = 16;
    while (size < 2 * names)
        size *= 2;
    struct view_index *index = mem_new(sizeof *index);
    index->entries = mem_new_array(size, sizeof *index->entries);
    index->mask = size - 1;
    for (size_t i = 0; i < count; i++) {
        struct venue_view *view = views[i];
        index_put(index, (struct index_entry){hash_name('v', view->event, view->id), view, NULL});
        for (size_t d = 0; d < view->device_count; d++) {
            const struct device *device = &view->devices[d];
            index_put(index,
                      (struct index_entry){hash_name('d', view->event, device->id), view, device});
        }
    }
    return index;
}

void view_index_destroy(struct view_index *index)
{
    if (index == NULL)
        return;
    mem_free(index->entries);
    mem_free(index);
}

struct venue_view *view_index_venue(const struct view_index *index, const char *event,
                                    const char *venue)
{
    uint64_t hash = hash_name('v', event, venue);
    for (size_t at = hash & index->mask; index->entries[at].hash != 0;
         at = (at + 1) & index->mask) {
        const struct index_entry *entry = &index->entries[at];
        if (entry->hash == hash && entry->device == NULL &&
            strcmp(entry->view->event, event) == 0 && strcmp(entry->view->id, venue) == 0)
            return entry->view;
    }
    return NULL;
}

struct venue_view *view_index_device(const struct view_index *index, const char *event,
                                     const char *device, const struct device **out_device)
{
    uint64_t hash = hash_name('d', event, device);
    for (size_t at = hash & index->mask; index->entries[at].hash != 0;
         at = (at + 1) & index->mask) {
        const struct index_entry *entry = &index->entries[at];
        if (entry->hash == hash && entry->device != NULL &&
            strcmp(entry->view->event, event) == 0 && strcmp(entry->device->id, device) == 0) {
            *out_device = entry->device;
            return entry->view;
        }
    }
    return NULL;
}
