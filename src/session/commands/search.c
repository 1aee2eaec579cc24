/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search: ratios that fit a budget, found by the machine. */
#include "search/search.h"

#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "prune/selection.h"
#include "session/commands/search_internal.h"
#include "session/commands/sweep.h"
#include "session/judgement.h"
#include "session/language/command.h"
#include "session/live.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/what_if.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/latency_table.h"
#include "view/style.h"

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
        judgement_hold(held, (struct judgement){.search = search}, key, session->state.model,
                       session->state.dataset);
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

static status predict_latency(void *argument, const bool *removed, double *seconds, struct error *error)
{
    return latency_table_predict(argument, removed, seconds, error);
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
    status code = search_select_found(work, &next, error);
    if (code != STATUS_OK)
        return code;
    session_set_pruning(session, next);
    code = search_keep_measured(work, 0, session->state.model->network, error);
    if (code == STATUS_OK)
        code = search_keep_measured(work, work->outcome.found, next->network, error);
    return code == STATUS_OK ? answer(work, error) : code;
}

static status run_search(struct call *call, struct error *error)
{
    struct search_call work = {.call = call};
    status code = search_prepare(&work, error);
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
        "bisection; with a budget alone they need no images, which only tell the accuracy then. Scores whose "
        "size is another in every layer (l1) are no measure across blocks: normaliser=max or combine=sum helps "
        "global there. greedy "
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
