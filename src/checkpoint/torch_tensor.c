/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tensors: the calls that make them, where their elements lie in a storage, and their numbers. */
#include "checkpoint/torch.h"

#include <string.h>
#include "archive/package.h"
#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/file_type.h"
#include "nn/graph/tensor.h"
#include "pickle/pickle.h"

/* --- The calls ------------------------------------------------------------------------------------------ */

enum maker_kind {
    MAKER_REBUILD,    /* (storage, offset, size, stride, ...) */
    MAKER_WRAP,       /* (a tensor, ...) */
    MAKER_CALL,       /* (function, type, its arguments, ...) */
    MAKER_UNSUPPORTED /* of a kind that is not read */
};

static const struct maker {
    const char *module, *name;
    enum maker_kind kind;
    const char *what; /* it makes, where that is not supported */
    int dtype;        /* the argument that says the type of the elements; 0: the storage does */
} makers[] = {
    {"torch._utils", "_rebuild_tensor", MAKER_REBUILD, NULL, 0},
    {"torch._utils", "_rebuild_tensor_v2", MAKER_REBUILD, NULL, 0},
    {"torch._utils", "_rebuild_tensor_v3", MAKER_REBUILD, NULL, 6},
    {"torch._utils", "_rebuild_parameter", MAKER_WRAP, NULL, 0},
    {"torch._utils", "_rebuild_parameter_with_state", MAKER_WRAP, NULL, 0},
    {"torch.nn.parameter", "Parameter", MAKER_WRAP, NULL, 0},
    {"torch.nn.parameter", "Buffer", MAKER_WRAP, NULL, 0},
    {"torch._tensor", "_rebuild_from_type", MAKER_CALL, NULL, 0},
    {"torch._tensor", "_rebuild_from_type_v2", MAKER_CALL, NULL, 0},
    {"torch.tensor", "_rebuild_from_type", MAKER_CALL, NULL, 0},
    {"torch._utils", "_rebuild_qtensor", MAKER_UNSUPPORTED, "quantised", 0},
    {"torch._utils", "_rebuild_sparse_tensor", MAKER_UNSUPPORTED, "sparse", 0},
    {"torch._utils", "_rebuild_sparse_csr_tensor", MAKER_UNSUPPORTED, "sparse", 0},
    {"torch._utils", "_rebuild_nested_tensor", MAKER_UNSUPPORTED, "nested", 0},
    {"torch._utils", "_rebuild_wrapper_subclass", MAKER_UNSUPPORTED, "wrapped", 0},
    {"torch._utils", "_rebuild_meta_tensor_no_storage", MAKER_UNSUPPORTED, "meta", 0},
    {"torch._utils", "_rebuild_device_tensor_from_numpy", MAKER_UNSUPPORTED, "device", 0},
};

static const struct maker *maker_of(const struct pickle_value *callable)
{
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (pickle_is_class(callable, makers[i].module, makers[i].name))
            return &makers[i];
    return NULL;
}

bool torch_is_tensor(const struct pickle_value *value)
{
    return value && value->kind == PICKLE_RECORD && maker_of(value->record.callable);
}

enum { DEEPEST_WRAPPING = 8 };

/* Through all wrappings to the call that names the storage. */
static status find_rebuild(const struct pickle_value *value, const struct maker **maker,
                           const struct pickle_value **arguments, struct error *error)
{
    for (int depth = 0; depth < DEEPEST_WRAPPING && torch_is_tensor(value); depth++) {
        *maker = maker_of(value->record.callable);
        *arguments = value->record.arguments;
        if ((*maker)->kind == MAKER_CALL) {
            *maker = maker_of(pickle_item(*arguments, 0));
            *arguments = pickle_item(*arguments, 2);
        }
        if (!*maker || !*arguments)
            break;
        if ((*maker)->kind == MAKER_REBUILD)
            return STATUS_OK;
        if ((*maker)->kind == MAKER_UNSUPPORTED)
            return error_set(error, STATUS_UNSUPPORTED, "%s tensors are not supported", (*maker)->what);
        value = pickle_item(*arguments, 0);
    }
    return error_set(error, STATUS_FILE, "it is no tensor");
}

/* --- Where the elements are ----------------------------------------------------------------------------- */

