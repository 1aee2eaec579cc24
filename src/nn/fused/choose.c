/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which kernels convolve a layer: the cheapest by a model of the time they take. It depends on the geometry,
 * the instruction set and `chosen_for` alone, never on a measurement, so that a network gives the same bits
 * in every run. */
#include "nn/fused/internal.h"

#include <math.h>
#include <string.h>

#include "nn/blocked/blocked.h"
#include "nn/operator/operator.h"

/* A family's share of the processor's peak in its products, and what its transforms cost for one input or
 * output number, in products of the same time. Measured with ResNet-56's, VGG-19's and ResNet-50's layers. */
struct family_cost {
    const char *name;
    double efficiency;
    int outputs;      /* m of Winograd's F(m x m, 3 x 3), else 0 */
    double transform; /* per number */
};

static const struct family_cost costs[] = {
    {"depthwise", 0.5, 0, 0}, {"pointwise", 0.75, 0, 0},  {"direct", 0.65, 0, 0},
    {"grouped", 0.6, 0, 0},   {"winograd2", 0.65, 2, 14}, {"winograd4", 0.65, 4, 14},
};

/* Weights beyond a core's cache come from memory for every micro-batch: products in the time of one number.
 */
static const double RESIDENT_WEIGHTS = 1 << 18, STREAM = 20;

static double stream_cost(const struct fused *fused, double weights)
{
    return weights > RESIDENT_WEIGHTS ? STREAM * weights / fused->chosen_for : 0;
}

static double positions(const struct blocked_convolution *g)
{
    return (double)g->out_height * (double)g->out_width;
}

/* Per image, in products at the peak. Channels count as whole blocks: that is what is multiplied. */
static double cost_of(const struct fused *fused, const struct family_cost *family,
                      const struct blocked_convolution *g)
{
    const double in = g->planar ? g->in_channels : blocked_blocks(g->in_channels) * LANES;
    const double out = blocked_blocks(g->out_channels) * LANES;
    const double taps = (double)g->kernel_height * (double)g->kernel_width;
    if (!family->outputs) {
        const double shared = g->transposed ? (double)g->stride_height * (double)g->stride_width : 1;
        const double weights = taps * out * (g->groups > 1 ? g->in_channels / g->groups : in);
        return positions(g) / shared * weights / family->efficiency + stream_cost(fused, weights);
    }
    const double tiles =
        ceil((double)g->out_height / family->outputs) * ceil((double)g->out_width / family->outputs);
    const double places = (double)((family->outputs + 2) * (family->outputs + 2));
    return tiles * places * (in * out / family->efficiency + family->transform * (in + out)) +
           stream_cost(fused, places * in * out);
}

static bool allowed(const struct fused *fused, const char *name)
{
    if (fused->choice == KERNEL_WINOGRAD)
        return strcmp(name, "winograd2") != 0;
    return fused->choice != KERNEL_DIRECT || strncmp(name, "winograd", strlen("winograd")) != 0;
}

const struct blocked_family *choose_family(const struct fused *fused,
                                           const struct blocked_convolution *geometry)
{
    const struct blocked_family *best = NULL;
    double least = INFINITY;
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
        const struct blocked_family *family = blocked_family_find(fused->kernels, costs[i].name);
        if (!family || !allowed(fused, costs[i].name) || !family->supports(geometry))
            continue;
        double cost = cost_of(fused, &costs[i], geometry);
        if (fused->choice == KERNEL_WINOGRAD && costs[i].outputs > 0)
            cost = 0; /* wherever it is possible */
        if (cost < least) {
            least = cost;
            best = family;
        }
    }
    return best;
}

bool convolution_fits(const struct fused *fused, const struct blocked_convolution *geometry)
{
    const struct blocked_convolution transposed = blocked_transposed(geometry);
    return choose_family(fused, geometry) && choose_family(fused, &transposed);
}
