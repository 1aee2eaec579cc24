/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators as a table: a row says how to check a node and infer its shapes, and which kernels compute it.
 *
 * A node is *prepared* once for given input shapes: attributes are parsed and checked, output shapes and
 * types are written, and whatever the kernels want to know goes into an operator-specific plan. Kernels then
 * run without failing: everything that depends on the file was checked by prepare. */
#ifndef IPPRO_NN_OPERATOR_OPERATOR_H
#define IPPRO_NN_OPERATOR_OPERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"

/* Which kernels compute. In float: the fused engine's (nn/fused/fused.h), choosing for every convolution what
 * a model of its cost says (KERNEL_AUTO), or never Winograd's (KERNEL_DIRECT), or Winograd's F(4x4, 3x3)
 * wherever it is possible (KERNEL_WINOGRAD); or plain loops (KERNEL_REFERENCE). In double: plain loops, but
 * for large products, which OpenBLAS computes unless KERNEL_REFERENCE forbids it. */
enum kernel_choice { KERNEL_AUTO, KERNEL_DIRECT, KERNEL_WINOGRAD, KERNEL_REFERENCE };

/* A tensor as kernels see it; no ownership. data is NULL for an operand that is left out, and for a gradient
 * that nobody wants. */
struct operand {
    enum element_type type;
    struct shape shape;
    void *data;
};

struct prepare {
    /* given */
    const struct node *node;
    int opset;
    struct arena *arena; /* for the plan; lives as long as the kernels run */
    int input_count, output_count;
    const struct operand *inputs;         /* type and shape; data only for constants */
    const struct tensor *const *constant; /* constant[i] != NULL where input i is known at planning time */
    bool backward;                        /* the backward kernel will run as well */
    enum kernel_choice kernel;            /* for operators that have two ways to compute */
    /* written */
    struct operand *outputs; /* type and shape */
    void *plan;              /* operator-specific, from the arena; may stay NULL */
    size_t workspace;        /* bytes of scratch that forward and backward need, 0 by default */
    /* Multiply-adds of the forward kernel where it does more than look at each element once (at most
     * INT64_MAX, prepare_work), 0 by default: it bounds what constant folding does. */
    int64_t work;
    /* The data type that output 0 has in files (nn/graph/file_type.h) where its elements are integers. 0, as
     * by default: that of the first input's integers, else int64. */
    int file_type;
};

/* What a kernel gets. Scratch contents do not survive a call. */
struct kernel_call {
    const void *plan;
    const struct operand *inputs;
    const struct operand *outputs;
    int input_count, output_count;
    void *workspace;
    /* backward only: gradient with respect to each output (NULL data: no gradient arrives, treat as zero) and
     * to each input (NULL data: not wanted). Kernels ADD to the input gradients. */
    const struct operand *output_gradients;
    const struct operand *input_gradients;
};

/* NULL when the operator is not supported. */
const struct op *operator_find(const char *name);
/* A row for an operator that is not in the table: planning refuses its nodes with the text of their attribute
 * OPERATOR_REASON. From the arena; NULL when memory is out. */
#define OPERATOR_REASON "reason"
const struct op *operator_missing(struct arena *arena, const char *name);
/* All rows, for tests and documentation. */
const struct op *operator_at(int index); /* NULL past the end */

/* Tables of the op_*.c files, each ended by a row with a NULL name; operator.c joins them. */
extern const struct op operators_convolution[];   /* Conv */
extern const struct op operators_transposed[];    /* ConvTranspose */
extern const struct op operators_blocks[];        /* DepthToSpace SpaceToDepth */
extern const struct op operators_lrn[];           /* LRN */
extern const struct op operators_unpool[];        /* MaxUnpool */
extern const struct op operators_grid[];          /* GridSample */
extern const struct op operators_linear[];        /* Gemm MatMul */
extern const struct op operators_einsum[];        /* Einsum */
extern const struct op operators_normalization[]; /* BatchNormalization */
extern const struct op operators_layer_norm[];    /* LayerNormalization RMSNormalization
                                                           SimplifiedLayerNormalization
                                                           InstanceNormalization GroupNormalization */
extern const struct op operators_lp_norm[];       /* LpNormalization */
extern const struct op operators_mean_variance[]; /* MeanVarianceNormalization */
extern const struct op operators_cumulative[];    /* CumSum */
extern const struct op operators_pool[];          /* MaxPool AveragePool GlobalAveragePool GlobalMaxPool */
extern const struct op operators_activation[];    /* one input: Relu Clip LeakyRelu ThresholdedRelu Elu
                                                           Selu Celu Sigmoid HardSigmoid HardSwish Swish Mish
                                                           Gelu Softplus Softsign Tanh Erf Exp Log Sqrt
                                                           Reciprocal Abs Floor Ceil Round Sign Neg, and the
                                                           trigonometric and hyperbolic functions with their
                                                           inverses */
extern const struct op operators_arithmetic[];    /* broadcasting: Add Sub Mul Div Mod Pow Min Max PRelu
                                                           Mean Sum */
extern const struct op operators_compare[];       /* 0 or 1: Equal Greater GreaterOrEqual Less LessOrEqual
                                                           And Or Xor Not IsNaN IsInf */
extern const struct op operators_select[];        /* Where */
extern const struct op operators_index[];         /* GatherElements GatherND Scatter ScatterElements
                                                           ScatterND */
extern const struct op operators_order[];         /* TopK ArgMax ArgMin */
extern const struct op operators_arrange[];       /* Tile Compress ReverseSequence Trilu */
extern const struct op operators_make[];          /* Size EyeLike OneHot NonZero */
extern const struct op operators_cast[];          /* Identity Dropout Cast */
extern const struct op operators_movement[];      /* Transpose Concat Split Slice Pad Gather Expand */
extern const struct op operators_shape[];         /* Reshape Flatten Squeeze Unsqueeze Shape Constant
                                                           ConstantOfShape Range */
extern const struct op operators_reduce[];        /* ReduceMean ReduceSum ReduceMax ReduceMin
                                                           ReduceProd ReduceL1 ReduceL2 ReduceSumSquare
                                                           ReduceLogSum ReduceLogSumExp */
extern const struct op operators_softmax[];       /* Softmax LogSoftmax Hardmax */
extern const struct op operators_resize[];        /* Resize Upsample */
extern const struct op operators_quantize[];      /* QuantizeLinear DequantizeLinear */

/* Does a matrix product transpose an operand? By attribute, "transA" or "transB", which a MatMul has not. */
bool product_transposes(const struct node *node, const char *attribute);

/* Is an InstanceNormalization a part of something that is written out (a GroupNormalization: Reshape,
 * InstanceNormalization, Reshape)? Then its scale of ones and shift of zeros are no parameters. */
bool norm_is_bare(const struct graph *graph, const struct node *node);

/* Helpers for prepare functions. */
/* Integer list that is an attribute up to some opset and an input after it (Squeeze axes, Slice starts, ...):
 * looks at input `index` first (must be constant), then at the attribute. *values NULL and *count 0 if
 * neither is there. Memory: the arena or the constant itself, borrowed. */
status prepare_integers(struct prepare *prepare, int index, const char *attribute, const int64_t **values,
                        int *count, struct error *error);
/* Same for one real number (Clip's min). *found says whether it was given. */
status prepare_real(struct prepare *prepare, int index, const char *attribute, double *value, bool *found,
                    struct error *error);
/* Set work to the product of two counts, each at least 0. */
void prepare_work(struct prepare *prepare, int64_t results, int64_t each);
bool prepare_has_input(const struct prepare *prepare, int index);

#endif
