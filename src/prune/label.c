/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Label maps and the union-find forest behind them. */
#include "prune/label.h"

#include <string.h>

enum { MAP_MAX_ELEMENTS = 1 << 27 };

void forest_free(struct label_forest *forest)
{
    mem_free(forest->parent);
    mem_free(forest->lock);
    *forest = (struct label_forest){0};
}

int forest_add(struct label_forest *forest, int64_t count)
{
    if (count < 0 || count > INT32_MAX - forest->count)
        return -1;
    size_t needed = (size_t)forest->count + (size_t)count;
    if (!mem_grow(&forest->parent, &forest->capacity, needed, sizeof *forest->parent) ||
        !mem_grow(&forest->lock, &forest->lock_capacity, needed, sizeof *forest->lock))
        return -1;
    int first = forest->count;
    for (size_t i = (size_t)first; i < needed; i++) {
        forest->parent[i] = (int)i;
        forest->lock[i] = -1;
    }
    forest->count = (int)needed;
    return first;
}

int forest_find(struct label_forest *forest, int label)
{
    while (forest->parent[label] != label) {
        forest->parent[label] = forest->parent[forest->parent[label]];
        label = forest->parent[label];
    }
    return label;
}

/* The smaller label becomes the root, so that roots do not depend on the order of unions. */
bool forest_unite(struct label_forest *forest, int a, int b)
{
    a = forest_find(forest, a);
    b = forest_find(forest, b);
    if (a == b)
        return false;
    int root = a < b ? a : b, child = a < b ? b : a;
    forest->parent[child] = root;
    if (forest->lock[root] < 0)
        forest->lock[root] = forest->lock[child];
    return true;
}

void forest_lock(struct label_forest *forest, int label, int record)
{
    int root = forest_find(forest, label);
    if (forest->lock[root] < 0)
        forest->lock[root] = record;
}

/* --- maps ----------------------------------------------------------------------------------------------- */

int64_t label_map_elements(const struct label_map *map)
{
    return shape_product(&map->extent, 0, map->extent.rank);
}

int label_map_at(const struct label_map *map, const int64_t *index)
{
    int64_t offset = 0;
    for (int axis = 0; axis < map->extent.rank; axis++)
        offset = offset * map->extent.dim[axis] + (map->extent.dim[axis] == 1 ? 0 : index[axis]);
    return map->labels[offset];
}

int label_map_along(const struct label_map *map, int axis, int64_t position)
{
    int64_t index[TENSOR_MAX_RANK] = {0};
    index[axis] = position;
    return label_map_at(map, index);
}

bool label_map_new(struct arena *arena, const struct shape *shape, unsigned axes, struct label_map *map)
{
    map->shape = *shape;
    map->extent = *shape;
    for (int axis = 0; axis < shape->rank; axis++)
        if (!(axes >> axis & 1))
            map->extent.dim[axis] = 1;
    int64_t elements = shape_elements(&map->extent);
    map->labels = NULL;
    if (elements < 0 || elements > MAP_MAX_ELEMENTS)
        return false;
    map->labels = arena_alloc(arena, (size_t)elements, sizeof *map->labels);
    return map->labels != NULL;
}

unsigned label_map_axes(const struct label_map *map)
{
    unsigned axes = 0;
    for (int axis = 0; axis < map->extent.rank; axis++)
        if (map->extent.dim[axis] > 1)
            axes |= 1u << axis;
    return axes;
}

bool index_next(int64_t *index, const struct shape *extent)
{
    for (int axis = extent->rank - 1; axis >= 0; axis--) {
        if (++index[axis] < extent->dim[axis])
            return true;
        index[axis] = 0;
    }
    return false;
}

/* --- labels in full ------------------------------------------------------------------------------------- */

