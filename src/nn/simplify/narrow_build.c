/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The graph that computes parts. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "nn/simplify/narrow_internal.h"

struct builder {
    const struct narrowing *narrowing;
    struct narrowed_graph *narrowed;
    struct graph *graph; /* of `narrowed` */
    int value_room;
    struct taken {
        int value, made; /* what a part was taken of, and the part as a value */
        struct part part;
    } * taken;
    int taken_count;
};

static int add_value(struct builder *builder, struct value value)
{
    const int index = builder->graph->value_count;
    if (index == builder->value_room)
        return VALUE_NONE;
    builder->graph->values[index] = value;
    builder->graph->value_count++;
    return index;
}

/* A constant of integers, owned by the narrowed graph. */
static int add_integers(struct builder *builder, const char *name, const int64_t *integers,
                        const struct shape *shape)
{
    struct tensor *tensor = tensor_new(ELEMENT_INT64, shape);
    if (!tensor)
        return VALUE_NONE;
    memcpy(tensor->data, integers, (size_t)shape_elements(shape) * sizeof *integers);
    const int value = add_value(builder, (struct value){.name = name,
                                                        .type = ELEMENT_INT64,
                                                        .shape = *shape,
                                                        .constant = tensor,
                                                        .producer = VALUE_NONE});
    if (value == VALUE_NONE)
        tensor_free(tensor);
    return value;
}

static struct shape part_shape(struct shape shape, const struct part *part)
{
    if (shape.rank > part->axis && shape.dim[part->axis] > 0)
        shape.dim[part->axis] = shape.dim[part->axis] / part->length * part->count;
    return shape;
}

/* The operands of a new node. */
static bool fill_gather(struct builder *builder, struct node *gather, int value, int places, int made,
                        int axis)
{
    struct arena *arena = builder->narrowed->arena;
    const struct attribute along = {.name = "axis", .kind = ATTRIBUTE_INTEGER, .integer = axis};
    *gather = (struct node){.name = builder->graph->values[made].name,
                            .op = operator_find("Gather"),
                            .inputs = arena_copy(arena, (const int[]){value, places}, 2 * sizeof(int)),
                            .input_count = 2,
                            .outputs = arena_copy(arena, &made, sizeof made),
                            .output_count = 1,
                            .attributes = arena_copy(arena, &along, sizeof along),
                            .attribute_count = 1};
    return gather->inputs && gather->outputs && gather->attributes;
}

/* The value that is this part of another, made by a Gather in front of the next node. */
static int take(struct builder *builder, int value, const struct part *part)
{
    struct arena *arena = builder->narrowed->arena;
    const struct value *whole = &builder->graph->values[value];
    for (int i = 0; i < builder->taken_count; i++)
        if (builder->taken[i].value == value && part_equal(&builder->taken[i].part, part))
            return builder->taken[i].made;
    int64_t *places = arena_alloc(arena, (size_t)part->count, sizeof *places);
    const char *name = arena_format(arena, "%s, a part", whole->name),
               *places_name = arena_format(arena, "%s, its places", whole->name);
    if (!places || !name || !places_name)
        return VALUE_NONE;
    for (int64_t i = 0; i < part->count; i++)
        places[i] = part->first + i;
    const int index = add_integers(builder, places_name, places, &(struct shape){1, {part->count}});
    const int made = add_value(builder, (struct value){.name = name,
                                                       .type = whole->type,
                                                       .shape = part_shape(whole->shape, part),
                                                       .producer = builder->graph->node_count});
    if (index == VALUE_NONE || made == VALUE_NONE ||
        !fill_gather(builder, &builder->graph->nodes[builder->graph->node_count], value, index, made,
                     part->axis))
        return VALUE_NONE;
    builder->graph->node_count++;
    builder->taken[builder->taken_count++] = (struct taken){value, made, *part};
    return made;
}

/* Another constant of the same shape. */
static bool exchange_integers(struct builder *builder, struct node *node, int input, const int64_t *integers)
{
    const struct shape *shape = &builder->narrowing->plans[0]->constants[node->inputs[input]]->shape;
    const char *name = arena_format(builder->narrowed->arena, "%s, of a part",
                                    builder->graph->values[node->outputs[0]].name);
    const int value = name ? add_integers(builder, name, integers, shape) : VALUE_NONE;
    node->inputs[input] = value;
    return value != VALUE_NONE;
}

