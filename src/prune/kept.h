/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of every value stays when classes are removed. */
#ifndef IPPRO_PRUNE_KEPT_H
#define IPPRO_PRUNE_KEPT_H

#include "prune/coupling.h"

/* Positions that stay along one axis. NULL arrays: all of them (labels do not change along the axis). */
struct kept_axis {
    const int64_t *positions; /* `count`, ascending; arena */
    const int64_t *before;    /* of + 1: how many stay in front of each position; arena */
    int64_t count, of;        /* how many stay, of how many */
};

struct kept {
    struct kept_axis axis[TENSOR_MAX_RANK];
    int rank;
    bool cut;    /* something goes */
    bool empty;  /* nothing stays */
    bool ragged; /* what stays is no product of axes (the inside of a channel shuffle) */
};

/* One per value of the graph, of rank 0 for values without labels. removed: per class. Memory from the arena;
 * NULL when it is out. Linear in the labels. */
struct kept *kept_find(const struct coupling *coupling, const bool *removed, struct arena *arena);
/* Refuses what cannot be removed: locked classes, all channels of a layer, all that a value has
 * (STATUS_STATE with the layer's or value's name), but for what goes with a whole branch (prune/branch.h). */
status kept_check(const struct coupling *coupling, const bool *removed, const struct kept *kept,
                  struct error *error);

bool label_removed(const struct coupling *coupling, int label, const bool *removed);
/* How many kept positions lie in front of `position`, which may be outside the axis. */
int64_t kept_before(const struct kept_axis *axis, int64_t position);
/* Does something go along the axis? */
bool kept_cuts(const struct kept_axis *axis);

/* The kept positions of `tensor` along one axis as a new tensor; NULL when memory is out. The axis has
 * positions, and the tensor's has its length. */
struct tensor *tensor_select(const struct tensor *tensor, int axis, const struct kept_axis *kept);

#endif
