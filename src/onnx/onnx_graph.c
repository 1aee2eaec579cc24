/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The graph within a model.
 *
 * Everything that can be referred to by name (initialisers, inputs, outputs of nodes) is listed first and
 * sorted, so that lookups stay cheap whatever names a file chooses. */
#include "onnx/onnx_graph.h"

#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "nn/graph/tensor.h"
#include "onnx/onnx_node.h"
#include "onnx/onnx_reader.h"
#include "onnx/onnx_tensor.h"

/* Type and shape as a ValueInfoProto declares them. */
struct declared {
    int file_type; /* 0 where none */
    enum element_type type;
    struct shape shape; /* rank -1 where none */
};

/* --- Names ---------------------------------------------------------------------------------------------- */

static int compare_definitions(const void *a, const void *b)
{
    const struct definition *x = *(struct definition *const *)a, *y = *(struct definition *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x > y) - (x < y); /* the first to be defined first */
}

/* Merge the sorted runs from[first..middle-1] and from[middle..end-1]. */
static void merge_runs(struct definition *const *from, struct definition **to, size_t first, size_t middle,
                       size_t end)
{
    size_t left = first, right = middle;
    for (size_t out = first; out < end; out++) {
        bool take_left =
            left < middle && (right == end || compare_definitions(&from[left], &from[right]) < 0);
        to[out] = take_left ? from[left++] : from[right++];
    }
}

/* By name. In runs that are merged, because qsort would not let go of a million names. */
static status sort_definitions(struct reader *reader)
{
    enum { RUN = 1 << 13 };
    size_t count = reader->definition_count;
    struct definition **from = reader->sorted;
    struct definition **to = arena_alloc(reader->arena, count, sizeof(struct definition *));
    if (!to)
        return error_memory(reader->error);
    for (size_t first = 0; first < count; first += RUN) {
        if (progress_check(reader->error) != STATUS_OK)
            return reader->error->code;
        qsort(from + first, count - first < RUN ? count - first : RUN, sizeof *from, compare_definitions);
    }
    for (size_t width = RUN; width < count; width *= 2) {
        for (size_t first = 0; first < count; first += 2 * width) {
            size_t middle = count - first < width ? count : first + width;
            if (progress_check(reader->error) != STATUS_OK)
                return reader->error->code;
            merge_runs(from, to, first, middle, count - middle < width ? count : middle + width);
        }
        reader->sorted = to;
        to = from;
        from = reader->sorted;
    }
    return STATUS_OK;
}

