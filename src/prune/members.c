/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the members of classes. */
#include "prune/members.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/operator/operator.h"
#include "prune/label.h"
#include "score/layer.h"
#include "score/layer_name.h"

struct finding {
    const struct coupling *coupling;
    struct members *members;
    int *place;         /* per node: its place in the order; arena */
    int *layer_of_norm; /* per node: the layer whose BatchNorm it is, -1; arena */
};

/* Class of every position along an axis of a value, read at the start of all other axes. NULL without memory.
 */
static const int *classes_along(const struct finding *finding, int value, int axis, int64_t count)
{
    const struct coupling *c = finding->coupling;
    int *classes = arena_alloc(finding->members->arena, (size_t)count, sizeof *classes);
    for (int64_t i = 0; classes != NULL && i < count; i++)
        classes[i] = c->class_of[label_map_along(&c->maps[value], axis, i)];
    return classes;
}

static status add_member(struct finding *finding, struct member member, struct error *error)
{
    struct members *members = finding->members;
    if (member.classes == NULL || member.name == NULL)
        return error_memory(error);
    members->items[members->count++] = member;
    return STATUS_OK;
}

static status add_filters(struct finding *finding, int index, struct error *error)
{
    const struct layer *layer = &finding->coupling->layers->items[index];
    if (layer->kind == LAYER_DEPTHWISE || layer->output_layer)
        return STATUS_OK;
    return add_member(finding,
                      (struct member){PART_FILTER, layer->node, index, VALUE_NONE, layer->name,
                                      layer->channels, finding->coupling->layer_classes[index]},
                      error);
}

static status add_columns(struct finding *finding, int index, struct error *error)
{
    const struct coupling *c = finding->coupling;
    const struct layer *layer = &c->layers->items[index];
    const int value = c->graph->nodes[layer->node].inputs[0];
    const struct label_map *map = &c->maps[value];
    const int axis = layer_axis(layer, map->shape.rank);
    if (layer->kind == LAYER_DEPTHWISE || map->labels == NULL || axis < 0 ||
        map->shape.dim[axis] != layer->input_channels)
        return STATUS_OK;
    return add_member(finding,
                      (struct member){PART_COLUMN, layer->node, index, VALUE_NONE, layer->name,
                                      layer->input_channels,
                                      classes_along(finding, value, axis, layer->input_channels)},
                      error);
}

static status add_scale(struct finding *finding, int index, struct error *error)
{
    const struct coupling *c = finding->coupling;
    const struct node *node = &c->graph->nodes[index];
    const struct label_map *map = &c->maps[node->inputs[0]];
    const int scale = node->inputs[1], layer = finding->layer_of_norm[index];
    if (map->labels == NULL || map->shape.rank < 2 || c->graph->values[scale].constant == NULL)
        return STATUS_OK;
    const char *name = layer >= 0 ? c->layers->items[layer].norm_name : NULL;
    if (name == NULL)
        name = module_name(finding->members->arena, c->graph->values[scale].name, node);
    return add_member(finding,
                      (struct member){PART_SCALE, layer >= 0 ? c->layers->items[layer].node : index, layer,
                                      scale, name, map->shape.dim[1],
                                      classes_along(finding, node->inputs[0], 1, map->shape.dim[1])},
                      error);
}

/* Nodes as a walk back from the outputs first meets them: all inputs of a node, then on from the last. */
static status place_from_output(const struct finding *finding, struct error *error)
{
    const struct graph *graph = finding->coupling->graph;
    int depth = 0, met = 0, capacity = graph->output_count;
    for (int i = 0; i < graph->node_count; i++)
        capacity += graph->nodes[i].input_count;
    int *stack = mem_new((size_t)capacity + 1, sizeof *stack);
    bool *left = mem_new((size_t)graph->node_count + 1, sizeof *left);
    for (int i = 0; stack != NULL && left != NULL && i < graph->node_count; i++)
        finding->place[i] = graph->node_count;
    for (int i = graph->output_count - 1; stack != NULL && left != NULL && i >= 0; i--)
        if (graph->values[graph->outputs[i]].producer >= 0)
            stack[depth++] = graph->values[graph->outputs[i]].producer;
    while (left != NULL && depth > 0) {
        const int index = stack[--depth];
        const struct node *node = &graph->nodes[index];
        if (left[index])
            continue;
        left[index] = true;
        finding->place[index] = finding->place[index] < graph->node_count ? finding->place[index] : met++;
        for (int k = 0; k < node->input_count; k++) {
            int from = node->inputs[k] != VALUE_NONE ? graph->values[node->inputs[k]].producer : -1;
            if (from < 0)
                continue;
            finding->place[from] = finding->place[from] < graph->node_count ? finding->place[from] : met++;
            stack[depth++] = from;
        }
    }
    const bool complete = stack != NULL && left != NULL;
    mem_free(stack);
    mem_free(left);
    return complete ? STATUS_OK : error_memory(error);
}

static status prepare(struct finding *finding, enum member_order order, struct error *error)
{
    const struct coupling *c = finding->coupling;
    struct members *members = finding->members;
    const size_t nodes = (size_t)c->graph->node_count, layers = (size_t)c->layers->count;
    *members = (struct members){.arena = arena_new()};
    if (members->arena == NULL)
        return error_memory(error);
    members->items = arena_alloc(members->arena, 2 * layers + nodes + 1, sizeof *members->items);
    finding->place = arena_alloc(members->arena, nodes + 1, sizeof *finding->place);
    finding->layer_of_norm = arena_alloc(members->arena, nodes + 1, sizeof *finding->layer_of_norm);
    if (members->items == NULL || finding->place == NULL || finding->layer_of_norm == NULL)
        return error_memory(error);
    for (int i = 0; i < c->graph->node_count; i++) {
        finding->place[i] = i;
        finding->layer_of_norm[i] = -1;
    }
    for (int i = 0; i < c->layers->count; i++)
        if (c->layers->items[i].norm_node >= 0)
            finding->layer_of_norm[c->layers->items[i].norm_node] = i;
    return order == ORDER_FROM_OUTPUT ? place_from_output(finding, error) : STATUS_OK;
}

/* Put each in front of those behind its place; there are few. */
static void sort_members(const struct finding *finding, int first)
{
    struct member *items = finding->members->items;
    for (int i = first + 1; i < finding->members->count; i++) {
        const struct member item = items[i];
        int k = i;
        for (; k > first && finding->place[items[k - 1].node] > finding->place[item.node]; k--)
            items[k] = items[k - 1];
        items[k] = item;
    }
}

status members_find(const struct coupling *coupling, enum member_order order, struct members *members,
                    struct error *error)
{
    struct finding finding = {.coupling = coupling, .members = members};
    status code = prepare(&finding, order, error);
    for (int i = 0; code == STATUS_OK && i < coupling->layers->count; i++)
        code = add_filters(&finding, i, error);
    const int scales = members->count;
    if (code == STATUS_OK)
        sort_members(&finding, 0);
    for (int i = 0; code == STATUS_OK && i < coupling->graph->node_count; i++)
        if (coupling->graph->nodes[i].op->flags & OPERATOR_NORMALIZATION)
            code = add_scale(&finding, i, error);
    const int columns = members->count;
    if (code == STATUS_OK)
        sort_members(&finding, scales);
    for (int i = 0; code == STATUS_OK && i < coupling->layers->count; i++)
        code = add_columns(&finding, i, error);
    if (code == STATUS_OK)
        sort_members(&finding, columns);
    else
        members_free(members);
    return code;
}

void members_free(struct members *members)
{
    arena_free(members->arena);
    *members = (struct members){0};
}
