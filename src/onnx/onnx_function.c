/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "onnx/onnx_function.h"

#include <stdlib.h>
#include <string.h>

#include "nn/graph/graph.h"

struct onnx_local {
    const char *name;
    int value;
};

static const char *text_of(const char *text)
{
    return text ? text : "";
}

/* "" and "ai.onnx" are one domain. */
static const char *domain_of(const char *domain)
{
    return strcmp(text_of(domain), "ai.onnx") == 0 ? "" : text_of(domain);
}

const Onnx__FunctionProto *onnx_function_of(const Onnx__ModelProto *model, const Onnx__NodeProto *node)
{
    for (size_t i = 0; i < model->n_functions; i++)
        if (strcmp(text_of(model->functions[i]->name), text_of(node->op_type)) == 0 &&
            strcmp(domain_of(model->functions[i]->domain), domain_of(node->domain)) == 0)
            return model->functions[i];
    return NULL;
}

status onnx_call_check(const struct onnx_call *call, int opset, struct error *error)
{
    const Onnx__FunctionProto *function = call->function;
    int depth = 0;
    for (const struct onnx_call *outer = call->outer; outer; outer = outer->outer)
        depth++;
    if (depth >= ONNX_MOST_CALLS)
        return error_set(error, STATUS_UNSUPPORTED, "functions call one another more than %d deep",
                         ONNX_MOST_CALLS);
    if (call->node->n_input > function->n_input || call->node->n_output > function->n_output)
        return error_set(error, STATUS_FILE, "function %s has %zu inputs and %zu outputs, not %zu and %zu",
                         text_of(function->name), function->n_input, function->n_output, call->node->n_input,
                         call->node->n_output);
    for (size_t i = 0; i < function->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *import = function->opset_import[i];
        if (!*domain_of(import->domain) && import->version != opset)
            return error_set(error, STATUS_UNSUPPORTED,
                             "function %s is made of operators of opset %lld, the model has opset %d",
                             text_of(function->name), (long long)import->version, opset);
    }
    return STATUS_OK;
}

static int compare_locals(const void *a, const void *b)
{
    return strcmp(((const struct onnx_local *)a)->name, ((const struct onnx_local *)b)->name);
}

static void add_local(struct onnx_call *call, const char *name, int value)
{
    if (*name)
        call->locals[call->count++] = (struct onnx_local){name, value};
}

static bool is_output(const Onnx__FunctionProto *function, const char *name)
{
    for (size_t i = 0; i < function->n_output; i++)
        if (strcmp(text_of(function->output[i]), name) == 0)
            return true;
    return false;
}

static status check_locals(const struct onnx_call *call, struct error *error)
{
    for (size_t i = 1; i < call->count; i++)
        if (strcmp(call->locals[i - 1].name, call->locals[i].name) == 0)
            return error_set(error, STATUS_FILE, "function %s: %s is defined twice",
                             text_of(call->function->name), call->locals[i].name);
    return STATUS_OK;
}

status onnx_call_begin(struct onnx_call *call, struct arena *arena, const int *inputs, const int *outputs,
                       struct error *error)
{
    const Onnx__FunctionProto *function = call->function;
    size_t most = function->n_input + function->n_output;
    for (size_t i = 0; i < function->n_node; i++)
        most += function->node[i]->n_output;
    call->count = 0;
    call->locals = arena_alloc(arena, most, sizeof *call->locals);
    if (!call->locals)
        return error_memory(error);
    for (size_t i = 0; i < function->n_input; i++)
        add_local(call, text_of(function->input[i]), i < call->node->n_input ? inputs[i] : VALUE_NONE);
    for (size_t i = 0; i < function->n_output; i++) {
        const bool wanted = i < call->node->n_output && outputs[i] != VALUE_NONE;
        add_local(call, text_of(function->output[i]), wanted ? outputs[i] : ONNX_NOT_MADE);
    }
    for (size_t i = 0; i < function->n_node; i++)
        for (size_t k = 0; k < function->node[i]->n_output; k++)
            if (!is_output(function, text_of(function->node[i]->output[k])))
                add_local(call, text_of(function->node[i]->output[k]), ONNX_NOT_MADE);
    qsort(call->locals, call->count, sizeof *call->locals, compare_locals);
    return check_locals(call, error);
}

int *onnx_call_value(const struct onnx_call *call, const char *name)
{
    const struct onnx_local key = {.name = name};
    struct onnx_local *found = bsearch(&key, call->locals, call->count, sizeof *call->locals, compare_locals);
    return found ? &found->value : NULL;
}

const Onnx__AttributeProto *onnx_call_attribute(const struct onnx_call *call,
                                                const Onnx__AttributeProto *attribute)
{
    while (attribute && call && *text_of(attribute->ref_attr_name)) {
        const Onnx__AttributeProto *given = NULL;
        for (size_t i = 0; i < call->node->n_attribute; i++)
            if (strcmp(text_of(call->node->attribute[i]->name), attribute->ref_attr_name) == 0)
                given = call->node->attribute[i];
        attribute = given;
        call = call->outer;
    }
    return attribute;
}
