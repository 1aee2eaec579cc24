/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/fused/token_view.h"

#include <string.h>

#include "nn/execution/execution.h"
#include "nn/fused/recognise_internal.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/movement.h"

static const struct shape *shape_at(const struct fused *fused, int value)
{
    return &fused->engine.values[value].shape;
}

struct view view_of(const struct fused *fused, int value)
{
    const struct shape *shape = shape_at(fused, value);
    struct view view = {.base = value, .factor = 1, .rank = shape->rank};
    int64_t stride = 1;
    for (int d = shape->rank - 1; d >= 0; d--) {
        view.atoms[d] = 1;
        view.atom[d] = (struct atom){shape->dim[d], stride};
        stride *= shape->dim[d];
    }
    view.atom_count = shape->rank;
    return view;
}

static int first_atom(const struct view *view, int d)
{
    int first = 0;
    for (int i = 0; i < d; i++)
        first += view->atoms[i];
    return first;
}

bool view_atom(const struct view *view, int d, struct atom *atom)
{
    int found = 0;
    *atom = (struct atom){1, 0};
    for (int i = first_atom(view, d), end = i + view->atoms[d]; i < end; i++)
        if (view->atom[i].count != 1) {
            *atom = view->atom[i];
            found++;
        }
    return found <= 1;
}

int64_t view_at(const struct view *view, int d, int64_t index)
{
    const int first = first_atom(view, d);
    int64_t at = 0;
    for (int i = first + view->atoms[d] - 1; i >= first; i--) {
        at += index % view->atom[i].count * view->atom[i].stride;
        index /= view->atom[i].count;
    }
    return at;
}

/* --- the same elements under another shape -------------------------------------------------------------- */

static bool add_atom(struct view *view, int64_t count, int64_t stride)
{
    if (view->atom_count >= ATOMS_MOST)
        return false;
    view->atom[view->atom_count++] = (struct atom){count, stride};
    return true;
}

/* The innermost dimension takes the innermost atoms, and a part of one where it must. */
static bool reshape(struct view *view, const struct shape *shape)
{
    struct view turned = {.rank = shape->rank}; /* atoms from the innermost on */
    int from = view->atom_count - 1;
    struct atom left = from >= 0 ? view->atom[from] : (struct atom){1, 0};
    for (int d = shape->rank - 1; d >= 0; d--) {
        int64_t wanted = shape->dim[d];
        const int before = turned.atom_count;
        while (wanted > 1) {
            while (left.count == 1 && from > 0)
                left = view->atom[--from];
            const int64_t taken = left.count < wanted ? left.count : wanted;
            if (taken < 2 || left.count % taken != 0 || wanted % taken != 0 ||
                !add_atom(&turned, taken, left.stride))
                return false;
            left = (struct atom){left.count / taken, left.stride * taken};
            wanted /= taken;
        }
        if (turned.atom_count == before && !add_atom(&turned, 1, 0))
            return false;
        turned.atoms[d] = turned.atom_count - before;
    }
    view->rank = shape->rank;
    memcpy(view->atoms, turned.atoms, sizeof view->atoms);
    view->atom_count = turned.atom_count;
    for (int i = 0; i < turned.atom_count; i++)
        view->atom[i] = turned.atom[turned.atom_count - 1 - i];
    return true;
}

/* --- what steps do -------------------------------------------------------------------------------------- */

static bool transpose(const struct fused *fused, int p, struct view *view)
{
    const struct attribute *perm = node_attribute(engine_node(&fused->engine, p), "perm");
    const struct view from = *view;
    view->atom_count = 0;
    for (int d = 0; d < from.rank; d++) {
        const int source = perm ? (int)perm->integers[d] : from.rank - 1 - d;
        for (int i = 0, first = first_atom(&from, source); i < from.atoms[source]; i++)
            view->atom[view->atom_count++] = from.atom[first + i];
        view->atoms[d] = from.atoms[source];
    }
    return true;
}

/* From `start` on along dimension d, in steps of one. */
static bool cut(struct view *view, int d, int64_t start, int64_t count)
{
    struct atom atom;
    if (!view_atom(view, d, &atom))
        return false;
    view->offset += start * atom.stride;
    for (int i = first_atom(view, d), end = i + view->atoms[d]; i < end; i++)
        if (view->atom[i].count != 1)
            view->atom[i].count = count;
    return true;
}

