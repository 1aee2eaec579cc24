/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Surgery over parameters that hold their own positions. */
#include "prune/trace.h"

#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "prune/surgery.h"

void trace_free(struct trace *trace)
{
    graph_free(trace->cut);
    arena_free(trace->arena);
    *trace = (struct trace){0};
}

/* --- positions in the place of numbers ------------------------------------------------------------------ */

/* A tensor of the same shape whose elements are their positions along the axis; float holds them exactly. */
static struct tensor *positions_of(const struct shape *shape, int axis)
{
    struct tensor *tensor = tensor_new(ELEMENT_FLOAT, shape);
    if (!tensor)
        return NULL;
    int64_t inner = shape_product(shape, axis + 1, shape->rank), length = shape->dim[axis];
    for (int64_t i = 0, count = shape_elements(shape); i < count; i++)
        ((float *)tensor->data)[i] = (float)(i / inner % length);
    return tensor;
}

/* The graph with other parameters, which borrows everything else. */
struct marked_graph {
    struct graph graph;
    struct value *values; /* owned, as are the constants that are wanted */
    const bool *wanted;
};

static void marked_free(struct marked_graph *marked)
{
    for (int i = 0; marked->values && i < marked->graph.value_count; i++)
        if (marked->wanted[i])
            tensor_free(marked->values[i].constant);
    mem_free(marked->values);
}

static status marked_init(struct marked_graph *marked, const struct graph *graph, const bool *wanted,
                          int axis, struct error *error)
{
    static const size_t largest = (size_t)1 << 24;
    *marked = (struct marked_graph){.graph = *graph, .wanted = wanted};
    marked->values = mem_copy(graph->values, (size_t)graph->value_count * sizeof *graph->values);
    marked->graph.values = marked->values;
    if (!marked->values)
        return error_memory(error);
    for (int i = 0; i < graph->value_count; i++)
        if (wanted[i])
            marked->values[i].constant = NULL;
    for (int i = 0; i < graph->value_count; i++) {
        if (!wanted[i])
            continue;
        const struct shape *shape = &graph->values[i].constant->shape;
        if (progress_check(error) != STATUS_OK)
            return error->code;
        if ((size_t)shape->dim[axis < shape->rank ? axis : 0] >= largest)
            return error_set(error, STATUS_UNSUPPORTED, "%s is too large", graph->values[i].name);
        marked->values[i].constant = positions_of(shape, axis < shape->rank ? axis : 0);
        if (!marked->values[i].constant)
            return error_memory(error);
    }
    return STATUS_OK;
}

static status cut_marked(const struct coupling *coupling, const bool *removed, const bool *wanted, int axis,
                         struct graph **cut, struct error *error)
{
    struct marked_graph marked;
    struct coupling same = *coupling;
    status code = marked_init(&marked, coupling->graph, wanted, axis, error);
    same.graph = &marked.graph;
    if (code == STATUS_OK)
        code = surgery_apply(&same, removed, cut, error);
    marked_free(&marked);
    return code;
}

/* --- what is left --------------------------------------------------------------------------------------- */

static status read_rows(struct trace *trace, struct traced_parameter *parameter, const struct tensor *left,
                        struct error *error)
{
    int64_t rows = left->shape.dim[0], each = shape_product(&left->shape, 1, left->shape.rank);
    int64_t *kept = arena_alloc(trace->arena, (size_t)rows + 1, sizeof *kept);
    if (!kept)
        return error_memory(error);
    for (int64_t i = 0; i < rows; i++)
        kept[i] = (int64_t)((const float *)left->data)[i * each];
    parameter->kept[0] = kept;
    return STATUS_OK;
}

static status read_columns(struct trace *trace, struct traced_parameter *parameter, const struct tensor *left,
                           struct error *error)
{
    int64_t rows = left->shape.dim[0], columns = left->shape.dim[1];
    int64_t each = shape_product(&left->shape, 2, left->shape.rank);
    const float *positions = left->data;
    int64_t *kept = arena_alloc(trace->arena, (size_t)columns + 1, sizeof *kept);
    if (!kept)
        return error_memory(error);
    for (int64_t i = 0; i < columns; i++)
        kept[i] = (int64_t)positions[i * each];
    for (int64_t i = 0; i < rows * columns; i++)
        if ((int64_t)positions[i * each] != kept[i % columns])
            return error_set(error, STATUS_UNSUPPORTED, "the rows of parameter %s keep different columns",
                             parameter->name);
    parameter->kept[1] = kept;
    return STATUS_OK;
}

static const struct tensor *find_constant(const struct graph *graph, const char *name)
{
    int value = graph_find_value(graph, name);
    return value >= 0 ? graph->values[value].constant : NULL;
}

