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
#include "nn/engine/engine.h"
#include "nn/fused/internal.h"
#include "nn/graph/graph.h"

/* --- times ---------------------------------------------------------------------------------------------- */

static const struct node *node_of(const struct fused *fused, int plan_step)
{
    const struct plan *plan = fused->engine->plan;
    return &plan->graph->nodes[plan->steps[plan_step].node];
}

static void use(struct fused *fused, int value, enum form form, int time)
{
    if (value >= 0)
        region_use(fused, fused->values[value].region[form], time);
}

/* What a step reads and writes on its way forward. */
static void use_forward(struct fused *fused, const struct fused_step *step)
{
    const int time = step->index;
    const bool conversion = step->kind == &kind_convert;
    if (step->output >= 0)
        use(fused, step->output, conversion ? (enum form) !step->from : fused->values[step->output].made,
            time);
    use(fused, step->input, step->from, time);
    if (step->layer) {
        use(fused, step->layer->residual, FORM_BLOCKED, time);
        if (step->layer->convolution)
            use(fused, step->layer->linear, FORM_BLOCKED, time);
    }
    if (step->plan_step == NOTHING)
        return;
    const struct node *node = node_of(fused, step->plan_step);
    for (int i = 0; i < node->input_count; i++)
        use(fused, node->inputs[i], step->from, time);
    for (int i = 0; i < node->output_count; i++)
        use(fused, node->outputs[i], FORM_PLAIN, time);
}

static void plan_forward(struct fused *fused)
{
    for (int s = 0; s < fused->step_count; s++)
        use_forward(fused, &fused->steps[s]);
    region_keep(fused, fused->values[fused->engine->input].region[FORM_PLAIN]);
    region_keep(fused, fused->values[fused->engine->output].region[FORM_PLAIN]);
    for (int i = 0; i < fused->engine->watched_count; i++) {
        const struct fused_value *value = &fused->values[fused->engine->watched[i]];
        if (value->region[value->made] >= 0)
            region_keep(fused, value->region[value->made]);
    }
    for (int r = 0; fused->keep && r < fused->region_count; r++)
        if (fused->regions[r].last >= 0)
            region_keep(fused, r);
}

/* --- probes that no layer takes ------------------------------------------------------------------------- */

static const struct fused_layer *taken_by_layer(const struct fused *fused, int probe)
{
    for (int s = 0; s < fused->step_count; s++)
        if (fused->steps[s].layer && fused->steps[s].layer->probe == probe)
            return fused->steps[s].layer;
    return NULL;
}

static int *probe_list(struct fused *fused, int value, bool target)
{
    const int producer = fused->values[value].producer;
    if (producer == NOTHING)
        return target ? &fused->engine->late_target : &fused->engine->late_activated;
    return target ? &fused->steps[producer].first_target : &fused->steps[producer].first_activated;
}

static status room_for_copy(struct fused *fused, int copy, size_t bytes, struct error *error)
{
    if (bytes <= fused->scratch_bytes[copy])
        return STATUS_OK;
    mem_free(fused->scratch[copy]);
    fused->scratch[copy] = mem_aligned(bytes, 1);
    if (!fused->scratch[copy])
        return error_memory(error);
    fused->engine->bytes += bytes - fused->scratch_bytes[copy];
    fused->scratch_bytes[copy] = bytes;
    return STATUS_OK;
}

/* A probe reads the plain form of a value where there is one. */
static enum form form_read(const struct fused_value *value)
{
    return value->region[FORM_PLAIN] != NOTHING ? FORM_PLAIN : value->made;
}

/* Keep a value until the end, and make room for a plain copy. */
static status keep_for_probe(struct fused *fused, int value, int copy, struct error *error)
{
    const enum form form = form_read(&fused->values[value]);
    use(fused, value, form, 2 * fused->step_count);
    return form == FORM_PLAIN
               ? STATUS_OK
               : room_for_copy(fused, copy, operand_bytes(&fused->engine->values[value]), error);
}

/* The same for its gradient, which may be a late one. */
static status keep_gradient_for_probe(struct fused *fused, int value, struct error *error)
{
    const struct fused_value *v = &fused->values[value];
    region_use(fused, v->gradient[v->made], 2 * fused->step_count);
    return v->made == FORM_PLAIN
               ? STATUS_OK
               : room_for_copy(fused, COPY_GRADIENT, operand_bytes(&fused->engine->values[value]), error);
}

