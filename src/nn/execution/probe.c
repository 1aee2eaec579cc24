/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes: the per-channel, per-image sums from which every gradient of a channel's parameters follows. */
#include "nn/execution/probe.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/execution/execution.h"
#include "nn/execution/options.h"
#include "nn/graph/tensor.h"
#include "nn/operator/rows.h"

#define KERNELS "nn/execution/probe_kernels.h"
#include "nn/operator/typed.h"

static bool is_computed(const struct engine *engine, int value)
{
    const struct plan *plan = engine->plan;
    if (value == engine->input || plan->constants[value])
        return true;
    int producer = plan->graph->values[value].producer;
    return producer >= 0 && engine_plan_step(engine, producer) >= 0;
}

/* All three values must be there, real, and of one shape: batch x channels x anything, or batch x anything x
 * channels. */
static status check_probe(const struct engine *engine, const struct probe *probe, int index,
                          struct error *error)
{
    const int values[] = {probe->linear, probe->target, probe->activated};
    for (int i = 0; i < 3; i++)
        if (values[i] < 0 || values[i] >= engine->plan->graph->value_count || !is_computed(engine, values[i]))
            return error_set(error, STATUS_USAGE, "probe %d looks at a value that is not computed", index);
    const struct operand *target = &engine->values[probe->target];
    const char *name = engine->plan->graph->values[probe->target].name;
    if (target->type != engine->real || target->shape.rank < 2 || target->shape.dim[0] != engine->batch)
        return error_set(error, STATUS_USAGE, "probe %d: %s is not of batch x channels", index, name);
    for (int i = 0; i < 3; i++)
        if (engine->values[values[i]].type != engine->real ||
            !shape_equal(&engine->values[values[i]].shape, &target->shape))
            return error_set(error, STATUS_USAGE, "probe %d: %s and %s differ in shape", index, name,
                             engine->plan->graph->values[values[i]].name);
    return STATUS_OK;
}

status probe_prepare(struct engine *engine, const struct engine_options *options, struct error *error)
{
    engine->probes = arena_alloc(engine->arena, (size_t)options->probe_count, sizeof *engine->probes);
    if (!engine->probes)
        return error_memory(error);
    for (int i = 0; i < options->probe_count; i++) {
        struct probe_state *state = &engine->probes[i];
        state->probe = options->probes[i];
        if (check_probe(engine, &state->probe, i, error))
            return error->code;
        const struct shape *shape = &engine->values[state->probe.target].shape;
        state->channels = shape->dim[state->probe.channels_last ? shape->rank - 1 : 1];
        state->positions = shape_product(shape, 1, shape->rank) / state->channels;
        size_t count = (size_t)(engine->batch * state->channels) * PROBE_SUMS;
        state->sums = arena_alloc(engine->arena, count, sizeof *state->sums);
        if (!state->sums)
            return error_memory(error);
        engine->bytes += count * sizeof *state->sums;
        engine->probe_count = i + 1;
    }
    return STATUS_OK;
}

/* Address of element `index` of the engine's real type. */
static const void *element(const struct engine *engine, const void *data, int64_t index)
{
    return (const char *)data + (size_t)index * element_size(engine->real);
}

/* One image whose channels lie beside each other. */
static void take_rows(const struct engine *engine, const struct probe_state *state, int64_t image,
                      const void *delta, const void *y, const void *u, double *sums)
{
    const int64_t at = image * state->positions * state->channels;
    const void *d = element(engine, delta, at), *linear = element(engine, y, at),
               *target = element(engine, u, at);
    memset(sums, 0, (size_t)state->channels * PROBE_LIFT * sizeof *sums);
    if (engine->real == ELEMENT_FLOAT)
        delta_rows_float(d, linear, target, state->probe.center, state->positions, state->channels, sums);
    else
        delta_rows_double(d, linear, target, state->probe.center, state->positions, state->channels, sums);
}

static void lift_rows(const struct engine *engine, const struct probe_state *state, int64_t image,
                      const void *gradient, const void *u, double *sums)
{
    const int64_t at = image * state->positions * state->channels;
    const void *g = element(engine, gradient, at), *target = element(engine, u, at);
    memset(sums, 0, (size_t)state->channels * sizeof *sums);
    if (engine->real == ELEMENT_FLOAT)
        lift_rows_float(g, target, state->positions, state->channels, sums);
    else
        lift_rows_double(g, target, state->positions, state->channels, sums);
}

void probe_take_target(const struct engine *engine, int probe, const void *delta, const void *y,
                       const void *u)
{
    const struct probe_state *state = &engine->probes[probe];
    if (!delta)
        return; /* the sums stay zero */
    for (int64_t n = 0; n < engine->batch; n++) {
        double *sums = state->sums + n * PROBE_SUMS * state->channels;
        if (state->probe.channels_last) {
            take_rows(engine, state, n, delta, y, u, sums);
            continue;
        }
        for (int64_t c = 0; c < state->channels; c++) {
            int64_t at = (n * state->channels + c) * state->positions;
            double three[3], center = state->probe.center ? state->probe.center[c] : 0;
            const void *d = element(engine, delta, at), *linear = element(engine, y, at),
                       *target = element(engine, u, at);
            if (engine->real == ELEMENT_FLOAT)
                delta_sums_float(d, linear, target, center, state->positions, three);
            else
                delta_sums_double(d, linear, target, center, state->positions, three);
            sums[PROBE_DELTA * state->channels + c] = three[0];
            sums[PROBE_DELTA_CENTERED * state->channels + c] = three[1];
            sums[PROBE_GATE * state->channels + c] = three[2];
        }
    }
}

void probe_take_activated(const struct engine *engine, int probe, const void *gradient, const void *u)
{
    const struct probe_state *state = &engine->probes[probe];
    if (!gradient)
        return;
    for (int64_t n = 0; n < engine->batch; n++) {
        double *sums = state->sums + (n * PROBE_SUMS + PROBE_LIFT) * state->channels;
        if (state->probe.channels_last) {
            lift_rows(engine, state, n, gradient, u, sums);
            continue;
        }
        for (int64_t c = 0; c < state->channels; c++) {
            int64_t at = (n * state->channels + c) * state->positions;
            const void *g = element(engine, gradient, at), *target = element(engine, u, at);
            sums[c] = engine->real == ELEMENT_FLOAT ? lift_sum_float(g, target, state->positions)
                                                    : lift_sum_double(g, target, state->positions);
        }
    }
}
