// SPDX-License-Identifier: Apache-2.0
/* CSV with a header. Columns are found by their names, others are passed over; ids are any text, and
 * become numbers in the order of the texts. Cells may stand in double quotes, without line ends. */
#include "base/clock.h"
#include "evaluation/read/read.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

enum column { ID, AT, FRAME, X, Y, W, H, COLUMNS };

enum { NAMES_MAX = 4, CELLS_MAX = 256 };
static const char *const NAMES[COLUMNS][NAMES_MAX] = {
    [ID] = {"id", "track", "track_id", "person"},
    [AT] = {"at", "time", "timestamp", "at_ms"},
    [FRAME] = {"frame"},
    [X] = {"x", "x_m"},
    [Y] = {"y", "y_m"},
    [W] = {"w", "width"},
    [H] = {"h", "height"},
};

struct cell { /* borrowed from the file, without blanks and quotes around it */
    const char *text;
    size_t len;
    size_t column; /* counted from 1, for notes */
};

struct row_id {
    const char *text;
    size_t len;
    size_t index; /* of the position */
};

struct table {
    const struct reading *reading;
    char separator;
    bool has_header;
    size_t places[COLUMNS]; /* which cell; SIZE_MAX = there is none */
    size_t needed;          /* cells that a row must have */
    struct row_id *ids;
    size_t id_size;
};

/* Splits a line; returns how many cells there are, at most CELLS_MAX of which are told. */
static size_t split(const struct table *table, const char *line, size_t len, struct cell *cells)
{
    size_t count = 0;
    const char *end = line + len;
    for (const char *p = line;; p++) {
        const char *start = p;
        bool is_quoted = false;
        for (; p < end && (is_quoted || *p != table->separator); p++)
            is_quoted ^= *p == '"';
        struct cell cell = {start, (size_t)(p - start), (size_t)(start - line) + 1};
        while (cell.len > 0 && isspace((unsigned char)*cell.text))
            cell.text++, cell.len--;
        while (cell.len > 0 && isspace((unsigned char)cell.text[cell.len - 1]))
            cell.len--;
        if (cell.len >= 2 && cell.text[0] == '"' && cell.text[cell.len - 1] == '"')
            cell.text++, cell.len -= 2;
        if (count < CELLS_MAX)
            cells[count] = cell;
        count++;
        if (p >= end)
            return count;
    }
}

static bool is_named(const struct cell *cell, enum column column)
{
    for (size_t i = 0; i < NAMES_MAX && NAMES[column][i] != NULL; i++) {
        const char *name = NAMES[column][i];
        if (strlen(name) == cell->len && strncasecmp(name, cell->text, cell->len) == 0)
            return true;
    }
    return false;
}

static enum err refuse_header(const struct table *table, size_t line_number, const char *missing)
{
    char detail[160];
    (void)snprintf(detail, sizeof detail,
                   "must name the columns id, x, y and frame or at, such as \"at,id,x,y\"; "
                   "it has no %s",
                   missing);
    return lines_refuse(&table->reading->file, line_number, 1, ERR_INVALID, detail);
}

static enum err take_header(struct table *table, size_t line_number, const char *line, size_t len)
{
    struct cell cells[CELLS_MAX];
    table->separator = memchr(line, ',', len) != NULL   ? ','
                       : memchr(line, ';', len) != NULL ? ';'
                                                        : '\t';
    size_t count = MIN(split(table, line, len, cells), (size_t)CELLS_MAX);
    for (enum column column = 0; column < COLUMNS; column++) {
        table->places[column] = SIZE_MAX;
        for (size_t i = 0; i < count && table->places[column] == SIZE_MAX; i++) {
            if (is_named(&cells[i], column))
                table->places[column] = i;
        }
        if (table->places[column] != SIZE_MAX)
            table->needed = MAX(table->needed, table->places[column] + 1);
    }
    static const enum column NEEDED[] = {ID, X, Y};
    for (size_t i = 0; i < COUNT_OF(NEEDED); i++) {
        if (table->places[NEEDED[i]] == SIZE_MAX)
            return refuse_header(table, line_number, NAMES[NEEDED[i]][0]);
    }
    bool has_frame = table->places[FRAME] != SIZE_MAX;
    if (!has_frame && table->places[AT] == SIZE_MAX)
        return refuse_header(table, line_number, "frame and no at");
    if ((table->places[W] == SIZE_MAX) != (table->places[H] == SIZE_MAX))
        return refuse_header(table, line_number, "pair of w and h (boxes have both)");
    struct positions *positions = table->reading->positions;
    positions->has_times = !has_frame;
    positions->kind = table->places[W] == SIZE_MAX ? EVALUATION_FLOOR : EVALUATION_BOXES;
    table->has_header = true;
    return ERR_NONE;
}

