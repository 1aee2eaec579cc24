/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Surgery, operator by operator: what must change in a node when channels of what it reads or makes go. The
 * rules of the coupling see to it that every node they left free can be cut. */
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "prune/coupling_internal.h"
#include "prune/kept.h"
#include "prune/operator_rules_internal.h"
#include "prune/surgery_internal.h"

/* --- small tools ---------------------------------------------------------------------------------------- */

static const struct node *node_at(const struct surgery *s, int index)
{
    return &s->coupling->graph->nodes[index];
}

static const struct kept *input_kept(const struct surgery *s, int index, int input)
{
    return surgery_kept(s, node_at(s, index)->inputs[input]);
}

static const struct kept *output_kept(const struct surgery *s, int index)
{
    return surgery_kept(s, node_at(s, index)->outputs[0]);
}

static status cannot(const char *why, struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED, "%s", why);
}

/* Keep only the positions of an axis in one of a node's constants. */
static status select_constant(struct surgery *s, int node, int input, int axis, const struct kept_axis *kept,
                              struct error *error)
{
    const struct tensor *old = edit_get(s->edit, node, input);
    if (old == NULL || !kept_cuts(kept))
        return STATUS_OK;
    return edit_constant(s->edit, node, input, tensor_select(old, axis, kept), error);
}

/* New integers for input `input` (of the data type that it had), or for the attribute where the node has none
 * there. */
static status replace_integers(struct surgery *s, int index, int input, const char *attribute,
                               const int64_t *values, int64_t count, struct error *error)
{
    const struct tensor *old = edit_get(s->edit, index, input);
    if (old == NULL && attribute != NULL)
        return edit_integers(s->edit, index, attribute, values, (size_t)count, error);
    struct shape shape = {.rank = old != NULL ? old->shape.rank : 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);
    if (tensor != NULL) {
        memcpy(tensor->data, values, (size_t)count * sizeof *values);
        tensor->file_type = old != NULL ? old->file_type : 0;
    }
    return edit_constant(s->edit, index, input, tensor, error);
}

/* Turn a node that moves channels about into a Gather of `indices` along `axis` from `source`. */
static status become_gather(struct surgery *s, int index, int source, int axis, const int64_t *indices,
                            int64_t count, struct error *error)
{
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);
    if (tensor != NULL)
        memcpy(tensor->data, indices, (size_t)count * sizeof *indices);
    edit_operator(s->edit, index, operator_find("Gather"), 2);
    edit_input(s->edit, index, 0, source);
    status code = edit_constant(s->edit, index, 1, tensor, error);
    return code != STATUS_OK ? code : edit_integer(s->edit, index, "axis", axis, error);
}

/* --- layers and what stands beside activations ---------------------------------------------------------- */

/* Input columns of a convolution: all groups lose the same positions, so those of the first group tell. */
status cut_convolution(struct surgery *s, int index, struct error *error)
{
    const struct kept_axis *in = &input_kept(s, index, 0)->axis[1], *out = &output_kept(s, index)->axis[1];
    int64_t groups = node_integer(node_at(s, index), "group", 1);
    int64_t columns = edit_get(s->edit, index, 1)->shape.dim[1];
    status code = select_constant(s, index, 1, 0, out, error);
    if (code == STATUS_OK)
        code = select_constant(s, index, 2, 0, out, error);
    if (code != STATUS_OK || !kept_cuts(in))
        return code;
    if (groups > 1 && columns == 1)
        return edit_integer(s->edit, index, "group", in->count, error);
    struct kept_axis first = {.positions = in->positions, .count = kept_before(in, columns), .of = columns};
    if (first.count * groups != in->count)
        return cannot("its groups would keep different numbers of channels", error);
    return select_constant(s, index, 1, 1, &first, error);
}

