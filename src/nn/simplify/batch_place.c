/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an operator's outputs hold the images of a batch: the rules. */
#include "nn/simplify/batch_place_internal.h"
#include <string.h>
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

const struct batch_place batch_everywhere = {.axis = -1, .outer = 1, .inner = 1};

const struct shape *batch_shape(const struct batch_trace *trace, int value)
{
    return &trace->plan->values[value].shape;
}

/* The place of an operand; of axis -1 for one that is left out or the same for all images. */
struct batch_place batch_place_of(const struct batch_trace *trace, const struct node *node, int input)
{
    bool there = input < node->input_count && node->inputs[input] != VALUE_NONE;
    return there ? trace->places[node->inputs[input]] : batch_everywhere;
}

bool batch_same_place(struct batch_place a, struct batch_place b)
{
    return a.axis == b.axis && a.outer == b.outer && a.inner == b.inner;
}

bool batch_put_all(struct batch_trace *trace, const struct node *node, struct batch_place place)
{
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            trace->places[node->outputs[i]] = place;
    return true;
}

/* Integers of input `index`, or else of the attribute; NULL and no count where neither is known. */
static const int64_t *integers_of(const struct batch_trace *trace, const struct node *node, int index,
                                  const char *attribute, int64_t *count)
{
    const struct attribute *found = node_attribute(node, attribute);
    const struct tensor *tensor = index < node->input_count && node->inputs[index] != VALUE_NONE
                                      ? trace->plan->constants[node->inputs[index]]
                                      : NULL;
    *count = 0;
    if (tensor != NULL && tensor->type == ELEMENT_INT64) {
        *count = shape_elements(&tensor->shape);
        return tensor->data;
    }
    if (found == NULL || found->kind != ATTRIBUTE_INTEGERS)
        return NULL;
    *count = (int64_t)found->count;
    return found->integers;
}

/* --- constants beside images ---------------------------------------------------------------------------- */

bool batch_place_alike(const struct tensor *tensor, int axis, int64_t batch)
{
    int64_t outer = shape_product(&tensor->shape, 0, axis);
    size_t slice =
        (size_t)shape_product(&tensor->shape, axis + 1, tensor->shape.rank) * element_size(tensor->type);
    const char *data = tensor->data;
    if (tensor->shape.dim[axis] == 1)
        return true;
    if (tensor->shape.dim[axis] != batch)
        return false;
    for (int64_t o = 0; o < outer; o++, data += (size_t)batch * slice)
        for (int64_t b = 1; b < batch; b++)
            if (memcmp(data, data + (size_t)b * slice, slice) != 0)
                return false;
    return true;
}

/* May the operand stand beside one with this place, when their last axes are aligned (`rank`: of both)? One
 * that is the same for all images must have nothing that differs along the axis. */
bool batch_goes_beside(const struct batch_trace *trace, int value, struct batch_place place, int rank)
{
    const struct shape *shape = batch_shape(trace, value);
    const struct tensor *constant = trace->plan->constants[value];
    int axis = place.axis - (rank - shape->rank);
    if (axis < 0 || shape->dim[axis] == 1)
        return true;
    return constant != NULL && place.outer == 1 && place.inner == 1 &&
           batch_place_alike(constant, axis, trace->plan->batch);
}

/* All operands from `first` on, aligned at their last axes, hold the images at one place of the output. */
static bool common_place(const struct batch_trace *trace, const struct node *node, int first, int rank,
                         struct batch_place *common)
{
    *common = batch_everywhere;
    for (int i = first; i < node->input_count; i++) {
        struct batch_place own = batch_place_of(trace, node, i);
        if (own.axis < 0)
            continue;
        own.axis += rank - batch_shape(trace, node->inputs[i])->rank;
        if (common->axis >= 0 && !batch_same_place(own, *common))
            return false;
        *common = own;
    }
    for (int i = first; i < node->input_count && common->axis >= 0; i++)
        if (node->inputs[i] != VALUE_NONE && batch_place_of(trace, node, i).axis < 0 &&
            !batch_goes_beside(trace, node->inputs[i], *common, rank))
            return false;
    return true;
}

/* --- element by element --------------------------------------------------------------------------------- */

static bool meeting(struct batch_trace *trace, const struct node *node)
{
    struct batch_place common;
    return common_place(trace, node, 0, batch_shape(trace, node->outputs[0])->rank, &common) &&
           batch_put_all(trace, node, common);
}

/* Images lie along axis 0 of whatever is not constant and stay there: convolutions, pooling, resizing, and
 * operators that are not named below. */