int64_t *label_map_expand(struct arena *arena, const struct label_map *map, const struct shape *shape)
{
    int64_t elements = shape_elements(shape), index[TENSOR_MAX_RANK] = {0}, position = 0;
    if (elements < 0 || elements > MAP_MAX_ELEMENTS)
        return NULL;
    int64_t *full = arena_alloc(arena, (size_t)elements, sizeof *full);
    if (full == NULL || elements == 0)
        return full;
    do
        full[position++] = label_map_at(map, index);
    while (index_next(index, shape));
    return full;
}

/* Do labels stay the same along `axis` of a full array? */
static bool uniform_along(const int64_t *full, const struct shape *shape, int axis)
{
    int64_t outer = shape_product(shape, 0, axis), inner = shape_product(shape, axis + 1, shape->rank);
    int64_t extent = shape->dim[axis];
    for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 1; k < extent; k++)
            if (memcmp(full + (o * extent + k) * inner, full + o * extent * inner,
                       (size_t)inner * sizeof *full) != 0)
                return false;
    return true;
}

bool label_map_compress(struct arena *arena, const int64_t *full, const struct shape *full_shape,
                        const struct shape *shape, struct label_map *map)
{
    unsigned axes = 0;
    for (int axis = 0; axis < full_shape->rank; axis++)
        if (!uniform_along(full, full_shape, axis))
            axes |= 1u << axis;
    if (!label_map_new(arena, shape, axes, map))
        return false;
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    do {
        int64_t offset = 0;
        for (int axis = 0; axis < full_shape->rank; axis++)
            offset = offset * full_shape->dim[axis] + index[axis];
        map->labels[position++] = (int)full[offset];
    } while (index_next(index, &map->extent));
    return true;
}

/* Axes of two shapes of one size fall into runs of equal products. A run along which the map does not vary
 * keeps its labels whatever its lengths are: take them as 1, so that large images cost nothing. */
static void shrink_runs(const struct label_map *map, struct shape *from, struct shape *to)
{
    int i = from->rank, j = to->rank;
    while (i > 0 && j > 0) {
        int from_end = i, to_end = j;
        int64_t from_product = from->dim[--i], to_product = to->dim[--j];
        while (from_product != to_product && (from_product < to_product ? i > 0 : j > 0)) {
            if (from_product < to_product)
                from_product *= from->dim[--i];
            else
                to_product *= to->dim[--j];
        }
        bool varies = from_product != to_product;
        for (int axis = i; axis < from_end; axis++)
            varies = varies || map->extent.dim[axis] > 1;
        for (int axis = i; axis < from_end && !varies; axis++)
            from->dim[axis] = 1;
        for (int axis = j; axis < to_end && !varies; axis++)
            to->dim[axis] = 1;
    }
}

bool label_map_reshape(struct arena *arena, const struct label_map *map, const struct shape *shape,
                       struct label_map *result)
{
    struct shape from = map->shape, to = *shape;
    struct arena *scratch = arena_new();
    shrink_runs(map, &from, &to);
    int64_t *full = scratch != NULL ? label_map_expand(scratch, map, &from) : NULL;
    bool made = full != NULL && label_map_compress(arena, full, &to, shape, result);
    arena_free(scratch);
    return made;
}

bool label_map_reduce(struct arena *arena, const struct label_map *map, unsigned reduced, bool keeps,
                      const struct shape *shape, struct label_map *result)
{
    int source[TENSOR_MAX_RANK], rank = 0; /* axis of the map that each of the result is */
    unsigned axes = 0;
    for (int axis = 0; axis < map->shape.rank; axis++) {
        bool gone = reduced >> axis & 1;
        if (gone && !keeps)
            continue;
        if (map->extent.dim[axis] > 1 && !gone)
            axes |= 1u << rank;
        source[rank++] = axis;
    }
    if (!label_map_new(arena, shape, axes, result))
        return false;
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    do {
        int64_t from[TENSOR_MAX_RANK] = {0};
        for (int axis = 0; axis < rank; axis++)
            from[source[axis]] = index[axis];
        result->labels[position++] = label_map_at(map, from);
    } while (index_next(index, &result->extent));
    return true;
}
