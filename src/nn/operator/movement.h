/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that only move numbers: each is a list of strided copies from an input to an output.
 *
 * A copy visits a box of positions; each side is addressed by an offset and one stride per dimension of the
 * box. Transposing permutes the input's strides, slicing multiplies them (by a negative step too), expanding
 * makes them zero, concatenating and padding shift the output's offset. The gradient takes every copy in the
 * other direction, and adds. */
#ifndef IPPRO_NN_OPERATOR_MOVEMENT_H
#define IPPRO_NN_OPERATOR_MOVEMENT_H

#include "nn/operator/operator.h"

struct copy {
    int input, output; /* which of the node's inputs and outputs */
    int rank;          /* 1..TENSOR_MAX_RANK once movement_pack has been there */
    int64_t dim[TENSOR_MAX_RANK];
    int64_t input_stride[TENSOR_MAX_RANK], output_stride[TENSOR_MAX_RANK]; /* in elements */
    int64_t input_offset, output_offset;
};

/* The plan of a node that moves numbers. */
struct movement {
    int count;
    struct copy *copies;
    bool fill; /* output 0 is filled with this before the copies (Pad) */
    double fill_real;
    int64_t fill_integer;
};

/* A movement with room for `count` copies, from the arena, set as the node's plan. NULL when memory is out.
 */
struct movement *movement_new(struct prepare *prepare, int count);

/* A copy of the whole `box`, whose inputs and outputs lie in tensors of these shapes (all of one rank), from
 * and to their first elements. The caller changes strides and offsets as needed, then calls movement_pack. */
struct copy movement_copy(int input, const struct shape *from, int output, const struct shape *to,
                          const struct shape *box);
/* Join dimensions that can be walked as one, so that the innermost loop is long. */
void movement_pack(struct copy *copy);

/* What stands at the output's strides is added to what stands at the input's, for every index of the box: the
 * way of gradients. */
void movement_add_float(const struct copy *copy, float *to, const float *from);
void movement_add_double(const struct copy *copy, double *to, const double *from);

/* One row of kernels fits all these operators. */
void movement_forward_float(const struct kernel_call *call);
void movement_forward_double(const struct kernel_call *call);
void movement_forward_int64(const struct kernel_call *call);
void movement_backward_float(const struct kernel_call *call);
void movement_backward_double(const struct kernel_call *call);

#define MOVEMENT_KERNELS                                                                                     \
    {                                                                                                        \
        [ELEMENT_FLOAT] = {movement_forward_float, movement_backward_float},                                 \
        [ELEMENT_DOUBLE] = {movement_forward_double, movement_backward_double},                              \
        [ELEMENT_INT64] = {movement_forward_int64, NULL},                                                    \
    }

/* In op_slice.c; the table is in op_movement.c. */
status prepare_slice(struct prepare *prepare, struct error *error);
status prepare_pad(struct prepare *prepare, struct error *error);

#endif
