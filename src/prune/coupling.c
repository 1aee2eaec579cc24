/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling: the rules, operator by operator. What they leave is turned into classes, blocks and groups by
 * prune/group.c. */
#include "prune/coupling.h"

#include <string.h>
#include "prune/coupling_internal.h"

const char *lock_reason_text(enum lock_reason reason)
{
    static const char *const text[] = {
#define LOCK_TEXT(code, words) words,
        LOCK_LIST(LOCK_TEXT)
#undef LOCK_TEXT
    };
    return text[reason];
}

/* ---- small tools of the rules -------------------------------------------------------------------------- */

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

static bool out_of_memory(struct builder *b)
{
    b->failed = true;
    return false;
}

static int lock_record(struct builder *b, enum lock_reason reason, int node)
{
    struct coupling *c = b->coupling;
    for (int i = c->lock_count - 1; i >= 0 && i >= c->lock_count - 4; i--)
        if (c->locks[i].reason == reason && c->locks[i].node == node)
            return i;
    if (!mem_grow(&c->locks, &c->lock_capacity, (size_t)c->lock_count + 1, sizeof *c->locks)) {
        b->failed = true;
        return -1;
    }
    c->locks[c->lock_count] = (struct lock){reason, node};
    return c->lock_count++;
}

static void lock_map(struct builder *b, const struct label_map *map, enum lock_reason reason, int node)
{
    int record = lock_record(b, reason, node);
    if (record < 0)
        return;
    int64_t elements = label_map_elements(map);
    for (int64_t i = 0; i < elements; i++)
        forest_lock(&b->forest, map->labels[i], record);
}

static void unite(struct builder *b, int label_a, int label_b)
{
    if (forest_unite(&b->forest, label_a, label_b))
        b->united = true;
}

static bool new_map(struct builder *b, int value, unsigned axes, struct label_map **map)
{
    *map = &b->coupling->maps[value];
    return label_map_new(b->coupling->arena, value_shape(b, value), axes, *map) || out_of_memory(b);
}

/* Fresh labels, one per element of the map. */
static bool fresh_map(struct builder *b, int value, unsigned axes, struct label_map **map)
{
    if (!new_map(b, value, axes, map))
        return false;
    int64_t elements = label_map_elements(*map);
    int first = forest_add(&b->forest, elements);
    if (first < 0)
        return out_of_memory(b);
    for (int64_t i = 0; i < elements; i++)
        (*map)->labels[i] = first + (int)i;
    return true;
}

/* The refuge of every rule: lock what comes in, and let locked labels come out. */
static bool rule_lock_as(struct builder *b, int node_index, enum lock_reason reason)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    for (int i = 0; i < node->input_count; i++)
        if (input_map(b, node, i) != NULL)
            lock_map(b, input_map(b, node, i), reason, node_index);
    for (int i = 0; i < node->output_count; i++) {
        struct label_map *map;
        if (node->outputs[i] == VALUE_NONE)
            continue;
        if (!fresh_map(b, node->outputs[i], value_shape(b, node->outputs[i])->rank > 1 ? 2u : 0u, &map))
            return false;
        lock_map(b, map, reason, node_index);
    }
    return true;
}

static bool rule_lock(struct builder *b, int node_index)
{
    return rule_lock_as(b, node_index, LOCK_MIXED);
}

/* ---- rules --------------------------------------------------------------------------------------------- */

/* Output channels are the first input's channels. */
static bool rule_same(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *in = input_map(b, node, 0);
    unsigned axes = label_map_axes(in);
    for (int i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == VALUE_NONE)
            continue;
        const struct shape *shape = value_shape(b, node->outputs[i]);
        if (shape->rank != in->shape.rank)
            return rule_lock(b, node_index);
        for (int axis = 0; axis < shape->rank; axis++)
            if ((axes >> axis & 1) && shape->dim[axis] != in->shape.dim[axis])
                return rule_lock(b, node_index);
        struct label_map *out;
        if (!new_map(b, node->outputs[i], axes, &out))
            return false;
        memcpy(out->labels, in->labels, (size_t)label_map_elements(in) * sizeof *in->labels);
    }
    return true;
}