static bool along_first(struct batch_trace *trace, const struct node *node)
{
    struct batch_place common = batch_everywhere;
    for (int i = 0; i < node->input_count; i++) {
        struct batch_place own = batch_place_of(trace, node, i);
        if (own.axis > 0 || (own.axis == 0 && common.axis == 0 && !batch_same_place(own, common)))
            return false;
        if (own.axis == 0)
            common = own;
    }
    for (int i = 0; i < node->output_count && common.axis == 0; i++) {
        const struct shape *shape =
            node->outputs[i] != VALUE_NONE ? batch_shape(trace, node->outputs[i]) : NULL;
        if (shape != NULL &&
            (shape->rank < 1 || shape->dim[0] != common.outer * trace->plan->batch * common.inner))
            return false;
    }
    return batch_put_all(trace, node, common);
}

static bool same(struct batch_trace *trace, const struct node *node)
{
    return batch_put_all(trace, node, batch_place_of(trace, node, 0));
}

/* Operators that take elements from anywhere, by number. */
bool batch_apart(struct batch_trace *trace, const struct node *node)
{
    for (int i = 0; i < node->input_count; i++)
        if (batch_place_of(trace, node, i).axis >= 0)
            return false;
    return batch_put_all(trace, node, batch_everywhere);
}

/* Operators that look along one axis, by attribute, and leave the others alone. */
static bool beside_axis(struct batch_trace *trace, const struct node *node, int64_t fallback, bool all_behind)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    int axis;
    if (place.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    return shape_axis(batch_shape(trace, node->inputs[0])->rank, node_integer(node, "axis", fallback),
                      &axis) &&
           axis != place.axis && (!all_behind || axis > place.axis) && batch_put_all(trace, node, place);
}

static bool softmax(struct batch_trace *trace, const struct node *node)
{
    bool matrix = trace->plan->graph->opset < 13; /* all axes from `axis` on are one */
    return beside_axis(trace, node, matrix ? 1 : -1, matrix);
}

static bool layer_normalization(struct batch_trace *trace, const struct node *node)
{
    return beside_axis(trace, node, -1, true);
}

static bool split(struct batch_trace *trace, const struct node *node)
{
    return beside_axis(trace, node, 0, false);
}

static bool top_k(struct batch_trace *trace, const struct node *node)
{
    return beside_axis(trace, node, -1, false);
}

static bool by_elements(struct batch_trace *trace, const struct node *node)
{
    return beside_axis(trace, node, 0, false) && along_first(trace, node);
}

static bool cumulative(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    int64_t count;
    const int64_t *axes = integers_of(trace, node, 1, "axis", &count);
    int axis;
    if (place.axis >= 0 &&
        (count != 1 || !shape_axis(batch_shape(trace, node->inputs[0])->rank, axes[0], &axis) ||
         axis == place.axis))
        return false;
    return batch_put_all(trace, node, place);
}

/* A triangle of the matrices on the last two axes. */
static bool triangle(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    return place.axis < batch_shape(trace, node->inputs[0])->rank - 2 && batch_put_all(trace, node, place);
}

/* --- axes move ------------------------------------------------------------------------------------------ */

static bool transpose(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    const struct attribute *order = node_attribute(node, "perm");
    int rank = batch_shape(trace, node->inputs[0])->rank;
    for (int i = 0; i < rank; i++)
        if (place.axis >= 0 && (order != NULL ? order->integers[i] : rank - 1 - i) == place.axis) {
            place.axis = i;
            break;
        }
    return batch_put_all(trace, node, place);
}

/* The same elements in another shape: images may be on every axis of it that comes out evenly. Choices in the
 * order of what exporters mean: the axis that they were on, an axis of theirs alone, then outside of what
 * they are joined with, then inside. */
static bool candidate(const struct shape *from, struct batch_place place, const struct shape *to, int axis,
                      int64_t batch, struct batch_place *found)
{
    int64_t before = shape_product(from, 0, place.axis) * place.outer;
    int64_t behind = shape_product(from, place.axis + 1, from->rank) * place.inner;
    int64_t front = shape_product(to, 0, axis), back = shape_product(to, axis + 1, to->rank);
    if (front < 1 || back < 1 || before % front != 0 || behind % back != 0 ||
        to->dim[axis] != before / front * batch * (behind / back))
        return false;
    *found = (struct batch_place){.axis = axis, .outer = before / front, .inner = behind / back};
    return true;
}

enum { CHOICE_KINDS = 4 };

static int kind_of_choice(struct batch_place was, struct batch_place is)
{
    if (batch_same_place(was, is))
        return 0;
    return is.outer != 1 ? 3 : is.inner != 1 ? 2 : 1;
}

