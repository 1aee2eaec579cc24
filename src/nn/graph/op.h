/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row of the table of operators, which a node points to: what an operator is called, how many operands it
 * takes, and the functions that prepare and compute it. The table, and what those functions get, are in
 * nn/operator/operator.h. */
#ifndef IPPRO_NN_GRAPH_OP_H
#define IPPRO_NN_GRAPH_OP_H

#include "base/status.h"
#include "nn/graph/tensor.h"

struct prepare;
struct kernel_call;

enum { NODE_MAX_OPERANDS = 512 }; /* inputs or outputs of one node (Concat in DenseNet has 32) */

typedef void (*kernel)(const struct kernel_call *call);

struct operator_kernels {
    kernel forward, backward; /* backward NULL: no gradient passes (integers, comparisons) */
};

enum operator_flags {
    OPERATOR_VIEW = 1, /* output is the input's data in another shape (Reshape, Flatten, Squeeze, ...) */
    OPERATOR_SHAPE_INPUTS = 2, /* inputs after the first are shape-like: must be constant when planned */
    OPERATOR_UNARY = 4, /* element-wise function of the first input; others are bounds, built into the plan */
    OPERATOR_KNOWS_SHAPE =
        8, /* output depends on the input's shape only, so it is constant once planned (Shape) */
    OPERATOR_ELEMENTWISE = 16, /* an element of the output follows from those at its place in the inputs,
                                  which broadcast */
    OPERATOR_ACTIVATION = 32,  /* element-wise and a complete activation function by itself */
    OPERATOR_VARIADIC = 64,    /* the last input repeats: none may be left out (Sum, Concat) */
    OPERATOR_VARIADIC_OUTPUTS = 128, /* the outputs are alike: any but not all may be left out (Split) */
    OPERATOR_CONVOLUTION = 256,      /* the second input holds filters, one for each channel it makes */
    OPERATOR_PRODUCT = 512,          /* a matrix product: a linear layer where the second input is constant */
    OPERATOR_GENERAL = 1024,         /* a product with the attributes transA, transB and beta (Gemm) */
    OPERATOR_NORMALIZATION = 2048,   /* per channel: scale, shift, mean and variance behind the first input */
    OPERATOR_ADDITION = 4096,        /* the sum of two inputs */
    OPERATOR_OWN_STATISTICS = 262144, /* normalises every image by its own mean and variance: scale and, where
                                         there is one, shift behind the first input */
    OPERATOR_MULTIPLICATION = 524288, /* the product of two inputs, element by element */
    OPERATOR_LEARNT = 8192, /* element-wise, with numbers that are learnt in its second input (PRelu) */
    OPERATOR_TRANSPOSED =
        16384, /* a convolution from outputs to inputs: its weight is inputs x outputs of a group x kernel */
};

struct op {
    const char *name; /* ONNX op_type */
    int opset_first;  /* lowest opset whose meaning the row covers */
    /* The first inputs_min inputs are there, all of them where the row is variadic, and the first output, or
     * any one where they are alike: planning refuses other nodes (nn/operator/node_check.h), so prepare and
     * kernels need not ask. Others may be left out. */
    int inputs_min, inputs_max, outputs_max;
    unsigned flags;
    /* Check the node, write output types and shapes. Messages need not name the node: the caller prefixes it.
     */
    status (*prepare)(struct prepare *prepare, struct error *error);
    /* By the element type of the first output (for Cast: of the output). Floating types both or neither. */
    struct operator_kernels kernels[ELEMENT_TYPES];
};

#endif
