/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROscore's step: gamma sweep, gamma set. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "score/proscore.h"
#include "score/proscore_layer.h"
#include "session/board.h"
#include "session/commands/chosen.h"
#include "session/commands/rows.h"
#include "session/language/command.h"
#include "session/language/invocation.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/choice.h"
#include "session/words/gamma_list.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/gamma_sweep.h"
#include "view/figure.h"

struct gamma_call {
    struct call *call;
    struct choice choice; /* a form of proscore */
    struct criterion_options options;
    int *layers, layer_count; /* scored layers of the network */
    struct proscore_point *points;
    struct gamma_layer *items; /* per layer */
    struct gamma_settings settings;
    struct gamma_list gammas;
    struct gamma_result *results;
    struct gamma_flip up, down;
    double seconds;
};

static void gamma_call_free(struct gamma_call *work)
{
    mem_free(work->layers);
    mem_free(work->points);
    mem_free(work->items);
    mem_free(work->results);
    gamma_list_free(&work->gammas);
}

/* --- preparing ------------------------------------------------------------------------------------------ */

static status read_choice(struct gamma_call *work, struct error *error)
{
    struct setting_value label;
    status code = call_value(work->call, "criterion", &label, error);
    if (code == STATUS_OK)
        code = choice_parse(label.text, &work->choice, error);
    if (code != STATUS_OK)
        return code;
    if (!work->choice.criterion->points)
        return error_set(error, STATUS_RANGE, "criterion: %s has no gamma: 'proscore' or a form of it has",
                         label.text);
    struct criterion_options base = options_criterion(&work->call->options);
    work->options = choice_options(&work->choice, &base);
    const struct score_statistics *statistics = board_statistics(work->call->session->state.board);
    unsigned needs =
        choice_needs(&work->choice, &base, work->call->session->state.model->layers) & PASS_NEEDS;
    if (!statistics || (statistics->needs & needs) != needs)
        return error_set(error, STATUS_STATE, "no pass has the gradients of %s: 'score %s' makes one",
                         label.text, label.text);
    return STATUS_OK;
}

static status read_gammas(struct gamma_call *work, struct error *error)
{
    const struct setting *reference = call_setting(work->call, "reference");
    status code = STATUS_OK;
    for (int i = 1; code == STATUS_OK && call_argument(work->call, i); i++)
        code = gamma_list_add(&work->gammas, call_argument(work->call, i), error);
    if (code == STATUS_OK && !call_argument(work->call, 1))
        code = gamma_list_add(&work->gammas, "1e-4:1e4:log:81", error);
    if (code == STATUS_OK && !call_argument(work->call, 1))
        code = gamma_list_add(&work->gammas, "inf", error);
    gamma_list_sort(&work->gammas);
    work->settings.reference = reference ? reference->value.real : work->options.gamma;
    return code;
}

static status lift_layer(struct gamma_call *work, int place, struct proscore_point *points,
                         struct error *error)
{
    const struct session *session = work->call->session;
    const struct layer *layer = &session->state.model->layers->items[work->layers[place]];
    struct criterion_input input = {.graph = session->state.model->graph,
                                    .layer = layer,
                                    .layer_index = work->layers[place],
                                    .statistics = board_statistics(session->state.board),
                                    .options = &work->options,
                                    .criterion = work->choice.criterion};
    status code = input.criterion->points(&input, points, error);
    for (int64_t c = 0; code == STATUS_OK && c < layer->channels; c++) {
        if (isnan(proscore_log(&points[c], 1)))
            code = error_set(error, STATUS_NAN, "channel %lld: a weight or a gradient is not finite",
                             (long long)c);
    }
    work->items[place] =
        (struct gamma_layer){points, layer->channels, call_pruned(work->call, work->layers[place])};
    return code == STATUS_OK ? code : error_prefix(error, "layer %s: ", layer->name);
}

/* Layers of which the pass has sums. */
static void keep_probed(const struct score_statistics *statistics, int *layers, int *count)
{
    int kept = 0;
    for (int i = 0; i < *count; i++) {
        if (statistics->layers[layers[i]].delta)
            layers[kept++] = layers[i];
    }
    *count = kept;
}

