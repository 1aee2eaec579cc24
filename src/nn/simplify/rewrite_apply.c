/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building the graph that the changes noted in a rewrite make. */
#include "base/memory.h"
#include "nn/graph/op.h"
#include "nn/simplify/rewrite.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"

/* Every so many values or nodes it is asked whether the work is cancelled. */
enum { ITEMS_PER_POLL = 1 << 15 };

struct build {
    struct rewrite *rewrite;
    struct graph *result;
    struct arena *arena;
    struct error *error;
    bool *needed;      /* per value, new constants included */
    bool *needed_node; /* per node */
    int *stack;        /* values whose makers have not been looked at */
    int stacked;
    int *map; /* per value: index in the new graph */
};

static void need(struct build *build, int value)
{
    if (value == VALUE_NONE || build->needed[value])
        return;
    build->needed[value] = true;
    build->stack[build->stacked++] = value;
}

/* From the outputs backwards. */
static void mark_needed(struct build *build)
{
    struct rewrite *rewrite = build->rewrite;
    const struct graph *graph = rewrite->graph;

    for (int i = 0; i < graph->input_count; i++)
        need(build, graph->inputs[i]);
    for (int i = 0; i < graph->output_count; i++)
        need(build, rewrite_resolve(rewrite, graph->outputs[i]));
    while (build->stacked > 0) {
        int value = build->stack[--build->stacked];
        int maker = value < graph->value_count && rewrite->constants[value] == NULL ? rewrite->producer[value]
                                                                                    : VALUE_NONE;

        if (maker == VALUE_NONE || build->needed_node[maker])
            continue;
        build->needed_node[maker] = true;
        for (int i = 0; i < rewrite->nodes[maker].input_count; i++)
            need(build, rewrite_resolve(rewrite, rewrite->nodes[maker].inputs[i]));
        /* All that a node makes exists, wanted or not, except what is known. */
        for (int i = 0; i < rewrite->nodes[maker].output_count; i++)
            if (rewrite->nodes[maker].outputs[i] != VALUE_NONE &&
                rewrite->constants[rewrite->nodes[maker].outputs[i]] == NULL)
                need(build, rewrite->nodes[maker].outputs[i]);
    }
}

static struct shape joined_shape(const struct rewrite *rewrite, int value)
{
    struct shape shape = rewrite->plans[0]->values[value].shape;
    const struct shape *other = &rewrite->plans[1]->values[value].shape;

    if (shape.rank != other->rank)
        return (struct shape){.rank = -1};
    for (int i = 0; i < shape.rank; i++)
        if (shape.dim[i] != other->dim[i])
            shape.dim[i] = DIMENSION_UNKNOWN;
    return shape;
}

static int build_value(struct build *build, int v)
{
    const struct rewrite *rewrite = build->rewrite;
    const struct value *value = &rewrite->graph->values[v];
    enum element_type type = value->type;
    struct shape shape = value->shape;
    int index;

    if (rewrite->constants[v] != NULL)
        return graph_add_constant(build->result, value->name, rewrite->constants[v]);
    if (rewrite->plans[0] != NULL && rewrite->plans[1] != NULL) {
        type = rewrite->plans[0]->values[v].type;
        shape = joined_shape(rewrite, v);
    }
    index = graph_add_value(build->result, value->name, type, &shape);
    if (index >= 0)
        build->result->values[index].file_type = value->file_type;
    return index;
}

static status build_values(struct build *build)
{
    const struct rewrite *rewrite = build->rewrite;
    int old = rewrite->graph->value_count;

    for (int v = 0; v < old + rewrite->added_count; v++) {
        if (v % ITEMS_PER_POLL == 0 && progress_check(build->error) != STATUS_OK)
            return build->error->code;
        if (!build->needed[v])
            continue;
        if (v < old)
            build->map[v] = build_value(build, v);
        else
            build->map[v] = graph_add_constant(build->result, rewrite->added[v - old].name,
                                               rewrite->added[v - old].tensor);
        if (build->map[v] < 0)
            return error_memory(build->error);
    }
    return STATUS_OK;
}

