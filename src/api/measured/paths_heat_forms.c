// SPDX-License-Identifier: Apache-2.0
#include "api/measured/paths_forms.h"
#include "base/clock.h"

#include <math.h>

struct cell {
    uint32_t column, row;
    struct point low; /* metres */
    double person_s_per_m2, density_per_m2;
};

/* The next cell in which anybody was, from *inout_place on; false at the end. */
static bool next_cell(const struct paths_heat *whole, size_t *inout_place, struct cell *out_cell)
{
    const struct heat *heat = whole->heat;
    size_t count = heat == NULL ? 0 : (size_t)heat->grid.columns * heat->grid.rows;
    while (*inout_place < count && heat->person_ms[*inout_place] == 0)
        (*inout_place)++;
    if (*inout_place >= count)
        return false;
    const struct heat_grid *grid = &heat->grid;
    struct cell cell = {.column = (uint32_t)(*inout_place % grid->columns),
                        .row = (uint32_t)(*inout_place / grid->columns)};
    cell.low = (struct point){grid->low.x + cell.column * grid->cell_m,
                              grid->low.y + cell.row * grid->cell_m};
    cell.person_s_per_m2 =
        (double)heat->person_ms[*inout_place] / 1000 / (grid->cell_m * grid->cell_m);
    if (whole->covered_ms > 0)
        cell.density_per_m2 = cell.person_s_per_m2 / ((double)whole->covered_ms / 1000);
    (*inout_place)++;
    *out_cell = cell;
    return true;
}

/* Six digits: more would pretend. */
static void add_short(struct text *out, double number)
{
    text_addf(out, "%.6g", number);
}

static void add_head(struct text *out, const struct paths_heat *whole)
{
    char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
    const struct heat *heat = whole->heat;
    clock_format(whole->from_ms, from);
    clock_format(whole->to_ms, to);
    text_addf(out, "\"from\":\"%s\",\"to\":\"%s\",\"covered_s\":%lld,", from, to,
              (long long)(whole->covered_ms / 1000));
    text_add(out, "\"method\":\"" PATHS_HEAT_METHOD "\",\"uncertainty\":\"" PATHS_HEAT_UNCERTAINTY
                  "\",");
    text_addf(out, "\"cell_m\":%g,\"low\":[%.0f,%.0f],\"columns\":%u,\"rows\":%u,",
              heat == NULL ? 0 : heat->grid.cell_m, heat == NULL ? 0 : heat->grid.low.x,
              heat == NULL ? 0 : heat->grid.low.y, heat == NULL ? 0 : heat->grid.columns,
              heat == NULL ? 0 : heat->grid.rows);
    text_add(out, "\"outside_person_s\":");
    add_short(out, heat == NULL ? 0 : (double)heat->outside_ms / 1000);
}

void paths_heat_json(struct text *out, const struct paths_heat *heat)
{
    struct cell cell;
    text_add_char(out, '{');
    add_head(out, heat);
    text_add(out, ",\"fields\":[\"column\",\"row\",\"person_s_per_m2\",\"density_per_m2\"],"
                  "\"cells\":[");
    for (size_t place = 0, count = 0; next_cell(heat, &place, &cell); count++) {
        text_addf(out, "%s[%u,%u,", count == 0 ? "" : ",", cell.column, cell.row);
        add_short(out, cell.person_s_per_m2);
        text_add_char(out, ',');
        add_short(out, cell.density_per_m2);
        text_add_char(out, ']');
    }
    text_add(out, "]}");
}

void paths_heat_csv(struct text *out, const struct paths_heat *heat)
{
    struct cell cell;
    text_add(out, "x_m,y_m,cell_m,person_s_per_m2,density_per_m2\n");
    for (size_t place = 0; next_cell(heat, &place, &cell);) {
        double half = heat->heat->grid.cell_m / 2;
        text_addf(out, "%g,%g,%g,", cell.low.x + half, cell.low.y + half, 2 * half);
        add_short(out, cell.person_s_per_m2);
        text_add_char(out, ',');
        add_short(out, cell.density_per_m2);
        text_add_char(out, '\n');
    }
}

static void add_corner(struct text *out, const struct venue_view *view, double x, double y)
{
    struct point at = venue_to_earth(view, (struct point){x, y});
    text_addf(out, "[%.8f,%.8f]", at.x, at.y); /* a millimetre */
}

static void add_square(struct text *out, const struct venue_view *view, struct point low,
                       double side)
{
    const struct point ring[] = {{low.x, low.y},
                                 {low.x + side, low.y},
                                 {low.x + side, low.y + side},
                                 {low.x, low.y + side},
                                 {low.x, low.y}};
    for (size_t i = 0; i < COUNT_OF(ring); i++) {
        if (i > 0)
            text_add_char(out, ',');
        add_corner(out, view, ring[i].x, ring[i].y);
    }
}

void paths_heat_geojson(struct text *out, const struct paths_heat *heat,
                        const struct venue_view *view)
{
    struct cell cell;
    text_add(out, "{\"type\":\"FeatureCollection\",");
    add_head(out, heat); /* foreign members, as RFC 7946 allows */
    text_add(out, ",\"features\":[");
    for (size_t place = 0, count = 0; next_cell(heat, &place, &cell); count++) {
        text_addf(out, "%s{\"type\":\"Feature\",\"properties\":{\"person_s_per_m2\":",
                  count == 0 ? "" : ",");
        add_short(out, cell.person_s_per_m2);
        text_add(out, ",\"density_per_m2\":");
        add_short(out, cell.density_per_m2);
        text_add(out, "},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[");
        add_square(out, view, cell.low, heat->heat->grid.cell_m);
        text_add(out, "]]}}");
    }
    text_add(out, "]}");
}
