/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removing channels: a mask (the same network with the removed channels' weights at zero) and surgery (a
 * smaller network). Both give the same logits to float rounding. */
#ifndef IPPRO_PRUNE_SURGERY_H
#define IPPRO_PRUNE_SURGERY_H

#include "prune/coupling.h"

/* removed: per class of the coupling. Refused, by all three functions (STATUS_STATE with the layer's or
 * value's name): locked classes, all channels of a layer, all that some value has. */

/* Zero whatever makes a removed channel (filters, biases, BatchNorm scale and shift) and whatever reads it
 * (the consumers' input weights), so that no activation function brings it back. A channel that is
 * zero_unsafe is still made, from what is left in front of it, and only not read: as zeros it could be 0/0
 * further on, which no weight of zero takes out of a sum. Shapes stay. The result is owned by the caller. */
status mask_apply(const struct coupling *coupling, const bool *removed, struct graph **result,
                  struct error *error);

/* The same mask as a list of what changes: constants to put in place of operands (engine_set_operand), so
 * that many masks can run over one network. Only operands of which something becomes zero are listed. */
struct masked_operand {
    int node, input;
    struct tensor *tensor; /* one reference */
};
struct masked_operands {
    struct masked_operand *items; /* by node, then input */
    int count;
    int first_node; /* the first changed node, -1 when nothing changes */
};
status mask_operands(const struct coupling *coupling, const bool *removed, struct masked_operands *masked,
                     struct error *error);
void masked_operands_free(struct masked_operands *masked); /* frees what it holds, not itself */

/* Build the smaller network: constants are cut, group counts, pads, slice bounds, split sizes, indices and
 * reshape targets follow, and a channel shuffle that loses something becomes a Gather. The result is checked
 * by planning it; it is not written on failure. */
status surgery_apply(const struct coupling *coupling, const bool *removed, struct graph **result,
                     struct error *error);

#endif
