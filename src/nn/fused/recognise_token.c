/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the steps of a plan to steps on rows of tokens: LayerNorm and GELU as operators or as exporters write
 * them out, softmax, sums, and transpositions between images and rows. */
#include "nn/fused/recognise_internal.h"

#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/execution/execution.h"
#include "nn/fused/internal.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"

enum { PARTS_MOST = 9 };

/* What a step takes in, in a list that is absorbed once the step is there. */
struct token_draft {
    struct fused_token token;
    int input, output; /* values */
    int taken[PARTS_MOST], taken_count;
};

static struct token_draft empty_draft(int input)
{
    const struct constant_operand none = {NOTHING, 0};
    return (struct token_draft){.input = input,
                                .token = {.weight = none, .scale = none, .shift = none, .other = NOTHING}};
}

static int take(const struct fused *fused, struct token_draft *draft, int p)
{
    draft->taken[draft->taken_count++] = p;
    draft->output = engine_node(&fused->engine, p)->outputs[0];
    return draft->output;
}

static status make_step(struct fused *fused, const struct token_draft *draft, const struct fused_kind *kind,
                        enum form from, enum form to, struct error *error)
{
    struct fused_token *token = arena_alloc(fused->engine.arena, 1, sizeof *token);
    if (!token)
        return error_memory(error);
    *token = draft->token;
    if (value_in_form(fused, draft->input, from, error) ||
        (token->other != NOTHING && value_in_form(fused, token->other, from, error)))
        return error->code;
    struct fused_step *step = step_new(fused, kind, NOTHING, draft->input, from);
    if (!step)
        return error_memory(error);
    step->token = token;
    step->output = draft->output;
    for (int i = 0; i < draft->taken_count; i++)
        step_absorb(fused, draft->taken[i], step->index);
    return step_makes(fused, step, step->output, to, error);
}

static const struct operand *operand_at(const struct fused *fused, int value)
{
    return &fused->engine.values[value];
}

static bool is_float(const struct fused *fused, int value)
{
    return !value_is_constant(fused, value) && operand_at(fused, value)->type == ELEMENT_FLOAT;
}

/* A constant of one number. */
static bool is_number(const struct fused *fused, int value, double *number)
{
    if (value < 0 || !value_is_constant(fused, value) || operand_at(fused, value)->type != ELEMENT_FLOAT ||
        shape_elements(&operand_at(fused, value)->shape) != 1 || !operand_at(fused, value)->data)
        return false;
    *number = (double)*(const float *)operand_at(fused, value)->data;
    return true;
}

static bool is_about(double number, double wanted)
{
    return fabs(number - wanted) <= 1e-6 * fabs(wanted);
}

/* Whether p combines `value` with a constant number, behind it or (where `either`) in front. */
static bool with_number(const struct fused *fused, int p, const char *name, int value, bool either,
                        double *number)
{
    if (!plan_step_is(fused, p, name) || fused->absorbed[p])
        return false;
    const struct node *node = engine_node(&fused->engine, p);
    return (node->inputs[0] == value || either) && is_number(fused, other_operand(fused, p, value), number);
}

/* Nobody but `uses` steps of the plan looks at a value. */
static bool is_hidden(const struct fused *fused, int value, int uses)
{
    const struct fused_value *v = &fused->values[value];
    return v->uses == uses && !v->pinned && !v->watched && value != fused->engine.output;
}

/* --- LayerNorm ------------------------------------------------------------------------------------------ */

/* Whether `mean` is a value's mean over its last axis, which stays. */
static bool is_row_mean(const struct fused *fused, int p, int value)
{
    if (!plan_step_is(fused, p, "ReduceMean") || fused->absorbed[p])
        return false;
    const struct node *node = engine_node(&fused->engine, p);
    struct shape shape = operand_at(fused, value)->shape;
    if (node->inputs[0] != value || shape.rank < 2 || shape.dim[shape.rank - 1] < 2)
        return false;
    shape.dim[shape.rank - 1] = 1;
    return shape_equal(&shape, &operand_at(fused, node->outputs[0])->shape);
}

/* A vector per row, constant and not learnt. */
static bool is_parameter(const struct fused *fused, int value, int64_t length)
{
    return value >= 0 && value_is_constant(fused, value) && !value_is_wanted(fused, value) &&
           operand_at(fused, value)->type == ELEMENT_FLOAT && operand_at(fused, value)->shape.rank == 1 &&
           operand_at(fused, value)->shape.dim[0] == length;
}

/* The parameter that step p joins to `value`: scale by Mul, shift by Add. */
static bool take_parameter(const struct fused *fused, struct token_draft *draft, const char *name,
                           struct constant_operand *parameter)
{
    const int value = draft->output, p = sole_user(fused, value);
    if (!plan_step_is(fused, p, name) || fused->absorbed[p] ||
        !is_parameter(fused, other_operand(fused, p, value), draft->token.length))
        return false;
    *parameter = (struct constant_operand){p, engine_node(&fused->engine, p)->inputs[0] == value};
    take(fused, draft, p);
    return true;
}

