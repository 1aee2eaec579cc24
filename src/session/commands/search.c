/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search: ratios that fit a budget, found by the machine. */
#include "search/search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "prune/group_score.h"
#include "prune/selection.h"
#include "session/commands/chosen.h"
#include "session/commands/grouping.h"
#include "session/commands/scores_for.h"
#include "session/commands/search_internal.h"
#include "session/commands/sweep.h"
#include "session/judgement.h"
#include "session/lacking.h"
#include "session/language/command.h"
#include "session/live.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/recipe.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/what_if.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/latency.h"
#include "stats/latency_table.h"
#include "view/style.h"

/* --- what is asked -------------------------------------------------------------------------------------- */

enum { WARM_UP = 2 };

/* A share of what the whole network takes, or milliseconds: it is measured. */
static status read_latency(struct search_call *work, const struct setting_value *amount, struct error *error)
{
    static const double seconds = 0.3; /* for each measurement: the table needs a few dozen */
    const struct call *call = work->call;
    const struct model *model = call->session->state.model;
    struct setting_value batch;
    status code = call_value(call, "batch", &batch, error);
    work->timing = (struct latency_settings){
        .real = options_precision(&call->options),
        .kernel = options_kernel(&call->options),
        .batch = batch.integer,
        .micro_batch = options_micro_batch(&call->options, model->graph),
        .warm_up = WARM_UP,
        .seconds = seconds,
        .progress = call->progress,
    };
    if (code == STATUS_OK)
        code = session_pool(call->session, &work->timing.pool, error);
    double whole = 0;
    if (code == STATUS_OK)
        code = latency_table_new(model->coupling, &work->timing, &work->latencies, error);
    if (code == STATUS_OK)
        code = latency_table_predict(work->latencies, NULL, &whole, error);
    work->goal.limit[SEARCH_LATENCY] = amount->integer ? amount->real * whole : amount->real / 1e3;
    return code;
}

static status predict_latency(void *argument, const bool *removed, double *seconds, struct error *error)
{
    return latency_table_predict(argument, removed, seconds, error);
}

/* A share is one of what the whole network costs. */
static status read_limits(struct search_call *work, struct error *error)
{
    const struct cost *whole = &work->call->session->state.model->cost;
    double costs[SEARCH_COSTS] = {whole->macs, (double)whole->parameters, (double)whole->activation_bytes};
    status code = STATUS_OK;
    for (int i = 0; i < SEARCH_COSTS && code == STATUS_OK; i++) {
        struct setting_value amount;
        work->goal.limit[i] = INFINITY;
        if (!call_setting(work->call, search_budgets[i].name))
            continue;
        code = call_value(work->call, search_budgets[i].name, &amount, error);
        if (code == STATUS_OK)
            work->goal.limit[i] = amount.integer ? amount.real * costs[i] : amount.real;
        if (code == STATUS_OK && i == SEARCH_LATENCY)
            code = read_latency(work, &amount, error);
    }
    return code;
}

static status read_goal(struct search_call *work, struct error *error)
{
    struct search_goal *goal = &work->goal;
    struct setting_value value;
    status code = read_limits(work, error);
    goal->keep = INFINITY;
    if (code == STATUS_OK && call_setting(work->call, "keep_accuracy") &&
        (code = call_value(work->call, "keep_accuracy", &value, error)) == STATUS_OK)
        goal->keep = value.real;
    if (code == STATUS_OK && (code = call_value(work->call, "method", &value, error)) == STATUS_OK)
        goal->method = (int)value.integer;
    if (code == STATUS_OK && (code = call_value(work->call, "step", &value, error)) == STATUS_OK)
        goal->step = value.real;
    if (code == STATUS_OK && (code = call_value(work->call, "harm", &value, error)) == STATUS_OK)
        goal->harm = (enum search_harm)value.integer;
    if (code == STATUS_OK && (code = call_value(work->call, "cap", &value, error)) == STATUS_OK)
        work->sweep.select.cap = value.real;
    return code;
}

static status read_criterion(struct search_call *work, struct error *error)
{
    const struct setting *by = call_setting(work->call, "by");
    const char *last = work->call->session->state.pruning->rule.criterion;
    snprintf(work->label, sizeof work->label, "%s", by ? by->text : last);
    return *work->label ? STATUS_OK
                        : error_set(error, STATUS_USAGE,
                                    "by which criterion? 'search macs=50%% by=l1' ranks channels by l1");
}

