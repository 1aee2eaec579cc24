/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding layers: names, BatchNorm, activation, orientation of weights, output layers, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/network.h"
#include "nn/operator/operator.h"
#include "score/layer.h"
#include "score/layer_name.h"
#include "score/layer_stage.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct layers *find(const struct graph *graph)
{
    struct error error = {0};
    struct layers *layers = NULL;
    status code = layers_find(graph, &layers, &error);
    if (code != STATUS_OK) {
        print_error("%s\n", error.message);
    }
    assert_int_equal(code, STATUS_OK);
    return layers;
}

static const char *value_name(const struct graph *graph, int value)
{
    return value == VALUE_NONE ? "-" : graph->values[value].name;
}

static void test_example(void **state)
{
    (void)state;
    static const struct {
        const char *name, *norm, *linear, *target, *activated, *bias;
        enum layer_kind kind;
        int64_t channels, length, input, kernel, stride, groups;
        bool output;
    } expected[] = {
        {"stem", "stem_bn", "/stem/Conv_output", "stem_bn_output", "/Relu_output", "-", LAYER_CONVOLUTION, 4,
         27, 3, 3, 2, 1, false},
        {"depth", "-", "/depth/Conv_output", "/depth/Conv_output", "/LeakyRelu_output", "depth.bias",
         LAYER_DEPTHWISE, 4, 9, 4, 3, 1, 4, false},
        {"body.0.point", "body.0.bn", "/body/body.0/point/Conv_output", "body.0.bn_output",
         "body.0.bn_output", "body.0.point.bias", LAYER_CONVOLUTION, 6, 4, 4, 1, 1, 1, false},
        {"body.1.mix", "mix_bn", "/body/body.1/mix/Conv_output", "mix_bn_output", "mix_bn_output", "-",
         LAYER_CONVOLUTION, 6, 6, 6, 1, 1, 1, false},
        {"hidden", "-", "/hidden/Add_output", "/hidden/Add_output", "/Sigmoid_output", "hidden.bias",
         LAYER_LINEAR, 5, 6, 6, 1, 1, 1, false},
        {"output", "-", "/output/Gemm_output", "/output/Gemm_output", "/output/Gemm_output", "output.bias",
         LAYER_LINEAR, 10, 5, 5, 1, 1, 1, true},
    };
    struct graph *graph = example_network(NULL, 0, false);
    struct layers *layers = find(graph);
    assert_int_equal(layers->count, COUNT(expected));
    for (int i = 0; i < layers->count; i++) {
        const struct layer *layer = &layers->items[i];
        assert_string_equal(layer->name, expected[i].name);
        assert_string_equal(layer->norm_name ? layer->norm_name : "-", expected[i].norm);
        assert_string_equal(value_name(graph, layer->linear), expected[i].linear);
        assert_string_equal(value_name(graph, layer->target), expected[i].target);
        assert_string_equal(value_name(graph, layer->activated), expected[i].activated);
        assert_string_equal(value_name(graph, layer->bias), expected[i].bias);
        assert_int_equal(layer->kind, expected[i].kind);
        assert_int_equal(layer->channels, expected[i].channels);
        assert_int_equal(layer->filter_length, expected[i].length);
        assert_int_equal(layer->input_channels, expected[i].input);
        assert_int_equal(layer->kernel_width, expected[i].kernel);
        assert_int_equal(layer->stride, expected[i].stride);
        assert_int_equal(layer->groups, expected[i].groups);
        assert_int_equal(layer->output_layer, expected[i].output);
        assert_int_equal(layers_index(layers, layer->name), i);
    }
    assert_int_equal(layers_index(layers, "nothing"), -1);
    assert_string_equal(layer_kind_name(LAYER_DEPTHWISE), "depthwise");
    assert_true(layers->items[0].epsilon == 1e-3);
    layers_free(layers);
    graph_free(graph);
}

