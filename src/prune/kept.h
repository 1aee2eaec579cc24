/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a value stays when classes are removed. */
#ifndef IPPRO_PRUNE_KEPT_H
#define IPPRO_PRUNE_KEPT_H

#include "prune/coupling.h"

/* Positions that stay along one axis; NULL positions: all of them (labels do not change along it). */
struct kept_axis {
    const int64_t *positions; /* ascending, arena */
    int64_t count, of;        /* how many stay, of how many */
};

struct kept {
    struct kept_axis axis[TENSOR_MAX_RANK];
    int rank;
    bool cut;    /* something goes */
    bool ragged; /* what stays is no product of axes (the inside of a channel shuffle) */
};

/* removed: per class. Positions come from the arena; false when memory is out. */
bool kept_find(const struct coupling *coupling, const struct label_map *map, const bool *removed,
               struct arena *arena, struct kept *kept);
bool label_removed(const struct coupling *coupling, int label, const bool *removed);

/* The positions of `tensor` along one axis that stay, as a new tensor; NULL when memory is out. */
struct tensor *tensor_select(const struct tensor *tensor, int axis, const int64_t *positions, int64_t count);

#endif
