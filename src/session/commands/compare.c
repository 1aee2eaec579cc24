/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing criteria: corr and overlap are two measures of one comparison; hist is in hist.c. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/commands/chosen.h"
#include "session/commands/rows.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/language/invocation.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/correlation.h"
#include "stats/overlap.h"
#include "view/figure.h"

/* One pair of criteria over one layer, or over a pool of layers. */
struct part {
    double value;         /* NaN where undefined */
    int64_t both, either; /* overlap: added up over layers when pooled */
    int64_t ties_a, ties_b;
};

struct measure {
    const char *name, *quantity;
    bool concatenate; /* pooled: all layers' scores in one vector; else parts are added up */
    double low;       /* of the colour scale; high is 1 */
    status (*part)(const struct call *call, const double *a, const double *b, int64_t count, int64_t pruned,
                   struct part *part, struct error *error);
};

struct comparison {
    const struct call *call;
    const struct measure *measure;
    struct shown_scores shown;
    int *layers, layer_count;
    int64_t filters, ties[CHOICES_MAX];
    int undefined; /* layers for which some pair has no value */
};

static status correlation_part(const struct call *call, const double *a, const double *b, int64_t count,
                               int64_t pruned, struct part *part, struct error *error)
{
    struct correlation result;
    (void)pruned;
    status code = correlation_compute((enum correlation_method)option_integer(&call->options, OPTION_METHOD),
                                      a, b, count, &result, error);
    if (code == STATUS_OK)
        *part = (struct part){result.coefficient, 0, 0, result.ties_a, result.ties_b};
    return code;
}

static status overlap_part(const struct call *call, const double *a, const double *b, int64_t count,
                           int64_t pruned, struct part *part, struct error *error)
{
    struct overlap result;
    (void)call;
    status code = overlap_compute(a, b, count, pruned, &result, error);
    if (code == STATUS_OK)
        *part = (struct part){result.either ? (double)result.both / (double)result.either : NAN, result.both,
                              result.either, 0, 0};
    return code;
}

static const struct measure correlation_measure = {"corr", "correlation", true, -1, correlation_part};
static const struct measure overlap_measure = {"overlap", "Jaccard index", false, 0, overlap_part};

/* --- values --------------------------------------------------------------------------------------------- */

static const struct layer *layer_at(const struct comparison *comparison, int place)
{
    return &comparison->call->session->state.model->layers->items[comparison->layers[place]];
}

static status layer_part(const struct comparison *comparison, int a, int b, int place, struct part *part,
                         struct error *error)
{
    int layer = comparison->layers[place];
    status code = comparison->measure->part(
        comparison->call, comparison->shown.entries[a]->scores->layer[layer],
        comparison->shown.entries[b]->scores->layer[layer], layer_at(comparison, place)->channels,
        call_pruned(comparison->call, layer), part, error);
    return code == STATUS_OK ? code : error_prefix(error, "layer '%s': ", layer_at(comparison, place)->name);
}

static void add_ties(struct comparison *comparison, int a, int b, const struct part *part)
{
    /* Each criterion's ties once: from its pair with the first, the first's from its pair with the second. */
    if (a == 0)
        comparison->ties[b] += part->ties_b;
    if (a == 0 && b == 1)
        comparison->ties[0] += part->ties_a;
}

/* All layers' scores of one criterion in one vector, owned by the caller. */
static double *pooled_scores(const struct comparison *comparison, int index)
{
    double *all = mem_new((size_t)comparison->filters + 1, sizeof *all);
    int64_t filled = 0;
    for (int i = 0; all && i < comparison->layer_count; i++) {
        int64_t channels = layer_at(comparison, i)->channels;
        memcpy(all + filled, comparison->shown.entries[index]->scores->layer[comparison->layers[i]],
               (size_t)channels * sizeof *all);
        filled += channels;
    }
    return all;
}

