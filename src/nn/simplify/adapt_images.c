/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network's input: channels first, and every size but the batch's said. */
#include "nn/simplify/adapt.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

enum { IMAGE_RANK = 4 };

/* Where an image's dimensions stand. */
struct layout {
    int channels, height, width;
};
static const struct layout first = {1, 2, 3}, last = {3, 1, 2};

/* --- channels first or last ----------------------------------------------------------------------------- */

/* How the images are used by the nodes that take them. */
struct use {
    bool convolved;   /* by a convolution */
    int turned;       /* what a Transpose makes that puts the last dimension first; VALUE_NONE: none does */
    int64_t channels; /* what a convolution wants, DIMENSION_UNKNOWN: none was found */
};

static bool turns_first(const struct node *node)
{
    static const int64_t perm[IMAGE_RANK] = {0, 3, 1, 2};
    const struct attribute *attribute = node_attribute(node, "perm");
    return attribute && attribute->kind == ATTRIBUTE_INTEGERS && attribute->count == IMAGE_RANK &&
           memcmp(attribute->integers, perm, sizeof perm) == 0;
}

static void look_at(const struct graph *graph, const struct node *node, struct use *use)
{
    const struct tensor *weight = NULL;
    if ((node->op->flags & OPERATOR_CONVOLUTION) && node->input_count > 1 && node->inputs[1] != VALUE_NONE)
        weight = graph->values[node->inputs[1]].constant;
    const int64_t groups = node_integer(node, "group", 1);
    use->convolved |= (node->op->flags & OPERATOR_CONVOLUTION) != 0;
    if (strcmp(node->op->name, "Transpose") == 0 && turns_first(node) && node->output_count > 0)
        use->turned = node->outputs[0];
    if (weight && weight->shape.rank > 1 && groups > 0 && weight->shape.dim[1] < INT32_MAX &&
        groups < INT32_MAX)
        use->channels = weight->shape.dim[1] * groups;
}

static void look_at_users(const struct graph *graph, int value, struct use *use)
{
    for (int n = 0; n < graph->node_count; n++)
        if (graph->nodes[n].input_count > 0 && graph->nodes[n].inputs[0] == value)
            look_at(graph, &graph->nodes[n], use);
}

/* Behind a Transpose the convolution still says how many channels there are. */
static struct use find_use(const struct graph *graph, int input)
{
    struct use use = {.channels = DIMENSION_UNKNOWN, .turned = VALUE_NONE}, behind = use;
    look_at_users(graph, input, &use);
    if (use.turned != VALUE_NONE)
        look_at_users(graph, use.turned, &behind);
    if (use.channels == DIMENSION_UNKNOWN)
        use.channels = behind.channels;
    return use;
}

/* Can a dimension be the channels of an image: one, three, or four with the opacity? */
static bool may_be_channels(int64_t size)
{
    return size == 1 || size == 3 || size == 4;
}

static struct layout layout_of(const struct shape *shape, const struct use *use)
{
    bool by_shape =
        may_be_channels(shape->dim[last.channels]) && !may_be_channels(shape->dim[first.channels]);
    return !use->convolved && (use->turned != VALUE_NONE || by_shape) ? last : first;
}

/* --- sizes ---------------------------------------------------------------------------------------------- */

static status settle_side(const char *input, const char *side, int64_t said, int64_t *dim, bool *open,
                          struct error *error)
{
    if (*dim == DIMENSION_UNKNOWN) {
        *open = true;
        if (said <= 0)
            return error_set(error, STATUS_UNSUPPORTED,
                             "input %s: the file leaves the %s of its images open: say their size, as in "
                             "size=224x224",
                             input, side);
        *dim = said;
    }
    return STATUS_OK;
}

static status settle_sizes(struct value *input, const struct layout *layout, const struct image_size *size,
                           int64_t channels, bool *open, struct error *error)
{
    int64_t *dim = input->shape.dim;
    if (dim[layout->channels] == DIMENSION_UNKNOWN)
        dim[layout->channels] = channels;
    if (settle_side(input->name, "height", size->height, &dim[layout->height], open, error) != STATUS_OK ||
        settle_side(input->name, "width", size->width, &dim[layout->width], open, error) != STATUS_OK)
        return error->code;
    return STATUS_OK;
}

/* --- a new input ---------------------------------------------------------------------------------------- */

static bool is_taken(const struct graph *graph, const char *name)
{
    for (int n = 0; n < graph->node_count; n++)
        if (strcmp(graph->nodes[n].name, name) == 0)
            return true;
    return graph_find_value(graph, name) >= 0;
}

/* For the node and its output; NULL when memory is out. */
static const char *new_name(const struct graph *graph, const char *input)
{
    const char *name = arena_format(graph->arena, "%s_channels_last", input);
    while (name && is_taken(graph, name))
        name = arena_format(graph->arena, "%s_", name);
    return name;
}

/* The input's name goes to the new one, which is what the file's input is called. */
static status put_channels_first(struct graph *graph, struct error *error)
{
    int64_t perm[IMAGE_RANK] = {0, 2, 3, 1};
    const struct attribute attribute = {
        .name = "perm", .kind = ATTRIBUTE_INTEGERS, .integers = perm, .count = IMAGE_RANK};
    int old = graph->inputs[0];
    const char *name = graph->values[old].name, *inner = new_name(graph, name);
    const int64_t *dim = graph->values[old].shape.dim;
    const struct shape shape = {IMAGE_RANK, {dim[0], dim[last.channels], dim[last.height], dim[last.width]}};
    int new = inner ? graph_add_value(graph, name, graph->values[old].type, &shape) : -1;
    if (new < 0)
        return error_memory(error);
    graph->values[old].name = inner;
    graph->values[new].file_type = graph->values[old].file_type;
    graph->inputs[0] = new;
    graph->channels_last = true;
    if (graph_add_node(graph, inner, operator_find("Transpose"), &new, 1, &old, 1, &attribute, 1) < 0)
        return error_memory(error);
    return graph_finish(graph, error);
}

status adapt_images(struct graph *graph, const struct image_size *size, struct image_findings *found,
                    struct error *error)
{
    *found = (struct image_findings){0};
    if (graph->input_count != 1 || graph->values[graph->inputs[0]].shape.rank != IMAGE_RANK)
        return STATUS_OK;
    struct value *input = &graph->values[graph->inputs[0]];
    const struct use use = find_use(graph, graph->inputs[0]);
    const struct layout layout = layout_of(&input->shape, &use);
    if (settle_sizes(input, &layout, size, use.channels, &found->open, error) != STATUS_OK)
        return error->code;
    found->integers = input->type == ELEMENT_INT64;
    if (found->integers) {
        input->type = ELEMENT_FLOAT;
        input->file_type = FILE_FLOAT;
    }
    return layout.channels == last.channels ? put_channels_first(graph, error) : STATUS_OK;
}
