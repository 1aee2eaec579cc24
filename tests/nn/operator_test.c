/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every operator by itself: gradients against central differences, float against double, adding to gradients,
 * memory running out. Each case is one line of a table; see operator_case.h for how
 * operands are written. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/operands.h"
#include "support/operator_case.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A case or more for every operator that has a gradient; the first test fails where one is missing. */
static const struct case_line gradient_cases[] = {
    /* Convolution: plain, bias, groups, depthwise with multiplier, dilation, uneven pads, strides, auto_pad,
     * 1-D, 3-D, constant weights. */
    {"Conv", 11, "", "2x3x5x6; 4x3x3x3", 1},
    {"Conv", 11, "pads=[1,1,1,1]", "2x3x5x6; 4x3x3x3; 4", 1},
    {"Conv", 11, "pads=[1,1,1,1] strides=[2,2]", "2x3x7x6; 4x3x3x3; !4", 1},
    {"Conv", 11, "pads=[1,1,1,1]", "2x3x5x6; !4x3x3x3; !4", 1},
    {"Conv", 11, "group=2 pads=[0,1,2,1] strides=[2,1]", "2x4x5x6; 6x2x3x3; 6", 1},
    {"Conv", 11, "group=4 pads=[1,1,1,1]", "2x4x5x6; 4x1x3x3; 4", 1},
    {"Conv", 11, "group=3 pads=[2,2,2,2] strides=[2,2]", "1x3x6x5; 6x1x5x5", 1},
    {"Conv", 11, "dilations=[2,3] pads=[2,1,0,3]", "1x2x7x8; 3x2x3x2; 3", 1},
    {"Conv", 11, "dilations=[2,2] strides=[2,3] group=2", "1x4x9x9; 2x2x3x3", 1},
    {"Conv", 11, "auto_pad='SAME_UPPER' strides=[2,2]", "1x2x6x7; 3x2x3x4; 3", 1},
    {"Conv", 11, "auto_pad='SAME_LOWER' strides=[2,3]", "1x2x6x7; 3x2x4x3", 1},
    {"Conv", 11, "auto_pad='VALID' strides=[3,2]", "1x2x8x7; 3x2x3x2", 1},
    {"Conv", 11, "", "2x5x4x3; 3x5x1x1; 3", 1},
    {"Conv", 11, "strides=[2,2]", "2x5x5x4; 3x5x1x1", 1},
    {"Conv", 11, "pads=[1,2] strides=[2] group=2", "2x4x9; 4x2x3; 4", 1},
    {"Conv", 11, "pads=[1,0,1,1,1,0] strides=[1,2,1] dilations=[1,1,2]", "1x2x3x4x5; 2x2x2x3x2; 2", 1},
    {"Conv", 11, "pads=[3,3,3,3]", "1x2x2x2; 2x2x3x3", 1}, /* windows within the padding */

    /* Its transpose: plain, bias, strides, output_padding, groups, depthwise, one output, 1-D, 3-D. */
    {"ConvTranspose", 11, "", "2x3x4x5; 3x4x3x3", 1},
    {"ConvTranspose", 11, "strides=[2,2]", "2x3x4x3; 3x4x2x2; 4", 1},
    {"ConvTranspose", 11, "strides=[2,2] pads=[1,1,1,1] output_padding=[1,1]", "2x3x4x3; 3x4x3x3; !4", 1},
    {"ConvTranspose", 11, "strides=[3,2] pads=[0,1,2,1] group=2", "2x4x3x4; 4x3x4x3; 6", 1},
    {"ConvTranspose", 11, "group=4 pads=[1,1,1,1]", "2x4x5x6; 4x1x3x3; 4", 1},
    {"ConvTranspose", 11, "group=3 strides=[2,2]", "1x3x4x5; 3x2x3x3; 6", 1},
    {"ConvTranspose", 11, "dilations=[2,3] pads=[2,1,0,3]", "1x2x4x5; 2x3x3x2; 3", 1},
    {"ConvTranspose", 11, "", "2x4x3x3; 4x3x1x1; 3", 1},
    {"ConvTranspose", 11, "dilations=[2,2] output_padding=[1,1]", "1x2x3x3; 2x3x1x1", 1},
    {"ConvTranspose", 11, "strides=[2,2]", "1x4x3x3; 4x1x3x3; 1", 1},
    {"ConvTranspose", 11, "auto_pad='SAME_UPPER' strides=[2,2]", "1x2x3x4; 2x3x3x3; !3", 1},
    {"ConvTranspose", 11, "output_shape=[9,6] strides=[2,2]", "1x2x4x3; 2x3x3x3", 1},
    {"ConvTranspose", 11, "strides=[2] pads=[1,0]", "2x3x5; 3x2x4; 2", 1},
    {"ConvTranspose", 11, "strides=[1,2,1] pads=[1,0,1,0,1,1]", "1x2x3x2x4; 2x2x3x2x3; 2", 1},

    {"Gemm", 13, "", "3x4; 4x5; 5", 1},
    {"Gemm", 13, "alpha=0.5 beta=2.0", "3x4; 4x5; 3x1", 1},
    {"Gemm", 13, "transA=1 alpha=1.5", "4x3; 4x5; 3x5", 1},
    {"Gemm", 13, "transB=1", "3x4; 5x4; 1x5", 1},
    {"Gemm", 13, "transA=1 transB=1 beta=0.25", "4x3; 5x4; s", 1},
    {"Gemm", 13, "transB=1", "3x4; !5x4; !5", 1},
    {"Gemm", 13, "", "3x4; 4x5", 1},
    {"MatMul", 13, "", "3x4; 4x5", 1},
    {"MatMul", 13, "", "2x3x4; 4x5", 1},
    {"MatMul", 13, "", "2x1x3x4; 3x4x2", 1},
    {"MatMul", 13, "", "2x3x4; 2x4x5", 1},
    {"MatMul", 13, "", "3x1x2x4; 2x4x3", 1},
    {"MatMul", 13, "", "2x1x3x2x4; 1x2x1x4x2", 1},
    {"MatMul", 13, "", "2x3x4; 1x4x2", 1},
    {"MatMul", 13, "", "3x4; 2x4x2", 1},
    {"MatMul", 13, "", "4; 2x4x3", 1},
    {"MatMul", 13, "", "4; 4x3", 1},
    {"MatMul", 13, "", "2x3x4; 4", 1},
    {"MatMul", 13, "", "4; 4", 1},

    {"Einsum", 12, "equation='ij,jk->ik'", "3x4; 4x2", 1},
    {"Einsum", 12, "equation='bhid,bhjd->bhij'", "2x2x3x4; 2x2x5x4", 1},
    {"Einsum", 12, "equation='bnhd,hde->bne'", "2x3x2x4; !2x4x5", 1},
    {"Einsum", 12, "equation='...ij,...kj->...ki'", "2x3x4; 3x2x5x4", 1},
    {"Einsum", 12, "equation='i,j'", "3; 4", 1},
    {"Einsum", 12, "equation='ab,ab->'", "3x4; 3x4", 1},
    {"Einsum", 12, "equation='abc,cd->da'", "3x2x4; 4x5", 1},
    {"Einsum", 12, "equation='bij,bjk'", "2x3x4; 2x4x5", 1},
    {"Einsum", 12, "equation='...ii->...i'", "2x3x3", 1},
    {"Einsum", 12, "equation='ii,i->i'", "3x3; 3", 1},
    {"Einsum", 12, "equation='ba->ab'", "3x4", 1},
    {"Einsum", 12, "equation='ij->i'", "3x4", 1},

    {"BatchNormalization", 15, "epsilon=0.01", "3x4x2x3; 4; 4; 4; 4@0.5:2", 1},
    {"BatchNormalization", 9, "", "3x4; 4; 4; 4; 4@0.5:2", 1},
    {"BatchNormalization", 9, "", "2x3x5; !3; !3; !3; !3@0.5:2", 1},

    /* One output, or the statistics too; scale and shift as they are, broadcast, or constant. */
    {"LayerNormalization", 17, "", "2x3x5; 5; 5", 1},
    {"LayerNormalization", 17, "epsilon=0.01", "3x11; 11; 11", 3},
    {"LayerNormalization", 17, "axis=1 epsilon=0.1", "2x3x4; 3x4; 4", 3},
    {"LayerNormalization", 17, "axis=1", "2x3x4; 3x1; 3x4", 1},
    {"LayerNormalization", 17, "axis=-2", "2x3x4; 1", 2},
    {"LayerNormalization", 17, "axis=0", "3x4; !4; !3x1", 1},
    {"RMSNormalization", 23, "", "2x3x5; 5", 1},
    {"RMSNormalization", 23, "axis=1 epsilon=0.1", "2x3x4; 3x4", 1},
    {"RMSNormalization", 23, "", "2x3x4; 3x4", 1},
    {"SimplifiedLayerNormalization", 17, "epsilon=0.01", "2x3x5; 5", 2},
    {"InstanceNormalization", 6, "epsilon=0.01", "2x3x4x5; 3; 3", 1},
    {"InstanceNormalization", 6, "", "2x3x7; !3; !3", 1},
    {"GroupNormalization", 18, "num_groups=2 epsilon=0.01", "2x4x3x2; 2; 2", 1},
    {"GroupNormalization", 21, "num_groups=2", "2x4x5; 4; 4", 1},
    {"GroupNormalization", 21, "num_groups=1", "2x4x1x2; 4; 4", 1},

    {"MaxPool", 12, "kernel_shape=[2,2] strides=[2,2]", "2x3x4x6", 1},
    {"MaxPool", 12, "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]", "2x2x5x6", 1},
    {"MaxPool", 12, "kernel_shape=[3,2] strides=[2,2] pads=[0,1,1,0] ceil_mode=1", "1x2x6x6", 1},
    {"MaxPool", 12, "kernel_shape=[2,2] dilations=[2,3]", "1x2x6x7", 1},
    {"MaxPool", 12, "kernel_shape=[3,3] strides=[2,2] auto_pad='SAME_UPPER'", "1x2x6x5", 1},
    {"MaxPool", 12, "kernel_shape=[2,2]", "1x2x4x4", 2},
    {"MaxPool", 12, "kernel_shape=[3] strides=[2]", "2x2x9", 1},
    {"MaxPool", 12, "kernel_shape=[2,2,2] strides=[1,2,1] pads=[1,0,0,0,1,1]", "1x2x3x4x3", 1},
    {"AveragePool", 11, "kernel_shape=[2,2] strides=[2,2]", "2x3x4x6", 1},
    {"AveragePool", 11, "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]", "2x2x5x6", 1},
    {"AveragePool", 11, "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1] count_include_pad=1", "2x2x5x6", 1},
    {"AveragePool", 11, "kernel_shape=[3,2] strides=[2,2] pads=[0,1,1,0] ceil_mode=1", "1x2x6x6", 1},
    {"AveragePool", 11, "kernel_shape=[3,3] strides=[2,2] pads=[1,1,0,1] ceil_mode=1 count_include_pad=1",
     "1x2x6x6", 1},
    {"AveragePool", 11, "kernel_shape=[3,3] strides=[2,2] auto_pad='SAME_LOWER'", "1x2x6x5", 1},
    {"AveragePool", 11, "kernel_shape=[3] strides=[2] pads=[1,1]", "2x2x9", 1},
    {"AveragePool", 11, "kernel_shape=[2,2,2] strides=[1,2,1]", "1x2x3x4x3", 1},
    {"GlobalAveragePool", 1, "", "2x3x4x5", 1},
    {"GlobalAveragePool", 1, "", "2x3x7", 1},
    {"GlobalMaxPool", 1, "", "2x3x4x5", 1},

    /* One input. */
    {"Relu", 14, "", "2x3x5", 1},
    {"Clip", 6, "min=-0.5 max=0.25", "4x5", 1},
    {"Clip", 11, "", "4x5@-2:8; !s{0}; !s{6}", 1},
    {"Clip", 13, "", "4x5; -; !s{0.5}", 1},
    {"LeakyRelu", 16, "", "4x5", 1},
    {"LeakyRelu", 6, "alpha=0.3", "4x5", 1},
    {"Elu", 6, "alpha=1.5", "4x5@-3:3", 1},
    {"Sigmoid", 13, "", "4x5@-4:4", 1},
    {"HardSigmoid", 6, "", "4x5@-4:4", 1},
    {"HardSigmoid", 6, "alpha=0.5 beta=0.6", "4x5@-4:4", 1},
    {"HardSwish", 14, "", "4x5@-5:5", 1},
    {"Selu", 6, "", "4x5@-3:3", 1},
    {"Selu", 6, "alpha=2.0 gamma=0.5", "4x5@-3:3", 1},
    {"Celu", 12, "", "4x5@-3:3", 1},
    {"Celu", 12, "alpha=0.3", "4x5@-3:3", 1},
    {"ThresholdedRelu", 10, "", "4x5@-3:3", 1},
    {"ThresholdedRelu", 10, "alpha=0.3", "4x5@-3:3", 1},
    {"Swish", 24, "", "4x5@-6:6", 1},
    {"Swish", 24, "alpha=1.702", "4x5@-6:6", 1},
    {"Mish", 18, "", "4x5@-6:6", 1},
    {"Gelu", 20, "", "4x5@-5:5", 1},
    {"Gelu", 20, "approximate='tanh'", "4x5@-5:5", 1},
    {"Softplus", 1, "", "4x5@-6:6", 1},
    {"Softsign", 1, "", "4x5@-3:3", 1},
    {"Erf", 13, "", "4x5@-3:3", 1},
    {"Tanh", 13, "", "4x5@-3:3", 1},
    {"Log", 13, "", "4x5@0.2:4", 1},
    {"Reciprocal", 13, "", "4x5@0.2:4", 1},
    {"Exp", 13, "", "4x5@-2:2", 1},
    {"Sqrt", 13, "", "4x5@0.5:4", 1},
    {"Sin", 7, "", "4x5@-3:3", 1},
    {"Cos", 7, "", "4x5@-3:3", 1},
    {"Tan", 7, "", "4x5@-1:1", 1},
    {"Asin", 7, "", "4x5@-0.9:0.9", 1},
    {"Acos", 7, "", "4x5@-0.9:0.9", 1},
    {"Atan", 7, "", "4x5@-3:3", 1},
    {"Sinh", 9, "", "4x5@-2:2", 1},
    {"Cosh", 9, "", "4x5@-2:2", 1},
    {"Asinh", 9, "", "4x5@-3:3", 1},
    {"Acosh", 9, "", "4x5@1.2:4", 1},
    {"Atanh", 9, "", "4x5@-0.9:0.9", 1},
    {"Neg", 13, "", "4x5", 1},
    {"Abs", 13, "", "4x5", 1},
    {"Identity", 16, "", "4x5", 1},
    {"Dropout", 12, "", "4x5; !s{0.5}", 2},
    {"Dropout", 7, "ratio=0.5", "4x5", 1},
    {"Dropout", 13, "", "4x5; !s{0}; i{1}", 2},
    {"Cast", 13, "to=1", "4x5", 1},
    {"Cast", 13, "to=11", "4x5", 1},

    /* Broadcasting: equal shapes, a bias along the channels, scalars on both sides, both at once, ranks. */
    {"Add", 14, "", "2x3x4; 2x3x4", 1},
    {"Add", 14, "", "2x3x4x5; 1x3x1x1", 1},
    {"Add", 14, "", "s; 2x3", 1},
    {"Add", 14, "", "3x1x4; 2x1", 1},
    {"Sub", 14, "", "2x3x4; 2x3x4", 1},
    {"Sub", 14, "", "3x1; 2x3x4", 1},
    {"Mul", 14, "", "2x3x4; 2x3x4", 1},
    {"Mul", 14, "", "2x3x4x5; 3x1x1", 1},
    {"Mul", 14, "", "2x1x4; 1x3x1", 1},
    {"Mul", 14, "", "2x3; 1", 1},
    {"Div", 14, "", "2x3x4; 2x3x4@0.5:2", 1},
    {"Div", 14, "", "4; 2x3x1@0.5:2", 1},
    {"Pow", 15, "", "2x3@0.5:2; 2x3@-2:2", 1},
    {"Pow", 15, "", "2x3@0.5:2; !s{2}", 1},
    {"Pow", 15, "", "2x3; is{3}", 1},
    {"Pow", 15, "", "s@0.5:2; 4x3", 1},
    {"Mod", 13, "fmod=1", "2x3x4@-3:3; 2x3x4@0.5:0.9", 1},
    {"Mod", 13, "fmod=1", "4@-3:3; 2x3x1@0.5:0.9", 1},
    {"Where", 9, "", "i2x3{1,0,1,1,0,0}; 2x3; 2x3", 1},
    {"Where", 16, "", "i3x1{0,1,1}; 2x1x4; s", 1},
    {"Where", 9, "", "is{1}; 3; 2x3", 1},
    {"Min", 13, "", "2x3x4; 4@-0.9:0.9", 1},
    {"Max", 13, "", "3x1; 2x3x4@-0.9:0.9", 1},
    {"Min", 13, "", "3x1; 2x3x4; 4; 1x1x4", 1},
    {"Max", 13, "", "2x3x4; 3x1; 2x3x4", 1},
    {"Max", 13, "", "2x3", 1},
    {"PRelu", 16, "", "2x3x4x2; 3x1x1", 1},
    {"PRelu", 9, "", "4x5; s@0.1:0.9", 1},
    {"Sum", 13, "", "2x3", 1},
    {"Sum", 13, "", "2x3x4; 3x1; s; 1x1x4", 1},

    {"Mean", 13, "", "2x3", 1},
    {"Mean", 8, "", "2x3x4; 3x1; s; 1x1x4", 1},

    {"ReduceMean", 13, "axes=[2,3]", "2x3x4x5", 1},
    {"ReduceMean", 18, "keepdims=0", "2x3x4x5; i{-1,1}", 1},
    {"ReduceMean", 13, "", "2x3x4", 1},
    {"ReduceMean", 18, "noop_with_empty_axes=1", "2x3x4", 1},
    {"ReduceMean", 13, "axes=[0] keepdims=0", "3x4x2", 1},
    {"ReduceSum", 13, "", "2x3x4; i{1}", 1},
    {"ReduceSum", 11, "axes=[0,2] keepdims=0", "2x3x4", 1},
    {"ReduceMax", 13, "axes=[-1]", "2x3x4", 1},
    {"ReduceMax", 18, "keepdims=0", "2x3x4; i{0,1}", 1},

    {"ReduceMin", 13, "axes=[-1]", "2x3x4", 1},
    {"ReduceMin", 20, "", "2x3x4; i{0,-2}", 1},
    {"ReduceProd", 13, "axes=[1]", "2x3x4", 1},
    {"ReduceProd", 18, "keepdims=0", "2x3x2; i{0,1}", 1},
    {"ReduceProd", 13, "axes=[1]", "2x3{0,2,3,0,0,4}", 1}, /* one zero, and two */
    {"ReduceL1", 13, "axes=[0,2]", "2x3x4", 1},
    {"ReduceL1", 18, "", "2x3x4", 1},
    {"ReduceL2", 13, "axes=[1] keepdims=0", "2x3x4x5", 1},
    {"ReduceL2", 18, "", "2x3x4; i{-1}", 1},
    {"ReduceSumSquare", 13, "axes=[1,2]", "2x3x4", 1},
    {"ReduceSumSquare", 18, "keepdims=0", "2x3x4; i{0}", 1},
    {"ReduceLogSum", 13, "axes=[1]", "2x3x4@0.2:2", 1},
    {"ReduceLogSumExp", 13, "axes=[1]", "2x3x4@-3:3", 1},
    {"ReduceLogSumExp", 18, "keepdims=0", "2x3x4@-3:3; i{0,2}", 1},

    {"Softmax", 13, "", "2x3x5@-3:3", 1},
    {"Softmax", 13, "axis=1", "2x3x5@-3:3", 1},
    {"Softmax", 13, "axis=0", "4x3@-3:3", 1},
    {"Softmax", 11, "", "2x3x5@-3:3", 1},
    {"Softmax", 11, "axis=2", "2x3x5@-3:3", 1},
    {"LogSoftmax", 13, "", "2x3x5@-3:3", 1},
    {"LogSoftmax", 13, "axis=-2", "2x3x5@-3:3", 1},
    {"LogSoftmax", 11, "", "2x3x5@-3:3", 1},

    {"MeanVarianceNormalization", 13, "", "1x3x4x2", 1},
    {"MeanVarianceNormalization", 9, "axes=[1,-1]", "2x3x5", 1},
    {"LpNormalization", 1, "", "2x3x5", 1},
    {"LpNormalization", 1, "axis=1 p=1", "2x3x5", 1},
    {"LpNormalization", 22, "axis=0", "2x3@0.5:2", 1},
    {"CumSum", 14, "", "2x3x4; is{1}", 1},
    {"CumSum", 11, "exclusive=1", "2x5; i{-1}", 1},
    {"CumSum", 14, "reverse=1", "5x2; is{0}", 1},
    {"CumSum", 14, "exclusive=1 reverse=1", "2x5; is{1}", 1},

    {"Resize", 13, "", "1x2x3x4; -; !{1,1,2,2}", 1},
    {"Resize", 13, "nearest_mode='round_prefer_ceil'", "1x2x4x4; -; !{1,1,0.6,1.7}", 1},
    {"Resize", 13, "nearest_mode='floor' coordinate_transformation_mode='asymmetric'",
     "1x2x3x4; -; -; i{1,2,7,3}", 1},
    {"Resize", 13, "nearest_mode='ceil' coordinate_transformation_mode='align_corners'",
     "2x2x3x4; -; -; i{0,2,5,6}", 1},
    {"Resize", 13, "coordinate_transformation_mode='tf_half_pixel_for_nn'", "1x2x3x4; -; -; i{1,2,2,6}", 1},
    {"Resize", 13, "mode='linear'", "2x2x3x4; -; !{1,1,2,2}", 1},
    {"Resize", 13, "mode='linear'", "1x2x5x6; -; -; i{1,2,3,4}", 1},
    {"Resize", 13, "mode='linear' coordinate_transformation_mode='align_corners'",
     "1x2x3x4; -; -; i{1,2,5,9}", 1},
    {"Resize", 11, "mode='linear' coordinate_transformation_mode='pytorch_half_pixel'",
     "1x2x3x4; !{}; !{}; i{1,2,1,6}", 1},
    {"Resize", 11, "mode='linear' coordinate_transformation_mode='asymmetric'",
     "1x2x3x4; !{}; !{1,1,1.5,0.5}", 1},
    {"Resize", 19, "mode='linear' coordinate_transformation_mode='half_pixel_symmetric'",
     "1x2x3x4; -; !{1,1,1.5,2.3}", 1},
    {"Resize", 13, "mode='linear' coordinate_transformation_mode='tf_half_pixel_for_nn'",
     "1x2x3x4; -; !{1,1,1,2}", 1},
    {"Resize", 13, "mode='linear'", "2x3x2; -; !{2,1.5,2.5}", 1}, /* every axis, three passes */
    {"Resize", 18, "mode='linear' axes=[3,-2]", "1x2x3x4; -; -; i{6,5}", 1},
    {"Resize", 10, "mode='linear'", "1x2x3x4; !{1,1,2,2}", 1},
    {"Resize", 13, "", "1x2x3x4; -; !{1,1,1,1}", 1}, /* nothing to do */
    {"Resize", 13, "mode='cubic'", "1x2x5x6; -; -; i{1,2,8,4}", 1},
    {"Resize", 13, "mode='cubic' cubic_coeff_a=-0.5 exclude_outside=1", "1x2x4x5; -; !{1,1,0.6,2.2}", 1},
    {"Resize", 13, "mode='cubic' coordinate_transformation_mode='align_corners'", "1x2x4x5; -; -; i{1,2,7,3}",
     1},
    {"Resize", 13,
     "mode='linear' coordinate_transformation_mode='tf_crop_and_resize' extrapolation_value=2.5",
     "1x2x4x5; !{0,0,0.2,-0.4,1,1,0.9,1.3}; -; i{1,2,5,6}", 1},
    {"Resize", 13, "coordinate_transformation_mode='tf_crop_and_resize'",
     "1x2x4x5; !{0,0,0.9,0.1,1,1,0.1,1}; -; i{1,2,3,1}", 1},
    {"Resize", 18, "mode='linear' antialias=1", "1x2x7x6; -; -; i{1,2,3,2}", 1},
    {"Resize", 18, "mode='cubic' antialias=1 exclude_outside=1", "1x2x9x6; -; -; i{1,2,3,7}", 1},
    {"Resize", 18, "mode='linear' axes=[2,3] keep_aspect_ratio_policy='not_larger'", "1x2x4x6; -; -; i{9,9}",
     1},
    {"Resize", 18, "mode='linear' axes=[3,2] keep_aspect_ratio_policy='not_smaller'", "1x2x4x6; -; -; i{9,9}",
     1},
    {"Upsample", 9, "", "1x2x3x4; !{1,1,2,3}", 1},
    {"Upsample", 7, "mode='linear' scales=[1.0,1.0,2.0,2.0]", "1x2x3x4", 1},

    {"Transpose", 13, "", "2x3x4", 1},
    {"Transpose", 13, "perm=[0,2,1,3]", "2x3x4x2", 1},
    {"Transpose", 13, "perm=[3,1,0,2]", "2x3x4x2", 1},
    {"Concat", 13, "axis=1", "2x3x4; 2x1x4; 2x2x4", 1},
    {"Concat", 13, "axis=-1", "2x3; 2x4", 1},
    {"Split", 13, "axis=1", "2x5x3; i{2,3}", 2},
    {"Split", 11, "axis=-1 split=[1,2,1]", "2x3x4", 3},
    {"Split", 11, "", "4x3", 2},
    {"Slice", 13, "", "4x5x3; i{1,0}; i{3,4}; i{1,2}; i{1,2}", 1},
    {"Slice", 13, "", "4x6; i{-1,5}; i{-100,0}; i{0,1}; i{-1,-2}", 1},
    {"Slice", 9, "starts=[1,1] ends=[3,1000]", "4x5", 1},
    {"Pad", 13, "", "2x3; i{1,0,0,2}", 1},
    {"Pad", 13, "", "2x3x4; i{0,1,-1,0,0,2}; !s{0.5}", 1},
    {"Pad", 7, "pads=[1,-1,0,1] value=0.5", "3x4", 1},
    {"Pad", 13, "mode='reflect'", "2x3x4x5; i{0,0,2,1,0,0,3,4}", 1},
    {"Pad", 13, "mode='edge'", "1x2x3x2; i{0,0,1,4,0,0,2,0}", 1},
    {"Pad", 19, "mode='wrap'", "1x2x3x4; i{0,0,2,0,0,0,3,4}", 1},
    {"Pad", 13, "mode='reflect'", "2x5x4; i{0,-1,2,0,-2,-1}", 1},
    {"Pad", 18, "mode='reflect'", "2x3x4; i{2,1}; -; i{-1}", 1},
    {"Pad", 2, "mode='edge' pads=[1,0,0,2]", "2x3", 1},
    {"DepthToSpace", 13, "blocksize=2", "2x8x2x3", 1},
    {"DepthToSpace", 13, "blocksize=3 mode='CRD'", "1x18x2x2", 1},
    {"SpaceToDepth", 13, "blocksize=2", "2x3x4x6", 1},
    {"MaxUnpool", 11, "kernel_shape=[2,2] strides=[2,2]", "1x2x2x2; i1x2x2x2{0,3,8,15,16,18,30,29}", 1},
    {"MaxUnpool", 11, "kernel_shape=[2,2] strides=[2,2]", "1x1x2x2; i1x1x2x2{5,7,13,15}; i{1,1,5,3}", 1},
    {"MaxUnpool", 11, "kernel_shape=[3] strides=[2] pads=[1,0]", "1x1x3; i1x1x3{4,-1,4}", 1},
    {"LRN", 13, "size=3 alpha=0.5 beta=0.6 bias=1.5", "2x5x2x3", 1},
    {"LRN", 13, "size=4 alpha=2.0", "1x6x3", 1},
    {"LRN", 1, "size=9 alpha=1.0", "2x3", 1},
    {"GridSample", 16, "", "2x3x4x5; 2x3x2x2@-1.3:1.3", 1},
    {"GridSample", 16, "align_corners=1 padding_mode='border'", "2x2x4x5; 2x3x2x2@-1.5:1.5", 1},
    {"GridSample", 16, "padding_mode='reflection'", "1x2x4x5; 1x4x3x2@-2.5:2.5", 1},
    {"GridSample", 16, "padding_mode='reflection' align_corners=1", "1x2x3x4; 1x4x3x2@-2.5:2.5", 1},
    {"GridSample", 16, "mode='nearest'", "2x2x4x5; 1x3x2x2@-1.3:1.3", 1}, /* one grid for all */
    {"GridSample", 16, "mode='bicubic'", "1x2x4x5; 1x4x3x2@-1.3:1.3", 1},
    {"GridSample", 16, "mode='bicubic' padding_mode='border'", "1x2x4x5; 1x4x3x2@-1.3:1.3", 1},
    {"GridSample", 20, "mode='cubic' padding_mode='reflection' align_corners=1", "2x2x4x5; 1x4x3x2@-1.6:1.6",
     1},
    {"Gather", 13, "axis=1", "3x4x2; i{0,3,0,-1}", 1},
    {"Gather", 13, "", "4x3; i2x2{3,1,1,0}", 1},
    {"Gather", 13, "axis=-1", "2x3; is{1}", 1},
    {"Expand", 13, "", "3x1; i{2,1,4}", 1},
    {"Expand", 13, "", "2x3; i{1,1}", 1},

    {"Tile", 13, "", "2x3; i{2,3}", 1},
    {"Tile", 6, "", "2x1x3; i{1,4,2}", 1},
    {"Trilu", 14, "", "2x3x4", 1},
    {"Trilu", 14, "upper=0", "3x4; is{1}", 1},
    {"Trilu", 14, "", "4x3; is{-2}", 1},
    {"Compress", 11, "axis=1", "2x5x2; i{1,0,1,1}", 1},
    {"Compress", 11, "", "2x3; i{0,1,1,0,1}", 1},
    {"ReverseSequence", 10, "batch_axis=0 time_axis=1", "2x4x3; i{3,0}", 1},
    {"ReverseSequence", 10, "", "4x3; i{1,2,4}", 1},
    {"TopK", 11, "axis=1", "2x5x3; i{2}", 2},
    {"TopK", 11, "largest=0 axis=0", "5x2; i{3}", 1},
    {"TopK", 1, "k=2", "3x4", 2},
    {"GatherElements", 13, "axis=1", "2x4x3; i2x2x3{0,3,-1,1,1,1,2,2,0,3,-4,0}", 1},
    {"GatherND", 13, "", "3x4x2; i2x2{0,3,-1,1}", 1},
    {"GatherND", 12, "batch_dims=1", "2x3x4; i2x2x1{0,2,1,1}", 1},
    {"GatherND", 13, "", "3x4; i2x1x1{2,2}", 1},
    {"Scatter", 9, "axis=1", "2x4; i2x2{0,3,1,1}; 2x2", 1},
    {"ScatterElements", 18, "", "4x3; i2x3{0,1,-1,2,1,0}; 2x3", 1},
    {"ScatterElements", 18, "axis=1 reduction='add'", "2x4; i2x3{0,0,1,3,3,3}; 2x3", 1},
    {"ScatterElements", 18, "axis=1 reduction='mul'", "2x4; i2x3{0,0,1,3,3,3}; 2x3", 1},
    {"ScatterElements", 18, "axis=1 reduction='max'", "2x4; i2x3{0,0,1,3,3,3}; 2x3@-0.9:0.9", 1},
    {"ScatterElements", 18, "axis=1 reduction='min'", "2x4; i2x3{0,0,1,3,3,3}; 2x3@-0.9:0.9", 1},
    {"ScatterND", 13, "", "4x3; i3x1{0,-1,0}; 3x3", 1},
    {"ScatterND", 16, "reduction='mul'", "4x3x2; i3x2{0,1,3,2,0,1}; 3x2", 1},
    {"Reshape", 13, "", "2x3x4; i{0,-1}", 1},
    {"Flatten", 13, "", "2x3x4", 1},
    {"Flatten", 13, "axis=-1", "2x3x4", 1},
    {"Squeeze", 13, "", "1x3x1; i{0}", 1},
    {"Squeeze", 11, "axes=[2]", "1x3x1", 1},
    {"Unsqueeze", 13, "", "3x4; i{0,-1}", 1},
    {"Unsqueeze", 11, "axes=[1]", "3x4", 1},
};

