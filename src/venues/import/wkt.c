// SPDX-License-Identifier: Apache-2.0
/* venues/import/wkt.c — well-known text (OGC 06-103r4, part 7): a word, perhaps Z, M or ZM, then EMPTY
 * or brackets. Read by descending, no deeper than LIMIT_WKT_DEPTH; heights and measures are dropped. */
#include "venues/venues_import.h"

#include <ctype.h>
#include <math.h>

struct wkt {
    const char *text, *at, *end;
    json_t *polygons;
    size_t passed_over, points;
    struct err_note *note;
};

static enum err refuse(const struct wkt *wkt, const char *what)
{
    size_t line = 1, column = 1;
    for (const char *c = wkt->text; c < wkt->at; c++) {
        column = *c == '\n' ? 1 : column + 1;
        line += *c == '\n';
    }
    char place[48];
    (void)snprintf(place, sizeof place, "body:%zu:%zu", line, column);
    return err_set(wkt->note, ERR_MALFORMED, place, "is not valid WKT: %s", what);
}

static char peek(struct wkt *wkt)
{
    while (wkt->at < wkt->end && isspace((unsigned char)*wkt->at))
        wkt->at++;
    return wkt->at < wkt->end ? *wkt->at : '\0';
}

static bool take(struct wkt *wkt, char c)
{
    if (peek(wkt) != c || wkt->at >= wkt->end)
        return false;
    wkt->at++;
    return true;
}

/* Upper case; "" when no word stands here. */
static void take_word(struct wkt *wkt, char out[24])
{
    size_t len = 0;
    (void)peek(wkt);
    for (; wkt->at < wkt->end && isalpha((unsigned char)*wkt->at) && len < 23; wkt->at++)
        out[len++] = (char)toupper((unsigned char)*wkt->at);
    out[len] = '\0';
}

static bool take_empty(struct wkt *wkt)
{
    const char *start = wkt->at;
    char word[24];
    take_word(wkt, word);
    if (strcmp(word, "EMPTY") == 0)
        return true;
    wkt->at = start;
    return false;
}

static enum err read_number(struct wkt *wkt, double *out)
{
    char digits[64], *end;
    size_t len = 0;
    (void)peek(wkt);
    while (wkt->at + len < wkt->end && len + 1 < sizeof digits &&
           memchr("0123456789+-.eE", wkt->at[len], 15) != NULL) {
        digits[len] = wkt->at[len];
        len++;
    }
    digits[len] = '\0';
    *out = strtod(digits, &end);
    if (len == 0 || *end != '\0' || !isfinite(*out))
        return refuse(wkt, "a number must stand here");
    wkt->at += len;
    return ERR_NONE;
}

static enum err read_position(struct wkt *wkt, json_t *positions)
{
    double at[4];
    size_t count = 0;
    do {
        if (count == COUNT_OF(at))
            return refuse(wkt, "a position has two to four numbers");
        TRY(read_number(wkt, &at[count++]));
    } while (peek(wkt) != ',' && peek(wkt) != ')' && peek(wkt) != '\0');
    if (count < 2)
        return refuse(wkt, "a position has two to four numbers");
    if (++wkt->points > LIMIT_IMPORT_POINTS)
        return err_set(wkt->note, ERR_TOO_LARGE, "body", "may have at most %d corners in all",
                       LIMIT_IMPORT_POINTS);
    (void)json_array_append_new(positions, json_pack("[f, f]", at[0], at[1]));
    return ERR_NONE;
}

/* "(" item "," item ")"; depth 0 are positions. */
static enum err read_list(struct wkt *wkt, int depth, json_t *out)
{
    if (!take(wkt, '('))
        return refuse(wkt, "'(' must stand here");
    do {
        if (depth == 0) {
            TRY(read_position(wkt, out));
            continue;
        }
        json_t *inner = json_array();
        (void)json_array_append_new(out, inner);
        TRY(read_list(wkt, depth - 1, inner));
    } while (take(wkt, ','));
    return take(wkt, ')') ? ERR_NONE : refuse(wkt, "',' or ')' must stand here");
}

static enum err read_polygons(struct wkt *wkt, const char *type)
{
    if (strcmp(type, "MULTIPOLYGON") == 0)
        return read_list(wkt, 2, wkt->polygons);
    json_t *polygon = json_array();
    (void)json_array_append_new(wkt->polygons, polygon);
    return read_list(wkt, 1, polygon);
}

/* A type that is no area: its brackets are followed to their end, whatever stands in them. */
static enum err pass_over(struct wkt *wkt)
{
    size_t open = 0;
    wkt->passed_over++;
    do {
        if (take(wkt, '('))
            open++;
        else if (open > 0 && take(wkt, ')'))
            open--;
        else if (open == 0 || peek(wkt) == '\0')
            return refuse(wkt, "'(' and ')' do not match");
        else
            wkt->at++;
    } while (open > 0);
    return ERR_NONE;
}

static bool is_of(const char *type, const char *const *names)
{
    while (*names != NULL && strcmp(*names, type) != 0)
        names++;
    return *names != NULL;
}

static enum err read_geometry(struct wkt *wkt, int depth)
{
    static const char *const DIMENSIONS[] = {"Z", "M", "ZM", NULL};
    static const char *const AREAS[] = {"POLYGON", "MULTIPOLYGON", NULL};
    static const char *const OTHERS[] = {"POINT", "MULTIPOINT", "LINESTRING", "MULTILINESTRING",
                                         NULL};
    char type[24], word[24];
    take_word(wkt, type);
    bool is_collection = strcmp(type, "GEOMETRYCOLLECTION") == 0;
    if (!is_collection && !is_of(type, AREAS) && !is_of(type, OTHERS))
        return refuse(wkt, "a POLYGON, MULTIPOLYGON or GEOMETRYCOLLECTION must stand here");
    const char *start = wkt->at;
    take_word(wkt, word);
    if (!is_of(word, DIMENSIONS))
        wkt->at = start;
    if (take_empty(wkt))
        return ERR_NONE;
    if (is_of(type, OTHERS))
        return pass_over(wkt);
    if (!is_collection)
        return read_polygons(wkt, type);
    if (depth == LIMIT_WKT_DEPTH)
        return refuse(wkt, "collections stand too deep in each other");
    if (!take(wkt, '('))
        return refuse(wkt, "'(' must stand here");
    do
        TRY(read_geometry(wkt, depth + 1));
    while (take(wkt, ','));
    return take(wkt, ')') ? ERR_NONE : refuse(wkt, "',' or ')' must stand here");
}

enum err wkt_read(const char *text, size_t len, json_t **out_polygons, size_t *out_passed_over,
                  struct err_note *note)
{
    SCOPED_JSON *polygons = json_array();
    struct wkt wkt = {
        .text = text, .at = text, .end = text + len, .polygons = polygons, .note = note};
    do
        TRY(read_geometry(&wkt, 0));
    while (peek(&wkt) != '\0'); /* a line per geometry is common too */
    if (wkt.at < wkt.end)
        return refuse(&wkt, "a zero byte stands here");
    *out_polygons = json_incref(polygons);
    *out_passed_over = wkt.passed_over;
    return ERR_NONE;
}