static status concatenated_value(struct comparison *comparison, int a, int b, double *value,
                                 struct error *error)
{
    double *x = pooled_scores(comparison, a), *y = pooled_scores(comparison, b);
    struct part part;
    status code = x && y ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK)
        code = comparison->measure->part(comparison->call, x, y, comparison->filters, 0, &part, error);
    if (code == STATUS_OK) {
        add_ties(comparison, a, b, &part);
        *value = part.value;
    }
    mem_free(x);
    mem_free(y);
    return code;
}

/* One pair over all layers, averaged or pooled. */
static status pair_value(struct comparison *comparison, int a, int b, double *value, struct error *error)
{
    bool pooled = option_integer(&comparison->call->options, OPTION_BY) == BY_POOLED;
    if (pooled && comparison->measure->concatenate)
        return concatenated_value(comparison, a, b, value, error);
    struct part part;
    double sum = 0;
    int64_t both = 0, either = 0;
    int defined = 0;
    for (int i = 0; i < comparison->layer_count; i++) {
        status code = layer_part(comparison, a, b, i, &part, error);
        if (code != STATUS_OK)
            return code;
        add_ties(comparison, a, b, &part);
        both += part.both;
        either += part.either;
        if (!isnan(part.value)) {
            sum += part.value;
            defined++;
        }
    }
    if (comparison->layer_count - defined > comparison->undefined)
        comparison->undefined = comparison->layer_count - defined;
    *value = pooled ? (double)both / (double)either : sum / defined; /* 0/0 is the NaN that is meant */
    return STATUS_OK;
}

/* --- figures -------------------------------------------------------------------------------------------- */

static void comparison_title(const struct comparison *comparison, struct figure *figure)
{
    const struct options *options = &comparison->call->options;
    struct text sample = {0};
    text_add_sample(&sample, comparison->call->session);
    static const char *const ways[] = {"layer by layer", "mean over layers", "all filters pooled"};
    static const char *const coefficients[] = {[CORRELATION_PEARSON] = "Pearson",
                                               [CORRELATION_SPEARMAN] = "Spearman",
                                               [CORRELATION_KENDALL] = "Kendall tau-b"};
    const char *way = ways[option_integer(options, OPTION_BY)];
    if (comparison->measure == &correlation_measure)
        figure_title(figure, "%s correlation of scores, %s: %s",
                     coefficients[option_integer(options, OPTION_METHOD)], way, shown_words(figure, &sample));
    else
        figure_title(figure, "Overlap (Jaccard) of what is pruned at ratio %s, %s: %s",
                     option_text(options, OPTION_RATIO), way, shown_words(figure, &sample));
    text_free(&sample);
}

static void comparison_notes(const struct comparison *comparison, struct figure *figure)
{
    const struct options *options = &comparison->call->options;
    struct text text = {0};
    text_add(&text, "n = ");
    text_add_thousands(&text, comparison->filters);
    text_add_format(&text, " filters in %d layers", comparison->layer_count);
    if (comparison->measure == &correlation_measure) {
        text_add(&text, "; pairs of ties:");
        for (int i = 0; i < comparison->shown.count; i++)
            text_add_format(&text, "%s %s %lld", i ? "," : "", comparison->shown.entries[i]->choice.label,
                            (long long)comparison->ties[i]);
    } else {
        double ratio = option_real(options, OPTION_RATIO);
        text_add(&text, "; two random choices would share about ");
        text_add_rounded(&text, ratio / (2 - ratio), 2);
    }
    figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
    if (comparison->undefined)
        figure_note(figure,
                    "%d of the layers have no value (constant scores, or nothing pruned) and are left out",
                    comparison->undefined);
    note_all_lacking(figure, comparison->call->session, &comparison->shown);
    figure_fact(figure, "by", "%s", option_text(options, OPTION_BY));
    if (comparison->measure == &correlation_measure) {
        figure_fact(figure, "method", "%s", option_text(options, OPTION_METHOD));
    } else {
        figure_fact(figure, "ratio", "%s", option_text(options, OPTION_RATIO));
        figure_fact(figure, "round", "%s", option_text(options, OPTION_ROUND));
    }
}

