/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ONNX files out: the graph as a tree of protobuf-c messages in an arena, packed at the end. Functions that
 * build a part return NULL when memory is out. */
#include "onnx/onnx_write.h"

#include <string.h>
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/graph/tensor.h"
#include "onnx/onnx.pb-c.h"
#include "onnx/onnx_write_input.h"
#include "nn/graph/op.h"

/* Does the network compute in bfloat16? Weights alone may be kept so in other files (a checkpoint's), but all
 * operands of an operator have one type. */
static bool computes_in_bfloat16(const struct graph *graph)
{
    for (int v = 0; v < graph->value_count; v++)
        if (!graph->values[v].constant && graph->values[v].file_type == FILE_BFLOAT16)
            return true;
    for (int n = 0; n < graph->node_count; n++)
        if (node_integer(&graph->nodes[n], "to", FILE_UNDEFINED) == FILE_BFLOAT16)
            return true;
    return false;
}

static Onnx__TensorProto *build_tensor(struct arena *arena, const struct tensor *tensor, const char *name,
                                       bool bfloat16)
{
    Onnx__TensorProto *proto = arena_alloc(arena, 1, sizeof *proto);
    if (proto == NULL)
        return NULL;
    onnx__tensor_proto__init(proto);
    int type = file_type_of(tensor->type, tensor->file_type);
    if (type == FILE_BFLOAT16 && !bfloat16)
        type = FILE_FLOAT;
    int64_t count = shape_elements(&tensor->shape);
    proto->name = (char *)name;
    proto->has_data_type = true;
    proto->data_type = type;
    proto->n_dims = (size_t)tensor->shape.rank;
    proto->dims = (int64_t *)tensor->shape.dim;
    proto->has_raw_data = true;
    proto->raw_data.len = (size_t)file_type_bytes(type, count);
    if (file_type_is_plain(type)) {
        proto->raw_data.data = tensor->data;
        return proto;
    }
    proto->raw_data.data = arena_alloc(arena, proto->raw_data.len + 1, 1);
    if (proto->raw_data.data != NULL)
        file_type_encode(type, tensor, 0, count, proto->raw_data.data);
    return proto->raw_data.data != NULL ? proto : NULL;
}

static ProtobufCBinaryData bytes_of(const char *string)
{
    return (ProtobufCBinaryData){strlen(string), (uint8_t *)string};
}

static bool fill_reals(struct arena *arena, Onnx__AttributeProto *proto, const struct attribute *attribute)
{
    proto->n_floats = attribute->count;
    proto->floats = arena_alloc(arena, attribute->count, sizeof *proto->floats);
    for (size_t i = 0; proto->floats != NULL && i < attribute->count; i++)
        proto->floats[i] = (float)attribute->reals[i];
    return proto->floats != NULL;
}

static bool fill_strings(struct arena *arena, Onnx__AttributeProto *proto, const struct attribute *attribute)
{
    proto->n_strings = attribute->count;
    proto->strings = arena_alloc(arena, attribute->count, sizeof *proto->strings);
    for (size_t i = 0; proto->strings != NULL && i < attribute->count; i++)
        proto->strings[i] = bytes_of(attribute->strings[i]);
    return proto->strings != NULL;
}

static bool fill_tensor(struct arena *arena, Onnx__AttributeProto *proto, const struct attribute *attribute)
{
    proto->t = build_tensor(arena, attribute->tensor, "", true);
    return proto->t != NULL;
}

static bool fill_attribute(struct arena *arena, Onnx__AttributeProto *proto,
                           const struct attribute *attribute)
{
    switch (attribute->kind) {
    case ATTRIBUTE_INTEGER:
        proto->has_i = true;
        proto->i = attribute->integer;
        return true;
    case ATTRIBUTE_REAL:
        proto->has_f = true;
        proto->f = (float)attribute->real;
        return true;
    case ATTRIBUTE_STRING:
        proto->has_s = true;
        proto->s = bytes_of(attribute->string);
        return true;
    case ATTRIBUTE_INTEGERS:
        proto->n_ints = attribute->count;
        proto->ints = attribute->integers;
        return true;
    case ATTRIBUTE_REALS:
        return fill_reals(arena, proto, attribute);
    case ATTRIBUTE_STRINGS:
        return fill_strings(arena, proto, attribute);
    case ATTRIBUTE_TENSOR:
        return fill_tensor(arena, proto, attribute);
    }
    return false;
}

