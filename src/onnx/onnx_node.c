/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes: which operators and attribute forms are taken over from a file. */
#include "onnx/onnx_node.h"

#include <string.h>
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "onnx/onnx_function.h"
#include "onnx/onnx_scan.h"
#include "onnx/onnx_tensor.h"

enum {
    MAX_ATTRIBUTES = 64,           /* the richest operator of ONNX has a dozen */
    MOST_TENSOR_OF_BODY = 1 << 12, /* bytes: constants of functions, which every call copies */
};

/* Files older than opset 7 are read where their operators mean what they mean in opset 7. These do not. */
enum old_rule {
    OLD_FORM,     /* inputs or attributes were different */
    OLD_AXIS,     /* broadcasting differs when `axis` is given, else it is a special case of today's */
    OLD_TRAINING, /* trained unless `is_test` said otherwise */
};

static const struct {
    const char *op;
    int before; /* opset that brought today's meaning */
    enum old_rule rule;
} old_forms[] = {
    {"Add", 7, OLD_AXIS},     {"And", 7, OLD_AXIS},
    {"Cast", 6, OLD_FORM},    {"BatchNormalization", 7, OLD_TRAINING},
    {"Concat", 4, OLD_FORM},  {"Div", 7, OLD_AXIS},
    {"Equal", 7, OLD_AXIS},   {"Dropout", 7, OLD_TRAINING},
    {"Greater", 7, OLD_AXIS}, {"Less", 7, OLD_AXIS},
    {"Mul", 7, OLD_AXIS},     {"Or", 7, OLD_AXIS},
    {"PRelu", 7, OLD_FORM},   {"Pad", 2, OLD_FORM},
    {"Pow", 7, OLD_AXIS},     {"Reshape", 5, OLD_FORM},
    {"Split", 2, OLD_FORM},   {"Sub", 7, OLD_AXIS},
    {"Tile", 6, OLD_FORM},    {"Upsample", 7, OLD_FORM},
};

/* Attributes that only these old forms had; they are dropped, because today's operators do not know them. */
static const char *const old_attributes[] = {"broadcast", "consumed_inputs", "is_test"};

/* What to do instead of an operator that is not supported. */
static const char in_integers[] =
    "it computes in integers: quantise with QuantizeLinear and DequantizeLinear "
    "(QDQ) instead, or export the network before it is quantised";
static const struct {
    const char *op, *advice;
} advice[] = {
    {"QLinearConv", in_integers},
    {"QLinearMatMul", in_integers},
    {"QLinearAdd", in_integers},
    {"QLinearGlobalAveragePool", in_integers},
    {"ConvInteger", in_integers},
    {"MatMulInteger", in_integers},
    {"DynamicQuantizeLinear", in_integers},
};

static const char *text_of(const char *text)
{
    return text ? text : "";
}

static const Onnx__AttributeProto *find(const Onnx__NodeProto *node, const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++)
        if (strcmp(text_of(node->attribute[i]->name), name) == 0)
            return node->attribute[i];
    return NULL;
}

static bool means_something_else(const Onnx__NodeProto *node, int opset)
{
    for (size_t i = 0; i < sizeof old_forms / sizeof *old_forms; i++) {
        if (opset >= old_forms[i].before || strcmp(node->op_type, old_forms[i].op) != 0)
            continue;
        const Onnx__AttributeProto *test = find(node, "is_test");
        switch (old_forms[i].rule) {
        case OLD_AXIS:
            return find(node, "axis") != NULL;
        case OLD_TRAINING:
            return !test || test->i == 0;
        default:
            return true;
        }
    }
    return false;
}

/* `domain` NULL: the standard one. */
static status refuse_operator(const char *name, const char *domain, struct error *error)
{
    const char *more = NULL;
    for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
        if (strcmp(name, advice[i].op) == 0)
            more = advice[i].advice;
    return error_set(error, STATUS_UNSUPPORTED, "operator %s%s%s is not supported%s%s", name,
                     domain ? " of domain " : "", domain ? domain : "", more ? ": " : "", more ? more : "");
}

