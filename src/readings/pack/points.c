// SPDX-License-Identifier: Apache-2.0
#include "readings/pack/points.h"

const int64_t rollup_cell_ms[ROLLUP_LEVELS] = {0, 1000, 60000, 3600000};
const int64_t rollup_chunk_ms[ROLLUP_LEVELS] = {POINTS_WINDOW_MS, POINTS_WINDOW_MS, 4 * 3600000,
                                                7 * 24 * 3600000};

void points_fini(struct points *points)
{
    mem_free(points->list);
    *points = (struct points){0};
}

enum err points_add(struct points *points, int64_t at_ms, double value)
{
    if (points->count == points->room) {
        size_t room = MAX((size_t)16, points->room * 2);
        struct series_point *list = mem_resize_try(points->list, room * sizeof *list);
        if (list == NULL)
            return ERR_NO_MEMORY;
        points->list = list;
        points->room = room;
    }
    points->list[points->count++] = (struct series_point){at_ms, value};
    return ERR_NONE;
}

/* A merge sort, because it keeps the order of equal times; usually nothing is out of order. */
static void sort_points(struct series_point *list, size_t count, struct series_point *spare)
{
    if (count < 2)
        return;
    size_t half = count / 2;
    sort_points(list, half, spare);
    sort_points(list + half, count - half, spare);
    if (list[half - 1].at_ms <= list[half].at_ms)
        return;
    memcpy(spare, list, half * sizeof *list);
    size_t left = 0;
    size_t right = half;
    size_t out = 0;
    while (left < half) {
        bool takes_right = right < count && list[right].at_ms < spare[left].at_ms;
        list[out++] = takes_right ? list[right++] : spare[left++];
    }
}

void points_settle(struct points *points)
{
    SCOPED_MEM struct series_point *spare = mem_new_array(points->count / 2 + 1, sizeof *spare);
    sort_points(points->list, points->count, spare);
    size_t kept = 0;
    for (size_t i = 0; i < points->count; i++) {
        if (kept > 0 && points->list[kept - 1].at_ms == points->list[i].at_ms)
            kept--;
        points->list[kept++] = points->list[i];
    }
    points->count = kept;
}

void cells_fini(struct cells *cells)
{
    mem_free(cells->list);
    *cells = (struct cells){0};
}

static enum err push_cell(struct cells *cells, const struct cell *cell)
{
    if (cells->count == cells->room) {
        size_t room = MAX((size_t)16, cells->room * 2);
        struct cell *list = mem_resize_try(cells->list, room * sizeof *list);
        if (list == NULL)
            return ERR_NO_MEMORY;
        cells->list = list;
        cells->room = room;
    }
    cells->list[cells->count++] = *cell;
    return ERR_NONE;
}

static int64_t floor_to(int64_t at_ms, int64_t step_ms)
{
    int64_t rest = at_ms % step_ms;
    return at_ms - (rest < 0 ? rest + step_ms : rest);
}

enum err cells_add(struct cells *cells, const struct cell *cell, int64_t cell_ms)
{
    int64_t start_ms = floor_to(cell->at_ms, cell_ms);
    struct cell *last = cells->count == 0 ? NULL : &cells->list[cells->count - 1];
    if (last == NULL || last->at_ms != start_ms) {
        struct cell first = *cell;
        first.at_ms = start_ms;
        return push_cell(cells, &first);
    }
    last->count += cell->count;
    last->sum += cell->sum;
    last->min = MIN(last->min, cell->min);
    last->max = MAX(last->max, cell->max);
    last->last = cell->last;
    return ERR_NONE;
}

enum err cells_of_points(struct cells *cells, const struct points *points, int64_t cell_ms)
{
    for (size_t i = 0; i < points->count; i++) {
        double value = points->list[i].value;
        struct cell cell = {points->list[i].at_ms, 1, value, value, value, value};
        TRY(cells_add(cells, &cell, cell_ms));
    }
    return ERR_NONE;
}

enum err cells_replace(struct cells *cells, int64_t from_ms, int64_t to_ms, const struct cells *by)
{
    struct cells result = {0};
    enum err err = ERR_NONE;
    size_t i = 0;
    for (; i < cells->count && cells->list[i].at_ms < from_ms && err == ERR_NONE; i++)
        err = push_cell(&result, &cells->list[i]);
    for (size_t b = 0; b < by->count && err == ERR_NONE; b++) {
        if (by->list[b].at_ms >= from_ms && by->list[b].at_ms < to_ms)
            err = push_cell(&result, &by->list[b]);
    }
    for (; i < cells->count && err == ERR_NONE; i++) {
        if (cells->list[i].at_ms >= to_ms)
            err = push_cell(&result, &cells->list[i]);
    }
    if (err == ERR_NONE) {
        struct cells old = *cells;
        *cells = result;
        result = old;
    }
    cells_fini(&result);
    return err;
}

double cell_value(const struct cell *cell, enum series_agg agg)
{
    switch (agg) {
    case SERIES_MIN:
        return cell->min;
    case SERIES_MAX:
        return cell->max;
    case SERIES_SUM:
        return cell->sum;
    case SERIES_COUNT:
        return (double)cell->count;
    case SERIES_LAST:
        return cell->last;
    case SERIES_AVG:
    default:
        return cell->sum / (double)cell->count;
    }
}