/* The weights of a transposed convolution are inputs x outputs of a group x kernel. */
status cut_transposed(struct surgery *s, int index, struct error *error)
{
    const struct kept_axis *in = &input_kept(s, index, 0)->axis[1], *out = &output_kept(s, index)->axis[1];
    int64_t groups = node_integer(node_at(s, index), "group", 1);
    int64_t inputs = in->of / groups, outputs = out->of / groups;
    struct kept_axis first = {.positions = out->positions, .count = kept_before(out, outputs), .of = outputs};
    bool depthwise = groups > 1 && inputs == 1;
    status code = select_constant(s, index, 1, 0, in, error);
    if (code == STATUS_OK)
        code = select_constant(s, index, 2, 0, out, error);
    if (code == STATUS_OK && depthwise)
        return kept_cuts(in) ? edit_integer(s->edit, index, "group", in->count, error) : STATUS_OK;
    if (code == STATUS_OK && kept_cuts(out) && first.count * groups != out->count)
        return cannot("its groups would keep different numbers of channels", error);
    return code == STATUS_OK ? select_constant(s, index, 1, 1, &first, error) : code;
}

status cut_normalization(struct surgery *s, int index, struct error *error)
{
    status code = STATUS_OK;
    for (int i = 1; i < node_at(s, index)->input_count && code == STATUS_OK; i++)
        code = select_constant(s, index, i, 0, &output_kept(s, index)->axis[1], error);
    return code;
}

/* Whole groups go. Scale and shift are one number for each of them, or for each channel. */
status cut_group_norm(struct surgery *s, int index, struct error *error)
{
    const struct kept_axis *channels = &output_kept(s, index)->axis[1];
    const int64_t groups = node_integer(node_at(s, index), "num_groups", 1), width = channels->of / groups;
    int64_t *positions = arena_alloc(s->arena, (size_t)groups, sizeof *positions);
    struct kept_axis whole = {.positions = positions, .of = groups};
    status code = STATUS_OK;
    if (positions == NULL)
        return error_memory(error);
    if (!kept_cuts(channels))
        return STATUS_OK;
    for (int64_t i = 0; i < channels->count; i += width)
        positions[whole.count++] = channels->positions[i] / width;
    for (int i = 1; i <= 2 && code == STATUS_OK; i++)
        code = select_constant(
            s, index, i, 0, edit_get(s->edit, index, i)->shape.dim[0] == groups ? &whole : channels, error);
    return code != STATUS_OK ? code : edit_integer(s->edit, index, "num_groups", whole.count, error);
}

status cut_linear(struct surgery *s, int index, struct error *error)
{
    const struct kept *in = input_kept(s, index, 0), *out = output_kept(s, index);
    bool transposed = product_transposes(node_at(s, index), "transB");
    const struct kept_axis *features = &out->axis[out->rank - 1];
    status code = select_constant(s, index, 1, transposed ? 0 : 1, features, error);
    if (code == STATUS_OK)
        code = select_constant(s, index, 1, transposed ? 1 : 0, &in->axis[in->rank - 1], error);
    const struct tensor *bias = edit_get(s->edit, index, 2);
    int last = bias != NULL ? bias->shape.rank - 1 : -1;
    if (code == STATUS_OK && last >= 0 && bias->shape.dim[last] == features->of)
        code = select_constant(s, index, 2, last, features, error);
    return code;
}

