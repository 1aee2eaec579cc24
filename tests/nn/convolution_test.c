/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolution and its gradients against the definition, by all kernels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "support/attributes.h"
#include "support/geometry.h"
#include "support/operands.h"
#include "support/small_graph.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static const struct geometry geometries[] = {
    {"3x3, padding 1", 2, 2, 3, 5, 1, {6, 7}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {6, 7}, NULL, true},
    {"3x3, many positions",
     2,
     2,
     3,
     5,
     1,
     {18, 17},
     {3, 3},
     {1, 1},
     {1, 1},
     {1, 1},
     {1, 1},
     {18, 17},
     NULL,
     true},
    {"3x3, stride 2", 2, 2, 4, 6, 1, {9, 8}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {5, 4}, NULL, false},
    {"1x1", 2, 3, 4, 7, 1, {5, 4}, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {5, 4}, NULL, true},
    {"1x1, stride 2", 2, 2, 4, 6, 1, {7, 6}, {1, 1}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, {4, 3}, NULL, false},
    {"asymmetric", 2, 2, 2, 3, 1, {7, 9}, {2, 4}, {2, 1}, {1, 2}, {0, 3}, {2, 1}, {4, 7}, NULL, true},
    {"dilated", 2, 1, 3, 4, 1, {24, 23}, {3, 3}, {1, 1}, {2, 3}, {2, 3}, {2, 3}, {24, 23}, NULL, false},
    {"padding over the kernel",
     2,
     1,
     3,
     2,
     1,
     {23, 24},
     {2, 3},
     {1, 1},
     {1, 1},
     {3, 4},
     {2, 3},
     {27, 29},
     NULL,
     true},
    {"groups", 2, 2, 6, 4, 2, {5, 6}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {5, 6}, NULL, true},
    {"groups, many positions",
     2,
     2,
     6,
     4,
     2,
     {17, 18},
     {3, 3},
     {1, 1},
     {1, 1},
     {1, 0},
     {1, 2},
     {17, 18},
     NULL,
     true},
    {"depthwise", 2, 2, 5, 5, 5, {7, 6}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {7, 6}, NULL, true},
    {"depthwise, stride 2, twice",
     2,
     2,
     3,
     6,
     3,
     {7, 8},
     {3, 3},
     {2, 2},
     {1, 1},
     {1, 1},
     {1, 1},
     {4, 4},
     NULL,
     false},
    {"same upper", 2, 2, 2, 3, 1, {6, 5}, {3, 2}, {2, 1}, {1, 1}, {0, 0}, {1, 1}, {3, 5}, "SAME_UPPER", true},
    {"same lower", 2, 2, 2, 3, 1, {6, 5}, {3, 2}, {2, 1}, {1, 1}, {1, 1}, {0, 0}, {3, 5}, "SAME_LOWER", true},
    {"valid", 2, 2, 2, 3, 1, {6, 5}, {3, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, {2, 2}, "VALID", true},
    {"one dimension", 1, 2, 3, 4, 1, {11}, {3}, {2}, {2}, {1}, {2}, {5}, NULL, true},
    {"one dimension, groups", 1, 2, 4, 4, 2, {12}, {4}, {1}, {1}, {2}, {1}, {12}, NULL, false},
    {"three dimensions",
     3,
     2,
     2,
     3,
     1,
     {4, 5, 6},
     {2, 3, 3},
     {1, 1, 1},
     {1, 1, 1},
     {1, 1, 1},
     {0, 1, 1},
     {4, 5, 6},
     NULL,
     true},
    {"three dimensions, many positions",
     3,
     2,
     2,
     3,
     1,
     {9, 8, 7},
     {3, 3, 3},
     {1, 1, 1},
     {1, 2, 1},
     {1, 1, 0},
     {0, 2, 1},
     {8, 7, 6},
     NULL,
     true},
    {"three dimensions, stride",
     3,
     1,
     2,
     4,
     2,
     {5, 6, 7},
     {3, 2, 3},
     {2, 1, 2},
     {1, 2, 1},
     {1, 0, 1},
     {1, 1, 1},
     {3, 5, 4},
     NULL,
     true},
};

static struct graph *convolution_graph(const struct geometry *g)
{
    struct builder builder = builder_start(NULL, 0);
    struct attribute attributes[5];
    int64_t pads[6], x[5] = {g->batch, g->channels}, w[5] = {g->filters, g->channels / g->groups};
    memcpy(x + 2, g->in, sizeof g->in);
    memcpy(w + 2, g->kernel, sizeof g->kernel);
    int count = geometry_attributes(g, attributes, pads);
    attributes[count++] = integer_attribute("group", g->groups);
    int inputs[4] = {differentiable_input(&builder, g->spatial + 2, x),
                     builder_parameter(&builder, "weight", g->spatial + 2, w, -1, 1), VALUE_NONE, VALUE_NONE};
    if (g->bias)
        inputs[2] = builder_parameter(&builder, "bias", 1, &g->filters, -1, 1);
    return builder_finish(&builder, builder_node(&builder, "Conv", "convolution", inputs, attributes, count));
}

