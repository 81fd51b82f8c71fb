// SPDX-License-Identifier: Apache-2.0
/* base/assignment.c — costs are negative gains. Rows enter one by one, each along the cheapest augmenting
 * path, which is searched as a shortest path (Dijkstra) over the pairs alone: the search ends as soon as
 * no column that is taken is nearer than the nearest free place, so that it stays among the neighbours.
 * The potentials u and v keep all reduced costs at zero or above. Every row has a place of its own beside
 * the columns, which costs nothing and which nobody else wants: there it stays alone. */
#include "base/assignment.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define FAR 1e300

struct reach { /* a column in the heap, by its distance when it was put there */
    double distance;
    uint32_t column;
};

struct assignment {
    uint32_t *first; /* of each row: its first edge; [rows + 1] */
    double *u;
    size_t row_size;
    uint32_t *owners; /* of each column: its row, ASSIGNMENT_ALONE = free */
    uint32_t *from;   /* the row from which it was reached */
    uint32_t *seen;   /* columns that were reached, to be cleared */
    double *v, *distances;
    size_t column_size;
    uint32_t *columns; /* of the edges, row by row */
    double *costs;
    struct reach *heap;
    size_t edge_size;
    size_t heap_count, seen_count;
};

struct assignment *assignment_create(void)
{
    return mem_new(sizeof(struct assignment));
}

void assignment_destroy(struct assignment *assignment)
{
    if (assignment == NULL)
        return;
    mem_free(assignment->first);
    mem_free(assignment->u);
    mem_free(assignment->owners);
    mem_free(assignment->from);
    mem_free(assignment->seen);
    mem_free(assignment->v);
    mem_free(assignment->distances);
    mem_free(assignment->columns);
    mem_free(assignment->costs);
    mem_free(assignment->heap);
    mem_free(assignment);
}

static void *grown(void *memory, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        abort();
    return mem_resize(memory, bytes);
}

static void reserve(struct assignment *a, size_t rows, size_t columns, size_t edges)
{
    if (rows + 1 > a->row_size) {
        a->row_size = 2 * (rows + 1);
        a->first = grown(a->first, a->row_size, sizeof *a->first);
        a->u = grown(a->u, a->row_size, sizeof *a->u);
    }
    if (columns > a->column_size) {
        a->column_size = 2 * columns;
        a->owners = grown(a->owners, a->column_size, sizeof *a->owners);
        a->from = grown(a->from, a->column_size, sizeof *a->from);
        a->seen = grown(a->seen, a->column_size, sizeof *a->seen);
        a->v = grown(a->v, a->column_size, sizeof *a->v);
        a->distances = grown(a->distances, a->column_size, sizeof *a->distances);
    }
    if (edges > a->edge_size) {
        a->edge_size = 2 * edges;
        a->columns = grown(a->columns, a->edge_size, sizeof *a->columns);
        a->costs = grown(a->costs, a->edge_size, sizeof *a->costs);
        a->heap = grown(a->heap, a->edge_size, sizeof *a->heap);
    }
}

/* By their row, by counting; only those with a gain. */
static void sort_edges(struct assignment *a, size_t row_count, const struct assignment_pair *pairs,
                       size_t pair_count)
{
    for (size_t i = 0; i <= row_count; i++)
        a->first[i] = 0;
    for (size_t i = 0; i < pair_count; i++)
        a->first[pairs[i].row] += pairs[i].gain > 0 ? 1 : 0;
    uint32_t end = 0;
    for (size_t i = 0; i <= row_count; i++) {
        end += a->first[i];
        a->first[i] = end; /* the end; it moves to the beginning while the row is filled */
    }
    for (size_t i = pair_count; i > 0; i--) {
        const struct assignment_pair *pair = &pairs[i - 1];
        if (!(pair->gain > 0))
            continue;
        uint32_t edge = --a->first[pair->row];
        a->columns[edge] = pair->column;
        a->costs[edge] = -pair->gain;
    }
}

static void push(struct assignment *a, struct reach reach)
{
    size_t place = a->heap_count++;
    for (; place > 0 && a->heap[(place - 1) / 2].distance > reach.distance; place = (place - 1) / 2)
        a->heap[place] = a->heap[(place - 1) / 2];
    a->heap[place] = reach;
}

