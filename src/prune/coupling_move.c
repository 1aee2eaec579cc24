/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels through operators that only move elements, by running the operators themselves. */
#include "prune/coupling_internal.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "prune/coupling.h"
#include "prune/label.h"
#include "prune/operator_rules_internal.h"

/* --- what shape-like operands say ----------------------------------------------------------------------- */

const int64_t *coupling_integers(const struct plan *plan, const struct node *node, int index,
                                 const char *attribute, int64_t *count)
{
    *count = 0;
    if (index >= 0 && index < node->input_count && node->inputs[index] != VALUE_NONE) {
        const struct tensor *tensor = plan->constants[node->inputs[index]];
        if (tensor == NULL || tensor->type != ELEMENT_INT64)
            return NULL;
        *count = shape_elements(&tensor->shape);
        return tensor->data;
    }
    const struct attribute *found = attribute != NULL ? node_attribute(node, attribute) : NULL;
    if (found != NULL && found->kind == ATTRIBUTE_INTEGER) {
        *count = 1;
        return &found->integer;
    }
    if (found == NULL || found->kind != ATTRIBUTE_INTEGERS)
        return NULL;
    *count = (int64_t)found->count;
    return found->integers;
}

bool coupling_slice(const struct plan *plan, const struct node *node, int rank, struct slice_operands *slice)
{
    bool old = plan->graph->opset < 10;
    int64_t ends, axes, steps;
    *slice = (struct slice_operands){0};
    slice->starts = coupling_integers(plan, node, old ? -1 : 1, old ? "starts" : NULL, &slice->count);
    slice->ends = coupling_integers(plan, node, old ? -1 : 2, old ? "ends" : NULL, &ends);
    const int64_t *given = coupling_integers(plan, node, old ? -1 : 3, old ? "axes" : NULL, &axes);
    slice->steps = coupling_integers(plan, node, old ? -1 : 4, NULL, &steps);
    if (slice->starts == NULL || slice->ends == NULL || slice->count > rank || ends != slice->count ||
        (given != NULL && axes != slice->count) || (slice->steps != NULL && steps != slice->count))
        return false;
    for (int64_t i = 0; i < slice->count; i++)
        if (!shape_axis(rank, given != NULL ? given[i] : i, &slice->axes[i]))
            return false;
    return true;
}

bool coupling_pad(const struct plan *plan, const struct node *node, int rank, struct pad_operands *pad)
{
    int opset = plan->graph->opset;
    bool old = opset < 11;
    int64_t count, axis_count = 0;
    const int64_t *axes = NULL;
    pad->pads = coupling_integers(plan, node, old ? -1 : 1, old ? "pads" : NULL, &count);
    if (opset >= 18)
        axes = coupling_integers(plan, node, 3, NULL, &axis_count);
    pad->count = count / 2;
    pad->continues = strcmp(node_string(node, "mode", "constant"), "constant") != 0;
    if (pad->pads == NULL || pad->count > rank || count != 2 * (axes != NULL ? axis_count : rank))
        return false;
    for (int64_t i = 0; i < pad->count; i++)
        if (!shape_axis(rank, axes != NULL ? axes[i] : i, &pad->axes[i]))
            return false;
    return true;
}

bool coupling_reduced_axes(const struct plan *plan, const struct node *node, int rank, unsigned *axes)
{
    int64_t count;
    const int64_t *given = coupling_integers(plan, node, 1, "axes", &count);
    bool all = count == 0 && node_integer(node, "noop_with_empty_axes", 0) == 0;
    *axes = all ? (1u << rank) - 1 : 0;
    for (int64_t i = 0; i < count; i++) {
        int axis;
        if (!shape_axis(rank, given[i], &axis))
            return false;
        *axes |= 1u << axis;
    }
    return true;
}

/* --- running the operator on labels --------------------------------------------------------------------- */

unsigned pin_none(const struct plan *plan, const struct node *node, int rank)
{
    (void)plan, (void)node, (void)rank;
    return 0;
}

unsigned pin_axis(const struct plan *plan, const struct node *node, int rank)
{
    int axis;
    (void)plan;
    return shape_axis(rank, node_integer(node, "axis", 0), &axis) ? 1u << axis : ~0u;
}

