/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What engines of all kinds have: memory, and the calls of plain kernels. */
#include "nn/execution/execution.h"

#include <unistd.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/batch_norm.h"
#include "nn/operator/operator.h"
#include "nn/operator/plan.h"

enum { CACHE_LINE = 64 };

size_t operand_bytes(const struct operand *operand)
{
    /* Planning has checked that this does not overflow. */
    size_t bytes = (size_t)shape_elements(&operand->shape) * element_size(operand->type);
    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static size_t machine_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t bytes;
    if (pages <= 0 || page <= 0 || !size_multiply((size_t)pages, (size_t)page, &bytes))
        return SIZE_MAX;
    return bytes;
}

/* What engine_size hands out: nobody writes there. */
static unsigned char nowhere[CACHE_LINE];

void engine_deallocate(const struct engine *engine, void *block)
{
    if (!engine->sized)
        mem_free(block);
}

/* The machine's memory is asked first: a file of a few bytes may describe a network that needs all of it, and
 * the system would only notice while the pages are being touched. */
status engine_allocate(struct engine *engine, size_t bytes, unsigned char **block, struct error *error)
{
    size_t machine = machine_memory();
    if (bytes > machine || engine->bytes > machine - bytes)
        return error_set(
            error, STATUS_MEMORY,
            "the network needs more than %.1f GiB for a micro-batch of %lld, and the machine has %.1f",
            ((double)bytes + (double)engine->bytes) / 0x1p30, (long long)engine->batch,
            (double)machine / 0x1p30);
    engine->bytes += bytes;
    *block = engine->sized ? nowhere : mem_aligned(bytes, 1);
    if (!*block) {
        engine->bytes -= bytes;
        return error_memory(error);
    }
    return STATUS_OK;
}

const struct node *engine_node(const struct engine *engine, int plan_step)
{
    return &engine->plan->graph->nodes[engine->plan->steps[plan_step].node];
}

int engine_plan_step(const struct engine *engine, int node)
{
    int low = 0, high = engine->step_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (engine->plan->steps[middle].node < node)
            low = middle + 1;
        else
            high = middle;
    }
    return low < engine->step_count && engine->plan->steps[low].node == node ? low : -1;
}