static bool has_gradient(const struct op *op)
{
    return op->kernels[ELEMENT_DOUBLE].backward != NULL;
}

static void test_every_operator_has_a_case(void **state)
{
    (void)state;
    for (int i = 0; operator_at(i) != NULL; i++) {
        bool found = !has_gradient(operator_at(i));

        for (size_t c = 0; !found && c < COUNT(gradient_cases); c++)
            found = strcmp(gradient_cases[c].op, operator_at(i)->name) == 0;
        if (!found)
            fail_msg("operator %s has a gradient that no case checks", operator_at(i)->name);
        /* Float and double come together. */
        assert_int_equal(operator_at(i)->kernels[ELEMENT_FLOAT].forward == NULL,
                         operator_at(i)->kernels[ELEMENT_DOUBLE].forward == NULL);
        assert_int_equal(operator_at(i)->kernels[ELEMENT_FLOAT].backward == NULL,
                         !has_gradient(operator_at(i)));
    }
}

/* --- gradients ------------------------------------------------------------------------------------------ */

/* What is differentiated: the sum of all real outputs, each element times its random gradient. */
static double objective(const struct operator_case *tested)
{
    double sum = 0;

    case_forward(tested);
    for (int i = 0; i < tested->output_count; i++) {
        for (int64_t k = 0;
             tested->output_gradients[i].data != NULL && k < operand_count(&tested->outputs[i]); k++)
            sum += operand_get(&tested->outputs[i], k) * operand_get(&tested->output_gradients[i], k);
    }
    return sum;
}

