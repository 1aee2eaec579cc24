/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sweep over gammas shows. */
#include "session/commands/chosen.h"
#include "session/commands/gamma_internal.h"

#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/gamma_sweep.h"
#include "view/figure.h"

/* --- curves --------------------------------------------------------------------------------------------- */

static struct figure *gamma_figure(const struct gamma_call *work, enum figure_kind kind, const char *name,
                                   const char *what)
{
    struct figure *figure = shown_figure(work->call->session, kind, name);
    struct text text = {0};
    if (!figure)
        return NULL;
    text_add_format(&text, "%s of %s by gamma, %s: ", what, work->choice.label,
                    model_title(work->call->session->state.model));
    text_add_sample(&text, work->call->session);
    figure_title(figure, "%s", shown_words(figure, &text));
    text_clear(&text);
    text_add_double(&text, work->settings.reference);
    figure_fact(figure, "reference_gamma", "%s", shown_words(figure, &text));
    text_clear(&text);
    text_add_ratios(&text, work->call, work->layers, work->layer_count);
    figure_fact(figure, "ratio", "%s", shown_words(figure, &text));
    figure_fact(figure, "round", "%s", option_text(&work->call->options, OPTION_ROUND));
    text_free(&text);
    return figure;
}

/* The finite gammas on a logarithmic axis: how many there are. */
static int log_axis(const struct gamma_call *work, double *x)
{
    int count = 0;
    for (size_t i = 0; i < work->gammas.count; i++) {
        if (!isinf(work->gammas.items[i]))
            x[count++] = log10(work->gammas.items[i]);
    }
    return count;
}

static status agreement_curve(const struct gamma_call *work, struct error *error)
{
    static const char *const names[] = {"overlap of the pruned sets", "rank agreement"};
    double *x = mem_new(work->gammas.count, 4 * sizeof *x);
    if (!x)
        return error_memory(error);
    int count = log_axis(work, x);
    double *y = x + 2 * work->gammas.count;
    for (int i = 0; i < count; i++) {
        x[count + i] = x[i];
        y[i] = work->results[i].overlap;
        y[count + i] = work->results[i].correlation;
    }
    struct figure *figure = gamma_figure(work, FIGURE_CURVE, "gamma_agreement", "Agreement");
    figure_set_curves(figure, 2, count, names, x, y, NULL, "log10 of gamma", "agreement with the reference",
                      false, NAN, NULL);
    figure_set_least_span(figure, least_correlation_span, -1, 1);
    mem_free(x);
    return reply_figure(work->call->reply, figure, error);
}

static status spread_curve(const struct gamma_call *work, struct error *error)
{
    static const char *const names[] = {"spread"};
    double *x = mem_new(work->gammas.count, 2 * sizeof *x);
    if (!x)
        return error_memory(error);
    int count = log_axis(work, x);
    double *y = x + work->gammas.count;
    for (int i = 0; i < count; i++)
        y[i] = work->results[i].spread > 0 ? log10(work->results[i].spread) : NAN;
    struct figure *figure = gamma_figure(work, FIGURE_CURVE, "gamma_spread", "Spread");
    figure_set_curves(figure, 1, count, names, x, y, NULL, "log10 of gamma",
                      "log10 of (highest - lowest log score), mean over layers", false, NAN, NULL);
    mem_free(x);
    return reply_figure(work->call->reply, figure, error);
}

/* --- tables --------------------------------------------------------------------------------------------- */

static void point_columns(struct figure *figure)
{
    static const struct {
        const char *name;
        enum column_kind kind;
        int digits, priority;
    } columns[] = {
        {"gamma", COLUMN_REAL, 4, 9},          {"spread", COLUMN_REAL, 4, 8},
        {"rank agreement", COLUMN_REAL, 4, 7}, {"overlap", COLUMN_REAL, 4, 8},
        {"preserved", COLUMN_PERCENT, 2, 7},   {"changed", COLUMN_INTEGER, 0, 4},
        {"layers", COLUMN_INTEGER, 0, 3},      {"gamma*max|a|", COLUMN_REAL, 3, 5},
        {"gamma*max|b|", COLUMN_REAL, 3, 5},   {"sign changes", COLUMN_INTEGER, 0, 2},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        table_column(figure, columns[i].name, NULL, columns[i].kind, columns[i].digits);
        table_priority(figure, columns[i].priority);
    }
}

static void point_row(const struct gamma_call *work, size_t index, struct figure *figure)
{
    const struct gamma_result *result = &work->results[index];
    double gamma = work->gammas.items[index], max_a, max_b;
    gamma_limits(&work->settings, &max_a, &max_b);
    table_number(figure, gamma);
    table_number(figure, result->spread);
    number_cell(figure, result->correlation);
    number_cell(figure, result->overlap);
    if (result->pruned)
        table_number(figure, 1 - (double)result->changed / (double)result->pruned);
    else
        table_missing(figure);
    table_number(figure, (double)result->changed);
    table_number(figure, result->layers_changed);
    table_number(figure, max_a > 0 ? gamma * max_a : 0);
    table_number(figure, max_b > 0 ? gamma * max_b : 0);
    table_number(figure, (double)result->sign_changes);
    if (gamma == work->settings.reference)
        table_emphasize(figure);
}

