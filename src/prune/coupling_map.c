/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rules of the coupling do with labels: make them, lock them, unite them. */
#include "prune/coupling_internal.h"

#include "base/memory.h"
#include "nn/graph/tensor.h"
#include "prune/coupling.h"
#include "prune/label.h"

bool coupling_no_memory(struct builder *b)
{
    b->failed = true;
    return false;
}

static int lock_record(struct builder *b, enum lock_reason reason, int node)
{
    struct coupling *c = b->coupling;
    if (c->lock_count > 0 && c->locks[c->lock_count - 1].reason == reason &&
        c->locks[c->lock_count - 1].node == node)
        return c->lock_count - 1;
    if (!mem_grow(&c->locks, &c->lock_capacity, (size_t)c->lock_count + 1, sizeof *c->locks)) {
        b->failed = true;
        return -1;
    }
    c->locks[c->lock_count] = (struct lock){reason, node};
    return c->lock_count++;
}

void coupling_lock_map(struct builder *b, const struct label_map *map, enum lock_reason reason, int node)
{
    int record = lock_record(b, reason, node);
    if (record < 0)
        return;
    int64_t elements = label_map_elements(map);
    for (int64_t i = 0; i < elements; i++)
        forest_lock(&b->forest, map->labels[i], record);
}

void coupling_unite(struct builder *b, int label_a, int label_b)
{
    if (!forest_unite(&b->forest, label_a, label_b))
        return;
    if (mem_grow(&b->ties, &b->tie_capacity, (size_t)b->tie_count + 1, sizeof *b->ties))
        b->ties[b->tie_count++] = (struct tie){b->node, label_a};
    else
        b->failed = true;
}

void coupling_unite_along(struct builder *b, const struct label_map *map, unsigned axes)
{
    int64_t index[TENSOR_MAX_RANK] = {0}, first[TENSOR_MAX_RANK], position = 0;
    if ((label_map_axes(map) & axes) == 0)
        return;
    do {
        for (int axis = 0; axis < map->shape.rank; axis++)
            first[axis] = axes >> axis & 1 ? 0 : index[axis];
        coupling_unite(b, map->labels[position++], label_map_at(map, first));
    } while (index_next(index, &map->extent));
}

bool coupling_new_map(struct builder *b, int value, unsigned axes, struct label_map **map)
{
    *map = &b->coupling->maps[value];
    return label_map_new(b->coupling->arena, &b->coupling->plan->values[value].shape, axes, *map) ||
           coupling_no_memory(b);
}

bool coupling_fresh_map(struct builder *b, int value, unsigned axes, struct label_map **map)
{
    if (shape_elements(&b->coupling->plan->values[value].shape) == 0)
        axes = 0;
    if (!coupling_new_map(b, value, axes, map))
        return false;
    int64_t elements = label_map_elements(*map);
    int first = forest_add(&b->forest, elements);
    if (first < 0)
        return coupling_no_memory(b);
    for (int64_t i = 0; i < elements; i++)
        (*map)->labels[i] = first + (int)i;
    return true;
}

bool coupling_locked_map(struct builder *b, int value, unsigned axes, enum lock_reason reason, int node)
{
    struct label_map *map;
    if (!coupling_fresh_map(b, value, axes, &map))
        return false;
    coupling_lock_map(b, map, reason, node);
    return true;
}
