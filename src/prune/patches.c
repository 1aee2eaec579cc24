/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Patches at positions by chance. */
#include "prune/patches.h"

#include "base/random.h"
#include "nn/graph/graph.h"
#include "nn/graph/op.h"
#include "nn/graph/tensor.h"
#include "nn/operator/convolution.h"
#include "nn/operator/window.h"

struct patches patches_of(const struct plan *plan, const struct layer *layer, int call)
{
    struct patches patches = {.width = layer->groups * layer->filter_length};
    const struct shape *shape = &plan->values[layer->calls[call].linear].shape;
    for (int i = 0; layer->kind != LAYER_LINEAR && i < plan->step_count; i++)
        if (plan->steps[i].node == layer->calls[call].node)
            patches.convolution = plan->steps[i].plan;
    patches.transposed = layer->node >= 0 && plan->graph->nodes[layer->node].op->flags & OPERATOR_TRANSPOSED;
    patches.features = layer->filter_length;
    patches.positions = shape_elements(shape) / layer->channels;
    return patches;
}

/* Input positions of all taps at one output position, -1 outside, through one channel after the other. */
static void convolution_row(const struct convolution *c, const double *image, int64_t position, double *row)
{
    const struct window *w = &c->window;
    const int64_t start[WINDOW_DIMENSIONS] = {
        position / (w->out[1] * w->out[2]) * w->stride[0] - w->before[0],
        position / w->out[2] % w->out[1] * w->stride[1] - w->before[1],
        position % w->out[2] * w->stride[2] - w->before[2],
    };
    for (int64_t channel = 0; channel < c->channels * c->groups; channel++)
        for (int64_t tap = 0; tap < c->kernel_elements; tap++) {
            const int64_t d = start[0] + tap / (w->kernel[1] * w->kernel[2]) * w->dilation[0];
            const int64_t y = start[1] + tap / w->kernel[2] % w->kernel[1] * w->dilation[1];
            const int64_t x = start[2] + tap % w->kernel[2] * w->dilation[2];
            const bool inside = d >= 0 && d < w->in[0] && y >= 0 && y < w->in[1] && x >= 0 && x < w->in[2];
            *row++ = inside ? image[channel * c->in_size + (d * w->in[1] + y) * w->in[2] + x] : 0;
        }
}

/* The output position of the transposed convolution that reads position `at` with tap `tap` along a
 * dimension; -1: none does. */
static int64_t reading(const struct window *w, int d, int64_t at, int64_t tap)
{
    const int64_t from = at + w->before[d] - tap * w->dilation[d];
    return from >= 0 && from % w->stride[d] == 0 && from / w->stride[d] < w->out[d] ? from / w->stride[d]
                                                                                    : -1;
}

/* The same of a transposed convolution: a position of its output is one that the convolution reads. */
static void transposed_row(const struct convolution *c, const double *image, int64_t position, double *row)
{
    const struct window *w = &c->window;
    const int64_t at[WINDOW_DIMENSIONS] = {position / (w->in[1] * w->in[2]), position / w->in[2] % w->in[1],
                                           position % w->in[2]};
    for (int64_t channel = 0; channel < c->filters * c->groups; channel++)
        for (int64_t tap = 0; tap < c->kernel_elements; tap++) {
            const int64_t d = reading(w, 0, at[0], tap / (w->kernel[1] * w->kernel[2]));
            const int64_t y = reading(w, 1, at[1], tap / w->kernel[2] % w->kernel[1]);
            const int64_t x = reading(w, 2, at[2], tap % w->kernel[2]);
            *row++ = d >= 0 && y >= 0 && x >= 0
                         ? image[channel * c->out_size + (d * w->out[1] + y) * w->out[2] + x]
                         : 0;
        }
}

void patch_row(const struct patches *patches, const double *image, int64_t position, double *row)
{
    if (patches->convolution != NULL && patches->transposed) {
        transposed_row(patches->convolution, image, position, row);
        return;
    }
    if (patches->convolution != NULL) {
        convolution_row(patches->convolution, image, position, row);
        return;
    }
    for (int64_t i = 0; i < patches->features; i++)
        row[i] = image[position * patches->features + i];
}

int64_t patch_positions(const struct patches *patches, uint64_t seed, int layer, int64_t image,
                        int64_t wanted, int64_t *positions)
{
    struct random_state random;
    if (patches->positions <= wanted) {
        for (int64_t i = 0; i < patches->positions; i++)
            positions[i] = i;
        return patches->positions;
    }
    random_seed(&random, seed, ((uint64_t)layer << 40) + (uint64_t)image);
    for (int64_t i = 0; i < wanted;) { /* Floyd's: the i-th of the last ones that are not taken */
        const int64_t last = patches->positions - wanted + i;
        int64_t drawn = (int64_t)random_below(&random, (uint64_t)last + 1);
        for (int64_t k = 0; k < i; k++)
            drawn = positions[k] == drawn ? last : drawn;
        positions[i++] = drawn;
    }
    return wanted;
}
