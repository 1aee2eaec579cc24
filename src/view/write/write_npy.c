/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of a figure as an array of NumPy; what is written is described in write.h. */
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/npy.h"
#include "nn/graph/tensor.h"
#include "view/figure.h"
#include "view/figure_kind.h"
#include "view/write/write.h"

static status write_array(const struct figure_array *array, struct text *out, struct error *error)
{
    const struct shape shape = shape_of(array->rank, array->dims);
    size_t before = out->length;
    if (!array->values)
        return error_memory(error);
    npy_add(out, array->single ? ELEMENT_FLOAT : ELEMENT_DOUBLE, &shape, array->values);
    if (!out->failed)
        return STATUS_OK;
    if (out->data) {
        out->length = before;
        out->data[before] = '\0';
    }
    return error_memory(error);
}

status write_npy(const struct figure *const *figures, int count, struct text *out, struct error *error)
{
    if (count != 1)
        return error_set(
            error, STATUS_USAGE,
            "a .npy file holds one array, and these are %d figures: .npz, .csv and .json hold several",
            count);
    if (figure_check(figures[0], error) != STATUS_OK)
        return error->code;
    if (figures[0]->array.values)
        return write_array(&figures[0]->array, out, error);
    const struct figure_kind_row *kind = figure_kind_row(figures[0]->kind);
    struct figure_array array = {0};
    if (kind->array)
        kind->array(figures[0], &array);
    if (!array.rank)
        return error_set(error, STATUS_USAGE, "%s has no numbers that an array could hold", figures[0]->name);
    status code = write_array(&array, out, error);
    mem_free(array.values);
    return code;
}