/* The square of d between plan steps `first` and `end`, d d or d^2. */
static int find_square(const struct fused *fused, int d, int first, int end)
{
    for (int p = first; p < end; p++) {
        const struct node *node = engine_node(&fused->engine, p);
        double power;
        if (with_number(fused, p, "Pow", d, false, &power) && power == 2)
            return p;
        if (plan_step_is(fused, p, "Mul") && node->inputs[0] == d && node->inputs[1] == d)
            return p;
    }
    return NOTHING;
}

/* From the differences d = x - mean on: mean of squares, + epsilon, square root, d / that. */
static bool take_quotient(const struct fused *fused, struct token_draft *draft, int d)
{
    double epsilon;
    const int end = fused->values[d].user;
    const int square = find_square(fused, d, draft->taken[1] + 1, end);
    if (square == NOTHING || !is_hidden(fused, d, plan_step_is(fused, square, "Pow") ? 2 : 3))
        return false;
    int at = take(fused, draft, square), next = sole_user(fused, at);
    if (!is_row_mean(fused, next, at))
        return false;
    at = take(fused, draft, next);
    next = sole_user(fused, at);
    if (!with_number(fused, next, "Add", at, true, &epsilon))
        return false;
    at = take(fused, draft, next);
    next = sole_user(fused, at);
    if (!plan_step_is(fused, next, "Sqrt"))
        return false;
    at = take(fused, draft, next);
    next = sole_user(fused, at);
    if (next != end || !plan_step_is(fused, next, "Div") || engine_node(&fused->engine, next)->inputs[0] != d)
        return false;
    take(fused, draft, next);
    draft->token.epsilon = (float)epsilon;
    return true;
}

static bool take_written_norm(const struct fused *fused, struct token_draft *draft, int p)
{
    if (!is_row_mean(fused, p, draft->input))
        return false;
    const int mean = take(fused, draft, p), sub = sole_user(fused, mean);
    if (!plan_step_is(fused, sub, "Sub"))
        return false;
    const struct node *node = engine_node(&fused->engine, sub);
    if (node->inputs[0] != draft->input || node->inputs[1] != mean ||
        !take_quotient(fused, draft, take(fused, draft, sub)))
        return false;
    if (take_parameter(fused, draft, "Mul", &draft->token.scale))
        take_parameter(fused, draft, "Add", &draft->token.shift);
    return true;
}

