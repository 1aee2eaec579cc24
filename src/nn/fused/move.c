/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slice and Pad within each image, as a list that says where every number of a blocked output comes from. The
 * list is what the operator's own kernel makes of the numbers 1, 2, 3, ...: no second implementation. */
#include "nn/fused/internal.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/execution/execution.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

/* Lists beyond this would cost more than they save. */
static const int64_t MOST_ELEMENTS = INT64_C(1) << 22;

/* Offset within an image's blocks of element `index` of the image in the plain layout. */
static int32_t blocked_offset(const struct fused_value *v, int64_t index)
{
    const int64_t positions = value_positions(v), channel = index / positions, at = index % positions;
    return (int32_t)((channel / LANES * positions + at) * LANES + channel % LANES);
}

/* Whether every image is made of itself alone, and all in the same way. */
static bool fill_map(const struct fused *fused, const struct fused_value *in, const struct fused_value *out,
                     const int64_t *sources, int32_t *map)
{
    const int64_t from = (int64_t)in->channels * value_positions(in),
                  to = (int64_t)out->channels * value_positions(out);
    for (size_t i = 0; i < value_image_floats(out); i++)
        map[i] = -1;
    for (int64_t i = 0; i < to; i++) {
        if (sources[i] > from)
            return false;
        if (sources[i] > 0)
            map[blocked_offset(out, i)] = blocked_offset(in, sources[i] - 1);
        for (int64_t n = 1; n < fused->images; n++)
            if (sources[n * to + i] != (sources[i] > 0 ? sources[i] + n * from : 0))
                return false;
    }
    return true;
}

/* Run the plan step's kernel on numbers. */
static void run_on_numbers(const struct fused *fused, int plan_step, int64_t *numbers, int64_t *sources)
{
    const struct engine *engine = &fused->engine;
    const struct step *step = &engine->plan->steps[plan_step];
    const struct node *node = &engine->plan->graph->nodes[step->node];
    const struct operand in = {ELEMENT_INT64, engine->values[node->inputs[0]].shape, numbers};
    const struct operand out = {ELEMENT_INT64, engine->values[node->outputs[0]].shape, sources};
    const struct kernel_call call = {
        .plan = step->plan, .inputs = &in, .outputs = &out, .input_count = 1, .output_count = 1};
    step->op->kernels[ELEMENT_INT64].forward(&call);
}

status move_map(const struct fused *fused, int plan_step, int32_t **map, struct error *error)
{
    const struct engine *engine = &fused->engine;
    const struct node *node = engine_node(engine, plan_step);
    const struct fused_value *in = &fused->values[node->inputs[0]], *out = &fused->values[node->outputs[0]];
    const int64_t read = shape_elements(&engine->values[node->inputs[0]].shape),
                  made = shape_elements(&engine->values[node->outputs[0]].shape);
    *map = NULL;
    if (read > MOST_ELEMENTS || made > MOST_ELEMENTS)
        return STATUS_OK;
    int64_t *numbers = mem_new((size_t)read, sizeof *numbers);
    int64_t *sources = mem_new((size_t)made, sizeof *sources);
    int32_t *list = arena_alloc(engine->arena, value_image_floats(out), sizeof *list);
    if (numbers && sources && list) {
        for (int64_t i = 0; i < read; i++)
            numbers[i] = i + 1;
        run_on_numbers(fused, plan_step, numbers, sources);
        if (fill_map(fused, in, out, sources, list))
            *map = list;
    } else {
        error_memory(error);
    }
    bool complete = numbers && sources && list;
    mem_free(numbers);
    mem_free(sources);
    return complete ? STATUS_OK : STATUS_MEMORY;
}

static void move_forward(struct fused *fused, const struct fused_step *step)
{
    const size_t from = value_image_floats(&fused->values[step->input]),
                 to = value_image_floats(&fused->values[step->output]);
    const float *in = value_data(fused, step->input, FORM_BLOCKED);
    float *out = value_data(fused, step->output, FORM_BLOCKED);
    for (int n = 0; n < fused->images; n++, in += from, out += to)
        for (size_t i = 0; i < to; i++)
            out[i] = step->map[i] < 0 ? 0 : in[step->map[i]];
}

static status move_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    int gradient = fused->values[step->output].gradient[FORM_BLOCKED];
    if (gradient == NOTHING || !fused->values[step->input].exists)
        return STATUS_OK;
    step->backward = true;
    region_use(fused, gradient, backward_time(fused, step));
    return gradient_open(fused, step, step->input, FORM_BLOCKED, &step->add, error);
}

static void move_backward(struct fused *fused, const struct fused_step *step)
{
    const size_t from = value_image_floats(&fused->values[step->input]),
                 to = value_image_floats(&fused->values[step->output]);
    float *in = value_gradient(fused, step->input, FORM_BLOCKED);
    const float *out = value_gradient(fused, step->output, FORM_BLOCKED);
    if (!step->add)
        memset(in, 0, (size_t)fused->images * from * sizeof *in);
    for (int n = 0; n < fused->images; n++, in += from, out += to)
        for (size_t i = 0; i < to; i++)
            if (step->map[i] >= 0)
                in[step->map[i]] += out[i];
}

const struct fused_kind kind_move = {move_forward, move_plan_backward, move_backward};
