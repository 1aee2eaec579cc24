/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going through the steps. */
#include "architecture/assembly.h"

#include <stdio.h>
#include <string.h>

#include "architecture/step_kind.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"

enum { OPSET = 14, FILE_FLOAT = 1, FILE_DOUBLE = 11 };
/* Products of three such numbers can be counted. */
enum { MOST_CHANNELS = 1 << 26, MOST_PIXELS = 1 << 17 };

/* --- what layers see ------------------------------------------------------------------------------------ */

struct feature_shape assembly_input(const struct assembly *assembly, const struct layer_step *step, int input)
{
    return assembly->shapes[step->inputs[input]];
}

int64_t assembly_dimension(const struct assembly *assembly, const struct layer_step *step, int parameter,
                           int dimension, int64_t described)
{
    if (!assembly->given)
        return described;
    const struct tensor *tensor = assembly->given[step->first_parameter + parameter];
    return dimension < tensor->shape.rank ? tensor->shape.dim[dimension] : described;
}

static status note_parameter(struct architecture *architecture, const struct layer_step *step,
                             const char *part, const struct shape *shape, enum parameter_role role,
                             int number, struct error *error)
{
    if (shape_elements(shape) < 0)
        return error_set(error, STATUS_SHAPE, "%s.%s would be too large", step->name, part);
    const char *name = arena_format(architecture->arena, "%s.%s", step->name, part);
    if (!name || !mem_grow(&architecture->parameters, &architecture->parameter_capacity,
                           (size_t)architecture->parameter_count + 1, sizeof *architecture->parameters))
        return error_memory(error);
    architecture->parameters[architecture->parameter_count++] =
        (struct architecture_parameter){name, *shape, role, role < PARAMETER_MEAN, number};
    return STATUS_OK;
}

static status refuse_shape(const char *name, const struct shape *needed, const struct shape *given,
                           struct error *error)
{
    struct text a = {0}, b = {0};
    shape_text(given, &a);
    shape_text(needed, &b);
    status code = error_set(error, STATUS_SHAPE, "%s is %s, but what is before it needs %s", name,
                            text_data(&a), text_data(&b));
    text_free(&a);
    text_free(&b);
    return code;
}

/* The tensor as the graph has it: of its type, and written to files in full. One reference. */
static struct tensor *graph_tensor(const struct assembly *assembly, struct tensor *tensor)
{
    const int plain = assembly->real == ELEMENT_DOUBLE ? FILE_DOUBLE : FILE_FLOAT;
    if (tensor->type != assembly->real) {
        struct tensor *converted = tensor_convert(tensor, assembly->real);
        if (converted)
            converted->file_type = plain;
        return converted;
    }
    if (tensor->file_type == plain || !tensor->file_type)
        return tensor_retain(tensor);
    struct tensor *copy = tensor_new(tensor->type, &tensor->shape);
    if (copy) {
        memcpy(copy->data, tensor->data, (size_t)shape_elements(&tensor->shape) * element_size(tensor->type));
        copy->file_type = plain;
    }
    return copy;
}

static void add_constant(struct assembly *assembly, const char *name, struct tensor *tensor)
{
    struct tensor *held = graph_tensor(assembly, tensor);
    int value = held ? graph_add_constant(assembly->graph, name, held) : -1;
    assembly->failed |= value < 0;
    assembly->constants[assembly->constant_count++] = value;
    tensor_free(held);
}

status assembly_parameter(struct assembly *assembly, const struct layer_step *step, const char *part,
                          const struct shape *shape, enum parameter_role role, struct error *error)
{
    if (assembly->described)
        return note_parameter(assembly->described, step, part, shape, role, assembly->step, error);
    const int index = assembly->parameter++;
    if (!assembly->given)
        return STATUS_OK;
    struct tensor *tensor = assembly->given[index];
    if (!shape_equal(shape, &tensor->shape))
        return refuse_shape(assembly->names[index], shape, &tensor->shape, error);
    if (tensor->type == ELEMENT_INT64)
        return error_set(error, STATUS_SHAPE, "%s holds whole numbers", assembly->names[index]);
    if (assembly->graph)
        add_constant(assembly, assembly->names[index], tensor);
    return STATUS_OK;
}

/* --- the graph ------------------------------------------------------------------------------------------ */

int assembly_value(const struct assembly *assembly, const struct layer_step *step, int input)
{
    return assembly->graph ? assembly->values[step->inputs[input]] : -1;
}

static int add_unnamed(struct assembly *assembly, struct tensor *tensor)
{
    char name[64];
    snprintf(name, sizeof name, "constant_%d", assembly->numbered++);
    int value = tensor ? graph_add_constant(assembly->graph, name, tensor) : -1;
    assembly->failed |= value < 0;
    tensor_free(tensor);
    return value;
}

int assembly_integers(struct assembly *assembly, const int64_t *integers, int count)
{
    if (!assembly->graph)
        return -1;
    struct shape shape = {.rank = 1, .dim = {count}};
    struct tensor *tensor = tensor_new(ELEMENT_INT64, &shape);
    if (tensor)
        memcpy(tensor->data, integers, (size_t)count * sizeof *integers);
    return add_unnamed(assembly, tensor);
}

int assembly_real(struct assembly *assembly, double number)
{
    if (!assembly->graph)
        return -1;
    struct shape shape = {.rank = 0};
    struct tensor *tensor = tensor_new(assembly->real, &shape);
    if (tensor && assembly->real == ELEMENT_DOUBLE)
        *(double *)tensor->data = number;
    else if (tensor)
        *(float *)tensor->data = (float)number;
    return add_unnamed(assembly, tensor);
}

