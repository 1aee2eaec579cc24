/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of every value stays when classes are removed. */
#include "prune/kept.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/tensor.h"
#include "prune/branch.h"
#include "prune/label.h"

bool label_removed(const struct coupling *coupling, int label, const bool *removed)
{
    int item = coupling->class_of[label];
    return item >= 0 && removed[item];
}

int64_t kept_before(const struct kept_axis *axis, int64_t position)
{
    position = position < 0 ? 0 : position > axis->of ? axis->of : position;
    return axis->before != NULL ? axis->before[position] : position;
}

bool kept_cuts(const struct kept_axis *axis)
{
    return axis->positions != NULL && axis->count < axis->of;
}

/* Positions and counts of one axis from marks on what stays. */
static bool fill_axis(struct arena *arena, const bool *stays, struct kept_axis *axis)
{
    int64_t *positions = arena_alloc(arena, (size_t)axis->of, sizeof *positions);
    int64_t *before = arena_alloc(arena, (size_t)axis->of + 1, sizeof *before);
    if (positions == NULL || before == NULL)
        return false;
    axis->count = 0;
    for (int64_t i = 0; i < axis->of; i++) {
        before[i] = axis->count;
        if (stays[i])
            positions[axis->count++] = i;
    }
    before[axis->of] = axis->count;
    axis->positions = positions;
    axis->before = before;
    return true;
}

/* Mark, for every axis, the positions at which anything stays; returns how many elements do. */
static int64_t mark_kept(const struct coupling *c, const struct label_map *map, const bool *removed,
                         bool **stays)
{
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0, remaining = 0;
    do {
        if (label_removed(c, map->labels[position++], removed))
            continue;
        remaining++;
        for (int axis = 0; axis < map->shape.rank; axis++)
            stays[axis][index[axis]] = true;
    } while (index_next(index, &map->extent));
    return remaining;
}

static bool find_one(const struct coupling *c, const struct label_map *map, const bool *removed,
                     struct arena *arena, struct kept *kept)
{
    bool *stays[TENSOR_MAX_RANK];
    kept->rank = map->shape.rank;
    for (int axis = 0; axis < kept->rank; axis++) {
        stays[axis] = arena_alloc(arena, (size_t)map->extent.dim[axis], sizeof(bool));
        if (stays[axis] == NULL)
            return false;
        kept->axis[axis].of = kept->axis[axis].count = map->shape.dim[axis];
    }
    int64_t remaining = mark_kept(c, map, removed, stays), product = 1;
    for (int axis = 0; axis < kept->rank; axis++) {
        if (map->extent.dim[axis] == 1)
            continue;
        if (!fill_axis(arena, stays[axis], &kept->axis[axis]))
            return false;
        product *= kept->axis[axis].count;
    }
    kept->cut = remaining < label_map_elements(map);
    kept->empty = remaining == 0;
    kept->ragged = product != remaining && !kept->empty;
    return true;
}

struct kept *kept_find(const struct coupling *c, const bool *removed, struct arena *arena)
{
    struct kept *kept = arena_alloc(arena, (size_t)c->graph->value_count + 1, sizeof *kept);
    for (int i = 0; kept != NULL && i < c->graph->value_count; i++)
        if (c->maps[i].labels != NULL && !find_one(c, &c->maps[i], removed, arena, &kept[i]))
            return NULL;
    return kept;
}

static bool goes_with_branch(const struct coupling *c, int class_index, const bool *removed)
{
    for (int b = 0; b < c->branch_count; b++)
        for (int i = 0; i < c->branches[b].class_count; i++)
            if (c->branches[b].classes[i] == class_index && branch_is_gone(&c->branches[b], removed))
                return true;
    return false;
}

static status check_kept(const struct coupling *c, const bool *removed, const struct kept *kept,
                         const struct branch_cut *cut, struct error *error)
{
    const struct layer *layers = c->layers->items;
    for (int i = 0; i < c->class_count; i++)
        if (removed[i] && c->classes[i].lock >= 0 && !goes_with_branch(c, i, removed))
            return error_set(error, STATUS_STATE, "a channel of layer %s is locked: %s",
                             layers[c->classes[i].members[0].layer].name,
                             lock_text(c, &c->locks[c->classes[i].lock]));
    for (int i = 0; i < c->layers->count; i++)
        if (kept[layers[i].linear].empty && !branch_cut_layer(cut, &layers[i]))
            return error_set(error, STATUS_STATE, "layer %s would lose all its channels", layers[i].name);
    for (int i = 0; i < c->graph->value_count; i++)
        if (kept[i].empty && !(cut->dead && cut->dead[c->graph->values[i].producer]))
            return error_set(error, STATUS_STATE, "nothing would be left of %s", c->graph->values[i].name);
    return STATUS_OK;
}

status kept_check(const struct coupling *c, const bool *removed, const struct kept *kept, struct error *error)
{
    struct arena *arena = arena_new();
    struct branch_cut cut;
    status code = arena != NULL && branches_cut(c, removed, arena, &cut)
                      ? check_kept(c, removed, kept, &cut, error)
                      : error_memory(error);
    arena_free(arena);
    return code;
}

/* Single numbers are many in the columns of a linear layer, and a copy of known size is one instruction. */
static void copy_block(char *to, const char *from, size_t block)
{
    if (block == sizeof(float))
        memcpy(to, from, sizeof(float));
    else
        memcpy(to, from, block);
}

struct tensor *tensor_select(const struct tensor *tensor, int axis, const struct kept_axis *kept)
{
    struct shape shape = tensor->shape;
    shape.dim[axis] = kept->count;
    struct tensor *result = tensor_new(tensor->type, &shape);
    if (result == NULL)
        return NULL;
    result->file_type = tensor->file_type;
    int64_t outer = shape_product(&tensor->shape, 0, axis);
    size_t block = (size_t)shape_product(&tensor->shape, axis + 1, shape.rank) * element_size(tensor->type);
    const char *from = tensor->data;
    char *to = result->data;
    for (int64_t o = 0; o < outer; o++, from += (size_t)kept->of * block)
        for (int64_t k = 0; k < kept->count; k++, to += block)
            copy_block(to, from + (size_t)kept->positions[k] * block, block);
    return result;
}
