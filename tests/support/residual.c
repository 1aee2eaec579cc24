/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small residual network with everything that makes gradients hard. */
#include "support/residual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/attributes.h"
#include "support/network.h"
#include "nn/execution/execution.h"
#include "nn/engine/loss.h"

static int node(struct builder *builder, const char *op, const char *name, int first, int second, int third,
                const struct attribute *attributes, int count)
{
    const int inputs[] = {first, second, third, VALUE_NONE};
    return builder_node(builder, op, name, inputs, attributes, count);
}

static int parameter(struct builder *builder, const char *layer, const char *what, int rank,
                     const int64_t *dims, double low, double high)
{
    char name[100];
    snprintf(name, sizeof name, "%s.%s", layer, what);
    return builder_parameter(builder, name, rank, dims, low, high);
}

static int convolution(struct builder *builder, const char *name, int input, int64_t channels,
                       int64_t filters, int64_t kernel_size, int64_t stride, bool bias)
{
    int64_t pad = kernel_size / 2, pads[] = {pad, pad, pad, pad}, strides[] = {stride, stride};
    const struct attribute attributes[] = {integers_attribute("pads", 4, pads),
                                           integers_attribute("strides", 2, strides)};
    int64_t dims[] = {filters, channels, kernel_size, kernel_size};
    int weight = parameter(builder, name, "weight", 4, dims, -0.5, 0.5);
    int third = bias ? parameter(builder, name, "bias", 1, &filters, -0.3, 0.3) : VALUE_NONE;
    return node(builder, "Conv", name, input, weight, third, attributes, 2);
}

static int normalization(struct builder *builder, const char *name, int input, int64_t channels)
{
    static const char *const suffixes[] = {"scale", "shift", "mean", "var"};
    const double lows[] = {0.4, -0.3, -0.4, 0.5}, highs[] = {1.4, 0.5, 0.4, 1.5};
    int inputs[6] = {input, 0, 0, 0, 0, VALUE_NONE};
    for (int i = 0; i < 4; i++)
        inputs[i + 1] = parameter(builder, name, suffixes[i], 1, &channels, lows[i], highs[i]);
    return builder_node(builder, "BatchNormalization", name, inputs, NULL, 0);
}

static int linear(struct builder *builder, const char *name, int input, int64_t from, int64_t to)
{
    const struct attribute transposed = integer_attribute("transB", 1);
    int weight = parameter(builder, name, "weight", 2, (int64_t[]){to, from}, -0.8, 0.8);
    return node(builder, "Gemm", name, input, weight, parameter(builder, name, "bias", 1, &to, -0.3, 0.3),
                &transposed, 1);
}

/* Every second pixel, and zero channels on both sides. */
static int shortcut(struct builder *builder, int input, int64_t pad)
{
    int starts = builder_integers(builder, "starts", 2, (int64_t[]){0, 0});
    int ends = builder_integers(builder, "ends", 2, (int64_t[]){INT64_MAX, INT64_MAX});
    int axes = builder_integers(builder, "axes", 2, (int64_t[]){2, 3});
    int steps = builder_integers(builder, "steps", 2, (int64_t[]){2, 2});
    int pads = builder_integers(builder, "pads", 8, (int64_t[]){0, pad, 0, 0, 0, pad, 0, 0});
    const int slice[] = {input, starts, ends, axes, steps, VALUE_NONE};
    return node(builder, "Pad", "pad", builder_node(builder, "Slice", "slice", slice, NULL, 0), pads,
                VALUE_NONE, NULL, 0);
}

static int relu(struct builder *builder, const char *name, int input)
{
    return node(builder, "Relu", name, input, VALUE_NONE, VALUE_NONE, NULL, 0);
}

/* The convolutional part: stem, one block with an option-A shortcut, a second branch, all ending in 20
 * channels. */
static int build_body(struct builder *b, struct residual *network, int image)
{
    struct probe *probe = network->probes;
    probe[0].linear = convolution(b, "stem", image, 3, 8, 3, 1, false);
    probe[0].target = normalization(b, "stem_bn", probe[0].linear, 8);
    probe[0].activated = relu(b, "stem_relu", probe[0].target);
    probe[1].linear = convolution(b, "conv1", probe[0].activated, 8, 8, 3, 1, false);
    probe[1].target = normalization(b, "bn1", probe[1].linear, 8);
    probe[1].activated = relu(b, "relu1", probe[1].target);
    /* PROscore's lift, D * u behind the activation, with D = 0: the function does not change. */
    int d = builder_parameter(b, "lift", 4, (int64_t[]){1, 8, 1, 1}, 0, 0);
    int lift = node(b, "Mul", "lifting", probe[1].target, d, VALUE_NONE, NULL, 0);
    int lifted = node(b, "Add", "lifted", probe[1].activated, lift, VALUE_NONE, NULL, 0);
    probe[2].linear = convolution(b, "conv2", lifted, 8, 16, 3, 2, false);
    probe[2].target = probe[2].activated = normalization(b, "bn2", probe[2].linear, 16);
    int sum = node(b, "Add", "sum", probe[2].target, shortcut(b, probe[0].activated, 4), VALUE_NONE, NULL, 0);
    int out = relu(b, "block_relu", sum);
    probe[3].linear = probe[3].target = convolution(b, "branch", out, 16, 4, 1, 1, true);
    probe[3].activated = node(b, "LeakyRelu", "leaky", probe[3].target, VALUE_NONE, VALUE_NONE, NULL, 0);
    const struct attribute axis = integer_attribute("axis", 1);
    return node(b, "Concat", "concat", out, probe[3].activated, VALUE_NONE, &axis, 1);
}

