/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DepthToSpace and SpaceToDepth: squares of b x b positions against b * b channels. Both are one copy between
 * a tensor of channels, here (N, depth, H, W) with depth = C * b * b, and one of positions, (N, C, H * b, W *
 * b), seen with the six dimensions N, C, H, i, W, j of the latter. */
#include <inttypes.h>
#include <string.h>
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/check.h"
#include "nn/operator/movement.h"
#include "nn/operator/operator.h"

enum { N, C, H, I, W, J, DIMENSIONS };

/* Which channel of all comes first: by place in the square (DCR, and SpaceToDepth always), or by channel. */
enum order { DEPTH_FIRST, COLUMN_FIRST };

static status check_blocks(const struct prepare *prepare, int64_t *block, struct error *error)
{
    *block = node_integer(prepare->node, "blocksize", 0);
    if (prepare->inputs[0].shape.rank != 4)
        return error_set(error, STATUS_SHAPE, "the input has rank %d, expected 4",
                         prepare->inputs[0].shape.rank);
    if (*block < 1 || *block > INT32_MAX)
        return error_set(error, STATUS_RANGE, "blocksize %" PRId64 " is not possible", *block);
    return check_size(&prepare->inputs[0].shape, "the input", error);
}

/* Strides of both sides over the box (N, C, H, b, W, b). */
static void set_strides(const struct shape *box, enum order order, int64_t *channels, int64_t *positions)
{
    const int64_t b = box->dim[I], area = box->dim[H] * box->dim[W], depth = box->dim[C];
    const int64_t width = box->dim[W] * b, inner = order == COLUMN_FIRST ? 1 : depth;
    const int64_t of_channels[DIMENSIONS] = {
        [N] = depth * b * b * area,
        [C] = area * (order == COLUMN_FIRST ? b * b : 1),
        [H] = box->dim[W],
        [I] = inner * b * area,
        [W] = 1,
        [J] = inner * area,
    };
    const int64_t of_positions[DIMENSIONS] = {
        [N] = depth * b * b * area, [C] = b * b * area, [H] = b * width, [I] = width, [W] = b, [J] = 1,
    };
    memcpy(channels, of_channels, sizeof of_channels);
    memcpy(positions, of_positions, sizeof of_positions);
}

static status plan_blocks(struct prepare *prepare, const struct shape *box, enum order order, bool to_space,
                          struct error *error)
{
    struct movement *movement = movement_new(prepare, 1);
    if (!movement)
        return error_memory(error);
    struct copy *copy = movement->copies;
    *copy = (struct copy){.rank = DIMENSIONS};
    memcpy(copy->dim, box->dim, sizeof copy->dim);
    if (to_space)
        set_strides(box, order, copy->input_stride, copy->output_stride);
    else
        set_strides(box, order, copy->output_stride, copy->input_stride);
    movement_pack(copy);
    return STATUS_OK;
}

static status prepare_to_space(struct prepare *prepare, struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape;
    const char *mode = node_string(prepare->node, "mode", "DCR");
    const bool columns = strcmp(mode, "CRD") == 0;
    int64_t b;
    if (check_blocks(prepare, &b, error))
        return error->code;
    if (!columns && strcmp(mode, "DCR") != 0)
        return error_set(error, STATUS_UNSUPPORTED, "mode %s is not supported", mode);
    if (x->dim[1] % (b * b) != 0)
        return error_set(error, STATUS_SHAPE,
                         "%" PRId64 " channels are not squares of %" PRId64 " x %" PRId64, x->dim[1], b, b);
    const struct shape box = {DIMENSIONS, {x->dim[0], x->dim[1] / (b * b), x->dim[2], b, x->dim[3], b}};
    prepare->outputs[0] =
        (struct operand){.type = prepare->inputs[0].type,
                         .shape = {4, {box.dim[N], box.dim[C], box.dim[H] * b, box.dim[W] * b}}};
    return plan_blocks(prepare, &box, columns ? COLUMN_FIRST : DEPTH_FIRST, true, error);
}

static status prepare_to_depth(struct prepare *prepare, struct error *error)
{
    const struct shape *x = &prepare->inputs[0].shape;
    int64_t b;
    if (check_blocks(prepare, &b, error))
        return error->code;
    if (x->dim[2] % b != 0 || x->dim[3] % b != 0)
        return error_set(error, STATUS_SHAPE,
                         "%" PRId64 " x %" PRId64 " positions are not squares of %" PRId64 " x %" PRId64,
                         x->dim[2], x->dim[3], b, b);
    const struct shape box = {DIMENSIONS, {x->dim[0], x->dim[1], x->dim[2] / b, b, x->dim[3] / b, b}};
    prepare->outputs[0] = (struct operand){
        .type = prepare->inputs[0].type,
        .shape = {4, {box.dim[N], box.dim[C] * b * b, box.dim[H], box.dim[W]}},
    };
    return plan_blocks(prepare, &box, DEPTH_FIRST, false, error);
}

const struct op operators_blocks[] = {
    {"DepthToSpace", 1, 1, 1, 1, 0, prepare_to_space, MOVEMENT_KERNELS},
    {"SpaceToDepth", 1, 1, 1, 1, 0, prepare_to_depth, MOVEMENT_KERNELS},
    {0},
};