int assembly_node(struct assembly *assembly, const struct layer_step *step, const char *op, const int *inputs,
                  int count, const struct attribute *attributes, int attribute_count)
{
    static const struct shape unknown = {.rank = -1};
    if (!assembly->graph || assembly->failed)
        return -1;
    char name[64];
    snprintf(name, sizeof name, "%s_%d", op, assembly->numbered++);
    int value = graph_add_value(assembly->graph, name, assembly->real, &unknown);
    char *node = step->name ? mem_format("/%s/%s", step->name, op) : mem_format("/%s", name);
    assembly->failed |= value < 0 || !node ||
                        graph_add_node(assembly->graph, node, operator_find(op), inputs, count, &value, 1,
                                       attributes, attribute_count) < 0;
    mem_free(node);
    return value;
}

void assembly_result(struct assembly *assembly, int value)
{
    if (assembly->graph)
        assembly->values[assembly->step + 1] = value;
}

struct attribute attribute_integer(const char *name, int64_t value)
{
    return (struct attribute){.name = name, .kind = ATTRIBUTE_INTEGER, .integer = value};
}

struct attribute attribute_integers(const char *name, int64_t *values, size_t count)
{
    return (struct attribute){.name = name, .kind = ATTRIBUTE_INTEGERS, .integers = values, .count = count};
}

struct attribute attribute_real(const char *name, double value)
{
    return (struct attribute){.name = name, .kind = ATTRIBUTE_REAL, .real = value};
}

/* --- running -------------------------------------------------------------------------------------------- */

status assembly_step(struct assembly *assembly, int number, struct error *error)
{
    const struct layer_step *step = &assembly->architecture->steps[number];
    struct feature_shape shape = {0};
    assembly->step = number;
    assembly->constant_count = 0;
    status code = step->kind->run(assembly, step, &shape, error);
    if (code == STATUS_OK && (shape.channels < 1 || shape.height < 1 || shape.width < 1))
        code = error_set(error, STATUS_SHAPE, "nothing is left of its input");
    if (code == STATUS_OK &&
        (shape.channels > MOST_CHANNELS || shape.height > MOST_PIXELS || shape.width > MOST_PIXELS))
        code = error_set(error, STATUS_RANGE, "what it makes is too large");
    if (code == STATUS_OK && assembly->failed)
        code = error_memory(error);
    if (code == STATUS_OK)
        assembly->shapes[number + 1] = shape;
    else if (code != STATUS_MEMORY)
        error_prefix(error, step->name ? "%s %s: " : "%s: ", step->kind->name, step->name);
    return code;
}

static status begin_graph(struct assembly *assembly, const struct feature_shape *input, struct error *error)
{
    const struct shape shape = {.rank = 4, .dim = {1, input->channels, input->height, input->width}};
    struct graph *graph = assembly->graph;
    graph->opset = OPSET;
    graph->name = arena_string(graph->arena, assembly->architecture->name);
    int value = graph_add_value(graph, "input", assembly->real, &shape);
    assembly->values[0] = value;
    return graph->name && value >= 0 && graph_add_input(graph, value) >= 0 ? STATUS_OK : error_memory(error);
}

static status end_graph(struct assembly *assembly, struct error *error)
{
    struct graph *graph = assembly->graph;
    int output = assembly->values[assembly->architecture->output];
    const char *name = arena_string(graph->arena, "output");
    if (!name || graph_add_output(graph, output) < 0)
        return error_memory(error);
    if (output != assembly->values[0])
        graph->values[output].name = name;
    return graph_finish(graph, error);
}

/* Double where all tensors are. */
static enum element_type common_type(const struct assembly_request *request)
{
    for (int i = 0; i < request->architecture->parameter_count; i++) {
        if (request->given[i]->type != ELEMENT_DOUBLE)
            return ELEMENT_FLOAT;
    }
    return ELEMENT_DOUBLE;
}

static status run_steps(struct assembly *assembly, const struct feature_shape *input, struct error *error)
{
    status code = assembly->graph ? begin_graph(assembly, input, error) : STATUS_OK;
    assembly->shapes[0] = *input;
    for (int i = 0; code == STATUS_OK && i < assembly->architecture->step_count; i++)
        code = assembly_step(assembly, i, error);
    return code == STATUS_OK && assembly->graph ? end_graph(assembly, error) : code;
}

status assembly_run(const struct assembly_request *request, struct graph **graph,
                    struct feature_shape *output, struct error *error)
{
    const struct architecture *architecture = request->architecture;
    const size_t values = (size_t)architecture->step_count + 1;
    struct assembly assembly = {.architecture = architecture,
                                .given = request->given,
                                .names = request->names,
                                .zeros = request->zeros,
                                .real = common_type(request),
                                .shapes = mem_new(values, sizeof *assembly.shapes),
                                .values = mem_new(values, sizeof *assembly.values),
                                .graph = graph ? graph_new() : NULL};
    status code = assembly.shapes && assembly.values && !graph == !assembly.graph
                      ? run_steps(&assembly, &request->input, error)
                      : error_memory(error);
    if (code == STATUS_OK)
        *output = assembly.shapes[architecture->output];
    mem_free(assembly.shapes);
    mem_free(assembly.values);
    if (code == STATUS_OK && graph)
        *graph = assembly.graph;
    else
        graph_free(assembly.graph);
    return code;
}
