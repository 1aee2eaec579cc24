/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fused engine: putting it together, and running it. */
#include "nn/fused/fused.h"

#include <limits.h>
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/blocked/blocked_layer.h"
#include "nn/execution/execution.h"
#include "nn/execution/times.h"
#include "nn/fused/internal.h"
#include "nn/fused/packed_weights.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* --- times ---------------------------------------------------------------------------------------------- */

/* What a step reads and writes on its way forward. */
static void use_forward(struct fused *fused, const struct fused_step *step)
{
    const int time = step->index;
    const bool conversion = step->kind == &kind_convert;
    if (step->output >= 0)
        value_use(fused, step->output,
                  conversion ? (enum form) !step->from : fused->values[step->output].made, time);
    value_use(fused, step->input, step->from, time);
    if (step->layer) {
        value_use(fused, step->layer->residual, FORM_BLOCKED, time);
        if (step->layer->convolution)
            value_use(fused, step->layer->linear, FORM_BLOCKED, time);
    }
    if (step->token)
        value_use(fused, step->token->other, FORM_PLAIN, time);
    if (step->plan_step == NOTHING)
        return;
    const struct node *node = engine_node(&fused->engine, step->plan_step);
    for (int i = 0; i < node->input_count; i++)
        value_use(fused, node->inputs[i], step->from, time);
    for (int i = 0; i < node->output_count; i++)
        value_use(fused, node->outputs[i], FORM_PLAIN, time);
}

static void plan_forward(struct fused *fused)
{
    for (int s = 0; s < fused->step_count; s++)
        use_forward(fused, &fused->steps[s]);
    region_keep(fused, fused->values[fused->engine.input].region[FORM_PLAIN]);
    region_keep(fused, fused->values[fused->engine.output].region[FORM_PLAIN]);
    for (int i = 0; i < fused->engine.watched_count; i++) {
        const struct fused_value *value = &fused->values[fused->engine.watched[i]];
        if (value->region[value->made] >= 0)
            region_keep(fused, value->region[value->made]);
    }
    for (int r = 0; fused->keep && r < fused->region_count; r++)
        if (fused->regions[r].last >= 0)
            region_keep(fused, r);
}

/* --- building ------------------------------------------------------------------------------------------- */

static status plan_backward(struct fused *fused, struct error *error)
{
    struct engine *engine = &fused->engine;
    struct fused_value *output = &fused->values[engine->output];
    output->gradient[FORM_PLAIN] = region_new(fused, value_bytes(fused, engine->output, FORM_PLAIN));
    if (output->gradient[FORM_PLAIN] == NOTHING)
        return error_memory(error);
    region_keep(fused, output->gradient[FORM_PLAIN]);
    if (!output->exists)
        return STATUS_OK; /* nothing that is wanted leads to it */
    for (int s = fused->step_count - 1; s >= 0; s--)
        if (fused->steps[s].kind->plan_backward(fused, &fused->steps[s], error))
            return error->code;
    return STATUS_OK;
}

static status make_workspace(struct fused *fused, struct error *error)
{
    size_t most = 0;
    for (int s = 0; s < fused->step_count; s++) {
        const struct fused_layer *layer = fused->steps[s].layer;
        if (!layer || !layer->convolution)
            continue;
        size_t forward = layer->family->workspace(&layer->forward);
        size_t back = layer->to_input != NOTHING ? layer->back->workspace(&layer->transposed) : 0;
        size_t weights = layer->weights ? weight_workspace(layer) : 0;
        most = forward > most ? forward : most;
        most = weights > most ? weights : most;
        most = back > most ? back : most;
    }
    unsigned char *block = NULL;
    status code = engine_allocate(&fused->engine, most * sizeof(float), &block, error);
    fused->workspace = (float *)block;
    return code;
}

static void assign_values(struct fused *fused)
{
    struct engine *engine = &fused->engine;
    for (int v = 0; v < engine->plan->graph->value_count; v++) {
        if (engine->plan->constants[v])
            continue;
        engine->values[v].data = value_data(fused, v, FORM_PLAIN);
        if (!engine->value_gradients[v].data)
            engine->value_gradients[v].data = value_gradient(fused, v, FORM_PLAIN);
    }
}

static status make_arrays(struct fused *fused, const struct engine_options *options, struct error *error)
{
    const struct engine *engine = &fused->engine;
    const size_t values = (size_t)engine->plan->graph->value_count, steps = (size_t)engine->plan->step_count;
    fused->kernels = blocked_kernels();
    fused->choice = options->kernel;
    fused->keep = !options->reuse;
    fused->images = (int)engine->batch;
    fused->chosen_for = (double)(options->chosen_for ? options->chosen_for : engine->batch);
    fused->changed = INT_MAX;
    fused->late_target = fused->late_activated = NOTHING;
    fused->values = mem_new(values, sizeof *fused->values);
    fused->step_of = mem_new(steps, sizeof *fused->step_of);
    fused->absorbed = mem_new(steps, sizeof *fused->absorbed);
    return fused->values && fused->step_of && fused->absorbed ? STATUS_OK : error_memory(error);
}

