/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine: memory for every value of a planned graph, and the forward pass over its steps. */
#include "nn/engine/engine_internal.h"

#include <string.h>
#include <unistd.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/fused/fused.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
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

void engine_release(const struct engine *engine, void *block)
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

static status check_network(const struct graph *graph, const struct engine_options *options,
                            struct error *error)
{
    if (options->batch < 1)
        return error_set(error, STATUS_RANGE, "a micro-batch of %lld images is not possible",
                         (long long)options->batch);
    if (options->real != ELEMENT_FLOAT && options->real != ELEMENT_DOUBLE)
        return error_set(error, STATUS_USAGE, "the engine runs in float or double");
    if (graph->input_count != 1 || graph->output_count != 1)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the network has %d inputs and %d outputs; one of each is supported",
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

/* Offsets of all values in one block; views share their input's. Offsets are kept in `at`, SIZE_MAX where
 * none. */
static status place_values(struct engine *engine, size_t *at, size_t *total, struct error *error)
{
    const struct graph *graph = engine->plan->graph;
    *total = 0;
    for (int v = 0; v < graph->value_count; v++)
        at[v] = SIZE_MAX;
    at[engine->input] = 0;
    *total = operand_bytes(&engine->values[engine->input]);
    for (int s = 0; s < engine->step_count; s++) {
        const struct step *step = &engine->plan->steps[s];
        const struct node *node = &graph->nodes[step->node];
        if (engine_is_view(engine, step)) {
            at[node->outputs[0]] = at[node->inputs[0]];
            engine->values[node->outputs[0]].data =
                engine->values[node->inputs[0]].data; /* a constant's view */
            continue;
        }
        for (int i = 0; i < node->output_count; i++) {
            int v = node->outputs[i];
            if (v == VALUE_NONE)
                continue;
            at[v] = *total;
            if (__builtin_add_overflow(*total, operand_bytes(&engine->values[v]), total))
                return error_memory(error);
        }
    }
    return STATUS_OK;
}

static status allocate_values(struct engine *engine, struct error *error)
{
    const struct graph *graph = engine->plan->graph;
    size_t total, *at = mem_new((size_t)graph->value_count, sizeof *at);
    if (!at)
        return error_memory(error);
    status code = place_values(engine, at, &total, error);
    if (code == STATUS_OK)
        code = engine_allocate(engine, total, &engine->activations, error);
    for (int v = 0; code == STATUS_OK && v < graph->value_count; v++)
        if (at[v] != SIZE_MAX)
            engine->values[v].data = engine->activations + at[v];
    mem_free(at);
    return code;
}

static struct operand *step_operands(struct engine *engine, const int *values, int count)
{
    struct operand *operands = arena_alloc(engine->arena, (size_t)count, sizeof *operands);
    for (int i = 0; operands && i < count; i++)
        if (values[i] != VALUE_NONE)
            operands[i] = engine->values[values[i]];
    return operands;
}

static status make_step(struct engine *engine, int s, struct error *error)
{
    const struct step *step = &engine->plan->steps[s];
    const struct node *node = &engine->plan->graph->nodes[step->node];
    struct engine_step *own = &engine->steps[s];
    struct operand *inputs = step_operands(engine, node->inputs, node->input_count);
    struct operand *outputs = step_operands(engine, node->outputs, node->output_count);
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
        .first_target = -1,
        .first_activated = -1,
    };
    return STATUS_OK;
}

