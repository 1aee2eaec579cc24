/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What layers multiply with: packed weights and per-channel numbers, made once per network and shared by the
 * engines of all workers. */
#include "nn/fused/internal.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/share.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"

struct packed_weights {
    int shares;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock: */
    int count, next, busy; /* steps, the first that nobody has taken, engines that pack one now */
    struct error failure;
    struct unit_numbers *items; /* per fused step; the content without the lock, by who has taken the step */
};

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
    const size_t filters = (size_t)weight->shape.dim[0], all = (size_t)shape_elements(&weight->shape),
                 filter = all / filters;
    const float *weights = weight->data;
    if (unit->folded && unit->norm_step != NOTHING) {
        for (size_t f = 0; f < filters; f++)
            for (size_t i = f * filter; i < (f + 1) * filter; i++)
                space[i] = weights[i] * scale[f];
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

/* Under the lock: memory for all that will be packed, when the first engine comes. */
static status make_room(struct packed_weights *packed, const struct fused *fused, struct error *error)
{
    if (packed->items)
        return STATUS_OK;
    packed->items = mem_new((size_t)fused->step_count, sizeof *packed->items);
    if (!packed->items)
        return error_memory(error);
    packed->count = fused->step_count;
    return STATUS_OK;
}

static status pack_one(struct packed_weights *packed, struct fused *fused, int step, struct error *error)
{
    if (progress_cancelled(fused->engine->progress))
        return error_set(error, STATUS_CANCELLED, "cancelled");
    const struct unit *unit = fused->steps[step].unit;
    return unit ? make_unit(fused, unit, &packed->items[step], error) : STATUS_OK;
}

/* Under the lock, which is free while weights are packed: take what nobody has taken yet, one step after the
 * other, then wait for those who are still at it. What fails for one engine fails for all. */
static status pack_together(struct packed_weights *packed, struct fused *fused, struct error *error)
{
    while (packed->next < packed->count && packed->failure.code == STATUS_OK) {
        struct error failure = {0};
        const int step = packed->next++;
        packed->busy++;
        pthread_mutex_unlock(&packed->lock);
        status code = pack_one(packed, fused, step, &failure);
        pthread_mutex_lock(&packed->lock);
        packed->busy--;
        if (code != STATUS_OK && packed->failure.code == STATUS_OK)
            packed->failure = failure;
    }
    pthread_cond_broadcast(&packed->changed);
    while (packed->busy > 0)
        pthread_cond_wait(&packed->changed, &packed->lock);
    if (packed->failure.code != STATUS_OK)
        *error = packed->failure;
    return packed->failure.code;
}

status numbers_make(struct fused *fused, struct packed_weights *packed, struct error *error)
{
    if (packed)
        share_add(&packed->shares);
    else if (!(packed = packed_weights_new()))
        return error_memory(error);
    fused->packed = packed;
    pthread_mutex_lock(&packed->lock);
    status code = make_room(packed, fused, error);
    if (code == STATUS_OK)
        code = pack_together(packed, fused, error);
    pthread_mutex_unlock(&packed->lock);
    for (int s = 0; s < fused->step_count && code == STATUS_OK; s++)
        if (fused->steps[s].unit)
            fused->steps[s].unit->numbers = &packed->items[s];
    return code;
}

struct packed_weights *packed_weights_new(void)
{
    struct packed_weights *packed = mem_new(1, sizeof *packed);
    if (!packed)
        return NULL;
    pthread_mutex_init(&packed->lock, NULL); /* with default attributes these cannot fail on Linux */
    pthread_cond_init(&packed->changed, NULL);
    return packed;
}

void packed_weights_release(struct packed_weights *packed)
{
    if (!packed || !share_drop(&packed->shares))
        return;
    for (int s = 0; s < packed->count; s++)
        numbers_free(&packed->items[s]);
    pthread_cond_destroy(&packed->changed);
    pthread_mutex_destroy(&packed->lock);
    mem_free(packed->items);
    mem_free(packed);
}
