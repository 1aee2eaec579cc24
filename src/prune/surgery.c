/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Surgery: the smaller network, node by node. */
#include "prune/surgery.h"

#include <string.h>
#include "nn/edit.h"
#include "nn/operator.h"
#include "prune/coupling_internal.h"
#include "prune/kept.h"

struct surgery {
    const struct coupling *coupling;
    const bool *removed;
    struct edit *edit;
    struct arena *arena;
    struct kept *kept; /* per value with labels */
    struct graph_uses uses;
};

static const struct kept *kept_of(const struct surgery *s, int value)
{
    return value == VALUE_NONE || s->coupling->maps[value].labels == NULL ? NULL : &s->kept[value];
}

static bool cut(const struct kept *kept)
{
    return kept != NULL && kept->cut;
}

/* Keep only the positions of an axis in one of a node's constants. */
static status select_constant(struct surgery *s, int node, int input, int axis, const struct kept_axis *kept,
                              struct error *error)
{
    const struct tensor *old = edit_get(s->edit, node, input);
    if (old == NULL || kept->positions == NULL || kept->count == kept->of)
        return STATUS_OK;
    return edit_constant(s->edit, node, input, tensor_select(old, axis, kept->positions, kept->count), error);
}

static status cannot(const char *why, struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED, "%s", why);
}

/* New integers for input `input`, or for the attribute where the node has them there. */
static status replace_integers(struct surgery *s, int index, int input, const char *attribute,
                               const int64_t *values, int64_t count, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    if (input >= node->input_count || node->inputs[input] == VALUE_NONE)
        return edit_integers(s->edit, index, attribute, values, (size_t)count, error);
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);
    if (tensor != NULL)
        memcpy(tensor->data, values, (size_t)count * sizeof *values);
    return edit_constant(s->edit, index, input, tensor, error);
}

/* ---- one function per operator with something to cut --------------------------------------------------- */

/* Input columns of a convolution: all groups lose the same positions, so those of the first group tell. */
static status cut_convolution(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct kept_axis *in = &kept_of(s, node->inputs[0])->axis[1];
    const struct kept_axis *out = &kept_of(s, node->outputs[0])->axis[1];
    int64_t groups = node_integer(node, "group", 1);
    int64_t columns = edit_get(s->edit, index, 1)->shape.dim[1];
    status code = select_constant(s, index, 1, 0, out, error);
    if (code == STATUS_OK)
        code = select_constant(s, index, 2, 0, out, error);
    if (code != STATUS_OK || in->positions == NULL || in->count == in->of)
        return code;
    if (groups > 1 && columns == 1)
        return edit_integer(s->edit, index, "group", in->count, error);
    struct kept_axis first = {.positions = in->positions, .of = columns};
    while (first.count < in->count && in->positions[first.count] < columns)
        first.count++;
    if (first.count * groups != in->count)
        return cannot("its groups would keep different numbers of channels", error);
    return select_constant(s, index, 1, 1, &first, error);
}

static status cut_normalization(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct kept_axis *kept = &kept_of(s, node->outputs[0])->axis[1];
    status code = STATUS_OK;
    for (int i = 1; i < node->input_count && code == STATUS_OK; i++)
        code = select_constant(s, index, i, 0, kept, error);
    return code;
}

static status cut_linear(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct kept *in = kept_of(s, node->inputs[0]), *out = kept_of(s, node->outputs[0]);
    bool transposed = node_integer(node, "transB", 0) != 0;
    const struct kept_axis *columns = &out->axis[out->rank - 1];
    status code = select_constant(s, index, 1, transposed ? 0 : 1, columns, error);
    if (code == STATUS_OK)
        code = select_constant(s, index, 1, transposed ? 1 : 0, &in->axis[in->rank - 1], error);
    const struct tensor *bias = edit_get(s->edit, index, 2);
    if (code == STATUS_OK && bias != NULL && bias->shape.rank > 0 &&
        bias->shape.dim[bias->shape.rank - 1] == columns->of)
        code = select_constant(s, index, 2, bias->shape.rank - 1, columns, error);
    return code;
}

