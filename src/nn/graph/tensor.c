/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tensors: shapes with checked sizes, NumPy broadcasting, reference-counted constant data. */
#include "nn/graph/tensor.h"
#include <string.h>
#include "base/memory.h"

static const struct {
    const char *name;
    size_t size;
} elements[ELEMENT_TYPES] = {
    [ELEMENT_FLOAT] = {"float", sizeof(float)},
    [ELEMENT_DOUBLE] = {"double", sizeof(double)},
    [ELEMENT_INT64] = {"int64", sizeof(int64_t)},
};

static const int64_t MOST_ELEMENTS = INT64_C(1) << 48;

size_t element_size(enum element_type type)
{
    return elements[type].size;
}

const char *element_name(enum element_type type)
{
    return elements[type].name;
}

int64_t shape_elements(const struct shape *shape)
{
    int64_t product = 1;
    bool empty = false;

    if (shape->rank < 0 || shape->rank > TENSOR_MAX_RANK)
        return -1;
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] < 0 || shape->dim[i] > MOST_ELEMENTS)
            return -1;
        if (shape->dim[i] == 0) {
            empty = true;
            continue;
        }
        /* Zero dimensions are left out of the product: a kernel may multiply the others alone. */
        if (product > MOST_ELEMENTS / shape->dim[i])
            return -1;
        product *= shape->dim[i];
    }
    return empty ? 0 : product;
}

int64_t shape_product(const struct shape *shape, int first, int end)
{
    int64_t product = 1;

    for (int i = first; i < end; i++)
        product *= shape->dim[i];
    return product;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

struct shape shape_of(int rank, const int64_t *dims)
{
    struct shape shape = {.rank = rank};

    for (int i = 0; i < rank && i < TENSOR_MAX_RANK; i++)
        shape.dim[i] = dims[i];
    return shape;
}

void shape_text(const struct shape *shape, struct text *text)
{
    if (shape->rank < 0)
        text_add(text, "unknown");
    if (shape->rank == 0)
        text_add(text, "scalar");
    for (int i = 0; i < shape->rank; i++) {
        if (i > 0)
            text_add(text, "x");
        if (shape->dim[i] < 0)
            text_add(text, "?");
        else
            text_add_format(text, "%lld", (long long)shape->dim[i]);
    }
}

bool shape_broadcast(const struct shape *a, const struct shape *b, struct shape *result)
{
    struct shape joined = {.rank = a->rank > b->rank ? a->rank : b->rank};

    for (int i = 1; i <= joined.rank; i++) {
        int64_t x = i <= a->rank ? a->dim[a->rank - i] : 1;
        int64_t y = i <= b->rank ? b->dim[b->rank - i] : 1;

        if (x != y && x != 1 && y != 1)
            return false;
        joined.dim[joined.rank - i] = x == 1 ? y : x;
    }
    *result = joined;
    return true;
}

bool shape_axis(int rank, int64_t axis, int *result)
{
    if (axis < -rank || axis >= rank)
        return false;
    *result = (int)(axis < 0 ? axis + rank : axis);
    return true;
}

struct tensor *tensor_new(enum element_type type, const struct shape *shape)
{
    int64_t count = shape_elements(shape);
    void *data = count < 0 ? NULL : mem_aligned((size_t)count, element_size(type));
    struct tensor *tensor = data == NULL ? NULL : tensor_adopt(type, shape, data);

    if (tensor == NULL)
        mem_free(data);
    return tensor;
}

struct tensor *tensor_adopt(enum element_type type, const struct shape *shape, void *data)
{
    struct tensor *tensor = mem_new(1, sizeof(*tensor));

    if (tensor == NULL)
        return NULL;
    tensor->data = data;
    tensor->type = type;
    tensor->shape = *shape;
    tensor->references = 1;
    return tensor;
}

struct tensor *tensor_retain(struct tensor *tensor)
{
    __atomic_add_fetch(&tensor->references, 1, __ATOMIC_RELAXED);
    return tensor;
}

struct tensor *tensor_convert(struct tensor *tensor, enum element_type type)
{
    int64_t count = shape_elements(&tensor->shape);
    if (tensor->type == type)
        return tensor_retain(tensor);
    struct tensor *result = tensor_new(type, &tensor->shape);
    if (result == NULL)
        return NULL;
    result->file_type = tensor->file_type;
    for (int64_t i = 0; type == ELEMENT_DOUBLE && i < count; i++)
        ((double *)result->data)[i] = (double)((const float *)tensor->data)[i];
    for (int64_t i = 0; type == ELEMENT_FLOAT && i < count; i++)
        ((float *)result->data)[i] = (float)((const double *)tensor->data)[i];
    return result;
}

void tensor_free(struct tensor *tensor)
{
    if (tensor == NULL || __atomic_sub_fetch(&tensor->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    mem_free(tensor->data);
    mem_free(tensor);
}

double tensor_get(const struct tensor *tensor, int64_t index)
{
    switch (tensor->type) {
    case ELEMENT_FLOAT:
        return (double)((const float *)tensor->data)[index];
    case ELEMENT_DOUBLE:
        return ((const double *)tensor->data)[index];
    default:
        return (double)((const int64_t *)tensor->data)[index];
    }
}

/* Conversion of a real number that no integer equals gives the nearest limit, and 0 for NaN: the C conversion
 * alone would be undefined. */
static int64_t integer_of(double value)
{
    if (value != value)
        return 0;
    if (value >= 9223372036854775808.0)
        return INT64_MAX;
    if (value < -9223372036854775808.0)
        return INT64_MIN;
    return (int64_t)value;
}

int64_t tensor_get_integer(const struct tensor *tensor, int64_t index)
{
    if (tensor->type == ELEMENT_INT64)
        return ((const int64_t *)tensor->data)[index];
    return integer_of(tensor_get(tensor, index));
}
