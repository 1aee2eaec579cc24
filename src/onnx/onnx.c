/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ONNX reader: files and what a model says about itself. The graph is read by onnx_graph.c. */
#include "onnx/onnx.h"

#include <string.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/likeness.h"
#include "base/status.h"
#include "onnx/onnx_external.h"
#include "onnx/onnx_graph.h"
#include "onnx/onnx_node.h"
#include "onnx/onnx_scan.h"
#include "onnx/onnx_tensor.h"

static const char *text_of(const char *text)
{
    return text ? text : "";
}

/* --- The model's head ----------------------------------------------------------------------------------- */

static status check_model(const Onnx__ModelProto *model, struct error *error)
{
    if (!model->has_ir_version || model->ir_version < 1)
        return error_set(error, STATUS_FILE, "not an ONNX model: it has no IR version");
    if (model->graph->n_sparse_initializer) {
        const Onnx__TensorProto *values = model->graph->sparse_initializer[0]->values;
        return error_set(error, STATUS_UNSUPPORTED, "tensor %s: sparse tensors are not supported",
                         values ? text_of(values->name) : "");
    }
    if (model->graph->n_quantization_annotation)
        return error_set(error, STATUS_UNSUPPORTED, "tensor %s: quantised tensors are not supported",
                         text_of(model->graph->quantization_annotation[0]->tensor_name));
    return STATUS_OK;
}

/* Opset of the default domain. Other domains may be listed; their operators are refused where used. */
static status read_opset(const Onnx__ModelProto *model, int *opset, struct error *error)
{
    int64_t version = 0;
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = text_of(model->opset_import[i]->domain);
        if (*domain && strcmp(domain, "ai.onnx") != 0)
            continue;
        if (version && version != model->opset_import[i]->version)
            return error_set(error, STATUS_FILE, "it asks for opset %lld and for opset %lld",
                             (long long)version, (long long)model->opset_import[i]->version);
        version = model->opset_import[i]->version;
    }
    if (version < 1)
        return error_set(error, STATUS_FILE, "it does not say which opset it uses");
    if (version > ONNX_LAST_OPSET)
        return error_set(error, STATUS_UNSUPPORTED, "opset %lld is not supported; export with opset %d to %d",
                         (long long)version, ONNX_FIRST_OPSET, ONNX_LAST_OPSET);
    *opset = (int)version;
    return STATUS_OK;
}

static status read_metadata(const Onnx__ModelProto *model, struct graph *graph, struct error *error)
{
    graph->metadata = arena_alloc(graph->arena, model->n_metadata_props, sizeof *graph->metadata);
    if (!graph->metadata)
        return error_memory(error);
    for (size_t i = 0; i < model->n_metadata_props; i++) {
        struct metadata *entry = &graph->metadata[i];
        entry->key = arena_string(graph->arena, text_of(model->metadata_props[i]->key));
        entry->value = arena_string(graph->arena, text_of(model->metadata_props[i]->value));
        if (!entry->key || !entry->value)
            return error_memory(error);
        graph->metadata_count++;
    }
    return STATUS_OK;
}

static status read_head(const Onnx__ModelProto *model, struct graph *graph, struct error *error)
{
    const struct {
        const char *from, **to;
    } texts[] = {
        {model->graph->name, &graph->name},
        {model->producer_name, &graph->producer},
        {model->domain, &graph->domain},
        {model->producer_version, &graph->producer_version},
        {model->doc_string, &graph->documentation},
    };
    status result = check_model(model, error);
    if (result || (result = read_opset(model, &graph->opset, error)))
        return result;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!(*texts[i].to = arena_string(graph->arena, text_of(texts[i].from))))
            return error_memory(error);
    graph->ir_version = model->ir_version;
    graph->model_version = model->model_version;
    return read_metadata(model, graph, error);
}

/* --- Entry points --------------------------------------------------------------------------------------- */

/* Unpack a model, or say what the file is instead. */
static status unpack_model(const char *name, const void *data, size_t size, Onnx__ModelProto **model,
                           struct error *error)
{
    ProtobufCMessage *message;
    status result = onnx_unpack(name, &onnx__model_proto__descriptor, data, size, &message, error);
    *model = (Onnx__ModelProto *)message;
    if (result == STATUS_MEMORY || result == STATUS_CANCELLED || (result == STATUS_OK && (*model)->graph))
        return result;
    onnx_message_free(message);
    *model = NULL;
    const char *what = file_looks_like(data, size);
    if (what)
        return error_set(error, STATUS_FILE, "%s: not an ONNX file: it looks like %s", name, what);
    if (result)
        return result;
    return error_set(error, STATUS_FILE, "%s: not an ONNX model: it has no graph", name);
}

/* Releases the model. `reading` NULL: everything is in it. */
static status convert_model(const char *name, Onnx__ModelProto *model, struct onnx_reading *reading,
                            struct graph **graph, struct error *error)
{
    struct graph *made = graph_new();
    status result = made ? read_head(model, made, error) : error_memory(error);
    if (!result && reading)
        result = onnx_external(model->graph, name, reading->digest, error);
    if (!result)
        result = onnx_graph(model, reading && reading->partial, made, error);
    onnx_message_free(&model->base);
    if (!result) {
        *graph = made;
        return STATUS_OK;
    }
    graph_free(made);
    return result == STATUS_MEMORY ? result : error_prefix(error, "%s: ", name);
}

status onnx_read_bytes(const char *name, const void *data, size_t size, struct graph **graph,
                       struct error *error)
{
    Onnx__ModelProto *model;
    status result = unpack_model(name, data, size, &model, error);
    return result ? result : convert_model(name, model, NULL, graph, error);
}

status onnx_read_model(const char *path, const void *data, size_t size, struct onnx_reading *reading,
                       struct graph **graph, struct error *error)
{
    Onnx__ModelProto *model;
    status result = unpack_model(path, data, size, &model, error);
    return result ? result : convert_model(path, model, reading, graph, error);
}

status onnx_read(const char *path, struct graph **graph, struct error *error)
{
    unsigned char *data;
    size_t size;
    Onnx__ModelProto *model;
    status result = file_read(path, INT32_MAX, &data, &size, error);
    if (result)
        return result;
    result = unpack_model(path, data, size, &model, error);
    mem_free(data); /* early: a large model is in memory twice at most */
    struct onnx_reading reading = {0};
    return result ? result : convert_model(path, model, &reading, graph, error);
}

status onnx_read_tensor(const char *path, struct tensor **tensor, char **name, struct error *error)
{
    unsigned char *data;
    size_t size;
    ProtobufCMessage *message;
    status result = file_read(path, INT32_MAX, &data, &size, error);
    if (result)
        return result;
    result = onnx_unpack(path, &onnx__tensor_proto__descriptor, data, size, &message, error);
    mem_free(data);
    if (result)
        return result;
    Onnx__TensorProto *proto = (Onnx__TensorProto *)message;
    char *copy = mem_string(text_of(proto->name));
    result = copy ? onnx_tensor(proto, copy, tensor, error) : error_memory(error);
    onnx_message_free(message);
    if (!result) {
        *name = copy;
        return STATUS_OK;
    }
    mem_free(copy);
    return result == STATUS_MEMORY ? result : error_prefix(error, "%s: ", path);
}
