/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling: labels for everything, node by node. The operators' rules are found by prune/operator_rules.c;
 * what they leave is turned into classes, blocks and groups by prune/coupling_classes.c. */
#include "prune/coupling.h"

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "prune/branch.h"
#include "prune/coupling_internal.h"
#include "prune/operator_rules.h"

static unsigned channel_axis(const struct coupling *c, int value)
{
    return c->plan->values[value].shape.rank > 1 ? 2u : 0u;
}

static bool lock_constant(struct builder *b, const struct layer *layer, const struct layer_call *call)
{
    const struct coupling *c = b->coupling;
    const int axis = layer_axis(layer, c->plan->values[call->linear].shape.rank);
    return c->maps[call->linear].labels != NULL ||
           coupling_locked_map(b, call->linear, 1u << axis, LOCK_CONSTANT, call->node);
}

/* The network's inputs are what they are. So is what a layer makes of constants that depend on the batch. */
static bool lock_ends(struct builder *b)
{
    struct coupling *c = b->coupling;
    for (int i = 0; i < c->graph->output_count; i++)
        if (c->maps[c->graph->outputs[i]].labels != NULL)
            coupling_lock_map(b, &c->maps[c->graph->outputs[i]], LOCK_OUTPUT, -1);
    for (int i = 0; i < c->layers->count; i++)
        for (int k = 0; k < c->layers->items[i].call_count; k++)
            if (!lock_constant(b, &c->layers->items[i], &c->layers->items[i].calls[k]))
                return false;
    return true;
}

static status label_graph(struct builder *b, struct error *error)
{
    struct coupling *c = b->coupling;
    for (int i = 0; i < c->graph->input_count; i++)
        if (!coupling_locked_map(b, c->graph->inputs[i], channel_axis(c, c->graph->inputs[i]), LOCK_INPUT,
                                 -1))
            return error_memory(error);
    for (int i = 0; i < c->plan->step_count && !b->failed; i++) {
        int node = c->plan->steps[i].node;
        if (progress_check(error) != STATUS_OK)
            return error->code;
        if (c->plan->batch == 1 ? !coupling_rule(b, node) : !coupling_lock_node(b, node, LOCK_BATCH))
            return error_memory(error);
        coupling_find_zero(c, node);
    }
    if (!lock_ends(b))
        return error_memory(error);
    coupling_tie_calls(b);
    return b->failed ? error_memory(error) : STATUS_OK;
}

/* --- what stays must be rectangular --------------------------------------------------------------------- */

static bool all_locked(struct builder *b, const struct label_map *map)
{
    int64_t elements = label_map_elements(map);
    for (int64_t i = 0; i < elements; i++)
        if (b->forest.lock[forest_find(&b->forest, map->labels[i])] < 0)
            return false;
    return true;
}

/* Is the label of every element that of its position along this axis? */
static bool depends_on(struct builder *b, const struct label_map *map, int axis)
{
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    do
        if (forest_find(&b->forest, map->labels[position++]) !=
            forest_find(&b->forest, label_map_along(map, axis, index[axis])))
            return false;
    while (index_next(index, &map->extent));
    return true;
}

/* How many positions along an axis would stay apart if all that stands along the others went together; -1
 * when memory is out. */
static int64_t apart_along(struct builder *b, const struct label_map *map, int axis)
{
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0, apart = 0;
    struct label_forest positions = {0};
    int *first = mem_new((size_t)b->forest.count + 1, sizeof *first); /* per root: a position, plus one */
    if (first == NULL || forest_add(&positions, map->extent.dim[axis]) < 0)
        apart = -1;
    else
        do {
            int *seen = &first[forest_find(&b->forest, map->labels[position++])];
            if (*seen > 0)
                forest_unite(&positions, *seen - 1, (int)index[axis]);
            *seen = (int)index[axis] + 1;
        } while (index_next(index, &map->extent));
    for (int i = 0; apart >= 0 && i < positions.count; i++)
        apart += forest_find(&positions, i) == i;
    forest_free(&positions);
    mem_free(first);
    return apart;
}

/* A value whose channels were laid out as a table can lose whole rows or whole columns, not single cells. The
 * axis along which most stays apart stays free, of several the longest; what stands along the others goes
 * together. */
