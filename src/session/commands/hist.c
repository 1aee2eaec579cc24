/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hist: histograms of scores. One figure per criterion in its own units; or, scaled by layer, one figure with
 * all criteria on shared bins. */
#include <math.h>

#include "base/memory.h"
#include "base/order.h"
#include "base/status.h"
#include "base/text.h"
#include "session/commands/chosen.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/histogram.h"
#include "view/style.h"
#include "view/figure.h"

enum { SERIES_BY_LAYER_MAX = 6 }; /* more layers than that share one series */

struct series {
    char *name;
    double *values;
    int64_t count;
    double *cut; /* those of the values that would be pruned; NULL for none */
    int64_t cut_count;
    double threshold; /* values below would be pruned; NaN: none, or each layer has its own */
    int64_t pruned; /* how many would be, exactly: equal scores go by their channels, no value is left out */
};

struct hist {
    const struct call *call;
    const struct shown_scores *shown;
    int *layers, layer_count;
    bool pooled; /* one series for all layers */
    int scale;
    struct series *series;
    int count;
};

static void series_free(struct hist *hist)
{
    for (int i = 0; i < hist->count; i++) {
        mem_free(hist->series[i].name);
        mem_free(hist->series[i].values);
        mem_free(hist->series[i].cut);
    }
    mem_free(hist->series);
    hist->series = NULL;
    hist->count = 0;
}

/* Scale one layer's scores: (x - centre) / unit. A constant layer has no deviation; its unit is 1. */
static void layer_scale(const double *scores, int64_t count, int scale, double *centre, double *unit)
{
    double sum = 0, size = 0, squares = 0;
    int64_t finite = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(scores[i]))
            continue;
        finite++;
        sum += scores[i];
        size += fabs(scores[i]);
    }
    double mean = finite ? sum / (double)finite : 0;
    for (int64_t i = 0; i < count; i++)
        squares += isfinite(scores[i]) ? (scores[i] - mean) * (scores[i] - mean) : 0;
    *centre = scale == SCALE_STANDARD ? mean : 0;
    *unit = scale == SCALE_STANDARD ? sqrt(squares / (double)(finite ? finite : 1))
            : scale == SCALE_MEAN   ? size / (double)(finite ? finite : 1)
                                    : 1;
    if (!(*unit > 0))
        *unit = 1;
}

/* The score of the least important filter that stays: those below would go. */
static status layer_threshold(const struct hist *hist, const double *scores, int layer, double *threshold,
                              struct error *error)
{
    int64_t channels = hist->call->session->state.model->layers->items[layer].channels;
    int64_t pruned = call_pruned(hist->call, layer);
    *threshold = NAN;
    if (pruned <= 0 || pruned >= channels)
        return STATUS_OK;
    double *sorted = mem_copy(scores, (size_t)channels * sizeof *sorted);
    if (!sorted)
        return error_memory(error);
    sort_ascending(sorted, channels);
    *threshold = sorted[pruned];
    mem_free(sorted);
    return STATUS_OK;
}

/* Append those of the layer's scaled scores that would go: all below the threshold, and as many that equal it
 * as are wanted. */
static status add_cut(const struct hist *hist, int layer, double threshold, struct series *series,
                      struct error *error)
{
    int64_t channels = call_layer(hist->call, layer)->channels;
    int64_t left = call_pruned(hist->call, layer);
    const double *values = series->values + series->count - channels;
    if (left <= 0 || isnan(threshold))
        return STATUS_OK;
    double *cut = mem_resize(series->cut, (size_t)(series->cut_count + left), sizeof *cut);
    if (!cut)
        return error_memory(error);
    series->cut = cut;
    for (int equal = 0; equal < 2; equal++) {
        for (int64_t i = 0; i < channels && left > 0; i++) {
            if (equal ? values[i] != threshold : !(values[i] < threshold))
                continue;
            cut[series->cut_count++] = values[i];
            left--;
        }
    }
    return STATUS_OK;
}

