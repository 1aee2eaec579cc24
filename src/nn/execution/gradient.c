/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which gradients an engine computes: those that are *wanted* (the value is a probe's or a wanted weight, or
 * leads to one) and that *arrive* (a path leads on to the network's output). */
#include "base/memory.h"
#include "base/status.h"
#include "nn/execution/execution.h"
#include "nn/execution/probe.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"

static bool is_real(enum element_type type)
{
    return type == ELEMENT_FLOAT || type == ELEMENT_DOUBLE;
}

static status make_weight_gradients(struct engine *engine, const struct engine_options *options,
                                    struct error *error)
{
    const struct graph *graph = engine->plan->graph;
    engine->weight_gradients =
        arena_alloc(engine->arena, (size_t)options->weight_count, sizeof *engine->weight_gradients);
    if (!engine->weight_gradients)
        return error_memory(error);
    for (int w = 0; w < options->weight_count; w++) {
        int v = options->weights[w];
        unsigned char *block;
        if (v < 0 || v >= graph->value_count || !engine->plan->constants[v] ||
            !is_real(engine->values[v].type))
            return error_set(error, STATUS_USAGE, "the gradient of %s is wanted, but it is no real constant",
                             v < 0 || v >= graph->value_count ? "a value that is not there"
                                                              : graph->values[v].name);
        if (engine->value_gradients[v].data)
            return error_set(error, STATUS_USAGE, "the gradient of %s is wanted twice",
                             graph->values[v].name);
        if (engine_allocate(engine, operand_bytes(&engine->values[v]), &block, error))
            return error->code;
        engine->weight_gradients[w] = engine->values[v];
        engine->weight_gradients[w].data = block;
        engine->weight_count = w + 1;
        engine->value_gradients[v].data = block;
    }
    return STATUS_OK;
}

/* Whether one of the values is among those. */
static bool is_any(const bool *which, const int *values, int count)
{
    for (int i = 0; i < count; i++)
        if (values[i] != VALUE_NONE && which[values[i]])
            return true;
    return false;
}

/* What is wanted goes with the steps. */
static void find_wanted(const struct engine *engine, bool *wanted)
{
    for (int i = 0; i < engine->probe_count; i++)
        wanted[engine->probes[i].probe.target] = wanted[engine->probes[i].probe.activated] = true;
    for (int v = 0; v < engine->plan->graph->value_count; v++)
        wanted[v] = wanted[v] || engine->value_gradients[v].data;
    for (int s = 0; s < engine->step_count; s++) {
        const struct node *node = engine_node(engine, s);
        const bool batch_norm = engine->norm_of && engine->norm_of[s] >= 0; /* its scale and shift */
        if (!batch_norm && !is_any(wanted, node->inputs, node->input_count))
            continue;
        for (int i = 0; i < node->output_count; i++)
            if (node->outputs[i] != VALUE_NONE && is_real(engine->values[node->outputs[i]].type))
                wanted[node->outputs[i]] = true;
    }
}

/* What arrives goes against them. */
static void find_arriving(const struct engine *engine, const bool *wanted, bool *exists)
{
    for (int v = 0; v < engine->plan->graph->value_count; v++)
        exists[v] = v == engine->output && wanted[v];
    for (int s = engine->step_count - 1; s >= 0; s--) {
        const struct node *node = engine_node(engine, s);
        if (!engine->plan->steps[s].kernels->backward || !is_any(exists, node->outputs, node->output_count))
            continue;
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] != VALUE_NONE)
                exists[node->inputs[i]] = exists[node->inputs[i]] || wanted[node->inputs[i]];
    }
}

status engine_find_gradients(struct engine *engine, const struct engine_options *options, bool *exists,
                             struct error *error)
{
    if (probe_prepare(engine, options, error) || make_weight_gradients(engine, options, error))
        return error->code;
    bool *wanted = mem_new((size_t)engine->plan->graph->value_count, sizeof *wanted);
    if (!wanted)
        return error_memory(error);
    find_wanted(engine, wanted);
    find_arriving(engine, wanted, exists);
    mem_free(wanted);
    return STATUS_OK;
}
