/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search: what is asked, and what it takes to look for it. */
#include "session/commands/search_internal.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "prune/group_score.h"
#include "search/search.h"
#include "session/commands/chosen.h"
#include "session/commands/grouping.h"
#include "session/commands/scores_for.h"
#include "session/commands/sweep.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/session.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/latency.h"
#include "stats/latency_table.h"

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

status search_prepare(struct search_call *work, struct error *error)
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
