/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that move numbers without changing them: Transpose, Concat, Split, Gather, Expand, and the table,
 * which also has Slice and Pad (op_slice.c). */
#include <string.h>
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/movement.h"
#include "nn/operator/operator.h"

static status shape_error(struct error *error, const char *message, const struct shape *shape)
{
    struct text text = {0};

    shape_text(shape, &text);
    error_set(error, STATUS_SHAPE, "%s: %s", message, text_data(&text));
    text_free(&text);
    return error->code;
}

/* --- Transpose ------------------------------------------------------------------------------------------ */

static status prepare_transpose(struct prepare *prepare, struct error *error)
{
    const struct operand *input = &prepare->inputs[0];
    int rank = input->shape.rank, count;
    struct shape shape = {.rank = rank};
    int permutation[TENSOR_MAX_RANK];
    bool taken[TENSOR_MAX_RANK] = {false};
    const int64_t *order;
    struct movement *movement;
    struct copy copy;

    if (prepare_integers(prepare, VALUE_NONE, "perm", &order, &count, error) != STATUS_OK)
        return error->code;
    if (order != NULL && count != rank)
        return error_set(error, STATUS_SHAPE, "perm has %d entries for %d dimensions", count, rank);
    for (int i = 0; i < rank; i++) {
        if (!shape_axis(rank, order == NULL ? rank - 1 - i : order[i], &permutation[i]) ||
            taken[permutation[i]])
            return error_set(error, STATUS_SHAPE, "perm is no permutation of the %d dimensions", rank);
        taken[permutation[i]] = true;
        shape.dim[i] = input->shape.dim[permutation[i]];
    }
    movement = movement_new(prepare, 1);
    if (movement == NULL)
        return error_memory(error);
    copy = movement_copy(0, &input->shape, 0, &shape, &shape);
    struct copy straight = copy;
    for (int i = 0; i < rank; i++)
        copy.input_stride[i] = straight.input_stride[permutation[i]];
    movement_pack(&copy);
    movement->copies[0] = copy;
    prepare->outputs[0] = (struct operand){.type = input->type, .shape = shape};
    return STATUS_OK;
}

/* --- Concat --------------------------------------------------------------------------------------------- */

/* Add input i to the sum along the axis. */
static status join_shape(const struct prepare *prepare, int i, int axis, struct shape *joined,
                         struct error *error)
{
    const struct operand *input = &prepare->inputs[i];
    int64_t length = joined->dim[axis];

    if (input->type != prepare->inputs[0].type)
        return error_set(error, STATUS_SHAPE, "input %d has type %s, but input 0 has type %s", i,
                         element_name(input->type), element_name(prepare->inputs[0].type));
    for (int k = 0; k < joined->rank; k++)
        if (input->shape.rank != joined->rank || (k != axis && input->shape.dim[k] != joined->dim[k]))
            return shape_error(error, "an input does not fit the others outside the axis", &input->shape);
    joined->dim[axis] = length + input->shape.dim[axis]; /* each at most 2^48, at most 512 of them */
    return STATUS_OK;
}

static status prepare_concat(struct prepare *prepare, struct error *error)
{
    struct shape joined = prepare->inputs[0].shape;
    struct movement *movement;
    int64_t offset = 0;
    int axis;

    if (node_attribute(prepare->node, "axis") == NULL)
        return error_set(error, STATUS_FILE, "attribute axis is missing");
    if (check_axis(prepare, joined.rank, 0, &axis, error) != STATUS_OK)
        return error->code;
    for (int i = 1; i < prepare->input_count; i++)
        if (join_shape(prepare, i, axis, &joined, error) != STATUS_OK)
            return error->code;
    if (shape_elements(&joined) < 0)
        return shape_error(error, "the output would be too large", &joined);
    movement = movement_new(prepare, prepare->input_count);
    if (movement == NULL)
        return error_memory(error);
    for (int i = 0; i < prepare->input_count; i++) {
        const struct shape *shape = &prepare->inputs[i].shape;
        struct copy copy = movement_copy(i, shape, 0, &joined, shape);

        copy.output_offset = offset * copy.output_stride[axis];
        offset += shape->dim[axis];
        movement_pack(&copy);
        movement->copies[i] = copy;
    }
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = joined};
    return STATUS_OK;
}

/* --- Split ---------------------------------------------------------------------------------------------- */

