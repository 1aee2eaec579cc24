/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that find elements by numbers that stand in another tensor: GatherElements and GatherND take them
 * out, ScatterElements and ScatterND put others there.
 *
 * Numbers that the file gives must lie within the data. Numbers that are computed while the network runs
 * cannot be refused any more: outside of the data they mean its nearest end. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/operator.h"

/* How an update meets what stands at its place. */
enum reduction { REPLACE, ADD, MULTIPLY, LARGER, SMALLER, REDUCTIONS };

static const char *const reduction_names[REDUCTIONS] = {"none", "add", "mul", "max", "min"};

/* A list of picks, each of which finds `inner` neighbouring elements of the data. Its place follows from
 * where it stands itself, row-major over `walk`, and from `parts` numbers. */
struct picks {
    int rank;
    int64_t walk[TENSOR_MAX_RANK], step[TENSOR_MAX_RANK]; /* lengths; what one step moves in the data */
    int parts;
    int64_t length[TENSOR_MAX_RANK], stride[TENSOR_MAX_RANK]; /* of the axes of the data that they number */
    int64_t count, inner;
    int64_t elements; /* of the data */
    enum reduction reduction;
};

/* First element of pick i. */
static int64_t place_of(const struct picks *picks, const int64_t *indices, int64_t i)
{
    int64_t place = 0, rest = i;

    for (int axis = picks->rank - 1; axis >= 0; axis--) {
        place += rest % picks->walk[axis] * picks->step[axis];
        rest /= picks->walk[axis];
    }
    for (int part = 0; part < picks->parts; part++) {
        const int64_t length = picks->length[part], given = indices[i * picks->parts + part];
        int64_t index = given < 0 && given >= -length ? given + length : given;

        index = index < 0 ? 0 : index >= length ? length - 1 : index;
        place += index * picks->stride[part];
    }
    return place;
}

/* Does the gradient depend on what an update met? */
static bool needs_cells(const struct picks *picks)
{
    return picks->reduction != REPLACE && picks->reduction != ADD;
}

/* Integers wrap around where they grow too large. */
static inline float sum_float(float a, float b)
{
    return a + b;
}

static inline double sum_double(double a, double b)
{
    return a + b;
}

static inline int64_t sum_int64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline float product_float(float a, float b)
{
    return a * b;
}

static inline double product_double(double a, double b)
{
    return a * b;
}

static inline int64_t product_int64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

#define KERNELS_INT64
#define KERNELS "nn/operator/op_index_kernels.h"
#include "nn/operator/typed.h"

/* --- preparing ------------------------------------------------------------------------------------------ */

/* Do the numbers that are known point into the data? */
static status check_indices(const struct prepare *prepare, const struct picks *picks, struct error *error)
{
    const struct tensor *known = prepare->constant[1];
    const int64_t *indices = known != NULL ? known->data : NULL;

    for (int part = 0; part < picks->parts; part++)
        if (picks->length[part] == 0 && picks->count > 0)
            return error_set(error, STATUS_RANGE, "there is nothing to be found along an axis of length 0");
    for (int64_t i = 0; indices != NULL && i < picks->count * picks->parts; i++) {
        const int64_t length = picks->length[i % picks->parts];

        if (indices[i] < -length || indices[i] >= length)
            return error_set(error, STATUS_RANGE, "index %lld is outside the axis, whose length is %lld",
                             (long long)indices[i], (long long)length);
    }
    return STATUS_OK;
}

static status new_picks(struct prepare *prepare, struct picks **picks, struct error *error)
{
    *picks = arena_alloc(prepare->arena, 1, sizeof **picks);
    if (*picks == NULL)
        return error_memory(error);
    if (prepare->inputs[1].type != ELEMENT_INT64)
        return error_set(error, STATUS_UNSUPPORTED, "the indices have type %s, expected integers",
                         element_name(prepare->inputs[1].type));
    if (prepare->inputs[0].shape.rank < 1)
        return error_set(error, STATUS_SHAPE, "there are no axes to be numbered");
    (*picks)->elements = shape_elements(&prepare->inputs[0].shape);
    prepare->plan = *picks;
    return STATUS_OK;
}

