/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small networks built by hand for tests. Building asserts that nothing fails. */
#ifndef IPPRO_TESTS_NETWORK_H
#define IPPRO_TESTS_NETWORK_H

#include "nn/graph/graph.h"

/* Before a network is built: factor or term on some elements of one parameter, so that the loss can be
 * differentiated numerically. Element first, first + step, ... (count of them). */
struct change {
    const char *parameter;
    int64_t first, count, step;
    double factor, term;
};

struct builder {
    struct graph *graph;
    const struct change *changes;
    int change_count;
};

struct builder builder_start(const struct change *changes, int change_count);
/* The network's input: unknown batch, then the given dimensions. */
int builder_input(struct builder *builder, const char *name, int rank, const int64_t *dims);
/* A double parameter of uniform numbers low..high that depend on its name alone. */
int builder_parameter(struct builder *builder, const char *name, int rank, const int64_t *dims, double low,
                      double high);
int builder_integers(struct builder *builder, const char *name, int count, const int64_t *values);
/* A node named `name` with one output, "<name>_output"; inputs end with VALUE_NONE. attribute may be NULL. */
int builder_node(struct builder *builder, const char *op, const char *name, const int *inputs,
                 const struct attribute *attributes, int attribute_count);
/* Declares the output and finishes the graph. */
struct graph *builder_finish(struct builder *builder, int output);

/* A network for 3x32x32 images and 10 classes in which every way to find a layer occurs:
 *   stem    3x3 stride 2, 4 channels, BatchNorm (one negative scale), Relu
 *   depth   3x3 depthwise with bias, LeakyRelu, no BatchNorm
 *   point   1x1 to 6 channels with bias, BatchNorm, whose result is used twice (h is the identity)
 *   mix     1x1 from the sum of point and its double, BatchNorm; Relu behind an addition of the input
 *   hidden  MatMul and Add of a bias, 5 features, Sigmoid
 *   output  Gemm, transB = 1
 * With `lift`, D*u is added behind the stem's Relu, D being parameter "stem_lift" (all zero): its gradient is
 * PROscore's g_D. */
struct graph *example_network(const struct change *changes, int change_count, bool lift);

#endif
