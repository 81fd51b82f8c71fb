// SPDX-License-Identifier: Apache-2.0
#include "crowd/paths/heat.h"

#include "readings/numbers.h"

#include <math.h>
#include <stdio.h>

#define HEAT_VERSION 1

static size_t cells_of(const struct heat_grid *grid)
{
    return (size_t)grid->columns * grid->rows;
}

enum err heat_grid_choose(struct point low, struct point high, double cell_m,
                          struct heat_grid *out_grid)
{
    double width = high.x - low.x, height = high.y - low.y;
    if (!(width > 0 && height > 0 && isfinite(width) && isfinite(height)) ||
        !(cell_m >= HEAT_CELL_M_MIN))
        return ERR_INVALID;
    for (; cell_m <= HEAT_CELL_M_MAX; cell_m *= 2) {
        double columns = ceil(width / cell_m), rows = ceil(height / cell_m);
        if (columns * rows > HEAT_CELLS_MAX)
            continue;
        *out_grid = (struct heat_grid){low, cell_m, (uint32_t)columns, (uint32_t)rows};
        return ERR_NONE;
    }
    return ERR_INVALID;
}

enum err heat_grid_align(struct point low, struct point high, double cell_m,
                         struct heat_grid *out_grid)
{
    for (; cell_m <= HEAT_CELL_M_MAX; cell_m *= 2) {
        struct point corner = {floor(low.x / cell_m) * cell_m, floor(low.y / cell_m) * cell_m};
        struct heat_grid grid;
        TRY(heat_grid_choose(corner, high, cell_m, &grid));
        if (grid.cell_m == cell_m) {
            *out_grid = grid;
            return ERR_NONE;
        }
    }
    return ERR_INVALID;
}

void heat_grid_name(const struct heat_grid *grid, char out[HEAT_GRID_NAME_SIZE])
{
    (void)snprintf(out, HEAT_GRID_NAME_SIZE, "%g/%.0f/%.0f/%u/%u", grid->cell_m,
                   grid->low.x / grid->cell_m, grid->low.y / grid->cell_m, grid->columns,
                   grid->rows);
}

struct heat *heat_create(const struct heat_grid *grid, int64_t from_ms, int64_t until_ms)
{
    assert(cells_of(grid) > 0 && cells_of(grid) <= HEAT_CELLS_MAX && from_ms <= until_ms);
    struct heat *heat = mem_new(sizeof *heat);
    *heat = (struct heat){.grid = *grid, .from_ms = from_ms, .until_ms = until_ms};
    heat->person_ms = mem_new_array(cells_of(grid), sizeof *heat->person_ms);
    return heat;
}

void heat_destroy(struct heat *heat)
{
    if (heat == NULL)
        return;
    mem_free(heat->person_ms);
    mem_free(heat);
}

/* NULL outside. */
static uint64_t *cell_at(const struct heat *heat, double x, double y)
{
    double column = floor((x - heat->grid.low.x) / heat->grid.cell_m);
    double row = floor((y - heat->grid.low.y) / heat->grid.cell_m);
    if (!(column >= 0 && row >= 0 && column < heat->grid.columns && row < heat->grid.rows))
        return NULL;
    return &heat->person_ms[(size_t)row * heat->grid.columns + (size_t)column];
}

void heat_add(struct heat *heat, const struct stay *stay)
{
    int64_t from_ms = MAX(stay->from_ms, heat->from_ms);
    int64_t until_ms = MIN(stay->until_ms, heat->until_ms);
    if (until_ms <= from_ms)
        return;
    uint64_t *cell = cell_at(heat, stay->x, stay->y);
    *(cell == NULL ? &heat->outside_ms : cell) += (uint64_t)(until_ms - from_ms);
}

enum err heat_sum(struct heat *heat, const struct heat *part)
{
    const struct heat_grid *a = &heat->grid, *b = &part->grid;
    if (a->low.x != b->low.x || a->low.y != b->low.y || a->cell_m != b->cell_m ||
        a->columns != b->columns || a->rows != b->rows)
        return ERR_INVALID;
    for (size_t i = 0; i < cells_of(a); i++)
        heat->person_ms[i] += part->person_ms[i];
    heat->outside_ms += part->outside_ms;
    heat->from_ms = MIN(heat->from_ms, part->from_ms);
    heat->until_ms = MAX(heat->until_ms, part->until_ms);
    return ERR_NONE;
}

