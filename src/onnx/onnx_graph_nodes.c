/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes of a graph. A node that calls a function of the model becomes the nodes of the function's body. */
#include "onnx/onnx_reader.h"

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "onnx/onnx_function.h"
#include "onnx/onnx_node.h"

status reader_in_node(const struct reader *reader, size_t position)
{
    const Onnx__NodeProto *node = reader->proto->node[position];
    if (*text_of(node->name))
        return in_context(reader->error, "node %s: ", node->name);
    return in_context(reader->error, "node number %zu (%s): ", position, text_of(node->op_type));
}

/* --- operands ------------------------------------------------------------------------------------------- */

/* The value of a name, in the body of a function or in the graph. A body's own values are made when they are
 * first an output. */
static status resolve_name(struct reader *reader, const struct onnx_call *call, const char *name, bool output,
                           int *value)
{
    const struct shape unknown = {.rank = -1};
    struct definition *definition = call ? NULL : reader_look_up(reader, name);
    int *slot = call ? onnx_call_value(call, name) : definition ? &definition->value : NULL;
    if (slot && *slot == ONNX_NOT_MADE && output) {
        const char *own = arena_format(reader->arena, "%s/%s", call->prefix, name);
        while (own && reader_look_up(reader, own))
            own = arena_format(reader->arena, "%s_", own);
        *slot = own ? graph_add_value(reader->graph, own, ELEMENT_FLOAT, &unknown) : -1;
        if (*slot < 0)
            return error_memory(reader->error);
    }
    if (!slot || *slot == ONNX_NOT_MADE)
        return error_set(reader->error, STATUS_FILE, "its %s %s is made by no node",
                         output ? "output" : "input", name);
    *value = *slot;
    return STATUS_OK;
}

/* Value indices of a list of names; an empty name is an operand left out. */
static status resolve(struct reader *reader, const struct onnx_call *call, char *const *names, size_t count,
                      bool output, int **values)
{
    if (count > NODE_MAX_OPERANDS)
        return error_set(reader->error, STATUS_UNSUPPORTED, "%zu %ss, at most %d are supported", count,
                         output ? "output" : "input", NODE_MAX_OPERANDS);
    *values = arena_alloc(reader->arena, count, sizeof **values);
    if (!*values)
        return error_memory(reader->error);
    for (size_t i = 0; i < count; i++) {
        (*values)[i] = VALUE_NONE;
        if (*names[i] && resolve_name(reader, call, names[i], output, &(*values)[i]))
            return reader->error->code;
    }
    return STATUS_OK;
}

static status resolve_operands(struct reader *reader, const struct onnx_call *call,
                               const Onnx__NodeProto *node, int **inputs, int **outputs)
{
    if (resolve(reader, call, node->input, node->n_input, false, inputs) == STATUS_OK)
        resolve(reader, call, node->output, node->n_output, true, outputs);
    return reader->error->code;
}

/* A name that tells nodes of a body from those of other calls. */
static const char *node_name(struct reader *reader, const struct onnx_call *call, const Onnx__NodeProto *node)
{
    const char *name = text_of(node->name);
    return call && *name ? arena_format(reader->arena, "%s/%s", call->prefix, name) : name;
}

/* --- nodes ---------------------------------------------------------------------------------------------- */

/* A node that was refused, with the reason that stands in the error. */
static status add_refused(struct reader *reader, const struct onnx_call *call, const Onnx__NodeProto *node)
{
    struct attribute reason = {.name = OPERATOR_REASON,
                               .kind = ATTRIBUTE_STRING,
                               .string = arena_string(reader->arena, reader->error->message)};
    int *inputs, *outputs;
    *reader->error = (struct error){0};
    if (resolve_operands(reader, call, node, &inputs, &outputs))
        return reader->error->code;
    const struct op *op = operator_missing(reader->graph->arena, text_of(node->op_type));
    const char *name = node_name(reader, call, node);
    if (!reason.string || !op || !name ||
        graph_add_node(reader->graph, name, op, inputs, (int)node->n_input, outputs, (int)node->n_output,
                       &reason, 1) < 0)
        return error_memory(reader->error);
    return STATUS_OK;
}