static double largest(const struct operand *operand)
{
    double most = 0;

    for (int64_t k = 0; k < operand_count(operand); k++)
        most = fmax(most, fabs(operand_get(operand, k)));
    return most;
}

static double difference(const struct operator_case *tested, int input, int64_t k)
{
    const struct operand *operand = &tested->inputs[input];
    const double before = operand_get(operand, k), step = 1e-5;
    double above, below;

    operand_set(operand, k, before + step);
    above = objective(tested);
    operand_set(operand, k, before - step);
    below = objective(tested);
    operand_set(operand, k, before);
    return (above - below) / (2 * step);
}

static void check_differences(const struct case_line *given, const struct operator_case *tested)
{
    for (int i = 0; i < tested->input_count; i++) {
        const struct operand *gradient = &tested->input_gradients[i];
        const double scale = gradient->data == NULL ? 0 : fmax(largest(gradient), 0.1);

        for (int64_t k = 0; gradient->data != NULL && k < operand_count(gradient); k++) {
            const double expected = difference(tested, i, k), got = operand_get(gradient, k);

            if (!(fabs(got - expected) <= 1e-6 * scale))
                fail_msg("%s (%s | %s): gradient of input %d, element %lld is %.12g, by differences %.12g",
                         given->op, given->attributes, given->inputs, i, (long long)k, got, expected);
        }
    }
}

