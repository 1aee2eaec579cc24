/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear layers on rows of tokens: y = x W + b + residual, by one product of OpenBLAS that begins with what
 * is added. */
#include "nn/fused/recognise_internal.h"

#include "base/memory.h"
#include "base/status.h"
#include "nn/blocked/token.h"
#include "nn/execution/execution.h"
#include "nn/fused/internal.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/matrix.h"

/* --- recognising ---------------------------------------------------------------------------------------- */

static const struct shape *shape_at(const struct fused *fused, int value)
{
    return &fused->engine.values[value].shape;
}

/* A constant vector with a number per channel, and no other dimension in front of it. */
static bool is_row(const struct fused *fused, int value, int64_t channels)
{
    return value_is_constant(fused, value) && value >= 0 && shape_at(fused, value)->rank == 1 &&
           shape_at(fused, value)->dim[0] == channels && fused->engine.values[value].type == ELEMENT_FLOAT;
}

/* A Gemm that is nothing but A B + C, with the weights stored either way. */
static bool gemm_fits(const struct node *node)
{
    return node_real(node, "alpha", 1) == 1 && node_real(node, "beta", 1) == 1 &&
           node_integer(node, "transA", 0) == 0;
}

static bool product_fits(const struct fused *fused, int p, struct fused_token *token)
{
    const struct node *node = engine_node(&fused->engine, p);
    const bool gemm = plan_step_is(fused, p, "Gemm");
    if (!(gemm && gemm_fits(node)) && !plan_step_is(fused, p, "MatMul"))
        return false;
    const struct shape *x = shape_at(fused, node->inputs[0]), *w = shape_at(fused, node->inputs[1]);
    if (value_is_constant(fused, node->inputs[0]) || !value_is_constant(fused, node->inputs[1]) ||
        x->rank < 2 || w->rank != 2)
        return false;
    token->turned = gemm && node_integer(node, "transB", 0) != 0;
    token->length = x->dim[x->rank - 1];
    token->channels = w->dim[!token->turned];
    token->rows = shape_elements(x) / token->length;
    token->weight = (struct constant_operand){p, 1};
    token->shift = (struct constant_operand){NOTHING, 0};
    if (gemm && node->input_count > 2 && node->inputs[2] != VALUE_NONE) {
        if (!is_row(fused, node->inputs[2], token->channels))
            return false;
        token->shift = (struct constant_operand){p, 2};
    }
    return token->rows > 0 && matrix_fits(token->rows, token->channels, token->length);
}

/* The bias that a MatMul gets from an Add, and the residual; both only where nobody looks between. Returns
 * the layer's output. */
static int take_sums(const struct fused *fused, int p, struct fused_token *token, int taken[3], int *count)
{
    int at = engine_node(&fused->engine, p)->outputs[0], next = sole_user(fused, at);
    taken[(*count)++] = p;
    if (token->shift.plan_step == NOTHING && plan_step_is(fused, next, "Add") && !fused->absorbed[next] &&
        is_row(fused, other_operand(fused, next, at), token->channels)) {
        const struct node *add = engine_node(&fused->engine, next);
        token->shift = (struct constant_operand){next, add->inputs[0] == at};
        taken[(*count)++] = next;
        at = add->outputs[0];
        next = sole_user(fused, at);
    }
    token->other = NOTHING;
    if (!plan_step_is(fused, next, "Add") || fused->absorbed[next])
        return at;
    const int other = other_operand(fused, next, at);
    if (value_is_constant(fused, other) || !value_has_form(fused, other, FORM_PLAIN) ||
        !shape_equal(shape_at(fused, other), shape_at(fused, at)))
        return at;
    token->other = other;
    taken[(*count)++] = next;
    return engine_node(&fused->engine, next)->outputs[0];
}

status recognise_linear(struct fused *fused, int p, bool *made, struct error *error)
{
    struct fused_token draft = {0};
    int taken[3], count = 0;
    if (!product_fits(fused, p, &draft))
        return STATUS_OK;
    *made = true;
    const int input = engine_node(&fused->engine, p)->inputs[0];
    const int output = take_sums(fused, p, &draft, taken, &count);
    struct fused_token *token = arena_alloc(fused->engine.arena, 1, sizeof *token);
    if (!token)
        return error_memory(error);
    *token = draft;
    if (value_in_form(fused, input, FORM_PLAIN, error))
        return error->code;
    struct fused_step *step = step_new(fused, &kind_linear, NOTHING, input, FORM_PLAIN);
    if (!step)
        return error_memory(error);
    step->token = token;
    step->output = output;
    for (int i = 0; i < count; i++)
        step_absorb(fused, taken[i], step->index);
    return step_makes(fused, step, output, FORM_PLAIN, error);
}