unsigned pin_slice(const struct plan *plan, const struct node *node, int rank)
{
    struct slice_operands slice;
    unsigned axes = 0;
    if (!coupling_slice(plan, node, rank, &slice))
        return ~0u;
    for (int64_t i = 0; i < slice.count; i++)
        axes |= 1u << slice.axes[i];
    return axes;
}

/* Is the operand among what the node moves, or does it tell where to? */
static bool is_moved(const struct node *node, int index)
{
    return index == 0 || !(node->op->flags & OPERATOR_SHAPE_INPUTS);
}

/* The node's operands with labels in place of the activations. */
struct movement {
    struct operand *inputs, *outputs;
    const struct tensor **constants;
};

/* Axes along which some input's labels change. */
static unsigned varying_axes(const struct coupling *c, const struct node *node)
{
    unsigned axes = 0;
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] != VALUE_NONE && c->maps[node->inputs[i]].labels != NULL)
            axes |= label_map_axes(&c->maps[node->inputs[i]]);
    return axes;
}

/* `map`: the operand's labels, or those that stand for it where it is a joined constant. */
static bool take_operand(const struct coupling *c, int value, const struct label_map *map, unsigned axes,
                         struct arena *arena, struct operand *in, const struct tensor **constant)
{
    *in = c->plan->values[value];
    if (map->labels != NULL) {
        for (int axis = 0; axis < in->shape.rank; axis++)
            if (!(axes >> axis & 1))
                in->shape.dim[axis] = 1;
        in->type = ELEMENT_INT64;
        in->data = label_map_expand(arena, map, &in->shape);
        return in->data != NULL;
    }
    *constant = c->plan->constants[value];
    if (*constant != NULL) {
        in->type = (*constant)->type;
        in->data = (*constant)->data;
    }
    return true;
}

/* --- constants among what is joined --------------------------------------------------------------------- */

static int uses_of(const struct graph *graph, int value)
{
    int uses = 0;
    for (int i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i].input_count; k++)
            uses += graph->nodes[i].inputs[k] == value;
    return uses;
}

bool coupling_joined_constant(const struct coupling *c, int concat, int index, struct joined_constant *found)
{
    int value = c->graph->nodes[concat].inputs[index], maker = c->graph->values[value].producer;
    *found = (struct joined_constant){concat, index};
    if (c->maps[value].labels != NULL)
        return false;
    if (c->graph->values[value].constant != NULL)
        return true;
    *found = (struct joined_constant){maker, 0};
    return maker >= 0 && c->rules[maker]->couple == couple_expand && uses_of(c->graph, value) == 1 &&
           c->graph->values[c->graph->nodes[maker].inputs[0]].constant != NULL;
}

/* Can the constant be cut along these axes of the Concat? An Expand must not state their lengths. */
static bool constant_is_cuttable(const struct coupling *c, int concat, int index, unsigned axes)
{
    struct joined_constant found;
    if (!coupling_joined_constant(c, concat, index, &found))
        return false;
    if (found.node == concat)
        return true;
    const struct tensor *target = c->plan->constants[c->graph->nodes[found.node].inputs[1]];
    int rank = c->plan->values[c->graph->nodes[concat].inputs[index]].shape.rank;
    int64_t count = target != NULL ? shape_elements(&target->shape) : -1;
    for (int axis = 0; axis < rank; axis++)
        if ((axes >> axis & 1) && axis >= rank - count &&
            tensor_get_integer(target, axis - (rank - count)) != 1)
            return false;
    return count >= 0;
}

static const struct label_map *first_map(const struct coupling *c, const struct node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (c->maps[node->inputs[i]].labels != NULL)
            return &c->maps[node->inputs[i]];
    return NULL;
}

/* Labels for a constant that a Concat joins with features: new ones along the axis that it is joined along,
 * where the features' change along it (no layer makes them); else those of the features at its side. */