static void test_gradients(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(gradient_cases); c++) {
        struct operator_case *tested = case_start(&gradient_cases[c], ELEMENT_DOUBLE, KERNEL_AUTO);

        case_forward(tested);
        case_backward(tested, tested->output_gradients, tested->input_gradients);
        check_differences(&gradient_cases[c], tested);
        case_free(tested);
    }
}

/* A copy of the input gradients as they stand. */
static void keep_gradients(struct operator_case *tested, struct operand kept[CASE_OPERANDS])
{
    memcpy(kept, tested->input_gradients, sizeof(tested->input_gradients));
    for (int i = 0; i < tested->input_count; i++) {
        if (kept[i].data == NULL)
            continue;
        kept[i] = case_memory(tested, kept[i].type, &kept[i].shape);
        for (int64_t k = 0; k < operand_count(&kept[i]); k++)
            operand_set(&kept[i], k, operand_get(&tested->input_gradients[i], k));
    }
}

static void check_gradients(const struct case_line *given, const struct operator_case *tested,
                            const struct operand *wanted, double offset, double tolerance, const char *what)
{
    for (int i = 0; i < tested->input_count; i++) {
        const struct operand *gradient = &tested->input_gradients[i];
        const double scale = gradient->data == NULL ? 0 : fmax(largest(gradient), 1);

        for (int64_t k = 0; gradient->data != NULL && k < operand_count(gradient); k++) {
            const double got = operand_get(gradient, k);
            const double expected = (wanted == NULL ? 0 : operand_get(&wanted[i], k)) + offset;

            if (!(fabs(got - expected) <= tolerance * scale))
                fail_msg("%s (%s | %s): %s: gradient of input %d, element %lld is %.12g, wanted %.12g",
                         given->op, given->attributes, given->inputs, what, i, (long long)k, got, expected);
        }
    }
}

