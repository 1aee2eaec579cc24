/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comparing samples shows. */
#include "session/commands/chosen.h"
#include "session/commands/sampling_internal.h"

#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

static struct figure *sampling_figure(const struct sampling *work, enum figure_kind kind, const char *name)
{
    const struct session *session = work->call->session;
    const struct options *options = &work->call->options;
    struct figure *figure = shown_figure(session, kind, name);
    struct text images = {0}, augment = {0};
    text_add_thousands(&images, work->reference.images);
    if (augmentation_active(&work->augmentation))
        text_add_augmentation(&augment, &work->augmentation);
    figure_title(figure, "Scores of %s from samples of %s %s%s%s%s, compared with those of %s images",
                 model_title(session->state.model), work->dataset->kind->name, work->dataset->split,
                 augment.length ? ", augment=" : "", shown_words(figure, &augment),
                 options_training(options) ? ", mode=train" : "", shown_words(figure, &images));
    if (augment.length)
        figure_fact(figure, "draws_augment", "%s", shown_words(figure, &augment));
    text_free(&augment);
    if (options_training(options))
        figure_fact(figure, "draws_mode", "train, batches of %lld",
                    (long long)option_integer(options, OPTION_BATCH));
    figure_fact(figure, "method", "%s", option_text(options, OPTION_METHOD));
    text_clear(&images);
    text_add_network_ratios(&images, work->call);
    figure_fact(figure, "ratio", "%s", shown_words(figure, &images));
    figure_fact(figure, "first_seed", "%s", option_text(options, OPTION_SEED));
    text_free(&images);
    return figure;
}

static status sampling_curve(const struct sampling *work, struct error *error)
{
    size_t points = (size_t)work->size_count * (size_t)work->choice_count;
    const char *names[CHOICES_MAX];
    double *x = mem_new(points, 3 * sizeof *x);
    if (!x)
        return error_memory(error);
    double *y = x + points, *spread = y + points;
    for (int i = 0; i < work->choice_count; i++) {
        names[i] = work->choices[i].label;
        for (int k = 0; k < work->size_count; k++) {
            const struct stability *stability = &work->stability[k * work->choice_count + i];
            size_t place = (size_t)i * (size_t)work->size_count + (size_t)k;
            x[place] = (double)work->sizes[k].images;
            y[place] = stability->correlation;
            spread[place] = work->sizes[k].count > 1 ? stability->deviation : NAN;
        }
    }
    struct figure *figure = sampling_figure(work, FIGURE_CURVE, "sampling");
    figure_set_curves(figure, work->choice_count, work->size_count, names, x, y, spread,
                      "images in the sample", "correlation with the reference", false, NAN, NULL);
    figure_set_least_span(figure, least_correlation_span, -1, 1);
    mem_free(x);
    return reply_figure(work->call->reply, figure, error);
}

static void sampling_columns(const struct sampling *work, struct figure *figure)
{
    static const struct {
        const char *name;
        enum column_kind kind;
        int digits, priority;
    } columns[] = {
        {"images", COLUMN_INTEGER, 0, 9},   {"criterion", COLUMN_TEXT, 0, 9},
        {"draws", COLUMN_INTEGER, 0, 4},    {"correlation", COLUMN_REAL, 4, 8},
        {"highest", COLUMN_REAL, 4, 7},     {"lowest", COLUMN_REAL, 4, 6},
        {"among draws", COLUMN_REAL, 4, 3}, {"overlap", COLUMN_REAL, 4, 8},
        {"most", COLUMN_REAL, 4, 2},        {"least", COLUMN_REAL, 4, 2},
        {"s per pass", COLUMN_REAL, 3, 5},
    };
    size_t count = sizeof columns / sizeof *columns;
    if (!option_flag(&work->call->options, OPTION_TIMING))
        count--;
    for (size_t i = 0; i < count; i++) {
        table_column(figure, columns[i].name, NULL, columns[i].kind, columns[i].digits);
        table_priority(figure, columns[i].priority);
    }
}

static void defined_number(struct figure *figure, double value)
{
    if (isfinite(value))
        table_number(figure, value);
    else
        table_missing(figure);
}

static void sampling_row(const struct sampling *work, int size, int criterion, struct figure *figure)
{
    const struct draws *draws = &work->sizes[size];
    const struct stability *stability = &work->stability[size * work->choice_count + criterion];
    table_number(figure, (double)draws->images);
    table_text(figure, work->choices[criterion].label);
    table_number(figure, draws->count);
    defined_number(figure, stability->correlation);
    defined_number(figure, stability->highest);
    defined_number(figure, stability->lowest);
    defined_number(figure, stability->among);
    defined_number(figure, stability->overlap);
    defined_number(figure, stability->most_overlap);
    defined_number(figure, stability->least_overlap);
    if (option_flag(&work->call->options, OPTION_TIMING))
        table_number(figure, draws->seconds / draws->count);
}

static status sampling_table(const struct sampling *work, struct error *error)
{
    struct figure *figure = sampling_figure(work, FIGURE_TABLE, "sampling_sizes");
    struct setting_value balanced;
    struct text ratios = {0};
    text_add_network_ratios(&ratios, work->call);
    sampling_columns(work, figure);
    for (int i = 0; i < work->size_count; i++) {
        for (int k = 0; k < work->choice_count; k++)
            sampling_row(work, i, k, figure);
    }
    if (call_value(work->call, "balanced", &balanced, error) == STATUS_OK)
        figure_note(
            figure, "%s draws, seeds from %s; correlation (%s) and overlap at ratio %s: means over layers",
            balanced.integer ? "balanced" : "unbalanced", option_text(&work->call->options, OPTION_SEED),
            option_text(&work->call->options, OPTION_METHOD), shown_words(figure, &ratios));
    text_free(&ratios);
    return reply_figure(work->call->reply, figure, error);
}

/* The smallest sample and the largest of those that were drawn. */
static void tell_sampling(const struct sampling *work)
{
    struct text text = {0};
    int ends[2] = {0, 0};
    for (int i = 1; i < work->size_count; i++) {
        ends[0] = work->sizes[i].images < work->sizes[ends[0]].images ? i : ends[0];
        ends[1] = work->sizes[i].images > work->sizes[ends[1]].images ? i : ends[1];
    }
    text_add(&text, "correlation with the reference");
    for (int k = 0; k < (ends[0] == ends[1] ? 1 : 2); k++) {
        text_add(&text, k ? "; " : ": ");
        text_add_thousands(&text, work->sizes[ends[k]].images);
        text_add(&text, " images");
        for (int i = 0; i < work->choice_count; i++) {
            text_add_format(&text, "%s %s ", i ? "," : "", work->choices[i].label);
            text_add_rounded(&text, work->stability[ends[k] * work->choice_count + i].correlation, 3);
        }
    }
    reply_result(work->call->reply, &text);
    text_free(&text);
}

status sampling_show(const struct sampling *work, struct error *error)
{
    status code = sampling_curve(work, error);
    tell_sampling(work);
    return code == STATUS_OK ? sampling_table(work, error) : code;
}