/* G and u, for the sum that comes from them. */
static status connect_activated(struct fused *fused, int index, struct error *error)
{
    struct probe_state *state = &fused->engine->probes[index];
    int *list = probe_list(fused, state->probe.activated, false);
    state->next_activated = *list;
    *list = index;
    status code = keep_for_probe(fused, state->probe.target, COPY_TARGET, error);
    return code == STATUS_OK ? keep_gradient_for_probe(fused, state->probe.activated, error) : code;
}

/* delta, y and u, for the other sums. */
static status connect_target(struct fused *fused, int index, struct error *error)
{
    struct probe_state *state = &fused->engine->probes[index];
    int *list = probe_list(fused, state->probe.target, true);
    state->next_target = *list;
    *list = index;
    status code = keep_for_probe(fused, state->probe.linear, COPY_LINEAR, error);
    if (code == STATUS_OK)
        code = keep_for_probe(fused, state->probe.target, COPY_TARGET, error);
    return code == STATUS_OK ? keep_gradient_for_probe(fused, state->probe.target, error) : code;
}

/* What no layer takes. */
static status connect_probe(struct fused *fused, int index, struct error *error)
{
    const struct fused_layer *layer = taken_by_layer(fused, index);
    status code = layer ? STATUS_OK : connect_target(fused, index, error);
    return code == STATUS_OK && !(layer && layer->sums_lift) ? connect_activated(fused, index, error) : code;
}

/* The sums that a tail's gradient leaves, for the largest layer. */
static status connect_layer(struct fused *fused, struct fused_layer *layer, size_t *most, struct error *error)
{
    const struct probe_state *state = &fused->engine->probes[layer->probe];
    const size_t channels = (size_t)blocked_blocks((int)state->channels) * LANES;
    layer->center = mem_aligned(channels, sizeof *layer->center);
    if (!layer->center)
        return error_memory(error);
    for (int64_t c = 0; state->probe.center && c < state->channels; c++)
        layer->center[c] = (float)state->probe.center[c];
    if (channels * (size_t)fused->images * TAIL_SUMS > *most)
        *most = channels * (size_t)fused->images * TAIL_SUMS;
    return STATUS_OK;
}

static status connect_probes(struct fused *fused, struct error *error)
{
    size_t most = 0;
    status code = STATUS_OK;
    for (int i = fused->engine->probe_count - 1; i >= 0 && code == STATUS_OK; i--)
        code = connect_probe(fused, i, error);
    for (int s = 0; s < fused->step_count && code == STATUS_OK; s++)
        if (fused->steps[s].layer && fused->steps[s].layer->probe != NOTHING)
            code = connect_layer(fused, fused->steps[s].layer, &most, error);
    if (code != STATUS_OK || most == 0)
        return code;
    fused->sums = mem_aligned(most, sizeof *fused->sums);
    fused->engine->bytes += most * sizeof *fused->sums;
    return fused->sums ? STATUS_OK : error_memory(error);
}

/* --- building ------------------------------------------------------------------------------------------- */

static status plan_backward(struct fused *fused, struct error *error)
{
    struct engine *engine = fused->engine;
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
        most = forward > most ? forward : most;
        most = back > most ? back : most;
    }
    unsigned char *block = NULL;
    status code = engine_allocate(fused->engine, most * sizeof(float), &block, error);
    fused->workspace = (float *)block;
    return code;
}

static void assign_values(struct fused *fused)
{
    struct engine *engine = fused->engine;
    for (int v = 0; v < engine->plan->graph->value_count; v++) {
        if (engine->plan->constants[v])
            continue;
        engine->values[v].data = value_data(fused, v, FORM_PLAIN);
        if (!engine->value_gradients[v].data)
            engine->value_gradients[v].data = value_gradient(fused, v, FORM_PLAIN);
    }
}