/* Constants beside activations (PRelu's slope, a per-channel factor): cut along the axes that they share. */
static status cut_beside(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct kept *out = kept_of(s, node->outputs[0]);
    status code = STATUS_OK;
    for (int i = 0; i < node->input_count; i++) {
        const struct tensor *constant = edit_get(s->edit, index, i);
        int rank = constant != NULL ? constant->shape.rank : 0;
        for (int axis = 0; axis < rank && code == STATUS_OK; axis++) {
            const struct kept_axis *kept = &out->axis[out->rank - rank + axis];
            if (edit_get(s->edit, index, i)->shape.dim[axis] == kept->of)
                code = select_constant(s, index, i, axis, kept, error);
        }
    }
    return code;
}

/* How many kept positions lie before `position`. */
static int64_t kept_before(const struct kept_axis *kept, int64_t position)
{
    int64_t count = 0;
    while (count < kept->count && kept->positions[count] < position)
        count++;
    return count;
}

static status become_gather(struct surgery *s, int index, int source, int axis, const int64_t *indices,
                            int64_t count, struct error *error)
{
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);
    if (tensor == NULL)
        return error_memory(error);
    memcpy(tensor->data, indices, (size_t)count * sizeof *indices);
    edit_input(s->edit, index, 0, source);
    edit_operator(s->edit, index, operator_find("Gather"), 2);
    status code = edit_constant(s->edit, index, 1, tensor, error);
    return code != STATUS_OK ? code : edit_integer(s->edit, index, "axis", axis, error);
}

/* A slice along a cut axis, in terms of what is left. Steps other than one become a Gather. */
static status cut_slice(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct plan *plan = s->coupling->plan;
    const struct kept *in = kept_of(s, node->inputs[0]);
    int64_t count, axis_count, step_count, end_count;
    const int64_t *starts = coupling_integers(plan, node, 1, "starts", &count);
    const int64_t *ends = coupling_integers(plan, node, 2, "ends", &end_count);
    const int64_t *axes = coupling_integers(plan, node, 3, "axes", &axis_count);
    const int64_t *steps = coupling_integers(plan, node, 4, "steps", &step_count);
    int64_t new_starts[TENSOR_MAX_RANK], new_ends[TENSOR_MAX_RANK];
    if (starts == NULL || ends == NULL || count != end_count || count > TENSOR_MAX_RANK)
        return cannot("its bounds are not constant", error);
    for (int64_t i = 0; i < count; i++) {
        int axis = (int)i;
        if (axes != NULL && !shape_axis(in->rank, axes[i], &axis))
            return cannot("its axis is out of range", error);
        const struct kept_axis *kept = &in->axis[axis];
        new_starts[i] = starts[i];
        new_ends[i] = ends[i];
        if (kept->positions == NULL || kept->count == kept->of)
            continue;
        if (steps != NULL && steps[i] != 1)
            return cannot("it takes channels in steps", error);
        int64_t start = starts[i] < 0 ? starts[i] + kept->of : starts[i];
        int64_t end = ends[i] < 0 ? ends[i] + kept->of : ends[i];
        new_starts[i] = kept_before(kept, start < 0 ? 0 : start);
        new_ends[i] = kept_before(kept, end);
    }
    status code = replace_integers(s, index, 1, "starts", new_starts, count, error);
    return code != STATUS_OK ? code : replace_integers(s, index, 2, "ends", new_ends, count, error);
}

static status cut_split(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct kept *in = kept_of(s, node->inputs[0]);
    int axis;
    if (!shape_axis(in->rank, node_integer(node, "axis", 0), &axis) || in->axis[axis].positions == NULL)
        return STATUS_OK;
    int64_t *sizes = arena_alloc(s->arena, (size_t)node->output_count, sizeof *sizes);
    if (sizes == NULL)
        return error_memory(error);
    for (int i = 0; i < node->output_count; i++)
        sizes[i] = kept_of(s, node->outputs[i])->axis[axis].count;
    if (s->coupling->graph->opset >= 13 && node->input_count < 2)
        return cannot("its sizes are implied: equal parts would not stay equal", error);
    return replace_integers(s, index, 1, "split", sizes, node->output_count, error);
}