status onnx_node_operator(const Onnx__NodeProto *node, int opset, const struct op **op, struct error *error)
{
    const char *domain = text_of(node->domain), *name = text_of(node->op_type);
    int meaning = opset < ONNX_FIRST_OPSET ? ONNX_FIRST_OPSET : opset;
    if (!*name)
        return error_set(error, STATUS_FILE, "it names no operator");
    if (*domain && strcmp(domain, "ai.onnx") != 0)
        return refuse_operator(name, domain, error);
    *op = operator_find(name);
    if (!*op)
        return refuse_operator(name, NULL, error);
    if ((*op)->opset_first > meaning)
        return error_set(error, STATUS_FILE, "operator %s begins with opset %d, the file has opset %d", name,
                         (*op)->opset_first, opset);
    if (means_something_else(node, opset))
        return error_set(error, STATUS_UNSUPPORTED,
                         "the form that operator %s had in opset %d is not supported; "
                         "export with opset %d to %d",
                         name, opset, ONNX_FIRST_OPSET, ONNX_LAST_OPSET);
    return STATUS_OK;
}

/* Bytes of a file as text in the arena; *text stays NULL when memory is out. */
static status copy_text(struct arena *arena, const ProtobufCBinaryData *bytes, const char **text,
                        struct error *error)
{
    if (bytes->len && memchr(bytes->data, 0, bytes->len))
        return error_set(error, STATUS_FILE, "its text holds a NUL byte");
    char *copy = arena_alloc(arena, bytes->len + 1, 1);
    if (!copy)
        return error_memory(error);
    if (bytes->len)
        memcpy(copy, bytes->data, bytes->len);
    *text = copy;
    return STATUS_OK;
}

static status copy_texts(struct arena *arena, const Onnx__AttributeProto *from, struct attribute *to,
                         struct error *error)
{
    to->strings = arena_alloc(arena, from->n_strings, sizeof *to->strings);
    to->count = from->n_strings;
    if (!to->strings)
        return error_memory(error);
    for (size_t i = 0; i < from->n_strings; i++) {
        status result = copy_text(arena, &from->strings[i], &to->strings[i], error);
        if (result)
            return result;
    }
    return STATUS_OK;
}

/* The message outlives the attribute, so lists of integers are borrowed from it. */
static status copy_integers(struct arena *arena, const Onnx__AttributeProto *from, struct attribute *to,
                            struct error *error)
{
    to->count = from->n_ints;
    to->integers = from->n_ints ? from->ints : arena_alloc(arena, 1, sizeof *to->integers);
    return to->integers ? STATUS_OK : error_memory(error);
}

static status copy_reals(struct arena *arena, const Onnx__AttributeProto *from, struct attribute *to,
                         struct error *error)
{
    to->count = from->n_floats;
    to->reals = arena_alloc(arena, from->n_floats, sizeof *to->reals);
    if (!to->reals)
        return error_memory(error);
    for (size_t i = 0; i < from->n_floats; i++)
        to->reals[i] = (double)from->floats[i];
    return STATUS_OK;
}

/* Reading a tensor takes its raw data away from the message. `keep`: a body is read again at its next call.
 */
static status copy_tensor(const Onnx__AttributeProto *from, bool keep, struct attribute *to,
                          struct error *error)
{
    if (!from->t)
        return error_set(error, STATUS_FILE, "it has no value");
    const ProtobufCBinaryData raw = from->t->raw_data;
    const size_t numbers = from->t->n_float_data + from->t->n_double_data + from->t->n_int32_data +
                           from->t->n_int64_data + from->t->n_uint64_data;
    if (keep && (raw.len > MOST_TENSOR_OF_BODY || numbers > MOST_TENSOR_OF_BODY / sizeof(int64_t)))
        return error_set(error, STATUS_UNSUPPORTED, "tensors of more than %d bytes in functions",
                         MOST_TENSOR_OF_BODY);
    if (keep && raw.len && !(from->t->raw_data.data = mem_new(raw.len, 1))) {
        from->t->raw_data = raw;
        return error_memory(error);
    }
    if (keep && raw.len)
        memcpy(from->t->raw_data.data, raw.data, raw.len);
    status result = onnx_tensor(from->t, text_of(from->t->name), &to->tensor, error);
    if (keep) {
        onnx_bytes_free(&from->t->raw_data);
        from->t->raw_data = raw;
    }
    return result;
}