/* Kernels add to what stands in the input gradients; without a gradient from above they add nothing; inputs
 * whose gradient nobody wants change nothing for the others. */
static void check_adding(const struct case_line *given, enum element_type real, double tolerance)
{
    struct operator_case *tested = case_start(given, real, KERNEL_AUTO);
    struct operand alone[CASE_OPERANDS], kept[CASE_OPERANDS], none[CASE_OPERANDS];

    case_forward(tested);
    case_backward(tested, tested->output_gradients, tested->input_gradients);
    keep_gradients(tested, kept);
    case_fill_gradients(tested, 1);
    case_backward(tested, tested->output_gradients, tested->input_gradients);
    check_gradients(given, tested, kept, 1, tolerance, "starting from ones");

    memcpy(none, tested->output_gradients, sizeof(none));
    for (int i = 0; i < tested->output_count; i++)
        none[i].data = NULL;
    case_fill_gradients(tested, 1);
    case_backward(tested, none, tested->input_gradients);
    check_gradients(given, tested, NULL, 1, 0, "without a gradient from above");

    case_fill_gradients(tested, 0);
    for (int i = 0; i < tested->input_count; i++) {
        memcpy(alone, tested->input_gradients, sizeof(alone));
        for (int j = 0; j < tested->input_count; j++)
            alone[j].data = j == i ? alone[j].data : NULL;
        case_backward(tested, tested->output_gradients, alone);
    }
    check_gradients(given, tested, kept, 0, tolerance, "one input at a time");
    case_free(tested);
}