static status build_nodes(struct build *build)
{
    struct rewrite *rewrite = build->rewrite;
    int inputs[NODE_MAX_OPERANDS], outputs[NODE_MAX_OPERANDS];

    for (int n = 0; n < rewrite->graph->node_count; n++) {
        const struct node *node = &rewrite->nodes[n];

        if (n % ITEMS_PER_POLL == 0 && progress_check(build->error) != STATUS_OK)
            return build->error->code;
        if (!build->needed_node[n])
            continue;
        for (int i = 0; i < node->input_count; i++) {
            int value = rewrite_resolve(rewrite, node->inputs[i]);

            inputs[i] = value == VALUE_NONE ? VALUE_NONE : build->map[value];
        }
        for (int i = 0; i < node->output_count; i++) {
            int value = node->outputs[i];
            bool wanted = value != VALUE_NONE && rewrite->constants[value] == NULL;

            outputs[i] = wanted ? build->map[value] : VALUE_NONE;
        }
        if (graph_add_node(build->result, node->name, node->op, inputs, node->input_count, outputs,
                           node->output_count, node->attributes, node->attribute_count) < 0)
            return error_memory(build->error);
    }
    return STATUS_OK;
}

static bool build_ends(struct build *build)
{
    const struct graph *graph = build->rewrite->graph;

    for (int i = 0; i < graph->input_count; i++)
        if (graph_add_input(build->result, build->map[graph->inputs[i]]) < 0)
            return false;
    for (int i = 0; i < graph->output_count; i++)
        if (graph_add_output(build->result, build->map[rewrite_resolve(build->rewrite, graph->outputs[i])]) <
            0)
            return false;
    return true;
}

/* What the file says about itself. */
static bool build_texts(struct build *build)
{
    const struct graph *from = build->rewrite->graph;
    struct graph *to = build->result;

    to->ir_version = from->ir_version;
    to->model_version = from->model_version;
    to->opset = from->opset;
    to->channels_last = from->channels_last;
    to->name = arena_string(to->arena, from->name);
    to->producer = arena_string(to->arena, from->producer);
    to->producer_version = arena_string(to->arena, from->producer_version);
    to->domain = arena_string(to->arena, from->domain);
    to->documentation = arena_string(to->arena, from->documentation);
    to->metadata = arena_alloc(to->arena, (size_t)from->metadata_count, sizeof(*to->metadata));
    if (to->name == NULL || to->producer == NULL || to->producer_version == NULL || to->domain == NULL ||
        to->documentation == NULL || to->metadata == NULL)
        return false;
    for (; to->metadata_count < from->metadata_count; to->metadata_count++) {
        struct metadata *entry = &to->metadata[to->metadata_count];

        entry->key = arena_string(to->arena, from->metadata[to->metadata_count].key);
        entry->value = arena_string(to->arena, from->metadata[to->metadata_count].value);
        if (entry->key == NULL || entry->value == NULL)
            return false;
    }
    return true;
}

static status build_graph(struct build *build)
{
    size_t values = (size_t)build->rewrite->graph->value_count + (size_t)build->rewrite->added_count;

    build->needed = arena_alloc(build->arena, values, sizeof(*build->needed));
    build->needed_node =
        arena_alloc(build->arena, (size_t)build->rewrite->graph->node_count, sizeof(*build->needed_node));
    build->stack = arena_alloc(build->arena, values, sizeof(*build->stack));
    build->map = arena_alloc(build->arena, values, sizeof(*build->map));
    if (build->needed == NULL || build->needed_node == NULL || build->stack == NULL || build->map == NULL)
        return error_memory(build->error);
    mark_needed(build);
    if (!build_texts(build))
        return error_memory(build->error);
    if (build_values(build) != STATUS_OK || build_nodes(build) != STATUS_OK)
        return build->error->code;
    if (!build_ends(build))
        return error_memory(build->error);
    return graph_finish(build->result, build->error);
}

status rewrite_apply(struct rewrite *rewrite, struct graph **result, struct error *error)
{
    struct build build = {.rewrite = rewrite, .error = error, .arena = arena_new(), .result = graph_new()};
    status code = STATUS_MEMORY;

    if (build.arena == NULL || build.result == NULL)
        error_memory(error);
    else
        code = build_graph(&build);
    arena_free(build.arena);
    if (code == STATUS_OK)
        *result = build.result;
    else
        graph_free(build.result);
    return code;
}
