/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of what operators mean to pruning, and its index by operator. */
#include "prune/operator_rules.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "nn/operator/operator.h"
#include "prune/operator_rules_internal.h"

static const char computed_weights[] = "the operator's weights are computed while the network runs";

static const char finds[] = "the operator finds elements by their numbers, which would be others";
static const char positions[] = "the operator gives positions, which would be others";

/* Columns that several rows share. */
#define PRODUCT                                                                                              \
    .couple = couple_linear, .locks = computed_weights, .cut = cut_linear, .mask = mask_linear,              \
    .follow = follow_linear, .zero = ZERO_WEIGHED
#define OVER_AXES .couple = couple_layer_norm, .locks = computed_weights, .cut = cut_beside
#define OVER_GROUPS                                                                                          \
    .locks = computed_weights, .mask = mask_normalization, .zero = ZERO_WEIGHED, .trained = 3,               \
    .channel_vectors = true, .output_cost = 2
#define MEETING  .couple = couple_elementwise, .several = true, .cut = cut_beside
#define POOL     .couple = couple_window, .follow = follow_window, .input_cost = 1, .zero = ZERO_ALL
#define MOVEMENT .couple = couple_moved, .follow = follow_moved, .zero = ZERO_ALL
#define VIEW     .couple = couple_reshape, .follow = follow_reshape, .zero = ZERO_ALL

