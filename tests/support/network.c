/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small networks built by hand for tests. */
#include "support/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "nn/operator/operator.h"
#include "support/attributes.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

struct builder builder_start(const struct change *changes, int change_count)
{
    struct builder builder = {graph_new(), changes, change_count};
    assert_non_null(builder.graph);
    builder.graph->opset = 13;
    return builder;
}

int builder_input(struct builder *builder, const char *name, int rank, const int64_t *dims)
{
    struct shape shape = {.rank = rank + 1, .dim = {DIMENSION_UNKNOWN}};
    memcpy(shape.dim + 1, dims, (size_t)rank * sizeof *dims);
    int value = graph_add_value(builder->graph, name, ELEMENT_FLOAT, &shape);
    assert_true(value >= 0);
    assert_true(graph_add_input(builder->graph, value) >= 0);
    return value;
}

int builder_parameter(struct builder *builder, const char *name, int rank, const int64_t *dims, double low,
                      double high)
{
    struct shape shape = shape_of(rank, dims);
    struct tensor *tensor = tensor_new(ELEMENT_DOUBLE, &shape);
    assert_non_null(tensor);
    double *data = tensor->data;
    struct random_state random;
    uint64_t stream = 0;
    for (const char *byte = name; *byte; byte++) {
        stream = stream * 131 + (unsigned char)*byte;
    }
    random_seed(&random, 17, stream);
    for (int64_t i = 0; i < shape_elements(&shape); i++) {
        data[i] = random_between(&random, low, high);
    }
    for (int i = 0; i < builder->change_count; i++) {
        const struct change *change = &builder->changes[i];
        for (int64_t k = 0; strcmp(change->parameter, name) == 0 && k < change->count; k++) {
            int64_t element = change->first + k * change->step;
            data[element] = data[element] * change->factor + change->term;
        }
    }
    int value = graph_add_constant(builder->graph, name, tensor);
    tensor_free(tensor);
    assert_true(value >= 0);
    return value;
}

int builder_integers(struct builder *builder, const char *name, int count, const int64_t *values)
{
    const int64_t dims[] = {count};
    struct shape shape = shape_of(1, dims);
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);
    assert_non_null(tensor);
    memcpy(tensor->data, values, (size_t)count * sizeof *values);
    int value = graph_add_constant(builder->graph, name, tensor);
    tensor_free(tensor);
    assert_true(value >= 0);
    return value;
}

int builder_node(struct builder *builder, const char *op, const char *name, const int *inputs,
                 const struct attribute *attributes, int attribute_count)
{
    char output[200];
    int count = 0;
    snprintf(output, sizeof output, "%s_output", name);
    const struct op *found = operator_find(op);
    assert_non_null(found);
    while (inputs[count] != VALUE_NONE) {
        count++;
    }
    int value = graph_add_value(builder->graph, output, ELEMENT_FLOAT, NULL);
    assert_true(value >= 0);
    assert_true(graph_add_node(builder->graph, name, found, inputs, count, &value, 1, attributes,
                               attribute_count) >= 0);
    return value;
}

struct graph *builder_finish(struct builder *builder, int output)
{
    struct error error = {0};
    assert_true(graph_add_output(builder->graph, output) >= 0);
    status code = graph_finish(builder->graph, &error);
    if (code != STATUS_OK) {
        print_error("%s\n", error.message);
    }
    assert_int_equal(code, STATUS_OK);
    return builder->graph;
}

static int add_norm(struct builder *builder, const char *name, int input, int64_t channels, double low)
{
    static const char *const suffixes[] = {"weight", "bias", "running_mean", "running_var"};
    const double lows[] = {low, -0.3, -0.4, 0.3}, highs[] = {1.2, 0.5, 0.4, 1.5};
    int inputs[6] = {input, 0, 0, 0, 0, VALUE_NONE};
    for (int i = 0; i < 4; i++) {
        char parameter[100];
        snprintf(parameter, sizeof parameter, "%s.%s", name, suffixes[i]);
        inputs[i + 1] = builder_parameter(builder, parameter, 1, &channels, lows[i], highs[i]);
    }
    const struct attribute epsilon = real_attribute("epsilon", 1e-3);
    return builder_node(builder, "BatchNormalization", name, inputs, &epsilon, 1);
}

static int add_one(struct builder *builder, const char *op, const char *name, int first, int second)
{
    const int inputs[] = {first, second, VALUE_NONE};
    return builder_node(builder, op, name, inputs, NULL, 0);
}