static status make_steps(struct engine *engine, struct error *error)
{
    size_t workspace = 0;
    for (int s = 0; s < engine->step_count; s++)
        if ((!engine->fused || fused_needs_workspace(engine->fused, s)) &&
            engine->plan->steps[s].workspace > workspace)
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

static status build_plain(struct engine *engine, const struct engine_options *options, struct error *error)
{
    if (allocate_values(engine, error) || make_steps(engine, error))
        return error->code;
    return options->backward ? engine_plan_backward(engine, options, error) : STATUS_OK;
}

/* Larger micro-batches than this gain nothing, and sizes are counted in int there. */
static const int64_t MOST_FUSED_IMAGES = 65536;

static bool is_fused(const struct engine_options *options)
{
    return options->real == ELEMENT_FLOAT && options->kernel != KERNEL_REFERENCE &&
           options->batch <= MOST_FUSED_IMAGES;
}

static status build_fused(struct engine *engine, const struct engine_options *options, struct error *error)
{
    bool *exists = mem_new((size_t)engine->plan->graph->value_count, sizeof *exists);
    if (!exists)
        return error_memory(error);
    status code = options->backward ? engine_find_gradients(engine, options, exists, error) : STATUS_OK;
    if (code == STATUS_OK)
        code = fused_build(engine, options, exists, error);
    mem_free(exists);
    if (code == STATUS_OK)
        code = make_steps(engine, error);
    return code == STATUS_OK ? fused_connect(engine, options->packed, error) : code;
}

static status build(struct engine *engine, const struct graph *graph, const struct engine_options *options,
                    struct error *error)
{
    const struct plan_options plan_options = {.batch = options->batch,
                                              .real = options->real,
                                              .backward = options->backward,
                                              .kernel = options->kernel};
    engine->arena = arena_new();
    if (!engine->arena)
        return error_memory(error);
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
        engine->value_gradients[v] = engine->values[v];
        engine->value_gradients[v].data = NULL;
    }
    if (check_ends(engine, error))
        return error->code;
    return is_fused(options) ? build_fused(engine, options, error) : build_plain(engine, options, error);
}

static status make(const struct graph *graph, const struct engine_options *options, bool sized,
                   struct engine **engine, struct error *error)
{
    if (check_network(graph, options, error))
        return error->code;
    struct engine *made = mem_new(1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->real = options->real;
    made->batch = options->batch;
    made->progress = options->progress;
    made->backward = options->backward;
    made->sized = sized;
    made->late_target = made->late_activated = -1;
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
    *shared = engine->fused ? fused_shared_bytes(engine->fused) : 0;
    *worker = engine->bytes;
    engine_free(engine);
    return STATUS_OK;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    for (int w = 0; w < engine->weight_count; w++)
        engine_release(engine, engine->weight_gradients[w].data);
    engine_release(engine, engine->activations);
    engine_release(engine, engine->gradients);
    engine_release(engine, engine->workspace);
    engine_restore_operands(engine);
    mem_free(engine->replaced);
    if (!engine->fused)
        engine_release(engine, engine->output_gradient);
    fused_free(engine->fused);
    plan_free(engine->plan);
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
    if (engine->fused)
        return fused_forward(engine->fused, first, error);
    for (int s = first; s < engine->step_count; s++) {
        const struct engine_step *step = &engine->steps[s];
        if (progress_cancelled(engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        if (step->forward)
            step->forward(&step->call);
    }
    return STATUS_OK;
}

const struct operand *engine_output(const struct engine *engine)
{
    return &engine->values[engine->output];
}

const struct operand *engine_value(const struct engine *engine, int value)
{
    return engine->fused ? fused_value(engine->fused, value) : &engine->values[value];
}

void engine_watched_image(const struct engine *engine, int w, int64_t image, double *out)
{
    const int watched = engine->watched[w];
    if (engine->fused && fused_is_blocked(engine->fused, watched)) {
        fused_watched_image(engine->fused, watched, image, out);
        return;
    }
    const struct operand *value = &engine->values[watched];
    int64_t count = shape_product(&value->shape, 1, value->shape.rank);
    const float *single = value->data;
    const double *exact = value->data;
    for (int64_t i = 0; i < count; i++)
        out[i] = value->type == ELEMENT_FLOAT ? (double)single[image * count + i] : exact[image * count + i];
}

size_t engine_memory(const struct engine *engine)
{
    return engine->bytes;
}