/* Append one layer's scaled scores to a series. */
static status add_layer(struct hist *hist, const struct score_entry *entry, int layer, struct series *series,
                        struct error *error)
{
    const double *scores = entry->scores->layer[layer];
    int64_t channels = hist->call->session->state.model->layers->items[layer].channels;
    double centre, unit, threshold;
    layer_scale(scores, channels, hist->scale, &centre, &unit);
    double *values = mem_resize(series->values, (size_t)(series->count + channels), sizeof *values);
    if (!values)
        return error_memory(error);
    series->values = values;
    for (int64_t i = 0; i < channels; i++)
        values[series->count + i] = (scores[i] - centre) / unit;
    series->count += channels;
    series->pruned += call_pruned(hist->call, layer);
    status code = layer_threshold(hist, scores, layer, &threshold, error);
    if (code == STATUS_OK)
        code = add_cut(hist, layer, (threshold - centre) / unit, series, error);
    /* A pool of layers has no threshold of its own: each of them has one. */
    series->threshold = hist->pooled && hist->layer_count > 1 ? NAN : (threshold - centre) / unit;
    return code;
}

static struct series *new_series(struct hist *hist, const char *name)
{
    struct series *series = mem_resize(hist->series, (size_t)hist->count + 1, sizeof *series);
    char *copy = mem_string(name);
    if (series)
        hist->series = series;
    if (!series || !copy) {
        mem_free(copy);
        return NULL;
    }
    series[hist->count] = (struct series){.name = copy, .threshold = NAN};
    return &series[hist->count++];
}

/* The series of one criterion: one for each layer that it scores, or one for all, which may be empty.
 * `label`: name it after the criterion. */
static status add_criterion(struct hist *hist, const struct score_entry *entry, bool label,
                            struct error *error)
{
    const struct layers *layers = hist->call->session->state.model->layers;
    struct series *series = NULL;
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < hist->layer_count; i++) {
        const char *layer = layers->items[hist->layers[i]].name;
        const bool scored = entry->scores->layer[hist->layers[i]] != NULL;
        if (!scored && !hist->pooled)
            continue;
        if (!hist->pooled || !series) {
            struct text name = {0};
            if (label)
                text_add(&name, entry->choice.label);
            if (!hist->pooled || hist->layer_count == 1)
                text_add_format(&name, "%s%s", label && hist->layer_count > 1 ? " " : "",
                                label && hist->layer_count == 1 ? "" : layer);
            else if (!label)
                text_add_format(&name, "%d layers", hist->layer_count);
            series = name.failed ? NULL : new_series(hist, text_data(&name));
            text_free(&name);
        }
        if (!series)
            return error_memory(error);
        if (scored)
            code = add_layer(hist, entry, hist->layers[i], series, error);
    }
    return code;
}

/* auto: positive scores that spread over a factor of 1000. */
static bool logarithmic(const struct hist *hist)
{
    int64_t asked = option_integer(&hist->call->options, OPTION_LOG);
    if (asked != AUTO)
        return asked == AUTO_YES;
    double low = INFINITY, high = 0;
    for (int s = 0; s < hist->count; s++) {
        for (int64_t i = 0; i < hist->series[s].count; i++) {
            low = fmin(low, hist->series[s].values[i]);
            high = fmax(high, hist->series[s].values[i]);
        }
    }
    return low > 0 && isfinite(high) && high > 1000 * low;
}

/* Scores have no unit, and that is said. */
static void hist_axis(const struct hist *hist, const struct score_entry *entry, bool logarithmic_axis,
                      struct text *axis)
{
    if (entry)
        text_add_criterion(axis, entry);
    else
        text_add(axis, "score");
    if (hist->scale == SCALE_MEAN)
        text_add(axis, " / layer's mean size");
    else if (hist->scale == SCALE_STANDARD)
        text_add(axis, ", in deviations of its layer");
    else
        text_add(axis, ", no unit");
    text_add(axis, logarithmic_axis ? ", logarithmic" : "");
}

static void hist_title(const struct hist *hist, const struct score_entry *entry, struct figure *figure)
{
    const struct session *session = hist->call->session;
    struct text what = {0}, sample = {0};
    if (entry)
        text_add_criterion(&what, entry);
    else
        text_add(&what, "Scores");
    if (hist->layer_count == 1)
        text_add_format(&what, " in %s", session->state.model->layers->items[hist->layers[0]].name);
    else
        text_add_format(&what, " in %d layers", hist->layer_count);
    text_add_sample(&sample, session);
    figure_title(figure, "%s: %s", shown_words(figure, &what), shown_words(figure, &sample));
    text_free(&what);
    text_free(&sample);
}