static status lift(struct gamma_call *work, struct error *error)
{
    const struct session *session = work->call->session;
    struct invocation without_arguments = {.command = work->call->invocation->command};
    struct call all_layers = *work->call;
    all_layers.invocation = &without_arguments;
    status code = call_layers(&all_layers, 0, &work->layers, &work->layer_count, error);
    if (code != STATUS_OK)
        return code;
    keep_probed(board_statistics(session->state.board), work->layers, &work->layer_count);
    size_t channels = 0;
    for (int i = 0; i < work->layer_count; i++)
        channels += (size_t)session->state.model->layers->items[work->layers[i]].channels;
    work->points = mem_new(channels, sizeof *work->points);
    work->items = mem_new((size_t)work->layer_count, sizeof *work->items);
    work->results = mem_new(work->gammas.count, sizeof *work->results);
    if (!work->points || !work->items || !work->results)
        return error_memory(error);
    struct proscore_point *points = work->points;
    for (int i = 0; code == STATUS_OK && i < work->layer_count; i++) {
        code = lift_layer(work, i, points, error);
        points += session->state.model->layers->items[work->layers[i]].channels;
    }
    work->settings.layers = work->items;
    work->settings.layer_count = work->layer_count;
    work->settings.scale = proscore_step_scale(&work->options, board_statistics(session->state.board));
    work->settings.progress = work->call->progress;
    return code == STATUS_OK ? session_pool(work->call->session, &work->settings.pool, error) : code;
}

static status compute(struct gamma_call *work, struct error *error)
{
    double start = clock_seconds();
    status code =
        gamma_sweep(&work->settings, work->gammas.items, (int)work->gammas.count, work->results, error);
    if (code == STATUS_OK)
        code = gamma_first_flip(&work->settings, true, &work->up, error);
    if (code == STATUS_OK)
        code = gamma_first_flip(&work->settings, false, &work->down, error);
    work->seconds = clock_seconds() - start;
    return code;
}

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
    figure_fact(figure, "ratio", "%s", option_text(&work->call->options, OPTION_RATIO));
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
        {"layers", COLUMN_INTEGER, 0, 3},      {"lambda*max|a|", COLUMN_REAL, 3, 5},
        {"lambda*max|b|", COLUMN_REAL, 3, 5},  {"sign changes", COLUMN_INTEGER, 0, 2},
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        table_column(figure, columns[i].name, NULL, columns[i].kind, columns[i].digits);
        table_priority(figure, columns[i].priority);
    }
}

static void defined_number(struct figure *figure, double value)
{
    if (isnan(value))
        table_missing(figure);
    else
        table_number(figure, value);
}