static status matrix_values(struct comparison *comparison, double *values, struct error *error)
{
    int count = comparison->shown.count;
    status code = STATUS_OK;
    for (int a = 0; a < count; a++) {
        values[a * count + a] = 1;
        for (int b = a + 1; code == STATUS_OK && b < count; b++) {
            code = pair_value(comparison, a, b, &values[a * count + b], error);
            values[b * count + a] = values[a * count + b];
        }
    }
    return code;
}

static status matrix_figure(struct comparison *comparison, struct error *error)
{
    int count = comparison->shown.count;
    const char *names[CHOICES_MAX];
    for (int i = 0; i < count; i++)
        names[i] = comparison->shown.entries[i]->choice.label;
    double *values = mem_new((size_t)count * (size_t)count, sizeof *values);
    if (!values)
        return error_memory(error);
    status code = matrix_values(comparison, values, error);
    struct figure *figure = NULL;
    if (code == STATUS_OK &&
        (figure = shown_figure(comparison->call->session, FIGURE_MATRIX, comparison->measure->name))) {
        comparison_title(comparison, figure);
        figure_set_matrix(figure, count, count, names, names, values, comparison->measure->low, 1, 3,
                          comparison->measure->quantity);
        comparison_notes(comparison, figure);
    }
    mem_free(values);
    return code == STATUS_OK ? reply_figure(comparison->call->reply, figure, error) : code;
}

static status table_row_of(struct comparison *comparison, int place, struct figure *figure,
                           struct error *error)
{
    table_text(figure, layer_at(comparison, place)->name);
    for (int a = 0; a < comparison->shown.count; a++) {
        for (int b = a + 1; b < comparison->shown.count; b++) {
            struct part part;
            status code = layer_part(comparison, a, b, place, &part, error);
            if (code != STATUS_OK)
                return code;
            add_ties(comparison, a, b, &part);
            if (isnan(part.value))
                table_missing(figure);
            else
                table_number(figure, part.value);
        }
    }
    table_number(figure, (double)layer_at(comparison, place)->channels);
    return STATUS_OK;
}

static status table_figure(struct comparison *comparison, struct error *error)
{
    struct figure *figure = shown_figure(comparison->call->session, FIGURE_TABLE, comparison->measure->name);
    if (!figure)
        return error_memory(error);
    comparison_title(comparison, figure);
    table_column(figure, "layer", NULL, COLUMN_TEXT, 0);
    for (int a = 0; a < comparison->shown.count; a++) {
        for (int b = a + 1; b < comparison->shown.count; b++) {
            struct text name = {0};
            text_add_format(&name, "%s ~ %s", comparison->shown.entries[a]->choice.label,
                            comparison->shown.entries[b]->choice.label);
            table_column(figure, shown_words(figure, &name), NULL, COLUMN_REAL, 3);
            text_free(&name);
        }
    }
    table_column(figure, "n", NULL, COLUMN_INTEGER, 0);
    for (int i = 0; i < comparison->layer_count; i++) {
        status code = table_row_of(comparison, i, figure, error);
        if (code != STATUS_OK) {
            figure_free(figure);
            return code;
        }
    }
    comparison_notes(comparison, figure);
    return reply_figure(comparison->call->reply, figure, error);
}

/* --- commands ------------------------------------------------------------------------------------------- */

