/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BatchNormalization in training mode (nn/operator/batch_norm.h): the halves of steps that have one.
 *
 * Forward, a layer stops behind its convolution, whose sums are in memory, and goes on with its tail, as one
 * without a convolution does. Backward, it stops behind its tail's gradient, and goes on with the
 * normalisation's, then the convolution's. */
#include "nn/fused/internal.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/blocked/blocked.h"
#include "nn/blocked/blocked_layer.h"
#include "nn/execution/execution.h"
#include "nn/execution/times.h"
#include "nn/operator/batch_norm.h"

static size_t padded(const struct batch_norm *norm)
{
    return (size_t)blocked_blocks((int)norm->channels) * LANES;
}

int fused_norm(const struct engine *engine, int index)
{
    const struct fused *fused = (const struct fused *)engine;
    const struct fused_step *step = &fused->steps[index];
    if (!engine->norm_of)
        return NOTHING;
    if (step->layer)
        return step->layer->batch_norm;
    return step->kind == &kind_plain ? engine->norm_of[step->plan_step] : NOTHING;
}

static status connect(struct fused *fused, struct fused_layer *layer, struct error *error)
{
    const size_t channels = padded(&fused->engine.norms[layer->batch_norm]);
    layer->batch = mem_aligned(channels, BATCH_ROWS * sizeof *layer->batch);
    layer->batch_sums = mem_aligned(channels, 2 * sizeof *layer->batch_sums);
    if (!layer->batch || !layer->batch_sums)
        return error_memory(error);
    fused->engine.bytes += channels * (BATCH_ROWS * sizeof(float) + 2 * sizeof(double));
    layer->center = layer->batch + BATCH_CENTER * channels;
    return STATUS_OK;
}

status batch_norms_connect(struct fused *fused, struct error *error)
{
    for (int s = 0; s < fused->step_count; s++) {
        struct fused_layer *layer = fused->steps[s].layer;
        if (layer && layer->batch_norm != NOTHING && connect(fused, layer, error))
            return error->code;
    }
    return STATUS_OK;
}

static const struct batch_norm *norm_of(const struct fused *fused, const struct fused_layer *layer)
{
    return &fused->engine.norms[layer->batch_norm];
}

static float *row_of(const struct fused *fused, const struct fused_layer *layer, int row)
{
    return layer->batch + (size_t)row * padded(norm_of(fused, layer));
}

const float *layer_scale(const struct fused *fused, const struct fused_layer *layer)
{
    if (layer->norm_step == NOTHING)
        return NULL;
    return layer->batch_norm != NOTHING ? row_of(fused, layer, BATCH_SCALE) : layer->parameters->scale;
}

const float *layer_shift(const struct fused *fused, const struct fused_layer *layer)
{
    if (layer->norm_step == NOTHING)
        return NULL;
    return layer->batch_norm != NOTHING ? row_of(fused, layer, BATCH_SHIFT) : layer->parameters->shift;
}

/* --- layers --------------------------------------------------------------------------------------------- */

/* A number near the mean of each channel, from a few positions of the first image: squares of x - center keep
 * the digits that those of x would lose. */
static void find_center(const struct fused_value *value, const float *y, float *center)
{
    enum { LOOKED_AT = 16 };
    const int positions = value_positions(value), stride = (positions + LOOKED_AT - 1) / LOOKED_AT;
    const int count = (positions + stride - 1) / stride;
    for (int block = 0; block < blocked_blocks(value->channels); block++, y += (size_t)positions * LANES)
        for (int lane = 0; lane < LANES; lane++) {
            double sum = 0;
            for (int i = 0; i < positions; i += stride)
                sum += (double)y[(size_t)i * LANES + (size_t)lane];
            center[block * LANES + lane] = (float)(sum / count);
        }
}

