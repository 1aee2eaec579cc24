/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NumPy's arrays in pickles. An array is either made empty by _reconstruct and then given its state (version,
 * shape, dtype, whether the first index runs fastest, bytes), or since protocol 5 made by _frombuffer(bytes,
 * dtype, shape, order). */
#include "pickle/numpy.h"

#include <string.h>

/* Where an array's parts are. */
struct parts {
    const struct pickle_value *shape, *dtype, *data;
    bool fortran;
};

static bool is_function(const struct pickle_value *value, const char *module, const char *name)
{
    static const char *const packages[] = {"numpy.core.", "numpy._core."};
    if (value->kind != PICKLE_CLASS || strcmp(value->class.name, name) != 0)
        return false;
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        size_t length = strlen(packages[i]);
        if (strncmp(value->class.module, packages[i], length) == 0 &&
            strcmp(value->class.module + length, module) == 0)
            return true;
    }
    return false;
}

static bool is_reconstructed(const struct pickle_value *value)
{
    return is_function(value->record.callable, "multiarray", "_reconstruct");
}

static bool is_from_buffer(const struct pickle_value *value)
{
    return is_function(value->record.callable, "numeric", "_frombuffer");
}

bool numpy_is_array(const struct pickle_value *value)
{
    return value && value->kind == PICKLE_RECORD && (is_reconstructed(value) || is_from_buffer(value));
}

static bool reconstructed_parts(const struct pickle_value *state, struct parts *parts)
{
    int64_t fortran = 0;
    size_t first = pickle_length(state) == 5 ? 1 : 0; /* the oldest have no version */
    if (pickle_length(state) != first + 4)
        return false;
    parts->shape = pickle_item(state, first);
    parts->dtype = pickle_item(state, first + 1);
    parts->data = pickle_item(state, first + 3);
    if (!pickle_integer(pickle_item(state, first + 2), &fortran))
        return false;
    parts->fortran = fortran != 0;
    return true;
}

static bool buffer_parts(const struct pickle_value *arguments, struct parts *parts)
{
    if (pickle_length(arguments) != 4)
        return false;
    parts->data = pickle_item(arguments, 0);
    parts->dtype = pickle_item(arguments, 1);
    parts->shape = pickle_item(arguments, 2);
    parts->fortran = pickle_is_string(pickle_item(arguments, 3), "F");
    return true;
}

static status find_parts(const struct pickle_value *value, struct parts *parts, struct error *error)
{
    if (!numpy_is_array(value))
        return error_set(error, STATUS_FILE, "%s stands where an array should",
                         value ? pickle_kind_name(value->kind) : "nothing");
    bool whole = is_reconstructed(value) ? reconstructed_parts(value->record.state, parts)
                                         : buffer_parts(value->record.arguments, parts);
    return whole ? STATUS_OK : error_set(error, STATUS_FILE, "an array lacks its shape or its bytes");
}

/* "f4", and the byte order in the dtype's state: (version, order, ...). */
static status read_type(const struct pickle_value *dtype, struct numpy_array *array, struct error *error)
{
    bool is_type = dtype->kind == PICKLE_RECORD && pickle_is_class(dtype->record.callable, "numpy", "dtype");
    const struct pickle_value *name = is_type ? pickle_item(dtype->record.arguments, 0) : NULL;
    if (!name || name->kind != PICKLE_STRING)
        return error_set(error, STATUS_FILE, "an array has no dtype");
    const char *text = name->text.data;
    bool known = name->text.length == 2 && strlen(text) == 2 && strchr("biuf", text[0]) &&
                 strchr("1248", text[1]) && !(text[0] == 'b' && text[1] != '1') &&
                 !(text[0] == 'f' && text[1] == '1');
    if (!known)
        return error_set(error, STATUS_UNSUPPORTED, "an array of dtype %s is not supported", text);
    array->kind = text[0];
    array->width = text[1] - '0';
    array->big_endian = array->width > 1 && pickle_is_string(pickle_item(dtype->record.state, 1), ">");
    return STATUS_OK;
}

static status read_shape(const struct pickle_value *shape, struct numpy_array *array, struct error *error)
{
    const int64_t most = INT64_C(1) << 48;
    if (shape->kind != PICKLE_TUPLE)
        return error_set(error, STATUS_FILE, "an array has no shape");
    if (shape->list.count > NUMPY_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "an array of %zu dimensions, at most %d are supported",
                         shape->list.count, NUMPY_MAX_RANK);
    array->rank = (int)shape->list.count;
    array->elements = 1;
    for (int i = 0; i < array->rank; i++) {
        int64_t dim;
        if (!pickle_integer(shape->list.items[i], &dim) || dim < 0 || dim > most)
            return error_set(error, STATUS_FILE, "an array has a dimension that is none");
        array->dim[i] = dim;
        if (dim > 0 && array->elements > most / dim)
            return error_set(error, STATUS_FILE, "the product of an array's dimensions is too large");
        array->elements *= dim;
    }
    return STATUS_OK;
}

static bool is_matrix(const struct numpy_array *array)
{
    int longer = 0;
    for (int i = 0; i < array->rank; i++)
        longer += array->dim[i] > 1;
    return longer > 1;
}

status numpy_array(const struct pickle_value *value, struct numpy_array *array, struct error *error)
{
    struct parts parts = {0};
    *array = (struct numpy_array){0};
    status code = find_parts(value, &parts, error);
    if (code == STATUS_OK)
        code = read_type(parts.dtype, array, error);
    if (code == STATUS_OK)
        code = read_shape(parts.shape, array, error);
    if (code != STATUS_OK)
        return code;
    /* Python 2 had its bytes in a string. */
    if (parts.data->kind != PICKLE_BYTES && parts.data->kind != PICKLE_STRING)
        return error_set(error, STATUS_FILE, "an array's bytes are %s", pickle_kind_name(parts.data->kind));
    if (parts.data->text.length != (uint64_t)array->elements * (uint64_t)array->width)
        return error_set(error, STATUS_FILE, "an array of %lld elements of %d bytes has %zu bytes",
                         (long long)array->elements, array->width, parts.data->text.length);
    array->fortran = parts.fortran && is_matrix(array);
    array->data = (const unsigned char *)parts.data->text.data;
    return STATUS_OK;
}
