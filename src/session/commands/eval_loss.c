/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/commands/eval_loss.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "nn/engine/aim.h"
#include "session/commands/chosen.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "stats/evaluate.h"
#include "view/figure.h"

struct loss_work {
    struct call *call;
    const struct pass_loss *loss;
    struct open_loss open;
    struct sample sample;
    struct evaluation now, first;
    bool changed; /* the network is not as loaded: `first` is of that */
};

static status evaluate(struct loss_work *work, const struct graph *graph, const char *title,
                       struct evaluation *evaluation, struct error *error)
{
    struct call *call = work->call;
    struct evaluate evaluate = {
        .graph = graph,
        .dataset = call->session->state.dataset,
        .sample = &work->sample,
        .aim = &work->open.aim,
        .real = options_precision(&call->options),
        .kernel = options_kernel(&call->options),
        .micro_batch = option_integer(&call->options, OPTION_MICRO_BATCH),
        .memory = options_memory(&call->options),
        .title = title,
        .progress = call->progress,
    };
    status code = session_pool(call->session, &evaluate.pool, error);
    return code == STATUS_OK ? evaluate_run(&evaluate, evaluation, error) : code;
}

static status evaluate_both(struct loss_work *work, struct error *error)
{
    const struct session *session = work->call->session;
    const struct model *original = model_original(session->state.model);
    const struct graph *graph;
    work->changed = strcmp(session->state.pruning->network, original->network) != 0;
    status code = session_graph(work->call->session, &graph, error);
    if (code == STATUS_OK)
        code = evaluate(work, graph, NULL, &work->now, error);
    if (code == STATUS_OK && work->changed)
        code = evaluate(work, original->graph, "evaluating as loaded", &work->first, error);
    return code;
}

static void loss_row(struct figure *figure, const char *item, const struct evaluation *evaluation)
{
    table_text(figure, item);
    number_cell(figure, evaluation->loss);
    number_cell(figure, evaluation->error);
}

static struct figure *loss_table(const struct loss_work *work, const char *loss)
{
    const struct session *session = work->call->session;
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "eval");
    struct text images = {0};
    if (!figure)
        return NULL;
    text_add_images(&images, work->now.images, session->state.dataset->split);
    figure_title(figure, "Loss %s of %s%s on %s of %s", loss, model_title(session->state.model),
                 session->state.pruning->removed_count ? ", masked," : "", shown_words(figure, &images),
                 session->state.dataset->kind->name);
    text_free(&images);
    figure_fact(figure, "loss", "%s", loss);
    if (*work->loss->digest)
        figure_fact(figure, "loss_hash", "%s", work->loss->digest);
    table_column(figure, "measure", NULL, COLUMN_TEXT, 0);
    table_column(figure, "value", NULL, COLUMN_REAL, 4);
    table_column(figure, "standard error", NULL, COLUMN_REAL, 2);
    loss_row(figure, "mean loss", &work->now);
    if (work->changed)
        loss_row(figure, "mean loss as loaded", &work->first);
    if (work->now.unanswered) {
        table_text(figure, "images without numbers");
        number_cell(figure, (double)work->now.unanswered);
        table_missing(figure);
    }
    return figure;
}

static void tell_loss(const struct loss_work *work, const char *loss)
{
    struct text text = {0};
    text_add_format(&text, "mean loss %s ", loss);
    text_add_rounded(&text, work->now.loss, 4);
    if (work->changed) {
        text_add(&text, " against ");
        text_add_rounded(&text, work->first.loss, 4);
        text_add(&text, " before");
    }
    reply_result(work->call->reply, &text);
    text_free(&text);
}

static status show(const struct loss_work *work, struct error *error)
{
    struct text loss = {0};
    text_add_loss(&loss, work->loss);
    if (loss.failed) {
        text_free(&loss);
        return error_memory(error);
    }
    status code = reply_figure(work->call->reply, loss_table(work, text_data(&loss)), error);
    if (code == STATUS_OK)
        tell_loss(work, text_data(&loss));
    text_free(&loss);
    return code;
}

status eval_loss(struct call *call, const struct pass_loss *loss, struct error *error)
{
    const struct session *session = call->session;
    struct loss_work work = {.call = call, .loss = loss};
    if (loss->kind == AIM_NONE)
        return error_set(
            error, STATUS_STATE,
            "the network %s does not classify: there is no accuracy, and a loss where 'set loss' "
            "names one",
            session->state.model->name);
    status code = pass_loss_fits(loss, session->state.model, session->state.dataset, error);
    if (code == STATUS_OK)
        code = call_sample(call, &work.sample, error);
    if (code == STATUS_OK)
        code = pass_loss_open(loss, session->recipe_program, call->progress, &work.open, error);
    if (code == STATUS_OK)
        code = evaluate_both(&work, error);
    open_loss_close(&work.open);
    if (code == STATUS_OK)
        code = show(&work, error);
    evaluation_free(&work.now);
    evaluation_free(&work.first);
    sample_free(&work.sample);
    return code;
}