/* Scores are held from now on, as those of prune. */
static status bring_class_scores(struct search_call *work, struct error *error)
{
    const struct coupling *coupling = work->call->session->state.model->coupling;
    const struct score_entry *entry;
    status code = bring_scores(work->call, work->label, &entry, error);
    if (code != STATUS_OK)
        return code;
    work->class_score = mem_new((size_t)coupling->class_count + 1, sizeof *work->class_score);
    if (!work->class_score)
        return error_memory(error);
    reply_filters_alone(work->call->reply, work->label, entry->scores, &work->sweep.grouping);
    return group_scores(coupling, entry->scores, entry_statistics(work->call->session, entry),
                        &work->sweep.grouping, work->class_score, error);
}

static status check_recipe(const struct call *call, struct error *error)
{
    const struct setting *recipe = call_setting(call, "recipe");
    status code = recipe ? call_may_write(call, recipe->text, error) : STATUS_OK;
    if (code == STATUS_OK && recipe)
        code = file_replace_check(recipe->text, error);
    return code == STATUS_OK ? code : error_prefix(error, "recipe=");
}

static status prepare(struct search_call *work, struct error *error)
{
    struct call *call = work->call;
    const struct dataset *dataset = call->session->state.dataset;
    status code = dataset ? model_fits(call->session->state.model, dataset, error) : STATUS_OK;
    if (code == STATUS_OK)
        code = check_recipe(call, error);
    if (code == STATUS_OK)
        code = sweep_prepare_blocks(call, &work->sweep, error);
    if (code == STATUS_OK)
        code = read_goal(work, error);
    if (code == STATUS_OK)
        code = read_criterion(work, error);
    if (code == STATUS_OK && dataset)
        code = call_sample(call, &work->sweep.sample, error);
    return code == STATUS_OK ? bring_class_scores(work, error) : code;
}

/* --- the search that is held ---------------------------------------------------------------------------- */

/* Neither method nor budget: what was measured serves all of them. */
static status search_key(const struct search_call *work, char key[DIGEST_SIZE], struct error *error)
{
    struct text bytes = {0};
    sweep_add_key(&work->sweep, work->call->session, &bytes);
    key_add_number(&bytes, work->sweep.select.cap);
    key_add(&bytes, work->class_score,
            (size_t)work->call->session->state.model->coupling->class_count * sizeof *work->class_score);
    return key_finish(&bytes, key, error);
}

static status start(const struct search_call *work, struct search **search, struct error *error)
{
    const struct session *session = work->call->session;
    const struct sweep *sweep = &work->sweep;
    const struct search_settings settings = {
        .coupling = session->state.model->coupling,
        .dataset = session->state.dataset,
        .sample = &sweep->sample,
        .class_score = work->class_score,
        .included = sweep->included,
        .select = sweep->select,
        .real = sweep->real,
        .kernel = sweep->kernel,
        .micro_batch = sweep->micro_batch,
    };
    return search_new(&settings, search, error);
}

/* The held search when it is this one, else a new one in its place. */
static status take_up(struct search_call *work, struct error *error)
{
    struct session *session = work->call->session;
    struct judgement *held = &session->search;
    char key[DIGEST_SIZE];
    struct search *search;
    status code = search_key(work, key, error);
    if (code == STATUS_OK && !(held->search && strcmp(held->key, key) == 0)) {
        code = start(work, &search, error);
        if (code != STATUS_OK)
            return code;
        judgement_free(held);
        *held = (struct judgement){.search = search,
                                   .model = model_retain(session->state.model),
                                   .dataset = dataset_retain(session->state.dataset)};
        memcpy(held->key, key, sizeof key);
    }
    work->search = held->search;
    return code;
}

static void show_so_far(void *argument, const struct search *search)
{
    const struct search_call *work = argument;
    struct live *live = work->call->session->live;
    if (search->judged > 0 && live_due(live))
        live_publish_figure(live, LIVE_FIGURE, search->judged, search->judged + search->pending, "networks",
                            search_pareto(work, false));
}

/* What was reached is shown, and nothing is selected. */
static status tell_cancelled(struct search_call *work, struct error *error)
{
    struct error ignored = {0};
    struct reply *reply = work->call->reply;
    if (work->search->judged > 1 && reply_figure(reply, search_pareto(work, false), &ignored) == STATUS_OK &&
        reply_figure(reply, search_front_table(work), &ignored) == STATUS_OK)
        reply->explains = true;
    return error_set(error, STATUS_CANCELLED,
                     "cancelled: %d networks are judged, nothing is selected; the same command goes on",
                     work->search->judged);
}

