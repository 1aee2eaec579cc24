/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores in training mode: what a pass sums up of BatchNorms are the gradients with which the network would
 * learn from the same images. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/pool.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "nn/graph/graph.h"
#include "nn/simplify/simplify.h"
#include "onnx/onnx.h"
#include "score/layer.h"
#include "score/score.h"
#include "train/network.h"

enum { IMAGES = 24 };

static struct graph *graph;
static struct layers *layers;
static struct dataset *dataset;
static struct sample sample;
static struct pool *pool;

static int begin(void **state)
{
    struct error error = {0};
    struct graph *file;
    const struct dataset_options options = {.images = 60, .seed = 3};
    const struct sample_options first = {.count = IMAGES, .order = SAMPLE_FIRST};
    char path[1024];
    (void)state;
    snprintf(path, sizeof path, "%s/examples/shapes-resnet.onnx", getenv("SRCDIR") ? getenv("SRCDIR") : ".");
    if (onnx_read(path, &file, &error) || graph_simplify(file, &graph, &error) ||
        layers_find(graph, &layers, &error) ||
        dataset_open(dataset_kind_find("shapes"), NULL, &options, &dataset, &error) ||
        sample_draw(dataset, &first, &sample, &error) || pool_new(2, &pool, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    graph_free(file);
    return 0;
}

static int end(void **state)
{
    (void)state;
    pool_free(pool);
    sample_free(&sample);
    dataset_free(dataset);
    layers_free(layers);
    graph_free(graph);
    return 0;
}

static struct score_statistics *score(enum element_type real, unsigned needs, int64_t batch, bool training)
{
    const struct score_pass pass = {.graph = graph,
                                    .layers = layers,
                                    .dataset = dataset,
                                    .sample = &sample,
                                    .needs = NEED_GRADIENTS | needs,
                                    .real = real,
                                    .training = training,
                                    .batch = batch,
                                    .pool = pool};
    struct score_statistics *statistics;
    struct error error = {0};
    if (score_statistics_compute(&pass, &statistics, &error))
        fail_msg("%s", error.message);
    return statistics;
}

static struct training_network *learn(double *loss)
{
    const struct training_options options = {
        .real = ELEMENT_DOUBLE, .batch = IMAGES, .norm_momentum = -1, .pool = pool};
    struct sample_feed feed = {.dataset = dataset, .sample = &sample};
    const struct training_batch batch = {.images = IMAGES, .fetch = sample_fetch, .fetch_argument = &feed};
    struct training_network *network;
    struct training_result result;
    struct error error = {0};
    if (training_network_new(graph, &options, &network, &error) ||
        training_network_pass(network, &batch, &result, &error))
        fail_msg("%s", error.message);
    *loss = result.loss;
    return network;
}

static const double *gradient_of(const struct training_network *network, int value)
{
    for (int p = 0; p < training_parameter_count(network); p++)
        if (strcmp(training_parameter(network, p)->name, graph->values[value].name) == 0)
            return training_parameter(network, p)->gradient;
    fail_msg("%s does not learn", graph->values[value].name);
    return NULL;
}

static void assert_close(double own, double expected, double tolerance)
{
    if (!(fabs(own - expected) <= tolerance * (1e-3 + fabs(expected))))
        fail_msg("%.12g is not %.12g", own, expected);
}

static void compare_layer(const struct score_statistics *statistics, const struct training_network *network,
                          int index, double tolerance)
{
    const struct layer *layer = &layers->items[index];
    const struct layer_statistics *sums = &statistics->layers[index];
    const double *dscale = gradient_of(network, layer->scale), *dshift = gradient_of(network, layer->shift);
    double *var = layer_parameter(graph, layer, layer->var);
    for (int64_t c = 0; c < layer->channels; c++) {
        assert_close(sums->delta[c] / IMAGES, dshift[c], tolerance);
        assert_close(sums->delta_centered[c] / sqrt(var[c] + layer->epsilon) / IMAGES, dscale[c], tolerance);
    }
    mem_free(var);
}

static void sums_are_gradients(void **state)
{
    const enum element_type *real = *state;
    double loss;
    int compared = 0;
    struct training_network *network = learn(&loss);
    struct score_statistics *statistics = score(*real, 0, IMAGES, true);
    const double tolerance = *real == ELEMENT_DOUBLE ? 1e-7 : 1e-2;
    assert_close(statistics->loss / IMAGES, loss, tolerance);
    for (int i = 0; i < layers->count; i++)
        if (layers->items[i].norm_node >= 0 && statistics->layers[i].delta) {
            compare_layer(statistics, network, i, tolerance);
            compared++;
        }
    assert_true(compared > 5);
    score_statistics_free(statistics);
    training_network_free(network);
}

/* In front of the statistics of a batch the size of a filter does not matter: <w, dw> is next to nothing, and
 * far from that in the other mode. */
static void the_size_of_filters_does_not_matter(void **state)
{
    (void)state;
    struct score_statistics *with = score(ELEMENT_DOUBLE, NEED_WEIGHT_GRADIENTS, IMAGES, true);
    struct score_statistics *without = score(ELEMENT_DOUBLE, 0, IMAGES, true);
    struct score_statistics *eval = score(ELEMENT_DOUBLE, NEED_WEIGHT_GRADIENTS, IMAGES, false);
    double most = 0, other = 0;
    for (int i = 0; i < layers->count; i++)
        for (int64_t c = 0;
             layers->items[i].norm_node >= 0 && with->layers[i].weight_dot && c < layers->items[i].channels;
             c++) {
            most = fmax(most, fabs(with->layers[i].weight_dot[c]));
            other = fmax(other, fabs(eval->layers[i].weight_dot[c]));
            assert_true(without->layers[i].weight_dot[c] == 0);
        }
    assert_true(most < 1e-3 * other);
    score_statistics_free(with);
    score_statistics_free(without);
    score_statistics_free(eval);
}

int main(void)
{
    static enum element_type reals[] = {ELEMENT_DOUBLE, ELEMENT_FLOAT};
    const struct CMUnitTest tests[] = {
        {"sums are the gradients, in double", sums_are_gradients, NULL, NULL, &reals[0]},
        {"sums are the gradients, in float", sums_are_gradients, NULL, NULL, &reals[1]},
        cmocka_unit_test(the_size_of_filters_does_not_matter),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