static status read_parameter(struct trace *trace, struct traced_parameter *parameter, const struct graph *cut,
                             int axis, struct error *error)
{
    static status (*const readers[TRACE_AXES])(struct trace *, struct traced_parameter *,
                                               const struct tensor *,
                                               struct error *) = {read_rows, read_columns};
    const struct tensor *left = find_constant(cut, parameter->name);
    const struct shape *before = &parameter->before;
    if (!left || left->shape.rank != before->rank)
        return error_set(error, STATUS_UNSUPPORTED, "nothing of parameter %s is in the smaller network",
                         parameter->name);
    parameter->after = left->shape;
    for (int i = TRACE_AXES; i < before->rank; i++)
        if (left->shape.dim[i] != before->dim[i])
            return error_set(error, STATUS_UNSUPPORTED, "parameter %s is cut along axis %d", parameter->name,
                             i);
    if (axis >= before->rank || left->shape.dim[axis] == before->dim[axis])
        return STATUS_OK;
    return readers[axis](trace, parameter, left, error);
}

static status begin_parameters(struct trace *trace, const struct graph *graph, const bool *wanted,
                               struct error *error)
{
    trace->arena = arena_new();
    trace->parameters =
        trace->arena ? arena_alloc(trace->arena, (size_t)graph->value_count + 1, sizeof *trace->parameters)
                     : NULL;
    if (!trace->parameters)
        return error_memory(error);
    for (int i = 0; i < graph->value_count; i++)
        if (wanted[i])
            trace->parameters[trace->parameter_count++] = (struct traced_parameter){
                .name = graph->values[i].name, .before = graph->values[i].constant->shape};
    return STATUS_OK;
}

/* --- nodes ---------------------------------------------------------------------------------------------- */

static bool same_integers(const int64_t *a, const int64_t *b, size_t count)
{
    return count == 0 || memcmp(a, b, count * sizeof *a) == 0;
}

static bool same_attributes(const struct node *a, const struct node *b)
{
    if (a->attribute_count != b->attribute_count)
        return false;
    for (int i = 0; i < a->attribute_count; i++) {
        const struct attribute *one = &a->attributes[i], *two = node_attribute(b, one->name);
        if (!two || one->kind != two->kind || one->integer != two->integer || one->count != two->count)
            return false;
        if (one->kind == ATTRIBUTE_INTEGERS && !same_integers(one->integers, two->integers, one->count))
            return false;
    }
    return true;
}

static const struct tensor *integers_of(const struct graph *graph, const struct node *node, int input)
{
    int value = input < node->input_count ? node->inputs[input] : VALUE_NONE;
    const struct tensor *tensor = value == VALUE_NONE ? NULL : graph->values[value].constant;
    return tensor && tensor->type == ELEMENT_INT64 ? tensor : NULL;
}

static bool same_operands(const struct graph *before, const struct node *a, const struct graph *after,
                          const struct node *b)
{
    if (a->input_count != b->input_count)
        return false;
    for (int i = 0; i < a->input_count; i++) {
        const struct tensor *one = integers_of(before, a, i), *two = integers_of(after, b, i);
        if (!one != !two || (one && !shape_equal(&one->shape, &two->shape)))
            return false;
        if (one && !same_integers(one->data, two->data, (size_t)shape_elements(&one->shape)))
            return false;
    }
    return true;
}

static const struct node *find_node(const struct graph *graph, const char *name, int *from)
{
    for (int i = 0; i < graph->node_count; i++) {
        int place = (*from + i) % graph->node_count; /* nodes keep their order: it is the next one */
        if (strcmp(graph->nodes[place].name, name) == 0) {
            *from = place + 1;
            return &graph->nodes[place];
        }
    }
    return NULL;
}

static status compare_nodes(struct trace *trace, const struct graph *before, struct error *error)
{
    const struct graph *after = trace->cut;
    int from = 0;
    trace->nodes = arena_alloc(trace->arena, (size_t)before->node_count + 1, sizeof *trace->nodes);
    if (!trace->nodes)
        return error_memory(error);
    for (int i = 0; i < before->node_count; i++) {
        const struct node *a = &before->nodes[i], *b = find_node(after, a->name, &from);
        if (b && (a->op != b->op || !same_attributes(a, b) || !same_operands(before, a, after, b)))
            trace->nodes[trace->node_count++] = (struct traced_node){a, b};
    }
    return STATUS_OK;
}

status trace_cut(const struct coupling *coupling, const bool *removed, const bool *wanted,
                 struct trace *trace, struct error *error)
{
    *trace = (struct trace){0};
    status code = begin_parameters(trace, coupling->graph, wanted, error);
    for (int axis = 0; code == STATUS_OK && axis < TRACE_AXES; axis++) {
        graph_free(trace->cut);
        trace->cut = NULL;
        code = cut_marked(coupling, removed, wanted, axis, &trace->cut, error);
        for (int i = 0; code == STATUS_OK && i < trace->parameter_count; i++)
            code = read_parameter(trace, &trace->parameters[i], trace->cut, axis, error);
    }
    return code == STATUS_OK ? compare_nodes(trace, coupling->graph, error) : code;
}
