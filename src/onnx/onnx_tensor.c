/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TensorProto messages: which data types are understood, and their data in raw or typed form (the types
 * themselves are nn/graph/file_type.h's). */
#include "onnx/onnx_tensor.h"

#include <limits.h>
#include <string.h>
#include "nn/graph/file_type.h"
#include "onnx/onnx_scan.h"

/* Where typed data of a data type stand in the message. */
enum typed_field { FIELD_FLOAT, FIELD_DOUBLE, FIELD_INT32, FIELD_INT64, FIELD_UINT64, FIELD_COUNT };

struct data_type {
    enum typed_field field;
    int64_t least, most; /* of typed integers */
};

/* Of those that are supported. */
static const struct data_type data_types[FILE_TYPES] = {
    [FILE_FLOAT] = {FIELD_FLOAT, 0, 0},
    [FILE_UINT8] = {FIELD_INT32, 0, UINT8_MAX},
    [FILE_INT8] = {FIELD_INT32, INT8_MIN, INT8_MAX},
    [FILE_UINT16] = {FIELD_INT32, 0, UINT16_MAX},
    [FILE_INT16] = {FIELD_INT32, INT16_MIN, INT16_MAX},
    [FILE_INT32] = {FIELD_INT32, INT32_MIN, INT32_MAX},
    [FILE_INT64] = {FIELD_INT64, INT64_MIN, INT64_MAX},
    [FILE_BOOL] = {FIELD_INT32, 0, 1},
    [FILE_FLOAT16] = {FIELD_INT32, 0, UINT16_MAX},
    [FILE_DOUBLE] = {FIELD_DOUBLE, 0, 0},
    [FILE_UINT32] = {FIELD_UINT64, 0, UINT32_MAX},
    [FILE_UINT64] = {FIELD_UINT64, 0, INT64_MAX},
    [FILE_BFLOAT16] = {FIELD_INT32, 0, UINT16_MAX},
    [FILE_UINT4] = {FIELD_INT32, 0, UINT8_MAX}, /* two in a number, as in a byte */
    [FILE_INT4] = {FIELD_INT32, INT8_MIN, UINT8_MAX},
};

const char *onnx_type_name(int data_type)
{
    return file_type_name(data_type);
}

status onnx_element_type(int data_type, enum element_type *type, struct error *error)
{
    const char *name = onnx_type_name(data_type);
    if (!name)
        return error_set(error, STATUS_FILE, "data type %d does not exist", data_type);
    if (data_type == ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED)
        return error_set(error, STATUS_FILE, "the data type is missing");
    if (file_type_element(data_type) < 0)
        return error_set(error, STATUS_UNSUPPORTED, "data type %s is not supported", name);
    *type = (enum element_type)file_type_element(data_type);
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

/* Are two elements in each typed number? */
static bool is_halves(int type)
{
    return type == FILE_UINT4 || type == FILE_INT4;
}

static status check_counts(const Onnx__TensorProto *message, int type, int64_t elements, struct error *error)
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
    if (typed != counts[data_types[type].field])
        return error_set(error, STATUS_FILE, "its data are not of type %s", file_type_name(type));
    if (raw && raw != file_type_bytes(type, elements))
        return error_set(error, STATUS_FILE, "it has %zu bytes of data where %lld %s values need %llu", raw,
                         (long long)elements, file_type_name(type),
                         (unsigned long long)file_type_bytes(type, elements));
    if (!raw && typed != (is_halves(type) ? file_type_bytes(type, elements) : (uint64_t)elements))
        return error_set(error, STATUS_FILE, "it has %zu values where %lld are declared", typed,
                         (long long)elements);
    return STATUS_OK;
}

static status misfit(int64_t index, int type, struct error *error)
{
    return error_set(error, STATUS_FILE, "value %lld is outside the range of %s", (long long)index,
                     file_type_name(type));
}

/* Typed data in the field that several types share: integers as they are, other types as their bits. */
static status convert_narrow(const Onnx__TensorProto *message, int type, struct tensor *tensor,
                             int64_t elements, struct error *error)
{
    const struct data_type *row = &data_types[type];
    const int step = is_halves(type) ? 2 : 1;
    for (int64_t i = 0; i < elements; i += step) {
        int32_t value = message->int32_data[i / step];
        if (value < row->least || value > row->most)
            return misfit(i, type, error);
        const uint8_t bits[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
        if (tensor->type == ELEMENT_FLOAT)
            file_type_decode(type, bits, 1, (float *)tensor->data + i);
        else if (step == 2)
            file_type_decode(type, bits, i + 1 < elements ? 2 : 1, (int64_t *)tensor->data + i);
        else
            ((int64_t *)tensor->data)[i] = value;
    }
    return STATUS_OK;
}

/* Typed data; counts are checked. */
static status convert_typed(const Onnx__TensorProto *message, int type, struct tensor *tensor,
                            int64_t elements, struct error *error)
{
    const struct data_type *row = &data_types[type];
    int64_t *integers = tensor->data;
    size_t bytes = (size_t)elements * element_size(tensor->type);
    if (elements == 0)
        return STATUS_OK;
    switch (row->field) {
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
            if (message->uint64_data[i] > (uint64_t)row->most)
                return misfit(i, type, error);
            integers[i] = (int64_t)message->uint64_data[i];
        }
        return STATUS_OK;
    default:
        return convert_narrow(message, type, tensor, elements, error);
    }
}

/* The message's own memory as the tensor's, where the file holds the numbers as they stand in memory: nothing
 * is copied. NULL: they must be converted. */
static struct tensor *take_raw(Onnx__TensorProto *message, int type, enum element_type element,
                               const struct shape *shape)
{
    uint8_t *raw = message->raw_data.data;
    if (!file_type_is_plain(type) || message->raw_data.len == 0 || (uintptr_t)raw % TENSOR_ALIGNMENT != 0)
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
    int type = message->data_type;
    int64_t elements = shape_elements(&shape);
    if ((result = check_counts(message, type, elements, error)))
        return result;
    struct tensor *made = take_raw(message, type, element, &shape);
    bool taken = made != NULL;
    if (!made)
        made = tensor_new(element, &shape);
    if (!made)
        return error_memory(error);
    made->file_type = type;
    if (taken) {
        result = STATUS_OK;
    } else if (message->raw_data.len) {
        int64_t bad = file_type_decode(type, message->raw_data.data, elements, made->data);
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
