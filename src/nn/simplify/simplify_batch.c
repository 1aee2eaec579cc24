/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making shapes that a file computes or states follow any batch size. */
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/simplify/batch_place.h"
#include "nn/simplify/rewrite.h"
#include "nn/simplify/simplify_internal.h"

/* One shape-like input at one or two batch sizes. */
struct target {
    int plans;
    const struct tensor *tensor[2]; /* the input's content */
    const struct shape *data[2];    /* shape of the node's first input */
};

static const int64_t *entries(const struct target *target, int plan)
{
    return target->tensor[plan]->data;
}

static int length(const struct target *target)
{
    return (int)shape_elements(&target->tensor[0]->shape);
}

static bool look_at(const struct node *node, int index, const struct plan *const *plans, int count,
                    struct target *target)
{
    target->plans = count;
    for (int p = 0; p < count; p++) {
        if (node->input_count <= index || node->inputs[index] == VALUE_NONE ||
            plans[p]->constants[node->inputs[index]] == NULL || plans[p]->constants[node->inputs[0]] != NULL)
            return false;
        target->tensor[p] = plans[p]->constants[node->inputs[index]];
        target->data[p] = &plans[p]->values[node->inputs[0]].shape;
        if (target->tensor[p]->type != ELEMENT_INT64 ||
            !shape_equal(&target->tensor[p]->shape, &target->tensor[0]->shape) ||
            target->data[p]->rank != target->data[0]->rank)
            return false;
    }
    return true;
}

static struct tensor *integer_list(const int64_t *values, int count)
{
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);

    if (tensor == NULL)
        return NULL;
    tensor->file_type = 7; /* TensorProto.INT64 */
    if (count > 0)
        memcpy(tensor->data, values, (size_t)count * sizeof(*values));
    return tensor;
}

static status set_list(struct rewrite *rewrite, struct node *node, int index, const char *role,
                       const int64_t *values, int count, struct error *error)
{
    struct tensor *tensor = integer_list(values, count);

    if (tensor == NULL)
        return error_memory(error);
    return rewrite_input_constant(rewrite, node, index, role, tensor, error);
}

/* --- Reshape and Expand --------------------------------------------------------------------------------- */

/* The target said with 0 (copy) and -1 (what is left) where it follows the batch; false where that cannot be.
 */
static bool reshape_target(const struct target *target, int64_t *out)
{
    int count = length(target), inferred = 0;

    if (count > TENSOR_MAX_RANK)
        return false;
    for (int i = 0; i < count; i++)
        inferred += entries(target, 0)[i] == -1;
    for (int i = 0; i < count; i++) {
        int64_t a = entries(target, 0)[i], b = entries(target, 1)[i];

        out[i] = a;
        if (a == b)
            continue;
        if (i < target->data[0]->rank && a == target->data[0]->dim[i] && b == target->data[1]->dim[i])
            out[i] = 0;
        else if (inferred++ == 0)
            out[i] = -1;
        else
            return false;
    }
    return true;
}

/* Expand broadcasts: 1 leaves a dimension as it is. */
static bool expand_target(const struct target *target, int64_t *out)
{
    int count = length(target), added = count - target->data[0]->rank;

    if (count > TENSOR_MAX_RANK)
        return false;
    for (int i = 0; i < count; i++) {
        int64_t a = entries(target, 0)[i], b = entries(target, 1)[i];

        out[i] = a == b ? a : 1;
        if (a != b &&
            (i < added || a != target->data[0]->dim[i - added] || b != target->data[1]->dim[i - added]))
            return false;
    }
    return true;
}

/* 0 means "none" instead of "copy" when the node says allowzero: such a node is left alone if it uses that.
 */
static bool zero_is_free(const struct node *node, const struct target *target)
{
    for (int i = 0; node_integer(node, "allowzero", 0) != 0 && i < length(target); i++)
        if (entries(target, 0)[i] == 0)
            return false;
    return true;
}

static status set_reshape(struct rewrite *rewrite, struct node *node, const int64_t *values, int count,
                          struct error *error)
{
    if (node_integer(node, "allowzero", 0) != 0 &&
        rewrite_attribute(rewrite, node, "allowzero", NULL, error) != STATUS_OK)
        return error->code;
    return set_list(rewrite, node, 1, "shape", values, count, error);
}

/* --- Resize --------------------------------------------------------------------------------------------- */

/* A factor of type float that takes `from` to exactly `to`, however it is multiplied; 0 where there is none.
 */
static float exact_scale(int64_t from, int64_t to, bool ratio_matters)
{
    float scale = (float)((double)to / (double)from);

    for (int attempt = 0; attempt < 3; attempt++) {
        if ((int64_t)floor((double)from * (double)scale) == to && (int64_t)floorf((float)from * scale) == to)
            break;
        scale = nextafterf(scale, INFINITY);
    }
    if ((int64_t)floor((double)from * (double)scale) != to || (int64_t)floorf((float)from * scale) != to)
        return 0;
    return ratio_matters && (double)scale * (double)from != (double)to ? 0 : scale;
}

