/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coupling of operators that pad images, look at them elsewhere or lay channels out in space. */
#include "prune/coupling_internal.h"

#include <string.h>
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "prune/coupling.h"
#include "prune/label.h"
#include "prune/operator_rules_internal.h"

/* A grid says where each channel is looked at; what channels it was made of cannot go. */
bool couple_sampled(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *grid = coupling_input_map(b, node, 1);
    if (grid != NULL)
        coupling_lock_map(b, grid, LOCK_OPERATOR, node_index);
    return coupling_input_map(b, node, 0) != NULL ? couple_window(b, node_index)
                                                  : coupling_lock_node(b, node_index, LOCK_OPERATOR);
}

/* Elements go back to where a MaxPool found them: places are numbered within the channels that are left as
 * long as they are that pool's own. */
bool couple_unpool(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *in = coupling_input_map(b, node, 0), *places = coupling_input_map(b, node, 1);
    const int maker = b->coupling->graph->values[node->inputs[1]].producer;
    if (in == NULL || places == NULL || maker < 0 ||
        strcmp(b->coupling->graph->nodes[maker].op->name, "MaxPool") != 0)
        return coupling_lock_node(b, node_index, LOCK_OPERATOR);
    coupling_unite_along(b, places, ~2u);
    for (int64_t channel = 0; channel < in->shape.dim[1]; channel++)
        coupling_unite(b, label_map_along(in, 1, channel), label_map_along(places, 1, channel));
    return couple_window(b, node_index);
}

/* Squares of positions out of as many channels: these go together. */
bool couple_to_space(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *in = coupling_input_map(b, node, 0);
    const bool columns = strcmp(node_string(node, "mode", "DCR"), "CRD") == 0;
    struct label_map *out;
    coupling_unite_along(b, in, ~2u);
    if (!coupling_new_map(b, node->outputs[0], 2u, &out))
        return false;
    const int64_t channels = out->extent.dim[1], area = in->shape.dim[1] / channels;
    for (int64_t c = 0; c < channels; c++) {
        out->labels[c] = label_map_along(in, 1, columns ? c * area : c);
        for (int64_t i = 1; i < area; i++)
            coupling_unite(b, out->labels[c],
                           label_map_along(in, 1, columns ? c * area + i : i * channels + c));
    }
    return true;
}

/* The other way: several channels that are one. */
bool couple_to_depth(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *in = coupling_input_map(b, node, 0);
    struct label_map *out;
    coupling_unite_along(b, in, ~2u);
    if (!coupling_new_map(b, node->outputs[0], 2u, &out))
        return false;
    for (int64_t o = 0; o < out->extent.dim[1]; o++)
        out->labels[o] = label_map_along(in, 1, o % in->shape.dim[1]);
    return true;
}

/* Padding that continues the image makes no channels, along axes where labels do not change. */
static bool continue_image(struct builder *b, int node_index, const struct pad_operands *pad)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *in = coupling_input_map(b, node, 0);
    struct label_map *out;
    for (int64_t i = 0; i < pad->count; i++)
        if ((pad->pads[i] != 0 || pad->pads[pad->count + i] != 0) &&
            (pad->axes[i] < 2 || (label_map_axes(in) >> pad->axes[i] & 1)))
            return coupling_lock_node(b, node_index, LOCK_MIXED);
    if (!coupling_new_map(b, node->outputs[0], label_map_axes(in), &out))
        return false;
    memcpy(out->labels, in->labels, (size_t)label_map_elements(in) * sizeof *in->labels);
    return true;
}

/* Padding brings channels that are constant: no layer makes them, so they get labels of their own. Padding
 * along axes where labels do not change (height and width, wherever they are) makes no channels, unless there
 * was a single one. */
bool couple_pad(struct builder *b, int node_index)
{
    const struct node *node = &b->coupling->graph->nodes[node_index];
    const struct label_map *in = coupling_input_map(b, node, 0);
    const struct shape *shape = &b->coupling->plan->values[node->outputs[0]].shape;
    struct pad_operands pad;
    int64_t before[TENSOR_MAX_RANK] = {0};
    if (!coupling_pad(b->coupling->plan, node, shape->rank, &pad))
        return coupling_lock_node(b, node_index, LOCK_MIXED);
    if (pad.continues)
        return continue_image(b, node_index, &pad);
    for (int64_t i = 0; i < pad.count; i++)
        before[pad.axes[i]] = pad.pads[i];
    unsigned varying = label_map_axes(in), axes = varying;
    for (int axis = 0; axis < shape->rank && axis < 2; axis++)
        if (varying == 0 && shape->dim[axis] != in->shape.dim[axis])
            axes |= 1u << axis;
    if (axes & 1u)
        return coupling_lock_node(b, node_index, LOCK_MIXED);
    struct label_map *out;
    if (!coupling_new_map(b, node->outputs[0], axes, &out))
        return false;
    int64_t index[TENSOR_MAX_RANK] = {0}, position = 0;
    do {
        int64_t source[TENSOR_MAX_RANK];
        bool inside = true;
        for (int axis = 0; axis < shape->rank; axis++) {
            source[axis] = axes >> axis & 1 ? index[axis] - before[axis] : 0;
            inside = inside && source[axis] >= 0 && source[axis] < in->shape.dim[axis];
        }
        int label = inside ? label_map_at(in, source) : forest_add(&b->forest, 1);
        if (label < 0)
            return coupling_no_memory(b);
        out->labels[position++] = label;
    } while (index_next(index, &out->extent));
    return true;
}