/* The definition, and its three derivatives, in long double. */
struct direct {
    long double y[8192], dx[8192], dw[2048], db[64];
};

static void direct_convolution(const struct geometry *g, const struct operand *x, const struct operand *w,
                               const struct operand *b, const struct operand *dy, struct direct *sums)
{
    int64_t in = geometry_elements(g->in), out = geometry_elements(g->out),
            taps = geometry_elements(g->kernel);
    int64_t channels = g->channels / g->groups, filters = g->filters / g->groups;
    memset(sums, 0, sizeof *sums);
    for (int64_t i = 0; i < g->batch * g->filters * out; i++) {
        int64_t n = i / out / g->filters, f = i / out % g->filters;
        long double gradient = operand_get(dy, i);
        sums->y[i] = b ? operand_get(b, f) : 0;
        sums->db[f] += gradient;
        for (int64_t c = 0; c < channels; c++) {
            for (int64_t k = 0; k < taps; k++) {
                int64_t from, weight = (f * channels + c) * taps + k;
                if (!geometry_source(g, i % out, k, &from))
                    continue;
                from += (n * g->channels + f / filters * channels + c) * in;
                sums->y[i] += (long double)operand_get(w, weight) * operand_get(x, from);
                sums->dx[from] += gradient * operand_get(w, weight);
                sums->dw[weight] += gradient * operand_get(x, from);
            }
        }
    }
}

static void compare(const char *title, const char *what, const struct operand *got,
                    const long double *expected, double tolerance)
{
    for (int64_t i = 0; i < shape_elements(&got->shape); i++)
        if (!(fabsl(operand_get(got, i) - expected[i]) <= tolerance * (1 + fabsl(expected[i]))))
            fail_msg("%s: %s[%lld] is %.10g, expected %.10Lg", title, what, (long long)i, operand_get(got, i),
                     expected[i]);
}

static void check_convolution(const struct geometry *file, enum element_type type, enum kernel_choice choice)
{
    static struct direct sums;
    const double tolerance = type == ELEMENT_FLOAT ? 2e-5 : 1e-13;
    const struct geometry g = geometry_widened(file);
    struct graph *graph = convolution_graph(file);
    struct engine *engine = small_engine(graph, file->batch, type, choice);
    small_run(engine, graph);
    const struct operand *x = engine_value(engine, graph_find_value(graph, "shifted_output"));
    const struct operand *w = engine_value(engine, graph_find_value(graph, "weight"));
    const struct operand *y = engine_output(engine);
    struct operand dy = *y;
    dy.data = engine_output_gradient(engine);
    assert_int_equal(shape_elements(&y->shape), g.batch * g.filters * geometry_elements(g.out));
    direct_convolution(&g, x, w, g.bias ? engine_value(engine, graph_find_value(graph, "bias")) : NULL, &dy,
                       &sums);
    compare(g.title, "output", y, sums.y, tolerance);
    compare(g.title, "data gradient", engine_weight_gradient(engine, 0), sums.dx, tolerance);
    compare(g.title, "weight gradient", engine_weight_gradient(engine, 1), sums.dw, tolerance);
    if (g.bias)
        compare(g.title, "bias gradient", engine_weight_gradient(engine, 2), sums.db, tolerance);
    engine_free(engine);
    graph_free(graph);
}

static void convolution_is_its_definition(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(geometries); i++) {
        check_convolution(&geometries[i], ELEMENT_FLOAT, KERNEL_AUTO);
        check_convolution(&geometries[i], ELEMENT_FLOAT, KERNEL_REFERENCE);
        check_convolution(&geometries[i], ELEMENT_DOUBLE, KERNEL_AUTO);
        check_convolution(&geometries[i], ELEMENT_DOUBLE, KERNEL_REFERENCE);
    }
}

static void bad_convolutions_are_refused(void **state)
{
    (void)state;
    struct geometry g = geometries[0];
    g.groups = 2;
    g.channels = 4; /* the weight has 2 per group, but 5 filters do not divide */
    refused(convolution_graph(&g), 2, "2 groups");
    g = geometries[0];
    g.kernel[0] = 9;
    refused(convolution_graph(&g), 2, "the kernel spans 9");
    g = geometries[0];
    g.stride[1] = 0;
    refused(convolution_graph(&g), 2, "strides");
    g = geometries[0];
    g.before[0] = -1;
    refused(convolution_graph(&g), 2, "pads");
    g = geometries[0];
    g.auto_pad = "SAME";
    refused(convolution_graph(&g), 2, "auto_pad");
    g = geometries[0];
    g.before[0] = g.after[1] = INT32_MAX;
    refused(convolution_graph(&g), 2, "positions");
    g = geometries[0];
    g.dilation[0] = INT64_MAX;
    refused(convolution_graph(&g), 2, "dilations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolution_is_its_definition),
        cmocka_unit_test(bad_convolutions_are_refused),
    };
    return cmocka_run_group_tests_name("convolution", tests, NULL, NULL);
}