struct definition *reader_look_up(const struct reader *reader, const char *name)
{
    size_t low = 0, high = reader->definition_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(reader->sorted[middle]->name, name);
        if (order == 0)
            return reader->sorted[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void define(struct reader *reader, const char *name, enum definition_kind kind, size_t position)
{
    reader->definitions[reader->definition_count++] =
        (struct definition){.name = text_of(name), .kind = kind, .position = position, .value = VALUE_NONE};
}

static void define_all(struct reader *reader)
{
    const Onnx__GraphProto *proto = reader->proto;
    for (size_t i = 0; i < proto->n_initializer; i++)
        define(reader, proto->initializer[i]->name, DEFINED_CONSTANT, i);
    for (size_t i = 0; i < proto->n_input; i++)
        define(reader, proto->input[i]->name, DEFINED_INPUT, i);
    for (size_t i = 0; i < proto->n_node; i++)
        for (size_t j = 0; j < proto->node[i]->n_output; j++)
            if (*proto->node[i]->output[j])
                define(reader, proto->node[i]->output[j], DEFINED_OUTPUT, i);
}

/* Each name is defined once; only an initialiser may be listed as an input too (its default value, and
 * required before IR version 4). */
static status check_names(struct reader *reader)
{
    for (size_t i = 0; i < reader->definition_count; i++) {
        struct definition *one = reader->sorted[i], *before = i ? reader->sorted[i - 1] : NULL;
        if (!*one->name)
            return error_set(reader->error, STATUS_FILE, "an %s has no name",
                             one->kind == DEFINED_CONSTANT ? "initialiser" : "input");
        if (!before || strcmp(before->name, one->name) != 0)
            continue;
        if (before->kind == DEFINED_CONSTANT && one->kind == DEFINED_INPUT) {
            one->constant = before;
            continue;
        }
        if (one->kind != DEFINED_OUTPUT)
            return error_set(reader->error, STATUS_FILE, "%s %s is defined twice",
                             one->kind == DEFINED_CONSTANT ? "initialiser" : "input", one->name);
        error_set(reader->error, STATUS_FILE, "its output %s is defined twice", one->name);
        return reader_in_node(reader, one->position);
    }
    return STATUS_OK;
}

static status read_names(struct reader *reader)
{
    const Onnx__GraphProto *proto = reader->proto;
    size_t most = proto->n_initializer + proto->n_input;
    for (size_t i = 0; i < proto->n_node; i++)
        most += proto->node[i]->n_output;
    reader->definitions = arena_alloc(reader->arena, most, sizeof *reader->definitions);
    reader->sorted = arena_alloc(reader->arena, most, sizeof(struct definition *));
    if (!reader->definitions || !reader->sorted)
        return error_memory(reader->error);
    define_all(reader);
    for (size_t i = 0; i < reader->definition_count; i++)
        reader->sorted[i] = &reader->definitions[i];
    if (sort_definitions(reader) != STATUS_OK)
        return reader->error->code;
    return check_names(reader);
}

/* --- Values --------------------------------------------------------------------------------------------- */

static status read_dimensions(const Onnx__TensorShapeProto *proto, struct shape *shape, struct error *error)
{
    if (proto->n_dim > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%zu dimensions, at most %d are supported", proto->n_dim,
                         TENSOR_MAX_RANK);
    *shape = (struct shape){.rank = (int)proto->n_dim};
    for (int i = 0; i < shape->rank; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = proto->dim[i];
        bool known = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (known && dim->dim_value < 0)
            return error_set(error, STATUS_FILE, "dimension %d is %lld", i, (long long)dim->dim_value);
        shape->dim[i] = known ? dim->dim_value : DIMENSION_UNKNOWN;
    }
    return STATUS_OK;
}

static status read_type(const Onnx__ValueInfoProto *info, struct declared *declared, struct error *error)
{
    *declared = (struct declared){.shape = {.rank = -1}};
    if (!info->type || info->type->value_case == ONNX__TYPE_PROTO__VALUE__NOT_SET)
        return STATUS_OK;
    if (info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return error_set(error, STATUS_UNSUPPORTED, "only tensors are supported");
    const Onnx__TypeProto__Tensor *tensor = info->type->tensor_type;
    if (tensor->elem_type) {
        status result = onnx_element_type(tensor->elem_type, &declared->type, error);
        if (result)
            return result;
        declared->file_type = tensor->elem_type;
    }
    return tensor->shape ? read_dimensions(tensor->shape, &declared->shape, error) : STATUS_OK;
}

static status add_constants(struct reader *reader)
{
    for (size_t i = 0; i < reader->proto->n_initializer; i++) {
        struct definition *definition = &reader->definitions[i];
        struct tensor *tensor;
        status result = progress_check(reader->error);
        if (!result)
            result = onnx_tensor(reader->proto->initializer[i], definition->name, &tensor, reader->error);
        if (result)
            return result;
        definition->value = graph_add_constant(reader->graph, definition->name, tensor);
        tensor_free(tensor);
        if (definition->value < 0)
            return error_memory(reader->error);
    }
    return STATUS_OK;
}

/* An input that has an initialiser is a constant; what it declares must fit. */
static status check_constant_input(const struct declared *declared, const struct value *constant,
                                   struct error *error)
{
    const struct shape *a = &declared->shape, *b = &constant->shape;
    bool fits = a->rank < 0 || a->rank == b->rank;
    for (int i = 0; fits && i < a->rank; i++)
        fits = a->dim[i] == DIMENSION_UNKNOWN || a->dim[i] == b->dim[i];
    if (!fits)
        return error_set(error, STATUS_FILE, "its shape is not that of its initialiser");
    if (declared->file_type && declared->file_type != constant->file_type)
        return error_set(error, STATUS_FILE, "its type is %s, that of its initialiser %s",
                         onnx_type_name(declared->file_type), onnx_type_name(constant->file_type));
    return STATUS_OK;
}

static status add_input(struct reader *reader, const Onnx__ValueInfoProto *info,
                        struct definition *definition)
{
    struct graph *graph = reader->graph;
    struct declared declared;
    status result = read_type(info, &declared, reader->error);
    if (result)
        return result;
    if (definition->constant) {
        definition->value = definition->constant->value;
        return check_constant_input(&declared, &graph->values[definition->value], reader->error);
    }
    if (!declared.file_type)
        return error_set(reader->error, STATUS_FILE, "its type is missing");
    definition->value = graph_add_value(graph, definition->name, declared.type, &declared.shape);
    if (definition->value < 0 || graph_add_input(graph, definition->value) < 0)
        return error_memory(reader->error);
    graph->values[definition->value].file_type = declared.file_type;
    return STATUS_OK;
}

static status add_inputs(struct reader *reader)
{
    for (size_t i = 0; i < reader->proto->n_input; i++) {
        struct definition *definition = &reader->definitions[reader->proto->n_initializer + i];
        if (add_input(reader, reader->proto->input[i], definition))
            return in_context(reader->error, "input %s: ", definition->name);
    }
    return STATUS_OK;
}

static status add_node_outputs(struct reader *reader)
{
    size_t first = reader->proto->n_initializer + reader->proto->n_input;
    const struct shape unknown = {.rank = -1};
    for (size_t i = first; i < reader->definition_count; i++) {
        struct definition *definition = &reader->definitions[i];
        definition->value = graph_add_value(reader->graph, definition->name, ELEMENT_FLOAT, &unknown);
        if (definition->value < 0)
            return error_memory(reader->error);
    }
    return STATUS_OK;
}

/* What the file declares of a value that a node makes. Declarations of inputs and constants were taken
 * already; those of names that nobody makes mean nothing. */
static status declare(struct reader *reader, const Onnx__ValueInfoProto *info)
{
    const struct definition *definition = reader_look_up(reader, text_of(info->name));
    struct declared declared;
    if (!definition || definition->kind != DEFINED_OUTPUT)
        return STATUS_OK;
    if (read_type(info, &declared, reader->error))
        return in_context(reader->error, "value %s: ", definition->name);
    struct value *value = &reader->graph->values[definition->value];
    if (declared.file_type) {
        value->type = declared.type;
        value->file_type = declared.file_type;
    }
    if (declared.shape.rank >= 0)
        value->shape = declared.shape;
    return STATUS_OK;
}

/* --- Outputs, and everything ------------------------------------------------------------------------------
 */

static status add_outputs(struct reader *reader)
{
    if (!reader->proto->n_output)
        return error_set(reader->error, STATUS_FILE, "the graph has no output");
    for (size_t i = 0; i < reader->proto->n_output; i++) {
        const char *name = text_of(reader->proto->output[i]->name);
        const struct definition *definition = reader_look_up(reader, name);
        if (!definition)
            return error_set(reader->error, STATUS_FILE, "output %s is made by no node", name);
        if (graph_add_output(reader->graph, definition->value) < 0)
            return error_memory(reader->error);
    }
    return STATUS_OK;
}

static status read_graph(struct reader *reader)
{
    const Onnx__GraphProto *proto = reader->proto;
    status result = read_names(reader);
    if (result || (result = add_constants(reader)) || (result = add_inputs(reader)) ||
        (result = add_node_outputs(reader)))
        return result;
    for (size_t i = 0; !result && i < proto->n_value_info; i++)
        if (!(result = progress_check(reader->error)))
            result = declare(reader, proto->value_info[i]);
    for (size_t i = 0; !result && i < proto->n_output; i++)
        result = declare(reader, proto->output[i]);
    if (result || (result = reader_add_nodes(reader)) || (result = add_outputs(reader)))
        return result;
    if (reader->graph->opset < ONNX_FIRST_OPSET)
        reader->graph->opset = ONNX_FIRST_OPSET; /* the nodes were checked to mean the same there */
    return graph_finish(reader->graph, reader->error);
}

status onnx_graph(const Onnx__ModelProto *model, bool partial, struct graph *graph, struct error *error)
{
    struct reader reader = {.model = model,
                            .proto = model->graph,
                            .graph = graph,
                            .arena = arena_new(),
                            .partial = partial,
                            .error = error};
    if (!reader.arena)
        return error_memory(error);
    status result = read_graph(&reader);
    arena_free(reader.arena);
    return result;
}
