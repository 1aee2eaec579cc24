/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators by themselves: known values, corners, integers at the end of their range, and what is refused.
 * See operator_case.h for how cases are written. */
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

/* --- known values --------------------------------------------------------------------------------------- */

static const struct value_case {
    const char *op;
    int opset;
    const char *attributes, *inputs, *outputs;
} value_cases[] = {
    {"Relu", 14, "", "{-1,-0.0,0,2,nan}", "{0,0,0,2,nan}"},
    {"Relu", 14, "", "i{-3,0,4}", "i{0,0,4}"},
    {"Clip", 6, "min=-1.0 max=2.0", "{-3,-1,0.5,2,7}", "{-1,-1,0.5,2,2}"},
    {"Clip", 11, "", "{-3,-1,0.5,2,7}; -; !s{2}", "{-3,-1,0.5,2,2}"},
    {"Clip", 12, "", "{-3,0.5,7}; !s{4}; !s{2}", "{2,2,2}"}, /* max wins */
    {"Clip", 12, "", "{-3,0.5,nan}", "{-3,0.5,nan}"},
    {"Clip", 12, "", "i{-3,5,9}; is{0}; is{6}", "i{0,5,6}"},
    {"LeakyRelu", 6, "", "{-2,0,2}", "{-0.02,0,2}"},
    {"Elu", 6, "", "{-1,0,2}", "{-0.6321205588285577,0,2}"},
    {"Sigmoid", 13, "", "{-1000,0,1000}", "{0,0.5,1}"},
    {"HardSigmoid", 6, "", "{-9,-1,0,1,9}", "{0,0.3,0.5,0.7,1}"},
    {"HardSwish", 14, "", "{-4,-3,-1,0,1,3,4}", "{0,0,-0.33333333333333331,0,0.66666666666666663,3,4}"},
    {"Selu", 6, "", "{-2,0,1.5}", "{-1.5201664733475926,0,1.5760515332221985}"},
    {"Celu", 12, "alpha=0.5", "{-2,0,1.5}", "{-0.49084218055563289,0,1.5}"},
    {"ThresholdedRelu", 10, "", "{-2,1,1.5}", "{0,0,1.5}"},
    {"ThresholdedRelu", 10, "alpha=-0.5", "{-2,-0.25,1.5,nan}", "{0,-0.25,1.5,nan}"},
    {"Swish", 24, "", "{-1000,-2,0,1.5}", "{0,-0.23840584404423509,0,1.2263617142904655}"},
    {"Swish", 24, "alpha=1.702", "{-2,0,1.5}", "{-0.06434137685579186,0,1.3916621984470765}"},
    {"Mish", 18, "", "{-1000,-2,0,1.5,1000}", "{0,-0.25250148269570888,0,1.4033782663958028,1000}"},
    {"Gelu", 20, "", "{-1000,-2,0,1.5,1000}", "{0,-0.045500263896358417,0,1.399789198096713,1000}"},
    {"Gelu", 20, "approximate='tanh'", "{-1000,-2,0,1.5,1000}",
     "{0,-0.045402305912224938,0,1.3995715769802328,1000}"},
    {"Softplus", 1, "", "{-1000,-2,0,1.5,1000}",
     "{0,0.12692801104297249,0.69314718055994529,1.7014132779827524,1000}"},
    {"Softsign", 1, "", "{-2,0,1.5}", "{-0.66666666666666663,0,0.6}"},
    {"Erf", 13, "", "{-2,0,1.5}", "{-0.99532226501895271,0,0.96610514647531076}"},
    {"Log", 13, "", "{0,0.5,1,8}", "{-inf,-0.69314718055994529,0,2.0794415416798357}"},
    {"Reciprocal", 13, "", "{-2,0,4}", "{-0.5,inf,0.25}"},
    {"Floor", 13, "", "{-1.5,-0.5,0.5,2}", "{-2,-1,0,2}"},
    {"Ceil", 13, "", "{-1.5,-0.5,0.5,2}", "{-1,0,1,2}"},
    {"Neg", 13, "", "i{-2,0,3}", "i{2,0,-3}"},
    {"Abs", 13, "", "i{-2,0,3}", "i{2,0,3}"},

    {"Add", 14, "", "i2x1{1,2}; i{10,20,30}", "i2x3{11,21,31,12,22,32}"},
    {"Sub", 14, "", "i{5,7}; is{10}", "i{-5,-3}"},
    {"Mul", 14, "", "i{5,7}; i{-2,3}", "i{-10,21}"},
    {"Div", 14, "", "i{7,-7,5}; i{2,2,0}", "i{3,-3,0}"},
    {"Div", 14, "", "{1,-1}; {0,0}", "{inf,-inf}"},
    {"Pow", 15, "", "i{2,-2,2,0,1}; i{10,3,-1,0,-5}", "i{1024,-8,0,1,1}"},
    {"Pow", 15, "", "i{4,9,2}; {0.5,0.5,-1}", "i{2,3,0}"},
    {"Pow", 15, "", "{2,-2,0}; i{3,2,0}", "{8,4,1}"},
    {"Min", 13, "", "i{1,5}; i{3,2}", "i{1,2}"},
    {"Max", 13, "", "i{1,5}; i{3,2}", "i{3,5}"},
    {"PRelu", 9, "", "2x2{-2,4,-6,8}; {0.5,0.25}", "2x2{-1,4,-3,8}"},
    {"Sum", 13, "", "{1,2}; 2x1{10,20}; s{100}", "2x2{111,112,121,122}"},
    {"Add", 14, "", "2x0; 1", "2x0{}"},

    {"Identity", 16, "", "i{1,2}", "i{1,2}"},
    {"Dropout", 13, "", "{1,2}; !s{0.5}; is{0}", "{1,2}; i{1,1}"},
    {"Cast", 13, "to=7", "{-1.9,-0.5,0.5,1.9,nan,1e30,-1e30}",
     "i{-1,0,0,1,0,9223372036854775807,-9223372036854775808}"},
    {"Cast", 13, "to=9", "{-1.9,0.5,0}", "i{1,1,0}"},
    {"Cast", 13, "to=9", "i{-7,0,1}", "i{1,0,1}"},
    {"Cast", 13, "to=2", "i{300,-1,255}", "i{44,255,255}"},
    {"Cast", 13, "to=3", "i{300,-1,200}", "i{44,-1,-56}"},
    {"Cast", 13, "to=6", "i{4294967297,-1}", "i{1,-1}"},
    {"Cast", 13, "to=1", "i{300,-1}", "{300,-1}"},

    {"ReduceMean", 13, "axes=[1]", "2x2{1,3,5,9}", "2x1{2,7}"},
    {"ReduceMean", 18, "keepdims=0", "2x2{1,3,5,9}; i{0}", "{3,6}"},
    {"ReduceMean", 18, "noop_with_empty_axes=1", "2x2{1,3,5,9}", "2x2{1,3,5,9}"},
    {"ReduceMean", 18, "keepdims=0", "2x2{1,3,5,9}", "s{4.5}"},
    {"ReduceMean", 13, "", "i{1,2,4}", "i{2}"},
    {"ReduceSum", 13, "keepdims=0", "i2x2{1,3,5,9}; i{-1}", "i{4,14}"},
    {"ReduceMax", 13, "axes=[0]", "2x2{1,9,5,3}", "1x2{5,9}"},
    {"ReduceMax", 13, "axes=[0] keepdims=0", "i2x2{1,9,5,3}", "i{5,9}"},

    {"ReduceMin", 18, "", "2x2{1,9,5,3}; i{-2}", "1x2{1,3}"},
    {"ReduceMin", 18, "keepdims=0", "i2x2{1,9,5,3}", "is{1}"},
    {"ReduceMin", 18, "", "{nan,1}", "{nan}"},
    {"ReduceMin", 18, "", "{1,nan}", "{nan}"},
    {"ReduceMax", 18, "", "{1,nan}", "{nan}"},
    {"ReduceMax", 18, "", "{nan,1}", "{nan}"},
    {"ReduceProd", 18, "", "2x2{1,9,5,-3}; i{1}", "2x1{9,-15}"},
    {"ReduceProd", 13, "axes=[1] keepdims=0", "i2x2{1,9,5,-3}", "i{9,-15}"},
    {"ReduceL1", 18, "", "2x2{1,-9,5,-3}; i{1}", "2x1{10,8}"},
    {"ReduceL1", 13, "axes=[-1]", "i2x2{1,-9,5,-3}", "i2x1{10,8}"},
    {"ReduceL2", 18, "", "2x2{3,-4,5,12}; i{1}", "2x1{5,13}"},
    {"ReduceSumSquare", 18, "keepdims=0", "2x2{3,-4,5,12}; i{1}", "{25,169}"},
    {"ReduceSumSquare", 13, "axes=[0]", "i2x2{3,-4,5,12}", "i1x2{34,160}"},
    {"ReduceLogSum", 18, "", "{1,3}", "{1.3862943611198906}"},
    {"ReduceLogSumExp", 18, "", "{1000,1000}", "{1000.6931471805599}"},
    {"ReduceLogSumExp", 18, "", "{-inf,-inf}", "{-inf}"},
    {"ReduceLogSumExp", 18, "", "{inf,0}", "{inf}"},
    {"CumSum", 14, "", "i2x3{1,2,3,4,5,6}; is{1}", "i2x3{1,3,6,4,9,15}"},
    {"CumSum", 14, "exclusive=1", "2x3{1,2,3,4,5,6}; is{0}", "2x3{0,0,0,1,2,3}"},
    {"CumSum", 14, "reverse=1", "{1,2,3}; i{-1}", "{6,5,3}"},
    {"CumSum", 14, "exclusive=1 reverse=1", "i{1,2,3}; i{0}", "i{5,3,0}"},
    {"Mean", 13, "", "{1,2}; 2x1{10,20}; s{100}",
     "2x2{37,37.333333333333336,40.333333333333336,40.666666666666664}"},

    {"LayerNormalization", 17, "epsilon=0.0", "2x2{1,3,10,2}; {2,1}; {0,5}",
     "2x2{-2,6,2,4}; 2x1{2,6}; 2x1{1,0.25}"},
    {"LayerNormalization", 17, "epsilon=0.0", "{3,3}; {2,1}; {0,5}", "{0,5}"},
    {"LayerNormalization", 17, "epsilon=0.0", "{nan,3}; {2,1}; {0,5}", "{nan,nan}"},
    {"LayerNormalization", 17, "axis=0 epsilon=0.0", "2x2{1,1,3,3}; s{2}", "2x2{-2,-2,2,2}"},
    {"RMSNormalization", 23, "epsilon=0.0", "2x2{7,-1,1,7}; {1,10}", "2x2{1.4,-2,0.2,14}"},
    {"SimplifiedLayerNormalization", 17, "epsilon=0.0", "{3,3}; {1,10}", "{1,10}; {0.33333333333333331}"},
    {"InstanceNormalization", 6, "epsilon=0.0", "1x2x2{1,3,10,2}; {2,1}; {0,5}", "1x2x2{-2,2,6,4}"},
    {"GroupNormalization", 18, "epsilon=0.0 num_groups=2", "1x4x1{1,3,10,2}; {2,1}; {0,5}",
     "1x4x1{-2,2,6,4}"},
    {"GroupNormalization", 21, "epsilon=0.0 num_groups=2", "1x4x1{1,3,10,2}; {2,1,1,3}; {0,5,0,1}",
     "1x4x1{-2,6,1,-2}"},
    {"MeanVarianceNormalization", 13, "axes=[1]", "2x2{1,3,5,5}", "2x2{-0.999999999,0.999999999,0,0}"},
    {"LpNormalization", 1, "", "2x2{3,-4,0,0}", "2x2{0.6,-0.8,0,0}"},
    {"LpNormalization", 1, "axis=0 p=1", "2x2{3,-4,1,4}", "2x2{0.75,-0.5,0.25,0.5}"},
    {"Hardmax", 13, "", "2x3{1,5,5,0,-1,-2}", "2x3{0,1,0,1,0,0}"},
    {"Hardmax", 11, "", "1x2x2{1,2,3,0}", "1x2x2{0,0,1,0}"},

    {"Equal", 13, "", "{1,nan,3}; 2x1{1,3}", "i2x3{1,0,0,0,0,1}"},
    {"Equal", 7, "", "i{1,2}; is{2}", "i{0,1}"},
    {"Greater", 13, "", "{1,nan,3}; s{2}", "i{0,0,1}"},
    {"GreaterOrEqual", 16, "", "i{1,2,3}; is{2}", "i{0,1,1}"},
    {"Less", 13, "", "{1,nan,3}; s{2}", "i{1,0,0}"},
    {"LessOrEqual", 16, "", "{1,2,3}; s{2}", "i{1,1,0}"},
    {"And", 7, "", "i{0,0,1,2}; i{0,1,0,4}", "i{0,0,0,1}"},
    {"Or", 7, "", "i{0,0,1,2}; i{0,1,0,4}", "i{0,1,1,1}"},
    {"Xor", 7, "", "i{0,0,1,2}; i{0,1,0,4}", "i{0,1,1,0}"},
    {"Not", 1, "", "i{0,1,2}", "i{1,0,0}"},
    {"IsNaN", 13, "", "{nan,inf,0}", "i{1,0,0}"},
    {"IsInf", 10, "", "{nan,inf,-inf,0}", "i{0,1,1,0}"},
    {"IsInf", 10, "detect_negative=0", "{inf,-inf}", "i{1,0}"},
    {"IsInf", 10, "detect_positive=0", "{inf,-inf}", "i{0,1}"},
    {"Where", 16, "", "i2x1{1,0}; {1,2}; s{9}", "2x2{1,2,9,9}"},
    {"Where", 16, "", "i{1,0,7}; i{1,2,3}; is{-1}", "i{1,-1,3}"},
    {"Where", 16, "", "i{0,0}; {nan,inf}; {1,2}", "{1,2}"},
    {"Mod", 13, "", "i{-7,7,-7,7,5}; i{3,-3,-3,3,0}", "i{2,-2,-1,1,0}"},
    {"Mod", 13, "fmod=1", "i{-7,7,-7,7,5}; i{3,-3,-3,3,0}", "i{-1,1,-1,1,0}"},
    {"Mod", 13, "fmod=1", "{-7,7.5}; s{2}", "{-1,1.5}"},
    {"Min", 13, "", "i{1,5}; i{3,2}; is{2}", "i{1,2}"},
    {"Max", 13, "", "i{1,5}", "i{1,5}"},
    {"Max", 13, "", "{1,5}; 2x1{3,2}; s{2}", "2x2{3,5,2,5}"},
    {"Sum", 13, "", "i{1,2}; i2x1{10,20}; is{100}", "i2x2{111,112,121,122}"},
    {"Round", 11, "", "{0.5,1.5,2.5,-0.5,-1.5,2.4,2.6}", "{0,2,2,0,-2,2,3}"},
    {"Sign", 13, "", "{-2,0,3,nan}", "{-1,0,1,nan}"},
    {"Sign", 13, "", "i{-2,0,3}", "i{-1,0,1}"},

    {"Tile", 13, "", "2x2{1,2,3,4}; i{1,2}", "2x4{1,2,1,2,3,4,3,4}"},
    {"Tile", 13, "", "i{1,2}; i{3}", "i{1,2,1,2,1,2}"},
    {"Tile", 13, "", "{1,2}; i{0}", "{}"},
    {"Compress", 11, "axis=0", "3x2{1,2,3,4,5,6}; i{0,1,1}", "2x2{3,4,5,6}"},
    {"Compress", 11, "", "i2x2{1,2,3,4}; i{1,0,1}", "i{1,3}"},
    {"Compress", 11, "", "{1,2}; i{0,0}", "{}"},
    {"ReverseSequence", 10, "batch_axis=0 time_axis=1", "2x3{1,2,3,4,5,6}; i{2,3}", "2x3{2,1,3,6,5,4}"},
    {"Trilu", 14, "", "i2x3{1,2,3,4,5,6}; is{1}", "i2x3{0,2,3,0,0,6}"},
    {"Trilu", 14, "upper=0", "2x2{1,nan,3,4}", "2x2{1,0,3,4}"},
    {"TopK", 11, "", "{3,nan,1,3}; i{3}", "{nan,3,3}; i{1,0,3}"},
    {"TopK", 11, "largest=0", "i{3,2,1,2}; i{3}", "i{1,2,2}; i{2,1,3}"},
    {"TopK", 11, "axis=0", "2x2{1,4,3,2}; i{1}", "1x2{3,4}; i1x2{1,0}"},
    {"ArgMax", 13, "", "2x2{1,4,1,2}", "i1x2{0,0}"},
    {"ArgMax", 13, "axis=1 keepdims=0", "2x2{1,4,nan,5}", "i{1,0}"},
    {"ArgMax", 13, "select_last_index=1", "i{2,1,2}", "i{2}"},
    {"ArgMin", 13, "axis=-1", "2x3{1,0,0,2,3,1}", "i2x1{1,2}"},
    {"GatherElements", 13, "axis=1", "2x3{1,2,3,4,5,6}; i2x2{0,-1,2,0}", "2x2{1,3,6,4}"},
    {"GatherND", 13, "", "i2x2{1,2,3,4}; i2x2{0,1,-1,0}", "i{2,3}"},
    {"GatherND", 12, "batch_dims=1", "2x2{1,2,3,4}; i2x1{1,0}", "{2,3}"},
    {"ScatterElements", 13, "", "{1,2,3}; i{-1,0}; {7,8}", "{8,2,7}"},
    {"ScatterElements", 16, "reduction='add'", "i{1,2,3}; i{1,1}; i{7,8}", "i{1,17,3}"},
    {"ScatterElements", 18, "reduction='max'", "{1,2,3}; i{1,1}; {7,-8}", "{1,7,3}"},
    {"ScatterND", 18, "reduction='min'", "2x2{1,2,3,4}; i1x1{1}; 1x2{0,9}", "2x2{1,2,0,4}"},
    {"ScatterND", 16, "reduction='mul'", "i2x2{1,2,3,4}; i2x2{1,1,1,1}; i{2,3}", "i2x2{1,2,3,24}"},

    {"Size", 13, "", "2x3", "is{6}"},
    {"EyeLike", 9, "", "2x3", "2x3{1,0,0,0,1,0}"},
    {"EyeLike", 9, "k=-1 dtype=9", "2x2", "i2x2{0,0,1,0}"},
    {"OneHot", 11, "", "i{1,-1,5}; is{3}; {0,9}", "3x3{0,9,0,0,0,9,0,0,0}"},
    {"OneHot", 11, "axis=0", "{1,0}; !s{2}; i{0,1}", "i2x2{0,1,1,0}"},
    {"NonZero", 13, "", "i2x2{0,1,2,0}", "i2x2{0,1,1,0}"},

    {"Einsum", 12, "equation='ij,j->i'", "2x2{1,2,3,4}; {10,1}", "{12,34}"},
    {"Einsum", 12, "equation='ij->ji'", "2x2{1,2,3,4}", "2x2{1,3,2,4}"},
    {"Einsum", 12, "equation='ii'", "2x2{1,2,3,4}", "s{5}"},
    {"Einsum", 12, "equation='ba'", "2x2{1,2,3,4}", "2x2{1,3,2,4}"},
    {"Einsum", 12, "equation='...a,...a->...'", "2x2{1,2,3,4}; {1,10}", "{21,43}"},
    {"Einsum", 12, "equation='ij,jk->ik'", "2x0; 0x2", "2x2{0,0,0,0}"},

    /* Softmax of equal numbers shows what is taken together. */
    {"Softmax", 13, "", "1x2x2{5,5,5,5}", "1x2x2{0.5,0.5,0.5,0.5}"},
    {"Softmax", 11, "", "1x2x2{5,5,5,5}", "1x2x2{0.25,0.25,0.25,0.25}"},
    {"Softmax", 13, "", "{1000,1000}", "{0.5,0.5}"},
    {"LogSoftmax", 13, "", "{0,1000}", "{-1000,0}"},

    {"Resize", 13, "", "1x4{1,2,3,4}; -; !{1,0.5}", "1x2{1,3}"},
    {"Resize", 13, "nearest_mode='round_prefer_ceil'", "1x4{1,2,3,4}; -; !{1,0.5}", "1x2{2,4}"},
    {"Resize", 13, "nearest_mode='floor'", "1x4{1,2,3,4}; -; !{1,0.5}", "1x2{1,3}"},
    {"Resize", 13, "nearest_mode='ceil'", "1x4{1,2,3,4}; -; !{1,0.5}", "1x2{2,4}"},
    {"Resize", 13, "", "1x3{1,2,3}; -; -; i{1,6}", "1x6{1,1,2,2,3,3}"},
    {"Resize", 13, "", "i1x3{1,2,3}; -; -; i{1,6}", "i1x6{1,1,2,2,3,3}"},
    {"Resize", 13, "nearest_mode='floor' coordinate_transformation_mode='asymmetric'",
     "1x3{1,2,3}; -; !{1,3}", "1x9{1,1,1,2,2,2,3,3,3}"},
    /* A third is no float: position 9 times it must still be 3. */
    {"Resize", 13, "nearest_mode='floor' coordinate_transformation_mode='asymmetric'",
     "1x9{1,2,3,4,5,6,7,8,9}; -; !{1,0.33333334}", "1x3{1,4,7}"},
    {"Resize", 13, "mode='linear'", "1x2{1,3}; -; !{1,2}", "1x4{1,1.5,2.5,3}"},
    {"Resize", 13, "mode='linear' coordinate_transformation_mode='align_corners'", "1x2{1,4}; -; -; i{1,4}",
     "1x4{1,2,3,4}"},
    {"Resize", 13, "mode='linear' coordinate_transformation_mode='asymmetric'", "1x2{1,3}; -; !{1,2}",
     "1x4{1,2,3,3}"},
    {"Resize", 13, "mode='linear' coordinate_transformation_mode='pytorch_half_pixel'",
     "1x2{1,3}; -; -; i{1,1}", "1x1{1}"},
    {"Resize", 13, "mode='linear' coordinate_transformation_mode='half_pixel'", "1x2{1,3}; -; -; i{1,1}",
     "1x1{2}"},
    {"Resize", 13, "", "2x2{1,2,3,4}; -; -; i{0,1}", "2x1{1,3}"}, /* the batch stays */
    {"Resize", 10, "", "1x2{1,3}; !{1,2}", "1x4{1,1,3,3}"},
    {"Upsample", 7, "scales=[1.0,2.0]", "1x2{1,3}", "1x4{1,1,3,3}"},
};

