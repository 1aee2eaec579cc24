/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels through operators that only move elements, by running the operators themselves. */
#include "prune/coupling_internal.h"

#include <math.h>
#include <string.h>

const int64_t *coupling_integers(const struct plan *plan, const struct node *node, int index,
                                 const char *attribute, int64_t *count)
{
    *count = 0;
    if (index < node->input_count && node->inputs[index] != VALUE_NONE) {
        const struct tensor *tensor = plan->constants[node->inputs[index]];
        if (tensor == NULL || tensor->type != ELEMENT_INT64)
            return NULL;
        *count = shape_elements(&tensor->shape);
        return tensor->data;
    }
    const struct attribute *found = node_attribute(node, attribute);
    if (found == NULL || found->kind != ATTRIBUTE_INTEGERS)
        return NULL;
    *count = (int64_t)found->count;
    return found->integers;
}

bool coupling_pads(const struct plan *plan, const struct node *node, int rank, int64_t *before)
{
    int64_t count, axis_count;
    const int64_t *pads = coupling_integers(plan, node, 1, "pads", &count);
    const int64_t *axes = coupling_integers(plan, node, 3, "axes", &axis_count);
    if (strcmp(node_string(node, "mode", "constant"), "constant") != 0 || node_real(node, "value", 0) != 0)
        return false;
    if (node->input_count > 2 && node->inputs[2] != VALUE_NONE) {
        const struct tensor *value = plan->constants[node->inputs[2]];
        if (value == NULL || (shape_elements(&value->shape) > 0 && tensor_get(value, 0) != 0))
            return false;
    }
    if (pads == NULL || count != 2 * (axes != NULL ? axis_count : rank))
        return false;
    for (int axis = 0; axis < rank; axis++)
        before[axis] = axes == NULL ? pads[axis] : 0;
    for (int64_t i = 0; axes != NULL && i < axis_count; i++) {
        int axis;
        if (!shape_axis(rank, axes[i], &axis))
            return false;
        before[axis] = pads[i];
    }
    return true;
}

/* The labels of a value as integers, one per element. NULL when memory is out. */
static int64_t *expand_labels(struct arena *arena, const struct label_map *map)
{
    int64_t *full = arena_alloc(arena, (size_t)shape_elements(&map->shape), sizeof *full);
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    if (full == NULL || shape_elements(&map->shape) == 0)
        return full;
    do
        full[position++] = label_map_at(map, index);
    while (index_next(index, &map->shape));
    return full;
}

/* Axes along which an expanded array of labels changes. */
static unsigned varying_axes(const int64_t *full, const struct shape *shape)
{
    unsigned axes = 0;
    for (int axis = 0; axis < shape->rank; axis++) {
        int64_t outer = shape_product(shape, 0, axis), inner = shape_product(shape, axis + 1, shape->rank);
        for (int64_t o = 0; o < outer && !(axes >> axis & 1); o++)
            for (int64_t k = 1; k < shape->dim[axis]; k++)
                if (memcmp(full + (o * shape->dim[axis] + k) * inner, full + o * shape->dim[axis] * inner,
                           (size_t)inner * sizeof *full) != 0) {
                    axes |= 1u << axis;
                    break;
                }
    }
    return axes;
}

static bool compress_labels(struct arena *arena, const int64_t *full, const struct shape *shape,
                            struct label_map *map)
{
    if (!label_map_new(arena, shape, varying_axes(full, shape), map))
        return false;
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    if (label_map_elements(map) == 0)
        return true;
    do {
        int64_t offset = 0;
        for (int axis = 0; axis < shape->rank; axis++)
            offset = offset * shape->dim[axis] + index[axis];
        map->labels[position++] = (int)full[offset];
    } while (index_next(index, &map->extent));
    return true;
}

/* The node's operands with labels in place of the activations. */
struct movement {
    struct operand *inputs, *outputs;
    const struct tensor **constants;
};

static bool movement_new(const struct coupling *c, const struct node *node, struct arena *arena,
                         struct movement *movement)
{
    movement->inputs = arena_alloc(arena, (size_t)node->input_count + 1, sizeof *movement->inputs);
    movement->outputs = arena_alloc(arena, (size_t)node->output_count + 1, sizeof *movement->outputs);
    movement->constants = arena_alloc(arena, (size_t)node->input_count + 1, sizeof *movement->constants);
    if (movement->inputs == NULL || movement->outputs == NULL || movement->constants == NULL)
        return false;
    for (int i = 0; i < node->input_count; i++) {
        int value = node->inputs[i];
        if (value == VALUE_NONE)
            continue;
        struct operand *in = &movement->inputs[i];
        *in = c->plan->values[value];
        if (c->maps[value].labels != NULL) {
            in->type = ELEMENT_INT64;
            in->data = expand_labels(arena, &c->maps[value]);
            if (in->data == NULL)
                return false;
        } else if (c->plan->constants[value] != NULL) {
            movement->constants[i] = c->plan->constants[value];
            in->type = c->plan->constants[value]->type;
            in->data = c->plan->constants[value]->data;
        }
    }
    return true;
}

static bool movement_run(struct coupling *c, const struct node *node, struct arena *arena,
                         struct movement *movement, bool *understood)
{
    struct error ignored = {0};
    struct prepare prepare = {.node = node,
                              .opset = c->graph->opset,
                              .arena = arena,
                              .input_count = node->input_count,
                              .output_count = node->output_count,
                              .inputs = movement->inputs,
                              .constant = movement->constants,
                              .outputs = movement->outputs};
    kernel forward = node->op->kernels[ELEMENT_INT64].forward;
    *understood = forward != NULL && node->op->prepare(&prepare, &ignored) == STATUS_OK;
    if (!*understood)
        return ignored.code != STATUS_MEMORY;
    for (int i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == VALUE_NONE)
            continue;
        int64_t elements = shape_elements(&movement->outputs[i].shape);
        movement->outputs[i].data = arena_alloc(arena, (size_t)elements, sizeof(int64_t));
        if (movement->outputs[i].data == NULL)
            return false;
    }
    void *workspace = arena_alloc(arena, prepare.workspace + 1, 1);
    if (workspace == NULL)
        return false;
    struct kernel_call call = {.plan = prepare.plan,
                               .inputs = movement->inputs,
                               .outputs = movement->outputs,
                               .input_count = node->input_count,
                               .output_count = node->output_count,
                               .workspace = workspace};
    forward(&call);
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE &&
            !compress_labels(c->arena, movement->outputs[i].data, &movement->outputs[i].shape,
                             &c->maps[node->outputs[i]]))
            return false;
    return true;
}

bool coupling_move_labels(struct coupling *c, int node_index, bool *understood)
{
    const struct node *node = &c->graph->nodes[node_index];
    struct arena *arena = arena_new();
    struct movement movement;
    bool done = arena != NULL;
    *understood = true;
    /* A constant among the moved data (a Concat with a parameter) has no labels to move. */
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE && c->maps[node->inputs[i]].labels == NULL &&
            (i == 0 || !(node->op->flags & OPERATOR_SHAPE_INPUTS)) && strcmp(node->op->name, "Gather") != 0)
            *understood = false;
    if (done && *understood)
        done = movement_new(c, node, arena, &movement) && movement_run(c, node, arena, &movement, understood);
    arena_free(arena);
    return done;
}
