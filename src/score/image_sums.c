/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of one image. */
#include "score/image_sums.h"

#include <math.h>
#include "base/memory.h"
#include "base/status.h"
#include "nn/execution/probe.h"
#include "score/layer.h"

/* dL/dy over delta, and where y is measured from. */
static bool take_norm(struct image_sums *sums, int index)
{
    const struct graph *graph = sums->pass->graph;
    const struct layer *layer = &sums->pass->layers->items[index];
    double *scale = layer_parameter(graph, layer, layer->scale);
    double *var = layer_parameter(graph, layer, layer->var);
    const bool complete = scale && var;
    for (int64_t c = 0; complete && c < layer->channels; c++)
        scale[c] = sums->pass->training ? 0.0 : scale[c] / sqrt(var[c] + layer->epsilon);
    mem_free(var);
    sums->factor[index] = scale;
    sums->mean[index] = layer_parameter(graph, layer, layer->mean);
    return complete && sums->mean[index];
}

static bool take_layer(struct image_sums *sums, int index)
{
    const struct layer *layer = &sums->pass->layers->items[index];
    if (layer->norm_node >= 0 && !take_norm(sums, index))
        return false;
    if (!sums->filters)
        return true;
    sums->filters[index] = layer_filters(sums->pass->graph, layer);
    return sums->filters[index] != NULL;
}

status image_sums_init(struct image_sums *sums, const struct score_pass *pass, const bool *probed,
                       struct error *error)
{
    const struct layers *layers = pass->layers;
    const size_t count = (size_t)layers->count;
    const bool squares = pass->needs & NEED_WEIGHT_SQUARES;
    int64_t most = 1;
    *sums = (struct image_sums){.pass = pass};
    sums->factor = mem_new(count, sizeof *sums->factor);
    sums->mean = mem_new(count, sizeof *sums->mean);
    sums->filters = squares ? mem_new(count, sizeof *sums->filters) : NULL;
    bool complete = sums->factor && sums->mean && !squares == !sums->filters;
    for (int i = 0; complete && i < layers->count; i++) {
        most = layers->items[i].channels > most ? layers->items[i].channels : most;
        complete = !probed[i] || take_layer(sums, i);
    }
    sums->values = mem_new((size_t)most, sizeof *sums->values);
    return complete && sums->values ? STATUS_OK : error_memory(error);
}

static void free_rows(double **rows, int count)
{
    for (int i = 0; rows && i < count; i++)
        mem_free(rows[i]);
    mem_free(rows);
}

void image_sums_free(struct image_sums *sums)
{
    const int count = sums->pass ? sums->pass->layers->count : 0;
    free_rows(sums->factor, count);
    free_rows(sums->mean, count);
    free_rows(sums->filters, count);
    mem_free(sums->values);
    *sums = (struct image_sums){0};
}

const double *image_filter_products(struct image_sums *sums, int layer, const double *probe)
{
    const int64_t channels = sums->pass->layers->items[layer].channels;
    const double *delta = probe + PROBE_DELTA * channels, *centered = probe + PROBE_DELTA_CENTERED * channels;
    const double *factor = sums->factor[layer], *mean = sums->mean[layer];
    if (!factor)
        return probe + PROBE_GATE * channels;
    for (int64_t c = 0; c < channels; c++)
        sums->values[c] = factor[c] * (centered[c] + mean[c] * delta[c]);
    return sums->values;
}

static double square_of(const double *filter, const struct operand *gradient, int64_t at, int64_t count)
{
    const float *single = gradient->data;
    const double *real = gradient->data;
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) {
        const double product =
            filter[i] * (gradient->type == ELEMENT_FLOAT ? (double)single[at + i] : real[at + i]);
        sum += product * product;
    }
    return sum;
}

const double *image_weight_squares(struct image_sums *sums, int layer, const struct operand *gradient)
{
    const struct layer *item = &sums->pass->layers->items[layer];
    const int64_t length = item->filter_length, run = item->places.elements;
    for (int64_t c = 0; c < item->channels; c++) {
        const double *filter = sums->filters[layer] + c * length;
        sums->values[c] = 0.0;
        for (int64_t k = 0; k < length; k += run)
            sums->values[c] += square_of(filter + k, gradient, filter_place(&item->places, c, k),
                                         length - k < run ? length - k : run);
    }
    return sums->values;
}
