/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histograms: how many values of each series fall into each bin. How they are built, what files say of them,
 * and their row. */
#include <math.h>
#include "base/memory.h"
#include "base/text.h"
#include "view/cells/draw.h"
#include "view/csv.h"
#include "view/fields.h"
#include "view/figure_build.h"
#include "view/figure_kind.h"
#include "view/json_values.h"
#include "view/picture/plot.h"

static double *keep_thresholds(struct figure *figure, const double *thresholds, int series)
{
    if (thresholds)
        return figure_keep_array(figure, thresholds, (size_t)series, sizeof *thresholds);
    double *none = arena_alloc(figure->arena, (size_t)series, sizeof *none);
    if (!none)
        figure->failed = true;
    for (int s = 0; none && s < series; s++)
        none[s] = NAN;
    return none;
}

void figure_set_histogram(struct figure *figure, int series, int bins, bool log, const char *const *names,
                          const double *edges, const int64_t *counts, const double *thresholds,
                          const char *axis, const char *counted)
{
    if (!figure)
        return;
    struct figure_histogram *histogram = &figure->histogram;
    size_t cells;
    if (!size_multiply((size_t)series, (size_t)bins, &cells)) {
        figure->failed = true;
        return;
    }
    histogram->names = figure_keep_names(figure, names, series);
    histogram->edges = figure_keep_array(figure, edges, (size_t)bins + 1, sizeof *edges);
    histogram->counts = figure_keep_array(figure, counts, cells, sizeof *counts);
    histogram->threshold = keep_thresholds(figure, thresholds, series);
    histogram->axis = figure_keep_string(figure, axis);
    histogram->counted = figure_keep_string(figure, counted);
    histogram->series = series;
    histogram->bins = bins;
    histogram->log = log;
}

void figure_set_cut(struct figure *figure, const int64_t *cut)
{
    size_t cells;
    if (figure && size_multiply((size_t)figure->histogram.series, (size_t)figure->histogram.bins, &cells))
        figure->histogram.cut = figure_keep_array(figure, cut, cells, sizeof *cut);
}

void figure_set_summaries(struct figure *figure, const struct histogram_summary *summaries)
{
    if (figure)
        figure->histogram.summary =
            figure_keep_array(figure, summaries, (size_t)figure->histogram.series, sizeof *summaries);
}

/* --- files ---------------------------------------------------------------------------------------------- */

/* CSV: series,bin_low,bin_high,count, and when a series has a threshold also threshold,cut: cut is yes for
 * bins below it, part for the bin that holds it, no for the others. A series of several layers has no
 * threshold in common; where it is known what they lose, cut says how much of the bin that is. The summary of
 * a series is one more comment line per number: "# SERIES minimum: 0.1".
 *
 * JSON: "axis", "counted", "log", "edges": [...], "series": [{"name", "counts": [...], "threshold", and,
 * where given, "cut": [...] (how many of the counts would be pruned), "minimum", "median", "maximum",
 * "below"}]; no threshold is null. */

/* NaN is a number that is not given. */
static void add_number_fact(struct csv *csv, const char *series, const char *key, double value)
{
    struct text name = {0};
    if (isnan(value))
        return;
    text_add_format(&name, "%s %s", series, key);
    csv_number_fact(csv, text_data(&name), value);
    csv->out->failed = csv->out->failed || name.failed;
    text_free(&name);
}

static void write_summaries(struct csv *csv, const struct figure_histogram *histogram)
{
    for (int s = 0; histogram->summary && s < histogram->series; s++) {
        const struct histogram_summary *summary = &histogram->summary[s];
        add_number_fact(csv, histogram->names[s], "minimum", summary->minimum);
        add_number_fact(csv, histogram->names[s], "median", summary->median);
        add_number_fact(csv, histogram->names[s], "maximum", summary->maximum);
        add_number_fact(csv, histogram->names[s], "below", summary->below < 0 ? NAN : (double)summary->below);
    }
}

static const char *cut_word(const struct figure_histogram *histogram, int series, int bin)
{
    double threshold = histogram->threshold[series];
    size_t place = (size_t)series * (size_t)histogram->bins + (size_t)bin;
    if (isnan(threshold) && histogram->cut && histogram->cut[place] > 0)
        return histogram->cut[place] < histogram->counts[place] ? "part" : "yes";
    return histogram->edges[bin + 1] <= threshold ? "yes" : histogram->edges[bin] < threshold ? "part" : "no";
}