static status compare(struct call *call, const struct measure *measure, struct error *error)
{
    struct comparison comparison = {.call = call, .measure = measure};
    status code = call_scores(call, &comparison.shown, error);
    if (code != STATUS_OK)
        return code;
    if (comparison.shown.count < 2)
        return error_set(error, STATUS_STATE,
                         "two criteria are needed, and there is only %s: 'score all' scores more",
                         comparison.shown.entries[0]->choice.label);
    struct call all_layers = *call;
    struct invocation without_arguments = {.command = call->invocation->command};
    all_layers.invocation = &without_arguments;
    code = call_layers(&all_layers, 0, &comparison.layers, &comparison.layer_count, error);
    if (code != STATUS_OK)
        return code;
    code = layers_scored_by_all(call->session, &comparison.shown, comparison.layers, &comparison.layer_count,
                                error);
    if (code != STATUS_OK) {
        mem_free(comparison.layers);
        return code;
    }
    for (int i = 0; i < comparison.layer_count; i++)
        comparison.filters += layer_at(&comparison, i)->channels;
    bool table = option_integer(&call->options, OPTION_BY) == BY_LAYER;
    code = table ? table_figure(&comparison, error) : matrix_figure(&comparison, error);
    mem_free(comparison.layers);
    return code;
}

static status run_corr(struct call *call, struct error *error)
{
    return compare(call, &correlation_measure, error);
}

static status run_overlap(struct call *call, struct error *error)
{
    return compare(call, &overlap_measure, error);
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static const struct parameter hist_arguments[] = {
    {"LAYER|GLOB", VALUE_LAYERS, PARAMETER_REPEATED, 0, 0, NULL, NULL, "layers by name or pattern"},
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
static const struct parameter compare_arguments[] = {
    {"CRITERIA", VALUE_CRITERIA, PARAMETER_REPEATED | PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "criteria to compare; all that are scored without them"},
    PARAMETER_END,
};
static const int corr_options[] = {OPTION_METHOD, OPTION_BY, OPTION_NONE};
static const struct example corr_examples[] = {
    {"corr", "shows the mean of the layers' Spearman correlations", false},
    {"corr l1 proscore method=kendall by=layer > corr.csv", "writes Kendall's tau-b of each layer to a file",
     false},
    EXAMPLE_END,
};
static const int overlap_options[] = {OPTION_RATIO, OPTION_ROUND, OPTION_BY, OPTION_NONE};
static const struct example overlap_examples[] = {
    {"overlap ratio=0.5", "shows how far the criteria agree on which half to prune", false},
    EXAMPLE_END,
};

const struct command commands_compare[] = {
    {"hist", NULL, "score", hist_arguments, hist_parameters, hist_options,
     COMMAND_MODEL | COMMAND_SCORES | COMMAND_FIGURES, "histograms of scores",
     "Shows how the scores of the filters are spread, and marks those that would be pruned at the ratio. "
     "Criteria measure "
     "different things in different units; with scale=own, the default, each has a histogram of its own. "
     "With scale=mean or "
     "scale=standard all criteria stand side by side on shared bins: each score is divided by the mean size "
     "of the scores "
     "in its layer under its criterion, or given in standard deviations from the layer's mean. Up to six "
     "layers keep "
     "their own series; more are pooled into one.",
     hist_examples, run_histogram},
    {"corr", NULL, "score", compare_arguments, NULL, corr_options,
     COMMAND_MODEL | COMMAND_SCORES | COMMAND_FIGURES, "correlation between criteria",
     "Shows how far the criteria order the filters in the same way: Spearman's rank correlation (average "
     "ranks for "
     "ties), Kendall's tau-b or Pearson's coefficient; averaged over layers, with all filters in one pool, "
     "or "
     "layer by layer. Scores of different layers differ in size, so by=mean is the one to quote. Layers in "
     "which a "
     "criterion is constant have no coefficient and are left out of the mean.",
     corr_examples, run_corr},
    {"overlap", NULL, "score", compare_arguments, NULL, overlap_options,
     COMMAND_MODEL | COMMAND_SCORES | COMMAND_FIGURES, "agreement on what is pruned",
     "Prunes the same share of each layer under each criterion and shows the Jaccard index of every two "
     "sets: filters in "
     "both, divided by filters in either. An index of 1 means that the criteria prune the same filters. This "
     "is what "
     "decides, where "
     "a correlation also counts the order among filters that stay.",
     overlap_examples, run_overlap},
    {.name = NULL},
};