static const struct operator_rule rules[] = {
    /* Layers */
    {.op = "Conv",
     .couple = couple_convolution,
     .locks = computed_weights,
     .cut = cut_convolution,
     .mask = mask_convolution,
     .zero = ZERO_WEIGHED,
     .follow = follow_convolution,
     .trained = 3,
     .channel_vectors = true},
    {.op = "ConvTranspose",
     .couple = couple_convolution,
     .locks = computed_weights,
     .zero = ZERO_WEIGHED,
     .cut = cut_transposed,
     .mask = mask_transposed,
     .follow = follow_transposed,
     .trained = 3,
     .channel_vectors = true},
    {.op = "Gemm", PRODUCT, .trained = 3},
    {.op = "MatMul", PRODUCT, .several = true, .trained = 2},
    {.op = "Einsum",
     .locks = "the operator sums products of activations, along axes that its equation names"},
    {.op = "BatchNormalization",
     .couple = couple_same,
     .locks = computed_weights,
     .cut = cut_normalization,
     .mask = mask_normalization,
     .zero = ZERO_WEIGHED,
     .follow = follow_normalization,
     .trained = 3,
     .channel_vectors = true,
     .output_cost = 2},

    {.op = "LayerNormalization", OVER_AXES, .trained = 3},
    {.op = "RMSNormalization", OVER_AXES, .trained = 2},
    {.op = "SimplifiedLayerNormalization", OVER_AXES, .trained = 2},
    {.op = "InstanceNormalization", OVER_GROUPS, .couple = couple_window, .cut = cut_normalization},
    {.op = "GroupNormalization", OVER_GROUPS, .couple = couple_group_norm, .cut = cut_group_norm},

    /* Element by element */
    {.op = "Identity", .couple = couple_same, .zero = ZERO_ALL, .follow = follow_same},
    {.op = "Dropout", .couple = couple_same, .zero = ZERO_ALL, .follow = follow_same},
    {.op = "Cast", .couple = couple_same, .zero = ZERO_ALL, .follow = follow_cast},
    {.op = "Relu", .couple = couple_same, .zero = ZERO_ALL, .follow = follow_same, .output_cost = 1},
    {.op = "LeakyRelu", .couple = couple_same, .zero = ZERO_ALL, .follow = follow_same, .output_cost = 1},
    {.op = "Clip", .couple = couple_same, .output_cost = 1},
    {.op = "Elu", .couple = couple_same, .zero = ZERO_ALL, .output_cost = 1},
    {.op = "Abs", .couple = couple_same, .zero = ZERO_ALL, .follow = follow_same},
    {.op = "Neg", .couple = couple_same, .zero = ZERO_ALL, .follow = follow_same},
    {.op = "Sqrt", .couple = couple_same, .follow = follow_root, .domain = domain_first},
    {.op = "Reciprocal", .couple = couple_same, .follow = follow_reciprocal, .domain = domain_first},
    {.op = "Log", .couple = couple_same, .domain = domain_first},
    {.op = "Ceil", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Celu", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Erf", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Exp", .couple = couple_same},
    {.op = "Floor", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Gelu", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "HardSigmoid", .couple = couple_same},
    {.op = "HardSwish", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Mish", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Round", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Selu", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Sigmoid", .couple = couple_same},
    {.op = "Sign", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Softplus", .couple = couple_same},
    {.op = "Softsign", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Swish", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Tanh", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "ThresholdedRelu", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Sin", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Cos", .couple = couple_same},
    {.op = "Tan", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Asin", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Acos", .couple = couple_same},
    {.op = "Atan", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Sinh", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Cosh", .couple = couple_same},
    {.op = "Asinh", .couple = couple_same, .zero = ZERO_ALL},
    {.op = "Acosh", .couple = couple_same, .domain = domain_first},
    {.op = "Atanh", .couple = couple_same, .zero = ZERO_ALL},

    /* Operands meet */
    {.op = "Add", MEETING, .mask = mask_beside, .zero = ZERO_ALL, .adds = true, .follow = follow_sum},
    {.op = "Sub", MEETING, .mask = mask_beside, .zero = ZERO_ALL, .adds = true, .follow = follow_sum},
    {.op = "Sum", MEETING, .adds = true, .follow = follow_sum},
    {.op = "Mean", MEETING, .zero = ZERO_ALL, .adds = true, .follow = follow_sum},
    {.op = "Mul", MEETING, .zero = ZERO_ANY, .follow = follow_product},
    {.op = "Div", MEETING, .zero = ZERO_ALL, .follow = follow_quotient, .domain = domain_divisor},
    {.op = "Pow", MEETING, .follow = follow_power, .domain = domain_base},
    {.op = "Mod", MEETING, .domain = domain_divisor},
    {.op = "Where", MEETING},
    {.op = "Max", MEETING, .follow = follow_extreme},
    {.op = "Min", MEETING, .follow = follow_extreme},
    {.op = "PRelu", MEETING, .zero = ZERO_ANY, .follow = follow_same, .trained = 2, .output_cost = 1},

    /* Positions or channels are combined */
    {.op = "MaxPool", POOL},
    {.op = "AveragePool", POOL},
    {.op = "GlobalMaxPool", POOL},
    {.op = "GlobalAveragePool", POOL},
    {.op = "Resize", .couple = couple_window, .zero = ZERO_ALL, .cut = cut_resize, .follow = follow_window},
    {.op = "Upsample", .couple = couple_window, .zero = ZERO_ALL, .follow = follow_window},
    {.op = "LRN", .locks = "the operator divides channels by those beside them"},
    {.op = "GridSample",
     .couple = couple_sampled,
     .several = true,
     .locks = "the operator looks at images where it says",
     .follow = follow_window,
     .trained = 1},
    {.op = "MaxUnpool",
     .couple = couple_unpool,
     .several = true,
     .locks = "the places of the operator's elements are no pool's",
     .cut = cut_unpool,
     .follow = follow_window},
    {.op = "ReduceMean", .couple = couple_reduce, .zero = ZERO_ALL, .follow = follow_reduce},
    {.op = "ReduceSum", .couple = couple_reduce, .zero = ZERO_ALL, .follow = follow_reduce},
    {.op = "ReduceMax", .couple = couple_reduce, .zero = ZERO_ALL, .follow = follow_reduce},
    {.op = "ReduceMin", .couple = couple_reduce, .zero = ZERO_ALL, .follow = follow_reduce},
    {.op = "ReduceL1", .couple = couple_reduce, .zero = ZERO_ALL, .follow = follow_reduce},
    {.op = "ReduceL2", .couple = couple_reduce, .zero = ZERO_ALL, .follow = follow_reduce},
    {.op = "ReduceSumSquare", .couple = couple_reduce, .zero = ZERO_ALL},
    {.op = "ReduceProd", .couple = couple_reduce, .zero = ZERO_ALL},
    {.op = "ReduceLogSum", .couple = couple_reduce, .domain = domain_first},
    {.op = "ReduceLogSumExp", .couple = couple_reduce},
    {.op = "Softmax", .couple = couple_softmax},
    {.op = "LogSoftmax", .couple = couple_softmax},
    {.op = "Hardmax", .couple = couple_softmax},
    {.op = "MeanVarianceNormalization", .couple = couple_mean_variance},
    {.op = "LpNormalization", .couple = couple_along_axis},
    {.op = "CumSum", .couple = couple_along_axis},

    /* Elements move */
    {.op = "Concat", MOVEMENT, .several = true, .pin = pin_axis, .cut = cut_concat},
    {.op = "Split", MOVEMENT, .pin = pin_axis, .cut = cut_split},
    {.op = "Slice", MOVEMENT, .pin = pin_slice, .cuttable = slice_is_cuttable, .cut = cut_slice},
    {.op = "Gather", MOVEMENT, .pin = pin_axis, .cuttable = gather_is_cuttable, .cut = cut_gather},
    {.op = "Transpose", MOVEMENT, .shuffle = SHUFFLE_TURN, .pin = pin_none},
    {.op = "Tile", MOVEMENT},
    {.op = "Trilu", .couple = couple_trilu, .zero = ZERO_ALL},
    {.op = "TopK", .couple = couple_order},
    {.op = "ReverseSequence", .locks = finds},
    {.op = "Compress", .locks = finds},
    {.op = "GatherElements", .locks = finds},
    {.op = "GatherND", .locks = finds},
    {.op = "Scatter", .locks = finds},
    {.op = "ScatterElements", .locks = finds},
    {.op = "ScatterND", .locks = finds},
    {.op = "Expand", .couple = couple_expand, .zero = ZERO_ALL, .cut = cut_expand, .follow = follow_moved},
    {.op = "Pad", .couple = couple_pad, .cut = cut_pad, .follow = follow_pad},
    {.op = "DepthToSpace", .couple = couple_to_space, .zero = ZERO_ALL, .follow = follow_moved},
    {.op = "SpaceToDepth", .couple = couple_to_depth, .zero = ZERO_ALL, .follow = follow_moved},
    {.op = "Reshape", VIEW, .shuffle = SHUFFLE_TABLE, .cut = cut_reshape},
    {.op = "Flatten", VIEW},
    {.op = "Squeeze", VIEW},
    {.op = "Unsqueeze", VIEW},

    /* Answers of yes and no. A channel of zeros has others than it had, but whoever reads them goes with it.
     */
    {.op = "Equal", MEETING},
    {.op = "Greater", MEETING},
    {.op = "GreaterOrEqual", MEETING},
    {.op = "Less", MEETING},
    {.op = "LessOrEqual", MEETING},
    {.op = "And", MEETING},
    {.op = "Or", MEETING},
    {.op = "Xor", MEETING},
    {.op = "Not", .couple = couple_same},
    {.op = "IsNaN", .couple = couple_same},
    {.op = "IsInf", .couple = couple_same},

    /* Positions, whose meaning changes with what is beside them. */
    {.op = "ArgMax", .locks = positions},
    {.op = "ArgMin", .locks = positions},
    {.op = "NonZero", .locks = positions},
    {.op = "OneHot", .locks = positions},

    /* Operators that lock on purpose: they pass no channels on. Planning computes them (OPERATOR_KNOWS_SHAPE,
     * or all inputs constant), so that a coupling does not meet them unless this changes. */
    {.op = "Shape", .locks = "the operator gives lengths, and no channels"},
    {.op = "Size", .locks = "the operator gives lengths, and no channels"},
    {.op = "EyeLike", .locks = "the operator makes as many numbers as it is told"},
    {.op = "Constant", .locks = "the operator gives numbers of the file"},
    {.op = "ConstantOfShape", .locks = "the operator makes as many numbers as it is told"},
    {.op = "Range", .locks = "the operator makes as many numbers as it is told"},
    {.op = "QuantizeLinear",
     .locks = "the operator rounds to integers, by other numbers than it is undone with"},
    {.op = "DequantizeLinear", .locks = "the operator takes integers that are computed from the images"},
};

enum { RULES = sizeof rules / sizeof *rules };

/* Rows by the address of their operator, made once. */
struct entry {
    uintptr_t op;
    const struct operator_rule *rule;
};
static struct entry rule_index[RULES];
static pthread_once_t index_once = PTHREAD_ONCE_INIT;

static int compare_operators(const void *a, const void *b)
{
    uintptr_t left = ((const struct entry *)a)->op, right = ((const struct entry *)b)->op;
    return (left > right) - (left < right);
}

static void make_index(void)
{
    for (int i = 0; i < RULES; i++)
        rule_index[i] = (struct entry){(uintptr_t)operator_find(rules[i].op), &rules[i]};
    qsort(rule_index, RULES, sizeof *rule_index, compare_operators);
}

const struct operator_rule *operator_rule_find(const struct op *op)
{
    static const struct operator_rule unknown = {.op = ""};
    const struct entry key = {.op = (uintptr_t)op};
    pthread_once(&index_once, make_index);
    const struct entry *found = bsearch(&key, rule_index, RULES, sizeof *rule_index, compare_operators);
    return found != NULL ? found->rule : &unknown;
}

const struct operator_rule *operator_rule_at(int index)
{
    return index >= 0 && index < RULES ? &rules[index] : NULL;
}
