/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums over filters and input channels, for every way in which weights lie: against plain loops. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "score/layer.h"
#include "score/score.h"
#include "score/weight_sums.h"
#include "support/random_network.h"

static double *noise(int64_t count, uint64_t seed)
{
    double *values = mem_new((size_t)count, sizeof *values);
    struct random_state random;
    assert_non_null(values);
    random_seed(&random, seed, 0);
    for (int64_t i = 0; i < count; i++)
        values[i] = random_between(&random, -1, 1);
    return values;
}

static struct layer_statistics point_at(double *block, int64_t channels, int64_t inputs)
{
    double *columns = block + 4 * channels;
    return (struct layer_statistics){.weight_dot = block,
                                     .weight_abs = block + channels,
                                     .product_squared = block + 2 * channels,
                                     .gradient_norm = block + 3 * channels,
                                     .columns = {columns, columns + inputs, columns + 2 * inputs}};
}

static void plain(const struct layer *layer, const struct tensor *weight, const double *gradient,
                  struct layer_statistics *sums)
{
    const int64_t taps = layer_taps(layer);
    for (int64_t c = 0; c < layer->channels; c++) {
        for (int64_t k = 0; k < layer->filter_length; k++) {
            const int64_t at = filter_place(&layer->places, c, k),
                          input = layer_first_input(layer, c) + k / taps;
            const double g = gradient[at], product = tensor_get(weight, at) * g;
            sums->weight_dot[c] += product;
            sums->weight_abs[c] += fabs(product);
            sums->product_squared[c] += product * product;
            sums->gradient_norm[c] += g * g;
            sums->columns.dot[input] += product;
            sums->columns.absolute[input] += fabs(product);
            sums->columns.squared[input] += product * product;
        }
        sums->gradient_norm[c] = sqrt(sums->gradient_norm[c]);
    }
}

/* The gradient as it is, and as what another has too much. */
static void check_layer(const struct graph *graph, const struct layer *layer)
{
    const struct tensor *weight = graph->values[layer->weight].constant;
    const int64_t elements = shape_elements(&weight->shape), inputs = layer->input_channels,
                  count = 4 * layer->channels + 3 * inputs;
    double *gradient = noise(elements, 1), *less = noise(elements, 2), *all = noise(elements, 1);
    for (int64_t i = 0; i < elements; i++)
        all[i] += less[i];
    for (int pass = 0; pass < 2; pass++) {
        const struct weight_gradient given = {pass ? all : gradient, pass ? less : NULL};
        double *block = mem_new((size_t)count, 2 * sizeof *block);
        struct error error = {0};
        assert_non_null(block);
        struct layer_statistics sums = point_at(block, layer->channels, inputs),
                                expected = point_at(block + count, layer->channels, inputs);
        assert_int_equal(weight_sums(graph, layer, &given, &sums, &error), STATUS_OK);
        plain(layer, weight, gradient, &expected);
        for (int64_t i = 0; i < count; i++)
            if (fabs(block[i] - block[count + i]) > 1e-12 * (1 + fabs(block[count + i])))
                fail_msg("%s, sum %lld: %.17g, expected %.17g", layer->name, (long long)i, block[i],
                         block[count + i]);
        mem_free(block);
    }
    mem_free(gradient);
    mem_free(less);
    mem_free(all);
}

static void every_layout(void **state)
{
    (void)state;
    int checked = 0;
    for (int kind = 0; random_blocks[kind].name; kind++)
        for (uint64_t seed = 0; seed < 3; seed++) {
            struct graph *graph = random_block_network(seed, kind);
            struct layers *layers;
            struct error error = {0};
            assert_int_equal(layers_find(graph, &layers, &error), STATUS_OK);
            for (int i = 0; i < layers->count; i++, checked++)
                check_layer(graph, &layers->items[i]);
            layers_free(layers);
            graph_free(graph);
        }
    assert_true(checked > 200);
}

/* Squares that would be zero: a length all the same. */
static void tiny_gradients(void **state)
{
    (void)state;
    struct graph *graph = random_block_network(0, 0);
    struct layers *layers;
    struct error error = {0};
    assert_int_equal(layers_find(graph, &layers, &error), STATUS_OK);
    const struct layer *layer = &layers->items[0];
    const int64_t elements = shape_elements(&graph->values[layer->weight].constant->shape);
    double *gradient = noise(elements, 3), *norms = mem_new((size_t)layer->channels, 4 * sizeof *norms);
    assert_non_null(norms);
    struct layer_statistics sums = point_at(norms, layer->channels, 0);
    sums.columns = (struct column_statistics){NULL, NULL, NULL};
    for (int64_t i = 0; i < elements; i++)
        gradient[i] *= 1e-200;
    assert_int_equal(weight_sums(graph, layer, &(struct weight_gradient){gradient, NULL}, &sums, &error),
                     STATUS_OK);
    for (int64_t c = 0; c < layer->channels; c++)
        assert_true(sums.gradient_norm[c] > 1e-202 && sums.gradient_norm[c] < 1e-197);
    mem_free(gradient);
    mem_free(norms);
    layers_free(layers);
    graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_layout), cmocka_unit_test(tiny_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
