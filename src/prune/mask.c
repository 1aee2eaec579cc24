/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Masks: the network with removed channels at zero. */
#include "prune/surgery.h"

#include <string.h>
#include "nn/edit.h"
#include "nn/operator.h"
#include "prune/kept.h"

struct masking {
    const struct coupling *coupling;
    const bool *removed;
    struct edit *edit;
};

static const struct label_map *value_map(const struct masking *m, int value)
{
    const struct label_map *map = &m->coupling->maps[value];
    return map->labels != NULL ? map : NULL;
}

static struct tensor *tensor_clone(const struct tensor *tensor)
{
    struct tensor *copy = tensor_new(tensor->type, &tensor->shape);
    if (copy != NULL) {
        copy->file_type = tensor->file_type;
        memcpy(copy->data, tensor->data, (size_t)shape_elements(&tensor->shape) * element_size(tensor->type));
    }
    return copy;
}

/* Zero the slices of a node's constant along `axis` whose label along `map_axis` is removed. The position on
 * the constant's axis is (position on the map's axis - first) for positions first..first+extent-1. */
static status zero_slices(struct masking *m, int node, int input, int axis, const struct label_map *map,
                          int map_axis, struct error *error)
{
    const struct tensor *old = edit_get(m->edit, node, input);
    if (old == NULL || map == NULL || old->shape.rank <= axis ||
        old->shape.dim[axis] != map->shape.dim[map_axis])
        return STATUS_OK;
    int64_t outer = shape_product(&old->shape, 0, axis), extent = old->shape.dim[axis];
    size_t block = (size_t)shape_product(&old->shape, axis + 1, old->shape.rank) * element_size(old->type);
    struct tensor *changed = NULL;
    for (int64_t k = 0; k < extent; k++) {
        int64_t index[TENSOR_MAX_RANK] = {0};
        index[map_axis] = k;
        if (!label_removed(m->coupling, label_map_at(map, index), m->removed))
            continue;
        if (changed == NULL && (changed = tensor_clone(old)) == NULL)
            return error_memory(error);
        for (int64_t o = 0; o < outer; o++)
            memset((char *)changed->data + (size_t)(o * extent + k) * block, 0, block);
    }
    return changed == NULL ? STATUS_OK : edit_constant(m->edit, node, input, changed, error);
}

/* Input weights of a grouped convolution: channel i of the input is column i mod (inputs / groups) of its
 * group's filters. */
static status zero_group_columns(struct masking *m, int index, const struct label_map *in, int64_t groups,
                                 struct error *error)
{
    const struct tensor *old = edit_get(m->edit, index, 1);
    int64_t filters = old->shape.dim[0], columns = old->shape.dim[1];
    size_t block = (size_t)shape_product(&old->shape, 2, old->shape.rank) * element_size(old->type);
    struct tensor *changed = NULL;
    for (int64_t i = 0; i < in->extent.dim[1]; i++) {
        if (!label_removed(m->coupling, in->labels[i], m->removed))
            continue;
        if (changed == NULL && (changed = tensor_clone(old)) == NULL)
            return error_memory(error);
        int64_t per_group = filters / groups, group = i / columns;
        for (int64_t o = group * per_group; o < (group + 1) * per_group; o++)
            memset((char *)changed->data + (size_t)(o * columns + i % columns) * block, 0, block);
    }
    return changed == NULL ? STATUS_OK : edit_constant(m->edit, index, 1, changed, error);
}

static status mask_convolution(struct masking *m, int index, struct error *error)
{
    const struct node *node = &m->coupling->graph->nodes[index];
    const struct label_map *out = value_map(m, node->outputs[0]), *in = value_map(m, node->inputs[0]);
    status code = zero_slices(m, index, 1, 0, out, 1, error);
    if (code == STATUS_OK)
        code = zero_slices(m, index, 2, 0, out, 1, error);
    if (code == STATUS_OK && in != NULL && edit_get(m->edit, index, 1) != NULL)
        code = zero_group_columns(m, index, in, node_integer(node, "group", 1), error);
    return code;
}