/* On screen a long sweep shows every 2nd, 5th, 10th, ... gamma; files have them all. */
static size_t row_step(const struct gamma_call *work, struct error *error)
{
    enum { ROWS_ON_SCREEN = 20 };
    static const size_t factor[] = {1, 2, 5};
    struct setting_value all;
    size_t step = 1;
    if (call_value(work->call, "rows", &all, error) == STATUS_OK && all.integer)
        return work->gammas.count > (size_t)all.integer
                   ? (work->gammas.count + (size_t)all.integer - 1) / (size_t)all.integer
                   : 1;
    for (size_t i = 0, power = 1; !work->call->invocation->redirect; i++) {
        step = factor[i % 3] * power;
        if (work->gammas.count <= step * ROWS_ON_SCREEN)
            break;
        power *= i % 3 == 2 ? 10 : 1;
    }
    return step;
}

static status points_table(const struct gamma_call *work, struct error *error)
{
    struct figure *figure = gamma_figure(work, FIGURE_TABLE, "gamma_sweep", "Scores");
    size_t step = row_step(work, error);
    point_columns(figure);
    for (size_t i = 0; i < work->gammas.count; i++) {
        if (i % step == 0 || i + 1 == work->gammas.count)
            point_row(work, i, figure);
    }
    struct text text = {0};
    text_add(&text, "compared with gamma ");
    text_add_double(&text, work->settings.reference);
    text_add(&text, " at ratio ");
    text_add_ratios(&text, work->call, work->layers, work->layer_count);
    text_add_format(&text, " in %d layers; spread: highest less lowest log score, mean over layers",
                    work->layer_count);
    figure_note(figure, "%s", shown_words(figure, &text));
    text_clear(&text);
    if (work->settings.scale != 1) {
        text_add(&text, "gamma*max is that of the effective gamma, which is gamma times ");
        text_add_double(&text, work->settings.scale);
        text_add_format(&text, " (grad=%s)", option_text(&work->call->options, OPTION_GRAD));
        figure_note(figure, "%s", shown_words(figure, &text));
    }
    if (step > 1)
        figure_note(figure, "1 of %zu gammas is shown: rows=%zu shows all, and so does > FILE", step,
                    work->gammas.count);
    if (option_flag(&work->call->options, OPTION_TIMING)) {
        text_clear(&text);
        text_add_rounded(&text, 1000 * work->seconds, 3);
        figure_note(figure, "%zu gammas without a pass, in %s ms", work->gammas.count,
                    shown_words(figure, &text));
    }
    text_free(&text);
    return reply_figure(work->call->reply, figure, error);
}

static void flip_row(const struct gamma_call *work, const char *way, const struct gamma_flip *flip,
                     struct figure *figure)
{
    table_text(figure, way);
    if (isnan(flip->gamma)) {
        for (int i = 0; i < 6; i++)
            table_missing(figure);
        return;
    }
    double max_a, max_b;
    gamma_limits(&work->settings, &max_a, &max_b);
    table_number(figure, flip->gamma);
    table_text(figure, work->call->session->state.model->layers->items[work->layers[flip->layer]].name);
    table_number(figure, (double)flip->leaves);
    table_number(figure, (double)flip->enters);
    table_number(figure, max_a > 0 ? flip->gamma * max_a : 0);
    table_number(figure, max_b > 0 ? flip->gamma * max_b : 0);
}

static status flips_table(const struct gamma_call *work, struct error *error)
{
    struct figure *figure = gamma_figure(work, FIGURE_TABLE, "gamma_flip", "First change of the pruned set");
    struct text text = {0};
    table_column(figure, "from the reference", NULL, COLUMN_TEXT, 0);
    table_column(figure, "gamma", NULL, COLUMN_REAL, 6);
    table_column(figure, "in layer", NULL, COLUMN_TEXT, 0);
    table_column(figure, "saved", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "pruned instead", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "gamma*max|a|", NULL, COLUMN_REAL, 3);
    table_column(figure, "gamma*max|b|", NULL, COLUMN_REAL, 3);
    flip_row(work, "up", &work->up, figure);
    flip_row(work, "down", &work->down, figure);
    text_add_double(&text, work->settings.reference);
    figure_note(figure,
                "between these gammas every layer prunes the filters of gamma %s: the exact roots over all "
                "pairs of a pruned and a kept filter, not the steps of the sweep",
                shown_words(figure, &text));
    if (isnan(work->up.gamma) || isnan(work->down.gamma))
        figure_note(figure, "where no gamma is given the set stays the same all the way");
    text_free(&text);
    return reply_figure(work->call->reply, figure, error);
}

static void add_flip(const struct gamma_call *work, const char *way, const struct gamma_flip *flip,
                     struct text *text)
{
    if (isnan(flip->gamma)) {
        text_add_format(text, "never %s", way);
        return;
    }
    text_add_format(text, "%s at gamma ", way);
    text_add_rounded(text, flip->gamma, 4);
    text_add_format(text, " in %s", call_layer(work->call, work->layers[flip->layer])->name);
}

static void tell_gamma(const struct gamma_call *work)
{
    struct text text = {0};
    text_add(&text, "the pruned set of gamma ");
    text_add_double(&text, work->settings.reference);
    text_add(&text, " first changes ");
    add_flip(work, "upwards", &work->up, &text);
    text_add(&text, ", ");
    add_flip(work, "downwards", &work->down, &text);
    reply_result(work->call->reply, &text);
    text_free(&text);
}

status gamma_show(const struct gamma_call *work, struct error *error)
{
    int finite = 0;
    tell_gamma(work);
    for (size_t i = 0; i < work->gammas.count; i++)
        finite += !isinf(work->gammas.items[i]);
    status code = finite > 1 ? agreement_curve(work, error) : STATUS_OK;
    if (code == STATUS_OK && finite > 1)
        code = spread_curve(work, error);
    if (code == STATUS_OK)
        code = points_table(work, error);
    return code == STATUS_OK ? flips_table(work, error) : code;
}
