/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scale attack, operator by operator: which power of the factor the elements of an output are larger by.
 *
 * An operator h passes the factor C on when it is positively homogeneous in what is scaled: h(C*u) = C^k *
 * h(u) for every C > 0. Operators that combine several elements do so only where all of these are larger by
 * the same power: a mean over channels of which some are scaled is neither scaled nor what it was. An
 * operator whose row has no rule is refused. */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "nn/graph/edit.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "prune/coupling_internal.h"
#include "nn/operator/operator.h"
#include "prune/label.h"
#include "prune/operator_rules_internal.h"
#include "prune/rescale_internal.h"

/* --- powers --------------------------------------------------------------------------------------------- */

static const struct node *node_at(const struct rescaling *r, int index)
{
    return &r->coupling->graph->nodes[index];
}

static const struct shape *value_shape(const struct rescaling *r, int value)
{
    return &r->coupling->plan->values[value].shape;
}

/* Powers of a value; NULL where nothing of it is scaled. */
static struct label_map *powers_of(const struct rescaling *r, int value)
{
    return value == VALUE_NONE || r->traced.maps[value].labels == NULL ? NULL : &r->traced.maps[value];
}

static struct label_map *input_powers(const struct rescaling *r, int index, int input)
{
    const struct node *node = node_at(r, index);
    return input < node->input_count ? powers_of(r, node->inputs[input]) : NULL;
}

static status refuse(const struct rescaling *r, int index, const char *why, struct error *error)
{
    const struct node *node = node_at(r, index);
    return error_set(error, STATUS_STATE, "layer %s: %s %s %s", r->layer->name, node->op->name, node->name,
                     why);
}

/* Nothing beside the first input may be scaled. */
static bool first_alone(const struct rescaling *r, int index)
{
    for (int i = 1; i < node_at(r, index)->input_count; i++)
        if (input_powers(r, index, i) != NULL)
            return false;
    return input_powers(r, index, 0) != NULL;
}

/* Drop the axes along which a new map does not change, and the map where no power is left. */
static status settle(struct rescaling *r, int value, struct error *error)
{
    struct label_map *map = &r->traced.maps[value], smaller;
    int64_t *full = label_map_expand(r->traced.arena, map, &map->extent);
    if (full == NULL || !label_map_compress(r->traced.arena, full, &map->extent, &map->shape, &smaller))
        return error_memory(error);
    bool any = false;
    for (int64_t i = 0; i < label_map_elements(&smaller); i++)
        any = any || smaller.labels[i] != 0;
    *map = any ? smaller : (struct label_map){0};
    return STATUS_OK;
}

static status new_powers(struct rescaling *r, int value, unsigned axes, struct label_map **map,
                         struct error *error)
{
    *map = &r->traced.maps[value];
    return label_map_new(r->traced.arena, value_shape(r, value), axes, *map) ? STATUS_OK
                                                                             : error_memory(error);
}

/* --- where the factor is taken out ---------------------------------------------------------------------- */

/* The power of every channel along `axis`, which is all that a layer's weights can tell apart. */
static bool along_only(const struct label_map *map, int axis)
{
    return axis < map->shape.rank && (label_map_axes(map) & ~(1u << axis)) == 0;
}

static double removal(const struct rescaling *r, const struct label_map *map, int axis, int64_t position)
{
    return pow(r->factor, -label_map_along(map, axis, position));
}

/* Element [o, k, ...] of a convolution's weights reads channel group(o) * columns + k. */
status follow_convolution(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = node_at(r, index);
    const struct label_map *in = input_powers(r, index, 0);
    if (!first_alone(r, index) || edit_get(r->edit, index, 1) == NULL)
        return refuse(r, index, "does not pass a factor on", error);
    if (!along_only(in, 1))
        return refuse(r, index, "reads positions that are not scaled alike", error);
    struct tensor *copy = rescale_copy(r, index, 1);
    if (copy == NULL)
        return error_memory(error);
    int64_t filters = copy->shape.dim[0], columns = copy->shape.dim[1];
    int64_t area = shape_product(&copy->shape, 2, copy->shape.rank);
    int64_t per_group = filters / node_integer(node, "group", 1);
    for (int64_t o = 0; o < filters; o++)
        for (int64_t k = 0; k < columns; k++) {
            double factor = removal(r, in, 1, o / per_group * columns + k);
            for (int64_t i = 0; i < area; i++)
                rescale_element(copy, (o * columns + k) * area + i, factor);
        }
    return edit_constant(r->edit, index, 1, copy, error);
}

