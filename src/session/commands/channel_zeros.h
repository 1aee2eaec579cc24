/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Channels of zeros that a network's own program puts around others, as shortcuts of option A do. */
#ifndef IPPRO_SESSION_COMMANDS_CHANNEL_ZEROS_H
#define IPPRO_SESSION_COMMANDS_CHANNEL_ZEROS_H

#include "checkpoint/zeros.h"
#include "nn/graph/graph.h"
#include "session/model.h"

enum { PADS_FRONT = 1, PADS_BEHIND = 5 }; /* of channels, among a node's pads */

/* Pads of a node, of four axes: first those before, then those behind. NULL when they are not constant. */
const int64_t *channel_zeros_pads(const struct graph *graph, const struct node *node);
/* How many each padding of the network as loaded has in `graph`, a later form of it. A padding that adds
 * nothing is passed over when a network is loaded; what its checkpoint records counts it still. The list is
 * the caller's (mem_free); NULL with count 0 where channels are not padded, or not by constants. */
status channel_zeros_find(const struct model *model, const struct graph *graph, struct channel_zeros **list,
                          int *count, struct error *error);

#endif
