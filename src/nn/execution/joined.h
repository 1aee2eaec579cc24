/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network with several outputs as engines run it: with a single one, of shape batch x elements, in which
 * the outputs stand side by side, each flattened, in the order of the network. So whatever looks at an
 * output, takes a loss of it or sends a gradient back from it sees one, whichever network it is.
 *
 * Outputs that are no real numbers (indices, counts) or do not follow the batch (tables of places) have no
 * gradient and no image of their own: they are not among them. */
#ifndef IPPRO_NN_EXECUTION_JOINED_H
#define IPPRO_NN_EXECUTION_JOINED_H

#include <stdbool.h>
#include "nn/graph/graph.h"

/* Is an output (0..output_count-1) one of those that stand in the row? Of a simplified graph. */
bool output_joins(const struct graph *graph, int output);

struct joined_graph {
    struct graph graph; /* nodes and values have the numbers that they have in the network; what is new stands
                           behind them. Borrows all else */
    struct arena *arena; /* NULL: the network has one output, and the graph is its own */
};

/* The network must outlive the joined graph. STATUS_UNSUPPORTED where no output can stand in the row. On
 * failure nothing is to be freed. */
status joined_graph_init(struct joined_graph *joined, const struct graph *network, struct error *error);
void joined_graph_free(struct joined_graph *joined);

#endif
