/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine: making one of the kind that fits, and what others ask of it. */
#include "nn/engine/engine.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/execution/execution.h"
#include "nn/execution/joined.h"
#include "nn/execution/times.h"
#include "nn/fused/fused.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/plan.h"
#include "nn/plain/plain.h"

static status check_network(const struct graph *graph, const struct engine_options *options,
                            struct error *error)
{
    if (options->batch < 1)
        return error_set(error, STATUS_RANGE, "a micro-batch of %lld images is not possible",
                         (long long)options->batch);
    if (graph->batch > 0 && options->batch != graph->batch)
        return error_set(error, STATUS_UNSUPPORTED, "the network computes %lld images at a time, not %lld",
                         (long long)graph->batch, (long long)options->batch);
    if (options->real != ELEMENT_FLOAT && options->real != ELEMENT_DOUBLE)
        return error_set(error, STATUS_USAGE, "the engine runs in float or double");
    if (graph->input_count != 1 || graph->output_count < 1)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the network has %d inputs and %d outputs; one input is supported, and an output is "
                         "needed",
                         graph->input_count, graph->output_count);
    return STATUS_OK;
}

static status check_ends(const struct engine *engine, struct error *error)
{
    const struct graph *graph = engine->plan->graph;
    const struct operand *input = &engine->values[engine->input], *output = &engine->values[engine->output];
    if (input->type != engine->real || input->shape.rank < 1)
        return error_set(error, STATUS_UNSUPPORTED, "the network's input %s must be a batch of real numbers",
                         graph->values[engine->input].name);
    if (output->type != engine->real || output->shape.rank < 1)
        return error_set(error, STATUS_UNSUPPORTED, "the network's output %s must be a batch of real numbers",
                         graph->values[engine->output].name);
    return STATUS_OK;
}

static status build(struct engine *engine, const struct graph *network, const struct engine_options *options,
                    struct error *error)
{
    const struct plan_options plan_options = {.batch = options->batch,
                                              .real = options->real,
                                              .backward = options->backward,
                                              .kernel = options->kernel};
    engine->arena = arena_new();
    if (!engine->arena)
        return error_memory(error);
    if (joined_graph_init(&engine->joined, network, error))
        return error->code;
    const struct graph *graph = &engine->joined.graph;
    if (plan_new(graph, &plan_options, &engine->plan, error))
        return error->code;
    size_t values = (size_t)graph->value_count;
    engine->values = arena_copy(engine->arena, engine->plan->values, values * sizeof *engine->values);
    engine->value_gradients = arena_alloc(engine->arena, values, sizeof *engine->value_gradients);
    engine->watched = arena_copy(engine->arena, options->watched,
                                 (size_t)options->watched_count * sizeof *options->watched);
    if (!engine->values || !engine->value_gradients || (options->watched_count && !engine->watched))
        return error_memory(error);
    engine->watched_count = options->watched_count;
    engine->step_count = engine->plan->step_count;
    engine->input = graph->inputs[0];
    engine->output = graph->outputs[0];
    for (size_t v = 0; v < values; v++) {
        struct tensor *constant = engine->plan->constants[v];
        engine->values[v].data = constant ? constant->data : NULL;
        if (constant && constant != graph->values[v].constant)
            engine->bytes += operand_bytes(&engine->values[v]); /* in another type, or folded */
        engine->value_gradients[v] = engine->values[v];
        engine->value_gradients[v].data = NULL;
    }
    if (check_ends(engine, error) || engine_find_norms(engine, error))
        return error->code;
    return engine->kind->build(engine, options, error);
}

/* The first that fits. */
static const struct engine_kind *const kinds[] = {&fused_engine, &plain_engine};

static const struct engine_kind *kind_for(const struct engine_options *options)
{
    size_t k = 0;
    while (!kinds[k]->fits(options))
        k++;
    return kinds[k];
}