static void check_value(const struct value_case *given, enum element_type real)
{
    struct case_operand wanted[CASE_OPERANDS];
    struct operator_case *reader = case_new(given->op, "", "", 1, real);
    const int outputs = case_operands(reader, given->outputs, wanted);
    struct operator_case *tested =
        case_start(&(struct case_line){given->op, given->opset, given->attributes, given->inputs, outputs},
                   real, KERNEL_AUTO);

    case_forward(tested);
    for (int i = 0; i < outputs; i++) {
        const struct operand *output = &tested->outputs[i];

        if (!shape_equal(&output->shape, &wanted[i].shape) || operand_is_real(output) == wanted[i].integer)
            fail_msg("%s (%s | %s): shape or type of output %d", given->op, given->attributes, given->inputs,
                     i);
        for (int64_t k = 0; k < operand_count(output); k++) {
            const double got = operand_get(output, k), expected = wanted[i].values[k];
            const double tolerance =
                wanted[i].integer ? 0 : (real == ELEMENT_FLOAT ? 1e-6 : 1e-15) * fabs(expected);

            if (!(got == expected || fabs(got - expected) <= tolerance || (isnan(got) && isnan(expected))))
                fail_msg("%s (%s | %s): output %d, element %lld is %.17g, wanted %.17g", given->op,
                         given->attributes, given->inputs, i, (long long)k, got, expected);
        }
    }
    case_free(tested);
    case_free(reader);
}