static status fused_new(struct engine *engine, const struct engine_options *options, const bool *exists,
                        struct error *error)
{
    struct fused *fused = engine->fused = mem_new(1, sizeof *fused);
    if (!fused)
        return error_memory(error);
    const size_t values = (size_t)engine->plan->graph->value_count, steps = (size_t)engine->plan->step_count;
    fused->engine = engine;
    fused->kernels = blocked_kernels();
    fused->choice = options->kernel;
    fused->keep = !options->reuse;
    fused->images = (int)engine->batch;
    fused->changed = INT_MAX;
    fused->values = mem_new(values, sizeof *fused->values);
    fused->step_of = mem_new(steps, sizeof *fused->step_of);
    fused->absorbed = mem_new(steps, sizeof *fused->absorbed);
    if (!fused->values || !fused->step_of || !fused->absorbed)
        return error_memory(error);
    for (size_t v = 0; exists && v < values; v++)
        fused->values[v].exists = exists[v];
    return STATUS_OK;
}

status fused_build(struct engine *engine, const struct engine_options *options, const bool *exists,
                   struct error *error)
{
    if (fused_new(engine, options, exists, error))
        return error->code;
    struct fused *fused = engine->fused;
    size_t total;
    if (fused_recognise(fused, error))
        return error->code;
    plan_forward(fused);
    if ((options->backward && (plan_backward(fused, error) || connect_probes(fused, error))) ||
        regions_place(fused, &total, error) || engine_allocate(engine, total, &fused->memory, error) ||
        make_workspace(fused, error))
        return error->code;
    assign_values(fused);
    engine->output_gradient = value_gradient(fused, engine->output, FORM_PLAIN);
    return STATUS_OK;
}

/* The gradients that a plain kernel sees: those of its own form. */
static struct operand *gradients_of(struct fused *fused, const int *values, int count)
{
    struct engine *engine = fused->engine;
    struct operand *operands = arena_alloc(engine->arena, (size_t)count, sizeof *operands);
    for (int i = 0; operands && i < count; i++)
        if (values[i] != VALUE_NONE)
            operands[i] = engine->value_gradients[values[i]];
    return operands;
}

status fused_connect(struct engine *engine, struct packed_weights *packed, struct error *error)
{
    struct fused *fused = engine->fused;
    for (int p = 0; engine->backward && p < engine->step_count; p++) {
        const struct node *node = node_of(fused, p);
        struct kernel_call *call = &engine->steps[p].call;
        call->output_gradients = gradients_of(fused, node->outputs, node->output_count);
        call->input_gradients = gradients_of(fused, node->inputs, node->input_count);
        if (!call->output_gradients || !call->input_gradients)
            return error_memory(error);
    }
    if (engine->sized)
        return STATUS_OK;
    status code = parameters_make(fused, packed, error);
    if (code == STATUS_OK && !packed)
        engine->bytes += fused_shared_bytes(fused);
    return code;
}

void fused_free(struct fused *fused)
{
    if (!fused)
        return;
    for (int s = 0; s < fused->step_count; s++) {
        if (!fused->steps[s].layer)
            continue;
        mem_free(fused->steps[s].layer->center);
        parameters_free(&fused->steps[s].layer->own);
    }
    for (int v = 0; fused->values && v < fused->engine->plan->graph->value_count; v++)
        mem_free(fused->values[v].copy);
    for (int i = 0; i < COPIES; i++)
        mem_free(fused->scratch[i]);
    packed_weights_release(fused->packed);
    mem_free(fused->values);
    mem_free(fused->steps);
    mem_free(fused->step_of);
    mem_free(fused->absorbed);
    mem_free(fused->regions);
    engine_release(fused->engine, fused->memory);
    engine_release(fused->engine, fused->workspace);
    mem_free(fused->sums);
    mem_free(fused);
}

/* --- what the engine asks ------------------------------------------------------------------------------- */

size_t fused_shared_bytes(const struct fused *fused)
{
    size_t bytes = 0;
    for (int s = 0; s < fused->step_count; s++)
        if (fused->steps[s].layer)
            bytes += parameters_bytes(fused, fused->steps[s].layer);
    return bytes;
}

bool fused_needs_workspace(const struct fused *fused, int plan_step)
{
    const struct fused_step *step = &fused->steps[fused->step_of[plan_step]];
    if (step->kind == &kind_plain)
        return true;
    return step->layer && step->layer->conv_step == plan_step && step->layer->plain_delta != NOTHING;
}

int fused_step_of(const struct fused *fused, int plan_step)
{
    return fused->step_of[plan_step];
}