static bool label_constant(struct builder *b, int concat, int index, struct arena *arena,
                           struct label_map *map)
{
    struct coupling *c = b->coupling;
    const struct node *node = &c->graph->nodes[concat];
    const struct shape *shape = &c->plan->values[node->inputs[index]].shape;
    const struct label_map *beside = first_map(c, node);
    unsigned varying = varying_axes(c, node), joined = pin_axis(c->plan, node, shape->rank);
    bool fresh = (varying & ~joined) == 0;
    if (!label_map_new(arena, shape, fresh ? joined : label_map_axes(beside), map))
        return coupling_no_memory(b);
    int64_t at[TENSOR_MAX_RANK] = {0}, position = 0;
    int first = fresh ? forest_add(&b->forest, label_map_elements(map)) : 0;
    if (first < 0)
        return coupling_no_memory(b);
    do {
        map->labels[position] = fresh ? first + (int)position : label_map_at(beside, at);
        position++;
    } while (index_next(at, &map->extent));
    if ((!fresh && (varying & joined)) || !constant_is_cuttable(c, concat, index, fresh ? joined : varying))
        coupling_lock_map(b, map, LOCK_COMPUTED, concat);
    return true;
}

static bool movement_new(struct builder *b, int node_index, struct arena *arena, struct movement *movement)
{
    const struct coupling *c = b->coupling;
    const struct node *node = &c->graph->nodes[node_index];
    pin_rule *pin = c->rules[node_index]->pin;
    movement->inputs = arena_alloc(arena, (size_t)node->input_count + 1, sizeof *movement->inputs);
    movement->outputs = arena_alloc(arena, (size_t)node->output_count + 1, sizeof *movement->outputs);
    movement->constants = arena_alloc(arena, (size_t)node->input_count + 1, sizeof *movement->constants);
    if (movement->inputs == NULL || movement->outputs == NULL || movement->constants == NULL)
        return false;
    unsigned axes = varying_axes(c, node) |
                    (pin != NULL ? pin(c->plan, node, c->plan->values[node->inputs[0]].shape.rank) : ~0u);
    for (int i = 0; i < node->input_count; i++) {
        struct label_map map = {0};
        if (node->inputs[i] == VALUE_NONE)
            continue;
        map = c->maps[node->inputs[i]];
        if (map.labels == NULL && is_moved(node, i) && !label_constant(b, node_index, i, arena, &map))
            return false;
        if (!take_operand(c, node->inputs[i], &map, axes, arena, &movement->inputs[i],
                          &movement->constants[i]))
            return false;
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
    return true;
}

/* One that gathers channels takes a list of them. */
bool gather_is_cuttable(const struct coupling *c, const struct node *node)
{
    const struct label_map *map = &c->maps[node->inputs[0]];
    int axis;
    return shape_axis(map->shape.rank, node_integer(node, "axis", 0), &axis) &&
           (map->extent.dim[axis] == 1 || c->plan->values[node->inputs[1]].shape.rank <= 1);
}

/* A slice may take channels in steps only when it does nothing else: then surgery writes it as a Gather. */
bool slice_is_cuttable(const struct coupling *c, const struct node *node)
{
    const struct label_map *map = &c->maps[node->inputs[0]];
    struct slice_operands slice;
    if (!coupling_slice(c->plan, node, map->shape.rank, &slice))
        return false;
    for (int64_t i = 0; i < slice.count; i++)
        if (slice.steps != NULL && slice.steps[i] != 1 && slice.count > 1 &&
            map->extent.dim[slice.axes[i]] > 1)
            return false;
    return true;
}

bool coupling_move_labels(struct builder *b, int node_index, bool *understood)
{
    struct coupling *c = b->coupling;
    const struct node *node = &c->graph->nodes[node_index];
    cuttable_rule *cuttable = c->rules[node_index]->cuttable;
    struct movement movement;
    *understood = cuttable == NULL || cuttable(c, node);
    if (!*understood)
        return true;
    struct arena *arena = arena_new();
    bool done = arena != NULL && movement_new(b, node_index, arena, &movement) &&
                movement_run(c, node, arena, &movement, understood);
    for (int i = 0; done && *understood && i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            done = label_map_compress(c->arena, movement.outputs[i].data, &movement.outputs[i].shape,
                                      &c->plan->values[node->outputs[i]].shape, &c->maps[node->outputs[i]]);
    arena_free(arena);
    return done;
}
