/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling, operator by operator: which channel of the output is which channel of the inputs. */
#include "prune/coupling_internal.h"

#include <string.h>
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "prune/coupling.h"
#include "prune/label.h"
#include "prune/operator_rules_internal.h"

/* --- small tools ---------------------------------------------------------------------------------------- */

static const struct node *node_at(const struct builder *b, int index)
{
    return &b->coupling->graph->nodes[index];
}

/* Labels of a node's input; NULL where it is left out or constant. */
static struct label_map *input_map(struct builder *b, const struct node *node, int index)
{
    if (index >= node->input_count || node->inputs[index] == VALUE_NONE)
        return NULL;
    struct label_map *map = &b->coupling->maps[node->inputs[index]];
    return map->labels != NULL ? map : NULL;
}

static const struct shape *value_shape(const struct builder *b, int value)
{
    return &b->coupling->plan->values[value].shape;
}

static void lock_inputs(struct builder *b, int node_index, enum lock_reason reason)
{
    const struct node *node = node_at(b, node_index);
    for (int i = 0; i < node->input_count; i++)
        if (input_map(b, node, i) != NULL)
            coupling_lock_map(b, input_map(b, node, i), reason, node_index);
}

bool coupling_lock_node(struct builder *b, int node_index, enum lock_reason reason)
{
    const struct node *node = node_at(b, node_index);
    lock_inputs(b, node_index, reason);
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE &&
            !coupling_locked_map(b, node->outputs[i], value_shape(b, node->outputs[i])->rank > 1 ? 2u : 0u,
                                 reason, node_index))
            return false;
    return true;
}

struct label_map *coupling_input_map(struct builder *b, const struct node *node, int index)
{
    return input_map(b, node, index);
}

static bool rule_lock(struct builder *b, int node_index)
{
    return coupling_lock_node(b, node_index, LOCK_MIXED);
}

/* --- channels pass through ------------------------------------------------------------------------------ */

/* Every element of an output is the same element of the first input. */
bool couple_same(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    for (int i = 0; i < node->output_count; i++) {
        struct label_map *out;
        if (node->outputs[i] == VALUE_NONE)
            continue;
        if (!coupling_new_map(b, node->outputs[i], label_map_axes(in), &out))
            return false;
        memcpy(out->labels, in->labels, (size_t)label_map_elements(in) * sizeof *in->labels);
    }
    return true;
}

/* Pooling and resizing mix the positions of one channel. */
bool couple_window(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    coupling_unite_along(b, in, ~2u);
    for (int i = 0; i < node->output_count; i++) {
        struct label_map *out;
        if (node->outputs[i] == VALUE_NONE)
            continue;
        const struct shape *shape = value_shape(b, node->outputs[i]);
        if (shape->rank < 2 || in->shape.rank < 2 || shape->dim[1] != in->shape.dim[1])
            return rule_lock(b, node_index);
        if (!coupling_new_map(b, node->outputs[i], label_map_axes(in) & 2u, &out))
            return false;
        for (int64_t channel = 0; channel < out->extent.dim[1]; channel++)
            out->labels[channel] = label_map_along(in, 1, channel);
    }
    return true;
}

/* The axes that an operator looks at as a whole (reduces, normalises). When labels change along these axes
 * only, no channel can go without changing the others; otherwise what differs along them goes together. */
static bool take_together(struct builder *b, const struct label_map *in, unsigned axes)
{
    unsigned varying = label_map_axes(in);
    if ((varying & axes) != 0 && (varying & ~axes) == 0)
        return false;
    coupling_unite_along(b, in, axes);
    return true;
}

bool couple_softmax(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    bool matrix = b->coupling->graph->opset < 13; /* all axes from `axis` on are one */
    int axis;
    if (!shape_axis(in->shape.rank, node_integer(node, "axis", matrix ? 1 : -1), &axis))
        return rule_lock(b, node_index);
    unsigned axes = matrix ? ~0u << axis : 1u << axis;
    return take_together(b, in, axes) ? couple_same(b, node_index) : rule_lock(b, node_index);
}

