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
        {"Pow", 15, "", "{0,0}; !{0.5,-1}", 1},
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
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
