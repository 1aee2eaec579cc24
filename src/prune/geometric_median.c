/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distances between all filters of a layer through one symmetric product.
 *
 * d(i,j)^2 = n_i + n_j - 2 <F_i, F_j> cancels when filters are close to each other but far from the origin.
 * Distances do not change when the mean filter is subtracted, which takes away the common part; what is still
 * close is computed directly. */
#include "prune/geometric_median.h"

#include <cblas.h>
#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "prune/criteria.h"

enum {
    PANEL = 512
}; /* columns that are centred and multiplied at a time, so no second copy of all filters */

/* Squared distances below this share of the squared lengths are computed from the differences. */
static const double close_share = 1e-6;

struct distances {
    const double *filters;
    int64_t count, length;
    double unit;   /* power of two that brings the largest weight near 1, so that no square overflows */
    double *panel; /* count x PANEL */
    double *gram;  /* count x count, lower triangle */
};

static status largest_weight(const double *filters, size_t elements, double *largest, struct error *error)
{
    *largest = 0.0;
    for (size_t i = 0; i < elements; i++) {
        if (!isfinite(filters[i])) {
            return error_set(error, STATUS_NAN, "a weight is not a finite number");
        }
        *largest = fmax(*largest, fabs(filters[i]));
    }
    return STATUS_OK;
}

/* Columns first..first+width-1 of all filters, scaled, less their mean, into the panel (row length `width`).
 */
static void centre_panel(const struct distances *d, int64_t first, int64_t width)
{
    double mean[PANEL] = {0.0};
    for (int64_t i = 0; i < d->count; i++) {
        for (int64_t k = 0; k < width; k++) {
            mean[k] += d->filters[i * d->length + first + k] * d->unit;
        }
    }
    for (int64_t k = 0; k < width; k++) {
        mean[k] /= (double)d->count;
    }
    for (int64_t i = 0; i < d->count; i++) {
        for (int64_t k = 0; k < width; k++) {
            d->panel[i * width + k] = d->filters[i * d->length + first + k] * d->unit - mean[k];
        }
    }
}

static void gram_of_centred(const struct distances *d)
{
    for (int64_t first = 0; first < d->length; first += PANEL) {
        int64_t width = d->length - first < PANEL ? d->length - first : PANEL;
        centre_panel(d, first, width);
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)d->count, (int)width, 1.0, d->panel,
                    (int)width, 1.0, d->gram, (int)d->count);
    }
}

static double direct_square(const struct distances *d, int64_t i, int64_t j)
{
    const double *a = d->filters + i * d->length, *b = d->filters + j * d->length;
    double sum = 0.0;
    for (int64_t k = 0; k < d->length; k++) {
        double difference = (a[k] - b[k]) * d->unit;
        sum += difference * difference;
    }
    return sum;
}

static void sum_distances(const struct distances *d, double *scores)
{
    memset(scores, 0, (size_t)d->count * sizeof *scores);
    for (int64_t i = 0; i < d->count; i++) {
        for (int64_t j = 0; j < i; j++) {
            double lengths = d->gram[i * d->count + i] + d->gram[j * d->count + j];
            double square = lengths - 2.0 * d->gram[i * d->count + j];
            if (square < close_share * lengths) {
                square = direct_square(d, i, j);
            }
            double distance = sqrt(square);
            scores[i] += distance;
            scores[j] += distance;
        }
    }
    for (int64_t i = 0; i < d->count; i++) {
        scores[i] /= d->unit;
    }
}

status geometric_median(const double *filters, int64_t count, int64_t length, double *scores,
                        struct error *error)
{
    size_t elements, squares;
    if (count < 1 || length < 0 || count > INT32_MAX ||
        !size_multiply((size_t)count, (size_t)length, &elements) ||
        !size_multiply((size_t)count, (size_t)count, &squares)) {
        return error_set(error, STATUS_RANGE, "%lld filters of %lld weights are out of range",
                         (long long)count, (long long)length);
    }
    double largest;
    status code = largest_weight(filters, elements, &largest, error);
    if (code != STATUS_OK) {
        return code;
    }
    int exponent = 0;
    frexp(largest, &exponent);
    /* the inverse of the smallest denormal number is no number */
    exponent = exponent < -1000 ? -1000 : exponent;
    struct distances d = {
        .filters = filters, .count = count, .length = length, .unit = ldexp(1.0, -exponent)};
    d.panel = mem_new((size_t)count, PANEL * sizeof *d.panel);
    d.gram = mem_new(squares, sizeof *d.gram);
    if (!d.panel || !d.gram) {
        code = error_memory(error);
    } else {
        gram_of_centred(&d);
        sum_distances(&d, scores);
    }
    mem_free(d.panel);
    mem_free(d.gram);
    return code;
}

static unsigned needs_weights(const struct layer *layer, const struct criterion_options *options)
{
    (void)layer;
    (void)options;
    return NEED_WEIGHTS;
}

static status score_geomedian(const struct criterion_input *input, double *scores,
                              struct criterion_report *report, struct error *error)
{
    (void)report;
    double *filters = layer_filters(input->graph, input->layer);
    if (!filters) {
        return error_memory(error);
    }
    status code =
        geometric_median(filters, input->layer->channels, input->layer->filter_length, scores, error);
    mem_free(filters);
    return code;
}

const struct criterion criterion_geomedian = {
    .name = "geomedian",
    .title = "Geometric median",
    .help = "sum over j of ||F_i - F_j||: distance of a filter from all others of its layer",
    .paper = "arXiv 1811.00250",
    .needs = needs_weights,
    .score = score_geomedian,
};
