/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes in stretches: each ends where a BatchNormalization in training mode waits for the sums over its
 * whole batch. */
#include <string.h>
#include "base/progress.h"
#include "base/status.h"
#include "nn/engine/engine.h"
#include "nn/execution/execution.h"
#include "nn/execution/times.h"
#include "nn/graph/tensor.h"
#include "nn/operator/batch_norm.h"

static void clear_weight_gradients(const struct engine *engine)
{
    for (int w = 0; w < engine->weight_count; w++)
        memset(engine->weight_gradients[w].data, 0, operand_bytes(&engine->weight_gradients[w]));
}

void engine_start(struct engine *engine, enum direction direction, int64_t images)
{
    engine->present = images;
    engine->pass.direction = direction;
    engine->pass.step = direction == FORWARD_PASS ? 0 : engine->kind->steps(engine) - 1;
    engine->pass.behind = false;
    if (direction == BACKWARD_PASS)
        clear_weight_gradients(engine);
}

static void run_timed(struct engine *engine, int step, enum step_half half)
{
    const enum direction direction = engine->pass.direction;
    const double start = step_clock_start(engine);
    engine->kind->run_step(engine, direction, step, half);
    step_clock_stop(engine, direction, step, half != HALF_BEFORE, start);
}

status engine_advance(struct engine *engine, int *norm, struct error *error)
{
    const int way = engine->pass.direction == FORWARD_PASS ? 1 : -1;
    for (; engine->pass.step >= 0 && engine->pass.step < engine->kind->steps(engine);
         engine->pass.step += way) {
        const int step = engine->pass.step;
        if (progress_cancelled(engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        *norm = engine->kind->norm(engine, step);
        if (*norm < 0) {
            run_timed(engine, step, HALF_WHOLE);
            continue;
        }
        if (!engine->pass.behind) {
            run_timed(engine, step, HALF_BEFORE);
            engine->pass.behind = true;
            return STATUS_OK;
        }
        engine->pass.behind = false;
        run_timed(engine, step, HALF_BEHIND);
    }
    *norm = -1;
    return STATUS_OK;
}

int engine_next_norm(const struct engine *engine, enum direction direction, int norm)
{
    const int steps = engine->kind->steps(engine);
    bool found = norm < 0;
    for (int i = 0; i < steps; i++) {
        const int here = engine->kind->norm(engine, direction == FORWARD_PASS ? i : steps - 1 - i);
        if (here >= 0 && found)
            return here;
        found = found || here == norm;
    }
    return -1;
}

const double *engine_norm_sums(const struct engine *engine)
{
    return engine->norm_sums;
}

int64_t engine_norm_positions(const struct engine *engine, int norm)
{
    const struct node *node = &engine->plan->graph->nodes[engine->norms[norm].node];
    const struct shape *shape = &engine->values[node->inputs[0]].shape;
    return shape_product(shape, 2, shape->rank);
}

void engine_refill(struct engine *engine, int part, int parts)
{
    engine->kind->refill(engine, part, parts);
}
