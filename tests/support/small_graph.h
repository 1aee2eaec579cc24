/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Graphs of one node, run once and checked: each parameter of type double is one whose gradient is wanted. */
#ifndef IPPRO_TESTS_SMALL_GRAPH_H
#define IPPRO_TESTS_SMALL_GRAPH_H

#include "support/network.h"
#include "nn/engine/engine.h"

/* An engine with a backward pass; gradients of all double parameters in the graph's order. */
struct engine *small_engine(const struct graph *graph, int64_t batch, enum element_type real,
                            enum kernel_choice choice);
/* Input and output gradient random, then forward and backward. */
void small_run(struct engine *engine, const struct graph *graph);

/* The gradient of every element of every double parameter, in double, against central differences. */
void check_differences(const struct graph *graph, int64_t batch, double tolerance);

/* An input that a parameter "offset" of the same shape is added to (value "shifted_output"): the gradient of
 * the parameter, which is the first, is the data gradient. */
int differentiable_input(struct builder *builder, int rank, const int64_t *dims);

/* The engine must refuse the graph with a message that has these words; frees the graph. */
void refused(struct graph *graph, int64_t batch, const char *words);

#endif