static status mask_normalization(struct masking *m, int index, struct error *error)
{
    const struct label_map *map = value_map(m, m->coupling->graph->nodes[index].outputs[0]);
    status code = zero_slices(m, index, 1, 0, map, 1, error);
    return code != STATUS_OK ? code : zero_slices(m, index, 2, 0, map, 1, error);
}

static status mask_linear(struct masking *m, int index, struct error *error)
{
    const struct node *node = &m->coupling->graph->nodes[index];
    const struct label_map *out = value_map(m, node->outputs[0]), *in = value_map(m, node->inputs[0]);
    if (in == NULL || out == NULL)
        return STATUS_OK;
    bool transposed = node_integer(node, "transB", 0) != 0;
    int in_axis = in->shape.rank - 1, out_axis = out->shape.rank - 1;
    status code = zero_slices(m, index, 1, transposed ? 0 : 1, out, out_axis, error);
    if (code == STATUS_OK)
        code = zero_slices(m, index, 1, transposed ? 1 : 0, in, in_axis, error);
    const struct tensor *bias = edit_get(m->edit, index, 2);
    if (code == STATUS_OK && bias != NULL && bias->shape.rank > 0)
        code = zero_slices(m, index, 2, bias->shape.rank - 1, out, out_axis, error);
    return code;
}

static const struct {
    const char *op;
    status (*mask)(struct masking *m, int node, struct error *error);
} rows[] = {
    {"Conv", mask_convolution},
    {"BatchNormalization", mask_normalization},
    {"Gemm", mask_linear},
    {"MatMul", mask_linear},
};

/* The mask as an edit of the coupling's graph. */
static status mask_edit(const struct coupling *coupling, const bool *removed, struct edit **edit,
                        struct error *error)
{
    struct masking m = {coupling, removed, edit_new(coupling->graph)};
    if (m.edit == NULL)
        return error_memory(error);
    status code = STATUS_OK;
    for (int i = 0; i < coupling->graph->node_count && code == STATUS_OK; i++)
        for (size_t k = 0; k < sizeof rows / sizeof rows[0] && code == STATUS_OK; k++)
            if (strcmp(rows[k].op, coupling->graph->nodes[i].op->name) == 0)
                code = rows[k].mask(&m, i, error);
    if (code == STATUS_OK)
        *edit = m.edit;
    else
        edit_free(m.edit);
    return code;
}

status mask_apply(const struct coupling *coupling, const bool *removed, struct graph **result,
                  struct error *error)
{
    struct edit *edit;
    status code = mask_edit(coupling, removed, &edit, error);
    if (code != STATUS_OK)
        return code;
    code = edit_apply(edit, result, error);
    edit_free(edit);
    return code;
}

/* The edit's constants in the order of nodes and inputs; with NULL items they are only counted. */
static int list_operands(const struct graph *graph, const struct edit *edit, struct masked_operand *items)
{
    int count = 0;
    for (int i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i].input_count; k++) {
            struct tensor *tensor = edit_replacement(edit, i, k);
            if (tensor == NULL)
                continue;
            if (items != NULL)
                items[count] = (struct masked_operand){i, k, tensor_retain(tensor)};
            count++;
        }
    return count;
}

status mask_operands(const struct coupling *coupling, const bool *removed, struct masked_operands *masked,
                     struct error *error)
{
    struct edit *edit;
    status code = mask_edit(coupling, removed, &edit, error);
    if (code != STATUS_OK)
        return code;
    int count = list_operands(coupling->graph, edit, NULL);
    struct masked_operand *items = mem_new((size_t)count, sizeof *items);
    if (items != NULL) {
        list_operands(coupling->graph, edit, items);
        *masked = (struct masked_operands){items, count, count > 0 ? items[0].node : -1};
    }
    edit_free(edit);
    return items != NULL ? STATUS_OK : error_memory(error);
}

void masked_operands_free(struct masked_operands *masked)
{
    for (int i = 0; i < masked->count; i++)
        tensor_release(masked->items[i].tensor);
    mem_free(masked->items);
    *masked = (struct masked_operands){.first_node = -1};
}