/* Scales for sizes; false where a size follows the batch but is not the data's own. `baked`: the first size
 * is the file's batch and stands for the data's. */
static bool resize_scales(const struct node *node, const struct target *target, bool baked, float *scales)
{
    /* Where the nearest element is taken, a rounded factor might take the one beside it. */
    bool nearest = strcmp(node_string(node, "mode", "nearest"), "nearest") == 0;
    int count = length(target), last = target->plans - 1;

    if (count != target->data[0]->rank || node_attribute(node, "axes") != NULL ||
        strcmp(node_string(node, "keep_aspect_ratio_policy", "stretch"), "stretch") != 0 ||
        strcmp(node_string(node, "coordinate_transformation_mode", ""), "tf_crop_and_resize") == 0)
        return false;
    for (int i = 0; i < count; i++) {
        int64_t from = target->data[0]->dim[i], to = entries(target, 0)[i];

        if (to == from && entries(target, last)[i] == target->data[last]->dim[i]) {
            scales[i] = 1;
            continue;
        }
        if (from < 1 || to < 1 || from != target->data[last]->dim[i] || to != entries(target, last)[i] ||
            (baked && i == 0))
            return false;
        scales[i] = exact_scale(from, to, nearest);
        if (scales[i] == 0)
            return false;
    }
    return true;
}

static status set_resize(struct rewrite *rewrite, struct node *node, const float *scales, int count,
                         struct error *error)
{
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, &shape);

    if (tensor == NULL)
        return error_memory(error);
    tensor->file_type = 1; /* TensorProto.FLOAT */
    memcpy(tensor->data, scales, (size_t)count * sizeof(*scales));
    node->input_count = 3; /* the sizes go; the array is exchanged below */
    return rewrite_input_constant(rewrite, node, 2, "scales", tensor, error);
}

/* --- Squeeze -------------------------------------------------------------------------------------------- */

static status name_squeeze_axes(struct rewrite *rewrite, struct node *node, struct error *error)
{
    const struct shape *a = &rewrite->plans[0]->values[node->inputs[0]].shape;
    const struct shape *b = &rewrite->plans[1]->values[node->inputs[0]].shape;
    struct attribute attribute = {.name = "axes", .kind = ATTRIBUTE_INTEGERS};
    int64_t *axes = arena_alloc(rewrite->arena, TENSOR_MAX_RANK, sizeof(*axes));

    if (axes == NULL)
        return error_memory(error);
    if ((node->input_count > 1 && node->inputs[1] != VALUE_NONE) || node_attribute(node, "axes") != NULL ||
        a->rank != b->rank)
        return STATUS_OK;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] == 1 && b->dim[i] == 1)
            axes[attribute.count++] = i;
    if (rewrite->graph->opset >= 13)
        return set_list(rewrite, node, 1, "axes", axes, (int)attribute.count, error);
    attribute.integers = axes;
    return rewrite_attribute(rewrite, node, "axes", &attribute, error);
}

/* --- both rounds ---------------------------------------------------------------------------------------- */

static bool is(const struct node *node, const char *op)
{
    return strcmp(node->op->name, op) == 0;
}

static status follow_node(struct rewrite *rewrite, struct node *node, struct error *error)
{
    struct target target;
    int64_t values[TENSOR_MAX_RANK];
    float scales[TENSOR_MAX_RANK];

    if (is(node, "Squeeze"))
        return name_squeeze_axes(rewrite, node, error);
    if (!look_at(node, is(node, "Resize") ? 3 : 1, rewrite->plans, 2, &target) ||
        same_tensor(target.tensor[0], target.tensor[1]))
        return STATUS_OK;
    if (is(node, "Reshape") && zero_is_free(node, &target) && reshape_target(&target, values))
        return set_reshape(rewrite, node, values, length(&target), error);
    if (is(node, "Expand") && expand_target(&target, values))
        return set_list(rewrite, node, 1, "shape", values, length(&target), error);
    if (is(node, "Resize") && resize_scales(node, &target, false, scales))
        return set_resize(rewrite, node, scales, length(&target), error);
    return STATUS_OK;
}

status follow_batch(struct rewrite *rewrite, struct error *error)
{
    for (int n = 0; n < rewrite->graph->node_count; n++)
        if (is_computed(rewrite, n) && follow_node(rewrite, &rewrite->nodes[n], error) != STATUS_OK)
            return error->code;
    return STATUS_OK;
}

/* Per value: known at the file's batch, but computed from a shape of the data: no constant of the file. */
static bool *find_derived(struct rewrite *rewrite, const struct plan *plan)
{
    const struct graph *graph = rewrite->graph;
    bool *derived = arena_alloc(rewrite->arena, (size_t)graph->value_count, sizeof(*derived));

    for (int n = 0; derived != NULL && n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        bool from_data = false;

        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] != VALUE_NONE)
                from_data |= derived[node->inputs[i]] || plan->constants[node->inputs[i]] == NULL;
        for (int i = 0; i < node->output_count; i++)
            if (node->outputs[i] != VALUE_NONE)
                derived[node->outputs[i]] = from_data;
    }
    return derived;
}