bool engine_is_view(const struct engine *engine, const struct step *step)
{
    const struct node *node = &engine->plan->graph->nodes[step->node];
    if (!(step->op->flags & OPERATOR_VIEW) || node->inputs[0] == VALUE_NONE || node->outputs[0] == VALUE_NONE)
        return false;
    for (int i = 1; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            return false;
    const struct operand *in = &engine->values[node->inputs[0]], *out = &engine->values[node->outputs[0]];
    return in->type == out->type && shape_elements(&in->shape) == shape_elements(&out->shape);
}

static struct operand *operands_of(struct engine *engine, const struct operand *all, const int *values,
                                   int count)
{
    struct operand *operands = arena_alloc(engine->arena, (size_t)count, sizeof *operands);
    for (int i = 0; operands && i < count; i++)
        if (values[i] != VALUE_NONE)
            operands[i] = all[values[i]];
    return operands;
}

static status make_step(struct engine *engine, int s, struct error *error)
{
    const struct step *step = &engine->plan->steps[s];
    const struct node *node = engine_node(engine, s);
    struct engine_step *own = &engine->steps[s];
    struct operand *inputs = operands_of(engine, engine->values, node->inputs, node->input_count);
    struct operand *outputs = operands_of(engine, engine->values, node->outputs, node->output_count);
    if (!inputs || !outputs)
        return error_memory(error);
    *own = (struct engine_step){
        .forward = engine_is_view(engine, step) ? NULL : step->kernels->forward,
        .inputs = inputs,
        .call = {.plan = step->plan,
                 .inputs = inputs,
                 .outputs = outputs,
                 .input_count = node->input_count,
                 .output_count = node->output_count,
                 .workspace = engine->workspace},
    };
    return STATUS_OK;
}

status engine_make_steps(struct engine *engine, bool (*needs_workspace)(const struct engine *, int plan_step),
                         struct error *error)
{
    size_t workspace = 0;
    for (int s = 0; s < engine->step_count; s++)
        if (engine->plan->steps[s].workspace > workspace && (!needs_workspace || needs_workspace(engine, s)))
            workspace = engine->plan->steps[s].workspace;
    engine->steps = arena_alloc(engine->arena, (size_t)engine->step_count, sizeof *engine->steps);
    if (!engine->steps)
        return error_memory(error);
    if (engine_allocate(engine, workspace, &engine->workspace, error))
        return error->code;
    for (int s = 0; s < engine->step_count; s++)
        if (make_step(engine, s, error))
            return error->code;
    return STATUS_OK;
}

status engine_connect_gradients(struct engine *engine, struct error *error)
{
    for (int s = 0; s < engine->step_count; s++) {
        const struct node *node = engine_node(engine, s);
        struct kernel_call *call = &engine->steps[s].call;
        call->output_gradients =
            operands_of(engine, engine->value_gradients, node->outputs, node->output_count);
        call->input_gradients = operands_of(engine, engine->value_gradients, node->inputs, node->input_count);
        if (!call->output_gradients || !call->input_gradients)
            return error_memory(error);
    }
    return STATUS_OK;
}

int64_t engine_run(const struct engine *engine, int value)
{
    const struct shape *shape = &engine->values[value].shape;
    return engine->runs && engine->runs[value] > 0 ? engine->runs[value]
                                                   : shape_product(shape, 1, shape->rank);
}

void engine_plain_image(const struct engine *engine, int value, int64_t image, double *out)
{
    const struct operand *operand = &engine->values[value];
    const int64_t run = engine_run(engine, value), elements = shape_elements(&operand->shape);
    const float *single = operand->data;
    const double *exact = operand->data;
    for (int64_t at = image * run; at < elements; at += engine->batch * run)
        for (int64_t i = at; i < at + run; i++)
            *out++ = operand->type == ELEMENT_FLOAT ? (double)single[i] : exact[i];
}

status engine_find_norms(struct engine *engine, struct error *error)
{
    int64_t most = 0;
    if (engine->norm_count == 0)
        return STATUS_OK;
    engine->norm_of = arena_alloc(engine->arena, (size_t)engine->step_count, sizeof *engine->norm_of);
    if (!engine->norm_of)
        return error_memory(error);
    for (int s = 0; s < engine->step_count; s++)
        engine->norm_of[s] = -1;
    for (int i = 0; i < engine->norm_count; i++) {
        const struct batch_norm *norm = &engine->norms[i];
        const int step = engine_plan_step(engine, norm->node);
        if (step < 0)
            return error_set(error, STATUS_STATE, "node %d never runs: it has no batch to normalise",
                             norm->node);
        engine->norm_of[step] = i;
        most = norm->channels > most ? norm->channels : most;
    }
    engine->norm_sums = arena_alloc(engine->arena, (size_t)most, 2 * sizeof *engine->norm_sums);
    return engine->norm_sums ? STATUS_OK : error_memory(error);
}

double engine_step_macs(const struct engine *engine, int plan_step)
{
    const struct node *node = engine_node(engine, plan_step);
    const unsigned weighted = OPERATOR_CONVOLUTION | OPERATOR_PRODUCT;
    if (!(node->op->flags & weighted) || node->input_count < 2 || !engine->plan->constants[node->inputs[1]])
        return 0;
    const struct operand *out = &engine->values[node->outputs[0]], *weight = &engine->values[node->inputs[1]];
    const int axis = node->op->flags & OPERATOR_CONVOLUTION ? 1 : out->shape.rank - 1;
    if (node->op->flags & OPERATOR_TRANSPOSED) /* every number read meets its channel's weights */
        out = &engine->values[node->inputs[0]];
    return (double)shape_elements(&out->shape) / (double)engine->batch *
           (double)shape_elements(&weight->shape) / (double)out->shape.dim[axis];
}