/* A single number or text that is absent is 0 or "": some writers leave out what equals the default. */
static status copy_attribute(const Onnx__AttributeProto *from, bool keep, struct arena *arena,
                             struct attribute *to, struct error *error)
{
    if (*text_of(from->ref_attr_name))
        return error_set(error, STATUS_FILE, "it refers to an attribute of a function outside of one");
    switch (from->type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        to->kind = ATTRIBUTE_INTEGER;
        to->integer = from->i;
        return STATUS_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        to->kind = ATTRIBUTE_REAL;
        to->real = (double)from->f;
        return STATUS_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        to->kind = ATTRIBUTE_STRING;
        return copy_text(arena, &from->s, &to->string, error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        to->kind = ATTRIBUTE_INTEGERS;
        return copy_integers(arena, from, to, error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        to->kind = ATTRIBUTE_REALS;
        return copy_reals(arena, from, to, error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
        to->kind = ATTRIBUTE_STRINGS;
        return copy_texts(arena, from, to, error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        to->kind = ATTRIBUTE_TENSOR;
        return copy_tensor(from, keep, to, error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED:
        return error_set(error, STATUS_FILE, "its type is missing");
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS:
        return error_set(error, STATUS_UNSUPPORTED, "graphs within nodes are not supported");
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS:
        return error_set(error, STATUS_UNSUPPORTED, "sparse tensors are not supported");
    default:
        return error_set(error, STATUS_UNSUPPORTED, "attribute type %d is not supported", (int)from->type);
    }
}

static bool is_old_attribute(const char *name, int opset)
{
    for (size_t i = 0; opset < ONNX_FIRST_OPSET && i < sizeof old_attributes / sizeof *old_attributes; i++)
        if (strcmp(name, old_attributes[i]) == 0)
            return true;
    return false;
}

status onnx_node_attributes(const Onnx__NodeProto *node, int opset, const struct onnx_call *call,
                            struct arena *arena, struct attribute **attributes, int *count,
                            struct error *error)
{
    *count = 0;
    *attributes = NULL;
    if (node->n_attribute > MAX_ATTRIBUTES)
        return error_set(error, STATUS_UNSUPPORTED, "%zu attributes, at most %d are supported",
                         node->n_attribute, MAX_ATTRIBUTES);
    struct attribute *list = arena_alloc(arena, node->n_attribute, sizeof *list);
    if (!list)
        return error_memory(error);
    *attributes = list;
    for (size_t i = 0; i < node->n_attribute; i++) {
        const Onnx__AttributeProto *from = node->attribute[i];
        const char *name = text_of(from->name);
        if (!*name)
            return error_set(error, STATUS_FILE, "an attribute has no name");
        if (find(node, name) != from)
            return error_set(error, STATUS_FILE, "attribute %s is given twice", name);
        const Onnx__AttributeProto *meant = onnx_call_attribute(call, from);
        if (!meant || is_old_attribute(name, opset))
            continue;
        struct attribute *to = &list[(*count)++];
        to->name = name;
        if (copy_attribute(meant, call != NULL, arena, to, error))
            return error->code == STATUS_MEMORY ? STATUS_MEMORY : error_prefix(error, "attribute %s: ", name);
    }
    return STATUS_OK;
}

void onnx_attributes_free(struct attribute *attributes, int count)
{
    for (int i = 0; i < count; i++)
        tensor_free(attributes[i].tensor);
}
