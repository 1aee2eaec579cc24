/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the coupling share while one is built. */
#ifndef IPPRO_PRUNE_COUPLING_INTERNAL_H
#define IPPRO_PRUNE_COUPLING_INTERNAL_H

#include "prune/coupling.h"

/* A node that united labels which were apart. */
struct tie {
    int node, label;
};

struct builder {
    struct coupling *coupling;
    struct label_forest forest;
    int node; /* whose rule runs */
    struct tie *ties;
    int tie_count;
    size_t tie_capacity;
    bool failed; /* memory is out */
};

/* The rule of a node's operator gives labels to its outputs; false when memory is out
 * (prune/coupling_rules.c). */
bool coupling_rule(struct builder *builder, int node);
/* Labels (prune/coupling_map.c). Maps of a value vary along the axes of a bit set; where memory is out the
 * functions say false and *failed is set in the builder. */
bool coupling_new_map(struct builder *builder, int value, unsigned axes, struct label_map **map); /* unset */
bool coupling_fresh_map(struct builder *builder, int value, unsigned axes,
                        struct label_map **map); /* all new */
bool coupling_locked_map(struct builder *builder, int value, unsigned axes, enum lock_reason reason,
                         int node);
void coupling_lock_map(struct builder *builder, const struct label_map *map, enum lock_reason reason,
                       int node);
/* Labels of a node's input; NULL where it is left out or constant. */
struct label_map *coupling_input_map(struct builder *builder, const struct node *node, int index);
/* The refuge of every rule: lock what comes in, and let locked labels come out. */
bool coupling_lock_node(struct builder *builder, int node, enum lock_reason reason);
/* Unite two labels; those of a map along the given axes, so that it varies along none of them. */
void coupling_unite(struct builder *builder, int label_a, int label_b);
void coupling_unite_along(struct builder *builder, const struct label_map *map, unsigned axes);
bool coupling_no_memory(struct builder *builder); /* false, and noted */

/* Is what a mask removes of a value zero in it (prune/coupling_zero.c)? Found node by node, in order. */
void coupling_find_zero(struct coupling *coupling, int node);
bool coupling_is_zero(const struct builder *builder, const struct label_map *map); /* one of coupling->maps */
/* Tie the channels of layers that are called several times, and lock those whose weights others use too
 * (prune/coupling_calls.c). After all nodes have labels. */
void coupling_tie_calls(struct builder *builder);

/* Find the channel shuffles (prune/shuffle.c). */
status coupling_find_shuffles(struct coupling *coupling, struct error *error);

/* Classes, blocks and groups from the labels (prune/coupling_classes.c). */
status coupling_classify(struct builder *builder, struct error *error);

/* Mark the classes that zeros would lead out of an operator's domain (prune/domain.c). */
void coupling_find_domains(struct coupling *coupling);

/* Where an element-moving node takes its labels: fills the maps of the node's outputs. *understood is false
 * when the node does not lend itself to it. false when memory is out (prune/coupling_move.c). */
bool coupling_move_labels(struct builder *builder, int node, bool *understood);

/* Where the numbers of a constant that a Concat joins stand: input `input` of node `node`, which is the
 * Concat or an Expand in front of it. false where input `index` of the Concat has labels, or its numbers are
 * computed otherwise. */
struct joined_constant {
    int node, input;
};
bool coupling_joined_constant(const struct coupling *coupling, int concat, int index,
                              struct joined_constant *found);
/* Integers that a node takes from input `index` (-1: none; it must be constant) or from an attribute (NULL:
 * none); NULL and count 0 without. Borrowed. */
const int64_t *coupling_integers(const struct plan *plan, const struct node *node, int index,
                                 const char *attribute, int64_t *count);

/* Bit set of the axes that a Reduce node reduces in a tensor of the given rank; false when they are not to be
 * made out. */
bool coupling_reduced_axes(const struct plan *plan, const struct node *node, int rank, unsigned *axes);

/* What a Slice node is told, for a tensor of the given rank; false when that is not to be made out. Axes are
 * 0..rank-1; steps NULL: all 1. Borrowed from the graph. */
struct slice_operands {
    const int64_t *starts, *ends, *steps;
    int axes[TENSOR_MAX_RANK];
    int64_t count;
};
bool coupling_slice(const struct plan *plan, const struct node *node, int rank, struct slice_operands *slice);

/* What a Pad node is told: pair i pads axis axes[i] by pads[i] in front and pads[count + i] behind (negative:
 * takes away). false when that is not to be made out. */
struct pad_operands {
    const int64_t *pads;
    int axes[TENSOR_MAX_RANK];
    int64_t count;
    bool continues; /* not with a constant, but with what the tensor has */
};
bool coupling_pad(const struct plan *plan, const struct node *node, int rank, struct pad_operands *pad);

#endif
