/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What networks cost: small ones counted by hand, trained ones against published figures. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "onnx/onnx.h"
#include "support/graph_maker.h"
#include "nn/simplify/simplify.h"
#include "prune/cost.h"
#include "support/random_network.h"
#include "support/skip.h"
#include "support/subject.h"

static struct cost cost_of(const struct subject *b, const bool *removed, enum cost_rule rule)
{
    struct error error = {0};
    struct cost cost;
    assert_int_equal(cost_compute(b->coupling, removed, rule, &cost, &error), STATUS_OK);
    assert_int_equal(cost.layer_count, b->layers->count);
    return cost;
}

static void norm(struct graph *g, const char *in, const char *out, int64_t channels)
{
    char names[4][32], node[32];
    for (int i = 0; i < 4; i++) {
        snprintf(names[i], sizeof names[i], "%s.%d", out, i);
        make_reals(g, names[i], DIMS(channels), 1);
    }
    snprintf(node, sizeof node, "/%s", out);
    make_node(g, node, "BatchNormalization", NAMES(in, names[0], names[1], names[2], names[3]), NAMES(out),
              NO_ATTRIBUTES);
}

/* 3x8x8 -> a: 3x3, 4 channels, bias, BatchNorm, Relu -> MaxPool 2x2 -> d: 3x3 depthwise -> g: 1x1, 6 channels
 * in 2 groups -> PRelu, a slope each -> mean -> fc: 2 outputs, bias */