static int add_stem(struct builder *builder, int image, bool lift)
{
    int64_t strides[] = {2, 2}, pads[] = {1, 1, 1, 1};
    const struct attribute attributes[] = {integers_attribute("strides", 2, strides),
                                           integers_attribute("pads", 4, pads)};
    const int inputs[] = {
        image, builder_parameter(builder, "stem.weight", 4, (int64_t[]){4, 3, 3, 3}, -0.4, 0.4), VALUE_NONE};
    int y = builder_node(builder, "Conv", "/stem/Conv", inputs, attributes, 2);
    int u = add_norm(builder, "stem_bn", y, 4, -0.8);
    int h = add_one(builder, "Relu", "/Relu", u, VALUE_NONE);
    if (!lift) {
        return h;
    }
    int d = builder_parameter(builder, "stem_lift", 4, (int64_t[]){1, 4, 1, 1}, 0.0, 0.0);
    return add_one(builder, "Add", "lifted", h, add_one(builder, "Mul", "lift", u, d));
}

static int add_depthwise(struct builder *builder, int input)
{
    int64_t pads[] = {1, 1, 1, 1};
    const struct attribute attributes[] = {integer_attribute("group", 4),
                                           integers_attribute("pads", 4, pads)};
    const int inputs[] = {input,
                          builder_parameter(builder, "depth.weight", 4, (int64_t[]){4, 1, 3, 3}, -0.5, 0.5),
                          builder_parameter(builder, "depth.bias", 1, (int64_t[]){4}, -0.3, 0.3), VALUE_NONE};
    int y = builder_node(builder, "Conv", "/depth/Conv", inputs, attributes, 2);
    const struct attribute alpha = real_attribute("alpha", 0.2);
    const int activation[] = {y, VALUE_NONE};
    return builder_node(builder, "LeakyRelu", "/LeakyRelu", activation, &alpha, 1);
}

/* point, mix and the additions around them */
static int add_body(struct builder *builder, int input)
{
    const int point[] = {
        input, builder_parameter(builder, "body.0.point.weight", 4, (int64_t[]){6, 4, 1, 1}, -0.8, 0.8),
        builder_parameter(builder, "body.0.point.bias", 1, (int64_t[]){6}, -0.3, 0.3), VALUE_NONE};
    int u = add_norm(builder, "body.0.bn",
                     builder_node(builder, "Conv", "/body/body.0/point/Conv", point, NULL, 0), 6, 0.3);
    int twice = add_one(builder, "Add", "/body/Add", u, u);
    const int mix[] = {twice,
                       builder_parameter(builder, "onnx::Conv_77", 4, (int64_t[]){6, 6, 1, 1}, -0.5, 0.5),
                       VALUE_NONE};
    int v = add_norm(builder, "mix_bn", builder_node(builder, "Conv", "/body/body.1/mix/Conv", mix, NULL, 0),
                     6, 0.3);
    return add_one(builder, "Relu", "/body/Relu", add_one(builder, "Add", "/body/Add_1", v, u), VALUE_NONE);
}

struct graph *example_network(const struct change *changes, int change_count, bool lift)
{
    struct builder builder = builder_start(changes, change_count);
    int image = builder_input(&builder, "image", 3, (int64_t[]){3, 32, 32});
    int body = add_body(&builder, add_depthwise(&builder, add_stem(&builder, image, lift)));
    int pooled = add_one(&builder, "GlobalAveragePool", "/pool", body, VALUE_NONE);
    int flat = add_one(&builder, "Flatten", "/Flatten", pooled, VALUE_NONE);
    int hidden = add_one(&builder, "MatMul", "/hidden/MatMul", flat,
                         builder_parameter(&builder, "onnx::MatMul_99", 2, (int64_t[]){6, 5}, -1.5, 1.5));
    int biased = add_one(&builder, "Add", "/hidden/Add",
                         builder_parameter(&builder, "hidden.bias", 1, (int64_t[]){5}, -0.3, 0.3), hidden);
    int squashed = add_one(&builder, "Sigmoid", "/Sigmoid", biased, VALUE_NONE);
    const struct attribute transposed = integer_attribute("transB", 1);
    const int output[] = {
        squashed, builder_parameter(&builder, "output.weight", 2, (int64_t[]){10, 5}, -3, 3),
        builder_parameter(&builder, "output.bias", 1, (int64_t[]){10}, -0.3, 0.3), VALUE_NONE};
    return builder_finish(&builder, builder_node(&builder, "Gemm", "/output/Gemm", output, &transposed, 1));
}
