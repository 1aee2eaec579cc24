/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TensorProto messages: which data types are understood, and their data in raw or typed form. */
#include "onnx/onnx_tensor.h"

#include <endian.h>
#include <limits.h>
#include <string.h>
#include "base/half.h"
#include "onnx/onnx_scan.h"

/* Where typed data of a data type stand in the message. */
enum typed_field { FIELD_FLOAT, FIELD_DOUBLE, FIELD_INT32, FIELD_INT64, FIELD_UINT64, FIELD_COUNT };

/* Turn `count` little-endian elements into the element type in memory; the index of the first element that
 * does not fit, or count. */
typedef int64_t (*convert_raw)(const uint8_t *raw, int64_t count, void *out);

struct data_type {
    const char *name;
    int element; /* enum element_type, or -1: not supported */
    size_t width;
    enum typed_field field;
    int64_t least, most; /* of typed integers */
    convert_raw convert;
};

static int64_t raw_float(const uint8_t *raw, int64_t count, void *out)
{
    uint32_t *bits = out;
    memcpy(out, raw, (size_t)count * 4);
    for (int64_t i = 0; BYTE_ORDER == BIG_ENDIAN && i < count; i++)
        bits[i] = le32toh(bits[i]);
    return count;
}

/* Doubles and 64-bit integers alike. */
static int64_t raw_wide(const uint8_t *raw, int64_t count, void *out)
{
    uint64_t *bits = out;
    memcpy(out, raw, (size_t)count * 8);
    for (int64_t i = 0; BYTE_ORDER == BIG_ENDIAN && i < count; i++)
        bits[i] = le64toh(bits[i]);
    return count;
}

static int64_t raw_half(const uint8_t *raw, int64_t count, void *out)
{
    float *values = out;
    for (int64_t i = 0; i < count; i++)
        values[i] = half_to_float((uint16_t)(raw[2 * i] | raw[2 * i + 1] << 8));
    return count;
}

static int64_t raw_uint64(const uint8_t *raw, int64_t count, void *out)
{
    const int64_t *values = out;
    raw_wide(raw, count, out);
    for (int64_t i = 0; i < count; i++)
        if (values[i] < 0)
            return i;
    return count;
}

/* Narrow integers: read_type is what stands in the file, `decode` makes host order of it. */
#define RAW_INTEGER(function, file_type, read_type, decode)                                                  \
    static int64_t function(const uint8_t *raw, int64_t count, void *out)                                    \
    {                                                                                                        \
        int64_t *values = out;                                                                               \
        for (int64_t i = 0; i < count; i++) {                                                                \
            read_type bits;                                                                                  \
            memcpy(&bits, raw + (size_t)i * sizeof bits, sizeof bits);                                       \
            values[i] = (file_type)decode(bits);                                                             \
        }                                                                                                    \
        return count;                                                                                        \
    }
RAW_INTEGER(raw_int8, int8_t, uint8_t, )
RAW_INTEGER(raw_uint8, uint8_t, uint8_t, )
RAW_INTEGER(raw_bool, bool, uint8_t, )
RAW_INTEGER(raw_int16, int16_t, uint16_t, le16toh)
RAW_INTEGER(raw_uint16, uint16_t, uint16_t, le16toh)
RAW_INTEGER(raw_int32, int32_t, uint32_t, le32toh)
RAW_INTEGER(raw_uint32, uint32_t, uint32_t, le32toh)

