/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What surgery takes from every parameter, in the numbers of the network that it cuts: for whoever is to cut
 * the same network elsewhere.
 *
 * Nothing is computed from rules of its own. Surgery runs over the graph with parameters that hold their own
 * positions along an axis, once for each axis, and what is left of them says what it kept. */
#ifndef IPPRO_PRUNE_TRACE_H
#define IPPRO_PRUNE_TRACE_H

#include "prune/coupling.h"

enum { TRACE_AXES = 2 };

struct traced_parameter {
    const char *name; /* of the value, borrowed from the graph */
    struct shape before, after;
    /* Per axis: the positions that stay, after.dim[axis] of them, ascending; NULL: all. */
    const int64_t *kept[TRACE_AXES];
};

/* A node of the graph whose numbers of channels are written out elsewhere than in parameters. */
struct traced_node {
    const struct node *before, *after;
};

struct trace {
    struct arena *arena;
    struct graph *cut; /* the smaller network, whose parameters hold positions */
    struct traced_parameter *parameters;
    int parameter_count;
    struct traced_node *nodes; /* those that changed, in the order of the network */
    int node_count;
};

/* removed: per class of the coupling, as for surgery_apply, which says what is refused. wanted: per value of
 * the graph, constants of real numbers that are to be traced; STATUS_UNSUPPORTED for one of which the smaller
 * network has nothing, or that is cut along another axis than the first two. Freed by trace_free, also after
 * a failure. */
status trace_cut(const struct coupling *coupling, const bool *removed, const bool *wanted,
                 struct trace *trace, struct error *error);
void trace_free(struct trace *trace);

#endif
