/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of a node's operands that several prepare functions share. */
#include "nn/operator/check.h"

#include <inttypes.h>

#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"

status check_reals(const struct prepare *prepare, int first, int end, struct error *error)
{
    for (int i = first; i < end && i < prepare->input_count; i++) {
        if (!prepare_has_input(prepare, i))
            continue;
        enum element_type type = prepare->inputs[i].type;
        if (type != ELEMENT_FLOAT && type != ELEMENT_DOUBLE)
            return error_set(error, STATUS_UNSUPPORTED, "input %d has type %s, expected float or double", i,
                             element_name(type));
        if (type != prepare->inputs[first].type)
            return error_set(error, STATUS_SHAPE, "input %d has type %s, but input %d has type %s", i,
                             element_name(type), first, element_name(prepare->inputs[first].type));
    }
    return STATUS_OK;
}

status check_integers(const struct prepare *prepare, const char *name, int count, int64_t fallback,
                      int64_t low, int64_t high, int64_t *out, struct error *error)
{
    const struct attribute *attribute = node_attribute(prepare->node, name);
    for (int i = 0; i < count; i++)
        out[i] = fallback;
    if (!attribute)
        return STATUS_OK;
    if (attribute->kind != ATTRIBUTE_INTEGERS || attribute->count != (size_t)count)
        return error_set(error, STATUS_SHAPE, "attribute %s must be a list of %d integers", name, count);
    for (int i = 0; i < count; i++) {
        out[i] = attribute->integers[i];
        if (out[i] < low || out[i] > high)
            return error_set(error, STATUS_RANGE,
                             "attribute %s: %" PRId64 " is outside %" PRId64 "..%" PRId64, name, out[i], low,
                             high);
    }
    return STATUS_OK;
}

status check_vector(const struct prepare *prepare, int index, const char *name, int64_t count,
                    struct error *error)
{
    const struct shape *shape = &prepare->inputs[index].shape;
    if (shape->rank == 1 && shape->dim[0] == count)
        return STATUS_OK;
    struct text text = {0};
    shape_text(shape, &text);
    error_set(error, STATUS_SHAPE, "%s has shape %s, expected %" PRId64, name, text_data(&text), count);
    text_free(&text);
    return error->code;
}

status check_size(const struct shape *shape, const char *name, struct error *error)
{
    if (shape_elements(shape) >= 1)
        return STATUS_OK;
    struct text text = {0};
    shape_text(shape, &text);
    error_set(error, STATUS_SHAPE, "%s would have shape %s", name, text_data(&text));
    text_free(&text);
    return error->code;
}

status check_no_broadcast(const struct shape *a, const struct shape *b, struct error *error)
{
    struct text first = {0}, second = {0};
    shape_text(a, &first);
    shape_text(b, &second);
    error_set(error, STATUS_SHAPE, "shapes %s and %s do not broadcast", text_data(&first),
              text_data(&second));
    text_free(&first);
    text_free(&second);
    return error->code;
}

status check_broadcast(const struct prepare *prepare, int first, int end, struct shape *full,
                       struct error *error)
{
    *full = prepare->inputs[first].shape;
    for (int i = first + 1; i < end; i++) {
        const struct shape before = *full;
        if (!shape_broadcast(&before, &prepare->inputs[i].shape, full))
            return check_no_broadcast(&before, &prepare->inputs[i].shape, error);
    }
    return STATUS_OK;
}

status check_axis(const struct prepare *prepare, int rank, int64_t fallback, int *axis, struct error *error)
{
    int64_t given = node_integer(prepare->node, "axis", fallback);
    if (shape_axis(rank, given, axis))
        return STATUS_OK;
    return error_set(error, STATUS_SHAPE, "axis %" PRId64 " is outside the %d dimensions of its input", given,
                     rank);
}

status check_one_type(const struct prepare *prepare, int first, int end, struct error *error)
{
    for (int i = first + 1; i < end; i++)
        if (prepare->inputs[i].type != prepare->inputs[first].type)
            return error_set(error, STATUS_UNSUPPORTED, "inputs of types %s and %s do not go together",
                             element_name(prepare->inputs[first].type),
                             element_name(prepare->inputs[i].type));
    return STATUS_OK;
}
