/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns of a score dump. */
#include "support/reference_columns.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

void check(status code, const struct error *error)
{
    if (code != STATUS_OK) {
        print_error("%s\n", error->message);
    }
    assert_int_equal(code, STATUS_OK);
}

static double *criterion_scores(const struct work *work, int layer, const char *name,
                                const struct criterion_options *options)
{
    struct error error = {0};
    struct scores *scores = NULL;
    check(scores_compute(work->graph, work->layers, criterion_find(name), options, work->statistics, NULL,
                         &scores, &error),
          &error);
    double *copy = mem_copy(scores->layer[layer], (size_t)work->layers->items[layer].channels * sizeof *copy);
    scores_free(scores);
    assert_non_null(copy);
    return copy;
}

static double *weights_column(const struct work *work, int layer, const char *criterion)
{
    struct criterion_options options = criterion_defaults();
    return criterion_scores(work, layer, criterion, &options);
}

static double *parameter_column(const struct work *work, int layer, int value)
{
    double *values = layer_parameter(work->graph, &work->layers->items[layer], value);
    assert_non_null(values);
    return values;
}

static double *column_l1(const struct work *work, int layer)
{
    return weights_column(work, layer, "l1");
}

static double *column_l2(const struct work *work, int layer)
{
    return weights_column(work, layer, "l2");
}

static double *column_median(const struct work *work, int layer)
{
    return weights_column(work, layer, "geomedian");
}

static double *column_scale(const struct work *work, int layer)
{
    return parameter_column(work, layer, work->layers->items[layer].scale);
}

static double *column_shift(const struct work *work, int layer)
{
    return parameter_column(work, layer, work->layers->items[layer].shift);
}

/* One array of the statistics, as a mean over images. */
static double *mean_column(const struct work *work, int layer, const double *sums)
{
    int64_t channels = work->layers->items[layer].channels;
    double *values = mem_new((size_t)channels, sizeof *values);
    assert_non_null(values);
    for (int64_t c = 0; c < channels; c++) {
        values[c] = sums[c] / (double)work->statistics->images;
    }
    return values;
}

static double *column_grad_scale(const struct work *work, int layer)
{
    const struct layer *item = &work->layers->items[layer];
    double *values = mean_column(work, layer, work->statistics->layers[layer].delta_centered);
    double *var = parameter_column(work, layer, item->var);
    for (int64_t c = 0; c < item->channels; c++) {
        values[c] /= sqrt(var[c] + item->epsilon);
    }
    mem_free(var);
    return values;
}

static double *column_grad_shift(const struct work *work, int layer)
{
    return mean_column(work, layer, work->statistics->layers[layer].delta);
}

double *lift_column(const struct work *work, int layer)
{
    return mean_column(work, layer, work->statistics->layers[layer].lift);
}

double *gate_column(const struct work *work, int layer)
{
    return mean_column(work, layer, work->statistics->layers[layer].gate);
}

static double *column_weight_dot(const struct work *work, int layer)
{
    return mean_column(work, layer, work->statistics->layers[layer].weight_dot);
}

/* <w, grad_w> from the three reductions, without weight gradients. */
static double *column_euler(const struct work *work, int layer)
{
    const struct layer *item = &work->layers->items[layer];
    const struct layer_statistics *sums = &work->statistics->layers[layer];
    double *values = mean_column(work, layer, sums->delta_centered);
    double *scale = parameter_column(work, layer, item->scale),
           *var = parameter_column(work, layer, item->var);
    double *mean = parameter_column(work, layer, item->mean),
           *bias = parameter_column(work, layer, item->bias);
    for (int64_t c = 0; c < item->channels; c++) {
        double shift = (mean[c] - bias[c]) * sums->delta[c] / (double)work->statistics->images;
        values[c] = scale[c] / sqrt(var[c] + item->epsilon) * (values[c] + shift);
    }
    mem_free(scale);
    mem_free(var);
    mem_free(mean);
    mem_free(bias);
    return values;
}

static double *column_gradient_norm(const struct work *work, int layer)
{
    return mean_column(work, layer, work->statistics->layers[layer].gradient_norm);
}

static double *taylor_column(const struct work *work, int layer, enum taylor_variant variant)
{
    struct criterion_options options = criterion_defaults();
    options.taylor = variant;
    return criterion_scores(work, layer, "taylor", &options);
}

static double *column_weight_abs(const struct work *work, int layer)
{
    return taylor_column(work, layer, TAYLOR_WEIGHT);
}

static double *column_per_batch(const struct work *work, int layer)
{
    return taylor_column(work, layer, TAYLOR_GATE_BATCH);
}

static double *column_per_image(const struct work *work, int layer)
{
    return taylor_column(work, layer, TAYLOR_GATE);
}

double *log_proscore_column(const struct work *work, int layer, enum proscore_target target, double gamma)
{
    struct criterion_options options = criterion_defaults();
    options.target = target;
    options.gamma = gamma;
    return criterion_scores(work, layer, "proscore", &options);
}

/* Index of the name that has these letters; one does. */
static int index_among(const char *(*name_at)(int index), const char *text, size_t length)
{
    int index = 0;
    while (name_at(index) && (strlen(name_at(index)) != length || strncmp(name_at(index), text, length) != 0))
        index++;
    assert_non_null(name_at(index));
    return index;
}

double *reading_column(const struct work *work, int layer, const char *name)
{
    struct criterion_options options = criterion_defaults();
    const size_t target = strcspn(name, ":");
    assert_int_equal(name[target], ':');
    options.target = index_among(proscore_target_name, name, target);
    options.reading = index_among(proscore_reading_name, name + target + 1, strlen(name + target + 1));
    options.gamma = 0.3;
    return criterion_scores(work, layer, "proscore", &options);
}

const struct reference_column reference_columns[] = {
    {"l1", "", true, column_l1},
    {"l2", "", true, column_l2},
    {"bn_scale", "", true, column_scale},
    {"bn_shift", "", true, column_shift},
    {"geometric_median", "", true, column_median},
    {"grad_bn_scale", "", false, column_grad_scale},
    {"grad_bn_shift", "", false, column_grad_shift},
    {"grad_D", "", false, lift_column},
    {"grad_gate", "", false, gate_column},
    {"w_dot_gradw", " (from weight gradients)", false, column_weight_dot},
    {"w_dot_gradw", " (from reductions)", false, column_euler},
    {"w_dot_gradw_abs", "", false, column_weight_abs},
    {"norm_gradw", "", false, column_gradient_norm},
    {"taylor_gate_per_batch", "", false, column_per_batch},
    {"taylor_gate_per_image", "", false, column_per_image},
};

const size_t reference_column_count = sizeof reference_columns / sizeof *reference_columns;

const struct proscore_column proscore_columns[] = {
    {"proscore_bn_1", PROSCORE_BN, 1},
    {"proscore_bn_0.1", PROSCORE_BN, 0.1},
    {"proscore_bn_0.01", PROSCORE_BN, 0.01},
    {"proscore_bn_0.001", PROSCORE_BN, 0.001},
    {"proscore_filter_1", PROSCORE_FILTER, 1},
    {"proscore_filter_0.1", PROSCORE_FILTER, 0.1},
    {"proscore_filter_0.01", PROSCORE_FILTER, 0.01},
    {"proscore_filter_0.001", PROSCORE_FILTER, 0.001},
};
const size_t proscore_column_count = sizeof proscore_columns / sizeof *proscore_columns;