/* Indexed by ONNX TensorProto.DataType. */
static const struct data_type data_types[] = {
    {"undefined", -1, 0, 0, 0, 0, NULL},
    {"float", ELEMENT_FLOAT, 4, FIELD_FLOAT, 0, 0, raw_float},
    {"uint8", ELEMENT_INT64, 1, FIELD_INT32, 0, UINT8_MAX, raw_uint8},
    {"int8", ELEMENT_INT64, 1, FIELD_INT32, INT8_MIN, INT8_MAX, raw_int8},
    {"uint16", ELEMENT_INT64, 2, FIELD_INT32, 0, UINT16_MAX, raw_uint16},
    {"int16", ELEMENT_INT64, 2, FIELD_INT32, INT16_MIN, INT16_MAX, raw_int16},
    {"int32", ELEMENT_INT64, 4, FIELD_INT32, INT32_MIN, INT32_MAX, raw_int32},
    {"int64", ELEMENT_INT64, 8, FIELD_INT64, INT64_MIN, INT64_MAX, raw_wide},
    {"string", -1, 0, 0, 0, 0, NULL},
    {"bool", ELEMENT_INT64, 1, FIELD_INT32, 0, 1, raw_bool},
    {"float16", ELEMENT_FLOAT, 2, FIELD_INT32, 0, UINT16_MAX, raw_half},
    {"double", ELEMENT_DOUBLE, 8, FIELD_DOUBLE, 0, 0, raw_wide},
    {"uint32", ELEMENT_INT64, 4, FIELD_UINT64, 0, UINT32_MAX, raw_uint32},
    {"uint64", ELEMENT_INT64, 8, FIELD_UINT64, 0, INT64_MAX, raw_uint64},
    {"complex64", -1, 0, 0, 0, 0, NULL},
    {"complex128", -1, 0, 0, 0, 0, NULL},
    {"bfloat16", -1, 0, 0, 0, 0, NULL},
};

const char *onnx_type_name(int data_type)
{
    bool known = data_type >= 0 && (size_t)data_type < sizeof data_types / sizeof *data_types;
    return known ? data_types[data_type].name : NULL;
}

status onnx_element_type(int data_type, enum element_type *type, struct error *error)
{
    const char *name = onnx_type_name(data_type);
    if (!name)
        return error_set(error, STATUS_FILE, "data type %d does not exist", data_type);
    if (data_type == ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED)
        return error_set(error, STATUS_FILE, "the data type is missing");
    if (data_types[data_type].element < 0)
        return error_set(error, STATUS_UNSUPPORTED, "data type %s is not supported", name);
    *type = (enum element_type)data_types[data_type].element;
    return STATUS_OK;
}

static status read_shape(const Onnx__TensorProto *message, struct shape *shape, struct error *error)
{
    if (message->n_dims > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%zu dimensions, at most %d are supported",
                         message->n_dims, TENSOR_MAX_RANK);
    for (size_t i = 0; i < message->n_dims; i++)
        if (message->dims[i] < 0)
            return error_set(error, STATUS_FILE, "dimension %zu is %lld", i, (long long)message->dims[i]);
    *shape = shape_of((int)message->n_dims, message->dims);
    if (shape_elements(shape) < 0)
        return error_set(error, STATUS_FILE, "the product of its dimensions is too large");
    return STATUS_OK;
}

/* Everything a TensorProto can be that is not plain data within the file. */
static status check_plain(const Onnx__TensorProto *message, struct error *error)
{
    bool external =
        message->n_external_data > 0 ||
        (message->has_data_location && message->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT);
    const char *location = "another file";
    for (size_t i = 0; i < message->n_external_data; i++) {
        const Onnx__StringStringEntryProto *entry = message->external_data[i];
        if (entry->key && entry->value && strcmp(entry->key, "location") == 0)
            location = entry->value;
    }
    if (external)
        return error_set(error, STATUS_UNSUPPORTED,
                         "its data are kept outside the model (%s), which is not supported; "
                         "save the model as one file",
                         location);
    if (message->segment)
        return error_set(error, STATUS_UNSUPPORTED, "data in segments are not supported");
    return STATUS_OK;
}

static status check_counts(const Onnx__TensorProto *message, const struct data_type *type, int64_t elements,
                           struct error *error)
{
    const size_t counts[FIELD_COUNT] = {[FIELD_FLOAT] = message->n_float_data,
                                        [FIELD_DOUBLE] = message->n_double_data,
                                        [FIELD_INT32] = message->n_int32_data,
                                        [FIELD_INT64] = message->n_int64_data,
                                        [FIELD_UINT64] = message->n_uint64_data};
    size_t typed = message->n_string_data, raw = message->raw_data.len;
    for (int i = 0; i < FIELD_COUNT; i++)
        typed += counts[i];
    if (raw && typed)
        return error_set(error, STATUS_FILE, "it has both raw and typed data");
    if (typed != counts[type->field])
        return error_set(error, STATUS_FILE, "its data are not of type %s", type->name);
    if (raw && raw != (uint64_t)elements * type->width) /* elements <= 2^48 */
        return error_set(error, STATUS_FILE, "it has %zu bytes of data where %lld %s values need %llu", raw,
                         (long long)elements, type->name, (unsigned long long)elements * type->width);
    if (!raw && typed != (uint64_t)elements)
        return error_set(error, STATUS_FILE, "it has %zu values where %lld are declared", typed,
                         (long long)elements);
    return STATUS_OK;
}

