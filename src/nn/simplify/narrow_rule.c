/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a part of an output follows from parts of the inputs, operator by operator. */
#include <string.h>

#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "nn/simplify/narrow_internal.h"

/* One node at one batch size. */
struct place {
    const struct plan *plan;
    const struct node *node;
    int input;
    const struct shape *from, *to; /* of the input, of the output */
};

typedef bool part_rule(const struct place *place, const struct part *out, struct part *in);

bool part_equal(const struct part *a, const struct part *b)
{
    return a->kind == b->kind && (a->kind != PART_SOME || (a->axis == b->axis && a->length == b->length &&
                                                           a->first == b->first && a->count == b->count));
}

/* The same places of another axis. */
static bool along(const struct part *out, int axis, struct part *in)
{
    *in = *out;
    in->axis = axis;
    return true;
}

static bool whole(struct part *in)
{
    *in = (struct part){.kind = PART_WHOLE};
    return true;
}

/* Axes stand in line from the last one on; an input that has one place for all gives it whole. */
static bool broadcast(const struct place *place, const struct part *out, struct part *in)
{
    const int axis = out->axis - (place->to->rank - place->from->rank);
    if (axis < 0 || place->from->dim[axis] == 1)
        return whole(in);
    return place->from->dim[axis] == place->to->dim[out->axis] && along(out, axis, in);
}

static bool normalised_from(const struct place *place, int64_t fallback, int *axis)
{
    return shape_axis(place->from->rank, node_integer(place->node, "axis", fallback), axis);
}

static bool layer_norm(const struct place *place, const struct part *out, struct part *in)
{
    int axis;
    if (place->input > 0)
        return whole(in);
    return normalised_from(place, -1, &axis) && out->axis < axis && along(out, out->axis, in);
}

/* In older files over all axes from one on. */
static bool softmax(const struct place *place, const struct part *out, struct part *in)
{
    const bool together = place->plan->graph->opset < 13;
    int axis;
    return normalised_from(place, together ? 1 : -1, &axis) &&
           (together ? out->axis < axis : out->axis != axis) && along(out, out->axis, in);
}

static bool matrix_product(const struct place *place, const struct part *out, struct part *in)
{
    const int rank = place->to->rank, rows = rank - 2;
    if (place->from->rank < 2 || rank < 2 || out->axis > rows)
        return false;
    if (out->axis < rows)
        return broadcast(place, out, in);
    return place->input == 0 ? along(out, place->from->rank - 2, in) : whole(in);
}

static bool general_product(const struct place *place, const struct part *out, struct part *in)
{
    if (out->axis != 0 || product_transposes(place->node, "transA"))
        return false;
    if (place->input == 0)
        return along(out, 0, in);
    return place->input == 1 ? whole(in) : broadcast(place, out, in);
}

static bool transpose(const struct place *place, const struct part *out, struct part *in)
{
    const struct attribute *perm = node_attribute(place->node, "perm");
    return along(out, perm ? (int)perm->integers[out->axis] : place->to->rank - 1 - out->axis, in);
}

/* The places begin an axis of the input, behind as many elements. */
static bool view(const struct place *place, const struct part *out, struct part *in)
{
    const struct shape *from = place->from;
    const int64_t before = shape_product(place->to, 0, out->axis);
    if (place->input > 0)
        return whole(in);
    for (int axis = 0; axis < from->rank; axis++)
        if (shape_product(from, 0, axis) == before && from->dim[axis] > 1)
            return from->dim[axis] % out->length == 0 && along(out, axis, in);
    return false;
}

static const struct {
    const char *op;
    part_rule *rule;
} rules[] = {
    {"MatMul", matrix_product},
    {"Gemm", general_product},
    {"Softmax", softmax},
    {"LogSoftmax", softmax},
    {"LayerNormalization", layer_norm},
    {"RMSNormalization", layer_norm},
    {"SimplifiedLayerNormalization", layer_norm},
    {"Transpose", transpose},
};