/* The lengths that the output has at the file's batch, with a word in place of the images' axis: 0 where it
 * is the data's own, else -1. */
static status free_reshape(struct rewrite *rewrite, struct node *node, const struct batch_trace *trace,
                           struct error *error)
{
    const struct shape *from = &trace->plan->values[node->inputs[0]].shape;
    const struct shape *to = &trace->plan->values[node->outputs[0]].shape;
    int axis = trace->places[node->outputs[0]].axis, was = trace->places[node->inputs[0]].axis;
    struct shape target = *to;

    target.dim[axis] = was == axis && from->dim[axis] == to->dim[axis] ? 0 : -1;
    return set_reshape(rewrite, node, target.dim, target.rank, error);
}

static status free_expand(struct rewrite *rewrite, struct node *node, const struct batch_trace *trace,
                          struct error *error)
{
    struct shape target = trace->plan->values[node->outputs[0]].shape;

    target.dim[trace->places[node->outputs[0]].axis] = 1;
    return set_list(rewrite, node, 1, "shape", target.dim, target.rank, error);
}

static status free_resize(struct rewrite *rewrite, struct node *node, const struct batch_trace *trace,
                          struct error *error)
{
    struct target target;
    float scales[TENSOR_MAX_RANK];

    if (!look_at(node, 3, &trace->plan, 1, &target) || !resize_scales(node, &target, true, scales))
        return STATUS_OK;
    return set_resize(rewrite, node, scales, length(&target), error);
}

/* The first of the equal slices that a constant has along an axis; NULL when memory is out. */
static struct tensor *first_slice(const struct tensor *tensor, int axis)
{
    int64_t outer = shape_product(&tensor->shape, 0, axis);
    size_t slice =
        (size_t)shape_product(&tensor->shape, axis + 1, tensor->shape.rank) * element_size(tensor->type);
    size_t row = slice * (size_t)tensor->shape.dim[axis];
    struct shape shape = tensor->shape;
    struct tensor *first;

    shape.dim[axis] = 1;
    first = tensor_new(tensor->type, &shape);
    if (first == NULL)
        return NULL;
    first->file_type = tensor->file_type;
    for (int64_t o = 0; o < outer; o++)
        memcpy((char *)first->data + (size_t)o * slice, (const char *)tensor->data + (size_t)o * row, slice);
    return first;
}

/* Constants beside images that have one slice for each of them, all equal: one is enough. */
static status free_constants(struct rewrite *rewrite, struct node *node, const struct batch_trace *trace,
                             struct error *error)
{
    const struct plan *plan = trace->plan;
    const struct batch_place *place = &trace->places[node->outputs[0]];
    int rank = plan->values[node->outputs[0]].shape.rank;

    for (int i = 0; i < node->input_count && batch_place_aligned(node, i, place, rank); i++) {
        int value = node->inputs[i];
        const struct tensor *constant = value == VALUE_NONE ? NULL : plan->constants[value];
        int axis = constant == NULL ? -1 : place->axis - (rank - constant->shape.rank);
        const char *role = arena_format(rewrite->arena, "slice%d", i);

        if (axis < 0 || constant->shape.dim[axis] == 1)
            continue;
        struct tensor *slice = role == NULL ? NULL : first_slice(constant, axis);
        if (slice == NULL)
            return error_memory(error);
        if (rewrite_input_constant(rewrite, node, i, role, slice, error) != STATUS_OK)
            return error->code;
    }
    return STATUS_OK;
}

static status free_node(struct rewrite *rewrite, struct node *node, const struct batch_trace *trace,
                        struct error *error)
{
    const struct {
        const char *op;
        status (*free)(struct rewrite *, struct node *, const struct batch_trace *, struct error *);
    } rules[] = {{"Reshape", free_reshape}, {"Expand", free_expand}, {"Resize", free_resize}};

    if (node->outputs[0] == VALUE_NONE || trace->places[node->outputs[0]].axis < 0)
        return STATUS_OK;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (is(node, rules[i].op))
            return rules[i].free(rewrite, node, trace, error);
    return free_constants(rewrite, node, trace, error);
}

status free_targets(struct rewrite *rewrite, const struct batch_trace *trace, struct error *error)
{
    const struct plan *plan = trace->plan;
    const bool *derived = find_derived(rewrite, plan);

    if (derived == NULL)
        return error_memory(error);
    /* What is computed from the file's constants alone is computed once. */
    for (int v = 0; v < rewrite->graph->value_count; v++)
        if (rewrite->constants[v] == NULL && !derived[v])
            rewrite->constants[v] = plan->constants[v];
    for (int i = 0; i < plan->step_count; i++)
        if (free_node(rewrite, &rewrite->nodes[plan->steps[i].node], trace, error) != STATUS_OK)
            return error->code;
    return STATUS_OK;
}