static struct graph *five_kinds(void)
{
    struct graph *g = make_graph(13);
    struct error error = {0};
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 3, 8, 8));
    make_reals(g, "a.weight", DIMS(4, 3, 3, 3), 1);
    make_reals(g, "a.bias", DIMS(4), 1);
    make_node(g, "/a", "Conv", NAMES("x", "a.weight", "a.bias"), NAMES("a"),
              ATTRIBUTES(integers_attribute("pads", DIMS(1, 1, 1, 1))));
    norm(g, "a", "n", 4);
    make_node(g, "/r", "Relu", NAMES("n"), NAMES("r"), NO_ATTRIBUTES);
    make_node(g, "/p", "MaxPool", NAMES("r"), NAMES("p"),
              ATTRIBUTES(integers_attribute("kernel_shape", DIMS(2, 2)),
                         integers_attribute("strides", DIMS(2, 2))));
    make_reals(g, "d.weight", DIMS(4, 1, 3, 3), 1);
    make_node(g, "/d", "Conv", NAMES("p", "d.weight"), NAMES("d"),
              ATTRIBUTES(integers_attribute("pads", DIMS(1, 1, 1, 1)), integer_attribute("group", 4)));
    make_reals(g, "g.weight", DIMS(6, 2, 1, 1), 1);
    make_node(g, "/g", "Conv", NAMES("d", "g.weight"), NAMES("g"), ATTRIBUTES(integer_attribute("group", 2)));
    make_reals(g, "slope", DIMS(6, 1, 1), 1);
    make_node(g, "/s", "PRelu", NAMES("g", "slope"), NAMES("s"), NO_ATTRIBUTES);
    make_node(g, "/m", "GlobalAveragePool", NAMES("s"), NAMES("m"), NO_ATTRIBUTES);
    make_node(g, "/f", "Flatten", NAMES("m"), NAMES("f"), NO_ATTRIBUTES);
    make_reals(g, "fc.weight", DIMS(6, 2), 1);
    make_reals(g, "fc.bias", DIMS(2), 1);
    make_node(g, "/fc", "Gemm", NAMES("f", "fc.weight", "fc.bias"), NAMES("fc"), NO_ATTRIBUTES);
    make_output(g, "fc");
    if (graph_finish(g, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    return g;
}

static void expect_layer(const struct cost *cost, int layer, int64_t channels, int64_t inputs,
                         int64_t parameters, double macs, int64_t bytes)
{
    const struct layer_cost *item = &cost->layers[layer];
    assert_int_equal(item->channels, channels);
    assert_int_equal(item->input_channels, inputs);
    assert_int_equal(item->parameters, parameters);
    assert_true(item->macs == macs);
    assert_int_equal(item->activation_bytes, bytes);
}

static void counted_by_hand(void **state)
{
    (void)state;
    struct subject b = subject_of(five_kinds());
    struct cost cost = cost_of(&b, NULL, COST_MACS);
    expect_layer(&cost, 0, 4, 3, 4 * 27 + 4 + 8, 64 * 4 * 27, 4 * 64 * 4);
    expect_layer(&cost, 1, 4, 4, 4 * 9, 16 * 4 * 9, 4 * 16 * 4);
    expect_layer(&cost, 2, 6, 4, 6 * 2, 16 * 6 * 2, 6 * 16 * 4);
    expect_layer(&cost, 3, 2, 6, 6 * 2 + 2, 6 * 2, 2 * 4);
    assert_int_equal(cost.parameters, 120 + 36 + 12 + 14 + 6); /* and the slopes */
    assert_int_equal(cost.other_parameters, 6);
    assert_int_equal(cost.channels, 4 + 4 + 6 + 2);
    assert_true(cost.macs == 6912 + 576 + 192 + 12);
    assert_int_equal(cost.activation_bytes, 1024 + 256 + 384 + 8);
    cost_free(&cost);
    cost_free(&cost); /* empty */
    cost = cost_of(&b, NULL, COST_PTFLOPS);
    /* BatchNorm, Relu, what is pooled, slopes, what the mean reads, biases */
    assert_true(cost.macs == 7692 + 2 * 256 + 256 + 256 + 96 + 96 + 256 + 2);
    assert_int_equal(cost.parameters, 188);
    cost_free(&cost);
    subject_free(&b);
}

/* 3x8x8 -> up: transposed 3x3 with stride 2, 4 channels, bias -> mean -> fc. Every number that is read meets
 * the kernels of all channels. */
static void transposed_by_hand(void **state)
{
    (void)state;
    struct graph *g = make_graph(13);
    struct error error = {0};
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 3, 8, 8));
    make_reals(g, "up.weight", DIMS(3, 4, 3, 3), 1);
    make_reals(g, "up.bias", DIMS(4), 1);
    make_node(g, "/up", "ConvTranspose", NAMES("x", "up.weight", "up.bias"), NAMES("up"),
              ATTRIBUTES(integers_attribute("strides", DIMS(2, 2))));
    make_node(g, "/m", "GlobalAveragePool", NAMES("up"), NAMES("m"), NO_ATTRIBUTES);
    make_node(g, "/f", "Flatten", NAMES("m"), NAMES("f"), NO_ATTRIBUTES);
    make_reals(g, "fc.weight", DIMS(4, 2), 1);
    make_node(g, "/fc", "MatMul", NAMES("f", "fc.weight"), NAMES("fc"), NO_ATTRIBUTES);
    make_output(g, "fc");
    assert_int_equal(graph_finish(g, &error), STATUS_OK);
    struct subject b = subject_of(g);
    bool *removed = mem_new((size_t)b.coupling->class_count, sizeof *removed);
    struct cost cost = cost_of(&b, NULL, COST_MACS);
    expect_layer(&cost, 0, 4, 3, 4 * 27 + 4, 64 * 3 * 4 * 9, 4 * 17 * 17 * 4);
    cost_free(&cost);
    removed[b.coupling->layer_classes[0][2]] = true;
    cost = cost_of(&b, removed, COST_MACS);
    expect_layer(&cost, 0, 3, 3, 3 * 27 + 3, 64 * 3 * 3 * 9, 3 * 17 * 17 * 4);
    cost_free(&cost);
    mem_free(removed);
    subject_free(&b);
}

/* The first class: channels 0 and 2 of a and d, which are position 0 of both groups of g. */
static void what_if_by_hand(void **state)
{
    (void)state;
    struct subject b = subject_of(five_kinds());
    bool *removed = mem_new((size_t)b.coupling->class_count, sizeof *removed);
    removed[b.coupling->layer_classes[0][0]] = true;
    struct cost cost = cost_of(&b, removed, COST_MACS);
    expect_layer(&cost, 0, 2, 3, 2 * 27 + 2 + 4, 64 * 2 * 27, 2 * 64 * 4);
    expect_layer(&cost, 1, 2, 2, 2 * 9, 16 * 2 * 9, 2 * 16 * 4);
    expect_layer(&cost, 2, 6, 2, 6, 16 * 6, 6 * 16 * 4);
    expect_layer(&cost, 3, 2, 6, 14, 12, 8);
    assert_int_equal(cost.parameters, 60 + 18 + 6 + 14 + 6);
    cost_free(&cost);
    removed[b.coupling->layer_classes[2][1]] = true; /* one of three in each group of g */
    cost = cost_of(&b, removed, COST_MACS);
    expect_layer(&cost, 2, 4, 2, 4, 16 * 4, 4 * 16 * 4);
    expect_layer(&cost, 3, 2, 4, 4 * 2 + 2, 8, 8);
    assert_int_equal(cost.parameters, 60 + 18 + 4 + 10 + 4);
    cost_free(&cost);
    mem_free(removed);
    subject_free(&b);
}