static status make(const struct graph *graph, const struct engine_options *options, bool sized,
                   struct engine **engine, struct error *error)
{
    if (check_network(graph, options, error))
        return error->code;
    const struct engine_kind *kind = kind_for(options);
    struct engine *made = mem_new(1, kind->size);
    if (!made)
        return error_memory(error);
    made->kind = kind;
    made->real = options->real;
    made->batch = options->batch;
    made->progress = options->progress;
    made->backward = options->backward;
    made->sized = sized;
    made->times = options->times;
    made->runs = options->runs;
    made->norms = options->norms;
    made->norm_count = options->norm_count;
    if (build(made, graph, options, error)) {
        engine_free(made);
        return error->code;
    }
    *engine = made;
    return STATUS_OK;
}

status engine_new(const struct graph *graph, const struct engine_options *options, struct engine **engine,
                  struct error *error)
{
    return make(graph, options, false, engine, error);
}

status engine_size(const struct graph *graph, const struct engine_options *options, size_t *worker,
                   size_t *shared, struct error *error)
{
    struct engine *engine;
    if (make(graph, options, true, &engine, error))
        return error->code;
    *shared = engine->shared_bytes;
    *worker = engine->bytes;
    engine_free(engine);
    return STATUS_OK;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    engine_restore_operands(engine);
    step_clocks_free(engine);
    engine->kind->free(engine);
    for (int w = 0; w < engine->weight_count; w++)
        engine_deallocate(engine, engine->weight_gradients[w].data);
    engine_deallocate(engine, engine->workspace);
    mem_free(engine->replaced);
    plan_free(engine->plan);
    joined_graph_free(&engine->joined);
    arena_free(engine->arena);
    mem_free(engine);
}

void *engine_input(struct engine *engine)
{
    return engine->values[engine->input].data;
}

int64_t engine_input_elements(const struct engine *engine)
{
    const struct shape *shape = &engine->values[engine->input].shape;
    return shape_product(shape, 1, shape->rank);
}

status engine_forward(struct engine *engine, struct error *error)
{
    return engine_forward_from(engine, 0, error);
}

status engine_forward_from(struct engine *engine, int first, struct error *error)
{
    return engine->kind->forward_from(engine, first, error);
}

void *engine_output_gradient(struct engine *engine)
{
    return engine->output_gradient;
}

status engine_backward(struct engine *engine, struct error *error)
{
    if (!engine->backward)
        return error_set(error, STATUS_STATE, "the engine was made without a backward pass");
    for (int w = 0; w < engine->weight_count; w++)
        memset(engine->weight_gradients[w].data, 0, operand_bytes(&engine->weight_gradients[w]));
    return engine->kind->backward(engine, error);
}

const struct operand *engine_output(const struct engine *engine)
{
    return &engine->values[engine->output];
}

int engine_part_count(const struct engine *engine)
{
    const struct graph *graph = &engine->joined.graph;
    return engine->joined.arena ? graph->nodes[graph->node_count - 1].input_count : 1;
}

struct engine_part engine_part(const struct engine *engine, int part)
{
    const struct graph *graph = &engine->joined.graph;
    struct engine_part found = {.value = graph->outputs[0]};
    for (int i = 0; i <= part; i++) {
        if (engine->joined.arena)
            found.value = graph->nodes[graph->node_count - 1 - engine_part_count(engine) + i].inputs[0];
        found.first += found.elements;
        found.shape = engine->plan->values[found.value].shape;
        found.elements = shape_product(&found.shape, 1, found.shape.rank);
    }
    return found;
}

const struct operand *engine_value(const struct engine *engine, int value)
{
    return engine->kind->value(engine, value);
}

void engine_watched_image(const struct engine *engine, int w, int64_t image, double *out)
{
    engine->kind->watched_image(engine, engine->watched[w], image, out);
}

int engine_step_of(const struct engine *engine, int node)
{
    int step = engine_plan_step(engine, node);
    return step >= 0 ? engine->kind->step_of(engine, step) : step;
}

const double *engine_probe(const struct engine *engine, int probe)
{
    return engine->probes[probe].sums;
}

int64_t engine_probe_channels(const struct engine *engine, int probe)
{
    return engine->probes[probe].channels;
}

const struct operand *engine_weight_gradient(const struct engine *engine, int weight)
{
    return &engine->weight_gradients[weight];
}

size_t engine_memory(const struct engine *engine)
{
    return engine->bytes;
}
