/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes that no layer takes: what they read is kept, and read through plain copies. */
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/blocked/blocked_layer.h"
#include "nn/blocked/token.h"
#include "nn/execution/execution.h"
#include "nn/execution/probe.h"
#include "nn/fused/internal.h"

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
        return target ? &fused->late_target : &fused->late_activated;
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
    fused->engine.bytes += bytes - fused->scratch_bytes[copy];
    fused->scratch_bytes[copy] = bytes;
    return STATUS_OK;
}

/* A probe reads the plain form of a value where there is one. */
static enum form form_read(const struct fused_value *value)
{
    return value->region[FORM_PLAIN] != NOTHING ? FORM_PLAIN : value->made;
}

/* When the probe on a value's gradient is taken: as the step that makes the value begins its way back. */
static int time_taken(const struct fused *fused, int value)
{
    const int producer = fused->values[value].producer;
    return producer == NOTHING ? 2 * fused->step_count : backward_time(fused, &fused->steps[producer]);
}

/* Keep a value until then, and make room for a plain copy. */
static status keep_for_probe(struct fused *fused, int value, int copy, int time, struct error *error)
{
    const enum form form = form_read(&fused->values[value]);
    value_use(fused, value, form, time);
    return form == FORM_PLAIN
               ? STATUS_OK
               : room_for_copy(fused, copy, operand_bytes(&fused->engine.values[value]), error);
}

/* The same for its gradient, which may be a late one. */
static status keep_gradient_for_probe(struct fused *fused, int value, struct error *error)
{
    const struct fused_value *v = &fused->values[value];
    region_use(fused, v->gradient[v->made], time_taken(fused, value));
    return v->made == FORM_PLAIN
               ? STATUS_OK
               : room_for_copy(fused, COPY_GRADIENT, operand_bytes(&fused->engine.values[value]), error);
}

/* G and u, for the sum that comes from them. */
static status connect_activated(struct fused *fused, int index, struct error *error)
{
    struct probe_state *state = &fused->engine.probes[index];
    int *list = probe_list(fused, state->probe.activated, false);
    state->next_activated = *list;
    *list = index;
    status code = keep_for_probe(fused, state->probe.target, COPY_TARGET,
                                 time_taken(fused, state->probe.activated), error);
    return code == STATUS_OK ? keep_gradient_for_probe(fused, state->probe.activated, error) : code;
}

/* delta, y and u, for the other sums. */
static status connect_target(struct fused *fused, int index, struct error *error)
{
    struct probe_state *state = &fused->engine.probes[index];
    int *list = probe_list(fused, state->probe.target, true);
    state->next_target = *list;
    *list = index;
    const int time = time_taken(fused, state->probe.target);
    status code = keep_for_probe(fused, state->probe.linear, COPY_LINEAR, time, error);
    if (code == STATUS_OK)
        code = keep_for_probe(fused, state->probe.target, COPY_TARGET, time, error);
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
    const size_t channels = (size_t)blocked_blocks(fused->values[layer->linear].channels) * LANES;
    if (channels * (size_t)fused->images * TAIL_SUMS > *most)
        *most = channels * (size_t)fused->images * TAIL_SUMS;
    if (layer->batch_norm != NOTHING)
        return STATUS_OK; /* it has room for a center, which is the batch's */
    const struct probe_state *state = &fused->engine.probes[layer->probe];
    layer->center = mem_aligned(channels, sizeof *layer->center);
    if (!layer->center)
        return error_memory(error);
    for (int64_t c = 0; state->probe.center && c < state->channels; c++)
        layer->center[c] = (float)state->probe.center[c];
    return STATUS_OK;
}

status probes_connect(struct fused *fused, struct error *error)
{
    size_t most = 0;
    status code = STATUS_OK;
    for (int i = fused->engine.probe_count - 1; i >= 0 && code == STATUS_OK; i--)
        code = connect_probe(fused, i, error);
    for (int s = 0; s < fused->step_count && code == STATUS_OK; s++) {
        struct fused_layer *layer = fused->steps[s].layer;
        if (layer && (layer->probe != NOTHING || layer->batch_norm != NOTHING))
            code = connect_layer(fused, layer, &most, error);
    }
    if (code != STATUS_OK || most == 0)
        return code;
    fused->sums = mem_aligned(most, sizeof *fused->sums);
    fused->engine.bytes += most * sizeof *fused->sums;
    return fused->sums ? STATUS_OK : error_memory(error);
}

static const void *plain_of(struct fused *fused, int value, bool gradient, int copy)
{
    const struct fused_value *v = &fused->values[value];
    const enum form form = gradient ? v->made : form_read(v);
    const float *data = gradient ? value_gradient(fused, value, form) : value_data(fused, value, form);
    if (!data && !gradient)
        return fused->engine.values[value].data; /* a constant, or the input */
    if (!data || form == FORM_PLAIN)
        return data;
    fused->kernels->layer->to_plain(fused->images, v->channels, value_positions(v), data,
                                    fused->scratch[copy], false);
    return fused->scratch[copy];
}

/* The same as probe_take_target and probe_take_activated, by the fast kernel, where channels lie beside each
 * other; `linear` NULL: the latter. */
static void take_rows(const struct fused *fused, const struct probe_state *state, const float *gradient,
                      const float *linear, const float *target)
{
    const int64_t images = fused->images, channels = state->channels, run = state->groups * channels;
    const bool apart = state->groups == 1; /* an image's rows lie between those of the others */
    const int64_t parts = apart ? 1 : state->repeats;
    for (int64_t n = 0; gradient && n < images; n++) {
        double *sums = state->sums + (n * PROBE_SUMS + (linear ? 0 : PROBE_LIFT)) * channels;
        memset(sums, 0, (size_t)(channels * (linear ? PROBE_LIFT : 1)) * sizeof *sums);
        for (int64_t part = 0; part < parts; part++) {
            const int64_t at = (part * images + n) * run;
            const struct token_sums rows = {.rows = (size_t)(apart ? state->repeats : state->groups),
                                            .length = (size_t)channels,
                                            .stride = (size_t)(apart ? images * run : channels),
                                            .delta = gradient + at,
                                            .linear = linear ? linear + at : NULL,
                                            .target = target + at,
                                            .center = state->probe.center,
                                            .sums = sums};
            fused->kernels->token->sums(&rows);
        }
    }
}

static bool in_rows(const struct probe_state *state)
{
    return state->probe.channels_last && state->inner == 1;
}

void probes_take(struct fused *fused, int first_target, int first_activated)
{
    const struct engine *engine = &fused->engine;
    for (int i = first_target; i >= 0; i = engine->probes[i].next_target) {
        const struct probe *probe = &engine->probes[i].probe;
        const void *gradient = plain_of(fused, probe->target, true, COPY_GRADIENT),
                   *linear = plain_of(fused, probe->linear, false, COPY_LINEAR),
                   *target = plain_of(fused, probe->target, false, COPY_TARGET);
        if (in_rows(&engine->probes[i]))
            take_rows(fused, &engine->probes[i], gradient, linear, target);
        else
            probe_take_target(engine, i, gradient, linear, target);
    }
    for (int i = first_activated; i >= 0; i = engine->probes[i].next_activated) {
        const struct probe *probe = &engine->probes[i].probe;
        const void *gradient = plain_of(fused, probe->activated, true, COPY_GRADIENT),
                   *target = plain_of(fused, probe->target, false, COPY_TARGET);
        if (in_rows(&engine->probes[i]))
            take_rows(fused, &engine->probes[i], gradient, NULL, target);
        else
            probe_take_activated(engine, i, gradient, target);
    }
}