/* The operator, over the last axis, with scale and perhaps shift. */
static bool take_norm(const struct fused *fused, struct token_draft *draft, int p)
{
    const struct node *node = engine_node(&fused->engine, p);
    const int rank = operand_at(fused, draft->input)->shape.rank;
    const int64_t axis = node_integer(node, "axis", -1);
    if (!plan_step_is(fused, p, "LayerNormalization") || (axis != -1 && axis != rank - 1) ||
        !is_parameter(fused, node->inputs[1], draft->token.length))
        return false;
    for (int i = 1; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            return false;
    draft->token.scale = (struct constant_operand){p, 1};
    if (node->input_count > 2 && node->inputs[2] != VALUE_NONE) {
        if (!is_parameter(fused, node->inputs[2], draft->token.length))
            return false;
        draft->token.shift = (struct constant_operand){p, 2};
    }
    draft->token.epsilon = (float)node_real(node, "epsilon", 1e-5);
    take(fused, draft, p);
    return true;
}

status recognise_norm(struct fused *fused, int p, bool *made, struct error *error)
{
    const struct node *node = engine_node(&fused->engine, p);
    if (!plan_step_is(fused, p, "LayerNormalization") && !plan_step_is(fused, p, "ReduceMean"))
        return STATUS_OK;
    struct token_draft draft = empty_draft(node->inputs[0]);
    if (!is_float(fused, draft.input) || operand_at(fused, draft.input)->shape.rank < 1)
        return STATUS_OK;
    const struct shape *shape = &operand_at(fused, draft.input)->shape;
    draft.token.length = shape->dim[shape->rank - 1];
    if (!take_norm(fused, &draft, p) && !take_written_norm(fused, &draft, p))
        return STATUS_OK;
    draft.token.rows = draft.token.length > 0 ? shape_elements(shape) / draft.token.length : 0;
    *made = true;
    return make_step(fused, &draft, &kind_norm, FORM_PLAIN, FORM_PLAIN, error);
}

/* --- GELU ----------------------------------------------------------------------------------------------- */

/* x (1 + erf(x / sqrt 2)) / 2, from the quotient on; the half comes last, or before to x. */
static bool take_written_gelu(const struct fused *fused, struct token_draft *draft, int p)
{
    double number;
    const int x = draft->input;
    if (!(with_number(fused, p, "Div", x, false, &number) && is_about(number, sqrt(2))) &&
        !(with_number(fused, p, "Mul", x, true, &number) && is_about(number, sqrt(0.5))))
        return false;
    int at = take(fused, draft, p), next = sole_user(fused, at);
    if (!plan_step_is(fused, next, "Erf"))
        return false;
    at = take(fused, draft, next);
    next = sole_user(fused, at);
    if (!with_number(fused, next, "Add", at, true, &number) || number != 1)
        return false;
    at = take(fused, draft, next);
    next = sole_user(fused, at);
    if (!plan_step_is(fused, next, "Mul") || other_operand(fused, next, at) != x)
        return false;
    at = take(fused, draft, next);
    next = sole_user(fused, at);
    if (!with_number(fused, next, "Mul", at, true, &number) || number != 0.5)
        return false;
    take(fused, draft, next);
    return true;
}

static bool take_gelu(const struct fused *fused, struct token_draft *draft, int p)
{
    if (!plan_step_is(fused, p, "Gelu"))
        return false;
    const char *form = node_string(engine_node(&fused->engine, p), "approximate", "none");
    draft->token.tanh = strcmp(form, "tanh") == 0;
    take(fused, draft, p);
    return true;
}

/* The variable one of the inputs of step p. */
static int variable_input(const struct fused *fused, int p)
{
    const struct node *node = engine_node(&fused->engine, p);
    return node->input_count > 1 && value_is_constant(fused, node->inputs[0]) ? node->inputs[1]
                                                                              : node->inputs[0];
}

status recognise_gelu(struct fused *fused, int p, bool *made, struct error *error)
{
    struct token_draft draft = empty_draft(variable_input(fused, p));
    if (draft.input < 0 || !is_float(fused, draft.input) ||
        (!take_gelu(fused, &draft, p) && !take_written_gelu(fused, &draft, p)))
        return STATUS_OK;
    const enum form form = value_has_form(fused, draft.input, FORM_PLAIN) ? FORM_PLAIN : FORM_BLOCKED;
    *made = true;
    return make_step(fused, &draft, &kind_gelu, form, form, error);
}

/* --- others --------------------------------------------------------------------------------------------- */

status recognise_softmax(struct fused *fused, int p, bool *made, struct error *error)
{
    const struct node *node = engine_node(&fused->engine, p);
    struct token_draft draft = empty_draft(node->inputs[0]);
    if (!plan_step_is(fused, p, "Softmax") || !is_float(fused, draft.input))
        return STATUS_OK;
    const struct shape *shape = &operand_at(fused, draft.input)->shape;
    const int64_t axis = node_integer(node, "axis", shape->rank);
    if (shape->rank < 1 || (axis != -1 && axis != shape->rank - 1) || shape->dim[shape->rank - 1] < 1)
        return STATUS_OK;
    draft.token.length = shape->dim[shape->rank - 1];
    draft.token.rows = shape_elements(shape) / draft.token.length;
    take(fused, &draft, p);
    *made = true;
    return make_step(fused, &draft, &kind_softmax, FORM_PLAIN, FORM_PLAIN, error);
}

status recognise_sum(struct fused *fused, int p, bool *made, struct error *error)
{
    const struct node *node = engine_node(&fused->engine, p);
    if (!plan_step_is(fused, p, "Add") || node->inputs[0] == node->inputs[1] ||
        !is_float(fused, node->inputs[0]) || !is_float(fused, node->inputs[1]) ||
        !shape_equal(&operand_at(fused, node->inputs[0])->shape, &operand_at(fused, node->inputs[1])->shape))
        return STATUS_OK;
    struct token_draft draft = empty_draft(node->inputs[0]);
    draft.token.other = node->inputs[1];
    take(fused, &draft, p);
    *made = true;
    return make_step(fused, &draft, &kind_sum, FORM_PLAIN, FORM_PLAIN, error);
}

static bool is_permutation(const struct node *node, const int64_t wanted[4])
{
    const struct attribute *perm = node_attribute(node, "perm");
    return perm && perm->kind == ATTRIBUTE_INTEGERS && perm->count == 4 &&
           memcmp(perm->integers, wanted, 4 * sizeof *wanted) == 0;
}

/* Of an image whose channels are blocked to rows of channels, or back. */
status recognise_turn(struct fused *fused, int p, bool *made, struct error *error)
{
    static const int64_t to_rows[] = {0, 2, 3, 1}, from_rows[] = {0, 3, 1, 2};
    const struct node *node = engine_node(&fused->engine, p);
    if (!plan_step_is(fused, p, "Transpose") || !is_float(fused, node->inputs[0]))
        return STATUS_OK;
    struct token_draft draft = empty_draft(node->inputs[0]);
    take(fused, &draft, p);
    if (is_permutation(node, to_rows) && value_has_form(fused, draft.input, FORM_BLOCKED)) {
        *made = true;
        return make_step(fused, &draft, &kind_to_rows, FORM_BLOCKED, FORM_PLAIN, error);
    }
    if (is_permutation(node, from_rows) && fused->values[draft.output].fits &&
        draft.output != fused->engine.output) {
        *made = true;
        return make_step(fused, &draft, &kind_from_rows, FORM_PLAIN, FORM_BLOCKED, error);
    }
    return STATUS_OK;
}
