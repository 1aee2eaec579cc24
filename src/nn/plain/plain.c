/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plain engine: memory for every value, and the passes over the plan's steps. */
#include "nn/plain/plain.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/execution/execution.h"
#include "nn/execution/probe.h"
#include "nn/execution/times.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/operator/batch_norm.h"
#include "nn/operator/plan.h"
#include "nn/plain/internal.h"

static bool plain_fits(const struct engine_options *options)
{
    (void)options;
    return true;
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
        const struct node *node = engine_node(engine, s);
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

static status allocate_values(struct plain *plain, struct error *error)
{
    struct engine *engine = &plain->engine;
    const struct graph *graph = engine->plan->graph;
    size_t total, *at = mem_new((size_t)graph->value_count, sizeof *at);
    if (!at)
        return error_memory(error);
    status code = place_values(engine, at, &total, error);
    if (code == STATUS_OK)
        code = engine_allocate(engine, total, &plain->activations, error);
    for (int v = 0; code == STATUS_OK && v < graph->value_count; v++)
        if (at[v] != SIZE_MAX)
            engine->values[v].data = plain->activations + at[v];
    mem_free(at);
    return code;
}

static status plain_build(struct engine *engine, const struct engine_options *options, struct error *error)
{
    struct plain *plain = (struct plain *)engine;
    if (allocate_values(plain, error) || engine_make_steps(engine, NULL, error))
        return error->code;
    plain->steps = arena_alloc(engine->arena, (size_t)engine->step_count, sizeof *plain->steps);
    if (!plain->steps)
        return error_memory(error);
    for (int s = 0; s < engine->step_count; s++)
        plain->steps[s].first_target = plain->steps[s].first_activated = -1;
    plain->late_target = plain->late_activated = -1;
    if (step_clocks_new(engine, engine->step_count, error))
        return error->code;
    return options->backward ? plain_plan_backward(plain, options, error) : STATUS_OK;
}

static void plain_free(struct engine *engine)
{
    const struct plain *plain = (const struct plain *)engine;
    engine_deallocate(engine, plain->activations);
    engine_deallocate(engine, plain->gradients);
    engine_deallocate(engine, engine->output_gradient);
}

static int plain_step_of(const struct engine *engine, int plan_step)
{
    (void)engine;
    return plan_step;
}

static void run_forward(const struct engine *engine, int s)
{
    if (engine->steps[s].forward)
        engine->steps[s].forward(&engine->steps[s].call);
}

static status plain_forward_from(struct engine *engine, int first, struct error *error)
{
    for (int s = first; s < engine->step_count; s++) {
        const double start = step_clock_start(engine);
        if (progress_cancelled(engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        run_forward(engine, s);
        step_clock_stop(engine, FORWARD_PASS, s, true, start);
    }
    return STATUS_OK;
}

static void take_probes(const struct engine *engine, int first_target, int first_activated)
{
    const struct operand *values = engine->values, *gradients = engine->value_gradients;
    for (int i = first_target; i >= 0; i = engine->probes[i].next_target) {
        const struct probe *probe = &engine->probes[i].probe;
        probe_take_target(engine, i, gradients[probe->target].data, values[probe->linear].data,
                          values[probe->target].data);
    }
    for (int i = first_activated; i >= 0; i = engine->probes[i].next_activated) {
        const struct probe *probe = &engine->probes[i].probe;
        probe_take_activated(engine, i, gradients[probe->activated].data, values[probe->target].data);
    }
}

/* The gradient of what a step makes is complete: take what probes want of it, and make room for its inputs'.
 */
static void begin_backward(const struct engine *engine, int s)
{
    const struct plain_step *step = &((const struct plain *)engine)->steps[s];
    take_probes(engine, step->first_target, step->first_activated);
    for (int i = 0; i < step->zeroed_count; i++) {
        const struct operand *gradient = &engine->value_gradients[step->zeroed[i]];
        memset(gradient->data, 0, operand_bytes(gradient));
    }
}

static void run_backward(const struct engine *engine, int s)
{
    const struct plain *plain = (const struct plain *)engine;
    begin_backward(engine, s);
    if (plain->steps[s].backward)
        plain->steps[s].backward(&engine->steps[s].call);
    if (s == 0)
        take_probes(engine, plain->late_target, plain->late_activated);
}

static status plain_backward(struct engine *engine, struct error *error)
{
    for (int s = engine->step_count - 1; s >= 0; s--) {
        const double start = step_clock_start(engine);
        if (progress_cancelled(engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        run_backward(engine, s);
        step_clock_stop(engine, BACKWARD_PASS, s, true, start);
    }
    return STATUS_OK;
}

/* --- training mode -------------------------------------------------------------------------------------- */

static int plain_steps(const struct engine *engine)
{
    return engine->step_count;
}

static int plain_norm(const struct engine *engine, int s)
{
    return engine->norm_of ? engine->norm_of[s] : -1;
}

static void plain_run_step(struct engine *engine, enum direction direction, int s, enum step_half half)
{
    const struct kernel_call *call = &engine->steps[s].call;
    if (half == HALF_WHOLE) {
        (direction == FORWARD_PASS ? run_forward : run_backward)(engine, s);
        return;
    }
    const struct batch_norm *norm = &engine->norms[engine->norm_of[s]];
    if (direction == FORWARD_PASS && half == HALF_BEFORE) {
        batch_norm_moments(call, norm, engine->present, engine->norm_sums);
    } else if (direction == FORWARD_PASS) {
        batch_norm_apply(call, norm);
    } else if (half == HALF_BEFORE) {
        begin_backward(engine, s);
        batch_norm_gradient_sums(call, norm, engine->present, engine->norm_sums);
    } else {
        batch_norm_gradient(call, norm, engine->present);
    }
}

/* Kernels read constants where they are. */
static void plain_refill(struct engine *engine, int part, int parts)
{
    (void)engine, (void)part, (void)parts;
}

static const struct operand *plain_value(const struct engine *engine, int value)
{
    return &engine->values[value];
}

static void plain_describe(const struct engine *engine, int s, struct step_time *time)
{
    const struct plain *plain = (const struct plain *)engine;
    const struct node *node = engine_node(engine, s);
    double bytes = 0;
    for (int i = 0; i < node->input_count; i++)
        bytes += node->inputs[i] == VALUE_NONE ? 0 : (double)operand_bytes(&engine->values[node->inputs[i]]);
    bytes += (double)operand_bytes(&engine->values[node->outputs[0]]);
    snprintf(time->name, sizeof time->name, "%s", node->name ? node->name : "");
    time->node = engine->plan->steps[s].node;
    for (int d = 0; d < DIRECTIONS; d++) {
        if (d == FORWARD_PASS ? !engine->steps[s].forward : !plain->steps[s].backward)
            continue;
        time->of[d].kernel = engine->plan->steps[s].op->name;
        time->of[d].macs = engine_step_macs(engine, s);
        time->of[d].bytes = bytes / (double)engine->batch;
    }
}

/* Kernels read operands where engine->steps have them: there is nothing else to keep in step. */
static status plain_operand_room(struct engine *engine, int plan_step, struct error *error)
{
    (void)engine, (void)plan_step, (void)error;
    return STATUS_OK;
}

static void plain_operand_changed(struct engine *engine, int plan_step)
{
    (void)engine, (void)plan_step;
}

const struct engine_kind plain_engine = {
    .size = sizeof(struct plain),
    .fits = plain_fits,
    .build = plain_build,
    .free = plain_free,
    .step_of = plain_step_of,
    .forward_from = plain_forward_from,
    .backward = plain_backward,
    .value = plain_value,
    .watched_image = engine_plain_image,
    .steps = plain_steps,
    .norm = plain_norm,
    .run_step = plain_run_step,
    .refill = plain_refill,
    .describe = plain_describe,
    .operand_room = plain_operand_room,
    .operand_changed = plain_operand_changed,
};