/* Filters as rows, whichever way the weight stands. */
static void test_filters(void **state)
{
    (void)state;
    struct graph *graph = example_network(NULL, 0, false);
    struct layers *layers = find(graph);
    const struct layer *hidden = &layers->items[4], *output = &layers->items[5];
    const struct tensor *columns = graph->values[hidden->weight].constant,
                        *rows = graph->values[output->weight].constant;
    double *filters = layer_filters(graph, hidden), filter[6];
    assert_non_null(filters);
    for (int c = 0; c < 5; c++) {
        layer_filter(graph, hidden, c, filter);
        for (int k = 0; k < 6; k++) {
            assert_true(filter[k] == tensor_get(columns, k * 5 + c));
            assert_true(filters[c * 6 + k] == filter[k]);
        }
    }
    layer_filter(graph, output, 7, filter);
    assert_true(filter[2] == tensor_get(rows, 7 * 5 + 2));
    double *bias = layer_parameter(graph, hidden, hidden->bias),
           *nothing = layer_parameter(graph, hidden, VALUE_NONE);
    assert_true(bias[4] == tensor_get(graph->values[hidden->bias].constant, 4));
    assert_true(nothing[0] == 0 && nothing[4] == 0);
    mem_free(filters);
    mem_free(bias);
    mem_free(nothing);
    layers_free(layers);
    graph_free(graph);
}

static void test_module_names(void **state)
{
    (void)state;
    static const struct {
        const char *parameter, *node, *op, *expected;
    } cases[] = {
        {"layer1.0.conv1.weight", "/anything", "Conv", "layer1.0.conv1"},
        {"onnx::Conv_183", "/layer1/layer1.0/conv1/Conv", "Conv", "layer1.0.conv1"},
        {"onnx::Conv_183", "/conv1/Conv", "Conv", "conv1"},
        {"onnx::Conv_183", "/layer2/layer2.0/downsample/downsample.0/Conv", "Conv", "layer2.0.downsample.0"},
        {"onnx::Conv_183", "/features/features.1/conv/conv.0/conv.0.0/Conv", "Conv", "features.1.conv.0.0"},
        {"onnx::Conv_183", "/conv1/Conv_12", "Conv", "conv1"},
        {"onnx::Conv_183", "/layer/layerx/Conv", "Conv", "layer.layerx"},
        {"onnx::Conv_183", "/Conv_3", "Conv", "Conv_3"},
        {"onnx::Conv_183", "/a//b/Convolve", "Conv", "a.b.Convolve"},
        {"onnx::MatMul_9", "/fc/MatMul", "MatMul", "fc"},
        {"w", "Conv_0", "Conv", "Conv_0"},
        {".weight", "/", "Conv", "/"},
    };
    struct arena *arena = arena_new();
    assert_non_null(arena);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct node node = {.name = cases[i].node, .op = operator_find(cases[i].op)};
        assert_string_equal(module_name(arena, cases[i].parameter, &node), cases[i].expected);
    }
    arena_free(arena);
}

static void test_unique_names(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct name_set *names = name_set_new(20000);
    assert_true(arena && names);
    assert_string_equal(name_set_add(names, arena, "a_2"), "a_2");
    assert_string_equal(name_set_add(names, arena, "a"), "a");
    assert_string_equal(name_set_add(names, arena, "a"), "a_3");
    assert_string_equal(name_set_add(names, arena, "a_3"), "a_3_2");
    for (int i = 0; i < 19996; i++) { /* no quadratic search behind one name */
        assert_non_null(name_set_add(names, arena, "b"));
    }
    name_set_free(names);
    arena_free(arena);
}

static int add(struct builder *builder, const char *op, const char *name, int first, int second)
{
    const int inputs[] = {first, second, VALUE_NONE};
    return builder_node(builder, op, name, inputs, NULL, 0);
}