/* What lies along one axis, which an attribute or the second input names, is looked at as a whole. */
bool couple_along_axis(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    int64_t count, wanted = node_integer(node, "axis", -1);
    const int64_t *given = coupling_integers(b->coupling->plan, node, 1, NULL, &count);
    int axis;
    if (!shape_axis(in->shape.rank, count == 1 ? given[0] : wanted, &axis) ||
        !take_together(b, in, 1u << axis))
        return rule_lock(b, node_index);
    return couple_same(b, node_index);
}

bool couple_reduce(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    bool keeps = node_integer(node, "keepdims", 1) != 0;
    unsigned reduced;
    if (!coupling_reduced_axes(b->coupling->plan, node, in->shape.rank, &reduced))
        return rule_lock(b, node_index);
    if (!take_together(b, in, reduced))
        lock_inputs(b, node_index, LOCK_REDUCED);
    return label_map_reduce(b->coupling->arena, in, reduced, keeps, value_shape(b, node->outputs[0]),
                            &b->coupling->maps[node->outputs[0]]) ||
           coupling_no_memory(b);
}

/* What is normalised together stays together, and so do its statistics, where they are outputs. Channels stay
 * the same channels behind the norm, locked or not. */
bool couple_layer_norm(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    int axis;
    if (!shape_axis(in->shape.rank, node_integer(node, "axis", -1), &axis))
        return rule_lock(b, node_index);
    unsigned axes = ~0u << axis;
    if (!take_together(b, in, axes))
        coupling_lock_map(b, in, LOCK_STATISTICS, node_index);
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE &&
            !label_map_reduce(b->coupling->arena, in, i == 0 ? 0 : axes, true,
                              value_shape(b, node->outputs[i]), &b->coupling->maps[node->outputs[i]]))
            return coupling_no_memory(b);
    return true;
}

/* Axes 0, 2 and 3 where the node names none. */
bool couple_mean_variance(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    int64_t count;
    const int64_t *given = coupling_integers(b->coupling->plan, node, -1, "axes", &count);
    unsigned axes = count > 0 ? 0 : 1u << 0 | 1u << 2 | 1u << 3;
    for (int64_t i = 0; i < count; i++) {
        int axis;
        if (!shape_axis(in->shape.rank, given[i], &axis))
            return rule_lock(b, node_index);
        axes |= 1u << axis;
    }
    if (!take_together(b, in, axes))
        coupling_lock_map(b, in, LOCK_STATISTICS, node_index);
    return couple_same(b, node_index);
}

/* The channels of a group have one mean and variance: they go together, and leave other groups alone. */
bool couple_group_norm(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    const int64_t groups = node_integer(node, "num_groups", 1), width = in->shape.dim[1] / groups;
    if (groups == 1)
        coupling_lock_map(b, in, LOCK_STATISTICS, node_index);
    for (int64_t channel = 0; groups > 1 && channel < in->shape.dim[1]; channel++)
        coupling_unite(b, label_map_along(in, 1, channel - channel % width), label_map_along(in, 1, channel));
    return couple_window(b, node_index);
}

/* The few largest elements along an axis: of each channel others, where channels do not lie along it. */
bool couple_order(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    int axis;
    if (!shape_axis(in->shape.rank, node_integer(node, "axis", -1), &axis) || label_map_axes(in) >> axis & 1)
        return rule_lock(b, node_index);
    return couple_same(b, node_index);
}

/* A triangle of each matrix stays one as long as channels do not number its rows or columns. */
bool couple_trilu(struct builder *b, int node_index)
{
    const struct label_map *in = input_map(b, node_at(b, node_index), 0);
    if (in->shape.rank < 2 || label_map_axes(in) >> (in->shape.rank - 2) != 0)
        return rule_lock(b, node_index);
    return couple_same(b, node_index);
}

/* --- channels are made ---------------------------------------------------------------------------------- */

/* A depthwise convolution makes no channels: output channel i*m+j is input channel i. */
static bool depthwise(struct builder *b, const struct node *node, const struct label_map *in,
                      int64_t multiple)
{
    struct label_map *out;
    if (!coupling_new_map(b, node->outputs[0], 2u, &out))
        return false;
    for (int64_t o = 0; o < out->extent.dim[1]; o++)
        out->labels[o] = label_map_along(in, 1, o / multiple);
    return true;
}