/* What was found takes so long in truth. */
static status measure_found(struct search_call *work, struct error *error)
{
    const struct model *model = work->call->session->state.model;
    struct selection selection = {0};
    double *ratio = mem_new((size_t)model->coupling->block_count + 1, sizeof *ratio);
    if (!ratio)
        return error_memory(error);
    search_ratios(work->search, work->outcome.found, ratio);
    status code =
        select_by_ratio(model->coupling, work->class_score, ratio, &work->sweep.select, &selection, error);
    if (code == STATUS_OK)
        code = latency_table_measure(work->latencies, selection.removed, &work->measured, error);
    selection_free(&selection);
    mem_free(ratio);
    return code;
}

static status run_held(struct search_call *work, struct error *error)
{
    struct session *session = work->call->session;
    struct search *search = work->search;
    struct pool *pool;
    status code = session_pool(session, &pool, error);
    search->watch = session->live ? show_so_far : NULL;
    search->watch_argument = work;
    search->latency = work->latencies ? predict_latency : NULL;
    search->latency_argument = work->latencies;
    search->memory = work->sweep.memory;
    work->outcome.found = -1;
    if (code == STATUS_OK)
        code = search_run(search, &work->goal, pool, work->call->progress, &work->outcome, error);
    search->watch = NULL;
    search->latency = NULL;
    if (code == STATUS_OK && work->latencies)
        code = measure_found(work, error);
    return code == STATUS_CANCELLED ? tell_cancelled(work, error) : code;
}

/* --- the selection -------------------------------------------------------------------------------------- */

/* The ratios found, and how `prune` comes from them to a selection. */
static status found_ratios(const struct search_call *work, struct pruning **pruning, struct error *error)
{
    const struct state *state = &work->call->session->state;
    status code = pruning_new(state->model, pruning, error);
    if (code != STATUS_OK)
        return code;
    struct pruning *made = *pruning;
    search_ratios(work->search, work->outcome.found, made->ratio);
    for (int b = 0; b < made->block_count; b++) {
        made->excluded[b] = state->pruning->excluded[b];
        made->chosen[b] = made->excluded[b] || made->ratio[b] > 0;
    }
    snprintf(made->rule.criterion, sizeof made->rule.criterion, "%s", work->label);
    made->rule.grouping = work->sweep.grouping;
    made->rule.options = work->sweep.select;
    made->rule.options.cap = 1; /* the ratios keep to it */
    return STATUS_OK;
}

/* `made` becomes what its own recipe makes, and the session file gets that: opening it searches nothing.
 * Where no recipe can say it, it stays as it is. */
static status through_recipe(const struct search_call *work, struct pruning **made, struct text *lines,
                             struct error *error)
{
    const struct model *model = work->call->session->state.model;
    struct recipe recipe = {.model = model};
    struct text log = {0};
    status code = recipe_lines(model, *made, lines, error);
    if (code == STATUS_STATE) {
        text_clear(lines);
        return STATUS_OK;
    }
    if (code == STATUS_OK)
        code = pruning_new(model, &recipe.pruning, error);
    if (code != STATUS_OK)
        return code;
    code = recipe_read_lines(&recipe, text_data(lines), error);
    recipe_log(&recipe, &log);
    text_add(&log, "prune\n");
    work->call->reply->log = log.failed ? NULL : mem_string(text_data(&log));
    if (code == STATUS_OK && !work->call->reply->log)
        code = error_memory(error);
    text_free(&log);
    recipe_end(&recipe);
    pruning_free(code == STATUS_OK ? *made : recipe.pruning);
    if (code == STATUS_OK)
        *made = recipe.pruning;
    return code;
}

static status write_recipe(const struct search_call *work, const struct text *lines, struct error *error)
{
    const struct setting *path = call_setting(work->call, "recipe");
    struct text file = {0}, found = {0};
    if (!path)
        return STATUS_OK;
    if (!lines->length)
        return error_set(
            error, STATUS_STATE,
            "recipe=%s: no recipe can hold these ratios: some channels are of no layer of their own",
            path->text);
    text_add_search_found(&found, work);
    text_add_format(&file, "# search by %s, %s: %s\n%s", work->label, search_method_name(work->goal.method),
                    text_data(&found), text_data(lines));
    status code = file.failed || found.failed
                      ? error_memory(error)
                      : file_replace(path->text, text_data(&file), file.length, error);
    text_free(&file);
    text_free(&found);
    return code;
}