static bool reshape(struct batch_trace *trace, const struct node *node, int choice, bool *more)
{
    const struct shape *from = batch_shape(trace, node->inputs[0]),
                       *to = batch_shape(trace, node->outputs[0]);
    struct batch_place place = batch_place_of(trace, node, 0), found, taken = batch_everywhere;
    int count = 0;
    *more = false;
    if (place.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    for (int kind = 0; kind < CHOICE_KINDS; kind++)
        for (int axis = 0; axis < to->rank; axis++)
            if (candidate(from, place, to, axis, trace->plan->batch, &found) &&
                kind_of_choice(place, found) == kind && count++ == choice)
                taken = found;
    *more = choice + 1 < count;
    return taken.axis >= 0 && batch_put_all(trace, node, taken);
}

/* All axes in front of `axis` are one, and all others. */
static bool flatten(struct batch_trace *trace, const struct node *node)
{
    const struct shape *from = batch_shape(trace, node->inputs[0]);
    struct batch_place place = batch_place_of(trace, node, 0);
    int64_t given = node_integer(node, "axis", 1);
    int axis = (int)(given < 0 ? given + from->rank : given);
    if (place.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    int first = place.axis < axis ? 0 : axis, end = place.axis < axis ? axis : from->rank;
    place.outer *= shape_product(from, first, place.axis);
    place.inner *= shape_product(from, place.axis + 1, end);
    place.axis = place.axis < axis ? 0 : 1;
    return batch_put_all(trace, node, place);
}

/* Axes of length 1 go (`sign` -1) or come (1). Without a list, all go. */
static bool ones(struct batch_trace *trace, const struct node *node, bool come)
{
    const struct shape *from = batch_shape(trace, node->inputs[0]),
                       *to = batch_shape(trace, node->outputs[0]);
    struct batch_place place = batch_place_of(trace, node, 0);
    int64_t count;
    const int64_t *axes = integers_of(trace, node, 1, "axes", &count);
    const struct shape *listed = come ? to : from;
    bool changed[TENSOR_MAX_RANK] = {false};
    if (place.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    for (int axis = 0; axis < from->rank && axes == NULL; axis++)
        changed[axis] = from->dim[axis] == 1;
    for (int64_t i = 0; i < count; i++) {
        int axis;
        if (!shape_axis(listed->rank, axes[i], &axis))
            return false;
        changed[axis] = true;
    }
    if (!come && changed[place.axis])
        return false;
    int kept = 0, at = place.axis; /* the kept axis number `kept` of the longer shape */
    for (int axis = 0; axis < listed->rank; axis++) {
        if (come && !changed[axis] && kept == at)
            place.axis = axis;
        if (!come && axis == at)
            place.axis = kept;
        kept += !changed[axis];
    }
    return batch_put_all(trace, node, place);
}

static bool squeeze(struct batch_trace *trace, const struct node *node)
{
    return ones(trace, node, false);
}

static bool unsqueeze(struct batch_trace *trace, const struct node *node)
{
    return ones(trace, node, true);
}

/* --- parts ---------------------------------------------------------------------------------------------- */

/* Along the images' axis a slice takes all, and in order. */
static bool slice(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    const struct shape *from = batch_shape(trace, node->inputs[0]),
                       *to = batch_shape(trace, node->outputs[0]);
    int64_t count, axis_count;
    const int64_t *steps = integers_of(trace, node, 4, "steps", &count);
    const int64_t *axes = integers_of(trace, node, 3, "axes", &axis_count);
    if (place.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    for (int64_t i = 0; steps != NULL && i < count; i++) {
        int axis;
        if (!shape_axis(from->rank, axes != NULL ? axes[i] : i, &axis) ||
            (axis == place.axis && steps[i] < 0))
            return false;
    }
    return from->dim[place.axis] == to->dim[place.axis] && batch_put_all(trace, node, place);
}

/* Padding, repeating: the images' axis keeps its length. */
static bool keeps_length(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    const struct shape *from = batch_shape(trace, node->inputs[0]),
                       *to = batch_shape(trace, node->outputs[0]);
    if (place.axis >= 0 && (from->rank != to->rank || from->dim[place.axis] != to->dim[place.axis]))
        return false;
    return batch_put_all(trace, node, place);
}

static bool gather(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    int axis;
    if (batch_place_of(trace, node, 1).axis >= 0)
        return false;
    if (place.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    if (!shape_axis(batch_shape(trace, node->inputs[0])->rank, node_integer(node, "axis", 0), &axis) ||
        axis == place.axis)
        return false;
    if (axis < place.axis)
        place.axis += batch_shape(trace, node->inputs[1])->rank - 1;
    return batch_put_all(trace, node, place);
}

/* Constants are repeated along an axis that is the images' alone, by Expand (nn/simplify/simplify_repeat.c).
 */
static bool can_repeat(const struct batch_trace *trace, struct batch_place place)
{
    return place.outer == 1 && place.inner == 1 &&
           trace->plan->graph->opset >= operator_find("Expand")->opset_first;
}

static bool concat(struct batch_trace *trace, const struct node *node)
{
    struct batch_place common;
    int rank = batch_shape(trace, node->outputs[0])->rank, axis;
    if (!common_place(trace, node, 0, rank, &common) ||
        !shape_axis(rank, node_integer(node, "axis", 1), &axis))
        return false;
    for (int i = 0; i < node->input_count && common.axis >= 0; i++)
        if (batch_place_of(trace, node, i).axis < 0 && !can_repeat(trace, common))
            return false;
    return axis != common.axis && batch_put_all(trace, node, common);
}

/* The data's axes are the last ones of the target. */
static bool expand(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    const struct shape *from = batch_shape(trace, node->inputs[0]),
                       *to = batch_shape(trace, node->outputs[0]);
    if (place.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    int64_t length = from->dim[place.axis];
    place.axis += to->rank - from->rank;
    return to->dim[place.axis] == length && batch_put_all(trace, node, place);
}

static bool reduce(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    int rank = batch_shape(trace, node->inputs[0])->rank, before = 0, axis;
    int64_t count;
    const int64_t *axes = integers_of(trace, node, 1, "axes", &count);
    if (place.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    if (count == 0 && node_integer(node, "noop_with_empty_axes", 0) == 0)
        return false;
    for (int64_t i = 0; i < count; i++) {
        if (!shape_axis(rank, axes[i], &axis) || axis == place.axis)
            return false;
        before += axis < place.axis;
    }
    if (node_integer(node, "keepdims", 1) == 0)
        place.axis -= before;
    return batch_put_all(trace, node, place);
}

/* One position of an axis that `axis` names (ArgMax). */
static bool choose(struct batch_trace *trace, const struct node *node)
{
    struct batch_place place = batch_place_of(trace, node, 0);
    int axis;
    if (place.axis < 0)
        return batch_put_all(trace, node, batch_everywhere);
    if (!shape_axis(batch_shape(trace, node->inputs[0])->rank, node_integer(node, "axis", 0), &axis) ||
        axis == place.axis)
        return false;
    if (axis < place.axis && node_integer(node, "keepdims", 1) == 0)
        place.axis--;
    return batch_put_all(trace, node, place);
}

/* --- the table ------------------------------------------------------------------------------------------ */

static const struct {
    const char *op;
    bool (*rule)(struct batch_trace *trace, const struct node *node);
} rules[] = {
    {"Softmax", softmax},
    {"LogSoftmax", softmax},
    {"LayerNormalization", layer_normalization},
    {"Split", split},
    {"TopK", top_k},
    {"Transpose", transpose},
    {"Flatten", flatten},
    {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze},
    {"Slice", slice},
    {"Pad", keeps_length},
    {"Tile", keeps_length},
    {"Gather", gather},
    {"Concat", concat},
    {"Expand", expand},
    {"ReduceMean", reduce},
    {"ReduceSum", reduce},
    {"ReduceMax", reduce},
    {"ReduceMin", reduce},
    {"ReduceL1", reduce},
    {"ReduceL2", reduce},
    {"ReduceProd", reduce},
    {"ReduceSumSquare", reduce},
    {"ReduceLogSum", reduce},
    {"ReduceLogSumExp", reduce},
    {"ArgMax", choose},
    {"ArgMin", choose},
    {"Identity", same},
    {"Dropout", same},
    {"Cast", same},
    {"RMSNormalization", layer_normalization},
    {"SimplifiedLayerNormalization", layer_normalization},
    {"Hardmax", softmax},
    {"LpNormalization", top_k},
    {"CumSum", cumulative},
    {"Trilu", triangle},
    {"GatherElements", by_elements},
    {"ScatterElements", by_elements},
    {"Scatter", by_elements},
    {"GatherND", batch_apart},
    {"ScatterND", batch_apart},
    {"Compress", batch_apart},
    {"NonZero", batch_apart},
    {"ReverseSequence", batch_apart},
    {"Einsum", batch_einsum},
    {"MatMul", batch_matrix_product},
    {"Gemm", batch_general_product},
};

bool batch_place_node(struct batch_trace *trace, const struct node *node, int choice, bool *more)
{
    *more = false;
    if (strcmp(node->op->name, "Reshape") == 0)
        return reshape(trace, node, choice, more);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(node->op->name, rules[i].op) == 0)
            return rules[i].rule(trace, node);
    bool alone = node->op->flags & (OPERATOR_ELEMENTWISE | OPERATOR_UNARY);
    return alone ? meeting(trace, node) : along_first(trace, node);
}

bool batch_place_aligned(const struct node *node, int index, const struct batch_place *place, int rank)
{
    unsigned flags = node->op->flags;
    if (flags & OPERATOR_GENERAL)
        return index == 2;
    if (flags & OPERATOR_PRODUCT)
        return place->axis < rank - 2;
    return (flags & OPERATOR_ELEMENTWISE) || strcmp(node->op->name, "Concat") == 0;
}
