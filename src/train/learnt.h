/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The constants of a graph that are learnt: weights, biases, scales and shifts, and the running statistics
 * that training keeps beside them. */
#ifndef IPPRO_TRAIN_LEARNT_H
#define IPPRO_TRAIN_LEARNT_H

#include "nn/graph/graph.h"
#include "train/network.h"

/* Input `input` of a node, a constant of real numbers. */
struct learnt {
    int node, input;
    enum parameter_kind kind;
    bool statistics; /* mean or variance: no parameter, but the network's own all the same */
};

struct learnt_list {
    struct learnt *items; /* from base/memory.h, the caller's */
    int count;
};

/* In the order of nodes, and of a node's inputs. Nothing is to be freed on failure. */
status learnt_find(const struct graph *graph, struct learnt_list *list, struct error *error);
/* Is the node's input there, and a constant of real numbers? */
bool learnt_is_constant(const struct graph *graph, const struct node *node, int input);
/* The same graph, whose learnt constants are of this type and shared with no other graph, nor by two layers
 * that are not the same one. Nodes keep their numbers. The caller's. */
status learnt_own_graph(const struct graph *graph, enum element_type real, struct graph **own,
                        struct error *error);

#endif