static void straighten(struct builder *b, const struct label_map *map)
{
    int kept = 0, varying = 0;
    int64_t most = -1;
    for (int axis = 0; axis < map->extent.rank; axis++)
        varying += map->extent.dim[axis] > 1;
    if (varying < 2 || all_locked(b, map))
        return;
    for (int axis = 0; axis < map->extent.rank; axis++)
        if (map->extent.dim[axis] > 1 && depends_on(b, map, axis))
            return;
    for (int axis = 0; axis < map->extent.rank; axis++) {
        int64_t apart = apart_along(b, map, axis);
        b->failed = b->failed || apart < 0;
        if (apart > most || (apart == most && map->extent.dim[axis] > map->extent.dim[kept])) {
            kept = axis;
            most = apart;
        }
    }
    coupling_unite_along(b, map, ~(1u << kept));
}

/* The inside of a channel shuffle may become anything: surgery writes the whole as a Gather. */
static void straighten_all(struct builder *b)
{
    struct coupling *c = b->coupling;
    for (int i = 0; i < c->plan->step_count; i++) {
        int index = c->plan->steps[i].node;
        const struct node *node = &c->graph->nodes[index];
        b->node = index;
        for (int k = 0; k < node->output_count && !c->shuffles[index].inside; k++)
            if (node->outputs[k] != VALUE_NONE && c->maps[node->outputs[k]].labels != NULL)
                straighten(b, &c->maps[node->outputs[k]]);
    }
}

/* --- building ------------------------------------------------------------------------------------------- */

static void mark_heads(struct coupling *c)
{
    for (int value = 0; value < c->graph->value_count; value++)
        for (int64_t i = 0; c->headed[value] != HEAD_NONE && i < label_map_elements(&c->maps[value]); i++)
            if (c->class_of[c->maps[value].labels[i]] >= 0)
                c->classes[c->class_of[c->maps[value].labels[i]]].head = c->headed[value];
}

static status coupling_fill(struct builder *b, struct error *error)
{
    struct coupling *c = b->coupling;
    struct plan_options options = {.batch = 1, .real = ELEMENT_FLOAT};
    status code = plan_new(c->graph, &options, &c->plan, error);
    if (code != STATUS_OK)
        return code;
    c->maps = arena_alloc(c->arena, (size_t)c->graph->value_count, sizeof *c->maps);
    c->shuffles = arena_alloc(c->arena, (size_t)c->graph->node_count, sizeof *c->shuffles);
    c->rules = arena_alloc(c->arena, (size_t)c->graph->node_count, sizeof *c->rules);
    c->zero = arena_alloc(c->arena, (size_t)c->graph->value_count, sizeof *c->zero);
    c->headed = arena_alloc(c->arena, (size_t)c->graph->value_count, sizeof *c->headed);
    if (c->maps == NULL || c->shuffles == NULL || c->rules == NULL || c->zero == NULL || c->headed == NULL)
        return error_memory(error);
    for (int i = 0; i < c->graph->node_count; i++)
        c->rules[i] = operator_rule_find(c->graph->nodes[i].op);
    if (label_graph(b, error) != STATUS_OK)
        return error->code;
    code = coupling_find_shuffles(c, error);
    if (code != STATUS_OK)
        return code;
    straighten_all(b);
    code = b->failed ? error_memory(error) : coupling_classify(b, error);
    if (code == STATUS_OK)
        mark_heads(c);
    if (code == STATUS_OK)
        coupling_find_domains(c);
    return code == STATUS_OK ? branches_find(c, error) : code;
}

const char *head_mode_name(int mode)
{
    static const char *const names[] = {[HEADS_WHOLE] = "whole", [HEADS_PARTS] = "parts"};
    return mode >= 0 && mode < 2 ? names[mode] : NULL;
}

status coupling_build(const struct graph *graph, const struct layers *layers, struct coupling **coupling,
                      struct error *error)
{
    return coupling_build_heads(graph, layers, HEADS_WHOLE, coupling, error);
}

status coupling_build_heads(const struct graph *graph, const struct layers *layers, enum head_mode heads,
                            struct coupling **coupling, struct error *error)
{
    struct coupling *c = mem_new(1, sizeof *c);
    struct builder b = {.coupling = c};
    if (c == NULL || (c->arena = arena_new()) == NULL) {
        mem_free(c);
        return error_memory(error);
    }
    c->graph = graph;
    c->layers = layers;
    c->heads = heads;
    status code = coupling_fill(&b, error);
    forest_free(&b.forest);
    mem_free(b.ties);
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
