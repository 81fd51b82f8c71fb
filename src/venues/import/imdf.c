// SPDX-License-Identifier: Apache-2.0
/* venues/import/imdf.c — Indoor Mapping Data Format (OGC 20-094): of one level, its outline and units are
 * drawn, units are zones, openings are lines. Its positions are longitude and latitude; a local venue
 * with an origin takes them as metres. What a unit or opening lacks to be one is told, not refused:
 * whoever imports an archive can seldom change it. */
#include "venues/import/gather.h"

#include "base/text.h"
#include "venues/shape.h"

#include <stdio.h>

struct imdf {
    struct gathered *gathered;
    json_t *files;
    struct projection projection; /* of the venue */
    bool is_projected;            /* positions become metres */
    const char *language;
    const char *level;
};

static json_t *features_of(const struct imdf *imdf, const char *file)
{
    return json_object_get(json_object_get(imdf->files, file), "features");
}

static const char *label(const struct imdf *imdf, json_t *labels)
{
    json_t *text = json_object_get(labels, imdf->language);
    if (text == NULL)
        text = json_object_get(labels, "en");
    if (text == NULL)
        text = json_object_iter_value(json_object_iter(labels));
    const char *value = json_string_value(text);
    return value == NULL ? "" : value;
}

/* --- which level --- */

static bool is_level(const struct imdf *imdf, json_t *feature, const char *wish)
{
    json_t *properties = json_object_get(feature, "properties");
    char ordinal[32];
    (void)snprintf(ordinal, sizeof ordinal, "%lld",
                   (long long)json_integer_value(json_object_get(properties, "ordinal")));
    return strcmp(shape_text(feature, "id"), wish) == 0 || strcmp(ordinal, wish) == 0 ||
           strcmp(label(imdf, json_object_get(properties, "short_name")), wish) == 0;
}

static void list_levels(struct imdf *imdf, json_t *levels)
{
    size_t i;
    json_t *feature;
    json_array_foreach(levels, i, feature)
    {
        json_t *properties = json_object_get(feature, "properties");
        json_t *ordinal = json_object_get(properties, "ordinal");
        (void)json_array_append_new(
            imdf->gathered->levels,
            json_pack("{s:s, s:s, s:O?}", "id", shape_text(feature, "id"), "name",
                      label(imdf, json_object_get(properties, "name")), "ordinal", ordinal));
    }
}

static enum err refuse_level(const struct imdf *imdf, const char *why, struct err_note *note)
{
    char text[300];
    size_t at = 0, i;
    json_t *level;
    text[0] = '\0';
    json_array_foreach(imdf->gathered->levels, i, level)
    {
        if (at < sizeof text)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%s (%s)", i == 0 ? "" : ", ",
                                   shape_text(level, "id"), shape_text(level, "name"));
    }
    return err_set(note, ERR_INVALID, "query level", "%s: choose one of %s", why, text);
}

static enum err choose_level(struct imdf *imdf, const char *wish, json_t **out_level,
                             struct err_note *note)
{
    json_t *levels = features_of(imdf, "level.geojson"), *chosen = NULL, *feature;
    size_t i, matches = 0;
    if (json_array_size(levels) == 0)
        return err_set(note, ERR_INVALID, "level.geojson", "is missing, or holds no level");
    list_levels(imdf, levels);
    json_array_foreach(levels, i, feature)
    {
        if (wish == NULL || is_level(imdf, feature, wish)) {
            chosen = feature;
            matches++;
        }
    }
    if (matches != 1)
        return refuse_level(imdf,
                            matches == 0   ? "no level has this id, ordinal or short name"
                            : wish == NULL ? "the archive has several levels"
                                           : "several levels are called so",
                            note);
    imdf->level = shape_text(chosen, "id");
    *out_level = chosen;
    return ERR_NONE;
}

/* --- features --- */

/* Longitude and latitude to metres, in place; what is no position stays, to be refused later. */
static void project(const struct projection *projection, json_t *value)
{
    size_t i;
    json_t *item;
    struct point point;
    struct projection earth = *projection;
    earth.crs = VENUE_CRS_WGS84;
    if (!json_is_number(json_array_get(value, 0))) {
        json_array_foreach(value, i, item) project(projection, item);
        return;
    }
    if (geo_position_read(value, &earth, &point, NULL) != ERR_NONE)
        return;
    (void)json_array_clear(value);
    (void)json_array_append_new(value, json_real(point.x));
    (void)json_array_append_new(value, json_real(point.y));
}

static json_t *geometry_of(const struct imdf *imdf, json_t *feature)
{
    json_t *geometry = json_deep_copy(json_object_get(feature, "geometry"));
    if (imdf->is_projected)
        project(&imdf->projection, json_object_get(geometry, "coordinates"));
    return geometry;
}

