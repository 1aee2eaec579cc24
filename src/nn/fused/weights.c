/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What layers multiply with: packed weights and per-channel numbers, made once per network and shared by the
 * engines of all workers. */
#include "nn/fused/parts.h"

#include <math.h>
#include <string.h>

static int unit_channels(const struct fused *fused, const struct unit *unit)
{
    return fused->values[unit->linear].channels;
}

static size_t padded(const struct fused *fused, const struct unit *unit)
{
    return (size_t)blocked_blocks(unit_channels(fused, unit)) * LANES;
}

/* Floats of the per-channel numbers, the weights and the transposed ones. */
static void sizes_of(const struct fused *fused, const struct unit *unit, size_t sizes[3])
{
    sizes[0] = 3 * padded(fused, unit);
    sizes[1] = unit->convolution ? unit->family->weights_size(&unit->forward) : 0;
    sizes[2] =
        unit->to_input != NOTHING && unit->convolution ? unit->back->weights_size(&unit->transposed) : 0;
}

size_t numbers_bytes(const struct fused *fused, const struct unit *unit)
{
    size_t sizes[3];
    sizes_of(fused, unit, sizes);
    return (sizes[0] + sizes[1] + sizes[2]) * sizeof(float);
}

status numbers_allocate(const struct fused *fused, const struct unit *unit, struct unit_numbers *numbers,
                        struct error *error)
{
    size_t sizes[3];
    float *blocks[3] = {NULL};
    bool complete = true;
    sizes_of(fused, unit, sizes);
    for (int i = 0; i < 3 && complete; i++) {
        if (sizes[i] > 0)
            blocks[i] = mem_aligned(sizes[i], sizeof(float));
        complete = blocks[i] || sizes[i] == 0;
    }
    *numbers = (struct unit_numbers){.bias = blocks[0], .weights = blocks[1], .transposed = blocks[2]};
    if (!complete)
        return error_memory(error);
    numbers->scale = numbers->bias + padded(fused, unit);
    numbers->shift = numbers->scale + padded(fused, unit);
    return STATUS_OK;
}

void numbers_free(struct unit_numbers *numbers)
{
    mem_free(numbers->bias);
    mem_free(numbers->weights);
    mem_free(numbers->transposed);
    *numbers = (struct unit_numbers){0};
}

static const struct operand *operands_of(const struct fused *fused, int plan_step)
{
    return fused->engine->steps[plan_step].inputs;
}

/* u = scale * r * (y - mean) + shift as scale' * y + shift', in double and rounded once. */
static void fill_norm(const struct fused *fused, const struct unit *unit, struct unit_numbers *numbers)
{
    const struct plan *plan = fused->engine->plan;
    const struct node *node = &plan->graph->nodes[plan->steps[unit->norm_step].node];
    const struct operand *inputs = operands_of(fused, unit->norm_step);
    const float *scale = inputs[1].data, *shift = inputs[2].data, *mean = inputs[3].data,
                *var = inputs[4].data;
    const double epsilon = node_real(node, "epsilon", 1e-5);
    for (int c = 0; c < unit_channels(fused, unit); c++) {
        const double factor = (double)scale[c] / sqrt((double)var[c] + epsilon);
        numbers->scale[c] = (float)factor;
        numbers->shift[c] = (float)((double)shift[c] - factor * (double)mean[c]);
    }
}

/* The transposed weights take the BatchNorm's scale in, so that the gradient need not be multiplied. */
static void fill_transposed(const struct unit *unit, const struct operand *weight, const float *scale,
                            float *space, float *packed)
{
    const size_t all = (size_t)shape_elements(&weight->shape), filter = all / (size_t)weight->shape.dim[0];
    const float *weights = weight->data;
    if (unit->folded && unit->norm_step != NOTHING) {
        for (size_t i = 0; i < all; i++)
            space[i] = weights[i] * scale[i / filter];
        weights = space;
    }
    unit->back->pack_weights(&unit->transposed, weights, packed);
}

void numbers_fill(const struct fused *fused, const struct unit *unit, struct unit_numbers *numbers)
{
    if (unit->norm_step != NOTHING)
        fill_norm(fused, unit, numbers);
    if (!unit->convolution)
        return;
    const struct operand *inputs = operands_of(fused, unit->conv_step);
    if (unit->biased)
        memcpy(numbers->bias, inputs[2].data, (size_t)unit->forward.out_channels * sizeof *numbers->bias);
    unit->family->pack_weights(&unit->forward, inputs[1].data, numbers->weights);
}

static status make_unit(struct fused *fused, const struct unit *unit, struct unit_numbers *numbers,
                        struct error *error)
{
    if (numbers_allocate(fused, unit, numbers, error))
        return error->code;
    numbers_fill(fused, unit, numbers);
    if (!numbers->transposed)
        return STATUS_OK;
    const struct operand *weight = &operands_of(fused, unit->conv_step)[1];
    float *space = mem_new((size_t)shape_elements(&weight->shape), sizeof *space);
    if (!space)
        return error_memory(error);
    fill_transposed(unit, weight, numbers->scale, space, numbers->transposed);
    mem_free(space);
    return STATUS_OK;
}

static status make_all(struct fused *fused, struct error *error)
{
    struct shared_numbers *numbers = mem_new(1, sizeof *numbers);
    fused->numbers = numbers;
    if (!numbers)
        return error_memory(error);
    numbers->references = 1;
    numbers->items = mem_new((size_t)fused->step_count, sizeof *numbers->items);
    if (!numbers->items)
        return error_memory(error);
    numbers->count = fused->step_count;
    for (int s = 0; s < fused->step_count; s++) {
        const struct unit *unit = fused->steps[s].unit;
        if (progress_cancelled(fused->engine->progress))
            return error_set(error, STATUS_CANCELLED, "cancelled");
        if (unit && make_unit(fused, unit, &numbers->items[s], error))
            return error->code;
    }
    return STATUS_OK;
}

status numbers_make(struct fused *fused, const struct fused *twin, struct error *error)
{
    if (twin) {
        __atomic_fetch_add(&twin->numbers->references, 1, __ATOMIC_RELAXED);
        fused->numbers = twin->numbers;
    } else if (make_all(fused, error)) {
        return error->code;
    }
    for (int s = 0; s < fused->step_count; s++)
        if (fused->steps[s].unit)
            fused->steps[s].unit->numbers = &fused->numbers->items[s];
    return STATUS_OK;
}

void numbers_release(struct shared_numbers *numbers)
{
    if (!numbers || __atomic_sub_fetch(&numbers->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (int s = 0; s < numbers->count; s++)
        numbers_free(&numbers->items[s]);
    mem_free(numbers->items);
    mem_free(numbers);
}
