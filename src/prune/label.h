/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels: which channel is which, all through a network.
 *
 * Every element of an activation belongs to some channel, and channels that must be removed together carry
 * the same label. A label map gives the labels of one value (one image of it): it has the value's rank, and
 * an axis along which labels do not change is stored once, with extent 1. A convolution's output of shape
 * 1x64x32x32 has a map of 1x64x1x1. Labels are nodes of a union-find forest: two labels of one set are the
 * same channel, so a map may list different labels along an axis although nothing changes along it. */
#ifndef IPPRO_PRUNE_LABEL_H
#define IPPRO_PRUNE_LABEL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/tensor.h"

struct label_map {
    struct shape shape;  /* the value's shape at batch 1 */
    struct shape extent; /* per axis: shape.dim, or 1 where labels do not change along it */
    int *labels;         /* product of extents, row-major; arena */
};

/* A union-find forest whose sets may be locked. */
struct label_forest {
    int *parent;
    int *lock; /* per root: index of a lock record, -1 when free */
    int count;
    size_t capacity, lock_capacity;
};

void forest_free(struct label_forest *forest);
/* `count` new labels, consecutive; the first is returned, -1 when memory is out. */
int forest_add(struct label_forest *forest, int64_t count);
/* The smallest label of the set. */
int forest_find(struct label_forest *forest, int label);
/* Unite two sets; true when they were two. A lock of either holds for both. */
bool forest_unite(struct label_forest *forest, int a, int b);
void forest_lock(struct label_forest *forest, int label, int record); /* the first lock of a set is kept */

/* Elements that a map stores. */
int64_t label_map_elements(const struct label_map *map);
/* Label at an index of the value (one number per axis). */
int label_map_at(const struct label_map *map, const int64_t *index);
/* Label at a position along one axis, at the start of all others. */
int label_map_along(const struct label_map *map, int axis, int64_t position);
/* Map for a value of the given shape that varies along the axes in `axes` (a bit set); labels are left
 * unset. false when memory is out or the map would be unreasonably large (over 2^27 elements). */
bool label_map_new(struct arena *arena, const struct shape *shape, unsigned axes, struct label_map *map);
/* Bit set of the axes along which the map varies (extent > 1). */
unsigned label_map_axes(const struct label_map *map);

/* A map's labels in full, row-major, one for each element of `shape`: the map's shape, where axes along which
 * the map does not vary may have another length. NULL when memory is out. */
int64_t *label_map_expand(struct arena *arena, const struct label_map *map, const struct shape *shape);
/* The other way: the map of a value of shape `shape` from labels in full, in which axes without variation may
 * have length 1 (`full_shape`). There is at least one element. false as in label_map_new. */
bool label_map_compress(struct arena *arena, const int64_t *full, const struct shape *full_shape,
                        const struct shape *shape, struct label_map *map);
/* The map of a value of shape `shape` that keeps of every run of elements along `reduced` (a bit set) the
 * label of the first; these axes are gone from it unless `keeps`. false as in label_map_new. */
bool label_map_reduce(struct arena *arena, const struct label_map *map, unsigned reduced, bool keeps,
                      const struct shape *shape, struct label_map *result);
/* The same elements in row-major order under another shape (Reshape, Flatten, Squeeze). The element counts
 * must agree and not be zero. false as in label_map_new. */
bool label_map_reshape(struct arena *arena, const struct label_map *map, const struct shape *shape,
                       struct label_map *result);

/* Walk an index through extents in row-major order: false after the last. Start with zeros. */
bool index_next(int64_t *index, const struct shape *extent);

#endif