/* Padded channels that stay, in front and behind. */
static status cut_pad(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct kept *out = kept_of(s, node->outputs[0]), *in = kept_of(s, node->inputs[0]);
    int64_t count, axis_count;
    const int64_t *pads = coupling_integers(s->coupling->plan, node, 1, "pads", &count);
    const int64_t *axes = coupling_integers(s->coupling->plan, node, 3, "axes", &axis_count);
    int64_t changed[2 * TENSOR_MAX_RANK];
    if (pads == NULL || count > 2 * TENSOR_MAX_RANK)
        return cannot("its pads are not constant", error);
    memcpy(changed, pads, (size_t)count * sizeof *pads);
    for (int64_t i = 0; i < count / 2; i++) {
        int axis = (int)i;
        if (axes != NULL && !shape_axis(out->rank, axes[i], &axis))
            return cannot("its axis is out of range", error);
        const struct kept_axis *kept = &out->axis[axis];
        if (kept->positions == NULL)
            continue;
        if (pads[i] < 0 || pads[count / 2 + i] < 0)
            return cannot("it pads channels by a negative number", error);
        changed[i] = kept_before(kept, pads[i]);
        changed[count / 2 + i] = kept->count - changed[i] - in->axis[axis].count;
    }
    return replace_integers(s, index, 1, "pads", changed, count, error);
}

static status cut_gather(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct kept *in = kept_of(s, node->inputs[0]), *out = kept_of(s, node->outputs[0]);
    const struct tensor *indices = edit_get(s->edit, index, 1);
    int axis;
    if (in == NULL || indices == NULL || indices->shape.rank > 1 ||
        !shape_axis(in->rank, node_integer(node, "axis", 0), &axis))
        return cannot("its indices are not a constant list", error);
    if (in->axis[axis].positions == NULL)
        return STATUS_OK;
    if (indices->shape.rank == 0)
        return cannot("it takes out one channel", error);
    const struct kept_axis *kept = &out->axis[axis];
    int64_t *values = arena_alloc(s->arena, (size_t)kept->count + 1, sizeof *values);
    if (values == NULL)
        return error_memory(error);
    for (int64_t i = 0; i < kept->count; i++) {
        int64_t position = tensor_get_integer(indices, kept->positions != NULL ? kept->positions[i] : i);
        position += position < 0 ? in->axis[axis].of : 0;
        values[i] = kept_before(&in->axis[axis], position);
    }
    return replace_integers(s, index, 1, "indices", values, kept->count, error);
}

/* ---- reshapes, and the channel shuffle among them -------------------------------------------------------
 */

static int sole_consumer(const struct surgery *s, int value)
{
    int first = s->uses.start[value];
    return s->uses.start[value + 1] - first == 1 ? s->uses.list[first] : -1;
}

/* The transposition's effect on a map. */
static bool transpose_map(struct arena *arena, const struct node *node, const struct label_map *in,
                          struct label_map *out)
{
    const struct attribute *permutation = node_attribute(node, "perm");
    int rank = in->shape.rank;
    struct shape shape = in->shape;
    int source[TENSOR_MAX_RANK];
    unsigned axes = 0;
    for (int axis = 0; axis < rank; axis++) {
        source[axis] = permutation != NULL ? (int)permutation->integers[axis] : rank - 1 - axis;
        shape.dim[axis] = in->shape.dim[source[axis]];
        if (in->extent.dim[source[axis]] > 1)
            axes |= 1u << axis;
    }
    if (!label_map_new(arena, &shape, axes, out))
        return false;
    int64_t index[TENSOR_MAX_RANK] = {0}, from[TENSOR_MAX_RANK] = {0}, position = 0;
    do {
        for (int axis = 0; axis < rank; axis++)
            from[source[axis]] = index[axis];
        out->labels[position++] = label_map_at(in, from);
    } while (index_next(index, &out->extent));
    return true;
}

/* Reshape, Transpose, Reshape between values whose channels lie on axis 1: which channel of the first becomes
 * which of the last. NULL when the nodes before `index` are no such chain (*failed tells lack of memory). */