/* Slice c of a transposed convolution's weights reads channel c. */
status follow_transposed(struct rescaling *r, int index, struct error *error)
{
    const struct label_map *in = input_powers(r, index, 0);
    if (!first_alone(r, index) || edit_get(r->edit, index, 1) == NULL)
        return refuse(r, index, "does not pass a factor on", error);
    if (!along_only(in, 1))
        return refuse(r, index, "reads positions that are not scaled alike", error);
    struct tensor *copy = rescale_copy(r, index, 1);
    if (copy == NULL)
        return error_memory(error);
    int64_t slice = shape_product(&copy->shape, 1, copy->shape.rank);
    for (int64_t c = 0; c < copy->shape.dim[0]; c++)
        for (int64_t i = 0; i < slice; i++)
            rescale_element(copy, c * slice + i, removal(r, in, 1, c));
    return edit_constant(r->edit, index, 1, copy, error);
}

status follow_linear(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = node_at(r, index);
    const struct label_map *in = input_powers(r, index, 0);
    const struct tensor *weight = edit_get(r->edit, index, 1);
    bool transposed = product_transposes(node, "transB");
    if (!first_alone(r, index) || weight == NULL || weight->shape.rank != 2 || in->shape.rank < 2 ||
        product_transposes(node, "transA"))
        return refuse(r, index, "does not pass a factor on", error);
    int axis = in->shape.rank - 1;
    if (!along_only(in, axis))
        return refuse(r, index, "reads positions that are not scaled alike", error);
    struct tensor *copy = rescale_copy(r, index, 1);
    if (copy == NULL)
        return error_memory(error);
    int64_t rows = copy->shape.dim[0], columns = copy->shape.dim[1];
    for (int64_t i = 0; i < rows * columns; i++)
        rescale_element(copy, i, removal(r, in, axis, transposed ? i % columns : i / columns));
    return edit_constant(r->edit, index, 1, copy, error);
}

/* A BatchNorm further on: scale/C^k * (C^k * x - C^k * mean) is scale * (x - mean). */
status follow_normalization(struct rescaling *r, int index, struct error *error)
{
    const struct label_map *in = input_powers(r, index, 0);
    if (!first_alone(r, index) || !along_only(in, 1))
        return refuse(r, index, "does not pass a factor on", error);
    struct tensor *scale = rescale_copy(r, index, 1), *mean = rescale_copy(r, index, 3);
    if (scale == NULL || mean == NULL) {
        tensor_free(scale);
        tensor_free(mean);
        return edit_get(r->edit, index, 1) != NULL && edit_get(r->edit, index, 3) != NULL
                   ? error_memory(error)
                   : refuse(r, index, "does not pass a factor on", error);
    }
    for (int64_t i = 0; i < shape_elements(&scale->shape); i++) {
        double factor = removal(r, in, 1, i);
        rescale_element(scale, i, factor);
        rescale_element(mean, i, 1 / factor);
    }
    status code = edit_constant(r->edit, index, 1, scale, error);
    status other = edit_constant(r->edit, index, 3, mean, error);
    return code == STATUS_OK ? other : code;
}

/* --- where it passes element by element ----------------------------------------------------------------- */

/* Relu and its like: an element is larger by what the same element of the input is. */
status follow_same(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = node_at(r, index);
    if (!first_alone(r, index))
        return refuse(r, index, "does not pass a factor on", error);
    r->traced.maps[node->outputs[0]] = *input_powers(r, index, 0);
    return STATUS_OK;
}

status follow_cast(struct rescaling *r, int index, struct error *error)
{
    bool real = r->coupling->plan->values[node_at(r, index)->outputs[0]].type != ELEMENT_INT64;
    return real ? follow_same(r, index, error) : refuse(r, index, "rounds to whole numbers", error);
}

/* x^p is larger by p times the power; a root is the half. */
static status raise_powers(struct rescaling *r, int index, double exponent, struct error *error)
{
    struct label_map *map;
    const struct label_map *in = input_powers(r, index, 0);
    int output = node_at(r, index)->outputs[0];
    status code = new_powers(r, output, label_map_axes(in), &map, error);
    for (int64_t i = 0; code == STATUS_OK && i < label_map_elements(map); i++) {
        double power = exponent * in->labels[i];
        if (power != floor(power) || fabs(power) > 8)
            return refuse(r, index, "makes no whole power of the factor", error);
        map->labels[i] = (int)power;
    }
    return code == STATUS_OK ? settle(r, output, error) : code;
}

