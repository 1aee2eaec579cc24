/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loops for broadcasting and reductions: see broadcast.h. */
#include "nn/operator/broadcast.h"

#include <string.h>

/* Strides of an operand over the axes of the full shape; 0 where it has one element for many. */
static bool operand_strides(const struct shape *full, const struct shape *operand, int64_t *strides)
{
    const int missing = full->rank - operand->rank;
    int64_t stride = 1;

    if (missing < 0)
        return false;
    for (int axis = full->rank - 1; axis >= 0; axis--) {
        int64_t dim = axis < missing ? 1 : operand->dim[axis - missing];

        if (dim != 1 && dim != full->dim[axis])
            return false;
        strides[axis] = dim == 1 ? 0 : stride;
        stride *= dim;
    }
    return true;
}

bool broadcast_make(struct broadcast *broadcast, const struct shape *full, const struct shape *first,
                    const struct shape *second)
{
    const struct shape *operands[] = {first, second};

    return broadcast_make_of(broadcast, full, operands, 2);
}

bool broadcast_make_of(struct broadcast *broadcast, const struct shape *full,
                       const struct shape *const *operands, int count)
{
    int64_t strides[BROADCAST_OPERANDS][TENSOR_MAX_RANK];
    int loops = 0;

    memset(broadcast, 0, sizeof *broadcast);
    broadcast->operands = count;
    for (int k = 0; k < count; k++) {
        if (!operand_strides(full, operands[k], strides[k]))
            return false;
    }
    for (int axis = 0; axis < full->rank; axis++) {
        const int64_t dim = full->dim[axis];
        bool merge = loops > 0;

        if (dim == 1)
            continue;
        /* An axis continues the loop before it when every operand goes on where the last step left it. */
        for (int k = 0; merge && k < count; k++)
            merge = broadcast->stride[k][loops - 1] == strides[k][axis] * dim;
        if (!merge)
            broadcast->count[loops++] = 1;
        broadcast->count[loops - 1] *= dim;
        for (int k = 0; k < count; k++)
            broadcast->stride[k][loops - 1] = strides[k][axis];
    }
    broadcast->length = 1;
    for (int k = 0; k < count; k++)
        broadcast->row_stride[k] = loops > 0 ? broadcast->stride[k][loops - 1] : 0;
    if (loops > 0)
        broadcast->length = broadcast->count[--loops];
    broadcast->rank = loops;
    broadcast->rows = broadcast->length > 0;
    for (int axis = 0; axis < loops; axis++)
        broadcast->rows *= broadcast->count[axis];
    return true;
}

void broadcast_next(const struct broadcast *broadcast, struct broadcast_cursor *cursor)
{
    for (int axis = broadcast->rank - 1; axis >= 0; axis--) {
        const int64_t steps = broadcast->count[axis] - 1;

        if (cursor->index[axis] < steps) {
            cursor->index[axis]++;
            for (int k = 0; k < broadcast->operands; k++)
                cursor->at[k] += broadcast->stride[k][axis];
            return;
        }
        cursor->index[axis] = 0;
        for (int k = 0; k < broadcast->operands; k++)
            cursor->at[k] -= steps * broadcast->stride[k][axis];
    }
}