static status select_found(const struct search_call *work, struct pruning **next, struct error *error)
{
    const struct session *session = work->call->session;
    struct text lines = {0};
    status code = found_ratios(work, next, error);
    if (code != STATUS_OK)
        return code;
    const struct score_entry *entry = session_entry(session, work->label);
    code = through_recipe(work, next, &lines, error);
    if (code == STATUS_OK)
        code = pruning_select(*next, session->state.model, entry->scores, entry_statistics(session, entry),
                              error);
    if (code == STATUS_OK)
        code = keep_rule_text(session, *next, error);
    if (code == STATUS_OK)
        code = write_recipe(work, &lines, error);
    text_free(&lines);
    if (code != STATUS_OK)
        pruning_free(*next);
    return code;
}

/* The accuracy was measured: it need not be again. What is known already is not replaced, it knows more. */
static status keep_measured(const struct search_call *work, int candidate, const char *network,
                            struct error *error)
{
    struct session *session = work->call->session;
    const struct search_candidate *found = &work->search->candidates[candidate];
    if (!found->judged || work->search->measure != QUALITY_ACCURACY)
        return STATUS_OK;
    struct measurement measurement = {.on = measured_on(session->state.dataset, &work->sweep.sample.options),
                                      .measure = work->search->measure,
                                      .images = work->search->images,
                                      .top1 = found->right,
                                      .top5 = found->first_five,
                                      .unanswered = found->unanswered,
                                      .loss = found->loss};
    if (measurements_find(&session->measurements, network, &measurement.on))
        return STATUS_OK;
    memcpy(measurement.network, network, sizeof measurement.network);
    measurement_count(&measurement);
    return measurements_add(&session->measurements, &measurement, error);
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static void tell_miss(const struct search_call *work)
{
    struct text text = {0};
    if (work->outcome.hit)
        return;
    text_add_search_found(&text, work);
    reply_add(work->call->reply, STYLE_NOTE,
              "closer than this it does not come: %s; a step back in any block (whole channels, and what is "
              "tied to them%s) would exceed the budget",
              reply_text(work->call->reply, &text),
              work->sweep.select.round_to > 1 ? ", in multiples of round_to" : "");
    text_free(&text);
}

static void tell_found(const struct search_call *work)
{
    struct text text = {0};
    text_add_format(&text, "%s by %s: ", search_method_name(work->goal.method), work->label);
    text_add_search_found(&text, work);
    reply_result(work->call->reply, &text);
    text_free(&text);
}

static status answer(const struct search_call *work, struct error *error)
{
    struct reply *reply = work->call->reply;
    const struct setting *recipe = call_setting(work->call, "recipe");
    status code = STATUS_OK;
    if (work->search->judged > 0) {
        code = reply_figure(reply, search_pareto(work, true), error);
        if (code == STATUS_OK)
            code = reply_figure(reply, search_front_table(work), error);
    }
    if (code == STATUS_OK)
        code = show_selection(work->call->session, reply, "search_selection", error);
    if (code != STATUS_OK)
        return code;
    tell_miss(work);
    tell_found(work);
    if (recipe)
        reply_add(reply, STYLE_NOTE, "recipe written to %s", recipe->text);
    return STATUS_OK;
}

static status take_found(struct search_call *work, struct error *error)
{
    struct session *session = work->call->session;
    struct pruning *next;
    status code = select_found(work, &next, error);
    if (code != STATUS_OK)
        return code;
    session_set_pruning(session, next);
    code = keep_measured(work, 0, session->state.model->network, error);
    if (code == STATUS_OK)
        code = keep_measured(work, work->outcome.found, next->network, error);
    return code == STATUS_OK ? answer(work, error) : code;
}

static status run_search(struct call *call, struct error *error)
{
    struct search_call work = {.call = call};
    status code = prepare(&work, error);
    if (code == STATUS_OK)
        code = take_up(&work, error);
    if (code == STATUS_OK)
        code = run_held(&work, error);
    if (code == STATUS_OK)
        code = take_found(&work, error);
    latency_table_free(work.latencies);
    sweep_free(&work.sweep);
    mem_free(work.class_score);
    return code;
}

static const struct parameter search_parameters[] = {
    {"macs", VALUE_AMOUNT, 0, 0, 0, NULL, NULL, "multiply-adds that may be left"},
    {"params", VALUE_AMOUNT, 0, 0, 0, NULL, NULL, "parameters that may be left"},
    {"memory", VALUE_AMOUNT, 0, 0, 0, NULL, NULL,
     "bytes of activations that may be left, as cost counts them"},
    {"latency", VALUE_AMOUNT, 0, 0, 0, NULL, NULL,
     "time that may be left, as the engine runs on this machine: a share, or milliseconds"},
    {"batch", VALUE_INTEGER, 0, 1, 4096, NULL, "1", "latency: images that go through the network at once"},
    {"keep_accuracy", VALUE_REAL, 0, 0, 1, NULL, NULL,
     "how far the accuracy on the sample may fall, in points such as 2%"},
    {"by", VALUE_CRITERION, 0, 0, 0, NULL, NULL,
     "what ranks the channels of a block; without it the criterion of the recipe or of the last prune"},
    {"method", VALUE_CHOICE, 0, 0, 0, search_method_name, "greedy", "how ratios are found"},
    {"step", VALUE_REAL, PARAMETER_OPEN_LOW, 0, 1, NULL, "0.125",
     "share of a block that a step of greedy takes, and the grid of lagrange"},
    {"harm", VALUE_CHOICE, 0, 0, 0, search_harm_name, "loss",
     "what greedy and lagrange hold against a step: the mean loss that it adds, or the accuracy that it takes"},
    {"cap", VALUE_REAL, 0, 0, 1, NULL, "0.9", "the largest share that one block may lose"},
    SWEEP_WHERE_PARAMETER,
    {"samples", VALUE_SIZE, 0, 0, 0, NULL, "10%", "images to judge by: a number, a share such as 5%, or all"},
    SWEEP_RULE_PARAMETERS,
    {"recipe", VALUE_FILE, 0, 0, 0, NULL, NULL, "file to write the ratios to, for the command recipe"},
    OVERWRITE_PARAMETER,
    PARAMETER_END,
};
static const int search_options[] = {OPTION_ROUND,     OPTION_ORDER,  OPTION_BALANCED,    OPTION_SEED,
                                     OPTION_PRECISION, OPTION_KERNEL, OPTION_MICRO_BATCH, OPTION_NONE};
static const struct example search_examples[] = {
    {"search macs=50% by=l1 method=uniform", "finds the one ratio that halves the multiply-adds", false},
    {"search macs=60% by=l1 samples=60 step=0.25",
     "goes down block by block, where it does least harm to the loss", false},
    {"search macs=70% params=80% by=l1 method=lagrange samples=60 step=0.25 recipe=found.recipe",
     "meets two budgets at once, and writes the ratios to a file", false},
    {"search keep_accuracy=2% by=l1 method=global samples=60", "prunes as far as two points of accuracy go",
     false},
    EXAMPLE_END,
};

const struct command command_search = {
    .name = "search",
    .parameters = search_parameters,
    .options = search_options,
    .flags = COMMAND_MODEL | COMMAND_LONG | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_OF_MODEL,
    .help = "find the ratios that fit a budget",
    .text =
        "Finds how much each block is to lose so that what is left of the network fits the budgets, and "
        "selects that: as prune would, by the ratios found, which become those that are set. A budget is a "
        "share of what the whole network costs (50% is what is left), or an amount (62.7M), as cost counts; "
        "several hold at once. It is met, and as closely as channels allow: what is further off than 1 % is "
        "explained. latency= is predicted from a table of what layers take at their widths, which is measured "
        "as the search needs it, and the network found is measured in the end. With keep_accuracy alone the network is pruned as far as the accuracy on the sample "
        "allows; beside a budget, a search that cannot keep it fails and says what it reaches.\n\n"
        "Which channels of a block go first is the criterion's matter, how many is the method's. uniform "
        "takes one ratio for every block, global ranks the channels of all blocks together, each by "
        "bisection; with a budget alone they need no images, which only tell the accuracy then. greedy "
        "tries, step by step, every block with step= of its channels less, all of them in one pass over the "
        "sample, and takes the one that does least harm for what it saves. lagrange measures every block "
        "alone at several ratios, as sensitivity does, and chooses for all blocks together by a multiplier "
        "that is found by bisection; what blocks do to each other is not in that table, so it measures again "
        "around what it found, and goes on until nothing is won. Accuracies are without fine-tuning.\n\n"
        "The figure shows every network that was judged, its accuracy against its multiply-adds, and marks "
        "the front: those that nothing as small is better than. What was judged is kept: when a search is "
        "cancelled the same command goes on from there, and another method or budget finds what it needs "
        "and draws into the same figure, as long as network, scores, sample and rules are the same.",
    .examples = search_examples,
    .run = run_search,
};
