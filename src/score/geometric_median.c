/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distances between all filters of a layer through one symmetric product.
 *
 * d(i,j)^2 = n_i + n_j - 2 <F_i, F_j> cancels when filters are close to each other but far from the origin.
 * Distances do not change when the mean filter is subtracted, which takes away the common part; what is still
 * close is computed directly. */
#include "score/geometric_median.h"

#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "nn/operator/matrix.h"
#include "score/cosine.h"
#include "score/criteria.h"
#include "score/criterion_options.h"
#include "score/layer.h"
#include "score/part.h"
#include "score/score.h"

/* Columns that are centred and multiplied at a time, so no second copy of all filters: at most so many, and
 * fewer where a panel's product would take so many multiply-adds, for between panels it is asked whether the
 * work is cancelled. */
enum { PANEL = 512, PANEL_LEAST = 16 };
static const int64_t panel_work = INT64_C(1) << 30;

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
    double most = 0.0;
    for (size_t i = 0; i < elements; i++) {
        if (!isfinite(filters[i])) {
            return error_set(error, STATUS_NAN, "a weight is not a finite number");
        }
        const double size = fabs(filters[i]);
        most = size > most ? size : most;
    }
    *largest = most;
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

static int64_t panel_width(const struct distances *d)
{
    int64_t width = panel_work / (d->count * d->count);
    return width > PANEL ? PANEL : width < PANEL_LEAST ? PANEL_LEAST : width;
}

static status gram_of_centred(const struct distances *d, struct error *error)
{
    int64_t most = panel_width(d);
    for (int64_t first = 0; first < d->length; first += most) {
        int64_t width = d->length - first < most ? d->length - first : most;
        if (progress_check(error) != STATUS_OK) {
            return error->code;
        }
        centre_panel(d, first, width);
        matrix_gram((int)d->count, (int)width, d->panel, first > 0, d->gram);
    }
    return STATUS_OK;
}

/* Pairs that are computed directly between two looks whether the work is cancelled. */
enum { DIRECT_PER_POLL = 64 };

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

static status sum_distances(const struct distances *d, double *scores, struct error *error)
{
    int64_t direct = 0;
    memset(scores, 0, (size_t)d->count * sizeof *scores);
    for (int64_t i = 0; i < d->count; i++) {
        if (progress_check(error) != STATUS_OK) {
            return error->code;
        }
        for (int64_t j = 0; j < i; j++) {
            double lengths = d->gram[i * d->count + i] + d->gram[j * d->count + j];
            double square = lengths - 2.0 * d->gram[i * d->count + j];
            if (square < close_share * lengths) {
                if (direct++ % DIRECT_PER_POLL == 0 && progress_check(error) != STATUS_OK) {
                    return error->code;
                }
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
    return STATUS_OK;
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
    double largest = 0.0;
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
    d.panel = mem_aligned((size_t)count, PANEL * sizeof *d.panel);
    d.gram = mem_aligned(squares, sizeof *d.gram);
    if (!d.panel || !d.gram) {
        code = error_memory(error);
    } else {
        code = gram_of_centred(&d, error);
        if (code == STATUS_OK) {
            code = sum_distances(&d, scores, error);
        }
    }
    mem_free(d.panel);
    mem_free(d.gram);
    return code;
}

static status score_euclidean(const struct criterion_input *input, double *scores, struct error *error)
{
    double *filters = layer_filters(input->graph, input->layer);
    if (!filters) {
        return error_memory(error);
    }
    status code =
        geometric_median(filters, input->layer->channels, input->layer->filter_length, scores, error);
    mem_free(filters);
    return code;
}

/* A filter of zeros points nowhere and goes first. */
static status score_cosine(const struct criterion_input *input, double *scores, struct error *error)
{
    const int64_t count = input->layer->channels;
    struct filter_angles angles;
    status code = filter_angles_find(input, &angles, error);
    for (int64_t i = 0; code == STATUS_OK && i < count; i++) {
        scores[i] = 0.0;
        for (int64_t j = 0; angles.length[i] != 0.0 && j < count; j++)
            scores[i] += 1.0 - angles.cosine[i * count + j];
    }
    filter_angles_free(&angles);
    return code;
}

static const struct {
    const char *name, *help;
    status (*score)(const struct criterion_input *input, double *scores, struct error *error);
} distances_of[] = {
    [DISTANCE_EUCLIDEAN] = {"euclidean", "||F_i - F_j||", score_euclidean},
    [DISTANCE_COSINE] =
        {"cosine", "1 - cos(F_i, F_j): the length of a filter does not count; a filter of zeros goes first",
         score_cosine},
};

const char *filter_distance_name(int index)
{
    return index >= 0 && index < (int)(sizeof distances_of / sizeof *distances_of) ? distances_of[index].name
                                                                                   : NULL;
}

static const char *distance_help(int index)
{
    return filter_distance_name(index) ? distances_of[index].help : NULL;
}

static status score_geomedian(const struct criterion_input *input, double *scores,
                              struct criterion_report *report, struct error *error)
{
    (void)report;
    return distances_of[input->options->distance].score(input, scores, error);
}

static const struct criterion_variant variants[] = {
    {.option = CRITERION_DISTANCE, .what = "a distance", .name = filter_distance_name, .help = distance_help},
    {0},
};

/* Angles are between filters only. */
static struct part_measure part_of(const struct criterion_options *options)
{
    return options->distance == DISTANCE_EUCLIDEAN
               ? (struct part_measure){PART_DISTANCE, PART_SUM, PART_FILTERS | PART_COLUMNS}
               : (struct part_measure){0};
}

const struct criterion criterion_geomedian = {
    .name = "geomedian",
    .title = "Geometric median",
    .help =
        "sum over j of ||F_i - F_j||: distance of a filter from all others of its layer; geomedian:cosine "
        "takes 1 - cos(F_i, F_j) for the distance",
    .paper = "arXiv 1811.00250",
    .headline = true,
    .spread = true,
    .options = CRITERION_DISTANCE,
    .variants = variants,
    .fixed_needs = NEED_WEIGHTS,
    .part_of = part_of,
    .score = score_geomedian,
};
