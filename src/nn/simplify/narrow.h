/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Only what the outputs need is computed: a network of which the end looks at a part of a value.
 *
 * Behind the last attention of a vision transformer only the class token is read, so that the layers there
 * need not run for the others. From the outputs back it is found which part of each value somebody looks at:
 * a few places of one axis, as a Gather or Slice takes them. Operators that keep places apart hand the
 * question on to their inputs (a product of matrices does so for its rows, a softmax for its rows too), and
 * where a value is needed whole by another, a Gather takes the part out. Gradients of the rest are zero, and
 * so are sums of them; in numbers the two graphs differ by rounding alone. */
#ifndef IPPRO_NN_SIMPLIFY_NARROW_H
#define IPPRO_NN_SIMPLIFY_NARROW_H

#include <stdbool.h>

#include "base/status.h"
#include "nn/graph/graph.h"

/* Values keep their numbers, new ones follow behind; nodes do not keep theirs. */
struct narrowed_graph {
    struct graph graph;  /* borrows what is not owned below */
    bool changed;        /* otherwise it is the graph that was given, and nothing is owned */
    struct arena *arena; /* nodes and values */
    int first_own;       /* constants from this value on are owned */
};

/* kept: values that somebody will look at whole, kept_count of them. The graph (simplified, with shapes) must
 * outlive the narrowed one. It stays as it is where no product of matrices would become smaller. On failure
 * nothing is to be freed. */
status graph_narrow(const struct graph *graph, const int *kept, int kept_count,
                    struct narrowed_graph *narrowed, struct error *error);
void narrowed_graph_free(struct narrowed_graph *narrowed);

#endif