static void test_values(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(value_cases); c++) {
        check_value(&value_cases[c], ELEMENT_FLOAT);
        check_value(&value_cases[c], ELEMENT_DOUBLE);
    }
}

/* Integers that no double holds, and those where C's own arithmetic would end. */
static void test_large_integers(void **state)
{
    static const struct {
        const char *op;
        int64_t a, b, wanted;
    } cases[] = {
        {"Add", INT64_MAX, 1, INT64_MIN},
        {"Sub", INT64_MIN, 1, INT64_MAX},
        {"Mul", INT64_MAX, 2, -2},
        {"Div", INT64_MIN, -1, INT64_MIN},
        {"Div", INT64_MIN, 0, 0},
        {"Div", (INT64_C(1) << 53) + 1, 1, (INT64_C(1) << 53) + 1},
        {"Pow", 3, 39, INT64_C(4052555153018976267)},
        {"Max", (INT64_C(1) << 53) + 1, INT64_C(1) << 53, (INT64_C(1) << 53) + 1},
        {"Equal", (INT64_C(1) << 53) + 1, INT64_C(1) << 53, 0},
        {"Mod", INT64_MIN, -1, 0},
        {"Mod", INT64_MIN, INT64_MAX, INT64_MAX - 1},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct operator_case *tested = case_start(&(struct case_line){cases[c].op, 15, "", "is{0}; is{0}", 1},
                                                  ELEMENT_FLOAT, KERNEL_AUTO);

        *(int64_t *)tested->inputs[0].data = cases[c].a;
        *(int64_t *)tested->inputs[1].data = cases[c].b;
        case_forward(tested);
        if (*(int64_t *)tested->outputs[0].data != cases[c].wanted)
            fail_msg("%s: %lld", cases[c].op, (long long)*(int64_t *)tested->outputs[0].data);
        case_free(tested);
    }
}

