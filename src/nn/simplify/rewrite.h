/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A finished graph with changes noted beside it, and the new graph that the changes make.
 *
 * Values keep their index while changes are noted; constants that are new get indices past the graph's last
 * value. What the network's outputs do not need is left out of the new graph. */
#ifndef IPPRO_NN_SIMPLIFY_REWRITE_H
#define IPPRO_NN_SIMPLIFY_REWRITE_H

#include "nn/graph/graph.h"
#include "nn/operator/plan.h"

struct new_constant {
    const char *name;
    struct tensor *tensor; /* one reference */
};

struct rewrite {
    const struct graph *graph; /* borrowed */
    struct arena *arena;
    const struct plan *plans[2]; /* the graph at two batch sizes, borrowed; NULL where not yet planned */
    int *alias;                  /* per value: the value that its users take instead; itself where none */
    int *producer;               /* per value, as in the graph until an output is taken over */
    bool *is_input, *is_output;  /* per value */
    struct tensor **constants;   /* per value: known content, borrowed, or NULL */
    struct node *nodes;          /* copies whose arrays may be exchanged for others from the arena */
    bool *dropped;               /* per node */
    bool halves;                 /* the file declares something in half precision */
    struct new_constant *added;
    size_t added_capacity;
    int added_count;
    const char *separator; /* stands in no value name of the graph: it makes new names unique */
};

/* Start with no change noted. plans may be NULL. */
status rewrite_new(const struct graph *graph, const struct plan *const *plans, struct rewrite **rewrite,
                   struct error *error);
void rewrite_free(struct rewrite *rewrite);

int rewrite_resolve(struct rewrite *rewrite, int value); /* VALUE_NONE stays VALUE_NONE */
/* Exchange input `index` of the node for a new constant, named after the node and `role` (each role once per
 * node). Takes over the reference, also when it fails; missing inputs in between are left out. */
status rewrite_input_constant(struct rewrite *rewrite, struct node *node, int index, const char *role,
                              struct tensor *tensor, struct error *error);
/* Set or (value NULL) remove an attribute; `attribute->name` must live as long as the rewrite. */
status rewrite_attribute(struct rewrite *rewrite, struct node *node, const char *name,
                         const struct attribute *attribute, struct error *error);
/* The node does nothing: its users take its first input. The network's outputs keep their names: the maker of
 * the input makes the output instead; where that cannot be (an input that is an output), the node stays. */
status rewrite_bypass(struct rewrite *rewrite, int node, struct error *error);

/* Input `index` of the node (through aliases), else the attribute, as a list of integers, borrowed; false
 * where neither is known. Pass VALUE_NONE or NULL to look at one of them only. */
bool rewrite_integers(struct rewrite *rewrite, const struct node *node, int index, const char *attribute,
                      const int64_t **values, int *count);

/* The new graph, finished. Some plan of the old one must have succeeded: it checks the nodes' operands. Where
 * plans are there, every value gets its type and shape from them, with DIMENSION_UNKNOWN where the batch
 * sizes differ. */
status rewrite_apply(struct rewrite *rewrite, struct graph **result, struct error *error);

#endif
