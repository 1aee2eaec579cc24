/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing criteria two by two. */
#include "session/commands/comparison.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/commands/chosen.h"
#include "session/lacking.h"
#include "session/noise.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

/* --- values --------------------------------------------------------------------------------------------- */

static const struct layer *layer_at(const struct comparison *comparison, int place)
{
    return &comparison->call->session->state.model->layers->items[comparison->layers[place]];
}

static status layer_part(const struct comparison *comparison, int a, int b, int place,
                         struct comparison_part *part, struct error *error)
{
    int layer = comparison->layers[place];
    status code = comparison->measure->part(
        comparison->call, comparison->shown.entries[a]->scores->layer[layer],
        comparison->shown.entries[b]->scores->layer[layer], layer_at(comparison, place)->channels,
        call_pruned(comparison->call, layer), part, error);
    return code == STATUS_OK ? code : error_prefix(error, "layer '%s': ", layer_at(comparison, place)->name);
}

static void add_ties(struct comparison *comparison, int a, int b, const struct comparison_part *part)
{
    /* Each criterion's ties once: from its pair with the first, the first's from its pair with the second. */
    if (a == 0)
        comparison->ties[b] += part->ties_b;
    if (a == 0 && b == 1)
        comparison->ties[0] += part->ties_a;
}

static void count_pair(struct comparison *comparison, int a, int b, double value)
{
    struct pair_tally *pairs = &comparison->pairs;
    if (isnan(value))
        return;
    if (!pairs->count || value < pairs->least) {
        pairs->least = value;
        pairs->least_pair[0] = a;
        pairs->least_pair[1] = b;
    }
    if (!pairs->count || value > pairs->most) {
        pairs->most = value;
        pairs->most_pair[0] = a;
        pairs->most_pair[1] = b;
    }
    pairs->sum += value;
    pairs->count++;
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
    struct comparison_part part;
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
    struct comparison_part part;
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
    struct text title = {0};
    comparison->measure->title(comparison, &title);
    figure_title(figure, "%s, %s: %s", shown_words(figure, &title),
                 choice_by_title((int)option_integer(options, OPTION_BY)), shown_words(figure, &sample));
    text_free(&title);
    text_free(&sample);
}

static status comparison_notes(const struct comparison *comparison, struct figure *figure,
                               struct error *error)
{
    const struct options *options = &comparison->call->options;
    struct text text = {0};
    text_add(&text, "n = ");
    text_add_thousands(&text, comparison->filters);
    text_add_format(&text, " filters in %d layers", comparison->layer_count);
    text_add(&text, "; ");
    comparison->measure->note(comparison, &text);
    figure_note(figure, "%s", shown_words(figure, &text));
    text_free(&text);
    if (comparison->undefined)
        figure_note(figure,
                    "%d of the layers have no value (constant scores, or nothing pruned) and are left out",
                    comparison->undefined);
    note_all_lacking(figure, comparison->call->session, &comparison->shown);
    for (const int *id = comparison->measure->facts; *id != OPTION_NONE; id++)
        figure_fact(figure, option_at(*id)->parameter.name, "%s",
                    option_text(options, (enum option_id) * id));
    if (comparison->measure->ratios) {
        struct text ratios = {0};
        text_add_ratios(&ratios, comparison->call, comparison->layers, comparison->layer_count);
        figure_fact(figure, "ratio", "%s", shown_words(figure, &ratios));
        text_free(&ratios);
    }
    return note_all_noise(figure, comparison->call->session, &comparison->shown, error);
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
            if (code == STATUS_OK)
                count_pair(comparison, a, b, values[a * count + b]);
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
        code = comparison_notes(comparison, figure, error);
    }
    mem_free(values);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    return reply_figure(comparison->call->reply, figure, error);
}

static status table_row_of(struct comparison *comparison, int place, struct figure *figure,
                           struct error *error)
{
    table_text(figure, layer_at(comparison, place)->name);
    for (int a = 0; a < comparison->shown.count; a++) {
        for (int b = a + 1; b < comparison->shown.count; b++) {
            struct comparison_part part;
            status code = layer_part(comparison, a, b, place, &part, error);
            if (code != STATUS_OK)
                return code;
            add_ties(comparison, a, b, &part);
            count_pair(comparison, a, b, part.value);
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
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && i < comparison->layer_count; i++)
        code = table_row_of(comparison, i, figure, error);
    if (code == STATUS_OK)
        code = comparison_notes(comparison, figure, error);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    return reply_figure(comparison->call->reply, figure, error);
}

static void add_pair(const struct comparison *comparison, const int *pair, double value, struct text *text)
{
    text_add_format(text, "%s ~ %s ", comparison->shown.entries[pair[0]]->choice.label,
                    comparison->shown.entries[pair[1]]->choice.label);
    text_add_rounded(text, value, 3);
}

static void tell_pairs(const struct comparison *comparison)
{
    const struct pair_tally *pairs = &comparison->pairs;
    struct text text = {0};
    comparison->measure->title(comparison, &text);
    text_add(&text, ": ");
    if (!pairs->count) {
        text_add(&text, "no pair has a value");
    } else if (pairs->count == 1) {
        add_pair(comparison, pairs->least_pair, pairs->least, &text);
    } else {
        text_add(&text, "mean ");
        text_add_rounded(&text, pairs->sum / pairs->count, 3);
        text_add(&text, ", least ");
        add_pair(comparison, pairs->least_pair, pairs->least, &text);
        text_add(&text, ", most ");
        add_pair(comparison, pairs->most_pair, pairs->most, &text);
    }
    reply_result(comparison->call->reply, &text);
    text_free(&text);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

status comparison_run(struct call *call, const struct measure *measure, struct error *error)
{
    struct comparison comparison = {.call = call, .measure = measure};
    status code = call_scores(call, &comparison.shown, error);
    if (code != STATUS_OK)
        return code;
    if (comparison.shown.count < 2)
        return error_set(error, STATUS_STATE,
                         "two criteria are needed, and there is only %s: 'score all' scores more",
                         comparison.shown.entries[0]->choice.label);
    code = call_layers(call, call->invocation->argument_count, &comparison.layers, &comparison.layer_count,
                       error);
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
    if (code == STATUS_OK)
        tell_pairs(&comparison);
    mem_free(comparison.layers);
    return code;
}

const struct parameter comparison_arguments[] = {
    {"CRITERIA", VALUE_CRITERIA, PARAMETER_REPEATED | PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "criteria to compare; all that are scored without them"},
    PARAMETER_END,
};
