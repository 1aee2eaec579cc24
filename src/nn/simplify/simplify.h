/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turn a graph as exported into the graph that the rest of the program works on.
 *
 * - Constants are folded: chains of Shape, Gather, Concat, Slice, Cast, ... that exporters write for pads and
 *   reshapes. What is constant is found by planning at two batch sizes and comparing, so a folded graph is
 *   right for any batch: an element that follows the batch becomes 0 ("copy the dimension") or -1 in a
 *   Reshape target, 1 in Expand's, and Resize's sizes become scales. Where ONNX has no such way to say it,
 *   the nodes that compute the element stay, and planning computes them for the batch at hand.
 * - A file exported with a fixed batch has it baked into the targets of Reshape and Expand and the sizes of
 * Resize. Its images are followed through every value (nn/simplify/batch_place.h), and what is baked follows
 * the batch from then on; the input's dimension 0 becomes unknown. Constants that Concat joins with features
 * are repeated for every image (Expand). Where images cannot be told apart, the graph keeps its batch.
 * - Identity, eval-mode Dropout and whatever else changes nothing go; a parameter behind Identity is a
 *   parameter with the name that Identity gave it (exporters write equal parameters so). AveragePool after a
 *   zero Pad takes the padding into itself (with count_include_pad) when nothing else uses it.
 * - Values and nodes that the outputs do not need go. Names of what stays are kept. Every value of the result
 *   has its type and shape, with DIMENSION_UNKNOWN where the batch decides. */
#ifndef IPPRO_NN_SIMPLIFY_SIMPLIFY_H
#define IPPRO_NN_SIMPLIFY_SIMPLIFY_H

#include "nn/graph/graph.h"

/* The input graph is left as it is; *result is new and owned by the caller. Errors name the node. */
status graph_simplify(const struct graph *graph, struct graph **result, struct error *error);

#endif