/* Fully convolutional with a residual stream that reaches the output: all of its members are outputs. */
static void test_output_layers(void **state)
{
    (void)state;
    struct builder builder = builder_start(NULL, 0);
    int image = builder_input(&builder, "image", 3, (int64_t[]){3, 8, 8});
    int a = add(&builder, "Conv", "a", image,
                builder_parameter(&builder, "a.weight", 4, (int64_t[]){5, 3, 1, 1}, -1, 1));
    int b = add(&builder, "Conv", "b", a,
                builder_parameter(&builder, "b.weight", 4, (int64_t[]){7, 5, 1, 1}, -1, 1));
    int c = add(&builder, "Conv", "c", b,
                builder_parameter(&builder, "c.weight", 4, (int64_t[]){5, 7, 1, 1}, -1, 1));
    int sum = add(&builder, "Relu", "r", add(&builder, "Add", "sum", a, c), VALUE_NONE);
    int flat = add(&builder, "Flatten", "flat", add(&builder, "GlobalAveragePool", "pool", sum, VALUE_NONE),
                   VALUE_NONE);
    struct graph *graph =
        builder_finish(&builder, add(&builder, "Softmax", "probabilities", flat, VALUE_NONE));
    struct layers *layers = find(graph);
    assert_int_equal(layers->count, 3);
    assert_true(layers->items[0].output_layer);
    assert_false(layers->items[1].output_layer);
    assert_true(layers->items[2].output_layer);
    layers_free(layers);
    graph_free(graph);
}

/* BatchNorm whose input something else uses too, and activation whose input is a network output, do not
 * belong. */
static void test_shared_values(void **state)
{
    (void)state;
    struct builder builder = builder_start(NULL, 0);
    int image = builder_input(&builder, "image", 3, (int64_t[]){3, 8, 8});
    int y = add(&builder, "Conv", "first", image,
                builder_parameter(&builder, "w", 4, (int64_t[]){5, 3, 1, 1}, -1, 1));
    const int norm[] = {y,
                        builder_parameter(&builder, "s", 1, (int64_t[]){5}, 1, 2),
                        builder_parameter(&builder, "t", 1, (int64_t[]){5}, 1, 2),
                        builder_parameter(&builder, "m", 1, (int64_t[]){5}, 1, 2),
                        builder_parameter(&builder, "v", 1, (int64_t[]){5}, 1, 2),
                        VALUE_NONE};
    int u = builder_node(&builder, "BatchNormalization", "norm", norm, NULL, 0);
    int sum = add(&builder, "Add", "sum", u, y);
    int z = add(&builder, "Conv", "second", sum,
                builder_parameter(&builder, "x", 4, (int64_t[]){2, 5, 1, 1}, -1, 1));
    assert_true(graph_add_output(builder.graph, z) >= 0);
    struct graph *graph = builder_finish(&builder, add(&builder, "Relu", "relu", z, VALUE_NONE));
    struct layers *layers = find(graph);
    assert_int_equal(layers->count, 2);
    assert_string_equal(layers->items[0].name, "first");
    assert_int_equal(layers->items[0].norm_node, -1);
    assert_int_equal(layers->items[0].scale, VALUE_NONE);
    assert_int_equal(layers->items[0].target, y);
    assert_int_equal(layers->items[1].activation_node, -1);
    assert_true(layers->items[1].output_layer);
    layers_free(layers);
    graph_free(graph);
}

static void assert_refused(struct graph *graph, status expected, const char *word)
{
    struct error error = {0};
    struct layers *layers = NULL;
    assert_int_equal(layers_find(graph, &layers, &error), expected);
    assert_null(layers);
    if (!strstr(error.message, word)) {
        print_error("%s\n", error.message);
        fail();
    }
    graph_free(graph);
}

static void test_refused(void **state)
{
    (void)state;
    struct builder builder = builder_start(NULL, 0);
    int image = builder_input(&builder, "image", 3, (int64_t[]){3, 8, 8});
    int y = add(&builder, "Conv", "conv", image,
                builder_parameter(&builder, "w", 4, (int64_t[]){3, 3, 1, 1}, -1, 1));
    int five = builder_parameter(&builder, "five", 1, (int64_t[]){5}, 1, 2);
    const int norm[] = {y, five, five, five, five, VALUE_NONE};
    assert_refused(
        builder_finish(&builder, builder_node(&builder, "BatchNormalization", "norm", norm, NULL, 0)),
        STATUS_SHAPE, "node norm: 5 values for the 3 channels of layer conv");
}

/* Nodes with the same weight are one layer. A BatchNorm is the layer's where it is the same one behind all.
 */