static void forward_before(struct fused *fused, const struct fused_step *step)
{
    const struct fused_layer *layer = step->layer;
    const struct batch_norm *norm = norm_of(fused, layer);
    const struct fused_value *linear = &fused->values[layer->linear];
    float *y = value_data(fused, layer->linear, FORM_BLOCKED);
    if (layer->convolution) {
        const struct blocked_epilogue epilogue = {.bias = layer->biased ? layer->parameters->bias : NULL,
                                                  .out = y};
        layer->family->run(&layer->forward, layer->parameters->weights,
                           value_data(fused, step->input, step->from), &epilogue, fused->workspace);
    }
    float *center = row_of(fused, layer, BATCH_CENTER);
    find_center(linear, y, center);
    fused->kernels->layer->moments((int)fused->engine.present, linear->channels, value_positions(linear), y,
                                   center, layer->batch_sums);
    for (int64_t c = 0; c < norm->channels; c++) {
        /* Sums of x - center + e from those of x - center. */
        const double e = (double)center[c] - norm->center[c], sum = layer->batch_sums[c];
        const double count = (double)fused->engine.present * value_positions(linear);
        fused->engine.norm_sums[c] = sum + count * e;
        fused->engine.norm_sums[norm->channels + c] =
            layer->batch_sums[padded(norm) + (size_t)c] + e * (2 * sum + count * e);
    }
}

/* h, of y and what the batch says. */
static void run_tail(struct fused *fused, const struct fused_step *step, float *to)
{
    const struct fused_layer *layer = step->layer;
    const struct fused_value *out = &fused->values[step->output];
    const struct blocked_epilogue epilogue = {
        .scale = row_of(fused, layer, BATCH_SCALE),
        .shift = row_of(fused, layer, BATCH_SHIFT),
        .residual = value_data(fused, layer->residual, FORM_BLOCKED),
        .relu = layer->relu,
        .ceiling = layer->ceiling,
        .out = to,
    };
    fused->kernels->layer->tail(fused->images, out->channels, value_positions(out),
                                value_data(fused, layer->linear, FORM_BLOCKED), &epilogue);
}

static void forward_behind(struct fused *fused, const struct fused_step *step)
{
    struct fused_layer *layer = step->layer;
    const struct batch_norm *norm = norm_of(fused, layer);
    const struct operand *inputs = fused->engine.steps[layer->norm_step].inputs;
    const float *gamma = inputs[1].data, *beta = inputs[2].data;
    float *scale = row_of(fused, layer, BATCH_SCALE), *shift = row_of(fused, layer, BATCH_SHIFT);
    for (int64_t c = 0; c < norm->channels; c++) {
        const double factor = (double)gamma[c] * norm->inverse[c];
        scale[c] = (float)factor;
        shift[c] = (float)((double)beta[c] - factor * norm->mean[c]);
        layer->center[c] = (float)norm->mean[c]; /* of the sums on the way back */
    }
    run_tail(fused, step, value_data(fused, step->output, FORM_BLOCKED));
}

bool batch_norm_remakes(const struct fused *fused, const struct fused_step *step)
{
    const struct fused_layer *layer = step->layer;
    const struct fused_value *out = &fused->values[step->output];
    return layer && layer->batch_norm != NOTHING && layer->residual == NOTHING && !out->pinned &&
           !out->watched && step->output != fused->engine.output;
}

void batch_norm_remake(struct fused *fused, const struct fused_step *step)
{
    run_tail(fused, step, region_data(fused, fused->values[step->output].again));
}

/* From sums per image around the rounded mean. */
static void add_up_sums(const struct fused *fused, const struct fused_layer *layer)
{
    const struct batch_norm *norm = norm_of(fused, layer);
    const size_t stride = padded(norm);
    double *sums = fused->engine.norm_sums;
    memset(sums, 0, 2 * (size_t)norm->channels * sizeof *sums);
    for (int n = 0; n < fused->images; n++) {
        const double *from = fused->sums + (size_t)n * TAIL_SUMS * stride;
        for (int64_t c = 0; c < norm->channels; c++) {
            sums[c] += from[c];
            sums[norm->channels + c] +=
                from[stride + (size_t)c] + ((double)layer->center[c] - norm->mean[c]) * from[c];
        }
    }
}

