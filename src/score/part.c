/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums over parts of weights. */
#include "score/part.h"

#include <math.h>
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/tensor.h"
#include "score/geometric_median.h"

const char *part_kind_name(enum part_kind kind)
{
    static const char *const names[] = {"filter", "scale", "column"};
    return names[kind];
}

bool part_needs_gradients(const struct part_measure *measure)
{
    return measure->term == PART_PRODUCT || measure->term == PART_ABSOLUTE_PRODUCT ||
           measure->term == PART_SQUARED_PRODUCT;
}

double part_finished(const struct part_measure *measure, bool powers, double sum)
{
    return measure->finish == PART_SIZE              ? fabs(sum)
           : measure->finish == PART_ROOT && !powers ? sqrt(sum)
                                                     : sum;
}

/* --- from weights --------------------------------------------------------------------------------------- */

static double weight_term(enum part_term term, double weight)
{
    return term == PART_ABSOLUTE ? fabs(weight) : weight * weight;
}

/* Filters and columns alike: every element goes to its filter, or to the input channel that it meets. */
static status weight_sums(const struct part_source *source, enum part_term term, enum part_kind kind,
                          double *sums, struct error *error)
{
    const struct layer *layer = source->layer;
    const int64_t taps = layer_taps(layer);
    double *filter = mem_new((size_t)layer->filter_length, sizeof *filter);
    status code = filter ? STATUS_OK : error_memory(error);
    for (int64_t i = 0; i < source->count; i++)
        sums[i] = 0.0;
    for (int64_t c = 0; code == STATUS_OK && c < layer->channels; c++) {
        const int64_t first = layer_first_input(layer, c);
        layer_filter(source->graph, layer, c, filter);
        for (int64_t k = 0; k < layer->filter_length; k++)
            sums[kind == PART_FILTER ? c : first + k / taps] += weight_term(term, filter[k]);
        code = progress_check(error);
    }
    mem_free(filter);
    return code;
}

static double scale_at(const struct part_source *source, int64_t c)
{
    const struct tensor *scale = source->graph->values[source->scale].constant;
    return tensor_get(scale, shape_elements(&scale->shape) == 1 ? 0 : c);
}

/* --- distances ------------------------------------------------------------------------------------------ */

/* All columns of a layer, input_channels x (elements that meet one), in the order of filters. */
static double *layer_columns(const struct graph *graph, const struct layer *layer)
{
    const int64_t taps = layer_taps(layer), together = layer->channels / layer->groups;
    const int64_t length = together * taps;
    double *columns = mem_new((size_t)layer->input_channels, (size_t)length * sizeof *columns);
    double *filter = mem_new((size_t)layer->filter_length, sizeof *filter);
    for (int64_t c = 0; columns && filter && c < layer->channels; c++) {
        layer_filter(graph, layer, c, filter);
        for (int64_t k = 0; k < layer->filter_length; k++)
            columns[(layer_first_input(layer, c) + k / taps) * length + c % together * taps + k % taps] =
                filter[k];
    }
    if (!filter) {
        mem_free(columns);
        columns = NULL;
    }
    mem_free(filter);
    return columns;
}

static status distances(const struct part_source *source, enum part_kind kind, bool squares, double *sums,
                        struct error *error)
{
    const struct layer *layer = source->layer;
    const int64_t elements = layer->channels * layer->filter_length;
    double *points =
        kind == PART_FILTER ? layer_filters(source->graph, layer) : layer_columns(source->graph, layer);
    if (!points)
        return error_memory(error);
    for (int64_t i = 0; squares && i < elements; i++)
        points[i] *= points[i];
    status code = geometric_median(points, source->count, elements / source->count, sums, error);
    mem_free(points);
    return code;
}

/* --- from gradients ------------------------------------------------------------------------------------- */

/* Sums that the pass has of a term; NULL: none. */
static const double *pass_sums(const struct layer_statistics *statistics, enum part_term term,
                               enum part_kind kind)
{
    const struct column_statistics *columns = &statistics->columns;
    const bool column = kind == PART_COLUMN;
    switch (term) {
    case PART_PRODUCT:
        return column ? columns->dot : statistics->weight_dot;
    case PART_ABSOLUTE_PRODUCT:
        return column ? columns->absolute : statistics->weight_abs;
    default:
        return column ? columns->squared : statistics->product_squared;
    }
}

/* A scale is one element: w*g alone says all. dL/dscale = r * Sd (reductions.md, C). */
static void scale_products(const struct part_source *source, enum part_term term, double *sums)
{
    const struct layer *layer = source->layer;
    const struct tensor *var = source->graph->values[layer->var].constant;
    for (int64_t c = 0; c < source->count; c++) {
        const double r = 1.0 / sqrt(tensor_get(var, c) + layer->epsilon);
        const double gradient = r * source->statistics->delta_centered[c] / (double)source->images;
        const double product = scale_at(source, c) * gradient;
        sums[c] = term == PART_PRODUCT            ? product
                  : term == PART_ABSOLUTE_PRODUCT ? fabs(product)
                                                  : product * product;
    }
}

static status products(const struct part_source *source, enum part_term term, enum part_kind kind,
                       double *sums, struct error *error)
{
    const double images = (double)source->images;
    const double unit = term == PART_SQUARED_PRODUCT ? images * images : images;
    const bool weights = kind != PART_SCALE;
    const double *from = source->statistics && weights ? pass_sums(source->statistics, term, kind) : NULL;
    if (!source->statistics || (weights ? !from : !source->statistics->delta_centered))
        return error_set(error, STATUS_STATE, "%s scores need %s, which no pass has computed%s",
                         part_kind_name(kind), weights ? "weight gradients" : "gradients",
                         weights ? ": 'score taylor:weight' does" : "");
    if (!weights)
        scale_products(source, term, sums);
    for (int64_t i = 0; weights && i < source->count; i++)
        sums[i] = from[i] / unit;
    return STATUS_OK;
}

status part_sums(const struct part_source *source, const struct part_measure *measure, enum part_kind kind,
                 bool squares, double *sums, struct error *error)
{
    if (part_needs_gradients(measure))
        return products(source, measure->term, kind, sums, error);
    if (measure->term == PART_DISTANCE)
        return distances(source, kind, squares, sums, error);
    if (kind != PART_SCALE)
        return weight_sums(source, measure->term, kind, sums, error);
    for (int64_t c = 0; c < source->count; c++)
        sums[c] = weight_term(measure->term, scale_at(source, c));
    return STATUS_OK;
}