const struct operand *fused_value(struct fused *fused, int value)
{
    struct operand *operand = &fused->engine->values[value];
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

void fused_watched_image(const struct fused *fused, int value, int64_t image, double *out)
{
    const struct fused_value *v = &fused->values[value];
    const int positions = value_positions(v), blocks = (v->channels + LANES - 1) / LANES;
    const float *data = value_data(fused, value, FORM_BLOCKED);
    for (int c = 0; c < v->channels; c++) {
        const float *map = data + ((size_t)image * blocks + c / LANES) * positions * LANES + c % LANES;
        for (int i = 0; i < positions; i++)
            out[(size_t)c * positions + i] = (double)map[(size_t)i * LANES];
    }
}

bool fused_is_blocked(const struct fused *fused, int value)
{
    const struct fused_value *v = &fused->values[value];
    return v->made == FORM_BLOCKED && value_data(fused, value, FORM_BLOCKED);
}

/* --- other operands ------------------------------------------------------------------------------------- */

status fused_own_operands(struct fused *fused, int plan_step, struct error *error)
{
    struct fused_layer *layer = fused->steps[fused->step_of[plan_step]].layer;
    if (!layer || layer->own.bias)
        return STATUS_OK;
    status code = parameters_allocate(fused, layer, &layer->own, error);
    if (code != STATUS_OK)
        parameters_free(&layer->own);
    else
        fused->engine->bytes += parameters_bytes(fused, layer);
    return code;
}

void fused_operand_changed(struct fused *fused, int plan_step)
{
    const int step = fused->step_of[plan_step];
    struct fused_layer *layer = fused->steps[step].layer;
    const struct engine *engine = fused->engine;
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
    const struct engine *engine = fused->engine;
    int first = INT_MAX;
    for (size_t i = 0; i < engine->replaced_count; i++) {
        const int step = fused->step_of[engine->replaced[i].step];
        first = step < first ? step : first;
    }
    return first;
}

status fused_forward(struct fused *fused, int first, struct error *error)
{
    const int replaced = first_changed(fused);
    first = fused->changed < first ? fused->changed : first;
    first = replaced < first ? replaced : first;
    if (!fused->keep)
        first = 0;
    fused->changed = first < fused->changed ? first : fused->changed; /* should it be cancelled */
    for (int s = first; s < fused->step_count; s++) {
        if (progress_cancelled(fused->engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        fused->steps[s].kind->forward(fused, &fused->steps[s]);
    }
    fused->changed = replaced;
    return STATUS_OK;
}

static const void *plain_of(struct fused *fused, int value, bool gradient, int copy)
{
    const struct fused_value *v = &fused->values[value];
    const enum form form = gradient ? v->made : form_read(v);
    const float *data = gradient ? value_gradient(fused, value, form) : value_data(fused, value, form);
    if (!data && !gradient)
        return fused->engine->values[value].data; /* a constant, or the input */
    if (!data || form == FORM_PLAIN)
        return data;
    fused->kernels->layer->to_plain(fused->images, v->channels, value_positions(v), data,
                                    fused->scratch[copy], false);
    return fused->scratch[copy];
}

static void take_probes(struct fused *fused, int first_target, int first_activated)
{
    const struct engine *engine = fused->engine;
    for (int i = first_target; i >= 0; i = engine->probes[i].next_target) {
        const struct probe *probe = &engine->probes[i].probe;
        probe_take_target(engine, i, plain_of(fused, probe->target, true, COPY_GRADIENT),
                          plain_of(fused, probe->linear, false, COPY_LINEAR),
                          plain_of(fused, probe->target, false, COPY_TARGET));
    }
    for (int i = first_activated; i >= 0; i = engine->probes[i].next_activated) {
        const struct probe *probe = &engine->probes[i].probe;
        probe_take_activated(engine, i, plain_of(fused, probe->activated, true, COPY_GRADIENT),
                             plain_of(fused, probe->target, false, COPY_TARGET));
    }
}

status fused_backward(struct fused *fused, struct error *error)
{
    const struct engine *engine = fused->engine;
    for (int s = fused->step_count - 1; s >= 0; s--) {
        const struct fused_step *step = &fused->steps[s];
        if (progress_cancelled(engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        take_probes(fused, step->first_target, step->first_activated);
        for (int i = 0; i < step->zeroed_count; i++)
            memset(region_data(fused, step->zeroed[i]), 0, fused->regions[step->zeroed[i]].bytes);
        if (step->backward)
            step->kind->backward(fused, step);
    }
    take_probes(fused, engine->late_target, engine->late_activated);
    return STATUS_OK;
}