static void histogram_csv(struct csv *csv, const struct figure *figure)
{
    const struct figure_histogram *histogram = &figure->histogram;
    static const char *const names[] = {"series", "bin_low", "bin_high", "count", "threshold", "cut"};
    bool thresholds = false;
    for (int s = 0; s < histogram->series; s++)
        thresholds = thresholds || histogram->cut || !isnan(histogram->threshold[s]);
    write_summaries(csv, histogram);
    csv_header(csv, names, thresholds ? 6 : 4);
    for (int s = 0; s < histogram->series; s++) {
        double threshold = histogram->threshold[s];
        for (int b = 0; b < histogram->bins; b++) {
            double low = histogram->edges[b], high = histogram->edges[b + 1];
            csv_shown(csv, histogram->names[s]);
            csv_number(csv, low);
            csv_number(csv, high);
            csv_integer(csv, histogram->counts[(size_t)s * (size_t)histogram->bins + (size_t)b]);
            if (thresholds && isnan(threshold))
                csv_text(csv, "");
            else if (thresholds)
                csv_number(csv, threshold);
            if (thresholds)
                csv_text(csv, cut_word(histogram, s, b));
            csv_end_row(csv);
        }
    }
}

static void add_given(struct json *json, json_t *object, const char *key, double value)
{
    if (!isnan(value))
        member_add(json, object, key, value_real(value));
}

/* The bins of one series. */
static json_t *histogram_bins(struct json *json, const struct figure_histogram *histogram,
                              const int64_t *counts, int s)
{
    json_t *array = json_array();
    for (int b = 0; b < histogram->bins && !json->failed; b++)
        element_add(json, array, json_integer(counts[(size_t)s * (size_t)histogram->bins + (size_t)b]));
    return array;
}

static json_t *histogram_series(struct json *json, const struct figure_histogram *histogram, int s)
{
    json_t *object = json_object();
    member_add(json, object, "name", value_text(histogram->names[s]));
    member_add(json, object, "counts", histogram_bins(json, histogram, histogram->counts, s));
    if (histogram->cut)
        member_add(json, object, "cut", histogram_bins(json, histogram, histogram->cut, s));
    double threshold = histogram->threshold[s];
    member_add(json, object, "threshold", isnan(threshold) ? json_null() : value_real(threshold));
    if (histogram->summary) {
        add_given(json, object, "minimum", histogram->summary[s].minimum);
        add_given(json, object, "median", histogram->summary[s].median);
        add_given(json, object, "maximum", histogram->summary[s].maximum);
        if (histogram->summary[s].below >= 0)
            member_add(json, object, "below", json_integer(histogram->summary[s].below));
    }
    return object;
}

static void histogram_json(struct json *json, json_t *object, const struct figure *figure)
{
    const struct figure_histogram *histogram = &figure->histogram;
    json_t *series = json_array();
    for (int s = 0; s < histogram->series && !json->failed; s++)
        element_add(json, series, histogram_series(json, histogram, s));
    member_add(json, object, "axis", value_text(histogram->axis));
    member_add(json, object, "counted", value_text(histogram->counted));
    member_add(json, object, "log", json_boolean(histogram->log));
    member_add(json, object, "edges", value_reals(json, histogram->edges, (size_t)histogram->bins + 1));
    member_add(json, object, "series", series);
}

/* Arrays: series x bins, the counts. */
static void histogram_array(const struct figure *figure, struct figure_array *array)
{
    const struct figure_histogram *histogram = &figure->histogram;
    size_t count = (size_t)histogram->series * (size_t)histogram->bins;
    double *values = figure_array_new(array, 2, (const int64_t[]){histogram->series, histogram->bins});
    for (size_t i = 0; values && i < count; i++)
        values[i] = (double)histogram->counts[i];
}

/* --- scripts -------------------------------------------------------------------------------------------- */

static void histogram_fields(struct field_builder *builder, const struct figure *figure)
{
    const struct figure_histogram *histogram = &figure->histogram;
    field_text(builder, "axis", histogram->axis);
    field_numbers(builder, "edges", histogram->edges, histogram->bins + 1);
    builder->open(builder, histogram->series);
    for (int s = 0; s < histogram->series; s++) {
        const struct histogram_summary *summary = histogram->summary ? &histogram->summary[s] : NULL;
        builder->open(builder, 0);
        field_text(builder, "name", histogram->names[s]);
        field_integers(builder, "counts", histogram->counts + (size_t)s * (size_t)histogram->bins,
                       histogram->bins);
        if (histogram->cut)
            field_integers(builder, "cut", histogram->cut + (size_t)s * (size_t)histogram->bins,
                           histogram->bins);
        field_number(builder, "threshold", histogram->threshold ? histogram->threshold[s] : NAN);
        if (summary) {
            field_number(builder, "minimum", summary->minimum);
            field_number(builder, "median", summary->median);
            field_number(builder, "maximum", summary->maximum);
        }
        if (summary && summary->below >= 0)
            builder->integer(builder, 0, "below", summary->below);
        builder->close(builder, s + 1, NULL);
    }
    builder->close(builder, 0, "series");
}

const struct figure_kind_row histogram_kind = {
    .name = "histogram",
    .draw = draw_histogram,
    .draw_least = draw_sparks,
    .csv = histogram_csv,
    .json = histogram_json,
    .array = histogram_array,
    .fields = histogram_fields,
    .plot = plot_histogram,
    .plot_least_height = plot_histogram_least_height,
};