/* Where a function has a corner, its gradient is the one that the header promises. */
static void test_gradients_at_corners(void **state)
{
    static const struct {
        const char *op, *inputs;
        double wanted[3]; /* times a gradient of one from above */
    } cases[] = {
        {"Relu", "{-1,0,1}", {0, 0, 1}},
        {"Clip", "{0,6,3}; !s{0}; !s{6}", {0, 0, 1}},
        {"LeakyRelu", "{-1,0,1}", {0.01, 0.01, 1}},
        {"ThresholdedRelu", "{1,2,0}", {0, 1, 0}},
        {"Celu", "{-1000,0,1}", {0, 1, 1}},
        {"Gelu", "{-1000,0,1000}", {0, 0.5, 1}},
        {"Mish", "{-1000,0,1000}", {0, 0.6, 1}},
        {"Softplus", "{-1000,0,1000}", {0, 0.5, 1}},
        {"Abs", "{-1,0,1}", {-1, 0, 1}},
        {"Max", "{-1,0,1}; !{0,0,0}", {0, 0.5, 1}},
        {"Min", "{-1,0,1}; !{0,0,0}", {1, 0.5, 0}},
        {"ReduceMax", "{1,1,0}", {0.5, 0.5, 0}},
        {"ReduceMin", "{0,1,0}", {0.5, 0, 0.5}},
        {"ReduceL1", "{-1,0,1}", {-1, 0, 1}},
        {"ReduceL2", "{0,0,0}", {0, 0, 0}},
        {"LpNormalization", "{0,0,0}", {0, 0, 0}},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct operator_case *tested = case_start(
            &(struct case_line){cases[c].op, 20, "", cases[c].inputs, 1}, ELEMENT_DOUBLE, KERNEL_AUTO);

        for (int64_t k = 0; k < operand_count(&tested->outputs[0]); k++)
            operand_set(&tested->output_gradients[0], k, 1);
        case_forward(tested);
        case_backward(tested, tested->output_gradients, tested->input_gradients);
        for (int64_t k = 0; k < 3; k++) {
            if (operand_get(&tested->input_gradients[0], k) != cases[c].wanted[k])
                fail_msg("%s: element %lld: %g", cases[c].op, (long long)k,
                         operand_get(&tested->input_gradients[0], k));
        }
        case_free(tested);
    }
}

