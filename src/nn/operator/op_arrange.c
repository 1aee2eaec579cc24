/* SPDX-License-Identifier: GPL-3.0-or-later */
/* More operators that move numbers without changing them: Tile repeats, Compress leaves out, ReverseSequence
 * turns round, each as a list of copies (movement.h); Trilu keeps one side of a diagonal. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/movement.h"
#include "nn/operator/operator.h"

/* --- Tile ----------------------------------------------------------------------------------------------- */

/* One axis of the box that is copied; lengths of 1 are left out. */
static status add_axis(struct copy *copy, int64_t length, int64_t input_stride, int64_t output_stride,
                       struct error *error)
{
    if (length == 1)
        return STATUS_OK;
    if (copy->rank == TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "too many dimensions are repeated");
    copy->dim[copy->rank] = length;
    copy->input_stride[copy->rank] = input_stride;
    copy->output_stride[copy->rank++] = output_stride;
    return STATUS_OK;
}

/* The output is walked as (repeats, length) of each axis; along repeats the input stands still. */
static status prepare_tile(struct prepare *prepare, struct error *error)
{
    const struct shape *input = &prepare->inputs[0].shape;
    struct movement *movement = movement_new(prepare, 1);
    struct shape shape = *input;
    struct copy copy = {0};
    const int64_t *repeats;
    int count;

    if (movement == NULL)
        return error_memory(error);
    if (prepare_integers(prepare, 1, NULL, &repeats, &count, error) != STATUS_OK)
        return error->code;
    if (count != input->rank)
        return error_set(error, STATUS_SHAPE, "%d repeats are given for %d dimensions", count, input->rank);
    for (int i = 0; i < count; i++)
        if (repeats[i] < 0 || __builtin_mul_overflow(input->dim[i], repeats[i], &shape.dim[i]))
            return error_set(error, STATUS_RANGE, "%lld repeats are not possible", (long long)repeats[i]);
    if (shape_elements(&shape) < 0)
        return error_set(error, STATUS_SHAPE, "the output would be too large");
    for (int i = 0; i < count; i++) {
        const int64_t from = shape_product(input, i + 1, count), to = shape_product(&shape, i + 1, count);

        if (add_axis(&copy, repeats[i], 0, input->dim[i] * to, error) != STATUS_OK ||
            add_axis(&copy, input->dim[i], from, to, error) != STATUS_OK)
            return error->code;
    }
    movement_pack(&copy);
    movement->copies[0] = copy;
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = shape};
    return STATUS_OK;
}

/* --- Compress ------------------------------------------------------------------------------------------- */

/* Runs of entries that are not 0, and how many entries these are together. */
static int count_runs(const int64_t *condition, int count, int64_t *kept)
{
    int runs = 0;

    *kept = 0;
    for (int i = 0; i < count; i++) {
        *kept += condition[i] != 0;
        runs += condition[i] != 0 && (i == 0 || condition[i - 1] == 0);
    }
    return runs;
}

/* Without an axis the input counts as one row. */
static status prepare_compress(struct prepare *prepare, struct error *error)
{
    struct shape from = prepare->inputs[0].shape, to;
    struct movement *movement;
    const int64_t *condition;
    int count, runs, axis = 0;
    int64_t kept, at = 0;

    if (prepare_integers(prepare, 1, NULL, &condition, &count, error) != STATUS_OK)
        return error->code;
    if (node_attribute(prepare->node, "axis") == NULL)
        from = (struct shape){.rank = 1, .dim = {shape_elements(&from)}};
    else if (check_axis(prepare, from.rank, 0, &axis, error) != STATUS_OK)
        return error->code;
    if (count > from.dim[axis])
        return error_set(error, STATUS_SHAPE, "the condition has %d entries for %lld elements", count,
                         (long long)from.dim[axis]);
    runs = count_runs(condition, count, &kept);
    movement = movement_new(prepare, runs);
    if (movement == NULL)
        return error_memory(error);
    to = from;
    to.dim[axis] = kept;
    movement->count = 0;
    for (int i = 0, end; i < count; i = end) {
        struct shape box = from;

        for (end = i + 1; end < count && (condition[end] != 0) == (condition[i] != 0);)
            end++;
        if (condition[i] == 0)
            continue;
        box.dim[axis] = end - i;
        struct copy copy = movement_copy(0, &from, 0, &to, &box);
        copy.input_offset = i * copy.input_stride[axis];
        copy.output_offset = at * copy.output_stride[axis];
        at += end - i;
        movement_pack(&copy);
        movement->copies[movement->count++] = copy;
    }
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = to};
    return STATUS_OK;
}

/* --- ReverseSequence ------------------------------------------------------------------------------------ */