static enum err read_number(const struct table *table, size_t line_number, const struct cell *cell,
                            double *out)
{
    const char *p = cell->text;
    if (lines_number(&p, cell->text + cell->len, out) && p == cell->text + cell->len)
        return ERR_NONE;
    return lines_refuse(&table->reading->file, line_number, cell->column, ERR_MALFORMED,
                        "must be a number");
}

static enum err read_moment(const struct table *table, size_t line_number, const struct cell *cells,
                            int64_t *out)
{
    bool has_times = table->reading->positions->has_times;
    const struct cell *cell = &cells[table->places[has_times ? AT : FRAME]];
    double number;
    const char *p = cell->text;
    if (lines_number(&p, cell->text + cell->len, &number) && p == cell->text + cell->len) {
        if (reading_whole(has_times ? floor(number) : number, out))
            return ERR_NONE;
    } else if (has_times && clock_parse(cell->text, cell->len, out)) {
        return ERR_NONE;
    }
    return lines_refuse(&table->reading->file, line_number, cell->column, ERR_MALFORMED,
                        has_times ? "must be a time: 2026-06-20T21:14:03.100Z, or milliseconds"
                                  : "must be a whole frame number");
}

static void remember_id(struct table *table, const struct cell *cell)
{
    size_t index = table->reading->positions->count - 1;
    if (index >= table->id_size) {
        table->id_size = MAX((size_t)1024, index * 2);
        table->ids = mem_resize(table->ids, table->id_size * sizeof *table->ids);
    }
    table->ids[index] = (struct row_id){cell->text, cell->len, index};
}

static enum err take_row(void *context, size_t line_number, const char *line, size_t len)
{
    struct table *table = context;
    const struct reading *reading = table->reading;
    struct cell cells[CELLS_MAX];
    if (len == 0)
        return ERR_NONE;
    if (!table->has_header)
        return take_header(table, line_number, line, len);
    if (split(table, line, len, cells) < table->needed)
        return lines_refuse(&reading->file, line_number, len, ERR_MALFORMED,
                            "has fewer cells than the header names");
    struct position position = {.line = (uint32_t)line_number};
    TRY(read_moment(table, line_number, cells, &position.at));
    TRY(read_number(table, line_number, &cells[table->places[X]], &position.x));
    TRY(read_number(table, line_number, &cells[table->places[Y]], &position.y));
    if (reading->positions->kind == EVALUATION_BOXES) {
        TRY(read_number(table, line_number, &cells[table->places[W]], &position.w));
        TRY(read_number(table, line_number, &cells[table->places[H]], &position.h));
    }
    const struct cell *id = &cells[table->places[ID]];
    if (id->len == 0)
        return lines_refuse(&reading->file, line_number, id->column, ERR_INVALID,
                            "needs an id: who is nobody cannot be followed");
    if (position.w < 0 || position.h < 0)
        return lines_refuse(&reading->file, line_number, 1, ERR_INVALID, "has a negative size");
    if (!reading->positions->has_times)
        reading_see_frame(reading, position.at);
    TRY(reading_add(reading, position));
    remember_id(table, id);
    return ERR_NONE;
}

static int compare_texts(const struct row_id *left, const struct row_id *right)
{
    int order = memcmp(left->text, right->text, MIN(left->len, right->len));
    if (order != 0)
        return order;
    return left->len < right->len ? -1 : left->len > right->len;
}

static int compare_ids(const void *a, const void *b)
{
    return compare_texts(a, b);
}

static void number_ids(const struct table *table)
{
    struct positions *positions = table->reading->positions;
    if (positions->count == 0)
        return;
    qsort(table->ids, positions->count, sizeof *table->ids, compare_ids);
    int64_t number = 0;
    for (size_t i = 0; i < positions->count; i++) {
        if (i > 0 && compare_texts(&table->ids[i - 1], &table->ids[i]) != 0)
            number++;
        positions->items[table->ids[i].index].id = number;
    }
}

enum err reading_columns(const struct reading *reading)
{
    struct table table = {.reading = reading};
    enum err err = lines_each(&reading->file, take_row, &table);
    if (err == ERR_NONE && !table.has_header)
        err = refuse_header(&table, 1, "header");
    if (err == ERR_NONE && reading->positions->has_times &&
        reading->options->side == POSITIONS_OF_TRUTH)
        err = lines_refuse(&reading->file, 1, 1, ERR_INVALID,
                           "tells times, but truth goes by frames: give it a column named frame");
    if (err == ERR_NONE)
        number_ids(&table);
    mem_free(table.ids);
    return err;
}