/* Scales and bounds are no parameters; factors, slopes and BatchNorm without a layer are, each once. */
static void parameters_outside_layers(void **state)
{
    (void)state;
    struct graph *g = make_graph(13);
    struct error error = {0};
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 3, 4, 4));
    norm(g, "x", "n", 3); /* 6 */
    make_reals(g, "factor", DIMS(3, 1, 1), 1);
    make_node(g, "/m", "Mul", NAMES("n", "factor"), NAMES("m"), NO_ATTRIBUTES); /* 3, */
    make_node(g, "/k", "Mul", NAMES("m", "factor"), NAMES("k"), NO_ATTRIBUTES); /* used twice */
    int scales = make_reals(g, "scales", DIMS(4), 1);
    float *scale = g->values[scales].constant->data;
    scale[0] = scale[1] = 1;
    scale[2] = scale[3] = 2;
    make_node(g, "/z", "Resize", NAMES("k", "", "scales"), NAMES("z"), NO_ATTRIBUTES);
    make_node(g, "/g", "GlobalAveragePool", NAMES("z"), NAMES("g"), NO_ATTRIBUTES);
    make_node(g, "/f", "Flatten", NAMES("g"), NAMES("f"), NO_ATTRIBUTES);
    make_reals(g, "fc.weight", DIMS(3, 2), 1);
    make_node(g, "/fc", "MatMul", NAMES("f", "fc.weight"), NAMES("fc"), NO_ATTRIBUTES); /* 6 */
    make_reals(g, "square", DIMS(2, 2), 1);
    make_reals(g, "one", DIMS(1), 1);
    make_node(g, "/y", "Gemm", NAMES("fc", "square", "one"), NAMES("y"), NO_ATTRIBUTES); /* 4 and 1 */
    make_output(g, "y");
    if (graph_finish(g, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    struct subject b = subject_of(g);
    struct cost cost = cost_of(&b, NULL, COST_MACS);
    assert_int_equal(cost.parameters, 6 + 3 + 6 + 4 + 1);
    assert_int_equal(cost.other_parameters, 6 + 3);
    assert_true(cost.macs == 6 + 4);
    cost_free(&cost);
    subject_free(&b);
}

/* What exporters write as lists of one number is not trained; a slope is, though it be one. */
static void single_numbers(void **state)
{
    (void)state;
    struct graph *g = make_graph(13);
    struct error error = {0};
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 3, 4, 4));
    make_reals(g, "c.weight", DIMS(4, 3, 1, 1), 1); /* 12 */
    make_node(g, "/c", "Conv", NAMES("x", "c.weight"), NAMES("c"), NO_ATTRIBUTES);
    make_reals(g, "three", DIMS(1), 3);
    make_reals(g, "sixth", DIMS(1, 1, 1), 6);
    make_reals(g, "least", DIMS(1), 0);
    make_reals(g, "gamma", DIMS(1, 4, 1, 1), 1); /* 4 */
    make_reals(g, "slope", DIMS(1), 1);          /* 1 */
    make_node(g, "/a", "Add", NAMES("c", "three"), NAMES("a"), NO_ATTRIBUTES);
    make_node(g, "/l", "Max", NAMES("a", "least"), NAMES("l"), NO_ATTRIBUTES);
    make_node(g, "/d", "Div", NAMES("l", "sixth"), NAMES("d"), NO_ATTRIBUTES);
    make_node(g, "/m", "Mul", NAMES("d", "gamma"), NAMES("m"), NO_ATTRIBUTES);
    make_node(g, "/p", "PRelu", NAMES("m", "slope"), NAMES("p"), NO_ATTRIBUTES);
    make_node(g, "/g", "GlobalAveragePool", NAMES("p"), NAMES("g"), NO_ATTRIBUTES);
    make_node(g, "/f", "Flatten", NAMES("g"), NAMES("f"), NO_ATTRIBUTES);
    make_reals(g, "fc.weight", DIMS(4, 1), 1); /* 4 */
    make_reals(g, "fc.bias", DIMS(1), 1);      /* 1: a bias, though it is added */
    make_node(g, "/fc", "MatMul", NAMES("f", "fc.weight"), NAMES("fc"), NO_ATTRIBUTES);
    make_node(g, "/y", "Add", NAMES("fc", "fc.bias"), NAMES("y"), NO_ATTRIBUTES);
    make_output(g, "y");
    if (graph_finish(g, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    struct subject b = subject_of(g);
    struct cost cost = cost_of(&b, NULL, COST_MACS);
    assert_int_equal(cost.layers[0].parameters, 12);
    assert_int_equal(cost.layers[1].parameters, 5);
    assert_int_equal(cost.other_parameters, 5);
    assert_int_equal(cost.parameters, 22);
    cost_free(&cost);
    bool *removed = mem_new((size_t)b.coupling->class_count, sizeof *removed);
    for (int i = 0; i < 3; i++) /* one channel is left, and gamma is one number then */
        removed[b.coupling->layer_classes[0][i]] = true;
    cost = cost_of(&b, removed, COST_MACS);
    assert_int_equal(cost.parameters, 3 + 2 + 1);
    cost_free(&cost);
    mem_free(removed);
    subject_free(&b);
}

/* Two convolutions whose BatchNorms have their scale and shift in common: these count once, with the first,
 * until they lose different channels. */
static void shared_parameters(void **state)
{
    (void)state;
    struct graph *g = make_graph(13);
    struct error error = {0};
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 2, 4, 4));
    static const char *const shared[] = {"n.weight", "n.bias", "n.mean", "n.var"};
    for (int i = 0; i < 4; i++)
        make_reals(g, shared[i], DIMS(3), 1);
    make_reals(g, "a.weight", DIMS(3, 2, 1, 1), 1);
    make_reals(g, "b.weight", DIMS(3, 3, 1, 1), 1);
    make_reals(g, "c.weight", DIMS(1, 3, 1, 1), 1);
    make_node(g, "/a", "Conv", NAMES("x", "a.weight"), NAMES("a"), NO_ATTRIBUTES);
    make_node(g, "/an", "BatchNormalization", NAMES("a", shared[0], shared[1], shared[2], shared[3]),
              NAMES("an"), NO_ATTRIBUTES);
    make_node(g, "/b", "Conv", NAMES("an", "b.weight"), NAMES("b"), NO_ATTRIBUTES);
    make_node(g, "/bn", "BatchNormalization", NAMES("b", shared[0], shared[1], shared[2], shared[3]),
              NAMES("bn"), NO_ATTRIBUTES);
    make_node(g, "/c", "Conv", NAMES("bn", "c.weight"), NAMES("y"), NO_ATTRIBUTES);
    make_output(g, "y");
    if (graph_finish(g, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    struct subject b = subject_of(g);
    struct cost cost = cost_of(&b, NULL, COST_MACS);
    assert_int_equal(cost.layers[0].parameters, 6 + 6);
    assert_int_equal(cost.layers[1].parameters, 9);
    assert_int_equal(cost.parameters, 6 + 6 + 9 + 3);
    cost_free(&cost);
    bool *removed = mem_new((size_t)b.coupling->class_count, sizeof *removed);
    removed[b.coupling->layer_classes[0][1]] = removed[b.coupling->layer_classes[1][1]] = true;
    cost = cost_of(&b, removed, COST_MACS); /* the same channel of both */
    assert_int_equal(cost.parameters, 4 + 4 + 4 + 2);
    cost_free(&cost);
    removed[b.coupling->layer_classes[1][1]] = false;
    removed[b.coupling->layer_classes[1][0]] = true;
    cost = cost_of(&b, removed, COST_MACS);
    assert_int_equal(cost.parameters, 4 + 4 + 4 + 4 + 2);
    cost_free(&cost);
    mem_free(removed);
    subject_free(&b);
}

/* A convolution on 4x4 and on 2x2: weights once, multiply-adds for both. */
static void called_twice(void **state)
{
    (void)state;
    struct graph *g = make_graph(13);
    struct error error = {0};
    make_input(g, "x", DIMS(DIMENSION_UNKNOWN, 2, 4, 4));
    make_reals(g, "a.weight", DIMS(3, 2, 1, 1), 1);
    make_reals(g, "a.bias", DIMS(3), 1);
    make_node(g, "/a", "Conv", NAMES("x", "a.weight", "a.bias"), NAMES("a"), NO_ATTRIBUTES);
    make_node(g, "/small", "MaxPool", NAMES("x"), NAMES("small"),
              ATTRIBUTES(integers_attribute("kernel_shape", DIMS(2, 2)),
                         integers_attribute("strides", DIMS(2, 2))));
    make_node(g, "/again", "Conv", NAMES("small", "a.weight", "a.bias"), NAMES("b"), NO_ATTRIBUTES);
    make_node(g, "/mean", "GlobalAveragePool", NAMES("b"), NAMES("mean"), NO_ATTRIBUTES);
    make_node(g, "/sum", "Add", NAMES("a", "mean"), NAMES("sum"), NO_ATTRIBUTES);
    make_reals(g, "c.weight", DIMS(1, 3, 1, 1), 1);
    make_node(g, "/c", "Conv", NAMES("sum", "c.weight"), NAMES("y"), NO_ATTRIBUTES);
    make_output(g, "y");
    if (graph_finish(g, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    struct subject b = subject_of(g);
    struct cost cost = cost_of(&b, NULL, COST_MACS);
    assert_int_equal(cost.layer_count, 2);
    assert_int_equal(cost.layers[0].parameters, 6 + 3);
    assert_true(cost.layers[0].macs == 6 * (16 + 4));
    assert_int_equal(cost.layers[0].activation_bytes, 4 * 3 * (16 + 4));
    cost_free(&cost);
    bool *removed = mem_new((size_t)b.coupling->class_count, sizeof *removed);
    removed[b.coupling->layer_classes[0][1]] = true;
    cost = cost_of(&b, removed, COST_MACS);
    assert_int_equal(cost.layers[0].parameters, 4 + 2);
    assert_true(cost.layers[0].macs == 4 * (16 + 4));
    assert_int_equal(cost.parameters, 4 + 2 + 2);
    cost_free(&cost);
    mem_free(removed);
    subject_free(&b);
}

/* --- trained networks ----------------------------------------------------------------------------------- */

static void published_figures(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int64_t parameters;
        double mega; /* multiply-adds */
    } networks[] = {{"data/models/resnet20_bn.onnx", 269722, 40.55},
                    {"data/models/resnet56_bn.onnx", 853018, 125.49}};
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        struct error error = {0};
        struct graph *read, *graph;
        const char *path = need_shared(networks[i].file);
        if (onnx_read(path, &read, &error) != STATUS_OK || graph_simplify(read, &graph, &error) != STATUS_OK)
            fail_msg("%s", error.message);
        struct subject b = subject_of(graph);
        struct cost cost = cost_of(&b, NULL, COST_MACS);
        assert_int_equal(cost.parameters, networks[i].parameters);
        assert_true(fabs(cost.macs / 1e6 - networks[i].mega) < 0.005);
        cost_free(&cost);
        subject_free(&b);
        graph_free(read);
    }
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(cost_rule_name(COST_MACS), "macs");
    assert_string_equal(cost_rule_name(COST_PTFLOPS), "ptflops");
    assert_null(cost_rule_name(2));
    assert_null(cost_rule_name(-1));
}

static void memory_runs_out(void **state)
{
    (void)state;
    struct subject b = subject_of(random_network(3, 5));
    struct error error = {0};
    struct cost cost;
    status code = STATUS_MEMORY;
    long nth = 0;
    while (code == STATUS_MEMORY) {
        mem_fail_at(++nth);
        code = cost_compute(b.coupling, NULL, COST_PTFLOPS, &cost, &error);
        mem_fail_at(0);
        if (code == STATUS_MEMORY)
            assert_null(cost.layers);
    }
    assert_int_equal(code, STATUS_OK);
    assert_int_equal(nth, 5);
    cost_free(&cost);
    subject_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_by_hand), cmocka_unit_test(transposed_by_hand),
        cmocka_unit_test(what_if_by_hand), cmocka_unit_test(parameters_outside_layers),
        cmocka_unit_test(single_numbers),  cmocka_unit_test(shared_parameters),
        cmocka_unit_test(called_twice),    cmocka_unit_test(published_figures),
        cmocka_unit_test(names),           cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
