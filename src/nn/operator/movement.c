/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strided copies between an operator's inputs and outputs, and back again for gradients. */
#include "nn/operator/movement.h"
#include <string.h>

#include "base/memory.h"
#include "nn/graph/tensor.h"

struct movement *movement_new(struct prepare *prepare, int count)
{
    struct movement *movement = arena_alloc(prepare->arena, 1, sizeof(*movement));

    if (movement == NULL)
        return NULL;
    movement->copies = arena_alloc(prepare->arena, (size_t)count, sizeof(*movement->copies));
    if (movement->copies == NULL)
        return NULL;
    movement->count = count;
    prepare->plan = movement;
    return movement;
}

static void dense_strides(const struct shape *shape, int64_t *stride)
{
    int64_t step = 1;

    for (int i = shape->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= shape->dim[i];
    }
}

struct copy movement_copy(int input, const struct shape *from, int output, const struct shape *to,
                          const struct shape *box)
{
    struct copy copy = {.input = input, .output = output, .rank = box->rank};

    memcpy(copy.dim, box->dim, sizeof(copy.dim));
    dense_strides(from, copy.input_stride);
    dense_strides(to, copy.output_stride);
    return copy;
}

void movement_pack(struct copy *copy)
{
    int rank = 0; /* of what has been packed so far */

    for (int i = 0; i < copy->rank; i++) {
        if (copy->dim[i] == 1)
            continue;
        if (rank > 0 && copy->input_stride[rank - 1] == copy->input_stride[i] * copy->dim[i] &&
            copy->output_stride[rank - 1] == copy->output_stride[i] * copy->dim[i]) {
            copy->dim[rank - 1] *= copy->dim[i];
        } else {
            copy->dim[rank++] = copy->dim[i];
        }
        copy->input_stride[rank - 1] = copy->input_stride[i];
        copy->output_stride[rank - 1] = copy->output_stride[i];
    }
    if (rank == 0) {
        copy->dim[0] = copy->input_stride[0] = copy->output_stride[0] = 1;
        rank = 1;
    }
    copy->rank = rank;
}

/* Where an innermost row begins on both sides, counted in elements. */
struct position {
    int64_t index[TENSOR_MAX_RANK];
    int64_t input, output;
};

static struct position position_start(const struct copy *copy)
{
    return (struct position){.input = copy->input_offset, .output = copy->output_offset};
}

/* On to the next innermost row; false after the last. */
static bool position_next(const struct copy *copy, struct position *at)
{
    for (int i = copy->rank - 2; i >= 0; i--) {
        at->input += copy->input_stride[i];
        at->output += copy->output_stride[i];
        if (++at->index[i] < copy->dim[i])
            return true;
        at->input -= copy->input_stride[i] * copy->dim[i];
        at->output -= copy->output_stride[i] * copy->dim[i];
        at->index[i] = 0;
    }
    return false;
}

static bool copy_is_empty(const struct copy *copy)
{
    for (int i = 0; i < copy->rank; i++)
        if (copy->dim[i] == 0)
            return true;
    return false;
}

static float fill_float(const struct movement *movement)
{
    return (float)movement->fill_real;
}

static double fill_double(const struct movement *movement)
{
    return movement->fill_real;
}

static int64_t fill_int64(const struct movement *movement)
{
    return movement->fill_integer;
}

#define KERNELS_INT64
#define KERNELS "nn/operator/movement_kernels.h"
#include "nn/operator/typed.h"