/* An empty place in the batch: all zero, with a zero gradient. It must add exactly nothing, even where the
 * slope is infinite. */
static void test_zero_gradients_stay_zero(void **state)
{
    static const struct case_line cases[] = {
        {"Sqrt", 13, "", "{0,0}", 1},           {"Log", 13, "", "{0,0}", 1},
        {"Reciprocal", 13, "", "{0,0}", 1},     {"Div", 14, "", "{1,0}; {0,0}", 1},
        {"Pow", 15, "", "{0,0}; !{0.5,-1}", 1}, {"ReduceL2", 18, "", "2x1{0,0}; i{1}", 1},
        {"Asin", 7, "", "{1,-1}", 1},           {"ReduceLogSum", 18, "", "2x1{0,0}; i{1}", 1},
        {"Acosh", 9, "", "{1,1}", 1},           {"ReduceLogSumExp", 18, "", "2x1{-inf,-inf}; i{1}", 1},
        {"Atanh", 9, "", "{1,-1}", 1},          {"RMSNormalization", 23, "epsilon=0.0", "2x1{1,2}; 1", 1},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct operator_case *tested = case_start(&cases[c], ELEMENT_DOUBLE, KERNEL_AUTO);

        memset(tested->output_gradients[0].data, 0, 2 * sizeof(double));
        case_forward(tested);
        case_backward(tested, tested->output_gradients, tested->input_gradients);
        for (int i = 0; i < tested->input_count; i++) {
            for (int64_t k = 0; tested->input_gradients[i].data != NULL && k < 2; k++)
                assert_true(operand_get(&tested->input_gradients[i], k) == 0);
        }
        case_free(tested);
    }
}

/* Numbers that only the images give cannot be refused: beyond the ends they mean the ends. */
static void test_numbers_beyond_the_ends(void **state)
{
    static const struct case_line picked = {"GatherElements", 13, "", "3@0:9; i{0,0,0}", 1},
                                  put = {"ScatterND", 18, "", "2x2@0:9; i1x2{0,0}; 1", 1};
    static const int64_t beyond[] = {7, -7, INT64_MIN}, ends[] = {2, 0, 0};
    struct operator_case *tested = case_start(&picked, ELEMENT_FLOAT, KERNEL_AUTO);

    (void)state;
    memcpy(tested->inputs[1].data, beyond, sizeof beyond);
    case_forward(tested);
    for (int64_t k = 0; k < 3; k++)
        assert_true(operand_get(&tested->outputs[0], k) == operand_get(&tested->inputs[0], ends[k]));
    case_backward(tested, tested->output_gradients, tested->input_gradients);
    assert_true(operand_get(&tested->input_gradients[0], 1) == 0);
    case_free(tested);

    tested = case_start(&put, ELEMENT_FLOAT, KERNEL_AUTO);
    memcpy(tested->inputs[1].data, (int64_t[]){INT64_MAX, -5}, 2 * sizeof(int64_t));
    case_forward(tested);
    for (int64_t k = 0; k < 4; k++)
        assert_true(operand_get(&tested->outputs[0], k) ==
                    operand_get(&tested->inputs[k == 2 ? 2 : 0], k == 2 ? 0 : k));
    case_free(tested);
}

