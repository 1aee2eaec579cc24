/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What planning may compute: a file of a few bytes can ask for any amount of work and memory, so the nodes
 * whose inputs are constant draw on one budget for the whole file. It grows with the parameters that the file
 * holds, which real networks fold a few times over (weight normalisation, interpolated position tables). */
#ifndef IPPRO_NN_OPERATOR_FOLD_H
#define IPPRO_NN_OPERATOR_FOLD_H

#include "nn/graph/graph.h"
#include "nn/operator/operator.h"

struct fold_budget {
    int64_t bytes;     /* that results and scratch may still take */
    int64_t work;      /* multiply-adds that may still be done */
    int64_t node_work; /* of one node at most: how long nobody looks whether the work is cancelled */
};

struct fold_budget fold_budget(const struct graph *graph);

/* Take what the prepared node will need. STATUS_UNSUPPORTED where that is more than is left; the caller names
 * the node. */
status fold_spend(struct fold_budget *budget, const struct prepare *prepare, struct error *error);

#endif
