/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a value stays when classes are removed. */
#include "prune/kept.h"

#include <string.h>

bool label_removed(const struct coupling *coupling, int label, const bool *removed)
{
    int class = coupling->class_of[label];
    return class >= 0 && removed[class];
}

bool kept_find(const struct coupling *c, const struct label_map *map, const bool *removed,
               struct arena *arena, struct kept *kept)
{
    *kept = (struct kept){.rank = map->shape.rank};
    bool *stays[TENSOR_MAX_RANK];
    for (int axis = 0; axis < map->shape.rank; axis++) {
        stays[axis] = arena_alloc(arena, (size_t)map->extent.dim[axis], sizeof(bool));
        if (stays[axis] == NULL)
            return false;
        kept->axis[axis].of = kept->axis[axis].count = map->shape.dim[axis];
    }
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0, remaining = 0;
    do {
        if (label_removed(c, map->labels[position++], removed)) {
            kept->cut = true;
            continue;
        }
        remaining++;
        for (int axis = 0; axis < map->shape.rank; axis++)
            stays[axis][index[axis]] = true;
    } while (index_next(index, &map->extent));
    int64_t product = 1;
    for (int axis = 0; axis < map->shape.rank; axis++) {
        int64_t extent = map->extent.dim[axis], count = 0;
        for (int64_t i = 0; i < extent; i++)
            count += stays[axis][i];
        product *= count;
        if (extent == 1)
            continue;
        int64_t *positions = arena_alloc(arena, (size_t)extent, sizeof *positions);
        if (positions == NULL)
            return false;
        int64_t next = 0;
        for (int64_t i = 0; i < extent; i++)
            if (stays[axis][i])
                positions[next++] = i;
        kept->axis[axis].positions = positions;
        kept->axis[axis].count = count;
    }
    kept->ragged = product != remaining;
    return true;
}

struct tensor *tensor_select(const struct tensor *tensor, int axis, const int64_t *positions, int64_t count)
{
    struct shape shape = tensor->shape;
    int64_t extent = shape.dim[axis];
    shape.dim[axis] = count;
    struct tensor *result = tensor_new(tensor->type, &shape);
    if (result == NULL)
        return NULL;
    result->file_type = tensor->file_type;
    int64_t outer = shape_product(&tensor->shape, 0, axis);
    size_t block = (size_t)shape_product(&tensor->shape, axis + 1, shape.rank) * element_size(tensor->type);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 0; k < count; k++)
            memcpy((char *)result->data + (size_t)(o * count + k) * block,
                   (const char *)tensor->data + (size_t)(o * extent + positions[k]) * block, block);
    return result;
}
