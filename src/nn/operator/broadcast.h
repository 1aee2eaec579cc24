/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loops over a full shape in which one to three operands stand still along some axes (NumPy broadcasting, and
 * reductions, which are broadcasting read backwards).
 *
 * Axes are right-aligned. Neighbouring axes along which every operand behaves alike become one, so equal
 * shapes are one long row, a scalar is one row with stride 0, and a bias (1,C,1,1) against (N,C,H,W) is N*C
 * rows of H*W with stride 0. Within a row a stride is 0 or 1. The full operand itself is contiguous: row
 * after row. */
#ifndef IPPRO_NN_OPERATOR_BROADCAST_H
#define IPPRO_NN_OPERATOR_BROADCAST_H

#include <stdbool.h>
#include <stdint.h>
#include "nn/graph/tensor.h"

enum { BROADCAST_OPERANDS = 3 };

struct broadcast {
    int operands;                                        /* how many; what is said of others is 0 */
    int rank;                                            /* of the loops outside a row */
    int64_t count[TENSOR_MAX_RANK];                      /* per loop, outermost first */
    int64_t stride[BROADCAST_OPERANDS][TENSOR_MAX_RANK]; /* in elements */
    int64_t rows, length;                                /* rows of `length` elements; rows 0 when empty */
    int64_t row_stride[BROADCAST_OPERANDS];              /* 0 or 1 */
};

/* Position of a run over all rows. Start with all zeros. */
struct broadcast_cursor {
    int64_t index[TENSOR_MAX_RANK];
    int64_t at[BROADCAST_OPERANDS]; /* first element of the row in each operand */
};

/* false when an operand does not broadcast to the full shape. For one operand pass it twice. */
bool broadcast_make(struct broadcast *broadcast, const struct shape *full, const struct shape *first,
                    const struct shape *second);
/* The same for any number of operands, up to BROADCAST_OPERANDS. */
bool broadcast_make_of(struct broadcast *broadcast, const struct shape *full,
                       const struct shape *const *operands, int count);
void broadcast_next(const struct broadcast *broadcast, struct broadcast_cursor *cursor);

#endif
