// SPDX-License-Identifier: Apache-2.0
/* base/assignment.c — rows and columns that are joined by pairs are parts of a graph (union-find); each
 * part is a small dense matrix. Rows enter one by one along the cheapest augmenting path; the
 * potentials u and v keep all reduced costs at zero or above. Every row has a place of its own beside
 * the columns, which costs nothing: there it stays alone. */
#include "base/assignment.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define NEVER 1e300

struct member { /* a row or column, and the part it belongs to */
    uint32_t part;
    uint32_t node;
};

struct assignment {
    uint32_t *parents; /* rows, then columns */
    struct member *members;
    uint32_t *places; /* node to its index within its part */
    size_t node_size;
    struct assignment_pair *sorted; /* by part */
    size_t pair_size;
    double *costs; /* [rows][columns] of one part */
    size_t cost_size;
    double *potentials; /* u, v, shortest */
    uint32_t *links;    /* taken, way */
    bool *is_visited;
    size_t line_size;
};

struct assignment *assignment_create(void)
{
    return mem_new(sizeof(struct assignment));
}

void assignment_destroy(struct assignment *assignment)
{
    if (assignment == NULL)
        return;
    mem_free(assignment->parents);
    mem_free(assignment->members);
    mem_free(assignment->places);
    mem_free(assignment->sorted);
    mem_free(assignment->costs);
    mem_free(assignment->potentials);
    mem_free(assignment->links);
    mem_free(assignment->is_visited);
    mem_free(assignment);
}

static void *grown(void *memory, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        abort();
    return mem_resize(memory, bytes);
}

static void reserve_nodes(struct assignment *a, size_t nodes, size_t pairs)
{
    if (nodes > a->node_size) {
        a->node_size = nodes * 2;
        a->parents = grown(a->parents, a->node_size, sizeof *a->parents);
        a->members = grown(a->members, a->node_size, sizeof *a->members);
        a->places = grown(a->places, a->node_size, sizeof *a->places);
    }
    if (pairs > a->pair_size) {
        a->pair_size = pairs * 2;
        a->sorted = grown(a->sorted, a->pair_size, sizeof *a->sorted);
    }
}

static void reserve_part(struct assignment *a, size_t rows, size_t columns)
{
    size_t line = rows + columns + 1;
    if (line > a->line_size) {
        a->line_size = line * 2;
        a->potentials = grown(a->potentials, 3 * a->line_size, sizeof *a->potentials);
        a->links = grown(a->links, 2 * a->line_size, sizeof *a->links);
        a->is_visited = grown(a->is_visited, a->line_size, sizeof *a->is_visited);
    }
    if (rows * columns > a->cost_size) {
        a->cost_size = rows * columns * 2;
        a->costs = grown(a->costs, a->cost_size, sizeof *a->costs);
    }
}

static uint32_t part_of(uint32_t *parents, uint32_t node)
{
    while (parents[node] != node) {
        parents[node] = parents[parents[node]];
        node = parents[node];
    }
    return node;
}

/* One part as a matrix; `taken[column]` is the row + 1 that has it, 0 = free. */
struct part {
    size_t rows, columns; /* beside the columns stand `rows` places to be alone */
    const double *costs;
    double *u, *v, *shortest;
    uint32_t *taken, *way;
    bool *is_visited;
};

static double reduced_cost(const struct part *part, size_t row, size_t column)
{
    double cost = NEVER;
    if (column <= part->columns)
        cost = part->costs[(row - 1) * part->columns + column - 1];
    else if (column - part->columns == row)
        cost = 0;
    return cost >= NEVER ? NEVER : cost - part->u[row] - part->v[column];
}

/* The cheapest free column reachable from the row that waits at column 0. */
static size_t find_path(struct part *part)
{
    size_t width = part->columns + part->rows;
    size_t column = 0;
    for (size_t j = 0; j <= width; j++) {
        part->shortest[j] = NEVER;
        part->is_visited[j] = false;
    }
    do {
        part->is_visited[column] = true;
        size_t row = part->taken[column];
        double step = NEVER;
        size_t next = 0;
        for (size_t j = 1; j <= width; j++) {
            if (part->is_visited[j])
                continue;
            double cost = reduced_cost(part, row, j);
            if (cost < part->shortest[j]) {
                part->shortest[j] = cost;
                part->way[j] = (uint32_t)column;
            }
            if (part->shortest[j] < step) {
                step = part->shortest[j];
                next = j;
            }
        }
        assert(next != 0); /* the row's own place is always reachable */
        for (size_t j = 0; j <= width; j++) {
            if (part->is_visited[j]) {
                part->u[part->taken[j]] += step;
                part->v[j] -= step;
            } else if (part->shortest[j] < NEVER) {
                part->shortest[j] -= step;
            }
        }
        column = next;
    } while (part->taken[column] != 0);
    return column;
}

