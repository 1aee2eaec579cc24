/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The least harm for what is saved, over a table: each row has options with a harm and a saving, and one
 * option of each row is chosen. A multiplier L makes rows independent: each takes the option with the least
 * harm - L * saving. As L grows, rows move along the lower convex hull of their options, each move at the
 * price (harm per saving) that is its hull's slope. So the choices for all multipliers are the moves in the
 * order of their prices, and each has the least harm of all choices that save as much as it does (Everett's
 * theorem, 1963). */
#ifndef IPPRO_SEARCH_LAGRANGE_H
#define IPPRO_SEARCH_LAGRANGE_H

#include <stdbool.h>
#include "base/status.h"

struct lagrange_option {
    double harm, saving;
};

struct lagrange_row {
    struct lagrange_option *options; /* finite, by saving, each more than the one before */
    int count;                       /* at least 1 */
};

/* A row goes from its option `from` to `to`. */
struct lagrange_move {
    int row, from, to;
    double price;
};

/* All moves from the first options on, by price, in a row by saving; owned by the caller (mem_free). */
status lagrange_moves(const struct lagrange_row *rows, int row_count, struct lagrange_move **moves,
                      int *move_count, struct error *error);
/* The option of each row after so many moves. choice: per row, written. */
void lagrange_choice(const struct lagrange_move *moves, int count, int row_count, int *choice);

#endif
