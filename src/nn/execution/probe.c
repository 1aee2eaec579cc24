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

static status differ(const struct engine *engine, int index, int target, int other, struct error *error)
{
    const struct value *values = engine->plan->graph->values;
    return error_set(error, STATUS_USAGE, "probe %d: %s and %s differ in shape", index, values[target].name,
                     values[other].name);
}

/* All three values must be there, real, of one shape, and have their images at the same places. */
static status check_probe(const struct engine *engine, const struct probe *probe, int index,
                          struct error *error)
{
    const int values[] = {probe->linear, probe->target, probe->activated};
    for (int i = 0; i < 3; i++)
        if (values[i] < 0 || values[i] >= engine->plan->graph->value_count || !is_computed(engine, values[i]))
            return error_set(error, STATUS_USAGE, "probe %d looks at a value that is not computed", index);
    const struct operand *target = &engine->values[probe->target];
    for (int i = 0; i < 3; i++)
        if (engine->values[values[i]].type != engine->real ||
            !shape_equal(&engine->values[values[i]].shape, &target->shape) ||
            engine_run(engine, values[i]) != engine_run(engine, probe->target))
            return differ(engine, index, probe->target, values[i], error);
    return STATUS_OK;
}

/* Where images and channels lie in the target; false where they do not lie so. */
static bool find_layout(const struct engine *engine, struct probe_state *state)
{
    const struct operand *target = &engine->values[state->probe.target];
    const struct shape *shape = &target->shape;
    const int axis = state->probe.channels_last ? shape->rank - 1 : 1;
    const int64_t run = engine_run(engine, state->probe.target), elements = shape_elements(shape);
    if (target->type != engine->real || shape->rank < 2 || elements < 1 || run < 1 ||
        elements % (run * engine->batch) != 0)
        return false;
    state->channels = shape->dim[axis];
    state->inner = shape_product(shape, axis + 1, shape->rank);
    state->repeats = elements / (run * engine->batch);
    state->groups = run / (state->channels * state->inner);
    return state->groups * state->channels * state->inner == run;
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
        if (!find_layout(engine, state))
            return error_set(error, STATUS_USAGE, "probe %d: %s is not of batch x channels", i,
                             engine->plan->graph->values[state->probe.target].name);
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

/* Rows whose numbers belong to a channel each. */
static bool lies_in_rows(const struct probe_state *state)
{
    return state->inner == 1;
}

/* The channels of one place, which lie beside each other: rows of groups. */
static void take_rows(const struct engine *engine, const struct probe_state *state, int64_t at,
                      const void *delta, const void *y, const void *u, double *sums)
{
    const void *d = element(engine, delta, at), *linear = element(engine, y, at),
               *target = element(engine, u, at);
    if (engine->real == ELEMENT_FLOAT)
        delta_rows_float(d, linear, target, state->probe.center, state->groups, state->channels, sums);
    else
        delta_rows_double(d, linear, target, state->probe.center, state->groups, state->channels, sums);
}

/* Channels whose numbers lie together. */
static void take_channels(const struct engine *engine, const struct probe_state *state, int64_t at,
                          const void *delta, const void *y, const void *u, double *sums)
{
    for (int64_t i = 0; i < state->groups * state->channels; i++, at += state->inner) {
        const int64_t c = i % state->channels;
        double three[3], center = state->probe.center ? state->probe.center[c] : 0;
        const void *d = element(engine, delta, at), *linear = element(engine, y, at),
                   *target = element(engine, u, at);
        if (engine->real == ELEMENT_FLOAT)
            delta_sums_float(d, linear, target, center, state->inner, three);
        else
            delta_sums_double(d, linear, target, center, state->inner, three);
        sums[PROBE_DELTA * state->channels + c] += three[0];
        sums[PROBE_DELTA_CENTERED * state->channels + c] += three[1];
        sums[PROBE_GATE * state->channels + c] += three[2];
    }
}

static void lift_rows(const struct engine *engine, const struct probe_state *state, int64_t at,
                      const void *gradient, const void *u, double *sums)
{
    const void *g = element(engine, gradient, at), *target = element(engine, u, at);
    if (engine->real == ELEMENT_FLOAT)
        lift_rows_float(g, target, state->groups, state->channels, sums);
    else
        lift_rows_double(g, target, state->groups, state->channels, sums);
}

static void lift_channels(const struct engine *engine, const struct probe_state *state, int64_t at,
                          const void *gradient, const void *u, double *sums)
{
    for (int64_t i = 0; i < state->groups * state->channels; i++, at += state->inner) {
        const void *g = element(engine, gradient, at), *target = element(engine, u, at);
        sums[i % state->channels] += engine->real == ELEMENT_FLOAT ? lift_sum_float(g, target, state->inner)
                                                                   : lift_sum_double(g, target, state->inner);
    }
}

void probe_take_target(const struct engine *engine, int probe, const void *delta, const void *y,
                       const void *u)
{
    const struct probe_state *state = &engine->probes[probe];
    const int64_t run = state->groups * state->channels * state->inner;
    if (!delta)
        return; /* the sums stay zero */
    for (int64_t n = 0; n < engine->batch; n++) {
        double *sums = state->sums + n * PROBE_SUMS * state->channels;
        memset(sums, 0, (size_t)state->channels * PROBE_LIFT * sizeof *sums);
        for (int64_t r = 0; r < state->repeats; r++)
            (lies_in_rows(state) ? take_rows : take_channels)(engine, state, (r * engine->batch + n) * run,
                                                              delta, y, u, sums);
    }
}

void probe_take_activated(const struct engine *engine, int probe, const void *gradient, const void *u)
{
    const struct probe_state *state = &engine->probes[probe];
    const int64_t run = state->groups * state->channels * state->inner;
    if (!gradient)
        return;
    for (int64_t n = 0; n < engine->batch; n++) {
        double *sums = state->sums + (n * PROBE_SUMS + PROBE_LIFT) * state->channels;
        memset(sums, 0, (size_t)state->channels * sizeof *sums);
        for (int64_t r = 0; r < state->repeats; r++)
            (lies_in_rows(state) ? lift_rows : lift_channels)(engine, state, (r * engine->batch + n) * run,
                                                              gradient, u, sums);
    }
}