static const int *shuffle_permutation(struct surgery *s, int index, int *source, bool *failed)
{
    const struct graph *graph = s->coupling->graph;
    const struct node *last = &graph->nodes[index];
    int transpose = graph->values[last->inputs[0]].producer;
    if (transpose < 0 || strcmp(graph->nodes[transpose].op->name, "Transpose") != 0 ||
        sole_consumer(s, last->inputs[0]) != index)
        return NULL;
    int first = graph->values[graph->nodes[transpose].inputs[0]].producer;
    if (first < 0 || strcmp(graph->nodes[first].op->name, "Reshape") != 0 ||
        sole_consumer(s, graph->nodes[transpose].inputs[0]) != transpose)
        return NULL;
    *source = graph->nodes[first].inputs[0];
    const struct label_map *in = &s->coupling->maps[*source], *out = &s->coupling->maps[last->outputs[0]];
    if (in->labels == NULL || label_map_axes(in) != 2u || label_map_axes(out) != 2u ||
        in->shape.dim[1] != out->shape.dim[1])
        return NULL;
    struct label_map identity, cut_up, turned, joined;
    *failed = !label_map_new(s->arena, &in->shape, 2u, &identity);
    for (int64_t i = 0; !*failed && i < in->shape.dim[1]; i++)
        identity.labels[i] = (int)i;
    *failed = *failed ||
              !label_map_reshape(s->arena, &identity,
                                 &s->coupling->maps[graph->nodes[first].outputs[0]].shape, &cut_up) ||
              !transpose_map(s->arena, &graph->nodes[transpose], &cut_up, &turned) ||
              !label_map_reshape(s->arena, &turned, &out->shape, &joined);
    return *failed || label_map_axes(&joined) != 2u ? NULL : joined.labels;
}

static status cut_shuffle(struct surgery *s, int index, int source, const int *permutation,
                          struct error *error)
{
    const struct kept_axis *in = &kept_of(s, source)->axis[1];
    const struct kept_axis *out = &kept_of(s, s->coupling->graph->nodes[index].outputs[0])->axis[1];
    int64_t *indices = arena_alloc(s->arena, (size_t)out->count + 1, sizeof *indices);
    if (indices == NULL)
        return error_memory(error);
    for (int64_t i = 0; i < out->count; i++)
        indices[i] = kept_before(in, permutation[out->positions[i]]);
    return become_gather(s, index, source, 1, indices, out->count, error);
}

static status cut_reshape(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct kept *out = kept_of(s, node->outputs[0]);
    bool failed = false;
    int source = VALUE_NONE;
    const int *permutation = shuffle_permutation(s, index, &source, &failed);
    if (failed)
        return error_memory(error);
    if (permutation != NULL)
        return cut_shuffle(s, index, source, permutation, error);
    if (out->ragged) /* the inside of a shuffle, which goes with it */
        return sole_consumer(s, node->outputs[0]) >= 0 ? STATUS_OK
                                                       : cannot("what stays is not rectangular", error);
    const struct tensor *target = edit_get(s->edit, index, 1);
    if (target == NULL || target->shape.rank != 1 || target->shape.dim[0] != out->rank)
        return cannot("its target is not constant", error);
    int64_t values[TENSOR_MAX_RANK];
    for (int axis = 0; axis < out->rank; axis++) {
        values[axis] = tensor_get_integer(target, axis);
        if (values[axis] > 0)
            values[axis] = out->axis[axis].count;
    }
    return replace_integers(s, index, 1, "shape", values, out->rank, error);
}

static status cut_expand(struct surgery *s, int index, struct error *error)
{
    const struct kept *out = kept_of(s, s->coupling->graph->nodes[index].outputs[0]);
    const struct tensor *target = edit_get(s->edit, index, 1);
    if (target == NULL || target->shape.rank != 1)
        return cannot("its target is not constant", error);
    int64_t values[TENSOR_MAX_RANK], count = target->shape.dim[0];
    for (int64_t i = 0; i < count; i++) {
        values[i] = tensor_get_integer(target, i);
        const struct kept_axis *kept = &out->axis[out->rank - count + i];
        if (kept->positions != NULL && values[i] == kept->of)
            values[i] = kept->count;
    }
    return replace_integers(s, index, 1, "shape", values, count, error);
}

/* Resize by sizes names the channels too. */
static status cut_resize(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    const struct kept *out = kept_of(s, node->outputs[0]);
    const struct tensor *sizes = edit_get(s->edit, index, 3);
    if (sizes == NULL || sizes->shape.rank != 1 || sizes->shape.dim[0] != out->rank)
        return STATUS_OK;
    int64_t values[TENSOR_MAX_RANK];
    for (int axis = 0; axis < out->rank; axis++)
        values[axis] =
            out->axis[axis].positions != NULL ? out->axis[axis].count : tensor_get_integer(sizes, axis);
    return replace_integers(s, index, 3, "sizes", values, out->rank, error);
}

/* ---- table and walk ------------------------------------------------------------------------------------ */