/* --- running -------------------------------------------------------------------------------------------- */

static void linear_forward(struct fused *fused, const struct fused_step *step)
{
    const struct fused_token *token = step->token;
    const int64_t rows = token->rows, in = token->length, out = token->channels;
    const float *bias = constant_data(fused, &token->shift),
                *more = value_data(fused, token->other, FORM_PLAIN);
    float *y = value_data(fused, step->output, FORM_PLAIN);
    if (bias)
        fused->kernels->token->spread((size_t)rows, (size_t)out, bias, more, y);
    else if (more)
        fused->kernels->token->give((size_t)(rows * out), more, y, false);
    matrix_multiply_float(false, token->turned, rows, out, in, 1, value_data(fused, step->input, FORM_PLAIN),
                          in, constant_data(fused, &token->weight), token->turned ? in : out,
                          bias || more ? 1 : 0, y, out);
}

static float *constant_gradient(const struct fused *fused, const struct constant_operand *operand)
{
    return operand->plan_step == NOTHING
               ? NULL
               : fused->engine.steps[operand->plan_step].call.input_gradients[operand->input].data;
}

static bool constant_is_wanted(const struct fused *fused, const struct constant_operand *operand)
{
    return operand->plan_step != NOTHING &&
           value_is_wanted(fused, engine_node(&fused->engine, operand->plan_step)->inputs[operand->input]);
}

static status linear_plan_backward(struct fused *fused, struct fused_step *step, struct error *error)
{
    struct fused_token *token = step->token;
    const int arriving = fused->values[step->output].gradient[FORM_PLAIN];
    const bool to_input = fused->values[step->input].exists,
               to_other = token->other != NOTHING && fused->values[token->other].exists,
               weights = constant_is_wanted(fused, &token->weight);
    if (arriving == NOTHING || !(to_input || to_other || weights || constant_is_wanted(fused, &token->shift)))
        return STATUS_OK;
    step->backward = true;
    region_use(fused, arriving, backward_time(fused, step));
    if (weights)
        value_use(fused, step->input, FORM_PLAIN, backward_time(fused, step));
    token->inherits = to_other && gradient_inherit(fused, step, token->other);
    if (to_other && !token->inherits &&
        gradient_open(fused, step, token->other, FORM_PLAIN, &token->other_add, error))
        return error->code;
    return to_input ? gradient_open(fused, step, step->input, FORM_PLAIN, &step->add, error) : STATUS_OK;
}

/* dx = dy W', dW += x' dy, db += sums of dy; the residual's is dy. */
static void linear_backward(struct fused *fused, const struct fused_step *step)
{
    const struct fused_token *token = step->token;
    const int64_t rows = token->rows, in = token->length, out = token->channels;
    const float *x = value_data(fused, step->input, FORM_PLAIN),
                *dy = value_gradient(fused, step->output, FORM_PLAIN);
    float *dw = constant_gradient(fused, &token->weight), *db = constant_gradient(fused, &token->shift);
    if (dw && token->turned)
        matrix_multiply_float(true, false, out, in, rows, 1, dy, out, x, in, 1, dw, in);
    else if (dw)
        matrix_multiply_float(true, false, in, out, rows, 1, x, in, dy, out, 1, dw, out);
    if (db)
        fused->kernels->token->columns((size_t)rows, (size_t)out, dy, db);
    if (fused->values[step->input].exists)
        matrix_multiply_float(false, !token->turned, rows, in, out, 1, dy, out,
                              constant_data(fused, &token->weight), token->turned ? in : out,
                              step->add ? 1 : 0, value_gradient(fused, step->input, FORM_PLAIN), in);
    if (token->other != NOTHING && fused->values[token->other].exists && !token->inherits)
        fused->kernels->token->give((size_t)(rows * out), dy, value_gradient(fused, token->other, FORM_PLAIN),
                                    token->other_add);
}

const struct fused_kind kind_linear = {linear_forward, linear_plan_backward, linear_backward};