status follow_root(struct rescaling *r, int index, struct error *error)
{
    return raise_powers(r, index, 0.5, error);
}

status follow_reciprocal(struct rescaling *r, int index, struct error *error)
{
    return raise_powers(r, index, -1, error);
}

status follow_power(struct rescaling *r, int index, struct error *error)
{
    const struct tensor *exponent = edit_get(r->edit, index, 1);
    if (!first_alone(r, index) || exponent == NULL ||
        !shape_equal(value_shape(r, node_at(r, index)->inputs[0]),
                     value_shape(r, node_at(r, index)->outputs[0])))
        return refuse(r, index, "does not pass a factor on", error);
    for (int64_t i = 1; i < shape_elements(&exponent->shape); i++)
        if (tensor_get(exponent, i) != tensor_get(exponent, 0))
            return refuse(r, index, "raises to several powers", error);
    return raise_powers(r, index, tensor_get(exponent, 0), error);
}

/* --- where operands meet -------------------------------------------------------------------------------- */

/* A constant of zeros is what it is at any scale. */
static bool is_zero(const struct rescaling *r, int value)
{
    const struct tensor *tensor = r->coupling->graph->values[value].constant;
    for (int64_t i = 0; tensor != NULL && i < shape_elements(&tensor->shape); i++)
        if (tensor_get(tensor, i) != 0)
            return false;
    return tensor != NULL;
}

static int power_at(const struct rescaling *r, int value, const int64_t *index, int rank)
{
    const struct label_map *map = powers_of(r, value);
    return map == NULL ? 0 : label_map_at(map, index + rank - map->shape.rank);
}

/* Powers of an output whose elements come of those at the same place, by `meet`: false where they do not go
 * together. */
static status pass_meeting(struct rescaling *r, int index,
                           bool (*meet)(const struct rescaling *r, const struct node *node, const int64_t *at,
                                        int rank, int *power),
                           const char *why, struct error *error)
{
    const struct node *node = node_at(r, index);
    const struct shape *shape = value_shape(r, node->outputs[0]);
    struct label_map *out;
    unsigned axes = 0;
    for (int i = 0; i < node->input_count; i++)
        if (input_powers(r, index, i) != NULL)
            axes |= label_map_axes(input_powers(r, index, i))
                    << (shape->rank - input_powers(r, index, i)->shape.rank);
    for (int i = 0; i < node->input_count; i++) /* where a broadcast operand meets no other */
        if (shape_elements(value_shape(r, node->inputs[i])) == 0)
            return refuse(r, index, "has an operand without elements", error);
    status code = new_powers(r, node->outputs[0], axes, &out, error);
    int64_t at[TENSOR_MAX_RANK] = {0}, position = 0;
    do {
        if (code == STATUS_OK && !meet(r, node, at, shape->rank, &out->labels[position++]))
            return refuse(r, index, why, error);
    } while (code == STATUS_OK && index_next(at, &out->extent));
    return code == STATUS_OK ? settle(r, node->outputs[0], error) : code;
}

/* Sums and maxima: all by the same power. */
static bool meet_alike(const struct rescaling *r, const struct node *node, const int64_t *at, int rank,
                       int *power)
{
    bool first = true;
    for (int i = 0; i < node->input_count; i++) {
        if (is_zero(r, node->inputs[i]))
            continue;
        int own = power_at(r, node->inputs[i], at, rank);
        if (!first && own != *power)
            return false;
        *power = own;
        first = false;
    }
    return true;
}

static bool meet_product(const struct rescaling *r, const struct node *node, const int64_t *at, int rank,
                         int *power)
{
    *power = power_at(r, node->inputs[0], at, rank) + power_at(r, node->inputs[1], at, rank);
    return true;
}

static bool meet_quotient(const struct rescaling *r, const struct node *node, const int64_t *at, int rank,
                          int *power)
{
    *power = power_at(r, node->inputs[0], at, rank) - power_at(r, node->inputs[1], at, rank);
    return true;
}

status follow_sum(struct rescaling *r, int index, struct error *error)
{
    return pass_meeting(r, index, meet_alike, "adds its channels to others, which are not scaled", error);
}