/* Softmax and its like look at all elements of an axis at once. */
static bool rule_normalizing(struct builder *b, int node_index)
{
    const struct label_map *in = input_map(b, &b->coupling->graph->nodes[node_index], 0);
    if (label_map_axes(in) == 0)
        return rule_same(b, node_index);
    return rule_lock(b, node_index);
}

/* A convolution's groups keep equal sizes, so position j of one group goes with position j of all others. A
 * depthwise convolution makes no channels: output channel i*m+j is input channel i. */
static bool rule_convolution(struct builder *b, int node_index)
{
    const struct graph *graph = b->coupling->graph;
    const struct node *node = &graph->nodes[node_index];
    const struct label_map *in = input_map(b, node, 0);
    if (input_map(b, node, 1) != NULL || graph->values[node->inputs[1]].constant == NULL ||
        (label_map_axes(in) & ~2u) != 0)
        return rule_lock(b, node_index);
    int64_t groups = node_integer(node, "group", 1), inputs = in->shape.dim[1];
    int64_t outputs = value_shape(b, node->outputs[0])->dim[1];
    int64_t group_inputs = inputs / groups, group_outputs = outputs / groups;
    struct label_map *out;
    if (groups > 1 && group_inputs == 1) {
        if (!new_map(b, node->outputs[0], 2u, &out))
            return false;
        for (int64_t o = 0; o < outputs; o++)
            out->labels[outputs == 1 ? 0 : o] = in->labels[in->extent.dim[1] == 1 ? 0 : o / group_outputs];
        return true;
    }
    if (!fresh_map(b, node->outputs[0], 2u, &out))
        return false;
    for (int64_t group = 1; group < groups; group++) {
        for (int64_t j = 0; j < group_inputs; j++)
            unite(b, in->labels[j], in->labels[group * group_inputs + j]);
        for (int64_t j = 0; j < group_outputs; j++)
            unite(b, out->labels[j], out->labels[group * group_outputs + j]);
    }
    return true;
}

/* Matrix product with constant weights: features on the last axis are consumed, new ones made. */
static bool rule_linear(struct builder *b, int node_index)
{
    const struct graph *graph = b->coupling->graph;
    const struct node *node = &graph->nodes[node_index];
    const struct label_map *in = input_map(b, node, 0);
    if (in == NULL || graph->values[node->inputs[1]].constant == NULL ||
        graph->values[node->inputs[1]].constant->shape.rank != 2 || node_integer(node, "transA", 0) != 0 ||
        input_map(b, node, 2) != NULL)
        return rule_lock(b, node_index);
    unsigned last = 1u << (in->shape.rank - 1);
    const struct shape *shape = value_shape(b, node->outputs[0]);
    if ((label_map_axes(in) & ~last) != 0 || shape->rank != in->shape.rank)
        return rule_lock(b, node_index);
    struct label_map *out;
    return fresh_map(b, node->outputs[0], last, &out);
}

/* Is `in` broadcast along an axis along which the result's labels change? Then one of its channels serves
 * many. */
static bool broadcast_over_channels(const struct label_map *in, const struct shape *shape, unsigned axes)
{
    int shift = shape->rank - in->shape.rank;
    for (int axis = 0; axis < shape->rank; axis++)
        if ((axes >> axis & 1) && shape->dim[axis] > 1 &&
            (axis < shift || in->shape.dim[axis - shift] != shape->dim[axis]))
            return true;
    return false;
}

/* Element-wise operators of several inputs unite what stands at the same place. */
static bool rule_elementwise(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct shape *shape = value_shape(b, node->outputs[0]);
    unsigned axes = 0;
    for (int i = 0; i < node->input_count; i++) {
        const struct label_map *in = input_map(b, node, i);
        if (in != NULL)
            axes |= label_map_axes(in) << (shape->rank - in->shape.rank);
    }
    struct label_map *out;
    if (!new_map(b, node->outputs[0], axes, &out))
        return false;
    bool first = true;
    for (int i = 0; i < node->input_count; i++) {
        const struct label_map *in = input_map(b, node, i);
        if (in == NULL)
            continue;
        if (broadcast_over_channels(in, shape, axes)) {
            lock_map(b, in, LOCK_BROADCAST, node_index);
            continue;
        }
        int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
        do {
            int label = label_map_at(in, index + (shape->rank - in->shape.rank));
            if (first)
                out->labels[position] = label;
            else
                unite(b, out->labels[position], label);
            position++;
        } while (index_next(index, &out->extent));
        first = false;
    }
    return first ? rule_lock_as(b, node_index, LOCK_BROADCAST) : true;
}