static const struct {
    const char *op;
    status (*cut)(struct surgery *s, int node, struct error *error);
} rows[] = {
    {"Conv", cut_convolution}, {"BatchNormalization", cut_normalization},
    {"Gemm", cut_linear},      {"MatMul", cut_linear},
    {"Add", cut_beside},       {"Sub", cut_beside},
    {"Mul", cut_beside},       {"Div", cut_beside},
    {"Pow", cut_beside},       {"Sum", cut_beside},
    {"Max", cut_beside},       {"Min", cut_beside},
    {"PRelu", cut_beside},     {"Slice", cut_slice},
    {"Split", cut_split},      {"Pad", cut_pad},
    {"Gather", cut_gather},    {"Reshape", cut_reshape},
    {"Expand", cut_expand},    {"Resize", cut_resize},
};

static status cut_node(struct surgery *s, int index, struct error *error)
{
    const struct node *node = &s->coupling->graph->nodes[index];
    bool touched = false;
    for (int i = 0; i < node->input_count; i++)
        touched = touched || cut(kept_of(s, node->inputs[i]));
    for (int i = 0; i < node->output_count; i++)
        touched = touched || cut(kept_of(s, node->outputs[i]));
    if (!touched)
        return STATUS_OK;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        if (strcmp(rows[k].op, node->op->name) == 0) {
            status code = rows[k].cut(s, index, error);
            if (code != STATUS_OK && code != STATUS_MEMORY)
                error_prefix(error, "%s %s: ", node->op->name, node->name);
            return code;
        }
    return STATUS_OK;
}

/* Every layer and every value must keep something, or there is no network left. */
static status check_emptied(const struct surgery *s, struct error *error)
{
    const struct layers *layers = s->coupling->layers;
    for (int i = 0; i < layers->count; i++) {
        int64_t left = 0;
        for (int64_t channel = 0; channel < layers->items[i].channels; channel++)
            left += !s->removed[s->coupling->layer_classes[i][channel]];
        if (left == 0)
            return error_set(error, STATUS_STATE, "layer %s would lose all its channels",
                             layers->items[i].name);
    }
    for (int i = 0; i < s->coupling->graph->value_count; i++)
        for (int axis = 0; s->coupling->maps[i].labels != NULL && axis < s->kept[i].rank; axis++)
            if (s->kept[i].axis[axis].count == 0 && s->kept[i].axis[axis].of > 0)
                return error_set(error, STATUS_STATE, "nothing would be left of %s",
                                 s->coupling->graph->values[i].name);
    for (int i = 0; i < s->coupling->class_count; i++)
        if (s->removed[i] && s->coupling->classes[i].lock >= 0)
            return error_set(error, STATUS_STATE, "a channel of layer %s is locked: %s",
                             layers->items[s->coupling->classes[i].members[0].layer].name,
                             lock_reason_text(s->coupling->locks[s->coupling->classes[i].lock].reason));
    return STATUS_OK;
}

static status surgery_run(struct surgery *s, struct graph **result, struct error *error)
{
    const struct coupling *c = s->coupling;
    s->kept = arena_alloc(s->arena, (size_t)c->graph->value_count, sizeof *s->kept);
    if (s->kept == NULL)
        return error_memory(error);
    for (int i = 0; i < c->graph->value_count; i++)
        if (c->maps[i].labels != NULL && !kept_find(c, &c->maps[i], s->removed, s->arena, &s->kept[i]))
            return error_memory(error);
    status code = graph_uses(c->graph, s->arena, &s->uses, error);
    if (code == STATUS_OK)
        code = check_emptied(s, error);
    for (int i = 0; i < c->graph->node_count && code == STATUS_OK; i++)
        code = cut_node(s, i, error);
    if (code == STATUS_OK)
        code = edit_apply(s->edit, result, error);
    if (code != STATUS_OK)
        return code;
    struct plan *plan;
    struct plan_options options = {.batch = 1, .real = ELEMENT_FLOAT};
    code = plan_new(*result, &options, &plan, error);
    if (code == STATUS_OK) {
        plan_free(plan);
    } else {
        graph_free(*result);
        *result = NULL;
        error_prefix(error, "the smaller network does not fit together: ");
    }
    return code;
}

status surgery_apply(const struct coupling *coupling, const bool *removed, struct graph **result,
                     struct error *error)
{
    struct surgery s = {
        .coupling = coupling, .removed = removed, .edit = edit_new(coupling->graph), .arena = arena_new()};
    status code = s.edit != NULL && s.arena != NULL ? surgery_run(&s, result, error) : error_memory(error);
    edit_free(s.edit);
    if (s.arena != NULL)
        arena_free(s.arena);
    return code;
}
