/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of what operators mean to pruning, and its index by operator. */
#include "prune/operator_rules.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "nn/operator/operator.h"
#include "prune/operator_rules_internal.h"

static const char computed_weights[] = "the operator's weights are computed while the network runs";

static const char compares[] = "the operator asks of numbers what would not be true of zeros";

/* Columns that several rows share. */
#define PRODUCT                                                                                              \
    .couple = couple_linear, .locks = computed_weights, .cut = cut_linear, .mask = mask_linear,              \
    .follow = follow_linear
#define OVER_AXES .couple = couple_layer_norm, .locks = computed_weights, .cut = cut_beside
#define OVER_GROUPS                                                                                          \
    .locks = computed_weights, .mask = mask_normalization, .trained = 3, .channel_vectors = true,            \
    .output_cost = 2
#define MEETING  .couple = couple_elementwise, .several = true, .cut = cut_beside
#define POOL     .couple = couple_window, .follow = follow_window, .input_cost = 1
#define MOVEMENT .couple = couple_moved, .follow = follow_moved
#define VIEW     .couple = couple_reshape, .follow = follow_reshape

static const struct operator_rule rules[] = {
    /* Layers */
    {.op = "Conv",
     .couple = couple_convolution,
     .locks = computed_weights,
     .cut = cut_convolution,
     .mask = mask_convolution,
     .follow = follow_convolution,
     .trained = 3,
     .channel_vectors = true},
    {.op = "ConvTranspose",
     .couple = couple_convolution,
     .locks = computed_weights,
     .cut = cut_transposed,
     .mask = mask_transposed,
     .follow = follow_transposed,
     .trained = 3,
     .channel_vectors = true},
    {.op = "Gemm", PRODUCT, .trained = 3},
    {.op = "MatMul", PRODUCT, .trained = 2},
    {.op = "BatchNormalization",
     .couple = couple_same,
     .locks = computed_weights,
     .cut = cut_normalization,
     .mask = mask_normalization,
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
    {.op = "Identity", .couple = couple_same, .follow = follow_same},
    {.op = "Dropout", .couple = couple_same, .follow = follow_same},
    {.op = "Cast", .couple = couple_same, .follow = follow_cast},
    {.op = "Relu", .couple = couple_same, .follow = follow_same, .output_cost = 1},
    {.op = "LeakyRelu", .couple = couple_same, .follow = follow_same, .output_cost = 1},
    {.op = "Clip", .couple = couple_same, .output_cost = 1},
    {.op = "Elu", .couple = couple_same, .output_cost = 1},
    {.op = "Abs", .couple = couple_same, .follow = follow_same},
    {.op = "Neg", .couple = couple_same, .follow = follow_same},
    {.op = "Sqrt", .couple = couple_same, .follow = follow_root, .domain = domain_first},
    {.op = "Reciprocal", .couple = couple_same, .follow = follow_reciprocal, .domain = domain_first},
    {.op = "Log", .couple = couple_same, .domain = domain_first},
    {.op = "Ceil", .couple = couple_same},
    {.op = "Celu", .couple = couple_same},
    {.op = "Erf", .couple = couple_same},
    {.op = "Exp", .couple = couple_same},
    {.op = "Floor", .couple = couple_same},
    {.op = "Gelu", .couple = couple_same},
    {.op = "HardSigmoid", .couple = couple_same},
    {.op = "HardSwish", .couple = couple_same},
    {.op = "Mish", .couple = couple_same},
    {.op = "Selu", .couple = couple_same},
    {.op = "Sigmoid", .couple = couple_same},
    {.op = "Softplus", .couple = couple_same},
    {.op = "Softsign", .couple = couple_same},
    {.op = "Swish", .couple = couple_same},
    {.op = "Tanh", .couple = couple_same},
    {.op = "ThresholdedRelu", .couple = couple_same},

    /* Operands meet */
    {.op = "Add", MEETING, .adds = true, .follow = follow_sum},
    {.op = "Sub", MEETING, .adds = true, .follow = follow_sum},
    {.op = "Sum", MEETING, .adds = true, .follow = follow_sum},
    {.op = "Mul", MEETING, .follow = follow_product},
    {.op = "Div", MEETING, .follow = follow_quotient, .domain = domain_divisor},
    {.op = "Pow", MEETING, .follow = follow_power, .domain = domain_base},
    {.op = "Mod", MEETING, .domain = domain_divisor},
    {.op = "Where", MEETING, .follow = follow_extreme},
    {.op = "Max", MEETING, .follow = follow_extreme},
    {.op = "Min", MEETING, .follow = follow_extreme},
    {.op = "PRelu", MEETING, .follow = follow_same, .trained = 2, .output_cost = 1},

    /* Positions or channels are combined */
    {.op = "MaxPool", POOL},
    {.op = "AveragePool", POOL},
    {.op = "GlobalMaxPool", POOL},
    {.op = "GlobalAveragePool", POOL},
    {.op = "Resize", .couple = couple_window, .cut = cut_resize, .follow = follow_window},
    {.op = "Upsample", .couple = couple_window, .follow = follow_window},
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
    {.op = "ReduceMean", .couple = couple_reduce, .follow = follow_reduce},
    {.op = "ReduceSum", .couple = couple_reduce, .follow = follow_reduce},
    {.op = "ReduceMax", .couple = couple_reduce, .follow = follow_reduce},
    {.op = "Softmax", .couple = couple_softmax},
    {.op = "LogSoftmax", .couple = couple_softmax},

    /* Elements move */
    {.op = "Concat", MOVEMENT, .several = true, .pin = pin_axis},
    {.op = "Split", MOVEMENT, .pin = pin_axis, .cut = cut_split},
    {.op = "Slice", MOVEMENT, .pin = pin_slice, .cuttable = slice_is_cuttable, .cut = cut_slice},
    {.op = "Gather", MOVEMENT, .pin = pin_axis, .cuttable = gather_is_cuttable, .cut = cut_gather},
    {.op = "Transpose", MOVEMENT, .shuffle = SHUFFLE_TURN, .pin = pin_none},
    {.op = "Expand", .couple = couple_expand, .cut = cut_expand, .follow = follow_moved},
    {.op = "Pad", .couple = couple_pad, .cut = cut_pad, .follow = follow_pad},
    {.op = "DepthToSpace", .couple = couple_to_space, .follow = follow_moved},
    {.op = "SpaceToDepth", .couple = couple_to_depth, .follow = follow_moved},
    {.op = "Reshape", VIEW, .shuffle = SHUFFLE_TABLE, .cut = cut_reshape},
    {.op = "Flatten", VIEW},
    {.op = "Squeeze", VIEW},
    {.op = "Unsqueeze", VIEW},

    /* Answers of yes and no: what is true of a channel of zeros need not be true of what it was. */
    {.op = "Equal", .locks = compares},
    {.op = "Greater", .locks = compares},
    {.op = "GreaterOrEqual", .locks = compares},
    {.op = "Less", .locks = compares},
    {.op = "LessOrEqual", .locks = compares},
    {.op = "And", .locks = compares},
    {.op = "Or", .locks = compares},
    {.op = "Xor", .locks = compares},
    {.op = "Not", .locks = compares},
    {.op = "IsNaN", .locks = compares},
    {.op = "IsInf", .locks = compares},

    /* Operators that lock on purpose: they pass no channels on. Planning computes them (OPERATOR_KNOWS_SHAPE,
     * or all inputs constant), so that a coupling does not meet them unless this changes. */
    {.op = "Shape", .locks = "the operator gives lengths, and no channels"},
    {.op = "Constant", .locks = "the operator gives numbers of the file"},
    {.op = "ConstantOfShape", .locks = "the operator makes as many numbers as it is told"},
    {.op = "Range", .locks = "the operator makes as many numbers as it is told"},
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