static void backward_before(struct fused *fused, const struct fused_step *step)
{
    if (!step->layer->tail_in_consumer)
        layer_tail_gradient(fused, step);
    add_up_sums(fused, step->layer);
}

/* delta, and of a layer without a convolution x's gradient, from g. */
static void backward_behind(struct fused *fused, const struct fused_step *step)
{
    const struct fused_layer *layer = step->layer;
    const struct batch_norm *norm = norm_of(fused, layer);
    const struct fused_value *out = &fused->values[step->output];
    const float *gamma = fused->engine.steps[layer->norm_step].inputs[1].data;
    const int to = layer->convolution ? layer->delta : layer->to_input;
    float *factors = row_of(fused, layer, BATCH_FACTORS);
    const size_t row = padded(norm);
    for (int64_t c = 0; c < norm->channels; c++) {
        const double factor = (double)gamma[c] * norm->inverse[c];
        factors[c] = (float)factor;
        factors[row + (size_t)c] = (float)(-factor * norm->product[c]);
        factors[2 * row + (size_t)c] = (float)(factor * (norm->mean[c] * norm->product[c] - norm->delta[c]));
    }
    const struct norm_gradient gradient = {.images = (int)fused->engine.present,
                                           .channels = out->channels,
                                           .positions = value_positions(out),
                                           .gradient = region_data(fused, layer->delta),
                                           .linear = value_data(fused, layer->linear, FORM_BLOCKED),
                                           .factors = factors,
                                           .out = region_data(fused, to),
                                           .add = !layer->convolution && layer->input_add};
    if (to != NOTHING)
        fused->kernels->layer->norm_gradient(&gradient);
    if (to != NOTHING && !layer->convolution && !layer->input_add && gradient.images < fused->images) {
        const size_t floats = value_image_floats(&fused->values[step->input]);
        memset(gradient.out + (size_t)gradient.images * floats, 0,
               (size_t)(fused->images - gradient.images) * floats * sizeof(float));
    }
    layer_convolution_backward(fused, step);
}

/* --- any step ------------------------------------------------------------------------------------------- */

static void run_forward_half(struct fused *fused, const struct fused_step *step, enum step_half half)
{
    const struct engine *engine = &fused->engine;
    if (step->layer) {
        (half == HALF_BEFORE ? forward_before : forward_behind)(fused, step);
        return;
    }
    const struct kernel_call *call = &engine->steps[step->plan_step].call;
    const struct batch_norm *norm = &engine->norms[engine->norm_of[step->plan_step]];
    if (half == HALF_BEFORE)
        batch_norm_moments(call, norm, engine->present, engine->norm_sums);
    else
        batch_norm_apply(call, norm);
}

static void run_backward_half(struct fused *fused, const struct fused_step *step, enum step_half half)
{
    const struct engine *engine = &fused->engine;
    const struct batch_norm *norm = &engine->norms[fused_norm(engine, step->index)];
    if (half == HALF_BEFORE)
        fused_begin_backward(fused, step);
    if (!step->backward) {
        memset(engine->norm_sums, 0, 2 * (size_t)norm->channels * sizeof *engine->norm_sums);
        return;
    }
    if (step->layer) {
        (half == HALF_BEFORE ? backward_before : backward_behind)(fused, step);
        return;
    }
    const struct kernel_call *call = &engine->steps[step->plan_step].call;
    if (half == HALF_BEFORE)
        batch_norm_gradient_sums(call, norm, engine->present, engine->norm_sums);
    else
        batch_norm_gradient(call, norm, engine->present);
}

void fused_run_half(struct fused *fused, enum direction direction, int index, enum step_half half)
{
    const struct fused_step *step = &fused->steps[index];
    (direction == FORWARD_PASS ? run_forward_half : run_backward_half)(fused, step, half);
}