static void solve_part(struct part *part)
{
    size_t width = part->columns + part->rows;
    for (size_t j = 0; j <= width; j++) {
        part->v[j] = 0;
        part->u[j] = 0;
        part->taken[j] = 0;
    }
    for (size_t row = 1; row <= part->rows; row++) {
        part->taken[0] = (uint32_t)row;
        size_t column = find_path(part);
        while (column != 0) {
            size_t before = part->way[column];
            part->taken[column] = part->taken[before];
            column = before;
        }
    }
}

static int by_part(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

static void join_pairs(struct assignment *a, size_t row_count, size_t node_count,
                       const struct assignment_pair *pairs, size_t pair_count)
{
    for (uint32_t i = 0; i < node_count; i++)
        a->parents[i] = i;
    for (size_t i = 0; i < pair_count; i++) {
        if (!(pairs[i].gain > 0))
            continue;
        uint32_t row = part_of(a->parents, pairs[i].row);
        uint32_t column = part_of(a->parents, (uint32_t)row_count + pairs[i].column);
        a->parents[column] = row;
    }
    for (uint32_t i = 0; i < node_count; i++)
        a->members[i] = (struct member){part_of(a->parents, i), i};
    qsort(a->members, node_count, sizeof *a->members, by_part);
}

/* By their part, by counting; returns how many there are with a gain. */
static size_t sort_pairs(struct assignment *a, size_t node_count,
                         const struct assignment_pair *pairs, size_t pair_count)
{
    /* `places` counts first, then holds where the part's next pair goes. */
    for (size_t i = 0; i < node_count; i++)
        a->places[i] = 0;
    for (size_t i = 0; i < pair_count; i++) {
        if (pairs[i].gain > 0)
            a->places[part_of(a->parents, pairs[i].row)]++;
    }
    uint32_t next = 0;
    for (size_t i = 0; i < node_count; i++) {
        uint32_t count = a->places[i];
        a->places[i] = next;
        next += count;
    }
    for (size_t i = 0; i < pair_count; i++) {
        if (pairs[i].gain > 0)
            a->sorted[a->places[part_of(a->parents, pairs[i].row)]++] = pairs[i];
    }
    return next;
}

struct span {
    size_t first, end;
};

static double solve_members(struct assignment *a, struct span members, struct span pairs,
                            size_t row_count, uint32_t *out_columns)
{
    size_t rows = 0;
    while (members.first + rows < members.end && a->members[members.first + rows].node < row_count)
        rows++;
    size_t columns = members.end - members.first - rows;
    const struct member *row_nodes = &a->members[members.first];
    const struct member *column_nodes = row_nodes + rows;
    reserve_part(a, rows, columns);
    for (size_t i = 0; i < rows; i++)
        a->places[row_nodes[i].node] = (uint32_t)i;
    for (size_t i = 0; i < columns; i++)
        a->places[column_nodes[i].node] = (uint32_t)i;
    for (size_t i = 0; i < rows * columns; i++)
        a->costs[i] = NEVER;
    for (size_t i = pairs.first; i < pairs.end; i++) {
        const struct assignment_pair *pair = &a->sorted[i];
        size_t cell = a->places[pair->row] * columns + a->places[row_count + pair->column];
        a->costs[cell] = fmin(a->costs[cell], -pair->gain);
    }
    struct part part = {.rows = rows, .columns = columns, .costs = a->costs};
    part.u = a->potentials;
    part.v = part.u + a->line_size;
    part.shortest = part.v + a->line_size;
    part.taken = a->links;
    part.way = part.taken + a->line_size;
    part.is_visited = a->is_visited;
    solve_part(&part);
    double sum = 0;
    for (size_t j = 1; j <= columns; j++) {
        if (part.taken[j] == 0)
            continue;
        size_t row = part.taken[j] - 1;
        out_columns[row_nodes[row].node] = column_nodes[j - 1].node - (uint32_t)row_count;
        sum -= a->costs[row * columns + j - 1];
    }
    return sum;
}

double assignment_solve(struct assignment *a, size_t row_count, size_t column_count,
                        const struct assignment_pair *pairs, size_t pair_count,
                        uint32_t *out_columns)
{
    size_t node_count = row_count + column_count;
    assert(node_count < ASSIGNMENT_ALONE);
    for (size_t i = 0; i < row_count; i++)
        out_columns[i] = ASSIGNMENT_ALONE;
    if (pair_count == 0)
        return 0;
    reserve_nodes(a, node_count, pair_count);
    join_pairs(a, row_count, node_count, pairs, pair_count);
    size_t sorted_count = sort_pairs(a, node_count, pairs, pair_count);
    double sum = 0;
    size_t pair = 0; /* parts stand in the order of their roots in both lists */
    for (size_t first = 0, end = 0; first < node_count; first = end) {
        uint32_t part = a->members[first].part;
        for (end = first; end < node_count && a->members[end].part == part;)
            end++;
        if (end - first < 2)
            continue;
        size_t pair_end = pair;
        while (pair_end < sorted_count && part_of(a->parents, a->sorted[pair_end].row) == part)
            pair_end++;
        sum += solve_members(a, (struct span){first, end}, (struct span){pair, pair_end}, row_count,
                             out_columns);
        pair = pair_end;
    }
    return sum;
}