static status find_gradients(struct fused *fused, const struct engine_options *options, struct error *error)
{
    const size_t values = (size_t)fused->engine.plan->graph->value_count;
    bool *exists = mem_new(values, sizeof *exists);
    if (!exists)
        return error_memory(error);
    status code = engine_find_gradients(&fused->engine, options, exists, error);
    for (size_t v = 0; code == STATUS_OK && v < values; v++)
        fused->values[v].exists = exists[v];
    mem_free(exists);
    return code;
}

/* Steps, memory, and where the values and gradients are that have the plain form. */
static status lay_out(struct fused *fused, const struct engine_options *options, struct error *error)
{
    struct engine *engine = &fused->engine;
    size_t total;
    if (fused_recognise(fused, error))
        return error->code;
    plan_forward(fused);
    if (batch_norms_connect(fused, error) ||
        (options->backward && (plan_backward(fused, error) || probes_connect(fused, error))) ||
        regions_place(fused, &total, error) || engine_allocate(engine, total, &fused->memory, error) ||
        make_workspace(fused, error))
        return error->code;
    assign_values(fused);
    engine->output_gradient = value_gradient(fused, engine->output, FORM_PLAIN);
    return STATUS_OK;
}

/* Of packed weights. */
static size_t shared_bytes(const struct fused *fused)
{
    size_t bytes = 0;
    for (int s = 0; s < fused->step_count; s++)
        if (fused->steps[s].layer)
            bytes += parameters_bytes(fused, fused->steps[s].layer);
    return bytes;
}

/* Whether a step of the plan runs its plain kernels. */
static bool needs_workspace(const struct engine *engine, int plan_step)
{
    const struct fused *fused = (const struct fused *)engine;
    const struct fused_step *step = &fused->steps[fused->step_of[plan_step]];
    return step->kind == &kind_plain;
}

static status fused_build(struct engine *engine, const struct engine_options *options, struct error *error)
{
    struct fused *fused = (struct fused *)engine;
    if (make_arrays(fused, options, error) || (options->backward && find_gradients(fused, options, error)) ||
        lay_out(fused, options, error) || engine_make_steps(engine, needs_workspace, error) ||
        (options->backward && engine_connect_gradients(engine, error)))
        return error->code;
    engine->shared_bytes = shared_bytes(fused);
    if (step_clocks_new(engine, fused->step_count, error))
        return error->code;
    if (engine->sized)
        return STATUS_OK;
    status code = parameters_make(fused, options->packed, error);
    if (code == STATUS_OK && !options->packed)
        engine->bytes += engine->shared_bytes;
    return code;
}

static void fused_free(struct engine *engine)
{
    struct fused *fused = (struct fused *)engine;
    for (int s = 0; s < fused->step_count; s++) {
        if (!fused->steps[s].layer)
            continue;
        if (fused->steps[s].layer->batch_norm == NOTHING)
            mem_free(fused->steps[s].layer->center);
        mem_free(fused->steps[s].layer->batch);
        mem_free(fused->steps[s].layer->batch_sums);
        parameters_free(&fused->steps[s].layer->own);
    }
    for (int v = 0; fused->values && v < engine->plan->graph->value_count; v++)
        mem_free(fused->values[v].copy);
    for (int i = 0; i < COPIES; i++)
        mem_free(fused->scratch[i]);
    packed_weights_free(fused->packed);
    mem_free(fused->values);
    mem_free(fused->steps);
    mem_free(fused->step_of);
    mem_free(fused->absorbed);
    mem_free(fused->regions);
    engine_deallocate(engine, fused->memory);
    engine_deallocate(engine, fused->workspace);
    mem_free(fused->sums);
}

/* --- what the engine asks ------------------------------------------------------------------------------- */

static int fused_step_of(const struct engine *engine, int plan_step)
{
    return ((const struct fused *)engine)->step_of[plan_step];
}

static const struct operand *fused_value(const struct engine *engine, int value)
{
    const struct fused *fused = (const struct fused *)engine;
    struct operand *operand = &engine->values[value];
    struct fused_value *v = &fused->values[value];
    if (operand->data && !v->copy)
        return operand;
    const float *data = value_data(fused, value, FORM_BLOCKED);
    if (!data || !fused->keep)
        return operand;
    if (!v->copy)
        v->copy = mem_aligned(operand_bytes(operand), 1);
    if (v->copy)
        fused->kernels->layer->to_plain(fused->images, v->channels, value_positions(v), data, v->copy, false);
    operand->data = v->copy;
    return operand;
}

static void fused_watched_image(const struct engine *engine, int value, int64_t image, double *out)
{
    const struct fused *fused = (const struct fused *)engine;
    const struct fused_value *v = &fused->values[value];
    const int positions = value_positions(v), blocks = (v->channels + LANES - 1) / LANES;
    const float *data = v->made == FORM_BLOCKED ? value_data(fused, value, FORM_BLOCKED) : NULL;
    if (!data) {
        engine_plain_image(engine, value, image, out);
        return;
    }
    for (int c = 0; c < v->channels; c++) {
        const float *map = data + ((size_t)image * blocks + c / LANES) * positions * LANES + c % LANES;
        for (int i = 0; i < positions; i++)
            out[(size_t)c * positions + i] = (double)map[(size_t)i * LANES];
    }
}