/* A convolution's groups keep equal sizes, so position j of one group goes with position j of all others. */
bool couple_convolution(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    if (b->coupling->graph->values[node->inputs[1]].constant == NULL)
        return coupling_lock_node(b, node_index, LOCK_OPERATOR);
    coupling_unite_along(b, in, ~2u);
    int64_t groups = node_integer(node, "group", 1);
    int64_t group_inputs = in->shape.dim[1] / groups;
    int64_t group_outputs = value_shape(b, node->outputs[0])->dim[1] / groups;
    if (groups > 1 && group_inputs == 1)
        return depthwise(b, node, in, group_outputs);
    struct label_map *out;
    if (!coupling_fresh_map(b, node->outputs[0], 2u, &out))
        return false;
    for (int64_t group = 1; group < groups; group++) {
        for (int64_t j = 0; j < group_inputs; j++)
            coupling_unite(b, label_map_along(in, 1, j), label_map_along(in, 1, group * group_inputs + j));
        for (int64_t j = 0; j < group_outputs; j++)
            coupling_unite(b, out->labels[j], out->labels[group * group_outputs + j]);
    }
    return true;
}

/* Matrix product with constant weights: features on the last axis are consumed, new ones made. With two
 * activations (of MatMul's row alone) it is another matter. */
bool couple_linear(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    const struct tensor *weight = b->coupling->graph->values[node->inputs[1]].constant;
    if (in != NULL && weight == NULL && input_map(b, node, 1) != NULL)
        return couple_product(b, node_index);
    if (in == NULL || weight == NULL)
        return coupling_lock_node(b, node_index, LOCK_OPERATOR);
    int rank = in->shape.rank;
    if (weight->shape.rank != 2 || rank < 2 || product_transposes(node, "transA") ||
        value_shape(b, node->outputs[0])->rank != rank)
        return rule_lock(b, node_index);
    unsigned last = 1u << (rank - 1);
    coupling_unite_along(b, in, ~last);
    struct label_map *out;
    return coupling_fresh_map(b, node->outputs[0], last, &out);
}

/* --- channels are tied ---------------------------------------------------------------------------------- */

/* Axes of the output along which an input's labels change. */
static unsigned aligned_axes(struct builder *b, const struct node *node, int input)
{
    const struct label_map *in = input_map(b, node, input);
    return in != NULL ? label_map_axes(in) << (value_shape(b, node->outputs[0])->rank - in->shape.rank) : 0;
}

/* Is one channel of the input broadcast over several of the others? Not so where it has as many as they have,
 * and is broadcast along another axis only. */
static bool serves_many(struct builder *b, const struct node *node, int input)
{
    const struct label_map *in = input_map(b, node, input);
    const struct shape *shape = value_shape(b, node->outputs[0]);
    int shift = shape->rank - in->shape.rank;
    unsigned others = 0;
    for (int i = 0; i < node->input_count; i++)
        others |= i != input ? aligned_axes(b, node, i) : 0;
    if (others & aligned_axes(b, node, input))
        return false;
    for (int axis = 0; axis < shape->rank; axis++)
        if ((others >> axis & 1) && (axis < shift || in->shape.dim[axis - shift] != shape->dim[axis]))
            return true;
    return false;
}

/* A single channel is spread over many by a constant (Expand, or a factor per channel): these can go one by
 * one, as long as the single one stays. */
static bool fans_out(struct builder *b, const struct node *node, unsigned axes)
{
    const struct shape *shape = value_shape(b, node->outputs[0]);
    if (axes != 0 || shape->rank < 2 || shape->dim[1] < 2)
        return false;
    for (int i = 0; i < node->input_count; i++) {
        const struct label_map *in = input_map(b, node, i);
        int axis = in != NULL ? 1 - (shape->rank - in->shape.rank) : -1;
        if (axis >= 0 && in->shape.dim[axis] == shape->dim[1])
            return false;
    }
    return true;
}

static bool fan_out(struct builder *b, int node_index)
{
    struct label_map *out;
    lock_inputs(b, node_index, LOCK_BROADCAST);
    return coupling_fresh_map(b, node_at(b, node_index)->outputs[0], 2u, &out);
}