static const char *kind_of_category(const char *category)
{
    static const struct {
        const char *start, *kind;
    } KINDS[] = {{"restroom", "toilet"}, {"foodservice", "food"},  {"nonpublic", "wall"},
                 {"stairs", "stairs"},   {"escalator", "stairs"},  {"walkway", "floor"},
                 {"stage", "stage"},     {"firstaid", "first-aid"}};
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (strncmp(category, KINDS[i].start, strlen(KINDS[i].start)) == 0)
            return KINDS[i].kind;
    }
    return "room";
}

/* `why` says what is wrong with it. */
static bool is_sound(const struct imdf *imdf, enum venue_part part, json_t *document,
                     struct err_note *why)
{
    struct zone zone = {.ring = NULL};
    struct venue_line line = {.points = NULL};
    const char *left, *right;
    enum err err =
        part == VENUE_PART_ZONE
            ? zone_document_read(document, &imdf->projection, NULL, &zone, why)
            : line_document_read(document, &imdf->projection, NULL, &line, &left, &right, why);
    mem_free(zone.ring);
    mem_free(line.points);
    return err == ERR_NONE;
}

static enum err add_feature(struct imdf *imdf, enum venue_part part, json_t *feature,
                            const char *place, struct err_note *note)
{
    json_t *properties = json_object_get(feature, "properties");
    const char *category = shape_text(properties, "category");
    char name[LIMIT_NAME_LEN + 1];
    (void)text_copy(name, sizeof name, label(imdf, json_object_get(properties, "name")));
    if (name[0] == '\0' && part == VENUE_PART_ZONE)
        (void)text_copy(name, sizeof name, category);
    SCOPED_JSON *geometry = geometry_of(imdf, feature);
    SCOPED_JSON *document =
        json_pack("{s:O*}", part == VENUE_PART_ZONE ? "polygon" : "line", geometry);
    if (name[0] != '\0')
        (void)json_object_set_new(document, "name", json_string(name));
    struct err_note why = {.place = ""};
    if (!is_sound(imdf, part, document, &why)) {
        char text[sizeof why.place + sizeof why.detail + 2];
        (void)snprintf(text, sizeof text, "%s %s", why.place, why.detail);
        gathered_pass_over(imdf->gathered, place, text);
        return ERR_NONE;
    }
    gathered_draw(imdf->gathered, part == VENUE_PART_ZONE ? kind_of_category(category) : "entrance",
                  name, geometry);
    return gathered_add(imdf->gathered, part, shape_text(feature, "id"), json_incref(document),
                        place, note);
}

static enum err add_features(struct imdf *imdf, enum venue_part part, const char *file,
                             struct err_note *note)
{
    json_t *features = features_of(imdf, file), *feature;
    size_t i, elsewhere = 0;
    json_array_foreach(features, i, feature)
    {
        char place[60];
        (void)snprintf(place, sizeof place, "%s.features[%zu]", file, i);
        const char *level = shape_text(json_object_get(feature, "properties"), "level_id");
        if (strcmp(level, imdf->level) != 0)
            elsewhere++;
        else
            TRY(add_feature(imdf, part, feature, place, note));
    }
    if (elsewhere > 0) {
        char why[60];
        (void)snprintf(why, sizeof why, "%zu are of other levels", elsewhere);
        gathered_pass_over(imdf->gathered, file, why);
    }
    return ERR_NONE;
}

static enum err gather_level(struct imdf *imdf, const struct venue_import *import,
                             struct err_note *note)
{
    json_t *level = NULL;
    json_t *manifest = json_object_get(imdf->files, "manifest.json");
    if (!json_is_object(manifest))
        return err_set(note, ERR_INVALID, "manifest.json",
                       "is missing: an IMDF archive says in it what it is");
    imdf->language = shape_text(manifest, "language");
    TRY(choose_level(imdf, import->level, &level, note));
    SCOPED_JSON *outline = geometry_of(imdf, level);
    if (shape_text(outline, "type")[0] != '\0')
        gathered_draw(imdf->gathered, "floor", "", outline);
    TRY(add_features(imdf, VENUE_PART_ZONE, "unit.geojson", note));
    return add_features(imdf, VENUE_PART_LINE, "opening.geojson", note);
}

enum err imdf_gather(const struct venue_import *import, const struct projection *projection,
                     struct gathered *gathered, struct err_note *note)
{
    bool is_local = projection->crs == VENUE_CRS_LOCAL;
    if (is_local && projection->longitude == 0 && projection->latitude == 0)
        return err_set(note, ERR_INVALID, "origin",
                       "of the venue is missing: IMDF is longitude and latitude, so set the venue's"
                       " origin to a place near it first");
    SCOPED_JSON *files = NULL;
    TRY(archive_read_json(import->bytes, import->len, gathered, &files, note));
    struct imdf imdf = {
        .gathered = gathered, .files = files, .projection = *projection, .is_projected = is_local};
    return gather_level(&imdf, import, note);
}
