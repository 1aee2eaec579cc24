/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gamma: what PROscore's gamma decides, over many of them, or another gamma. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "score/proscore.h"
#include "score/proscore_layer.h"
#include "session/board.h"
#include "session/commands/chosen.h"
#include "session/commands/gamma_internal.h"
#include "session/commands/option_change.h"
#include "session/language/command.h"
#include "session/session.h"
#include "session/words/choice.h"
#include "session/words/gamma_list.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/gamma_sweep.h"

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
    status code = call_layers(work->call, work->call->invocation->argument_count, &work->layers,
                              &work->layer_count, error);
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

/* --- the command ---------------------------------------------------------------------------------------- */

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
        code = gamma_show(&work, error);
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
    return code == STATUS_OK ? change_options(call, error) : code;
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
    {"criterion", VALUE_CRITERION, 0, 0, 0, NULL, "proscore",
     "proscore, or a form of it: proscore:filter, proscore:tail"},
    {"reference", VALUE_REAL, PARAMETER_OPEN_LOW, 0, INFINITY, NULL, NULL,
     "gamma to compare with; without it the criterion's own"},
    {"rows", VALUE_INTEGER, PARAMETER_AUTO, 1, GAMMAS_MAX, NULL, "auto",
     "rows of the table; auto: 20 at most on screen, all in files"},
    PARAMETER_END,
};
static const int gamma_options[] = {OPTION_RATIO, OPTION_ROUND, OPTION_NONE};
static const struct example gamma_examples[] = {
    {"score proscore; gamma sweep 1 0.1 0.01 0.001 at=0.4", "compares the paper's four gammas", false},
    {"gamma sweep 1e-4:1e4:log:81 inf > gamma.csv", "writes a sweep to a file", false},
    {"gamma set 0.1", "computes the scores anew, without a pass", false},
    EXAMPLE_END,
};

const struct command command_gamma = {
    .name = "gamma",
    .arguments = gamma_arguments,
    .parameters = gamma_parameters,
    .options = gamma_options,
    .flags = COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES,
    .help = "what PROscore's gamma decides, or set it",
    .text = "gamma sweep computes the scores at many gammas from the gradients of the last pass, and "
            "compares each with a reference: the spread of the scores, the mean of the layers' Spearman "
            "correlations, the overlap (Jaccard) of what every layer prunes at the ratio, how much of what "
            "the reference prunes is pruned still, and how many filters in how many layers are others. "
            "gamma*max|a| and gamma*max|b| tell how far the step is from small: while both are far below "
            "1 the ranking does not depend on gamma. The sweep changes nothing.\n\n"
            "The first change of the pruned set is computed exactly: two filters have the same score where "
            "a polynomial of third degree is zero, and of all pairs of a pruned and a kept filter the "
            "nearest such gamma counts, upward and downward.\n\n"
            "gamma set is set gamma: the scores are computed anew, without a pass.",
    .examples = gamma_examples,
    .run = run_gamma,
};
