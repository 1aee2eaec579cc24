/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slice and Pad: windows into a tensor, and tensors around a window. Their parameters were attributes in
 * older opsets and are inputs in newer ones. */
#include <string.h>
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/movement.h"
#include "nn/operator/operator.h"

/* Far more than any tensor has elements, and far from overflow. */
static const int64_t FAR = INT64_C(1) << 50;

static int64_t within(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* --- Slice ---------------------------------------------------------------------------------------------- */

struct slice {
    const int64_t *starts, *ends, *axes, *steps; /* axes and steps may be NULL */
    int count;
};

static status read_slice(struct prepare *prepare, struct slice *slice, struct error *error)
{
    bool old = prepare->opset < 10;
    int ends, axes, steps;

    if (prepare_integers(prepare, old ? VALUE_NONE : 1, old ? "starts" : NULL, &slice->starts, &slice->count,
                         error) != STATUS_OK ||
        prepare_integers(prepare, old ? VALUE_NONE : 2, old ? "ends" : NULL, &slice->ends, &ends, error) !=
            STATUS_OK ||
        prepare_integers(prepare, old ? VALUE_NONE : 3, old ? "axes" : NULL, &slice->axes, &axes, error) !=
            STATUS_OK ||
        prepare_integers(prepare, old ? VALUE_NONE : 4, NULL, &slice->steps, &steps, error) != STATUS_OK)
        return error->code;
    if (slice->starts == NULL || slice->ends == NULL)
        return error_set(error, STATUS_FILE, "starts or ends are missing");
    if (ends != slice->count || (slice->axes != NULL && axes != slice->count) ||
        (slice->steps != NULL && steps != slice->count))
        return error_set(error, STATUS_SHAPE, "starts, ends, axes and steps are not equally long");
    return STATUS_OK;
}

/* One axis: the first index and how many; empty ranges give none. */
static int64_t slice_range(int64_t length, int64_t start, int64_t end, int64_t step, int64_t *first)
{
    start = within(start < 0 ? start + length : start, 0, step > 0 ? length : length - 1);
    end = within(end < 0 ? end + length : end, step > 0 ? 0 : -1, step > 0 ? length : length - 1);
    *first = start;
    if (step > 0)
        return end > start ? (end - start - 1) / step + 1 : 0;
    return start > end && length > 0 ? (start - end - 1) / -step + 1 : 0;
}

static status apply_slice(const struct slice *slice, const struct shape *input, struct shape *box,
                          int64_t *first, int64_t *step, struct error *error)
{
    bool taken[TENSOR_MAX_RANK] = {false};

    *box = *input;
    for (int i = 0; i < input->rank; i++) {
        first[i] = 0;
        step[i] = 1;
    }
    for (int i = 0; i < slice->count; i++) {
        int64_t stride = slice->steps == NULL ? 1 : slice->steps[i];
        int axis;

        if (!shape_axis(input->rank, slice->axes == NULL ? i : slice->axes[i], &axis) || taken[axis])
            return error_set(error, STATUS_SHAPE,
                             "the axes are not different axes of a tensor of %d dimensions", input->rank);
        if (stride == 0)
            return error_set(error, STATUS_RANGE, "a step of 0 leads nowhere");
        taken[axis] = true;
        step[axis] = within(stride, -FAR, FAR);
        box->dim[axis] =
            slice_range(input->dim[axis], slice->starts[i], slice->ends[i], step[axis], &first[axis]);
    }
    return STATUS_OK;
}

status prepare_slice(struct prepare *prepare, struct error *error)
{
    const struct operand *input = &prepare->inputs[0];
    int64_t first[TENSOR_MAX_RANK], step[TENSOR_MAX_RANK];
    struct movement *movement = movement_new(prepare, 1);
    struct slice slice;
    struct shape box;
    struct copy copy;

    if (movement == NULL)
        return error_memory(error);
    if (read_slice(prepare, &slice, error) != STATUS_OK ||
        apply_slice(&slice, &input->shape, &box, first, step, error) != STATUS_OK)
        return error->code;
    copy = movement_copy(0, &input->shape, 0, &box, &box);
    for (int i = 0; i < box.rank; i++) {
        copy.input_offset += first[i] * copy.input_stride[i];
        /* A step that is never taken may be as large as it likes. */
        copy.input_stride[i] = box.dim[i] > 1 ? copy.input_stride[i] * step[i] : 0;
    }
    movement_pack(&copy);
    movement->copies[0] = copy;
    prepare->outputs[0] = (struct operand){.type = input->type, .shape = box};
    return STATUS_OK;
}

/* --- Pad ------------------------------------------------------------------------------------------------ */

struct pad {
    int64_t begin[TENSOR_MAX_RANK], end[TENSOR_MAX_RANK]; /* negative: cut off */
};

/* Which dimension the i-th pair of pads belongs to. */
static status pad_axes(struct prepare *prepare, int rank, int pairs, int *axis, struct error *error)
{
    bool taken[TENSOR_MAX_RANK] = {false};
    const int64_t *axes = NULL;
    int count = rank;

    if (prepare->opset >= 18 && prepare_integers(prepare, 3, NULL, &axes, &count, error) != STATUS_OK)
        return error->code;
    if (axes == NULL)
        count = rank;
    if (pairs != 2 * count)
        return error_set(error, STATUS_SHAPE, "%d pads are given, %d are expected", pairs, 2 * count);
    for (int i = 0; i < count; i++) {
        if (i >= rank || !shape_axis(rank, axes == NULL ? i : axes[i], &axis[i]) || taken[axis[i]])
            return error_set(error, STATUS_SHAPE,
                             "the axes are not different axes of a tensor of %d dimensions", rank);
        taken[axis[i]] = true;
    }
    return STATUS_OK;
}

static status read_pads(struct prepare *prepare, struct pad *pad, struct error *error)
{
    int axis[TENSOR_MAX_RANK], count, rank = prepare->inputs[0].shape.rank;
    bool old = prepare->opset < 11;
    const int64_t *pads;

    if (prepare_integers(prepare, old ? VALUE_NONE : 1, old ? "pads" : NULL, &pads, &count, error) !=
        STATUS_OK)
        return error->code;
    if (pads == NULL)
        return error_set(error, STATUS_FILE, "pads are missing");
    if (pad_axes(prepare, rank, count, axis, error) != STATUS_OK)
        return error->code;
    memset(pad, 0, sizeof(*pad));
    for (int i = 0; i < count / 2; i++) {
        pad->begin[axis[i]] = within(pads[i], -FAR, FAR);
        pad->end[axis[i]] = within(pads[count / 2 + i], -FAR, FAR);
    }
    return STATUS_OK;
}

static status read_fill(struct prepare *prepare, struct movement *movement, struct error *error)
{
    bool old = prepare->opset < 11, found;

    movement->fill = true;
    if (prepare_real(prepare, old ? VALUE_NONE : 2, old ? "value" : NULL, &movement->fill_real, &found,
                     error) != STATUS_OK)
        return error->code;
    if (found && !old)
        movement->fill_integer = tensor_get_integer(prepare->constant[2], 0);
    return STATUS_OK;
}

/* Positions of an axis that take theirs from the input at one distance: output first..first+count-1 from
 * input source, source + step, ... */
struct run {
    int64_t first, count, source, step;
};

struct runs {
    int count;
    struct run run[3]; /* in front, the input itself, behind */
};

/* How a mode continues the input beyond its ends. */
struct pad_mode {
    const char *name;
    int64_t unused; /* positions of the input that cannot be taken on either side */
    int64_t step;   /* from one position in front to the next */
    bool far;       /* what stands in front is taken from the other end */
};

static const struct pad_mode *pad_mode(const char *name)
{
    static const struct pad_mode modes[] = {
        {"reflect", 1, -1, false}, {"edge", 0, 0, false}, {"wrap", 0, 1, true}};

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    return NULL;
}

static void add_run(struct runs *runs, int64_t first, int64_t count, int64_t source, int64_t step)
{
    if (count > 0)
        runs->run[runs->count++] = (struct run){first, count, source, step};
}

/* The runs of one axis of `length`, of which negative pads take away first. */
static status pad_runs(const struct pad_mode *mode, int64_t length, int64_t begin, int64_t end,
                       struct runs *runs, struct error *error)
{
    const int64_t cut = begin < 0 ? -begin : 0, front = begin > 0 ? begin : 0, behind = end > 0 ? end : 0;
    const int64_t kept = length - cut - (end < 0 ? -end : 0);
    const int64_t most = mode->step == 0 ? INT64_MAX : kept - mode->unused;

    *runs = (struct runs){0};
    if (kept < 1 || front > most || behind > most)
        return error_set(error, STATUS_SHAPE, "mode %s cannot pad %lld positions by %lld and %lld",
                         mode->name, (long long)length, (long long)begin, (long long)end);
    add_run(runs, 0, front, cut + (mode->far ? kept - front : mode->step == 0 ? 0 : front), mode->step);
    add_run(runs, front, kept, cut, 1);
    add_run(runs, front + kept, behind, cut + (mode->far ? 0 : kept - 1 - mode->unused), mode->step);
    return STATUS_OK;
}

/* A copy for every combination of runs: the input itself and what continues it. */
static status plan_runs(struct prepare *prepare, const struct shape *to, const struct runs *runs,
                        struct error *error)
{
    const struct shape *from = &prepare->inputs[0].shape;
    struct movement *movement;
    int count = 1;

    for (int i = 0; i < to->rank; i++)
        count *= runs[i].count;
    movement = movement_new(prepare, count);
    if (movement == NULL)
        return error_memory(error);
    for (int c = 0; c < count; c++) {
        struct copy copy = movement_copy(0, from, 0, to, to);
        int rest = c;

        for (int i = 0; i < to->rank; i++) {
            const struct run *run = &runs[i].run[rest % runs[i].count];

            rest /= runs[i].count;
            copy.dim[i] = run->count;
            copy.input_offset += run->source * copy.input_stride[i];
            copy.output_offset += run->first * copy.output_stride[i];
            copy.input_stride[i] *= run->step;
        }
        movement_pack(&copy);
        movement->copies[c] = copy;
    }
    return STATUS_OK;
}

static status prepare_continued(struct prepare *prepare, const struct pad_mode *mode, struct error *error)
{
    const struct operand *input = &prepare->inputs[0];
    struct runs runs[TENSOR_MAX_RANK];
    struct shape shape = input->shape;
    struct pad pad;

    if (read_pads(prepare, &pad, error) != STATUS_OK || check_size(&shape, "the input", error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < shape.rank; i++) {
        shape.dim[i] += pad.begin[i] + pad.end[i];
        if (pad_runs(mode, input->shape.dim[i], pad.begin[i], pad.end[i], &runs[i], error) != STATUS_OK)
            return error->code;
    }
    if (check_size(&shape, "the output", error) != STATUS_OK)
        return error->code;
    prepare->outputs[0] = (struct operand){.type = input->type, .shape = shape};
    return plan_runs(prepare, &shape, runs, error);
}

status prepare_pad(struct prepare *prepare, struct error *error)
{
    const struct operand *input = &prepare->inputs[0];
    const char *mode = node_string(prepare->node, "mode", "constant");
    const struct pad_mode *continued = pad_mode(mode);
    struct shape shape = input->shape, box = shape;
    struct movement *movement;
    struct pad pad;
    struct copy copy;

    if (continued != NULL)
        return prepare_continued(prepare, continued, error);
    if (strcmp(mode, "constant") != 0)
        return error_set(error, STATUS_UNSUPPORTED, "mode %s is not supported", mode);
    movement = movement_new(prepare, 1);
    if (movement == NULL)
        return error_memory(error);
    if (read_pads(prepare, &pad, error) != STATUS_OK || read_fill(prepare, movement, error) != STATUS_OK)
        return error->code;
    for (int i = 0; i < shape.rank; i++) {
        int64_t kept =
            input->shape.dim[i] + (pad.begin[i] < 0 ? pad.begin[i] : 0) + (pad.end[i] < 0 ? pad.end[i] : 0);

        shape.dim[i] = input->shape.dim[i] + pad.begin[i] + pad.end[i];
        box.dim[i] = kept < 0 ? 0 : kept;
        if (shape.dim[i] < 0)
            return error_set(error, STATUS_SHAPE, "the pads cut off more than dimension %d has", i);
    }
    if (shape_elements(&shape) < 0)
        return error_set(error, STATUS_SHAPE, "the pads make the output too large");
    copy = movement_copy(0, &input->shape, 0, &shape, &box);
    for (int i = 0; i < shape.rank; i++) {
        copy.input_offset += pad.begin[i] < 0 ? -pad.begin[i] * copy.input_stride[i] : 0;
        copy.output_offset += pad.begin[i] > 0 ? pad.begin[i] * copy.output_stride[i] : 0;
    }
    movement_pack(&copy);
    movement->copies[0] = copy;
    prepare->outputs[0] = (struct operand){.type = input->type, .shape = shape};
    return STATUS_OK;
}
