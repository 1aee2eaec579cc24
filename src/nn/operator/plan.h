/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A graph prepared for one batch size: types and shapes of all values, parsed attributes, constants folded.
 *
 * Planning runs over the nodes in order. A node whose inputs are all constant is computed at once by its own
 * kernels (that is how the exporter's shape and pad chains disappear); Shape is constant as soon as its
 * input's shape is known. What is left are the steps that the engine runs. */
#ifndef IPPRO_NN_OPERATOR_PLAN_H
#define IPPRO_NN_OPERATOR_PLAN_H

#include <stdbool.h>
#include "nn/operator/fold.h"
#include "nn/graph/graph.h"
#include "nn/operator/operator.h"

struct step {
    int node; /* index into graph->nodes */
    const struct op *op;
    const struct operator_kernels *kernels; /* of the first output's type; forward is never NULL */
    const void *plan;
    size_t workspace;
};

struct plan {
    struct arena *arena;
    const struct graph *graph; /* borrowed, must outlive the plan */
    struct operand *values;    /* per value of the graph: type and shape (data unused) */
    struct tensor **constants; /* per value: known content (one reference), else NULL */
    struct step *steps;        /* nodes that are not constant, in order */
    int step_count;
    int64_t batch;
    struct fold_budget left; /* of what may be computed for the file */
};

struct plan_options {
    int64_t batch;          /* replaces dimension 0 of every network input; 0 keeps what the file declares.
                               A graph with a fixed batch is planned at that one */
    enum element_type real; /* ELEMENT_FLOAT or ELEMENT_DOUBLE: the type of every real value. Constants of the
                               other real type are converted. ELEMENT_TYPES: keep each type as declared */
    bool backward;
    enum kernel_choice kernel; /* handed to every prepare */
    /* Another plan of the same graph with the same real type, or NULL: what it has computed from the same
     * constants is shared, and its budget is gone on with. */
    const struct plan *like;
    /* Per node, written, and why the first of them; or both NULL. A node that is refused, and whatever needs
     * it, is marked and passed over: the plan is good for the rest only. */
    bool *refused;
    struct error *refusal;
};

/* Errors name the node, its operator and the shapes at hand. STATUS_CANCELLED when this thread's work is to
 * be given up (base/progress.h). Symbolic dimensions other than the batch must be known (DIMENSION_UNKNOWN
 * elsewhere in an input is refused with the input's name). */
status plan_new(const struct graph *graph, const struct plan_options *options, struct plan **plan,
                struct error *error);
void plan_free(struct plan *plan);

#endif