void heat_gather(struct heat *heat, const struct heat *part)
{
    const struct heat_grid *grid = &part->grid;
    for (size_t i = 0; i < cells_of(grid); i++) {
        if (part->person_ms[i] == 0)
            continue;
        double x = grid->low.x + ((double)(i % grid->columns) + 0.5) * grid->cell_m;
        double y = grid->low.y + ((double)(i / grid->columns) + 0.5) * grid->cell_m;
        uint64_t *cell = cell_at(heat, x, y);
        *(cell == NULL ? &heat->outside_ms : cell) += part->person_ms[i];
    }
    heat->outside_ms += part->outside_ms;
}

double heat_person_seconds(const struct heat *heat, struct point place)
{
    const uint64_t *cell = cell_at(heat, place.x, place.y);
    return cell == NULL ? 0 : (double)*cell / 1000;
}

static void pack_cells(struct packer *packer, const struct heat *heat)
{
    size_t count = 0, cells = cells_of(&heat->grid), before = 0;
    for (size_t i = 0; i < cells; i++)
        count += heat->person_ms[i] > 0;
    pack_varint(packer, count);
    struct column gaps = {.packer = packer};
    for (size_t i = 0; i < cells; i++) {
        if (heat->person_ms[i] == 0)
            continue;
        column_add(&gaps, (int64_t)(i - before));
        before = i;
    }
    if (gaps.count > 0)
        column_flush(&gaps);
    struct column times = {.packer = packer};
    for (size_t i = 0; i < cells; i++) {
        if (heat->person_ms[i] > 0)
            column_add(&times, (int64_t)heat->person_ms[i]);
    }
    if (times.count > 0)
        column_flush(&times);
}

enum err heat_pack(const struct heat *heat, void **out_bytes, size_t *out_len)
{
    struct packer packer = {0};
    seal_begin(&packer, HEAT_VERSION, 0);
    pack_doubles(&packer, (const double[]){heat->grid.low.x, heat->grid.low.y, heat->grid.cell_m},
                 3);
    pack_varint(&packer, heat->grid.columns);
    pack_varint(&packer, heat->grid.rows);
    pack_zigzag(&packer, heat->from_ms);
    pack_varint(&packer, (uint64_t)(heat->until_ms - heat->from_ms));
    pack_varint(&packer, heat->outside_ms);
    pack_cells(&packer, heat);
    seal_end(&packer, SEAL_SMALL);
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    *out_bytes = packer.bytes;
    *out_len = packer.len;
    return ERR_NONE;
}

static bool unpack_cells(struct unpacker *content, struct heat *heat)
{
    uint64_t count = unpack_varint(content);
    size_t cells = cells_of(&heat->grid);
    if (count > cells)
        return false;
    SCOPED_MEM int64_t *gaps = mem_new_array(count + 1, sizeof *gaps);
    SCOPED_MEM int64_t *times = mem_new_array(count + 1, sizeof *times);
    unpack_column(content, gaps, count);
    unpack_column(content, times, count);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_rising = gaps[i] > 0 || (i == 0 && gaps[i] == 0);
        if (!is_rising || (uint64_t)gaps[i] >= cells - at || times[i] <= 0)
            return false;
        at += (size_t)gaps[i];
        heat->person_ms[at] = (uint64_t)times[i];
    }
    return !content->is_broken && content->p == content->end;
}

enum err heat_unpack(const void *bytes, size_t len, struct heat **out_heat)
{
    struct unpacker content;
    uint8_t flags;
    SCOPED_MEM void *owned = NULL;
    TRY(seal_open(bytes, len, HEAT_VERSION, HEAT_CONTENT_MAX, &content, &flags, &owned));
    struct heat_grid grid;
    grid.low.x = unpack_double(&content);
    grid.low.y = unpack_double(&content);
    grid.cell_m = unpack_double(&content);
    grid.columns = unpack_u32(&content);
    grid.rows = unpack_u32(&content);
    int64_t from_ms = unpack_zigzag(&content), until_ms;
    uint64_t length_ms = unpack_varint(&content);
    uint64_t outside_ms = unpack_varint(&content);
    if (content.is_broken || cells_of(&grid) == 0 || cells_of(&grid) > HEAT_CELLS_MAX ||
        !(grid.cell_m >= HEAT_CELL_M_MIN && grid.cell_m <= HEAT_CELL_M_MAX) ||
        __builtin_add_overflow(from_ms, length_ms, &until_ms))
        return ERR_CORRUPT;
    SCOPED(heat) heat = heat_create(&grid, from_ms, until_ms);
    heat->outside_ms = outside_ms;
    if (!unpack_cells(&content, heat))
        return ERR_CORRUPT;
    *out_heat = TAKE(heat);
    return ERR_NONE;
}