static struct reach pop(struct assignment *a)
{
    struct reach nearest = a->heap[0], last = a->heap[--a->heap_count];
    size_t place = 0, child;
    while ((child = 2 * place + 1) < a->heap_count) {
        if (child + 1 < a->heap_count && a->heap[child + 1].distance < a->heap[child].distance)
            child++;
        if (a->heap[child].distance >= last.distance)
            break;
        a->heap[place] = a->heap[child];
        place = child;
    }
    a->heap[place] = last;
    return nearest;
}

struct goal { /* the nearest free place */
    double distance;
    uint32_t row;    /* from which it was reached */
    uint32_t column; /* ASSIGNMENT_ALONE = the row's own place */
};

/* Goes on from a row that is `distance` away. */
static void expand(struct assignment *a, uint32_t row, double distance, struct goal *goal)
{
    if (distance - a->u[row] < goal->distance)
        *goal = (struct goal){distance - a->u[row], row, ASSIGNMENT_ALONE};
    for (uint32_t edge = a->first[row]; edge < a->first[row + 1]; edge++) {
        uint32_t column = a->columns[edge];
        double far = distance + fmax(a->costs[edge] - a->u[row] - a->v[column], 0);
        if (far >= a->distances[column] || far >= goal->distance)
            continue;
        if (a->distances[column] == FAR)
            a->seen[a->seen_count++] = column;
        a->distances[column] = far;
        a->from[column] = row;
        if (a->owners[column] == ASSIGNMENT_ALONE)
            *goal = (struct goal){far, row, column};
        else
            push(a, (struct reach){far, column});
    }
}

static void enter(struct assignment *a, uint32_t row, uint32_t *columns)
{
    double least = 0;
    for (uint32_t edge = a->first[row]; edge < a->first[row + 1]; edge++)
        least = fmin(least, a->costs[edge] - a->v[a->columns[edge]]);
    a->u[row] = least;
    struct goal goal = {.distance = FAR};
    a->heap_count = a->seen_count = 0;
    expand(a, row, 0, &goal);
    while (a->heap_count > 0 && a->heap[0].distance < goal.distance) {
        struct reach next = pop(a);
        if (next.distance == a->distances[next.column])
            expand(a, a->owners[next.column], next.distance, &goal);
    }
    a->u[row] += goal.distance;
    for (size_t i = 0; i < a->seen_count; i++) {
        uint32_t column = a->seen[i];
        double nearer = goal.distance - a->distances[column];
        a->distances[column] = FAR;
        if (nearer <= 0 || a->owners[column] == ASSIGNMENT_ALONE)
            continue;
        a->v[column] -= nearer;
        a->u[a->owners[column]] += nearer;
    }
    while (true) { /* everybody on the path moves on by one place */
        uint32_t left = columns[goal.row];
        columns[goal.row] = goal.column;
        if (goal.column != ASSIGNMENT_ALONE)
            a->owners[goal.column] = goal.row;
        if (goal.row == row)
            return;
        goal = (struct goal){.row = a->from[left], .column = left};
    }
}

double assignment_solve(struct assignment *a, size_t row_count, size_t column_count,
                        const struct assignment_pair *pairs, size_t pair_count,
                        uint32_t *out_columns)
{
    assert(row_count < ASSIGNMENT_ALONE && column_count < ASSIGNMENT_ALONE &&
           pair_count < ASSIGNMENT_ALONE);
    reserve(a, row_count, column_count, pair_count);
    sort_edges(a, row_count, pairs, pair_count);
    for (size_t j = 0; j < column_count; j++) {
        a->owners[j] = ASSIGNMENT_ALONE;
        a->v[j] = 0;
        a->distances[j] = FAR;
    }
    for (uint32_t i = 0; i < row_count; i++) {
        out_columns[i] = ASSIGNMENT_ALONE;
        if (a->first[i] < a->first[i + 1])
            enter(a, i, out_columns);
    }
    double sum = 0;
    for (uint32_t i = 0; i < row_count; i++) {
        double best = 0;
        for (uint32_t edge = a->first[i]; edge < a->first[i + 1]; edge++) {
            if (a->columns[edge] == out_columns[i])
                best = fmax(best, -a->costs[edge]);
        }
        sum += best;
    }
    return sum;
}