/* The dtype of a call that tells it, else that of the storage. */
static status read_type(const struct maker *maker, const struct pickle_value *arguments,
                        struct torch_tensor *tensor, struct error *error)
{
    const struct pickle_value *dtype = maker->dtype ? pickle_item(arguments, (size_t)maker->dtype) : NULL;
    const char *name = tensor->storage->type_name;
    tensor->type = tensor->storage->type;
    if (maker->dtype) {
        bool told = dtype && dtype->kind == PICKLE_CLASS && strcmp(dtype->class.module, "torch") == 0;
        name = told ? dtype->class.name : "none";
        tensor->type = told ? torch_dtype(name) : FILE_UNDEFINED;
    }
    if (file_type_width(tensor->type) == 0)
        return error_set(error, STATUS_UNSUPPORTED, "the type %s is not supported", name);
    return STATUS_OK;
}

static status read_shape(const struct pickle_value *size, const struct pickle_value *stride,
                         struct torch_tensor *tensor, struct error *error)
{
    /* torch.Size is called with a tuple. */
    if (size && size->kind == PICKLE_RECORD && pickle_is_class(size->record.callable, "torch", "Size"))
        size = pickle_item(size->record.arguments, 0);
    if (!size || !stride || size->kind != PICKLE_TUPLE || stride->kind != PICKLE_TUPLE ||
        pickle_length(size) != pickle_length(stride))
        return error_set(error, STATUS_FILE, "its shape and its strides are none");
    if (pickle_length(size) > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%zu dimensions, at most %d are supported",
                         pickle_length(size), TENSOR_MAX_RANK);
    tensor->shape.rank = (int)pickle_length(size);
    for (int i = 0; i < tensor->shape.rank; i++)
        if (!pickle_integer(size->list.items[i], &tensor->shape.dim[i]) ||
            !pickle_integer(stride->list.items[i], &tensor->stride[i]) || tensor->stride[i] < 0)
            return error_set(error, STATUS_FILE, "dimension %d has no size or no stride", i);
    if (shape_elements(&tensor->shape) < 0)
        return error_set(error, STATUS_FILE, "the product of its dimensions is too large");
    return STATUS_OK;
}

/* The last element that the strides lead to must be one of the storage. */
static status check_reach(const struct torch_tensor *tensor, struct error *error)
{
    int64_t last = tensor->offset, held = (int64_t)(tensor->storage->bytes / file_type_width(tensor->type));
    bool fits = tensor->offset >= 0 && tensor->offset <= held;
    if (fits && shape_elements(&tensor->shape) == 0)
        return STATUS_OK;
    for (int i = 0; i < tensor->shape.rank && fits; i++) {
        int64_t reach;
        fits = !__builtin_mul_overflow(tensor->shape.dim[i] - 1, tensor->stride[i], &reach) &&
               !__builtin_add_overflow(last, reach, &last);
    }
    if (fits && last < held)
        return STATUS_OK;
    return error_set(error, STATUS_FILE, "it reaches beyond the %lld elements of storage %s", (long long)held,
                     tensor->storage->key);
}

status torch_describe(const struct torch_file *file, const struct pickle_value *value,
                      struct torch_tensor *tensor, struct error *error)
{
    const struct maker *maker = NULL;
    const struct pickle_value *arguments = NULL;
    const char *key = NULL;
    int64_t view;
    *tensor = (struct torch_tensor){0};
    status code = find_rebuild(value, &maker, &arguments, error);
    if (code != STATUS_OK)
        return code;
    if (!torch_storage_id(pickle_item(arguments, 0), &key, &view) ||
        !(tensor->storage = torch_storage(file, key)))
        return error_set(error, STATUS_FILE, "it has no storage");
    if (!pickle_integer(pickle_item(arguments, 1), &tensor->offset) ||
        __builtin_add_overflow(tensor->offset, view, &tensor->offset))
        return error_set(error, STATUS_FILE, "its place in the storage is none");
    code = read_type(maker, arguments, tensor, error);
    if (code == STATUS_OK)
        code = read_shape(pickle_item(arguments, 2), pickle_item(arguments, 3), tensor, error);
    return code ? code : check_reach(tensor, error);
}