static bool rule_reshape(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *in = input_map(b, node, 0);
    const struct shape *shape = value_shape(b, node->outputs[0]);
    if (in->shape.rank < 1 || shape->rank < 1 || shape->dim[0] != in->shape.dim[0])
        return rule_lock_as(b, node_index, LOCK_BATCH);
    if (!label_map_reshape(b->coupling->arena, in, shape, &b->coupling->maps[node->outputs[0]]))
        return out_of_memory(b);
    return true;
}

/* Padding brings channels that are constant zero: they are nobody's, so they get labels of their own. Padding
 * along axes where labels do not change (height and width) makes no channels. */
static bool rule_pad(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *in = input_map(b, node, 0);
    const struct shape *shape = value_shape(b, node->outputs[0]);
    int64_t before[TENSOR_MAX_RANK];
    if (!coupling_pads(b->coupling->plan, node, shape->rank, before))
        return rule_lock(b, node_index);
    unsigned axes = label_map_axes(in);
    for (int axis = 0; axis < shape->rank; axis++)
        if (axis < 2 && shape->dim[axis] != in->shape.dim[axis])
            axes |= 1u << axis;
    if (axes & 1u)
        return rule_lock_as(b, node_index, LOCK_BATCH);
    struct label_map *out;
    if (!new_map(b, node->outputs[0], axes, &out))
        return false;
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    do {
        int64_t source[TENSOR_MAX_RANK];
        bool inside = true;
        for (int axis = 0; axis < shape->rank; axis++) {
            source[axis] = axes >> axis & 1 ? index[axis] - before[axis] : 0;
            inside = inside && source[axis] >= 0 && source[axis] < in->shape.dim[axis];
        }
        int label = inside ? label_map_at(in, source) : forest_add(&b->forest, 1);
        if (label < 0)
            return out_of_memory(b);
        out->labels[position++] = label;
    } while (index_next(index, &out->extent));
    return true;
}

/* Operators that only move elements (Concat, Slice, Split, Transpose, Gather, Expand): their own kernel, run
 * on the labels as integers, says where each one goes. */
static bool rule_moved(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    for (int i = 0; i < node->input_count; i++)
        if (input_map(b, node, i) != NULL && value_shape(b, node->inputs[i])->dim[0] != 1)
            return rule_lock_as(b, node_index, LOCK_BATCH);
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE &&
            (value_shape(b, node->outputs[i])->rank < 1 || value_shape(b, node->outputs[i])->dim[0] != 1))
            return rule_lock_as(b, node_index, LOCK_BATCH);
    bool understood = true;
    if (!coupling_move_labels(b->coupling, node_index, &understood))
        return out_of_memory(b);
    return understood ? true : rule_lock(b, node_index);
}

static bool rule_reduce(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *in = input_map(b, node, 0);
    const struct shape *shape = value_shape(b, node->outputs[0]);
    unsigned axes = label_map_axes(in);
    bool keeps = node_integer(node, "keepdims", 1) != 0;
    if (keeps && shape->rank == in->shape.rank)
        return rule_same(b, node_index);
    /* Without kept dimensions the surviving axes stand in order; labels may change along none that went. */
    if (axes == 2u && shape->rank == 2 && in->shape.rank == 4 && shape->dim[1] == in->shape.dim[1]) {
        struct label_map *out;
        if (!new_map(b, node->outputs[0], 2u, &out))
            return false;
        memcpy(out->labels, in->labels, (size_t)label_map_elements(in) * sizeof *in->labels);
        return true;
    }
    return rule_lock(b, node_index);
}

/* ---- the table and the walk ---------------------------------------------------------------------------- */