static status misfit(int64_t index, const struct data_type *type, struct error *error)
{
    return error_set(error, STATUS_FILE, "value %lld is outside the range of %s", (long long)index,
                     type->name);
}

/* Typed data; counts are checked. */
static status convert_typed(const Onnx__TensorProto *message, const struct data_type *type,
                            struct tensor *tensor, int64_t elements, struct error *error)
{
    int64_t *integers = tensor->data;
    float *reals = tensor->data;
    size_t bytes = (size_t)elements * element_size(tensor->type);
    if (elements == 0)
        return STATUS_OK;
    switch (type->field) {
    case FIELD_FLOAT:
        memcpy(tensor->data, message->float_data, bytes);
        return STATUS_OK;
    case FIELD_DOUBLE:
        memcpy(tensor->data, message->double_data, bytes);
        return STATUS_OK;
    case FIELD_INT64:
        memcpy(tensor->data, message->int64_data, bytes);
        return STATUS_OK;
    case FIELD_UINT64:
        for (int64_t i = 0; i < elements; i++) {
            if (message->uint64_data[i] > (uint64_t)type->most)
                return misfit(i, type, error);
            integers[i] = (int64_t)message->uint64_data[i];
        }
        return STATUS_OK;
    default:
        for (int64_t i = 0; i < elements; i++) {
            int32_t value = message->int32_data[i];
            if (value < type->least || value > type->most)
                return misfit(i, type, error);
            if (tensor->type == ELEMENT_FLOAT)
                reals[i] = half_to_float((uint16_t)value);
            else
                integers[i] = value;
        }
        return STATUS_OK;
    }
}

/* The message's own memory as the tensor's, where the file holds the numbers as they stand in memory: nothing
 * is copied. NULL: they must be converted. */
static struct tensor *take_raw(Onnx__TensorProto *message, const struct data_type *type,
                               enum element_type element, const struct shape *shape)
{
    bool as_is = BYTE_ORDER == LITTLE_ENDIAN && (type->convert == raw_float || type->convert == raw_wide);
    uint8_t *raw = message->raw_data.data;
    if (!as_is || message->raw_data.len == 0 || (uintptr_t)raw % TENSOR_ALIGNMENT != 0)
        return NULL;
    struct tensor *tensor = tensor_adopt(element, shape, raw);
    if (tensor)
        message->raw_data = (ProtobufCBinaryData){0};
    return tensor;
}

static status convert(Onnx__TensorProto *message, struct tensor **tensor, struct error *error)
{
    enum element_type element;
    struct shape shape;
    status result = check_plain(message, error);
    if (result || (result = onnx_element_type(message->data_type, &element, error)) ||
        (result = read_shape(message, &shape, error)))
        return result;
    const struct data_type *type = &data_types[message->data_type];
    int64_t elements = shape_elements(&shape);
    if ((result = check_counts(message, type, elements, error)))
        return result;
    struct tensor *made = take_raw(message, type, element, &shape);
    bool taken = made != NULL;
    if (!made)
        made = tensor_new(element, &shape);
    if (!made)
        return error_memory(error);
    made->file_type = message->data_type;
    if (taken) {
        result = STATUS_OK;
    } else if (message->raw_data.len) {
        int64_t bad = type->convert(message->raw_data.data, elements, made->data);
        if (bad < elements)
            result = misfit(bad, type, error);
        onnx_bytes_free(&message->raw_data);
    } else {
        result = convert_typed(message, type, made, elements, error);
    }
    if (result)
        tensor_free(made);
    else
        *tensor = made;
    return result;
}

status onnx_tensor(Onnx__TensorProto *message, const char *name, struct tensor **tensor, struct error *error)
{
    *tensor = NULL;
    status result = convert(message, tensor, error);
    if (result && result != STATUS_MEMORY)
        error_prefix(error, *name ? "tensor %s: " : "tensor%s: ", name);
    return result;
}