status follow_extreme(struct rescaling *r, int index, struct error *error)
{
    return pass_meeting(r, index, meet_alike, "compares its channels with others, which are not scaled",
                        error);
}

status follow_product(struct rescaling *r, int index, struct error *error)
{
    return pass_meeting(r, index, meet_product, "", error);
}

status follow_quotient(struct rescaling *r, int index, struct error *error)
{
    return pass_meeting(r, index, meet_quotient, "", error);
}

/* --- where elements are combined or moved --------------------------------------------------------------- */

/* Pooling and resizing combine the positions of one channel. */
status follow_window(struct rescaling *r, int index, struct error *error)
{
    const struct label_map *in = input_powers(r, index, 0);
    int output = node_at(r, index)->outputs[0];
    const struct shape *shape = value_shape(r, output);
    struct label_map *out;
    if (!first_alone(r, index) || shape->rank < 2 || shape->dim[0] != 1 || shape->dim[1] != in->shape.dim[1])
        return refuse(r, index, "does not pass a factor on", error);
    if (!along_only(in, 1))
        return refuse(r, index, "combines positions that are not scaled alike", error);
    status code = new_powers(r, output, label_map_axes(in), &out, error);
    if (code == STATUS_OK)
        memcpy(out->labels, in->labels, (size_t)label_map_elements(in) * sizeof *in->labels);
    return code;
}

status follow_reduce(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = node_at(r, index);
    const struct label_map *in = input_powers(r, index, 0);
    unsigned axes;
    if (!first_alone(r, index) || !coupling_reduced_axes(r->coupling->plan, node, in->shape.rank, &axes))
        return refuse(r, index, "does not pass a factor on", error);
    if (label_map_axes(in) & axes)
        return refuse(r, index, "combines channels that are scaled with others, which are not", error);
    return label_map_reduce(r->traced.arena, in, axes, node_integer(node, "keepdims", 1) != 0,
                            value_shape(r, node->outputs[0]), &r->traced.maps[node->outputs[0]])
               ? STATUS_OK
               : error_memory(error);
}

status follow_reshape(struct rescaling *r, int index, struct error *error)
{
    const struct label_map *in = input_powers(r, index, 0);
    int output = node_at(r, index)->outputs[0];
    const struct shape *shape = value_shape(r, output);
    if (!first_alone(r, index) || in->shape.rank < 1 || shape->rank < 1 || shape->dim[0] != in->shape.dim[0])
        return refuse(r, index, "moves the batch axis", error);
    return label_map_reshape(r->traced.arena, in, shape, &r->traced.maps[output]) ? settle(r, output, error)
                                                                                  : error_memory(error);
}

static bool is_moved(const struct node *node, int input)
{
    return node->inputs[input] != VALUE_NONE && (input == 0 || !(node->op->flags & OPERATOR_SHAPE_INPUTS));
}

/* Is the batch of one image still in front, and nothing scaled among what says how to move? */
static bool can_move(const struct rescaling *r, const struct node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        const struct shape *shape = is_moved(node, i) ? value_shape(r, node->inputs[i]) : NULL;
        if (shape != NULL ? shape->rank < 1 || shape->dim[0] != 1 || shape_elements(shape) == 0
                          : powers_of(r, node->inputs[i]) != NULL)
            return false;
    }
    for (int i = 0; i < node->output_count; i++) {
        const struct shape *shape = node->outputs[i] != VALUE_NONE ? value_shape(r, node->outputs[i]) : NULL;
        if (shape != NULL && (shape->rank < 1 || shape->dim[0] != 1 || shape_elements(shape) == 0))
            return false;
    }
    return true;
}

/* The operator's own kernel moves the powers, with zeros for what is not scaled. */
status follow_moved(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = node_at(r, index);
    bool understood = false, plain[NODE_MAX_OPERANDS] = {false};
    struct builder moving = {.coupling =
                                 &r->traced}; /* every operand that is moved has powers: no label is made */
    if (!can_move(r, node))
        return refuse(r, index, "does not pass a factor on", error);
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < node->input_count; i++) {
        struct label_map *map;
        if (!is_moved(node, i) || powers_of(r, node->inputs[i]) != NULL)
            continue;
        plain[i] = true;
        code = new_powers(r, node->inputs[i], 0, &map, error);
        if (code == STATUS_OK)
            map->labels[0] = 0;
    }
    if (code == STATUS_OK && !coupling_move_labels(&moving, index, &understood))
        code = error_memory(error);
    for (int i = 0; i < node->input_count; i++)
        if (plain[i])
            r->traced.maps[node->inputs[i]] = (struct label_map){0};
    if (code == STATUS_OK && !understood)
        return refuse(r, index, "does not pass a factor on", error);
    for (int i = 0; code == STATUS_OK && i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE)
            code = settle(r, node->outputs[i], error);
    return code;
}

