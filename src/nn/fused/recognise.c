/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the steps of a plan to fused steps. */
#include "nn/fused/recognise_internal.h"

#include <limits.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/execution/execution.h"
#include "nn/fused/internal.h"
#include "nn/fused/token_product.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"

static void mark_watched(struct fused *fused)
{
    const struct engine *engine = &fused->engine;
    for (int i = 0; i < engine->watched_count; i++)
        fused->values[engine->watched[i]].watched = true;
}

/* The first that makes something of a step has it. */
static recogniser *const recognisers[] = {
    recognise_convolution, recognise_elementwise, recognise_pool,  recognise_move, recognise_concat,
    recognise_product,     recognise_linear,      recognise_norm,  recognise_gelu, recognise_softmax,
    recognise_turn,        recognise_sum,         recognise_plain,
};

static status recognise_step(struct fused *fused, int p, struct error *error)
{
    bool made = false;
    for (size_t i = 0; i < sizeof recognisers / sizeof *recognisers && !made; i++)
        if (recognisers[i](fused, p, &made, error))
            return error->code;
    return STATUS_OK;
}

static void describe_value(struct fused *fused, int v)
{
    const struct operand *operand = &fused->engine.values[v];
    struct fused_value *value = &fused->values[v];
    const int64_t *dim = operand->shape.dim;
    *value = (struct fused_value){.user = NOTHING,
                                  .producer = NOTHING,
                                  .region = {NOTHING, NOTHING},
                                  .again = NOTHING,
                                  .gradient = {NOTHING, NOTHING},
                                  .last_writer = NOTHING};
    const int64_t most = 1 << 24;
    if (operand->type != ELEMENT_FLOAT || operand->shape.rank != 4 || dim[0] != fused->images ||
        engine_run(&fused->engine, v) != shape_product(&operand->shape, 1, 4))
        return;
    if (dim[1] < 1 || dim[2] < 1 || dim[3] < 1 || dim[1] > most || dim[2] > most || dim[3] > most ||
        dim[2] * dim[3] > INT_MAX / LANES)
        return;
    value->fits = true;
    value->channels = (int)dim[1];
    value->height = (int)dim[2];
    value->width = (int)dim[3];
}

static void count_uses(struct fused *fused, int *producer)
{
    for (int p = 0; p < fused->engine.plan->step_count; p++) {
        const struct node *node = engine_node(&fused->engine, p);
        for (int i = 0; i < node->input_count; i++) {
            int v = node->inputs[i];
            if (v == VALUE_NONE)
                continue;
            fused->values[v].uses++;
            fused->values[v].user = p;
        }
        for (int i = 0; i < node->output_count; i++)
            if (node->outputs[i] != VALUE_NONE)
                producer[node->outputs[i]] = p;
    }
}

static status recognise_all(struct fused *fused, struct error *error)
{
    const struct engine *engine = &fused->engine;
    int *input = &fused->values[engine->input].region[FORM_PLAIN];
    *input = region_new(fused, value_bytes(fused, engine->input, FORM_PLAIN));
    if (*input == NOTHING)
        return error_memory(error);
    for (int p = 0; p < engine->plan->step_count; p++)
        if (!fused->absorbed[p] && recognise_step(fused, p, error))
            return error->code;
    return value_in_form(fused, engine->output, FORM_PLAIN, error);
}

status fused_recognise(struct fused *fused, struct error *error)
{
    const struct plan *plan = fused->engine.plan;
    size_t values = (size_t)plan->graph->value_count;
    int *producer = mem_new(values, sizeof *producer);
    if (!producer)
        return error_memory(error);
    for (int v = 0; v < (int)values; v++) {
        bool exists = fused->values[v].exists;
        producer[v] = NOTHING;
        describe_value(fused, v);
        fused->values[v].exists = exists;
    }
    count_uses(fused, producer);
    mark_watched(fused); /* before it is asked which probes the layers can serve */
    pin_probes(fused, producer);
    status code = products_find(fused, producer, error);
    mem_free(producer);
    return code == STATUS_OK ? recognise_all(fused, error) : code;
}