static part_rule *rule_of(const struct op *op)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(op->name, rules[i].op) == 0)
            return rules[i].rule;
    return op->flags & OPERATOR_ELEMENTWISE ? broadcast : op->flags & OPERATOR_VIEW ? view : NULL;
}

bool narrow_rule(const struct narrowing *narrowing, const struct node *node, int input,
                 const struct part *out, struct part *in)
{
    part_rule *rule = rule_of(node->op);
    struct part found[NARROW_BATCHES];
    if (!rule || node->output_count != 1)
        return false;
    for (int i = 0; i < NARROW_BATCHES; i++) {
        const struct plan *plan = narrowing->plans[i];
        const struct place place = {plan, node, input, &plan->values[node->inputs[input]].shape,
                                    &plan->values[node->outputs[0]].shape};
        if (!rule(&place, out, &found[i]))
            return false;
    }
    *in = found[0];
    return part_equal(&found[0], &found[1]) &&
           (in->kind == PART_WHOLE || !narrowing->plans[0]->constants[node->inputs[input]]);
}

/* --- where a part is taken ------------------------------------------------------------------------------ */

static const struct tensor *constant_input(const struct narrowing *narrowing, const struct node *node,
                                           int input)
{
    const int value = input < node->input_count ? node->inputs[input] : VALUE_NONE;
    return value == VALUE_NONE ? NULL : narrowing->plans[0]->constants[value];
}

/* One place, by a number that is known. */
static bool gather_takes(const struct narrowing *narrowing, const struct node *node, const struct shape *from,
                         struct part *taken)
{
    const struct tensor *index = constant_input(narrowing, node, 1);
    if (!index || shape_elements(&index->shape) != 1 ||
        !shape_axis(from->rank, node_integer(node, "axis", 0), &taken->axis))
        return false;
    taken->length = from->dim[taken->axis];
    taken->first = tensor_get_integer(index, 0);
    taken->first += taken->first < 0 ? taken->length : 0;
    taken->count = 1;
    return true;
}

/* The first places of one axis, one by one. */
static bool slice_takes(const struct narrowing *narrowing, const struct node *node, const struct shape *from,
                        struct part *taken)
{
    const struct shape *to = &narrowing->plans[0]->values[node->outputs[0]].shape;
    const struct tensor *starts = constant_input(narrowing, node, 1),
                        *ends = constant_input(narrowing, node, 2),
                        *axes = constant_input(narrowing, node, 3),
                        *steps = constant_input(narrowing, node, 4);
    if (!starts || !ends || !axes || shape_elements(&starts->shape) != 1 ||
        tensor_get_integer(starts, 0) != 0 || tensor_get_integer(ends, 0) < 0 ||
        (steps && tensor_get_integer(steps, 0) != 1) ||
        !shape_axis(from->rank, tensor_get_integer(axes, 0), &taken->axis))
        return false;
    taken->length = from->dim[taken->axis];
    taken->count = to->dim[taken->axis];
    return true;
}

static const struct taker {
    const char *op;
    bool (*takes)(const struct narrowing *narrowing, const struct node *node, const struct shape *from,
                  struct part *taken);
} takers[] = {{"Gather", gather_takes}, {"Slice", slice_takes}};

static const struct taker *taker_of(const struct op *op)
{
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
        if (strcmp(op->name, takers[i].op) == 0)
            return &takers[i];
    return NULL;
}

bool narrow_is_taker(const struct op *op)
{
    return taker_of(op) != NULL;
}

/* A few of many places, of an axis that the batch does not lengthen. */
bool narrow_taken(const struct narrowing *narrowing, const struct node *node, struct part *taken)
{
    const struct taker *taker = taker_of(node->op);
    *taken = (struct part){.kind = PART_SOME};
    if (!taker)
        return false;
    const struct shape *from = &narrowing->plans[0]->values[node->inputs[0]].shape,
                       *more = &narrowing->plans[1]->values[node->inputs[0]].shape;
    return taker->takes(narrowing, node, from, taken) && from->dim[taken->axis] == more->dim[taken->axis] &&
           taken->first >= 0 && taken->count > 0 && taken->first + taken->count <= taken->length &&
           2 * taken->count <= taken->length;
}
