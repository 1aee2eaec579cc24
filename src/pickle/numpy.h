/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NumPy's arrays in pickles, of any NumPy and of Python 2 and 3: what CIFAR's Python batches hold. */
#ifndef IPPRO_PICKLE_NUMPY_H
#define IPPRO_PICKLE_NUMPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"
#include "pickle/pickle.h"

enum { NUMPY_MAX_RANK = 8 };

struct numpy_array {
    char kind;       /* 'b' bool, 'i' signed, 'u' unsigned, 'f' floating */
    int width;       /* bytes of an element: 1, 2, 4 or 8 */
    bool big_endian; /* width 1: false */
    bool fortran;    /* the first index runs fastest; false where it makes no difference */
    int rank;
    int64_t dim[NUMPY_MAX_RANK];
    int64_t elements;
    const unsigned char *data; /* elements * width bytes, exactly; of the pickle or its arena */
};

/* Is it an array of NumPy's? */
bool numpy_is_array(const struct pickle_value *value);
/* The array that a value is. STATUS_FILE where it is none, or where its parts contradict each other;
 * STATUS_UNSUPPORTED for other types of elements (text, objects, complex), named. */
status numpy_array(const struct pickle_value *value, struct numpy_array *array, struct error *error);

#endif