/* --- refusals ------------------------------------------------------------------------------------------- */

static const struct refusal_case {
    const char *op;
    int opset;
    const char *attributes, *inputs;
    status code;
    const char *message; /* part of it */
} refusal_cases[] = {
    {"Add", 14, "", "2x3; 2x4", STATUS_SHAPE, "2x3 and 2x4"},
    {"Add", 14, "", "2x3; i{1,2,3}", STATUS_UNSUPPORTED, "types"},
    {"Sum", 13, "", "2x3; 3; 2", STATUS_SHAPE, "2x3 and 2"},
    {"PRelu", 16, "", "3; 2x3", STATUS_SHAPE, "3 and 2x3"},
    {"Clip", 12, "", "2x3; s", STATUS_UNSUPPORTED, "must be constant"},
    {"Clip", 12, "", "2x3; !s{nan}", STATUS_NAN, "min"},
    {"Clip", 12, "", "2x3; !2", STATUS_SHAPE, "one number"},
    {"Cast", 13, "to=8", "2x3", STATUS_UNSUPPORTED, "data type 8"},
    {"Cast", 13, "", "2x3", STATUS_UNSUPPORTED, "data type"},
    {"Dropout", 13, "", "2x3; !s{0.5}; is{1}", STATUS_UNSUPPORTED, "training_mode"},
    {"Dropout", 13, "", "2x3; -; is{1}", STATUS_UNSUPPORTED, "training_mode"},
    {"ReduceMean", 13, "axes=[2]", "2x3", STATUS_SHAPE, "axis 2"},
    {"ReduceMean", 13, "axes=[1,-1]", "2x3", STATUS_SHAPE, "twice"},
    {"ReduceMean", 18, "", "2x3; i2x1{0,1}", STATUS_SHAPE, "list"},
    {"ReduceMax", 13, "axes=[1]", "2x0", STATUS_SHAPE, "no elements"},
    {"ReduceProd", 18, "", "2x3; i{2}", STATUS_SHAPE, "axis 2"},
    {"CumSum", 14, "", "2x3; i{2}", STATUS_SHAPE, "axis 2"},
    {"CumSum", 14, "", "2x3; i{0,1}", STATUS_SHAPE, "one number"},
    {"LayerNormalization", 17, "axis=2", "2x3; 3", STATUS_SHAPE, "axis 2"},
    {"LayerNormalization", 17, "", "2x3; 4", STATUS_SHAPE, "scale has the shape 4"},
    {"LayerNormalization", 17, "", "2x3; 3; 2", STATUS_SHAPE, "the shift (B) has the shape 2"},
    {"LayerNormalization", 17, "", "2x3; 1x1x3", STATUS_SHAPE, "1x1x3"},
    {"LayerNormalization", 17, "", "i{1,2}; i{1,1}", STATUS_UNSUPPORTED, "int64"},
    {"LayerNormalization", 17, "", "2x0; s", STATUS_SHAPE, "2x0"},
    {"InstanceNormalization", 6, "", "3; 3; 3", STATUS_SHAPE, "rank 1"},
    {"InstanceNormalization", 6, "", "2x3x4; 4; 3", STATUS_SHAPE, "scale has shape 4"},
    {"GroupNormalization", 18, "num_groups=2", "2x3x4; 2; 2", STATUS_SHAPE, "does not divide 3"},
    {"GroupNormalization", 18, "num_groups=2", "2x4x4; 4; 4", STATUS_SHAPE, "expected 2"},
    {"GroupNormalization", 21, "num_groups=2", "2x4x4; 4; 2", STATUS_SHAPE, "expected 4"},
    {"GroupNormalization", 21, "", "2x4x4; 4; 4", STATUS_SHAPE, "num_groups is 0"},
    {"MeanVarianceNormalization", 13, "", "1x3x4", STATUS_SHAPE, "axis 3"},
    {"MeanVarianceNormalization", 13, "", "2x3x4x4", STATUS_UNSUPPORTED, "others of its batch"},
    {"LpNormalization", 1, "p=3", "2x3", STATUS_UNSUPPORTED, "p is 3"},
    {"LpNormalization", 1, "axis=2", "2x3", STATUS_SHAPE, "axis 2"},
    {"Softmax", 13, "axis=2", "2x3", STATUS_SHAPE, "axis 2"},
    {"Softmax", 13, "axis=-3", "2x3", STATUS_SHAPE, "axis -3"},
    {"Resize", 13, "mode='quintic'", "1x2; -; !{1,2}", STATUS_UNSUPPORTED, "mode quintic"},
    {"Resize", 13, "coordinate_transformation_mode='tf_crop_and_resize'", "1x2; 4; !{1,2}",
     STATUS_UNSUPPORTED, "must be constant"},
    {"Resize", 13, "coordinate_transformation_mode='tf_crop_and_resize'", "1x2; !{0,nan,1,1}; !{1,2}",
     STATUS_RANGE, "region of axis 1"},
    {"Resize", 13, "coordinate_transformation_mode='tf_crop_and_resize'", "1x2; !{0,1,1,0}; !{1,2}",
     STATUS_SHAPE, "axis 1"},
    {"Resize", 13, "nearest_mode='best'", "1x2; -; !{1,2}", STATUS_UNSUPPORTED, "nearest_mode best"},
    {"Resize", 13, "", "1x2; -; !{1,2}; i{1,4}", STATUS_UNSUPPORTED, "exactly one"},
    {"Resize", 13, "", "1x2", STATUS_UNSUPPORTED, "exactly one"},
    {"Resize", 13, "", "1x2; -; !{1,0}", STATUS_RANGE, "scale of axis 1"},
    {"Resize", 13, "", "1x2; -; !{1,nan}", STATUS_RANGE, "scale of axis 1"},
    {"Resize", 13, "", "1x2; -; !{1,-2}", STATUS_RANGE, "scale of axis 1"},
    {"Resize", 13, "", "1x2; -; !{1,0.1}", STATUS_SHAPE, "axis 1"},
    {"Resize", 13, "", "1x2; -; !{1,1e30}", STATUS_SHAPE, "axis 1"},
    {"Resize", 13, "", "1x2; -; !{2}", STATUS_SHAPE, "1 scales or sizes for 2"},
    {"Resize", 13, "", "1x2; -; 2", STATUS_UNSUPPORTED, "must be constant"},
    {"Resize", 13, "", "1x2; -; -; i{1,0}", STATUS_SHAPE, "axis 1"},
    {"Resize", 13, "", "1x2; -; -; i{1,-4}", STATUS_SHAPE, "axis 1"},
    {"Resize", 13, "mode='linear'", "i1x2{1,2}; -; -; i{1,4}", STATUS_UNSUPPORTED, "linear"},
    {"Resize", 18, "axes=[1,1]", "1x2; -; -; i{4,4}", STATUS_SHAPE, "axis 1"},
    {"Resize", 18, "axes=[2]", "1x2; -; -; i{4}", STATUS_SHAPE, "axis 2"},
    {"Resize", 18, "axes=[0,1,0]", "1x2; -; -; i{4,4,4}", STATUS_SHAPE, "3 axes"},
    {"Resize", 18, "keep_aspect_ratio_policy='smallest'", "1x2; -; -; i{1,4}", STATUS_UNSUPPORTED,
     "smallest"},
    {"Resize", 10, "mode='cubic'", "1x2; !{1,2}", STATUS_UNSUPPORTED, "mode cubic"},
    {"Equal", 13, "", "2x3; i{1,2,3}", STATUS_UNSUPPORTED, "types"},
    {"Less", 13, "", "2x3; 2", STATUS_SHAPE, "2x3 and 2"},
    {"And", 7, "", "2; 2", STATUS_UNSUPPORTED, "booleans"},
    {"Not", 1, "", "2", STATUS_UNSUPPORTED, "booleans"},
    {"Where", 16, "", "2; 2; 2", STATUS_UNSUPPORTED, "booleans"},
    {"Where", 16, "", "i{1,0}; 2; i{1,2}", STATUS_UNSUPPORTED, "types"},
    {"Where", 16, "", "i{1,0}; 2; 3", STATUS_SHAPE, "2 and 3"},
    {"Mod", 13, "", "2; 2", STATUS_FILE, "fmod"},
    {"Max", 13, "", "2x3; 3; 2", STATUS_SHAPE, "2x3 and 2"},
    {"Tile", 13, "", "2x3; i{1}", STATUS_SHAPE, "1 repeats"},
    {"Tile", 13, "", "2x3; i{1,-1}", STATUS_RANGE, "-1 repeats"},
    {"Tile", 13, "", "2x3; i{4611686018427387904,4}", STATUS_RANGE, "repeats"},
    {"Tile", 13, "", "2x3; i{281474976710656,1}", STATUS_SHAPE, "too large"},
    {"Tile", 13, "", "2x2x2x2x2; i{2,2,2,2,2}", STATUS_UNSUPPORTED, "too many dimensions"},
    {"Tile", 13, "", "2; 1", STATUS_UNSUPPORTED, "must be constant"},
    {"Compress", 11, "axis=1", "2x3; i{1,1,1,1}", STATUS_SHAPE, "4 entries"},
    {"Compress", 11, "axis=2", "2x3; i{1}", STATUS_SHAPE, "axis 2"},
    {"ReverseSequence", 10, "", "2x3; i{1,1}", STATUS_SHAPE, "3 sequences"},
    {"ReverseSequence", 10, "", "2x3; i{1,1,3}", STATUS_RANGE, "length 3"},
    {"ReverseSequence", 10, "batch_axis=2", "2x3x4; i{1}", STATUS_SHAPE, "batch_axis"},
    {"Trilu", 14, "", "3", STATUS_SHAPE, "matrix"},
    {"TopK", 11, "", "2x3; i{4}", STATUS_RANGE, "K is 4"},
    {"TopK", 11, "", "2x3; i{-1}", STATUS_RANGE, "K is -1"},
    {"TopK", 11, "axis=2", "2x3; i{1}", STATUS_SHAPE, "axis 2"},
    {"TopK", 11, "", "2x3", STATUS_SHAPE, "one number"},
    {"ArgMax", 13, "", "s", STATUS_SHAPE, "axis 0"},
    {"ArgMax", 13, "axis=1", "2x0", STATUS_SHAPE, "no element"},
    {"GatherElements", 13, "", "2x3; i1x3{0,2,0}", STATUS_RANGE, "index 2"},
    {"GatherElements", 13, "axis=1", "2x3; i3x1{0,0,0}", STATUS_SHAPE, "more indices"},
    {"GatherElements", 13, "", "2x3; i{0}", STATUS_SHAPE, "1 dimensions"},
    {"GatherElements", 13, "", "0; i{0}", STATUS_RANGE, "length 0"},
    {"GatherElements", 13, "", "2; 1", STATUS_UNSUPPORTED, "integers"},
    {"GatherND", 13, "", "2x3; i1x2{0,-4}", STATUS_RANGE, "index -4"},
    {"GatherND", 13, "", "2x3; i1x3{0,0,0}", STATUS_SHAPE, "3 numbers"},
    {"GatherND", 13, "", "2x3; is{0}", STATUS_SHAPE, "batch"},
    {"GatherND", 13, "batch_dims=1", "2x3; i1x1{0}", STATUS_SHAPE, "batch axis 0"},
    {"GatherND", 13, "batch_dims=-1", "2x3; i1x1{0}", STATUS_SHAPE, "batch"},
    {"GatherND", 13, "", "s; i{0}", STATUS_SHAPE, "no axes"},
    {"ScatterElements", 18, "", "3; i{3}; 1", STATUS_RANGE, "index 3"},
    {"ScatterElements", 18, "", "3; i{0}; 2", STATUS_SHAPE, "updates"},
    {"ScatterElements", 18, "", "3; i{0}; i{1}", STATUS_UNSUPPORTED, "updates"},
    {"ScatterElements", 18, "reduction='mean'", "3; i{0}; 1", STATUS_UNSUPPORTED, "reduction is mean"},
    {"ScatterND", 18, "", "2x3; i1x1{0}; 1x2", STATUS_SHAPE, "updates"},
    {"EyeLike", 9, "", "3", STATUS_SHAPE, "matrix"},
    {"EyeLike", 9, "dtype=8", "2x2", STATUS_UNSUPPORTED, "data type 8"},
    {"OneHot", 11, "", "i{0}; is{-1}; 2", STATUS_RANGE, "depth -1"},
    {"OneHot", 11, "", "i{0}; is{2}; 3", STATUS_SHAPE, "two values"},
    {"OneHot", 11, "axis=2", "i{0}; is{2}; 2", STATUS_SHAPE, "axis 2"},
    {"NonZero", 13, "", "3", STATUS_UNSUPPORTED, "depends on the images"},
    {"Einsum", 12, "", "3", STATUS_FILE, "equation"},
    {"Einsum", 12, "equation='ij,jk->ik'", "2x3; 4x5", STATUS_SHAPE, "3 and 4"},
    {"Einsum", 12, "equation='ij,jk->ik'", "2x3", STATUS_SHAPE, "more terms"},
    {"Einsum", 12, "equation='ij->ij'", "2x3; 3", STATUS_SHAPE, "1 terms"},
    {"Einsum", 12, "equation='ijk->i'", "2x3", STATUS_SHAPE, "3 axes"},
    {"Einsum", 12, "equation='ij->ik'", "2x3", STATUS_SHAPE, "in no input"},
    {"Einsum", 12, "equation='ij->ii'", "2x3", STATUS_SHAPE, "twice"},
    {"Einsum", 12, "equation='i1->i'", "2x3", STATUS_FILE, "neither a letter"},
    {"Einsum", 12, "equation='ij-i'", "2x3", STATUS_FILE, "without '>'"},
    {"Einsum", 12, "equation='ij->i->j'", "2x3", STATUS_FILE, "more than one output"},
    {"Einsum", 12, "equation='i,i,i'", "3; 3; 3", STATUS_UNSUPPORTED, "3 operands"},
    {"Einsum", 12, "equation='abcdefghi'", "2x3", STATUS_UNSUPPORTED, "8 axes"},
    {"Upsample", 9, "mode='cubic'", "1x2; !{1,2}", STATUS_UNSUPPORTED, "mode cubic"},
    {"ConvTranspose", 11, "", "1x4x3x3; 3x2x3x3", STATUS_SHAPE, "3 channels, but the input has 4"},
    {"ConvTranspose", 11, "group=3", "1x4x3x3; 4x2x3x3", STATUS_SHAPE, "3 groups"},
    {"ConvTranspose", 11, "", "1x4x3x3; 4x2x3x3; 3", STATUS_SHAPE, "bias has shape 3, expected 2"},
    {"ConvTranspose", 11, "strides=[2,2] output_padding=[2,0]", "1x1x3x3; 1x2x3x3", STATUS_RANGE,
     "output_padding 2"},
    {"ConvTranspose", 11, "pads=[3,0,3,0]", "1x1x3x3; 1x2x3x3", STATUS_RANGE, "-1 positions"},
    {"ConvTranspose", 11, "output_shape=[4]", "1x1x3x3; 1x2x3x3", STATUS_SHAPE, "output_shape"},
    {"Pad", 13, "mode='reflect'", "1x3; i{0,3,0,0}", STATUS_SHAPE, "mode reflect cannot pad 3"},
    {"Pad", 19, "mode='wrap'", "1x3; i{0,0,0,4}", STATUS_SHAPE, "mode wrap cannot pad 3"},
    {"Pad", 13, "mode='edge'", "1x3; i{0,-2,0,-1}", STATUS_SHAPE, "mode edge cannot pad 3"},
    {"Pad", 13, "mode='mirror'", "1x3; i{0,0,0,1}", STATUS_UNSUPPORTED, "mode mirror"},
    {"DepthToSpace", 13, "blocksize=2", "1x6x2x2", STATUS_SHAPE, "6 channels"},
    {"DepthToSpace", 13, "", "1x4x2x2", STATUS_RANGE, "blocksize 0"},
    {"DepthToSpace", 13, "blocksize=2 mode='RDC'", "1x4x2x2", STATUS_UNSUPPORTED, "mode RDC"},
    {"SpaceToDepth", 13, "blocksize=2", "1x1x4x3", STATUS_SHAPE, "4 x 3 positions"},
    {"MaxUnpool", 11, "kernel_shape=[2]", "1x1x3; i1x1x2{0,1}", STATUS_SHAPE, "indices"},
    {"MaxUnpool", 11, "kernel_shape=[2]", "1x1x2; i1x1x2{0,1}; i{1,2,4}", STATUS_SHAPE, "output_shape"},
    {"MaxUnpool", 11, "", "1x1x2; i1x1x2{0,1}", STATUS_SHAPE, "kernel_shape"},
    {"LRN", 13, "", "1x2x2", STATUS_RANGE, "size 0"},
    {"GridSample", 16, "mode='cubic'", "1x1x2x2; 1x1x1x2", STATUS_UNSUPPORTED, "mode cubic"},
    {"GridSample", 16, "padding_mode='wrap'", "1x1x2x2; 1x1x1x2", STATUS_UNSUPPORTED, "padding_mode wrap"},
    {"GridSample", 16, "", "2x1x2x2; 3x1x1x2", STATUS_SHAPE, "3 images, expected 2 of 2"},
    {"GridSample", 20, "", "1x1x2x2x2; 1x1x1x1x3", STATUS_UNSUPPORTED, "rank 5"},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t c = 0; c < COUNT(refusal_cases); c++) {
        const struct refusal_case *given = &refusal_cases[c];
        struct operator_case *tested =
            case_new(given->op, given->attributes, given->inputs, 1, ELEMENT_FLOAT);
        struct error error = {0};
        status code = case_prepare(tested, given->opset, KERNEL_AUTO, tested->arena, &error);

        if (code != given->code || error.code != code || strstr(error.message, given->message) == NULL)
            fail_msg("%s (%s | %s): status %d, \"%s\"", given->op, given->attributes, given->inputs, code,
                     error.message);
        case_free(tested);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_large_integers),
        cmocka_unit_test(test_gradients_at_corners),
        cmocka_unit_test(test_zero_gradients_stay_zero),
        cmocka_unit_test(test_numbers_beyond_the_ends),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