static void check_calls(bool same_norm, bool same_relu)
{
    struct builder builder = builder_start(NULL, 0);
    int image = builder_input(&builder, "image", 3, (int64_t[]){3, 8, 8});
    int weight = builder_parameter(&builder, "shared.weight", 4, (int64_t[]){3, 3, 1, 1}, -1, 1);
    int norm[4], other[4];
    for (int i = 0; i < 4; i++) {
        const char *const names[] = {"a.weight", "a.bias", "a.mean", "a.var",
                                     "b.weight", "b.bias", "b.mean", "b.var"};
        norm[i] = builder_parameter(&builder, names[i], 1, (int64_t[]){3}, 1, 2);
        other[i] = same_norm ? norm[i] : builder_parameter(&builder, names[4 + i], 1, (int64_t[]){3}, 1, 2);
    }
    int y = add(&builder, "Conv", "first", image, weight);
    const int one[] = {y, norm[0], norm[1], norm[2], norm[3], VALUE_NONE};
    int first = builder_node(&builder, "BatchNormalization", "a", one, NULL, 0);
    int relu = add(&builder, "Relu", "relu1", first, VALUE_NONE);
    int z = add(&builder, "Conv", "second", relu, weight);
    const int two[] = {z, other[0], other[1], other[2], other[3], VALUE_NONE};
    int second = builder_node(&builder, "BatchNormalization", "b", two, NULL, 0);
    struct graph *graph =
        builder_finish(&builder, add(&builder, same_relu ? "Relu" : "Sigmoid", "last", second, VALUE_NONE));
    struct layers *layers = find(graph);
    assert_int_equal(layers->count, 1);
    const struct layer *layer = &layers->items[0];
    assert_string_equal(layer->name, "shared");
    assert_false(layer->bound);
    assert_int_equal(layer->call_count, 2);
    assert_string_equal(graph->nodes[layer->calls[0].node].name, "first");
    assert_string_equal(graph->nodes[layer->calls[1].node].name, "second");
    assert_int_equal(layer->calls[0].node, layer->node);
    assert_int_equal(layer->calls[0].target, same_norm ? first : y);
    assert_int_equal(layer->calls[1].target, same_norm ? second : z);
    assert_int_equal(layer->norm_node >= 0, same_norm);
    const char *expected = !same_norm ? NULL : same_relu ? "Relu" : "several";
    if (expected)
        assert_string_equal(layer->activation_name, expected);
    else
        assert_null(layer->activation_name);
    layers_free(layers);
    graph_free(graph);
}

static void test_calls(void **state)
{
    (void)state;
    check_calls(true, true);
    check_calls(true, false);
    check_calls(false, true);
}

/* Whatever else uses a weight binds its layer, and so does a bias of its own. */
static void test_bound(void **state)
{
    (void)state;
    struct builder builder = builder_start(NULL, 0);
    int image = builder_input(&builder, "image", 3, (int64_t[]){3, 8, 8});
    int weight = builder_parameter(&builder, "w.weight", 4, (int64_t[]){3, 3, 1, 1}, -1, 1);
    int y = add(&builder, "Conv", "conv", image, weight);
    struct graph *graph = builder_finish(&builder, add(&builder, "Mul", "beside", y, weight));
    struct layers *layers = find(graph);
    assert_int_equal(layers->count, 1);
    assert_int_equal(layers->items[0].call_count, 1);
    assert_true(layers->items[0].bound);
    layers_free(layers);
    graph_free(graph);

    builder = builder_start(NULL, 0);
    image = builder_input(&builder, "image", 3, (int64_t[]){3, 8, 8});
    weight = builder_parameter(&builder, "w.weight", 4, (int64_t[]){3, 3, 1, 1}, -1, 1);
    const int one[] = {image, weight, builder_parameter(&builder, "b", 1, (int64_t[]){3}, -1, 1), VALUE_NONE};
    y = builder_node(&builder, "Conv", "first", one, NULL, 0);
    const int two[] = {y, weight, builder_parameter(&builder, "c", 1, (int64_t[]){3}, -1, 1), VALUE_NONE};
    graph = builder_finish(&builder, builder_node(&builder, "Conv", "second", two, NULL, 0));
    layers = find(graph);
    assert_int_equal(layers->count, 1);
    assert_int_equal(layers->items[0].call_count, 2);
    assert_true(layers->items[0].bound);
    layers_free(layers);
    graph_free(graph);
}

