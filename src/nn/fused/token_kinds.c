/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps on rows of tokens but the products: LayerNorm, GELU, softmax, sums, and the way between rows and
 * blocks. Their gradients are written, or added where one is there: nothing is zeroed before. */
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/blocked/token.h"
#include "nn/execution/execution.h"
#include "nn/fused/internal.h"
#include "nn/graph/tensor.h"

const float *constant_data(const struct fused *fused, const struct constant_operand *operand)
{
    return operand->plan_step == NOTHING
               ? NULL
               : fused->engine.steps[operand->plan_step].inputs[operand->input].data;
}

bool gradient_inherit(struct fused *fused, const struct fused_step *step, int value)
{
    struct fused_value *v = &fused->values[value];
    const struct fused_value *out = &fused->values[step->output];
    if (v->gradient[FORM_PLAIN] != NOTHING || v->pinned || out->pinned ||
        step->output == fused->engine.output)
        return false;
    v->gradient[FORM_PLAIN] = out->gradient[FORM_PLAIN];
    return true;
}

static size_t elements(const struct fused *fused, int value, enum form form)
{
    return form == FORM_PLAIN ? (size_t)shape_elements(&fused->engine.values[value].shape)
                              : (size_t)fused->images * value_image_floats(&fused->values[value]);
}

/* The gradient of the input from that of the output in form `to`; `kept` is read as well. */
static status plan_simple(struct fused *fused, struct fused_step *step, enum form to, int kept,
                          struct error *error)
{
    const int arriving = fused->values[step->output].gradient[to];
    if (arriving == NOTHING || !fused->values[step->input].exists)
        return STATUS_OK;
    step->backward = true;
    region_use(fused, arriving, backward_time(fused, step));
    value_use(fused, kept, step->from, backward_time(fused, step));
    return gradient_open(fused, step, step->input, step->from, &step->add, error);
}

static status plan_from_input(struct fused *fused, struct fused_step *step, struct error *error)
{
    return plan_simple(fused, step, step->from, step->input, error);
}

static status plan_from_output(struct fused *fused, struct fused_step *step, struct error *error)
{
    return plan_simple(fused, step, step->from, step->output, error);
}

/* --- LayerNorm ------------------------------------------------------------------------------------------ */

static struct token_norm norm_of(const struct fused *fused, const struct fused_step *step)
{
    const struct fused_token *token = step->token;
    return (struct token_norm){.rows = (size_t)token->rows,
                               .length = (size_t)token->length,
                               .epsilon = token->epsilon,
                               .scale = constant_data(fused, &token->scale),
                               .shift = constant_data(fused, &token->shift)};
}

static void norm_forward(struct fused *fused, const struct fused_step *step)
{
    const struct token_norm norm = norm_of(fused, step);
    fused->kernels->token->norm_forward(&norm, value_data(fused, step->input, FORM_PLAIN),
                                        value_data(fused, step->output, FORM_PLAIN));
}

static void norm_backward(struct fused *fused, const struct fused_step *step)
{
    const struct token_norm norm = norm_of(fused, step);
    fused->kernels->token->norm_backward(&norm, value_data(fused, step->input, FORM_PLAIN),
                                         value_gradient(fused, step->output, FORM_PLAIN),
                                         value_gradient(fused, step->input, FORM_PLAIN), step->add);
}

const struct fused_kind kind_norm = {norm_forward, plan_from_input, norm_backward};

/* --- GELU ----------------------------------------------------------------------------------------------- */

static void gelu_forward(struct fused *fused, const struct fused_step *step)
{
    fused->kernels->token->gelu_forward(elements(fused, step->input, step->from), step->token->tanh,
                                        value_data(fused, step->input, step->from),
                                        value_data(fused, step->output, step->from));
}

static void gelu_backward(struct fused *fused, const struct fused_step *step)
{
    fused->kernels->token->gelu_backward(elements(fused, step->input, step->from), step->token->tanh,
                                         value_data(fused, step->input, step->from),
                                         value_gradient(fused, step->output, step->from),
                                         value_gradient(fused, step->input, step->from), step->add);
}

const struct fused_kind kind_gelu = {gelu_forward, plan_from_input, gelu_backward};

/* --- softmax -------------------------------------------------------------------------------------------- */

static void softmax_forward(struct fused *fused, const struct fused_step *step)
{
    fused->kernels->token->softmax_forward((size_t)step->token->rows, (size_t)step->token->length,
                                           value_data(fused, step->input, FORM_PLAIN),
                                           value_data(fused, step->output, FORM_PLAIN));
}