/* A Reshape that names how long the axis is. */
static bool fit_target(struct builder *builder, struct node *node, const struct part *out)
{
    const struct tensor *target = builder->narrowing->plans[0]->constants[node->inputs[1]];
    int64_t axes[TENSOR_MAX_RANK];
    for (int i = 0; i < (int)target->shape.dim[0]; i++)
        axes[i] = tensor_get_integer(target, i);
    if (axes[out->axis] <= 0)
        return true;
    axes[out->axis] = axes[out->axis] / out->length * out->count;
    return exchange_integers(builder, node, 1, axes);
}

/* A Gather out of what has become a part itself; a Slice begins at the first place, and so does its part. */
static bool fit_index(struct builder *builder, struct node *node)
{
    const struct part *part = &builder->narrowing->parts[node->inputs[0]];
    struct part taken;
    if (part->kind != PART_SOME || part->first == 0 || !narrow_taken(builder->narrowing, node, &taken))
        return true;
    return exchange_integers(builder, node, 1, &(int64_t){taken.first - part->first});
}

static bool copy_node(struct builder *builder, int number)
{
    const struct narrowing *narrowing = builder->narrowing;
    struct node node = narrowing->graph->nodes[number];
    struct part asked;
    node.inputs = arena_copy(builder->narrowed->arena, node.inputs, (size_t)node.input_count * sizeof(int));
    if (!node.inputs || (!narrowing->partial[number] && !fit_index(builder, &node)))
        return false;
    for (int i = 0; i < node.input_count && narrowing->partial[number]; i++)
        if (narrow_is_missing(narrowing, &narrowing->graph->nodes[number], i, &asked) &&
            (node.inputs[i] = take(builder, node.inputs[i], &asked)) == VALUE_NONE)
            return false;
    if (narrowing->partial[number] && strcmp(node.op->name, "Reshape") == 0 &&
        !fit_target(builder, &node, &narrowing->parts[node.outputs[0]]))
        return false;
    for (int o = 0; o < node.output_count; o++)
        if (node.outputs[o] != VALUE_NONE)
            builder->graph->values[node.outputs[o]].producer = builder->graph->node_count;
    builder->graph->nodes[builder->graph->node_count++] = node;
    return true;
}

/* Room for a new operand, its constant and a Gather at every input of a part. */
static bool make_room(struct builder *builder)
{
    const struct narrowing *narrowing = builder->narrowing;
    const struct graph *graph = narrowing->graph;
    struct arena *arena = builder->narrowed->arena;
    size_t inputs = 0, values = (size_t)graph->value_count;
    for (int n = 0; n < graph->node_count; n++)
        inputs += narrowing->partial[n] ? (size_t)graph->nodes[n].input_count : 0;
    values += 2 * inputs + (size_t)graph->node_count;
    builder->value_room = (int)values;
    builder->graph->values = arena_alloc(arena, values, sizeof *graph->values);
    builder->graph->nodes = arena_alloc(arena, (size_t)graph->node_count + inputs, sizeof *graph->nodes);
    builder->taken = arena_alloc(arena, inputs, sizeof *builder->taken);
    builder->graph->node_count = 0;
    return builder->graph->values && builder->graph->nodes && builder->taken;
}

status narrow_build(const struct narrowing *narrowing, struct narrowed_graph *narrowed, struct error *error)
{
    const struct graph *graph = narrowing->graph;
    struct builder builder = {.narrowing = narrowing, .narrowed = narrowed, .graph = &narrowed->graph};
    narrowed->first_own = graph->value_count;
    narrowed->arena = arena_new();
    if (!narrowed->arena || !make_room(&builder))
        return error_memory(error);
    memcpy(narrowed->graph.values, graph->values, (size_t)graph->value_count * sizeof *graph->values);
    for (int v = 0; v < graph->value_count; v++)
        if (narrowing->parts[v].kind == PART_SOME)
            narrowed->graph.values[v].shape = part_shape(graph->values[v].shape, &narrowing->parts[v]);
    for (int n = 0; n < graph->node_count; n++)
        if (!copy_node(&builder, n))
            return error_memory(error);
    narrowed->changed = true;
    return STATUS_OK;
}