static int compare_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int torch_compare(const struct torch_tensor *a, const struct torch_tensor *b)
{
    int order = a->storage == b->storage ? 0 : strcmp(a->storage->key, b->storage->key);
    if (order == 0)
        order = compare_integers(a->type, b->type);
    if (order == 0)
        order = compare_integers(a->offset, b->offset);
    if (order == 0)
        order = compare_integers(a->shape.rank, b->shape.rank);
    for (int i = 0; i < a->shape.rank && order == 0; i++)
        order = compare_integers(a->shape.dim[i], b->shape.dim[i]);
    for (int i = 0; i < a->shape.rank && order == 0; i++)
        order = compare_integers(a->stride[i], b->stride[i]);
    return order;
}

/* --- The numbers ---------------------------------------------------------------------------------------- */

static bool is_contiguous(const struct torch_tensor *about)
{
    int64_t expected = 1;
    for (int i = about->shape.rank - 1; i >= 0; i--) {
        if (about->shape.dim[i] != 1 && about->stride[i] != expected)
            return false;
        expected *= about->shape.dim[i];
    }
    return true;
}

/* The elements in order, as they are in the storage. `from`: the first; the shape holds one element at least.
 */
static void gather(const struct torch_tensor *about, const unsigned char *from, size_t width,
                   unsigned char *out)
{
    int64_t index[TENSOR_MAX_RANK] = {0}, count = shape_elements(&about->shape), at = 0;
    for (int64_t done = 0; done < count; done++, out += width) {
        memcpy(out, from + (size_t)at * width, width);
        for (int i = about->shape.rank - 1; i >= 0; i--) {
            at += about->stride[i];
            if (++index[i] < about->shape.dim[i])
                break;
            at -= about->stride[i] * about->shape.dim[i];
            index[i] = 0;
        }
    }
}

static status fill(const struct torch_tensor *about, const unsigned char *bytes, struct tensor *tensor,
                   struct error *error)
{
    size_t width = file_type_width(about->type);
    int64_t count = shape_elements(&about->shape), fitting;
    const unsigned char *from = bytes + (size_t)about->offset * width;
    if (count == 0)
        return STATUS_OK;
    if (is_contiguous(about)) {
        fitting = file_type_decode(about->type, from, count, tensor->data);
    } else {
        unsigned char *gathered = mem_new((size_t)count, width);
        if (!gathered)
            return error_memory(error);
        gather(about, from, width, gathered);
        fitting = file_type_decode(about->type, gathered, count, tensor->data);
        mem_free(gathered);
    }
    return fitting == count ? STATUS_OK
                            : error_set(error, STATUS_FILE, "value %lld is outside the range of int64",
                                        (long long)fitting);
}

status torch_build(const struct torch_tensor *about, const unsigned char *bytes, struct tensor **tensor,
                   struct error *error)
{
    struct tensor *made = tensor_new((enum element_type)file_type_element(about->type), &about->shape);
    *tensor = NULL;
    if (!made)
        return error_memory(error);
    made->file_type = about->type;
    status code = fill(about, bytes, made, error);
    if (code != STATUS_OK)
        tensor_free(made);
    else
        *tensor = made;
    return code;
}

bool torch_is_whole(const struct torch_tensor *about)
{
    size_t bytes = (size_t)shape_elements(&about->shape) * file_type_width(about->type);
    return file_type_is_plain(about->type) && about->offset == 0 && is_contiguous(about) &&
           bytes == about->storage->bytes;
}

status torch_read_whole(const struct torch_file *file, const struct torch_tensor *about,
                        struct tensor **tensor, struct error *error)
{
    void *data = mem_aligned_raw(about->storage->bytes, 1);
    *tensor = NULL;
    if (!data)
        return error_memory(error);
    status code = STATUS_OK;
    if (file->package)
        code = package_read(file->package, about->storage->member, data, error);
    else
        memcpy(data, file->bytes + about->storage->offset, about->storage->bytes);
    if (code == STATUS_OK) {
        *tensor = tensor_adopt((enum element_type)file_type_element(about->type), &about->shape, data);
        code = *tensor ? STATUS_OK : error_memory(error);
    }
    if (code == STATUS_OK)
        (*tensor)->file_type = about->type;
    else
        mem_free(data);
    return code;
}
