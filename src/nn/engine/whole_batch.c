/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One engine, one batch. */
#include "nn/engine/whole_batch.h"

#include "base/memory.h"
#include "nn/execution/times.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/batch_norm.h"

struct whole_batch {
    const struct graph *graph;
    struct arena *arena;
    struct batch_norm *norms;
    double *epsilon; /* per norm */
    int count;
};

static status add_norm(struct whole_batch *batch, int n, struct error *error)
{
    enum { MEAN = 3, ARRAYS = 5 };
    const struct node *node = &batch->graph->nodes[n];
    const struct tensor *mean = batch->graph->values[node->inputs[MEAN]].constant;
    if (!mean)
        return STATUS_OK; /* computed on the way: it stays as it is */
    const int64_t channels = shape_elements(&mean->shape);
    double *memory = arena_alloc(batch->arena, (size_t)channels, ARRAYS * sizeof *memory);
    if (!memory)
        return error_memory(error);
    for (int64_t c = 0; c < channels; c++)
        memory[c] = tensor_get(mean, c);
    batch->norms[batch->count] = (struct batch_norm){.node = n,
                                                     .channels = channels,
                                                     .center = memory,
                                                     .mean = memory + channels,
                                                     .inverse = memory + 2 * channels,
                                                     .delta = memory + 3 * channels,
                                                     .product = memory + 4 * channels};
    batch->epsilon[batch->count++] = node_real(node, "epsilon", 1e-5);
    return STATUS_OK;
}

static status build(struct whole_batch *batch, struct error *error)
{
    const struct graph *graph = batch->graph;
    batch->arena = arena_new();
    if (!batch->arena)
        return error_memory(error);
    batch->norms = arena_alloc(batch->arena, (size_t)graph->node_count + 1, sizeof *batch->norms);
    batch->epsilon = arena_alloc(batch->arena, (size_t)graph->node_count + 1, sizeof *batch->epsilon);
    if (!batch->norms || !batch->epsilon)
        return error_memory(error);
    for (int n = 0; n < graph->node_count; n++)
        if (graph->nodes[n].op->flags & OPERATOR_NORMALIZATION && add_norm(batch, n, error))
            return error->code;
    return STATUS_OK;
}

status whole_batch_new(const struct graph *graph, struct whole_batch **batch, struct error *error)
{
    struct whole_batch *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->graph = graph;
    if (build(made, error)) {
        whole_batch_free(made);
        return error->code;
    }
    *batch = made;
    return STATUS_OK;
}

void whole_batch_free(struct whole_batch *batch)
{
    if (!batch)
        return;
    arena_free(batch->arena);
    mem_free(batch);
}

void whole_batch_options(const struct whole_batch *batch, struct engine_options *options)
{
    options->norms = batch->norms;
    options->norm_count = batch->count;
}

/* Of all values of a channel. */
static status normalise(const struct whole_batch *batch, int index, const double *sums, double values,
                        struct error *error)
{
    const struct batch_norm *norm = &batch->norms[index];
    if (values < 2)
        return error_set(error, STATUS_RANGE,
                         "node %s: a batch with one value for each channel has no variance; "
                         "BatchNormalization needs more than one image here",
                         batch->graph->nodes[norm->node].name);
    batch_norm_settle(norm, sums, values, batch->epsilon[index], NULL);
    return STATUS_OK;
}

status whole_batch_run(const struct whole_batch *batch, struct engine *engine, enum direction direction,
                       int64_t images, struct error *error)
{
    engine_start(engine, direction, images);
    for (;;) {
        int norm;
        if (engine_advance(engine, &norm, error))
            return error->code;
        if (norm < 0)
            return STATUS_OK;
        const double values = (double)(images * engine_norm_positions(engine, norm));
        if (direction == BACKWARD_PASS)
            batch_norm_settle_gradient(&batch->norms[norm], engine_norm_sums(engine), values);
        else if (normalise(batch, norm, engine_norm_sums(engine), values, error))
            return error->code;
    }
}