static void hist_notes(const struct hist *hist, const struct score_entry *entry,
                       const struct histogram *histogram, struct figure *figure)
{
    bool marked = false;
    for (int i = 0; i < hist->count; i++) {
        marked |= hist->series[i].pruned > 0;
        if (histogram->skipped[i])
            figure_note(figure, "%s: %lld scores are %s and not shown", hist->series[i].name,
                        (long long)histogram->skipped[i],
                        histogram->log ? "not positive and finite" : "not finite");
    }
    for (int i = 0; i < hist->shown->count; i++) {
        if (!entry || entry == hist->shown->entries[i])
            note_lacking(figure, hist->call->session, hist->shown->entries[i]);
    }
    if (marked) {
        struct text ratios = {0};
        text_add_ratios(&ratios, hist->call, hist->layers, hist->layer_count);
        figure_note(figure, "marked: what would be pruned at ratio %s", shown_words(figure, &ratios));
        text_free(&ratios);
    }
}

/* How many values of each bin would go. */
static status count_cut(const struct hist *hist, const struct histogram *histogram, struct figure *figure,
                        struct error *error)
{
    int64_t *cut = mem_new((size_t)hist->count * (size_t)histogram->bins, sizeof *cut);
    if (!cut)
        return error_memory(error);
    for (int s = 0; s < hist->count; s++) {
        for (int64_t i = 0; i < hist->series[s].cut_count; i++) {
            int bin = histogram_bin(histogram, hist->series[s].cut[i]);
            if (bin >= 0)
                cut[s * histogram->bins + bin]++;
        }
    }
    figure_set_cut(figure, cut);
    mem_free(cut);
    return STATUS_OK;
}

/* Bins and figure from the series that are there; entry NULL: of several criteria. */
static status hist_figure(struct hist *hist, const struct score_entry *entry, struct error *error)
{
    size_t count = (size_t)hist->count;
    const double **values = mem_new(count, sizeof *values);
    const char **names = mem_new(count, sizeof *names);
    int64_t *counts = mem_new(count, sizeof *counts);
    double *thresholds = mem_new(count, sizeof *thresholds);
    struct histogram_summary *summaries = mem_new(count, sizeof *summaries);
    struct histogram histogram = {0};
    struct figure *figure = NULL;
    status code = values && names && counts && thresholds && summaries ? STATUS_OK : error_memory(error);
    for (size_t i = 0; code == STATUS_OK && i < count; i++) {
        values[i] = hist->series[i].values;
        names[i] = hist->series[i].name;
        counts[i] = hist->series[i].count;
        thresholds[i] = hist->series[i].threshold;
    }
    if (code == STATUS_OK)
        code = histogram_compute(values, counts, hist->count,
                                 (int)option_integer(&hist->call->options, OPTION_BINS), logarithmic(hist),
                                 &histogram, error);
    for (size_t i = 0; code == STATUS_OK && i < count; i++)
        summaries[i] = (struct histogram_summary){NAN, NAN, NAN, hist->series[i].pruned};
    if (code == STATUS_OK && (figure = shown_figure(hist->call->session, FIGURE_HISTOGRAM, "hist"))) {
        struct text axis = {0};
        hist_axis(hist, entry, histogram.log, &axis);
        hist_title(hist, entry, figure);
        figure_set_histogram(figure, hist->count, histogram.bins, histogram.log, names, histogram.edges,
                             histogram.counts, thresholds, shown_words(figure, &axis), "filters");
        figure_set_summaries(figure, summaries);
        code = count_cut(hist, &histogram, figure, error);
        hist_notes(hist, entry, &histogram, figure);
        text_free(&axis);
    }
    if (code == STATUS_OK) {
        code = reply_figure(hist->call->reply, figure, error);
    } else {
        figure_free(figure);
        if (entry)
            error_prefix(error, "%s: ", entry->choice.label);
    }
    histogram_free(&histogram);
    mem_free(values);
    mem_free(names);
    mem_free(counts);
    mem_free(thresholds);
    mem_free(summaries);
    return code;
}

/* Is any of the layers scored by the criterion? Else the error says why not. */
static status check_any_scored(const struct hist *hist, const struct score_entry *entry, struct error *error)
{
    for (int i = 0; i < hist->layer_count; i++) {
        if (entry->scores->layer[hist->layers[i]])
            return STATUS_OK;
    }
    return entry_check(hist->call->session, entry, hist->layers[0], error);
}