/* Whether a Slice goes in steps of one, or has none. */
static bool has_unit_steps(const struct fused *fused, const struct node *node)
{
    const int steps = node->input_count > 4 ? node->inputs[4] : VALUE_NONE;
    if (steps == VALUE_NONE)
        return true;
    const struct operand *operand = &fused->engine.values[steps];
    if (!value_is_constant(fused, steps) || operand->type != ELEMENT_INT64 || !operand->data)
        return false;
    for (int64_t i = 0; i < shape_elements(&operand->shape); i++)
        if (((const int64_t *)operand->data)[i] != 1)
            return false;
    return true;
}

/* A Slice or a part of a Split: where it begins is in the operator's own plan. */
static bool slice(const struct fused *fused, int p, int output, struct view *view)
{
    const struct node *node = engine_node(&fused->engine, p);
    const struct movement *movement = fused->engine.plan->steps[p].plan;
    const struct shape *in = shape_at(fused, node->inputs[0]), *out = shape_at(fused, node->outputs[output]);
    if (output >= movement->count || movement->copies[output].output != output ||
        !has_unit_steps(fused, node))
        return false;
    int64_t stride = shape_elements(in);
    for (int d = 0; d < in->rank; d++) {
        stride /= in->dim[d];
        const int64_t start = movement->copies[output].input_offset / stride % in->dim[d];
        if (out->dim[d] != in->dim[d] && !cut(view, d, start, out->dim[d]))
            return false;
    }
    return true;
}

static bool scale(const struct fused *fused, int p, struct view *view)
{
    const struct node *node = engine_node(&fused->engine, p);
    const bool quotient = plan_step_is(fused, p, "Div");
    const int number = value_is_constant(fused, node->inputs[1]) ? 1 : 0;
    const struct operand *operand = &fused->engine.values[node->inputs[number]];
    if ((quotient && number == 0) || !value_is_constant(fused, node->inputs[number]) || !operand->data ||
        shape_elements(&operand->shape) != 1 || value_is_wanted(fused, node->inputs[number]) ||
        operand->type != ELEMENT_FLOAT || operand->shape.rank > view->rank)
        return false;
    const double factor = (double)*(const float *)operand->data;
    if (factor == 0)
        return false;
    view->factor = quotient ? view->factor / factor : view->factor * factor;
    return true;
}

bool view_follow(const struct fused *fused, int p, int output, struct view *view)
{
    const struct view before = *view;
    const struct node *node = engine_node(&fused->engine, p);
    bool is_view = false;
    if (plan_step_is(fused, p, "Transpose"))
        is_view = transpose(fused, p, view);
    else if (plan_step_is(fused, p, "Slice") || plan_step_is(fused, p, "Split"))
        is_view = slice(fused, p, output, view);
    else if (plan_step_is(fused, p, "Mul") || plan_step_is(fused, p, "Div"))
        is_view = scale(fused, p, view);
    else if (engine_is_view(&fused->engine, &fused->engine.plan->steps[p]))
        is_view = reshape(view, shape_at(fused, node->outputs[0]));
    if (!is_view)
        *view = before;
    return is_view;
}

struct view view_trace(const struct fused *fused, const int *producer, int value)
{
    enum { STEPS_MOST = 16 };
    int chain[STEPS_MOST], made[STEPS_MOST], count = 0, at = value;
    while (count < STEPS_MOST && producer[at] != NOTHING && !fused->values[at].pinned) {
        const int p = producer[at];
        const struct node *node = engine_node(&fused->engine, p);
        const int input = value_is_constant(fused, node->inputs[0]) && node->input_count > 1
                              ? node->inputs[1]
                              : node->inputs[0];
        struct view probe = view_of(fused, input);
        int output = 0;
        while (node->outputs[output] != at)
            output++;
        if (value_is_constant(fused, input) || !view_follow(fused, p, output, &probe))
            break;
        chain[count] = p;
        made[count++] = output;
        at = input;
    }
    struct view view = view_of(fused, at);
    for (int i = count - 1; i >= 0; i--)
        if (!view_follow(fused, chain[i], made[i], &view))
            return view_of(fused, value);
    return view;
}