/* Of one sequence of the batch, the first `length` steps backwards, or the others as they are. */
static struct copy sequence_part(const struct shape *shape, int batch_axis, int time_axis, int64_t sequence,
                                 int64_t length, bool turned)
{
    struct shape box = *shape;
    struct copy copy;

    box.dim[batch_axis] = 1;
    box.dim[time_axis] = turned ? length : shape->dim[time_axis] - length;
    copy = movement_copy(0, shape, 0, shape, &box);
    copy.input_offset = copy.output_offset = sequence * copy.input_stride[batch_axis];
    copy.output_offset += turned ? 0 : length * copy.output_stride[time_axis];
    copy.input_offset += (turned ? length - 1 : length) * copy.input_stride[time_axis];
    if (turned)
        copy.input_stride[time_axis] = -copy.input_stride[time_axis];
    movement_pack(&copy);
    return copy;
}

static status prepare_reverse_sequence(struct prepare *prepare, struct error *error)
{
    const struct shape *shape = &prepare->inputs[0].shape;
    const int64_t batch = node_integer(prepare->node, "batch_axis", 1),
                  time = node_integer(prepare->node, "time_axis", 0);
    struct movement *movement;
    const int64_t *lengths;
    int count;

    if (prepare_integers(prepare, 1, NULL, &lengths, &count, error) != STATUS_OK)
        return error->code;
    if (shape->rank < 2 || batch < 0 || batch > 1 || time != 1 - batch)
        return error_set(error, STATUS_SHAPE, "batch_axis and time_axis must be 0 and 1, or 1 and 0");
    if (count != shape->dim[batch])
        return error_set(error, STATUS_SHAPE, "%d lengths are given for %lld sequences", count,
                         (long long)shape->dim[batch]);
    movement = movement_new(prepare, 2 * count);
    if (movement == NULL)
        return error_memory(error);
    for (int i = 0; i < count; i++) {
        if (lengths[i] < 0 || lengths[i] > shape->dim[time])
            return error_set(error, STATUS_RANGE, "length %lld is outside of 0 to %lld",
                             (long long)lengths[i], (long long)shape->dim[time]);
        for (int part = 0; part < 2; part++)
            movement->copies[2 * i + part] =
                sequence_part(shape, (int)batch, (int)time, i, lengths[i], part == 0);
    }
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = *shape};
    return STATUS_OK;
}

/* --- Trilu ---------------------------------------------------------------------------------------------- */

/* Matrices (matrices, rows, columns) of which what lies on one side of a diagonal becomes 0. Column c of row
 * r lies on the diagonal c - r. */
struct trilu {
    int64_t matrices, rows, columns;
    int64_t first, last; /* diagonals that are kept */
};

#define KERNELS_INT64
#define KERNELS "nn/operator/op_arrange_kernels.h"
#include "nn/operator/typed.h"

static status prepare_trilu(struct prepare *prepare, struct error *error)
{
    const struct shape *shape = &prepare->inputs[0].shape;
    struct trilu *plan = arena_alloc(prepare->arena, 1, sizeof *plan);
    const int64_t *given;
    int count;

    if (plan == NULL)
        return error_memory(error);
    if (prepare_integers(prepare, 1, NULL, &given, &count, error) != STATUS_OK)
        return error->code;
    if (shape->rank < 2 || count > 1)
        return error_set(error, STATUS_SHAPE, "a matrix and one diagonal are expected");
    const int64_t diagonal = count > 0 ? given[0] : 0;
    const bool upper = node_integer(prepare->node, "upper", 1) != 0;
    plan->first = upper ? diagonal : INT64_MIN;
    plan->last = upper ? INT64_MAX : diagonal;
    plan->matrices = shape_product(shape, 0, shape->rank - 2);
    plan->rows = shape->dim[shape->rank - 2];
    plan->columns = shape->dim[shape->rank - 1];
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = *shape};
    prepare->plan = plan;
    return STATUS_OK;
}

/* ------------------------------------------------------------------------------------------------------- */

const struct op operators_arrange[] = {
    {"Tile", 6, 2, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_tile, MOVEMENT_KERNELS},
    {"Compress", 9, 2, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_compress, MOVEMENT_KERNELS},
    {"ReverseSequence", 10, 2, 2, 1, OPERATOR_SHAPE_INPUTS, prepare_reverse_sequence, MOVEMENT_KERNELS},
    {"Trilu",
     14,
     1,
     2,
     1,
     OPERATOR_SHAPE_INPUTS,
     prepare_trilu,
     {[ELEMENT_FLOAT] = {trilu_forward_float, trilu_backward_float},
      [ELEMENT_DOUBLE] = {trilu_forward_double, trilu_backward_double},
      [ELEMENT_INT64] = {trilu_forward_int64, NULL}}},
    {0},
};