/* One number for each place, along one axis: the others go with the place. */
static status pick_elements(struct prepare *prepare, struct picks **out, struct error *error)
{
    const struct shape *data = &prepare->inputs[0].shape, *index = &prepare->inputs[1].shape;
    struct picks *picks;
    int axis;

    if (new_picks(prepare, out, error) != STATUS_OK ||
        check_axis(prepare, data->rank, 0, &axis, error) != STATUS_OK)
        return error->code;
    picks = *out;
    if (index->rank != data->rank)
        return error_set(error, STATUS_SHAPE, "the indices have %d dimensions, the data %d", index->rank,
                         data->rank);
    picks->rank = data->rank;
    picks->parts = 1;
    picks->count = shape_elements(index);
    picks->inner = 1;
    for (int d = 0; d < data->rank; d++) {
        const int64_t stride = shape_product(data, d + 1, data->rank);

        if (d != axis && index->dim[d] > data->dim[d])
            return error_set(error, STATUS_SHAPE, "there are more indices than elements along axis %d", d);
        picks->walk[d] = index->dim[d];
        picks->step[d] = d == axis ? 0 : stride;
        if (d == axis) {
            picks->length[0] = data->dim[d];
            picks->stride[0] = stride;
        }
    }
    return check_indices(prepare, picks, error);
}

/* Numbers for the first axes behind `batch` ones, which stand together along the last axis of the indices. */
static status pick_blocks(struct prepare *prepare, int64_t batch, struct picks **out, struct error *error)
{
    const struct shape *data = &prepare->inputs[0].shape, *index = &prepare->inputs[1].shape;
    struct picks *picks;

    if (new_picks(prepare, out, error) != STATUS_OK)
        return error->code;
    picks = *out;
    if (index->rank < 1 || batch < 0 || batch >= index->rank || batch >= data->rank)
        return error_set(error, STATUS_SHAPE, "%lld batch dimensions are too many", (long long)batch);
    const int64_t parts = index->dim[index->rank - 1];
    if (parts < 1 || parts > data->rank - batch)
        return error_set(error, STATUS_SHAPE, "%lld numbers cannot find anything in %lld dimensions",
                         (long long)parts, (long long)(data->rank - batch));
    picks->parts = (int)parts;
    for (int d = 0; d < batch; d++) {
        if (index->dim[d] != data->dim[d])
            return error_set(error, STATUS_SHAPE, "the indices and the data differ along batch axis %d", d);
        picks->walk[d] = data->dim[d];
        picks->step[d] = shape_product(data, d + 1, data->rank);
    }
    picks->rank = (int)batch + 1;
    picks->walk[batch] = shape_product(index, (int)batch, index->rank - 1);
    for (int part = 0; part < picks->parts; part++) {
        picks->length[part] = data->dim[batch + part];
        picks->stride[part] = shape_product(data, (int)batch + part + 1, data->rank);
    }
    picks->count = shape_product(index, 0, index->rank - 1);
    picks->inner = shape_product(data, (int)batch + picks->parts, data->rank);
    return check_indices(prepare, picks, error);
}

static status prepare_gather_elements(struct prepare *prepare, struct error *error)
{
    struct picks *picks;

    if (pick_elements(prepare, &picks, error) != STATUS_OK)
        return error->code;
    prepare->outputs[0] =
        (struct operand){.type = prepare->inputs[0].type, .shape = prepare->inputs[1].shape};
    return STATUS_OK;
}

/* The shape of what all picks find, in the order of the indices; rank 0 and more. */
static status found_shape(const struct prepare *prepare, const struct picks *picks, int batch,
                          struct shape *shape, struct error *error)
{
    const struct shape *data = &prepare->inputs[0].shape, *index = &prepare->inputs[1].shape;
    const int kept = batch + picks->parts; /* axes of the data from here on are found whole */

    if (index->rank - 1 + data->rank - kept > TENSOR_MAX_RANK)
        return error_set(error, STATUS_UNSUPPORTED, "%d dimensions are too many",
                         index->rank - 1 + data->rank - kept);
    *shape = shape_of(index->rank - 1, index->dim);
    for (int d = kept; d < data->rank; d++)
        shape->dim[shape->rank++] = data->dim[d];
    if (shape_elements(shape) < 0)
        return error_set(error, STATUS_SHAPE, "the output would be too large");
    return STATUS_OK;
}