/* Without given sizes: equal parts; from opset 18 on the last may be smaller. */
static status equal_parts(const struct prepare *prepare, int64_t length, int64_t *sizes, struct error *error)
{
    int count = prepare->output_count;
    int64_t part = (length + count - 1) / count;

    if (prepare->opset >= 18) {
        int64_t asked = node_integer(prepare->node, "num_outputs", count);

        if (asked != count)
            return error_set(error, STATUS_FILE, "num_outputs is %lld, but the node has %d outputs",
                             (long long)asked, count);
    } else if (length % count != 0) {
        return error_set(error, STATUS_SHAPE, "%lld cannot be split into %d equal parts", (long long)length,
                         count);
    }
    for (int i = 0; i < count; i++) {
        int64_t rest = length - part * i;

        sizes[i] = rest < 0 ? 0 : rest < part ? rest : part;
    }
    return STATUS_OK;
}

static status split_sizes(struct prepare *prepare, int64_t length, int64_t *sizes, struct error *error)
{
    const int64_t *given;
    int64_t rest = length;
    int count;

    if (prepare_integers(prepare, 1, prepare->opset < 13 ? "split" : NULL, &given, &count, error) !=
        STATUS_OK)
        return error->code;
    if (given == NULL)
        return equal_parts(prepare, length, sizes, error);
    if (count != prepare->output_count)
        return error_set(error, STATUS_SHAPE, "%d sizes are given for %d outputs", count,
                         prepare->output_count);
    for (int i = 0; i < count; i++) {
        if (given[i] < 0 || given[i] > rest)
            return error_set(error, STATUS_SHAPE, "the sizes do not sum to %lld, the length of the axis",
                             (long long)length);
        sizes[i] = given[i];
        rest -= given[i];
    }
    if (rest != 0)
        return error_set(error, STATUS_SHAPE, "the sizes do not sum to %lld, the length of the axis",
                         (long long)length);
    return STATUS_OK;
}