/* What is padded has power 0 where it makes channels; at the borders of an image zeros are what the rest is,
 * and other numbers are not. Borders that repeat the image are a window on it. */
status follow_pad(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = node_at(r, index);
    const struct label_map *in = input_powers(r, index, 0);
    const struct shape *shape = value_shape(r, node->outputs[0]);
    const struct tensor *value = edit_get(r->edit, index, 2);
    bool zero = (value != NULL ? tensor_get(value, 0) : node_real(node, "value", 0)) == 0;
    struct pad_operands pad;
    if (!first_alone(r, index))
        return refuse(r, index, "does not pass a factor on", error);
    if (!coupling_pad(r->coupling->plan, node, shape->rank, &pad) || shape->dim[0] != in->shape.dim[0])
        return refuse(r, index, "does not pass a factor on", error);
    if (pad.continues)
        return follow_window(r, index, error);
    int64_t before[TENSOR_MAX_RANK] = {0};
    unsigned axes = label_map_axes(in);
    for (int64_t i = 0; i < pad.count; i++) {
        before[pad.axes[i]] = pad.pads[i];
        bool padded = pad.pads[i] > 0 || pad.pads[pad.count + i] > 0;
        if (padded && pad.axes[i] != 1 && !zero)
            return refuse(r, index, "pads with a number that is not zero", error);
        axes |= padded && pad.axes[i] == 1 ? 2u : 0;
    }
    struct label_map *out;
    status code = new_powers(r, node->outputs[0], axes, &out, error);
    int64_t at[TENSOR_MAX_RANK] = {0}, position = 0;
    do {
        int64_t from[TENSOR_MAX_RANK];
        bool inside = true;
        for (int axis = 0; axis < shape->rank; axis++) {
            from[axis] = axes >> axis & 1 ? at[axis] - before[axis] : 0;
            inside = inside && from[axis] >= 0 && from[axis] < in->shape.dim[axis];
        }
        if (code == STATUS_OK)
            out->labels[position++] = inside ? label_map_at(in, from) : 0;
    } while (code == STATUS_OK && index_next(at, &out->extent));
    return code == STATUS_OK ? settle(r, node->outputs[0], error) : code;
}

/* --- together ------------------------------------------------------------------------------------------- */

/* Is the node one of several calls of a layer, or its weight used elsewhere? */
static bool is_shared(const struct layers *layers, int node)
{
    for (int i = 0; i < layers->count; i++)
        for (int k = 0; k < layers->items[i].call_count; k++)
            if (layers->items[i].calls[k].node == node)
                return layers->items[i].call_count > 1 || layers->items[i].bound;
    return false;
}

static status follow_node(struct rescaling *r, int index, struct error *error)
{
    const struct node *node = node_at(r, index);
    bool reached = false;
    for (int i = 0; i < node->input_count; i++)
        reached = reached || input_powers(r, index, i) != NULL;
    if (!reached || (node->op->flags & OPERATOR_KNOWS_SHAPE))
        return STATUS_OK;
    if (is_shared(r->coupling->layers, index))
        return refuse(r, index, "has weights that other nodes use too", error);
    const struct operator_rule *rule = r->coupling->rules[index];
    return rule->follow != NULL ? rule->follow(r, index, error)
                                : refuse(r, index, "does not pass a factor on", error);
}

status rescale_follow(struct rescaling *r, struct error *error)
{
    const struct graph *graph = r->coupling->graph;
    struct label_map *map;
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < r->layer->call_count; i++) {
        code = new_powers(r, r->layer->calls[i].target, 0, &map, error);
        if (code == STATUS_OK)
            map->labels[0] = 1;
    }
    for (int i = 0; code == STATUS_OK && i < graph->node_count; i++)
        code = follow_node(r, i, error);
    for (int i = 0; code == STATUS_OK && i < graph->output_count; i++)
        if (powers_of(r, graph->outputs[i]) != NULL)
            code = error_set(error, STATUS_STATE, "layer %s: the factor would reach the network's output",
                             r->layer->name);
    return code;
}