static void point_row(const struct gamma_call *work, size_t index, struct figure *figure)
{
    const struct gamma_result *result = &work->results[index];
    double gamma = work->gammas.items[index], max_a, max_b;
    gamma_limits(&work->settings, &max_a, &max_b);
    table_number(figure, gamma);
    table_number(figure, result->spread);
    defined_number(figure, result->correlation);
    defined_number(figure, result->overlap);
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
    text_add_format(&text,
                    " at ratio %s in %d layers; spread: highest less lowest log score, mean over layers",
                    option_text(&work->call->options, OPTION_RATIO), work->layer_count);
    figure_note(figure, "%s", shown_words(figure, &text));
    text_clear(&text);
    if (work->settings.scale != 1) {
        text_add(&text, "lambda is gamma times ");
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
    table_column(figure, "lambda*max|a|", NULL, COLUMN_REAL, 3);
    table_column(figure, "lambda*max|b|", NULL, COLUMN_REAL, 3);
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

/* --- the command ---------------------------------------------------------------------------------------- */

static status show(const struct gamma_call *work, struct error *error)
{
    int finite = 0;
    for (size_t i = 0; i < work->gammas.count; i++)
        finite += !isinf(work->gammas.items[i]);
    status code = finite > 1 ? agreement_curve(work, error) : STATUS_OK;
    if (code == STATUS_OK && finite > 1)
        code = spread_curve(work, error);
    if (code == STATUS_OK)
        code = points_table(work, error);
    return code == STATUS_OK ? flips_table(work, error) : code;
}

static status sweep(struct call *call, struct error *error)
{
    struct gamma_call work = {.call = call};
    status code = read_choice(&work, error);
    if (code == STATUS_OK)
        code = read_gammas(&work, error);
    if (code == STATUS_OK)
        code = lift(&work, error);
    if (code == STATUS_OK)
        code = compute(&work, error);
    if (code == STATUS_OK)
        code = show(&work, error);
    gamma_call_free(&work);
    return code;
}

static status set_gamma(struct call *call, struct error *error)
{
    const char *text = call_argument(call, 1);
    if (!text || call_argument(call, 2) || call->invocation->setting_count)
        return error_set(error, STATUS_USAGE, "the form is 'gamma set VALUE'");
    if (call->invocation->redirect)
        return error_set(error, STATUS_USAGE, "shows no figure when it sets gamma");
    status code = value_parse(&option_at(OPTION_GAMMA)->parameter, session_scope(call->session), text,
                              &call->options.value[OPTION_GAMMA], error);
    return code == STATUS_OK ? session_set_options(call->session, &call->options, call->reply, error) : code;
}

static const char *action_name(int index)
{
    static const char *const names[] = {"sweep", "set"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

static status run_gamma(struct call *call, struct error *error)
{
    if (strcmp(call_argument(call, 0), "set") == 0)
        return set_gamma(call, error);
    if (!call->session->state.model)
        return error_set(error, STATUS_STATE, "no model is loaded: 'load MODEL' or 'load example' loads one");
    return sweep(call, error);
}

static const struct parameter gamma_arguments[] = {
    {"ACTION", VALUE_CHOICE, 0, 0, 0, action_name, NULL, "sweep or set"},
    {"GAMMA", VALUE_WORD, PARAMETER_OPTIONAL | PARAMETER_REPEATED, 0, 0, NULL, NULL,
     "gammas, or ranges LOW:HIGH:log:COUNT; for sweep without them 1e-4:1e4:log:81 and inf"},
    PARAMETER_END,
};
static const struct parameter gamma_parameters[] = {
    {"criterion", VALUE_CRITERION, 0, 0, 0, NULL, "proscore", "proscore, or a form of it: proscore:filter"},
    {"reference", VALUE_REAL, PARAMETER_OPEN_LOW, 0, INFINITY, NULL, NULL,
     "gamma to compare with; without it the criterion's own"},
    {"rows", VALUE_INTEGER, PARAMETER_AUTO, 1, GAMMAS_MAX, NULL, "auto",
     "rows of the table; auto: 20 at most on screen, all in files"},
    PARAMETER_END,
};
static const int gamma_options[] = {OPTION_RATIO, OPTION_ROUND, OPTION_NONE};
static const struct example gamma_examples[] = {
    {"score proscore; gamma sweep 1 0.1 0.01 0.001 ratio=0.4", "compares the paper's four gammas", false},
    {"gamma sweep 1e-4:1e4:log:81 inf > gamma.csv", "writes a sweep to a file", false},
    {"gamma set 0.1", "computes the scores anew, without a pass", false},
    EXAMPLE_END,
};

const struct command commands_gamma[] = {
    {"gamma", NULL, "gamma", gamma_arguments, gamma_parameters, gamma_options,
     COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES, "what PROscore's gamma decides, or set it",
     "gamma sweep computes the scores at many gammas from the gradients of the last pass, and compares each "
     "with a reference: the spread of the scores, the mean of the layers' Spearman correlations, the overlap "
     "(Jaccard) of what every layer prunes at the ratio, how much of what the reference prunes is pruned "
     "still, "
     "and how many filters in how many layers are others. lambda*max|a| and lambda*max|b| tell how far the "
     "step is from small: while both are "
     "far below 1 the ranking does not depend on gamma. The sweep changes nothing.\n\n"
     "The first change of the pruned set is computed exactly: two filters have the same score where a "
     "polynomial of third degree is zero, and of all pairs of a pruned and a kept filter the nearest such "
     "gamma counts, upward and downward.\n\n"
     "gamma set is set gamma: the scores are computed anew, without a pass.",
     gamma_examples, run_gamma},
    {.name = NULL},
};