/* The linear part has a view whose input is used twice, and a probe on a linear layer. A convolution that
 * leads nowhere has a probe as well. */
struct residual residual_network(void)
{
    static const char *const norms[] = {"stem_bn", "bn1", "bn2", NULL, NULL, NULL};
    static const char *const linears[] = {"stem", "conv1", "conv2", "branch", "hidden", "dead"};
    struct residual network;
    struct builder b = builder_start(NULL, 0);
    struct probe *probe = network.probes;
    memset(&network, 0, sizeof network);
    memcpy(network.norms, norms, sizeof norms);
    memcpy(network.linears, linears, sizeof linears);
    int image = builder_input(&b, "image", 3, (int64_t[]){3, SIDE, SIDE});
    int body = build_body(&b, &network, image);
    int pooled = node(&b, "GlobalAveragePool", "pool", body, VALUE_NONE, VALUE_NONE, NULL, 0);
    int flat = node(&b, "Flatten", "flat", pooled, VALUE_NONE, VALUE_NONE, NULL, 0);
    probe[4].linear = probe[4].target = linear(&b, "hidden", flat, 20, 6);
    probe[4].activated = relu(&b, "hidden_relu", probe[4].target);
    int shape = builder_integers(&b, "shape", 3, (int64_t[]){0, 3, 2});
    int folded = node(&b, "Reshape", "folded", probe[4].activated, shape, VALUE_NONE, NULL, 0);
    int unfolded = node(&b, "Flatten", "unfolded", folded, VALUE_NONE, VALUE_NONE, NULL, 0);
    int first = linear(&b, "first", probe[4].activated, 6, CLASSES),
        second = linear(&b, "second", unfolded, 6, CLASSES);
    probe[5].linear = probe[5].target = probe[5].activated = convolution(&b, "dead", image, 3, 2, 3, 1, true);
    network.graph = builder_finish(&b, node(&b, "Add", "logits", first, second, VALUE_NONE, NULL, 0));
    return network;
}

int residual_parameters(const struct graph *graph, int *weights)
{
    int count = 0;
    for (int v = 0; v < graph->value_count; v++)
        if (graph->values[v].constant && graph->values[v].constant->type == ELEMENT_DOUBLE)
            weights[count++] = v;
    return count;
}

struct engine *residual_engine(const struct residual *network, int64_t batch, enum element_type real,
                               bool weights)
{
    int values[MOST_PARAMETERS];
    const struct engine_options options = {.batch = batch,
                                           .real = real,
                                           .backward = true,
                                           .probes = network->probes,
                                           .probe_count = PROBES,
                                           .weights = values,
                                           .weight_count =
                                               weights ? residual_parameters(network->graph, values) : 0};
    struct error error = {0};
    struct engine *engine = NULL;
    status code = engine_new(network->graph, &options, &engine, &error);
    if (code != STATUS_OK)
        print_error("%s\n", error.message);
    assert_int_equal(code, STATUS_OK);
    return engine;
}

/* Image number `position` of an endless series, and its label. */
void residual_image(int64_t position, enum element_type real, void *image)
{
    struct random_state random;
    random_seed(&random, 3, (uint64_t)position);
    for (int i = 0; i < PIXELS; i++) {
        double value = random_between(&random, -1, 1);
        if (real == ELEMENT_FLOAT)
            ((float *)image)[i] = (float)value;
        else
            ((double *)image)[i] = value;
    }
}

int64_t residual_label(int64_t position)
{
    return position * 3 % CLASSES;
}

/* Loss of images first, first + 1, ... filling the batch; writes the output gradient. */
double residual_loss(struct engine *engine, int64_t first)
{
    struct error error = {0};
    size_t size = element_size(engine->real);
    assert_int_equal(engine_forward(engine, &error), STATUS_OK);
    double sum = 0;
    for (int64_t i = 0; i < engine->batch; i++)
        sum += softmax_cross_entropy((char *)engine_output(engine)->data + (size_t)(i * CLASSES) * size,
                                     engine->real, CLASSES, residual_label(first + i),
                                     (char *)engine_output_gradient(engine) + (size_t)(i * CLASSES) * size)
                   .loss;
    return sum;
}

void residual_run(struct engine *engine, int64_t first)
{
    struct error error = {0};
    size_t image = PIXELS * element_size(engine->real);
    for (int64_t i = 0; i < engine->batch; i++)
        residual_image(first + i, engine->real, (char *)engine_input(engine) + (size_t)i * image);
    residual_loss(engine, first);
    assert_int_equal(engine_backward(engine, &error), STATUS_OK);
}
