/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of a network in front of what is not supported. */
#include "nn/simplify/adapt.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/plan.h"
#include "nn/simplify/rewrite.h"

struct cutting {
    struct graph *graph;
    struct plan *plan;
    const bool *refused; /* per node */
    bool *chosen;        /* per value: is an output of what is left */
};

/* Values of the images: known neither to the file nor to the plan, and real. */
static bool is_feature(const struct cutting *cutting, int value)
{
    const enum element_type type = cutting->plan->values[value].type;
    const int producer = cutting->graph->values[value].producer;
    return producer != VALUE_NONE && !cutting->refused[producer] && !cutting->plan->constants[value] &&
           (type == ELEMENT_FLOAT || type == ELEMENT_DOUBLE);
}

static status choose_output(struct cutting *cutting, int value, struct error *error)
{
    if (value == VALUE_NONE || cutting->chosen[value] || !is_feature(cutting, value))
        return STATUS_OK;
    cutting->chosen[value] = true;
    return graph_add_output(cutting->graph, value) < 0 ? error_memory(error) : STATUS_OK;
}

/* The file's outputs that are left, then what is handed to a node that is cut off. */
static status choose_outputs(struct cutting *cutting, struct error *error)
{
    struct graph *graph = cutting->graph;
    const int before = graph->output_count;
    int *old = mem_new((size_t)before + 1, sizeof *old);
    if (!old)
        return error_memory(error);
    memcpy(old, graph->outputs, (size_t)before * sizeof *old);
    graph->output_count = 0;
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < before; i++)
        code = choose_output(cutting, old[i], error);
    mem_free(old);
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; cutting->refused[n] && code == STATUS_OK && i < graph->nodes[n].input_count; i++)
            code = choose_output(cutting, graph->nodes[n].inputs[i], error);
    return code;
}

static status rebuild(struct cutting *cutting, const struct cut_end *end, struct graph **result,
                      struct error *error)
{
    struct rewrite *rewrite;
    if (choose_outputs(cutting, error) != STATUS_OK)
        return error->code;
    if (cutting->graph->output_count == 0) {
        *error = end->reason;
        return error_prefix(error, "nothing is left in front of what is not supported: ");
    }
    status code = rewrite_new(cutting->graph, NULL, &rewrite, error);
    if (code != STATUS_OK)
        return code;
    code = rewrite_apply(rewrite, result, error);
    rewrite_free(rewrite);
    return code;
}

static bool batch_is_open(const struct graph *graph)
{
    for (int i = 0; i < graph->input_count; i++)
        if (graph->values[graph->inputs[i]].shape.rank > 0 &&
            graph->values[graph->inputs[i]].shape.dim[0] == DIMENSION_UNKNOWN)
            return true;
    return false;
}

status adapt_end(struct graph *graph, struct graph **result, struct cut_end *end, struct error *error)
{
    bool *marks = mem_new((size_t)graph->node_count + (size_t)graph->value_count + 1, sizeof *marks);
    struct cutting cutting = {
        .graph = graph, .refused = marks, .chosen = marks ? marks + graph->node_count : NULL};
    struct plan_options options = {.batch = batch_is_open(graph) ? 1 : 0,
                                   .real = ELEMENT_TYPES,
                                   .refused = marks,
                                   .refusal = &end->reason};
    *result = NULL;
    *end = (struct cut_end){0};
    if (!marks)
        return error_memory(error);
    status code = plan_new(graph, &options, &cutting.plan, error);
    for (int n = 0; code == STATUS_OK && n < graph->node_count; n++)
        end->nodes += marks[n];
    if (code == STATUS_OK && end->nodes > 0)
        code = rebuild(&cutting, end, result, error);
    plan_free(cutting.plan);
    mem_free(marks);
    return code;
}
