/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turn a graph as exported into the graph that the rest of the program works on.
 *
 * - Constants are folded: chains of Shape, Gather, Concat, Slice, Cast, ... that exporters write for pads and
 *   reshapes. What is constant is found by planning at two batch sizes and comparing, so a folded graph is right
 *   for any batch: an element that follows the batch becomes 0 in a Reshape target ("copy the dimension") and is
 *   refused by name where it has no such meaning.
 * - A file exported with a fixed batch has it baked into Reshape targets; where the data's dimension 0 is the
 *   batch and the target's first element equals it, it becomes 0. The input's dimension 0 becomes unknown.
 * - Identity and eval-mode Dropout go (a parameter behind Identity is the parameter); AveragePool after a zero Pad
 *   takes the padding into itself (with count_include_pad) when nothing else uses it.
 * - Values and nodes that the outputs do not need go. Names of what stays are kept. */
#ifndef IPPRO_NN_SIMPLIFY_H
#define IPPRO_NN_SIMPLIFY_H

#include "nn/graph.h"

/* The input graph is left as it is; *result is new and owned by the caller. Errors name the node. */
status graph_simplify(const struct graph *graph, struct graph **result, struct error *error);

#endif