/* Constants beside activations (PRelu's slope, a per-channel factor): cut along the axes that they share. */
status cut_beside(struct surgery *s, int index, struct error *error)
{
    const struct kept *out = output_kept(s, index);
    status code = STATUS_OK;
    for (int i = 0; i < node_at(s, index)->input_count; i++) {
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

/* --- slices, splits, pads, gathers ---------------------------------------------------------------------- */

/* A slice that takes channels in steps, as the list of the channels that it takes. */
static status cut_steps(struct surgery *s, int index, int axis, int64_t start, int64_t step,
                        struct error *error)
{
    const struct kept_axis *in = &input_kept(s, index, 0)->axis[axis],
                           *out = &output_kept(s, index)->axis[axis];
    int64_t *indices = arena_alloc(s->arena, (size_t)out->count + 1, sizeof *indices);
    if (indices == NULL)
        return error_memory(error);
    start += start < 0 ? in->of : 0;
    start = start < 0 ? 0 : start >= in->of ? in->of - 1 : start;
    for (int64_t i = 0; i < out->count; i++)
        indices[i] = kept_before(in, start + step * (out->positions != NULL ? out->positions[i] : i));
    return become_gather(s, index, node_at(s, index)->inputs[0], axis, indices, out->count, error);
}

/* A slice along a cut axis, in terms of what is left. */
status cut_slice(struct surgery *s, int index, struct error *error)
{
    const struct kept *in = input_kept(s, index, 0);
    struct slice_operands slice;
    int64_t starts[TENSOR_MAX_RANK], ends[TENSOR_MAX_RANK];
    if (!coupling_slice(s->coupling->plan, node_at(s, index), in->rank, &slice))
        return cannot("its bounds are not constant", error);
    for (int64_t i = 0; i < slice.count; i++) {
        const struct kept_axis *kept = &in->axis[slice.axes[i]];
        starts[i] = slice.starts[i];
        ends[i] = slice.ends[i];
        if (!kept_cuts(kept))
            continue;
        if (slice.steps != NULL && slice.steps[i] != 1)
            return cut_steps(s, index, slice.axes[i], slice.starts[i], slice.steps[i], error);
        starts[i] = kept_before(kept, starts[i] < 0 ? starts[i] + kept->of : starts[i]);
        ends[i] = kept_before(kept, ends[i] < 0 ? ends[i] + kept->of : ends[i]);
    }
    status code = replace_integers(s, index, 1, "starts", starts, slice.count, error);
    return code != STATUS_OK ? code : replace_integers(s, index, 2, "ends", ends, slice.count, error);
}

/* Sizes become explicit where they were implied: equal parts do not stay equal. */
status cut_split(struct surgery *s, int index, struct error *error)
{
    const struct node *node = node_at(s, index);
    const struct kept *in = input_kept(s, index, 0);
    int opset = s->coupling->graph->opset, axis, count = node->output_count;
    if (!shape_axis(in->rank, node_integer(node, "axis", 0), &axis))
        return cannot("its axis is out of range", error);
    const struct kept_axis *kept = &in->axis[axis];
    int64_t given_count, start = 0, part = (kept->of + count - 1) / count;
    const int64_t *given =
        coupling_integers(s->coupling->plan, node, 1, opset < 13 ? "split" : NULL, &given_count);
    int64_t *sizes = arena_alloc(s->arena, (size_t)count, sizeof *sizes);
    if (sizes == NULL)
        return error_memory(error);
    if (!kept_cuts(kept))
        return STATUS_OK;
    for (int i = 0; i < count; i++) {
        int64_t end = start + (given != NULL ? given[i] : part);
        sizes[i] = kept_before(kept, end) - kept_before(kept, start);
        start = end;
    }
    if (edit_remove_attribute(s->edit, index, "num_outputs", error) != STATUS_OK)
        return error->code;
    return replace_integers(s, index, 1, opset < 13 ? "split" : NULL, sizes, count, error);
}

/* Padded channels that stay, in front and behind; of channels that are taken away, those that are left. */
status cut_pad(struct surgery *s, int index, struct error *error)
{
    const struct kept *in = input_kept(s, index, 0), *out = output_kept(s, index);
    struct pad_operands pad;
    int64_t changed[2 * TENSOR_MAX_RANK];
    if (!coupling_pad(s->coupling->plan, node_at(s, index), out->rank, &pad))
        return cannot("its pads are not constant", error);
    for (int64_t i = 0; i < pad.count; i++) {
        const struct kept_axis *from = &in->axis[pad.axes[i]], *to = &out->axis[pad.axes[i]];
        int64_t front = pad.pads[i], behind = pad.pads[pad.count + i];
        changed[i] = front >= 0 ? kept_before(to, front) : -kept_before(from, -front);
        changed[pad.count + i] = behind >= 0 ? to->count - kept_before(to, to->of - behind)
                                             : kept_before(from, from->of + behind) - from->count;
    }
    return replace_integers(s, index, 1, "pads", changed, 2 * pad.count, error);
}

/* What stays of `length` positions from `first` on, numbered from there. false: memory is out. */
static bool kept_part(struct surgery *s, const struct kept_axis *kept, int64_t first, int64_t length,
                      struct kept_axis *part)
{
    const int64_t before = kept_before(kept, first);
    *part = (struct kept_axis){.count = kept_before(kept, first + length) - before, .of = length};
    int64_t *positions = arena_alloc(s->arena, (size_t)part->count + 1, sizeof *positions);
    for (int64_t i = 0; positions != NULL && i < part->count; i++)
        positions[i] = kept->positions[before + i] - first;
    part->positions = positions;
    return positions != NULL;
}

/* One constant among what a Concat joins along axis `joined`, there from position `first` on. */
static status cut_joined(struct surgery *s, const struct joined_constant *constant, const struct kept *out,
                         int joined, int64_t first, struct error *error)
{
    for (int axis = 0; axis < out->rank; axis++) {
        const struct tensor *old = edit_get(s->edit, constant->node, constant->input);
        const int own = axis - (out->rank - old->shape.rank);
        struct kept_axis kept = out->axis[axis];
        if (own < 0 || !kept_cuts(&kept))
            continue;
        if (axis == joined && !kept_part(s, &out->axis[axis], first, old->shape.dim[own], &kept))
            return error_memory(error);
        if (old->shape.dim[own] == kept.of &&
            select_constant(s, constant->node, constant->input, own, &kept, error) != STATUS_OK)
            return error->code;
    }
    return STATUS_OK;
}

/* Constants that are joined with features, themselves or repeated for every image by Expand: cut as the
 * features are, and along the axis that they are joined along where what they are added to goes. */
status cut_concat(struct surgery *s, int index, struct error *error)
{
    const struct node *node = node_at(s, index);
    const struct kept *out = output_kept(s, index);
    int64_t first = 0;
    int joined;
    if (!shape_axis(out->rank, node_integer(node, "axis", 1), &joined))
        return cannot("its axis is out of range", error);
    for (int i = 0; i < node->input_count; i++) {
        struct joined_constant found;
        if (coupling_joined_constant(s->coupling, index, i, &found) &&
            cut_joined(s, &found, out, joined, first, error) != STATUS_OK)
            return error->code;
        first += s->coupling->plan->values[node->inputs[i]].shape.dim[joined];
    }
    return STATUS_OK;
}

status cut_gather(struct surgery *s, int index, struct error *error)
{
    const struct kept *in = input_kept(s, index, 0), *out = output_kept(s, index);
    const struct tensor *indices = edit_get(s->edit, index, 1);
    int axis;
    if (indices == NULL || !shape_axis(in->rank, node_integer(node_at(s, index), "axis", 0), &axis))
        return cannot("its indices are not constant", error);
    if (!kept_cuts(&in->axis[axis]))
        return STATUS_OK;
    bool one = indices->shape.rank == 0;
    int64_t count = one ? 1 : out->axis[axis].count;
    int64_t *values = arena_alloc(s->arena, (size_t)count + 1, sizeof *values);
    if (values == NULL)
        return error_memory(error);
    for (int64_t i = 0; i < count; i++) {
        bool all = one || out->axis[axis].positions == NULL;
        int64_t position = tensor_get_integer(indices, all ? i : out->axis[axis].positions[i]);
        values[i] = kept_before(&in->axis[axis], position < 0 ? position + in->axis[axis].of : position);
    }
    return replace_integers(s, index, 1, NULL, values, count, error);
}

/* --- shapes --------------------------------------------------------------------------------------------- */

static status cut_shuffle(struct surgery *s, int index, const struct shuffle *shuffle, struct error *error)
{
    const struct kept_axis *in = &surgery_kept(s, shuffle->source)->axis[1];
    const struct kept_axis *out = &output_kept(s, index)->axis[1];
    int64_t *indices = arena_alloc(s->arena, (size_t)out->count + 1, sizeof *indices);
    if (indices == NULL)
        return error_memory(error);
    for (int64_t i = 0; i < out->count; i++)
        indices[i] = kept_before(in, shuffle->permutation[out->positions[i]]);
    return become_gather(s, index, shuffle->source, 1, indices, out->count, error);
}

/* Lengths in a Reshape's target follow; -1 and 0 say what they mean by themselves, but for a 0 that copies
 * the length of other channels. */
status cut_reshape(struct surgery *s, int index, struct error *error)
{
    const struct shuffle *shuffle = &s->coupling->shuffles[index];
    const struct kept *in = input_kept(s, index, 0), *out = output_kept(s, index);
    const struct tensor *target = edit_get(s->edit, index, 1);
    int64_t values[TENSOR_MAX_RANK];
    if (shuffle->inside) /* goes with the shuffle */
        return STATUS_OK;
    if (shuffle->permutation != NULL)
        return cut_shuffle(s, index, shuffle, error);
    if (out->ragged)
        return cannot("what stays is not rectangular", error);
    if (target == NULL || shape_elements(&target->shape) != out->rank)
        return cannot("its target is not constant", error);
    for (int axis = 0; axis < out->rank; axis++) {
        values[axis] = tensor_get_integer(target, axis);
        bool stale = values[axis] == 0 ? in->axis[axis].count != out->axis[axis].count
                                       : values[axis] > 0 && kept_cuts(&out->axis[axis]);
        if (stale)
            values[axis] = out->axis[axis].count;
    }
    return replace_integers(s, index, 1, NULL, values, out->rank, error);
}

status cut_expand(struct surgery *s, int index, struct error *error)
{
    const struct kept *out = output_kept(s, index);
    const struct tensor *target = edit_get(s->edit, index, 1);
    int64_t values[TENSOR_MAX_RANK], count = target != NULL ? shape_elements(&target->shape) : -1;
    if (count < 0 || count > out->rank)
        return cannot("its target is not constant", error);
    for (int64_t i = 0; i < count; i++) {
        const struct kept_axis *kept = &out->axis[out->rank - count + i];
        values[i] = tensor_get_integer(target, i);
        if (kept_cuts(kept) && values[i] == kept->of)
            values[i] = kept->count;
    }
    return replace_integers(s, index, 1, NULL, values, count, error);
}

/* The output's shape names its channels too. */
status cut_unpool(struct surgery *s, int index, struct error *error)
{
    const struct kept *out = output_kept(s, index);
    const struct tensor *shape = edit_get(s->edit, index, 2);
    int64_t values[TENSOR_MAX_RANK], count = shape != NULL ? shape_elements(&shape->shape) : 0;
    if (count > out->rank)
        return cannot("its shape does not fit", error);
    for (int64_t i = 0; i < count; i++)
        values[i] = kept_cuts(&out->axis[i]) ? out->axis[i].count : tensor_get_integer(shape, i);
    return count == 0 ? STATUS_OK : replace_integers(s, index, 2, NULL, values, count, error);
}

/* Resize by sizes names the channels too. */
status cut_resize(struct surgery *s, int index, struct error *error)
{
    const struct kept *out = output_kept(s, index);
    const struct tensor *sizes = edit_get(s->edit, index, 3);
    int64_t values[TENSOR_MAX_RANK], axis_count, count = sizes != NULL ? shape_elements(&sizes->shape) : 0;
    const int64_t *axes = coupling_integers(s->coupling->plan, node_at(s, index), -1, "axes", &axis_count);
    for (int64_t i = 0; i < count; i++) {
        int axis;
        if (count > out->rank || !shape_axis(out->rank, axes != NULL ? axes[i] : i, &axis))
            return cannot("its sizes do not fit", error);
        values[i] = kept_cuts(&out->axis[axis]) ? out->axis[axis].count : tensor_get_integer(sizes, i);
    }
    return count == 0 ? STATUS_OK : replace_integers(s, index, 3, NULL, values, count, error);
}