static status prepare_gather_nd(struct prepare *prepare, struct error *error)
{
    const int64_t batch = node_integer(prepare->node, "batch_dims", 0);
    struct shape shape;
    struct picks *picks;

    if (pick_blocks(prepare, batch, &picks, error) != STATUS_OK ||
        found_shape(prepare, picks, (int)batch, &shape, error) != STATUS_OK)
        return error->code;
    prepare->outputs[0] = (struct operand){.type = prepare->inputs[0].type, .shape = shape};
    return STATUS_OK;
}

/* --- putting -------------------------------------------------------------------------------------------- */

static status read_reduction(const struct prepare *prepare, struct picks *picks, struct error *error)
{
    const char *given = node_string(prepare->node, "reduction", reduction_names[REPLACE]);

    for (int r = 0; r < REDUCTIONS; r++) {
        if (strcmp(given, reduction_names[r]) == 0) {
            picks->reduction = (enum reduction)r;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_UNSUPPORTED, "reduction is %s, not none, add, mul, max or min", given);
}

/* The output is the data with the updates in it. Backward goes through the updates in reverse, over a copy of
 * the gradient; where a slope depends on what stood there, forward is done again, and each update keeps what
 * it met. */
static status prepare_putting(struct prepare *prepare, struct picks *picks, const struct shape *updates,
                              struct error *error)
{
    const struct operand *data = &prepare->inputs[0];

    if (prepare->inputs[2].type != data->type)
        return error_set(error, STATUS_UNSUPPORTED, "updates of type %s do not go into data of type %s",
                         element_name(prepare->inputs[2].type), element_name(data->type));
    if (!shape_equal(&prepare->inputs[2].shape, updates))
        return error_set(error, STATUS_SHAPE, "the updates have not the shape that the indices give");
    if (read_reduction(prepare, picks, error) != STATUS_OK)
        return error->code;
    if (prepare->backward)
        prepare->workspace = (size_t)picks->elements * element_size(data->type);
    if (prepare->backward && needs_cells(picks))
        prepare->workspace += (size_t)(picks->elements + shape_elements(updates)) * element_size(data->type);
    prepare->outputs[0] = (struct operand){.type = data->type, .shape = data->shape};
    return STATUS_OK;
}

static status prepare_scatter_elements(struct prepare *prepare, struct error *error)
{
    struct picks *picks;

    if (pick_elements(prepare, &picks, error) != STATUS_OK)
        return error->code;
    return prepare_putting(prepare, picks, &prepare->inputs[1].shape, error);
}

static status prepare_scatter_nd(struct prepare *prepare, struct error *error)
{
    struct shape updates;
    struct picks *picks;

    if (pick_blocks(prepare, 0, &picks, error) != STATUS_OK ||
        found_shape(prepare, picks, 0, &updates, error) != STATUS_OK)
        return error->code;
    return prepare_putting(prepare, picks, &updates, error);
}

/* ------------------------------------------------------------------------------------------------------- */

#define KERNELS_OF(NAME)                                                                                     \
    {                                                                                                        \
        [ELEMENT_FLOAT] = {NAME##_forward_float, NAME##_backward_float},                                     \
        [ELEMENT_DOUBLE] = {NAME##_forward_double, NAME##_backward_double},                                  \
        [ELEMENT_INT64] = {NAME##_forward_int64, NULL},                                                      \
    }

const struct op operators_index[] = {
    {"GatherElements", 11, 2, 2, 1, 0, prepare_gather_elements, KERNELS_OF(gather)},
    {"GatherND", 11, 2, 2, 1, 0, prepare_gather_nd, KERNELS_OF(gather)},
    {"Scatter", 9, 3, 3, 1, 0, prepare_scatter_elements, KERNELS_OF(scatter)},
    {"ScatterElements", 11, 3, 3, 1, 0, prepare_scatter_elements, KERNELS_OF(scatter)},
    {"ScatterND", 11, 3, 3, 1, 0, prepare_scatter_nd, KERNELS_OF(scatter)},
    {0},
};
