/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the coupling share while one is built. */
#ifndef IPPRO_PRUNE_COUPLING_INTERNAL_H
#define IPPRO_PRUNE_COUPLING_INTERNAL_H

#include "prune/coupling.h"

struct builder {
    struct coupling *coupling;
    struct label_forest forest;
    bool *ties;  /* per node: it united labels that were apart */
    bool united; /* by the rule that runs */
    bool failed; /* memory is out */
};

/* Classes, blocks and groups from the labels (prune/group.c). */
status coupling_classify(struct builder *builder, struct error *error);

/* Where an element-moving node takes its labels: fills the maps of the node's outputs. *understood is false
 * when the node does not lend itself to it. false when memory is out (prune/coupling_move.c). */
bool coupling_move_labels(struct coupling *coupling, int node, bool *understood);
/* Elements that a Pad node adds in front of each axis; false when it does more than pad with zeros. */
bool coupling_pads(const struct plan *plan, const struct node *node, int rank, int64_t *before);
/* Integers that a node takes from input `index` (when constant) or from an attribute, as the operator's opset
 * has it; NULL and count 0 without. Borrowed. */
const int64_t *coupling_integers(const struct plan *plan, const struct node *node, int index,
                                 const char *attribute, int64_t *count);

#endif
