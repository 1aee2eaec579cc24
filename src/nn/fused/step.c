/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What recognising asks of a plan step, and how it makes a fused one. */
#include "nn/fused/recognise_internal.h"

#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/execution/execution.h"
#include "nn/fused/internal.h"
#include "nn/graph/graph.h"
#include "nn/operator/operator.h"

bool plan_step_is(const struct fused *fused, int p, const char *name)
{
    return p >= 0 && strcmp(fused->engine.plan->steps[p].op->name, name) == 0;
}

bool value_is_constant(const struct fused *fused, int value)
{
    return value < 0 || fused->engine.plan->constants[value] != NULL;
}

bool value_is_wanted(const struct fused *fused, int value)
{
    return value >= 0 && fused->engine.value_gradients[value].data != NULL;
}

int sole_user(const struct fused *fused, int value)
{
    const struct fused_value *v = &fused->values[value];
    return v->uses == 1 && !v->pinned && !v->watched && value != fused->engine.output ? v->user : NOTHING;
}

int other_operand(const struct fused *fused, int p, int value)
{
    const struct node *node = engine_node(&fused->engine, p);
    return node->inputs[0] == value ? node->inputs[1] : node->inputs[0];
}

void step_absorb(struct fused *fused, int p, int step)
{
    fused->absorbed[p] = true;
    fused->step_of[p] = step;
}

struct fused_step *step_new(struct fused *fused, const struct fused_kind *kind, int plan_step, int input,
                            enum form from)
{
    if (!mem_grow(&fused->steps, &fused->step_capacity, (size_t)fused->step_count + 1, sizeof *fused->steps))
        return NULL;
    struct fused_step *step = &fused->steps[fused->step_count];
    *step = (struct fused_step){.kind = kind,
                                .index = fused->step_count,
                                .plan_step = plan_step,
                                .input = input,
                                .from = from,
                                .output = NOTHING,
                                .first_target = NOTHING,
                                .first_activated = NOTHING};
    fused->step_count++;
    if (plan_step != NOTHING)
        fused->step_of[plan_step] = step->index;
    return step;
}

status step_makes(struct fused *fused, const struct fused_step *step, int value, enum form form,
                  struct error *error)
{
    struct fused_value *v = &fused->values[value];
    if (v->producer == NOTHING) {
        v->producer = step->index;
        v->made = form;
    }
    v->region[form] = region_new(fused, value_bytes(fused, value, form));
    return v->region[form] == NOTHING ? error_memory(error) : STATUS_OK;
}

bool value_has_form(const struct fused *fused, int value, enum form form)
{
    return fused->values[value].region[form] != NOTHING;
}

bool value_is_made(const struct fused *fused, int value)
{
    return value_has_form(fused, value, FORM_PLAIN) || value_has_form(fused, value, FORM_BLOCKED);
}

status value_in_form(struct fused *fused, int value, enum form form, struct error *error)
{
    if (value_is_constant(fused, value) || value_has_form(fused, value, form))
        return STATUS_OK;
    struct fused_step *step = step_new(fused, &kind_convert, NOTHING, value, (enum form) !form);
    if (!step)
        return error_memory(error);
    step->output = value;
    return step_makes(fused, step, value, form, error);
}