/* A bias that is not one constant for each channel makes no layer. */
static void test_bias(void **state)
{
    (void)state;
    struct builder builder = builder_start(NULL, 0);
    int image = builder_input(&builder, "image", 3, (int64_t[]){3, 8, 8});
    const int wide[] = {image, builder_parameter(&builder, "w", 4, (int64_t[]){3, 3, 1, 1}, -1, 1),
                        builder_parameter(&builder, "b", 1, (int64_t[]){4}, -1, 1), VALUE_NONE};
    struct graph *graph = builder_finish(&builder, builder_node(&builder, "Conv", "wide", wide, NULL, 0));
    struct layers *layers = find(graph);
    assert_int_equal(layers->count, 0);
    layers_free(layers);
    graph_free(graph);
}

/* A network without layers has none; a weight that is computed makes no layer. */
static void test_none(void **state)
{
    (void)state;
    struct builder builder = builder_start(NULL, 0);
    int a = builder_input(&builder, "a", 1, (int64_t[]){4});
    struct graph *graph = builder_finish(
        &builder, add(&builder, "MatMul", "product", a, add(&builder, "Relu", "relu", a, VALUE_NONE)));
    struct layers *layers = find(graph);
    assert_int_equal(layers->count, 0);
    layers_free(layers);
    layers_free(NULL);
    graph_free(graph);
}

static void test_memory(void **state)
{
    (void)state;
    struct graph *graph = example_network(NULL, 0, false);
    struct error error = {0};
    struct layers *layers = NULL;
    status code = STATUS_MEMORY;
    for (long nth = 1; code != STATUS_OK; nth++) {
        assert_true(nth < 1000);
        mem_fail_at(nth);
        code = layers_find(graph, &layers, &error);
        mem_fail_at(0);
        assert_true(code == STATUS_OK || (code == STATUS_MEMORY && !layers));
    }
    layers_free(layers);
    graph_free(graph);
}

/* A word is a layer, else a stage, else a pattern. */
static void test_words(void **state)
{
    (void)state;
    struct layer items[] = {
        {.name = "stem"},           {.name = "stem.0.conv"}, {.name = "layer1.0.conv1"},
        {.name = "layer1.0.conv2"}, {.name = "layer1.1/fc"}, {.name = "layer10.0"},
        {.name = "/head/fc"},       {.name = "b[0].conv"},   {.name = "b0.conv"},
    };
    const struct layers layers = {.items = items, .count = sizeof items / sizeof *items};
    static const struct {
        const char *word, *matches;
        int stage;
        bool several;
    } cases[] = {
        {"stem", "100000000", 0, false},    {"stem.0", "010000000", 1, true},
        {"layer1", "001110000", 3, true},   {"layer1.0", "001100000", 2, true},
        {"layer1.1", "000010000", 1, true}, {"layer1.0.conv1", "001000000", 0, false},
        {"layer", "000000000", 0, false},   {"layer1.", "000000000", 0, false},
        {"layer1*", "001111000", 0, true},  {"/head", "000000100", 1, true},
        {"head", "000000000", 0, false},    {"/", "000000000", 0, false},
        {"", "000000000", 0, false},        {"b[0]", "000000010", 1, true},
        {"b[0].*", "000000001", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(layers_in_stage(&layers, cases[i].word), cases[i].stage);
        assert_int_equal(layers_is_pattern(&layers, cases[i].word), cases[i].several);
        for (int k = 0; k < layers.count; k++)
            assert_int_equal(layers_match(&layers, cases[i].word, k), cases[i].matches[k] == '1');
    }
    assert_int_equal(layer_stage_length("layer1.0.conv1"), 6);
    assert_int_equal(layer_stage_length("/head/fc"), 5);
    assert_int_equal(layer_stage_length("stem"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example),       cmocka_unit_test(test_filters),
        cmocka_unit_test(test_module_names),  cmocka_unit_test(test_unique_names),
        cmocka_unit_test(test_output_layers), cmocka_unit_test(test_shared_values),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_calls),
        cmocka_unit_test(test_bound),         cmocka_unit_test(test_bias),
        cmocka_unit_test(test_none),          cmocka_unit_test(test_words),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