static void softmax_backward(struct fused *fused, const struct fused_step *step)
{
    fused->kernels->token->softmax_backward((size_t)step->token->rows, (size_t)step->token->length,
                                            value_data(fused, step->output, FORM_PLAIN),
                                            value_gradient(fused, step->output, FORM_PLAIN),
                                            value_gradient(fused, step->input, FORM_PLAIN), step->add);
}

const struct fused_kind kind_softmax = {softmax_forward, plan_from_output, softmax_backward};

/* --- sums ----------------------------------------------------------------------------------------------- */

static void sum_forward(struct fused *fused, const struct fused_step *step)
{
    fused->kernels->token->sum(
        elements(fused, step->output, FORM_PLAIN), value_data(fused, step->input, FORM_PLAIN),
        value_data(fused, step->token->other, FORM_PLAIN), value_data(fused, step->output, FORM_PLAIN));
}

/* One of the two may have the gradient that arrives as it is; the other gets a copy of it before. */
static status sum_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    struct fused_token *token = step->token;
    const int arriving = fused->values[step->output].gradient[FORM_PLAIN];
    const bool first = fused->values[step->input].exists, second = fused->values[token->other].exists;
    if (arriving == NOTHING || !(first || second))
        return STATUS_OK;
    step->backward = true;
    region_use(fused, arriving, backward_time(fused, step));
    token->inherits = first && gradient_inherit(fused, step, step->input);
    if (first && !token->inherits && gradient_open(fused, step, step->input, FORM_PLAIN, &step->add, error))
        return error->code;
    if (second)
        return gradient_open(fused, step, token->other, FORM_PLAIN, &token->other_add, error);
    return STATUS_OK;
}

static void sum_backward(struct fused *fused, const struct fused_step *step)
{
    const struct fused_token *token = step->token;
    const size_t count = elements(fused, step->output, FORM_PLAIN);
    const float *from = value_gradient(fused, step->output, FORM_PLAIN);
    if (fused->values[token->other].exists)
        fused->kernels->token->give(count, from, value_gradient(fused, token->other, FORM_PLAIN),
                                    token->other_add);
    if (fused->values[step->input].exists && !token->inherits)
        fused->kernels->token->give(count, from, value_gradient(fused, step->input, FORM_PLAIN), step->add);
}

const struct fused_kind kind_sum = {sum_forward, sum_plan_backward, sum_backward};

/* --- between rows and blocks ---------------------------------------------------------------------------- */

static void from_blocks(const struct fused *fused, int value, const float *from, float *to, bool add)
{
    const struct fused_value *v = &fused->values[value];
    fused->kernels->token->from_blocks(fused->images, v->channels, value_positions(v), from, to, add);
}

static void to_blocks(const struct fused *fused, int value, const float *from, float *to, bool add)
{
    const struct fused_value *v = &fused->values[value];
    fused->kernels->token->to_blocks(fused->images, v->channels, value_positions(v), from, to, add);
}

static void to_rows_forward(struct fused *fused, const struct fused_step *step)
{
    from_blocks(fused, step->input, value_data(fused, step->input, FORM_BLOCKED),
                value_data(fused, step->output, FORM_PLAIN), false);
}

static status to_rows_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    return plan_simple(fused, step, FORM_PLAIN, NOTHING, error);
}

static void to_rows_backward(struct fused *fused, const struct fused_step *step)
{
    to_blocks(fused, step->input, value_gradient(fused, step->output, FORM_PLAIN),
              value_gradient(fused, step->input, FORM_BLOCKED), step->add);
}

const struct fused_kind kind_to_rows = {to_rows_forward, to_rows_plan_backward, to_rows_backward};

static void from_rows_forward(struct fused *fused, const struct fused_step *step)
{
    to_blocks(fused, step->output, value_data(fused, step->input, FORM_PLAIN),
              value_data(fused, step->output, FORM_BLOCKED), false);
}

static status from_rows_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    return plan_simple(fused, step, FORM_BLOCKED, NOTHING, error);
}

static void from_rows_backward(struct fused *fused, const struct fused_step *step)
{
    from_blocks(fused, step->output, value_gradient(fused, step->output, FORM_BLOCKED),
                value_gradient(fused, step->input, FORM_PLAIN), step->add);
}

const struct fused_kind kind_from_rows = {from_rows_forward, from_rows_plan_backward, from_rows_backward};