static void test_gradients_are_added(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(gradient_cases); c++) {
        check_adding(&gradient_cases[c], ELEMENT_DOUBLE, 1e-14);
        check_adding(&gradient_cases[c], ELEMENT_FLOAT, 2e-6);
    }
}

/* Split's second output alone, and so on: outputs that get no gradient count as zero. */
static void test_gradients_from_some_outputs(void **state)
{
    static const struct case_line split = {"Split", 13, "axis=1", "2x5x3; i{2,3}", 2};
    struct operator_case *tested = case_start(&split, ELEMENT_DOUBLE, KERNEL_AUTO);
    struct operand from[CASE_OPERANDS];

    (void)state;
    memcpy(from, tested->output_gradients, sizeof(from));
    from[0].data = NULL;
    case_forward(tested);
    case_backward(tested, from, tested->input_gradients);
    for (int64_t n = 0; n < 2; n++) {
        for (int64_t k = 0; k < 15; k++) {
            double wanted = k < 6 ? 0 : operand_get(&from[1], n * 9 + k - 6);

            assert_true(operand_get(&tested->input_gradients[0], n * 15 + k) == wanted);
        }
    }
    case_free(tested);
}

/* --- float against double ------------------------------------------------------------------------------- */

static void check_float(const struct case_line *given, enum kernel_choice choice)
{
    struct operator_case *wanted = case_start(given, ELEMENT_DOUBLE, choice);
    struct operator_case *tested = case_start(given, ELEMENT_FLOAT, choice);

    case_forward(wanted);
    case_forward(tested);
    for (int i = 0; i < tested->output_count; i++) {
        const double tolerance =
            operand_is_real(&tested->outputs[i]) ? 4e-7 * fmax(largest(&wanted->outputs[i]), 1) : 0;

        for (int64_t k = 0; k < operand_count(&tested->outputs[i]); k++) {
            const double got = operand_get(&tested->outputs[i], k),
                         expected = operand_get(&wanted->outputs[i], k);

            if (!(fabs(got - expected) <= tolerance))
                fail_msg("%s (%s | %s): output %d, element %lld is %.9g in float, %.9g in double", given->op,
                         given->attributes, given->inputs, i, (long long)k, got, expected);
        }
    }
    case_backward(wanted, wanted->output_gradients, wanted->input_gradients);
    case_backward(tested, tested->output_gradients, tested->input_gradients);
    check_gradients(given, tested, wanted->input_gradients, 0, 2e-6, "float against double");
    case_free(tested);
    case_free(wanted);
}

