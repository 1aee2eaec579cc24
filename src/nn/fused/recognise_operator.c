/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the steps of a plan to fused steps that are no layers. */
#include "nn/fused/recognise_internal.h"

#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/execution/execution.h"
#include "nn/fused/internal.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/operator/movement.h"
#include "nn/operator/operator.h"

status recognise_pool(struct fused *fused, int p, bool *made, struct error *error)
{
    static const struct {
        const char *name;
        const struct fused_kind *kind;
        enum form form;
    } pools[] = {{"MaxPool", &kind_max_pool, FORM_BLOCKED},
                 {"AveragePool", &kind_average_pool, FORM_BLOCKED},
                 {"GlobalAveragePool", &kind_global_average, FORM_PLAIN}};
    const struct node *node = engine_node(&fused->engine, p);
    int input = node->inputs[0];
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        if (!plan_step_is(fused, p, pools[i].name) || value_is_constant(fused, input) ||
            !value_has_form(fused, input, FORM_BLOCKED) || !fused->values[node->outputs[0]].fits ||
            (node->output_count > 1 && node->outputs[1] != VALUE_NONE))
            continue;
        struct fused_step *step = step_new(fused, pools[i].kind, p, input, FORM_BLOCKED);
        if (!step)
            return error_memory(error);
        step->output = node->outputs[0];
        *made = true;
        return step_makes(fused, step, step->output, pools[i].form, error);
    }
    return STATUS_OK;
}

/* Joining along channels moves whole blocks where every part but the last fills its blocks. */
static bool concat_fits(const struct fused *fused, int p)
{
    const struct node *node = engine_node(&fused->engine, p);
    int64_t axis = node_integer(node, "axis", 1);
    bool any = false;
    if (!plan_step_is(fused, p, "Concat") || (axis != 1 && axis != -3) ||
        !fused->values[node->outputs[0]].fits)
        return false;
    for (int i = 0; i < node->input_count; i++) {
        int v = node->inputs[i];
        if (value_is_constant(fused, v) || !fused->values[v].fits ||
            (i < node->input_count - 1 && fused->values[v].channels % LANES != 0))
            return false;
        any = any || value_has_form(fused, v, FORM_BLOCKED);
    }
    return any;
}

status recognise_concat(struct fused *fused, int p, bool *made, struct error *error)
{
    const struct node *node = engine_node(&fused->engine, p);
    if (!concat_fits(fused, p))
        return STATUS_OK;
    *made = true;
    for (int i = 0; i < node->input_count; i++)
        if (value_in_form(fused, node->inputs[i], FORM_BLOCKED, error))
            return error->code;
    struct fused_step *step = step_new(fused, &kind_concat, p, node->inputs[0], FORM_BLOCKED);
    if (!step)
        return error_memory(error);
    step->output = node->outputs[0];
    return step_makes(fused, step, step->output, FORM_BLOCKED, error);
}

static bool move_fits(const struct fused *fused, int p)
{
    const struct node *node = engine_node(&fused->engine, p);
    if (!plan_step_is(fused, p, "Slice") && !plan_step_is(fused, p, "Pad"))
        return false;
    if (plan_step_is(fused, p, "Pad")) {
        const struct movement *movement = fused->engine.plan->steps[p].plan;
        if (movement->fill_real != 0 || movement->fill_integer != 0)
            return false;
    }
    return !value_is_constant(fused, node->inputs[0]) &&
           value_has_form(fused, node->inputs[0], FORM_BLOCKED) && fused->values[node->outputs[0]].fits;
}

status recognise_move(struct fused *fused, int p, bool *made, struct error *error)
{
    const struct node *node = engine_node(&fused->engine, p);
    int32_t *map = NULL;
    if (!move_fits(fused, p))
        return STATUS_OK;
    if (move_map(fused, p, &map, error))
        return error->code;
    if (!map)
        return STATUS_OK;
    struct fused_step *step = step_new(fused, &kind_move, p, node->inputs[0], FORM_BLOCKED);
    if (!step)
        return error_memory(error);
    step->output = node->outputs[0];
    step->map = map;
    *made = true;
    return step_makes(fused, step, step->output, FORM_BLOCKED, error);
}

/* Whether the step's only result is its first input under another shape. */
static bool is_view(const struct fused *fused, int p)
{
    const struct node *node = engine_node(&fused->engine, p);
    if (!(fused->engine.plan->steps[p].op->flags & OPERATOR_VIEW) ||
        value_is_constant(fused, node->inputs[0]))
        return false;
    return engine_is_view(&fused->engine, &fused->engine.plan->steps[p]);
}

status recognise_plain(struct fused *fused, int p, bool *made, struct error *error)
{
    const struct node *node = engine_node(&fused->engine, p);
    *made = true;
    for (int i = 0; i < node->input_count; i++)
        if (value_in_form(fused, node->inputs[i], FORM_PLAIN, error))
            return error->code;
    struct fused_step *step = step_new(fused, &kind_plain, p, node->inputs[0], FORM_PLAIN);
    if (!step)
        return error_memory(error);
    bool view = is_view(fused, p);
    for (int i = 0; i < node->output_count; i++) {
        int v = node->outputs[i];
        if (v == VALUE_NONE)
            continue;
        if (step->output == NOTHING)
            step->output = v;
        if (step_makes(fused, step, v, FORM_PLAIN, error))
            return error->code;
        if (view)
            fused->values[v].region[FORM_PLAIN] = fused->values[node->inputs[0]].region[FORM_PLAIN];
    }
    return STATUS_OK;
}