/* --- other operands ------------------------------------------------------------------------------------- */

static status fused_operand_room(struct engine *engine, int plan_step, struct error *error)
{
    const struct fused *fused = (const struct fused *)engine;
    struct fused_layer *layer = fused->steps[fused->step_of[plan_step]].layer;
    if (!layer || layer->own.bias)
        return STATUS_OK;
    status code = parameters_allocate(fused, layer, &layer->own, error);
    if (code != STATUS_OK)
        parameters_free(&layer->own);
    else
        engine->bytes += parameters_bytes(fused, layer);
    return code;
}

static void fused_operand_changed(struct engine *engine, int plan_step)
{
    const struct fused *fused = (const struct fused *)engine;
    const int step = fused->step_of[plan_step];
    struct fused_layer *layer = fused->steps[step].layer;
    bool any = false;
    for (size_t i = 0; i < engine->replaced_count; i++)
        any = any || fused->step_of[engine->replaced[i].step] == step;
    if (layer) {
        layer->owns = any;
        layer->stale = any;
    }
}

/* --- running -------------------------------------------------------------------------------------------- */

/* The first step that does not hold what the present operands make of the images: other operands'
 * activations, or a replaced operand. */
static int first_changed(const struct fused *fused)
{
    const struct engine *engine = &fused->engine;
    int first = INT_MAX;
    for (size_t i = 0; i < engine->replaced_count; i++) {
        const int step = fused->step_of[engine->replaced[i].step];
        first = step < first ? step : first;
    }
    return first;
}

static status fused_forward_from(struct engine *engine, int first, struct error *error)
{
    struct fused *fused = (struct fused *)engine;
    const int replaced = first_changed(fused);
    first = fused->changed < first ? fused->changed : first;
    first = replaced < first ? replaced : first;
    if (!fused->keep)
        first = 0;
    fused->changed = first < fused->changed ? first : fused->changed; /* should it be cancelled */
    for (int s = first; s < fused->step_count; s++) {
        if (progress_cancelled(engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        const double start = step_clock_start(engine);
        fused->steps[s].kind->forward(fused, &fused->steps[s]);
        step_clock_stop(engine, FORWARD_PASS, s, true, start);
    }
    fused->changed = replaced;
    return STATUS_OK;
}

void fused_begin_backward(struct fused *fused, const struct fused_step *step)
{
    probes_take(fused, step->first_target, step->first_activated);
    for (int i = 0; i < step->zeroed_count; i++)
        memset(region_data(fused, step->zeroed[i]), 0, fused->regions[step->zeroed[i]].bytes);
}

static void step_backward(struct fused *fused, int s)
{
    const struct fused_step *step = &fused->steps[s];
    fused_begin_backward(fused, step);
    if (step->backward)
        step->kind->backward(fused, step);
    if (s == 0)
        probes_take(fused, fused->late_target, fused->late_activated);
}

static status fused_backward(struct engine *engine, struct error *error)
{
    struct fused *fused = (struct fused *)engine;
    for (int s = fused->step_count - 1; s >= 0; s--) {
        if (progress_cancelled(engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        const double start = step_clock_start(engine);
        step_backward(fused, s);
        step_clock_stop(engine, BACKWARD_PASS, s, true, start);
    }
    return STATUS_OK;
}

/* --- training mode -------------------------------------------------------------------------------------- */

static int fused_steps(const struct engine *engine)
{
    return ((const struct fused *)engine)->step_count;
}

static void fused_run_step(struct engine *engine, enum direction direction, int index, enum step_half half)
{
    struct fused *fused = (struct fused *)engine;
    if (half != HALF_WHOLE)
        fused_run_half(fused, direction, index, half);
    else if (direction == FORWARD_PASS)
        fused->steps[index].kind->forward(fused, &fused->steps[index]);
    else
        step_backward(fused, index);
}

static void fused_refill(struct engine *engine, int part, int parts)
{
    struct fused *fused = (struct fused *)engine;
    for (int s = part; s < fused->step_count; s += parts)
        parameters_refill(fused, s);
}

/* Larger micro-batches than this gain nothing, and sizes are counted in int there. */
static const int64_t MOST_IMAGES = 65536;

static bool fused_fits(const struct engine_options *options)
{
    return options->real == ELEMENT_FLOAT && options->kernel != KERNEL_REFERENCE &&
           options->batch <= MOST_IMAGES;
}

const struct engine_kind fused_engine = {
    .size = sizeof(struct fused),
    .fits = fused_fits,
    .build = fused_build,
    .free = fused_free,
    .step_of = fused_step_of,
    .forward_from = fused_forward_from,
    .backward = fused_backward,
    .value = fused_value,
    .watched_image = fused_watched_image,
    .steps = fused_steps,
    .norm = fused_norm,
    .run_step = fused_run_step,
    .refill = fused_refill,
    .describe = fused_describe,
    .operand_room = fused_operand_room,
    .operand_changed = fused_operand_changed,
};