/* Unite an input with what stands at the same place of the output, or put it there when it is the first. */
static void join(struct builder *b, const struct label_map *in, struct label_map *out, bool first)
{
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    int shift = out->shape.rank - in->shape.rank;
    do {
        int label = label_map_at(in, index + shift);
        if (first)
            out->labels[position] = label;
        else
            coupling_unite(b, out->labels[position], label);
        position++;
    } while (index_next(index, &out->extent));
}

/* Element-wise operators of several inputs unite what stands at the same place. */
bool couple_elementwise(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    unsigned axes = 0;
    for (int i = 0; i < node->input_count; i++)
        axes |= aligned_axes(b, node, i);
    if (fans_out(b, node, axes))
        return fan_out(b, node_index);
    struct label_map *out;
    if (!coupling_new_map(b, node->outputs[0], axes, &out))
        return false;
    bool first = true;
    for (int i = 0; i < node->input_count; i++) {
        const struct label_map *in = input_map(b, node, i);
        if (in == NULL)
            continue;
        if (serves_many(b, node, i)) {
            coupling_lock_map(b, in, LOCK_BROADCAST, node_index);
            continue;
        }
        join(b, in, out, first);
        first = false;
    }
    return first ? coupling_lock_node(b, node_index, LOCK_BROADCAST) : true;
}

/* --- channels move -------------------------------------------------------------------------------------- */

bool couple_reshape(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct label_map *in = input_map(b, node, 0);
    const struct shape *shape = value_shape(b, node->outputs[0]);
    return label_map_reshape(b->coupling->arena, in, shape, &b->coupling->maps[node->outputs[0]]) ||
           coupling_no_memory(b);
}

/* Operators that only move elements (Concat, Slice, Split, Transpose, Gather, Expand): their own kernel, run
 * on the labels as integers, says where each one goes. */
bool couple_moved(struct builder *b, int node_index)
{
    bool understood = true;
    if (!coupling_move_labels(b, node_index, &understood))
        return coupling_no_memory(b);
    return understood ? true : rule_lock(b, node_index);
}

bool couple_expand(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    if (fans_out(b, node, label_map_axes(input_map(b, node, 0))))
        return fan_out(b, node_index);
    return couple_moved(b, node_index);
}

/* --- together ------------------------------------------------------------------------------------------- */

/* Labels on the first input, or on others where the rule knows several. */
static bool operands_fit(struct builder *b, const struct node *node, bool several)
{
    for (int i = 1; i < node->input_count && !several; i++)
        if (input_map(b, node, i) != NULL)
            return false;
    return several || input_map(b, node, 0) != NULL;
}

static bool has_elements(struct builder *b, const struct node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (input_map(b, node, i) != NULL && shape_elements(value_shape(b, node->inputs[i])) == 0)
            return false;
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE && shape_elements(value_shape(b, node->outputs[i])) == 0)
            return false;
    return true;
}

/* Are sizes, bounds and shapes parameters of the file, so that surgery can change them? */
static bool shapes_are_given(const struct builder *b, const struct node *node)
{
    for (int i = 1; i < node->input_count && (node->op->flags & OPERATOR_SHAPE_INPUTS); i++)
        if (node->inputs[i] != VALUE_NONE && b->coupling->graph->values[node->inputs[i]].constant == NULL)
            return false;
    return true;
}

bool coupling_rule(struct builder *b, int node_index)
{
    const struct node *node = node_at(b, node_index);
    const struct operator_rule *rule = b->coupling->rules[node_index];
    b->node = node_index;
    if (!shapes_are_given(b, node))
        return coupling_lock_node(b, node_index, LOCK_COMPUTED);
    if (rule->couple == NULL)
        return coupling_lock_node(b, node_index, LOCK_OPERATOR);
    if (!operands_fit(b, node, rule->several))
        return coupling_lock_node(b, node_index, rule->locks != NULL ? LOCK_OPERATOR : LOCK_MIXED);
    return has_elements(b, node) ? rule->couple(b, node_index) : rule_lock(b, node_index);
}