static status add_plain(struct reader *reader, const struct onnx_call *call, const Onnx__NodeProto *node)
{
    const struct op *op;
    struct attribute *attributes = NULL;
    int *inputs, *outputs, attribute_count = 0;
    const char *name = node_name(reader, call, node);
    status result = name ? progress_check(reader->error) : error_memory(reader->error);
    if (result || (result = onnx_node_operator(node, reader->graph->opset, &op, reader->error)) ||
        (result = resolve_operands(reader, call, node, &inputs, &outputs)))
        return result;
    result = onnx_node_attributes(node, reader->graph->opset, call, reader->arena, &attributes,
                                  &attribute_count, reader->error);
    if (!result && graph_add_node(reader->graph, name, op, inputs, (int)node->n_input, outputs,
                                  (int)node->n_output, attributes, attribute_count) < 0)
        result = error_memory(reader->error);
    onnx_attributes_free(attributes, attribute_count);
    return result;
}

/* --- functions ------------------------------------------------------------------------------------------ */

static status add_node(struct reader *reader, const struct onnx_call *call, const Onnx__NodeProto *node);

static status add_body(struct reader *reader, const struct onnx_call *call)
{
    const Onnx__FunctionProto *function = call->function;
    for (size_t i = 0; i < function->n_node; i++) {
        if (reader->inlined++ >= ONNX_MOST_INLINED)
            return error_set(reader->error, STATUS_UNSUPPORTED, "functions of more than %d nodes together",
                             ONNX_MOST_INLINED);
        if (add_node(reader, call, function->node[i]))
            return call->outer /* the outermost is enough of a place */
                       ? reader->error->code
                       : in_context(reader->error, "function %s: its node %s: ", function->name,
                                    *text_of(function->node[i]->name) ? function->node[i]->name
                                                                      : text_of(function->node[i]->op_type));
    }
    return STATUS_OK;
}

/* Every output of the call is made by a node of the body, which names it otherwise. */
static status check_outputs(struct reader *reader, const Onnx__NodeProto *node, const int *outputs)
{
    for (size_t i = 0; i < node->n_output; i++)
        if (outputs[i] != VALUE_NONE && reader->graph->values[outputs[i]].producer == VALUE_NONE)
            return error_set(reader->error, STATUS_UNSUPPORTED, "function %s: no node makes its output %zu",
                             text_of(node->op_type), i);
    return STATUS_OK;
}

static status add_call(struct reader *reader, const struct onnx_call *outer, const Onnx__NodeProto *node,
                       const Onnx__FunctionProto *function)
{
    struct onnx_call call = {.function = function, .node = node, .outer = outer};
    int *inputs, *outputs;
    if (onnx_call_check(&call, reader->graph->opset, reader->error) ||
        resolve_operands(reader, outer, node, &inputs, &outputs))
        return reader->error->code;
    call.prefix = *text_of(node->name)
                      ? node_name(reader, outer, node)
                      : arena_format(reader->arena, "%s.%d", text_of(node->op_type), reader->calls++);
    if (!call.prefix)
        return error_memory(reader->error);
    if (onnx_call_begin(&call, reader->arena, inputs, outputs, reader->error) || add_body(reader, &call))
        return reader->error->code;
    return check_outputs(reader, node, outputs);
}

static status add_node(struct reader *reader, const struct onnx_call *call, const Onnx__NodeProto *node)
{
    const Onnx__FunctionProto *function = onnx_function_of(reader->model, node);
    if (function)
        return add_call(reader, call, node, function);
    status result = add_plain(reader, call, node);
    if (result == STATUS_UNSUPPORTED && reader->partial)
        result = add_refused(reader, call, node);
    return result;
}

status reader_add_nodes(struct reader *reader)
{
    for (size_t i = 0; i < reader->proto->n_node; i++)
        if (add_node(reader, NULL, reader->proto->node[i]))
            return reader_in_node(reader, i);
    return STATUS_OK;
}
