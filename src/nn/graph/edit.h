/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new version of a graph with some operands, attributes and operators replaced. Masks, surgery and
 * rescaling are edits. The old graph is left as it is, and unchanged constants are shared with it. */
#ifndef IPPRO_NN_GRAPH_EDIT_H
#define IPPRO_NN_GRAPH_EDIT_H

#include "nn/graph/graph.h"

struct edit;

/* The graph is borrowed until edit_free. NULL when memory is out. */
struct edit *edit_new(const struct graph *graph);
void edit_free(struct edit *edit);

/* Put a constant in place of input `input` of a node, or behind its inputs where its operator takes more. The
 * tensor's reference passes to the edit, also on failure (NULL fails). Where nothing else uses the old
 * constant the new one keeps its name; equal ones that replace one constant in several places stay one, as
 * one tensor does that several nodes get where they had nothing. */
status edit_constant(struct edit *edit, int node, int input, struct tensor *tensor, struct error *error);
/* From now on only what is the same tensor stays one, whatever the numbers: constants that will change. */
void edit_keep_apart(struct edit *edit);
/* The constant that stands there now: the replacement, or the graph's own; NULL for anything else. Borrowed.
 */
const struct tensor *edit_get(const struct edit *edit, int node, int input);
/* Only a replacement, NULL where the graph's own operand still stands. Borrowed. */
struct tensor *edit_replacement(const struct edit *edit, int node, int input);
/* Let input `input` of a node come from another value of the graph. */
void edit_input(struct edit *edit, int node, int input, int value);
/* Replace or add one attribute of integers, or one integer. The values are copied. */
status edit_integers(struct edit *edit, int node, const char *name, const int64_t *values, size_t count,
                     struct error *error);
status edit_integer(struct edit *edit, int node, const char *name, int64_t value, struct error *error);
/* Leave out an attribute, if it is there. */
status edit_remove_attribute(struct edit *edit, int node, const char *name, struct error *error);
/* Make the node another operator with `inputs` operands (the rest is dropped) and without its old attributes.
 */
void edit_operator(struct edit *edit, int node, const struct op *op, int inputs);

/* Build the new version: nodes and constants that no output needs are left out, declared shapes of what is
 * computed are dropped. Owned by the caller. */
status edit_apply(const struct edit *edit, struct graph **result, struct error *error);

#endif