static status prepare_split(struct prepare *prepare, struct error *error)
{
    const struct operand *input = &prepare->inputs[0];
    struct movement *movement = movement_new(prepare, prepare->output_count);
    int64_t sizes[NODE_MAX_OPERANDS], offset = 0;
    int axis;

    if (movement == NULL)
        return error_memory(error);
    if (check_axis(prepare, input->shape.rank, 0, &axis, error) != STATUS_OK ||
        split_sizes(prepare, input->shape.dim[axis], sizes, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < prepare->output_count; i++) {
        struct shape shape = input->shape;
        struct copy copy;

        shape.dim[axis] = sizes[i];
        copy = movement_copy(0, &input->shape, i, &shape, &shape);
        copy.input_offset = offset * copy.input_stride[axis];
        offset += sizes[i];
        movement_pack(&copy);
        movement->copies[i] = copy;
        prepare->outputs[i] = (struct operand){.type = input->type, .shape = shape};
    }
    return STATUS_OK;
}

/* --- Expand --------------------------------------------------------------------------------------------- */

static status prepare_expand(struct prepare *prepare, struct error *error)
{
    const struct operand *input = &prepare->inputs[0];
    struct shape target, shape, widened;
    struct movement *movement;
    struct copy copy;
    const int64_t *dims;
    int count, added;

    if (prepare_integers(prepare, 1, NULL, &dims, &count, error) != STATUS_OK)
        return error->code;
    if (count > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%d dimensions are too many", count);
    target = shape_of(count, dims);
    if (shape_elements(&target) < 0 || !shape_broadcast(&input->shape, &target, &shape) ||
        shape_elements(&shape) < 0)
        return shape_error(error, "cannot expand to the given shape", &target);
    widened = shape;
    added = shape.rank - input->shape.rank;
    for (int i = 0; i < shape.rank; i++)
        widened.dim[i] = i < added ? 1 : input->shape.dim[i - added];
    movement = movement_new(prepare, 1);
    if (movement == NULL)
        return error_memory(error);
    copy = movement_copy(0, &widened, 0, &shape, &shape);
    for (int i = 0; i < shape.rank; i++)
        if (widened.dim[i] == 1)
            copy.input_stride[i] = 0;
    movement_pack(&copy);
    movement->copies[0] = copy;
    prepare->outputs[0] = (struct operand){.type = input->type, .shape = shape};
    return STATUS_OK;
}

/* --- Gather --------------------------------------------------------------------------------------------- */

struct gather {
    int64_t outer, length, inner; /* the input as outer x length x inner */
    int64_t count;                /* indices */
    const int64_t *indices;       /* 0..length-1, in the arena */
};

static const int64_t *read_indices(struct prepare *prepare, int64_t length, struct error *error)
{
    const struct tensor *tensor = prepare->constant[1];
    int64_t count = shape_elements(&tensor->shape);
    int64_t *indices = arena_copy(prepare->arena, tensor->data, (size_t)count * sizeof(*indices));

    if (indices == NULL) {
        error_memory(error);
        return NULL;
    }
    for (int64_t i = 0; i < count; i++) {
        if (indices[i] < -length || indices[i] >= length) {
            error_set(error, STATUS_RANGE, "index %lld is outside the axis, whose length is %lld",
                      (long long)indices[i], (long long)length);
            return NULL;
        }
        if (indices[i] < 0)
            indices[i] += length;
    }
    return indices;
}

static status prepare_gather(struct prepare *prepare, struct error *error)
{
    const struct operand *input = &prepare->inputs[0], *index = &prepare->inputs[1];
    struct gather *gather = arena_alloc(prepare->arena, 1, sizeof(*gather));
    struct shape shape = {.rank = input->shape.rank - 1 + index->shape.rank};
    int axis;

    if (gather == NULL)
        return error_memory(error);
    if (check_axis(prepare, input->shape.rank, 0, &axis, error) != STATUS_OK)
        return error->code;
    if (index->type != ELEMENT_INT64 || prepare->constant[1] == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "the indices must be constant integers");
    if (shape.rank > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%d dimensions are too many", shape.rank);
    memcpy(shape.dim, input->shape.dim, (size_t)axis * sizeof(int64_t));
    memcpy(shape.dim + axis, index->shape.dim, (size_t)index->shape.rank * sizeof(int64_t));
    memcpy(shape.dim + axis + index->shape.rank, input->shape.dim + axis + 1,
           (size_t)(input->shape.rank - axis - 1) * sizeof(int64_t));
    if (shape_elements(&shape) < 0)
        return shape_error(error, "the output would be too large", &shape);
    gather->outer = shape_product(&input->shape, 0, axis);
    gather->length = input->shape.dim[axis];
    gather->inner = shape_product(&input->shape, axis + 1, input->shape.rank);
    gather->count = shape_elements(&index->shape);
    gather->indices = read_indices(prepare, gather->length, error);
    if (gather->indices == NULL)
        return error->code;
    prepare->outputs[0] = (struct operand){.type = input->type, .shape = shape};
    prepare->plan = gather;
    return STATUS_OK;
}

static void gather_forward(const struct kernel_call *call)
{
    const struct gather *gather = call->plan;
    const size_t row = (size_t)gather->inner * element_size(call->outputs[0].type);
    const char *input = call->inputs[0].data;
    char *output = call->outputs[0].data;

    for (int64_t o = 0; o < gather->outer; o++)
        for (int64_t i = 0; i < gather->count; i++, output += row)
            memcpy(output, input + (size_t)(o * gather->length + gather->indices[i]) * row, row);
}

#define GATHER_BACKWARD(REAL)                                                                                \
    static void gather_backward_##REAL(const struct kernel_call *call)                                       \
    {                                                                                                        \
        const struct gather *gather = call->plan;                                                            \
        const REAL *from = call->output_gradients[0].data;                                                   \
        REAL *to = call->input_gradients[0].data;                                                            \
                                                                                                             \
        if (from == NULL || to == NULL)                                                                      \
            return;                                                                                          \
        for (int64_t o = 0; o < gather->outer; o++)                                                          \
            for (int64_t i = 0; i < gather->count; i++, from += gather->inner) {                             \
                REAL *row = to + (o * gather->length + gather->indices[i]) * gather->inner;                  \
                                                                                                             \
                for (int64_t k = 0; k < gather->inner; k++)                                                  \
                    row[k] += from[k];                                                                       \
            }                                                                                                \
    }

GATHER_BACKWARD(float)
GATHER_BACKWARD(double)

/* ------------------------------------------------------------------------------------------------------- */

#define GATHER_KERNELS                                                                                       \
    {                                                                                                        \
        [ELEMENT_FLOAT] = {gather_forward, gather_backward_float},                                           \
        [ELEMENT_DOUBLE] = {gather_forward, gather_backward_double},                                         \
        [ELEMENT_INT64] = {gather_forward, NULL},                                                            \
    }

const struct op operators_movement[] = {
    {"Transpose", 1, 1, 1, 1, 0, prepare_transpose, MOVEMENT_KERNELS},
    {"Concat", 4, 1, NODE_MAX_OPERANDS, 1, OPERATOR_VARIADIC, prepare_concat, MOVEMENT_KERNELS},
    {"Split", 2, 1, 2, NODE_MAX_OPERANDS, OPERATOR_SHAPE_INPUTS | OPERATOR_VARIADIC_OUTPUTS, prepare_split,
     MOVEMENT_KERNELS},
    {"Slice", 1, 1, 5, 1, OPERATOR_SHAPE_INPUTS, prepare_slice, MOVEMENT_KERNELS},
    {"Pad", 2, 1, 4, 1, OPERATOR_SHAPE_INPUTS, prepare_pad, MOVEMENT_KERNELS},
    {"Gather", 1, 2, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_gather, GATHER_KERNELS},
    {"Expand", 8, 2, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_expand, MOVEMENT_KERNELS},
    {0},
};