static Onnx__AttributeProto *build_attribute(struct arena *arena, const struct attribute *attribute)
{
    static const Onnx__AttributeProto__AttributeType types[] = {
        [ATTRIBUTE_INTEGER] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT,
        [ATTRIBUTE_REAL] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT,
        [ATTRIBUTE_STRING] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING,
        [ATTRIBUTE_INTEGERS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS,
        [ATTRIBUTE_REALS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS,
        [ATTRIBUTE_STRINGS] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS,
        [ATTRIBUTE_TENSOR] = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR,
    };
    Onnx__AttributeProto *proto = arena_alloc(arena, 1, sizeof *proto);
    if (proto == NULL)
        return NULL;
    onnx__attribute_proto__init(proto);
    proto->name = (char *)attribute->name;
    proto->has_type = true;
    proto->type = types[attribute->kind];
    return fill_attribute(arena, proto, attribute) ? proto : NULL;
}

static char **operand_names(struct arena *arena, const struct graph *graph, const int *values, int count)
{
    char **names = arena_alloc(arena, (size_t)count + 1, sizeof *names);
    for (int i = 0; names != NULL && i < count; i++)
        names[i] = values[i] == VALUE_NONE ? "" : (char *)graph->values[values[i]].name;
    return names;
}

static Onnx__NodeProto *build_node(struct arena *arena, const struct graph *graph, const struct node *node)
{
    Onnx__NodeProto *proto = arena_alloc(arena, 1, sizeof *proto);
    if (proto == NULL)
        return NULL;
    onnx__node_proto__init(proto);
    proto->name = (char *)node->name;
    proto->op_type = (char *)node->op->name;
    /* Optional inputs left out at the end need not be written, and some readers stumble over them. */
    proto->n_input = (size_t)node->input_count;
    while (proto->n_input > 0 && node->inputs[proto->n_input - 1] == VALUE_NONE)
        proto->n_input--;
    proto->input = operand_names(arena, graph, node->inputs, node->input_count);
    proto->n_output = (size_t)node->output_count;
    proto->output = operand_names(arena, graph, node->outputs, node->output_count);
    proto->n_attribute = (size_t)node->attribute_count;
    proto->attribute = arena_alloc(arena, (size_t)node->attribute_count + 1, sizeof *proto->attribute);
    if (proto->input == NULL || proto->output == NULL || proto->attribute == NULL)
        return NULL;
    for (int i = 0; i < node->attribute_count; i++)
        if ((proto->attribute[i] = build_attribute(arena, &node->attributes[i])) == NULL)
            return NULL;
    return proto;
}

static Onnx__TensorShapeProto *build_shape(struct arena *arena, const struct shape *shape)
{
    Onnx__TensorShapeProto *proto = arena_alloc(arena, 1, sizeof *proto);
    if (proto == NULL)
        return NULL;
    onnx__tensor_shape_proto__init(proto);
    proto->n_dim = (size_t)shape->rank;
    proto->dim = arena_alloc(arena, (size_t)shape->rank + 1, sizeof *proto->dim);
    for (int i = 0; proto->dim != NULL && i < shape->rank; i++) {
        Onnx__TensorShapeProto__Dimension *dim = arena_alloc(arena, 1, sizeof *dim);
        if (dim == NULL)
            return NULL;
        onnx__tensor_shape_proto__dimension__init(dim);
        if (shape->dim[i] >= 0) {
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            dim->dim_value = shape->dim[i];
        } else if (i == 0) {
            dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            dim->dim_param = "N";
        }
        proto->dim[i] = dim;
    }
    return proto->dim != NULL ? proto : NULL;
}

static Onnx__ValueInfoProto *build_value(struct arena *arena, const struct value *value)
{
    Onnx__ValueInfoProto *proto = arena_alloc(arena, 1, sizeof *proto);
    Onnx__TypeProto *type = arena_alloc(arena, 1, sizeof *type);
    Onnx__TypeProto__Tensor *tensor = arena_alloc(arena, 1, sizeof *tensor);
    if (proto == NULL || type == NULL || tensor == NULL)
        return NULL;
    onnx__value_info_proto__init(proto);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    proto->name = (char *)value->name;
    proto->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = file_type_of(value->type, value->file_type);
    if (value->shape.rank >= 0 && (tensor->shape = build_shape(arena, &value->shape)) == NULL)
        return NULL;
    return proto;
}

static Onnx__ValueInfoProto **build_values(struct arena *arena, const struct graph *graph, const int *values,
                                           int count)
{
    Onnx__ValueInfoProto **list = arena_alloc(arena, (size_t)count + 1, sizeof *list);
    for (int i = 0; list != NULL && i < count; i++)
        if ((list[i] = build_value(arena, &graph->values[values[i]])) == NULL)
            return NULL;
    return list;
}

static bool fill_initializers(struct arena *arena, const struct graph *graph, Onnx__GraphProto *proto)
{
    const bool bfloat16 = computes_in_bfloat16(graph);
    proto->initializer = arena_alloc(arena, (size_t)graph->value_count + 1, sizeof *proto->initializer);
    for (int i = 0; proto->initializer != NULL && i < graph->value_count; i++) {
        const struct value *value = &graph->values[i];
        if (value->constant == NULL)
            continue;
        Onnx__TensorProto *tensor = build_tensor(arena, value->constant, value->name, bfloat16);
        if (tensor == NULL)
            return false;
        proto->initializer[proto->n_initializer++] = tensor;
    }
    return proto->initializer != NULL;
}

static Onnx__GraphProto *build_graph(struct arena *arena, const struct graph *graph)
{
    Onnx__GraphProto *proto = arena_alloc(arena, 1, sizeof *proto);
    if (proto == NULL)
        return NULL;
    onnx__graph_proto__init(proto);
    proto->name = graph->name != NULL && *graph->name ? (char *)graph->name : "graph";
    proto->n_input = (size_t)graph->input_count;
    proto->input = build_values(arena, graph, graph->inputs, graph->input_count);
    proto->n_output = (size_t)graph->output_count;
    proto->output = build_values(arena, graph, graph->outputs, graph->output_count);
    proto->n_node = (size_t)graph->node_count;
    proto->node = arena_alloc(arena, (size_t)graph->node_count + 1, sizeof *proto->node);
    if (proto->input == NULL || proto->output == NULL || proto->node == NULL ||
        !fill_initializers(arena, graph, proto))
        return NULL;
    for (int i = 0; i < graph->node_count; i++)
        if ((proto->node[i] = build_node(arena, graph, &graph->nodes[i])) == NULL)
            return NULL;
    return graph->channels_last && !onnx_write_channels_last(arena, graph, proto) ? NULL : proto;
}

static Onnx__StringStringEntryProto *build_entry(struct arena *arena, const struct metadata *metadata)
{
    Onnx__StringStringEntryProto *entry = arena_alloc(arena, 1, sizeof *entry);
    if (entry == NULL)
        return NULL;
    onnx__string_string_entry_proto__init(entry);
    entry->key = (char *)metadata->key;
    entry->value = (char *)metadata->value;
    return entry;
}

static bool key_among(const char *key, const struct metadata *metadata, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(metadata[i].key, key) == 0)
            return true;
    return false;
}

/* The graph's own entries, but those that the new ones replace, then the new ones. */
static bool fill_metadata(struct arena *arena, const struct graph *graph, const struct metadata *metadata,
                          int count, Onnx__ModelProto *model)
{
    model->metadata_props =
        arena_alloc(arena, (size_t)(graph->metadata_count + count) + 1, sizeof *model->metadata_props);
    if (model->metadata_props == NULL)
        return false;
    for (int i = 0; i < graph->metadata_count + count; i++) {
        bool old = i < graph->metadata_count;
        const struct metadata *entry = old ? &graph->metadata[i] : &metadata[i - graph->metadata_count];
        if (old && key_among(entry->key, metadata, count))
            continue;
        Onnx__StringStringEntryProto *built = build_entry(arena, entry);
        if (built == NULL)
            return false;
        model->metadata_props[model->n_metadata_props++] = built;
    }
    return true;
}

/* From version 4 of the format on, parameters need not be listed among the inputs. Version 3 of older files
 * would demand it. */
static int64_t ir_version(const struct graph *graph)
{
    enum { LOWEST = 4, USUAL = 7 };
    if (graph->ir_version <= 0)
        return USUAL;
    return graph->ir_version < LOWEST ? LOWEST : graph->ir_version;
}

static bool fill_opset(struct arena *arena, const struct graph *graph, Onnx__ModelProto *model)
{
    Onnx__OperatorSetIdProto *opset = arena_alloc(arena, 1, sizeof *opset);
    model->opset_import = arena_alloc(arena, 1, sizeof *model->opset_import);
    if (opset == NULL || model->opset_import == NULL)
        return false;
    onnx__operator_set_id_proto__init(opset);
    opset->domain = "";
    opset->has_version = true;
    opset->version = graph->opset;
    model->opset_import[0] = opset;
    model->n_opset_import = 1;
    return true;
}

static Onnx__ModelProto *build_model(struct arena *arena, const struct graph *graph,
                                     const struct metadata *metadata, int count)
{
    Onnx__ModelProto *model = arena_alloc(arena, 1, sizeof *model);
    if (model == NULL)
        return NULL;
    onnx__model_proto__init(model);
    model->has_ir_version = true;
    model->ir_version = ir_version(graph);
    model->producer_name = (char *)graph->producer;
    model->producer_version = (char *)graph->producer_version;
    model->domain = (char *)graph->domain;
    model->doc_string = (char *)graph->documentation;
    model->has_model_version = graph->model_version != 0;
    model->model_version = graph->model_version;
    model->graph = build_graph(arena, graph);
    return model->graph != NULL && fill_opset(arena, graph, model) &&
                   fill_metadata(arena, graph, metadata, count, model)
               ? model
               : NULL;
}

/* The packed model; owned by the caller. */
static status encode(const struct graph *graph, const struct metadata *metadata, int count,
                     unsigned char **bytes, size_t *size, struct error *error)
{
    struct arena *arena = arena_new();
    Onnx__ModelProto *model = arena != NULL ? build_model(arena, graph, metadata, count) : NULL;
    status code = STATUS_OK;
    *bytes = NULL;
    *size = model != NULL ? onnx__model_proto__get_packed_size(model) : 0;
    if (*size > INT32_MAX)
        code = error_set(error, STATUS_UNSUPPORTED,
                         "the model would need %zu bytes: ONNX files are limited to 2 GiB", *size);
    else if (model == NULL || (*bytes = mem_new(*size + 1, 1)) == NULL)
        code = error_memory(error);
    else
        onnx__model_proto__pack(model, *bytes);
    arena_free(arena);
    return code;
}

status onnx_encode(const struct graph *graph, const struct metadata *metadata, int metadata_count,
                   struct text *out, struct error *error)
{
    unsigned char *bytes;
    size_t size;
    status code = encode(graph, metadata, metadata_count, &bytes, &size, error);
    if (code != STATUS_OK)
        return code;
    text_add_bytes(out, (const char *)bytes, size);
    mem_free(bytes);
    return out->failed ? error_memory(error) : STATUS_OK;
}

status onnx_write(const char *path, const struct graph *graph, const struct metadata *metadata,
                  int metadata_count, struct error *error)
{
    unsigned char *bytes;
    size_t size;
    status code = encode(graph, metadata, metadata_count, &bytes, &size, error);
    if (code != STATUS_OK)
        return code;
    code = file_replace(path, bytes, size, error);
    mem_free(bytes);
    return code;
}
