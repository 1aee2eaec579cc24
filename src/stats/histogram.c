/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms over shared bins. */
#include "stats/histogram.h"

#include <float.h>
#include <math.h>
#include "base/memory.h"
#include "base/order.h"

enum { BINS_LEAST = 8, BINS_MOST = 64, BINS_LIMIT = 100000 };

static bool usable(double value, bool log_axis)
{
    return isfinite(value) && (!log_axis || value > 0.0);
}

/* Freedman and Diaconis: bin width 2 * interquartile range / cube root of n. */
static int choose_bins(const double *sorted, size_t count)
{
    double range = sorted[count - 1] * 0.5 - sorted[0] * 0.5; /* halves, because the range may overflow */
    double spread =
        quantile_of(sorted, (int64_t)count, 0.75) * 0.5 - quantile_of(sorted, (int64_t)count, 0.25) * 0.5;
    double width = 2.0 * spread / cbrt((double)count);
    double bins = width > 0.0 ? ceil(range / width) : sqrt((double)count);
    return bins < BINS_LEAST ? BINS_LEAST : bins > BINS_MOST ? BINS_MOST : (int)bins;
}

/* All usable values in ascending order, on a log axis their logarithms; owned. */
static status collect(const double *const *values, const int64_t *counts, int series, bool log_axis,
                      double **sorted, size_t *count, struct error *error)
{
    size_t total = 0;
    *count = 0;
    for (int s = 0; s < series; s++) {
        total += (size_t)counts[s];
    }
    *sorted = mem_new(total, sizeof **sorted);
    if (!*sorted) {
        return error_memory(error);
    }
    for (int s = 0; s < series; s++) {
        for (int64_t i = 0; i < counts[s]; i++) {
            if (usable(values[s][i], log_axis)) {
                (*sorted)[(*count)++] = log_axis ? log(values[s][i]) : values[s][i];
            }
        }
    }
    if (*count == 0) {
        mem_free(*sorted);
        return error_set(error, STATUS_NAN,
                         log_axis ? "no value is finite and positive, as a logarithmic axis needs"
                                  : "no value is finite");
    }
    sort_ascending(*sorted, (int64_t)*count);
    return STATUS_OK;
}

/* Smallest and largest usable value, as they are. */
static void find_limits(const double *const *values, const int64_t *counts, int series, bool log_axis,
                        double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int s = 0; s < series; s++) {
        for (int64_t i = 0; i < counts[s]; i++) {
            if (usable(values[s][i], log_axis)) {
                *low = fmin(*low, values[s][i]);
                *high = fmax(*high, values[s][i]);
            }
        }
    }
}

/* One bin that has the value in its middle. */
static void edges_around(double value, bool log_axis, double *edges)
{
    if (log_axis) {
        edges[0] = fmax(value * 0.5, DBL_TRUE_MIN);
        edges[1] = fmin(value * 2.0, DBL_MAX);
        return;
    }
    double half = value == 0.0 ? 0.5 : fmax(fabs(value) * 0.5, DBL_MIN);
    edges[0] = fmax(value - half, -DBL_MAX);
    edges[1] = fmin(value + half, DBL_MAX);
}

static void edges_between(double low, double high, int bins, bool log_axis, double *edges)
{
    for (int i = 1; i < bins; i++) {
        double share = (double)i / (double)bins;
        double edge =
            log_axis ? exp(log(low) * (1.0 - share) + log(high) * share) : low * (1.0 - share) + high * share;
        edges[i] = fmin(fmax(edge, low), high);
    }
    edges[0] = low;
    edges[bins] = high;
}

static status histogram_init(struct histogram *histogram, int bins, int series, bool log_axis,
                             struct error *error)
{
    size_t cells;
    *histogram = (struct histogram){.bins = bins, .series = series, .log = log_axis};
    if (size_multiply((size_t)bins, (size_t)series, &cells)) {
        histogram->edges = mem_new((size_t)bins + 1, sizeof *histogram->edges);
        histogram->counts = mem_new(cells, sizeof *histogram->counts);
        histogram->skipped = mem_new((size_t)series, sizeof *histogram->skipped);
    }
    if (!histogram->edges || !histogram->counts || !histogram->skipped) {
        histogram_free(histogram);
        return error_memory(error);
    }
    return STATUS_OK;
}

static void count_values(struct histogram *histogram, const double *const *values, const int64_t *counts)
{
    for (int s = 0; s < histogram->series; s++) {
        for (int64_t i = 0; i < counts[s]; i++) {
            int bin = usable(values[s][i], histogram->log) ? histogram_bin(histogram, values[s][i]) : -1;
            if (bin < 0) {
                histogram->skipped[s]++;
            } else {
                histogram->counts[(int64_t)s * histogram->bins + bin]++;
            }
        }
    }
}

status histogram_compute(const double *const *values, const int64_t *counts, int series, int bins,
                         bool log_axis, struct histogram *histogram, struct error *error)
{
    if (bins < 0 || bins > BINS_LIMIT || series < 0) {
        return error_set(error, STATUS_RANGE, "%d bins are out of range: 1 to %d, or 0 to choose", bins,
                         BINS_LIMIT);
    }
    double *sorted, low, high;
    size_t count;
    status code = collect(values, counts, series, log_axis, &sorted, &count, error);
    if (code != STATUS_OK) {
        return code;
    }
    find_limits(values, counts, series, log_axis, &low, &high);
    if (bins == 0) {
        bins = choose_bins(sorted, count);
    }
    mem_free(sorted);
    struct histogram result;
    code = histogram_init(&result, low == high ? 1 : bins, series, log_axis, error);
    if (code != STATUS_OK) {
        return code;
    }
    if (low == high) {
        edges_around(low, log_axis, result.edges);
    } else {
        edges_between(low, high, bins, log_axis, result.edges);
    }
    count_values(&result, values, counts);
    *histogram = result;
    return STATUS_OK;
}

void histogram_free(struct histogram *histogram)
{
    mem_free(histogram->edges);
    mem_free(histogram->counts);
    mem_free(histogram->skipped);
    *histogram = (struct histogram){0};
}

int histogram_bin(const struct histogram *histogram, double value)
{
    int low = 0, high = histogram->bins;
    if (high < 1 || !(value >= histogram->edges[0] && value <= histogram->edges[high])) {
        return -1;
    }
    while (high - low > 1) { /* edges[low] <= value, and value < edges[high] or high is the last edge */
        int middle = low + (high - low) / 2;
        if (value >= histogram->edges[middle]) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}
