/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tensors: shapes, element types, and reference-counted constant data.
 *
 * Three element types exist in memory. Every integer and boolean type of a file is widened to 64-bit
 * integers, half precision to float; what the file said is kept in `file_type` (an ONNX TensorProto.DataType)
 * for export. */
#ifndef IPPRO_NN_GRAPH_TENSOR_H
#define IPPRO_NN_GRAPH_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "base/text.h"

enum { TENSOR_MAX_RANK = 8 };

enum element_type { ELEMENT_FLOAT, ELEMENT_DOUBLE, ELEMENT_INT64, ELEMENT_TYPES };

struct shape {
    int rank; /* 0 is a scalar */
    int64_t dim[TENSOR_MAX_RANK];
};

enum { TENSOR_ALIGNMENT = 64 }; /* bytes: a cache line, an AVX-512 vector */

/* Row-major, contiguous. Shared and immutable once built; counted by atomic references. */
struct tensor {
    enum element_type type;
    int file_type; /* ONNX data type in the file, 0 where there was none */
    struct shape shape;
    void *data; /* aligned to TENSOR_ALIGNMENT, owned */
    int references;
};

size_t element_size(enum element_type type);
const char *element_name(enum element_type type); /* "float", "double", "int64" */

/* Product of the dimensions; -1 when negative dimensions or overflow (over 2^48 elements) make it
 * meaningless. */
int64_t shape_elements(const struct shape *shape);
/* Product of dimensions first..end-1; valid shapes only. */
int64_t shape_product(const struct shape *shape, int first, int end);
bool shape_equal(const struct shape *a, const struct shape *b);
struct shape shape_of(int rank, const int64_t *dims);
void shape_text(const struct shape *shape, struct text *text); /* "1x3x32x32", "scalar" */
/* NumPy broadcasting of two shapes; false when they do not fit. */
bool shape_broadcast(const struct shape *a, const struct shape *b, struct shape *result);
/* Axis in -rank..rank-1 to 0..rank-1; false outside. */
bool shape_axis(int rank, int64_t axis, int *result);

/* Zeroed tensor with one reference; NULL when memory is out or the shape has no size. */
struct tensor *tensor_new(enum element_type type, const struct shape *shape);
/* The same of data that are there already: aligned to TENSOR_ALIGNMENT, from base/memory.h. They pass to the
 * tensor when it is made, and stay the caller's where NULL is returned. */
struct tensor *tensor_adopt(enum element_type type, const struct shape *shape, void *data);
struct tensor *tensor_retain(struct tensor *tensor);
/* The same numbers as float or double, as a new reference: of the tensor itself where that is its type. The
 * tensor's own type is float or double. NULL when memory is out. */
struct tensor *tensor_convert(struct tensor *tensor, enum element_type type);
void tensor_free(struct tensor *tensor);                       /* NULL is fine */
double tensor_get(const struct tensor *tensor, int64_t index); /* any type, as double */
int64_t tensor_get_integer(const struct tensor *tensor, int64_t index);

#endif
