// SPDX-License-Identifier: Apache-2.0
#include "venues/import/gather.h"

#include "base/text.h"
#include "venues/shape.h"

#include <ctype.h>
#include <stdio.h>

static const char *const words[] = {
    [VENUE_PART_ZONE] = "zone", [VENUE_PART_LINE] = "line", [VENUE_PART_WALL] = "wall"};

void gathered_init(struct gathered *gathered)
{
    *gathered = (struct gathered){.plan = json_array(),
                                  .parts = json_array(),
                                  .passed_over = json_array(),
                                  .levels = json_array(),
                                  .ids = json_object()};
}

void gathered_fini(struct gathered *gathered)
{
    json_decref(gathered->plan);
    json_decref(gathered->parts);
    json_decref(gathered->passed_over);
    json_decref(gathered->levels);
    json_decref(gathered->ids);
}

/* "Food court (north)" to "food-court-north"; false when nothing of it can stand in an id. */
static bool id_of_text(const char *text, char out[LIMIT_ID_LEN + 1])
{
    size_t len = 0;
    for (; *text != '\0' && len < LIMIT_ID_LEN - 5; text++) { /* room for a number */
        if (isalnum((unsigned char)*text))
            out[len++] = (char)tolower((unsigned char)*text);
        else if (len > 0 && out[len - 1] != '-')
            out[len++] = '-';
    }
    while (len > 0 && out[len - 1] == '-')
        len--;
    out[len] = '\0';
    return text_is_id(out);
}

static bool is_taken(const struct gathered *gathered, enum venue_part part, const char *id)
{
    char key[LIMIT_ID_LEN + 8];
    (void)snprintf(key, sizeof key, "%s/%s", words[part], id);
    return json_object_get(gathered->ids, key) != NULL;
}

static void take_id(struct gathered *gathered, enum venue_part part, const char *id)
{
    char key[LIMIT_ID_LEN + 8];
    (void)snprintf(key, sizeof key, "%s/%s", words[part], id);
    (void)json_object_set_new(gathered->ids, key, json_true());
}

/* Numbers count on from the part's own counter: a file of a thousand namesakes stays quick. */
static void number_id(struct gathered *gathered, enum venue_part part, const char *stem,
                      char out[LIMIT_ID_LEN + 1])
{
    char counter[LIMIT_ID_LEN + 12];
    (void)snprintf(counter, sizeof counter, "next %s/%s", words[part], stem);
    json_int_t next = json_integer_value(json_object_get(gathered->ids, counter));
    (void)snprintf(out, LIMIT_ID_LEN + 1, "%s", stem);
    for (next = MAX(next, 2); is_taken(gathered, part, out); next++)
        (void)snprintf(out, LIMIT_ID_LEN + 1, "%.58s-%u", stem, (unsigned)next % 10000);
    (void)json_object_set_new(gathered->ids, counter, json_integer(next));
}

/* Positions of a GeoJSON geometry's coordinates, however deep; json_parse bounds the depth. */
static size_t count_corners(const json_t *coordinates)
{
    size_t count = 0, i;
    json_t *item;
    if (json_is_number(json_array_get(coordinates, 0)))
        return 1;
    json_array_foreach(coordinates, i, item)
    {
        count += count_corners(item);
    }
    return count;
}

enum err gathered_add(struct gathered *gathered, enum venue_part part, const char *wish,
                      json_t *document, const char *place, struct err_note *note)
{
    char stem[LIMIT_ID_LEN + 1], id[LIMIT_ID_LEN + 1];
    SCOPED_JSON *owned = document;
    if (json_array_size(gathered->parts) >= LIMIT_IMPORT_PARTS)
        return err_set(note, ERR_TOO_LARGE, "body", "holds more than %d zones, lines and walls",
                       LIMIT_IMPORT_PARTS);
    const json_t *shape = json_object_get(owned, part == VENUE_PART_LINE ? "line" : "polygon");
    gathered->corners += count_corners(json_object_get(shape, "coordinates"));
    if (gathered->corners > LIMIT_IMPORT_POINTS)
        return err_set(note, ERR_TOO_LARGE, "body", "may have at most %d corners in all",
                       LIMIT_IMPORT_POINTS);
    bool is_exact = wish != NULL && text_is_id(wish);
    if (is_exact && is_taken(gathered, part, wish))
        return err_set(note, ERR_INVALID, place, "names the %s %s a second time", words[part],
                       wish);
    if (is_exact)
        (void)text_copy(stem, sizeof stem, wish);
    else if ((wish == NULL || !id_of_text(wish, stem)) &&
             !id_of_text(shape_text(owned, "name"), stem))
        (void)text_copy(stem, sizeof stem, words[part]);
    number_id(gathered, part, stem, id);
    take_id(gathered, part, id);
    (void)json_array_append_new(gathered->parts,
                                json_pack("{s:i, s:s, s:s, s:O}", "part", (int)part, "id", id,
                                          "place", place, "document", owned));
    return ERR_NONE;
}

void gathered_pass_over(struct gathered *gathered, const char *place, const char *why)
{
    if (json_array_size(gathered->passed_over) < LIMIT_IMPORT_PARTS)
        (void)json_array_append_new(gathered->passed_over,
                                    json_pack("{s:s, s:s}", "place", place, "why", why));
}

void gathered_draw(struct gathered *gathered, const char *kind, const char *name, json_t *geometry)
{
    json_t *properties = json_pack("{s:s}", "kind", kind);
    if (name != NULL && name[0] != '\0')
        (void)json_object_set_new(properties, "name", json_string(name));
    (void)json_array_append_new(gathered->plan,
                                json_pack("{s:s, s:o, s:O}", "type", "Feature", "properties",
                                          properties, "geometry", geometry));
}
