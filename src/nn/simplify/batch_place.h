/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the images of a batch are in every value of a graph that was exported for a fixed number of them.
 *
 * A value holds its images side by side along one axis, whose length is outer * batch * inner: image b has
 * the positions (o * batch + b) * inner + i. Plain features have them on axis 0 with outer = inner = 1,
 * tokens put first on axis 1, heads or windows folded into the batch have them with inner > 1. A rule for
 * each operator says where they are in its outputs, and refuses what would let one image see another. Only a
 * Reshape leaves a choice, since at a batch of one a length of 1 stands anywhere: the search tries the
 * plausible first and comes back where a later node refuses. Whatever passes all rules computes every image
 * by itself. */
#ifndef IPPRO_NN_SIMPLIFY_BATCH_PLACE_H
#define IPPRO_NN_SIMPLIFY_BATCH_PLACE_H

#include <stdbool.h>
#include "base/memory.h"
#include "nn/operator/plan.h"

struct batch_place {
    int axis; /* -1: the value is the same for all images */
    int64_t outer, inner;
};

struct batch_trace {
    const struct plan *plan;    /* at the file's batch, borrowed */
    struct batch_place *places; /* per value of the plan's graph */
    int refused;                /* the last step, in the order of the plan, that has refused; -1: none has */
};

/* The images' places, from the arena. *found is false where there are none that pass all rules, with them on
 * axis 0 of every input and of every output that follows from the inputs. STATUS_CANCELLED, STATUS_MEMORY. */
status batch_trace_find(const struct plan *plan, struct arena *arena, struct batch_trace *trace, bool *found,
                        struct error *error);

/* Is input `index` of a node with this place in its output, of this rank, an operand that meets the images
 * along the axis that is aligned with theirs (element-wise, in Concat, a factor of a batch of products)? */
bool batch_place_aligned(const struct node *node, int index, const struct batch_place *place, int rank);

/* Private to batch_place.c and batch_trace.c: */

/* Fill the places of a step's outputs. `choice` (0, 1, ...) chooses among the places that a Reshape leaves;
 * others have one. *more: there is another choice behind this one. false: the node refuses. */
bool batch_place_node(struct batch_trace *trace, const struct node *node, int choice, bool *more);
/* Is a constant the same for all images along an axis of this length in it: of length 1, or with all
 * `batch` slices equal? */
bool batch_place_alike(const struct tensor *tensor, int axis, int64_t batch);

#endif
