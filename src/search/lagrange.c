/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convex hulls of a table's rows, merged by price. */
#include "search/lagrange.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static double slope(const struct lagrange_row *row, int from, int to)
{
    return (row->options[to].harm - row->options[from].harm) /
           (row->options[to].saving - row->options[from].saving);
}

/* The hull of a row, as moves: what is next is the option that the least slope leads to, of equal ones the
 * farthest. */
static int row_moves(const struct lagrange_row *row, int index, struct lagrange_move *moves)
{
    int count = 0;
    for (int from = 0, to; from + 1 < row->count; from = to) {
        to = from + 1;
        for (int i = from + 2; i < row->count; i++)
            if (slope(row, from, i) <= slope(row, from, to))
                to = i;
        moves[count++] = (struct lagrange_move){index, from, to, slope(row, from, to)};
    }
    return count;
}

static int compare_moves(const void *a, const void *b)
{
    const struct lagrange_move *x = a, *y = b;
    if (x->price != y->price)
        return x->price < y->price ? -1 : 1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

status lagrange_moves(const struct lagrange_row *rows, int row_count, struct lagrange_move **moves,
                      int *move_count, struct error *error)
{
    size_t most = 1;
    for (int i = 0; i < row_count; i++)
        most += (size_t)rows[i].count;
    *moves = mem_new(most, sizeof **moves);
    if (*moves == NULL)
        return error_memory(error);
    *move_count = 0;
    for (int i = 0; i < row_count; i++)
        *move_count += row_moves(&rows[i], i, *moves + *move_count);
    qsort(*moves, (size_t)*move_count, sizeof **moves, compare_moves);
    return STATUS_OK;
}

void lagrange_choice(const struct lagrange_move *moves, int count, int row_count, int *choice)
{
    memset(choice, 0, (size_t)row_count * sizeof *choice);
    for (int i = 0; i < count; i++)
        choice[moves[i].row] = moves[i].to;
}