static const struct {
    const char *op;
    bool (*rule)(struct builder *b, int node_index);
} rules[] = {
    {"Conv", rule_convolution},
    {"Gemm", rule_linear},
    {"MatMul", rule_linear},
    {"BatchNormalization", rule_same},
    {"MaxPool", rule_same},
    {"AveragePool", rule_same},
    {"GlobalAveragePool", rule_same},
    {"GlobalMaxPool", rule_same},
    {"Resize", rule_same},
    {"Upsample", rule_same},
    {"Dropout", rule_same},
    {"Identity", rule_same},
    {"Cast", rule_same},
    {"Neg", rule_same},
    {"Abs", rule_same},
    {"Sqrt", rule_same},
    {"PRelu", rule_same},
    {"Clip", rule_same},
    {"Softmax", rule_normalizing},
    {"LogSoftmax", rule_normalizing},
    {"Add", rule_elementwise},
    {"Sub", rule_elementwise},
    {"Mul", rule_elementwise},
    {"Div", rule_elementwise},
    {"Pow", rule_elementwise},
    {"Sum", rule_elementwise},
    {"Max", rule_elementwise},
    {"Min", rule_elementwise},
    {"Concat", rule_moved},
    {"Slice", rule_moved},
    {"Split", rule_moved},
    {"Transpose", rule_moved},
    {"Gather", rule_moved},
    {"Expand", rule_moved},
    {"Pad", rule_pad},
    {"Reshape", rule_reshape},
    {"Flatten", rule_reshape},
    {"Squeeze", rule_reshape},
    {"Unsqueeze", rule_reshape},
    {"ReduceMean", rule_reduce},
    {"ReduceSum", rule_reduce},
};

static bool apply_rule(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    bool labelled = false;
    for (int i = 0; i < node->input_count; i++)
        labelled = labelled || input_map(b, node, i) != NULL;
    if (!labelled)
        return rule_lock(b, node_index);
    if (node->op->flags & OPERATOR_ACTIVATION)
        return rule_same(b, node_index);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(rules[i].op, node->op->name) == 0)
            return input_map(b, node, 0) != NULL || rules[i].rule == rule_elementwise ||
                           rules[i].rule == rule_moved
                       ? rules[i].rule(b, node_index)
                       : rule_lock(b, node_index);
    return rule_lock(b, node_index);
}

/* Labels of everything, node by node; notes which nodes tied something to something. */
static bool label_graph(struct builder *b)
{
    struct coupling *c = b->coupling;
    for (int i = 0; i < c->graph->input_count; i++) {
        struct label_map *map;
        int value = c->graph->inputs[i];
        if (!fresh_map(b, value, value_shape(b, value)->rank > 1 ? 2u : 0u, &map))
            return false;
        lock_map(b, map, LOCK_INPUT, -1);
    }
    for (int i = 0; i < c->plan->step_count && !b->failed; i++) {
        int node = c->plan->steps[i].node;
        b->united = false;
        if (!apply_rule(b, node))
            return false;
        b->ties[node] = b->united;
    }
    for (int i = 0; i < c->graph->output_count; i++)
        if (c->maps[c->graph->outputs[i]].labels != NULL)
            lock_map(b, &c->maps[c->graph->outputs[i]], LOCK_OUTPUT, -1);
    return !b->failed;
}

static status coupling_fill(struct builder *b, struct error *error)
{
    struct coupling *c = b->coupling;
    struct plan_options options = {.batch = 1, .real = ELEMENT_FLOAT};
    status code = plan_new(c->graph, &options, &c->plan, error);
    if (code != STATUS_OK)
        return code;
    c->maps = arena_alloc(c->arena, (size_t)c->graph->value_count, sizeof *c->maps);
    b->ties = arena_alloc(c->arena, (size_t)c->graph->node_count, sizeof *b->ties);
    if (c->maps == NULL || b->ties == NULL || !label_graph(b))
        return error_memory(error);
    return coupling_classify(b, error);
}

status coupling_build(const struct graph *graph, const struct layers *layers, struct coupling **coupling,
                      struct error *error)
{
    struct coupling *c = mem_new(1, sizeof *c);
    struct builder b = {.coupling = c};
    if (c == NULL || (c->arena = arena_new()) == NULL) {
        mem_free(c);
        return error_memory(error);
    }
    c->graph = graph;
    c->layers = layers;
    status code = coupling_fill(&b, error);
    forest_free(&b.forest);
    if (code != STATUS_OK) {
        coupling_free(c);
        return code;
    }
    *coupling = c;
    return STATUS_OK;
}

void coupling_free(struct coupling *coupling)
{
    if (coupling == NULL)
        return;
    plan_free(coupling->plan);
    mem_free(coupling->locks);
    arena_free(coupling->arena);
    mem_free(coupling);
}