static void test_float_is_like_double(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(gradient_cases); c++) {
        check_float(&gradient_cases[c], KERNEL_AUTO);
        check_float(&gradient_cases[c], KERNEL_REFERENCE);
    }
}

/* --- memory --------------------------------------------------------------------------------------------- */

static void test_preparing_without_memory(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(gradient_cases); c++) {
        const struct case_line *given = &gradient_cases[c];
        struct operator_case *tested =
            case_new(given->op, given->attributes, given->inputs, given->outputs, ELEMENT_FLOAT);
        status code = STATUS_MEMORY;

        for (long nth = 1; code != STATUS_OK; nth++) {
            struct arena *arena;
            struct error error = {0};

            assert_true(nth < 100);
            mem_fail_at(nth);
            arena = arena_new();
            code = arena == NULL ? STATUS_MEMORY
                                 : case_prepare(tested, given->opset, KERNEL_AUTO, arena, &error);
            mem_fail_at(0);
            if (arena != NULL && code != STATUS_OK && (code != STATUS_MEMORY || error.code != STATUS_MEMORY))
                fail_msg("%s (%s): status %d, \"%s\"", given->op, given->attributes, code, error.message);
            if (arena != NULL)
                arena_free(arena);
        }
        case_free(tested);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operator_has_a_case), cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_gradients_are_added),       cmocka_unit_test(test_gradients_from_some_outputs),
        cmocka_unit_test(test_float_is_like_double),      cmocka_unit_test(test_preparing_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