static status hist_own(struct hist *hist, const struct shown_scores *shown, struct error *error)
{
    status code = STATUS_OK;
    int figures = 0;
    struct error lacking = {0};
    for (int i = 0; code == STATUS_OK && i < shown->count; i++) {
        if (check_any_scored(hist, shown->entries[i], &lacking) != STATUS_OK) {
            reply_add(hist->call->reply, STYLE_NOTE, "%s", lacking.message);
            continue;
        }
        code = add_criterion(hist, shown->entries[i], false, error);
        if (code == STATUS_OK)
            code = hist_figure(hist, shown->entries[i], error);
        series_free(hist);
        figures++;
    }
    if (code == STATUS_OK && figures == 0) {
        *error = lacking;
        return error->code;
    }
    return code;
}

static status hist_shared(struct hist *hist, const struct shown_scores *shown, struct error *error)
{
    status code = STATUS_OK;
    hist->pooled = true;
    for (int i = 0; code == STATUS_OK && i < shown->count; i++)
        code = add_criterion(hist, shown->entries[i], true, error);
    if (code == STATUS_OK)
        code = hist_figure(hist, shown->count == 1 ? shown->entries[0] : NULL, error);
    series_free(hist);
    return code;
}

static void tell_hist(const struct hist *hist)
{
    struct text text = {0};
    int64_t filters = 0, pruned = 0;
    for (int i = 0; i < hist->layer_count; i++) {
        filters += call_layer(hist->call, hist->layers[i])->channels;
        pruned += call_pruned(hist->call, hist->layers[i]);
    }
    if (hist->layer_count == 1)
        text_add(&text, call_layer(hist->call, hist->layers[0])->name);
    else
        text_add_format(&text, "%d layers", hist->layer_count);
    text_add_format(&text, ": %lld of %lld filters would go at ratio ", (long long)pruned,
                    (long long)filters);
    text_add_ratios(&text, hist->call, hist->layers, hist->layer_count);
    reply_result(hist->call->reply, &text);
    text_free(&text);
}

static status run_hist(struct call *call, struct error *error)
{
    const struct setting *criterion = call_setting(call, "criterion");
    struct shown_scores shown;
    struct hist hist = {
        .call = call, .shown = &shown, .scale = (int)option_integer(&call->options, OPTION_SCALE)};
    status code = shown_scores(call->session, criterion ? criterion->value.text : NULL, &shown, error);
    if (code == STATUS_OK)
        code = call_layers(call, 0, &hist.layers, &hist.layer_count, error);
    if (code != STATUS_OK)
        return code;
    hist.pooled = hist.layer_count > SERIES_BY_LAYER_MAX;
    code = hist.scale == SCALE_OWN ? hist_own(&hist, &shown, error) : hist_shared(&hist, &shown, error);
    if (code == STATUS_OK)
        tell_hist(&hist);
    mem_free(hist.layers);
    return code;
}

static const struct parameter hist_arguments[] = {
    {"LAYER|GLOB", VALUE_LAYERS, PARAMETER_REPEATED, 0, 0, NULL, NULL, "layers by name, stage or pattern"},
    PARAMETER_END,
};
static const struct parameter hist_parameters[] = {
    {"criterion", VALUE_CRITERIA, 0, 0, 0, NULL, NULL,
     "criteria to show, such as l1,taylor; all that are scored without it"},
    PARAMETER_END,
};
static const int hist_options[] = {OPTION_BINS,  OPTION_LOG,   OPTION_SCALE,
                                   OPTION_RATIO, OPTION_ROUND, OPTION_NONE};
static const struct example hist_examples[] = {
    {"hist conv1", "shows conv1 under every criterion that is scored", false},
    {"hist *.conv1 criterion=l1,proscore bins=20", "shows two criteria over several layers", false},
    {"hist conv1 scale=mean > conv1.png", "draws all criteria on shared bins into a picture", false},
    EXAMPLE_END,
};

const struct command command_hist = {
    .name = "hist",
    .arguments = hist_arguments,
    .parameters = hist_parameters,
    .options = hist_options,
    .flags = COMMAND_MODEL | COMMAND_SCORES | COMMAND_FIGURES | COMMAND_OF_SCORES,
    .help = "histograms of scores",
    .text = "Shows how the scores of the filters are spread, and marks those that would be pruned at the "
            "ratio. Criteria measure different things in different units; with scale=own, the default, each "
            "has a histogram of its own. With scale=mean or scale=standard all criteria stand side by side "
            "on shared bins: each score is divided by the mean size of the scores in its layer under its "
            "criterion, or given in standard deviations from the layer's mean. Up to six layers keep their "
            "own series; more are pooled into one.",
    .examples = hist_examples,
    .run = run_hist,
};
