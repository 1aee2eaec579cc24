/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The members of classes: every part of a weight (score/part.h) that goes with a channel.
 *
 * Filters that make it, scales of the BatchNorms that it passes, columns of the layers that read it, the
 * network's output layer among them. A depthwise layer makes what it reads: its filters are no member, its
 * BatchNorm's scales are. */
#ifndef IPPRO_PRUNE_MEMBERS_H
#define IPPRO_PRUNE_MEMBERS_H

#include "prune/coupling.h"
#include "score/part.h"

struct member {
    enum part_kind kind;
    int node;           /* the layer's first; of a BatchNorm of no layer its own */
    int layer;          /* -1: a BatchNorm that follows no layer directly */
    int scale;          /* of PART_SCALE: the value */
    const char *name;   /* the layer's or the BatchNorm's, as the file has it */
    int64_t count;      /* of parts */
    const int *classes; /* of each part: its class; -1: none (network's input, padding) */
};

struct members {
    struct arena *arena;
    struct member *items; /* filters, then scales, then columns, each in order */
    int count;
};

/* The order of nodes: as the network has them, or as a walk from its output back meets them, which goes into
 * the last input first (as Torch-Pruning numbers modules). */
enum member_order { ORDER_NETWORK, ORDER_FROM_OUTPUT };

status members_find(const struct coupling *coupling, enum member_order order, struct members *members,
                    struct error *error);
void members_free(struct members *members);

#endif
