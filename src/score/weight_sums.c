/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "score/weight_sums.h"

#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/rows.h"
#include "score/criteria.h"

enum product_sum { PRODUCT_DOT, PRODUCT_ABSOLUTE, PRODUCT_SQUARED, GRADIENT_SQUARED, PRODUCT_SUMS };

typedef long long lanes_bits __attribute__((vector_size(32)));
#define LANES_ABSOLUTE(x) ((lanes_double)((lanes_bits)(x)&0x7fffffffffffffffLL))

#define KERNELS "score/weight_sums_kernels.h"
#include "nn/operator/typed.h"

struct weight_work {
    const struct layer *layer;
    const struct tensor *weight;
    const struct weight_gradient *gradient;
    double *filters[PRODUCT_SUMS]; /* C each; NULL: not wanted */
    double *columns[PRODUCT_SUMS]; /* one for each input channel, likewise; of gradients always NULL */
};

static void sum_run(const struct weight_work *work, int64_t at, int64_t count, double sums[PRODUCT_SUMS])
{
    const double *all = work->gradient->all + at, *less = work->gradient->less;
    if (work->weight->type == ELEMENT_FLOAT)
        sum_run_float((const float *)work->weight->data + at, all, less ? less + at : NULL, count, sums);
    else
        sum_run_double((const double *)work->weight->data + at, all, less ? less + at : NULL, count, sums);
}

static void spread_run(const struct weight_work *work, int64_t at, int64_t count,
                       double *const arrays[PRODUCT_SUMS], int64_t to)
{
    const double *all = work->gradient->all + at, *less = work->gradient->less;
    double *moved[PRODUCT_SUMS];
    for (int k = 0; k < PRODUCT_SUMS; k++)
        moved[k] = arrays[k] ? arrays[k] + to : NULL;
    if (work->weight->type == ELEMENT_FLOAT)
        spread_run_float((const float *)work->weight->data + at, all, less ? less + at : NULL, count, moved);
    else
        spread_run_double((const double *)work->weight->data + at, all, less ? less + at : NULL, count,
                          moved);
}

static void add_sums(double *const arrays[PRODUCT_SUMS], int64_t to, const double sums[PRODUCT_SUMS])
{
    for (int k = 0; k < PRODUCT_SUMS; k++)
        if (arrays[k])
            arrays[k][to] += sums[k];
}

/* `count` filters with one element each, side by side: they read the same input channel. */
static void add_row(const struct weight_work *work, int64_t at, int64_t first, int64_t count, int64_t input)
{
    double sums[PRODUCT_SUMS];
    if (work->filters[PRODUCT_DOT])
        spread_run(work, at, count, work->filters, first);
    if (!work->columns[PRODUCT_DOT])
        return;
    sum_run(work, at, count, sums);
    add_sums(work->columns, input, sums);
}

/* Elements k to k + count - 1 of a filter, side by side: input channels, each with its taps. */
static void add_elements(const struct weight_work *work, int64_t at, int64_t c, int64_t k, int64_t count)
{
    const int64_t taps = layer_taps(work->layer), input = layer_first_input(work->layer, c) + k / taps;
    const bool apart = taps > 1 && work->columns[PRODUCT_DOT];
    double sums[PRODUCT_SUMS];
    for (int64_t i = 0; i < count; i += apart ? taps : count) {
        sum_run(work, at + i, apart ? taps : count, sums);
        add_sums(work->filters, c, sums);
        if (apart)
            add_sums(work->columns, input + i / taps, sums);
    }
    if (!apart && work->columns[PRODUCT_DOT])
        spread_run(work, at, count, work->columns, input);
}

/* In the order in which the weight lies: runs of elements outside, filters inside. */
static void add_all(const struct weight_work *work)
{
    const struct layer *layer = work->layer;
    const struct filter_places *places = &layer->places;
    const int64_t length = layer->filter_length, run = places->elements;
    const bool rows = places->channel_step == 1 && places->channels <= layer->channels / layer->groups;
    for (int64_t first = 0; first < layer->channels; first += places->channels)
        for (int64_t k = 0; k < length; k += run) {
            const int64_t at = filter_place(places, first, k), count = length - k < run ? length - k : run;
            if (count == 1 && rows) {
                add_row(work, at, first, places->channels, layer_first_input(layer, first) + k);
                continue;
            }
            for (int64_t c = 0; c < places->channels; c++)
                add_elements(work, at + c * places->channel_step, first + c, k, count);
        }
}

/* The length of a gradient whose squares are too small or too large to be summed. */
static double careful_norm(const struct weight_work *work, int64_t channel, double *gradient)
{
    const double *all = work->gradient->all, *less = work->gradient->less;
    for (int64_t k = 0; k < work->layer->filter_length; k++) {
        const int64_t at = filter_place(&work->layer->places, channel, k);
        gradient[k] = less ? all[at] - less[at] : all[at];
    }
    return vector_norm(gradient, work->layer->filter_length);
}

static bool take_roots(const struct weight_work *work, double *squares)
{
    double *gradient = mem_new((size_t)work->layer->filter_length, sizeof *gradient);
    for (int64_t c = 0; gradient && c < work->layer->channels; c++)
        squares[c] =
            squares[c] > 1e-280 && isfinite(squares[c]) ? sqrt(squares[c]) : careful_norm(work, c, gradient);
    mem_free(gradient);
    return gradient != NULL;
}

status weight_sums(const struct graph *graph, const struct layer *layer,
                   const struct weight_gradient *gradient, struct layer_statistics *sums, struct error *error)
{
    const struct column_statistics *columns = &sums->columns;
    const struct weight_work work = {
        .layer = layer,
        .weight = graph->values[layer->weight].constant,
        .gradient = gradient,
        .filters = {sums->weight_dot, sums->weight_abs, sums->product_squared, sums->gradient_norm},
        .columns = {columns->dot, columns->absolute, columns->squared, NULL},
    };
    add_all(&work);
    return !sums->gradient_norm || take_roots(&work, sums->gradient_norm) ? STATUS_OK : error_memory(error);
}
